"""A PxWeb table's cube as rows of cells: areas, periods, sexes, ages, and the columns that one dimension holds.

Belongs here: what codes and marks of a cube become. Does not: which codes are asked for (``pxweb_tables``), the format they come in
(``json_stat``). Works on whole arrays; nothing is done cell by cell.
"""

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA, STATUSES
from naravard_pipeline.connectors.json_stat import Cube, Refuse

NUMBERS = ("value", "numerator", "denominator", "ci_lower", "ci_upper", "answers")
WITHOUT_VALUE = ("suppressed", "missing", "not_applicable", "not_yet_published")

_YEARS = re.compile(r"(\d{4})(?:\s?[-–]\s?(\d{4}))?")
_PART_OF_YEAR = re.compile(r"(\d{4})([MKQH])(\d{1,2})")
_MONTHS_IN = {"M": 1, "K": 3, "Q": 3, "H": 6}


@dataclass(frozen=True)
class Period:
    start: date
    end: date
    label: str  # 2024, 2021–2024, 2024-03, 2024K1, 2024H1


@dataclass(frozen=True)
class Meaning:
    """What the codes of a cube mean. Dimensions that are not named here hold one code; what is left out has no dimension and no codes.

    ``sexes`` and ``ages`` map our names to the table's codes, several of which are added up; ``columns`` map columns of ``CELLS_SCHEMA``.
    """

    area: str
    areas: Mapping[str, str]
    period: str
    periods: Mapping[str, Period]
    sex: str | None
    sexes: Mapping[str, Sequence[str]]
    age: str | None
    ages: Mapping[str, Sequence[str]]
    contents: str | None
    columns: Mapping[str, str]


def read_period(code: str) -> Period | None:
    """PxWeb's ways to write a time: 2024, 2021-2024, 2024M03, 2024K1 or 2024Q1, 2024H1; None for anything else."""
    if match := _YEARS.fullmatch(code):
        first, last = int(match[1]), int(match[2] or match[1])
        if 1 <= first <= last:
            return Period(date(first, 1, 1), date(last, 12, 31), f"{first}" if first == last else f"{first}–{last}")
    elif match := _PART_OF_YEAR.fullmatch(code):
        year, letter, number = int(match[1]), match[2], int(match[3])
        months = _MONTHS_IN[letter]
        if year >= 1 and 1 <= number <= 12 // months:
            last = number * months
            label = f"{year}-{number:02}" if letter == "M" else f"{year}{letter.replace('Q', 'K')}{number}"
            return Period(date(year, last - months + 1, 1), date(year, last, calendar.monthrange(year, last)[1]), label)
    return None


def read_cells(cube: Cube, meaning: Meaning, marks: Mapping[str, str], refuse: Refuse) -> pa.Table:
    """One row per area, period, sex and age group, after ``CELLS_SCHEMA``; ``marks`` say what the source's own marks mean.

    A sum over ages has no value where one of them has none, and then the mark of the first that has none.
    """
    values, words = _arranged(cube, cube.values, meaning), _arranged(cube, cube.marks, meaning)
    values, words = _summed(values, words, 2, _positions(cube, meaning.sex, meaning.sexes))
    values, words = _summed(values, words, 3, _positions(cube, meaning.age, meaning.ages))
    column = {name: cube.dimensions[meaning.contents].index(code) for name, code in meaning.columns.items()} if meaning.contents else {"value": 0}
    numbers = {name: np.ascontiguousarray(values[..., at]).ravel() for name, at in column.items()}
    mark = words[..., column["value"]].ravel()

    shape = values.shape[:4]
    keys = [index.ravel() for index in np.indices(shape, np.int32)]
    area_codes, period_codes = cube.dimensions[meaning.area], cube.dimensions[meaning.period]

    def place_of(at: int) -> str:
        return f"{area_codes[keys[0][at]]}, {period_codes[keys[1][at]]}"

    value, status = _judged(numbers.pop("value"), mark, cube.words, marks, refuse, place_of)
    periods = [meaning.periods[code] for code in period_codes]
    columns = {
        "area": _named([meaning.areas[code] for code in area_codes], keys[0]),
        "period_start": pa.array([p.start for p in periods], pa.date32()).take(pa.array(keys[1])),
        "period_end": pa.array([p.end for p in periods], pa.date32()).take(pa.array(keys[1])),
        "period_label": _named([p.label for p in periods], keys[1]),
        "sex": _named(list(meaning.sexes), keys[2]),
        "age_group": _named(list(meaning.ages), keys[3]),
        "value": pa.array(value, from_pandas=True),
        **{name: pa.array(given, from_pandas=True) for name, given in numbers.items()},
        "status": _named(STATUSES, status),
        "source_status": _named([word or None for word in cube.words], mark),
    }
    nothing = pa.nulls(len(value), pa.float64())
    return pa.table([columns.get(name, nothing) for name in CELLS_SCHEMA.names], schema=CELLS_SCHEMA)


def _arranged(cube: Cube, array: np.ndarray, meaning: Meaning) -> np.ndarray:
    """The array with the axes area, period, sex, age, contents; one that the cube does not have is of length one."""
    names = list(cube.dimensions)
    wanted = [meaning.area, meaning.period, meaning.sex, meaning.age, meaning.contents]
    first = [names.index(name) for name in wanted if name in names]
    rest = [i for i in range(len(names)) if i not in first]
    return array.transpose(first + rest).reshape([len(cube.dimensions[name]) if name in names else 1 for name in wanted])


def _positions(cube: Cube, name: str | None, groups: Mapping[str, Sequence[str]]) -> list[list[int]]:
    """For each group where its codes stand on the axis; the only place for a total of what was left out."""
    if name not in cube.dimensions:
        return [[0] for _ in groups]
    place = {code: i for i, code in enumerate(cube.dimensions[name])}
    return [[place[code] for code in codes] for codes in groups.values()]


def _summed(values: np.ndarray, words: np.ndarray, axis: int, groups: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    if all(len(places) == 1 for places in groups):
        places = [places[0] for places in groups]
        return values.take(places, axis), words.take(places, axis)
    sums, marks = [], []
    for places in groups:
        part = values.take(places, axis)
        sums.append(part.sum(axis))
        decisive = np.isnan(part).argmax(axis)  # the first without value, or else the first
        marks.append(np.take_along_axis(words.take(places, axis), np.expand_dims(decisive, axis), axis).squeeze(axis))
    return np.stack(sums, axis), np.stack(marks, axis)


def _judged(
    value: np.ndarray, mark: np.ndarray, words: Sequence[str], marks: Mapping[str, str], refuse: Refuse, place_of: Callable[[int], str]
) -> tuple[np.ndarray, np.ndarray]:
    """Values, and statuses as indices in ``STATUSES``; a mark that nobody explained may go with a value, but not stand for one."""
    meant = ["" if not word else marks.get(word) for word in words]
    missing = np.isnan(value)
    is_zero = np.array([kind == "zero" for kind in meant])
    value = np.where(missing & is_zero[mark], 0.0, value)
    missing &= ~is_zero[mark]
    unknown, contradicts = np.array([kind is None for kind in meant]), np.array([kind in WITHOUT_VALUE for kind in meant])
    for wrong, expected in (
        (missing & unknown[mark], f"a figure or one of the marks {', '.join(marks)}; add what it means to query.marks"),
        (~missing & contradicts[mark], "no figure beside it"),
    ):
        if wrong.any():
            at = int(wrong.argmax())
            refuse(place_of(at), f"the mark «{words[mark[at]]}»", expected)
    absent = np.array([STATUSES.index(kind if kind in WITHOUT_VALUE else "missing") for kind in meant], np.int8)
    present = np.array([STATUSES.index("preliminary" if kind == "preliminary" else "ok") for kind in meant], np.int8)
    return value, np.where(missing, absent[mark], present[mark])


def _named(names: Sequence[str | None], indices: np.ndarray) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(indices))
