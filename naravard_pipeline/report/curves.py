"""Which measures of the report get a chart, and what it is told. Here: the choice. Not here: how a chart is drawn (charts)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from naravard_pipeline.charts import Line, LineChart, Point, draw, to_plain_svg
from naravard_pipeline.charts.figures import moment_of
from naravard_pipeline.pages import swedish
from naravard_pipeline.report.figures import NATION, Row

LEAST = 4  # values that compare; of fewer a table says as much
ON_A_SIDE = (318, 84)  # of the chart, so that two stand beside each other on A4 with letters of nine points


@dataclass(frozen=True)
class Curve:
    """A chart with what is said beside it; ``told`` is the chart in words, for those who do not see it."""

    title_sv: str
    unit_sv: str
    latest_sv: str
    told: str
    chart: LineChart

    def draw(self) -> str:
        """For a page: one SVG, for its light and its dark theme."""
        return draw(self.chart, self.told)

    def draw_small(self) -> str:
        """For paper: small, and in plain colours, which is all that the maker of the PDF knows."""
        width, height = ON_A_SIDE
        return to_plain_svg(draw(replace(self.chart, width=width, height=height), self.told))


def choose_curves(
    measures: Sequence[Row], series: Mapping[tuple[str, str], Sequence[Row]], area_codes: Sequence[str], names: Mapping[str, str]
) -> Iterator[Curve]:
    """In the order of ``measures``, one for each with enough values here that compare; at most one per indicator, so that they differ.

    ``area_codes``: the place itself, then those above it. Drawn is the newest stretch only: across a break nothing is compared.
    """
    seen = set()
    for measure in measures:
        rows = _newest_stretch(series.get((measure["measure_id"], area_codes[0]), []))
        if len(rows) < LEAST or measure["indicator_sv"] in seen:
            continue
        seen.add(measure["indicator_sv"])
        lines = [_line(names[area_codes[0]], "focus", rows)]
        for code in area_codes[1:]:
            above = [
                r
                for r in _newest_stretch(series.get((measure["measure_id"], code), []))
                if rows[0]["period_end"] <= r["period_end"] <= rows[-1]["period_end"]
            ]
            if len(above) > 1:
                lines.append(_line(names[code], "nation" if code == NATION else "county", above))
        yield _told(measure, rows, lines)


def _told(measure: Row, rows: Sequence[Row], lines: Sequence[Line]) -> Curve:
    decimals = measure["decimals"] if measure["decimals"] is not None else 1
    latest = f"{rows[-1]['period_label']}: " + "; ".join(f"{line.name} {swedish.number(line.points[-1].value, decimals)}" for line in lines)
    unit = measure["unit"] or ""
    told = f"{measure['name_sv']}, {unit}, {rows[0]['period_label']} till {rows[-1]['period_label']}. Senast {latest}."
    return Curve(measure["name_sv"], unit, latest, told, LineChart(lines, unit))


def _line(name: str, role: str, rows: Sequence[Row]) -> Line:
    points = [
        Point(moment_of(r["period_start"], r["period_end"]), r["value"], r["ci_lower"], r["ci_upper"], r["status"] == "preliminary") for r in rows
    ]
    return Line(name, role, points)


def _newest_stretch(rows: Sequence[Row]) -> list[Row]:
    valued = [row for row in rows if row["value"] is not None]
    return [row for row in valued if row["segment_id"] == valued[-1]["segment_id"]]
