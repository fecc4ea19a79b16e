"""What a file made by hand holds before anybody knows what it means: sheets, cells, and the pieces of text in between.

Belongs here: the words shared by the readers of text files (``delimited``) and workbooks (``workbooks``). Does not: how either is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from openpyxl.utils import get_column_letter

Value = str | int | float | date | None  # None: an empty cell

MAX_CELLS = 200_000
MAX_SHOWN_CELLS = 10

Refusal = Literal[
    "too_large",
    "not_a_file",
    "empty",
    "other_type",
    "damaged",
    "protected",
    "bomb",
    "macros",
    "external_links",
    "embedded",
    "formulas",
    "no_table",
    "no_headings",
    "several_measures",
]


class FileRefused(Exception):
    """A file that is refused whole. The message is Swedish, says what is wrong and what to do, and quotes no cell."""

    def __init__(self, kind: Refusal, message_sv: str):
        super().__init__(message_sv)
        self.kind = kind


@dataclass(frozen=True)
class Sheet:
    """One sheet; a text file is a file with one sheet without a name. ``rows[0]`` is row 1; rows may differ in length."""

    name: str
    rows: Sequence[Sequence[Value]]
    is_hidden: bool = False


class Fragment(NamedTuple):
    """A piece of text from anywhere in a file, for whoever must see everything.

    ``sheet`` counts from 1, ``column`` is its letter; ``part_sv`` says what it is when it is no cell.
    """

    text: str
    part_sv: str = ""
    sheet: int = 0
    sheet_name: str = ""
    column: str = ""


def raw_fragment(data: bytes, part_sv: str) -> Fragment:
    """Bytes that cannot be read in parts, as text. Without the zero bytes text of one and of two bytes a character can both be searched."""
    return Fragment(data.replace(b"\0", b"").decode("latin-1"), part_sv)


def address_of(row: int, column: int) -> str:
    """The cell as Excel writes it; row and column count from 0."""
    return f"{get_column_letter(column + 1)}{row + 1}"


def listed(addresses: Sequence[str]) -> str:
    """``A1, B2 och 5 till``: the first few addresses, and how many more there are."""
    shown, more = ", ".join(addresses[:MAX_SHOWN_CELLS]), len(addresses) - MAX_SHOWN_CELLS
    return f"{shown} och {more} till" if more > 0 else shown


def too_many_cells() -> FileRefused:
    return FileRefused(
        "too_large", f"Filen har fler än {MAX_CELLS} celler. Ta bort tomma rader och kolumner som bara är formaterade, eller dela upp filen."
    )
