"""Small plots for the metadata of assets, as PNG inside Markdown, the way Dagster shows pictures.

Here: two kinds of plot. Not here: charts for readers, which the site will have.
"""

import base64
import io
from collections.abc import Mapping, Sequence

from dagster import MarkdownMetadataValue, MetadataValue

SIZE = (4.2, 1.9)  # inches: as wide as Dagster's metadata column


def plot_lines(title: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> MarkdownMetadataValue:
    """One line per name, of (period, value) points in order."""
    axes = _axes(title)
    for name, points in lines.items():
        axes.plot([p for p, _ in points], [v for _, v in points], marker="o", markersize=3, linewidth=1.4, label=name)
    if lines:
        axes.legend(fontsize=7, frameon=False)
    return _picture(title, axes)


def plot_counts(title: str, counts: Sequence[tuple[int, int]]) -> MarkdownMetadataValue:
    """One bar per (year, number)."""
    axes = _axes(title)
    axes.bar([year for year, _ in counts], [number for _, number in counts], color="#4477aa")
    return _picture(title, axes)


def _axes(title: str):
    # Not pyplot: it keeps figures alive, and is no good in threads.
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    axes = Figure(figsize=SIZE, dpi=80).add_subplot()
    axes.set_title(title, fontsize=8, loc="left")
    axes.tick_params(labelsize=7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _picture(title: str, axes) -> MarkdownMetadataValue:
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png", bbox_inches="tight")
    return MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")
