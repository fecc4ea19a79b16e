"""Personal identity numbers are found wherever they stand, and ordinary figures are not taken for them."""

import re
from datetime import date

import pytest
from dropped_files import NAMES, part_of, saved, sip_csv, with_parts, with_shared_texts, with_sheet, workbook_of
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from naravard_pipeline.connectors.files import FileContent, read_fragments
from naravard_pipeline.landing.personal_numbers import find_places, has_personal_number


def luhn(nine: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 - n % 2), 10)) for n, digit in enumerate(nine))
    return str(-total % 10)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1890, 1, 1), date(2030, 12, 31)))
    day = born.day + draw(st.sampled_from([0, 60]))
    nine = f"{born:%y%m}{day:02}{draw(st.integers(0, 999)):03}"
    separator = draw(st.sampled_from(["", "-", "+", " ", "–", " - "]))
    century = draw(st.sampled_from(["", str(born.year)[:2]]))
    return f"{century}{nine[:6]}{separator}{nine[6:]}{luhn(nine)}"


no_digits = st.text(st.characters(exclude_categories=["Nd", "Nl", "No", "Cs"]), max_size=20)


@given(no_digits, numbers(), no_digits)
def test_a_number_is_found_in_any_text(before: str, number: str, after: str):
    assert has_personal_number(before + number + after)


@given(numbers(), st.integers(1, 9))
def test_a_wrong_check_digit_is_no_number(number: str, wrong: int):
    assert not has_personal_number(number[:-1] + str((int(number[-1]) + wrong) % 10))


@given(numbers(), st.sampled_from("0123456789"))
def test_a_longer_row_of_digits_is_no_number(number: str, digit: str):
    assert not has_personal_number(f"{number}{digit}")


@pytest.mark.parametrize(
    "text",
    [
        "19121212-1212",
        "191212121212",
        "1212121212",
        "121212+1212",
        "1912-12-12-1212",
        "１２１２１２-１２１２",
        "12121\u200b2-1212",
        "121272-1219",
        "12.12.12-1212",
        "1912/12/12-1212",
    ],
)
def test_known_spellings_are_found(text: str):
    assert has_personal_number(text)


@pytest.mark.parametrize(
    "text",
    ["20250101", "2025-01-31", "0484", "016-710 10 00", "1234567890", "212000-0357", "202501", "0,1212121", "12121212121212", "121232-1212", ""],
)
def test_ordinary_figures_are_not(text: str):
    assert not has_personal_number(text)


def test_reserve_numbers_are_what_the_patterns_match():
    patterns = [re.compile(r"\bR\d{8}\b"), re.compile("x*")]
    assert has_personal_number("Anna R12345678", patterns)
    assert not has_personal_number("Anna R12345678")
    assert not has_personal_number("R1234567", patterns)  # what matches nothing at all finds no number either


def places(content: FileContent) -> list[str]:
    return find_places(read_fragments(content))


def test_no_municipality_or_month_looks_like_a_person():
    rows = [[name, f"{year}-{month:02}", 12] for name in NAMES.values() for year in (2025, 2026) for month in range(1, 13)]
    assert places(saved(workbook_of(["Kommun", "Månad", "Antal SIP"], *rows))) == []


def test_csv_gives_the_column():
    assert places(sip_csv("Flen;2025-01;12", "Flen;2025-02;Anna 121212-1212")) == ["kolumn C"]
    assert places(sip_csv("Flen;2025-01;191212121212", encoding="utf-16")) == ["kolumn C"]


@pytest.mark.parametrize("value", [1212121212, 191212121212, 1212121212.0, "191212121212", "Anna, 121212-1212"])
def test_cells_of_hidden_sheets_give_sheet_and_column(value: object):
    workbook = workbook_of(["Kommun", "Månad", "Antal SIP"])
    hidden = workbook.create_sheet("Lista")
    hidden.sheet_state = "veryHidden"
    hidden["D700"] = value
    assert places(saved(workbook)) == ['bladet "Lista", kolumn D']


def test_a_number_that_lost_its_leading_zero_is_found():
    nine = "010203123"
    assert places(saved(workbook_of([int(nine + luhn(nine))]))) == ['bladet "Uppgifter", kolumn A']


def test_a_number_shown_as_a_date_is_found():
    workbook = workbook_of([1212121212])
    workbook.active["A1"].number_format = "yyyy-mm-dd"
    assert places(saved(workbook)) == ['bladet "Uppgifter", kolumn A']


def test_a_cached_formula_result_and_a_formula_are_found():
    for cell in (b"<f>A1</f><v>1212121212</v>", b'<f>"121212-1212"</f><v>1</v>'):
        content = with_sheet(saved(workbook_of([1])), b'<row r="1"><c r="B1">' + cell + b"</c></row>")
        assert places(content) == ['bladet "Uppgifter", kolumn B']


def test_cells_without_an_address_are_found():
    content = with_sheet(saved(workbook_of([1])), b"<row><c><v>1</v></c><c><v>1212121212</v></c></row>")
    assert places(content) == ['bladet "Uppgifter", kolumn B']


def test_text_outside_the_cells_is_searched():
    def comment(workbook):
        workbook.active["A1"].comment = Comment("121212-1212", "x")

    def title(workbook):
        workbook.properties.title = "Lista 121212-1212"

    def name(workbook):
        workbook.defined_names["x"] = DefinedName("x", attr_text='"121212-1212"')

    def header(workbook):
        workbook.active.oddHeader.center.text = "121212-1212"

    expected = {
        comment: "en kommentar",
        title: "dokumentegenskaperna",
        name: "ett bladnamn eller ett definierat namn",
        header: 'bladet "Uppgifter", text utanför cellerna',
    }
    for change, place in expected.items():
        workbook = workbook_of(["Kommun"])
        change(workbook)
        assert place in places(saved(workbook)), change.__name__


def test_text_of_a_sheet_that_stands_before_its_cells_is_searched():
    content = saved(workbook_of([1]))
    sheet = part_of(content, "xl/worksheets/sheet1.xml").replace(b"<sheetData>", b"<x>121212-1212</x><sheetData>")
    assert places(with_parts(content, {"xl/worksheets/sheet1.xml": sheet})) == ['bladet "Uppgifter", text utanför cellerna']


def test_a_sheet_named_by_a_number_is_not_named():
    found = places(saved(workbook_of(["121212-1212"], sheet="121212-1212")))
    assert "blad 1, kolumn A" in found
    assert not any("1212" in place for place in found)


def test_text_in_runs_is_one_text():
    runs = b"<si><r><t>12</t></r><r><t>1212-1212</t></r></si>"
    assert places(with_shared_texts([["Kommun", "121212-1212"]])) == ['bladet "Uppgifter", kolumn B']
    assert places(with_shared_texts([["Kommun"]], runs)) == ["en dold del av arbetsboken"]  # left over from a cell that is no more
    used = with_sheet(with_shared_texts([["Kommun"]], runs), b'<row r="1"><c r="A1" t="s"><v>0</v></c></row>')
    assert places(used) == ['bladet "Uppgifter", kolumn A']


def test_parts_that_are_no_xml_and_files_that_are_no_table_are_searched():
    assert places(with_parts(saved(workbook_of(["x"])), {"xl/x.bin": "121212-1212".encode("utf-16-le")})) == ["en dold del av arbetsboken"]
    assert places(with_parts(saved(workbook_of(["x"])), {"docProps/broken.xml": b"<a>121212-1212"})) == ["dokumentegenskaperna"]
    assert places(FileContent("x.xls", bytes.fromhex("d0cf11e0a1b11ae1") + "121212-1212".encode("utf-16-le"))) == ["filens innehåll"]
    assert places(FileContent("121212-1212.csv", b"")) == ["filnamnet"]
