"""Kolada's measures, asked for and landed, each on its own: one that fails takes no other with it.

Belongs here: which measures, years and areas are asked for, and what it means when a key figure is gone. Does not: the protocol
(``connectors.kolada``), files (``store``).
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import date

from naravard_pipeline.catalogue import Area, Measure
from naravard_pipeline.connectors.answer import Answer, FetchError
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.kolada import SOURCE_ID, KeyFigure, KoladaConnector
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import Settings

GROUPS_TABLE = "kolada/municipality_groups"
THREADS = 4

log = logging.getLogger(__name__)


class KeyFigureGone(FetchError):
    """Kolada's catalogue does not have the key figure (any more)."""

    kept_sv = "historiken visas"

    def __init__(self, measure: Measure, is_known: bool):
        self.reason_sv = f"Nyckeltalet {measure.source_code} finns inte {'längre ' if is_known else ''}hos Kolada"
        remedy = (
            "it was withdrawn; the history stays. Set `status: retired` when that is final"
            if is_known
            else "look the id up in Kolada's catalogue and correct it, or set `status: planned`"
        )
        super().__init__(f"{measure.path}: source_code: there is {measure.source_code!r}, which Kolada's catalogue does not have; {remedy}")


def land_kolada(
    settings: Settings,
    measures: Sequence[Measure],
    areas: Iterable[Area],
    landing: Landing,
    on_landed: Callable[[Landed], None] = lambda landed: None,
    attribution: str = "Källa: Kolada",
) -> list[Landed]:
    """Fetch and land every one of ``measures`` and Kolada's groups of areas; the outcomes in the order of ``measures``.

    ``on_landed`` is called in the caller's thread as each is done. What Kolada does or does not answer never raises: it is in the outcomes.
    Raises ``LandingError`` where the disk refuses.
    """
    known_codes = {area.kolada_code for area in areas}
    outcomes: dict[str, Landed] = {}
    with (
        Client(
            SOURCE_ID,
            attempts=settings.attempts,
            requests_per_second=settings.requests_per_second,
            timeout_seconds=settings.timeout_seconds,
        ) as client,
        ThreadPoolExecutor(THREADS, thread_name_prefix=SOURCE_ID) as pool,
    ):
        connector = KoladaConnector(client, settings.base_urls[SOURCE_ID])
        described = _fetch_key_figures(connector, landing, measures)
        work = [pool.submit(_land_measure, connector, landing, measure, described, known_codes, attribution) for measure in measures]
        work.append(pool.submit(_land_groups, connector, landing))
        try:
            for done in as_completed(work):
                if landed := done.result():
                    outcomes[landed.measure_id] = landed
                    on_landed(landed)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # the disk refused, or somebody interrupted: nothing new is begun
            raise
    return [outcomes[measure.measure_id] for measure in measures]


def _fetch_key_figures(connector: KoladaConnector, landing: Landing, measures: Sequence[Measure]) -> Mapping[str, KeyFigure] | FetchError:
    """What Kolada says of the key figures, by id; or why that could not be read."""
    try:
        figures = connector.fetch_key_figures(measure.source_code for measure in measures)
    except FetchError as error:
        return error
    for page in {figure.page.sha256: figure.page for figure in figures.values()}.values():
        landing.land_raw(SOURCE_ID, page.body)
    return figures


def _land_measure(
    connector: KoladaConnector,
    landing: Landing,
    measure: Measure,
    described: Mapping[str, KeyFigure] | FetchError,
    known_codes: set[str | None],
    attribution: str,
) -> Landed:
    measure_id = measure.measure_id
    if isinstance(described, FetchError):
        return landing.keep(SOURCE_ID, measure_id, described)
    figure = described.get(measure.source_code)
    if figure is None:
        return landing.keep(SOURCE_ID, measure_id, KeyFigureGone(measure, landing.current(SOURCE_ID, measure_id) is not None))
    try:
        # Next year too: forecasts and school years are dated ahead.
        answer = connector.fetch_values(measure.source_code, range(measure.first_year, date.today().year + 2))
    except FetchError as error:
        return landing.keep(SOURCE_ID, measure_id, error)
    metadata = figure.to_metadata()
    notes = _note_unknown_areas(answer, known_codes)
    former = landing.read_snapshot_metadata(SOURCE_ID, measure_id).get("title")
    if former and former != figure.title:
        metadata["title_changed_from"] = former
        notes.append(f"Kolada calls {measure.source_code} «{figure.title}» now; it was «{former}».")
    return landing.land(SOURCE_ID, measure_id, replace(answer, metadata=metadata), attribution, notes=notes)


def _note_unknown_areas(answer: Answer, known_codes: set[str | None]) -> list[str]:
    codes = set(answer.rows["municipality"].unique().to_pylist()) - known_codes
    unknown = sorted(code for code in codes if not code.startswith("G"))
    return [f"Codes that are no area of the catalogue ({len(unknown)}): {', '.join(unknown[:20])}"] if unknown else []


def _land_groups(connector: KoladaConnector, landing: Landing) -> None:
    try:
        answer = connector.fetch_groups()
    except FetchError as error:
        log.warning("Kolada's groups of areas stay as they were: %s", error)
        return
    for page in answer.pages:
        landing.land_raw(SOURCE_ID, page.body)
    landing.land_table(GROUPS_TABLE, answer.rows.sort_by([("group_id", "ascending"), ("member_id", "ascending")]))
