"""Rows of a release's database, for pages. Not here: which rows a page needs."""

from typing import Any

import duckdb


def read_rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Each row by its columns' names. What a table or column that is not there would have said is left out: none."""
    try:
        found = connection.execute(query)
    except (duckdb.CatalogException, duckdb.BinderException):  # a release of other tables than ours
        return []
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
