"""What is published: the tables, their columns, keys and relations, read from dbt's manifest.

dbt's YAML is the one text: the descriptions, the enforced types, ``key_is_unique`` and ``relationships`` stand there, and the release, the
comments in the database and ``datapackage.json`` take them from here. Not here: the rows.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from naravard_pipeline.settings import Settings

PUBLISHED_PREFIXES = ("dim_", "bridge_", "fct_", "mart_")
INTERNAL_COLUMNS = frozenset({"load_id"})  # decides what an incremental build reads again; of no use to a reader


@dataclass(frozen=True)
class Column:
    name: str
    type: str  # DuckDB's name of the type, lower case
    description: str


@dataclass(frozen=True)
class Relation:
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Table:
    """One published table. ``key`` names one row; ``relations`` point at other published tables."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    relations: tuple[Relation, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def is_by_measure(self) -> bool:
        """Whether a held measure's rows can be told apart, and so be kept from the last release."""
        return "measure_id" in self.column_names


def read_contract(settings: Settings) -> tuple[Table, ...]:
    """The published tables as dbt last parsed them for this home. Raises ``FileNotFoundError`` before the first run."""
    return read_tables(json.loads((settings.dbt_target / "manifest.json").read_bytes()))


def read_tables(manifest: Mapping[str, Any]) -> tuple[Table, ...]:
    """The published tables in order of name. ``manifest`` is dbt's ``manifest.json``, parsed."""
    models = {
        node["unique_id"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"].startswith(PUBLISHED_PREFIXES)
    }
    tests = [n for n in manifest["nodes"].values() if n["resource_type"] == "test" and n.get("attached_node") in models]
    return tuple(_table(node, [t for t in tests if t["attached_node"] == uid]) for uid, node in sorted(models.items()))


def _table(node: Mapping[str, Any], tests: Iterable[Mapping[str, Any]]) -> Table:
    key: tuple[str, ...] = ()
    relations = []
    for test in tests:
        metadata = test.get("test_metadata") or {}
        arguments = metadata.get("kwargs", {}).get("arguments") or metadata.get("kwargs", {})
        if metadata.get("name") == "key_is_unique":
            key = tuple(arguments["columns"])
        if metadata.get("name") == "relationships":
            to_table = arguments["to"].split("'")[1]
            relations.append(Relation(test["column_name"], to_table, arguments["field"]))
    columns = tuple(
        Column(c["name"], (c.get("data_type") or "varchar").lower(), " ".join(c["description"].split()))
        for c in node["columns"].values()
        if c["name"] not in INTERNAL_COLUMNS
    )
    return Table(node["name"], " ".join(node["description"].split()), columns, key, tuple(sorted(relations, key=lambda r: r.column)))
