"""When things run: a job for everything and one per source, a schedule per source from its own file, and a sensor on the inbox."""

import hashlib
import time
from collections.abc import Iterator, Sequence

from dagster import (
    AssetSelection,
    DefaultSensorStatus,
    RunRequest,
    ScheduleDefinition,
    SensorDefinition,
    SkipReason,
    define_asset_job,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.landing.inbox import list_unanswered
from naravard_pipeline.settings import Settings

TIMEZONE = "Europe/Stockholm"
EVERYTHING = "everything"
REPORTS = "reports"  # the group that is made from releases, by a job of its own


def what_follows() -> AssetSelection:
    """All that comes after the landing, whichever source landed: the gate refuses a build of a part."""
    return AssetSelection.groups("landing", "reference", "made_up", "staging", "intermediate", "core", "assessment", "marts", "published")


def build_jobs(source_ids: Sequence[str]) -> list[UnresolvedAssetJobDefinition]:
    """Every job ends with the whole of dbt, all checks and the release: no way to publish a part."""
    jobs = [define_asset_job(EVERYTHING, AssetSelection.all() - AssetSelection.groups(REPORTS), description="All sources, dbt, checks, release.")]
    for source_id in source_ids:
        # Whichever of the sources of the inbox runs takes in all of it.
        groups = [s for s in source_ids if s.startswith("local")] if source_id == "local" else [source_id]
        selection = AssetSelection.groups(*groups) | what_follows()
        jobs.append(
            define_asset_job(source_id, selection, description=f"{source_id}, then dbt, checks and release with what the others landed last.")
        )
    return jobs


def build_schedules(catalogue: Catalogue, jobs: Sequence[UnresolvedAssetJobDefinition]) -> list[ScheduleDefinition]:
    """One per source whose ``_source.yml`` says when. They are off until somebody turns them on."""
    return [
        ScheduleDefinition(
            name=f"{job.name}_schedule",
            job=job,
            cron_schedule=catalogue.sources[job.name].schedule,
            execution_timezone=TIMEZONE,
            description=f"From sources/{job.name}/_source.yml.",
        )
        for job in jobs
        if job.name in catalogue.sources and catalogue.sources[job.name].schedule
    ]


def build_inbox_sensor(settings: Settings, job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    @sensor(
        name="inbox_sensor", job=job, minimum_interval_seconds=30, default_status=DefaultSensorStatus.STOPPED, description="A new file in inbox/."
    )
    def inbox_sensor(_context) -> Iterator[RunRequest | SkipReason]:
        files = list_unanswered(settings.inbox)
        if not files:
            yield SkipReason("no new file in the inbox")
            return
        # The same files ask for one run in ten minutes, however often this looks; again after that, should the run have come to nothing.
        seen = "|".join(f"{f.name}:{f.stat().st_size}:{f.stat().st_mtime_ns}" for f in files)
        yield RunRequest(run_key=f"{hashlib.sha256(seen.encode()).hexdigest()}-{int(time.time() // 600)}")

    return inbox_sensor
