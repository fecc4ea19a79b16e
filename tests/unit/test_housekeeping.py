"""What piles up in Dagster's storage goes, through Dagster's own API; nothing that its pages need."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from dagster import AssetCheckResult, AssetCheckSpec, AssetKey, DagsterRunStatus, MaterializeResult, RunsFilter, asset, materialize

from naravard_pipeline.landing.lock import locked
from naravard_pipeline.orchestration import housekeeping
from naravard_pipeline.orchestration.housekeeping import keep_house, tell
from naravard_pipeline.orchestration.run import open_instance, write_instance
from naravard_pipeline.settings import Settings

LATER = datetime.now(UTC) + timedelta(days=91)


@asset(check_specs=[AssetCheckSpec("holds", asset="figures")])
def figures():
    return MaterializeResult(metadata={"plot": "x" * 300_000}, check_results=[AssetCheckResult(passed=True, check_name="holds")])


@asset
def seldom():
    return MaterializeResult()


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def instance(settings):
    with open_instance(settings) as instance:
        yield instance


def run(instance, made=figures) -> str:
    return materialize([made], instance=instance).run_id


def kept(instance) -> list[str]:
    return list(instance.get_run_ids())


def count(settings: Settings, table: str) -> int:
    with sqlite3.connect(settings.dagster_home / "storage" / "event_log.db") as connection:
        return connection.execute(f"select count(*) from {table}").fetchone()[0]


def test_old_runs_go_with_all_that_they_left(settings, instance):
    first, second = run(instance), run(instance)
    events, checks = count(settings, "event_logs"), count(settings, "asset_check_executions")
    assert keep_house(settings, instance).runs == 0
    assert keep_house(settings, instance, LATER, dry_run=True).runs == 1 and len(kept(instance)) == 2
    done = keep_house(settings, instance, LATER)
    assert (done.runs, done.problems) == (1, ()) and kept(instance) == [second]
    assert count(settings, "event_logs") == events / 2 and count(settings, "asset_check_executions") == checks / 2 == 1
    assert not (settings.dagster_home / "storage" / first).exists() and (settings.dagster_home / "storage" / second).exists()


def test_the_last_run_of_an_asset_stays_however_old(settings, instance):
    last_of_seldom = run(instance, seldom)
    for _ in range(3):
        last = run(instance)
    keep_house(settings, instance, LATER)
    assert set(kept(instance)) == {last_of_seldom, last}
    assert instance.get_latest_materialization_event(AssetKey("seldom"))


def test_a_run_that_has_not_ended_stays(settings, instance):
    first = run(instance)
    run(instance)
    with sqlite3.connect(settings.dagster_home / "storage" / "runs.db") as connection:
        connection.execute("update runs set status = 'STARTED' where run_id = ?", [first])
    assert instance.get_run_ids(RunsFilter(statuses=[DagsterRunStatus.STARTED])) == [first]
    assert keep_house(settings, instance, LATER).runs == 0


@pytest.mark.slow
def test_the_storage_levels_out(settings, instance, monkeypatch):
    monkeypatch.setattr(housekeeping, "WORTHWHILE", 2**20)
    sizes = []
    for _ in range(12):
        run(instance)
        keep_house(settings, instance, LATER)
        sizes.append(sum(path.stat().st_size for path in settings.dagster_home.rglob("*") if path.is_file()))
    assert max(sizes) <= sizes[0] + housekeeping.WORTHWHILE  # what is free stays below what is worth writing anew
    for _ in range(8):
        run(instance)
    assert keep_house(settings, instance, LATER).bytes > 2**20  # written anew after many went at once


def test_plots_of_pruned_snapshots_go(settings, instance):
    manifest = settings.landing / "snapshots" / "kolada" / "falls" / "a1.json"
    plots = [
        settings.dagster_home / "plots" / measure / f"{snapshot}.png" for measure, snapshot in [("falls", "a1"), ("falls", "b2"), ("plans", "a1")]
    ]
    for path in (manifest, *plots):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    unfinished = plots[0].with_name("c3.png.0123.tmp")  # somebody is drawing it just now
    unfinished.write_bytes(b"")
    assert keep_house(settings, instance).plots == 2
    assert plots[0].exists() and unfinished.exists() and not plots[1].exists() and not plots[2].exists()


def test_what_is_in_use_is_left_and_told(settings, instance):
    settings.warehouse.mkdir()
    settings.database.write_bytes(b"no database")
    assert tell(keep_house(settings, instance)).startswith("the warehouse stays as large as it is: ")
    with locked(settings.warehouse):
        assert "Another run" in tell(keep_house(settings, instance))


def test_looks_of_sensors_do_not_pile_up(settings):
    text = (write_instance(settings.changed(keep_days=30)) / "dagster.yaml").read_text()
    assert "purge_after_days" in text and "skipped: 7" in text and "success: 30" in text
