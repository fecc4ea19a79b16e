"""The templates: they say what the measures' files say, and the shipped ones are those that the catalogue gives today."""

import io
from datetime import date

import pytest
from dropped_files import NAMES, build_catalogue, build_measure, csv_file
from openpyxl import load_workbook

from naravard_pipeline.catalogue import Measure, read_catalogue
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.landing.file_check import check_content
from naravard_pipeline.landing.templates import (
    DATA_SHEET,
    GUIDE_SHEET,
    build_templates,
    build_workbook,
    columns,
    headings,
    templates_of,
    write_templates,
)
from naravard_pipeline.settings import SOURCES


def test_the_shipped_templates_are_up_to_date():
    shipped = {path.name: path.read_bytes() for path in SOURCES.glob("*/templates/*")}
    assert shipped == build_templates(read_catalogue(SOURCES)), "run `python -m naravard_pipeline.landing.templates`"


def test_the_same_catalogue_gives_the_same_bytes(tmp_path):
    assert build_templates(build_catalogue()) == build_templates(build_catalogue())
    assert len(write_templates(build_catalogue(), tmp_path)) == 2
    assert write_templates(build_catalogue(), tmp_path) == []


def test_the_workbook_helps_to_fill_it_in():
    workbook = load_workbook(io.BytesIO(build_templates(build_catalogue())["sip_antal.xlsx"]))
    assert workbook.sheetnames == [DATA_SHEET, GUIDE_SHEET]
    assert [cell.value for cell in workbook[DATA_SHEET][1]] == ["Kommun", "Månad", "Antal SIP"]
    areas, months, values = workbook[DATA_SHEET].data_validations.dataValidation
    first, last = areas.formula1.replace("$", "").partition("!")[2].split(":")
    assert [row[0].value for row in workbook[GUIDE_SHEET][first:last]] == list(NAMES.values())
    assert (areas.type, months.type, values.type) == ("list", "date", "custom")
    assert '"<5"' in values.formula1 and '".."' in values.formula1


def test_the_text_template_is_a_heading_that_every_excel_opens():
    assert build_templates(build_catalogue())["sip_antal.csv"] == "\ufeffKommun;Månad;Antal SIP\r\n".encode()


def test_an_empty_template_is_told_to_be_empty():
    for name, data in build_templates(build_catalogue()).items():
        assert check_content(FileContent(name, data), build_catalogue()).refusal.kind == "empty"


SHIPPED = read_catalogue(SOURCES)
WRITTEN = {
    "area": "Region Sörmland",
    "period": "2025",
    "value": "62,5",
    "numerator": "45",
    "denominator": "90",
    "answers": "120",
    "since": "2025-03-01",
}
LABELS = {"month": "2025-01", "quarter": "2025K1", "year": "2025"}


@pytest.mark.parametrize("measure", templates_of(SHIPPED), ids=lambda measure: measure.measure_id)
def test_every_local_measure_has_a_template_that_is_read_back(measure: Measure):
    cells = dict(WRITTEN)
    area, names = SHIPPED.areas[measure.file.county_code], dict.fromkeys(("municipality",), "Flen")
    cells["area"] = area.name_sv if area.area_type == "municipality" else names.get(*measure.file.area_types[:1], cells["area"])
    cells["period"] = LABELS[measure.frequency]
    cells["value"] = {"count": "62", "yes_no": "Ja"}.get(measure.value_type, cells["value"])
    found = check_content(csv_file(";".join(headings(measure)), ";".join(cells[part] for part in columns(measure))), SHIPPED, date(2026, 3, 15))
    assert (found.measure.measure_id, found.problems, found.refusal) == (measure.measure_id, [], None)
    expected = 50.0 if "numerator" in columns(measure) else 1.0 if cells["value"] == "Ja" else float(cells["value"].replace(",", "."))
    assert [row.reading.value for row in found.rows] == [expected]
    assert [row.since for row in found.rows] == [date(2025, 3, 1) if "since" in columns(measure) else None]


def test_the_framework_s_local_measures_have_templates():
    assert {measure.measure_id for measure in templates_of(SHIPPED)} == {
        m.measure_id for m in SHIPPED.measures.values() if m.file and m.source_id != "vantetider" and m.is_live
    }


def test_optional_columns_are_in_the_template_and_explained():
    file = build_measure().file.model_copy(update={"sexes": True, "age_groups": ("65-79", "80+"), "answers_column": "Antal svar"})
    measure = build_measure().model_copy(update={"file": file})
    workbook = build_workbook(measure, build_catalogue(measure))
    assert [cell.value for cell in workbook[DATA_SHEET][1]] == ["Kommun", "Månad", "Kön", "Ålder", "Antal SIP", "Antal svar"]
    validations = workbook[DATA_SHEET].data_validations.dataValidation
    assert [v.formula1 for v in validations if v.type == "list"][1:] == ['"Totalt,Kvinnor,Män"', '"Totalt,65-79 år,80+ år"']
    guide = " ".join(str(row[0].value) for row in workbook[GUIDE_SHEET].rows)
    for word in (
        "en rad per kommun, kön, ålder och månad",
        "Kön: Totalt, Kvinnor eller Män",
        "Ålder: Totalt, 65-79 år eller 80+ år",
        "Antal svar: hur många",
    ):
        assert word in guide


@pytest.mark.parametrize("frequency", ["month", "quarter", "half_year", "year"])
def test_every_frequency_has_a_template(frequency: str):
    measure = build_measure().model_copy(update={"frequency": frequency})
    assert build_workbook(measure, build_catalogue(measure))[DATA_SHEET]["B1"].value in ("Månad", "Kvartal", "Halvår", "År")


def test_no_error_message_is_longer_than_excel_shows():
    for measure in templates_of(SHIPPED):
        for validation in build_workbook(measure, SHIPPED)[DATA_SHEET].data_validations.dataValidation:
            assert len(validation.error) <= 255 and len(validation.errorTitle) <= 32
