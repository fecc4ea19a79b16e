"""What a Swedish title says of its figures: unit, kind of value, ages, years together. Guesses, shown as such; a person decides.

Belongs here: patterns in words. Does not: what the figures themselves say (``figures``).
"""

import re
import unicodedata
from dataclasses import dataclass

from naravard_pipeline.catalogue.models import ValueType

_PER = re.compile(r"(?:/|\bper\s+)\s?(\d{1,3}(?:[ \u00a0]\d{3})+|\d+)(?![\d ]*\d)(?:\s+([^\W\d]\w*))?")
_YEARS_TOGETHER = (
    (re.compile(r"\b(\d)[- ]?års(?:m\b|medel|värde)"), None),
    (re.compile(r"\btreårs(?:medel|m\b)"), 3),
    (re.compile(r"\bfyraårs(?:medel|m\b)"), 4),
    (re.compile(r"\btvåårs(?:medel|m\b)"), 2),
    (re.compile(r"\bfemårs(?:medel|m\b)"), 5),
)
_AGES = (
    re.compile(r"\b(\d{1,3})\s?[-–]\s?(\d{1,3})\s+år\b"),
    re.compile(r"\b(\d{1,3})\s?\+"),
    re.compile(r"\b(\d{1,3})\s+år (?:och|eller) äldre\b"),
)
LONGEST_NAME = 40
LINKING = frozenset(
    {"alla", "av", "avseende", "bland", "ej", "eller", "for", "hos", "i", "med", "mot", "och", "om", "pa", "per", "som", "till", "utan", "vid"}
)


@dataclass(frozen=True)
class Unit:
    """``scale`` are the least and the greatest value that the unit itself allows, where it does."""

    unit: str
    value_type: ValueType
    scale: tuple[float, float] | None = None


def guess_unit(title: str, description: str = "") -> Unit | None:
    """The unit that a title such as «Fallskador bland personer 65+, antal /100 000 inv» ends with; None where it names none."""
    text = " ".join(title.casefold().split())
    if per := _PER.search(text):
        counted = "invånare" if (per[2] or "inv").startswith("inv") else per[2]
        what = "kronor" if re.search(r"\b(t?kr|kronor)\b", text) else "antal"
        return Unit(f"{what} per {per[1].replace(chr(160), ' ')} {counted}", "rate")
    if "svarsfrekvens" in text or re.search(r"\bandel\b|\(%\)|\bprocent\b", text):
        return Unit("procent", "share", (0, 100))
    if found := re.search(r"\b(t?kr|mnkr)/(\w+)", text):
        return Unit(f"{found[1]} per {'invånare' if found[2] == 'inv' else found[2]}", "rate")
    if re.search(r"\bmedianålder|\bmedian\b", text):
        return Unit("dagar" if "dagar" in text else "median", "median")
    if re.search(r"\bindex\b", text):
        return (
            Unit("index 0–100", "index", (0, 100))
            if re.search(r"0\s?[-–]\s?100|max\s?=?\s?100", f"{text} {description.casefold()}")
            else Unit("index", "index")
        )
    if re.search(r"\bmedelvärde\b|\bgenomsnitt\w*", text):
        if re.search(r"\b0\s?[-–]\s?1\b", description):
            return Unit("medelvärde 0–1", "mean", (0, 1))
        return Unit("dagar" if "dagar" in text else "medelvärde", "mean")
    if re.search(r"\b(antal )?(dagar|dygn)\b", text):
        return Unit("dygn" if "dygn" in text else "dagar", "days")
    if re.search(r"\b(t?kr|mnkr|kronor)\b", text):
        return Unit(re.search(r"\b(tkr|mnkr|kr|kronor)\b", text)[1], "count")
    if re.search(r"\b(antal|folkmängd\w*|invånare)\b", text):
        return Unit("invånare" if re.search(r"folkmängd|^invånare", text) else "antal", "count")
    return None


def guess_age_group(title: str, description: str = "") -> str | None:
    """The one age group that the title names, or else the description; None where none or several are named."""
    for text in (title, description):
        found = set()
        for pattern in _AGES:
            for match in pattern.finditer(text):
                first, last = int(match[1]), int(match[2]) if match.lastindex == 2 else None
                if last is None or first < last:
                    found.add(f"{first}+" if last is None else f"{first}-{last}")
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def guess_window(title: str, description: str = "") -> int:
    """How many years one value is of: 3 for «3-årsm»."""
    for text in (title.casefold(), description.casefold()):
        for pattern, years in _YEARS_TOGETHER:
            if match := pattern.search(text):
                return years or int(match[1])
    return 1


def name_of_file(title: str) -> str:
    """A measure's name made of its title: a-z, 0-9 and _, whole words: «Fallskador bland äldre» → fallskador_bland_aldre."""
    plain = unicodedata.normalize("NFKD", title.partition(", ")[0].casefold().replace("ø", "o").replace("æ", "ae"))
    words = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)).replace("-", " "))
    name = ""
    for word in words:
        if len(name) + 1 + len(word) > LONGEST_NAME and name:
            break
        name = f"{name}_{word}" if name else word[:LONGEST_NAME]
    while (head := name.rpartition("_"))[0] and head[2] in LINKING:
        name = head[0]
    return name if re.match(r"[a-z]", name) else f"matt_{name}".rstrip("_")
