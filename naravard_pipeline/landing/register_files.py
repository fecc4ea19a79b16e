"""The county's register of initiatives as a file: recognised, read row by row, every problem at its cell; and kept, the newest as the register.

Here: one row per initiative, from cells to tables. Not here: the folder the file came in (``inbox``), what is computed of initiatives (dbt).
What a reader must not see, the contact, stays in the file that came and goes into no table.

Under the landing's root::

    initiatives/files/<number>-<12 hex>.xlsx|.csv      every register that was taken in, as it came; the last is the one that counts
    initiatives/{initiatives,areas,measures}.parquet   what it says, for dbt
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

import pyarrow as pa

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.fields import IDENTIFIER
from naravard_pipeline.catalogue.mistakes import meant_date, meant_identifier
from naravard_pipeline.connectors.area_names import AreaNames
from naravard_pipeline.connectors.cells import CellError, folded, shown
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.connectors.grid import FileRefused, Sheet, Value, address_of
from naravard_pipeline.landing.atomic import write_once
from naravard_pipeline.landing.file_headings import HEADING_ROWS, CellProblem
from naravard_pipeline.landing.store import Landing

HEADINGS: Mapping[str, str] = {
    "initiative_id": "Id",
    "name_sv": "Satsning",
    "description_sv": "Beskrivning",
    "framework_id": "Ramverk",
    "owner_sv": "Ägare (roll eller organisation)",
    "organisations_sv": "Organisationer",
    "focus_areas": "Fokusområden",
    "areas": "Områden",
    "start_date": "Start",
    "test_end_date": "Test till och med",
    "introduced_date": "Införd från",
    "decision_sv": "Beslut",
    "measures": "Uppföljningsmått",
    "status_sv": "Status",
    "contact": "Kontakt (visas inte)",
}
OPTIONAL = {"organisations_sv", "focus_areas", "test_end_date", "introduced_date", "decision_sv", "contact"}  # a cell of these may be empty
STATUSES = {"planerad": "planned", "pågår": "ongoing", "avslutad": "ended", "införd": "introduced"}
SCHEMAS: Mapping[str, pa.Schema] = {
    "initiatives": pa.schema(
        {
            **dict.fromkeys(("initiative_id", "framework_id", "name_sv", "description_sv", "owner_sv", "organisations_sv"), pa.string()),
            "focus_areas": pa.string(),
            **dict.fromkeys(("start_date", "test_end_date", "introduced_date"), pa.date32()),
            "decision_sv": pa.string(),
            "status": pa.string(),
        }
    ),
    "areas": pa.schema({"initiative_id": pa.string(), "area_code": pa.string()}),
    "measures": pa.schema({"initiative_id": pa.string(), "measure_id": pa.string()}),
}
_TELLING = {"initiative_id", "name_sv", "measures"}
_LONGEST = {"name_sv": 150, "description_sv": 1000, "owner_sv": 200, "organisations_sv": 500, "decision_sv": 300}
_ROLES = re.compile(
    r"grupp|chef|kommun|region|nämnd|förvalt|enhet|avdel|verksamhet|styr|samord|ledar|strateg|direkt|projekt|råd|utskott|bolag|förening|stab|kansli|"
    r"center|centrum|omsorg|vård|ansvar|ägare|sekretar|team|nätverk|fou|socialt|barn|skola|program|statist|utveckl|länet|län\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-ZÅÄÖÉ][a-zåäöéü]+(-[A-ZÅÄÖÉ][a-zåäöéü]+)?( [A-ZÅÄÖÉ][a-zåäöéü]+(-[A-ZÅÄÖÉ][a-zåäöéü]+)?){1,2}")
_ADDRESS = re.compile(r"\S+@\S+|(?<!\d)(\+46|0)[\d\s-]{7,}\d")

Place = tuple[Sheet, int, int]


@dataclass(frozen=True)
class Register:
    """What a register says: table name → rows by the names of ``SCHEMAS``. Empty where there are problems."""

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    problems: Sequence[CellProblem]
    notes: Sequence[str] = ()

    @property
    def names_sv(self) -> list[str]:
        return [row["name_sv"] for row in self.tables.get("initiatives", ())]


def find_register(sheets: Sequence[Sheet]) -> tuple[Sheet, int, dict[str, int]] | None:
    """The visible sheet that is meant to be the register, the row of its headings and the columns of those that are there."""
    for sheet in sheets:
        for number in range(0 if sheet.is_hidden else min(HEADING_ROWS, len(sheet.rows))):
            spelled = [folded(v) if isinstance(v, str) else "" for v in sheet.rows[number]]
            columns = {part: spelled.index(folded(heading)) for part, heading in HEADINGS.items() if folded(heading) in spelled}
            if columns.keys() >= _TELLING:
                return sheet, number, columns
    return None


def read_register(found: tuple[Sheet, int, dict[str, int]], catalogue: Catalogue) -> Register:
    """Every initiative, or all that is wrong. Raises ``FileRefused`` where there is none: an empty file would empty the register."""
    sheet, number, columns = found
    reader = _Reader(sheet, columns, catalogue)
    for part, heading in HEADINGS.items():
        if part not in columns and part not in OPTIONAL:
            cell = address_of(number, len(sheet.rows[number]))
            reader.problems.append(CellProblem(sheet.name, cell, "", f'rubriken "{heading}" saknas på rad {number + 1}.', "Utgå från mallen."))
    for row in range(number + 1, len(sheet.rows) if not reader.problems else 0):
        reader.read_row(row)
    if not reader.problems and not reader.tables["initiatives"]:
        raise FileRefused("empty", "Filen har rubriker men ingen satsning. Registret ersätts som helhet, så en tom fil tas inte emot.")
    return Register({} if reader.problems else reader.tables, reader.problems, reader.notes)


class _Reader:
    def __init__(self, sheet: Sheet, columns: Mapping[str, int], catalogue: Catalogue):
        self.sheet, self.columns, self.catalogue = sheet, columns, catalogue
        self.problems: list[CellProblem] = []
        self.notes: list[str] = []
        self.tables: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
        self._areas = AreaNames({a.area_code: a.name_sv for a in catalogue.areas.values()})
        self._seen: dict[str, str] = {}

    def read_row(self, row: int) -> None:
        if all(self.sheet.seen(row, column) is None for column in self.columns.values()):
            return
        before = len(self.problems)
        own: dict[str, Any] = {}
        for part in HEADINGS:
            read = _READERS.get(part, _Reader._text)
            own[part] = self._try(row, part, lambda value, part=part, read=read: read(self, value, part)) if part in self.columns else None
        if own["initiative_id"]:
            cell = address_of(row, self.columns["initiative_id"])
            first = self._seen.setdefault(own["initiative_id"], cell)
            if first != cell:
                self._add(row, "initiative_id", CellError(f"står redan i {first}.", "Ge varje satsning ett eget id."))
        self._check_order(row, own)
        self._check_focus(row, own)
        self._note_names(row, own)
        if len(self.problems) == before:
            self._keep(own)

    def _note_names(self, row: int, own: Mapping[str, Any]) -> None:
        """Whether words are a person's name can only be guessed: the sender is asked to look, and is not refused for what may be a project's name."""
        for part in ("owner_sv", "organisations_sv"):
            if any(_NAME.fullmatch(name) and not _ROLES.search(name) for name in re.split(r"\s*[;,]\s*", own[part] or "")):
                cell, column = address_of(row, self.columns[part]), HEADINGS[part].partition(" (")[0]
                self.notes.append(
                    f"{cell} kan vara ett personnamn, och kolumnen {column} visas för alla. Är det en person: "
                    "skriv roll eller organisation i stället, flytta namnet till Kontakt och lämna filen igen."
                )

    def _keep(self, own: Mapping[str, Any]) -> None:
        row = {name: own.get(name) for name in SCHEMAS["initiatives"].names}
        row["focus_areas"] = ",".join(own["focus_areas"] or []) or None
        row["status"] = own["status_sv"]
        self.tables["initiatives"].append(row)
        self.tables["areas"] += [{"initiative_id": own["initiative_id"], "area_code": code} for code in own["areas"]]
        self.tables["measures"] += [{"initiative_id": own["initiative_id"], "measure_id": m} for m in own["measures"]]

    def _check_order(self, row: int, own: Mapping[str, Any]) -> None:
        start = own["start_date"]
        for part in ("test_end_date", "introduced_date"):
            if start and own[part] and own[part] < start:
                self._add(row, part, CellError(f"är före starten {start}.", "Kontrollera båda datumen."))

    def _check_focus(self, row: int, own: dict[str, Any]) -> None:
        framework = self.catalogue.frameworks.get(own["framework_id"] or "")
        if framework is None or not own["focus_areas"]:
            return
        known = {x.focus_area_id: x.focus_area_id for x in framework.focus_areas} | {x.name_sv: x.focus_area_id for x in framework.focus_areas}
        try:
            own["focus_areas"] = [_known(text, known, "fokusområde i ramverket", "inget") for text in own["focus_areas"]]
        except CellError as error:
            self._add(row, "focus_areas", error)

    def _try(self, row: int, part: str, read: Callable[[Value], Any]) -> Any:
        value = self.sheet.seen(row, self.columns[part])
        try:
            if value is None or not str(value).strip():
                if part in OPTIONAL:
                    return None
                raise CellError(f"är tom; här ska {HEADINGS[part].partition(' (')[0].lower()} stå.", "Fyll i cellen.")
            return read(value)
        except CellError as error:
            self._add(row, part, error)
            return None

    def _add(self, row: int, part: str, error: CellError) -> None:
        column = self.columns[part]
        # A cell that may name a person is not quoted: answers lie in a shared folder.
        found = "" if isinstance(error, _Unquoted) else shown(self.sheet.seen(row, column))
        self.problems.append(CellProblem(self.sheet.name, address_of(row, column), found, error.problem_sv, error.suggestion_sv))

    def _text(self, value: Value, part: str) -> str:
        text = " ".join(str(value).split())
        if part == "contact":
            return text
        if _ADDRESS.search(text):
            raise _Unquoted("har en e-postadress eller ett telefonnummer, och kolumnen visas för alla.", "Flytta det till kolumnen Kontakt.")
        if len(text) > _LONGEST.get(part, 200):
            raise CellError(f"är längre än {_LONGEST.get(part, 200)} tecken.", "Korta texten.")
        return text

    def _identifier(self, value: Value, part: str) -> str:
        text = str(value).strip()
        if not re.fullmatch(IDENTIFIER, text):
            hint = meant_identifier(text)
            raise CellError("kan inte vara ett id.", f"Skriv {hint}." if hint else "Skriv a-z, 0-9 och _, först en bokstav.")
        return text

    def _framework(self, value: Value, part: str) -> str:
        known = {f.framework_id: f.framework_id for f in self.catalogue.frameworks.values()}
        return _known(str(value), known | {f.name_sv: f.framework_id for f in self.catalogue.frameworks.values()}, "ramverk", "inget")

    def _list(self, value: Value, part: str) -> list[str]:
        return [text for text in (t.strip() for t in re.split(r"[;,\n]", str(value))) if text]

    def _area_list(self, value: Value, part: str) -> list[str]:
        codes = []
        for text in self._list(value, part):
            code = self._areas.find(text)
            if code is None:
                hint = self._areas.suggest(text)
                raise CellError(
                    f"har «{shown(text)}», som inget område heter.", f"Menade du {hint}?" if hint else "Skriv namn eller kod, med ; emellan."
                )
            codes.append(code)
        return list(dict.fromkeys(codes))

    def _measure_list(self, value: Value, part: str) -> list[str]:
        known = {m.measure_id: m.measure_id for m in self.catalogue.measures.values() if m.status != "draft"}
        return list(dict.fromkeys(_known(text, known, "mått", "inget") for text in self._list(value, part)))

    def _date(self, value: Value, part: str) -> date:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = str(value).strip()
        for candidate in (text, meant_date(text) or ""):
            try:
                return date.fromisoformat(candidate)
            except ValueError:
                continue
        raise CellError("är inget datum.", "Skriv ÅÅÅÅ-MM-DD, till exempel 2025-03-01.")

    def _status(self, value: Value, part: str) -> str:
        return _known(str(value), STATUSES, "status", "ingen")


class _Unquoted(CellError):
    """A problem of a cell that is not to be repeated."""


_READERS: Mapping[str, Callable[..., Any]] = {
    "initiative_id": _Reader._identifier,
    "framework_id": _Reader._framework,
    "focus_areas": _Reader._list,
    "areas": _Reader._area_list,
    "start_date": _Reader._date,
    "test_end_date": _Reader._date,
    "introduced_date": _Reader._date,
    "measures": _Reader._measure_list,
    "status_sv": _Reader._status,
}


def _known(text: str, known: Mapping[str, str], kind: str, article: str) -> str:
    by_spelling = {folded(name): (name, found) for name, found in known.items()}
    if found := by_spelling.get(folded(text)):
        return found[1]
    close = get_close_matches(folded(text), list(by_spelling), n=1, cutoff=0.6)
    remedy = f"Menade du {by_spelling[close[0]][0]}?" if close else _choices([name for name, _ in by_spelling.values()])
    raise CellError(f"har «{shown(text)}», som är {article} {kind}.", remedy)


def _choices(names: Collection[str]) -> str:
    return f"Skriv {', '.join(names)}." if len(names) <= 12 else "naravard measure find visar vilka som finns."


def land_register(landing: Landing, content: FileContent, register: Register) -> bool:
    """Keep the file and make it the register; False where it was that already. Raises ``LandingError``. Safe to repeat."""
    folder = landing.root / "initiatives" / "files"
    files = sorted(folder.glob("[0-9]*-*"))
    is_known = bool(files) and files[-1].stem.endswith(content.sha256[:12])
    if not is_known:
        number = int(files[-1].name.partition("-")[0]) + 1 if files else 1
        write_once(folder / f"{number:06}-{content.sha256[:12]}{content.suffix}", content.data, landing.root / ".unfinished")
    for name, schema in SCHEMAS.items():
        landing.land_table(f"initiatives/{name}", pa.Table.from_pylist([dict(row) for row in register.tables[name]], schema))
    return not is_known
