"""The memory of hidden cells: what was hidden in any release must not be found by comparing it with a later one, so no cell is ever forgotten.

``$NARAVARD_HOME/decisions/hidden_cells.parquet``: one row per cell, without its figures. It is never pruned, and grows with the cells, not with
the releases. Here: remembering and reading. Not here: which cells are hidden (dbt), what follows from it that one was.
"""

import contextlib
import hashlib
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from naravard_pipeline.landing.atomic import LandingError, parquet_bytes, replace_file
from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.folders import DATABASE, current_release, list_releases
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.settings import Settings

CELL = ("measure_id", "area_code", "period_start", "period_end", "sex", "age_group", "reporter")
HIDDEN_CELLS = pa.schema(
    {
        "measure_id": pa.string(),
        "area_code": pa.string(),
        "period_start": pa.date32(),
        "period_end": pa.date32(),
        "sex": pa.string(),
        "age_group": pa.string(),
        "reporter": pa.string(),
        "suppression": pa.string(),  # primary if it ever was, else secondary
        "first_release_id": pa.string(),  # the first and the last release that hid it
        "last_release_id": pa.string(),
    }
)
_CHECKSUM = b"sha256"  # of the rows, in the file's footer: a file that is whole but wrong is told from the right one


class MemoryLost(GateClosed):
    """The memory is damaged or does not belong to what was published; to forget a hidden cell would be a leak, so nothing is published."""


def hidden_cells_file(settings: Settings) -> Path:
    return settings.decisions / "hidden_cells.parquet"


def read_hidden(settings: Settings) -> pa.Table:
    """Every cell that any release has hidden, after ``HIDDEN_CELLS``; a relation that DuckDB can join.

    Raises ``MemoryLost`` where the file is damaged, or not there although a kept release hides something.
    """
    path = hidden_cells_file(settings)
    if not path.exists():
        with duckdb.connect() as db:
            hiding = [folder.name for folder in list_releases(settings) if _read_hidden_of(db, folder).num_rows]
        if hiding:
            raise _lost(path, f"is not there, but {hiding[-1]} hides cells")
        return HIDDEN_CELLS.empty_table()
    try:
        table = pq.ParquetFile(path).read()
        checksum = (table.schema.metadata or {}).get(_CHECKSUM)
        table = table.cast(HIDDEN_CELLS)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _lost(path, f"cannot be read ({str(error).splitlines()[0]})") from error
    if checksum != _checksum(table):
        raise _lost(path, "has been changed")
    return table


def remember_hidden(settings: Settings, connection: duckdb.DuckDBPyConnection, release_id: str) -> int:
    """Add the cells that are hidden in the connection's own ``fct_observations``; returns how many are remembered in all.

    Call it under the publication's lock, before the switch: no release is ever public whose hidden cells are not remembered. Nothing is written to
    ``connection``. The same release a second time changes nothing. Raises ``MemoryLost`` (see ``check_hidden``), and ``GateClosed`` where the disk
    refuses; then the memory is what it was.
    """
    with duckdb.connect() as db:
        table = _merge(db, _check(settings, db), _hidden_in(connection), release_id)
    _write(settings, table)
    return table.num_rows


def check_hidden(settings: Settings) -> pa.Table:
    """The memory, if it is whole and knows everything that the current release hides. Raises ``MemoryLost``."""
    with duckdb.connect() as db:
        return _check(settings, db)


def rebuild_hidden(settings: Settings) -> int:
    """Remember anew what the kept releases hide; what only older ones hid is forgotten. For a person who has no backup to restore.

    Returns how many cells are remembered. Raises ``ValueError`` where the memory is whole: then there is nothing to mend, only to forget.
    """
    with contextlib.suppress(MemoryLost):
        check_hidden(settings)
        raise ValueError(f"{hidden_cells_file(settings)} is whole, so it is not made anew: that could only forget.")
    table = HIDDEN_CELLS.empty_table()
    with duckdb.connect() as db:
        for folder in list_releases(settings):
            table = _merge(db, table, _read_hidden_of(db, folder), folder.name)
    _write(settings, table)
    return table.num_rows


def _hidden_in(connection: duckdb.DuckDBPyConnection, schema: str = "main") -> pa.Table:
    """The hidden cells of a release: ``CELL`` and ``suppression``. None where the table does not say what is hidden."""
    names = {row[0] for row in connection.execute(f"select column_name from (describe {schema}.fct_observations)").fetchall()}
    if "suppression" not in names:
        return pa.schema([HIDDEN_CELLS.field(name) for name in (*CELL, "suppression")]).empty_table()
    return connection.execute(f"select {', '.join(CELL)}, suppression from {schema}.fct_observations where suppression is not null").to_arrow_table()


def _read_hidden_of(db: duckdb.DuckDBPyConnection, folder: Path) -> pa.Table:
    path = folder / DATABASE
    try:
        attach(db, path, "release")
        try:
            return _hidden_in(db, "release.main")
        finally:
            db.execute("detach release")
    except duckdb.Error as error:
        raise GateClosed([f"{path} cannot be read ({str(error).splitlines()[0]}), so it is not known what it hides. Restore it."]) from error


def _check(settings: Settings, db: duckdb.DuckDBPyConnection) -> pa.Table:
    known = read_hidden(settings)
    if current := current_release(settings):
        db.register("known", known)
        db.register("hidden", _read_hidden_of(db, current))
        cell = ", ".join(CELL)
        forgotten = db.execute(f"select count(*) from (select {cell} from hidden except select {cell} from known)").fetchone()[0]
        if forgotten:
            raise _lost(hidden_cells_file(settings), f"lacks {forgotten} cells that {current.name} hides")
    return known


def _merge(db: duckdb.DuckDBPyConnection, known: pa.Table, hidden: pa.Table, release_id: str) -> pa.Table:
    db.register("known", known)
    db.register("hidden", hidden)
    merged = db.execute(
        f"select {', '.join(CELL)}, min(suppression) as suppression, "  # «primary» comes before «secondary»
        "arg_min(first_release_id, is_new) as first_release_id, arg_max(last_release_id, is_new) as last_release_id "
        "from (select *, 0 as is_new from known union all select *, $1 as first_release_id, $1 as last_release_id, 1 as is_new from hidden) "
        f"group by {', '.join(CELL)} order by all",
        [release_id],
    )
    return merged.to_arrow_table().cast(HIDDEN_CELLS)


def _write(settings: Settings, table: pa.Table) -> None:
    content = parquet_bytes(table.replace_schema_metadata({_CHECKSUM: _checksum(table)}))
    try:
        replace_file(hidden_cells_file(settings), content)
    except LandingError as error:
        raise GateClosed([str(error)]) from error


def _checksum(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(table.replace_schema_metadata(None), sink)
    return hashlib.sha256(sink.getvalue()).hexdigest().encode()


def _lost(path: Path, what: str) -> MemoryLost:
    return MemoryLost(
        [
            f"{path} {what}: what was hidden could be shown, so nothing is published. Restore it from a backup. Where there is none, "
            "`naravard prune --rebuild-memory` remembers what the kept releases hide, and nothing older."
        ]
    )
