"""A whole file against the catalogue: what it holds, or all that is wrong with it, by cell."""

import csv
import io
import re
from datetime import date
from pathlib import Path

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


SHARE = {"unit": "procent", "value_type": "share", "frequency": "year", "bounds": {"min": 2.0, "max": 100.0}, "area_types": ["region"]}
OF_REGION = {"area_types": ["region"], "reporter": "region", "county_code": "04"}


def share_catalogue(**file):
    return build_catalogue(build_measure("halsosamtal", **SHARE, file=OF_REGION | file))


def figures_of(found: FileCheck) -> list[tuple]:
    return [(r.period.label, r.reading.value, r.reading.status, r.numerator, r.denominator, r.answers) for r in found.rows]


COUNTS = {"numerator_column": "Antal samtal", "denominator_column": "Antal inbjudna"}


def test_a_share_is_computed_from_its_counts():
    content = csv_file(
        "Region;År;Antal samtal;Antal inbjudna", "Sörmland;2025;1 234;2 468", "04;2024;<5;90", "04;2023;..;9", "04;2022;0;0", "04;2021;7;<5"
    )
    assert figures_of(check(content, share_catalogue(**COUNTS))) == [
        ("2025", 50, "ok", 1234, 2468, None),
        ("2024", None, "suppressed", None, 90, None),
        ("2023", None, "missing", None, 9, None),
        ("2022", None, "not_applicable", 0, 0, None),
        ("2021", None, "suppressed", 7, None, None),
    ]


def test_counts_that_do_not_go_together_are_told_by_cell():
    content = csv_file("Region;År;Antal samtal;Antal inbjudna", "Sörmland;2025;91;90", "04;2024;1;90", "04;2023;1,5;9")
    assert texts(check(content, share_catalogue(**COUNTS))) == [
        'C2: "91" är större än 90, som det är en del av. Kontrollera båda.',
        'C3: "1" ger andelen 1,1, utanför måttets gränser (2 till 100). Kontrollera värdet.',
        'C4: "1,5" är inget heltal; ett antal har inga decimaler. Kontrollera värdet, och att punkt inte står mellan tusental.',
    ]


def test_a_share_given_beside_its_counts_must_agree_with_them():
    catalogue = share_catalogue(**COUNTS, value_column="Andel")
    lines = "Region;År;Andel;Antal samtal;Antal inbjudna", "04;2025;33;1;3", "04;2024;..;1;4"
    assert figures_of(check(csv_file(*lines), catalogue)) == [("2025", 33, "ok", 1, 3, None), ("2024", 25, "ok", 1, 4, None)]
    assert texts(check(csv_file(*lines, "04;2023;62,5;1;4"), catalogue)) == [
        'C4: "62,5" stämmer inte med antalen, som ger 25 procent. Kontrollera raden.'
    ]
    without = check(csv_file("Region;År;Antal samtal;Antal inbjudna", "04;2025;1;4"), catalogue)
    assert figures_of(without) == [("2025", 25, "ok", 1, 4, None)]


def test_answers_stand_beside_the_share():
    catalogue = share_catalogue(value_column="Andel nöjda (procent)", answers_column="Antal svar")
    lines = "Region;År;andel nöjda, procent;Antal svar", "Sörmlands län;2025;62,5 %;120", "04;2024;..;0", "04;2023;45;.."
    assert figures_of(check(csv_file(*lines), catalogue)) == [
        ("2025", 62.5, "ok", None, None, 120),
        ("2024", None, "missing", None, None, 0),
        ("2023", 45, "ok", None, None, None),
    ]
    assert texts(check(csv_file(*lines, "04;2022;45;0", "04;2021;0,45;9"), catalogue)) == [
        'D5: "0" svar kan inte ge något värde. Skriv .. som värde om ingen svarade.',
        'C6: "0,45" ligger utanför måttets gränser (2 till 100). Kontrollera värdet.',
    ]
    assert texts(check(csv_file("Region;År;Andel nöjda (procent)", "04;2025;45"), catalogue)) == [
        'D1: rubriken "Antal svar" saknas på rad 1. Utgå från mallen.'
    ]


def test_sex_and_age_are_read_where_the_measure_has_them():
    file = {"value_column": "Antal SIP", "area_types": ["municipality"], "reporter": "municipalities", "county_code": "04"}
    catalogue = build_catalogue(build_measure(age_group="65+", file=file | {"sexes": True, "age_groups": ["65-79", "80+"]}))
    lines = (
        "Kommun;Månad;Kön;Åldersgrupp;Antal SIP",
        "Flen;2025-01;Kvinnor;65–79 år;3",
        "Flen;2025-01;män;80 år och äldre;4",
        "Flen;2025-01;Totalt;Totalt;9",
    )
    found = check(csv_file(*lines), catalogue)
    assert [(row.sex, row.age_group, row.reading.value) for row in found.rows] == [("women", "65-79", 3), ("men", "80+", 4), ("total", "65+", 9)]
    plain = check(sip_csv("Flen;2025-01;3"), catalogue)
    assert [(row.sex, row.age_group) for row in plain.rows] == [("total", "65+")]
    assert texts(check(csv_file(*lines, "Flen;2025-01;K;65-79;5", "Flen;2025-01;;18-64;5"), catalogue)) == [
        'E5: "5" är andra värdet för Flen 2025-01; det första står i E2. Ta bort det som är fel.',
        "C6: cellen är tom; här ska könet stå. Skriv totalt, kvinnor eller män.",
        'D6: "18-64" är ingen åldersgrupp i måttet. Skriv totalt, 65-79 år, 80+ år.',
    ]


def test_a_file_of_the_region_may_hold_it_and_its_municipalities():
    file = {"value_column": "Antal besök", "area_types": ["region", "municipality"], "reporter": "region", "county_code": "04"}
    catalogue = build_catalogue(build_measure("besok", file=file))
    found = check(
        csv_file("Område;Månad;Antal besök", "Region Sörmland;2025-01;7", "Flen;2025-01;3", "Totalt;2025-01;10", "Riket;2025-01;99"), catalogue
    )
    assert cells(found) == [("04", "2025-01", 7, "ok"), ("0482", "2025-01", 3, "ok")]
    assert [note.split('"')[1] for note in found.notes_sv] == ["Totalt", "Riket"]
    assert texts(check(csv_file("Område;Månad;Antal besök", "Stockholm;2025-01;7"), catalogue)) == [
        'A2: "Stockholm" är ingen kommun eller region. Kontrollera namnet.'
    ]


@pytest.mark.parametrize(("frequency", "heading", "cell"), [("quarter", "Kvartal", "kv 1 2025"), ("half_year", "Termin", "VT 2025")])
def test_quarters_and_terms(frequency: str, heading: str, cell: str):
    catalogue = build_catalogue(build_measure().model_copy(update={"frequency": frequency}))
    found = check(csv_file(f"Kommun;{heading};Antal SIP", f"Flen;{cell};3"), catalogue)
    assert [(row.period.start, row.reading.value) for row in found.rows] == [(date(2025, 1, 1), 3)]


def test_merged_names_and_headings_on_two_rows_are_read():
    workbook = workbook_of(["SIP 2025"], ["Kommun", "Uppgifter"], [None, "Månad", "Antal SIP"])
    for row in (["Flen", "2025-01", 3], [None, "2025-02", 4], ["Trosa", "2025-01", 5]):
        workbook.active.append(row)
    for ref in ("A1:C1", "A2:A3", "B2:C2", "A4:A5"):
        workbook.active.merge_cells(ref)
    assert cells(check(saved(workbook))) == [("0482", "2025-01", 3, "ok"), ("0482", "2025-02", 4, "ok"), ("0488", "2025-01", 5, "ok")]
    workbook.active.merge_cells("C4:C5")
    assert texts(check(saved(workbook))) == ['Uppgifter!C5: "3" är sammanfogad med C4. Dela cellen och skriv ett värde på varje rad.']


def test_the_measure_that_is_meant_is_told_by_the_nearest_heading():
    measures = [
        build_measure(f"enkat_{n}", **SHARE, file=OF_REGION | {"value_column": name}) for n, name in enumerate(("Andel nöjda", "Andel trygga"))
    ]
    catalogue = build_catalogue(*measures)
    assert texts(check(csv_file("Region;År;Andel trygg", "04;2025;45"), catalogue)) == [
        'C1: "Andel trygg" är ingen känd rubrik. Menade du Andel trygga?'
    ]
    refusal = check(csv_file("Region;År;Svar", "04;2025;45"), catalogue).refusal
    assert refusal.kind == "no_headings" and "enkat_0: Region, År, Andel nöjda; enkat_1" in str(refusal)
    named = check(csv_file("Region;År;Svar", "04;2025;45", name="enkat_1 mars.csv"), catalogue)
    assert texts(named) == ['D1: rubriken "Andel trygga" saknas på rad 1. Utgå från mallen.']


def test_reserve_numbers_of_the_region_are_refused_as_persons():
    catalogue = build_catalogue()
    source = catalogue.sources["local"].model_copy(update={"reserve_number_patterns": (re.compile(r"\bD\d{8}\b"),)})
    catalogue = catalogue.model_copy(update={"sources": {"local": source}})
    content = sip_csv("Flen;2025-01;Anna D12345678")
    assert check(content, catalogue).places_sv == ["kolumn C"]
    assert not check(content).has_personal_numbers
    assert check_content(FileContent("D12345678.csv", b""), catalogue, TODAY).file_name == "filen"
    assert check_file(Path("D12345678.csv"), catalogue, TODAY).places_sv == ["filnamnet"]


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
    answer = build_answer(check(sip_csv(*[f"Paris {n}a;2025-01;{n}" for n in range(60)])), CATALOGUE.areas)
    assert answer.count("Paris") == SHOWN_PROBLEMS
    assert "(60 fel)" in answer
    assert "10 fel till" in answer


def test_the_same_mistake_in_many_rows_is_told_once():
    answer = build_answer(check(sip_csv(*[f"Strangnäss;2025-{n:02};1" for n in range(1, 13)], "Paris;2025-01;1")), CATALOGUE.areas)
    assert answer.count("Strangnäss") == 1
    assert "Menade du Strängnäs? Samma i A3, A4, A5, A6, A7, A8, A9, A10, A11, A12 och 1 till." in answer
    assert "(13 fel)" in answer and 'A14: "Paris"' in answer


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


counts = st.one_of(st.integers(0, 50).map(str), st.sampled_from(["", "<5", "..", "-", "1,5", "x", "-3", "1 234"]))
shares = st.one_of(st.floats(0, 110).map(lambda x: f"{x:.1f}".replace(".", ",")), st.sampled_from(["", "..", "<5", "0,4", "45 %"]))


@given(counts, counts, counts, st.one_of(st.none(), shares))
def test_any_counts_and_share_agree_or_are_refused(numerator: str, denominator: str, answers: str, share: str | None):
    catalogue = share_catalogue(**COUNTS, value_column="Andel", answers_column="Antal svar")
    cells = {"Antal samtal": numerator, "Antal inbjudna": denominator, "Antal svar": answers} | ({} if share is None else {"Andel": share})
    found = check(csv_file(";".join(["Region", "År", *cells]), ";".join(["04", "2025", *cells.values()])), catalogue)
    assert bool(found.rows) == (found.accepted and not found.refusal)
    for row in found.rows:
        assert (row.reading.status == "ok") == (row.reading.value is not None)
        if row.reading.value is not None:
            assert 2 <= row.reading.value <= 100 and row.answers != 0
            if row.denominator and row.numerator is not None:
                assert abs(row.reading.value - 100 * row.numerator / row.denominator) < 0.52
