"""The attacker: what somebody finds out about hidden counts who has nothing but the tables, a map and a calendar.

Here: his calculation. It shares no equation with the protector: every figure, shown or hidden, is to him a sum over the smallest groups of people
that the tables tell apart (a municipality × a sex × an age × a stretch of time), of which he knows only that none is below nought. So he finds every
way to add and subtract, not only those that somebody thought of. Not here: where his figures come from (published).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_array, csr_array, hstack, identity, vstack
from scipy.sparse.csgraph import connected_components

from naravard_pipeline.protection.programme import Programme

TOLERANCE = 1e-6
_SEXES = {"total": ("women", "men"), "women": ("women",), "men": ("men",)}
_OLDEST = 999

Quantity = tuple[str, str]
Combined = Mapping[str, tuple[list[str], float]]
Totals = Mapping[Quantity, list[str]]
NO_TOTALS: Totals = {}
Span = tuple[int, int]
Place = tuple[str, Span, str, str, str]


@dataclass(frozen=True)
class Figure:
    """A count in a table. ``value`` None: it is hidden, and is at least ``low``; if ``said_small``, also below ``threshold``. ``row``: whose it is.

    ``is_guess``: not from this table but from another release; believed unless it contradicts the table. ``within``: the smallest areas that it is
    the sum of, where these are not all that its area has.
    """

    quantity: Quantity
    place: Place
    value: float | None
    threshold: float
    low: float
    said_small: bool
    row: object
    is_guess: bool = False
    within: frozenset[str] | None = None

    @property
    def high(self) -> float:
        return self.threshold - 1 if self.said_small else np.inf


def elementary_areas(areas: Iterable[tuple[str, str, str | None]], members: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Area → the areas it consists of that consist of no others. ``areas``: (area_code, area_type, parent_code); ``members``: (group, area)."""
    areas = list(areas)
    inside: dict[str, set[str]] = {}
    for code, kind, parent in areas:
        if kind != "county_part" and isinstance(parent, str):
            inside.setdefault(parent, set()).add(code)
    parts = {code for code, kind, _ in areas if kind == "county_part"}
    for group, member in members:
        if group in parts:
            inside.setdefault(group, set()).add(member)

    def elements(code: str) -> frozenset[str]:
        return frozenset().union(*(elements(c) for c in inside[code])) if code in inside else frozenset([code])

    return {code: elements(code) for code, _, _ in areas}


def find_narrow(figures: Sequence[Figure], elements: Mapping[str, frozenset[str]], combined: Combined, totals: Totals = NO_TOTALS) -> list[Figure]:
    """The hidden figures that are known too well: a small count, to less than the range from ``low`` to ``threshold`` - 1.

    ``combined``: measure → (parts, factor), a count that is the sum of theirs; its figures come times the factor.
    ``totals``: the numerator or denominator of a share → the measures whose counts it is the sum of.
    """
    return [f for programme in _programmes(figures, elements, combined, totals) for f in programme.narrow()]


def find_ranges(
    figures: Sequence[Figure], elements: Mapping[str, frozenset[str]], combined: Combined, totals: Totals = NO_TOTALS
) -> list[tuple[Figure, float, float]]:
    """Each hidden figure about which the shown ones say anything, with the lowest and highest value that it may have."""
    return [found for programme in _programmes(figures, elements, combined, totals) for found in programme.ranges()]


def _programmes(
    figures: Sequence[Figure], elements: Mapping[str, frozenset[str]], combined: Combined, totals: Totals = NO_TOTALS
) -> Iterator["_Programme"]:
    """One programme per set of figures that have to do with each other, where it has a hidden figure and any other."""
    matrix = _matrix(figures, elements)
    sums = _sums(figures, matrix, combined, totals)
    together = vstack([matrix, sums])
    # Figures and equations on one side, groups on the other: what hangs together there is one programme.
    _, label = connected_components(block_array([[None, together], [together.T, None]], format="csr"), directed=False)
    label = label[together.shape[0] :]
    groups: dict[int, list[int]] = {}
    for i in range(len(figures)):
        groups.setdefault(label[matrix.indices[matrix.indptr[i]]], []).append(i)
    columns_of = np.split(np.argsort(label, kind="stable"), np.cumsum(np.bincount(label))[:-1])
    for component, rows in sorted(groups.items()):
        if len(rows) > 1 and any(figures[i].value is None for i in rows):
            columns = columns_of[component]
            equations = sums[:, columns]
            yield _Programme([figures[i] for i in rows], matrix[rows][:, columns], equations[abs(equations).sum(axis=1) > 0])


def _matrix(figures: Sequence[Figure], elements: Mapping[str, frozenset[str]]) -> csr_array:
    """One line per figure, one column per smallest group; 1 where the group is within the figure."""
    column: dict[tuple, int] = {}
    lines, columns = [], []
    for quantity in sorted({f.quantity for f in figures}):
        mine = [(n, f) for n, f in enumerate(figures) if f.quantity == quantity]
        ages = {f.place[3] for _, f in mine}
        told_apart = [_ages(a) for a in ages if a != "total" and _ages(a)] or [(0, _OLDEST)]
        everybody = min(s for s, _ in told_apart), max(e for _, e in told_apart)
        years = {a: everybody if a == "total" else _ages(a) for a in ages}
        of_age = _pieces([s for s in years.values() if s])
        of_time = _pieces([f.place[1] for _, f in mine])
        of_area = _classes({_areas(f, elements) for _, f in mine})
        has_sexes = any(f.place[2] != "total" for _, f in mine)
        for n, f in mine:
            _, span, sex, age, _ = f.place
            sexes = _SEXES[sex] if has_sexes else ("total",)
            pieces = of_age[years[age]] if years[age] else (age,)
            for group in product(of_area[_areas(f, elements)], of_time[span], pieces, sexes):
                lines.append(n)
                columns.append(column.setdefault((quantity, *group), len(column)))
    return csr_array((np.ones(len(lines)), (lines, columns)), shape=(len(figures), len(column)))


def _areas(figure: Figure, elements: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return figure.within or elements.get(figure.place[0], frozenset([figure.place[0]]))


def _sums(figures: Sequence[Figure], matrix: csr_array, combined: Combined, totals: Totals) -> csr_array:
    """Equations between figures of different measures, one per line: combined - Σ parts = 0."""
    at = {(f.quantity, f.place): n for n, f in enumerate(figures)}
    lines: list[tuple[int, int, float]] = []
    number = 0
    for n, f in enumerate(figures):
        parts = combined.get(f.quantity[0], ([], 1.0))[0] if f.quantity[1] == "value" else totals.get(f.quantity, [])
        found = [at.get(((p, "value"), f.place)) for p in parts]
        if parts and None not in found:
            lines += [(number, n, 1.0), *((number, p, -1.0) for p in found)]
            number += 1
    of_figure = csr_array(([c for *_, c in lines], ([i for i, *_ in lines], [j for _, j, _ in lines])), shape=(number, len(figures)))
    return csr_array(of_figure @ matrix)


class _Programme:
    """The linear programme over the smallest groups; ``matrix`` says of which each figure is the sum."""

    def __init__(self, figures: Sequence[Figure], matrix: csr_array, sums: csr_array):
        self._figures, self._matrix = figures, csr_array(matrix)
        self._is_hidden = np.array([f.value is None for f in figures])
        self._low = np.array([f.low if f.value is None else f.value for f in figures])
        self._high = np.array([f.high if f.value is None else f.value for f in figures])
        self._kept, self._sums = np.ones(len(figures), dtype=bool), sums
        self._programme = self._build()
        if not self._programme.is_possible():
            self._kept, self._sums = self._believable(), sums[:0]
            self._programme = self._build()

    def ranges(self) -> Iterator[tuple[Figure, float, float]]:
        for n in np.flatnonzero(self._is_hidden):
            (low, _), (high, _) = self._extreme(n, -1), self._extreme(n, 1)
            yield self._figures[n], low, high

    def narrow(self) -> Iterator[Figure]:
        """As ``ranges``, but a world that is possible answers for every figure that it shows to be wide enough."""
        size = len(self._figures)
        lowest, highest = np.full(size, np.inf), np.full(size, -np.inf)
        for n in np.flatnonzero(self._is_hidden):
            figure, wide = self._figures[n], self._figures[n].threshold - (1 if self._figures[n].said_small else 0)
            for sign in (1, -1):
                reached = highest[n] >= wide - TOLERANCE if sign > 0 else lowest[n] <= figure.low + TOLERANCE
                if not reached and (sign > 0 or figure.said_small or highest[n] < wide - TOLERANCE):
                    end, world = self._extreme(n, sign)
                    lowest, highest = np.fmin(lowest, world), np.fmax(highest, world)
                    lowest[n], highest[n] = min(lowest[n], end), max(highest[n], end)
            is_narrow = highest[n] < wide - TOLERANCE
            if figure.said_small:
                is_narrow |= lowest[n] > figure.low + TOLERANCE
            elif is_narrow:  # a sum of several may well be known to be small; not to be less than so many different numbers
                is_narrow = highest[n] > 0 and highest[n] - lowest[n] < figure.threshold - 1 - figure.low - TOLERANCE
            if is_narrow:
                yield figure

    def _build(self) -> Programme:
        """A line per figure that is believed, one per equation; no group has less than nobody."""
        low, high = self._low[self._kept], self._high[self._kept]
        none, groups = np.zeros(self._sums.shape[0]), self._matrix.shape[1]
        lines = csr_array(vstack([self._matrix[self._kept], self._sums]))
        return Programme(lines, np.append(low, none), np.append(high, none), np.zeros(groups), np.full(groups, np.inf))

    def _extreme(self, n: int, sign: int) -> tuple[float, np.ndarray]:
        """The smallest (-1) or largest (1) possible value of a figure, and every figure's value in that world."""
        within = slice(self._matrix.indptr[n], self._matrix.indptr[n + 1])
        answer = self._programme.extreme(self._matrix.indices[within], self._matrix.data[within], sign)
        return answer.value, np.full(len(self._figures), np.nan) if answer.world is None else self._matrix @ answer.world

    def _believable(self) -> np.ndarray:
        """Figures that contradict each other: those are left out that fit worst with all others, wide sums and other releases' figures first."""
        size, groups = self._matrix.shape
        weight = np.array([0.1 if f.is_guess else 1.0 for f in self._figures]) / np.maximum(self._matrix.sum(axis=1), 1)
        weight[self._is_hidden] *= 1000  # that a figure is hidden, and why, is no mistake
        finite = np.isfinite(self._high)
        over, under = identity(size, format="csr"), -identity(size, format="csr")
        result = linprog(
            np.concatenate([np.zeros(groups), weight, weight]),
            A_ub=vstack([hstack([-self._matrix, under, over]), hstack([self._matrix, over, under]).tocsr()[finite]]),
            b_ub=np.append(-self._low, self._high[finite]),
            bounds=(0, None),
            method="highs",
        )
        return result.x[groups : groups + size] + result.x[groups + size :] < TOLERANCE


def _pieces(spans: Sequence[Span]) -> dict[Span, tuple[int, ...]]:
    """Each interval → the starts of the elementary pieces it consists of."""
    borders = sorted({s for s, _ in spans} | {e + 1 for _, e in spans})
    return {(s, e): tuple(b for b in borders if s <= b <= e) for s, e in set(spans)}


def _classes(areas: Collection[frozenset[str]]) -> dict[frozenset[str], tuple[int, ...]]:
    """Each set of elementary areas → numbers of the groups of them that the sets of these tables tell apart."""
    within: dict[str, list[int]] = {}
    for area, elements in enumerate(sorted(set(areas), key=sorted)):
        for element in elements:
            within.setdefault(element, []).append(area)
    number = {group: n for n, group in enumerate(sorted({tuple(g) for g in within.values()}))}
    return {elements: tuple(sorted({number[tuple(within[e])] for e in elements})) for elements in areas}


def _ages(text: str) -> Span | None:
    """Years of age, both included; None where it is no range of years."""
    low, dash, high = text.partition("-")
    if text.endswith("+") and text[:-1].isdigit():
        return int(text[:-1]), _OLDEST
    if low.isdigit() and (not dash or high.isdigit()):
        return int(low), int(high) if dash else int(low)
    return None
