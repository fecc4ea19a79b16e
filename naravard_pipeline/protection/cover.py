"""What must be hidden of the observations: small counts, and as few others as keep them unknown.

Here: the whole way from observations to hidden rows: which components there are, what each row is worth, and the attack on the result before it is
believed. Not here: the equations (relations), the optimisation (component), what publication asks (attacker).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from naravard_pipeline.protection.attacker import Figure, elementary_areas, find_narrow
from naravard_pipeline.protection.cells import KEY, Cells, Count, counts_of, read_cells
from naravard_pipeline.protection.component import EXACT, Component, Covering
from naravard_pipeline.protection.knowledge import Knowledge, Unprotectable
from naravard_pipeline.protection.relations import Geography, Relation, RelationBuilder

HIDDEN_COLUMNS = [*KEY, "suppression", "reason"]


@dataclass(frozen=True)
class Protection:
    """``hidden``: one row per hidden observation, ``HIDDEN_COLUMNS``; ``suppression`` primary or secondary, ``reason`` one of small_count, withheld,
    small_denominator, follows, protects, remembered. ``coverings``: one per component in which anything was hidden."""

    hidden: pd.DataFrame
    coverings: list[Covering]


def protect(
    observations: pd.DataFrame,
    derivations: pd.DataFrame,
    areas: Sequence[tuple[str, str, str | None]],
    members: Sequence[tuple[str, str]],
    remembered: pd.DataFrame | None = None,
    shown_before: pd.DataFrame | None = None,
    alternatives: pd.DataFrame | None = None,
    *,
    secondary: bool = True,
    exact: int = EXACT,
) -> Protection:
    """Hide as little as is needed. ``observations``, ``derivations``, ``remembered``: see ``cells.read_cells``.
    ``alternatives``: see ``cells.read_totals``.

    ``areas``: (area_code, area_type, parent_code). ``members``: (group, area_code) of county parts. ``shown_before``: ``KEY`` and ``value`` of what
    earlier releases showed; a row that says the same again protects nobody by going now. ``secondary`` False leaves the second step out, for tests.
    Raises ``Unprotectable`` with a sentence where there is no safe choice.
    """
    geography, elements = Geography.read(areas, members), elementary_areas(areas, members)
    cells = read_cells(observations, derivations, remembered, alternatives)
    table = cells.table
    newest = table.groupby("measure_id")["end"].transform("max") == table["end"]
    costs = _costs(cells, newest)
    public = _said_again(table, shown_before)
    must = set(table.index[table["is_primary"] | table["is_remembered"]])
    hidden, said, coverings = set(must), set(table.index[table["is_primary"]]), []
    for rows in cells.blocks():
        block = _Block(rows, cells, geography, elements, costs, must)
        if secondary:
            found = block.cover(public, exact)
            coverings += found
            hidden |= {row for covering in found for row in covering.rows}
        said -= block.not_said
    followers = {row for row, of in cells.follows.items() if hidden.intersection(of)}
    said |= {row for row in followers if said.intersection(cells.follows[row])}
    return Protection(_hidden_table(table, hidden | followers, said, followers), coverings)


class _Block:
    """The rows of one block with their relations, cut into components."""

    def __init__(
        self,
        rows: pd.DataFrame,
        cells: Cells,
        geography: Geography,
        elements: Mapping[str, frozenset[str]],
        costs: Mapping[int, float],
        must: set[int],
    ):
        self.rows, self._elements, self._combined, self._totals = rows, elements, cells.combined, cells.totals
        self._costs, self._must = costs, must
        self.counts = counts_of(rows)
        self.relations = RelationBuilder(self.counts, geography, cells.combined, cells.totals).build()
        # Saying that a sum is small would tell of its parts, none of which is nought: it is hidden as any other.
        self._said = [c.is_small for c in self.counts]
        for relation in self.relations:
            if sum(1 for i, c in relation.terms if c < 0 and self.counts[i].value > 0) >= 2:
                self._said[relation.whole] = False

    @property
    def not_said(self) -> set[int]:
        """Rows with a small count of which it is not said that they are small."""
        return {c.row for c in self.counts if c.is_small} - {c.row for c, said in zip(self.counts, self._said, strict=True) if said}

    def cover(self, public: set[int], exact: int) -> list[Covering]:
        concerned = [n for n in self._components() if any(self.counts[i].row in self._must for i in n)]
        components = [self._component(n, public, exact) for n in concerned]
        found = [component.cover() for component in components]
        # The attacker knows none of the equations above: he has his own. What he finds, counts.
        while narrow := self._attack({row for covering in found for row in covering.rows}):
            for at, own in enumerate(concerned):
                if narrow.intersection(self.counts[i].row for i in own):
                    if not components[at].refuse(found[at].rows):
                        self._say_less(own)
                        components[at] = self._component(own, public, exact)
                    found[at] = components[at].cover()
        return found

    def _say_less(self, numbers: np.ndarray) -> None:
        """Of the largest that are said to be small it is no longer said: the wider a sum, the more that tells of others."""
        said = [i for i in numbers if self._said[i]]
        if not said:
            raise Unprotectable(self._sentence({self.counts[i].row for i in numbers if self.counts[i].is_small}))
        largest = max(self.counts[i].value for i in said)
        for i in said:
            self._said[i] &= self.counts[i].value < largest

    def _components(self) -> Iterable[np.ndarray]:
        first_of: dict[int, int] = {}
        pairs = [(i, relation.terms[0][0]) for relation in self.relations for i, _ in relation.terms]
        pairs += [(i, first_of.setdefault(c.row, i)) for i, c in enumerate(self.counts) if c.row is not None]
        size = len(self.counts)
        graph = csr_array((np.ones(len(pairs)), tuple(np.array(pairs).T)), shape=(size, size))
        total, label = connected_components(graph, directed=False)
        return [np.flatnonzero(label == n) for n in range(total)]

    def _component(self, numbers: np.ndarray, public: set[int], exact: int) -> Component:
        place = {int(i): n for n, i in enumerate(numbers)}
        counts = [self.counts[i] for i in place]
        relations = [
            Relation(tuple((place[i], c) for i, c in r.terms), r.difference, place[r.whole], r.is_open)
            for r in self.relations
            if r.terms[0][0] in place
        ]
        must = frozenset(c.row for c in counts if c.row in self._must)
        while True:
            said = [self._said[i] for i in place]
            # What is in others' hands already may leave no safe choice: that is for a person to weigh, not a reason to show more. Nor is an equation
            # that does not even hold; what an attacker makes of that, the attack tells.
            for kept in [_fixed(counts, public - must), counts] if public else [counts]:
                for known in (relations, [r for r in relations if abs(r.difference) < 0.5]):
                    with suppress(Unprotectable):
                        return Component(kept, Knowledge(kept, known, said), must, self._costs, exact)
            self._say_less(numbers)

    def _attack(self, hidden: set[int]) -> set[int]:
        """The rows that the attacker finds out; he has all rows before him, also those that no equation above names."""
        counts = [c for c in self.counts if c.row is not None]
        said = {c.row for c, said in zip(self.counts, self._said, strict=True) if said}
        several = {row for row, count in Counter(c.row for c in counts).items() if count > 1}
        zeros = self.rows["hides_zero"]
        reporting: dict[tuple, set[str]] = {}
        for c in counts:
            if not c.is_sum:
                reporting.setdefault((c.quantity, c.place[1:]), set()).add(c.place[0])
        figures = [
            Figure(
                c.quantity,
                c.place,
                None if c.row in hidden else c.value,
                c.threshold,
                0.0 if c.row in several or zeros[c.row] else 1.0,
                c.row in said and c.row not in several,
                c.row,
                within=self._elements[c.place[0]] & reporting.get((c.quantity, c.place[1:]), set()) if c.is_sum else None,
            )
            for c in counts
        ]
        return {f.row for f in find_narrow(figures, self._elements, self._combined, self._totals)}

    def _sentence(self, rows: set[int]) -> str:
        row = self.rows.loc[min(rows)]
        where = f"{row.measure_id}, area {row.area_code}, {pd.Timestamp(row.period_start):%Y-%m-%d} to {pd.Timestamp(row.period_end):%Y-%m-%d}"
        return (
            f"A small count can be computed whatever is hidden beside it ({where}). Ask the sender to look at that period, or set the "
            f"measure's status to draft until it is clear; nothing is published before."
        )


def _fixed(counts: Sequence[Count], public: set[int]) -> list[Count]:
    return [c if c.row not in public else Count(**{**vars(c), "is_fixed": True}) for c in counts]


def _costs(cells: Cells, newest: pd.Series) -> dict[int, float]:
    """Rows lost, with those that follow; among equals first what tells least: not the county, the total, the newest period, the many."""
    table = cells.table
    lost = pd.Series(1.0, index=table.index)
    for of in cells.follows.values():
        lost.loc[of] += 1
    wide = table["area_code"].str.len().map({2: 1.0, 4: 0.0}).fillna(0.5)
    total = (table["sex"] == "total") * 0.5 + (table["age_group"] == "total") * 0.25
    size = table[[f"own_{p}" for p in ("value", "numerator", "answers")]].max(axis=1).rank(pct=True).fillna(0) * 0.1
    importance = (wide + total + newest * 0.25 + size) / 2.2
    return dict(zip(table.index, lost + importance / (EXACT + 1), strict=True))


def _said_again(table: pd.DataFrame, shown_before: pd.DataFrame | None) -> set[int]:
    if shown_before is None or not len(shown_before):
        return set()
    before = shown_before[[*KEY, "value"]].copy()
    now = table[[*KEY, "value"]].copy()
    for dates in ("period_start", "period_end"):
        for frame in (before, now):
            frame[dates] = pd.to_datetime(frame[dates]).to_numpy().astype("datetime64[D]").astype("int64")
    both = now.reset_index().merge(before.drop_duplicates(), on=KEY, suffixes=("", "_before"))
    return set(both.loc[np.isclose(both["value"], both["value_before"]), "index"])


def _hidden_table(table: pd.DataFrame, hidden: set[int], said: set[int], followers: set[int]) -> pd.DataFrame:
    result = table.loc[sorted(hidden), KEY].copy()
    rows = table.loc[result.index]
    small = rows[[c for c in table if c.startswith("small_")]].any(axis=1)
    result["suppression"] = ["primary" if i in said else "secondary" for i in result.index]
    reasons = [rows["is_withheld"], small, rows["is_primary"], result.index.isin(list(followers)), rows["is_remembered"]]
    result["reason"] = np.select(reasons, ["withheld", "small_count", "small_denominator", "follows", "remembered"], "protects")
    return result.sort_values(KEY).reset_index(drop=True)[HIDDEN_COLUMNS]
