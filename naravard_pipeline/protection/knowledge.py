"""What somebody who has the tables before him can find out about a hidden count: its smallest and largest possible value, and why.

Here: the attacker's linear programme for a given choice of hidden rows, as the protector sees it, and from its dual the inequality that a better
choice must satisfy. Not here: the choice (cover), the attacker who works from the published tables only (attacker).

Method: Fischetti & Salazar-González, Models and algorithms for optimizing cell suppression in tabular data with linear constraints,
Journal of the American Statistical Association 95 (2000), 916-928: the protection level conditions and the capacity constraints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from naravard_pipeline.protection.cells import Count
from naravard_pipeline.protection.programme import Programme
from naravard_pipeline.protection.relations import Relation

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Cut:
    """Σ gain × (the row is hidden) ≥ ``need``: with fewer hidden, a small count would be known too well. ``gains``: row → gain, at most ``need``, of
    all but those that are hidden in every choice."""

    gains: Mapping[int, float]
    need: float


@dataclass(frozen=True)
class Demand:
    """The range of a small count, ends included, that must stay possible."""

    count: int
    low: float
    high: float


class Unprotectable(ValueError):
    """A small count can be computed whatever is hidden beside it. The sentence names the measure, the place and what to do, and no number."""


class Knowledge:
    """The programme of one component: its counts and the relations between them.

    A hidden count lies in [low, ∞), one that is said to be small in [low, threshold - 1]; a shown one is what it is.
    """

    def __init__(self, counts: Sequence[Count], relations: Sequence[Relation], said_small: Sequence[bool]):
        self.counts, self._said = counts, said_small
        self._values = np.array([c.value for c in counts], dtype=float)
        self._low = np.minimum([c.low for c in counts], self._values)
        high = [c.threshold - 1 if said else np.inf for c, said in zip(counts, said_small, strict=True)]
        self._high = np.maximum(high, self._values)  # a count between 4 and 5 is no count of people, but it may come
        self._rows = np.array([-1 if c.row is None else c.row for c in counts])
        at = [(n, i, c) for n, r in enumerate(relations) for i, c in r.terms]
        data, where = [float(c) for *_, c in at], ([n for n, *_ in at], [i for _, i, _ in at])
        self._matrix = csr_array((data, where), shape=(len(relations), len(self.counts)))
        low = np.array([r.difference for r in relations], dtype=float)
        high = np.where([r.is_open for r in relations], np.inf, low)
        self._programme = Programme(self._matrix, low, high, self._values, self._values)
        self._hidden = np.zeros(len(counts), dtype=bool)

    def demand(self, count: int, hidden: np.ndarray) -> Demand:
        """What can be asked for: the range from the lowest that is possible at all, when ``hidden`` is all that may be hidden.

        Raises ``Unprotectable`` where even then the range is narrower than 1 to threshold - 1 is.
        """
        low = max(self.counts[count].low, self.extreme(count, hidden, -1))
        width = self.counts[count].threshold - 1 - self.counts[count].low
        # Of a sum that is not said to be small, what matters is that it may be large.
        demand = Demand(count, low if self._said[count] else self._values[count], low + width)
        if self.extreme(count, hidden, 1, demand.high) < demand.high - TOLERANCE:
            raise Unprotectable
        return demand

    def extreme(self, count: int, hidden: np.ndarray, sign: int, enough: float = np.inf) -> float:
        """The largest (``sign`` 1) or smallest (-1) possible value; not looked for beyond ``enough``."""
        return self._solve(count, hidden, sign, enough)[0]

    def cuts(self, demands: Sequence[Demand], hidden: np.ndarray, must: np.ndarray) -> list[Cut]:
        """What a better choice must satisfy, for each end of a demand that is not met. A world that is found for one may show another to be met.

        ``must``: the counts that are hidden in every choice.
        """
        worlds: list[np.ndarray] = [self._values]
        return [cut for d in demands for sign in (1, -1) if (cut := self._cut(d, hidden, must, sign, worlds))]

    def _cut(self, demand: Demand, hidden: np.ndarray, must: np.ndarray, sign: int, worlds: list[np.ndarray]) -> Cut | None:
        wanted = demand.high if sign > 0 else demand.low
        if any(sign * (world[demand.count] - wanted) >= -TOLERANCE for world in worlds):
            return None
        found, duals, world = self._solve(demand.count, hidden, sign, wanted)
        worlds.append(world)
        if sign * (wanted - found) <= TOLERANCE:
            return None
        # For every possible world, sign × count = Σ slope × x + constant; a count that is hidden moves the bound by its gain.
        slope = -(self._matrix.T @ duals)
        slope[demand.count] += sign
        slope[np.abs(slope) < 1e-9] = 0
        up = np.where(slope > 0, self._high - self._values, 0)
        gain = np.where(slope > 0, np.where(slope > 0, slope, 1) * up, -slope * (self._values - self._low))
        need = sign * (wanted - self._values[demand.count]) - gain[must].sum()
        gains: dict[int, float] = {}
        for i in np.flatnonzero(~must & (gain > 1e-9)):
            if not self.counts[i].is_fixed:
                row = int(self._rows[i])
                gains[row] = min(need, gains.get(row, 0.0) + float(gain[i]))
        return Cut(gains, need)

    def _solve(self, count: int, hidden: np.ndarray, sign: int, enough: float) -> tuple[float, np.ndarray, np.ndarray]:
        """The extreme, what one more unit on the right of each equation would add to ``sign`` times it, and a possible world in which it is so."""
        no_duals = np.zeros(self._matrix.shape[0])
        if not hidden[count]:
            return self._values[count], no_duals, self._values
        self._hide(hidden)
        itself, highest = np.array([count]), self._high[count]
        if sign > 0 and enough < np.inf:
            self._programme.bound(itself, self._low[itself], np.array([min(highest, max(enough, self._values[count]))]))
        answer = self._programme.extreme(itself, np.ones(1), sign)
        if sign > 0 and enough < np.inf:
            self._programme.bound(itself, self._low[itself], np.array([highest]))
        if answer.world is None:
            return answer.value, no_duals, self._values
        return answer.value, sign * answer.duals, answer.world

    def _hide(self, hidden: np.ndarray) -> None:
        """From now on these are free within their bounds and the others are what they are."""
        changed = np.flatnonzero(hidden != self._hidden)
        if len(changed):
            free = hidden[changed]
            low, high = (np.where(free, bound[changed], self._values[changed]) for bound in (self._low, self._high))
            self._programme.bound(changed, low, high)
            self._hidden = hidden.copy()
