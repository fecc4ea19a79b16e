"""What the sender of a file is told, in Swedish: taken in or not, what is wrong, where, and what to do.

Belongs here: the words. Does not: finding what is wrong (``file_check``), where the answer is put (``inbox``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from naravard_pipeline.catalogue import Area
from naravard_pipeline.connectors.cells import shown
from naravard_pipeline.connectors.grid import listed
from naravard_pipeline.landing.file_check import FileCheck
from naravard_pipeline.landing.file_headings import CellProblem

SHOWN_PROBLEMS = 50
_SHOWN_NOTES = 20
_AGAIN = "Rätta filen, spara den och lägg den i inkorgen igen. Tomma mallar finns hos den som förvaltar måtten."


def swedish_time(at: datetime) -> str:
    return at.astimezone(ZoneInfo("Europe/Stockholm")).strftime("%Y-%m-%d %H:%M")


def build_answer(check: FileCheck, areas: Mapping[str, Area], *, received_at: datetime | None = None, is_known: bool = False) -> str:
    """The whole answer. ``received_at`` is when an accepted file was taken in; None: only checked, nothing has happened to it."""
    if check.has_personal_numbers:
        return _personal_numbers(check)
    if not check.accepted:
        return _refused(check)
    if check.register:
        return _register(check, received_at, is_known)
    return _accepted(check, areas, received_at, is_known)


def build_removal_answer(check: FileCheck) -> str:
    """The answer for a file that held personal identity numbers and is gone."""
    return _personal_numbers(check).replace("Filen tas inte emot", "Filen togs inte emot och har tagits bort ur inkorgen", 1)


def _personal_numbers(check: FileCheck) -> str:
    return _lines(
        "Filen tas inte emot: den innehåller personnummer, samordningsnummer eller reservnummer.",
        "",
        f"Fil: {check.file_name}",
        "De står i:",
        *(f"- {place}" for place in check.places_sv),
        "",
        "Ingenting ur filen har sparats. Lämna bara antal, aldrig uppgifter om enskilda personer: ta bort numren,",
        "också i dolda blad och kolumner, kommentarer och filnamn, och lägg filen i inkorgen igen.",
        "Följ er rutin för personuppgiftsincidenter om filen har skickats vidare.",
    )


def _refused(check: FileCheck) -> str:
    count, lines = len(check.problems), _told_once(check.problems)
    problems = [f"- {line}" for line, _ in lines[:SHOWN_PROBLEMS]]
    if more := sum(cells for _, cells in lines[SHOWN_PROBLEMS:]):
        problems.append(f"- … och {more} fel till, som visas när dessa är rättade.")
    return _lines(
        "Filen kan inte tas emot. Ingenting ur den har lästs in.",
        "",
        *_about(check),
        *([str(check.refusal)] if check.refusal else [f"Det här behöver rättas ({count} fel):", *problems]),
        "",
        _AGAIN,
    )


def _told_once(problems: Sequence[CellProblem]) -> list[tuple[str, int]]:
    """A line for each thing that is wrong, and in how many cells it is: a name misspelled in every row is one mistake."""
    cells: dict[tuple[str, ...], list[str]] = {}
    for problem in problems:
        cells.setdefault((problem.sheet, problem.found, problem.problem_sv, problem.suggestion_sv), []).append(problem.cell)
    lines = []
    for (sheet, found, problem_sv, suggestion_sv), (first, *others) in cells.items():
        text = CellProblem(sheet, first, found, problem_sv, suggestion_sv).text
        lines.append((f"{text} Samma i {listed(others)}." if others else text, 1 + len(others)))
    return lines


def _accepted(check: FileCheck, areas: Mapping[str, Area], received_at: datetime | None, is_known: bool) -> str:
    codes = dict.fromkeys(row.area_code for row in check.rows)
    names = sorted(areas[code].name_sv for code in codes)
    labels = sorted({row.period.label for row in check.rows})
    hidden = [row.reading.status for row in check.rows].count("suppressed")
    missing = [row.reading.status for row in check.rows].count("missing")
    if received_at is None:
        head = "Filen är rätt ifylld och kan lämnas."
    elif is_known:
        head = f"Filen har redan tagits emot ({swedish_time(received_at)}) och ändrar ingenting. Senare filer för samma perioder gäller fortfarande."
    else:
        head = "Filen är mottagen. Uppgifterna ersätter tidigare för samma områden och perioder."
    return _lines(
        head,
        "",
        *_about(check),
        f"Rader: {len(check.rows)}",
        f"Perioder: {labels[0]} till {labels[-1]} ({len(labels)} st)" if len(labels) > 1 else f"Period: {labels[0]}",
        f"Områden: {', '.join(names)} ({len(names)} st)",
        *([f"Små antal som inte visas (<): {hidden}"] if hidden else []),
        *([f"Uppgift saknas (.. eller tom): {missing}"] if missing else []),
        *_notes(check),
    )


def _register(check: FileCheck, received_at: datetime | None, is_known: bool) -> str:
    if received_at is None:
        head = "Filen är rätt ifylld och kan lämnas. Den ersätter hela registret."
    else:
        head = "Filen är redan registret och ändrar ingenting." if is_known else "Filen är mottagen och ersätter hela registret."
    names = check.register.names_sv
    return _lines(head, "", *_about(check), f"Satsningar: {len(names)}", *(f"- {shown(name)}" for name in names), *_notes(check))


def _about(check: FileCheck) -> list[str]:
    lines = [f"Fil: {check.file_name}"]
    if check.measure:
        lines.append(f"Mått: {check.measure.name_sv} ({check.measure.measure_id})")
    if check.survey:
        lines.append(f"Enkät: {check.survey.name_sv} ({check.survey.survey_id})")
    if check.register:
        lines.append("Register: gemensamma satsningar")
    return lines


def _notes(check: FileCheck) -> list[str]:
    notes = [f"- {note}" for note in check.notes_sv[:_SHOWN_NOTES]]
    more = len(check.notes_sv) - _SHOWN_NOTES
    return ["", "Att känna till:", *notes, *([f"- … och {more} till."] if more > 0 else [])] if notes else []


def _lines(*lines: str) -> str:
    return "\r\n".join(lines) + "\r\n"  # as Notepad expects
