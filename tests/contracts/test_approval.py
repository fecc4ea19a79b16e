"""A person can see, approve and undo: what waits, what an approval is bound to, going back, correction notices, the published log."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest
from click.testing import CliRunner
from publishing import TABLES, Bench, breach

from naravard_pipeline.cli import decide
from naravard_pipeline.cli.main import main
from naravard_pipeline.landing.lock import locked
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication import contract, release
from naravard_pipeline.publication.approval import DecisionError, accept_answer, approve, check_words, correct, read_review
from naravard_pipeline.publication.changes_page import tell_changes
from naravard_pipeline.publication.decisions import LogError, log_file, read_log
from naravard_pipeline.publication.folders import current_release, list_releases
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.publication.restart import restart_log
from naravard_pipeline.publication.review import Finding
from naravard_pipeline.publication.rollback import roll_back

OLD = {"falls": {"00": 1.0, "04": 2.0}, "plans": {"04": 7.0}}
NEW = {"falls": {"00": 99.0, "04": 2.0}, "plans": {"04": 8.0}}
WHY = {"name": "Anna Ek", "role": "statistician", "reason": "Rättad av källan"}


@pytest.fixture
def found(monkeypatch):
    """Measure → what the review finds in it."""
    findings = {}
    monkeypatch.setattr(release, "review", lambda _connection: findings)
    return findings


@pytest.fixture
def bench(tmp_path, found):
    bench = Bench(tmp_path / "home")
    run(bench, OLD)
    return bench


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two releases; who changes a file puts it back."""
    bench = Bench(tmp_path_factory.mktemp("two") / "home")
    run(bench, OLD)
    first = current_release(bench.settings)
    run(bench, NEW)
    return bench, first


def run(bench, figures, *failed):
    bench.build(figures)
    bench.check(*failed)
    return bench.publish()


def values(bench):
    return bench.released("select measure_id, area_code, value, is_held from fct_observations order by all")


WAITING = [("falls", "00", 1.0, True), ("falls", "04", 2.0, True), ("plans", "04", 8.0, False)]
OUT = [("falls", "00", 99.0, False), ("falls", "04", 2.0, False), ("plans", "04", 8.0, False)]


@pytest.fixture
def waiting(bench, found):
    found["falls"] = [Finding("revision", "Ändrat med 9 800 %.", "Revised by 9,800 %.", 1)]
    publication = run(bench, NEW)
    assert list(publication.waiting) == ["falls"]
    return bench, publication.candidate_id


class TestWaiting:
    def test_the_measure_stays_at_its_last_figures_and_the_others_go_out(self, waiting):
        bench, _ = waiting
        assert values(bench) == WAITING
        assert bench.released("select distinct held_reason from fct_observations where is_held") == [
            ("Väntar på granskning: redan publicerade uppgifter har räknats om.",)
        ]

    def test_what_waits_is_told_inside_and_not_to_readers(self, waiting):
        bench, candidate = waiting
        review = read_review(bench.settings)
        assert review["candidate_id"] == candidate and list(review["waiting"]) == ["falls"]
        assert "99" in json.dumps(review["changes"])
        folder = current_release(bench.settings)
        for path in (folder / "changes.json", folder / "changes.html", folder / "quality.json"):
            assert "99.0" not in path.read_text() and "99,0" not in path.read_text()
        assert bench.settings.published not in bench.settings.review.parents

    def test_nor_by_the_failing_rows_of_a_warning(self, bench, found):
        found["falls"] = [Finding("revision", "Ändrat till 99.", "Revised to 99.", 1)]
        warning = replace(breach({"falls": 1}, severity="warning"), rows=[{"measure_id": "falls", "value": 98765.0}])
        run(bench, NEW, warning)
        folder = current_release(bench.settings)
        assert "98765" not in (folder / "quality.json").read_text() + (folder / "quality.html").read_text()

    def test_it_waits_again_in_every_run_until_somebody_decides(self, waiting):
        bench, candidate = waiting
        publication = run(bench, NEW)
        assert not publication.is_new and publication.candidate_id == candidate

    def test_a_measure_never_released_stays_out(self, bench, found):
        found["new"] = [Finding("always", "Granskas alltid.", "Is always looked at.", 1)]
        publication = run(bench, {**OLD, "new": {"04": 5.0}})
        assert list(publication.left_out) == ["new"]
        assert values(bench) == [("falls", "00", 1.0, False), ("falls", "04", 2.0, False), ("plans", "04", 7.0, False)]

    def test_a_failed_check_comes_first_and_cannot_be_approved(self, bench, found):
        found["falls"] = [Finding("revision", "Ändrat.", "Revised.", 1)]
        publication = run(bench, NEW, breach({"falls": 1}))
        assert publication.held["falls"].kind == "check" and publication.candidate_id is None


class TestApproval:
    def test_it_lets_the_measure_out(self, waiting):
        bench, candidate = waiting
        assert approve(bench.settings, TABLES, candidate, "falls", **WHY) == ["falls"]
        assert bench.publish().is_new
        assert values(bench) == OUT

    def test_it_counts_for_the_same_rows_in_later_builds(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, None, **WHY)
        run(bench, NEW)
        assert values(bench) == OUT

    def test_it_ends_when_something_else_of_the_measure_has_gone_out_after_it(self, waiting, found):
        bench, candidate = waiting
        finding = found["falls"]
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        bench.publish()
        found.clear()  # within the tolerance
        run(bench, OLD)
        found["falls"] = finding
        assert list(run(bench, NEW).waiting) == ["falls"]
        assert values(bench)[0] == ("falls", "00", 1.0, True)

    def test_it_outlasts_a_release_in_which_the_measure_was_held(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        assert run(bench, {**NEW, "plans": {"04": 9.0}}, breach({"falls": 1})).is_new
        run(bench, NEW)
        assert values(bench) == OUT

    @pytest.mark.parametrize("figure", [99.00000000000001, 98.0])
    def test_it_counts_no_more_when_a_byte_has_changed(self, waiting, figure):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        publication = run(bench, {**NEW, "falls": {"00": figure, "04": 2.0}})
        assert list(publication.waiting) == ["falls"] and publication.candidate_id != candidate
        assert values(bench) == WAITING

    def test_it_counts_no_more_when_the_description_has_changed(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        bench.build(NEW, indicators={"falls": "another"})
        bench.check()
        assert list(bench.publish().waiting) == ["falls"]

    def test_what_was_not_looked_at_cannot_be_approved(self, waiting):
        bench, candidate = waiting
        bench.build({**NEW, "falls": {"00": 98.0, "04": 2.0}})  # somebody ran again meanwhile
        with pytest.raises(DecisionError, match="have changed since"):
            approve(bench.settings, TABLES, candidate, "falls", **WHY)
        assert not [e for e in read_log(bench.settings) if e.action == "approved"]

    @pytest.mark.parametrize(
        ("decided", "measure", "change", "said"),
        [
            ("k00000000", None, {}, "Nothing waits under k00000000"),
            (None, "plans", {}, "plans does not wait"),
            (None, None, {"reason": " "}, "a reason"),
            (None, None, {"name": ""}, "a name"),
            (None, None, {"reason": "Anna har tittat"}, "names stay inside"),
            (None, None, {"reason": "Enligt (Anna), i Eks fil."}, "names stay inside"),
            (None, None, {"name": "Bo Ek", "reason": "Beslutat av Bo på enheten"}, "names stay inside"),
            (None, None, {"name": "bo ek", "reason": "Enligt Eks fil"}, "names stay inside"),
            (None, None, {"name": "Bo Ek", "reason": "beslutat av bo ek"}, "without Bo Ek"),
            (None, None, {"reason": "Gäller 19121212-1212"}, "personal identity number"),
            (None, None, {"role": "boss"}, "--role"),
        ],
    )
    def test_a_decision_that_makes_no_sense_is_not_taken(self, waiting, decided, measure, change, said):
        bench, candidate = waiting
        with pytest.raises(DecisionError, match=said):
            approve(bench.settings, TABLES, decided or candidate, measure, **{**WHY, **change})
        assert not [e for e in read_log(bench.settings) if e.action == "approved"]


@pytest.mark.parametrize(
    ("name", "reason"), [("Bo Ek", "De vill bo kvar, och ek är ett träd"), ("Carl af Geer", "Av de uppgifter som kom af"), ("A. Ek", "Vitamin A")]
)
def test_a_word_that_is_no_name_may_stand_in_a_reason(name, reason):
    check_words(name, "statistician", reason)


def test_a_warehouse_that_is_damaged_is_not_called_busy(waiting):
    bench, candidate = waiting
    bench.settings.database.write_bytes(b"no database" * 1000)
    with pytest.raises(DecisionError, match=r"warehouse\.duckdb cannot be read .*naravard run"):
        approve(bench.settings, TABLES, candidate, "falls", **WHY)


def test_a_warehouse_that_is_being_written_is_called_busy(waiting):
    bench, candidate = waiting
    writing = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", writing, bench.settings.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(DecisionError, match="A run is writing the warehouse"):
            approve(bench.settings, TABLES, candidate, "falls", **WHY)
        process.stdin.close()


class TestTheLogIsPublished:
    def test_with_roles_and_without_names(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        bench.publish()
        rows = bench.released("select action, role, measure_id, reason_sv from meta_approvals order by number")
        assert [r[0] for r in rows] == ["released", "released", "approved", "released"]
        assert rows[2] == ("approved", "statistician", "falls", "Rättad av källan")
        assert {r[1] for r in rows if r[0] == "released"} == {"automatic"}
        for path in current_release(bench.settings).rglob("*"):
            assert not path.is_file() or b"Anna Ek" not in path.read_bytes()
        assert any(e.name == "Anna Ek" for e in read_log(bench.settings))

    def test_and_a_log_that_has_lost_lines_stops_publication(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        bench.publish()
        path = log_file(bench.settings)
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
        bench.build(OLD)
        bench.check()
        with pytest.raises(LogError, match="missing"):
            bench.publish()
        assert values(bench) == OUT
        assert len(path.read_bytes().splitlines()) == 1


def rechained(lines, change):
    """The log as somebody leaves it who knows how it is chained."""
    entries, previous = [], b""
    for line in lines:
        entry = change(json.loads(line)) | {"previous": hashlib.sha256(previous).hexdigest() if previous else ""}
        previous = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        entries.append(previous + b"\n")
    return entries


@pytest.fixture(scope="module")
def undone(tmp_path_factory):
    """Released, released, taken back, built: a home in which nothing may be published."""
    bench = Bench(tmp_path_factory.mktemp("undone") / "home")
    run(bench, OLD)
    first = current_release(bench.settings).name
    run(bench, NEW)
    roll_back(bench.settings, first, **WHY)
    bench.build(NEW)
    bench.check()
    return bench


class TestADamagedLog:
    """Whoever can write the file can make its chain anew; what was published of it stands."""

    @pytest.mark.parametrize(
        ("damage", "has_notices"),
        [
            (lambda lines: [], True),
            (lambda lines: [], False),
            (lambda lines: lines[:1], True),  # without the notices it could be a publication that was killed before its switch
            (lambda lines: rechained(lines, lambda e: e | {"reason_sv": "omskrivet"}), True),
            (lambda lines: rechained(lines, lambda e: e | {"reason_sv": "omskrivet"}), False),
            (lambda lines: [*lines[:-2], *rechained(lines, lambda e: e | {"content_hash": "x"})[-2:]], False),
            (lambda lines: rechained(lines, lambda e: e | {"name": "Bo"}), False),
        ],
        ids=["deleted", "deleted with the notices", "cut back", "rewritten", "rewritten with the notices", "last lines", "names"],
    )
    def test_stops_publication_and_loses_no_release(self, undone, damage, has_notices):
        path, notices = log_file(undone.settings), undone.settings.published / "notices.json"
        whole, told = path.read_bytes(), notices.read_bytes()
        before = [f.name for f in list_releases(undone.settings)]
        try:
            path.write_bytes(b"".join(damage(whole.splitlines(keepends=True))))
            if not has_notices:
                notices.unlink()
            with pytest.raises(LogError, match=r"backup.*restart-log"):
                undone.publish()
            assert [f.name for f in list_releases(undone.settings)] == before
        finally:
            path.write_bytes(whole)
            notices.write_bytes(told)

    def test_nor_may_a_log_of_one_release_be_deleted(self, bench):
        log_file(bench.settings).unlink()
        with pytest.raises(LogError, match="missing"):
            run(bench, NEW)

    def test_a_person_can_take_the_loss_upon_them(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        with pytest.raises(DecisionError, match="is whole"):
            restart_log(bench.settings, **WHY)
        log_file(bench.settings).write_bytes(b"{}\n")
        with pytest.raises(LogError):
            run(bench, NEW)
        assert restart_log(bench.settings, **WHY | {"reason": "Disken gick sönder"}) == 4
        assert sorted(run(bench, {**NEW, "falls": {"00": 99.0, "04": 3.0}}).waiting) == ["falls", "plans"]  # what was taken back stays so
        assert [e.action for e in read_log(bench.settings)][:4] == ["released", "released", "rolled_back", "log_restarted"]
        run(bench, {**NEW, "falls": {"00": 98.0, "04": 3.0}})
        assert list(bench.settings.decisions.glob("log-damaged-*.jsonl"))


class TestRollback:
    def test_the_earlier_release_is_current_at_once(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        done = roll_back(bench.settings, first, **WHY)
        assert list(done.measures) == ["falls", "plans"]
        assert current_release(bench.settings).name == first
        assert values(bench) == [("falls", "00", 1.0, False), ("falls", "04", 2.0, False), ("plans", "04", 7.0, False)]

    def test_the_next_run_does_not_bring_it_back(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        publication = run(bench, NEW)
        assert sorted(publication.waiting) == ["falls", "plans"]
        assert values(bench) == [("falls", "00", 1.0, True), ("falls", "04", 2.0, True), ("plans", "04", 7.0, True)]
        assert "återtagits" in publication.held["falls"].reason_sv and "Rättad av källan" in publication.held["falls"].reason_sv
        changes = read_review(bench.settings)["changes"]
        assert [[f["kind"] for f in m["findings"]] for m in changes["measures"]] == [["taken_back"], ["taken_back"]]
        assert "har återtagits förut: Rättad av källan" in (bench.settings.review / "changes.html").read_text()
        assert "    1 figure was taken back before: Rättad av källan" in tell_changes(changes)

    def test_other_figures_go_out(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        publication = run(bench, {"falls": {"00": 3.0, "04": 2.0}, "plans": {"04": 9.0}})
        assert not publication.waiting
        assert values(bench) == [("falls", "00", 3.0, False), ("falls", "04", 2.0, False), ("plans", "04", 9.0, False)]

    @pytest.mark.parametrize("other", [{"04": 2.0, "0484": 5.0}, {"04": 2.5}])
    def test_not_even_when_another_cell_of_the_measure_changes(self, bench, other):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        publication = run(bench, {"falls": {"00": 99.0, **other}, "plans": {"04": 7.0}})
        assert list(publication.waiting) == ["falls"]
        assert ("falls", "00", 1.0, True) in values(bench)

    def test_nor_what_a_release_in_between_showed(self, bench):
        first = current_release(bench.settings).name
        run(bench, {**OLD, "falls": {"00": 50.0, "04": 2.0}})
        run(bench, {**OLD, "falls": {"04": 2.0}})
        roll_back(bench.settings, first, **WHY)
        assert list(run(bench, {**OLD, "falls": {"00": 50.0, "04": 2.1}}).waiting) == ["falls"]
        assert list(run(bench, {**OLD, "falls": {"04": 2.2}}).waiting) == ["falls"]  # the figure that was gone is gone again
        assert not run(bench, {**OLD, "falls": {"00": 1.5, "04": 2.2}}).waiting

    def test_what_was_let_out_again_is_not_asked_about_again(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        approve(bench.settings, TABLES, run(bench, NEW).candidate_id, None, **WHY)
        bench.publish()
        assert not run(bench, {**NEW, "falls": {"00": 99.0, "04": 3.0}}).waiting

    def test_nothing_is_published_without_the_memory_of_what_was_taken_back(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        next((bench.settings.decisions / "taken_back").glob("*.parquet")).unlink()
        with pytest.raises(LogError, match=r"is not there.*backup"):
            run(bench, {**NEW, "falls": {"00": 99.0, "04": 3.0}})

    def test_a_person_can_change_the_decision(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        approve(bench.settings, TABLES, run(bench, NEW).candidate_id, None, **WHY)
        bench.publish()
        assert values(bench) == OUT

    def test_only_to_what_is_kept_and_whole(self, bench):
        first = current_release(bench.settings)
        with pytest.raises(DecisionError, match="current release already"):
            roll_back(bench.settings, first.name, **WHY)
        with pytest.raises(DecisionError, match="is not kept"):
            roll_back(bench.settings, "000009-x", **WHY)
        run(bench, NEW)
        (first / "naravard.duckdb").chmod(0o644)
        (first / "naravard.duckdb").write_bytes(b"half")
        with pytest.raises(DecisionError, match="cannot be read"):
            roll_back(bench.settings, first.name, **WHY)
        assert values(bench) == OUT

    @pytest.mark.parametrize("name", ["parquet/fct_observations.parquet", "csv/dim_areas.csv", "quality.json", "naravard.duckdb", "SHA256SUMS"])
    @pytest.mark.parametrize("is_gone", [True, False])
    def test_not_to_a_release_of_which_a_file_is_gone_or_another_one(self, two, name, is_gone):
        bench, first = two
        path = first / name
        content = path.read_bytes()
        path.chmod(0o644)
        try:
            path.unlink() if is_gone else path.write_bytes(content + b" ")
            with pytest.raises(DecisionError, match=r"SHA256SUMS|lacks|another|cannot be read"):
                roll_back(bench.settings, first.name, **WHY)
            assert values(bench) == OUT
        finally:
            path.write_bytes(content)

    def test_a_current_release_that_cannot_be_read_can_be_left(self, bench):
        first = current_release(bench.settings)
        run(bench, NEW)
        path = current_release(bench.settings) / "naravard.duckdb"
        path.chmod(0o644)
        path.write_bytes(b"half")
        told = []
        roll_back(bench.settings, first.name, **WHY, on_progress=told.append)
        assert current_release(bench.settings) == first and "not remembered" in " ".join(told)

    def test_nothing_is_carried_on_from_a_release_that_was_changed(self, bench):
        path = current_release(bench.settings) / "naravard.duckdb"
        path.chmod(0o644)
        with duckdb.connect(str(path)) as connection:
            connection.execute("update fct_observations set value = 500 where measure_id = 'plans'")
        with pytest.raises(GateClosed, match=r"another naravard.duckdb.*backup.*rollback"):
            run(bench, NEW, breach({"plans": 1}))

    def test_killed_between_decision_and_switch_the_next_run_finishes_it(self, bench, monkeypatch):
        from naravard_pipeline.publication import rollback

        first = current_release(bench.settings).name
        run(bench, NEW)
        monkeypatch.setattr(rollback, "switch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            roll_back(bench.settings, first, **WHY)
        run(bench, NEW)
        assert values(bench) == [("falls", "00", 1.0, True), ("falls", "04", 2.0, True), ("plans", "04", 7.0, True)]

    def test_what_was_held_when_it_was_taken_back_does_not_come_back_either(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        run(bench, {**NEW, "falls": {"00": -5.0, "04": 2.0}}, breach({"falls": 1}))  # readers still see 99
        assert "falls" in roll_back(bench.settings, first, **WHY).measures
        assert "falls" in run(bench, NEW).waiting

    def test_a_definition_that_was_approved_waits_again(self, waiting):
        bench, candidate = waiting
        first = list_releases(bench.settings)[0].name
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        bench.publish()
        roll_back(bench.settings, first, **WHY)
        assert "falls" in run(bench, NEW).waiting

    def test_a_release_whose_switch_was_not_logged_is_known_all_the_same(self, bench, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        first = current_release(bench.settings).name
        with monkeypatch.context() as patched:
            patched.setattr(release, "append", stop)
            with pytest.raises(KeyboardInterrupt):
                run(bench, NEW)
        second = current_release(bench.settings).name
        roll_back(bench.settings, first, **WHY)
        assert second in [e.release_id for e in read_log(bench.settings)]
        run(bench, NEW)
        assert second in [f.name for f in list_releases(bench.settings)]


class TestReadersAreTold:
    """Beside the releases, because these never change; and whether or not the gate is open."""

    @staticmethod
    def told(bench):
        return json.loads((bench.settings.published / "notices.json").read_bytes())

    def test_that_a_release_was_taken_back_and_which_are(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        second = current_release(bench.settings).name
        roll_back(bench.settings, first, **WHY)
        told = self.told(bench)
        assert told["current_release_id"] == first and told["taken_back"] == [second]
        last = told["decisions"][-1]
        assert (last["action"], last["release_id"], last["taken_back"], last["reason_sv"]) == ("rolled_back", first, second, WHY["reason"])
        page = (bench.settings.published / "notices.html").read_text()
        assert WHY["reason"] in page and second in page
        assert "Återtaget: " in page and page.count(">publiceringen 20") == 2  # as people know them, not by their ids
        for name in ("notices.json", "notices.html"):
            assert "Anna" not in (bench.settings.published / name).read_text()

    def test_of_a_correction_at_once_also_while_the_gate_is_closed_and_after_a_rollback(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        bench.build(OLD, tests=[])
        correct(bench.settings, first, "falls", "04", None, "Anna Ek", "statistician", "Rätt värde är 3.")
        with pytest.raises(GateClosed):
            bench.publish()
        roll_back(bench.settings, first, **WHY)
        notice = next(d for d in self.told(bench)["decisions"] if d["action"] == "corrected")
        assert (notice["area_code"], notice["reason_sv"]) == ("04", "Rätt värde är 3.")
        assert "Rätt värde är 3." in (bench.settings.published / "notices.html").read_text()

    def test_an_approval_stands_there_before_it_is_published(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        assert self.told(bench)["decisions"][-1]["action"] == "approved"

    def test_other_places_too_when_the_gate_is_closed(self, bench, monkeypatch):
        shown = []
        monkeypatch.setattr(release, "bring_up_targets", lambda _settings, folder, *_: shown.append(folder.name) or {})
        bench.build(NEW, tests=[])
        with pytest.raises(GateClosed):
            bench.publish()
        assert shown == [current_release(bench.settings).name]

    def test_who_works_here_sees_since_when_another_place_lags_and_can_push(self, bench, monkeypatch):
        from naravard_pipeline.publication import postgres
        from naravard_pipeline.publication.targets import push, read_lagging

        first = current_release(bench.settings).name
        run(bench, NEW)
        settings = bench.settings.changed(postgres_url="postgresql://u:p@127.0.0.1:1/d")
        assert roll_back(settings, first, **WHY).target_failures
        lagging = read_lagging(settings)["postgresql"]
        assert lagging["release_id"] == first and "does not answer" in lagging["reason"]
        push(settings)
        assert read_lagging(settings)["postgresql"]["since"] == lagging["since"]
        shown = []
        monkeypatch.setattr(postgres, "bring_up", lambda _url, folder, _tell, notices: shown.append((folder.name, notices[-1]["action"])))
        assert push(settings) == (first, {}) and shown == [(first, "rolled_back")]
        assert not read_lagging(settings)

    def test_what_was_reviewed_against_a_release_that_is_gone_cannot_be_approved(self, waiting):
        bench, candidate = waiting
        roll_back(bench.settings, list_releases(bench.settings)[0].name, **WHY)
        assert read_review(bench.settings) is None
        with pytest.raises(DecisionError, match="Nothing waits"):
            approve(bench.settings, TABLES, candidate, "falls", **WHY)


class TestWhileARunIsAtWork:
    @pytest.fixture
    def command(self, waiting, monkeypatch):
        """``naravard release …`` on the bench, which has no dbt: its contract is given."""
        bench, candidate = waiting
        monkeypatch.setenv("NARAVARD_HOME", str(bench.settings.home))
        monkeypatch.setattr(contract, "read_contract", lambda _settings: TABLES)
        monkeypatch.setattr(decide, "WAIT_SECONDS", 0.3)
        who = ["--by", "Anna Ek", "--reason", "Rättad"]
        return bench, lambda: CliRunner().invoke(main, ["release", "approve", candidate, *who], catch_exceptions=False)

    def test_a_decision_waits_for_the_warehouse_and_then_says_that_it_was_not_taken(self, command):
        bench, approve_it = command
        with locked(bench.settings.warehouse):
            done = approve_it()
        assert done.exit_code == 1 and "waiting for it" in done.output and "nothing was decided" in done.output
        assert not [e for e in read_log(bench.settings) if e.action == "approved"]
        assert approve_it().exit_code == 0 and values(bench) == OUT

    def test_between_landing_and_build_nothing_goes_out_and_no_measure_is_said_to_be_late(self, command):
        bench, approve_it = command
        before = current_release(bench.settings)
        Landing(bench.settings.landing).record(Landed("plans", "kolada", "changed", read_time(), "", "", "newer", rows=3))
        done = approve_it()
        assert done.exit_code == 1 and "is noted" in done.output and "Newer answers have landed" in done.output
        assert current_release(bench.settings) == before
        assert [e for e in read_log(bench.settings) if e.action == "approved"]
        Landing(bench.settings.landing).record(Landed("plans", "kolada", "changed", read_time(), "", "", "s", rows=3))
        run(bench, NEW)
        assert values(bench) == OUT


class TestAnInterruptedPublication:
    def test_a_link_that_is_gone_is_made_again_and_not_a_first_publication(self, bench):
        (bench.settings.published / "current").unlink()
        publication = run(bench, {**OLD, "falls": {"00": 99.0, "04": 2.0}}, breach({"falls": 1}))
        assert list(publication.held) == ["falls"]

    def test_nothing_is_published_where_the_last_release_is_gone(self, bench):
        current_release(bench.settings).rename(bench.settings.home / "elsewhere")
        bench.build(NEW)
        bench.check()
        with pytest.raises(LogError, match="not there"):
            bench.publish()

    def test_a_switch_that_was_not_logged_is_logged_by_the_next(self, bench, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(release, "append", stop)
            with pytest.raises(KeyboardInterrupt):
                run(bench, NEW)
        assert values(bench) == OUT
        assert not run(bench, NEW).is_new
        assert [e.release_id for e in read_log(bench.settings)] == [f.name for f in list_releases(bench.settings)]

    def test_a_folder_that_was_never_switched_in_is_no_release(self, bench, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(release, "switch", stop)
            with pytest.raises(KeyboardInterrupt):
                run(bench, NEW)
        run(bench, NEW)
        assert len(list_releases(bench.settings)) == 2
        assert [e.release_id for e in read_log(bench.settings)] == [f.name for f in list_releases(bench.settings)]

    def test_numbers_rise_whatever_the_clock_does(self, bench, monkeypatch):
        from datetime import UTC, datetime

        class Past(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(2001, 1, 1, tzinfo=UTC)

        monkeypatch.setattr(release, "datetime", Past)
        run(bench, NEW)
        assert [f.name.split("-")[0] for f in list_releases(bench.settings)] == ["000001", "000002"]
        assert current_release(bench.settings).name.startswith("000002-20010101")


class TestCorrections:
    def test_readers_see_the_notice_from_the_next_publication_on(self, bench):
        release_id = current_release(bench.settings).name
        correct(bench.settings, release_id, "falls", "04", None, "Anna Ek", "statistician", "Rätt värde är 3.")
        assert bench.publish().is_new
        assert bench.released("select measure_id, area_code, period_label, release_id, text_sv from meta_corrections") == [
            ("falls", "04", None, release_id, "Rätt värde är 3.")
        ]
        assert "Rätt värde är 3." in (current_release(bench.settings) / "quality.html").read_text()
        assert not bench.publish().is_new

    def test_not_of_a_release_that_never_was(self, bench):
        with pytest.raises(DecisionError, match="never published"):
            correct(bench.settings, "999999-typo", "falls", "04", None, "Anna Ek", "statistician", "Fel.")

    def test_not_of_a_figure_that_was_never_shown(self, bench):
        with pytest.raises(DecisionError, match="shows no figure of falls 9999"):
            correct(bench.settings, current_release(bench.settings).name, "falls", "9999", None, "Anna Ek", "statistician", "Fel.")


def test_a_shrunken_answer_is_let_in_by_a_person(bench):
    landing = Landing(bench.settings.landing)
    landing.record(Landed("falls", "kolada", "kept", read_time(), "It shrank.", "Krympte.", "old", refused_snapshot_id="shrunk"))
    with pytest.raises(DecisionError, match="No answer other"):
        accept_answer(bench.settings, "other", None, **WHY)
    assert accept_answer(bench.settings, "shrunk", None, **WHY) == ["falls"]
    assert (bench.settings.landing / "accepted" / "kolada" / "falls" / "shrunk").exists()
    assert read_log(bench.settings)[-1].action == "answer_accepted"


def read_time():
    from datetime import UTC, datetime

    return datetime(2026, 3, 1, tzinfo=UTC)


def test_the_database_of_a_release_tells_what_its_log_tells(bench):
    with duckdb.connect(str(current_release(bench.settings) / "naravard.duckdb"), read_only=True) as connection:
        assert (
            connection.execute("select release_id, content_hash from meta_release").fetchall()
            == connection.execute(
                "select release_id, content_hash from meta_approvals where action = 'released' order by number desc limit 1"
            ).fetchall()
        )
