"""Kolada's protocol, version 3: addresses, segments of ids, pages.

Belongs here: how Kolada is asked. Does not: what its rows mean (``kolada_rows``), retry and pace (``http``), our measures and areas
(``landing.kolada``), disk.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pyarrow as pa

from naravard_pipeline.connectors.answer import Answer, MalformedAnswer, Page
from naravard_pipeline.connectors.columns import ABSENT, read_objects
from naravard_pipeline.connectors.http import Client, SourceError
from naravard_pipeline.connectors.kolada_rows import (
    GROUPS_SCHEMA,
    SOURCE_ID,
    VALUES_SCHEMA,
    KeyFigure,
    read_areas,
    read_groups,
    read_key_figures,
    read_values,
    refuse_two_figures_of_one_cell,
)

__all__ = ["GROUPS_SCHEMA", "SOURCE_ID", "VALUES_SCHEMA", "KeyFigure", "KoladaConnector"]

IDS_PER_SEGMENT = 25  # years are ids too
ROWS_PER_PAGE = 5000
MAX_PAGES = 10_000


class KoladaConnector:
    """Asks Kolada at ``base_url``. Every method raises ``SourceError`` (the network) or ``MalformedAnswer`` (what it said)."""

    def __init__(self, client: Client, base_url: str):
        self._client = client
        self._base_url = base_url.rstrip("/")

    def fetch_values(self, kpi: str, years: Iterable[int]) -> Answer:
        """All areas' figures of one key figure in ``years``: a table after ``VALUES_SCHEMA``, in no particular order."""
        pages, tables = [], []
        for segment in _segments(sorted(set(years))):
            for page, rows in self._pages(f"data/kpi/{quote(kpi, safe='')}/year/{','.join(map(str, segment))}", kpi):
                pages.append(page)
                tables.append(read_values(page, rows, kpi, segment))
        table = pa.concat_tables(tables) if tables else VALUES_SCHEMA.empty_table()
        refuse_two_figures_of_one_cell(table, kpi, pages)
        return Answer(pages, table)

    def fetch_key_figures(self, ids: Iterable[str]) -> dict[str, KeyFigure]:
        """By id; a key figure that Kolada does not have, or has no more, is absent."""
        found: dict[str, KeyFigure] = {}
        for segment in _segments(sorted(set(ids))):
            found |= self._fetch_segment(segment)
        return found

    def _fetch_segment(self, segment: Sequence[str]) -> dict[str, KeyFigure]:
        path = f"kpi/{','.join(quote(kpi, safe='') for kpi in segment)}"
        try:
            figures = [figure for page, rows in self._pages(path, "key figures") for figure in read_key_figures(page, rows)]
        except SourceError as error:
            if error.status != 404:
                raise
            # One unknown id must not hide the others.
            return {} if len(segment) == 1 else {k: v for kpi in segment for k, v in self._fetch_segment([kpi]).items()}
        return {figure.kpi: figure for figure in figures if figure.kpi in segment}

    def fetch_catalogue(self) -> list[KeyFigure]:
        """Every key figure that Kolada has now."""
        return [figure for page, rows in self._pages("kpi", "catalogue") for figure in read_key_figures(page, rows)]

    def fetch_groups(self) -> Answer:
        """Kolada's groups of areas, one row per group and member. Their figures are unweighted means, so never a county's."""
        return self._fetch_table("municipality_groups", "groups", read_groups)

    def fetch_areas(self) -> Answer:
        """Kolada's areas; ``type`` is K for a municipality, L for a region or the nation."""
        return self._fetch_table("municipality", "areas", read_areas)

    def _fetch_table(self, path: str, subject: str, read: Callable[[Page, list[dict]], pa.Table]) -> Answer:
        read_pages = [(page, read(page, rows)) for page, rows in self._pages(path, subject)]
        return Answer([page for page, _ in read_pages], pa.concat_tables([table for _, table in read_pages]))

    def _pages(self, path: str, subject: str) -> Iterator[tuple[Page, list[dict]]]:
        """Each page and its ``values``, to the end of the chain."""
        url: str | None = f"{self._base_url}/{path}?per_page={ROWS_PER_PAGE}"
        visited, rows_seen, rows_promised = set(), 0, 0
        while url:
            visited.add(url)
            page, document = self._client.get_json(url)
            if not isinstance(document, dict):
                raise MalformedAnswer(SOURCE_ID, subject, page, "the document", document, "an object with `values`")
            values = read_objects(SOURCE_ID, subject, page, "values", document.get("values", ABSENT))
            yield page, values
            rows_seen += len(values)
            if isinstance(document.get("count"), int):
                rows_promised = max(rows_promised, document["count"])
            url = self._next_url(page, document, subject)
            if url in visited or len(visited) >= MAX_PAGES:
                raise MalformedAnswer(SOURCE_ID, subject, page, "next_url", url, "a page that has not been read already")
        # `count` counts the page; were it the whole, this would hold as well.
        if rows_seen < rows_promised:
            raise MalformedAnswer(SOURCE_ID, subject, page, "values", f"{rows_seen} rows in all", f"at least `count`, {rows_promised}")

    def _next_url(self, page: Page, document: dict, subject: str) -> str | None:
        found = document.get("next_url", ABSENT)
        if found is None:
            return None
        if found is ABSENT and "next_page" in document:
            raise MalformedAnswer(
                SOURCE_ID,
                subject,
                page,
                "next_page",
                document["next_page"],
                f"next_url, as in version 3 (asked at {self._base_url}; check its address)",
            )
        if not isinstance(found, str):
            raise MalformedAnswer(SOURCE_ID, subject, page, "next_url", found, "an address or null")
        base = urlsplit(self._base_url)
        try:
            following = urlsplit(urljoin(page.url, found))
        except ValueError:
            raise MalformedAnswer(SOURCE_ID, subject, page, "next_url", found, "an address or null") from None
        if following.scheme == "http" and base.scheme == "https":  # written by a server behind a proxy
            following = following._replace(scheme="https")
        if (following.scheme, following.netloc) != (base.scheme, base.netloc):
            raise MalformedAnswer(SOURCE_ID, subject, page, "next_url", found, f"an address at {base.scheme}://{base.netloc}")
        return following.geturl()


def _segments(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(ids), IDS_PER_SEGMENT):
        yield ids[start : start + IDS_PER_SEGMENT]
