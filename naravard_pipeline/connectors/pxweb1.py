"""PxWeb's protocol, version 1 (Folkhälsodata and others): limits, a table's variables, data by POST.

Belongs here: how the service is asked and what its documents look like. Does not: which codes answer a query (``pxweb_plan``), splitting
(``pxweb_calls``), JSON-stat (``json_stat``), retry and pace (``http``), our measures and areas (``landing.cubes``), disk.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from naravard_pipeline.connectors.answer import Answer, Page
from naravard_pipeline.connectors.http import Client, SourceError
from naravard_pipeline.connectors.json_stat import Cube, Refuse, read_json_stat
from naravard_pipeline.connectors.pxweb_calls import Limits, explained, fetch_cells, is_too_much, read_limit, refusing
from naravard_pipeline.connectors.pxweb_plan import Selection, Table, TableName, TableQuery, Variable

UNKNOWN_LIMITS = Limits(10_000, 1.0)  # some services do not tell; these are the most modest that are known
MAX_FOLDERS = 2_000  # a service with more is not walked to its end
CONTENTS = "ContentsCode"  # the dimension that the form `json` writes as columns


class PxWeb1Connector:
    """Asks the service of ``source_id`` at ``base_url``. Every method raises ``FetchError``: the network, what it said, or what it lacks."""

    def __init__(self, client: Client, base_url: str, limits: Limits | None = None):
        self._client, self._base_url, self._limits = client, base_url.rstrip("/"), limits
        self._source_id = client.source_id
        self._form = "json-stat2"

    def fetch_limits(self) -> Limits:
        """What the service allows, in its own words of today."""
        try:
            page, document = self._client.get_json(f"{self._base_url}?config")
        except SourceError as error:
            if error.status in (400, 404):
                return UNKNOWN_LIMITS
            raise
        refuse = refusing(self._source_id, "config", page)
        cells, calls, seconds = (read_limit(document, name, refuse) for name in ("maxCells", "maxCalls", "timeWindow"))
        return Limits(cells, calls / seconds)

    def fetch(self, query: TableQuery, areas: Sequence[str], years: Collection[int]) -> Answer:
        """The figures of SCB's ``areas`` in periods that end in ``years``, after ``CELLS_SCHEMA``."""
        self._limits = self._limits or self.fetch_limits()
        table = self.fetch_table(query.table)

        def ask(selection: Selection) -> tuple[Page, Cube]:
            return self._ask(query.table, selection)

        return fetch_cells(self._source_id, query, table, areas, years, self._limits.max_cells, ask)

    def fetch_table(self, table: str) -> Table:
        """A table's variables and its title."""
        try:
            page, document = self._client.get_json(self._address(table))
        except SourceError as error:
            raise explained(error, self._source_id, table) from error
        return read_table(page, document, refusing(self._source_id, table, page))

    def list_tables(self) -> list[TableName]:
        """Every table of the service, found by walking its folders: one request for each folder, so keep what comes."""
        found, waiting, visited = [], [""], 0
        while waiting:
            folder = waiting.pop(0)
            visited += 1
            if visited > MAX_FOLDERS:
                break
            page, document = self._client.get_json(self._address(folder) if folder else self._base_url)
            if not isinstance(document, list) or not all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in document):
                refusing(self._source_id, folder or "folders", page)("the document", document, "a list of folders and tables with ids")
            for item in document:
                path = f"{folder}/{item['id']}" if folder else item["id"]
                if item.get("type") == "t":
                    found.append(TableName(path, " ".join(str(item.get("text") or item["id"]).split()), item.get("updated")))
                elif item.get("type") == "l":
                    waiting.append(path)
        return found

    def _ask(self, table: str, selection: Selection) -> tuple[Page, Cube]:
        try:
            page, document = self._post(table, selection)
        except SourceError as error:
            # Older services do not know json-stat2. What else it may be that they refuse, they will refuse again.
            if self._form == "json" or error.status not in (400, 406, 415) or is_too_much(error):
                raise
            self._form = "json"
            try:
                page, document = self._post(table, selection)
            except SourceError:
                self._form = "json-stat2"
                raise error from None
        refuse = refusing(self._source_id, table, page)
        read = read_json_stat if self._form == "json-stat2" else read_json_table
        return page, read(document, selection, refuse)

    def _post(self, table: str, selection: Selection) -> tuple[Page, Any]:
        query = [{"code": name, "selection": {"filter": "item", "values": codes}} for name, codes in selection.items()]
        return self._client.fetch_json("POST", self._address(table), json={"query": query, "response": {"format": self._form}})

    def _address(self, table: str) -> str:
        return f"{self._base_url}/{quote(table)}"


def read_table(page: Page, document: Any, refuse: Refuse) -> Table:
    described = document.get("variables") if isinstance(document, dict) else None
    if not isinstance(described, list) or not described:
        refuse(
            "variables", described if isinstance(document, dict) else document, "a list of variables, as a table has (is the path that of a table?)"
        )
    variables = {}
    for i, variable in enumerate(described):
        name = variable.get("code") if isinstance(variable, dict) else None
        if not isinstance(name, str) or not name or name in variables:
            refuse(f"variables[{i}].code", name, "a code of its own")
        codes = variable.get("values")
        if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
            refuse(f"variables[{i}].values", codes, "a list of codes (a service leaves it out where there are more than its maxValues)")
        given = variable.get("valueTexts")
        texts = map(str, given) if isinstance(given, list) and len(given) == len(codes) else codes
        variables[name] = Variable(
            codes, variable.get("elimination") is True, str(variable.get("text") or name), dict(zip(codes, texts, strict=True))
        )
    title = document.get("title")
    return Table(page, variables, {"title": " ".join(title.split()) if isinstance(title, str) else None})


def read_json_table(document: Any, asked: Mapping[str, Sequence[str]], refuse: Refuse) -> Cube:
    """The form `json`: a row per cell of the other dimensions, a column per content, every figure a text."""
    columns, data = (document.get("columns"), document.get("data")) if isinstance(document, dict) else (None, document)
    if not isinstance(columns, list) or not all(isinstance(c, dict) and isinstance(c.get("code"), str) for c in columns):
        refuse("columns", columns, "a list of columns with codes")
    keys = [c["code"] for c in columns if c.get("type") in ("d", "t")]
    contents, given = asked.get(CONTENTS), [c["code"] for c in columns if c["code"] not in keys]
    if sorted(keys) != sorted(asked.keys() - {CONTENTS}) or len(given) != len(contents or "1") or (len(given) > 1 and set(given) != set(contents)):
        refuse("columns", [c["code"] for c in columns], f"the dimensions asked for, {', '.join(asked)}, and one column for each content")
    contents = given if len(given) > 1 else contents
    if not isinstance(data, list):
        refuse("data", data, "a list of rows")
    shape = [len(asked[name]) for name in keys]
    places = [{code: i for i, code in enumerate(asked[name])} for name in keys]
    width = len(columns) - len(keys)
    try:
        where = tuple(np.fromiter((place[row["key"][k]] for row in data), np.int64, len(data)) for k, place in enumerate(places))
        texts = [row["values"][k] for row in data for k in range(width)]
    except (KeyError, IndexError, TypeError) as error:
        refuse("data", f"a row without what was asked for ({error})", "rows with `key` and `values` of the codes asked for")
    rows = np.ravel_multi_index(where, shape)
    if len(np.unique(rows)) < len(rows) or len(rows) < np.prod(shape):
        refuse("data", f"{len(rows)} rows, {len(np.unique(rows))} of them different", f"each of {np.prod(shape)} cells once")
    values, marks, words = _read_texts(texts, refuse)
    order = np.empty(len(rows), np.int64)
    order[rows] = np.arange(len(rows))
    dimensions = {name: list(asked[name]) for name in keys} | ({CONTENTS: list(contents)} if contents else {})
    full = [*shape, width] if contents else shape
    return Cube(dimensions, values.reshape(-1, width)[order].reshape(full), marks.reshape(-1, width)[order].reshape(full), words)


def _read_texts(texts: list[Any], refuse: Refuse) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Figures as texts; what is no figure is the source's mark."""
    if not set(map(type, texts)) <= {str}:
        refuse("data", next(x for x in texts if type(x) is not str), "each figure as a text")
    known: dict[str, float | None] = {text: _number(text) for text in set(texts)}
    words = ["", *sorted(text for text, number in known.items() if number is None and text)]
    number_of = {text: np.nan if number is None else number for text, number in known.items()}
    mark_of = {word: i for i, word in enumerate(words)}
    values = np.fromiter(map(number_of.__getitem__, texts), np.float64, len(texts))
    marks = np.fromiter((mark_of.get(text, 0) for text in texts), np.int16, len(texts))
    return values, marks, words


def _number(text: str) -> float | None:
    """A figure with a point; None for a mark. What float() takes beyond that, such as nan and 1_0, is no figure."""
    return float(text) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text) else None
