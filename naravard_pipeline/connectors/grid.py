"""What a file made by hand holds before anybody knows what it means: sheets, cells, and the pieces of text in between.

Belongs here: the words shared by the readers of text files (``delimited``) and workbooks (``workbooks``). Does not: how either is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from openpyxl.utils import get_column_letter, range_boundaries

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
    """One sheet; a text file is a file with one sheet without a name. ``rows[0]`` is row 1; rows may differ in length.

    ``merged`` maps the position (row, column; from 0) of a cell that a merged one covers to that of the one with the value.
    """

    name: str
    rows: Sequence[Sequence[Value]]
    is_hidden: bool = False
    merged: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def written(self, row: int, column: int) -> Value:
        """What the cell itself holds; None beyond the end of the row."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None

    def seen(self, row: int, column: int) -> Value:
        """What a person sees there: for a cell that is merged into another, that one's value."""
        return self.written(*self.merged.get((row, column), (row, column)))


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


def covered_cells(ranges: Iterable[str], rows: Sequence[Sequence[Value]]) -> dict[tuple[int, int], tuple[int, int]]:
    """Position of each cell that a merged one covers → position of that one, as far as the sheet has rows and columns.

    ``ranges`` as Excel writes them, A1:A3. Raises ``FileRefused`` where they cover too much, ``ValueError`` for what is no range.
    """
    covered: dict[tuple[int, int], tuple[int, int]] = {}
    width, looked_at = max(map(len, rows), default=0), 0
    for ref in ranges:
        left, top, right, bottom = range_boundaries(ref)
        bottom, right = min(bottom, len(rows)), min(right, width)
        looked_at += max(bottom - top + 1, 0) * max(right - left + 1, 0)
        if looked_at > MAX_CELLS:
            raise too_many_cells()
        covered |= {(row, column): (top - 1, left - 1) for row in range(top - 1, bottom) for column in range(left - 1, right)}
        covered.pop((top - 1, left - 1), None)
    return covered


def listed(addresses: Sequence[str]) -> str:
    """``A1, B2 och 5 till``: the first few addresses, and how many more there are."""
    shown, more = ", ".join(addresses[:MAX_SHOWN_CELLS]), len(addresses) - MAX_SHOWN_CELLS
    return f"{shown} och {more} till" if more > 0 else shown


def too_many_cells() -> FileRefused:
    return FileRefused(
        "too_large", f"Filen har fler än {MAX_CELLS} celler. Ta bort tomma rader och kolumner som bara är formaterade, eller dela upp filen."
    )
