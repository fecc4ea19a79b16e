"""Small releases to bring PostgreSQL up to, and what tests ask of it afterwards."""

import hashlib
from itertools import count
from pathlib import Path

import duckdb
import pytest
from postgres_server import Database

from naravard_pipeline.publication.postgres import TargetError, bring_up

OBSERVATIONS = "select 'm' || i % 5 as measure_id, '04' || i % 9 as area_code, {n}::double as value from range(900) as r(i)"
NAMES = count(1)


def make_release(folder: Path, n: int, is_demo: bool = False, **tables: str | None) -> Path:
    """Release number ``n``: every value in it is n, unless ``tables`` (name → query) say otherwise; None leaves a table out."""
    path = folder / f"release-{n}-{next(NAMES)}"
    path.mkdir()
    queries = {
        "fct_observations": OBSERVATIONS,
        "mart_goal": OBSERVATIONS,
        "dim_areas": "select '04' as area_code, 'Sörmland {n}' as name_sv",
    } | tables
    with duckdb.connect(str(path / "naravard.duckdb")) as connection:
        content_hash = hashlib.sha256(repr(queries).encode()).hexdigest()
        connection.execute(
            f"create table meta_release as select '2026-{n}' as release_id, timestamp '2026-01-01' as published_at, "
            f"'{content_hash}' as content_hash, {is_demo} as is_demo"
        )
        for name, query in queries.items():
            if query:
                connection.execute(f"create table {name} as {query.replace('{n}', str(n))}")
                connection.execute(f"comment on table {name} is 'One row per row of {name}, it''s said.'")
                if "area_code" in query:
                    connection.execute(f"comment on column {name}.area_code is 'The area’s code ({n}).'")
    return path


def values(database: Database) -> set:
    return {v for (v,) in database.query("select value from naravard.fct_observations union select value from naravard.mart_goal")}


def refused(database: Database, release: Path, **arguments) -> str:
    """The sentence of the error; what was shown must be shown still."""
    before = values(database) if database.query("select to_regclass('naravard.mart_goal')")[0][0] else None
    with pytest.raises(TargetError) as caught:
        bring_up(arguments.pop("url", database.url), release, **arguments)
    if before is not None:
        assert values(database) == before
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def with_columns(text: str) -> str:
    return f"select {text} from range(3) as r(i)"


def loads(database: Database) -> list[int]:
    return [n for (n,) in database.query("select naravard_load from naravard_data.loads order by 1")]


def loose(database: Database) -> list[str]:
    """Tables that belong to no known load."""
    return [
        name
        for (name,) in database.query(
            "select relname from pg_class c where relnamespace = 'naravard_data'::regnamespace and relkind = 'r' "
            "and relname not in ('loads', 'current', 'notices') and not exists (select from pg_inherits where inhrelid = c.oid)"
        )
    ]


def parent_of(database: Database, table: str) -> str:
    """The partitioned table behind a view."""
    query = f"select oid::regclass::text from pg_class where relkind = 'p' and obj_description(oid, 'pg_class') = '{table}'"
    return database.query(query)[0][0]
