"""A person can undo: going back, what was taken back stays so, and readers are told at once."""

import json
import shutil

import duckdb
import pytest
from click.testing import CliRunner
from deciding import NEW, OLD, OUT, WHY, run, values
from publishing import TABLES, Bench, breach

from naravard_pipeline.cli.main import main
from naravard_pipeline.publication import release
from naravard_pipeline.publication.approval import DecisionError, approve, read_review
from naravard_pipeline.publication.changes_page import tell_changes
from naravard_pipeline.publication.correction import correct
from naravard_pipeline.publication.decisions import LogError, read_log
from naravard_pipeline.publication.folders import current_release, list_releases
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.publication.restart import restart_log
from naravard_pipeline.publication.rollback import roll_back


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two releases; who changes a file puts it back."""
    bench = Bench(tmp_path_factory.mktemp("two") / "home")
    run(bench, OLD)
    first = current_release(bench.settings)
    run(bench, NEW)
    return bench, first


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


def test_a_measure_that_was_not_there_is_told_apart(bench):
    first = current_release(bench.settings).name
    run(bench, {"plans": {"04": 8.0}})
    taken = roll_back(bench.settings, first, **WHY)
    assert (list(taken.measures), list(taken.absent)) == (["falls", "plans"], ["falls"])


@pytest.mark.parametrize("content", ["[]", "{}", "null", "kaputt", '{"candidate_id": null, "waiting": null, "changes": {}}'])
def test_files_beside_the_releases_that_are_damaged_show_no_traceback(two, content, monkeypatch):
    bench, first = two
    monkeypatch.setenv("NARAVARD_HOME", str(bench.settings.home))
    monkeypatch.setenv("NARAVARD_POSTGRES_URL", "postgresql://u:p@127.0.0.1:1/d")
    bench.settings.review.mkdir(exist_ok=True)
    (bench.settings.review / "changes.json").write_text(content)
    (bench.settings.home / "targets.json").write_text(content)
    (first / "quality.json").chmod(0o644)
    whole = (first / "quality.json").read_bytes()
    (first / "quality.json").write_text(content)
    try:
        for command in (["status"], ["release", "list"], ["release", "show", first.name], ["release", "diff"]):
            done = CliRunner().invoke(main, command)
            assert done.exception is None or isinstance(done.exception, SystemExit), (command, done.exception)
            assert "Traceback" not in done.output
    finally:
        (first / "quality.json").write_bytes(whole)


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

    def test_of_a_measure_that_is_gone_by_its_name_and_every_page_leads_there(self, bench):
        first = current_release(bench.settings).name
        correct(bench.settings, first, "falls", "04", None, "Anna Ek", "statistician", "Rätt värde är 3.")
        [name] = bench.released("select name_sv from dim_measures where measure_id = 'falls'")[0]
        run(bench, {"plans": NEW["plans"]})
        assert bench.released("select * from dim_measures where measure_id = 'falls'") == []
        page = (bench.settings.published / "notices.html").read_text()
        assert name != "falls" and f"Rättelse av {name}" in page
        pages = sorted(current_release(bench.settings).rglob("*.html"))
        assert {"index.html", "changes.html", "quality.html"} <= {p.name for p in pages}
        assert [p.name for p in pages if "../notices.html" not in p.read_text()] == []
        quality = (current_release(bench.settings) / "quality.html").read_text()
        assert f'<span title="{first}">publiceringen 20' in quality

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

    def test_other_places_also_where_nothing_can_be_published(self, bench, monkeypatch):
        from naravard_pipeline.publication import postgres

        told = []
        monkeypatch.setattr(postgres, "bring_up", lambda _url, _folder, _tell, notices: told.append(notices[-1]["action"]))
        monkeypatch.setenv("NARAVARD_HOME", str(bench.settings.home))
        monkeypatch.setenv("NARAVARD_POSTGRES_URL", "postgresql://u:p@127.0.0.1:1/d")
        shutil.rmtree(bench.settings.warehouse)
        figure = [current_release(bench.settings).name, "--measure", "falls", "--area", "04", "--text", "Rätt värde är 3.", "--by", "Bo Ek"]
        done = CliRunner().invoke(main, ["release", "correct", *figure])
        assert done.exit_code == 1 and "there is no build" in done.output and told == ["corrected"]

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


class TestARelease:
    """That is damaged or lost can be left, and publication goes on; what it showed is not known, so each measure is looked at once."""

    @staticmethod
    def break_it(folder):
        (folder / "naravard.duckdb").chmod(0o644)
        (folder / "naravard.duckdb").write_bytes(b"half")

    @pytest.fixture(params=["damaged", "lost"])
    def left(self, request, bench):
        first = current_release(bench.settings)
        run(bench, NEW)
        second = current_release(bench.settings)
        self.break_it(second) if request.param == "damaged" else second.rename(bench.settings.home / "elsewhere")
        with pytest.raises((GateClosed, LogError), match="release rollback"):
            run(bench, NEW)
        told = []
        roll_back(bench.settings, first.name, **WHY, on_progress=told.append)
        assert second.name in " ".join(told) and "waits for a person" in " ".join(told)
        return bench, first, second

    def test_when_it_was_left_what_it_showed_waits_and_goes_out_when_approved(self, left):
        bench, first, second = left
        assert list_releases(bench.settings) == [first]
        assert read_log(bench.settings)[-1].details["unknown"] == [second.name]
        assert not run(bench, OLD).waiting
        publication = run(bench, {**NEW, "plans": {"04": 7.0}})
        assert list(publication.waiting) == ["falls"] and "går inte längre att läsa" in publication.held["falls"].reason_sv
        approve(bench.settings, TABLES, publication.candidate_id, None, **WHY)
        assert not bench.publish().waiting
        assert not run(bench, {"falls": {"00": 98.0, "04": 2.0}, "plans": {"04": 7.0}}).waiting  # once
        assert list(run(bench, {"falls": {"00": 98.0, "04": 2.0}, "plans": {"04": 8.0}}).waiting) == ["plans"]

    def test_that_is_damaged_is_set_aside_and_never_removed(self, bench):
        first = current_release(bench.settings)
        bench.settings = bench.settings.changed(keep_releases=2, keep_months=0)
        run(bench, NEW)
        second = current_release(bench.settings)
        self.break_it(second)
        roll_back(bench.settings, first.name, **WHY)
        for value in (11.0, 12.0, 13.0):
            publication = run(bench, {**OLD, "falls": {"00": value, "04": 2.0}})
            if publication.waiting:
                approve(bench.settings, TABLES, publication.candidate_id, None, **WHY)
                bench.publish()
        assert second.with_name(f"damaged-{second.name}").is_dir() and len(list_releases(bench.settings)) == 2

    def test_that_is_old_and_damaged_is_named_with_what_to_do(self, bench):
        first = current_release(bench.settings)
        run(bench, NEW)
        self.break_it(first)
        with pytest.raises(GateClosed, match=rf"{first.name} cannot be read.*backup.*mv .*damaged-{first.name}"):
            run(bench, OLD)
        first.rename(first.with_name(f"damaged-{first.name}"))
        assert run(bench, {**NEW, "plans": {"04": 9.0}}).is_new

    def test_that_can_be_opened_and_not_read_is_named_too(self, bench):
        first = current_release(bench.settings)
        run(bench, NEW)
        (first / "naravard.duckdb").unlink()
        with duckdb.connect(str(first / "naravard.duckdb")) as connection:
            connection.execute("create table fct_observations as select 1 as x")
        with pytest.raises(GateClosed, match=rf"{first.name} cannot be read.*mv .*damaged-{first.name}"):
            run(bench, OLD)

    def test_that_is_lost_is_no_damage_of_the_log(self, bench):
        run(bench, NEW)
        current_release(bench.settings).rename(bench.settings.home / "elsewhere")
        before = len(read_log(bench.settings))
        with pytest.raises(DecisionError, match=r"is whole.*release rollback"):
            restart_log(bench.settings, **WHY)
        assert len(read_log(bench.settings)) == before


def test_what_was_taken_back_takes_no_place_of_what_readers_saw_before(bench):
    bench.settings = bench.settings.changed(keep_releases=2, keep_months=0)
    first = current_release(bench.settings).name
    run(bench, NEW)
    second = current_release(bench.settings).name
    roll_back(bench.settings, first, **WHY)
    third = run(bench, {"falls": {"00": 3.0, "04": 2.0}, "plans": {"04": 9.0}}).release_id
    assert [f.name for f in list_releases(bench.settings)] == [first, second, third]  # the second takes no place of the first


def test_a_folder_of_somebody_elses_is_no_release_and_stays(bench):
    bench.settings = bench.settings.changed(keep_releases=1, keep_months=0)
    notes = bench.settings.published / "releases" / "anteckningar"
    (notes / "mars").mkdir(parents=True)
    run(bench, NEW)
    run(bench, {**NEW, "plans": {"04": 9.0}})
    assert notes not in list_releases(bench.settings) and (notes / "mars").is_dir()
