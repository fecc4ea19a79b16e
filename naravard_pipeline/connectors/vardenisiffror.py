"""Vården i siffror: measures by their id, each figure with numerator, denominator and interval.

Belongs here: how the service is asked and what its rows mean. Does not: retry and pace (``http``), our measures and areas (``landing.cubes``),
disk. The contract is second-hand, so whatever differs from it is refused by name, and the answer is kept.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, Protocol

import pyarrow as pa

from naravard_pipeline.connectors.answer import Answer, MalformedAnswer, Page
from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA
from naravard_pipeline.connectors.columns import ABSENT, NotOffered, read_column, read_numbers, read_objects
from naravard_pipeline.connectors.http import Client

SOURCE_ID = "vardenisiffror"
MONTHS = {"Year": 12, "Quarter": 3, "Month": 1}  # of a period


class Query(Protocol):
    """``measure`` is the service's id; ``units`` has its name for areas that it does not call by SCB's code (00: SE); ``period_type`` is one of
    ``MONTHS``; ``scale`` multiplies value and interval."""

    measure: str
    units: Mapping[str, str]
    period_type: str
    scale: float


class VardenISiffrorConnector:
    """Asks the service at ``base_url``.

    Raises ``SourceError`` (the network), ``MalformedAnswer`` (what it said), ``NotOffered`` (there is no such measure).
    """

    def __init__(self, client: Client, base_url: str):
        self._client = client
        self._base_url = base_url.rstrip("/")

    def fetch(self, query: Query, areas: Sequence[str], years: Sequence[int]) -> Answer:
        """The figures of ``areas`` (SCB's codes) in ``years``, after ``CELLS_SCHEMA``; areas without figures have no rows.

        ``metadata`` has the measure's ``title``.
        """
        described, title = self._fetch_title(query.measure)
        asked = Asked(query, {query.units.get(area, area): area for area in areas}, frozenset(years))
        question = {
            "measureIds": [query.measure],
            "units": list(asked.units),
            "periodType": query.period_type,  # without it the service answers 500
            "dateFrom": f"{min(years)}-01-01",
            "dateTo": f"{max(years)}-12-31",
        }
        page, document = self._client.fetch_json("POST", f"{self._base_url}/api/measurements/measurementswithmetadata", json=question)
        if not isinstance(document, dict):
            raise MalformedAnswer(SOURCE_ID, query.measure, page, "the document", document, "an object with `measurements`")
        rows = read_objects(SOURCE_ID, query.measure, page, "measurements", document.get("measurements", ABSENT))
        return Answer([page, described], read_rows(page, rows, asked), {"title": title})

    def _fetch_title(self, measure: str) -> tuple[Page, str | None]:
        """What the service calls the measure; an id that it does not know gives no figures and no error, so it is asked for first."""
        page, document = self._client.fetch_json("POST", f"{self._base_url}/api/measures/measures", json=[measure])
        titles = [item.get("title") for item in read_objects(SOURCE_ID, measure, page, "the document", document) if item.get("id") == measure]
        if not titles:
            raise NotOffered(SOURCE_ID, "measures", "measure", measure, {})
        return page, " ".join(titles[0].split()) or None if isinstance(titles[0], str) else None


@dataclass(frozen=True)
class Asked:
    """``units``: the service's name → SCB's code."""

    query: Query
    units: Mapping[str, str]
    years: frozenset[int]


def read_rows(page: Page, rows: list[dict], asked: Asked) -> pa.Table:
    """The rows after ``CELLS_SCHEMA``; raises ``MalformedAnswer`` that names row, field, what there is and what was asked."""
    query = asked.query

    def refuse(at: int, name: str, found: Any, expected: str) -> NoReturn:
        raise MalformedAnswer(SOURCE_ID, query.measure, page, f"measurements[{at}].{name}", found, expected)

    def refuse_bound(at: int, name: str, found: Any, expected: str) -> NoReturn:
        refuse(at, f"confidenceInterval.{name}", found, expected)

    def scale(numbers: list[float | None]) -> list[float | None]:
        return numbers if query.scale == 1 else [number if number is None else number * query.scale for number in numbers]

    for name, word in (("measureId", query.measure), ("periodType", query.period_type)):
        read_column(rows, name, {str}, f"{word!r}, which was asked for", refuse, allows=lambda x, word=word: x == word)
    units = read_column(rows, "unit", {str}, "one of the units asked for", refuse, allows=asked.units.__contains__)
    months = MONTHS[query.period_type]
    expected = f"the first day of a {query.period_type.lower()} among the years asked for, as 2024-01-01"
    starts = read_column(rows, "period", {str}, expected, refuse, allows=lambda x: _start(x, months, asked.years) is not None)
    spans = {found: _span(_start(found, months, asked.years), months) for found in set(starts)}
    intervals = read_column(rows, "confidenceInterval", {dict, type(None)}, "an object with low and high, or null", refuse, default=None)
    cells = set()
    for at, cell in enumerate(zip(units, starts, strict=True)):
        if cell in cells:
            refuse(at, "unit and period", ", ".join(cell), "one figure of each")
        cells.add(cell)
    values = scale(read_numbers(rows, "value", refuse))
    bounds = [{"low": None, "high": None} if interval is None else interval for interval in intervals]
    columns = {
        "area": [asked.units[unit] for unit in units],
        "period_start": [spans[start][0] for start in starts],
        "period_end": [spans[start][1] for start in starts],
        "period_label": [spans[start][2] for start in starts],
        "sex": ["total"] * len(rows),
        "age_group": ["total"] * len(rows),
        "value": values,
        "numerator": read_numbers(rows, "numerator", refuse),
        "denominator": read_numbers(rows, "denominator", refuse),
        "ci_lower": scale(read_numbers(bounds, "low", refuse_bound, ABSENT)),
        "ci_upper": scale(read_numbers(bounds, "high", refuse_bound, ABSENT)),
        "answers": [None] * len(rows),
        "status": ["missing" if value is None else "ok" for value in values],
        "source_status": [None] * len(rows),
    }
    return pa.table(columns, schema=CELLS_SCHEMA)


def _start(found: str, months: int, years: frozenset[int]) -> date | None:
    """The day that is written, if a period begins on it; some services add a time of day."""
    try:
        day = date.fromisoformat(found[:10])
    except ValueError:
        return None
    rest = found[10:]
    return day if day.day == 1 and (day.month - 1) % months == 0 and day.year in years and rest in ("", "T00:00:00", "T00:00:00Z") else None


def _span(start: date, months: int) -> tuple[date, date, str]:
    month = start.month + months - 1
    end = date(start.year, month, calendar.monthrange(start.year, month)[1])
    label = {12: f"{start.year}", 3: f"{start.year}-Q{month // 3}", 1: f"{start:%Y-%m}"}[months]
    return start, end, label
