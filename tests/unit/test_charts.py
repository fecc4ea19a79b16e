"""Charts: what they are told is in the SVG, one picture serves both themes, and lines break where figures do not compare."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.charts import (
    COLOURS,
    Line,
    LineChart,
    Mark,
    Point,
    Range,
    RangeChart,
    RunChart,
    RunPoint,
    SmallMultiples,
    draw,
    to_plain_svg,
    to_png,
)
from naravard_pipeline.charts.figures import moment_of
from naravard_pipeline.charts.lines import _stretches


def line(name="Eskilstuna", role="focus", values=(1234.5, 1300.0, 1290.0)):
    return Line(name, role, [Point(2022 + i, v, None if v is None else v - 5, None if v is None else v + 5) for i, v in enumerate(values)])


CHARTS = {
    "line": LineChart([line(), line("Riket", "nation")], marks=[Mark(2023, "Ny mätmetod", "break")], target=1250),
    "multiples": SmallMultiples([line("Åmål", "place"), line("Örebro", "place")], line("Riket", "nation")),
    "run": RunChart([RunPoint(2024 + i / 12, 10 + i, 15, 8, 30, "good" if i == 3 else "none") for i in range(12)]),
    "range": RangeChart([Range("Åmål", 10, 8, 12), Range("Örebro", 11)], reference=10.5),
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_a_chart_is_one_whole_svg_with_a_text_and_colours_for_both_themes(chart):
    svg = draw(chart, "Värdet är 5 < 6 & «bra»")
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img" and root.get("aria-label") == "Värdet är 5 < 6 & «bra»"
    used = re.findall(r"var\(--([\w-]+),(#\w{6})\)", svg)
    assert used and all(COLOURS[name][0] == light for name, light in used)
    assert not re.findall(r'(?:fill|stroke)="#', svg), "a colour that no theme can change"
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_numbers_and_names_are_swedish():
    svg = draw(CHARTS["line"], "x")
    assert "1\u202f2" in svg and "Ny mätmetod" in svg and "Eskilstuna" in svg and "Mål" in svg


def test_a_file_of_its_own_needs_no_css_variables_and_a_png_is_one():
    svg = draw(CHARTS["range"], "x")
    assert "var(" not in to_plain_svg(svg) and to_png(svg).startswith(b"\x89PNG")


def test_a_chart_without_a_value_is_refused():
    with pytest.raises(ValueError):
        draw(LineChart([line(values=(None, None))]), "x")


def test_a_line_breaks_at_a_gap_and_where_figures_do_not_compare():
    points = [Point(1, 1.0, part="a"), Point(2, 1.0, part="a"), Point(3, None, part="a"), Point(4, 1.0, part="a"), Point(5, 1.0, part="b")]
    assert [number for number, _ in _stretches(points)] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2024, 1, 1), date(2024, 12, 31), 2024),
        (date(2021, 1, 1), date(2024, 12, 31), 2024),
        (date(2024, 1, 1), date(2024, 1, 31), 2024),
        (date(2024, 7, 1), date(2024, 9, 30), 2024.5),
        (date(2023, 7, 1), date(2024, 6, 30), 2023.5),
    ],
)
def test_a_period_stands_where_its_label_says(start, end, expected):
    assert moment_of(start, end) == expected


@settings(max_examples=15, deadline=None)
@given(st.lists(st.none() | st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=8).filter(lambda v: any(x is not None for x in v)))
def test_any_figures_give_a_picture(values):
    svg = draw(LineChart([Line("A", "focus", [Point(2000 + i, v) for i, v in enumerate(values)])]), "x")
    assert "NaN" not in svg and "Infinity" not in svg
