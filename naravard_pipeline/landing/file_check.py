"""Is this file what was asked for? Recognises the measure, reads every cell and gathers all that is wrong, with the place and the remedy.

Belongs here: one file against the catalogue, without touching anything, in the order that keeps secrets. Does not: the headings
(``file_headings``), the rows (``file_rows``), what becomes of the file (``inbox``), the words around the problems (``file_answer``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from naravard_pipeline.catalogue import Catalogue, Measure, Survey
from naravard_pipeline.connectors.files import FileContent, read_content, read_fragments, read_grid, readable_name
from naravard_pipeline.connectors.grid import FileRefused
from naravard_pipeline.landing.file_headings import CellProblem, recognise
from naravard_pipeline.landing.file_rows import FileRow, RowReader, allowed_areas
from naravard_pipeline.landing.personal_numbers import find_places
from naravard_pipeline.landing.register_files import Register, find_register, read_register
from naravard_pipeline.landing.survey_files import SurveyRows, figures_of, find_survey_sheets, read_survey

__all__ = ["FileCheck", "allowed_areas", "check_content", "check_file", "refused"]


@dataclass(frozen=True)
class FileCheck:
    """What was found. A file is taken in whole or not at all: ``rows`` is empty unless it is accepted.

    ``places_sv`` says where personal identity numbers stand; nothing else is said of such a file. ``file_name`` is then without them.
    """

    file_name: str
    sha256: str = ""
    measure: Measure | None = None
    rows: Sequence[FileRow] = ()
    problems: Sequence[CellProblem] = ()
    notes_sv: Sequence[str] = ()
    refusal: FileRefused | None = None
    places_sv: Sequence[str] = ()
    survey: Survey | None = None
    figures: Sequence[tuple[Measure, Sequence[FileRow]]] = ()  # of a survey's file: each measure's rows
    register: Register | None = None

    @property
    def has_personal_numbers(self) -> bool:
        return bool(self.places_sv)

    @property
    def accepted(self) -> bool:
        return not (self.refusal or self.problems or self.places_sv)


def check_file(path: Path, catalogue: Catalogue, today: date | None = None) -> FileCheck:
    """Check a file as the inbox does, changing nothing. Never raises for anything that is in a file, or for a file that is not there."""
    try:
        content = read_content(path)
    except FileRefused as refusal:
        return refused(readable_name(path), refusal, catalogue)
    return check_content(content, catalogue, today)


def check_content(content: FileContent, catalogue: Catalogue, today: date | None = None) -> FileCheck:
    """The same for bytes that are already read. ``today`` (default: Swedish date) decides which periods have begun."""
    # First of all, and on everything that can be read: any other message could quote a cell.
    if places := find_places(read_fragments(content), _reserve_numbers(catalogue)):
        return FileCheck("filen" if "filnamnet" in places else content.name, content.sha256, places_sv=places)
    today = today or datetime.now(UTC).astimezone(ZoneInfo("Europe/Stockholm")).date()
    try:
        sheets = read_grid(content)
        if answers := find_survey_sheets(sheets):
            return _check_survey(content, read_survey(answers, catalogue, today), catalogue)
        if found := find_register(sheets):
            register = read_register(found, catalogue)
            return FileCheck(content.name, content.sha256, problems=register.problems, notes_sv=register.notes, register=register)
    except FileRefused as refusal:
        return replace(refused(content.name, refusal, catalogue), sha256=content.sha256)
    measures = catalogue.from_files
    try:
        measure, tables, notes, problems = recognise(sheets, measures, content.name)
        if problems:
            return FileCheck(content.name, content.sha256, measure, problems=problems)
        rows, problems, more_notes = RowReader(measure, catalogue, today).read(tables)
    except FileRefused as refusal:
        return replace(refused(content.name, refusal, catalogue), sha256=content.sha256)
    return FileCheck(content.name, content.sha256, measure, () if problems else rows, problems, (*notes, *more_notes))


def _check_survey(content: FileContent, found: SurveyRows, catalogue: Catalogue) -> FileCheck:
    figures = figures_of(found, catalogue)
    rows = [row for measure, rows in figures for row in rows if measure.value_type == "share"]
    return FileCheck(content.name, content.sha256, rows=rows, problems=found.problems, notes_sv=found.notes, survey=found.survey, figures=figures)


def refused(name: str, refusal: FileRefused, catalogue: Catalogue) -> FileCheck:
    """A check of a file of which nothing but its name was read; that is shown only if it holds no personal identity number."""
    if places := find_places(read_fragments(FileContent(name, b"")), _reserve_numbers(catalogue)):
        return FileCheck("filen", places_sv=places)
    return FileCheck(name, refusal=refusal)


def _reserve_numbers(catalogue: Catalogue) -> list[re.Pattern[str]]:
    return [pattern for source in catalogue.sources.values() for pattern in source.reserve_number_patterns]
