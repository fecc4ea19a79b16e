"""The report as a page, and as a PDF of exactly two sides. Here: looks and files. Not here: what it says (content)."""

import base64
import os
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from naravard_pipeline.charts import COLOURS
from naravard_pipeline.pages import open_templates
from naravard_pipeline.pages.tones import say
from naravard_pipeline.report.content import Content
from naravard_pipeline.report.curves import Curve

SIDES = 2
CHARTS_ON_PAGE, CHARTS_ON_FIRST, CHARTS_ON_SECOND = 6, 2, 4


@dataclass(frozen=True)
class Amount:
    """What a side may hold: rows of each of its lists, all where it is None, charts, and that of the municipalities."""

    rows: int | None
    charts: int
    has_places: bool = False


FIRST_ROWS = (24, 21, 18, 16, 14, 12, 10, 8, 6, 5, 4, 3, 2, 1)  # of the table
SECOND_ROWS = (30, 20, 14, 10, 8, 6, 5, 4, 3, 2, 1)  # of each list
WORTH_A_CHART = 8  # so many rows are there rather than a further chart
SECOND_CHARTS = ((4, True), (2, True), (0, True), (0, False))
ASPECTS = {"mot förra perioden": "comparison", "mot riket": "comparison", "trend": "trend", "månad": "variation"}  # as the list of words has them
LACKING = (
    "PDF:en kunde inte göras: WeasyPrint hittar inte Pango ({said}). Installera det (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0 fonts-liberation) eller kör med --no-pdf. Sidan är skriven."
)


def render_page(content: Content) -> str:
    """All of it, for a browser; one file that asks no host for anything."""
    places = (content.places, content.places.draw()) if content.places else None
    return _render(content, [(curve, curve.draw()) for curve in content.curves[:CHARTS_ON_PAGE]], places)


def render_pdf(content: Content) -> bytes:
    """Two sides of A4, tagged (PDF/UA-1), fonts embedded: on each side as much as it holds, and the number of what it does not.

    Raises ``ValueError`` where Pango is not installed, or where even one row of each list does not fit.
    """
    try:
        from weasyprint import HTML
    except OSError as error:
        raise ValueError(LACKING.format(said=str(error).splitlines()[0])) from error
    pictures = [(curve, _as_address(curve.draw_on_paper())) for curve in content.curves[: CHARTS_ON_FIRST + CHARTS_ON_SECOND]]
    places = (content.places, _as_address(content.places.draw_on_paper())) if content.places else None

    def render(*sides: Amount | None):
        return HTML(string=_render(content, pictures, places, sides)).render(pdf_variant="pdf/ua-1")

    def fits_first(amount: Amount) -> bool:
        return len(render(amount, None).pages) == 1

    def fits_second(amount: Amount) -> bool:
        return len(render(None, amount).pages) == 1

    first = _most_that_fits([Amount(rows, CHARTS_ON_FIRST) for rows in FIRST_ROWS], fits_first)
    with_charts = [Amount(WORTH_A_CHART, *charts) for charts in SECOND_CHARTS]
    chosen = _most_that_fits(with_charts, fits_second) or with_charts[-1]
    second = _most_that_fits([replace(chosen, rows=rows) for rows in SECOND_ROWS], fits_second)
    document = render(first, second) if first and second else None
    if document is None or len(document.pages) != SIDES:
        raise ValueError(f"Rapporten för {content.scope.title_sv} ryms inte på {SIDES} sidor ens med en rad i varje lista. Rapportera det.")
    return document.write_pdf(pdf_variant="pdf/ua-1")


def _most_that_fits(amounts: Sequence[Amount], fits: Callable[[Amount], bool]) -> Amount | None:
    """The first of the amounts, which only get smaller, that fits; None where not even the last one does."""
    at = bisect_left(amounts, True, key=fits)
    return amounts[at] if at < len(amounts) else None


def write_files(content: Content, folder: Path, with_pdf: bool) -> list[Path]:
    """``<month>-<scope>.html`` and ``.pdf`` into ``folder``, each whole or not at all. The page is there even where the PDF cannot be made."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{content.basis.month:%Y-%m}-{content.scope.file_name}"
    written = [replace_file(stem.with_suffix(".html"), render_page(content).encode())]
    if with_pdf:
        written.append(replace_file(stem.with_suffix(".pdf"), render_pdf(content)))
    return written


def shorten(text: str | None, most: int = 75) -> str:
    """At most so many letters, whole words where there are any, and an ellipsis where something is left out."""
    text = text or ""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut).rstrip(" ,;:.") + "…"


def _render(content: Content, pictures: Sequence[tuple[Curve, str]], places: tuple[Curve, str] | None, sides: Sequence[Amount | None] = ()) -> str:
    """``pictures`` and ``places``: charts as drawn. ``sides``: how much on each side of paper, nothing of one that is None; without any, a page."""
    first, second = sides or (Amount(None, CHARTS_ON_PAGE), Amount(None, 0))
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            c=content,
            is_demo=content.release["is_demo"],
            on_paper=bool(sides),
            first=first,
            second=second,
            few=second and second.rows and max(1, second.rows // 2),
            cards=4 if sides else None,
            first_pictures=pictures[: first.charts] if first else (),
            second_pictures=_in_pairs(pictures[CHARTS_ON_FIRST : CHARTS_ON_FIRST + second.charts]) if second else (),
            places=places if second and (second.has_places or not sides) else None,
            colours=COLOURS,
            said=lambda aspect, code: say(ASPECTS[aspect], code),
        )
    )


def _in_pairs(pictures: Sequence[tuple[Curve, str]]) -> Sequence[tuple[Curve, str]]:
    """Two beside each other, none alone in the last row."""
    return pictures[: len(pictures) - len(pictures) % 2]


def _as_address(svg: str) -> str:
    """As an image of its own: what is inside it is not read aloud, its text is."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def replace_file(path: Path, data: bytes) -> Path:
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(data)
    os.replace(beside, path)
    return path


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.report")
    environment.filters |= {"short": shorten, "css": _in_css}
    return environment


def _in_css(text: str) -> Markup:
    """Inside quotes of a style sheet, where HTML's entities are not read: what could end either is written as a code."""
    return Markup("".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text))
