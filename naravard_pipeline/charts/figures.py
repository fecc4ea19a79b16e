"""What a chart can be told. Here: plain values. Not here: how they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Point:
    """``when`` is a year, whole or with a fraction (``moment_of``). ``part`` names a stretch within which values compare: lines break between two."""

    when: float
    value: float | None
    lower: float | None = None
    upper: float | None = None
    is_preliminary: bool = False
    part: str = ""


@dataclass(frozen=True)
class Line:
    """``role``: focus (what the chart is about, with its interval), county or nation (context)."""

    name: str
    role: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Mark:
    """A moment that matters: kind ``break`` (measured otherwise from here on) or ``initiative`` (work began)."""

    when: float
    text: str
    kind: str


@dataclass(frozen=True)
class LineChart:
    lines: Sequence[Line]
    unit: str = ""
    marks: Sequence[Mark] = ()
    target: float | None = None
    width: int = 500
    height: int = 250
    has_names: bool = True  # False where the page around it says whose line it is


@dataclass(frozen=True)
class SmallMultiples:
    """One small chart per place, all on the same axes; ``nation`` is drawn in each of them."""

    places: Sequence[Line]
    nation: Line | None = None
    unit: str = ""
    columns: int = 3


@dataclass(frozen=True)
class RunPoint:
    """``sign``: none, good, bad or notable. It decides colour and shape; the word for it is the page's to say."""

    when: float
    value: float | None
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None
    sign: str = "none"
    part: str = ""


@dataclass(frozen=True)
class RunChart:
    points: Sequence[RunPoint]
    unit: str = ""
    marks: Sequence[Mark] = ()
    width: int = 500
    height: int = 220


@dataclass(frozen=True)
class Range:
    """A place's value with its interval. ``role`` as of a line, or place."""

    name: str
    value: float
    lower: float | None = None
    upper: float | None = None
    role: str = "place"


@dataclass(frozen=True)
class RangeChart:
    ranges: Sequence[Range]
    unit: str = ""
    reference: float | None = None
    reference_name: str = ""
    width: int = 500


def moment_of(start: date, end: date) -> float:
    """Where a period stands on the axis: a year, or several, at the year it ends in; a month or a quarter where it begins."""
    if (end - start).days >= 360:
        return end.year + (0 if end.month == 12 else (end.month - 12) / 12)
    return start.year + (start.month - 1) / 12
