"""Socialstyrelsen's statistics database: topics, their dimensions, and results in pages.

Belongs here: how the database is asked. Does not: ids (``socialstyrelsen_question``), what rows mean
(``socialstyrelsen_rows``), retry and pace (``http``), our measures and areas (``landing.cubes``), disk.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from naravard_pipeline.connectors.answer import Answer, MalformedAnswer, Page
from naravard_pipeline.connectors.columns import ABSENT, NotOffered, read_column, read_objects
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.socialstyrelsen_question import SOURCE_ID, Asked, Query, Topic, build_question
from naravard_pipeline.connectors.socialstyrelsen_rows import build_table, read_cells

__all__ = ["SOURCE_ID", "Query", "SocialstyrelsenConnector"]

ROWS_PER_PAGE = 5000
MAX_PAGES = 10_000
AREAS_PER_REQUEST = 50  # 250 characters: many servers take no path segment longer than 260


class SocialstyrelsenConnector:
    """Asks the database at ``base_url``. Make one per run: it reads what a topic offers once.

    Raises ``SourceError`` (the network), ``MalformedAnswer`` (what it said), ``NotOffered`` and ``NotFixed`` (what was asked).
    """

    def __init__(self, client: Client, base_url: str):
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._topics: dict[str, Topic] = {}

    def fetch(self, query: Query, areas: Sequence[str], years: Sequence[int]) -> Answer:
        """The figures of ``areas`` (SCB's codes) in the periods that end in ``years``, after ``CELLS_SCHEMA``.

        Where ``query.absent_is_zero``, a cell without a row is a zero: only when every page has come, only in periods that have rows.
        ``metadata`` has ``title``, ``areas_not_offered`` (those of ``areas`` that the topic does not have) and ``zeros`` (how many were absent).
        """
        topic = self._read_topic(query.topic)
        asked = build_question(topic, query, areas, years)
        pages, cells = [], []
        for start in range(0, len(asked.areas.words), AREAS_PER_REQUEST):
            for page, rows in self._pages(asked.of_areas(start, start + AREAS_PER_REQUEST)):
                pages.append(page)
                cells.append(read_cells(page, rows, asked))
        table, zeros = build_table(asked, cells, pages, query.absent_is_zero)
        not_offered = sorted(set(areas) - set(asked.areas.words))
        metadata = {"title": asked.title, "areas_not_offered": not_offered, "zeros": zeros}
        return Answer([*pages, *topic.pages.values()], table, metadata)

    # ---- what is offered

    def list_topics(self) -> Mapping[str, str]:
        """Each topic's name and its text."""
        return self._list("", "namn")[1]

    def fetch_topic(self, name: str) -> Topic:
        """What a topic offers: its dimensions and their ids."""
        return self._read_topic(name)

    def _read_topic(self, name: str) -> Topic:
        if name not in self._topics:
            _, topics = self._list("", "namn")
            if name not in topics:
                raise NotOffered(SOURCE_ID, "the database", "topic", name, topics)
            _, dimensions = self._list(quote(name, safe=""), "namn")
            lists = {dimension: self._list(f"{quote(name, safe='')}/{quote(dimension, safe='')}", "id") for dimension in dimensions}
            ids, pages = {d: ids for d, (_, ids) in lists.items()}, {d: page for d, (page, _) in lists.items()}
            self._topics[name] = Topic(name, topics[name], ids, pages)
        return self._topics[name]

    def _list(self, path: str, key: str) -> tuple[Page, Mapping[str, str]]:
        """A list of topics, dimensions or ids: each one's key and its text on one line."""
        page, found = self._client.get_json(f"{self._base_url}/{path}")
        subject = path or "topics"
        items = read_objects(SOURCE_ID, subject, page, "the document", found)

        def refuse(at: int, name: str, there: Any, expected: str) -> NoReturn:
            raise MalformedAnswer(SOURCE_ID, subject, page, f"[{at}].{name}", there, expected)

        keys = [str(found) for found in read_column(items, key, (str, int), "a name or a number", refuse, allows=lambda x: x != "")]
        texts = read_column(items, "text", (str, type(None)), "a text or null", refuse, default=None)
        listed = {name: " ".join((text or name).split()) for name, text in zip(keys, texts, strict=True)}
        if len(listed) < len(keys):
            at = next(i for i, name in enumerate(keys) if name in keys[:i])
            refuse(at, key, keys[at], "each only once")
        return page, listed

    # ---- results

    def _pages(self, asked: Asked) -> Iterator[tuple[Page, list[dict]]]:
        """Each page and its rows, to the end. Raises ``MalformedAnswer`` where they are not as many as was said."""
        url: str | None = f"{self._base_url}/{_result_path(asked)}?per_sida={ROWS_PER_PAGE}&sida=1"
        visited: set[str] = set()
        while url:
            visited.add(url)
            page, document = self._client.get_json(url)
            if not isinstance(document, dict):
                raise MalformedAnswer(SOURCE_ID, asked.topic, page, "the document", document, "an object with `data`, `sidor` and `nasta_sida`")
            yield page, read_objects(SOURCE_ID, asked.topic, page, "data", document.get("data", ABSENT))
            url = self._next_url(page, document.get("nasta_sida", ABSENT), asked.topic)
            if url in visited or len(visited) >= MAX_PAGES:
                raise MalformedAnswer(SOURCE_ID, asked.topic, page, "nasta_sida", url, "a page that has not been read already")
        promised = document.get("sidor", ABSENT)
        if type(promised) is not int or max(promised, 1) != len(visited):  # no rows may be no page
            raise MalformedAnswer(SOURCE_ID, asked.topic, page, "sidor", promised, f"{len(visited)}, the pages that came")

    def _next_url(self, page: Page, found: Any, topic: str) -> str | None:
        """The service gives an address with http and its own name; its path and query are asked at the base we were told."""
        if found is None:
            return None
        try:
            there = urlsplit(found if isinstance(found, str) else "")
        except ValueError:
            there = urlsplit("")
        if not there.path.startswith("/"):
            raise MalformedAnswer(SOURCE_ID, topic, page, "nasta_sida", found, "an address or null")
        return urlsplit(self._base_url)._replace(path=there.path, query=there.query).geturl()


def _result_path(asked: Asked) -> str:
    asks = {name: [code] for name, code in asked.fixed.items()} | {axis.dimension: axis.ids for axis in asked.axes if axis.dimension}
    segments = (f"{quote(name, safe='')}/{','.join(quote(code, safe='') for code in ids)}" for name, ids in asks.items())
    return f"{quote(asked.topic, safe='')}/resultat/{'/'.join(segments)}"
