"""What a report is about and which releases it rests on: a framework's county or one place, a month, its last release and the one before the month.

Here: finding them, with a sentence where they are not there. Not here: what stands in the report (figures, content).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from naravard_pipeline.publication.decisions import LogError, read_log, taken_back
from naravard_pipeline.publication.folders import DATABASE, current_release, list_releases, read_release
from naravard_pipeline.settings import Settings

TIMEZONE = ZoneInfo("Europe/Stockholm")  # a month begins when it does for the readers
NATION = "00"
WHOSE = "bridge_framework_areas"  # a release that has frameworks of single municipalities says so in it
MONTHS_SV = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december")


@dataclass(frozen=True)
class Basis:
    """``month`` is its first day; ``before`` the last release from before it, None where none is kept. Both are one where nothing was published."""

    month: date
    release: Path
    before: Path | None

    @property
    def month_sv(self) -> str:
        return f"{MONTHS_SV[self.month.month - 1]} {self.month.year}"

    @property
    def last_day(self) -> date:
        return next_month(self.month) - timedelta(days=1)


@dataclass(frozen=True)
class Scope:
    """``area_code``: whose figures; ``framework_ids``: whose measures. ``file_name`` has letters that every system takes."""

    area_code: str
    title_sv: str
    owner_sv: str
    framework_ids: tuple[str, ...]
    file_name: str


def find_basis(settings: Settings, month: str | None) -> Basis:
    """For ``month`` as YYYY-MM, else the month of the current release. Raises ``ValueError`` that says which months there are."""
    current = current_release(settings)
    if current is None:
        raise ValueError(f"Inget är publicerat i {settings.published} än. Kör: naravard run")
    kept = [(folder, published_day(folder)) for folder in list_readable(settings)]
    if month is None:
        first = published_day(current).replace(day=1)
    elif re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        first = date.fromisoformat(f"{month}-01")
    else:
        raise ValueError(f"--month är {month!r}; skriv år och månad, till exempel 2026-11")
    until = [folder for folder, day in kept if day < next_month(first)]
    if not until or first > max(published_day(current), datetime.now(TIMEZONE).date()):
        months = sorted({f"{day:%Y-%m}" for _, day in kept})
        raise ValueError(f"För {first:%Y-%m} finns ingen release. De som finns kvar är från {months[0]} till {months[-1]}.")
    before = [folder for folder, day in kept if day < first]
    return Basis(first, until[-1], before[-1] if before else None)


def list_readable(settings: Settings) -> list[Path]:
    """The kept releases up to the current one that were not taken back, oldest first; where the log cannot be trusted, only the current one."""
    current = current_release(settings)
    until = [folder for folder in list_releases(settings) if current and folder.name <= current.name]
    try:
        undone = taken_back(read_log(settings))
    except LogError:
        return until[-1:]
    return [folder for folder in until if folder.name not in undone]


def next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def month_before(day: date) -> date:
    """The first day of it."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def published_day(folder: Path) -> date:
    return datetime.fromisoformat(read_release(folder)["release"]["published_at"]).astimezone(TIMEZONE).date()


def find_scope(release: Path, framework_id: str | None, area_code: str | None) -> Scope:
    """Exactly one of the two is given. Raises ``ValueError`` with what there is to choose from."""
    with duckdb.connect(str(release / DATABASE), read_only=True) as connection:
        frameworks, areas, own = _read(connection)
    if framework_id is not None:
        if framework_id not in frameworks:
            raise ValueError(f"Det finns inget ramverk {framework_id!r}. De som finns: {', '.join(frameworks)}")
        code = _place_of(frameworks[framework_id][1], own[framework_id], areas)
        return Scope(code, frameworks[framework_id][0], areas[code][0], (framework_id,), framework_id)
    followers = tuple(f for f in frameworks if area_code in own[f])
    if area_code is None or not followers or area_code not in areas:
        known = sorted({code for codes in own.values() for code in codes})
        raise ValueError(f"Det finns inget område {area_code!r} i ramverken. De som finns: {', '.join(known)}")
    return Scope(area_code, f"Nära vård i {areas[area_code][0]}", areas[area_code][0], followers, area_code)


def list_scopes(release: Path) -> list[Scope]:
    """Every framework, then every municipality that has one."""
    with duckdb.connect(str(release / DATABASE), read_only=True) as connection:
        frameworks, areas, own = _read(connection)
    places = sorted({code for codes in own.values() for code in codes if code in areas and areas[code][1] == "municipality"})
    return [*(find_scope(release, f, None) for f in frameworks), *(find_scope(release, None, code) for code in places)]


def _read(connection: duckdb.DuckDBPyConnection):
    """(framework → name and county, area → name and kind, framework → its areas: the county and all within, where the release does not say)."""
    rows = connection.execute("select framework_id, name_sv, county_code from dim_frameworks order by sort_order, framework_id").fetchall()
    frameworks = {framework_id: (name, county) for framework_id, name, county in rows}
    rows = connection.execute("select area_code, name_sv, area_type, parent_code from dim_areas").fetchall()
    areas = {code: (name, kind) for code, name, kind, _ in rows}
    own = {f: [code for code, _, _, parent in rows if county in (code, parent)] if county else [NATION] for f, (_, county) in frameworks.items()}
    if connection.execute("select count(*) from duckdb_tables() where table_name = ?", [WHOSE]).fetchone()[0]:
        own = {f: [] for f in frameworks}
        for framework_id, code in connection.execute(f"select framework_id, area_code from {WHOSE}").fetchall():
            own[framework_id].append(code)
    return frameworks, areas, own


def _place_of(county_code: str | None, own: Sequence[str], areas: Mapping[str, tuple[str, str]]) -> str:
    """Whose figures a framework's report shows: the county's, those of the one municipality that follows it, or the nation's."""
    places = [code for code in own if code in areas and areas[code][1] == "municipality"]
    return places[0] if len(places) == 1 else county_code or NATION
