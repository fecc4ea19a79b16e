"""Made-up files as municipalities would send them, for the demo's inbox: one CSV as older Windows programs save it, one workbook.

Belongs here: figures that nobody counted, said so in the files' names. Does not: anything the pipeline relies on.
"""

import hashlib
import os
import time
from datetime import date
from pathlib import Path

from openpyxl import Workbook

from naravard_pipeline.catalogue import Catalogue, Measure
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.workbooks import workbook_bytes
from naravard_pipeline.landing.file_check import allowed_areas
from naravard_pipeline.landing.templates import DATA_SHEET, headings

PERIODS = 30


def write_demo_files(inbox: Path, catalogue: Catalogue, today: date | None = None) -> list[Path]:
    """Write made-up figures for each measure that comes in files: 30 months (or years) to the last finished one. Same day, same bytes."""
    inbox.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for measure in (measure for measure in catalogue.live if measure.file):
        areas, labels = allowed_areas(measure, catalogue), _labels(measure, today or date.today())
        smallest = list(areas)[-1]
        rows = [[name, label, _figure(measure, code, label, code == smallest)] for code, name in areas.items() for label in labels]
        half = len(areas) // 2 * len(labels)
        contents = {
            f"{measure.measure_id}_PÅHITTAT_1.csv": write_delimited([headings(measure), *rows[:half]], "cp1252"),
            f"{measure.measure_id}_PÅHITTAT_2.xlsx": workbook_bytes(_build_workbook(measure, rows[half:])),
        }
        for name, content in contents.items():
            path = inbox / name
            path.write_bytes(content)
            past = time.time() - 60  # finished: the inbox waits for files that were changed just now
            os.utime(path, (past, past))
            written.append(path)
    return written


def _labels(measure: Measure, today: date) -> list[str]:
    if measure.frequency == "year":
        return [f"{year}" for year in range(today.year - PERIODS, today.year) if year >= measure.first_year]
    last = today.year * 12 + today.month - 2  # months since year 0, January as 0
    return [f"{month // 12}-{month % 12 + 1:02}" for month in range(last - PERIODS + 1, last + 1)]


def _figure(measure: Measure, code: str, label: str, is_smallest: bool) -> str:
    """A level per area, a slow rise, noise. The smallest area has counts of 1 to 4, and one of another's is missing each July."""
    if label.endswith("-07") and not is_smallest and _hash(measure.measure_id, code) % 4 == 0:
        return ".."
    level = 2 if is_smallest else 6 + _hash(measure.measure_id, code) % 25
    rise = 1 + (int(label[:4]) - 2020) / 25
    figure = round(level * rise) + _hash(measure.measure_id, code, label) % (3 if is_smallest else 7) - 1
    return f"{min(max(figure, round(measure.bounds.min) + 1), round(measure.bounds.max))}"


def _hash(*words: str) -> int:
    return int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:4])


def _build_workbook(measure: Measure, rows: list[list[str]]) -> Workbook:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = DATA_SHEET
    sheet.append(["Påhittade uppgifter för demonstration"])
    sheet.append(headings(measure))
    for name, label, figure in rows:
        sheet.append([name, label, int(figure) if figure.isdecimal() else figure])
    return workbook
