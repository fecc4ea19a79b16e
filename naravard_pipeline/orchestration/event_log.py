"""Dagster's consolidated SQLite event log with one engine for the process.

Dagster makes an engine for each of the some 2,500 statements of a run and waits for the disk at each commit, which took 6 s of 33 in the demo.
Events are a record for engineers, so a power cut may cost the last ones; what was published does not depend on them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import Connection, Engine, create_engine, event

BUSY_SECONDS = 60


class EventLog(ConsolidatedSqliteEventLogStorage):
    """Named in ``dagster.yaml``."""

    @cached_property
    def _engine(self) -> Engine:
        engine = create_engine(self._conn_string, connect_args={"timeout": BUSY_SECONDS})

        @event.listens_for(engine, "connect")
        def _(connection: Any, _record: Any) -> None:
            connection.execute("pragma synchronous = normal")

        return engine

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    def delete_events_for_run(self, conn: Connection, run_id: str) -> None:
        """What the checks found goes with their run; Dagster leaves it, some hundred rows for each run."""
        super().delete_events_for_run(conn, run_id)
        conn.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))

    def dispose(self) -> None:
        self._engine.dispose()
        super().dispose()
