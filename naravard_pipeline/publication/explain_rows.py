"""What an explanation is made of: rows of the current release, parts of a figure, and the sentences that tell of them.

Here: looking figures up by what they are of, and the shapes that are handed on. Not here: which figures lead to which (explain_parts, explain_said).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.pages.swedish import number
from naravard_pipeline.settings import spoken_language

Row = Mapping[str, Any]
CELL = ("area_code", "period_start", "period_end", "sex", "age_group", "reporter")


class NoFigure(ValueError):
    """No such figure is published; the message says what there is instead."""


@dataclass(frozen=True)
class Part:
    """One published figure that another is made of. ``terms`` is what it brings: ``value``, or ``numerator`` and ``denominator``; no terms: it has
    nothing to bring. ``is_hidden``: what it brings is not shown. ``place``: where in which file it stands, if it came in one."""

    name_sv: str
    figure: Row | None
    terms: Mapping[str, float] = field(default_factory=dict)
    is_hidden: bool = False
    place: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """Something that is said of a figure, and how one comes to it. ``pairs``: what the steps lead to and what is published, with a name."""

    kind: str
    title_sv: str
    steps_sv: Sequence[str]
    row: Row
    pairs: Sequence[tuple[str, float, float]] = ()


def read(connection: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[dict[str, Any]]:
    """Each row by its columns' names. ``values``: one for each question mark, or a mapping for names after $."""
    found = connection.execute(query, dict(values[0]) if len(values) == 1 and isinstance(values[0], Mapping) else list(values))
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def read_figures(
    connection: duckdb.DuckDBPyConnection, measure_id: str, extra: str = "true", extra_values: Sequence[Any] = (), **of: Any
) -> list[dict[str, Any]]:
    """The published figures of a measure whose columns have these values and that meet ``extra``, in the order of place and time."""
    conditions = " and ".join(["measure_id = ?", *(f"{column} = ?" for column in of), f"({extra})"])
    query = f"select * from fct_observations where {conditions} order by area_code, period_start, sex, age_group, reporter"
    return read(connection, query, measure_id, *of.values(), *extra_values)


def of(figure: Row, *columns: str) -> dict[str, Any]:
    """These columns of the figure, to look others up by."""
    return {column: figure[column] for column in columns}


def area_name(connection: duckdb.DuckDBPyConnection, area_code: str) -> str:
    found = connection.execute("select name_sv from dim_areas where area_code = ?", [area_code]).fetchone()
    return found[0] if found else area_code


def nothing_published(folder: Path) -> str:
    if spoken_language() == "sv":
        return f"Inget är publicerat i {folder} än. Kör: naravard run"
    return f"Nothing is published in {folder} yet. Run: naravard run"


def choices(there: Sequence[str], most: int = 40) -> str:
    """What one may ask for instead."""
    shown, more = ", ".join(there[:most]), len(there) - most
    return shown if more <= 0 else f"{shown} och {more} till" if spoken_language() == "sv" else f"{shown} and {more} more"


def fine(value: float, like: float | None = None, sign: bool = False) -> str:
    """A number with at least four digits that tell something of it, or of ``like``, which it is held against."""
    size = abs(value if like is None else like)
    if not 0 < size < 0.1:
        return number(value, sign=sign)
    return number(value, min(12, 3 - math.floor(math.log10(size))), sign).rstrip("0").rstrip(",")


def listed(names: Sequence[str], most: int = 12) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" och {more} till" if more > 0 else "")
