"""Which tone and sign a word of the assessments has, read from where the words stand. Not here: which word a figure gets."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from naravard_pipeline.settings import DBT_PROJECT

WORDS = DBT_PROJECT / "seeds" / "reference" / "assessment_words.csv"


@dataclass(frozen=True)
class Said:
    """A word as it is shown: never by colour alone, always with its sign and the word itself."""

    word_sv: str
    tone: str
    icon: str


@cache
def _words() -> Mapping[tuple[str, str], Said]:
    with open(WORDS, encoding="utf-8", newline="") as file:
        return {(row["aspect"], row["word"]): Said(row["word_sv"], row["tone"], row["icon"]) for row in csv.DictReader(file)}


def say(aspect: str, word: str | None) -> Said | None:
    """How the word of the aspect is shown; None where nothing was said. A word that is not in the list has no tone."""
    return _words().get((aspect, word), Said(word, "unknown", "·")) if word else None
