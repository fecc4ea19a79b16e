"""Made-up files as municipalities, the region and the nation would send them, for the demo's inbox: CSV as older Windows programs save it, workbooks.

Belongs here: figures that nobody counted, said so in the files' names. Does not: anything the pipeline relies on.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from openpyxl import Workbook

from naravard_pipeline.catalogue import Catalogue, Measure, Survey
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.workbooks import workbook_bytes
from naravard_pipeline.landing.file_rows import allowed_areas
from naravard_pipeline.landing.list_templates import REGISTER, survey_rows
from naravard_pipeline.landing.register_files import HEADINGS
from naravard_pipeline.landing.survey_files import HEADINGS as SURVEY_HEADINGS
from naravard_pipeline.landing.templates import DATA_SHEET, columns

PERIODS = 30
AGREED = 2024  # the year from which what is yes or no is yes
_INITIATIVES = [  # in the order of the register's headings
    [
        *("pahittad_sip_samordnare", "Påhittad satsning: SIP-samordnare"),
        "Påhittat exempel. En samordnare i varje kommun i den norra länsdelen hjälper till att kalla till SIP.",
        *("sormland", "Påhittad styrgrupp", "Eskilstuna kommun; Strängnäs kommun", "Personcentrering", "Eskilstuna; Strängnäs"),
        *("2025-06-01", "2025-12-31", "2026-01-01", "Påhittad styrgrupp 2025-04-15", "sip_per_1000", "införd", ""),
    ],
    [
        *("pahittad_fallforebyggande", "Påhittad satsning: fallförebyggande träning"),
        "Påhittat exempel. Balansträning i grupp för personer som är 65 år och äldre.",
        *("sormland", "Påhittad styrgrupp", "Region Sörmland", "Hälsofrämjande och förebyggande", "Nyköping; Oxelösund; Katrineholm; Eskilstuna"),
        *("2020-01-01", "2020-12-31", "2021-01-01", "Påhittad styrgrupp 2019-10-01", "fallskador_65_plus; riskforebyggande_atgarder", "införd", ""),
    ],
]


def write_demo_files(inbox: Path, catalogue: Catalogue, today: date | None = None) -> list[Path]:
    """Write made-up figures for each measure that comes in files: 30 months (or years) to the last finished one. Same day, same bytes."""
    inbox.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    files = [file for measure in catalogue.from_files for file in _build_files(measure, catalogue, today or date.today())]
    files += [file for survey in catalogue.surveys.values() for file in _build_survey(survey, catalogue)]
    if "sormland" in catalogue.frameworks:
        files.append((f"{REGISTER}_PÅHITTAT.csv", write_delimited([list(HEADINGS.values()), *_INITIATIVES])))
    for name, content in files:
        path = inbox / name
        path.write_bytes(content)
        past = time.time() - 60  # finished: the inbox waits for files that were changed just now
        os.utime(path, (past, past))
        written.append(path)
    return written


def _build_survey(survey: Survey, catalogue: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Some forty answers to each question; more of them positive each time, and one alternative that hardly anybody chose."""
    waves = {wave.name_sv: number for number, wave in enumerate(survey.waves)}
    rows = []
    for row in survey_rows(survey, catalogue):
        question = next(q for q in survey.questions if q.text_sv == row[3])
        place = [a.name_sv for a in question.alternatives].index(row[4])
        is_last, is_positive = place == len(question.alternatives) - 1, question.alternatives[place].positive
        answers = 2 if is_last else 9 + _hash(*row) % 4 + (7 if is_positive else -2) * waves[row[1]]
        rows.append([*row[:5], f"{answers}", "80"])
    yield f"{survey.survey_id}_PÅHITTAT.csv", write_delimited([list(SURVEY_HEADINGS.values()), *rows])


def _build_files(measure: Measure, catalogue: Catalogue, today: date) -> Iterator[tuple[str, bytes]]:
    areas, labels = allowed_areas(measure, catalogue), _labels(measure, today)
    smallest = list(areas)[-1]
    name = f"{measure.measure_id}_PÅHITTAT"
    if measure.file.layout == "vantetider":
        yield f"{name}.csv", write_delimited(_wide_rows(measure, areas, labels), "cp1252")
        return
    headings = columns(measure)
    counted = [code for code in areas if len(code) == 4]
    is_sum = bool(counted) and measure.value_type == "count"
    rows = [
        [
            area,
            label,
            *(
                _sum(measure, part, counted, label, smallest)
                if is_sum and code not in counted
                else _figure(measure, part, code, label, code == smallest)
                for part in list(headings)[2:]
            ),
        ]
        for code, area in areas.items()
        for label in labels
    ]
    half = (len(rows) + 1) // 2
    yield f"{name}_1.csv", write_delimited([list(headings.values()), *rows[:half]], "cp1252")
    yield f"{name}_2.xlsx", workbook_bytes(_build_workbook(list(headings.values()), rows[half:]))


def _wide_rows(measure: Measure, areas: dict[str, str], labels: list[str]) -> list[list[str]]:
    """As the nation's tables are: a title, two rows of headings, the areas, and a footer."""
    return [
        [f"{measure.file.title} (påhittade uppgifter)"],
        ["Region", *(cell for label in labels for cell in (label, ""))],
        ["", *(("Antal kontakter", measure.file.value_column) * len(labels))],
        *([name, *(cell for label in labels for cell in ("1 000", _figure(measure, "value", code, label, False)))] for code, name in areas.items()),
        ["Påhittade uppgifter för demonstration"],
    ]


def _labels(measure: Measure, today: date) -> list[str]:
    if measure.frequency == "quarter":
        last = today.year * 4 + (today.month - 1) // 3 - 1  # quarters since year 0
        return [f"{q // 4}K{q % 4 + 1}" for q in range(last - PERIODS + 1, last + 1) if q // 4 >= measure.first_year]
    if measure.frequency == "year":
        return [f"{year}" for year in range(today.year - PERIODS, today.year) if year >= measure.first_year]
    last = today.year * 12 + today.month - 2  # months since year 0, January as 0
    return [f"{month // 12}-{month % 12 + 1:02}" for month in range(last - PERIODS + 1, last + 1)]


def _figure(measure: Measure, part: str, code: str, label: str, is_smallest: bool) -> str:
    """A level per area, a slow rise, noise. The smallest area has counts of 1 to 4, and one of another's is missing each July."""
    if measure.value_type == "yes_no":
        agreed = int(label[:4]) >= AGREED
        return ("Ja" if agreed else "Nej") if part == "value" else f"{AGREED}-03-01" if agreed else ""
    if measure.value_type == "count" and part == "denominator":  # of how many the value is a part
        return f"{int(_figure(measure, 'value', code, label, is_smallest)) + _hash(measure.measure_id, code, label, 'more') % 3}"
    if part in ("denominator", "answers"):
        return f"{400 + _hash(measure.measure_id, part, code, label) % 200}"
    if measure.value_type == "share":
        level = 40 + _hash(measure.measure_id, code) % 30 + (int(label[:4]) - 2020) / 2 + _hash(measure.measure_id, code, label) % 40 / 10
        return f"{level * 4:.0f}" if part == "numerator" else f"{level:.1f}".replace(".", ",")
    is_smallest &= measure.suppression_threshold > 0 and measure.file.area_types != ("region",)
    if label.endswith("-07") and measure.suppression_threshold and not is_smallest and _hash(measure.measure_id, code) % 4 == 0:
        return ".."
    level = 2 if is_smallest else 6 + _hash(measure.measure_id, code) % 25
    rise = 1 + (int(label[:4]) - 2020) / 25
    figure = round(level * rise) + _hash(measure.measure_id, code, label) % (3 if is_smallest else 7) - 1
    return f"{min(max(figure, round(measure.bounds.min) + 1), round(measure.bounds.max))}"


def _sum(measure: Measure, part: str, codes: list[str], label: str, smallest: str) -> str:
    """The county has counted what its municipalities have, so that what is hidden of one could be computed from it."""
    figures = [_figure(measure, part, code, label, code == smallest) for code in codes]
    return f"{sum(int(figure) for figure in figures if figure.isdecimal())}"


def _hash(*words: str) -> int:
    return int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:4])


def _build_workbook(headings: list[str], rows: list[list[str]]) -> Workbook:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = DATA_SHEET
    sheet.append(["Påhittade uppgifter för demonstration"])
    sheet.append(headings)
    for name, label, *figures in rows:
        sheet.append([name, label, *(int(figure) if figure.isdecimal() else figure for figure in figures)])
    return workbook
