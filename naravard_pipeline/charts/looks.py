"""How charts look: colours for light and dark, letters, axes, Swedish numbers. Not here: what is drawn."""

from math import ceil, floor
from typing import Any

# Name of the CSS variable → colour on light and on dark ground. Each light colour is there once: it is found again by it in the SVG.
# Text holds 4.5:1 and lines 3:1 against the card in both.
COLOURS = {
    "chart-card": ("#ffffff", "#1e2428"),
    "chart-ink": ("#1d2328", "#e8eaec"),
    "chart-soft": ("#59646d", "#a4aeb5"),
    "chart-grid": ("#e6e3dd", "#323b41"),
    "chart-focus": ("#0f5f87", "#6fc1ea"),
    "chart-county": ("#8a5a02", "#e9bb62"),
    "chart-nation": ("#6b7680", "#97a3ab"),
    "chart-good": ("#1f6b46", "#78cfa2"),
    "chart-bad": ("#a3262b", "#ff9c99"),
}
FONT = "Arial, 'Liberation Sans', Helvetica, sans-serif"  # all as wide as the one that was measured with, so that nothing is cut
SWEDISH = {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", "\u00a0kr"], "minus": "−"}
SIZE = 13


def colour(name: str) -> str:
    """The light colour of ``focus``, ``ink`` …; it becomes the variable when the SVG is written."""
    return COLOURS[f"chart-{name}"][0]


def config() -> dict[str, Any]:
    ink, soft, grid = colour("ink"), colour("soft"), colour("grid")
    axis = {
        "labelFontSize": SIZE - 1,
        "labelColor": soft,
        "titleColor": soft,
        "titleFontSize": SIZE - 1,
        "titleFontWeight": "normal",
        "gridColor": grid,
        "domainColor": grid,
        "tickColor": grid,
        "labelPadding": 6,
    }
    return {
        "aria": False,  # the SVG as a whole has a text; its pieces have none
        "background": None,
        "font": "Liberation Sans",
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"domain": False, "ticks": False, "tickCount": 5},
        "axisX": {"grid": False},
        "text": {"color": ink, "fontSize": SIZE},
        "header": {"labelFontSize": SIZE, "labelColor": ink, "title": None, "labelAnchor": "start", "labelFontWeight": 600},
    }


def years_axis(first: float, last: float, width: float = 400) -> dict[str, Any]:
    """Whole years, as many as there is room for, and the last one always among them; of a few years' months the middle of each year too."""
    if last - first < 3 and (first % 1 or last % 1):
        halves = [half / 2 for half in range(ceil(first * 2), floor(last * 2) + 1)]
        return {"values": halves, "title": None, "labelExpr": "datum.value % 1 ? 'juli' : format(datum.value, 'd')", "labelFlush": False}
    years = list(range(ceil(first), floor(last) + 1))
    step = next(s for s in (1, 2, 3, 5, 10, 20, 50, 1000) if len(years) / s <= width / 44)
    return {"format": "d", "values": years[::-1][::step][::-1], "title": None, "labelOverlap": False, "labelFlush": False}
