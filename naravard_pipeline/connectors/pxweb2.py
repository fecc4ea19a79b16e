"""PxWeb's protocol, version 2 (SCB): limits, a table's metadata, data by GET, or by POST where the address would be long.

Belongs here: how the service is asked and what its documents look like. Does not: which codes answer a query (``pxweb_plan``), splitting
(``pxweb_calls``), JSON-stat (``json_stat``), retry and pace (``http``), our measures and areas (``landing.cubes``), disk.
"""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import quote

from naravard_pipeline.connectors.answer import Answer, Page
from naravard_pipeline.connectors.http import Client, SourceError
from naravard_pipeline.connectors.json_stat import Cube, Refuse, read_json_stat
from naravard_pipeline.connectors.pxweb_calls import Limits, explained, fetch_cells, read_limit, refusing
from naravard_pipeline.connectors.pxweb_plan import Selection, Table, TableName, TableQuery, Variable

LONGEST_QUERY = 1500  # characters; servers and proxies begin to refuse addresses at 2,048
MAX_FOUND, PAGE_SIZE = 500, 100  # tables in an answer to words; further ones are not worth reading
FORM = {"lang": "sv", "outputFormat": "json-stat2"}


class PxWeb2Connector:
    """Asks the service of ``source_id`` at ``base_url``. Every method raises ``FetchError``: the network, what it said, or what it lacks."""

    def __init__(self, client: Client, base_url: str, limits: Limits | None = None):
        self._client, self._base_url, self._limits = client, base_url.rstrip("/"), limits
        self._source_id = client.source_id

    def fetch_limits(self) -> Limits:
        """What the service allows, in its own words of today."""
        page, document = self._client.get_json(f"{self._base_url}/config")
        refuse = refusing(self._source_id, "config", page)
        cells, calls, seconds = (read_limit(document, name, refuse) for name in ("maxDataCells", "maxCallsPerTimeWindow", "timeWindow"))
        return Limits(cells, calls / seconds)

    def fetch(self, query: TableQuery, areas: Sequence[str], years: Collection[int]) -> Answer:
        """The figures of SCB's ``areas`` in periods that end in ``years``, after ``CELLS_SCHEMA``."""
        self._limits = self._limits or self.fetch_limits()
        table = self.fetch_table(query.table)

        def ask(selection: Selection) -> tuple[Page, Cube]:
            return self._ask(query.table, table, selection)

        return fetch_cells(self._source_id, query, table, areas, years, self._limits.max_cells, ask)

    def fetch_table(self, table: str) -> Table:
        """A table's variables, and its title, date and notes."""
        try:
            page, document = self._client.get_json(f"{self._address(table)}/metadata", {"lang": FORM["lang"]})
        except SourceError as error:
            raise explained(error, self._source_id, table) from error
        return read_table(page, document, refusing(self._source_id, table, page))

    def find_tables(self, words: str) -> list[TableName]:
        """The tables that the service itself finds by ``words``, at most ``MAX_FOUND``."""
        found: list[TableName] = []
        for number in range(1, MAX_FOUND // PAGE_SIZE + 1):
            params = {"lang": FORM["lang"], "query": words, "pageNumber": number, "pageSize": PAGE_SIZE}
            page, document = self._client.get_json(f"{self._base_url}/tables", params)
            listed = document.get("tables") if isinstance(document, dict) else None
            named = [t for t in listed if isinstance(t, dict) and t.get("id") and isinstance(t["id"], str)] if isinstance(listed, list) else None
            if named is None or (listed and not named):
                refusing(self._source_id, "tables", page)("tables", listed, "a list of tables with ids")
            found += [TableName(t["id"], " ".join(str(t.get("label") or t["id"]).split()), _text_or_none(t.get("updated"))) for t in named]
            pages = document["page"].get("totalPages") if isinstance(document.get("page"), dict) else None
            if not isinstance(pages, int) or number >= pages:
                break
        return found

    def _ask(self, name: str, table: Table, selection: Selection) -> tuple[Page, Cube]:
        expressions = {code: _expression(codes, table.variables[code].codes) for code, codes in selection.items()}
        address, params = f"{self._address(name)}/data", {f"valueCodes[{code}]": ",".join(parts) for code, parts in expressions.items()}
        # A comma separates codes in an address, so a code that has one can only be sent in a body.
        has_comma = any("," in part for parts in expressions.values() for part in parts)
        if has_comma or sum(len(quote(key)) + len(quote(value)) for key, value in params.items()) > LONGEST_QUERY:
            body = {"selection": [{"variableCode": code, "valueCodes": parts} for code, parts in expressions.items()]}
            page, document = self._client.fetch_json("POST", address, params=FORM, json=body)
        else:
            page, document = self._client.get_json(address, {**FORM, **params})
        return page, read_json_stat(document, selection, refusing(self._source_id, name, page))

    def _address(self, table: str) -> str:
        return f"{self._base_url}/tables/{quote(table, safe='')}"


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _expression(codes: Sequence[str], known: Sequence[str]) -> list[str]:
    """The codes as shortly as the protocol can say it: all of them, all from one on, or each."""
    if len(codes) == len(known) > 1:
        return ["*"]
    # «From» may go by the list's order or the alphabet's, so it is said only where they are the same.
    if len(codes) > 2 and list(codes) == list(known[-len(codes) :]) and list(known) == sorted(known):
        return [f"FROM({codes[0]})"]
    return list(codes)


def read_table(page: Page, document: Any, refuse: Refuse) -> Table:
    """The description in a metadata document: JSON-stat without figures."""
    dimensions = document.get("dimension") if isinstance(document, dict) else None
    if not isinstance(dimensions, dict) or not dimensions:
        refuse("dimension", dimensions, "an object of variables")
    variables = {}
    for name, described in dimensions.items():
        category = described.get("category") if isinstance(described, dict) else None
        index = category.get("index") if isinstance(category, dict) else None
        if isinstance(index, dict) and set(map(type, index.values())) <= {int}:
            index = sorted(index, key=index.__getitem__)
        if not isinstance(index, list) or not index or not all(isinstance(code, str) for code in index):
            refuse(f"dimension.{name}.category.index", index, "each code and its position")
        extension = described.get("extension")
        texts = category.get("label") if isinstance(category.get("label"), dict) else {}
        can_be_left_out = isinstance(extension, dict) and extension.get("elimination") is True
        variables[name] = Variable(index, can_be_left_out, str(described.get("label") or name), {code: str(texts.get(code, code)) for code in index})
    texts = {"title": document.get("label"), "updated": document.get("updated")}
    notes = document.get("note") if isinstance(document.get("note"), list) else []
    metadata = {name: " ".join(text.split()) if isinstance(text, str) else None for name, text in texts.items()}
    return Table(page, variables, {**metadata, "notes": [note for note in notes if isinstance(note, str)]})
