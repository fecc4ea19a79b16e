"""Small plots for the metadata of assets, as PNG inside Markdown, the way Dagster shows pictures.

Here: two kinds of plot. Not here: charts for readers, which the site will have.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from dagster import MarkdownMetadataValue, MetadataValue

from naravard_pipeline.landing.atomic import replace_file

LEGEND = 4  # more names than these would cover the lines
SIZE = (4.2, 1.9)  # inches: as wide as Dagster's metadata column


def plot_lines(title: str, lines: Mapping[str, Sequence[tuple[float, float]]], kept: Path) -> MarkdownMetadataValue:
    """One line per name, of (period, value) points in order. ``kept`` is named by the content: if it is there, nothing is drawn anew."""
    if kept.exists():
        return _show(title, kept.read_bytes())
    axes = _axes(title)
    for name, points in lines.items():
        axes.plot([p for p, _ in points], [v for _, v in points], marker="o", markersize=3, linewidth=1.4, label=name)
    if 0 < len(lines) <= LEGEND:
        axes.legend(fontsize=7, frameon=False)
    picture = _draw(axes)
    replace_file(kept, picture)
    return _show(title, picture)


def plot_counts(title: str, counts: Sequence[tuple[int, int]]) -> MarkdownMetadataValue:
    """One bar per (year, number)."""
    axes = _axes(title)
    axes.bar([year for year, _ in counts], [number for _, number in counts], color="#4477aa")
    return _show(title, _draw(axes))


def _axes(title: str):
    # Not pyplot: it keeps figures alive, and is no good in threads.
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    axes = Figure(figsize=SIZE, dpi=80, layout="tight").add_subplot()
    axes.set_title(title, fontsize=8, loc="left")
    axes.tick_params(labelsize=7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _draw(axes) -> bytes:
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _show(title: str, picture: bytes) -> MarkdownMetadataValue:
    return MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(picture).decode()})")
