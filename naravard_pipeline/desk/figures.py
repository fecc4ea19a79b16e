"""A measure's own figures, and the bounds that follow from them.

Belongs here: numbers in, proposals out, each with the Swedish words that say what it rests on. Does not: fetching (``kolada``, ``pxweb``), texts
(``guesses``). The words stand in the measure's file beside the number, so that a person can judge it years later.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from naravard_pipeline.catalogue import Area
from naravard_pipeline.catalogue.models import ValueType
from naravard_pipeline.desk.guesses import Unit

STEPS = (5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500, 1000)  # round numbers for max_change, percent
COMPLETED = 3  # the newest finished periods that coverage is taken from


@dataclass(frozen=True)
class Figure:
    """``value`` None where the source has a row without a figure; ``is_hidden`` where it says that there is one."""

    area: str
    start: date
    end: date
    label: str
    sex: str
    value: float | None
    is_hidden: bool = False
    age_group: str = "total"


class Figures:
    """All figures of one measure in the areas of the catalogue."""

    def __init__(self, figures: Iterable[Figure], areas: Mapping[str, Area]):
        """``areas``: by ``area_code``; figures of other areas are left out."""
        self._areas = areas
        self.all = [f for f in figures if f.area in areas]
        self.given = [f for f in self.all if f.value is not None]

    @property
    def area_types(self) -> list[str]:
        """The kinds of area with a value or a hidden one, the largest first."""
        there = {self._areas[f.area].area_type for f in self.all if f.value is not None or f.is_hidden}
        return [kind for kind in ("nation", "region", "county_part", "municipality") if kind in there]

    @property
    def has_sexes(self) -> bool:
        return {"women", "men"} <= {f.sex for f in self.given}

    @property
    def first_year(self) -> int | None:
        return min((f.end.year for f in self.given), default=None)

    @property
    def span(self) -> str:
        labels = [f.label for f in sorted(self.given, key=lambda f: f.end)]
        return f"{labels[0]} till {labels[-1]}" if labels and labels[0] != labels[-1] else "".join(labels[:1])

    @property
    def frequency(self) -> str:
        """How long the periods are; what is a year or longer comes yearly."""
        days = sorted((f.end - f.start).days for f in self.given)
        middle = days[len(days) // 2] if days else 365
        return "month" if middle < 32 else "quarter" if middle < 100 else "half_year" if middle < 190 else "year"

    @property
    def window_years(self) -> int:
        return max((f.end.year - f.start.year + 1 for f in self.given), default=1)

    def propose(self, unit: Unit | None, is_count: bool) -> tuple[dict[str, Any], dict[str, str]]:
        """The fields ``bounds, decimals, max_change, min_coverage`` as far as the figures tell, and why each is what it is."""
        content: dict[str, Any] = {}
        notes: dict[str, str] = {}
        if not self.given:
            return content, notes
        content["bounds"], notes["bounds"] = self._bounds(unit)
        content["decimals"] = decimals_of([f.value for f in self.given], is_count)
        if change := self._max_change():
            content["max_change"], notes["max_change"] = change
        if coverage := self._min_coverage():
            content["min_coverage"], notes["min_coverage"] = coverage
        return content, notes

    def _bounds(self, unit: Unit | None) -> tuple[dict[str, float], str]:
        low, high = min(self.given, key=lambda f: f.value), max(self.given, key=lambda f: f.value)
        seen = f"Ur {self.span}: lägst {self._told(low)}, högst {self._told(high)}"
        if unit and unit.scale and unit.scale[0] <= low.value and high.value <= unit.scale[1]:
            return {"min": unit.scale[0], "max": unit.scale[1]}, f"Föreslagen: enhetens egen skala. {seen}."
        # As far again outwards as the figures are apart: a slipped decimal point is outside, next year's record is not.
        width = (high.value - low.value) or abs(high.value) or 1.0
        least, most = rounded_out(low.value - width, up=False), rounded_out(high.value + width, up=True)
        return {"min": 0 if low.value >= 0 else least, "max": most}, f"Föreslagen, med marginal. {seen}."

    def _max_change(self) -> tuple[int, str] | None:
        changes = self._changes()
        if len(changes) < 10:
            return None
        usual = float(np.percentile(changes, 99))
        limit = next((step for step in STEPS if step >= 1.25 * usual), STEPS[-1])
        return limit, f"Föreslagen: av {len(changes)} ändringar från en period till nästa var 99 av 100 högst {shown(usual, 1)} procent."

    def _changes(self) -> list[float]:
        """In percent, from one value to the next of the same area, sex and age group; none from nought."""
        series: dict[tuple[str, str, str], list[Figure]] = defaultdict(list)
        for figure in self.given:
            series[figure.area, figure.sex, figure.age_group].append(figure)
        changes = []
        for figures in series.values():
            figures.sort(key=lambda f: f.start)
            changes += [abs(b.value - a.value) / abs(a.value) * 100 for a, b in pairwise(figures) if a.value]
        return changes

    def _min_coverage(self) -> tuple[int, str] | None:
        counties = {f.area[:2] for f in self.all}  # as the check of coverage counts: where anything is reported at all
        expected = [a for a in self._areas.values() if a.area_type in self.area_types and a.area_code[:2] in counties]
        by_period: dict[date, set[str]] = defaultdict(set)
        for figure in self.all:
            if (figure.value is not None or figure.is_hidden) and figure.end < date.today():
                by_period[figure.end].add(figure.area)
        newest = sorted(by_period)[-COMPLETED:]
        if not expected or not newest:
            return None
        least = min(len(by_period[end]) for end in newest) / len(expected) * 100
        limit = max(1, math.floor(least - 2)) if least < 20 else math.floor((least - 2) / 5) * 5
        told = f"Föreslagen: de {len(newest)} senaste perioderna har minst" if len(newest) > 1 else "Föreslagen: den senaste perioden har"
        return limit, f"{told} {shown(least, 0)} procent av {len(expected)} områden värde."

    def _told(self, figure: Figure) -> str:
        sex = {"women": ", kvinnor", "men": ", män"}.get(figure.sex, "")
        return f"{shown(figure.value, 2)} ({self._areas[figure.area].name_sv} {figure.label}{sex})"


def decimals_of(values: Sequence[float], is_count: bool) -> int:
    """As many decimals as the figures have and their size makes worth reading."""
    if is_count or all(float(v).is_integer() for v in values):
        return 0
    size = float(np.median(np.abs(values)))
    return 0 if size >= 200 else 1 if size >= 3 else 2


def rounded_out(value: float, *, up: bool) -> float | int:
    """To two digits, away from the figures."""
    number = Decimal(f"{value:.9e}")  # 0.1 + 0.2 is 0.3 here
    rounded = number.quantize(Decimal(1).scaleb(number.adjusted() - 1), ROUND_CEILING if up else ROUND_FLOOR)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


def shown(value: float, decimals: int) -> str:
    """A number in Swedish: 1 234,5."""
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(",", " ").replace(".", ",")


def levels_of(area_types: Collection[str]) -> list[str]:
    """Whose results a measure shows, by the areas that have values."""
    return [level for level in ("region", "municipality") if level in area_types]


def is_count(value_type: ValueType | None) -> bool:
    return value_type in ("count", "days")
