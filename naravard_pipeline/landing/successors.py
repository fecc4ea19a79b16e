"""Which key figure may have come in another's place, judged by their titles.

Belongs here: how alike two titles are, and how sure that makes anyone. Does not: which key figures went and came (``audit``).

A successor is sought among those that came later: of key figures that stood side by side, neither succeeds the other, however alike.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Literal

RETIRED = re.compile(r"\(\s*[-–]\s*([12][0-9]{3})\s*\)")  # «(-2024)», «(- 2024)»

# Set on Kolada's catalogues of 2024 and 2026; the words of a title weigh the more, the fewer other titles have them.
POSSIBLE, LIKELY = 0.35, 0.7  # shared weight of words
ALIKE = 0.65  # of the letters
AHEAD = 1.15  # of the second best
# With another of these the figure says something else, the opposite perhaps.
DEGREES = frozenset({"aldrig", "alla", "alltid", "ej", "ibland", "ingen", "inga", "inte", "några", "ofta"})


@dataclass(frozen=True)
class Successor:
    """``likeness`` is the share of the two titles' words that both have, weighted, 0 to 1. ``unit_differs``: certainly not one series."""

    code: str
    title: str
    likeness: float
    confidence: Literal["likely", "possible"]
    unit_differs: bool


def retired_year(title: str | None) -> int | None:
    """The last year that the title itself names; None if it names none."""
    found = RETIRED.search(title or "")
    return int(found[1]) if found else None


class Successors:
    """Proposals from ``newcomers``; ``catalogue`` is everything that is there now and gives the words their weight. Both as ``{id, title, …}``."""

    def __init__(self, catalogue: Iterable[Mapping[str, Any]], newcomers: Iterable[Mapping[str, Any]]):
        titles = [_words(entry["title"]) for entry in catalogue if entry["title"]]
        self._count, self._occurs = len(titles), Counter(word for words in titles for word in set(words))
        self._by_beginning: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for entry in newcomers:
            if entry["title"] and retired_year(entry["title"]) is None:
                self._by_beginning[_beginning(entry["title"])].append(entry)

    def propose(self, entry: Mapping[str, Any]) -> Successor | None:
        """The one newcomer that is clearly the closest; None rather than a silly one.

        It begins with the same word, has the same numbers (other ages or other times are another measure) and the same kind of area.
        """
        title = entry["title"] or ""
        scored = sorted(
            ((self._likeness(title, other["title"]), other) for other in self._by_beginning.get(_beginning(title), ()) if _comparable(entry, other)),
            key=lambda scored: (-scored[0], scored[1]["id"]),
        )
        if not scored:
            return None
        (likeness, best), second = scored[0], scored[1][0] if len(scored) > 1 else 0.0
        letters = SequenceMatcher(None, " ".join(_words(title)), " ".join(_words(best["title"]))).ratio()
        if likeness < POSSIBLE or letters < ALIKE or likeness < AHEAD * second:
            return None
        differs = _unit(title) != _unit(best["title"])
        is_turned = bool(DEGREES & (set(_words(title)) ^ set(_words(best["title"]))))
        confidence = "likely" if likeness >= LIKELY and not differs and not is_turned else "possible"
        return Successor(best["id"], best["title"], round(likeness, 2), confidence, differs)

    def _likeness(self, one: str, other: str) -> float:
        a, b = set(_words(one)), set(_words(other))
        return sum(map(self._weight, a & b)) / sum(map(self._weight, a | b)) if a and b else 0.0

    def _weight(self, word: str) -> float:
        return math.log((self._count + 1) / (self._occurs[word] + 0.5))


@lru_cache(maxsize=20_000)
def _words(title: str) -> Sequence[str]:
    return re.findall(r"\w+", RETIRED.sub(" ", title).casefold())


def _beginning(title: str) -> str:
    """Of the first word, as much as inflection leaves: genomförda, genomförd."""
    return next(iter(_words(title)), "")[:6]


def _comparable(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    kinds = {one.get("municipality_type"), other.get("municipality_type")} - {None}
    numbers = [Counter(word for word in _words(entry["title"]) if word.isdigit()) for entry in (one, other)]
    return one["id"] != other["id"] and len(kinds) < 2 and numbers[0] == numbers[1]


def _unit(title: str) -> str:
    """What stands after the last comma: «index», «andel (%)»."""
    return " ".join(_words(title.rpartition(",")[2]))
