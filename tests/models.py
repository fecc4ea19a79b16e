"""One dbt model on rows given by a test, in milliseconds: its SQL is rendered with the project's macros and run in DuckDB in memory.

dbt's own unit tests compare exactly; a published figure has two or three digits, so methods are tried here. Not for incremental models.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

import duckdb
from jinja2 import Environment

from naravard_pipeline.settings import DBT_PROJECT

Rows = Iterable[Mapping[str, Any]]


@cache
def _macros() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((DBT_PROJECT / "macros").glob("*.sql")))


@cache
def render(text: str) -> str:
    """dbt's SQL as DuckDB's; ``ref`` and ``source`` are the table's own name."""
    functions = {"ref": str, "source": lambda _, name: name, "config": lambda **_: "", "is_incremental": lambda: False, "env_var": str, "this": ""}
    return Environment(extensions=["jinja2.ext.do"]).from_string(_macros() + text).render(**functions).strip()


@cache
def model_sql(name: str) -> str:
    [path] = (DBT_PROJECT / "models").rglob(f"{name}.sql")
    return render(path.read_text(encoding="utf-8"))


class Models:
    """A database of the tables a test gives, and of the models built on them, each under its own name."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})

    def give(self, name: str, rows: Rows, **types: str) -> "Models":
        """A table of these rows. ``types``: columns and their types; a column that no row has is null."""
        rows = list(rows)
        self.connection.execute(f"create or replace table {name} ({', '.join(f'{c} {t}' for c, t in types.items())})")
        if rows:
            holes = ", ".join("?" * len(types))
            self.connection.executemany(f"insert into {name} values ({holes})", [[row.get(c) for c in types] for row in rows])
        return self

    def seed(self, name: str) -> "Models":
        [path] = (DBT_PROJECT / "seeds").rglob(f"{name}.csv")
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        kinds = {"degrees_of_freedom": "integer", "t_975": "double"}
        return self.give(name, rows, **{c: kinds.get(c, "varchar") for c in rows[0]})

    def build(self, *names: str) -> "Models":
        for name in names:
            self.connection.execute(f"create or replace table {name} as {model_sql(name)}")
        return self

    def rows(self, query: str) -> list[dict[str, Any]]:
        found = self.connection.execute(query)
        names = [d[0] for d in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def value(self, expression: str) -> Any:
        """One expression of macros, such as ``{{ normal_tail('1.96') }}``."""
        return self.connection.execute(f"select {render(expression)}").fetchone()[0]


# What the models of the assessments ask of the series and of the measures.
SERIES = {
    "measure_id": "varchar",
    "area_code": "varchar",
    "area_type": "varchar",
    "segment_id": "varchar",
    "period_start": "date",
    "period_end": "date",
    "period_label": "varchar",
    "reporter": "varchar",
    "value": "double",
    "end_month": "integer",
    "window_months": "integer",
    "months_back": "integer",
    "latest_window_months": "integer",
    "has_own_length": "boolean",
    "is_independent": "boolean",
    "is_in_latest_segment": "boolean",
}
MEASURES = {
    "measure_id": "varchar",
    "direction": "varchar",
    "frequency": "varchar",
    "status": "varchar",
    "value_type": "varchar",
    "base_year": "integer",
    "area_types": "varchar",
    "replaced_by": "varchar",
    "decimals": "integer",
}


def yearly(values, first=2001, **more):
    """A series of one place, a value a year."""
    ours = {"measure_id": "m", "area_code": "a", "segment_id": "m", "is_independent": True, "has_own_length": True, **more}
    return [
        {**ours, "value": v, "period_start": date(y, 1, 1), "period_end": date(y, 12, 31), "period_label": str(y), "end_month": y * 12 + 12}
        for y, v in enumerate(values, first)
    ]
