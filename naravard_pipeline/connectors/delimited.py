"""Text files with a delimiter (CSV) as people's programs save them: encoding and delimiter are found out, not asked for.

Belongs here: bytes to rows of text, and text that is safe to write to such a file. Does not: what the cells mean (``cells``).
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from naravard_pipeline.connectors.grid import MAX_CELLS, FileRefused, Fragment, Sheet, address_of, listed, raw_fragment, too_many_cells

_DELIMITERS = ";\t,"  # in the order that Swedish programs use them
_SAMPLE_ROWS = 30
MAX_CHARACTERS = 131_072  # of one cell; asked here too, because any library in the process may have lifted csv's own limit
LONG_CELL = "field limit"  # as csv says it
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NOT_A_FORMULA = re.compile(r"[+-]?[\d\s.,]*%?|-+")  # a number with its sign, or dashes that stand for «nothing»
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0e-\x1f]")


def decode(data: bytes) -> str:
    """UTF-8 or UTF-16 with or without byte order mark, else Windows-1252. Raises ``FileRefused`` where it is no text."""
    encodings = [encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)] or ["utf-8", "cp1252"]
    sample = data[:1000]
    if len(encodings) > 1 and sample.count(0) >= len(sample) // 3 > 0:
        encodings = ["utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL_CHARACTERS.search(text):
            return text
    raise FileRefused("other_type", "Filen är varken text (CSV) eller Excel. Spara den som .xlsx eller som CSV UTF-8.")


def read_rows(text: str) -> list[list[str]]:
    """Rows of cells as text, with the delimiter that splits most rows. Raises ``FileRefused`` for broken quotes and too many cells."""
    first, _, rest = text.partition("\n")
    if match := re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE):  # Excel's own way to say it; the row counts in the addresses
        return [[""], *_split(rest, match[1])]
    sample = "\n".join(text.splitlines()[:_SAMPLE_ROWS])

    def rows_split(delimiter: str) -> int:
        return sum(delimiter in line for line in sample.splitlines())

    return _split(text, max(_DELIMITERS, key=rows_split))


def _split(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(len(cell) > MAX_CHARACTERS for cell in row):
                raise csv.Error(LONG_CELL)
            rows.append([cell.strip() for cell in row])
            cells += len(row)
            if cells > MAX_CELLS:
                raise too_many_cells()
    except csv.Error as error:
        why = f"en cell har fler än {MAX_CHARACTERS} tecken" if LONG_CELL in str(error) else "ett citattecken är inte avslutat"
        raise FileRefused("damaged", f"Rad {reader.line_num} går inte att dela upp i celler: {why}. Rätta raden och spara igen.") from error
    return rows


def read_text_fragments(data: bytes) -> Iterator[Fragment]:
    """Every cell; the whole as one piece where it cannot be read as cells. Never raises: it is for those who must see everything."""
    try:
        text = decode(data)
    except FileRefused:
        yield raw_fragment(data, "filens innehåll")
        return
    try:
        rows = read_rows(text)
    except FileRefused:
        yield Fragment(text, "filens innehåll")
        return
    for row in rows:
        for column, cell in enumerate(row):
            if cell:
                yield Fragment(cell, sheet=1, column=address_of(0, column)[:-1])


def read_delimited(data: bytes) -> list[Sheet]:
    """The file as one sheet without a name; every value is text or None. Raises ``FileRefused``."""
    rows = read_rows(decode(data))
    formulas = [address_of(r, c) for r, row in enumerate(rows) for c, cell in enumerate(row) if is_formula(cell)]
    if formulas:
        raise FileRefused(
            "formulas",
            f"Det står en formel, eller text som Excel skulle räkna som en formel, i {listed(formulas)}. "
            "Inget värde får börja med = + - eller @ om det inte är ett tal. Skriv värdet i stället.",
        )
    if not any(sum(bool(cell) for cell in row) > 1 for row in rows):
        raise FileRefused("no_table", "Filen är ingen tabell: ingen rad har mer än en kolumn. Utgå från mallen och spara som CSV eller .xlsx.")
    return [Sheet("", [[cell or None for cell in row] for row in rows])]


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet that opens a text file would compute this cell instead of showing it."""
    return cell.startswith(_FORMULA_START) and not _NOT_A_FORMULA.fullmatch(cell)


def write_delimited(rows: list[list[str]], encoding: str = "utf-8-sig") -> bytes:
    """Rows as ``;``-separated text as Swedish Excel opens it; no cell can start a formula."""
    sink = io.StringIO(newline="")
    csv.writer(sink, delimiter=";", lineterminator="\r\n").writerows([f"'{cell}" if is_formula(cell) else cell for cell in row] for row in rows)
    return sink.getvalue().encode(encoding)
