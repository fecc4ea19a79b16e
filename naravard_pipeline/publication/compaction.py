"""The warehouse made small again, when most of its file is free space.

DuckDB uses freed blocks again but seldom gives them back to the disk. With every measure rebuilt each time the file levels out at twice its content
(measured: 12 builds of the demo, 90 blocks of which 45 are free), so that is left alone; what is far more comes from measures or areas that left.
Here: copying the database and putting the copy in its place. Not here: what is built in it (dbt).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from naravard_pipeline.publication.build import fingerprint
from naravard_pipeline.publication.folders import sync
from naravard_pipeline.settings import Settings

FREE_SHARE = 2 / 3  # of the file
WORTHWHILE = 64 * 2**20  # bytes that are free


class NotTheSame(Exception):
    """The copy differs from the original, which stays."""


def compact_warehouse(settings: Settings, worthwhile: int = WORTHWHILE) -> int:
    """Copy the warehouse into a new file and rename that over it, if most of it is free space; returns the bytes won, 0 if nothing was done.

    Rows, views, keys and comments are the same, and so are the fingerprints that the gate compares. Call it while nobody else may read or write
    the warehouse. Raises ``duckdb.Error``, ``OSError`` or ``NotTheSame``; then the warehouse is what it was. A kill leaves at most the unfinished
    copy, which the next call removes.
    """
    copy = settings.warehouse / f".unfinished-{settings.database.name}"
    _unlink(copy)
    if not settings.database.exists():
        return 0
    before = settings.database.stat().st_size
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        used = connection.execute("select block_size * used_blocks from pragma_database_size() where database_name = current_database()").fetchone()[
            0
        ]
    # Not free_blocks: those at the end of the file have often been cut off already.
    if before - used < max(worthwhile, FREE_SHARE * before):
        return 0
    # Opened for writing, so that what a killed build left in the write-ahead log is in the file before it is copied, and no log remains.
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("checkpoint")
    with _copying(settings.database, copy) as connection:
        connection.execute("copy from database warehouse to compacted")
        connection.execute("checkpoint compacted")
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables() where database_name = 'warehouse'").fetchall()
        for (table,) in tables:
            if fingerprint(connection, f"warehouse.{table}") != fingerprint(connection, f"compacted.{table}"):
                raise NotTheSame(f"{table} in {copy} is not what it is in {settings.database}; the warehouse stays as large as it is.")
    for path in (settings.database, copy):
        log = path.with_name(f"{path.name}.wal")
        if log.exists():  # it would be replayed into the copy
            raise OSError(f"{log} should not be there; the warehouse stays as large as it is. Build once more: naravard run")
    sync(copy)
    os.replace(copy, settings.database)
    sync(settings.warehouse)
    return before - settings.database.stat().st_size


@contextmanager
def _copying(source: Path, copy: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for path, name, how in ((source, "warehouse", " (read_only)"), (copy, "compacted", "")):
            connection.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {name}{how}")
        try:
            yield connection
        finally:
            connection.execute("detach compacted")
            connection.execute("detach warehouse")


def _unlink(copy: Path) -> None:
    for path in (copy.with_name(f"{copy.name}.wal"), copy):
        path.unlink(missing_ok=True)
