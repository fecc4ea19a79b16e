"""Made-up tables in PxWeb's sense: dimensions after the measures' queries, and figures that depend on nothing but their codes.

Belongs here: what the tables hold. Does not: the wire formats (``pxweb``).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from zlib import crc32

import numpy as np

from naravard_pipeline.catalogue import Area, Measure
from naravard_pipeline.demo.wire import MADE_UP

FIRST_YEAR = 2010
OTHER = "annat"  # a code of a further dimension that no measure asks for
ONE_YEAR_CLASSES = [*(f"{age}" for age in range(100)), "100+"]


class DemoTable:
    """One table with the dimensions and codes that the measures of it ask for: ``dimensions`` maps each to its codes and their texts.

    Where a measure takes the total from a dimension that it does not select, that dimension is in ``can_be_left_out``.
    """

    def __init__(self, measures: Sequence[Measure], areas: Sequence[Area], last_year: int):
        self._measures = measures
        query = measures[0].query
        self._roles = {name: part.dimension for name in ("area", "period", "sex", "age", "contents") if (part := getattr(query, name))}
        self.title, self.period = measures[0].name_sv, query.period.dimension
        counted = [area for area in areas if area.scb_code and area.area_type in measures[0].area_types]
        self._areas = {query.area.codes.get(a.scb_code, f"{query.area.prefix}{a.scb_code}{query.area.suffix}"): a for a in counted}
        self._sizes = _sizes(areas)
        self._years = {code: year for m in measures for code, year in _periods(m, last_year).items()}
        self.dimensions: dict[str, dict[str, str]] = {
            query.area.dimension: {code: f"{area.name_sv} {MADE_UP}" for code, area in self._areas.items()},
            **{name: {} for name in [*list(self._roles.values())[2:], *query.fixed]},
            query.period.dimension: {code: code for code in self._years},
        }
        self.can_be_left_out: set[str] = set()
        for measure in measures:
            for name, code in _codes(measure):
                if code is None:
                    self.can_be_left_out.add(name)
                else:
                    self.dimensions[name].setdefault(code, f"{code} {MADE_UP}")

    def figures(self, selection: Mapping[str, Sequence[str]]) -> np.ndarray:
        """An array with an axis for each dimension of the selection; NaN where there is no figure."""
        shape = [len(codes) for codes in selection.values()]
        figures = np.full(shape, np.nan)
        names = list(selection)
        apart = [name for name in names if name == self._roles.get("contents") or name not in self._roles.values()]
        for codes in product(*(range(len(selection[name])) for name in apart)):
            chosen = {name: selection[name][i] for name, i in zip(apart, codes, strict=True)}
            if found := self._measured(chosen):
                where = tuple(codes[apart.index(name)] if name in apart else slice(None) for name in names)
                figures[where] = self._column(*found, selection, [name for name in names if name not in apart])
        return figures

    def _measured(self, chosen: Mapping[str, str]) -> tuple[Measure, str] | None:
        """Which measure, and which column of it, these codes of the dimensions without a meaning of their own are."""
        for measure in self._measures:
            columns = measure.query.contents.codes if measure.query.contents else {"value": None}
            for column, code in columns.items():
                if measure.query.fixed.items() <= chosen.items() and (code is None or chosen[measure.query.contents.dimension] == code):
                    return measure, column
        return None

    def _column(self, measure: Measure, column: str, selection: Mapping[str, Sequence[str]], names: Sequence[str]) -> np.ndarray:
        """One column's figures with the axes ``names``: areas first, periods last, as in ``dimensions``."""
        role_of = {dimension: role for role, dimension in self._roles.items()}
        codes = {role_of[name]: selection[name] for name in names}

        def along(role: str, figure: Callable[[str], float]) -> np.ndarray:
            figures = [figure(code) for code in codes.get(role, [""])]
            return np.array(figures, float).reshape([-1 if role_of[name] == role else 1 for name in names] if role in codes else [1] * len(names))

        areas, periods = codes["area"], codes["period"]
        sizes = along("area", lambda code: self._sizes[self._areas[code].area_code])
        years, sexes = along("period", self._years.__getitem__), along("sex", lambda code: _lean(measure, code))
        ages = along("age", _part_of_age)
        if measure.value_type == "count":
            scale = min(1.0, 0.6 * measure.bounds.max / max(self._sizes.values()))
            return np.rint(sizes * scale * (1 + 0.005 * (years - FIRST_YEAR)) * ages * (1 + sexes))
        noise = np.array([[_share(f"{measure.measure_id}{area}{period}") for period in periods] for area in areas])
        noise = noise.reshape([len(areas), *[1] * (len(names) - 2), len(periods)])
        low, span = measure.bounds.min, measure.bounds.max - measure.bounds.min
        level = low + span * along("area", lambda code: 0.2 + 0.1 * _share(f"{measure.measure_id}{code}"))
        value = level + span * (0.002 * (years - FIRST_YEAR) + 0.005 * noise + 0.02 * sexes) + 0 * ages
        small = along("area", lambda code: self._areas[code].area_type == "municipality")
        counted = np.rint(np.minimum(sizes / 100, 20_000) + 0 * value)
        figures = {
            "value": value,
            "ci_lower": value - 0.02 * span,
            "ci_upper": value + 0.02 * span,
            "numerator": np.rint(value / 100 * counted),
            "denominator": counted,
            "answers": counted,
        }
        return np.where((small > 0) & (noise < 0.08), np.nan, np.round(figures[column], 1))


def _codes(measure: Measure) -> Iterator[tuple[str, str | None]]:
    """Dimension and code of all that the query selects beside areas and periods; None where it takes the total by selecting nothing."""
    query = measure.query
    if query.sex:
        yield from ((query.sex.dimension, code) for code in query.sex.codes.values())
    for items in query.age.groups.values() if query.age else ():
        for item in items or [None]:
            codes = ONE_YEAR_CLASSES if item and re.fullmatch(r"\d+-\d*", item) else [item]
            yield from ((query.age.dimension, code) for code in codes)
    if query.contents:
        yield from ((query.contents.dimension, code) for code in query.contents.codes.values())
    for name, code in query.fixed.items():
        yield from ((name, code), (name, OTHER))


def _periods(measure: Measure, last_year: int) -> dict[str, int]:
    """The codes of the measure's periods, and the year that each ends in."""
    codes: dict[str, int] = {}
    for year in range(max(measure.first_year, FIRST_YEAR), last_year + 1):
        if measure.frequency == "month":
            codes |= {f"{year}M{month:02}": year for month in range(1, 13)}
        else:
            codes[f"{year - measure.window_years + 1}-{year}" if measure.window_years > 1 else f"{year}"] = year
    return codes


def _sizes(areas: Sequence[Area]) -> dict[str, float]:
    """How many live where: the nation is the sum of its regions, a region that of its municipalities."""
    sizes = {a.area_code: 5_000 + 90_000 * _share(a.area_code) ** 3 for a in areas if a.area_type == "municipality"}
    for kind in ("region", "nation"):
        for area in (a for a in areas if a.area_type == kind):
            sizes[area.area_code] = sum(sizes.get(a.area_code, 0) for a in areas if a.parent_code == area.area_code) or 250_000
    return sizes


def _part_of_age(code: str) -> float:
    """The share of all who are in a one-year class; everybody for any other code."""
    if not code.rstrip("+").isdigit():
        return 1.0
    age = int(code.rstrip("+"))
    return 0.0125 if age < 60 else 0.0125 * (1 - (age - 60) / 42)


def _lean(measure: Measure, code: str) -> float:
    """How far a sex lies from the total: for counts half of it, for others a little. Not for the total itself."""
    sex = measure.query.sex
    if measure.value_type == "count":
        return {sex.women: -0.503, sex.men: -0.497}.get(code, 0.0)
    return {sex.women: 1.0, sex.men: -1.0}.get(code, 0.0)


def _share(key: str) -> float:
    """A number in [0, 1) that depends on nothing but ``key``."""
    return crc32(key.encode()) / 2**32
