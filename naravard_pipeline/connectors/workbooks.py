"""Workbooks that passed a look at their package, as sheets of values; and workbooks of our own, so that the same content gives the same bytes.

Only what passes ``packages.read_package`` and has nothing active in it is handed to openpyxl, which trusts what it reads.
Belongs here: the format. Does not: what the cells mean (``cells``), what a package is made of (``packages``).
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime, time
from posixpath import basename, dirname
from typing import Any

import openpyxl

from naravard_pipeline.connectors.grid import FileRefused, Sheet, Value, address_of, covered_cells, listed
from naravard_pipeline.connectors.packages import DAMAGED_SV, Package

_MACROS = {"vbaProject", "xlMacrosheet", "xlIntlMacrosheet"}
_LINKS = {"externalLink", "connections", "queryTable"}
_EMBEDDED = {"oleObject", "package", "control"}
_SAVE_AS = "Öppna filen och välj Arkiv > Spara som > Excel-arbetsbok (.xlsx)."


def read_workbook(package: Package, data: bytes) -> list[Sheet]:
    """The sheets with text, numbers and dates. Raises ``FileRefused`` for all that is no plain table of values."""
    _refuse_active_content(package)
    try:
        with warnings.catch_warnings(action="ignore"):
            workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheets = [_read_sheet(sheet, package) for sheet in workbook.worksheets]
    except FileRefused:
        raise
    except Exception as error:  # whatever a strange file makes openpyxl raise, to its sender it means one thing
        raise FileRefused("damaged", DAMAGED_SV) from error
    cells = ((f"{sheet.name}!{address_of(r, c)}", value) for sheet in sheets for r, row in enumerate(sheet.rows) for c, value in enumerate(row))
    _refuse_formulas([address for address, value in cells if isinstance(value, str) and value.startswith("=")])
    if not any(value is not None for sheet in sheets for row in sheet.rows for value in row):
        raise FileRefused("empty", "Arbetsboken är tom. Kontrollera att den är sparad, och skicka den igen.")
    return sheets


def _refuse_active_content(package: Package) -> None:
    parts, relations = package.parts, package.relations  # both: either may be named otherwise
    if any(basename(part).lower() == "vbaproject.bin" or "/macrosheets/" in part for part in parts) or package.has_macros or relations & _MACROS:
        raise FileRefused("macros", "Filen innehåller makron. Spara den som Excel-arbetsbok utan makron (.xlsx) och skicka den igen.")
    if "xl/workbook.xml" not in parts:
        raise FileRefused("other_type", f"Filen är ingen Excel-arbetsbok av rätt sort. {_SAVE_AS} Packa upp den först om den är en zip-fil.")
    links = (part for part in parts if part.startswith(("xl/externalLinks/", "xl/queryTables/", "xl/connections")))
    if package.links_outside or relations & _LINKS or any(links):
        raise FileRefused(
            "external_links",
            "Filen hämtar uppgifter från andra filer. Bryt länkarna (Data > Redigera länkar och Data > Frågor och anslutningar) och spara igen.",
        )
    if package.is_unsafe:
        raise FileRefused("damaged", DAMAGED_SV)
    if relations & _EMBEDDED or any(dirname(part) in ("xl/embeddings", "xl/activeX") for part in parts):
        raise FileRefused("embedded", "Filen innehåller inbäddade dokument eller kontroller. Kopiera bara tabellen till mallen.")
    _refuse_formulas([f"{package.sheet_names.get(sheet, sheet)}!{address}" for sheet, address in package.formulas])


def _refuse_formulas(addresses: list[str]) -> None:
    if addresses:
        raise FileRefused(
            "formulas",
            f"Det står formler i {listed(addresses)}. Markera cellerna, kopiera dem, välj Klistra in special > Värden och spara igen.",
        )


def _read_sheet(sheet: Any, package: Package) -> Sheet:
    sheet.reset_dimensions()  # what the file says of its own extent may be wrong, and cells beyond it would be lost
    rows = [[_shown_value(cell) for cell in row] for row in sheet.iter_rows()]
    # By name: a workbook may have sheets of other kinds, which openpyxl counts apart.
    ranges = [ref for number, name in package.sheet_names.items() if name == sheet.title for ref in package.merged[number]]
    return Sheet(sheet.title, rows, sheet.sheet_state != "visible", covered_cells(ranges, rows))


def _shown_value(cell: Any) -> Value:
    """The cell's value; a share that Excel shows in per cent as it is shown: 0.455 becomes «45,5 %»."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in cell.number_format:
        return f"{value * 100:.12g} %".replace(".", ",")
    return _value(value)


def _value(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool | time) or not isinstance(value, int | float | None):
        return str(value)
    return value


def workbook_bytes(workbook: openpyxl.Workbook, at: datetime = datetime(2026, 1, 1)) -> bytes:
    """The workbook as a file, dated ``at`` throughout: the same content gives the same bytes."""
    workbook.properties.created = at
    sink, stable = io.BytesIO(), io.BytesIO()
    workbook.save(sink)
    # Stored, not packed: the bytes that packing gives differ between builds of zlib.
    with zipfile.ZipFile(sink) as source, zipfile.ZipFile(stable, "w", zipfile.ZIP_STORED) as target:
        for part in _parts_in_order(source):
            content = source.read(part)
            if part == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + f"{at:%Y-%m-%dT%H:%M:%SZ}".encode(), content)
            target.writestr(zipfile.ZipInfo(part, date_time=at.timetuple()[:6]), content)
    return stable.getvalue()


def _parts_in_order(archive: zipfile.ZipFile) -> Iterator[str]:
    yield "[Content_Types].xml"  # Excel and others tell the file's kind by its first part
    yield from (part for part in archive.namelist() if part != "[Content_Types].xml")
