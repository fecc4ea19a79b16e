"""The measures of the statistical services (PxWeb, Socialstyrelsen, Vården i siffror), asked for and landed, each on its own.

Belongs here: which connector a source has, which areas and years are asked for. Does not: the protocols (``connectors``), what may be
asked (``catalogue.queries``), files (``store``).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from naravard_pipeline.catalogue import Area, Measure
from naravard_pipeline.connectors.answer import Answer, FetchError
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.pxweb1 import PxWeb1Connector
from naravard_pipeline.connectors.pxweb2 import PxWeb2Connector
from naravard_pipeline.connectors.socialstyrelsen import SocialstyrelsenConnector
from naravard_pipeline.connectors.vardenisiffror import VardenISiffrorConnector
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import Settings


class Connector(Protocol):
    def fetch(self, query: Any, areas: Sequence[str], years: Collection[int]) -> Answer:
        """The figures of SCB's ``areas`` in periods that end in ``years``, after ``CELLS_SCHEMA``; raises ``FetchError``."""


# Those of PxWeb say themselves how often they may be asked.
PXWEB = {"scb": PxWeb2Connector, "folkhalsodata": PxWeb1Connector}
CONNECTORS: Mapping[str, Callable[..., Connector]] = {
    **PXWEB,
    "socialstyrelsen": SocialstyrelsenConnector,
    "vardenisiffror": VardenISiffrorConnector,
}


def land_cubes(
    settings: Settings,
    source_id: str,
    measures: Sequence[Measure],
    areas: Iterable[Area],
    landing: Landing,
    on_landed: Callable[[Landed], None] = lambda landed: None,
    attribution: str = "",
) -> list[Landed]:
    """Fetch and land every one of ``measures`` of a source in ``CONNECTORS``; the outcomes in the order of ``measures``.

    ``on_landed`` is called as each is done. What the source does or does not answer never raises: it is in the outcomes.
    Raises ``LandingError`` where the disk refuses.
    """
    areas, outcomes = list(areas), []
    try:
        with connected(settings, source_id) as connector:
            for measure in measures:
                outcomes.append(_land_measure(connector, measure, areas, landing, attribution))
                on_landed(outcomes[-1])
    except FetchError as error:  # the source does not even say what it allows
        for measure in measures:
            outcomes.append(landing.keep(source_id, measure.measure_id, error))
            on_landed(outcomes[-1])
    return outcomes


@contextmanager
def connected(settings: Settings, source_id: str) -> Iterator[Connector]:
    """A connector that asks no more often than both we and the service want."""
    build, base_url, pace = CONNECTORS[source_id], settings.base_urls[source_id], settings.requests_per_second
    if source_id not in PXWEB:
        with _client(settings, source_id, pace) as client:
            yield build(client, base_url)
        return
    with _client(settings, source_id, pace) as client:
        limits = PXWEB[source_id](client, base_url).fetch_limits()
    with _client(settings, source_id, min(pace, limits.requests_per_second)) as client:
        yield build(client, base_url, limits)


def _client(settings: Settings, source_id: str, requests_per_second: float) -> Client:
    return Client(source_id, attempts=settings.attempts, requests_per_second=requests_per_second, timeout_seconds=settings.timeout_seconds)


def _land_measure(connector: Connector, measure: Measure, areas: Sequence[Area], landing: Landing, attribution: str) -> Landed:
    source_id, measure_id = measure.source_id, measure.measure_id
    asked = [area.scb_code for area in areas if area.scb_code and area.area_type in measure.area_types]
    try:
        # Next year too: forecasts are dated ahead.
        answer = connector.fetch(measure.query, asked, range(measure.first_year, date.today().year + 2))
    except FetchError as error:
        return landing.keep(source_id, measure_id, error)
    if getattr(measure.query, "age", None) is None:
        answer = replace(answer, rows=_with_age_group(answer.rows, measure.age_group))
    notes = _note_unknown_areas(answer, {area.scb_code for area in areas})
    if lacking := answer.metadata.get("areas_not_offered"):
        notes.append(f"{len(lacking)} areas are not in the source's table: {', '.join(lacking[:20])}")
    former, title = landing.read_snapshot_metadata(source_id, measure_id).get("title"), answer.metadata.get("title")
    if former and title and _without_years(former) != _without_years(title):
        answer = replace(answer, metadata={**answer.metadata, "title_changed_from": former})
        notes.append(f"The source calls it «{title}» now; it was «{former}».")
    return landing.land(source_id, measure_id, answer, attribution, notes=notes, newest_period=newest_period(answer.rows))


def newest_period(rows: pa.Table) -> int | None:
    """The newest period with a value as ``Landed`` writes it: 2025, or 202511 for what is shorter than a year; None without values."""
    given = rows.filter(pc.is_valid(rows["value"]))
    if not given.num_rows:
        return None
    newest = given.sort_by([("period_end", "descending")]).slice(0, 1).to_pylist()[0]
    start, end = newest["period_start"], newest["period_end"]
    return end.year if (end - start).days >= 364 else end.year * 100 + end.month


def _with_age_group(rows: pa.Table, age_group: str) -> pa.Table:
    """What a table without ages is about stands in the measure's own file."""
    return rows.set_column(rows.column_names.index("age_group"), "age_group", pa.repeat(pa.scalar(age_group, pa.string()), rows.num_rows))


def _without_years(title: str) -> str:
    """PxWeb's titles end with the years that the table covers, which grow without anything being renamed."""
    return re.sub(r"\d{4}\S*", "", title)


def _note_unknown_areas(answer: Answer, known: Collection[str | None]) -> list[str]:
    unknown = sorted(set(answer.rows["area"].unique().to_pylist()) - set(known))
    return [f"Codes that are no area of the catalogue ({len(unknown)}): {', '.join(unknown[:20])}"] if unknown else []
