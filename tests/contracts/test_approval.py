"""A person can see and approve: what waits, what an approval is bound to, when it is taken, correction notices."""

import json
import subprocess
import sys
import unicodedata
from dataclasses import replace

import pytest
from click.testing import CliRunner
from deciding import NEW, OLD, OUT, READ_TIME, WAITING, WHY, run, values
from publishing import TABLES, breach

from naravard_pipeline.cli import decide
from naravard_pipeline.cli.main import main
from naravard_pipeline.landing.lock import locked
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication import contract
from naravard_pipeline.publication.approval import DecisionError, accept_answer, approve, check_words, read_review
from naravard_pipeline.publication.correction import correct
from naravard_pipeline.publication.decisions import read_log
from naravard_pipeline.publication.folders import current_release
from naravard_pipeline.publication.review import Finding


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
            (None, "", {}, "'' does not wait"),  # a shell's variable that is not set lets nothing out
            (None, None, {"reason": " "}, "a reason"),
            (None, None, {"name": ""}, "a name"),
            (None, None, {"reason": "Anna har tittat"}, "names stay inside"),
            (None, None, {"reason": "Enligt (Anna), i Eks fil."}, "names stay inside"),
            (None, None, {"name": "Bo Ek", "reason": "Beslutat av Bo på enheten"}, "names stay inside"),
            (None, None, {"name": "bo ek", "reason": "Enligt Eks fil"}, "names stay inside"),
            (None, None, {"name": "Bo Ek", "reason": "beslutat av bo ek"}, "without Bo Ek"),
            (None, None, {"reason": "Gäller 19121212-1212"}, "personal identity number"),
            (None, None, {"role": "boss"}, "--role"),
            (None, None, {"reason": "Ändrat av An\u200bna"}, "names stay inside"),
            (None, None, {"name": "Åsa Öberg", "reason": unicodedata.normalize("NFD", "Ändrat av Åsa")}, "names stay inside"),
            (None, None, {"reason": "R\udce4ttad"}, "UTF-8"),
            (None, None, {"reason": "Rättad \x1b[31m"}, "cannot be shown"),
            (None, None, {"reason": "a" * 1001}, "1,001 characters"),
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
        Landing(bench.settings.landing).record(Landed("plans", "kolada", "changed", READ_TIME, "", "", "newer", rows=3))
        done = approve_it()
        assert done.exit_code == 1 and "is noted" in done.output and "Newer answers have landed" in done.output
        assert current_release(bench.settings) == before
        assert [e for e in read_log(bench.settings) if e.action == "approved"]
        Landing(bench.settings.landing).record(Landed("plans", "kolada", "changed", READ_TIME, "", "", "s", rows=3))
        run(bench, NEW)
        assert values(bench) == OUT


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
    landing.record(Landed("falls", "kolada", "kept", READ_TIME, "It shrank.", "Krympte.", "old", refused_snapshot_id="shrunk"))
    with pytest.raises(DecisionError, match="No answer other"):
        accept_answer(bench.settings, "other", None, **WHY)
    assert accept_answer(bench.settings, "shrunk", None, **WHY) == ["falls"]
    assert (bench.settings.landing / "accepted" / "kolada" / "falls" / "shrunk").exists()
    assert read_log(bench.settings)[-1].action == "answer_accepted"
