"""The rows of a file, read cell by cell: figures by area, period, sex and age, or all that is wrong with them.

Belongs here: what the cells of one row say together. Does not: single cells (``connectors``), which columns they stand in (``file_headings``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from naravard_pipeline.catalogue import Area, Catalogue, Measure
from naravard_pipeline.connectors.area_names import AreaNames
from naravard_pipeline.connectors.cells import CellError, Reading, is_total, read_age_group, read_day, read_sex, read_value, read_yes_no, shown
from naravard_pipeline.connectors.grid import FileRefused, Sheet, Value, address_of
from naravard_pipeline.connectors.periods import Period, read_period
from naravard_pipeline.landing.file_headings import CellProblem, Figure, Table

_ROUNDING = 0.51  # per cent units that a share may differ from its counts: it may be rounded to whole ones

T = TypeVar("T")
Place = tuple[int, int]  # row and column, from 0


@dataclass(frozen=True)
class FileRow:
    """One figure of a file, and the row that says it. ``row_number`` counts from 1. A count that is hidden or missing is None."""

    area_code: str
    period: Period
    sex: str
    age_group: str
    reading: Reading
    numerator: float | None
    denominator: float | None
    answers: float | None
    sheet: str
    row_number: int
    since: date | None = None  # of a yes: the day from which it holds


def allowed_areas(measure: Measure, catalogue: Catalogue) -> dict[str, str]:
    """Area code → name of the areas that the measure's file may hold, in the catalogue's order."""
    return {a.area_code: a.name_sv for a in catalogue.areas.values() if a.area_type in measure.file.area_types and _is_within(measure, a)}


def _is_within(measure: Measure, area: Area) -> bool:
    return measure.file.county_code is None or measure.file.county_code in (area.area_code, area.parent_code)


class RowReader:
    """Reads a measure's tables row by row, gathering what is wrong instead of stopping at it."""

    def __init__(self, measure: Measure, catalogue: Catalogue, today: date):
        self.measure, self.today = measure, today
        types = measure.file.area_types
        self.county_sv = " i länet" if measure.file.county_code and types == ("municipality",) else ""
        self.area_sv = "kommun" if types == ("municipality",) else "region" if "municipality" not in types else "kommun eller region"
        self.areas = AreaNames(allowed_areas(measure, catalogue))
        # A figure for the nation, the county or a part of it is a sum of the others, whatever its row is called.
        wholes = (a for a in catalogue.areas.values() if a.area_type == "nation" or (a.area_type != "municipality" and _is_within(measure, a)))
        self.wholes = AreaNames({a.area_code: a.name_sv for a in wholes if a.area_type not in types})
        self.rows: list[FileRow] = []
        self.problems: list[CellProblem] = []
        self.notes: list[str] = []
        self._seen: dict[tuple[str, date, str, str], str] = {}
        self._periods: dict[tuple[str, Place], Period | None] = {}  # those that headings say: read, and reported, once

    def read(self, tables: Sequence[Table]) -> tuple[list[FileRow], list[CellProblem], list[str]]:
        """The rows, the problems and the notes; raises ``FileRefused`` where there is no row at all."""
        for table in tables:
            for number in range(table.heading_row + 1, len(table.sheet.rows)):
                self._read_row(table, number)
        if not self.rows and not self.problems:
            raise FileRefused("empty", f"Filen har rubriker men inga uppgifter. Fyll i en rad per {self.area_sv} och period.")
        return self.rows, self.problems, self.notes

    def _read_row(self, table: Table, number: int) -> None:
        sheet, columns = table.sheet, table.columns
        place = f"{sheet.name}, rad {number + 1}" if sheet.name else f"Rad {number + 1}"
        figures = [column for figure in table.figures for column in figure.columns.values()]
        if all(sheet.written(number, column) is None for column in (*columns.values(), *figures)):
            return
        area = sheet.seen(number, columns["area"])
        code = self.areas.find(area)
        if code is None and (is_total(area) or self.wholes.find(area)):
            self.notes.append(f'{place}: "{shown(area)}" är en summa och lästes inte.')
            return
        is_bare = all(sheet.seen(number, column) is None for column in figures)
        if is_bare and ("period" in columns or code is None) and all(sheet.seen(number, c) is None for p, c in columns.items() if p == "period"):
            self.notes.append(f"{place} har varken period eller värde och lästes inte.")
            return
        before = len(self.problems)
        if code is None:
            self._add(sheet, (number, columns["area"]), self._unknown_area(area))
        sex = self._column(table, number, "sex", read_sex)
        age_group = self._column(table, number, "age_group", lambda value: read_age_group(value, self.measure.file.age_groups))
        if "period" in columns:
            period = self._try(sheet, (number, columns["period"]), self._period)
        for figure in table.figures:
            if figure.period_cell:
                period = self._heading_period(sheet, figure.period_cell)
            read = self._read_figure(sheet, number, figure)
            if len(self.problems) == before and period and read:
                reading, counts, since = read
                # The total of a measure that is about some ages only is those ages.
                group = self.measure.age_group if age_group in (None, "total") else age_group
                row = FileRow(code, period, sex or "total", group, reading, *counts, sheet.name, number + 1, since)
                self._keep(row, sheet, (number, next(iter(figure.columns.values()))))

    def _keep(self, row: FileRow, sheet: Sheet, place: Place) -> None:
        cell = address_of(*place)
        named = f"{sheet.name}!{cell}" if sheet.name else cell
        first = self._seen.setdefault((row.area_code, row.period.start, row.sex, row.age_group), named)
        if first == named:
            self.rows.append(row)
            return
        words = f"är andra värdet för {self.areas.names[row.area_code]} {row.period.label}; det första står i {first}."
        self._add(sheet, place, CellError(words, "Ta bort det som är fel."))

    def _unknown_area(self, area: Value) -> CellError:
        if area is None:
            return CellError(f"är tom; här ska en {self.area_sv} stå.", "Skriv namnet på varje rad, också där celler har varit sammanfogade.")
        suggestion = self.areas.suggest(area)
        return CellError(f"är ingen {self.area_sv}{self.county_sv}.", f"Menade du {suggestion}?" if suggestion else "Kontrollera namnet.")

    def _period(self, value: Value) -> Period:
        return read_period(value, self.measure.frequency, self.measure.first_year, self.today)

    def _heading_period(self, sheet: Sheet, place: Place) -> Period | None:
        if (sheet.name, place) not in self._periods:
            self._periods[sheet.name, place] = self._try(sheet, place, self._period)
        return self._periods[sheet.name, place]

    def _column(self, table: Table, number: int, part: str, read: Callable[[Value], str]) -> str | None:
        return self._try(table.sheet, (number, table.columns[part]), read) if part in table.columns else None

    def _read_figure(
        self, sheet: Sheet, number: int, figure: Figure
    ) -> tuple[Reading, tuple[float | None, float | None, float | None], date | None] | None:
        """The value, its numerator, denominator and answers, and its day; None where a cell cannot be read or does not go with the others."""
        readings: dict[str, Reading | None] = {}
        for part, column in figure.columns.items():
            if part == "since":
                continue
            if (number, column) in sheet.merged:
                first = address_of(*sheet.merged[number, column])
                self._add(sheet, (number, column), CellError(f"är sammanfogad med {first}.", "Dela cellen och skriv ett värde på varje rad."))
                readings[part] = None
            else:
                readings[part] = self._try(sheet, (number, column), self._count if part != "value" else self._value)
        if None in readings.values():
            return None
        last = number, list(figure.columns.values())[-1]
        try:
            reading = self._combine(readings)
            since = self._since(sheet, number, figure, reading)
        except CellError as error:
            place = (number, figure.columns[error.part]) if isinstance(error, _PartError) else last
            self._add(sheet, place, error)
            return None
        numerator, denominator, answers = (r.value if (r := readings.get(part)) else None for part in ("numerator", "denominator", "answers"))
        return reading, (numerator, denominator, answers), since

    def _since(self, sheet: Sheet, number: int, figure: Figure, reading: Reading) -> date | None:
        """The day of a yes. Raises ``CellError`` where a yes has none, or what is no yes has one."""
        if "since" not in figure.columns:
            return None
        cell, named = sheet.seen(number, figure.columns["since"]), self.measure.file.date_column
        if reading.value != 1:
            if cell is not None:
                raise _PartError("since", "står bredvid ett svar som inte är ja.", f"Töm cellen under {named}, eller skriv Ja.")
            return None
        if cell is None:
            raise _PartError("since", "är tom; ett ja har en dag då det började gälla.", "Skriv en dag som 2025-03-01.")
        try:
            return read_day(cell, self.today)
        except CellError as error:
            raise _PartError("since", error.problem_sv, error.suggestion_sv) from None

    def _combine(self, readings: dict[str, Reading]) -> Reading:
        value = readings.get("value")
        if "numerator" in readings:
            computed = _share(readings["numerator"], readings["denominator"])
            if value and value.value is not None and computed.value is not None and abs(value.value - computed.value) > _ROUNDING:
                words = f"stämmer inte med antalen, som ger {shown(round(computed.value, 1))} procent."
                raise _PartError("value", words, "Kontrollera raden.")
            if value is None or (value.status == "missing" and computed.value is not None):
                self._check_bounds(computed.value, "numerator")
                value = computed
        elif (whole := readings.get("denominator")) and value.value is not None and whole.value is not None and value.value > whole.value:
            raise _PartError("value", f"är större än {shown(whole.value)}, som det är en del av.", "Kontrollera båda.")
        # A share that is shown beside one of its counts gives the other away.
        if hidden := next((r for r in readings.values() if r.status == "suppressed"), None):
            return hidden
        answers = readings.get("answers")
        if answers and answers.value == 0 and value.value is not None:
            raise _PartError("answers", "svar kan inte ge något värde.", "Skriv .. som värde om ingen svarade.")
        return value

    def _count(self, value: Value) -> Reading:
        return read_value(value, "count", self.measure.file.suppressed_mark)

    def _value(self, value: Value) -> Reading:
        if self.measure.value_type == "yes_no":
            return read_yes_no(value)
        kind = self.measure.value_type if self.measure.value_type in ("count", "share") else "number"
        reading = read_value(value, kind, self.measure.file.suppressed_mark)
        self._check_bounds(reading.value, "value")
        return reading

    def _check_bounds(self, value: float | None, part: str) -> None:
        bounds = self.measure.bounds
        if bounds and value is not None and not bounds.min <= value <= bounds.max:
            limits = f"måttets gränser ({shown(bounds.min)} till {shown(bounds.max)})"
            words = f"ligger utanför {limits}." if part == "value" else f"ger andelen {shown(round(value, 1))}, utanför {limits}."
            raise _PartError(part, words, "Kontrollera värdet.")

    def _try(self, sheet: Sheet, place: Place, read: Callable[[Value], T]) -> T | None:
        try:
            return read(sheet.seen(*place))
        except CellError as error:
            self._add(sheet, place, error)
            return None

    def _add(self, sheet: Sheet, place: Place, error: CellError) -> None:
        self.problems.append(CellProblem(sheet.name, address_of(*place), shown(sheet.seen(*place)), error.problem_sv, error.suggestion_sv))


class _PartError(CellError):
    """Something wrong between the cells of a figure, told at the one named by ``part``."""

    def __init__(self, part: str, problem_sv: str, suggestion_sv: str):
        super().__init__(problem_sv, suggestion_sv)
        self.part = part


def _share(numerator: Reading, denominator: Reading) -> Reading:
    """The share in per cent. Hidden or missing parts hide it or leave it missing; none of none is no share at all."""
    for status in ("suppressed", "missing"):
        for reading in (numerator, denominator):
            if reading.status == status:
                return reading
    if numerator.value > denominator.value:
        raise _PartError("numerator", f"är större än {shown(denominator.value)}, som det är en del av.", "Kontrollera båda.")
    return Reading(100 * numerator.value / denominator.value, "ok") if denominator.value else Reading(None, "not_applicable")
