"""What piles up outside the releases and the landing: Dagster's record of runs, plots, free space in the warehouse.

Here: removing it, at the end of a run from the command line and by a sensor in `naravard dev`. Not here: releases and answers, which every
publication prunes itself (``publication.retention``).
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from dagster import DagsterInstance, DagsterRunStatus, DefaultSensorStatus, Failure, RunsFilter, SensorDefinition, SkipReason, sensor

from naravard_pipeline.orchestration.lock import exclusive
from naravard_pipeline.publication.compaction import NotTheSame, compact_warehouse
from naravard_pipeline.report.shelf import tidy
from naravard_pipeline.settings import Settings

HOURS = 6  # between two looks of the sensor
AT_ONCE = 50  # runs removed in one go: a sensor has a minute
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
FREE_SHARE = 0.5  # of a SQLite file, before it is written anew
WORTHWHILE = 16 * 2**20  # bytes that are free


@dataclass(frozen=True)
class Housekeeping:
    """``runs`` and ``plots`` removed; ``bytes`` given back to the disk; ``problems`` are sentences: nothing here stops anything."""

    runs: int
    plots: int
    bytes: int
    problems: tuple[str, ...] = ()


def keep_house(settings: Settings, instance: DagsterInstance, now: datetime | None = None, *, dry_run: bool = False) -> Housekeeping:
    """Remove what is older than ``keep_days`` or belongs to what was pruned, and give free space back; with ``dry_run`` only count runs and plots.

    Never raises for what is on disk.
    """
    old_runs, old_plots = find_old_runs(settings, instance, now or datetime.now(UTC)), find_old_plots(settings)
    if dry_run:
        return Housekeeping(len(old_runs), len(old_plots), 0)
    before, problems = _bytes_in(settings), []

    def attempt(what: str, work: Callable[[], int]) -> int:
        try:
            return work()
        except (OSError, sqlite3.Error, duckdb.Error, Failure, NotTheSame) as error:
            problems.append(f"{what}: {str(getattr(error, 'description', None) or error).splitlines()[0]}")
            return 0

    runs = attempt("old runs stay", lambda: _delete_runs(instance, old_runs[:AT_ONCE]))
    plots = attempt("old plots stay", lambda: sum(plot.unlink(missing_ok=True) is None for plot in old_plots))
    for path in sorted((settings.dagster_home / "storage").glob("**/*.db")):
        attempt(f"{path} stays as large as it is", lambda path=path: vacuum(path))
    attempt("reports of releases that are gone stay", lambda: tidy(settings))
    attempt("the warehouse stays as large as it is", lambda: _compact(settings))
    return Housekeeping(runs, plots, max(0, before - _bytes_in(settings)), tuple(problems))


def find_old_runs(settings: Settings, instance: DagsterInstance, now: datetime) -> list[str]:
    """The runs that were made more than ``keep_days`` ago and have ended, the oldest first; never the last one of an asset, whose pages would say
    that it was never made."""
    filters = RunsFilter(statuses=ENDED, created_before=now - timedelta(days=settings.keep_days))
    old = [record.dagster_run.run_id for record in instance.get_run_records(filters, order_by="id", ascending=True)]
    last = {record.asset_entry.last_run_id for record in instance.get_asset_records(instance.all_asset_keys())} if old else set()
    return [run_id for run_id in old if run_id not in last]


def find_old_plots(settings: Settings) -> list[Path]:
    """The plots of snapshots that are no more in the landing, and what a killed run left of one."""
    plots = sorted((settings.dagster_home / "plots").glob("*/*"))
    snapshots = {(p.parent.name, p.stem) for p in (settings.landing / "snapshots").glob("*/*/*.json")}
    killed = time.time() - 3600
    return [p for p in plots if ((p.parent.name, p.stem) not in snapshots if p.suffix == ".png" else p.stat().st_mtime < killed)]


def vacuum(path: Path) -> int:
    """Write a SQLite file anew if much of it is free, and empty its write-ahead log. Returns the bytes won; 0 too while somebody else writes it."""
    before = path.stat().st_size
    with contextlib.closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
        pages, free, size = (connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
        if free * size >= WORTHWHILE and free >= FREE_SHARE * pages:
            connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")
    return before - path.stat().st_size


def build_housekeeping_sensor(settings: Settings) -> SensorDefinition:
    """For `naravard dev`, which may be up for months. Starts no run, so it is on from the beginning."""

    @sensor(
        name="housekeeping_sensor",
        minimum_interval_seconds=HOURS * 3600,
        default_status=DefaultSensorStatus.RUNNING,
        description=f"Removes runs older than {settings.keep_days} days and gives free space back. Starts nothing.",
    )
    def housekeeping_sensor(context) -> SkipReason:
        return SkipReason(tell(keep_house(settings, context.instance)) or "nothing to remove")

    return housekeeping_sensor


def tell(done: Housekeeping) -> str:
    """One line; empty where there is nothing to tell."""
    parts = [f"{done.runs} old runs removed"] * bool(done.runs) + [f"{done.plots} old plots removed"] * bool(done.plots)
    parts += [f"{done.bytes / 1e6:,.1f} MB given back"] * (done.bytes >= WORTHWHILE)
    return "; ".join([*parts, *done.problems])


def _delete_runs(instance: DagsterInstance, run_ids: Sequence[str]) -> int:
    for run_id in run_ids:
        instance.compute_log_manager.delete_logs(prefix=[run_id])  # first: without its run nobody would find it
        instance.delete_run(run_id)
    return len(run_ids)


def _compact(settings: Settings) -> int:
    with exclusive(settings, "warehouse", wait_seconds=0):
        return compact_warehouse(settings)


def _bytes_in(settings: Settings) -> int:
    paths = [p for folder in (settings.dagster_home, settings.warehouse) for p in folder.rglob("*")]
    return sum(p.stat().st_size for p in paths if p.is_file())
