"""A curve of the report as SVG, by matplotlib. Here: how it is drawn. Not here: which curves (content)."""

import base64
import io
from itertools import pairwise

from naravard_pipeline.pages import swedish
from naravard_pipeline.report.content import Curve

COLOURS = ("#1f6b45", "#5a646c", "#a9690a")
STYLES = ("-", "--", ":")  # told apart without colour
SIZE = (2.55, 1.55)  # inches: three beside each other on A4


def draw_curve(curve: Curve) -> str:
    """As a ``data:`` address of an SVG; the same curve gives the same bytes. Each line is named where it ends, so there is no legend."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": curve.title_sv, "font.size": 7.5}):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        for (_, points), colour, style in zip(curve.lines, COLOURS, STYLES, strict=False):
            axes.plot([x for x, _ in points], [y for _, y in points], color=colour, linestyle=style, linewidth=1.8 if colour == COLOURS[0] else 1.1)
        axes.plot(*curve.lines[0][1][-1], marker="o", markersize=4, color=COLOURS[0])
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0)
        axes.yaxis.grid(True, color="#dcd9d2", linewidth=0.6)
        axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
        axes.yaxis.set_major_formatter(lambda value, _: swedish.number(value))
        ends = [curve.lines[0][1][0][0], curve.lines[0][1][-1][0]]
        axes.set_xticks(ends, [curve.first_label, curve.last_label])
        low, high = axes.get_ylim()
        for (name, points), y, colour in zip(curve.lines, _spread([p[-1][1] for _, p in curve.lines], (high - low) / 7), COLOURS, strict=False):
            told = f" {name} {swedish.number(points[-1][1], curve.decimals)}"
            axes.annotate(
                told, (ends[1], y), color=colour, va="center", annotation_clip=False, fontweight="bold" if colour == COLOURS[0] else "normal"
            )
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def _spread(heights: list[float], least: float) -> list[float]:
    """Heights for the names: those nearer each other than ``least`` are moved apart, their order kept."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = list(heights)
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + least)
    return placed
