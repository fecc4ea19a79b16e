"""The smallest set of further rows that keeps the small counts of one component unknown.

Here: the optimisation. Not here: what can be known (knowledge), which components there are and what their rows are worth (cover).

Method: the master programme chooses rows at least cost under the inequalities found so far; each choice is tried on every small count, at both ends
of its range; what fails becomes a further inequality. Each inequality holds for every safe choice, so no safe choice costs less than the master's
(Fischetti & Salazar-González 2000). Preferred to one programme with two witness worlds per small count because its size does not grow with them.
A choice that fails is made safe greedily, which gives more inequalities and a choice to compare with; done when none with fewer rows can exist and,
within ``_ROUNDS``, none as large that tells less. A component of more than ``EXACT`` counts takes the best choice of ``_ROUNDS``; the last master and
its relaxation tell how far that is from the cheapest at most. Nothing depends on a clock, so the same figures always hide the same rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from naravard_pipeline.protection.cells import Count
from naravard_pipeline.protection.knowledge import Cut, Knowledge

EXACT = 200  # counts; above, greedy
_ROUNDS = 6  # masters solved to the last before the smallest number of rows is enough
_NODES = 100_000  # of one master's search; a component that needs more is taken greedily


@dataclass(frozen=True)
class Covering:
    """``rows`` to hide, those that had to be included; ``cost`` of the further ones; ``bound``: no safe choice costs less, equal if exact."""

    rows: frozenset[int]
    cost: float
    bound: float
    counts: int


class Component:
    """``must``: rows that are hidden anyway. ``costs``: row → what is lost with it. Raises ``Unprotectable`` where there is no safe choice."""

    def __init__(self, counts: Sequence[Count], knowledge: Knowledge, must: frozenset[int], costs: Mapping[int, float], exact: int = EXACT):
        self._rows = np.array([-1 if c.row is None else c.row for c in counts])
        self._knowledge, self._must, self._costs = knowledge, must, costs
        self._cuts: list[Cut] = []
        self._is_exact = len(counts) <= exact
        may = {c.row for c in counts if c.row is not None} - {c.row for c in counts if c.is_fixed and c.row not in must}
        self._may = frozenset(may)
        widest = self._hidden(self._may)
        small = [i for i, c in enumerate(counts) if c.is_small and c.threshold - 1 > c.low]
        self._demands = [knowledge.demand(i, widest) for i in small]
        self._always = self._hidden(must)

    def cover(self) -> Covering:
        """The rows to hide, ``must`` among them."""
        if not self._try(self._must):
            return Covering(self._must, 0.0, 0.0, len(self._rows))
        first = self._make_safe(self._must)
        best, rounds, bound = first, 0, 0.0
        while self._is_exact or rounds < _ROUNDS:
            rounds += 1
            cost = self._cost(best)
            found = self._cheapest(0.0 if rounds <= _ROUNDS else 0.4 / cost)
            if found is None:
                break
            chosen, bound = found
            if bound > cost - 1e-6 or (rounds > _ROUNDS and bound > int(cost) - 1 + int(cost) / (EXACT + 1)):
                return Covering(best, cost, bound, len(self._rows))
            if not self._try(self._must | chosen):
                best = self._must | chosen
            else:
                safe = self._make_safe(self._must | chosen)
                # Needless rows matter only where this may end: with a choice that is good enough, not with the master's.
                safe = self._without_needless(safe) if rounds >= _ROUNDS else safe
                best = min(best, safe, key=lambda rows: (self._cost(rows), sorted(rows)))
        # From many rows to few is often the better way; from which is not known before.
        best = min((self._without_needless(rows) for rows in {first, best}), key=lambda rows: (self._cost(rows), sorted(rows)))
        return Covering(best, self._cost(best), max(bound, self._relaxed()), len(self._rows))

    def refuse(self, rows: frozenset[int]) -> bool:
        """``rows`` are not enough for a reason outside the programme, and neither is any part of them. False where there is no more to hide."""
        more = self._may - rows
        if more:
            self._cuts.append(Cut(dict.fromkeys(sorted(more), 1.0), 1.0))
        return bool(more)

    def _hidden(self, rows: frozenset[int]) -> np.ndarray:
        return np.isin(self._rows, sorted(rows)) | (self._rows == -1)  # a sum without a row is shown nowhere

    def _try(self, rows: frozenset[int]) -> bool:
        """Whether ``rows`` fail; why, is added to the cuts. What a cut that is known already forbids need not be tried."""
        if any(sum(g for r, g in cut.gains.items() if r in rows) < cut.need * (1 - 1e-9) for cut in self._cuts):
            return True
        found = self._knowledge.cuts(self._demands, self._hidden(rows), self._always)
        self._cuts += found
        return bool(found)

    def _matrix(self) -> tuple[list[int], csr_array]:
        """The rows that any cut names, and one line per cut, each ≥ 1."""
        rows = sorted({r for cut in self._cuts for r in cut.gains})
        column = {r: n for n, r in enumerate(rows)}
        at = [(n, column[r], g / cut.need) for n, cut in enumerate(self._cuts) for r, g in cut.gains.items()]
        data, where = [g for *_, g in at], ([n for n, *_ in at], [c for _, c, _ in at])
        return rows, csr_array((data, where), shape=(len(self._cuts), len(rows)))

    def _cheapest(self, gap: float) -> tuple[frozenset[int], float] | None:
        """The cheapest rows that satisfy every cut, within ``gap`` of it, and what none costs less than. None where the search gave up."""
        rows, matrix = self._matrix()
        result = milp(
            [self._costs[r] for r in rows],
            integrality=np.ones(len(rows)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, 1 - 1e-9, np.inf),
            options={"node_limit": _NODES, "mip_rel_gap": gap},
        )
        if result.status:
            return None
        return frozenset(r for r, x in zip(rows, result.x, strict=True) if x > 0.5), float(result.mip_dual_bound)

    def _relaxed(self) -> float:
        if not self._cuts:
            return 0.0
        rows, matrix = self._matrix()
        result = linprog([self._costs[r] for r in rows], A_ub=-matrix, b_ub=-np.ones(len(self._cuts)), bounds=(0, 1), method="highs")
        return float(result.fun)

    def _cost(self, rows: frozenset[int]) -> float:
        return sum(self._costs[r] for r in rows - self._must)

    def _make_safe(self, rows: frozenset[int]) -> frozenset[int]:
        """``rows`` and those that give most for their cost, until all is safe."""
        while self._try(rows):
            for cut in self._cuts:
                need = cut.need * (1 - 1e-9) - sum(g for r, g in cut.gains.items() if r in rows)
                left = {r: g for r, g in cut.gains.items() if r not in rows}
                while need > 0:
                    best = min(left, key=lambda r: (self._costs[r] / min(left[r], need), r))
                    need -= left.pop(best)
                    rows |= {best}
        return rows

    def _without_needless(self, rows: frozenset[int]) -> frozenset[int]:
        for row in sorted(rows - self._must, key=lambda r: (-self._costs[r], r)):
            if not self._try(rows - {row}):
                rows -= {row}
        return rows
