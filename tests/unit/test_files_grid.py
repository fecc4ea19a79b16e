"""Files are read as people save them, and refused whole where they are no plain table."""

import csv
import io
import os
import struct
import zipfile
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import pytest
from dropped_files import part_of, saved, with_parts, with_shared_texts, with_sheet, workbook_of
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.connectors import files, grid, packages
from naravard_pipeline.connectors.delimited import is_formula, write_delimited
from naravard_pipeline.connectors.files import FileContent, read_content, read_fragments, read_grid
from naravard_pipeline.connectors.grid import FileRefused

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def kind(content: FileContent) -> str:
    with pytest.raises(FileRefused) as refusal:
        read_grid(content)
    assert len(str(refusal.value)) > 20
    return refusal.value.kind


def rows(data: bytes) -> list:
    return [list(row) for row in read_grid(FileContent("x.csv", data))[0].rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encoding_and_delimiter_are_found_out(encoding: str, delimiter: str):
    text = f"Kommun{delimiter}Månad\r\nSträngnäs{delimiter}2025-01\r\n"
    assert rows(text.encode(encoding)) == [["Kommun", "Månad"], ["Strängnäs", "2025-01"]]


def test_decimal_commas_and_quoted_cells_do_not_split():
    assert rows(b'SIP, kommunerna, 2025\r\nKommun;Antal\r\nFlen;1,5\r\n"Gnesta; tom";2,5') == [
        ["SIP, kommunerna, 2025"],
        ["Kommun", "Antal"],
        ["Flen", "1,5"],
        ["Gnesta; tom", "2,5"],
    ]


def test_the_line_that_excel_puts_first_is_understood():
    assert rows(b"sep=,\r\nKommun,Antal\r\nFlen,2") == [[None], ["Kommun", "Antal"], ["Flen", "2"]]


def test_workbook_values_keep_their_kind():
    content = saved(workbook_of(["a", None, 1, 1.5, datetime(2025, 1, 31), True, " "]))
    assert read_grid(content)[0].rows[0] == ["a", None, 1, 1.5, date(2025, 1, 31), "True", None]


def test_shares_shown_in_per_cent_are_read_as_shown():
    workbook = workbook_of([0.455, 0.455, 12, True])
    for cell, form in zip(workbook.active[1], ["0.0%", "General", "0%", "0%"], strict=True):
        cell.number_format = form
    assert read_grid(saved(workbook))[0].rows == [["45,5 %", 0.455, "1200 %", "True"]]


def test_merged_cells_are_seen_as_one():
    workbook = workbook_of(["Flen", 1], [None, 2], ["Trosa", 3])
    workbook.active.merge_cells("A1:A2")
    [sheet] = read_grid(saved(workbook))
    assert [sheet.written(1, 0), sheet.seen(0, 0), sheet.seen(1, 0), sheet.seen(2, 0), sheet.seen(0, 9)] == [None, "Flen", "Flen", "Trosa", None]


@pytest.mark.parametrize(("ref", "expected"), [(b"A1:B2", "read"), (b"A1:XFD1048576", "read"), (b"??", "damaged"), (b"", "damaged")])
def test_ranges_that_are_merged_keep_within_the_sheet(ref: bytes, expected: str):
    sheet = part_of(saved(workbook_of(["a", "b"], ["c", "d"])), "xl/worksheets/sheet1.xml")
    merged = b'</sheetData><mergeCells><mergeCell ref="' + ref + b'"/></mergeCells>'
    content = with_parts(saved(workbook_of(["a"])), {"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", merged)})
    if expected == "damaged":
        assert kind(content) == expected
    else:
        assert set(read_grid(content)[0].merged) == {(0, 1), (1, 0), (1, 1)}


def test_ranges_that_lie_on_each_other_do_not_multiply(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(grid, "MAX_CELLS", 100)
    with pytest.raises(FileRefused) as refusal:
        grid.covered_cells(["A1:A60"] * 2, [[None]] * 60)
    assert refusal.value.kind == "too_large"


def test_texts_in_a_part_of_their_own_are_read():
    assert read_grid(with_shared_texts([["Kommun", "Månad"], ["Flen", "2025-01"]]))[0].rows == [["Kommun", "Månad"], ["Flen", "2025-01"]]


def test_cells_beyond_the_extent_that_a_sheet_claims_are_read():
    content = saved(workbook_of(["a", "b"], ["c", "d"]))
    sheet = part_of(content, "xl/worksheets/sheet1.xml").replace(b'ref="A1:B2"', b'ref="A1:A1"')
    assert read_grid(with_parts(content, {"xl/worksheets/sheet1.xml": sheet}))[0].rows == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n;;\r\n", "empty"),
        (b"En text utan tabell.\nFler rader.", "no_table"),
        (b"%PDF-1.7 ...", "other_type"),
        (b"<html><table></table></html>", "other_type"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "other_type"),
        (OLE + b"\0" * 100, "other_type"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected"),
        (b"PK\x03\x04 broken", "damaged"),
        (b'a;b\r\n"c;d', "damaged"),
        (b"a;b\r\n=1+1;2", "formulas"),
        (b"a;b\r\n+cmd|x;2", "formulas"),
        (b"a;b\r\n@SUM(1);2", "formulas"),
        (b"a;b\r\n-1+2;2", "formulas"),
        ("a;b\r\n＝1+1;2".encode(), "formulas"),
        (b"a;b\r\n" + b"9" * 200_000 + b";1", "damaged"),
        (b"a;b\r\n" + b";" * grid.MAX_CELLS, "too_large"),
    ],
)
def test_text_files_are_refused(data: bytes, expected: str):
    assert kind(FileContent("x.csv", data)) == expected


def test_signed_numbers_and_dashes_are_no_formulas():
    assert rows(b"a;b;c;d;e\r\n-1;+2;-;-1 234,5;-5 %") == [["a", "b", "c", "d", "e"], ["-1", "+2", "-", "-1 234,5", "-5 %"]]


def zipped(parts: dict[str, bytes]) -> FileContent:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return FileContent("x.xlsx", sink.getvalue())


@pytest.mark.parametrize(
    ("parts", "most"),
    [
        ({"xl/workbook.xml": b"0" * 30 * 2**20}, packages.MAX_UNPACKED),  # by its ratio
        ({"xl/workbook.xml": os.urandom(20_000)}, 19_999),  # by its size
        ({f"{n}.xml": b"" for n in range(packages.MAX_PARTS + 1)}, packages.MAX_UNPACKED),  # by its number of parts
    ],
    ids=["ratio", "size", "parts"],
)
def test_zip_bombs_are_not_unpacked(parts: dict[str, bytes], most: int, monkeypatch: pytest.MonkeyPatch):
    bomb = zipped(parts)
    monkeypatch.setattr(packages, "MAX_UNPACKED", most)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    assert kind(bomb) == "bomb"


def test_a_size_that_the_zip_lies_about_does_not_unpack_more():
    honest = zipped({"xl/workbook.xml": b"0" * 30 * 2**20})
    size = struct.pack("<I", 30 * 2**20)
    assert honest.data.count(size) >= 1
    assert kind(FileContent("x.xlsx", honest.data.replace(size, struct.pack("<I", 100)))) == "damaged"


def test_texts_within_texts_do_not_multiply():
    deep = b"<p>" * 100_000 + b"x" * 1000 + b"</p>" * 100_000
    content = with_parts(saved(workbook_of(["a", "b"])), {"xl/drawings/drawing1.xml": deep})
    assert kind(content) == "bomb"


def test_entities_are_not_expanded():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert kind(with_parts(saved(workbook_of(["a", "b"])), {"xl/sharedStrings.xml": bomb})) == "damaged"


@pytest.mark.parametrize(
    "sheet",
    [
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="99999999"><c r="A99999999"><v>1</v></c></row>',
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="9999999999"/>',
        b"<row>" + b"<c/>" * 101 + b"</row>",
    ],
)
def test_sheets_that_claim_to_be_huge_are_refused(sheet: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "MAX_CELLS", 100)
    noise = {"xl/media/noise.bin": os.urandom(100_000)}  # so that no ratio gives it away
    assert kind(with_sheet(with_parts(saved(workbook_of(["a", "b"])), noise), sheet)) == "too_large"


def related(kind: bytes) -> bytes:
    """A relation to a part whose name says nothing."""
    return external(kind).replace(b' TargetMode="External"', b"").replace(b"http://example.se", b"innocent.bin")


def external(kind: bytes) -> bytes:
    name = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/" + kind
    return b'<Relationships xmlns="x"><Relationship Id="r1" Type="' + name + b'" Target="http://example.se" TargetMode="External"/></Relationships>'


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, "external_links"),
        ({"xl/connections.xml": b"<x/>"}, "external_links"),
        ({"xl/worksheets/_rels/sheet1.xml.rels": external(b"oleObject")}, "external_links"),
        ({"xl/embeddings/oleObject1.bin": b"x"}, "embedded"),
        ({"xl/_rels/sheet1.xml.rels": related(b"vbaProject")}, "macros"),
        ({"xl/_rels/sheet1.xml.rels": related(b"externalLink")}, "external_links"),
        ({"xl/_rels/sheet1.xml.rels": related(b"package")}, "embedded"),
        ({"customXml/item1.xml": '<?xml version="1.0" encoding="utf-16"?><DataMashup/>'.encode("utf-16")}, "external_links"),
    ],
)
def test_active_content_is_refused(parts: dict[str, bytes], expected: str):
    assert kind(with_parts(saved(workbook_of(["a", "b"])), parts)) == expected


def test_a_link_to_click_is_not_refused():
    content = with_parts(saved(workbook_of(["a", "b"])), {"xl/worksheets/_rels/sheet1.xml.rels": external(b"hyperlink")})
    assert read_grid(content)[0].rows == [["a", "b"]]


def test_a_workbook_that_allows_macros_is_refused_though_it_has_none():
    content = saved(workbook_of(["a", "b"]))
    types = part_of(content, "[Content_Types].xml").replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")
    assert kind(with_parts(content, {"[Content_Types].xml": types})) == "macros"


def test_formulas_are_refused_with_their_address():
    with pytest.raises(FileRefused, match=r"Uppgifter!B2\."):
        read_grid(saved(workbook_of(["a", "b"], ["c", "=SUM(A1:A9)"])))
    text = workbook_of(["a", "b"])
    text.active["C1"].value = "=1+1"
    text.active["C1"].data_type = "s"
    with pytest.raises(FileRefused, match=r"Uppgifter!C1\."):
        read_grid(saved(text))


def test_other_packages_are_refused():
    assert kind(zipped({"word/document.xml": b"<x/>"})) == "other_type"
    assert kind(saved(workbook_of())) == "empty"
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/workbook.xml", b"<y/>")
    assert kind(FileContent("x.xlsx", twice.getvalue())) == "damaged"
    encrypted = bytearray(zipped({"xl/workbook.xml": b"<x/>"}).data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(signature) + offset] |= 1
    assert kind(FileContent("x.xlsx", bytes(encrypted))) == "protected"


def test_what_is_no_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = tmp_path / "real.csv"
    real.write_bytes(b"a;b")
    (tmp_path / "link.csv").symlink_to(real)
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("link.csv", "pipe.csv", ".", "missing.csv"):
        with pytest.raises(FileRefused) as refusal:
            read_content(tmp_path / name)
        assert refusal.value.kind == "not_a_file"
    monkeypatch.setattr(files, "MAX_BYTES", 2)
    with pytest.raises(FileRefused) as refusal:
        read_content(real)
    assert refusal.value.kind == "too_large"


ANY_BYTES = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail),
    st.text(";,\t\n\"=ab1'", max_size=80).map(str.encode),
)


@given(ANY_BYTES)
def test_any_bytes_are_read_or_refused(data: bytes):
    content = FileContent("x", data)
    list(read_fragments(content))
    with suppress(FileRefused):
        read_grid(content)


PLAIN = with_shared_texts([["Kommun", "Månad"], ["Flen", "2025-01"]])
PARTS = ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "xl/sharedStrings.xml"]
DAMAGE = [b"", b"9", b"<", b"-1", b"\0", b'"', b"99999999999", b"NaN", b"1E999"]


@given(st.sampled_from(PARTS), st.floats(0, 1, exclude_max=True), st.integers(0, 9), st.sampled_from(DAMAGE))
def test_a_workbook_with_any_damage_is_read_or_refused(part: str, place: float, length: int, damage: bytes):
    whole = part_of(PLAIN, part)
    at = int(place * len(whole))
    with suppress(FileRefused):
        read_grid(with_parts(PLAIN, {part: whole[:at] + damage + whole[at + length :]}))


FORMULAS = st.sampled_from("=+-@\t\r").flatmap(lambda start: st.text(max_size=8).map(lambda text: start + text))


@given(st.lists(st.one_of(FORMULAS, st.text(max_size=8)), min_size=1, max_size=4))
def test_nothing_that_is_written_starts_a_formula(row: list[str]):
    [written] = csv.reader(io.StringIO(write_delimited([row]).decode("utf-8-sig"), newline=""), delimiter=";")
    assert not any(map(is_formula, written))
    assert [cell.removeprefix("'") for cell in written] == [cell.removeprefix("'") for cell in row]
