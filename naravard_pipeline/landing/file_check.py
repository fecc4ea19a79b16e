"""Is this file what was asked for? Recognises the measure, reads every cell and gathers all that is wrong, with the place and the remedy.

Belongs here: one file against the catalogue, without touching anything. Does not: how files (``connectors.files``) and cells
(``connectors.cells``) are read, what becomes of the file (``inbox``), the words around the problems (``file_answer``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from naravard_pipeline.catalogue import Area, Catalogue, Measure
from naravard_pipeline.connectors.cells import AreaNames, CellError, Period, Reading, folded, is_total, read_period, read_value, shown
from naravard_pipeline.connectors.files import FileContent, read_content, read_fragments, read_grid, readable_name
from naravard_pipeline.connectors.grid import FileRefused, Sheet, Value, address_of
from naravard_pipeline.landing.personal_numbers import find_places

HEADING_ROWS = 20  # a heading stands among these; above it there may be titles

_AREA_HEADINGS = ("Kommun", "Kommunnamn", "Kommunkod", "Region", "Län", "Område")
_PERIOD_HEADINGS = {"month": ("Månad", "År och månad", "År-månad", "Period", "Datum"), "year": ("År", "Årtal", "Period")}
_SPLITTING_HEADINGS = ("Kön", "Ålder", "Åldersgrupp")  # rows that are parts must not be taken for totals


@dataclass(frozen=True)
class CellProblem:
    """One thing wrong with a file, at one cell. ``sheet`` is empty for a text file."""

    sheet: str
    cell: str
    found: str
    problem_sv: str
    suggestion_sv: str = ""

    @property
    def text(self) -> str:
        place = f"{self.sheet}!{self.cell}" if self.sheet else self.cell
        subject = f'"{self.found}" ' if self.found else ("cellen " if self.problem_sv.startswith("är") else "")
        return f"{place}: {subject}{self.problem_sv} {self.suggestion_sv}".strip()


@dataclass(frozen=True)
class FileRow:
    """One figure of a file: an area and a period, and the cell that says how much. ``row_number`` counts from 1."""

    area_code: str
    period: Period
    reading: Reading
    sheet: str
    row_number: int


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

    @property
    def has_personal_numbers(self) -> bool:
        return bool(self.places_sv)

    @property
    def accepted(self) -> bool:
        return not (self.refusal or self.problems or self.places_sv)


@dataclass(frozen=True)
class _Table:
    """Where a measure's figures stand in one sheet; rows and columns count from 0."""

    sheet: Sheet
    heading_row: int
    area: int
    period: int
    value: int


def check_file(path: Path, catalogue: Catalogue, today: date | None = None) -> FileCheck:
    """Check a file as the inbox does, changing nothing. Never raises for anything that is in a file, or for a file that is not there."""
    try:
        content = read_content(path)
    except FileRefused as refusal:
        return refused(readable_name(path), refusal)
    return check_content(content, catalogue, today)


def check_content(content: FileContent, catalogue: Catalogue, today: date | None = None) -> FileCheck:
    """The same for bytes that are already read. ``today`` (default: Swedish date) decides which periods have begun."""
    # First of all, and on everything that can be read: any other message could quote a cell.
    if places := find_places(read_fragments(content)):
        return FileCheck("filen" if "filnamnet" in places else content.name, content.sha256, places_sv=places)
    today = today or datetime.now(UTC).astimezone(ZoneInfo("Europe/Stockholm")).date()
    measures = [measure for measure in catalogue.live if measure.file]
    try:
        sheets = read_grid(content)
        measure, tables, notes, problems = _recognise(sheets, measures, content.name)
        if problems:
            return FileCheck(content.name, content.sha256, measure, problems=problems)
        rows, problems, more_notes = _Reader(measure, catalogue, today).read(tables)
    except FileRefused as refusal:
        return replace(refused(content.name, refusal), sha256=content.sha256)
    return FileCheck(content.name, content.sha256, measure, () if problems else rows, problems, (*notes, *more_notes))


def refused(name: str, refusal: FileRefused) -> FileCheck:
    """A check of a file of which nothing but its name was read; that is shown only if it holds no personal identity number."""
    if places := find_places(read_fragments(FileContent(name, b""))):
        return FileCheck("filen", places_sv=places)
    return FileCheck(name, refusal=refusal)


def allowed_areas(measure: Measure, catalogue: Catalogue) -> dict[str, str]:
    """Area code → name of the areas that the measure's file may hold, in the catalogue's order."""
    return {a.area_code: a.name_sv for a in catalogue.areas.values() if a.area_type in measure.file.area_types and _is_within(measure, a)}


def _is_within(measure: Measure, area: Area) -> bool:
    return measure.file.county_code is None or measure.file.county_code in (area.area_code, area.parent_code)


def _recognise(sheets: list[Sheet], measures: list[Measure], file_name: str) -> tuple[Measure, list[_Table], list[str], list[CellProblem]]:
    """Which measure the visible sheets hold, and where. Raises ``FileRefused`` where no measure, or more than one, fits."""
    found: dict[str, list[_Table]] = {}
    visible = [sheet for sheet in sheets if not sheet.is_hidden]
    for measure in measures:
        tables = [table for sheet in visible if (table := _find_table(sheet, measure))]
        if tables:
            found[measure.measure_id] = tables
    named = [measure_id for measure_id in found if folded(file_name).startswith(folded(measure_id))]
    candidates = named if len(found) > 1 and len(named) == 1 else list(found)
    if len(candidates) > 1:
        names = ", ".join(f"{measure_id}.xlsx" for measure_id in candidates)
        raise FileRefused(
            "several_measures", f"Filen passar till fler än ett mått. Lämna ett mått per fil och låt filnamnet börja som mallens: {names}."
        )
    if not candidates:
        return _explain_headings(visible, measures)
    measure = next(measure for measure in measures if measure.measure_id == candidates[0])
    tables = found[measure.measure_id]
    notes = [f'Det dolda bladet "{shown(sheet.name)}" lästes inte.' for sheet in sheets if sheet.is_hidden and _find_table(sheet, measure)]
    return measure, tables, notes, [problem for table in tables for problem in _check_headings(table, measure)]


def _find_table(sheet: Sheet, measure: Measure) -> _Table | None:
    for number, row in enumerate(sheet.rows[:HEADING_ROWS]):
        columns = [_column(row, headings) for headings in _headings(measure)]
        if None not in columns:
            return _Table(sheet, number, *columns)
    return None


def _headings(measure: Measure) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    return _AREA_HEADINGS, _PERIOD_HEADINGS[measure.frequency], (measure.file.value_column,)


def _column(row: Sequence[Value], headings: Sequence[str]) -> int | None:
    cells = [folded(value) if isinstance(value, str) else None for value in row]
    return next((cells.index(folded(heading)) for heading in headings if folded(heading) in cells), None)


def _check_headings(table: _Table, measure: Measure) -> list[CellProblem]:
    row = table.sheet.rows[table.heading_row]
    problems = []
    for column, value in enumerate(row):
        cell = address_of(table.heading_row, column)
        if not isinstance(value, str) or column in (table.area, table.period, table.value):
            continue
        if folded(value) == folded(measure.file.value_column):
            first = address_of(table.heading_row, table.value)
            problems.append(CellProblem(table.sheet.name, cell, shown(value), f"står redan i {first}.", "Ta bort den ena kolumnen."))
        elif folded(value) in map(folded, _SPLITTING_HEADINGS):
            problems.append(
                CellProblem(table.sheet.name, cell, shown(value), "delar upp uppgifterna, men måttet lämnas utan uppdelning.", "Utgå från mallen.")
            )
    return problems


def _explain_headings(sheets: list[Sheet], measures: list[Measure]) -> tuple[Measure, list[_Table], list[str], list[CellProblem]]:
    """The one heading that is missing, where the others are there; else raises ``FileRefused``."""
    for measure in measures:
        for sheet in sheets:
            for number, row in enumerate(sheet.rows[:HEADING_ROWS]):
                missing = [headings[0] for headings in _headings(measure) if _column(row, headings) is None]
                if len(missing) == 1:
                    return measure, [], [], [_missing_heading(sheet, number, missing[0])]
    if not measures:
        raise FileRefused("no_headings", "Inget mått lämnas som fil just nu. Fråga den som förvaltar måtten.")
    templates = "; ".join(f"{m.measure_id}.xlsx: {', '.join(headings[0] for headings in _headings(m))}" for m in measures)
    raise FileRefused(
        "no_headings",
        f"Bland de {HEADING_ROWS} första raderna finns ingen rad med måttets rubriker. Utgå från mallen ({templates}) och behåll rubrikerna.",
    )


def _missing_heading(sheet: Sheet, number: int, heading: str) -> CellProblem:
    spellings = {folded(value): column for column, value in enumerate(sheet.rows[number]) if isinstance(value, str)}
    close = get_close_matches(folded(heading), spellings, n=1, cutoff=0.6)
    if not close:
        row = sheet.rows[number]
        return CellProblem(sheet.name, address_of(number, len(row)), "", f'rubriken "{heading}" saknas på rad {number + 1}.', "Utgå från mallen.")
    column = spellings[close[0]]
    return CellProblem(sheet.name, address_of(number, column), shown(sheet.rows[number][column]), "är ingen känd rubrik.", f"Menade du {heading}?")


class _Reader:
    """Reads a measure's tables row by row, gathering what is wrong instead of stopping at it."""

    def __init__(self, measure: Measure, catalogue: Catalogue, today: date):
        self.measure, self.today = measure, today
        self.county_sv = " i länet" if measure.file.county_code else ""
        self.area_sv = "kommun" if "municipality" in measure.file.area_types else "region"
        self.areas = AreaNames(allowed_areas(measure, catalogue))
        # A figure for the nation, the county or a part of it is a sum of the others, whatever its row is called.
        wholes = (a for a in catalogue.areas.values() if a.area_type == "nation" or (a.area_type != "municipality" and _is_within(measure, a)))
        self.wholes = AreaNames({a.area_code: a.name_sv for a in wholes if a.area_type not in measure.file.area_types})
        self.rows: list[FileRow] = []
        self.problems: list[CellProblem] = []
        self.notes: list[str] = []
        self.seen: Mapping[tuple[str, date], str] = {}

    def read(self, tables: list[_Table]) -> tuple[list[FileRow], list[CellProblem], list[str]]:
        for table in tables:
            for number, row in enumerate(table.sheet.rows[table.heading_row + 1 :], start=table.heading_row + 1):
                area, period, value = (row[column] if column < len(row) else None for column in (table.area, table.period, table.value))
                if area is not None or period is not None or value is not None:
                    self._read_row(table, number, area, period, value)
        if not self.rows and not self.problems:
            raise FileRefused("empty", "Filen har rubriker men inga uppgifter. Fyll i en rad per kommun och månad.")
        return self.rows, self.problems, self.notes

    def _read_row(self, table: _Table, number: int, area: Value, period: Value, value: Value) -> None:
        sheet, place = table.sheet.name, f"{table.sheet.name}, rad" if table.sheet.name else "Rad"
        code = self.areas.find(area)
        if code is None and (is_total(area) or self.wholes.find(area)):
            self.notes.append(f'{place} {number + 1}: "{shown(area)}" är en summa och lästes inte.')
            return
        if period is None and value is None:
            self.notes.append(f"{place} {number + 1} har varken period eller värde och lästes inte.")
            return
        before = len(self.problems)
        if code is None:
            self._add(sheet, address_of(number, table.area), area, self._unknown_area(area))
        read_p = self._try(sheet, number, table.period, period, lambda: self._period(period))
        reading = self._try(sheet, number, table.value, value, lambda: self._value(value))
        if len(self.problems) > before:
            return
        cell = address_of(number, table.value)
        named = f"{sheet}!{cell}" if sheet else cell
        first = self.seen.setdefault((code, read_p.start), named)
        if first != named:
            words = f"är andra värdet för {self.areas.names[code]} {read_p.label}; det första står i {first}."
            self._add(sheet, cell, value, CellError(words, "Ta bort det som är fel."))
            return
        self.rows.append(FileRow(code, read_p, reading, sheet, number + 1))

    def _unknown_area(self, area: Value) -> CellError:
        if area is None:
            return CellError(f"är tom; här ska en {self.area_sv} stå.", "Skriv namnet på varje rad, också där celler har varit sammanfogade.")
        suggestion = self.areas.suggest(area)
        return CellError(f"är ingen {self.area_sv}{self.county_sv}.", f"Menade du {suggestion}?" if suggestion else "Kontrollera namnet.")

    def _period(self, value: Value) -> Period:
        return read_period(value, self.measure.frequency, self.measure.first_year, self.today)

    def _value(self, value: Value) -> Reading:
        reading = read_value(value, self.measure.value_type == "count")
        bounds = self.measure.bounds
        if bounds and reading.value is not None and not bounds.min <= reading.value <= bounds.max:
            raise CellError(f"ligger utanför måttets gränser ({shown(bounds.min)} till {shown(bounds.max)}).", "Kontrollera värdet.")
        return reading

    def _try(self, sheet: str, row: int, column: int, value: Value, read):
        try:
            return read()
        except CellError as error:
            self._add(sheet, address_of(row, column), value, error)

    def _add(self, sheet: str, cell: str, value: Value, error: CellError) -> None:
        self.problems.append(CellProblem(sheet, cell, shown(value), error.problem_sv, error.suggestion_sv))
