"""The templates that municipalities and region fill in: one Excel and one CSV file for each measure that comes in files.

Belongs here: what a template looks like and says. Does not: how what comes back is read (``file_check``). The same catalogue gives the same bytes;
``python -m naravard_pipeline.landing.templates`` writes those that the project ships.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from naravard_pipeline.catalogue import Catalogue, Measure, read_catalogue
from naravard_pipeline.connectors.cells import shown
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.workbooks import workbook_bytes
from naravard_pipeline.landing.atomic import replace_if_different
from naravard_pipeline.landing.file_headings import choices, required
from naravard_pipeline.landing.file_rows import allowed_areas
from naravard_pipeline.settings import SOURCES

DATA_SHEET = "Uppgifter"
GUIDE_SHEET = "Så här gör du"
_ROWS = 2_000  # that have validation
_LINE = 76  # characters that surely fit on a line of the guide
_LARGEST = 10_000_000  # persons; Sweden has hardly more
_WIDTHS = {"area": 24, "period": 12, "sex": 12, "age_group": 12}
_PERIODS = {  # number format, an example, the word after «en rad per kommun och»
    "month": ("yyyy-mm", "2025-01", "månad"),
    "quarter": ("@", "2025K1 för första kvartalet 2025", "kvartal"),
    "half_year": ("@", "VT 2025 eller HT 2025", "halvår"),
    "year": ("0", "2025", "år"),
}

_LAST_STEPS = (
    "Inga summor, formler eller makron. Klistra in som värden om uppgifterna hämtas från en annan fil.",
    "Inga uppgifter om enskilda personer. En fil med personnummer tas bort utan att läsas in.",
    "Spara som .xlsx eller CSV och lägg filen i inkorgen. Svaret kommer i en fil bredvid, som slutar på .svar.txt.",
    "Blev något fel? Rätta och lämna filen igen: de områden och perioder som står i den ersätts, allt annat är kvar.",
)


def templates_of(catalogue: Catalogue) -> list[Measure]:
    """The measures that have a template: those of files that people fill in. A national file is taken as it is."""
    return [measure for measure in catalogue.from_files if measure.file.layout == "table"]


def build_templates(catalogue: Catalogue) -> dict[str, bytes]:
    """File name → content: ``<measure_id>.xlsx`` and ``<measure_id>.csv`` for each measure that has a template."""
    templates: dict[str, bytes] = {}
    for measure in templates_of(catalogue):
        templates[f"{measure.measure_id}.xlsx"] = workbook_bytes(build_workbook(measure, catalogue))
        templates[f"{measure.measure_id}.csv"] = write_delimited([headings(measure)])
    return templates


def write_templates(catalogue: Catalogue, sources: Path) -> list[Path]:
    """Write each to ``templates/`` in its source's folder; returns those that were new or different. Raises ``LandingError`` of the disk."""
    templates = build_templates(catalogue)
    paths = {name: sources / catalogue.measures[Path(name).stem].source_id / "templates" / name for name in templates}
    return [path for name, path in paths.items() if replace_if_different(path, templates[name])]


def columns(measure: Measure) -> dict[str, str]:
    """Part of a row → its heading in the template. A share that is computed has no column for the value."""
    optional = {"value"} if measure.file.numerator_column else set()
    return {part: headings[0] for part, headings in choices(measure).items() if part not in optional or part in required(measure)}


def headings(measure: Measure) -> list[str]:
    return list(columns(measure).values())


def build_workbook(measure: Measure, catalogue: Catalogue) -> Workbook:
    """The sheet to fill in, its headings first, and the sheet that explains it and holds the list of areas."""
    workbook = Workbook()
    workbook.properties.creator, workbook.properties.title = "Nära vård", measure.name_sv
    data, guide = workbook.active, workbook.create_sheet(GUIDE_SHEET)
    data.title = DATA_SHEET
    names = list(allowed_areas(measure, catalogue).values())
    first_name = _write_guide(guide, measure, names)
    areas = f"'{GUIDE_SHEET}'!$A${first_name}:$A${first_name + len(names) - 1}"
    for number, (part, heading) in enumerate(columns(measure).items(), start=1):
        column, cell = get_column_letter(number), data.cell(1, number, heading)
        cell.font, cell.fill = _font(), PatternFill("solid", fgColor="DDE8F0")
        data.column_dimensions[column].width = _WIDTHS.get(part, max(18, len(heading) + 2))
        if part == "period":  # so that Excel takes 2025-01 for the month it is and shows it as written
            data.column_dimensions[column].number_format = _PERIODS[measure.frequency][0]
        if part == "since":
            data.column_dimensions[column].number_format = "yyyy-mm-dd"
        if part == "age_group":  # so that Excel does not take 10-17 for a day
            data.column_dimensions[column].number_format = "@"
        if validation := _validation(measure, part, heading, column, areas):
            validation.showErrorMessage = validation.allow_blank = True
            validation.add(f"{column}2:{column}{_ROWS}")
            data.add_data_validation(validation)
    data.freeze_panes = "A2"
    guide.sheet_view.showGridLines = False
    for sheet in (data, guide):  # on paper as wide as the page, as long as it takes
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight, sheet.page_setup.paperSize = False, 9  # A4
    return workbook


def _font(size: int = 11) -> Font:
    return Font(name="Calibri", size=size, bold=True)


def _validation(measure: Measure, part: str, heading: str, column: str, areas: str) -> DataValidation | None:
    if part == "area":
        return _list(areas, heading, "Välj ett namn i listan.")
    if part in ("sex", "age_group"):
        words = _sexes() if part == "sex" else _age_groups(measure)
        return _list(f'"{",".join(words)}"', heading, f"Skriv {_or(words)}.")
    if part == "period":
        return _period_validation(measure, heading)
    if part == "since":
        error = "Skriv en dag som 2025-03-01, till och med i dag."
        return DataValidation(type="date", operator="between", formula1="DATE(1990,1,1)", formula2="TODAY()", errorTitle=_title(heading), error=error)
    if measure.value_type == "yes_no" and part == "value":
        return _list('"Ja,Nej,.."', heading, "Skriv Ja, Nej eller ..")
    low, high = (measure.bounds.min, measure.bounds.max) if part == "value" else (0, _LARGEST)
    whole = f",{column}2=INT({column}2)" if part != "value" or measure.value_type == "count" else ""
    number = f"AND(ISNUMBER({column}2),{column}2>={low:.15g},{column}2<={high:.15g}{whole})"
    values = DataValidation(type="custom", formula1=f'OR({number},{column}2="{_hidden(measure)}",{column}2="..")', errorTitle=_title(heading))
    kind = "ett heltal" if whole else "ett tal"
    values.error = f"Skriv {kind} från {shown(float(low))} till {high:.0f}, {_hidden(measure)} eller .."
    return values


def _title(heading: str) -> str:
    return heading[:32]  # which Excel shows


def _list(formula: str, heading: str, error: str) -> DataValidation:
    return DataValidation(type="list", formula1=formula, errorTitle=_title(heading), error=error)


def _period_validation(measure: Measure, heading: str) -> DataValidation | None:
    first, example = measure.first_year, _PERIODS[measure.frequency][1]
    if measure.frequency == "month":
        error = f"Skriv en månad från {first} till nu, till exempel {example}."
        return DataValidation(
            type="date", operator="between", formula1=f"DATE({first},1,1)", formula2="TODAY()", errorTitle=_title(heading), error=error
        )
    if measure.frequency == "year":
        error = f"Skriv ett år från {first} till nu, till exempel {example}."
        return DataValidation(
            type="whole", operator="between", formula1=f"{first}", formula2="YEAR(TODAY())", errorTitle=_title(heading), error=error
        )
    return None  # words, which no rule of Excel's can check; the inbox does


def _sexes() -> list[str]:
    return ["Totalt", "Kvinnor", "Män"]


def _age_groups(measure: Measure) -> list[str]:
    return ["Totalt", *(f"{group} år" for group in measure.file.age_groups if group != "total")]


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} eller {words[-1]}"


def _hidden(measure: Measure) -> str:
    return f"<{max(measure.suppression_threshold, 1)}"


def _write_guide(guide: Worksheet, measure: Measure, names: list[str]) -> int:
    """Write the instructions and, below them, the areas; returns the row of the first area."""
    lines = [measure.name_sv, measure.definition_sv, ""]
    lines += [f"{number}. {step}" for number, step in enumerate(_steps(measure), start=1)]
    lines += ["", "Namn som kan användas:"]
    for text in [*lines, *names]:
        guide.append([text])
        guide.cell(guide.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
        guide.row_dimensions[guide.max_row].height = 16 * math.ceil((len(text) or 1) / _LINE)
    guide.column_dimensions["A"].width = 72
    guide["A1"].font, guide.row_dimensions[1].height = _font(14), 22
    guide.cell(len(lines), 1).font = _font()
    return len(lines) + 1


def _steps(measure: Measure) -> list[str]:
    named, (_, example, every) = columns(measure), _PERIODS[measure.frequency]
    split = [named[part].lower() for part in ("sex", "age_group") if part in named]
    steps = [
        f"Fyll i bladet {DATA_SHEET}: en rad per {', '.join([named['area'].lower(), *split])} och {every}. Behåll rubrikerna på första raden.",
        f"{named['area']}: välj namnet i listan.",
        f"{named['period']}: till exempel {example}. En period som inte har börjat tas inte emot.",
    ]
    if "sex" in named:
        steps.append(f"{named['sex']}: {_or(_sexes())}. Kolumnen kan tas bort om bara totalen lämnas.")
    if "age_group" in named:
        steps.append(f"{named['age_group']}: {_or(_age_groups(measure))}. Kolumnen kan tas bort om bara totalen lämnas.")
    if measure.value_type == "yes_no":
        steps.append(f"{named['value']}: Ja eller Nej. {named['since']}: vid Ja dagen då det började gälla, till exempel 2025-03-01; vid Nej tom.")
        return [*steps, "Skriv .. när svaret saknas. Skriv inte bara ett streck.", *_LAST_STEPS]
    if "value" in named:
        kind = "ett heltal" if measure.value_type == "count" else "procent, till exempel 62,5" if measure.value_type == "share" else "ett tal"
        steps.append(f"{named['value']}: {kind}, {shown(measure.bounds.min)} eller större.")
    if "numerator" in named:
        counts = f"{named['numerator']} och {named['denominator']}: heltal. Det första är en del av det andra."
        steps.append(counts if "value" in named else f"{counts} Andelen räknas ut; lämna den inte.")
    elif "denominator" in named:
        steps.append(f"{named['denominator']}: ett heltal. {named['value']} är en del av det.")
    if "answers" in named:
        steps.append(f"{named['answers']}: hur många som svarade på frågan, ett heltal.")
    return [
        *steps,
        f"Skriv 0 när det inte fanns några, {_hidden(measure)} när antalet är litet och inte får lämnas ut, och .. när uppgiften saknas. "
        "Skriv inte bara ett streck.",
        *_LAST_STEPS,
    ]


if __name__ == "__main__":
    for path in write_templates(read_catalogue(SOURCES), SOURCES):
        print(path)
