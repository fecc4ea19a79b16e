"""The figures of one release as a comparison sees them: the same names and key whatever version wrote it, nothing hidden, no draft.

Here: one side. Not here: the comparison (changes).
"""

import duckdb

KEY = ("measure_id", "area_code", "period_start", "period_end", "sex", "age_group", "reporter")
_DETAILS = ("numerator", "denominator", "ci_lower", "ci_upper", "answers")
NEEDED = {"measure_id", "area_code", "period_end", "value"}
_TYPES = {"period_start": "date", "period_end": "date"}
# So many digits that cells which all changed by one factor have one percentage, and the largest of them is not chosen by the last bits.
PERCENT = "round(100 * (value_after - value_before) / nullif(abs(value_before), 0), 6)"


def columns_of(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> set[str]:
    """None of a table, or a database, that is not there."""
    try:
        return {column[0] for column in connection.execute(f"select * from {database}.main.{table} limit 0").description}
    except (duckdb.CatalogException, duckdb.BinderException):
        return set()


def keep_cells(connection: duckdb.DuckDBPyConnection, view: str, database: str, there: set[str], common: set[str]) -> None:
    """One side under common names. ``common``: the columns that both sides have; a column of one side alone differs from nothing.

    A draft is not for readers, so that it has no figures here. ``is_protected``: hidden by this project's own rule rather than by the source.
    """
    typed = {"period_start": "period_end", "sex": "'total'", "age_group": "'total'", "reporter": "'source'"}
    key = {name: f"coalesce({name}, {typed[name]})" if name in typed and name in there else typed.get(name, name) for name in KEY}
    suppression = "suppression is not null" if "suppression" in there else "false"
    suppressed = "coalesce(status = 'suppressed', false)" if "status" in there else "false"
    hidden = f"({suppression} or {suppressed})"
    protected = f"({suppression} or ({suppressed} and {key['reporter']} <> 'source'))"
    status = "status" if "status" in there else "case when value is not null then 'ok' else 'missing' end"
    label = "period_label" if "period_label" in there else "cast(period_end as varchar)"
    compared = ", ".join(name for name in _DETAILS if name in common)
    columns = [
        *(f"cast({expression} as {_TYPES.get(name, 'varchar')}) as {name}" for name, expression in key.items()),
        f"{label} as period_label",
        f"case when not {hidden} then cast(value as double) end as value",
        f"{status} as status",
        f"{hidden} as is_hidden",
        f"{protected} as is_protected",
        f"case when not {hidden} then {'source_status' if 'source_status' in there else 'cast(null as varchar)'} end as source_status",
        f"{'segment_id' if 'segment_id' in common else 'cast(null as varchar)'} as segment_id",
        f"case when not {hidden} then {f'hash({compared})' if compared else 'cast(null as ubigint)'} end as details",
    ]
    drafts = f"select measure_id from {database}.main.dim_measures where status = 'draft'"
    where = f"where measure_id not in ({drafts})" if "status" in columns_of(connection, database, "dim_measures") else ""
    connection.execute(f"create or replace temp view {view} as select {', '.join(columns)} from {database}.main.fct_observations {where}")
