"""Which codes of a PxWeb table answer a measure's query, and what they mean there.

Belongs here: the query and the table's description, held against each other. Does not: asking (``pxweb_calls``, ``pxweb1``, ``pxweb2``), what
the cells become (``pxweb_cells``).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import product
from typing import Any, Protocol

from naravard_pipeline.connectors.answer import FetchError, Page
from naravard_pipeline.connectors.pxweb_cells import Meaning, Period, read_period

Selection = dict[str, list[str]]  # variable → codes; a variable that is not in it is left out, which gives its total


class Dimension(Protocol):
    dimension: str


class AreaDimension(Dimension, Protocol):
    prefix: str
    suffix: str
    codes: Mapping[str, str]  # SCB's code → the table's, where it is neither SCB's nor follows from prefix and suffix


class PeriodDimension(Dimension, Protocol):
    latest: int | None


class CodedDimension(Dimension, Protocol):
    @property
    def codes(self) -> Mapping[str, str | None]: ...


class AgeDimension(Dimension, Protocol):
    groups: Mapping[str, Sequence[str]]


class TableQuery(Protocol):
    """What is asked of a table; the catalogue's ``PxWebQuery`` has these fields and their meaning."""

    table: str
    area: AreaDimension
    period: PeriodDimension
    sex: CodedDimension | None
    age: AgeDimension | None
    contents: CodedDimension | None
    fixed: Mapping[str, str]
    marks: Mapping[str, str]


@dataclass(frozen=True)
class Variable:
    """``text`` and ``texts`` (code → text) are the service's words for people; empty where it has none."""

    codes: Sequence[str]
    can_be_left_out: bool
    text: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """What the service says of a table. ``metadata`` is what is worth keeping of it."""

    page: Page
    variables: Mapping[str, Variable]
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TableName:
    """A table in a service's own list. ``table`` is what a query calls it."""

    table: str
    title: str
    updated: str | None = None


class QueryMismatch(FetchError):
    """The table does not have what the query asks for: the query is wrong, or the table has changed."""

    reason_sv = "Källans tabell har inte det som måttet frågar efter"


def plan_questions(
    source_id: str, query: TableQuery, table: Table, areas: Sequence[str], years: Collection[int]
) -> Iterator[tuple[Meaning, Selection]]:
    """What is asked and what its codes mean. A total that is got by leaving a variable out is a question of its own.

    Raises ``QueryMismatch`` where the table does not have what the query names.
    """
    plan = _Plan(source_id, query, table)
    chosen_areas, chosen_periods = plan.choose_areas(areas), plan.choose_periods(years)
    sexes = {sex: [] if code is None else [code] for sex, code in query.sex.codes.items()} if query.sex else {"total": []}
    ages = plan.choose_ages()
    contents = dict(query.contents.codes) if query.contents else {}
    plan.demand("sex", query.sex, [code for codes in sexes.values() for code in codes])
    plan.demand("contents", query.contents, contents.values())
    for name, code in query.fixed.items():
        plan.demand_codes(f"fixed.{name}", name, [code])
    for some_sexes, some_ages in product(_apart(sexes), _apart(ages)):
        selection = {query.area.dimension: list(chosen_areas), query.period.dimension: list(chosen_periods)}
        for part, codes in ((query.sex, some_sexes), (query.age, some_ages)):
            if part and any(codes.values()):
                selection[part.dimension] = list(dict.fromkeys(code for group in codes.values() for code in group))
        if query.contents:
            selection[query.contents.dimension] = list(contents.values())
        selection |= {name: [code] for name, code in query.fixed.items()}
        plan.demand_all_chosen(selection)
        yield (
            Meaning(
                query.area.dimension,
                chosen_areas,
                query.period.dimension,
                chosen_periods,
                query.sex and query.sex.dimension,
                some_sexes,
                query.age and query.age.dimension,
                some_ages,
                query.contents and query.contents.dimension,
                contents,
            ),
            selection,
        )


def _apart(groups: Mapping[str, Sequence[str]]) -> list[dict[str, Sequence[str]]]:
    """Those whose codes are selected, and those that come from selecting nothing."""
    selected, left_out = {g: c for g, c in groups.items() if c}, {g: c for g, c in groups.items() if not c}
    return [part for part in (selected, left_out) if part]


class _Plan:
    """The table's side of a query: what it has of what is asked for."""

    def __init__(self, source_id: str, query: TableQuery, table: Table):
        self._source_id, self._query, self._table = source_id, query, table

    def choose_areas(self, areas: Sequence[str]) -> dict[str, str]:
        """The table's code → SCB's, for the areas that the table has; not every table has every municipality."""
        part = self._query.area
        known = self._known("area.dimension", part.dimension)
        written = {part.codes.get(area, f"{part.prefix}{area}{part.suffix}"): area for area in areas}
        chosen = {code: area for code, area in written.items() if code in set(known)}
        if not chosen:
            raise self._mismatch("area", next(iter(written), ""), known)
        return chosen

    def choose_periods(self, years: Collection[int]) -> dict[str, Period]:
        part = self._query.period
        periods = {code: read_period(code) for code in self._known("period.dimension", part.dimension)}
        if strange := [code for code, period in periods.items() if period is None]:
            raise self._error(f"period: {strange[0]!r} is no period that can be read (2024, 2021-2024, 2024M03, 2024K1)")
        chosen = {code: period for code, period in periods.items() if period.end.year in years}
        if not chosen:
            raise self._error(f"period: the table has no period that ends in {min(years)}-{max(years)}; it has {', '.join(list(periods)[-6:])}")
        newest = sorted(chosen, key=lambda code: chosen[code].end)[-part.latest :] if part.latest else chosen
        return {code: period for code, period in chosen.items() if code in newest}

    def choose_ages(self) -> dict[str, Sequence[str]]:
        """Our age groups and the codes that make them; a range of years that is no code itself is its one-year classes, every one."""
        part = self._query.age
        if part is None:
            return {"total": []}
        known = self._known("age.dimension", part.dimension)
        return {group: [code for item in items for code in self._codes_of_age(group, item, known)] for group, items in part.groups.items()}

    def _codes_of_age(self, group: str, item: str, known: Sequence[str]) -> Sequence[str]:
        if item in known:
            return [item]
        asked = re.fullmatch(r"(\d{1,3})-(\d{1,3})?", item)
        if not asked:
            raise self._mismatch(f"age.groups.{group}", item, known)
        classes = {int(code.rstrip("+")): code for code in sorted(known, reverse=True) if re.fullmatch(r"\d{1,3}\+?", code)}  # 85 before 85+
        first, last = int(asked[1]), int(asked[2]) if asked[2] else max(classes, default=0)
        codes = [classes.get(age) for age in range(first, last + 1)]
        is_open = [bool(code) and code.endswith("+") for code in codes]
        if not codes or None in codes or any(is_open[:-1]) or is_open[-1] != (asked[2] is None):
            raise self._error(f"age.groups.{group}: the table does not have each one-year class of {item}; name its codes: {', '.join(known[:12])} …")
        return codes

    def demand(self, name: str, part: Dimension | None, codes: Iterable[str]) -> None:
        if part:
            self.demand_codes(name, part.dimension, codes)

    def demand_codes(self, place: str, dimension: str, codes: Iterable[str]) -> None:
        known = self._known(place, dimension)
        for code in codes:
            if code not in known:
                raise self._mismatch(place, code, known)

    def demand_all_chosen(self, selection: Selection) -> None:
        for name, variable in self._table.variables.items():
            if name not in selection and not variable.can_be_left_out:
                some = ", ".join(variable.codes[:12])
                raise self._error(f"the table's variable {name!r} cannot be left out; name it under query.fixed with one of its codes: {some}")

    def _known(self, place: str, dimension: str) -> Sequence[str]:
        if dimension not in self._table.variables:
            raise self._mismatch(place, dimension, self._table.variables)
        return self._table.variables[dimension].codes

    def _mismatch(self, place: str, found: str, known: Collection[str]) -> QueryMismatch:
        hint = get_close_matches(found, known, n=1)
        has = f"did you mean {hint[0]!r}?" if hint else f"it has {', '.join(list(known)[:12])}{' …' if len(known) > 12 else ''}"
        return self._error(f"{place}: there is {found!r}, which the table does not have; {has}")

    def _error(self, what: str) -> QueryMismatch:
        return QueryMismatch(f"{self._source_id}: {self._query.table}: query.{what}", pages=[self._table.page])
