"""Files of answers to a survey, as counts: recognised, read row by row, and turned into the figures of the survey's measures.

Here: one file's cells against the surveys of the catalogue, with every problem at its cell. Not here: what becomes of the file (``inbox``), single
cells (``connectors``), what hides small counts (protection).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from naravard_pipeline.catalogue import Catalogue, Measure, Question, Survey, Wave
from naravard_pipeline.connectors.area_names import AreaNames
from naravard_pipeline.connectors.cells import CellError, Reading, folded, read_value, shown
from naravard_pipeline.connectors.grid import FileRefused, Sheet, Value, address_of
from naravard_pipeline.connectors.periods import Period, read_period
from naravard_pipeline.landing.file_headings import HEADING_ROWS, CellProblem
from naravard_pipeline.landing.file_rows import FileRow

HEADINGS: Mapping[str, str] = {
    "survey": "Enkät",
    "wave": "Mättillfälle",
    "area": "Område",
    "question": "Fråga",
    "alternative": "Svarsalternativ",
    "answers": "Antal svar",
    "asked": "Antal tillfrågade",
}
OTHER_HEADINGS = {"area": ("Kommun", "Region"), "alternative": ("Alternativ", "Svar"), "wave": ("Mätning", "Mättillfällen")}
_OPTIONAL = {"asked"}
_TELLING = {"question", "alternative"}  # with both of these a sheet is meant to be a survey's
_ASK_COUNT = "Skriv ett heltal, <5 om antalet inte får lämnas ut."
_WANTED = {"fråga i enkäten": "frågan", "svarsalternativ till frågan": "svarsalternativet", "enkät": "enkätens namn"}


@dataclass(frozen=True)
class SurveyRows:
    """What a file says of one survey: measure → its figures. ``notes`` are told to the sender."""

    survey: Survey | None
    rows: Mapping[str, Sequence[FileRow]]
    problems: Sequence[CellProblem]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class _Count:
    sheet: Sheet
    row: int
    column: int
    reading: Reading


@dataclass
class _Answers:
    """The counts of one question in one wave and area, by alternative, and the last row that gave one."""

    counts: dict[str, _Count] = field(default_factory=dict)
    asked: _Count | None = None


def find_survey_sheets(sheets: Sequence[Sheet]) -> list[tuple[Sheet, int, dict[str, int]]]:
    """The visible sheets that are meant to hold answers, each with the row of its headings and the columns of those that are there."""
    found = []
    for sheet in sheets:
        for number in range(0 if sheet.is_hidden else min(HEADING_ROWS, len(sheet.rows))):
            spelled = [folded(v) if isinstance(v, str) else "" for v in sheet.rows[number]]
            columns = {}
            for part, heading in HEADINGS.items():
                known = [folded(h) for h in (heading, *OTHER_HEADINGS.get(part, ()))]
                if (at := next((n for n, text in enumerate(spelled) if text in known), None)) is not None:
                    columns[part] = at
            if columns.keys() >= _TELLING:
                found.append((sheet, number, columns))
                break
    return found


def read_survey(found: Sequence[tuple[Sheet, int, dict[str, int]]], catalogue: Catalogue, today) -> SurveyRows:
    """All of a file's answers, or all that is wrong with them. Raises ``FileRefused`` where there is nothing to read."""
    if not catalogue.surveys:
        raise FileRefused("no_headings", "Ingen enkät lämnas som fil just nu. Fråga den som förvaltar måtten.")
    reader = _Reader(catalogue, today)
    for sheet, number, columns in found:
        missing = [heading for part, heading in HEADINGS.items() if part not in columns and part not in _OPTIONAL]
        for heading in missing:
            cell = address_of(number, len(sheet.rows[number]))
            reader.problems.append(CellProblem(sheet.name, cell, "", f'rubriken "{heading}" saknas på rad {number + 1}.', "Utgå från mallen."))
        for row in range(number + 1, len(sheet.rows) if not missing else 0):
            reader.read_row(sheet, row, columns)
    return reader.finish()


class _Reader:
    def __init__(self, catalogue: Catalogue, today):
        self.catalogue, self.today = catalogue, today
        self.problems: list[CellProblem] = []
        self._survey: Survey | None = None
        self._first_survey = ""
        self._answers: dict[tuple[str, str, str], _Answers] = {}
        self._periods: dict[str, Period] = {}
        self._untouched = 0

    def read_row(self, sheet: Sheet, row: int, columns: Mapping[str, int]) -> None:
        cells = {part: sheet.seen(row, column) for part, column in columns.items()}
        if all(value is None for value in cells.values()):
            return
        if all(cells.get(part) is None for part in ("answers", "asked")) and (cells["wave"] is None or cells["question"] is not None):
            self._untouched += 1  # a row of the template that nobody filled in
            return

        def place(part: str) -> tuple[Sheet, int, int]:
            return sheet, row, columns[part]

        before = len(self.problems)
        survey = self._survey_of(cells["survey"], place("survey"))
        count = self._count(cells["answers"], place("answers"), "answers", sheet, row, columns)
        asked = self._count(cells.get("asked"), place("asked"), "asked", sheet, row, columns) if cells.get("asked") is not None else None
        if survey is None:
            return
        wave = self._one_of(cells["wave"], {w.name_sv: w for w in survey.waves} | {w.wave_id: w for w in survey.waves}, place("wave"), "mättillfälle")
        area = self._area(cells["area"], place("area"), survey)
        question = self._one_of(cells["question"], {q.text_sv: q for q in survey.questions}, place("question"), "fråga i enkäten")
        if question is None:
            return
        known = {a.name_sv: a for a in question.alternatives}
        alternative = self._one_of(cells["alternative"], known, place("alternative"), "svarsalternativ till frågan")
        if wave:
            self._period(wave, place("wave"))
        if len(self.problems) > before or not (wave and area and alternative and count):
            return
        answers = self._answers.setdefault((wave.wave_id, area, question.question_id), _Answers())
        first = answers.counts.setdefault(alternative.alternative_id, count)
        if first is not count:
            words = f"är andra antalet för «{alternative.name_sv}», {wave.name_sv}; det första står i {self._address(first)}."
            self._add(place("answers"), words, "Ta bort det som är fel.")
        if asked and answers.asked and asked.reading.value != answers.asked.reading.value:
            words = f"är ett annat antal tillfrågade än i {self._address(answers.asked)}, för samma fråga."
            self._add(place("asked"), words, "Skriv samma antal på varje rad.")
        answers.asked = answers.asked or asked

    def finish(self) -> SurveyRows:
        survey = self._survey
        if not self.problems and not self._answers:
            raise FileRefused("empty", "Filen har rubriker men inga antal. Fyll i en rad per mättillfälle, område, fråga och svarsalternativ.")
        if self.problems:  # a row that could not be read is not missing as well
            return SurveyRows(survey, {}, self.problems)
        rows: dict[str, list[FileRow]] = {}
        asked: dict[tuple[str, str], _Count] = {}
        for (wave_id, area, question_id), answers in self._answers.items():
            question = next(q for q in survey.questions if q.question_id == question_id)
            wave = next(w for w in survey.waves if w.wave_id == wave_id)
            if self._is_whole(answers, question, wave, area):
                self._add_figures(rows, survey, question, answers, area, self._periods[wave_id])
            if answers.asked:
                first = asked.setdefault((wave_id, area), answers.asked)
                if first.reading.value != answers.asked.reading.value:
                    words = f"är ett annat antal tillfrågade än i {self._address(first)}, för samma mättillfälle och område."
                    self._add((answers.asked.sheet, answers.asked.row, answers.asked.column), words, "Skriv samma antal på varje rad.")
        for (wave_id, area), count in asked.items():
            rows.setdefault(survey.asked_id, []).append(self._figure(area, self._periods[wave_id], count, count.reading))
        notes = [f"{self._untouched} rader är inte ifyllda och lästes inte."] if self._untouched else []
        return SurveyRows(survey, {} if self.problems else rows, self.problems, notes)

    def _is_whole(self, answers: _Answers, question: Question, wave: Wave, area: str) -> bool:
        """Every alternative has a count, and no more answered than were asked."""
        last = max(answers.counts.values(), key=lambda c: c.row)
        at = (last.sheet, last.row, last.column)
        missing = [f"«{a.name_sv}»" for a in question.alternatives if a.alternative_id not in answers.counts]
        if missing:
            where = f"{self.catalogue.areas[area].name_sv}, {wave.name_sv}, «{shown(question.text_sv)}»"
            words = f"är det sista antalet för {where}, men {', '.join(missing)} saknas."
            self._add(at, words, "Lägg till en rad för varje alternativ; skriv 0 där ingen svarade så.")
            return False
        total = sum(c.reading.value or 0 for c in answers.counts.values())
        if answers.asked and answers.asked.reading.value is not None and total > answers.asked.reading.value:
            words = f"tillfrågade är färre än de {total:.0f} som svarade på frågan."
            self._add((answers.asked.sheet, answers.asked.row, answers.asked.column), words, "Kontrollera antalen.")
            return False
        return True

    def _add_figures(self, rows: dict[str, list[FileRow]], survey: Survey, question: Question, answers: _Answers, area: str, period: Period) -> None:
        counts = answers.counts
        for alternative in question.alternatives:
            count = counts[alternative.alternative_id]
            figure = self._figure(area, period, count, count.reading)
            rows.setdefault(survey.alternative_measure(question, alternative), []).append(figure)
        first = min(counts.values(), key=lambda c: c.row)
        hidden = next((c.reading for c in counts.values() if c.reading.value is None), None)
        if hidden:  # what is made of a count that the sender hid is hidden as well
            share, positive, total = hidden, None, None
        else:
            total = sum(c.reading.value for c in counts.values())
            positive = sum(counts[a.alternative_id].reading.value for a in question.alternatives if a.positive)
            share = Reading(100 * positive / total, "ok") if total else Reading(None, "not_applicable")
        rows.setdefault(question.measure, []).append(self._figure(area, period, first, share, positive, total))

    def _figure(
        self, area: str, period: Period, count: _Count, reading: Reading, numerator: float | None = None, denominator: float | None = None
    ) -> FileRow:
        return FileRow(area, period, "total", "total", reading, numerator, denominator, None, count.sheet.name, count.row + 1)

    def _survey_of(self, value: Value, place: tuple[Sheet, int, int]) -> Survey | None:
        known = {s.name_sv: s for s in self.catalogue.surveys.values()} | {s.survey_id: s for s in self.catalogue.surveys.values()}
        survey = self._one_of(value, known, place, "enkät")
        if survey and self._survey and survey is not self._survey:
            self._add(place, f"är en annan enkät än i {self._first_survey}.", "Lämna en enkät per fil.")
            return None
        if survey and not self._survey:
            self._survey, self._first_survey = survey, address_of(*place[1:])
        return survey

    def _one_of(self, value: Value, known: Mapping[str, object], place: tuple[Sheet, int, int], kind: str):
        """The entry that a cell names, spelled in any way that ``folded`` makes the same; None where it names none, which is told."""
        if value is None:
            name = _WANTED.get(kind, "mättillfället")
            self._add(place, f"är tom; här ska {name} stå.", "Utgå från mallen.")
            return None
        by_spelling: dict[str, tuple[str, object]] = {}
        for name, entry in known.items():  # names come before ids, which may fold to the same
            by_spelling.setdefault(folded(name), (name, entry))
        if found := by_spelling.get(folded(str(value))):
            return found[1]
        close = get_close_matches(folded(str(value)[:300]), list(by_spelling), n=1, cutoff=0.6)
        names = [name for name, _ in by_spelling.values()]
        remedy = f"Menade du {by_spelling[close[0]][0]}?" if close else f"Skriv {_or([f'«{shown(n)}»' for n in names[:8]])}."
        self._add(place, f"är {'ingen' if kind in ('enkät', 'fråga i enkäten') else 'inget'} {kind}.", remedy)
        return None

    def _area(self, value: Value, place: tuple[Sheet, int, int], survey: Survey) -> str | None:
        names = AreaNames({code: self.catalogue.areas[code].name_sv for code in survey.areas})
        if code := names.find(value):
            return code
        listed = list(names.names.values())
        if value is None:
            self._add(place, "är tom; här ska området stå.", f"Skriv {_or(listed[:8])}.")
        else:
            hint = names.suggest(value)
            self._add(place, "är inget område som enkäten gäller.", f"Menade du {hint}?" if hint else f"Skriv {_or(listed[:8])}.")
        return None

    def _period(self, wave: Wave, place: tuple[Sheet, int, int]) -> None:
        if wave.wave_id not in self._periods:
            try:
                self._periods[wave.wave_id] = read_period(f"{wave.date:%Y-%m}", "month", wave.date.year, self.today)
            except CellError:
                self._add(place, f"är {wave.date:%Y-%m}, som inte har börjat.", "Kontrollera mättillfället.")

    def _count(self, value: Value, place: tuple[Sheet, int, int], part: str, sheet: Sheet, row: int, columns: Mapping[str, int]) -> _Count | None:
        try:
            if (row, columns[part]) in sheet.merged:
                raise CellError("är sammanfogad med en annan cell.", "Dela cellen och skriv ett antal på varje rad.")
            reading = read_value(value, "count")
            if reading.status == "missing":
                raise CellError(
                    "är tom; här ska ett antal stå." if value is None else "är inget antal.", f"Skriv 0 om ingen svarade så. {_ASK_COUNT}"
                )
            return _Count(sheet, row, columns[part], reading)
        except CellError as error:
            self._add(place, error.problem_sv, error.suggestion_sv)
            return None

    def _address(self, count: _Count) -> str:
        cell = address_of(count.row, count.column)
        return f"{count.sheet.name}!{cell}" if count.sheet.name else cell

    def _add(self, place: tuple[Sheet, int, int], problem_sv: str, suggestion_sv: str) -> None:
        sheet, row, column = place
        self.problems.append(CellProblem(sheet.name, address_of(row, column), shown(sheet.seen(row, column)), problem_sv, suggestion_sv))


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} eller {words[-1]}" if len(words) > 1 else words[0]


def figures_of(rows: SurveyRows, catalogue: Catalogue) -> list[tuple[Measure, Sequence[FileRow]]]:
    """Each measure that the file has figures of, in the catalogue's order."""
    return [(catalogue.measures[measure_id], found) for measure_id, found in rows.rows.items()]
