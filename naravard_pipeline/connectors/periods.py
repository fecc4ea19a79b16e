"""Months, quarters, half-years and years as people write them.

«2025-01», «jan-25» and «202501» are months, «31/1 2025» and «1 mars 2025» days, «VT 2025» and «H1 2025» half-years, «kv 1 2025» a quarter.
A period that is longer or shorter than the measure's is refused, not fitted; a day is the period that it lies in.
Belongs here: one cell. Does not: other kinds of cell (``cells``), which frequency a measure has.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from naravard_pipeline.connectors.cells import DASHES, CellError, spelled
from naravard_pipeline.connectors.grid import Value

Frequency = Literal["month", "quarter", "half_year", "year"]

_LENGTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_NAMES_SV = {1: ("en månad", "månaden"), 3: ("ett kvartal", "kvartalet"), 6: ("ett halvår", "halvåret"), 12: ("ett år", "året")}
_EXAMPLES = {1: "2025-01", 3: "2025K1", 6: "VT 2025", 12: "2025"}
_MONTHS = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december")
_ORDINALS = ("första", "andra", "tredje", "fjärde")
_DAY = 0  # the length of a day in months


@dataclass(frozen=True)
class Period:
    start: date
    end: date
    label: str  # 2025-01, 2025K1, 2025H1 or 2025


class _Span(NamedTuple):
    year: int
    month: int  # the first
    length: int  # months; 0 for a day


def _build_words() -> dict[str, tuple[int, int]]:
    """What stands before or after a year → first month and length; words are joined with a dash."""
    words = {full[:n]: (month, 1) for month, full in enumerate(_MONTHS, 1) for n in range(3, len(full) + 1)}
    words |= {"may": (5, 1), "oct": (10, 1)}  # the abbreviations of an English Excel that do not begin a Swedish month's name
    seasons = (("vt", "vår", "våren", "vårtermin", "vårterminen"), ("ht", "höst", "hösten", "hösttermin", "höstterminen"))
    for count, length, signs, name in ((2, 6, ("h",), "halvår"), (4, 3, ("q", "k", "kv", "kvartal"), "kvartal")):
        for number in range(1, count + 1):
            spellings = {f"{sign}{dash}{number}" for sign in (*signs, name) for dash in ("", "-")}
            spellings |= {f"{ordinal}-{name}et" for ordinal in (f"{number}", f"{number}:a", f"{number}:e", _ORDINALS[number - 1])}
            words |= dict.fromkeys(spellings, (1 + (number - 1) * length, length))
    return words | {season: (1 + 6 * half, 6) for half, group in enumerate(seasons) for season in group}


_WORDS = _build_words()


def read_period(value: Value, frequency: Frequency, first_year: int, today: date) -> Period:
    """The period of the given frequency that a cell means, from ``first_year`` until the one that ``today`` is in."""
    length = _LENGTHS[frequency]
    (one, the), example = _NAMES_SV[length], _EXAMPLES[length]
    if value is None:
        raise CellError(f"är tom; här ska {the} stå.", f"Skriv till exempel {example}.")
    found = list(_spans(value))
    if not found:
        raise CellError(f"är inte {one} som går att läsa.", f"Skriv till exempel {example}.")
    if other := next((span.length for span in found if span.length not in (_DAY, length)), None):
        raise CellError(f"är {_NAMES_SV[other][0]}, men måttet lämnas per {one.split()[1]}.", f"Skriv till exempel {example}.")
    periods = {_period(span.year, span.month, length) for span in found}
    if len(periods) > 1:
        labels = " och ".join(sorted(period.label for period in periods))
        raise CellError(f"kan betyda både {labels}.", f"Skriv till exempel {example}.")
    [period] = periods
    if period.start.year < first_year:
        raise CellError(f"är före {first_year}, som är första året för måttet.", "Kontrollera årtalet.")
    if period.start > today:
        raise CellError(f"är {one} som inte har börjat.", "Kontrollera årtalet.")
    return period


def _period(year: int, month: int, length: int) -> Period:
    number = (month - 1) // length + 1
    last = number * length
    start, end = date(year, last - length + 1, 1), date(year, last, calendar.monthrange(year, last)[1])
    return Period(start, end, {1: f"{year}-{number:02}", 3: f"{year}K{number}", 6: f"{year}H{number}", 12: f"{year}"}[length])


def _spans(value: str | int | float | date) -> Iterator[_Span]:
    """Every way to read the cell; two only where day and month could change places."""
    if isinstance(value, date):
        yield _Span(value.year, value.month, _DAY)
        return
    text = re.sub(rf"[{DASHES}/.\s]+", "-", re.sub(r"\s*00:00(:00)?$", "", spelled(value))).strip("-").removeprefix("år-")
    if not text.isascii() and re.search(r"[^\W\d_a-zåäö]|(?![0-9])\d", text):
        return  # letters and digits of other scripts
    if re.fullmatch(r"\d{4}", text):
        yield from _span(text, 1, 12)
    elif match := re.fullmatch(r"(\d{4})m?(\d\d)|(\d{4})-m?(\d\d?)|(?P<month>\d\d?)-(?P<year>\d{4})", text):
        year, month = match["year"] or match[1] or match[3], match["month"] or match[2] or match[4]
        yield from _span(year, int(month), 1)
    elif match := re.fullmatch(r"(\d{4})(-?)(\d\d)\2(\d\d)|(\d{4})-(\d\d?)-(\d\d?)", text):
        year, month, day = match[1] or match[5], match[3] or match[6], match[4] or match[7]
        yield from _day(year, int(month), int(day))
    elif match := re.fullmatch(r"(\d\d?)-(\d\d?)-(\d{4})", text):
        yield from _day(match[3], int(match[2]), int(match[1]))
        if match[1] != match[2]:
            yield from _day(match[3], int(match[1]), int(match[2]))
    elif (match := re.fullmatch(r"(?:den-)?(\d\d?)-([a-zåäö]+)-(\d{4}|\d\d)", text)) and _WORDS.get(match[2], (0, 0))[1] == 1:
        yield from _day(match[3], _WORDS[match[2]][0], int(match[1]))
    elif match := re.fullmatch(r"(\d{4})-?(\D.*)|(.*?\D)-?(\d{4}|\d\d)", text):
        yield from _span(match[1] or match[4], *_WORDS.get((match[2] or match[3]).strip("-"), (0, 0)))


def _span(year: str, month: int, length: int) -> Iterator[_Span]:
    if 1 <= month <= 12:
        yield _Span(_year(year), month, length)


def _day(year: str, month: int, day: int) -> Iterator[_Span]:
    try:
        yield _Span(date(_year(year), month, day).year, month, _DAY)
    except ValueError:
        return


def _year(text: str) -> int:
    return int(text) + 2000 if len(text) == 2 else max(int(text), 1)
