"""Places below each other, each with value and interval, against one reference. Here: the Vega-Lite specification. Not here: their order."""

from typing import Any

from naravard_pipeline.charts.figures import RangeChart
from naravard_pipeline.charts.lines import span
from naravard_pipeline.charts.looks import SIZE, colour

_PAINTS = {"place": "focus", "focus": "focus", "county": "county", "nation": "nation"}


def range_spec(chart: RangeChart) -> dict[str, Any]:
    reference = [] if chart.reference is None else [chart.reference]
    low, high = span([v for r in chart.ranges for v in (r.value, r.lower, r.upper) if v is not None] + reference)
    rows = [{"n": r.name, "v": r.value, "lo": r.lower, "hi": r.upper, "c": colour(_PAINTS[r.role])} for r in chart.ranges]
    x = {"field": "v", "type": "quantitative", "title": None, "scale": {"domain": [low, high], "zero": False, "nice": True}}
    x = {**x, "axis": {"tickCount": 5, "grid": True, "domain": False}}
    names = {"labelColor": colour("ink"), "labelFontSize": SIZE, "title": None, "grid": False, "labelLimit": 150, "labelPadding": 8}
    y = {"field": "n", "type": "nominal", "sort": None, "axis": names}
    paint = {"field": "c", "type": "nominal", "scale": None}
    ranged = [r for r in rows if r["lo"] is not None and r["hi"] is not None]
    layers: list[dict[str, Any]] = []
    if reference:
        rule = {"type": "rule", "color": colour("nation"), "strokeDash": [5, 3], "strokeWidth": 1.5}
        layers.append({"data": {"values": [{"v": chart.reference}]}, "mark": rule, "encoding": {"x": x}})
    if ranged:
        bar = {"type": "rule", "strokeWidth": 5, "opacity": 0.28, "strokeCap": "round"}
        layers.append(
            {"data": {"values": ranged}, "mark": bar, "encoding": {"y": y, "x": {**x, "field": "lo"}, "x2": {"field": "hi"}, "color": paint}}
        )
    dot = {"type": "point", "filled": True, "size": 62, "opacity": 1}
    layers.append({"data": {"values": rows}, "mark": dot, "encoding": {"y": y, "x": x, "color": paint}})
    return {"width": chart.width - 160, "height": {"step": 22}, "padding": {"left": 4, "right": 12, "top": 6, "bottom": 4}, "layer": layers}
