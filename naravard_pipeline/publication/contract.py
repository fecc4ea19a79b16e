"""What is published: the tables, their columns, keys and relations, read from dbt's manifest.

dbt's YAML is the one text: the descriptions, the enforced types, ``key_is_unique`` and ``relationships`` stand there, and the release, the
comments in the database and ``datapackage.json`` take them from here, announcements of change included.
Not here: the rows, which changes readers must put up with (promise).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from naravard_pipeline.settings import Settings

PUBLISHED_PREFIXES = ("dim_", "bridge_", "fct_", "mart_")
INTERNAL_COLUMNS = frozenset({"load_id"})  # decides what an incremental build reads again; of no use to a reader


@dataclass(frozen=True)
class Deprecation:
    """An announcement to readers: after ``remove_after`` the column or table may disappear, or the column change its type."""

    since: date
    remove_after: date
    reason_sv: str
    replaced_by: str | None = None

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any], where: str) -> Self | None:
        """``deprecated`` of dbt's ``config: meta:``, or None. Raises ``ValueError`` that names ``where`` when it is not well-formed."""
        if (found := meta.get("deprecated")) is None:
            return None
        try:
            since, remove_after = (date.fromisoformat(str(found[key])) for key in ("since", "remove_after"))
            unknown = found.keys() - {"since", "remove_after", "reason_sv", "replaced_by"}
            reason = str(found["reason_sv"]).strip()
        except (TypeError, AttributeError, KeyError, ValueError):
            unknown, reason = {"?"}, ""
        if unknown or not reason:
            raise ValueError(
                f"{where}: `deprecated` is {found!r}; it needs `since` and `remove_after` (YYYY-MM-DD) and `reason_sv`, and may have `replaced_by`"
            )
        return cls(since, remove_after, reason, found.get("replaced_by"))

    def __str__(self) -> str:
        instead = f" Use {self.replaced_by} instead." if self.replaced_by else ""
        return f"Deprecated since {self.since}: it may change or disappear after {self.remove_after}.{instead} {self.reason_sv}"


@dataclass(frozen=True)
class Column:
    name: str
    type: str  # DuckDB's name of the type, lower case
    description: str  # the announcement of a deprecation included
    deprecated: Deprecation | None = None


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
    deprecated: Deprecation | None = None

    @property
    def is_own_computation(self) -> bool:
        """Whether no figure in it is a source's own. Those stand in ``fct_observations``; every other fact table is computed from it."""
        return self.name.startswith("fct_") and self.name != "fct_observations"

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
    columns = []
    for c in node["columns"].values():
        if c["name"] not in INTERNAL_COLUMNS:
            deprecated = Deprecation.from_meta(_meta(c), f"{node['name']}.{c['name']}")
            columns.append(Column(c["name"], (c.get("data_type") or "varchar").lower(), _text(c["description"], deprecated), deprecated))
    deprecated = Deprecation.from_meta(_meta(node), node["name"])
    ordered = tuple(sorted(relations, key=lambda r: r.column))
    return Table(node["name"], _text(node["description"], deprecated), tuple(columns), key, ordered, deprecated)


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return (node.get("config") or {}).get("meta") or {}


def _text(description: str, deprecated: Deprecation | None) -> str:
    return " ".join([*description.split(), *str(deprecated or "").split()])
