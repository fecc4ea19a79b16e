"""Which measure a file holds, and in which columns: found by its headings.

A heading may be merged, stand on two rows, and be spelled in any way that ``folded`` makes the same. Belongs here: headings.
Does not: the rows below them (``file_rows``), what becomes of the file (``file_check``, ``inbox``).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.connectors.cells import folded, shown
from naravard_pipeline.connectors.grid import FileRefused, Sheet, Value, address_of

HEADING_ROWS = 20  # a heading stands among these; above it there may be titles

_AREA_HEADINGS = ("Kommun", "Region", "Område", "Kommunnamn", "Kommunkod", "Län")
_PERIOD_HEADINGS = {
    "month": ("Månad", "År och månad", "År-månad", "Period", "Datum"),
    "quarter": ("Kvartal", "År och kvartal", "Period", "Datum"),
    "half_year": ("Halvår", "Termin", "Period", "Datum"),
    "year": ("År", "Årtal", "Period"),
}
_SEX_HEADINGS = ("Kön",)
_AGE_HEADINGS = ("Ålder", "Åldersgrupp")
_FIGURES = ("value", "numerator", "denominator", "answers", "since")
_CLOSE = 0.6  # how alike two headings must be for one to be proposed for the other


_LIKE_A_PERSON = re.compile(r"\d{6,8}\s?[-+]?\s?\d{4}")


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
        # Whatever its check digit says, a number of that shape may be a person's.
        found = _LIKE_A_PERSON.sub("…", self.found)
        subject = f'"{found}" ' if self.found else ("cellen " if self.problem_sv.startswith("är") else "")
        return f"{place}: {subject}{self.problem_sv} {self.suggestion_sv}".strip()


@dataclass(frozen=True)
class Figure:
    """The columns that together say one figure of a row, by part: value, numerator, denominator, answers, since.

    ``period_cell`` (row, column) is the heading that says its period, where no column does. Rows and columns count from 0.
    """

    columns: Mapping[str, int]
    period_cell: tuple[int, int] | None = None


@dataclass(frozen=True)
class Table:
    """Where a measure's figures stand in one sheet; ``columns`` are those of area, period, sex and age_group, as far as they are there."""

    sheet: Sheet
    heading_row: int  # the last row of the headings
    columns: Mapping[str, int]
    figures: Sequence[Figure]


def choices(measure: Measure) -> dict[str, Sequence[str]]:
    """Part of a row → its heading in the template, and others that mean the same; in the template's order."""
    file = measure.file
    types = set(file.area_types)
    first = "Kommun" if types == {"municipality"} else "Region" if "municipality" not in types else "Område"
    found: dict[str, Sequence[str]] = {"area": (first, *_AREA_HEADINGS), "period": _PERIOD_HEADINGS[measure.frequency]}
    if file.sexes:
        found["sex"] = _SEX_HEADINGS
    if file.age_groups:
        found["age_group"] = _AGE_HEADINGS
    names = (file.value_column, file.numerator_column, file.denominator_column, file.answers_column, file.date_column)
    return found | {part: (name,) for part, name in zip(_FIGURES, names, strict=True) if name}


def required(measure: Measure) -> dict[str, Sequence[str]]:
    """The parts that every file of the measure has; a share can be computed, and sex and age are totals where they are left out."""
    optional = {"sex", "age_group", *(["value"] if measure.file.numerator_column else [])}
    return {part: headings for part, headings in choices(measure).items() if part not in optional}


def find_table(sheet: Sheet, measure: Measure) -> Table | None:
    if measure.file.layout == "vantetider":
        table = _find_wide(sheet, measure)
        return table if table and _find_title(sheet, measure, table.heading_row) else None
    for number in range(min(HEADING_ROWS, len(sheet.rows))):
        columns = _columns(_headings_at(sheet, number), choices(measure))
        if required(measure).keys() <= columns.keys():
            figure = Figure({part: column for part, column in columns.items() if part in _FIGURES})
            return Table(sheet, number, {part: column for part, column in columns.items() if part not in _FIGURES}, [figure])
    return None


def _headings_at(sheet: Sheet, number: int) -> list[Value]:
    """A row's cells; an empty one takes the text above it, as where a heading is merged over two rows."""
    width = max(len(row) for row in sheet.rows[max(number - 1, 0) : number + 1])
    return [next((v for n in (number, number - 1) if n >= 0 and (v := sheet.seen(n, column)) is not None), None) for column in range(width)]


def _columns(cells: Sequence[Value], parts: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The columns of the parts whose headings are among the cells."""
    spelled = [folded(value) if isinstance(value, str) else None for value in cells]
    found = {part: next((spelled.index(folded(h)) for h in headings if folded(h) in spelled), None) for part, headings in parts.items()}
    return {part: column for part, column in found.items() if column is not None}


def _find_wide(sheet: Sheet, measure: Measure) -> Table | None:
    """Areas in rows and, in two rows of headings, the periods and what is told of each: whichever of the two stands above."""
    parts = {part: headings for part, headings in choices(measure).items() if part in _FIGURES}
    needed = required(measure).keys() - {"area", "period"}
    for number in range(1, min(HEADING_ROWS, len(sheet.rows))):
        columns = _columns(_headings_at(sheet, number), {"area": _AREA_HEADINGS})
        if not columns:
            continue
        groups: dict[str, tuple[tuple[int, int], dict[str, int]]] = {}
        for column in range(columns["area"] + 1, max(len(sheet.rows[number - 1]), len(sheet.rows[number]))):
            upper, lower = _last_written(sheet, number - 1, columns["area"] + 1, column), (number, column)
            for period, content in ((upper, lower), (lower, upper)):
                text = sheet.seen(*content)
                if sheet.seen(*period) is not None and (part := next(iter(_columns([text], parts)), None)):
                    groups.setdefault(folded(str(sheet.seen(*period))), (period, {}))[1].setdefault(part, column)
        figures = [Figure(found, period) for period, found in groups.values() if needed <= found.keys()]
        if figures:
            return Table(sheet, number, columns, figures)
    return None


def _last_written(sheet: Sheet, row: int, first: int, column: int) -> tuple[int, int]:
    """The cell that stands over a column: itself or, where a heading spans several, the nearest to the left."""
    return row, next((c for c in range(column, first - 1, -1) if sheet.seen(row, c) is not None), column)


def _find_title(sheet: Sheet, measure: Measure, before: int) -> tuple[int, int] | None:
    title = folded(measure.file.title or "")
    cells = ((r, c) for r, row in enumerate(sheet.rows[:before]) for c, value in enumerate(row) if isinstance(value, str) and title in folded(value))
    return next(cells, None)


def recognise(sheets: list[Sheet], measures: list[Measure], file_name: str) -> tuple[Measure, list[Table], list[str], list[CellProblem]]:
    """Which measure the visible sheets hold, and where. Raises ``FileRefused`` where no measure, or more than one, fits."""
    visible = [sheet for sheet in sheets if not sheet.is_hidden]
    found = {m.measure_id: tables for m in measures if (tables := [table for sheet in visible if (table := find_table(sheet, m))])}
    named = [m.measure_id for m in measures if folded(file_name).startswith(folded(m.measure_id))]
    candidates = [i for i in found if i in named] if len(found) > 1 and len(named) == 1 else list(found)
    if len(candidates) > 1:
        names = ", ".join(f"{measure_id}.xlsx" for measure_id in candidates)
        raise FileRefused(
            "several_measures", f"Filen passar till fler än ett mått. Lämna ett mått per fil och låt filnamnet börja som mallens: {names}."
        )
    if not candidates:
        measure, problem = _explain(visible, [m for m in measures if m.measure_id in named] or measures)
        return measure, [], [], [problem]
    measure = next(measure for measure in measures if measure.measure_id == candidates[0])
    tables = found[measure.measure_id]
    notes = [f'Det dolda bladet "{shown(sheet.name)}" lästes inte.' for sheet in sheets if sheet.is_hidden and find_table(sheet, measure)]
    return measure, tables, notes, [problem for table in tables for problem in _check_columns(table, measure)]


def _check_columns(table: Table, measure: Measure) -> Iterator[CellProblem]:
    """Columns that the file must not have: a second one of a part, and one that splits figures that are asked for unsplit."""
    if measure.file.layout == "vantetider":
        return
    known = choices(measure)
    places = dict(table.columns) | dict(table.figures[0].columns)
    unasked = (headings for part, headings in (("sex", _SEX_HEADINGS), ("age_group", _AGE_HEADINGS)) if part not in known)
    splitting = {folded(heading) for headings in unasked for heading in headings}
    for column, value in enumerate(_headings_at(table.sheet, table.heading_row)):
        if not isinstance(value, str) or column in places.values():
            continue
        cell = address_of(table.heading_row, column)
        part = next((part for part in places if part != "area" and folded(value) == folded(known[part][0])), None)
        if part:
            first = address_of(table.heading_row, places[part])
            yield CellProblem(table.sheet.name, cell, shown(value), f"står redan i {first}.", "Ta bort den ena kolumnen.")
        elif folded(value) in splitting:
            problem = "delar upp uppgifterna, men måttet lämnas utan uppdelning."
            yield CellProblem(table.sheet.name, cell, shown(value), problem, "Utgå från mallen.")


def _explain(sheets: list[Sheet], measures: list[Measure]) -> tuple[Measure, CellProblem]:
    """The one heading that is missing, where the others are there and it is clear which measure is meant; else raises ``FileRefused``."""
    if not measures:
        raise FileRefused("no_headings", "Inget mått lämnas som fil just nu. Fråga den som förvaltar måtten.")
    found = [(measure, *why) for measure in measures for sheet in sheets for why in _almost(sheet, measure)]
    best = max((likeness for _, likeness, _ in found), default=0.0)
    meant = [(measure, problem) for measure, likeness, problem in found if likeness == best]
    if meant and (best or len({measure.measure_id for measure, _ in meant}) == 1):
        return meant[0]
    shown_measures = [measure for measure, _ in meant] or measures
    templates = "; ".join(f"{m.measure_id}: {', '.join(h[0] for h in required(m).values())}" for m in dict.fromkeys(shown_measures))
    raise FileRefused(
        "no_headings",
        f"Bland de {HEADING_ROWS} första raderna finns ingen rad med måttets rubriker. Utgå från mallen ({templates}) och behåll rubrikerna.",
    )


def _almost(sheet: Sheet, measure: Measure) -> Iterator[tuple[float, CellProblem]]:
    """Problems that keep the sheet from being the measure's, each with how alike what stands there is to what should."""
    if measure.file.layout == "vantetider":
        yield from _almost_wide(sheet, measure)
        return
    for number in range(min(HEADING_ROWS, len(sheet.rows))):
        cells = _headings_at(sheet, number)
        columns = _columns(cells, choices(measure))
        missing = [headings[0] for part, headings in required(measure).items() if part not in columns]
        if len(missing) != 1:
            continue
        others = {column: value for column, value in enumerate(cells) if isinstance(value, str) and column not in columns.values()}
        likeness = {column: SequenceMatcher(None, folded(value), folded(missing[0])).ratio() for column, value in others.items()}
        column = max(likeness, key=likeness.__getitem__, default=-1)
        if column >= 0 and likeness[column] >= _CLOSE:
            words = "är ingen känd rubrik.", f"Menade du {missing[0]}?"
            yield likeness[column], CellProblem(sheet.name, address_of(number, column), shown(others[column]), *words)
        else:
            problem = f'rubriken "{missing[0]}" saknas på rad {number + 1}.'
            yield 0.0, CellProblem(sheet.name, address_of(number, len(cells)), "", problem, "Utgå från mallen.")


def _almost_wide(sheet: Sheet, measure: Measure) -> Iterator[tuple[float, CellProblem]]:
    title = _find_title(sheet, measure, HEADING_ROWS)
    if title:
        names = " och ".join(f'"{headings[0]}"' for part, headings in required(measure).items() if part in _FIGURES)
        problem = f"står över en tabell utan rubriken {names} vid perioderna."
        yield 1.0, CellProblem(sheet.name, address_of(*title), shown(sheet.seen(*title)), problem, "Kontrollera att hela tabellen är med, oändrad.")
    elif _find_wide(sheet, measure):
        first = next(((r, c) for r, row in enumerate(sheet.rows) for c, value in enumerate(row) if value is not None), (0, 0))
        problem = f'är inte tabellen "{measure.file.title}".'
        yield 0.0, CellProblem(sheet.name, address_of(*first), shown(sheet.seen(*first)), problem, "Hämta den tabellen, med sin titelrad.")
