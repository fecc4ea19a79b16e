"""What people write in cells, read as months, years, numbers and names of places.

Every reader takes a cell's value and gives a reading or raises ``CellError``, whose words are Swedish and follow the quoted cell:
«"Strangnäss" är ingen kommun i länet. Menade du Strängnäs?». Belongs here: one cell. Does not: rows, files, the catalogue.
"""

import calendar
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Literal

from naravard_pipeline.connectors.grid import Value

Frequency = Literal["month", "year"]

_MONTHS = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december")
_ENGLISH = {"may": "maj", "oct": "oktober"}  # the abbreviations of an English Excel that do not begin a Swedish month's name
_TOTALS = {"totalt", "total", "totalsumma", "summa", "sum", "samtliga", "alla", "hela", "delsumma"}
_DASHES = "-\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
_LONGEST = 80  # characters; no name of a place or a period is longer
_GROUPED = re.compile(r"[+-]?\d{1,3}( \d{3})+([.,]\d+)?")
_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d{1,15})?")


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
    status: Literal["ok", "suppressed", "missing"]
    source_status: str | None = None


@dataclass(frozen=True)
class Period:
    start: date
    end: date
    label: str  # 2025-01 or 2025


def folded(text: str) -> str:
    """Letters and digits only, small, without accents: «Antal  SIP» and «ANTAL-SIP» are one heading."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def shown(value: Value) -> str:
    """A cell as its sender sees it, on one line of at most 40 characters."""
    text = "" if value is None else f"{value:g}".replace(".", ",") if isinstance(value, float) else str(value)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= 40 else text[:39] + "…"


def read_period(value: Value, frequency: Frequency, first_year: int, today: date) -> Period:
    """The month (any day of it) or year that a cell means, from ``first_year`` until the one that ``today`` is in."""
    example = "2025-01" if frequency == "month" else "2025"
    if value is None:
        raise CellError(f"är tom; här ska {_called(frequency)} stå.", f"Skriv till exempel {example}.")
    year, month = _year_and_month(value, frequency)
    if month is None:
        raise CellError(f"är inte {_a(frequency)} som går att läsa.", f"Skriv till exempel {example}.")
    if year < first_year:
        raise CellError(f"är före {first_year}, som är första året för måttet.", "Kontrollera årtalet.")
    if date(year, month, 1) > today:
        raise CellError(f"är {_a(frequency)} som inte har börjat.", "Kontrollera årtalet.")
    if frequency == "year":
        return Period(date(year, 1, 1), date(year, 12, 31), f"{year}")
    return Period(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), f"{year}-{month:02}")


def _called(frequency: Frequency) -> str:
    return "månaden" if frequency == "month" else "året"


def _a(frequency: Frequency) -> str:
    return "en månad" if frequency == "month" else "ett år"


def _year_and_month(value: str | int | float | date, frequency: Frequency) -> tuple[int, int | None]:
    if isinstance(value, date):
        return value.year, value.month
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().strip()
    text = re.sub(rf"[{_DASHES}/. ]+", "-", re.sub(r"\s*00:00(:00)?$", "", text)).strip("-")
    if match := re.fullmatch(r"(\d{4})(-?\d\d?-?\d\d)?", text) if frequency == "year" else None:
        return int(match[1]) or 1, 1
    if match := re.fullmatch(r"(\d{4})m?(\d\d)|(\d{4})-m?(\d\d?)", text):
        return _checked(match[1] or match[3], match[2] or match[4])
    if match := re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)", text):
        try:
            return (day := date(int(match[1]), int(match[2]), int(match[3]))).year, day.month
        except ValueError:
            return 0, None
    if match := re.fullmatch(r"([a-zåäö]{3,})-?(\d{4}|\d\d)|(\d{4})-?([a-zåäö]{3,})", text):
        name, year = match[1] or match[4], match[2] or match[3]
        number = next((n for n, full in enumerate(_MONTHS, 1) if full.startswith(_ENGLISH.get(name, name))), None)
        return (int(year) + 2000 if len(year) == 2 else int(year)), number
    return 0, None


def _checked(year: str, month: str) -> tuple[int, int | None]:
    return int(year) or 1, int(month) if 1 <= int(month) <= 12 else None


def read_value(value: Value, is_count: bool) -> Reading:
    """A number, «<5» (suppressed), «..» or an empty cell (missing). A count is whole; nothing is negative by itself: bounds say that."""
    if value is None:
        return Reading(None, "missing")
    text = unicodedata.normalize("NFKC", str(value)).strip() if isinstance(value, str) else value
    if text in ("..", "..."):  # NFKC makes three dots of the one sign that Excel makes of them
        return Reading(None, "missing", "..")
    if isinstance(text, str) and re.fullmatch(r"<\s?\d{1,3}", text):
        return Reading(None, "suppressed", text.replace(" ", ""))
    if isinstance(text, str) and text and not text.strip(_DASHES):
        raise CellError("kan betyda både noll och att uppgiften saknas.", "Skriv 0 eller ..")
    number = _number(text)
    if number is None:
        raise CellError("är inget tal.", "Skriv ett tal, <5 om antalet är litet och inte får visas, eller .. om uppgiften saknas.")
    if is_count and number < 0:
        raise CellError("är negativt; ett antal är 0 eller större.", "Kontrollera värdet.")
    if is_count and not number.is_integer():
        raise CellError("är inget heltal; ett antal har inga decimaler.", "Kontrollera värdet, och att punkt inte står mellan tusental.")
    return Reading(number, "ok")


def _number(value: str | int | float | date) -> float | None:
    if isinstance(value, date):
        return None
    if isinstance(value, str):
        text = re.sub(rf"^[{_DASHES}]", "-", value)
        text = text.replace(" ", "") if _GROUPED.fullmatch(text) else text
        return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def is_total(value: Value) -> bool:
    """Whether a row's name says that it sums other rows: «Totalt», «Summa länet», «Hela länet»."""
    words = re.findall(r"\w+", value.casefold()) if isinstance(value, str) else []
    return bool(words) and (words[0] in _TOTALS or words[0].startswith("länet") or words[-1] in ("totalt", "summa", "län", "länet"))


class AreaNames:
    """Finds areas by name or code as people write them. ``names`` maps area code to official name.

    «Eskilstuna kommun», «ESKILSTUNA», «0484», 484 and «0484 Eskilstuna» are one; without its accents a name counts only where that is unique.
    """

    def __init__(self, names: Mapping[str, str]):
        self.names = names
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._folded: dict[str, set[str]] = defaultdict(set)
        for code, name in names.items():
            self._exact[_plain_name(name)].add(code)
            self._folded[folded(_plain_name(name))].add(code)

    def find(self, value: Value) -> str | None:
        """The area's code, or None where the cell is no area or could be two."""
        text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value or "")
        text = unicodedata.normalize("NFC", text).strip()
        if len(text) > _LONGEST:
            return None
        if text in self.names:
            return text
        if match := re.fullmatch(r"(\d{2,4})[\s,:;.-]*([^\W\d].*)|([^\W\d].*?)[\s,:;.-]*\(?(\d{2,4})\)?", text):
            code, name = self.find(match[1] or match[4]), self.find((match[2] or match[3]).strip(" ()"))
            return code if code == name else None
        if text.isascii() and text.isdecimal():
            return next((code for code in (text.zfill(4), text.zfill(2)) if code in self.names), None)
        plain = _plain_name(text)
        spellings = [plain, plain.removesuffix("s")] if plain != text.casefold() else [plain]  # «Flens kommun»
        for codes in (codes.get(key(name)) for codes, key in ((self._exact, str), (self._folded, folded)) for name in spellings):
            if codes and len(codes) == 1:
                return next(iter(codes))
        return None

    def suggest(self, value: Value) -> str | None:
        """The official name that looks most like what was written."""
        by_spelling = {folded(_plain_name(name)): name for name in self.names.values()}
        close = get_close_matches(folded(_plain_name(str(value)[:_LONGEST])), by_spelling, n=1, cutoff=0.7)
        return by_spelling[close[0]] if close else None


def _plain_name(name: str) -> str:
    """Without «kommun» and «region», small, single spaces; accents stay."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", name).casefold())
    return " ".join(word for word in words if word not in ("kommun", "kommuns", "stad", "region", "regionen")) or name.casefold()
