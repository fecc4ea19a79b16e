"""The star as a picture (SVG). Here: where boxes and lines go. Not here: which tables and joins there are (star)."""

from collections.abc import Mapping
from xml.etree import ElementTree as Xml

from naravard_pipeline.bi.star import Branch, Star

BOX, HEIGHT, ACROSS, DOWN, EDGE = 232, 46, 350, 62, 24
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1d2327; } .soft { fill: #5a646c; font-size: 11.5px; } .head { font-weight: 700; font-size: 15px; }
  .ground { fill: #fbfaf8; } .box { fill: #fff; stroke: #8a949c; } .fct { fill: #dcebe3; stroke: #1f6b45; } .bridge { stroke-dasharray: 4 3; }
  .line { fill: none; stroke: #8a949c; } .dot { fill: #1f6b45; } .rule { stroke: #dcd9d2; } .name { font-weight: 600; }
"""


def draw(star: Star) -> str:
    """A whole SVG file, without scripts, fonts or addresses; the same star gives the same bytes."""
    tree = star.tree()
    places: dict[str, tuple[float, float]] = {}
    lowest = _place(tree, 0, EDGE + 40, places)
    dimensions, facts = star.matrix()
    top, first, step = lowest + 50, 230, 118
    width = max(max(x for x, _ in places.values()) + BOX, first + step * len(dimensions)) + EDGE
    height = top + 30 + 26 * (len(facts) + 1) + EDGE
    root = Xml.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width:g} {height:g}", "role": "img"})
    root.set("aria-labelledby", "title desc")
    Xml.SubElement(root, "title", {"id": "title"}).text = "The star: published tables and how they join"
    Xml.SubElement(root, "desc", {"id": "desc"}).text = " ".join(f"{j.table} joins to {j.to_table} on {j}." for j in star.joins)
    Xml.SubElement(root, "style").text = STYLE
    Xml.SubElement(root, "rect", {"class": "ground", "width": f"{width:g}", "height": f"{height:g}"})
    _text(root, EDGE, EDGE + 12, "From a figure to all that describes it", "head")
    _draw_branch(root, tree, places, star.rows)
    _text(root, EDGE, top, "Which fact has which dimension", "head")
    for i, dimension in enumerate(dimensions):
        _text(root, first + step * i, top + 28, dimension, "soft", "middle")
    for n, (fact, has) in enumerate(facts.items()):
        y = top + 54 + 26 * n
        Xml.SubElement(root, "line", {"class": "rule", "x1": f"{EDGE}", "x2": f"{width - EDGE:g}", "y1": f"{y - 18:g}", "y2": f"{y - 18:g}"})
        _text(root, EDGE, y, fact, "name")
        for i, dimension in enumerate(dimensions):
            if dimension in has:
                Xml.SubElement(root, "circle", {"class": "dot", "cx": f"{first + step * i}", "cy": f"{y - 4:g}", "r": "5"})
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode") + "\n"


def _place(branch: Branch, depth: int, top: float, places: dict[str, tuple[float, float]]) -> float:
    """Leaves one under the other, a parent at the height of its first branch; returns where the next may begin."""
    places[branch.table] = (EDGE + depth * ACROSS, top)
    if not branch.branches:
        return top + DOWN
    for child in branch.branches:
        top = _place(child, depth + 1, top, places)
    return top


def _draw_branch(root: Xml.Element, branch: Branch, places: dict[str, tuple[float, float]], rows: Mapping[str, str]) -> None:
    x, y = places[branch.table]
    for child in branch.branches:
        to_x, to_y = places[child.table]
        start, end, middle = x + BOX, to_x, to_y + HEIGHT / 2
        corner = f"M{start:g} {y + HEIGHT / 2:g} H{start + 16:g} V{middle:g} H{end:g}"
        Xml.SubElement(root, "path", {"class": "line", "d": corner})
        for n, column in enumerate(child.join.columns if child.join else ()):
            _text(root, start + 20, middle - 5 + n * 16, column, "soft")
        _draw_branch(root, child, places, rows)
    kind = branch.table.split("_")[0]
    Xml.SubElement(root, "rect", {"class": f"box {kind}", "x": f"{x:g}", "y": f"{y:g}", "width": f"{BOX}", "height": f"{HEIGHT}", "rx": "6"})
    _text(root, x + 10, y + 20, branch.table, "name")
    _text(root, x + 10, y + 37, _shorten(rows[branch.table]), "soft")


def _shorten(text: str) -> str:
    """What a row is, as far as it goes into a box: up to a comma, else whole words."""
    words = text.split(",")[0].replace("One row per", "a row per").split()
    while len(" ".join(words)) > 36:
        words.pop()
    return " ".join(words)


def _text(root: Xml.Element, x: float, y: float, text: str, kind: str, anchor: str = "start") -> None:
    Xml.SubElement(root, "text", {"x": f"{x:g}", "y": f"{y:g}", "class": kind, "text-anchor": anchor}).text = text
