"""What is wrong with the catalogue, in words a person can act on, in English and Swedish.

Here: the sentences and their form. Not here: how a problem is discovered (reader, rules).
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

Lang = Literal["en", "sv"]


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    sv: str


# code: (what there is, what would be right)
MESSAGES: Mapping[str, tuple[Words, Words]] = {
    "absent": (Words("not found", "finns inte"), Words("expected {wanted}", "väntat: {wanted}")),
    "unreadable": (Words("cannot be read: {found}", "går inte att läsa: {found}"), Words("{remedy}", "{remedy}")),
    "empty": (
        Words("the file has no fields", "filen har inga fält"),
        Words("expected `field: value` on each line", "väntat: `fält: värde` på varje rad"),
    ),
    "file_name": (
        Words("the name cannot be used", "namnet går inte att använda"),
        Words(
            "rename it: a-z, 0-9 and _, a letter first, ending in .yml, as in sip_antal.yml",
            "byt namn: a-z, 0-9 och _, först en bokstav, sist .yml, som sip_antal.yml",
        ),
    ),
    "file_place": (
        Words("no file is read here", "här läses ingen fil"),
        Words("move it to the folder of its source, as in sources/kolada/", "flytta den till sin källas mapp, som sources/kolada/"),
    ),
    "not_generated": (
        Words("does not follow from sources/", "stämmer inte med sources/"),
        Words("write it anew: naravard generate", "skriv den på nytt: naravard generate"),
    ),
    "unknown_key": (Words("unknown key `{found}`", "okänd nyckel `{found}`"), Words("remove it", "ta bort den")),
    "unknown_key_like": (Words("unknown key `{found}`", "okänd nyckel `{found}`"), Words("did you mean `{hint}`?", "menade du `{hint}`?")),
    "duplicate_key": (Words("`{found}` stands twice", "`{found}` står två gånger"), Words("keep one of them", "behåll den ena")),
    "missing": (Words("missing", "saknas"), Words("add `{key}:`", "lägg till `{key}:`")),
    "missing_when": (Words("missing", "saknas"), Words("add it: {reason}", "lägg till: {reason}")),
    "superfluous": (Words("there is {found}", "där står {found}"), Words("remove it: {reason}", "ta bort det: {reason}")),
    "wrong": (Words("there is {found}", "där står {found}"), Words("expected {wanted}", "väntat: {wanted}")),
    "wrong_like": (
        Words("there is {found}", "där står {found}"),
        Words("expected {wanted}; did you mean `{hint}`?", "väntat: {wanted}; menade du `{hint}`?"),
    ),
    "quote": (
        Words("there is {found} as a number", "där står {found} som ett tal"),
        Words("put it in quotes, leading zeros and all, as in '0484'", "sätt citattecken om, med inledande nollor, som '0484'"),
    ),
    "unknown": (Words("there is no {kind} `{found}`", "det finns ingen {kind} `{found}`"), Words("known: {known}", "kända: {known}")),
    "unknown_like": (
        Words("there is no {kind} `{found}`", "det finns ingen {kind} `{found}`"),
        Words("did you mean `{hint}`?", "menade du `{hint}`?"),
    ),
    "twice": (Words("{found} also stands in {other}", "{found} står också i {other}"), Words("{remedy}", "{remedy}")),
}


@dataclass(frozen=True)
class Problem:
    """One thing to mend: ``path`` from the project's root, ``line`` from 1, ``field`` such as ``bounds.min`` (empty: the whole file)."""

    path: str
    line: int | None
    field: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def found(self) -> str:
        return self._half(0, "en")

    @property
    def expected(self) -> str:
        return self._half(1, "en")

    def text(self, lang: Lang = "en") -> str:
        """``sources/kolada/x.yml:12: bounds.min: there is 90; expected a number below bounds.max (80)``"""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return ": ".join(filter(None, (place, self.field, f"{self._half(0, lang)}; {self._half(1, lang)}")))

    def __str__(self) -> str:
        return self.text()

    def _half(self, which: int, lang: Lang) -> str:
        values = {key: getattr(value, lang) if isinstance(value, Words) else value for key, value in self.values.items()}
        return getattr(MESSAGES[self.code][which], lang).format_map(values)


class CatalogueError(ValueError):
    """The catalogue cannot be used. ``problems`` holds everything that was found, in the order of files and lines."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))

    def text(self, lang: Lang = "en") -> str:
        return "\n".join(problem.text(lang) for problem in self.problems)


def said(value: object) -> str | Words:
    """A value as a sentence quotes it: short, on one line."""
    match value:
        case None:
            return Words("nothing", "inget")
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.15g}"
        case date():
            return value.isoformat()
        case str():
            text = " ".join(value.split())
            return f"“{text[:57]}…”" if len(text) > 60 else f"“{text}”"
        case Mapping():
            return "{…}"
        case list() | tuple():
            return "[…]"
        case _:
            return str(value)[:60]


def closest(wrong: object, known: Iterable[str]) -> str | None:
    """The known name most like the wrong one, if any is alike."""
    return next(iter(difflib.get_close_matches(str(wrong), list(known), n=1)), None)
