"""What people write in cells, read as numbers, sexes and age groups; and the words shared with the readers of periods and names of areas.

Every reader takes a cell's value and gives a reading or raises ``CellError``, whose words are Swedish and follow the quoted cell:
«"tolv" är inget tal. Skriv ett tal …». Belongs here: one cell. Does not: periods (``periods``), areas (``area_names``), rows, the catalogue.
"""

import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from naravard_pipeline.connectors.grid import Value

DASHES = "-\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"

_LONGEST = 80  # characters; no name of a place, a period or a group is longer
_GROUPED = re.compile(r"[+-]?\d{1,3}( \d{3})+([.,]\d+)?")
_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d{1,15})?")
_TOTALS = {"totalt", "total", "totalsumma", "summa", "sum", "samtliga", "alla", "hela", "delsumma"}
_SEXES = {
    "total": {"totalt", "total", "samtliga", "alla", "båda", "bådakönen", "t"},
    "women": {"kvinnor", "kvinna", "k", "flickor", "flicka", "kvinnorochflickor", "flickorochkvinnor"},
    "men": {"män", "man", "m", "pojkar", "pojke", "mänochpojkar", "pojkarochmän"},
}
_YES_NO = {"ja": 1.0, "j": 1.0, "1": 1.0, "nej": 0.0, "n": 0.0, "0": 0.0}
_ALL_AGES = {"totalt", "total", "samtliga", "alla", "allaåldrar", "samtligaåldrar"}

Kind = Literal["count", "share", "number"]  # a count is whole and not negative; a share may be written with a per cent sign


class CellError(ValueError):
    """One cell cannot be read. ``problem_sv`` says what is wrong with it, ``suggestion_sv`` what to write instead."""

    def __init__(self, problem_sv: str, suggestion_sv: str = ""):
        super().__init__(problem_sv)
        self.problem_sv = problem_sv
        self.suggestion_sv = suggestion_sv


@dataclass(frozen=True)
class Reading:
    """A value cell. ``source_status`` is the cell as written when that is no number; None for a number and an empty cell."""

    value: float | None
    status: Literal["ok", "suppressed", "missing", "not_applicable"]
    source_status: str | None = None


def folded(text: str) -> str:
    """Letters and digits only, small, without accents: «Antal  SIP» and «ANTAL-SIP» are one heading."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def spelled(value: Value) -> str:
    """The beginning of a cell as text: digits and signs in one form, small; a whole number without decimals."""
    text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else "" if value is None else str(value)
    return unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().strip()


def shown(value: Value) -> str:
    """A cell as its sender sees it, on one line of at most 40 characters."""
    text = "" if value is None else f"{value:g}".replace(".", ",") if isinstance(value, float) else str(value)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= 40 else text[:39] + "…"


def read_value(value: Value, kind: Kind, suppressed_mark: str | None = None) -> Reading:
    """A number, «<5» or the file's own mark (suppressed), «..» or an empty cell (missing). Whether a number is plausible bounds say."""
    if value is None:
        return Reading(None, "missing")
    text = unicodedata.normalize("NFKC", str(value)).strip() if isinstance(value, str) else value
    if text in ("..", "..."):  # NFKC makes three dots of the one sign that Excel makes of them
        return Reading(None, "missing", "..")
    if isinstance(text, str) and text == suppressed_mark:
        return Reading(None, "suppressed", text)
    if isinstance(text, str) and re.fullmatch(r"<\s?\d{1,3}", text):
        return Reading(None, "suppressed", text.replace(" ", ""))
    if isinstance(text, str) and text and not text.strip(DASHES):
        raise CellError("kan betyda både noll och att uppgiften saknas.", "Skriv 0 eller ..")
    if isinstance(text, str) and kind == "share":
        text = text.removesuffix("%").rstrip()
    number = _number(text)
    if number is None:
        raise CellError("är inget tal.", "Skriv ett tal, <5 om antalet är litet och inte får visas, eller .. om uppgiften saknas.")
    if kind == "count" and number < 0:
        raise CellError("är negativt; ett antal är 0 eller större.", "Kontrollera värdet.")
    if kind == "count" and not number.is_integer():
        raise CellError("är inget heltal; ett antal har inga decimaler.", "Kontrollera värdet, och att punkt inte står mellan tusental.")
    return Reading(number, "ok")


def _number(value: str | int | float | date) -> float | None:
    if isinstance(value, date):
        return None
    if isinstance(value, str):
        text = re.sub(rf"^[{DASHES}]", "-", value)
        text = text.replace(" ", "") if _GROUPED.fullmatch(text) else text
        return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def read_yes_no(value: Value) -> Reading:
    """1 for yes, 0 for no; «..» or an empty cell is missing."""
    if value is None or spelled(value) in ("..", "..."):
        return Reading(None, "missing", None if value is None else "..")
    if spelled(value) not in _YES_NO:
        raise CellError("är varken ja eller nej.", "Skriv Ja, Nej eller ..")
    return Reading(_YES_NO[spelled(value)], "ok")


def read_day(value: Value, today: date) -> date:
    """A day that has been: a date cell, or text such as 2025-03-01."""
    text = value.isoformat()[:10] if isinstance(value, date) else spelled(value)
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        raise CellError("är ingen dag.", "Skriv en dag som 2025-03-01.")
    if day > today:
        raise CellError("har inte varit än.", f"Skriv en dag till och med {today.isoformat()}.")
    return day


def read_sex(value: Value) -> Literal["total", "women", "men"]:
    if value is None:
        raise CellError("är tom; här ska könet stå.", "Skriv totalt, kvinnor eller män.")
    letters = _letters(spelled(value))
    found = next((sex for sex, words in _SEXES.items() if letters in words), None)
    if found is None:
        raise CellError("är inget kön som går att läsa.", "Skriv totalt, kvinnor eller män.")
    return found


def read_age_group(value: Value, groups: Collection[str]) -> str:
    """One of ``groups`` (65+, 65-79), however it is written: «65 år och äldre», «65–79 år». «total» is always one of them."""
    choices = "Skriv " + ", ".join(["totalt", *(f"{group} år" for group in groups if group != "total")]) + "."
    if value is None:
        raise CellError("är tom; här ska åldersgruppen stå.", choices)
    if isinstance(value, date):
        raise CellError("är ett datum; Excel gör datum av åldrar som 10-17.", choices)
    text = spelled(value)
    if _letters(text) in _ALL_AGES:
        return "total"
    text = re.sub(rf"\s*[{DASHES}]\s*|\s+till\s+", "-", re.sub(r"\bår\b|\båringar\b", " ", text))
    text = re.sub(r"-w$|-$|\s*och äldre$|\s*eller äldre$|\s+\+$", "+", " ".join(text.split()))
    if text not in groups:
        raise CellError("är ingen åldersgrupp i måttet.", choices)
    return text


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def is_total(value: Value) -> bool:
    """Whether a row's name says that it sums other rows: «Totalt», «Summa länet», «Hela länet»."""
    words = re.findall(r"\w+", value.casefold()) if isinstance(value, str) else []
    return bool(words) and (words[0] in _TOTALS or words[0].startswith("länet") or words[-1] in ("totalt", "summa", "län", "länet"))
