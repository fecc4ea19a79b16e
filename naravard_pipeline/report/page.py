"""The report as a page, and as a PDF of exactly two sides. Here: looks and files. Not here: what it says (content), the curves (chart)."""

import os
from functools import cache
from pathlib import Path

from jinja2 import Environment

from naravard_pipeline.pages import open_templates
from naravard_pipeline.report.chart import draw_curve
from naravard_pipeline.report.content import Content

SIDES = 2
ROWS = (12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)  # of each list, from the most that two sides may hold
SIGNS = {"better": "▲", "improvement": "▲", "improving": "▲", "worse": "▼", "concern": "▼", "worsening": "▼"}
TONES = {code: "good" if sign == "▲" else "bad" for code, sign in SIGNS.items()}
LACKING = (
    "PDF:en kunde inte göras: WeasyPrint hittar inte Pango ({said}). Installera det (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0) eller kör med --no-pdf. Sidan är skriven."
)


def render_page(content: Content) -> str:
    """All of it, for a browser; one file that asks no host for anything."""
    return _render(content, None)


def render_pdf(content: Content) -> bytes:
    """Two sides of A4, tagged (PDF/UA-1), fonts embedded: as many rows as fit, and the number of those that do not.

    Raises ``ValueError`` where Pango is not installed, or where even one row of each list does not fit.
    """
    try:
        from weasyprint import HTML
    except OSError as error:
        raise ValueError(LACKING.format(said=str(error).splitlines()[0])) from error
    for rows in ROWS:
        document = HTML(string=_render(content, rows)).render(pdf_variant="pdf/ua-1")
        if len(document.pages) == SIDES:
            return document.write_pdf(pdf_variant="pdf/ua-1")
    raise ValueError(f"Rapporten för {content.scope.title_sv} ryms inte på {SIDES} sidor ens med en rad i varje lista. Rapportera det.")


def write_files(content: Content, folder: Path, with_pdf: bool) -> list[Path]:
    """``<month>-<scope>.html`` and ``.pdf`` into ``folder``, each whole or not at all. The page is there even where the PDF cannot be made."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{content.basis.month:%Y-%m}-{content.scope.file_name}"
    written = [_replace(stem.with_suffix(".html"), render_page(content).encode())]
    if with_pdf:
        written.append(_replace(stem.with_suffix(".pdf"), render_pdf(content)))
    return written


def shorten(text: str | None, most: int = 75) -> str:
    """At most so many letters, whole words where there are any, and an ellipsis where something is left out."""
    text = text or ""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut).rstrip(" ,;:.") + "…"


def _render(content: Content, rows: int | None) -> str:
    few = rows and max(1, rows // 2)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            c=content,
            is_demo=content.release["is_demo"],
            rows=rows,
            few=few,
            cards=rows and 4,
            curves=[(curve, draw_curve(curve)) for curve in content.curves[: 3 if rows else 6]],
            signs=SIGNS,
            tones=TONES,
        )
    )


def _replace(path: Path, data: bytes) -> Path:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(data)
    os.replace(beside, path)
    return path


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.report")
    environment.filters |= {"short": shorten, "css": lambda text: text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")}
    return environment
