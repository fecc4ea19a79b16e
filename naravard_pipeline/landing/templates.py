"""The templates that municipalities and region fill in: one Excel and one CSV file for each measure that comes in files.

Belongs here: what a template looks like and says. Does not: how what comes back is read (``file_check``). The same catalogue gives the same bytes;
``python -m naravard_pipeline.landing.templates`` writes those that the project ships.
"""

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from naravard_pipeline.catalogue import Catalogue, Measure, read_catalogue
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.workbooks import workbook_bytes
from naravard_pipeline.landing.atomic import replace_if_different
from naravard_pipeline.landing.file_check import allowed_areas
from naravard_pipeline.settings import SOURCES

DATA_SHEET = "Uppgifter"
GUIDE_SHEET = "Så här gör du"
_ROWS = 2_000  # that have validation
_PERIOD_FORMATS = {"month": "yyyy-mm", "year": "0"}


def build_templates(catalogue: Catalogue) -> dict[str, bytes]:
    """File name → content: ``<measure_id>.xlsx`` and ``<measure_id>.csv`` for each live measure that comes in files."""
    templates: dict[str, bytes] = {}
    for measure in (measure for measure in catalogue.live if measure.file):
        templates[f"{measure.measure_id}.xlsx"] = workbook_bytes(build_workbook(measure, catalogue))
        templates[f"{measure.measure_id}.csv"] = write_delimited([headings(measure)])
    return templates


def write_templates(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write them to ``folder``; returns the files that were new or different. Raises ``LandingError`` where the disk refuses."""
    return [folder / name for name, content in build_templates(catalogue).items() if replace_if_different(folder / name, content)]


def headings(measure: Measure) -> list[str]:
    first = "Kommun" if "municipality" in measure.file.area_types else "Region"
    return [first, "Månad" if measure.frequency == "month" else "År", measure.file.value_column]


def build_workbook(measure: Measure, catalogue: Catalogue) -> Workbook:
    """The sheet to fill in, its headings first, and the sheet that explains it and holds the list of areas."""
    workbook = Workbook()
    workbook.properties.creator, workbook.properties.title = "Nära vård", measure.name_sv
    data, guide = workbook.active, workbook.create_sheet(GUIDE_SHEET)
    data.title = DATA_SHEET
    names = list(allowed_areas(measure, catalogue).values())
    first_name = _write_guide(guide, measure, names)
    data.append(headings(measure))
    for cell in data[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE8F0")
    data.freeze_panes = "A2"
    for column, width in (("A", 24), ("B", 12), ("C", 18)):
        data.column_dimensions[column].width = width
    # So that Excel takes 2025-01 for the month it is and shows it as written.
    data.column_dimensions["B"].number_format = _PERIOD_FORMATS[measure.frequency]
    for column, validation in zip("ABC", _validations(measure, first_name, len(names)), strict=True):
        validation.add(f"{column}2:{column}{_ROWS}")
        data.add_data_validation(validation)
    return workbook


def _validations(measure: Measure, first_name: int, count: int) -> tuple[DataValidation, DataValidation, DataValidation]:
    first, period, _ = headings(measure)
    areas = DataValidation(type="list", formula1=f"'{GUIDE_SHEET}'!$A${first_name}:$A${first_name + count - 1}", errorTitle=first)
    areas.error = "Välj ett namn i listan."
    if measure.frequency == "month":
        periods = DataValidation(type="date", operator="between", formula1=f"DATE({measure.first_year},1,1)", formula2="TODAY()", errorTitle=period)
        periods.error = f"Skriv en månad från {measure.first_year} till nu, till exempel 2025-01."
    else:
        periods = DataValidation(type="whole", operator="between", formula1=f"{measure.first_year}", formula2="YEAR(TODAY())", errorTitle=period)
        periods.error = f"Skriv ett år från {measure.first_year} till nu, till exempel 2025."
    whole = ",C2=INT(C2)" if measure.value_type == "count" else ""
    number = f"AND(ISNUMBER(C2),C2>={measure.bounds.min:g},C2<={measure.bounds.max:g}{whole})"
    values = DataValidation(type="custom", formula1=f'OR({number},C2="{_hidden(measure)}",C2="..")', errorTitle="Värde")
    values.error = f"Skriv ett tal från {measure.bounds.min:g} till {measure.bounds.max:g}, {_hidden(measure)} eller .."
    for validation in (areas, periods, values):
        validation.showErrorMessage = validation.allow_blank = True
    return areas, periods, values


def _hidden(measure: Measure) -> str:
    return f"<{measure.suppression_threshold}"


def _write_guide(guide: Worksheet, measure: Measure, names: list[str]) -> int:
    """Write the instructions and, below them, the areas; returns the row of the first area."""
    first, period, value = headings(measure)
    example, every = ("2025-01", "månad") if measure.frequency == "month" else ("2025", "år")
    kind = "ett heltal" if measure.value_type == "count" else "ett tal"
    lines = [
        measure.name_sv,
        measure.definition_sv,
        "",
        f"1. Fyll i bladet {DATA_SHEET}: en rad per {first.lower()} och {every}. Behåll rubrikerna på första raden.",
        f"2. {first}: välj namnet i listan.",
        f"3. {period}: till exempel {example}. En period som inte har börjat tas inte emot.",
        f"4. {value}: {kind}, {measure.bounds.min:g} eller större. Skriv 0 när det inte fanns några.",
        f"    Skriv {_hidden(measure)} när antalet är litet och inte får lämnas ut, och .. när uppgiften saknas. Skriv inte bara ett streck.",
        "5. Inga summor, formler eller makron. Klistra in som värden om uppgifterna hämtas från en annan fil.",
        "6. Inga uppgifter om enskilda personer. En fil med personnummer tas bort utan att läsas in.",
        "7. Spara som .xlsx eller CSV och lägg filen i inkorgen. Svaret kommer i en fil bredvid, som slutar på .svar.txt.",
        "8. Blev något fel? Rätta och lämna filen igen: de områden och perioder som står i den ersätts, allt annat är kvar.",
        "",
        "Namn som kan användas:",
    ]
    for text in [*lines, *names]:
        guide.append([text])
        guide.cell(guide.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    guide.column_dimensions["A"].width = 100
    guide["A1"].font = Font(bold=True, size=14)
    return len(lines) + 1


if __name__ == "__main__":
    for path in write_templates(read_catalogue(SOURCES), SOURCES / "local" / "templates"):
        print(path)
