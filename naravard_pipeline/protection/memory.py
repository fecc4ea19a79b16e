"""What earlier releases hid and showed, gathered for the next build.

Here: reading the kept releases and the remembered cells into two tables. Not here: remembering a release (publication), what follows from it (cover).
"""

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

KEY = "measure_id, area_code, period_start, period_end, sex, age_group, reporter"
_TYPES = "measure_id varchar, area_code varchar, period_start date, period_end date, sex varchar, age_group varchar, reporter varchar"


class MemoryUnreadable(ValueError):
    """What was hidden before cannot be read, so nothing may be built: forgetting it would be a leak. The sentence names the file."""


def gather_memory(releases: Sequence[Path], remembered: Path, approved: Path, target: Path) -> None:
    """Write ``target``/hidden_cells.parquet and shown_cells.parquet, both always there.

    ``releases``: DuckDB files of kept releases. ``remembered``: Parquet of cells hidden at any time. ``approved``: Parquet of cells that a person
    let be shown although they were hidden. Both Parquet files may be missing, and have the columns of ``KEY`` among theirs.
    Raises ``MemoryUnreadable``, ``OSError``.
    """
    with duckdb.connect() as connection:
        for table, more in (("hidden", ""), ("shown", ", value double"), ("approved", "")):
            connection.execute(f"create table {table} ({_TYPES}{more})")
        for table, path in (("hidden", remembered), ("approved", approved)):
            if path.exists():
                _read(connection, path, f"insert into {table} select {KEY} from read_parquet({_quoted(path)})")
        for path in releases:
            _read(connection, path, f"attach {_quoted(path)} as release (read_only)")
            local = "from release.main.fct_observations where reporter <> 'source' and"
            _read(connection, path, f"insert into hidden select {KEY} {local} suppression is not null")
            _read(connection, path, f"insert into shown select {KEY}, value {local} value is not null")
            connection.execute("detach release")
        target.mkdir(parents=True, exist_ok=True)
        hidden = f"select distinct * from hidden anti join approved using ({KEY}) order by all"
        for name, query in (("hidden_cells", hidden), ("shown_cells", "select distinct * from shown order by all")):
            unfinished = target / f".{name}-{os.getpid()}"
            connection.execute(f"copy ({query}) to {_quoted(unfinished)} (format parquet)")
            os.replace(unfinished, target / f"{name}.parquet")


def _read(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    try:
        connection.execute(query)
    except duckdb.Error as error:
        raise MemoryUnreadable(
            f"{path} cannot be read, and it says what must stay hidden. Put it back from a copy, then run again. ({str(error).splitlines()[0]})"
        ) from error


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
