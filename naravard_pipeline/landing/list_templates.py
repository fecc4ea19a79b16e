"""The templates of surveys and of the register of initiatives: Excel with a sheet that explains it, and CSV with the same rows.

Here: what they look like and say. Not here: how what comes back is read (``survey_files``, ``register_files``), a measure's template (``templates``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from naravard_pipeline.catalogue import Catalogue, Survey
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.workbooks import workbook_bytes
from naravard_pipeline.landing import register_files, survey_files
from naravard_pipeline.landing.atomic import replace_if_different

REGISTER = "satsningar"  # the name of the register's template
DATA_SHEET, GUIDE_SHEET = "Uppgifter", "Så här gör du"
_ROWS = 2_000  # that have validation
_WIDTHS = {"survey": 44, "question": 60, "alternative": 26, "wave": 18, "description_sv": 60, "name_sv": 36, "owner_sv": 36, "measures": 40}
_LAST = (
    "Inga uppgifter om enskilda personer. En fil med personnummer tas bort utan att läsas in.",
    "Inga formler eller makron. Spara som .xlsx eller CSV och lägg filen i inkorgen. Svaret kommer i en fil bredvid, som slutar på .svar.txt.",
)


def build_list_templates(catalogue: Catalogue) -> dict[str, bytes]:
    """File name → content: two files per survey, and two of the register."""
    templates: dict[str, bytes] = {}
    for survey in catalogue.surveys.values():
        rows = survey_rows(survey, catalogue)
        headings = list(survey_files.HEADINGS.values())
        whole = "AND(ISNUMBER({c}2),{c}2>=0,{c}2=INT({c}2))"
        lists = {"answers": f'OR({whole},{{c}}2="<{survey.threshold}")', "asked": whole}
        workbook = _workbook(survey.name_sv, survey_files.HEADINGS, rows, _survey_steps(survey), lists)
        templates[f"{survey.survey_id}.xlsx"] = workbook_bytes(workbook)
        templates[f"{survey.survey_id}.csv"] = write_delimited([headings, *rows])
    workbook = _workbook("Gemensamma satsningar", register_files.HEADINGS, [], _register_steps(catalogue), {})
    templates[f"{REGISTER}.xlsx"] = workbook_bytes(workbook)
    templates[f"{REGISTER}.csv"] = write_delimited([list(register_files.HEADINGS.values())])
    return templates


def write_list_templates(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write them to ``folder``; returns the files that were new or different. Raises ``LandingError`` where the disk refuses."""
    return [folder / name for name, content in build_list_templates(catalogue).items() if replace_if_different(folder / name, content)]


def survey_rows(survey: Survey, catalogue: Catalogue) -> list[list[str]]:
    """Every row that can be filled in, without its counts; one that is not filled in is not read."""
    return [
        [survey.name_sv, wave.name_sv, catalogue.areas[code].name_sv, question.text_sv, alternative.name_sv, "", ""]
        for wave in survey.waves
        for code in survey.areas
        for question in survey.questions
        for alternative in question.alternatives
    ]


def _survey_steps(survey: Survey) -> list[str]:
    named = survey_files.HEADINGS
    return [
        survey.description_sv,
        "",
        f"Fyll i kolumnen {named['answers']} på bladet {DATA_SHEET}: hur många som svarade så, ett heltal. Skriv 0 där ingen gjorde det, och "
        f"<{survey.threshold} om antalet är litet och inte får lämnas ut. Bara summor, aldrig enskilda svar.",
        f"{named['asked']}: hur många som fick enkäten vid mättillfället, samma antal på varje rad. Kolumnen får lämnas tom.",
        "Fyll i alla svarsalternativ till en fråga, eller inget av dem. Rader utan antal läses inte, så ett mättillfälle i taget går bra.",
        "Blev något fel? Rätta och lämna filen igen: de mättillfällen och områden som står i den ersätts, allt annat är kvar.",
        *_LAST,
        "",
        "Svar som räknas som positiva:",
        *(f"{q.text_sv} {', '.join(a.name_sv for a in q.alternatives if a.positive)}" for q in survey.questions),
    ]


def _register_steps(catalogue: Catalogue) -> list[str]:
    focus = [x.name_sv for f in catalogue.frameworks.values() for x in f.focus_areas]
    return [
        f"En rad per satsning på bladet {DATA_SHEET}. Filen ersätter hela registret: ta med alla satsningar varje gång, också de avslutade.",
        "Id: ett kort namn som aldrig ändras, av a-z, 0-9 och _, till exempel sip_samordnare.",
        f"Ramverk: {', '.join(f.framework_id for f in catalogue.frameworks.values())}.",
        "Ägare: en roll eller organisation, aldrig ett personnamn: kolumnen visas för alla. "
        "Namn, telefon och e-post hör hemma i Kontakt, som inte visas.",
        f"Fokusområden: {', '.join(focus)}. Flera skrivs med semikolon emellan, liksom områden, organisationer och mått.",
        "Områden: där satsningen pågår, till exempel Eskilstuna; Strängnäs. Övriga områden jämförs den med.",
        "Start, test och införande: datum som 2025-03-01. Test till och med och Införd från får vara tomma.",
        "Uppföljningsmått: måttens id, till exempel sip_per_1000.",
        f"Status: {', '.join(register_files.STATUSES)}.",
        *_LAST,
    ]


def _workbook(title: str, headings: Mapping[str, str], rows: Sequence[Sequence[str]], steps: Sequence[str], rules: Mapping[str, str]) -> Workbook:
    workbook = Workbook()
    workbook.properties.creator, workbook.properties.title = "Nära vård", title
    data, guide = workbook.active, workbook.create_sheet(GUIDE_SHEET)
    data.title = DATA_SHEET
    for number, (part, heading) in enumerate(headings.items(), start=1):
        column, cell = get_column_letter(number), data.cell(1, number, heading)
        cell.font, cell.fill = Font(name="Calibri", bold=True), PatternFill("solid", fgColor="DDE8F0")
        data.column_dimensions[column].width = _WIDTHS.get(part, max(16, len(heading) + 2))
        if part.endswith("_date"):
            data.column_dimensions[column].number_format = "yyyy-mm-dd"
        rule = _rule(part, rules.get(part, "").format(c=column), heading)
        if rule:
            rule.add(f"{column}2:{column}{_ROWS}")
            data.add_data_validation(rule)
    for row in rows:
        data.append([text or None for text in row])
    data.freeze_panes = "A2"
    for text in [title, *steps]:
        guide.append([text or None])
        guide.cell(guide.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
        guide.row_dimensions[guide.max_row].height = 16 * (1 + len(text) // 76)
    guide["A1"].font, guide.column_dimensions["A"].width = Font(name="Calibri", size=14, bold=True), 72
    guide.sheet_view.showGridLines = False
    for sheet in (data, guide):
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight, sheet.page_setup.paperSize = False, 9  # A4
    data.page_setup.orientation = "landscape"
    return workbook


def _rule(part: str, formula: str, heading: str) -> DataValidation | None:
    if part == "status_sv":
        formula, kind, error = f'"{",".join(register_files.STATUSES)}"', "list", "Välj i listan."
    elif part.endswith("_date"):
        kind, error = "date", "Skriv ett datum, till exempel 2025-03-01."
        return _shown(DataValidation(type=kind, operator="greaterThan", formula1="DATE(2000,1,1)", errorTitle=heading[:32], error=error))
    elif formula:
        kind, error = "custom", "Skriv ett heltal, 0 eller större."
    else:
        return None
    return _shown(DataValidation(type=kind, formula1=formula, errorTitle=heading[:32], error=error))


def _shown(rule: DataValidation) -> DataValidation:
    rule.showErrorMessage = rule.allow_blank = True
    return rule
