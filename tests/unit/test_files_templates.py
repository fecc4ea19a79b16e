"""The templates: they say what the measures' files say, and the shipped ones are those that the catalogue gives today."""

import io

from dropped_files import NAMES, build_catalogue
from openpyxl import load_workbook

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.landing.file_check import check_content
from naravard_pipeline.landing.templates import DATA_SHEET, GUIDE_SHEET, build_templates, write_templates
from naravard_pipeline.settings import SOURCES


def test_the_shipped_templates_are_up_to_date():
    folder = SOURCES / "local" / "templates"
    shipped = {path.name: path.read_bytes() for path in folder.iterdir()}
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
