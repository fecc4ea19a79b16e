"""Lines over time, one chart or one small chart per place. Here: their Vega-Lite specifications. Not here: colours (looks), SVG (render)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor
from typing import Any

from naravard_pipeline.charts.figures import Line, LineChart, Mark, Point, SmallMultiples
from naravard_pipeline.charts.looks import SIZE, colour, years_axis

Spec = dict[str, Any]
_WIDTHS = {"focus": 2.75, "county": 1.75, "nation": 1.75, "place": 2.25}
_DASHES = {"nation": [5, 3], "county": [1, 0], "focus": [1, 0], "place": [1, 0]}


def line_spec(chart: LineChart) -> Spec:
    low, high = span(_values(chart.lines, chart.target))
    first, last = _when(chart.lines)
    room = _room(chart)
    x = {
        "field": "x",
        "type": "quantitative",
        "axis": years_axis(first, last, chart.width - room),
        "scale": {"domain": [first, last], "nice": False, "zero": False},
    }
    y = {"field": "y", "type": "quantitative", "title": None, "scale": {"domain": [low, high], "zero": False, "nice": True}}
    layers: list[Spec] = [*mark_layers(chart.marks, first, last, x)]
    if chart.target is not None:
        layers.append(rule_layer(chart.target, "good", [2, 3]))
    for line in sorted(chart.lines, key=lambda line: ["nation", "county", "place", "focus"].index(line.role)):
        layers += _line_layers(line, x, y, bold=True)
    if chart.has_names:
        layers.append(_names(chart, low, high, last, room))
    return {
        "width": chart.width - room - 50,
        "height": chart.height,
        "padding": {"left": 4, "right": 6, "top": 6, "bottom": 4},
        "autosize": {"type": "pad", "contains": "content"},
        "layer": layers,
    }


def multiples_spec(chart: SmallMultiples) -> Spec:
    """One facet per place, which is drawn three times as fast as charts of their own side by side."""
    nation = [chart.nation] if chart.nation else []
    low, high = span(_values([*chart.places, *nation]))
    first, last = _when([*chart.places, *nation])
    axis = years_axis(first, last) | {"values": sorted({ceil(first), floor(last)}), "labelExpr": "format(datum.value, 'd')", "labelFlush": True}
    x = {"field": "x", "type": "quantitative", "axis": axis, "scale": {"domain": [first, last], "nice": False, "zero": False}}
    scale = {"domain": [low, high], "zero": False, "nice": True}
    y = {"field": "y", "type": "quantitative", "title": None, "axis": {"tickCount": 3}, "scale": scale}
    layers = [layer for line in nation for layer in _line_layers(line, x, y)]
    paint, detail = colour("focus"), {"field": "s", "type": "nominal"}
    bounds = {"y": {**y, "field": "lo"}, "y2": {"field": "hi"}, "x": x, "detail": detail}
    band = {"type": "area", "color": paint, "opacity": 0.16}
    stroke = {"type": "line", "color": paint, "strokeWidth": _WIDTHS["place"], "strokeJoin": "round"}
    layers += [
        {"transform": [{"filter": "datum.lo != null && datum.hi != null"}], "mark": band, "encoding": bounds},
        {"mark": stroke, "encoding": {"x": x, "y": y, "detail": detail}},
        {"transform": [{"filter": "datum.dot"}], "mark": _dot(paint, 22), "encoding": {"x": x, "y": y, "fill": _fill(paint)}},
    ]
    rows = [{**row, "n": line.name, "dot": row in dots} for line in chart.places for found, dots in [_rows(line)] for row in found]
    title = {"anchor": "start", "fontSize": SIZE, "labelFontWeight": 600, "labelPadding": 6, "title": None, "labelAnchor": "start"}
    return {
        "data": {"values": rows},
        "facet": {"field": "n", "type": "nominal", "sort": [line.name for line in chart.places], "header": title},
        "columns": chart.columns,
        "spacing": {"row": 14, "column": 14},
        "padding": 4,
        "spec": {"width": 112, "height": 72, "layer": layers},
    }


def span(values: Sequence[float]) -> tuple[float, float]:
    """From where to where the axis goes: all values with some room, and never below nought where nothing is."""
    if not values:
        raise ValueError("a chart without a value")
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def _values(lines: Sequence[Line], target: float | None = None) -> list[float]:
    found = [v for line in lines for p in line.points for v in _seen(line, p) if v is not None]
    return [*found, *([target] if target is not None and found else [])]


def _seen(line: Line, point: Point) -> Iterator[float | None]:
    yield point.value
    if line.role in ("focus", "place") and point.value is not None:
        yield from (point.lower, point.upper)


def _when(lines: Sequence[Line]) -> tuple[float, float]:
    moments = [p.when for line in lines for p in line.points if p.value is not None]
    return (min(moments), max(moments)) if min(moments) < max(moments) else (min(moments) - 1, max(moments) + 1)


def _stretches(points: Sequence[Point]) -> Iterator[tuple[int, Point]]:
    """Each point with the number of the unbroken stretch it belongs to: a gap, or another part, begins a new one."""
    number, part, was_gap = 0, None, False
    for point in points:
        if point.value is None:
            was_gap = True
            continue
        if was_gap or (part is not None and point.part != part):
            number += 1
        part, was_gap = point.part, False
        yield number, point


def _rows(line: Line, bold: bool = False) -> tuple[list[Spec], list[Spec]]:
    """The line's points that have a value, and those of them that get a dot: the last, one alone in its stretch, a preliminary one; all when bold."""
    rows = [{"x": p.when, "y": p.value, "lo": p.lower, "hi": p.upper, "s": s, "p": p.is_preliminary} for s, p in _stretches(line.points)]
    lengths = Counter(r["s"] for r in rows)
    every = bold and line.role == "focus" and len(rows) <= 40
    return rows, [r for r in rows if every or lengths[r["s"]] == 1 or r["p"] or (r is rows[-1] and (bold or line.role != "nation"))]


def _dot(paint: str, size: int) -> Spec:
    return {"type": "point", "filled": True, "size": size, "stroke": paint, "strokeWidth": 1.5, "opacity": 1}


def _fill(paint: str) -> Spec:
    return {"condition": {"test": "datum.p", "value": colour("card")}, "value": paint}


def _line_layers(line: Line, x: Mapping[str, Any], y: Mapping[str, Any], bold: bool = False) -> list[Spec]:
    rows, dots = _rows(line, bold)
    if not rows:
        return []
    paint = colour("focus" if line.role == "place" else line.role)
    detail = {"field": "s", "type": "nominal"}
    layers: list[Spec] = []
    ranged = [r for r in rows if r["lo"] is not None and r["hi"] is not None]
    if line.role in ("focus", "place") and ranged:
        bounds = {"y": {**y, "field": "lo"}, "y2": {"field": "hi"}, "x": x, "detail": detail}
        layers.append({"data": {"values": ranged}, "mark": {"type": "area", "color": paint, "opacity": 0.16}, "encoding": bounds})
        lengths = Counter(r["s"] for r in ranged)
        if bold and (alone := [r for r in ranged if lengths[r["s"]] == 1]):  # an area of one point has no width
            layers.append({"data": {"values": alone}, "mark": {"type": "rule", "color": paint, "opacity": 0.35}, "encoding": bounds})
    stroke = {"type": "line", "color": paint, "strokeWidth": _WIDTHS[line.role], "strokeDash": _DASHES[line.role], "strokeJoin": "round"}
    layers.append({"data": {"values": rows}, "mark": stroke, "encoding": {"x": x, "y": y, "detail": detail}})
    layers.append({"data": {"values": dots}, "mark": _dot(paint, 38 if bold else 22), "encoding": {"x": x, "y": y, "fill": _fill(paint)}})
    return layers


def _room(chart: LineChart) -> int:
    """Beside the lines, for their names."""
    longest = max((len(line.name) for line in chart.lines), default=0)
    return min(30 + round(longest * SIZE * 0.56), 190) if chart.has_names else 0


def _names(chart: LineChart, low: float, high: float, last: float, room: int) -> Spec:
    """Each line's name at its end, moved apart where ends lie close. At the right edge, so that no name lies over a line."""
    ends = []
    for line in chart.lines:
        if values := [p for p in line.points if p.value is not None]:
            ends.append((values[-1].value, line.name, line.role))
    if chart.target is not None:
        ends.append((chart.target, "Mål", "good"))
    step = (high - low) * 1.12 * (SIZE + 3) / chart.height
    ends.sort(key=lambda end: end[0])
    places = [end[0] for end in ends]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + step)
    if places and places[-1] > high:  # no room above: let them down again
        places[-1] = high
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - step)
    rows = [
        {"x": last, "y": place, "t": name, "c": colour("focus" if role == "place" else role), "w": "bold" if role == "focus" else "normal"}
        for place, (_, name, role) in zip(places, ends, strict=True)
    ]
    text = {"type": "text", "align": "left", "dx": 9, "fontSize": SIZE, "limit": room - 6, "clip": False}
    encoding = {
        "x": {"field": "x", "type": "quantitative"},
        "y": {"field": "y", "type": "quantitative"},
        "text": {"field": "t"},
        "color": {"field": "c", "type": "nominal", "scale": None},
    }
    bold = {**text, "fontWeight": 600}
    layers = [
        {"data": {"values": [r for r in rows if (r["w"] == "bold") == is_bold]}, "mark": mark, "encoding": encoding}
        for is_bold, mark in ((True, bold), (False, text))
    ]
    return {"layer": layers}


def rule_layer(value: float, name: str, dash: Sequence[int]) -> Spec:
    mark = {"type": "rule", "color": colour(name), "strokeDash": list(dash), "strokeWidth": 1.25}
    return {"data": {"values": [{"y": value}]}, "mark": mark, "encoding": {"y": {"field": "y", "type": "quantitative"}}}


def mark_layers(marks: Sequence[Mark], first: float, last: float, x: Mapping[str, Any]) -> Iterator[Spec]:
    """Upright lines with their text at the top, one below the other."""
    shown = [m for m in marks if first <= m.when <= last]
    for row, mark in enumerate(sorted(shown, key=lambda m: m.when)):
        paint = colour("soft" if mark.kind == "break" else "ink")
        dash = [2, 2] if mark.kind == "break" else [6, 2]
        data = {"values": [{"x": mark.when, "t": mark.text}]}
        place = {"x": {**x, "field": "x"}}
        yield {"data": data, "mark": {"type": "rule", "color": paint, "strokeDash": dash, "strokeWidth": 1}, "encoding": place}
        late = mark.when > first + (last - first) * 0.5
        text = {
            "type": "text",
            "align": "right" if late else "left",
            "dx": -4 if late else 4,
            "y": 6 + 15 * row,
            "fontSize": SIZE - 2,
            "color": paint,
        }
        yield {"data": data, "mark": {**text, "limit": 170}, "encoding": {**place, "text": {"field": "t"}}}
