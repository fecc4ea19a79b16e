"""What readers of PostgreSQL are told whichever release is shown: the view ``naravard.meta_notices``, the same rows as ``published/notices.json``.

Here: its table, its rows, in a transaction of their own before a release is loaded, so that they are there even where that fails.
Not here: the release's own tables and views (postgres_load, postgres_views), what the rows say (notices).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from naravard_pipeline.publication.decisions import COLUMNS
from naravard_pipeline.publication.postgres_store import patiently

COMMENT = (
    "One row per decision until now, also those after the release that is shown: corrected and rolled_back tell that a figure was wrong, in which "
    "release, and why. taken_back: the releases that a rollback undid, by commas."
)


def show_notices(connection: psycopg.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make the view show exactly ``rows``. Comes after ``create_store`` on the same connection. Readers wait for nothing."""

    def whole() -> None:
        if not connection.execute("select to_regclass('naravard_data.notices')").fetchone()[0]:
            columns = SQL(", ").join(SQL("{} {}").format(Identifier(name), SQL("bigint" if name == "number" else "text")) for name in COLUMNS)
            connection.execute(SQL("create table naravard_data.notices ({})").format(columns))
        if not connection.execute("select to_regclass('naravard.meta_notices')").fetchone()[0]:
            told = SQL(", ").join(map(Identifier, COLUMNS))
            connection.execute(SQL("create view naravard.meta_notices as select {} from naravard_data.notices").format(told))
            connection.execute(SQL("comment on view naravard.meta_notices is {}").format(Literal(COMMENT)))
        there = connection.execute(
            SQL("select {} from naravard_data.notices order by number").format(SQL(", ").join(map(Identifier, COLUMNS)))
        ).fetchall()
        wanted = [tuple(row[name] for name in COLUMNS) for row in rows]
        if there != wanted:
            connection.execute("delete from naravard_data.notices")
            insert = SQL("insert into naravard_data.notices values ({})").format(SQL(", ").join([SQL("%s")] * len(COLUMNS)))
            with connection.cursor() as cursor:
                cursor.executemany(insert, wanted)

    patiently(connection, whole)
