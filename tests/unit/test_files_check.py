"""A whole file against the catalogue: what it holds, or all that is wrong with it, by cell."""

import csv
import io
from datetime import date

import pytest
from dropped_files import NAMES, build_catalogue, build_measure, csv_file, saved, sip_csv, workbook_of
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.landing.file_answer import SHOWN_PROBLEMS, build_answer
from naravard_pipeline.landing.file_check import FileCheck, check_content, check_file
from naravard_pipeline.landing.templates import DATA_SHEET, build_templates

TODAY = date(2026, 3, 15)
CATALOGUE = build_catalogue()
HEADINGS = ["Kommun", "Månad", "Antal SIP"]


def check(content: FileContent, catalogue=CATALOGUE) -> FileCheck:
    return check_content(content, catalogue, TODAY)


def cells(found: FileCheck) -> list[tuple]:
    return [(row.area_code, row.period.label, row.reading.value, row.reading.status) for row in found.rows]


def texts(found: FileCheck) -> list[str]:
    return [problem.text for problem in found.problems]


def test_a_right_file():
    found = check(sip_csv("Flen;2025-01;12", "Gnesta kommun;jan-25;<5", "0486;202501;..", ";;"))
    assert found.accepted
    assert found.measure.measure_id == "sip_antal"
    assert cells(found) == [("0482", "2025-01", 12, "ok"), ("0461", "2025-01", None, "suppressed"), ("0486", "2025-01", None, "missing")]
    assert [row.row_number for row in found.rows] == [2, 3, 4]


def test_a_workbook_with_titles_totals_and_further_sheets():
    workbook = workbook_of(["SIP i länet"], [], ["Nr", "KOMMUN", "manad", "antal  sip", "Kommentar"])
    workbook.active.merge_cells("A1:E1")
    workbook.active.append([1, "Flen", date(2025, 1, 1), 3, "ok"])
    workbook.active.append([None, "Totalt", "2025-01", 3])
    workbook.active.append([None, "Norra länsdelen", "2025-01", 3])
    workbook.active.append([None, "Region Sörmland", "2025-01", 3])
    workbook.active.append(["Källa", "Egen uppföljning"])
    second = workbook.create_sheet("2024")
    second.append(HEADINGS)
    second.append(["Flen", "2024-12", 2])
    hidden = workbook.create_sheet("Gammalt")
    hidden.append(HEADINGS)
    hidden.append(["Flen", "2023-12", 2])
    hidden.sheet_state = "hidden"
    found = check(saved(workbook))
    assert texts(found) == []
    assert cells(found) == [("0482", "2025-01", 3, "ok"), ("0482", "2024-12", 2, "ok")]
    assert found.notes_sv == (
        'Det dolda bladet "Gammalt" lästes inte.',
        'Uppgifter, rad 5: "Totalt" är en summa och lästes inte.',
        'Uppgifter, rad 6: "Norra länsdelen" är en summa och lästes inte.',
        'Uppgifter, rad 7: "Region Sörmland" är en summa och lästes inte.',
        "Uppgifter, rad 8 har varken period eller värde och lästes inte.",
    )


def test_all_that_is_wrong_is_told_with_its_place():
    rows = [["Strangnäss", "2025-01", 1], ["Flen", "2027-01", 1], ["Flen", "2025-02", -3], ["Stockholm", "vintern", "många"]]
    rows += [["Gnesta", "2025-01", 1], ["gnesta kommun", "jan-25", 2], ["Trosa", None, 4], [None, "2025-01", 4], ["Trosa", "2025-03", 2000]]
    assert texts(check(saved(workbook_of(HEADINGS, *rows)))) == [
        'Uppgifter!A2: "Strangnäss" är ingen kommun i länet. Menade du Strängnäs?',
        'Uppgifter!B3: "2027-01" är en månad som inte har börjat. Kontrollera årtalet.',
        'Uppgifter!C4: "-3" är negativt; ett antal är 0 eller större. Kontrollera värdet.',
        'Uppgifter!A5: "Stockholm" är ingen kommun i länet. Kontrollera namnet.',
        'Uppgifter!B5: "vintern" är inte en månad som går att läsa. Skriv till exempel 2025-01.',
        'Uppgifter!C5: "många" är inget tal. Skriv ett tal, <5 om antalet är litet och inte får visas, eller .. om uppgiften saknas.',
        'Uppgifter!C7: "2" är andra värdet för Gnesta 2025-01; det första står i Uppgifter!C6. Ta bort det som är fel.',
        "Uppgifter!B8: cellen är tom; här ska månaden stå. Skriv till exempel 2025-01.",
        "Uppgifter!A9: cellen är tom; här ska en kommun stå. Skriv namnet på varje rad, också där celler har varit sammanfogade.",
        'Uppgifter!C10: "2000" ligger utanför måttets gränser (0 till 1000). Kontrollera värdet.',
    ]


def test_a_file_with_one_wrong_cell_gives_no_rows():
    found = check(sip_csv("Flen;2025-01;12", "Flen;2025-02;x"))
    assert not found.accepted
    assert found.rows == ()


def test_the_same_cell_in_two_sheets_is_told():
    workbook = workbook_of(HEADINGS, ["Flen", "2025-01", 1])
    other = workbook.create_sheet("Blad2")
    other.append(HEADINGS)
    other.append(["Flen", "2025-01", 1])
    assert texts(check(saved(workbook))) == [
        'Blad2!C2: "1" är andra värdet för Flen 2025-01; det första står i Uppgifter!C2. Ta bort det som är fel.'
    ]


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("Kommun;Månad;Antal SPI", 'C1: "Antal SPI" är ingen känd rubrik. Menade du Antal SIP?'),
        ("Kommun;Månad;Värde", 'D1: rubriken "Antal SIP" saknas på rad 1. Utgå från mallen.'),
        ("Komun;Månad;Antal SIP", 'A1: "Komun" är ingen känd rubrik. Menade du Kommun?'),
        ("Kommun;Månad;Antal SIP;antal sip", 'D1: "antal sip" står redan i C1. Ta bort den ena kolumnen.'),
        ("Kommun;Månad;Kön;Antal SIP", 'C1: "Kön" delar upp uppgifterna, men måttet lämnas utan uppdelning. Utgå från mallen.'),
    ],
)
def test_headings_are_explained(headings: str, expected: str):
    assert texts(check(csv_file(headings, "Flen;2025-01;1;1"))) == [expected]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (csv_file("Namn;Telefon", "Flen;1"), "no_headings"),
        (sip_csv(), "empty"),
        (sip_csv("Totalt;2025-01;5"), "empty"),
        (csv_file(*[f"titel {n};" for n in range(20)], "x;y", "Kommun;Månad;Antal SIP", "Flen;2025-01;1"), "no_headings"),
    ],
)
def test_files_without_what_was_asked_for(content: FileContent, kind: str):
    assert check(content).refusal.kind == kind


def test_the_measure_is_told_by_its_heading_or_else_by_the_files_name():
    visits = {"value_column": "Besök", "area_types": ["region"], "reporter": "region", "county_code": "04"}
    same = build_measure("sip_barn")
    catalogue = build_catalogue(build_measure(), same, build_measure("besok", file=visits, frequency="year", value_type="share"))
    found = check(csv_file("Region;År;Besök", "Sörmland;2025;12,5"), catalogue)
    assert (found.measure.measure_id, cells(found)) == ("besok", [("04", "2025", 12.5, "ok")])
    assert check(sip_csv("Flen;2025-01;1"), catalogue).refusal.kind == "several_measures"
    assert check(sip_csv("Flen;2025-01;1", name="SIP barn, Flen.csv"), catalogue).measure is same


def test_planned_measures_and_measures_of_other_sources_are_not_asked_for():
    assert check(sip_csv("Flen;2025-01;1"), build_catalogue(build_measure(status="planned"))).refusal.kind == "no_headings"


def test_a_file_with_persons_tells_nothing_but_the_place():
    found = check(sip_csv("Flen;Anna 121212-1212;1", name="Anna.csv"))
    assert found.places_sv == ["kolumn B"]
    assert (found.rows, found.problems, found.refusal) == ((), (), None)
    named = check_content(FileContent("Anna 121212-1212.csv", b""), CATALOGUE, TODAY)
    assert "1212" not in repr(named) and "1212" not in build_answer(named, CATALOGUE.areas)


def test_persons_are_looked_for_also_in_files_that_are_refused_for_something_else():
    assert check(csv_file("=1+1;121212-1212")).has_personal_numbers
    assert check(csv_file("121212-1212")).has_personal_numbers


def test_the_answer_shows_fifty_problems_and_how_many_more():
    answer = build_answer(check(sip_csv(*[f"Paris;2025-01;{n}" for n in range(60)])), CATALOGUE.areas)
    assert answer.count("Paris") == SHOWN_PROBLEMS
    assert "(60 fel)" in answer
    assert "10 fel till" in answer


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "Filen finns inte" in build_answer(check_file(tmp_path / "x.csv", CATALOGUE), CATALOGUE.areas)


figures = st.one_of(st.integers(0, 1000), st.just("<5"), st.just(".."))


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(list(NAMES)), st.dates(date(2015, 1, 1), date(2026, 3, 1)).map(lambda d: d.replace(day=1))),
        figures,
        min_size=1,
        max_size=5,
    )
)
def test_a_template_that_is_filled_in_is_read_back(figures: dict):
    templates = build_templates(CATALOGUE)
    workbook = load_workbook(io.BytesIO(templates["sip_antal.xlsx"]))
    text = io.StringIO(templates["sip_antal.csv"].decode("utf-8-sig"))
    lines = [*csv.reader(text, delimiter=";")]
    for row, ((code, month), figure) in enumerate(figures.items(), start=2):
        for column, value in enumerate((NAMES[code], month, figure), start=1):
            workbook[DATA_SHEET].cell(row, column).value = value
        lines.append([NAMES[code], f"{month:%Y-%m}", str(figure)])
    expected = [
        (code, f"{month:%Y-%m}", figure if isinstance(figure, int) else None, {"<5": "suppressed", "..": "missing"}.get(figure, "ok"))
        for (code, month), figure in figures.items()
    ]
    for content in (saved(workbook), csv_file(*map(";".join, lines), encoding="cp1252")):
        found = check(content)
        assert texts(found) == [] and found.refusal is None
        assert cells(found) == expected


@given(st.one_of(st.binary(max_size=200), st.lists(st.lists(st.sampled_from([*HEADINGS, "Flen", "2025-01", "", "x", "9"]), max_size=4), max_size=4)))
def test_any_file_gets_an_answer(data):
    content = FileContent("x", data) if isinstance(data, bytes) else csv_file(*map(";".join, data))
    found = check(content)
    assert found.accepted == bool(found.rows)
    assert build_answer(found, CATALOGUE.areas)
