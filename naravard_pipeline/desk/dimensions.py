"""What the dimensions of a statistical cube are, told by their codes and texts: areas, periods, sexes, ages, and those of which one code is chosen.

Belongs here: reading a dimension's words. Does not: the services (``pxweb``, ``socialstyrelsen``), what is asked of a person (``origins``).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.desk.proposal import DeskError

TOTALS = ("totalt", "total", "samtliga", "alla", "båda könen", "kvinnor och män", "män och kvinnor", "alla åldrar", "samtliga åldrar")
LEFT_OUT = ""  # the choice of no code, which gives the table's own total


@dataclass(frozen=True)
class Choice:
    """A dimension of which one code is fetched. ``default`` None: nobody but a person can say which."""

    dimension: str
    text: str
    options: Mapping[str, str]
    default: str | None

    def decide(self, chosen: Mapping[str, str]) -> str | None:
        """The code that was chosen, by code or by text; or the default. Raises ``DeskError`` for a code that is not there."""
        given = chosen.get(self.dimension)
        if given is None:
            return self.default
        if given in self.options or (self._takes_spans and re.fullmatch(r"\d{1,3}-(\d{1,3})?", given)):
            return given
        named = [code for code, text in self.options.items() if text.casefold() == given.casefold()]
        if len(named) == 1:
            return named[0]
        some = "; ".join(f"{code} ({text})" for code, text in list(self.options.items())[:20])
        en, sv = f"there is no such code; there are {some}", f"koden finns inte; det finns {some}"
        raise DeskError(Words(*(f"--choose {self.dimension}={given}: {said}" for said in (en, sv))))

    @property
    def _takes_spans(self) -> bool:
        return sum(bool(re.fullmatch(r"\d{1,3}\+?", code)) for code in self.options) > 20  # one-year classes, which are added up


def is_total(text: str) -> bool:
    return text.casefold().strip() in TOTALS or text.casefold().startswith(("totalt", "samtliga"))


def total_of(texts: Mapping[str, str]) -> str | None:
    """The one code that stands for all; None where none or several do."""
    found = [code for code, text in texts.items() if is_total(text)]
    return found[0] if len(found) == 1 else None


def sexes_of(texts: Mapping[str, str]) -> dict[str, str] | None:
    """total, women and men → code, as far as they are there; None where it is no dimension of sexes."""
    found: dict[str, str] = {}
    for code, text in texts.items():
        word = text.casefold().strip()
        if word in ("kvinnor", "kvinna", "flickor"):
            found["women"] = code
        elif word in ("män", "man", "pojkar"):
            found["men"] = code
        elif is_total(word):
            found["total"] = code
    return found if {"women", "men"} <= found.keys() and len(texts) <= 4 else None


def age_group_of(code: str, text: str) -> str | None:
    """Our name of an age group: 65-69 år → 65-69, 85+ → 85+, totalt → total, and the span 65- → 65+; None for anything else."""
    if is_total(text):
        return "total"
    for written in (text, code):
        if match := re.fullmatch(r"(\d{1,3})\s?[-–]\s?(\d{1,3})?(?:\s?år)?", written.strip()):
            return f"{int(match[1])}-{int(match[2])}" if match[2] else f"{int(match[1])}+"
        if match := re.fullmatch(r"(\d{1,3})\s?(?:\+|år och äldre|år eller äldre)(?:\s?år)?", written.strip()):
            return f"{int(match[1])}+"
        if match := re.fullmatch(r"(\d{1,3})(?:\s?år)", written.strip()):
            return f"{int(match[1])}-{int(match[1])}"
    return None


def looks_like_ages(name: str, text: str, texts: Mapping[str, str]) -> bool:
    if re.search(r"\b[åa]lder", f"{name} {text}".casefold()):
        return True
    named = sum(bool(re.search(r"\d\s?(år|[-–+])", t)) for t in texts.values())
    return len(texts) > 2 and named >= 0.8 * len(texts)


def area_form(codes: Collection[str], texts: Mapping[str, str], scb_codes: Collection[str]) -> tuple[int, str, str, dict[str, str]]:
    """How many of ``codes`` are areas, and the characters before and after SCB's code; the nation where it has a code of its own."""
    known = set(scb_codes)
    forms: dict[tuple[str, str], set[str]] = {}
    for code in codes:
        if (match := re.fullmatch(r"(\D*)(\d{4}|\d{2})(\D*)", code)) and match[2] in known:
            forms.setdefault((match[1], match[3]), set()).add(match[2])
    if not forms:
        return 0, "", "", {}
    (prefix, suffix), found = max(forms.items(), key=lambda item: len(item[1]))
    nation = [c for c in codes if texts.get(c, "").casefold() in ("riket", "hela riket", "sverige") and c != f"{prefix}00{suffix}"]
    own = {"00": nation[0]} if len(nation) == 1 and "00" not in found else {}
    return len(found) + len(own), prefix, suffix, own


def missing_choices(choices: Sequence[Choice], chosen: Mapping[str, str]) -> list[Choice]:
    return [choice for choice in choices if choice.decide(chosen) is None]


def missing(choices: Sequence[Choice], chosen: Mapping[str, str]) -> DeskError:
    """Every choice that only a person can make, with the codes there are."""
    lines = []
    for choice in missing_choices(choices, chosen):
        options = list(choice.options.items())
        some = "; ".join(f"{code} ({text})" for code, text in options[:12]) + (" …" if len(options) > 12 else "")
        lines.append(f"  --choose {choice.dimension}=…  {some}")
    return DeskError(Words("\n".join(["nothing was written; this is missing:", *lines]), "\n".join(["inget skrevs; detta saknas:", *lines])))


def told(choices: Sequence[Choice], chosen: Mapping[str, str]) -> dict[str, str]:
    """Dimension → what its chosen code is called, where there was something to choose and it is no total."""
    texts = {}
    for choice in choices:
        code = choice.decide(chosen)
        if code and len(choice.options) > 1:
            group = age_group_of(code, "") if code not in choice.options else None
            text = f"{group} år" if group else choice.options[code]
            if not is_total(text):
                texts[choice.dimension] = text
    return texts
