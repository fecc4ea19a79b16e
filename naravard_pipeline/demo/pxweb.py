"""PxWeb's wire formats, versions 1 and 2, with made-up figures: a table for every table that a measure asks for.

Belongs here: an honest imitation of what the pipeline asks for: limits, metadata, selections and their refusals, JSON-stat 2.0 with marks.
Does not: HTTP itself (``server``), how the figures come about (``pxweb_figures``).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import orjson

from naravard_pipeline.catalogue import Area, Measure
from naravard_pipeline.demo.pxweb_figures import DemoTable
from naravard_pipeline.demo.wire import MADE_UP, Refused

MAX_CELLS = 150_000
CALLS_PER_SECOND = 1000
MISSING = ".."


class _DemoPxWeb:
    def __init__(self, measures: Sequence[Measure], areas: Sequence[Area], last_year: int):
        by_table = groupby(sorted(measures, key=lambda m: m.query.table), key=lambda m: m.query.table)
        self._tables = {table: DemoTable(list(own), areas, last_year) for table, own in by_table}
        self._updated = f"{last_year + 1}-02-20T07:00:00Z"

    def _described(self, table: DemoTable) -> dict[str, Any]:
        return {
            "version": "2.0",
            "class": "dataset",
            "label": f"{table.title} {MADE_UP}",
            "source": MADE_UP,
            "updated": self._updated,
            "note": [f"{MADE_UP} Siffror för demonstration, inga uppgifter om någon."],
        }

    def _data(self, table: DemoTable, selection: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        figures = table.figures(selection)
        flat = figures.ravel()
        missing = np.flatnonzero(np.isnan(flat))
        values: list[Any] = flat.tolist()
        for at in missing:
            values[at] = None
        document = {
            **self._described(table),
            "role": {"time": [table.period]},
            "id": list(selection),
            "size": list(figures.shape),
            "dimension": {
                name: {
                    "label": name,
                    "category": {"index": {code: i for i, code in enumerate(codes)}, "label": {code: table.dimensions[name][code] for code in codes}},
                }
                for name, codes in selection.items()
            },
            "value": values,
        }
        return {**document, "status": {str(at): MISSING for at in missing}} if len(missing) else document


class DemoPxWeb2(_DemoPxWeb):
    """Version 2: ``/config``, ``/tables/{id}/metadata``, ``/tables/{id}/data``."""

    def answer(self, method: str, parts: list[str], query: Mapping[str, list[str]], body: bytes | None, base: str) -> Any:
        """The document at ``parts`` below the base URL ``base``; raises ``Refused``."""
        match parts:
            case ["config"]:
                return {"maxDataCells": MAX_CELLS, "maxCallsPerTimeWindow": CALLS_PER_SECOND, "timeWindow": 1, "defaultDataFormat": "json-stat2"}
            case ["tables", name, "metadata"] if name in self._tables:
                return self._metadata(self._tables[name])
            case ["tables", name, "data"] if name in self._tables:
                return self._data(self._tables[name], self._selected(self._tables[name], self._wanted(query, body)))
        raise _problem(404, "Non-existent table")

    def _metadata(self, table: DemoTable) -> dict[str, Any]:
        dimensions = {
            name: {
                "label": name,
                "category": {"index": {code: i for i, code in enumerate(texts)}, "label": texts},
                "extension": {"elimination": name in table.can_be_left_out},
            }
            for name, texts in table.dimensions.items()
        }
        return {**self._described(table), "id": list(dimensions), "size": [len(t) for t in table.dimensions.values()], "dimension": dimensions}

    def _wanted(self, query: Mapping[str, list[str]], body: bytes | None) -> dict[str, list[str]]:
        if body:
            try:
                return {part["variableCode"]: list(part["valueCodes"]) for part in orjson.loads(body)["selection"]}
            except (orjson.JSONDecodeError, KeyError, TypeError):
                raise _problem(400, "Parameter error") from None
        found = {name: re.fullmatch(r"(?i)valuecodes\[(.+)\]", name) for name in query}
        return {match[1]: [code for text in query[name] for code in text.split(",")] for name, match in found.items() if match}

    def _selected(self, table: DemoTable, wanted: Mapping[str, list[str]]) -> dict[str, list[str]]:
        return _select(table, {name: [code for e in parts for code in _codes_of(e, table, name)] for name, parts in wanted.items()})


class DemoPxWeb1(_DemoPxWeb):
    """Version 1: ``?config``, GET a table's variables, POST a query to it."""

    def answer(self, method: str, parts: list[str], query: Mapping[str, list[str]], body: bytes | None, base: str) -> Any:
        """The document at ``parts`` below the base URL ``base``; raises ``Refused``."""
        if "config" in query:
            return {"maxValues": 10_000, "maxCells": MAX_CELLS, "maxCalls": CALLS_PER_SECOND, "timeWindow": 1, "CORS": True}
        table = self._tables.get("/".join(parts))
        if table is None:
            raise Refused(404, "")
        if method == "GET":
            return {"title": f"{table.title} {MADE_UP}", "variables": [self._variable(table, name) for name in table.dimensions]}
        try:
            asked = orjson.loads(body or b"")
            wanted = {part["code"]: part["selection"] for part in asked["query"]}
            chosen = {name: self._codes(table, name, s["filter"], s["values"]) for name, s in wanted.items()}
            form = asked["response"]["format"]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise Refused(400, "Parameter error") from None
        if form != "json-stat2":
            raise Refused(400, "Parameter error")
        return self._data(table, _select(table, chosen))

    def _variable(self, table: DemoTable, name: str) -> dict[str, Any]:
        texts = table.dimensions[name]
        variable = {"code": name, "text": name, "values": list(texts), "valueTexts": list(texts.values())}
        return variable | ({"elimination": True} if name in table.can_be_left_out else {}) | ({"time": True} if name == table.period else {})

    def _codes(self, table: DemoTable, name: str, filter_: str, values: list[str]) -> list[str]:
        known = list(table.dimensions[name])
        return known if filter_ == "all" else known[-int(values[0]) :] if filter_ == "top" else values


def _codes_of(expression: str, table: DemoTable, name: str) -> Iterable[str]:
    known = list(table.dimensions.get(name, ()))
    if expression == "*":
        return known
    if match := re.fullmatch(r"(?i)(top|from)\((.+)\)", expression):
        if match[1].lower() == "top":
            return known[-int(match[2]) :] if match[2].isdigit() else [expression]
        return known[known.index(match[2]) :] if match[2] in known else [expression]
    return [expression]


def _select(table: DemoTable, chosen: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The codes in the table's order; refuses as the services do."""
    if set(chosen) - set(table.dimensions):
        raise _problem(400, "Non-existent variable")
    if any(name not in chosen and name not in table.can_be_left_out for name in table.dimensions):
        raise _problem(400, "Missing selection for mandantory variable")  # spelt so
    if any(code not in table.dimensions[name] for name, codes in chosen.items() for code in codes):
        raise _problem(400, "Non-existent value")
    selection = {name: [code for code in codes if code in set(chosen[name])] for name, codes in table.dimensions.items() if name in chosen}
    if np.prod([len(codes) for codes in selection.values()]) > MAX_CELLS:
        raise _problem(403, "Too many values selected")
    return selection


def _problem(status: int, title: str) -> Refused:
    return Refused(status, {"type": "Parameter error", "status": status, "title": title})
