"""Run charts: a series with its mean, its limits and the points that stand out. Here: the Vega-Lite specification. Not here: which those are."""

from typing import Any

from naravard_pipeline.charts.figures import RunChart
from naravard_pipeline.charts.lines import mark_layers, span
from naravard_pipeline.charts.looks import colour, years_axis

_SHAPES = {"none": "circle", "good": "triangle-up", "bad": "triangle-down", "notable": "square"}
_PAINTS = {"none": "focus", "good": "good", "bad": "bad", "notable": "county"}


def run_spec(chart: RunChart) -> dict[str, Any]:
    points = [p for p in chart.points if p.value is not None]
    low, high = span([v for p in points for v in (p.value, p.lower, p.upper) if v is not None])
    first, last = min(p.when for p in points), max(p.when for p in points)
    if first == last:
        first, last = first - 0.5, last + 0.5
    x = {"field": "x", "type": "quantitative", "axis": years_axis(first, last), "scale": {"domain": [first, last], "nice": False, "zero": False}}
    y = {"field": "y", "type": "quantitative", "title": None, "scale": {"domain": [low, high], "zero": False, "nice": True}}
    rows = [
        {"x": p.when, "y": p.value, "m": p.mean, "lo": p.lower, "hi": p.upper, "part": p.part, "shape": _SHAPES[p.sign], "c": colour(_PAINTS[p.sign])}
        for p in points
    ]
    limited = {"values": [r for r in rows if r["lo"] is not None and r["hi"] is not None]}
    part = {"field": "part", "type": "nominal"}
    step = {"type": "line", "interpolate": "step", "color": colour("soft"), "strokeWidth": 1, "strokeDash": [3, 3]}
    layers = [
        *mark_layers(chart.marks, first, last, x),
        *(
            {"data": limited, "mark": step, "encoding": {"x": x, "y": {**y, "field": bound}, "detail": part}}
            for bound in ("lo", "hi")
            if limited["values"]
        ),
        {
            "data": {"values": [r for r in rows if r["m"] is not None]},
            "mark": {**step, "strokeDash": [1, 0]},
            "encoding": {"x": x, "y": {**y, "field": "m"}, "detail": part},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "line", "color": colour("focus"), "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y, "detail": part},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 34},
            "encoding": {
                "x": x,
                "y": y,
                "shape": {"field": "shape", "type": "nominal", "scale": None},
                "color": {"field": "c", "type": "nominal", "scale": None},
                "size": {"condition": {"test": "datum.shape == 'circle'", "value": 22}, "value": 85},
            },
        },
    ]
    return {"width": chart.width - 62, "height": chart.height, "padding": {"left": 4, "right": 12, "top": 6, "bottom": 4}, "layer": layers}
