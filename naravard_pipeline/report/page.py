"""The report as a page, and as a PDF of exactly two sides. Here: looks and files. Not here: what it says (content)."""

import base64
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment

from naravard_pipeline.charts import COLOURS
from naravard_pipeline.pages import open_templates
from naravard_pipeline.report.content import Content
from naravard_pipeline.report.curves import Curve

SIDES = 2
ROWS = (12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)  # of each list, from the most that two sides may hold
CHARTS_ON_PAGE, CHARTS_ON_SIDE = 6, 2
SIGNS = {"better": "▲", "improvement": "▲", "improving": "▲", "worse": "▼", "concern": "▼", "worsening": "▼"}
TONES = {code: "good" if sign == "▲" else "bad" for code, sign in SIGNS.items()}
LACKING = (
    "PDF:en kunde inte göras: WeasyPrint hittar inte Pango ({said}). Installera det (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0) eller kör med --no-pdf. Sidan är skriven."
)


def render_page(content: Content) -> str:
    """All of it, for a browser; one file that asks no host for anything."""
    return _render(content, [(curve, curve.draw()) for curve in content.curves[:CHARTS_ON_PAGE]], None)


def render_pdf(content: Content) -> bytes:
    """Two sides of A4, tagged (PDF/UA-1), fonts embedded: as many rows as fit, and the number of those that do not.

    Raises ``ValueError`` where Pango is not installed, or where even one row of each list does not fit.
    """
    try:
        from weasyprint import HTML
    except OSError as error:
        raise ValueError(LACKING.format(said=str(error).splitlines()[0])) from error
    pictures = [(curve, _as_address(curve.draw_small())) for curve in content.curves[:CHARTS_ON_SIDE]]
    for rows in ROWS:
        document = HTML(string=_render(content, pictures, rows)).render(pdf_variant="pdf/ua-1")
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


def _render(content: Content, pictures: Sequence[tuple[Curve, str]], rows: int | None) -> str:
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
            pictures=pictures,
            colours=COLOURS,
            signs=SIGNS,
            tones=TONES,
        )
    )


def _as_address(svg: str) -> str:
    """As an image of its own: what is inside it is not read aloud, its text is."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


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
