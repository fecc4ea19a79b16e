"""Another database beside the open one, to be read: a release, or the warehouse.

Here: attaching it, whatever its path is called. Not here: which one that is (folders).
"""

from pathlib import Path

import duckdb


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach the database at ``path`` as ``name``, read only. Raises ``duckdb.Error`` where it cannot be opened."""
    quoted = str(path).replace("'", "''")
    connection.execute(f"attach '{quoted}' as {name} (read_only)")
