"""The gate on a warehouse of a few rows: what closes it, and that the last release then stands as it was."""

import os
import shutil
from dataclasses import replace
from types import SimpleNamespace

import duckdb
import pytest
from deciding import OLD as FIGURES
from deciding import run, values
from publishing import TABLES, TEST_NAMES, Bench, breach

from naravard_pipeline.landing.atomic import LandingError
from naravard_pipeline.publication import build, folders, hidden_cells, release
from naravard_pipeline.publication.build import TestResult, build_file, code_fingerprint, project_fingerprint
from naravard_pipeline.publication.checks import checks_file, record_checks
from naravard_pipeline.publication.folders import current_release, list_releases
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.quality import read_suites
from naravard_pipeline.settings import EXPECTATIONS


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "home")


@pytest.fixture
def published(bench):
    run(bench, FIGURES)
    return bench


class TestTheGateIsClosed:
    """Each of these leaves the last release exactly as it was."""

    @pytest.fixture(autouse=True)
    def unchanged(self, published):
        before = values(published), os.readlink(published.settings.published / "current")
        published.build({"falls": {"00": 99.0}})
        published.check()
        yield
        assert (values(published), os.readlink(published.settings.published / "current")) == before
        assert not list((published.settings.published / "releases").glob(".unfinished-*"))

    def refused(self, published, *words):
        with pytest.raises(GateClosed) as closed:
            published.publish()
        text = str(closed.value)
        assert all(word in text for word in words), text

    def test_when_the_tables_are_not_those_that_were_built(self, published):
        published.fill({"falls": {"00": 100.0}})
        self.refused(published, "fct_observations", "changed since", "naravard run")

    def test_when_a_table_is_missing(self, published):
        with duckdb.connect(str(published.settings.database)) as connection:
            connection.execute("drop table mart_county_goal")
        self.refused(published, "mart_county_goal")

    def test_when_the_checks_belong_to_another_build(self, published):
        published.build({"falls": {"00": 98.0}})
        self.refused(published, "belong to another build")

    def test_when_there_are_no_checks(self, published):
        checks_file(published.settings).unlink()
        self.refused(published, "have not been run")

    def test_when_the_record_of_the_checks_is_cut(self, published):
        path = checks_file(published.settings)
        path.write_bytes(path.read_bytes()[:100])
        self.refused(published, "have not been run")

    def test_when_there_is_no_build(self, published):
        build_file(published.settings).unlink()
        self.refused(published, "no complete build")

    def test_when_a_required_expectation_gave_no_result(self, published):
        published.check(leave_out=breach({}).check)
        self.refused(published, "gave no result", breach({}).check)

    def test_when_dbt_ran_without_its_tests(self, published):
        published.build({"falls": {"00": 99.0}}, tests=[])
        published.check()
        self.refused(published, "2 required dbt tests", "naravard run")

    @pytest.mark.parametrize("status", ["fail", "error", "skipped"])
    def test_when_a_dbt_test_does_not_hold(self, published, status):
        tests = [
            TestResult(name, "fct_observations", "critical", status if name == "areas_exist" else "pass", 1, "Got 1 result", [])
            for name in TEST_NAMES
        ]
        published.build({"falls": {"00": 99.0}}, tests=tests)
        published.check()
        self.refused(published, "areas_exist")

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("tests/no_negative_counts.sql", "select 1"),
            ("models/core/_more.yml", "models: [{name: dim_areas, columns: [{name: area_code, data_tests: [not_null]}]}]"),
            ("dbt_project.yml", "name: other"),
        ],
    )
    def test_when_a_dbt_test_was_added_after_the_build(self, published, monkeypatch, tmp_path, file, text):
        project = tmp_path / "dbt_project"
        shutil.copytree(build.DBT_PROJECT, project)
        monkeypatch.setattr(build, "DBT_PROJECT", project)
        published.build({"falls": {"00": 99.0}})
        published.check()
        before, code = project_fingerprint(), code_fingerprint()
        (project / file).write_text(text)
        assert project_fingerprint() != before and code_fingerprint() == code  # no reason to build all figures anew
        self.refused(published, "dbt_project/ have been changed", "Run the whole job again: naravard run")

    def test_when_the_expectations_were_changed_after_the_checks(self, published, monkeypatch):
        first, *others = read_suites(EXPECTATIONS)
        monkeypatch.setattr(release, "read_suites", lambda _: [*others, first.model_copy(update={"name": first.name, "table": "dim_areas"})])
        self.refused(published, "expectations/ has been changed")

    def test_when_nothing_is_required(self, published, monkeypatch):
        monkeypatch.setattr(release, "read_suites", lambda _: [])
        record_checks(published.settings, TABLES, [], [])
        self.refused(published, "requires nothing")

    def test_when_a_promised_column_is_gone(self, published, monkeypatch):
        tables = [replace(t, columns=tuple(c for c in t.columns if c.name != "licence_url")) for t in TABLES]
        monkeypatch.setattr(published, "publish", lambda: release.publish(published.settings, tables))
        self.refused(published, "dim_sources.licence_url")

    def test_when_a_small_count_would_be_found_out(self, published, monkeypatch):
        looked_at = []
        monkeypatch.setattr(release, "attack", lambda releases, approved: looked_at.extend(releases) or [SimpleNamespace(sentence="m in 0484, 2024")])
        self.refused(published, "Small counts would be found out: m in 0484, 2024")
        *kept, connection = looked_at
        assert kept == [f / folders.DATABASE for f in list_releases(published.settings)] and isinstance(connection, duckdb.DuckDBPyConnection)

    def test_when_what_is_hidden_cannot_be_remembered(self, published, monkeypatch):
        def full(*_):
            raise LandingError("hidden_cells.parquet: no space left")

        monkeypatch.setattr(hidden_cells, "replace_file", full)
        self.refused(published, "no space left")
        assert len(list_releases(published.settings)) == 1

    def test_when_a_critical_failure_belongs_to_no_measure(self, published):
        published.check(breach({}))
        self.refused(published, breach({}).check)

    def test_when_no_measure_may_go_out_and_none_was_released(self, tmp_path, published):
        new = Bench(tmp_path / "new")
        new.build(FIGURES)
        new.check(breach({"falls": 1, "plans": 1}))
        with pytest.raises(GateClosed, match="nothing to publish"):
            new.publish()
        assert current_release(new.settings) is None

    def test_when_a_held_measure_points_at_an_area_that_is_no_more(self, published):
        published.build({"plans": {"00": 1.0}, "falls": {"00": 99.0}})  # area 04 is gone, and falls was released with it
        published.check(breach({"falls": 1}))
        self.refused(published, "fct_observations.area_code", "dim_areas")

    def test_when_the_last_release_is_of_made_up_figures_and_this_is_not(self, published):
        published.settings = published.settings.changed(is_demo=True)
        self.refused(published, "never mixed")

    def test_when_another_process_is_publishing(self, published):
        with folders.only_one(published.settings):
            self.refused(published, "Another process")

    @pytest.mark.parametrize("step", ["assemble", "write_review", "write_forms", "close_folder", "switch"])
    def test_when_the_disk_fills_up(self, published, monkeypatch, step):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(release, step, full)
        with pytest.raises(OSError, match="No space"):
            published.publish()


def test_a_killed_publication_is_cleared_away_by_the_next(published, monkeypatch):
    left_over = published.settings.published / "releases" / ".unfinished-1"
    left_over.mkdir()
    (left_over / "naravard.duckdb").write_bytes(b"half")
    published.build({"falls": {"00": 5.0}})
    published.check()
    published.publish()
    assert not left_over.exists()
    assert values(published) == [("falls", "00", 5.0, False)]
