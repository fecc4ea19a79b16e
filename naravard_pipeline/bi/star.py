"""The star: which published tables join to which, and on what, from the keys and relations of dbt's YAML.

Here: reading them, the tree that a tool can follow without going in circles, and the star in words. Not here: the picture.
Marts stand beside the star: they are joined already.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

FACT = "fct_observations"
PREFIXES = ("fct_", "dim_", "bridge_")


@dataclass(frozen=True)
class Join:
    """Many rows of ``table`` belong to one row of ``to_table``: equal in all of ``columns``, which are named alike unless ``to_columns`` differ."""

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]

    def __str__(self) -> str:
        return " and ".join(c if c == to else f"{c} = {to}" for c, to in zip(self.columns, self.to_columns, strict=True))


@dataclass(frozen=True)
class Branch:
    """A table of the tree, how it hangs on its parent, and what hangs on it."""

    table: str
    join: Join | None
    branches: tuple[Self, ...]


@dataclass(frozen=True)
class Star:
    """``keys``: table → the columns that name one row; ``rows``: table → what a row is; ``joins`` in order of table."""

    keys: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, str]
    joins: tuple[Join, ...]

    def tree(self, root: str = FACT) -> Branch:
        """Every table once, by the shortest way from ``root``: what it points at first, then what points at it; facts only as the root."""
        seen, order, joined = {root}, [root], {}
        for table in order:
            outward = [(j, j.to_table) for j in self.joins if j.table == table]
            inward = [(j, j.table) for j in self.joins if j.to_table == table and not j.table.startswith("fct_")]
            for join, other in [*outward, *inward]:
                if other not in seen:
                    seen.add(other)
                    order.append(other)
                    joined.setdefault(table, []).append((join, other))

        def branch(table: str, join: Join | None) -> Branch:
            return Branch(table, join, tuple(branch(other, j) for j, other in joined.get(table, [])))

        return branch(root, None)

    def matrix(self) -> tuple[list[str], dict[str, set[str]]]:
        """The dimensions that facts join to, and fact → those of them it joins to."""
        facts = {table: {j.to_table for j in self.joins if j.table == table} for table in self.keys if table.startswith("fct_")}
        return sorted(set().union(*facts.values())), facts


def read_star(models: Path) -> Star:
    """From the YAML under ``models`` (dbt's folder of models). Raises ``OSError`` or YAML's own error."""
    keys: dict[str, tuple[str, ...]] = {}
    rows: dict[str, str] = {}
    columns: dict[str, list[str]] = {}
    found: list[tuple[str, str, str, str]] = []
    for path in sorted(models.rglob("*.yml")):
        for model in (YAML(typ="safe").load(path.read_text("utf-8")) or {}).get("models") or []:
            name = model["name"]
            if not name.startswith(PREFIXES):
                continue
            keys[name] = next((tuple(t["key_is_unique"]["arguments"]["columns"]) for t in _tests(model, "key_is_unique")), ())
            rows[name] = re.split(r"(?<=[.;])\s", " ".join(model["description"].split()))[0].rstrip(".:;")
            columns[name] = [c["name"] for c in model["columns"]]
            for column in model["columns"]:
                for test in _tests(column, "relationships"):
                    arguments = test["relationships"]["arguments"]
                    found.append((name, column["name"], re.findall(r"'(\w+)'", arguments["to"])[0], arguments["field"]))
    joins = {_whole_key(relation, keys, columns) for relation in found if relation[0] != relation[2]}
    return Star(dict(sorted(keys.items())), rows, tuple(sorted(joins, key=lambda j: (j.table, j.to_table, j.columns))))


def describe(star: Star) -> str:
    """The star as Markdown: each join once, and which fact has which dimension."""
    dimensions, facts = star.matrix()
    lines = ["# The star in words", "", "Written by `make generate` from the models' keys and relations. The picture of it is `star.svg`.", ""]
    lines += ["| table | one row per | joins to, on |", "|---|---|---|"]
    for table in star.keys:
        joins = "; ".join(f"`{j.to_table}` on {j}" for j in star.joins if j.table == table)
        lines.append(f"| `{table}` | {star.rows[table].removeprefix('One row per ')} | {joins or '–'} |")
    lines += ["", "| fact | " + " | ".join(f"`{d}`" for d in dimensions) + " |", "|---|" + "---|" * len(dimensions)]
    lines += [f"| `{fact}` | " + " | ".join("yes" if d in has else "–" for d in dimensions) + " |" for fact, has in facts.items()]
    return "\n".join(lines) + "\n"


def _tests(node: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [t for t in node.get("data_tests") or [] if isinstance(t, Mapping) and kind in t]


def _whole_key(relation: tuple[str, str, str, str], keys: Mapping[str, tuple[str, ...]], columns: Mapping[str, list[str]]) -> Join:
    """A relation on one column of a key of several is joined on all of them where the table has them."""
    table, column, to_table, to_column = relation
    key = keys.get(to_table, ())
    if to_column in key and len(key) > 1 and column == to_column and set(key) <= set(columns[table]):
        return Join(table, key, to_table, key)
    return Join(table, (column,), to_table, (to_column,))
