"""What readers are told at once, beside the releases and whether or not the gate is open: ``published/notices.json`` and ``published/notices.html``.

A release never changes, so what is decided after it (a correction, that it was taken back, an approval) cannot stand in it. Here: the log as far as
it is public, written anew after each decision and each publication. Not here: the log (decisions), the same in PostgreSQL (postgres_notices).

``notices.json``: ``{format, current_release_id, taken_back, decisions}``; ``decisions`` are rows with the columns ``COLUMNS``.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Template

from naravard_pipeline.landing.atomic import LandingError, replace_if_different
from naravard_pipeline.pages import open_templates
from naravard_pipeline.pages.swedish import moment
from naravard_pipeline.publication.decisions import COLUMNS, Entry, public_row, taken_back
from naravard_pipeline.publication.folders import DATABASE, current_release
from naravard_pipeline.settings import Settings

JSON, PAGE = "notices.json", "notices.html"


def tell_notices(settings: Settings, entries: Sequence[Entry]) -> str | None:
    """Write both; returns a sentence where the disk refuses. Then they say what they said before, and the next publication writes them."""
    current = current_release(settings)
    rows = [public_row(e) for e in entries]
    content = {"format": 1, "current_release_id": current and current.name, "taken_back": sorted(taken_back(entries)), "decisions": rows}
    for_people = [row for row in reversed(rows) if row["action"] in ("corrected", "rolled_back")]
    page = _template().render(
        notices=for_people, is_demo=settings.is_demo, has_current=current is not None, names=_read_names(current), told=_tell(entries)
    )
    try:
        replace_if_different(settings.published / JSON, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
        replace_if_different(settings.published / PAGE, page.encode())
    except LandingError as error:
        return f"readers are not told yet: {error}"
    return None


def read_notices(settings: Settings) -> list[dict[str, Any]]:
    """The rows that readers have been told; none where there is no such file, or it cannot be read, and no row that nobody
    can have been told: it is written anew."""
    try:
        rows = json.loads((settings.published / JSON).read_bytes())["decisions"]
        return [told for row in rows if _is_told(told := {name: row.get(name) for name in COLUMNS})]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _is_told(row: dict[str, Any]) -> bool:
    try:
        datetime.fromisoformat(row["decided_at"])
    except (ValueError, TypeError):
        return False
    needed = all(isinstance(row[name], str) for name in ("action", "role", "reason_sv"))
    return needed and isinstance(row["number"], int) and all(isinstance(row[name], str | None) for name in COLUMNS if name != "number")


def _read_names(release: Path | None) -> dict[str, str]:
    """What the measures and areas of a release are called; none where it cannot be read: then their ids stand there."""
    if release is None:
        return {}
    try:
        with duckdb.connect(str(release / DATABASE), read_only=True) as connection:
            query = "select measure_id, name_sv from dim_measures union all select area_code, name_sv from dim_areas"
            return dict(connection.execute(query).fetchall())
    except duckdb.Error:
        return {}


def _tell(entries: Sequence[Entry]) -> dict[str, str]:
    """Release → when it went out, as a reader knows it."""
    return {e.release_id: f"publiceringen {moment(e.at)}" for e in entries if e.action == "released" and e.release_id}


@cache
def _template() -> Template:
    return open_templates("naravard_pipeline.publication").get_template("notices.html.j2")
