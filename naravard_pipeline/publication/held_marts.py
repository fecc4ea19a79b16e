"""The rows of held measures in the marts: their last figures under the indicators of now, or a gap that says why.

Here: SQL over the candidate and the last release, with assembly's tables ``holds`` and ``left_out``. Not here: every other row (assembly).
"""

import duckdb

from naravard_pipeline.publication.contract import Table

# Where a measure stands in a framework: the catalogue's word, also when its figures are the last release's.
LINK_COLUMNS = {
    "framework_id",
    "goal_area_id",
    "goal_area_name_sv",
    "indicator_id",
    "indicator_name_sv",
    "indicator_sort_order",
    "official_name_sv",
    "is_proposal",
    "system_level",
}
# A measure that never got out keeps its row in the marts, as a gap: these columns belong to the measure, all others to its figures.
GAP_COLUMNS = LINK_COLUMNS | {
    "measure_id",
    "measure_name_sv",
    "measure_status",
    "unit",
    "value_type",
    "direction",
    "decimals",
    "target_value",
    "target_year",
    "attribution",
    "source_url",
    "caveat_sv",
    "docs_url",
}


def find_held_marts(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``held_mart``: for each held measure and framework one mart and indicator of the last release that has its figures.

    Within a framework they are the same wherever they stand, for it decides on the areas and on what the county's value is; so a measure that was
    moved to another indicator or goal area takes its last figures along. Of another framework they would not be the same.
    """
    connection.execute("create temp table held_mart (framework_id varchar, measure_id varchar, table_name varchar, indicator_id varchar)")
    query = "select table_name from duckdb_columns() where database_name = 'last' and column_name = 'has_figures' order by 1"
    for (name,) in connection.execute(query).fetchall():
        framework = _framework(_columns_of(connection, f"last.main.{name}"))
        connection.execute(
            f"insert into held_mart select {framework}, measure_id, '{name}', min(indicator_id) from last.main.{name} as l "
            "where has_figures and measure_id in (select measure_id from holds) and not exists "
            f"(select 1 from held_mart as h where h.measure_id = l.measure_id and h.framework_id is not distinct from {framework}) group by 1, 2"
        )


def held_rows_of_mart(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """Queries for the rows of held measures under the candidate's indicators: their last figures, or a gap that says why where there are none."""
    framework = _framework(set(table.column_names))
    links = ", ".join(c for c in table.column_names if c in LINK_COLUMNS or c == "measure_id")
    linked = f"(select distinct {links}, {framework} as home from candidate.main.{table.name} where measure_id in (select measure_id from holds))"
    here = f"{linked} as k join held_mart as h on h.measure_id = k.measure_id and h.framework_id is not distinct from k.home"
    queries = []
    for (name,) in connection.execute(f"select distinct h.table_name from {here} order by 1").fetchall():
        there = _columns_of(connection, f"last.main.{name}")
        kept = ", ".join(f"k.{c.name}" if c.name in LINK_COLUMNS else held_column(c.name, c.type, there) for c in table.columns)
        queries.append(
            f"select {kept} from {here} join holds on holds.measure_id = k.measure_id join last.main.{name} as l "
            f"on l.measure_id = k.measure_id and l.indicator_id = h.indicator_id where h.table_name = '{name}' and l.has_figures"
        )
    gap = ", ".join(_kept_out_column(c.name, c.type) for c in table.columns)
    plain_first = "is_aggregated nulls first" if "is_aggregated" in table.column_names else "1"  # the line of attribution is the measure's own
    queries.append(
        f"select {gap} from (select *, {framework} as home from candidate.main.{table.name} "
        f"qualify row_number() over (partition by indicator_id, measure_id order by {plain_first}) = 1) as c "
        "join (from holds union all from left_out) as w on w.measure_id = c.measure_id "
        "where not exists (select 1 from held_mart as h where h.measure_id = c.measure_id and h.framework_id is not distinct from c.home)"
    )
    return queries


def _framework(columns: set[str]) -> str:
    return "framework_id" if "framework_id" in columns else "cast(null as varchar)"


def held_column(name: str, kind: str, there: set[str]) -> str:
    if name == "is_held":
        return "true as is_held"
    if name in ("held_reason", "held_since"):
        return f"holds.{name}"
    return f"l.{name}" if name in there else f"cast(null as {kind}) as {name}"  # a column the last release did not have yet


def _kept_out_column(name: str, kind: str) -> str:
    """Of a row without figures for a measure that is held or left out."""
    if name in GAP_COLUMNS:
        return f"c.{name}"
    if name in ("held_reason", "held_since"):
        return f"w.{name}"
    return {"has_figures": "false as has_figures", "is_held": "true as is_held"}.get(name, f"cast(null as {kind}) as {name}")


def columns_of_last(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """Names of the columns that the last release has of a table; none where it has no such table."""
    return _columns_of(connection, f"last.main.{table}") if has_table(connection, "last", table) else set()


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {r[0] for r in connection.execute(f"select column_name from (describe {table})").fetchall()}


def has_table(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> bool:
    query = "select 1 from duckdb_tables() where database_name = ? and table_name = ?"
    return connection.execute(query, [database, table]).fetchone() is not None
