"""Seven traps of Dagster, dbt and DuckDB through which bad figures get out. Each test fails if its trap is open."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetSelection,
    AssetSpec,
    DagsterInstance,
    Definitions,
    MaterializeResult,
    asset,
    define_asset_job,
    in_process_executor,
    materialize,
    multi_asset,
)
from publishing import TABLES, Bench, breach

from naravard_pipeline.orchestration import checks as dagster_checks
from naravard_pipeline.orchestration import release as dagster_release
from naravard_pipeline.orchestration.checks import build_checks
from naravard_pipeline.orchestration.release import RELEASE_KEY, build_release_asset
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.quality import read_suites
from naravard_pipeline.settings import EXPECTATIONS, PROJECT

FIGURES = {"falls": {"00": 1.0, "04": 2.0}, "plans": {"04": 7.0}}


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(dagster_release, "read_contract", lambda _settings: TABLES)
    bench = Bench(tmp_path / "home")
    bench.build(FIGURES)
    bench.check()
    bench.publish()
    bench.build({"falls": {"00": 99.0}})  # what must not get out, unless the gate lets it
    return bench


def publish_through_dagster(bench):
    with DagsterInstance.ephemeral() as instance:
        return materialize([build_release_asset(bench.settings, [])], instance=instance, raise_on_error=False)


def values(bench):
    return bench.released("select measure_id, area_code, value from fct_observations order by all")


OLD = [("falls", "00", 1.0), ("falls", "04", 2.0), ("plans", "04", 7.0)]


def test_1_a_build_without_tests_publishes_nothing(bench):
    """`dbt run` instead of `dbt build`: the tests never report, and Dagster goes on with success."""
    bench.build({"falls": {"00": 99.0}}, tests=[])
    bench.check()
    with pytest.raises(GateClosed, match="required dbt tests gave no result"):
        bench.publish()
    assert values(bench) == OLD


def test_2_materialising_the_release_alone_asks_the_gate_again(bench):
    """Dagster runs no check of an asset that is not selected. These tables were built, and nobody has checked them."""
    result = publish_through_dagster(bench)
    assert not result.success
    assert "belong to another build" in result.get_step_failure_events()[0].step_failure_data.user_failure_data.description
    assert values(bench) == OLD
    bench.check()
    assert publish_through_dagster(bench).success
    assert values(bench) == [("falls", "00", 99.0)]


def test_2_nor_does_a_second_process_get_round_it(bench):
    """The gate reads the results from disk, as they are for everybody; nothing can be passed in."""
    code = (
        "import sys; sys.path.insert(0, 'tests'); from pathlib import Path; from publishing import TABLES; "
        "from naravard_pipeline.settings import Settings; from naravard_pipeline.publication.release import publish; "
        "publish(Settings(home=Path(sys.argv[1])), TABLES)"
    )
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    result = subprocess.run([sys.executable, "-c", code, str(bench.settings.home)], cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert result.returncode and "belong to another build" in result.stderr
    assert values(bench) == OLD


def test_3_what_dbt_has_replaced_before_testing_it_is_not_what_readers_see(bench):
    """The bad rows are in the warehouse when a test fails; no published file may lie in it, point into it or be it."""
    with duckdb.connect(str(bench.settings.database), read_only=True) as connection:
        assert connection.execute("select value from fct_observations").fetchall() == [(99.0,)]
    assert values(bench) == OLD
    for path in bench.settings.published.rglob("*"):
        assert bench.settings.warehouse.resolve() not in path.resolve().parents
    with duckdb.connect(str(bench.settings.published / "current" / "naravard.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)


def test_4_a_reader_blocks_no_publication_and_no_publication_a_reader(bench):
    """A DuckDB file that somebody reads cannot be written: so no file that was published is ever written again."""
    bench.check()
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); sys.stdin.read(); "
        "print(c.sql('select value from fct_observations order by all').fetchall())"
    )
    path = bench.settings.published / "current" / "naravard.duckdb"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "open\n"
        bench.publish()
        said, _ = reader.communicate("")
    assert said == "[(1.0,), (2.0,), (7.0,)]\n"
    assert values(bench) == [("falls", "00", 99.0)]


def test_5_one_bad_measure_does_not_stop_those_after_it():
    """In a multi-asset a blocking check that fails ends the step. The checks on answers are therefore not blocking."""
    landed = []

    @multi_asset(
        specs=[AssetSpec("a"), AssetSpec("b")],
        check_specs=[AssetCheckSpec("whole", asset="a", blocking=is_blocking_answer_check())],
    )
    def ingest():
        yield MaterializeResult("a", check_results=[AssetCheckResult(passed=False, check_name="whole", severity=AssetCheckSeverity.ERROR)])
        landed.append("b")
        yield MaterializeResult("b")

    with DagsterInstance.ephemeral() as instance:
        assert materialize([ingest], instance=instance, raise_on_error=False).success
    assert landed == ["b"]


def is_blocking_answer_check() -> bool:
    """As the real assets of a source declare it."""
    from naravard_pipeline.catalogue import read_catalogue
    from naravard_pipeline.orchestration.ingestion import build_cube_assets
    from naravard_pipeline.settings import SOURCES, Settings

    assets = build_cube_assets(Settings(home=PROJECT), read_catalogue(SOURCES), "scb")
    return any(spec.blocking for spec in assets.check_specs)


@pytest.mark.parametrize(("holds_release", "goes_on"), [(True, False), (False, True)])
def test_6_a_structural_failure_stops_the_release_step_and_a_measures_does_not(tmp_path, monkeypatch, holds_release, goes_on):
    """Dagster stops at severity ERROR only: a structural check told as WARN would let the release step begin."""
    suites = [s for s in read_suites(EXPECTATIONS) if s.table == "fct_observations"]
    table = AssetKey(["core", "fct_observations"])
    failed = breach({}) if holds_release else breach({"falls": 3})
    outcomes = [replace(failed, check=e.name, suite=s.name, passed=e.name != failed.check) for s in suites for _, e in s.expectations]
    monkeypatch.setattr(dagster_checks, "run_suites", lambda *_: outcomes)
    monkeypatch.setattr(dagster_checks, "record_checks", lambda *_: None)
    bench = Bench(tmp_path / "home")
    bench.settings.dbt_target.mkdir(parents=True)
    (bench.settings.dbt_target / "manifest.json").write_text(json.dumps({"nodes": {}}))
    begun = []

    @asset(key=table)
    def built():
        return None

    @asset(key=RELEASE_KEY, deps=[table])
    def release():
        begun.append(True)

    definitions = Definitions(
        assets=[built, release],
        asset_checks=[build_checks(bench.settings, suites, {"fct_observations": table})],
        jobs=[define_asset_job("everything", AssetSelection.all())],
        executor=in_process_executor,
    )
    with DagsterInstance.ephemeral() as instance:
        definitions.resolve_job_def("everything").execute_in_process(instance=instance, raise_on_error=False)
    assert bool(begun) == goes_on


def test_7_the_workspace_is_found_where_the_package_is_not_installed(tmp_path):
    """`python_module` alone looks in the installed packages only."""
    import yaml

    location = yaml.safe_load((PROJECT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    code = (
        f"import sys, os; os.chdir({str(PROJECT / location['working_directory'])!r}); sys.path.insert(0, os.getcwd()); "
        f"import {location['module_name']} as m; print(m.__file__)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str(PROJECT / "naravard_pipeline" / "definitions.py")
