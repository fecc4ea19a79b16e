"""What Socialstyrelsen's rows say, and what it means where there is no row.

Belongs here: rows as cells. Does not: asking for them (``socialstyrelsen``), ids (``socialstyrelsen_question``).

Every row is compared with what was asked, because a wrong filter brings everything with status 200. A figure that is not understood must never
become another figure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from naravard_pipeline.connectors.answer import MalformedAnswer, Page
from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA
from naravard_pipeline.connectors.columns import BEYOND, read_column
from naravard_pipeline.connectors.socialstyrelsen_question import SOURCE_ID, Asked, Period, field_of, first_of

# Ordinary, no-break, thin and narrow no-break space stand between thousands.
_NUMBER = re.compile(r"-?([0-9]{1,3}([ \u00a0\u2009\u202f][0-9]{3}){1,4}|[0-9]{1,15})(,[0-9]{1,15})?")
_WRITTEN = str.maketrans({" ": None, "\u00a0": None, "\u2009": None, "\u202f": None, ",": "."})


@dataclass(frozen=True)
class Cells:
    """What a page says: for each row its place in the question, its figure, its status and the mark in the figure's stead."""

    places: np.ndarray
    values: list[float | None]
    statuses: list[str]
    marks: list[str | None]


def read_cells(page: Page, rows: list[dict], asked: Asked) -> Cells:
    """The rows of one page; raises ``MalformedAnswer`` that names row, field, what there is and what was asked."""

    def refuse(at: int, name: str, found: Any, expected: str) -> NoReturn:
        raise MalformedAnswer(SOURCE_ID, asked.topic, page, f"data[{at}].{name}", found, expected)

    for name, code in asked.fixed.items():
        read_column(rows, field_of(name), (str, int), f"{code}, which was asked for", refuse, allows=lambda x, code=code: str(x) == code)
    places = np.zeros(len(rows), np.int64)
    for axis in asked.axes:
        places *= len(axis.words)
        if axis.dimension:
            expected = f"one of what was asked for, {first_of(axis.ids)}"
            column = read_column(rows, axis.field, (str, int), expected, refuse, allows=lambda x, axis=axis: axis.place(x) is not None)
            place_of = {found: axis.place(found) for found in set(column)}
            places += np.fromiter(map(place_of.__getitem__, column), np.int64, len(column))
    written = f"a number with decimal comma, or {' or '.join(asked.marks) or 'nothing else'} (the query's `marks`)"
    types, readings = (str, int, float, type(None)), {}

    def is_read(found: Any) -> bool:
        readings[found] = read_value(found, asked.marks)
        return readings[found] is not None

    read = [readings[found] for found in read_column(rows, "varde", types, written, refuse, allows=is_read)]
    return Cells(places, [value for value, _, _ in read], [status for _, status, _ in read], [mark for _, _, mark in read])


def read_value(found: str | float | None, marks: Mapping[str, str]) -> tuple[float | None, str, str | None] | None:
    """Figure, status and mark of what stands in `varde`: ``"1 234,5"`` or a number; None where it is neither that nor a mark."""
    if found is None:
        return None, "missing", None
    if not isinstance(found, str):
        return (float(found), "ok", None) if abs(found) < BEYOND else None
    text = found.strip()
    if text in marks:
        return (0.0, "ok", text) if marks[text] == "zero" else (None, marks[text], text)
    return (float(text.translate(_WRITTEN)), "ok", None) if _NUMBER.fullmatch(text) else None


def build_table(asked: Asked, cells: Sequence[Cells], pages: Sequence[Page], absent_is_zero: bool) -> tuple[pa.Table, int]:
    """All cells after ``CELLS_SCHEMA``, and how many of them are zeros that no row told.

    An absent row is a zero only in a period of which there are rows at all: one that is not published yet has none.
    """
    places = np.concatenate([part.places for part in cells])
    unique, counts = np.unique(places, return_counts=True)
    if len(unique) < len(places):
        cell = [axis.words[at] for axis, at in zip(asked.axes, np.unravel_index(unique[counts > 1][0], asked.shape), strict=True)]
        place = ", ".join(word.label if isinstance(word, Period) else word for word in cell)
        raise MalformedAnswer(SOURCE_ID, asked.topic, pages[-1], f"{place} (in the whole answer)", f"{counts.max()} figures", "one")
    zeros = np.empty(0, np.int64)
    if absent_is_zero:
        absent = np.ones(asked.shape, bool)
        absent.flat[unique] = False
        has_rows = np.zeros(len(asked.periods.words), bool)
        has_rows[np.unravel_index(unique, asked.shape)[1]] = True
        zeros = np.flatnonzero(absent & has_rows[None, :, None, None])
    area, period, sex, age = np.unravel_index(np.concatenate([places, zeros]), asked.shape)
    spans: Sequence[Period] = asked.periods.words
    nothing = pa.nulls(len(area), pa.float64())
    columns = {
        "area": _take(asked.areas.words, area),
        "period_start": _take([date(span.first, 1, 1) for span in spans], period),
        "period_end": _take([date(span.last, 12, 31) for span in spans], period),
        "period_label": _take([span.label for span in spans], period),
        "sex": _take(asked.sexes.words, sex),
        "age_group": _take(asked.ages.words, age),
        "value": _join(cells, "values", 0.0, len(zeros), pa.float64()),
        **dict.fromkeys(("numerator", "denominator", "ci_lower", "ci_upper", "answers"), nothing),
        "status": _join(cells, "statuses", "ok", len(zeros), pa.string()),
        "source_status": _join(cells, "marks", None, len(zeros), pa.string()),
    }
    return pa.table(columns, schema=CELLS_SCHEMA), len(zeros)


def _take(words: Sequence[Any], at: np.ndarray) -> pa.Array:
    return pa.array(words).take(pa.array(at))


def _join(cells: Sequence[Cells], name: str, told_by_no_row: Any, zeros: int, kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([*(pa.array(getattr(part, name), kind) for part in cells), pa.repeat(pa.scalar(told_by_no_row, kind), zeros)], kind)
