"""Figures as static SVG, drawn without a browser or a network by Vega (vl-convert): for the site and for reports.

Here: what a chart can be told (``figures``), how it is drawn (``lines``, ``runs``, ``ranges``), its looks and colours
(``looks``), SVG and PNG out of it (``render``). Not here: which figures, what is said of them, or any rule: a chart shows what it is given.

    from naravard_pipeline.charts import Line, Point, LineChart, draw, to_png
    svg = draw(LineChart(lines=[Line("Sörmland", "focus", [Point(2023, 41.2, 40.0, 42.5), Point(2024, 43.0)])], unit="procent"), alt="…")
    png = to_png(svg)

The SVG takes its colours from the CSS variables of the page around it (``COLOURS`` names them, light and dark) and is light without, so that
one SVG serves both themes and stands on its own as a file.
"""

from naravard_pipeline.charts.figures import Line, LineChart, Mark, Point, Range, RangeChart, RunChart, RunPoint, SmallMultiples
from naravard_pipeline.charts.looks import COLOURS
from naravard_pipeline.charts.render import draw, find_drawn, to_plain_svg, to_png

__all__ = [
    "COLOURS",
    "Line",
    "LineChart",
    "Mark",
    "Point",
    "Range",
    "RangeChart",
    "RunChart",
    "RunPoint",
    "SmallMultiples",
    "draw",
    "find_drawn",
    "to_plain_svg",
    "to_png",
]
