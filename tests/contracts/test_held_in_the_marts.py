"""A held measure stands in every mart that it belongs to: with its last figures where they are the same, else as a gap that says why."""

from datetime import UTC, datetime

import duckdb
import pytest
from publishing import Bench, breach

from naravard_pipeline.publication import release
from naravard_pipeline.publication.assembly import assemble
from naravard_pipeline.publication.contract import Column, Table
from naravard_pipeline.publication.correction import correct
from naravard_pipeline.publication.folders import current_release
from naravard_pipeline.publication.gate import Hold, Verdict
from naravard_pipeline.publication.review import Finding

FIGURES = {"falls": {"00": 1.0, "04": 2.0}, "plans": {"04": 7.0}}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = {
    "framework_id": "varchar",
    "indicator_id": "varchar",
    "indicator_name_sv": "varchar",
    "measure_id": "varchar",
    "attribution": "varchar",
    "area_code": "varchar",
    "is_aggregated": "boolean",
    "value": "double",
    "has_figures": "boolean",
    "is_held": "boolean",
    "held_reason": "varchar",
    "held_since": "timestamp",
}


@pytest.fixture
def published(tmp_path):
    bench = Bench(tmp_path / "home")
    bench.build(FIGURES)
    bench.check()
    bench.publish()
    return bench


def rows_of(bench, measure_id):
    query = "select indicator_id, area_code, value, has_figures, is_held, held_reason is not null, held_since is not null from mart_county_goal "
    return bench.released(f"{query} where measure_id = '{measure_id}' order by all")


class TestMoved:
    def test_a_held_measure_takes_its_last_figures_to_its_new_indicator(self, published):
        published.build({"falls": {"00": 9.0, "04": 2.0}, "plans": {"04": 8.0}}, indicators={"falls": "new", "plans": "new"})
        published.check(breach({"falls": 1}))
        published.publish()
        assert rows_of(published, "falls") == [("new", "00", 1.0, True, True, True, True), ("new", "04", 2.0, True, True, True, True)]
        assert rows_of(published, "plans") == [("new", "04", 8.0, True, False, False, False)]

    def marts(self, connection, database, *rows):
        """``rows``: mart, framework, indicator, the measure, area, value; every mart is there."""
        connection.execute(f"attach ':memory:' as {database}")
        for name in ("mart_a", "mart_b"):
            connection.execute(f"create table {database}.{name} ({', '.join(f'{c} {k}' for c, k in KINDS.items())})")
        connection.execute(
            f"create table {database}.dim_measures as select 'm' as measure_id, 'M' as name_sv, 'published' as status, null::varchar as computed_from"
        )
        connection.execute(
            f"create table {database}.fct_observations as select 'm' as measure_id, 1.0 as value, false as is_held, "
            "null::varchar as held_reason, null::timestamp as held_since"
        )
        for mart, framework, indicator, area, value, is_sum in rows:
            line = "Egen beräkning" if is_sum else "Källa: K"
            connection.execute(
                f"insert into {database}.{mart} values (?, ?, ?, 'm', ?, ?, ?, ?, true, false, null, null)",
                [framework, indicator, f"{indicator} {database}", line, area, is_sum, value],
            )

    def released(self, last, candidate):
        connection = duckdb.connect()
        self.marts(connection, "last", *last)
        self.marts(connection, "candidate", *candidate)
        kinds = {"dim_measures": ["measure_id", "name_sv", "status", "computed_from"]}
        facts = {"measure_id": "varchar", "value": "double", "is_held": "boolean", "held_reason": "varchar", "held_since": "timestamp"}
        tables = [
            Table("dim_measures", "", tuple(Column(c, "varchar", "") for c in kinds["dim_measures"]), (), ()),
            Table("fct_observations", "", tuple(Column(c, k, "") for c, k in facts.items()), (), ()),
            *(Table(name, "", tuple(Column(c, k, "") for c, k in KINDS.items()), ("indicator_id", "area_code"), ()) for name in ("mart_a", "mart_b")),
        ]
        assemble(connection, tables, Verdict({"m": Hold("m", "check", "Bad.", "Fel.")}), NOW)
        columns = "indicator_id, indicator_name_sv, area_code, value, has_figures, is_held, held_reason, attribution"
        return {name: connection.execute(f"select {columns} from {name} order by all").fetchall() for name in ("mart_a", "mart_b")}

    def test_it_is_shown_in_another_mart_of_its_framework_under_the_names_of_now(self):
        there = [("mart_b", "f", indicator, "04", 9.0, False) for indicator in "jk"]
        found = self.released([("mart_a", "f", "i", "04", 1.0, False)], there)
        shown = ("04", 1.0, True, True, "Fel.", "Källa: K")
        assert found == {"mart_a": [], "mart_b": [("j", "j candidate", *shown), ("k", "k candidate", *shown)]}

    def test_it_is_a_gap_with_its_reason_in_another_framework_whose_areas_and_county_are_others(self):
        here = ("mart_a", "f", "i", "04", 9.0, False)
        found = self.released(
            [("mart_a", "f", "i", "04", 1.0, False)], [here, ("mart_b", "g", "j", "01", 9.0, True), ("mart_b", "g", "j", "02", 9.0, False)]
        )
        assert found["mart_a"] == [("i", "i candidate", "04", 1.0, True, True, "Fel.", "Källa: K")]
        assert found["mart_b"] == [("j", "j candidate", None, None, False, True, "Fel.", "Källa: K")]

    def test_the_indicator_that_it_left_does_not_keep_it(self):
        found = self.released([("mart_a", "f", "i", "04", 1.0, False)], [("mart_a", "f", "j", "04", 9.0, False)])
        assert [row[0] for row in found["mart_a"]] == ["j"]


class TestLeftOut:
    @pytest.fixture
    def without_plans(self, tmp_path):
        bench = Bench(tmp_path / "home")
        for _ in range(2):
            bench.build(FIGURES)
            bench.check(breach({"plans": 1}))
            bench.publish()
        return bench

    def test_its_gap_says_why(self, without_plans):
        assert rows_of(without_plans, "plans") == [("i", None, None, False, True, True, True)]
        [(reason,)] = without_plans.released("select held_reason from mart_county_goal where measure_id = 'plans'")
        assert "(1 uppgifter)" in reason

    def test_the_release_says_it_of_itself(self, without_plans):
        [(measure_id, state, kind, reason)] = without_plans.released("select measure_id, state, kind, held_reason from meta_holds")
        assert (measure_id, state, kind) == ("plans", "left_out", "check") and "(1 uppgifter)" in reason

    def test_it_has_been_left_out_since_the_first_time(self, without_plans):
        before = without_plans.released("select held_since from meta_holds")
        without_plans.build({**FIGURES, "falls": {"00": 1.5}})
        without_plans.check(breach({"plans": 2}))
        without_plans.publish()
        assert without_plans.released("select held_since from meta_holds") == before

    def test_the_same_content_is_no_new_release(self, without_plans):
        without_plans.build(FIGURES)
        without_plans.check(breach({"plans": 1}))
        assert not without_plans.publish().is_new

    def test_its_page_and_the_start_page_say_why(self, without_plans):
        folder = without_plans.settings.published / "current"
        page = (folder / "matt" / "plans.html").read_text(encoding="utf-8")
        assert "Måttet hålls tillbaka, inte publicerat sedan" in page and "(1 uppgifter)" in page
        assert "Plans</a>, inte publicerat, sedan" in (folder / "index.html").read_text(encoding="utf-8")
        assert "hålls tillbaka, inte publicerat" in (folder / "matt" / "index.html").read_text(encoding="utf-8")
        changes = (folder / "changes.html").read_text(encoding="utf-8").partition('id="plans"')[2].partition("</article>")[0]
        assert "(1 uppgifter)" in changes and "Inte publicerat än, sedan" in changes and 'href="matt/plans.html"' in changes


class TestWaiting:
    def test_what_waits_is_a_check_that_does_not_hold_and_tells_no_figure(self, published, monkeypatch):
        told = Finding("revision", "Reviderat till 4321.", "Revised to 4321.", 1)
        monkeypatch.setattr(release, "review", lambda connection: {"falls": [told]})
        published.build({"falls": {"00": 4321.0}, "plans": {"04": 7.0}})
        published.check()
        published.publish()
        [row] = published.released("select kind, check_name, severity, failed_rows, reason from meta_checks where measure_id = 'falls'")
        assert row[:4] == ("review", "nothing_waits_for_a_person", "critical", None)
        assert row[4].startswith("Väntar på granskning") and "4321" not in row[4]
        assert published.released("select measure_id, state, kind from meta_holds") == [("falls", "held", "review")]


def test_a_notice_of_correction_stands_on_the_page_of_changes(published):
    last = current_release(published.settings).name
    correct(published.settings, last, "falls", "04", None, "Anna Ek", "statistician", "Rätt värde är 3.")
    published.publish()
    page = (current_release(published.settings) / "changes.html").read_text(encoding="utf-8")
    assert "Rättelser</h2>" in page and "Rätt värde är 3." in page and 'Rättelse: <a href="matt/falls.html">Falls</a>, 04' in page
