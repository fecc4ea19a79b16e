"""Which counts add up to which: what anybody can calculate with who has the tables before him.

Here: equations between counts. A whole is the sum of its parts by sex, by area, by age, by period, and of the measures it is combined from;
two reporters count the same thing; a window that slides gains one month and loses another. Not here: what follows from them (knowledge).

Sums that no row shows count too where two ways of adding lead to them: the county by its ages is the county by its municipalities. Where a part has
no row, the whole is at least the others; but what was summed here from the rows there are is exactly those. An equation that does not hold in the
figures keeps its difference, as if the attacker knew that too; one that is far from holding is none, since nobody would calculate with it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from naravard_pipeline.protection.cells import Count, Place, Quantity, Span, Totals

LOCAL_REPORTERS = ("region", "municipalities")
ALL_AGES = (0, 999)
_NEAR = 0.1  # a difference up to this share of the whole, or below the threshold, may be a late file or a patient from elsewhere


@dataclass(frozen=True)
class Relation:
    """Σ coefficient × count = ``difference`` over ``terms`` (index of the count, coefficient); ≥ where it ``is_open``: a part is not known."""

    terms: tuple[tuple[int, float], ...]
    difference: float
    whole: int
    is_open: bool = False


@dataclass(frozen=True)
class Geography:
    """``parts``: area → the ways to divide it, each a tuple of areas that together are the whole of it."""

    parts: Mapping[str, tuple[tuple[str, ...], ...]]

    @cached_property
    def ends(self) -> Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]:
        """Area → the areas that it is the last part of, each with all its parts."""
        found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for area, ways in self.parts.items():
            for way in ways:
                found.setdefault(way[-1], []).append((area, way))
        return found

    @classmethod
    def read(cls, areas: Sequence[tuple[str, str, str | None]], members: Sequence[tuple[str, str]]) -> "Geography":
        """``areas``: (area_code, area_type, parent_code). ``members``: (county part, municipality)."""
        types = {code: kind for code, kind, _ in areas}
        children: dict[tuple[str, str], list[str]] = {}
        for code, kind, parent in areas:
            if parent and parent == parent:
                children.setdefault((parent, kind), []).append(code)
        groups: dict[str, list[str]] = {}
        for group, member in members:
            if types.get(group) == "county_part":
                groups.setdefault(group, []).append(member)
        parts = {group: [tuple(sorted(ms))] for group, ms in groups.items()}
        for (parent, kind), codes in sorted(children.items()):
            if kind == "county_part":
                inside = sorted(m for c in codes for m in groups.get(c, ()))
                if inside != sorted(children.get((parent, "municipality"), [])):
                    continue  # they leave some municipality out, or share one
            parts.setdefault(parent, []).append(tuple(sorted(codes)))
        return cls({area: tuple(ways) for area, ways in parts.items()})


class RelationBuilder:
    """The relations between the counts of one block. Gives counts that their sender hid the value that the relations tell."""

    def __init__(self, counts: list[Count], geography: Geography, combined: Mapping[str, tuple[list[str], float]], totals: Totals):
        self.counts, self._geography, self._combined, self._totals = counts, geography, combined, totals
        others = {c.place[4] for c in counts}.difference(LOCAL_REPORTERS)  # an unknown word is for a check to tell, not a way round the protection
        self._who = (*LOCAL_REPORTERS, *sorted(others))
        self._index: dict[tuple[Quantity, Place], int] = {(c.quantity, c.place): i for i, c in enumerate(counts)}
        self._found: dict[tuple[tuple[tuple[int, float], ...], bool], int] = {}  # terms and whether open → the whole
        self._sums: dict[int, list[int]] = {}  # a sum that no row shows → its parts

    def build(self) -> list[Relation]:
        self._add_sums()
        for i in range(len(self.counts)):
            self._sexes(i)
            self._areas(i)
            self._combination(i)
        self._spans(lambda p: (p[0], p[1], p[2], p[4]), lambda p: _ages(p[3]))
        self._spans(lambda p: (p[0], p[2], p[3], p[4]), lambda p: p[1])
        self._windows()
        self._reporters()
        self._drop_needless_sums()
        self._guess_withheld()
        return [r for (terms, is_open), whole in self._found.items() if (r := self._relation(terms, whole, is_open))]

    def _add(self, whole: int, parts: Sequence[int | None]) -> None:
        """``None`` is a part without a row."""
        known = [p for p in parts if p is not None]
        if known and not (whole in self._sums and len(known) < len(parts)):
            terms = tuple(sorted([(whole, 1.0), *((p, -1.0) for p in known)]))
            self._found.setdefault((terms, len(known) < len(parts)), whole)

    def _at(self, quantity: Quantity, place: Place) -> int | None:
        return self._index.get((quantity, place))

    def _add_sums(self) -> None:
        """Wholes without a row of which every part has one, or is such a sum itself. Only of kinds (an area, an age, a span) that some row is of."""
        kinds: dict[Quantity, tuple[set[str], dict[Span, None], dict[str, Span]]] = {}
        for count in self.counts:
            areas, spans, ages = kinds.setdefault(count.quantity, (set(), {}, {}))
            areas.add(count.place[0])
            spans[count.place[1]] = None
            if years := _ages(count.place[3]):
                ages[count.place[3]] = years
        size = 0
        while size < len(self.counts):
            size = len(self.counts)
            for count in self.counts[:size]:
                for whole, parts in self._wholes_of(count.quantity, count.place, *kinds[count.quantity]):
                    found = [self._at(count.quantity, p) for p in parts]
                    if None not in found and all(self._at(count.quantity, (*whole[:4], r)) is None for r in self._who):
                        self._sums[len(self.counts)] = found
                        self._index[count.quantity, whole] = len(self.counts)
                        values = [self.counts[p].value for p in found]
                        self.counts.append(Count(count.quantity, whole, None, None if None in values else sum(values)))

    def _wholes_of(
        self, quantity: Quantity, place: Place, areas: set[str], spans: Collection[Span], ages: Mapping[str, Span]
    ) -> Iterator[tuple[Place, list[Place]]]:
        """The places that this one is the last part of, each with its parts."""
        area, span, sex, age, reporter = place
        if sex == "men":
            yield (area, span, "total", age, reporter), [(area, span, s, age, reporter) for s in ("women", "men")]
        for parent, way in self._geography.ends.get(area, ()):
            if parent in areas:
                yield (parent, span, sex, age, reporter), [(p, span, sex, age, reporter) for p in way]
        for whole in spans:
            if whole[0] <= span[0] and span[1] == whole[1] and span != whole:
                here = [
                    s
                    for s in spans
                    if whole[0] <= s[0] and s[1] <= whole[1] and s != whole and self._at(quantity, (area, s, sex, age, reporter)) is not None
                ]
                for way, is_whole in _fillings(whole, sorted(here)):
                    if is_whole:
                        yield (area, whole, sex, age, reporter), [(area, s, sex, age, reporter) for s in way]
        if age in ages and age != "total":
            told_apart = [years for a, years in ages.items() if a != "total"]
            everybody = min(start for start, _ in told_apart), max(end for _, end in told_apart)
            name = {years: a for a, years in ages.items() if a != "total"}
            here = [y for y, a in name.items() if self._at(quantity, (area, span, sex, a, reporter)) is not None]
            for whole_age, years in ages.items():
                whole = everybody if whole_age == "total" else years
                if whole[1] == ages[age][1] and (whole_age == "total" or whole != ages[age]):
                    inside = sorted(y for y in here if whole[0] <= y[0] and y[1] <= whole[1] and (whole_age == "total" or y != whole))
                    for way, is_whole in _fillings(whole, inside):
                        if is_whole:
                            yield (area, span, sex, whole_age, reporter), [(area, span, sex, name[y], reporter) for y in way]

    def _drop_needless_sums(self) -> None:
        """A sum that only one equation names tells nothing, and without it the components are smaller."""
        while True:
            named = Counter(i for terms, _ in self._found for i, _ in terms if i in self._sums)
            lone = {i for i in named if named[i] == 1}
            if not lone:
                return
            self._found = {key: whole for key, whole in self._found.items() if not lone.intersection(i for i, _ in key[0])}

    def _sexes(self, i: int) -> None:
        quantity, (area, span, sex, age, reporter) = self.counts[i].quantity, self.counts[i].place
        if sex == "total":
            self._add(i, [self._at(quantity, (area, span, s, age, reporter)) for s in ("women", "men")])

    def _areas(self, i: int) -> None:
        quantity, (area, span, sex, age, reporter) = self.counts[i].quantity, self.counts[i].place
        for way in self._geography.parts.get(area, ()):
            if self.counts[i].is_sum:  # what did not report is not in it
                of_parts = [self._at(quantity, (part, span, sex, age, reporter)) for part in way]
                self._add(i, [p for p in of_parts if p is not None])
                continue
            found = []
            for part in way:
                by = {r: self._at(quantity, (part, span, sex, age, r)) for r in self._who}
                found.append({r: c for r, c in by.items() if c is not None})
            for first in sorted({r for by in found for r in by}):  # each reporter's own figures, and another's where it has none
                self._add(i, [by[first] if first in by else next(iter(by.values()), None) for by in found])

    def _combination(self, i: int) -> None:
        (measure, part), place = self.counts[i].quantity, self.counts[i].place
        if measure in self._combined and part == "value":
            self._add(i, [self._at((p, "value"), place) for p in self._combined[measure][0]])
        if (measure, part) in self._totals:
            self._add(i, [self._at((p, "value"), place) for p in self._totals[measure, part]])

    def _spans(self, rest: Callable[[Place], tuple], span_of: Callable[[Place], Span | None]) -> None:
        """Intervals of one dimension: each that others fill, by the finest and by the coarsest that do. A gap is an unknown part."""
        series: dict[tuple, dict[tuple, int]] = {}
        for i, count in enumerate(self.counts):
            if span := span_of(count.place):
                series.setdefault((count.quantity, rest(count.place)), {})[span] = i
        for by_span in series.values():
            if len(by_span) > 1 and len({end - start for start, end in by_span}) > 1:
                spans = sorted(by_span)
                for whole in spans:
                    inside = [s for s in spans if whole[0] <= s[0] and s[1] <= whole[1] and s != whole]
                    for way, is_whole in _fillings(whole, inside):
                        parts = [by_span[s] for s in way]
                        if whole == ALL_AGES:  # a total may be of more ages than are told apart, or of just these
                            is_whole &= sum(self.counts[p].value or 0 for p in parts) == self.counts[by_span[whole]].value
                        self._add(by_span[whole], parts if is_whole else [*parts, None])

    def _windows(self) -> None:
        """A rolling sum and the one before differ by the month that came and the month that went."""
        series: dict[tuple, dict[Span, int]] = {}
        for i, count in enumerate(self.counts):
            series.setdefault((count.quantity, count.place[0], count.place[2:]), {})[count.place[1]] = i
        for by_span in series.values():
            spans = sorted(by_span)
            for earlier, later in pairwise(spans):
                if earlier[0] < later[0] <= earlier[1] < later[1]:
                    went, came = by_span.get((earlier[0], later[0] - 1)), by_span.get((earlier[1] + 1, later[1]))
                    if went is not None and came is not None:
                        terms = [(by_span[later], 1.0), (by_span[earlier], -1.0), (came, -1.0), (went, 1.0)]
                        self._found.setdefault((tuple(sorted(terms)), False), by_span[later])

    def _reporters(self) -> None:
        seen: dict[tuple, int] = {}
        for i, count in enumerate(self.counts):
            first = seen.setdefault((count.quantity, count.place[:4]), i)
            if first != i:
                self._add(first, [i])

    def _guess_withheld(self) -> None:
        """What the sender hid we do not know either; where an equation tells it, that is its value, as it would be the attacker's."""
        for terms, is_open in self._found:
            unknown = [(i, c) for i, c in terms if self.counts[i].value is None]
            if len(unknown) == 1 and not is_open and unknown[0][0] not in self._sums:
                (i, coefficient), count = unknown[0], self.counts[unknown[0][0]]
                told = -sum(c * self.counts[j].value for j, c in terms if j != i) / coefficient
                count.value = min(max(told, count.low), count.threshold - 1) if count.is_small else max(told, count.low)
        for i, count in enumerate(self.counts):  # a sum comes after its parts
            if count.value is None:
                count.value = sum(self.counts[p].value for p in self._sums[i]) if i in self._sums else max(count.low, 1.0)

    def _relation(self, terms: tuple[tuple[int, float], ...], whole: int, is_open: bool) -> Relation | None:
        difference = sum(c * self.counts[i].value for i, c in terms)
        limit = max(self.counts[whole].threshold, _NEAR * self.counts[whole].value)
        if is_open:
            return Relation(terms, min(difference, 0.0), whole, True) if difference >= -limit else None
        return Relation(terms, difference, whole) if abs(difference) <= limit else None


def _ages(text: str) -> Span | None:
    """Years of age, both included; a total is all of them."""
    if text == "total":
        return ALL_AGES
    low, _, high = text.partition("-")
    if low.endswith("+") and low[:-1].isdecimal():
        return (int(low[:-1]), ALL_AGES[1])
    if low.isdecimal() and (not high or high.isdecimal()):
        return (int(low), int(high or low))
    return None


def _fillings(whole: Span, inside: Sequence[Span]) -> Iterator[tuple[list[Span], bool]]:
    """Disjoint intervals within ``whole``, once the shortest and once the longest at each start, and whether they fill it."""
    seen = set()
    if inside and whole == ALL_AGES:  # of a measure about some ages only, the total is those
        whole = (min(start for start, _ in inside), max(end for _, end in inside))
    for sign in (1, -1):
        at, way, is_whole = whole[0], [], True
        for start, end in sorted(inside, key=lambda s: (s[0], sign * s[1])):
            if start >= at:
                is_whole &= start == at
                way.append((start, end))
                at = end + 1
        is_whole &= at == whole[1] + 1
        if way and tuple(way) not in seen:
            seen.add(tuple(way))
            yield way, is_whole
