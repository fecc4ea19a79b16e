"""Figures that somebody has published on paper or as a picture, landed from the measure's own file as any source's answer.

Here: rows in the shape of ``OBSERVATIONS_SCHEMA``, with the section `printed` as the raw answer, so that a figure leads back to what was typed.
Not here: what the section may contain (catalogue.printed). Nothing shrinks by mistake: whoever takes a figure out of the file means it.
"""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
import pyarrow as pa

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.catalogue.printed import PrintedFigure
from naravard_pipeline.connectors.answer import Answer, Page
from naravard_pipeline.landing.file_history import OBSERVATIONS_SCHEMA
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing


def land_printed(landing: Landing, measures: Sequence[Measure], attribution: str, is_demo: bool) -> list[Landed]:
    """Land each measure's figures; in a demo others in their place, as nobody's published figures may be called made up."""
    return [_land(landing, measure, attribution, is_demo) for measure in measures]


def _land(landing: Landing, measure: Measure, attribution: str, is_demo: bool) -> Landed:
    figures = [(f, _made_up(measure, f) if is_demo else f.value) for f in measure.printed]
    body = orjson.dumps([{"area": f.area, "period": f.period, "value": value} for f, value in figures])
    rows = pa.Table.from_pylist([_row(measure, figure, value) for figure, value in figures], OBSERVATIONS_SCHEMA)
    page = Page(measure.path.as_posix(), "FILE", datetime.now(UTC), 200, body)
    ends = [f.end for f in measure.printed]
    newest = max(zip(ends, (len(f.period) == 4 for f in measure.printed), strict=True))
    number = newest[0].year if newest[1] else newest[0].year * 100 + newest[0].month
    return landing.accept(measure.source_id, measure.measure_id, Answer([page], rows), rows, attribution, newest_period=number)


def _row(measure: Measure, figure: PrintedFigure, value: float) -> dict:
    return {
        "area_code": figure.area,
        "period_start": figure.start,
        "period_end": figure.end,
        "period_label": figure.period,
        "sex": "total",
        "age_group": measure.age_group,
        "value": value,
        "status": "ok",
        "reporter": "source",
    }


def _made_up(measure: Measure, figure: PrintedFigure) -> float:
    """A figure within the measure's bounds that depends on nothing but what it is the figure of."""
    low, span = measure.bounds.min, measure.bounds.max - measure.bounds.min
    part = zlib.crc32(f"{measure.measure_id}{figure.area}{figure.period}".encode()) / 2**32
    return round(low + span * (0.4 + 0.2 * part), measure.decimals)
