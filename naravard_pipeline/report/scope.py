"""What a report is about and which releases it rests on: a framework's county or one place, a month, its last release and the one before the month.

Here: finding them, with a sentence where they are not there. Not here: what stands in the report (figures, content).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from naravard_pipeline.publication.folders import DATABASE, current_release, list_releases, read_release
from naravard_pipeline.settings import Settings

TIMEZONE = ZoneInfo("Europe/Stockholm")  # a month begins when it does for the readers
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
    kept = [(folder, published_day(folder)) for folder in list_releases(settings) if folder.name <= current.name]  # later ones were taken back
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
        frameworks = connection.execute(
            "select framework_id, name_sv, county_code, description_sv from dim_frameworks order by sort_order"
        ).fetchall()
        areas = {
            code: (name, parent) for code, name, parent in connection.execute("select area_code, name_sv, parent_code from dim_areas").fetchall()
        }
    if framework_id is not None:
        found = [f for f in frameworks if f[0] == framework_id]
        if not found:
            raise ValueError(f"Det finns inget ramverk {framework_id!r}. De som finns: {', '.join(f[0] for f in frameworks)}")
        _, name, county, _ = found[0]
        return Scope(county, name, areas.get(county, (county, None))[0], (framework_id,), framework_id)
    followed = {f[2] for f in frameworks}
    if area_code not in areas or not followed & set(_upwards(area_code, areas)):
        of_frameworks = sorted(code for code in areas if len(code) == 4 and followed & set(_upwards(code, areas)))
        raise ValueError(f"Det finns inget område {area_code!r} i ramverken. De som finns: {', '.join([*sorted(followed), *of_frameworks])}")
    own = tuple(f[0] for f in frameworks if f[2] in _upwards(area_code, areas))
    return Scope(area_code, f"Nära vård i {areas[area_code][0]}", areas[area_code][0], own, area_code)


def list_scopes(release: Path) -> list[Scope]:
    """Every framework's county, then every municipality of those counties."""
    with duckdb.connect(str(release / DATABASE), read_only=True) as connection:
        frameworks = [row[0] for row in connection.execute("select framework_id from dim_frameworks order by sort_order, framework_id").fetchall()]
        places = connection.execute("""
            select distinct area_code from dim_areas
            where area_type = 'municipality' and parent_code in (select county_code from dim_frameworks) order by area_code
        """).fetchall()
    return [*(find_scope(release, f, None) for f in frameworks), *(find_scope(release, None, code) for (code,) in places)]


def _upwards(code: str, areas: dict[str, tuple[str, str | None]]) -> Sequence[str]:
    """The area and those it lies in."""
    found = []
    while code in areas and code not in found:
        found.append(code)
        code = areas[code][1] or ""
    return found
