"""Excel workbooks (.xlsx) from strangers, looked through before anything else opens them.

A workbook is a zip of XML. Sizes are taken from the zip's directory before anything is unpacked, then each part is read for all its text, its
formulas, its links and the extent of each sheet. Belongs here: what is in a workbook. Does not: what is refused of that, and its cells
(``workbooks``), what makes a text secret.
"""

import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import basename, join, normpath
from xml.etree import ElementTree

from openpyxl.utils import column_index_from_string, get_column_letter

from naravard_pipeline.connectors.grid import MAX_CELLS, FileRefused, Fragment, raw_fragment, too_many_cells

MAX_UNPACKED = 50 * 2**20
MAX_RATIO = 100  # packed to unpacked; sheets full of figures reach 10-20
MAX_PARTS = 1_000
MAX_EXTENT = 3_000_000  # rows × columns to the last cell: openpyxl fills what lies in between

_SMALL = 2**20  # below this no ratio is a bomb
_XML = (".xml", ".rels", ".vml")
_JOINED = {"si", "is", "p", "text"}  # their text is split into runs by formatting, anywhere, also in the middle of a number
_OF_CELL = {"v", "t", "r", "is", "f"}
_PARTS_SV = {
    "sharedStrings": "",  # the cells that refer to it are named instead
    "xl/workbook.xml": "ett bladnamn eller ett definierat namn",
    "xl/worksheets/": "text utanför cellerna",
    "omments": "en kommentar",
    "docProps": "dokumentegenskaperna",
    "drawings": "en textruta",
}
DAMAGED_SV = "Filen är skadad eller ingen riktig Excel-fil. Öppna den i Excel, spara den på nytt som .xlsx och skicka den igen."
_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?([eE]\+?\d{1,2})?")
_HIDDEN_SV = "en dold del av arbetsboken"
_BOMB = "Filen blir orimligt stor när den packas upp. Kopiera uppgifterna till mallen och skicka den i stället."


@dataclass
class Package:
    """What looking through a workbook found. ``formulas`` are addresses with the sheet's number, as ``(1, "C7")``."""

    parts: list[str]
    fragments: list[Fragment] = field(default_factory=list)
    formulas: list[tuple[int, str]] = field(default_factory=list)
    sheet_names: dict[int, str] = field(default_factory=dict)
    merged: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))  # sheet number → ranges, as A1:A3
    relations: set[str] = field(default_factory=set)  # what parts are to each other: worksheet, vbaProject, externalLink
    links_outside: bool = False
    has_macros: bool = False
    is_unsafe: bool = False  # a document type definition, by which a few bytes of XML can become gigabytes


def read_package(data: bytes) -> Package:
    """Look through all parts of a workbook. Raises ``FileRefused`` for what must not even be unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bombs(archive.infolist(), len(data))
            return _look_through(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
        raise FileRefused("damaged", DAMAGED_SV) from error


def _refuse_bombs(entries: list[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED or len(entries) > MAX_PARTS or (unpacked > _SMALL and unpacked > MAX_RATIO * packed):
        raise FileRefused("bomb", _BOMB)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise FileRefused("protected", "Filen är skyddad med lösenord. Ta bort lösenordet och spara igen.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise FileRefused("damaged", DAMAGED_SV)  # two parts of one name: readers disagree on which one counts


def _look_through(archive: zipfile.ZipFile) -> Package:
    package = Package(archive.namelist())
    numbers = _sheet_numbers(archive, package)
    shared: list[str] = []
    # The cells refer to the shared texts by number, so these come first.
    for part in sorted(package.parts, key=lambda part: "sharedStrings" not in part):
        content = archive.read(part)
        is_xml = part.lower().endswith(_XML)
        package.is_unsafe |= is_xml and _has_type_definition(content)
        package.has_macros |= b"macroEnabled" in content and basename(part) == "[Content_Types].xml"
        package.links_outside |= part.startswith("customXml/") and b"DataMashup" in content.replace(b"\0", b"")  # a query of Power Query
        try:
            if is_xml and not _has_type_definition(content):
                _look_at_part(content, part, numbers.get(part, 0), shared, package)
                continue
        except ElementTree.ParseError:
            pass  # openpyxl will say whether the workbook can be read without it
        package.fragments.append(raw_fragment(re.sub(rb"<[^>]*>", b" ", content) if is_xml else content, _part_sv(part) or _HIDDEN_SV))
    return package


def _has_type_definition(content: bytes) -> bool:
    return b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content[:4]  # UTF-16 would hide the first two


def _look_at_part(content: bytes, part: str, sheet: int, shared: list[str], package: Package) -> None:
    part_sv, name = _part_sv(part), package.sheet_names.get(sheet, "")
    cells = rows = last_row = last_column = column = joined_characters = 0
    of_cell: list[Fragment] = []  # text that belongs to a cell, until the cell itself ends
    for _, element in ElementTree.iterparse(io.BytesIO(content)):
        tag = _local(element.tag)
        texts = [element.text or "", *(child.tail or "" for child in element)]
        if tag in _JOINED:
            joined = "".join(element.itertext())
            element.clear()  # each text is joined once, however deep such elements are nested
            element.text = joined
            texts.append(joined)
            joined_characters += len(joined)
            if joined_characters > MAX_UNPACKED:
                raise FileRefused("bomb", _BOMB)
            if tag == "si":
                shared.append(joined)
        found = of_cell if sheet and tag in _OF_CELL else package.fragments
        found += [Fragment(text, part_sv, sheet, name) for text in texts if len(text) >= 8]  # shorter is no identity number
        package.fragments += [Fragment(text, part_sv, sheet, name) for text in element.attrib.values() if len(text) >= 8]
        if tag == "Relationship":
            relation = basename(element.get("Type", ""))
            package.relations.add(relation)
            # A link that a person clicks is harmless; one that a program follows by itself is not.
            package.links_outside |= element.get("TargetMode") == "External" and relation != "hyperlink"
        if sheet and tag == "c":
            cells += 1
            letters, row, column = _position(element.get("r", ""), column)
            last_row, last_column = max(last_row, row), max(last_column, column)
            package.fragments += [Fragment(text, "", sheet, name, letters) for text in _cell_texts(element, shared) if len(text) >= 8]
            of_cell.clear()
            if any(_local(child.tag) == "f" for child in element):
                package.formulas.append((sheet, element.get("r", "")))
        elif sheet and tag == "row":
            rows, column = rows + 1, 0
            last_row = max(last_row, rows, int(element.get("r", 0)))
            element.clear()
        elif sheet and tag == "mergeCell":
            package.merged[sheet].append(element.get("ref", ""))
        if cells > MAX_CELLS or last_row * max(last_column, 1) > MAX_EXTENT:
            raise too_many_cells()
    package.fragments += of_cell


def _cell_texts(cell: ElementTree.Element, shared: list[str]) -> Iterator[str]:
    """Its text, its number as digits, its formula: whatever of these there is."""
    for child in cell:
        text = "".join(child.itertext())
        if cell.get("t") == "s" and text.isdecimal() and int(text) < len(shared):
            yield shared[int(text)]
        elif _NUMBER.fullmatch(text) and float(text).is_integer():
            yield str(int(float(text)))
        else:
            yield text


def _position(reference: str, column_before: int) -> tuple[str, int, int]:
    """Column letter, row and column, counted from 1. A cell without a reference follows the one before it."""
    if match := re.fullmatch(r"([A-Z]{1,3})(\d{1,10})", reference):
        return match[1], int(match[2]), _column_number(match[1])
    return get_column_letter(min(column_before + 1, 16_384)), 1, column_before + 1


_column_number = lru_cache(column_index_from_string)


def _sheet_numbers(archive: zipfile.ZipFile, package: Package) -> dict[str, int]:
    """Part name → the sheet's number in the workbook's order; the names go into the package."""
    try:
        contents = [archive.read(part) for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")]
        if any(map(_has_type_definition, contents)):
            return {}
        workbook, relations = map(ElementTree.fromstring, contents)
    except (KeyError, ElementTree.ParseError):
        return {}
    targets = {relation.get("Id"): normpath(join("/xl", relation.get("Target", ""))).lstrip("/") for relation in relations}
    numbers: dict[str, int] = {}
    for number, sheet in enumerate((element for element in workbook.iter() if _local(element.tag) == "sheet"), start=1):
        relation = next((value for key, value in sheet.attrib.items() if _local(key) == "id"), None)
        package.sheet_names[number] = sheet.get("name", "")
        numbers[targets.get(relation, "")] = number
    return numbers


def _part_sv(part: str) -> str:
    return next((text for name, text in _PARTS_SV.items() if name in part), _HIDDEN_SV)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
