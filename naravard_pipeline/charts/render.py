"""A chart becomes SVG or PNG. Here: the one importer of vl-convert, and colours turned into CSS variables. Not here: how any chart is drawn."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from naravard_pipeline.charts.figures import LineChart, RangeChart, RunChart, SmallMultiples
from naravard_pipeline.charts.lines import line_spec, multiples_spec
from naravard_pipeline.charts.looks import COLOURS, FONT, SWEDISH, config
from naravard_pipeline.charts.ranges import range_spec
from naravard_pipeline.charts.runs import run_spec

Chart = LineChart | SmallMultiples | RunChart | RangeChart
_VEGA_LITE = "5.20"
_NONE: Mapping[str, str] = MappingProxyType({})
_DRAWN = re.compile(r'<svg class="chart" data-key="([0-9a-f]{32})".*?</svg>', re.S)
_SPECS = {LineChart: line_spec, SmallMultiples: multiples_spec, RunChart: run_spec, RangeChart: range_spec}
_BY_COLOUR = {light: name for name, (light, _) in COLOURS.items()}
_KNOWN = re.compile("|".join(_BY_COLOUR))


def draw(chart: Chart, alt: str, drawn: Mapping[str, str] = _NONE) -> str:
    """The chart as one SVG element for a page or a file; ``alt`` is read aloud instead of it. Raises ``ValueError`` where nothing is to be drawn.

    ``drawn``: charts of earlier (``find_drawn``), of which one is taken where it would come out the same to the last letter.
    """
    spec = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", **_SPECS[type(chart)](chart), "config": config()}
    key = _key(spec, alt)
    if key in drawn:
        return drawn[key]
    import vl_convert  # 80 MB of library: loaded by those who draw

    svg = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, format_locale=SWEDISH)
    return _dressed(svg, alt, key)


def find_drawn(pages: Iterable[str]) -> dict[str, str]:
    """The charts on pages, by what each was drawn from."""
    return {match[1]: match[0] for page in pages for match in _DRAWN.finditer(page)}


def to_plain_svg(svg: str) -> str:
    """The same with plain light colours, for programs which know no CSS variables."""
    return re.sub(r"var\(--chart-\w+,(#[0-9a-f]{6})\)", r"\1", svg)


def to_png(svg: str, scale: float = 2.0) -> bytes:
    """The light picture, at twice its size unless told otherwise."""
    import vl_convert

    return vl_convert.svg_to_png(to_plain_svg(svg), scale=scale)


def _key(spec: Mapping[str, Any], alt: str) -> str:
    """A hash of all that decides how the chart comes out: what is shown, its text, the library, the code here."""
    content = json.dumps([spec, alt, version("vl-convert-python"), _VEGA_LITE, SWEDISH, COLOURS, FONT, _code()])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


@cache
def _code() -> str:
    return Path(__file__).read_text(encoding="utf-8")


def _dressed(svg: str, alt: str, key: str) -> str:
    svg = _KNOWN.sub(lambda m: f"var(--{_BY_COLOUR[m[0]]},{m[0]})", svg)
    svg = svg.replace('font-family="Liberation Sans"', "").replace(' xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1"', "")
    svg = re.sub(r' (aria-[a-z]+|role|pointer-events)="[^"]*"', "", svg)  # a picture with one text: nothing inside it is read aloud
    svg = re.sub(r'<path class="background"[^>]*/>', "", svg)
    width, height = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg).groups()
    background = f'<rect width="{width}" height="{height}" fill="var(--chart-card,{COLOURS["chart-card"][0]})"/>'
    opening = f'<svg class="chart" data-key="{key}" role="img" aria-label="{escape(alt)}" font-family="{FONT}"'
    svg = svg.replace('<svg class="marks"', opening, 1) if '<svg class="marks"' in svg else re.sub(r"<svg\b", opening, svg, count=1)
    svg = re.sub(r'( class="marks")', "", svg)
    return re.sub(r"(<svg[^>]*>)", lambda m: m[1] + background, svg, count=1)
