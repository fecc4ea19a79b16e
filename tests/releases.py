"""Two small databases of figures on one connection, as a publication has them, to compare by hand."""

from typing import Any

import duckdb

MEASURE = {
    "name_sv": "Mått",
    "definition_sv": "Vad som räknas.",
    "unit": "procent",
    "direction": "higher_is_better",
    "value_type": "share",
    "status": "published",
    "decimals": 1,
    "max_revision": 10.0,
    "max_level_shift": 25.0,
    "max_missing_areas": 10.0,
    "approval": "automatic",
}
CELL = {
    "area_code": "0484",
    "sex": "total",
    "age_group": "total",
    "status": "ok",
    "suppression": None,
    "source_status": None,
    "reporter": "source",
    "segment_id": "m",
    "numerator": None,
    "denominator": None,
}
TYPES = {"decimals": "integer", "max_revision": "double", "max_level_shift": "double", "max_missing_areas": "double"} | dict.fromkeys(
    ["value", "numerator", "denominator"], "double"
)
AREAS = [("00", "Riket", "nation"), *((f"{i:02}", f"Region {i}", "region") for i in range(1, 21)), ("0484", "Eskilstuna", "municipality")]
AREAS += [(f"06{i:02}", f"Kommun {i}", "municipality") for i in range(20)]


def cell(measure_id: str, value: float | None, year: int = 2024, **changes: Any) -> dict[str, Any]:
    """One figure of a year; without a value its status is missing, unless it says otherwise."""
    status = {} if value is not None else {"status": "missing"}
    period = {"period_start": f"{year}-01-01", "period_end": f"{year}-12-31", "period_label": str(year)}
    return {"measure_id": measure_id, **period, "value": value, **CELL, **status, **changes}


def hidden(measure_id: str, year: int = 2024, **changes: Any) -> dict[str, Any]:
    return cell(measure_id, None, year, **{"status": "suppressed", "suppression": "primary", "reporter": "municipalities"} | changes)


def attach(
    connection: duckdb.DuckDBPyConnection, name: str, cells: list[dict], measures: dict[str, dict] | None = None, without: tuple[str, ...] = ()
) -> None:
    """A database in memory called ``name``. ``measures``: what differs from ``MEASURE``; the columns ``without`` are not in it."""
    connection.execute(f"attach ':memory:' as {name}")
    known = {c["measure_id"]: {} for c in cells} | (measures or {})
    _table(
        connection,
        f"{name}.dim_measures",
        [{"measure_id": m, **MEASURE, **changes} for m, changes in known.items()],
        {"measure_id", *MEASURE},
        without,
    )
    names = {*cell("m", 0)}
    _table(connection, f"{name}.fct_observations", cells, names, without)
    connection.execute(f"create table {name}.dim_areas (area_code varchar, name_sv varchar, area_type varchar)")
    connection.executemany(f"insert into {name}.dim_areas values (?, ?, ?)", AREAS)


def _table(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict], names: set[str], without: tuple[str, ...]) -> None:
    columns = sorted(names - set(without))
    kinds = {c: "date" if c in ("period_start", "period_end") else TYPES.get(c, "varchar") for c in columns}
    connection.execute(f"create table {table} ({', '.join(f'{c} {kinds[c]}' for c in columns)})")
    if rows:
        connection.executemany(f"insert into {table} values ({', '.join('?' for _ in columns)})", [[row[c] for c in columns] for row in rows])
