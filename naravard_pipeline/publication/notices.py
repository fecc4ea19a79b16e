"""What readers are told at once, beside the releases and whether or not the gate is open: ``published/notices.json`` and ``published/notices.html``.

A release never changes, so what is decided after it (a correction, that it was taken back, an approval) cannot stand in it. Here: the log as far as
it is public, written anew after each decision and each publication. Not here: the log (decisions), the same in PostgreSQL (postgres_notices).

``notices.json``: ``{format, current_release_id, taken_back, decisions}``; ``decisions`` are rows with the columns ``COLUMNS``.
"""

import contextlib
import json
from collections.abc import Iterable, Sequence, Set
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
from naravard_pipeline.publication.folders import DATABASE, current_release, list_releases
from naravard_pipeline.settings import Settings

JSON, PAGE = "notices.json", "notices.html"


def tell_notices(settings: Settings, entries: Sequence[Entry]) -> str | None:
    """Write both; returns a sentence where the disk refuses. Then they say what they said before, and the next publication writes them."""
    current = current_release(settings)
    rows = [public_row(e) for e in entries]
    content = {"format": 1, "current_release_id": current and current.name, "taken_back": sorted(taken_back(entries)), "decisions": rows}
    for_people = [row for row in reversed(rows) if row["action"] in ("corrected", "rolled_back")]
    ids = {row[column] for row in for_people for column in ("measure_id", "area_code")} - {None}
    names = _read_names(ids, [*([current] if current else []), *reversed(list_releases(settings))])
    page = _template().render(notices=for_people, is_demo=settings.is_demo, has_current=current is not None, names=names, told=_tell(entries))
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


def _read_names(ids: Set[str], releases: Iterable[Path]) -> dict[str, str]:
    """What measures and areas are called in the first of the releases that has them; where none does, or it cannot be read, their ids stand there."""
    names: dict[str, str] = {}
    for release in releases:
        if names.keys() >= ids:
            break
        for query in ("select measure_id, name_sv from dim_measures", "select area_code, name_sv from dim_areas"):
            with contextlib.suppress(duckdb.Error), duckdb.connect(str(release / DATABASE), read_only=True) as connection:
                names = {id_: name for id_, name in connection.execute(query).fetchall() if id_ in ids} | names
    return names


def _tell(entries: Sequence[Entry]) -> dict[str, str]:
    """Release → when it went out, as a reader knows it."""
    return {e.release_id: f"publiceringen {moment(e.at)}" for e in entries if e.action == "released" and e.release_id}


@cache
def _template() -> Template:
    return open_templates("naravard_pipeline.publication").get_template("notices.html.j2")
