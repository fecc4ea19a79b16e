"""Words to key figures and tables, the likeliest first.

Belongs here: how words are matched and weighed. Does not: where the entries come from (``kolada``, ``pxweb``).

Swedish is written in compounds and inflected at the end, so a word is also found at the beginning, at the end and inside of others; å, ä and ö are
letters of their own, and are never taken for a and o. What few entries have says more than what many have (Spärck Jones, 1972).
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

# How much a word of an entry is worth when the word that was asked for is …
SAME, BEGINS, INFLECTED, ENDS, INSIDE, BEGINNING = 1.0, 0.8, 0.7, 0.65, 0.5, 0.2
IN_DESCRIPTION = 0.35  # beside the same word in the title
RETIRED = 0.6  # what has ended is found, below what has not
WORTH_SHOWING = 0.35  # of the best entry's score
LEAST = 4  # letters, below which a word is sought whole or at the beginning only
COMMONEST = 0.3  # of the entries: a word that so many have, such as «och», is not sought when others are


@dataclass(frozen=True)
class Entry:
    """What can be found: ``code`` is the source's own name of it, ``facts`` what is shown beside it, in Swedish."""

    code: str
    title: str
    description: str = ""
    facts: tuple[str, ...] = field(default=())
    is_retired: bool = False


class Index:
    """Entries by the words of their titles and descriptions. Built once, asked often."""

    def __init__(self, entries: Iterable[Entry]):
        self._entries = list(entries)
        self._postings: dict[str, dict[int, float]] = defaultdict(dict)
        for at, entry in enumerate(self._entries):
            for word in words_of(entry.description):
                self._postings[word][at] = IN_DESCRIPTION
            for word in words_of(entry.title):
                self._postings[word][at] = 1.0

    def find(self, text: str, limit: int = 12) -> list[Entry]:
        """The ``limit`` best entries; a code that is written out comes first. Empty where no word is found anywhere."""
        asked = list(dict.fromkeys(words_of(text)))
        found = {word: self._weigh(word) for word in asked}
        telling = {w: scores for w, scores in found.items() if scores and len(scores) <= COMMONEST * len(self._entries)}
        total: dict[int, float] = defaultdict(float)
        matched: Counter[int] = Counter()
        for scores in (telling or found).values():
            rarity = math.log((len(self._entries) + 1) / (len(scores) + 0.5)) + 0.1
            for at, score in scores.items():
                total[at] += rarity * score
                matched[at] += 1
        for at in total:
            total[at] *= matched[at] / len(telling or found)  # all the words rather than one of them often
        for at, entry in enumerate(self._entries):
            if entry.code.casefold() in asked or entry.code.casefold() == text.strip().casefold():
                total[at] += 1_000
            elif at in total and entry.is_retired:
                total[at] *= RETIRED
        ranked = sorted(total, key=lambda at: (-total[at], len(self._entries[at].title), self._entries[at].code))
        return [self._entries[at] for at in ranked[:limit] if total[at] >= WORTH_SHOWING * total[ranked[0]]]

    def _weigh(self, asked: str) -> dict[int, float]:
        scores: dict[int, float] = {}
        for word, postings in self._postings.items():
            if likeness := _likeness(asked, word):
                for at, weight in postings.items():
                    scores[at] = max(scores.get(at, 0.0), likeness * weight)
        return scores


def words_of(text: str) -> list[str]:
    """The words in lower case; å as one letter also where it was typed as two (macOS)."""
    return re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold())


def _likeness(asked: str, word: str) -> float:
    if asked == word:
        return SAME
    if word.startswith(asked):
        return BEGINS if len(asked) > 1 else 0.0
    if len(asked) < LEAST or len(word) < LEAST:
        return 0.0
    if asked in word:
        return ENDS if word.endswith(asked) else INSIDE
    # fallskada, fallskador: the same to within an ending of three letters
    stem = len(asked) - 3 if len(asked) > 6 else len(asked) - 1
    if stem >= LEAST and len(word) <= stem + 4 and word.startswith(asked[:stem]):
        return INFLECTED
    # ensamhetsbesvär, when somebody asks for more than the title says: ensamhet
    return BEGINNING if len(word) > LEAST and asked.startswith(word) else 0.0
