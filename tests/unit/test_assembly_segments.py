"""Held figures of a release that had no table of segments yet: they still belong to one."""

from datetime import UTC, datetime

import duckdb
import pytest
from publishing import TABLES

from naravard_pipeline.publication.assembly import assemble
from naravard_pipeline.publication.contract import Column, Relation, Table
from naravard_pipeline.publication.gate import Hold, Verdict

SEGMENTS = Table(
    "dim_segments",
    "One row per segment.",
    tuple(Column(name, "varchar", f"What {name} is.") for name in ("segment_id", "measure_id")),
    ("segment_id",),
    (Relation("measure_id", "dim_measures", "measure_id"),),
)
FACTS = next(t for t in TABLES if t.name == "fct_observations")
NEW_FACTS = Table(
    FACTS.name,
    FACTS.description,
    (*FACTS.columns, Column("segment_id", "varchar", "Its segment.")),
    FACTS.key,
    (*FACTS.relations, Relation("segment_id", "dim_segments", "segment_id")),
)


def fill(connection: duckdb.DuckDBPyConnection, database: str, tables: list[Table], value: float) -> None:
    connection.execute(f"attach ':memory:' as {database}")
    for table in tables:
        connection.execute(f"create table {database}.main.{table.name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")
    connection.execute(f"insert into {database}.main.dim_areas by name select '04' as area_code")
    connection.execute(f"insert into {database}.main.dim_measures by name select 'falls' as measure_id, 'published' as status")
    row = "'falls' as measure_id, '04' as area_code, date '2024-12-31' as period_end, 'falls' as segment_id"
    connection.execute(f"insert into {database}.main.fct_observations by name select {row}, ? as value", [value])


@pytest.fixture
def connection():
    """A candidate with segments and a last release without, which had segment_id all the same, as every release has."""
    with duckdb.connect() as connection:
        others = [t for t in TABLES if t.name not in ("fct_observations", "mart_county_goal")]
        fill(connection, "candidate", [*others, NEW_FACTS, SEGMENTS], 2.0)
        fill(connection, "last", [*others, NEW_FACTS], 1.0)
        connection.execute("insert into candidate.main.dim_segments values ('falls', 'falls')")
        yield connection


def test_a_held_measure_keeps_its_figures_and_they_have_a_segment(connection):
    tables = [*(t for t in TABLES if t.name not in ("fct_observations", "mart_county_goal")), NEW_FACTS, SEGMENTS]
    verdict = Verdict({"falls": Hold("falls", "check", "why", "varför")})
    assert list(assemble(connection, tables, verdict, datetime(2026, 1, 1, tzinfo=UTC)).held) == ["falls"]
    assert connection.execute("select value, segment_id from fct_observations").fetchall() == [(1.0, "falls")]
    assert connection.execute("select * from dim_segments").fetchall() == [("falls", "falls")]
