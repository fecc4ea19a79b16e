"""A small catalogue, and files as people and attackers make them, for the tests of the inbox."""

import io
import os
import time
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from naravard_pipeline.catalogue import Area, Catalogue, Measure, Source
from naravard_pipeline.connectors.files import FileContent

NAMES = {
    "0428": "Vingåker",
    "0461": "Gnesta",
    "0480": "Nyköping",
    "0481": "Oxelösund",
    "0482": "Flen",
    "0483": "Katrineholm",
    "0484": "Eskilstuna",
    "0486": "Strängnäs",
    "0488": "Trosa",
}


def build_measure(measure_id: str = "sip_antal", **changes: Any) -> Measure:
    fields = {
        "measure_id": measure_id,
        "source_id": "local",
        "name_sv": "Antal SIP",
        "name_en": "Number of SIP",
        "definition_sv": "Planer som upprättats under månaden.",
        "status": "published",
        "levels": ["municipality"],
        "unit": "antal",
        "value_type": "count",
        "direction": "higher_is_better",
        "frequency": "month",
        "first_year": 2015,
        "area_types": ["municipality"],
        "bounds": {"min": 0.0, "max": 1000.0},
        "file": {"value_column": "Antal SIP", "area_types": ["municipality"], "reporter": "municipalities", "county_code": "04"},
    }
    return Measure.model_validate(fields | changes)


def build_catalogue(*measures: Measure) -> Catalogue:
    areas = [
        Area(area_code="00", name_sv="Riket", area_type="nation"),
        Area(area_code="01", name_sv="Region Stockholm", area_type="region", parent_code="00"),
        Area(area_code="04", name_sv="Region Sörmland", area_type="region", parent_code="00"),
        Area(area_code="04-norra", name_sv="Norra länsdelen", area_type="county_part", parent_code="04"),
        Area(area_code="0180", name_sv="Stockholm", area_type="municipality", parent_code="01"),
        *(Area(area_code=code, name_sv=name, area_type="municipality", parent_code="04") for code, name in NAMES.items()),
    ]
    source = Source(
        source_id="local",
        name_sv="Filer",
        name_en="Files",
        description_sv="Filer från kommunerna.",
        kind="files",
        attribution="Källa: kommunerna",
        licence="CC0",
    )
    return Catalogue(
        frameworks={},
        sources={"local": source},
        measures={m.measure_id: m for m in measures or (build_measure(),)},
        areas={a.area_code: a for a in areas},
        area_groups={},
    )


def csv_file(*lines: str, name: str = "sip.csv", encoding: str = "utf-8") -> FileContent:
    return FileContent(name, "\r\n".join(lines).encode(encoding))


def sip_csv(*rows: str, **options: str) -> FileContent:
    return csv_file("Kommun;Månad;Antal SIP", *rows, **options)


def workbook_of(*rows: list[Any], sheet: str = "Uppgifter") -> Workbook:
    workbook = Workbook()
    workbook.active.title = sheet
    for row in rows:
        workbook.active.append(row)
    return workbook


def saved(workbook: Workbook, name: str = "sip.xlsx") -> FileContent:
    sink = io.BytesIO()
    workbook.save(sink)
    return FileContent(name, sink.getvalue())


def with_parts(content: FileContent, parts: dict[str, bytes]) -> FileContent:
    """The same workbook with parts added or replaced."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content.data)) as source, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in parts:
                target.writestr(name, source.read(name))
        for name, data in parts.items():
            target.writestr(name, data)
    return FileContent(content.name, sink.getvalue())


def part_of(content: FileContent, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content.data)) as archive:
        return archive.read(name)


MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def with_sheet(content: FileContent, rows: bytes) -> FileContent:
    """The same workbook with other rows, as XML, in its first sheet."""
    sheet = b'<worksheet xmlns="' + MAIN + b'"><sheetData>' + rows + b"</sheetData></worksheet>"
    return with_parts(content, {"xl/worksheets/sheet1.xml": sheet})


def with_shared_texts(rows: list[list[str]], texts: bytes = b"") -> FileContent:
    """A workbook as Excel saves it, with its texts in a part of their own; openpyxl writes them into the cells. ``texts`` come before them."""
    content = saved(workbook_of(["x"]))
    first, cells, shared = texts.count(b"<si>"), "", texts.decode()
    for r, row in enumerate(rows):
        columns = (f'<c r="{chr(65 + c)}{r + 1}" t="s"><v>{first + r * len(row) + c}</v></c>' for c in range(len(row)))
        cells += f'<row r="{r + 1}">{"".join(columns)}</row>'
        shared += "".join(f"<si><t>{text}</t></si>" for text in row)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    types = part_of(content, "[Content_Types].xml").replace(b"</Types>", override)
    parts = {"xl/sharedStrings.xml": b'<sst xmlns="' + MAIN + b'">' + shared.encode() + b"</sst>", "[Content_Types].xml": types}
    return with_sheet(with_parts(content, parts), cells.encode())


def drop(content: FileContent, inbox: Path, seconds_ago: float = 60) -> Path:
    """Put a file in the inbox as if it had lain there for a while."""

    inbox.mkdir(parents=True, exist_ok=True)
    path = inbox / content.name
    path.write_bytes(content.data)
    at = time.time() - seconds_ago
    os.utime(path, (at, at))
    return path
