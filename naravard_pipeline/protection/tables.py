"""A published database as anybody can open it.

Here: opening it, whether a table is there, what its surveys tell of sums. Not here: its figures (published).
"""

from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import duckdb

from naravard_pipeline.protection.attacker import Totals


def opened(source: Path | duckdb.DuckDBPyConnection) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """``source`` itself, or the file, read only, closed at the end."""
    return nullcontext(source) if isinstance(source, duckdb.DuckDBPyConnection) else closing(duckdb.connect(str(source), read_only=True))


def has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    query = "select 1 from duckdb_tables() where schema_name = 'main' and database_name = current_database() and table_name = ?"
    return bool(connection.execute(query, [table]).fetchall())


def read_published_totals(connection: duckdb.DuckDBPyConnection) -> Totals:
    """What any reader of a survey knows: the alternatives of a question add up to its answers, the positive ones to the numerator of its share."""
    totals: dict[tuple[str, str], list[str]] = {}
    if has_table(connection, "fct_surveys"):
        query = "select distinct share_measure_id, measure_id, is_positive from main.fct_surveys order by all"
        for share, measure, is_positive in connection.execute(query).fetchall():
            for part in ("denominator", "numerator") if is_positive else ("denominator",):
                totals.setdefault((share, part), []).append(measure)
    return totals
