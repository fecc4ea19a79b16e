"""The shelf of monthly reports, beside the releases: ``published/reports/<month>-<scope>.html``, ``.pdf`` and ``.json``, and a page that lists them.

Here: making those of every framework and municipality, the list, and taking away what rests on a release that is gone or was taken back: a report is
no longer to be had than the figures in it. Not here: one report (content, page), when they are made (orchestration).

``<month>-<scope>.json``: ``{format, month, title_sv, release_id, before_id, is_demo}``
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Template

from naravard_pipeline.pages import open_templates
from naravard_pipeline.publication.folders import REPORTS, current_release
from naravard_pipeline.report.content import build_content
from naravard_pipeline.report.page import replace_file, write_files
from naravard_pipeline.report.scope import MONTHS_SV, Basis, Scope, find_basis, list_readable, list_scopes
from naravard_pipeline.settings import Settings

INDEX = "index.html"
FORMS = (".html", ".pdf", ".json")  # the last one goes last: without it the others would never be taken away


@dataclass(frozen=True)
class Shelved:
    """``problems`` are sentences, one per report that is not whole."""

    month: str
    files: Sequence[Path]
    problems: Sequence[str] = ()


def shelf(settings: Settings) -> Path:
    return settings.published / REPORTS


def make_all(settings: Settings, month: str | None = None, with_pdf: bool = True, on_progress: Callable[[str], None] = lambda text: None) -> Shelved:
    """Those of every framework and municipality for ``month``, or that of the current release; one that fails does not stop the others.

    Raises ``ValueError`` where there is no release to report on.
    """
    basis = find_basis(settings, month)
    files: list[Path] = []
    problems: dict[str, str] = {}  # by what is wrong: a missing library is told once
    for scope in list_scopes(basis.release):
        try:
            files += put(settings, basis, scope, with_pdf)
            on_progress(f"{scope.file_name}: {scope.title_sv}")
        except (ValueError, OSError, duckdb.Error) as error:
            problems.setdefault(str(error).splitlines()[0], scope.file_name)
    tidy(settings)
    return Shelved(f"{basis.month:%Y-%m}", files, [f"{name}: {said}" for said, name in problems.items()])


def put(settings: Settings, basis: Basis, scope: Scope, with_pdf: bool = True) -> list[Path]:
    """Make one report and put it on the shelf. Raises ``ValueError`` or ``OSError``; the list is made anew by ``tidy``."""
    folder = shelf(settings)
    folder.mkdir(parents=True, exist_ok=True)
    content = build_content(basis, scope)
    told = {
        "format": 1,
        "month": f"{basis.month:%Y-%m}",
        "title_sv": scope.title_sv,
        "release_id": basis.release.name,
        "before_id": basis.before and basis.before.name,
        "is_demo": content.release["is_demo"],
    }
    path = folder / f"{told['month']}-{scope.file_name}.json"
    if path.exists() and json.loads(path.read_bytes()) != told:
        _remove(path)  # of another release: should the new one not come to an end, nobody takes that for it
    replace_file(path, json.dumps(told, ensure_ascii=False, indent=1).encode())
    return write_files(content, folder, with_pdf)


def tidy(settings: Settings) -> int:
    """Take away what rests on no release that may still be read, and write the list anew. Returns the number of reports that went."""
    folder, current = shelf(settings), current_release(settings)
    if not folder.exists() or current is None:
        return 0
    readable = {release.name for release in list_readable(settings)}
    kept, gone = [], 0
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_bytes())
        if {told["release_id"], told["before_id"]} - {None} <= readable:
            kept.append(told | {"stem": path.stem, "forms": [form for form in FORMS[:-1] if path.with_suffix(form).exists()]})
            continue
        _remove(path)
        gone += 1
    replace_file(folder / INDEX, _render_index(kept).encode())
    return gone


def _remove(path: Path) -> None:
    for form in FORMS:
        path.with_suffix(form).unlink(missing_ok=True)


def _render_index(reports: Sequence[dict[str, Any]]) -> str:
    months: dict[str, list[dict[str, Any]]] = {}
    in_order = sorted(reports, key=lambda r: r["stem"].rpartition("-")[2].isdigit())  # of a month: counties, then municipalities by their codes
    for report in sorted(in_order, key=lambda r: r["month"], reverse=True):
        year, month = report["month"].split("-")
        months.setdefault(f"{MONTHS_SV[int(month) - 1]} {year}", []).append(report)
    return _template().render(months=months, is_demo=any(r["is_demo"] for r in reports))


@cache
def _template() -> Template:
    return open_templates("naravard_pipeline.report").get_template("shelf.html.j2")
