"""Personal identity numbers in files: found, so that the file can be refused whole and nothing of it kept.

Found are personnummer and samordningsnummer (day + 60) with a real date and a valid check digit, with or without century and sign, in any piece
of text of a file. Fewer persons slip through when digits alone decide: a telephone number written as ten digits can, rarely, be taken for one.
Reserve numbers have no national form: they are what the region's own patterns match (``reserve_number_patterns`` of a source).
Belongs here: what is such a number, and in which places it stands. Does not: reading files (``connectors``), what becomes of them (``inbox``).
Reference: Skatteverket, SKV 704; the check digit is Luhn's, over the last ten digits.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from naravard_pipeline.connectors.grid import Fragment

# The lookahead consumes nothing: a number is found also where digits before it look like the beginning of another.
_CANDIDATE = re.compile(r"(?<!\d)(?=((?:18|19|20)?)(\d\d)([-./]?)(\d\d)\3(\d\d) ?[-+]? ?(\d{4})(?!\d))")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
# A cell that is one number has lost its leading zeros: 0101011234 is stored as 101011234. Seven digits would be any large count.
_ZEROS_LOST = re.compile(r"\d{8,9}")


def has_personal_number(text: str, reserve_numbers: Sequence[re.Pattern[str]] = ()) -> bool:
    """Whether ``text`` holds a complete, valid number with no further digit on either side, or what one of the patterns matches."""
    # As written too: some signs become digits when they are brought into one form, and would then belong to the number before them.
    forms = (text,) if text.isascii() else (text, _DASHES.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))))
    if any(_is_valid(*match.group(1, 2, 4, 5, 6)) for form in forms for match in _CANDIDATE.finditer(form)):
        return True
    return any(match.group() for form in forms for pattern in reserve_numbers for match in pattern.finditer(form))  # an empty match is no number


def _is_valid(century: str, year: str, month: str, day: str, last: str) -> bool:
    day_of_birth = int(day) - 60 if int(day) > 60 else int(day)
    try:
        # Without a century the year is in one that has the 29th of February, if any has.
        date(int((century or "20") + year), int(month), day_of_birth)
    except ValueError:
        return False
    doubled = (int(digit) * (2 - position % 2) for position, digit in enumerate(year + month + day + last))
    return sum(digit // 10 + digit % 10 for digit in doubled) % 10 == 0


def find_places(fragments: Iterable[Fragment], reserve_numbers: Sequence[re.Pattern[str]] = ()) -> list[str]:
    """Where personal identity numbers stand, in Swedish: «bladet "Lista", kolumn B». Empty if there are none. Quotes no cell.

    A sheet whose own name holds a number is named by its place.
    """
    places: dict[str, None] = {}
    hidden = False
    for fragment in fragments:
        text = fragment.text
        if fragment.column and _ZEROS_LOST.fullmatch(text):
            text = text.zfill(10)
        if has_personal_number(text, reserve_numbers):
            place = _place_sv(fragment, reserve_numbers)
            hidden |= not place
            places |= {place: None} if place else {}
    return list(places) or (["en dold del av arbetsboken"] if hidden else [])


def _place_sv(fragment: Fragment, reserve_numbers: Sequence[re.Pattern[str]]) -> str:
    what = f"kolumn {fragment.column}" if fragment.column else fragment.part_sv
    if not fragment.sheet_name:
        return f"blad {fragment.sheet}, {what}" if fragment.sheet > 1 else what
    name = f"blad {fragment.sheet}" if has_personal_number(fragment.sheet_name, reserve_numbers) else f'bladet "{fragment.sheet_name}"'
    return f"{name}, {what}"
