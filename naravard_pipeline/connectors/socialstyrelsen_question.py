"""What Socialstyrelsen's topics offer, and a measure's question to one of them in ids that are known to be there.

Belongs here: topics, dimensions, ids. Does not: asking (``socialstyrelsen``), what rows mean (``socialstyrelsen_rows``).

A wrong filter is ignored by the service, which then sends everything with status 200. So every id is looked up before anything is asked.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from naravard_pipeline.connectors.answer import FetchError, MalformedAnswer, Page
from naravard_pipeline.connectors.columns import NotOffered, told

SOURCE_ID = "socialstyrelsen"

_PERIOD = re.compile(r"([12][0-9]{3})(?:-([12][0-9]{3}))?")


class AgeQuery(Protocol):
    """``groups``: our age group → the dimension's id."""

    dimension: str
    groups: Mapping[str, str]


class Query(Protocol):
    """What is asked of a topic. Ids are texts, as the lists of the dimensions have them.

    ``matt`` tells counts from rates; ``fixed`` has the one id of each further dimension; ``region`` is the name of the dimension of areas;
    ``sexes`` (our word → id) is empty and ``age`` None where the topic has no such dimension; ``marks`` says what is written where there is no
    figure (mark → status, or zero).
    """

    topic: str
    matt: str
    fixed: Mapping[str, str]
    region: str
    sexes: Mapping[str, str]
    age: AgeQuery | None
    absent_is_zero: bool
    marks: Mapping[str, str]


class NotFixed(FetchError):
    """The topic has a dimension that the query says nothing of: all its parts would come, and none of them is meant."""

    def __init__(self, topic: str, dimension: str, offered: Mapping[str, str]):
        super().__init__(
            f"{SOURCE_ID}: {topic}: the query says nothing of the dimension {dimension!r}; {told(offered)}. Add one to `fixed`, or ask by it"
        )
        self.reason_sv = f"Måttets fråga säger inget om {dimension}, där källan har flera val"


@dataclass(frozen=True)
class Topic:
    """What a topic offers: each dimension's ids with their texts, and the pages that say so."""

    name: str
    title: str
    dimensions: Mapping[str, Mapping[str, str]]
    pages: Mapping[str, Page]  # by dimension

    def demand(self, dimension: str, ids: Iterable[str] = ()) -> Mapping[str, str]:
        """The dimension's ids; raises ``NotOffered`` where it is not there, or one of ``ids`` is not, or not twice."""
        if dimension not in self.dimensions:
            raise NotOffered(SOURCE_ID, self.name, "dimension", dimension, {name: f"{len(ids)} ids" for name, ids in self.dimensions.items()})
        offered, seen = self.dimensions[dimension], set()
        for code in ids:
            if code not in offered or code in seen:
                raise NotOffered(SOURCE_ID, self.name, f"second {dimension}" if code in seen else dimension, code, offered)
            seen.add(code)
        return offered


@dataclass(frozen=True)
class Period:
    first: int
    last: int

    @property
    def label(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True)
class Axis:
    """A dimension of which several ids are asked, beside our words for them. Without a dimension: one word that holds for every row.

    ``plain`` is the form in which ids are compared.
    """

    dimension: str | None
    words: Sequence[Any]
    ids: Sequence[str]
    plain: Callable[[str], str] = str

    @property
    def field(self) -> str:
        return field_of(self.dimension)

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {self.plain(code): at for at, code in enumerate(self.ids)}

    def place(self, found: str | int) -> int | None:
        return self.places.get(self.plain(str(found)))


@dataclass(frozen=True)
class Asked:
    """A question in ids that are known to be there. A cell's place is counted over the four axes, ages running fastest."""

    topic: str
    title: str
    fixed: Mapping[str, str]  # dimension → id, `matt` among them
    areas: Axis
    periods: Axis
    sexes: Axis
    ages: Axis
    marks: Mapping[str, str]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (self.areas, self.periods, self.sexes, self.ages)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis.words) for axis in self.axes)

    def of_areas(self, start: int, stop: int) -> "Asked":
        """The same for some of the areas."""
        return replace(self, areas=replace(self.areas, words=self.areas.words[start:stop], ids=self.areas.ids[start:stop]))


def build_question(topic: Topic, query: Query, areas: Sequence[str], years: Iterable[int]) -> Asked:
    """``query`` for those of ``areas`` (SCB's codes) and of the periods ending in ``years`` that the topic has.

    Raises ``NotOffered``, ``NotFixed``.
    """
    regions = _read_regions(topic, query.region)
    fixed = {**query.fixed, "matt": query.matt}
    ages = Axis(query.age.dimension, list(query.age.groups), list(query.age.groups.values())) if query.age else Axis(None, ["total"], [""])
    sexes = Axis("kon", list(query.sexes), list(query.sexes.values())) if query.sexes else Axis(None, ["total"], [""])
    for dimension, ids in [*((name, [code]) for name, code in fixed.items()), *((axis.dimension, axis.ids) for axis in (sexes, ages))]:
        if dimension:
            topic.demand(dimension, ids)
    for dimension, offered in topic.dimensions.items():
        if dimension not in {*fixed, query.region, "ar", sexes.dimension, ages.dimension}:
            if len(offered) != 1:
                raise NotFixed(topic.name, dimension, offered)
            fixed[dimension] = next(iter(offered))
    known = [area for area in dict.fromkeys(areas) if area in regions]
    if not known:
        raise NotOffered(SOURCE_ID, topic.name, query.region, first_of(areas), regions)
    periods = _choose_periods(topic, set(years))
    title = f"{topic.title}: " + ", ".join(topic.dimensions[name][code] for name, code in fixed.items())
    return Asked(
        topic.name,
        title,
        fixed,
        Axis(query.region, known, [regions[area] for area in known], area_code_of),
        Axis("ar", list(periods.values()), list(periods)),
        sexes,
        ages,
        query.marks,
    )


def _read_regions(topic: Topic, dimension: str) -> dict[str, str]:
    """SCB's code → the topic's id, which is a number here and a text with its zero there: 0, "04", 180."""
    regions: dict[str, str] = {}
    for code in topic.demand(dimension):
        if (area := area_code_of(code)) in regions:
            raise MalformedAnswer(SOURCE_ID, topic.name, topic.pages[dimension], dimension, f"{regions[area]} and {code}", "one id for each area")
        regions[area] = code
    return regions


def _choose_periods(topic: Topic, years: set[int]) -> dict[str, Period]:
    """The ids of `ar` that end in ``years``; single years where the topic has both these and spans of years, which would overlap."""
    periods = {}
    for code in topic.demand("ar"):
        found = _PERIOD.fullmatch(code)
        if not found or found[1] > (found[2] or found[1]):
            raise MalformedAnswer(SOURCE_ID, topic.name, topic.pages["ar"], "ar", code, "a year, or two years as 1995-1997")
        periods[code] = Period(int(found[1]), int(found[2] or found[1]))
    chosen = {code: period for code, period in periods.items() if period.last in years}
    if not chosen:
        raise NotOffered(SOURCE_ID, topic.name, "ar", first_of(sorted(years)), topic.dimensions["ar"])
    shortest = min(period.last - period.first for period in chosen.values())
    return {code: period for code, period in chosen.items() if period.last - period.first == shortest}


def area_code_of(region: str) -> str:
    """SCB's code for a region's id, which may have lost its zero: 0 → 00, 4 → 04, 180 → 0180."""
    return region.zfill(2 if len(region) <= 2 else 4) if region.isascii() and region.isdigit() else region


def field_of(dimension: str) -> str:
    return dimension if dimension == "ar" else f"{dimension}Id"


def first_of(items: Sequence[Any]) -> str:
    return ", ".join(map(str, items[:5])) + ("…" if len(items) > 5 else "")
