"""A release of a few rows: what is in it, in every form, and which measures of it are held."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest
from deciding import OLD as FIGURES
from deciding import run, values
from publishing import TABLES, Bench, breach

from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication import forms, meta
from naravard_pipeline.publication.folders import current_release, list_releases, read_release
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.site import SiteError


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "home")


@pytest.fixture
def published(bench):
    run(bench, FIGURES)
    return bench


class TestTheWayOut:
    def test_a_site_that_cannot_be_built_stops_the_release_and_is_told(self, published, monkeypatch):
        last = current_release(published.settings)
        published.build({**FIGURES, "plans": {"04": 7.5}})
        published.check()

        def break_down(*about):
            raise SiteError("matt/plans.html: ValueError: a chart without a value")

        monkeypatch.setattr(forms, "build_site", break_down)
        with pytest.raises(GateClosed, match=r"matt/plans.html.*Nothing went out"):
            published.publish()
        assert current_release(published.settings) == last and list_releases(published.settings) == [last]
        monkeypatch.undo()
        assert published.publish().is_new

    def test_a_good_build_goes_out_whole(self, published):
        assert values(published) == [("falls", "00", 1.0, False), ("falls", "04", 2.0, False), ("plans", "04", 7.0, False)]
        folder = current_release(published.settings)
        files = {
            "naravard.duckdb",
            "datapackage.json",
            "csv-metadata.json",
            "dcat.rdf",
            "quality.json",
            "quality.html",
            "changes.json",
            "changes.html",
            "index.html",
            "SHA256SUMS",
        }
        assert {p.name for p in folder.iterdir()} == {"parquet", "csv", "matt", *files}
        assert {p.name for p in (folder / "matt").iterdir()} == {"index.html", "falls.html", "plans.html"}
        for form in ("parquet", "csv"):
            names = {p.stem for p in (folder / form).iterdir()}
            assert names == {t.name for t in TABLES} | {t.name for t in meta.META_TABLES}
        assert published.released("select comment from duckdb_columns() where table_name = 'fct_observations' and column_name = 'value'") == [
            ("What value is.",)
        ]

    def test_every_form_has_the_same_rows(self, published):
        folder = current_release(published.settings)
        for table in (t.name for t in TABLES):
            own = set(map(str, published.released(f"from {table}")))
            parquet = duckdb.sql(f"from '{folder}/parquet/{table}.parquet'").fetchall()
            kinds = ", ".join(f"'{c.name}': '{c.type}'" for t in TABLES if t.name == table for c in t.columns)
            csv = duckdb.sql(f"from read_csv('{folder}/csv/{table}.csv', types = {{{kinds}}})").fetchall()
            assert own == set(map(str, parquet)) == set(map(str, csv))

    def test_nothing_in_a_release_can_be_written(self, published):
        for path in current_release(published.settings).rglob("*"):
            assert path.is_dir() or not path.stat().st_mode & 0o222

    def test_the_same_content_is_no_new_release(self, published):
        published.build(FIGURES)
        published.check()
        assert not published.publish().is_new
        assert len(list_releases(published.settings)) == 1

    def test_a_draft_stays_inside(self, bench):
        bench.build(FIGURES, drafts=("plans",))
        bench.check()
        bench.publish()
        for table in ("dim_measures", "fct_observations", "mart_county_goal"):
            assert bench.released(f"select count(*) from {table} where measure_id = 'plans'") == [(0,)]

    def test_nothing_of_a_draft_is_told_either(self, bench):
        bench.build({**FIGURES, "trial": {"04": 1.0}}, drafts=("trial",))
        failed = replace(breach({"trial": 1}), rows=[{"measure_id": "trial", "value": 12345.0}])
        bench.check(failed)
        bench.publish()
        folder = current_release(bench.settings)
        assert "12345" not in (folder / "quality.json").read_text() + (folder / "quality.html").read_text()
        assert bench.released("select count(*) from meta_checks where measure_id = 'trial' or not is_passed") == [(0,)]

    def test_an_indicator_with_nothing_but_drafts_is_a_gap(self, bench):
        bench.build(FIGURES, drafts=("falls", "plans"))
        bench.check()
        with pytest.raises(GateClosed, match="nothing to publish"):
            bench.publish()
        bench.build({**FIGURES, "third": {"04": 1.0}}, drafts=("falls", "plans"), indicators={"third": "j"})
        bench.check()
        bench.publish()
        assert bench.released("select indicator_id, measure_id, has_figures from mart_county_goal order by all") == [
            ("gap", None, False),
            ("i", None, False),
            ("j", "third", True),
        ]

    def test_a_spreadsheet_finds_no_formula(self, bench):
        bench.build({"=cmd()": {"00": -1.0}})
        bench.check()
        bench.publish()
        text = (current_release(bench.settings) / "csv" / "fct_observations.csv").read_text()
        assert "\n'=cmd(),00,2024-01-01,2024-12-31,2024,total,total,source,-1.0" in text

    def test_made_up_figures_say_so(self, tmp_path):
        bench = Bench(tmp_path / "demo", is_demo=True)
        bench.build(FIGURES)
        bench.check()
        bench.publish()
        folder = current_release(bench.settings)
        assert bench.released("select is_demo from meta_release") == [(True,)]
        assert "PÅHITTADE" in json.loads((folder / "datapackage.json").read_text())["title"]
        assert "Påhittade" in (folder / "quality.html").read_text()


class TestOneMeasureIsHeld:
    def test_its_last_released_rows_stay_and_say_why_and_the_others_go_out(self, published):
        published.build({"falls": {"00": 99.0, "04": 99.0, "0484": 99.0}, "plans": {"04": 8.0}})
        published.check(breach({"falls": 3}))
        outcome = published.publish()
        assert list(outcome.held) == ["falls"] and not outcome.left_out
        assert values(published) == [("falls", "00", 1.0, True), ("falls", "04", 2.0, True), ("plans", "04", 8.0, False)]
        assert published.released("select value, is_held from mart_county_goal where measure_id = 'falls' order by all") == [(1.0, True), (2.0, True)]
        [(reason, since)] = published.released("select distinct held_reason, held_since from fct_observations where is_held")
        assert "3 uppgifter" in reason and since is not None

    def test_it_is_held_since_the_first_time(self, published):
        for value in (99.0, 98.0):
            published.build({"falls": {"00": value}, "plans": {"04": value}})
            published.check(breach({"falls": 1}))
            published.publish()
            [(since,)] = published.released("select distinct held_since from fct_observations where is_held")
            if value == 99.0:
                first = since
        assert since == first

    def test_it_goes_out_again_when_it_is_good(self, published):
        published.build({"falls": {"00": 99.0}, "plans": {"04": 7.0}})
        published.check(breach({"falls": 1}))
        published.publish()
        published.build({"falls": {"00": 3.0}, "plans": {"04": 7.0}})
        published.check()
        published.publish()
        assert values(published) == [("falls", "00", 3.0, False), ("plans", "04", 7.0, False)]

    def test_one_that_was_never_released_stays_out_and_is_a_gap(self, bench):
        bench.build(FIGURES)
        bench.check(breach({"plans": 1}))
        outcome = bench.publish()
        assert list(outcome.left_out) == ["plans"]
        assert values(bench) == [("falls", "00", 1.0, False), ("falls", "04", 2.0, False)]
        assert bench.released("select measure_id, area_code, value, has_figures from mart_county_goal where not has_figures order by all") == [
            ("plans", None, None, False),
            (None, None, None, False),
        ]
        assert bench.released("select count(*) from dim_measures where measure_id = 'plans'") == [(1,)]

    def test_a_refused_answer_holds_it_since_the_landing_says(self, published):
        published.keep("falls")
        published.build(FIGURES)
        published.check()
        assert list(published.publish().held) == ["falls"]
        assert published.released("select distinct held_reason, held_since::varchar from fct_observations where is_held") == [
            ("Källans svar krympte.", "2026-02-01 00:00:00")
        ]
        assert published.released("select kind, measure_id from meta_checks where not is_passed") == [("landing", "falls")]

    def test_what_is_computed_from_it_is_held_with_it(self, bench):
        bench.build({"plans": {"04": 7.0}, "people": {"04": 1000.0}, "rate": {"04": 7.0}})
        bench.check()
        bench.publish()
        bench.build({"plans": {"04": 900.0}, "people": {"04": 1000.0}, "rate": {"04": 900.0}})
        bench.check(breach({"plans": 1}))
        outcome = bench.publish()
        assert list(outcome.held) == ["plans", "rate"]
        assert "plans" in outcome.held["rate"].reason_sv
        assert values(bench) == [("people", "04", 1000.0, False), ("plans", "04", 7.0, True), ("rate", "04", 7.0, True)]

    def test_a_measure_whose_newest_answer_was_not_built_is_held(self, published):
        landed = Landed("falls", "kolada", "changed", datetime(2026, 3, 1, tzinfo=UTC), snapshot_id="newer", rows=2)
        Landing(published.settings.landing).record(landed)
        published.build({"plans": {"04": 8.0}, "falls": {}})
        published.check()
        assert list(published.publish().held) == ["falls"]
        assert [row for row in values(published) if row[0] == "falls"] == [("falls", "00", 1.0, True), ("falls", "04", 2.0, True)]

    @pytest.mark.parametrize("source_id", ["local", "kolada"])
    def test_only_a_published_measure_is_held_for_its_present_source(self, published, source_id):
        landed = Landed("falls", source_id, "kept", datetime(2026, 3, 1, tzinfo=UTC), "Gone.", "Borta.", "s")
        Landing(published.settings.landing).record(landed)
        published.build(FIGURES, retired=("falls",) if source_id == "kolada" else ())
        published.check()
        assert not published.publish().held

    def test_a_warning_holds_nothing(self, published):
        published.build({"falls": {"00": 99.0}})
        published.check(breach({"falls": 1}, severity="warning"))
        assert not published.publish().held
        assert values(published) == [("falls", "00", 99.0, False)]

    def test_a_measure_that_left_the_catalogue_leaves_the_release(self, published):
        published.keep("falls")
        published.build({"plans": {"04": 7.0}})
        published.check()
        published.publish()
        assert values(published) == [("plans", "04", 7.0, False)]


def test_a_measure_that_was_a_draft_for_one_release_is_no_new_measure(published):
    for figures, drafts in (
        ({**FIGURES, "other": {"04": 1.0}}, ("falls",)),
        ({**FIGURES, "falls": {"00": 1.2, "04": 2.0}, "fresh": {"04": 1.0}}, ()),
    ):
        published.build(figures, drafts=drafts)
        published.check()
        publication = published.publish()
    assert [f.kind for f in publication.waiting["falls"].findings] == ["incomparable"] and "falls" in publication.left_out
    assert {row[0] for row in values(published)} == {"plans", "fresh"}


def test_readers_keep_what_they_opened_and_find_the_new(published):
    reader = duckdb.connect(str(published.settings.published / "current" / "naravard.duckdb"), read_only=True)
    published.build({"falls": {"00": 5.0}})
    published.check()
    published.publish()
    assert reader.execute("select count(*) from fct_observations").fetchone() == (3,)
    reader.close()
    assert values(published) == [("falls", "00", 5.0, False)]


def test_the_package_is_what_frictionless_calls_valid(published):
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(current_release(published.settings) / "datapackage.json"))
    assert report.flatten(["name", "type", "message"]) == [] and report.valid
    assert len(report.tasks) == 2 * (len(TABLES) + len(meta.META_TABLES))


def test_the_package_counts_for_nothing_when_a_file_is_changed(published):
    frictionless = pytest.importorskip("frictionless")
    folder = current_release(published.settings)
    path = folder / "csv" / "dim_areas.csv"
    path.chmod(0o644)
    path.write_text(path.read_text() + "99\n")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert not report.valid


def test_quality_json_tells_what_a_reader_asks(published):
    published.build({"falls": {"00": 99.0}, "plans": {"04": 7.0}})
    published.check(breach({"falls": 1}))
    published.publish()
    content = read_release(current_release(published.settings))
    assert [h["measure_id"] for h in content["held"]] == ["falls"]
    assert {c["kind"] for c in content["checks"]} == {"dbt", "great_expectations"}
    assert meta.META_RELEASE.column_names == tuple(content["release"])
