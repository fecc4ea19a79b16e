"""The national file of waiting times, as somebody exports it by hand: areas in rows, periods and contents in two rows of headings."""

from contextlib import suppress
from datetime import date

import pytest
from dropped_files import build_catalogue, build_measure, csv_file, saved, workbook_of
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.landing.file_answer import build_answer
from naravard_pipeline.landing.file_check import FileCheck, check_content
from naravard_pipeline.landing.templates import build_templates
from naravard_pipeline.settings import SOURCES

MEASURE = build_measure(
    "vantetider_medicinsk_bedomning",
    source_id="vantetider",
    value_type="share",
    bounds={"min": 2.0, "max": 100.0},
    file={
        "layout": "vantetider",
        "title": "Medicinsk bedömning inom tre dagar",
        "value_column": "Andel inom tre dagar",
        "suppressed_mark": "N",
        "area_types": ["nation", "region"],
        "reporter": "source",
    },
)
CATALOGUE = build_catalogue(MEASURE)
TITLE = "Medicinsk bedömning inom tre dagar i primärvården;;;;"
HEADINGS = ["Region;Januari 2025;;Februari 2025;", ";Antal kontakter;Andel inom tre dagar;Antal kontakter;Andel inom tre dagar"]
ROWS = ["Riket;412 345;84,3;401 002;85,1", "Region Stockholm;98 111;90,2;97 003;91", "Region Sörmland;18;N;..;.."]
FOOTER = "Källa: Väntetidsdatabasen. N = färre än 20 kontakter;;;;"
LINES = [TITLE, *HEADINGS, *ROWS, FOOTER]


def check(content: FileContent) -> FileCheck:
    return check_content(content, CATALOGUE, date(2026, 3, 15))


def cells(found: FileCheck) -> list[tuple]:
    return [(r.area_code, r.period.label, r.reading.value, r.reading.status, r.reading.source_status) for r in found.rows]


EXPECTED = [
    ("00", "2025-01", 84.3, "ok", None),
    ("00", "2025-02", 85.1, "ok", None),
    ("01", "2025-01", 90.2, "ok", None),
    ("01", "2025-02", 91.0, "ok", None),
    ("04", "2025-01", None, "suppressed", "N"),
    ("04", "2025-02", None, "missing", ".."),
]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig"])
def test_the_national_file(encoding: str):
    found = check(csv_file(*LINES, encoding=encoding))
    assert cells(found) == EXPECTED
    assert found.notes_sv == ("Rad 7 har varken period eller värde och lästes inte.",)


def test_the_periods_may_stand_below_and_a_column_be_alone():
    lines = ["Medicinsk bedömning inom tre dagar", ";Andel inom tre dagar;", "Region;2025-01;2025-02", "Riket;84,3;N", "Sörmland;;70"]
    assert cells(check(csv_file(*lines))) == [
        ("00", "2025-01", 84.3, "ok", None),
        ("00", "2025-02", None, "suppressed", "N"),
        ("04", "2025-01", None, "missing", None),
        ("04", "2025-02", 70, "ok", None),
    ]


def test_a_workbook_with_merged_headings_is_the_same():
    workbook = workbook_of(
        ["Medicinsk bedömning inom tre dagar"], ["Region", date(2025, 1, 1), None], [None, "Antal", "Andel inom tre dagar"], ["Riket", 9, 84.3]
    )
    for ref in ("A1:C1", "A2:A3", "B2:C2"):
        workbook.active.merge_cells(ref)
    assert cells(check(saved(workbook))) == [("00", "2025-01", 84.3, "ok", None)]


def changed(old: str, new: str) -> FileContent:
    assert any(old in line for line in LINES)
    return csv_file(*[line.replace(old, new) for line in LINES])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Medicinsk bedömning inom", "Telefon inom", 'A1: "Telefon inom tre dagar i primärvården" är inte tabellen "Medicinsk'),
        (
            "Andel inom tre dagar",
            "Andel",
            'A1: "Medicinsk bedömning inom tre dagar i pr…" står över en tabell utan rubriken "Andel inom tre dagar" vid',
        ),
        ("Januari", "Januri", 'B2: "Januri 2025" är inte en månad som går att läsa.'),
        ("Februari 2025", "jan-25", 'E4: "85,1" är andra värdet för Riket 2025-01; det första står i C4.'),
        ("Region Sörmland", "Region Sormlandd", 'A6: "Region Sormlandd" är ingen region. Menade du Region Sörmland?'),
        ("90,2", "902", 'C5: "902" ligger utanför måttets gränser (2 till 100).'),
        ("90,2", "X", 'C5: "X" är inget tal.'),
    ],
)
def test_what_is_not_as_expected_is_told_by_cell(old: str, new: str, expected: str):
    found = check(changed(old, new))
    assert not found.accepted
    assert found.problems[0].text.startswith(expected)


def test_a_period_that_cannot_be_read_is_told_once():
    assert len(check(changed("Januari", "Januri")).problems) == 1


def test_the_shipped_measure_reads_it_and_has_no_template():
    catalogue = read_catalogue(SOURCES)
    found = check_content(csv_file(*LINES), catalogue, date(2026, 3, 15))
    assert (found.measure.measure_id, found.measure.status, cells(found)) == ("vantetider_medicinsk_bedomning", "draft", EXPECTED)
    assert not any(name.startswith("vantetider") for name in build_templates(catalogue))


words = st.sampled_from([*";".join(LINES).split(";"), "2025-03", "N", "x", "9", ""])


@given(st.lists(st.lists(words, max_size=5), max_size=6))
def test_any_such_file_is_read_or_refused(rows: list[list[str]]):
    found = check(csv_file(TITLE, *map(";".join, rows)))
    assert found.accepted == bool(found.rows)
    assert build_answer(found, CATALOGUE.areas)
    with suppress(StopIteration):
        assert next(row.reading.status for row in found.rows) in ("ok", "suppressed", "missing")
