"""A run from the command line: the same definitions, in this process, with progress.

Here: Dagster's instance for a home, the selection of a run, what is told while it goes on. Not here: words for a terminal (cli).
"""

import contextlib
import io
import logging
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dagster import AssetKey, AssetSelection, DagsterEventType, DagsterInstance, Definitions, EventLogEntry
from dagster._core.utils import make_new_run_id
from sqlalchemy.exc import SQLAlchemyError

from naravard_pipeline.landing.atomic import replace_if_different
from naravard_pipeline.orchestration.automation import EVERYTHING, what_follows
from naravard_pipeline.orchestration.housekeeping import keep_house, tell
from naravard_pipeline.orchestration.release import RELEASE_KEY
from naravard_pipeline.settings import Settings

# One database for all runs. One run at a time: the warehouse has one writer.
INSTANCE = {
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
    "concurrency": {"runs": {"max_concurrent_runs": 1}},
}


OF_NO_USE = (
    "Running dbt command",
    "Finished dbt command",
    "Copying `",
    "A dbt subsetted",
    "Dependencies for step",
)  # said by libraries, to engineers


@dataclass(frozen=True)
class RunOutcome:
    """``failure`` says why nothing was published; else ``release`` is the metadata of the release asset as plain values.

    ``to_mend`` are the warnings of the sources: files that were refused.
    """

    failure: str | None
    release: dict[str, Any]
    to_mend: list[str]


def _instance_of(settings: Settings) -> dict[str, Any]:
    days = settings.keep_days or 1  # Dagster takes 0 for never
    # Looks that came to nothing are many and tell nothing after a week.
    ticks = {"purge_after_days": {"skipped": min(days, 7), "started": days, "success": days, "failure": days}}
    return INSTANCE | {"retention": {"schedule": ticks, "sensor": ticks}}


def write_instance(settings: Settings) -> Path:
    """``dagster.yaml`` for this home: what `make dev` and the command line share. Returns the folder, for ``DAGSTER_HOME``."""
    storage = settings.dagster_home / "storage"
    storage.mkdir(parents=True, exist_ok=True)
    content = _instance_of(settings) | {
        "event_log_storage": {
            "module": "naravard_pipeline.orchestration.event_log",
            "class": "EventLog",
            "config": {"base_dir": str(storage)},
        },
        "run_storage": {"module": "dagster._core.storage.runs", "class": "SqliteRunStorage", "config": {"base_dir": str(storage)}},
        "schedule_storage": {"module": "dagster._core.storage.schedules", "class": "SqliteScheduleStorage", "config": {"base_dir": str(storage)}},
    }
    replace_if_different(settings.dagster_home / "dagster.yaml", yaml.safe_dump(content, sort_keys=False).encode())
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "500")  # what a run plans to do is written at once, not line by line
    return settings.dagster_home


def open_instance(settings: Settings) -> DagsterInstance:
    """Dagster's instance of this home, to be closed by ``with``."""
    return DagsterInstance.from_config(str(write_instance(settings)))


def execute(
    definitions: Definitions,
    settings: Settings,
    assets: Sequence[AssetKey] | None,
    on_line: Callable[[str], None],
) -> RunOutcome:
    """Run everything, or ``assets`` and all that follows from them. ``on_line`` gets a line for each thing worth telling."""
    job = definitions.resolve_job_def(EVERYTHING)
    selection = None
    if assets is not None:
        graph = definitions.resolve_asset_graph()
        selection = list((AssetSelection.assets(*assets) | what_follows()).resolve(graph))
    listener = _Listener(on_line)
    try:
        with open_instance(settings) as instance:
            run_id = make_new_run_id()
            instance.add_event_listener(run_id, listener)
            with contextlib.redirect_stdout(_DbtLines(on_line)):
                result = job.execute_in_process(
                    run_id=run_id,
                    instance=instance,
                    asset_selection=selection,
                    raise_on_error=False,
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},  # the listener tells what there is to tell
                )
            if line := tell(keep_house(settings, instance)):
                on_line(line)
    except (SQLAlchemyError, sqlite3.Error) as error:  # what a full disk comes out as where Dagster writes its own records
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        remedy = (
            f"The records of runs in {settings.dagster_home} could not be written ({said}). Check free space and permissions there, then run again."
        )
        return RunOutcome("\n".join([*listener.failures, remedy]), {}, listener.to_mend)
    if not result.success:
        return RunOutcome("\n".join(listener.failures) or "The run ended without saying why; see the run in `make dev`.", {}, listener.to_mend)
    return RunOutcome(None, listener.release, listener.to_mend)


class _DbtLines(io.TextIOBase):
    """dbt's output, which dagster-dbt writes to stdout; passed on are the tables it has built and whatever is wrong."""

    WORTH_TELLING = re.compile(r"\d+ of \d+ (OK created sql (table|incremental)|ERROR|FAIL|WARN)|Done\. ")

    def __init__(self, on_line: Callable[[str], None]):
        self._on_line = on_line

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if self.WORTH_TELLING.match(line):
                self._on_line(f"dbt: {line}")
        return len(text)


class _Listener:
    def __init__(self, on_line: Callable[[str], None]):
        self._on_line = on_line
        self.failures: list[str] = []
        self.to_mend: list[str] = []
        self.release: dict[str, Any] = {}

    def __call__(self, entry: EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None:
            if entry.step_key and not entry.user_message.startswith(OF_NO_USE):
                self._on_line(entry.user_message)
                if entry.level == logging.WARNING and entry.step_key.startswith("ingest_"):
                    self.to_mend.append(entry.user_message)
        elif event.event_type == DagsterEventType.STEP_START:
            self._on_line(f"▸ {event.step_key}")
        elif event.event_type == DagsterEventType.STEP_FAILURE:
            failure = event.step_failure_data
            user_failure = failure.user_failure_data
            self.failures.append(f"{event.step_key}: {user_failure.description if user_failure else _sentence(failure.error)}")
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION and event.asset_key == RELEASE_KEY:
            self.release = {k: v.value for k, v in event.materialization.metadata.items()}


def _sentence(error: Any) -> str:
    """The innermost cause of an unforeseen error, in one line; its traceback is in the run's log."""
    while error.cause:
        error = error.cause
    return f"{error.message.strip()} (unforeseen; the run's log in `make dev` has the details)"
