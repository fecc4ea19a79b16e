"""Which measures of the report get a chart, and what it is told. Here: the choice. Not here: how a chart is drawn (charts)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from naravard_pipeline.charts import Line, LineChart, Mark, Point, SmallMultiples, draw, to_plain_svg
from naravard_pipeline.charts.figures import moment_of
from naravard_pipeline.report.figures import Row
from naravard_pipeline.report.moved import value_sv
from naravard_pipeline.report.scope import NATION

LEAST = 4  # values that compare; of fewer a table says as much
ON_PAPER = (400, 105)  # two beside each other on A4, with letters of eight points
ON_A_PAGE = (380, 170)
PLACES_IN_A_ROW = 5  # on paper


@dataclass(frozen=True)
class Curve:
    """A chart with what is said beside it; ``told`` is the chart in words, for those who do not see it. ``on_paper``: the same, for its size."""

    title_sv: str
    unit_sv: str
    latest_sv: str
    told: str
    chart: LineChart | SmallMultiples
    on_paper: LineChart | SmallMultiples

    def draw(self) -> str:
        """For a page: one SVG, for its light and its dark theme."""
        return draw(self.chart, self.told)

    def draw_on_paper(self) -> str:
        """In plain colours, which is all that the maker of the PDF knows."""
        return to_plain_svg(draw(self.on_paper, self.told))


def choose_curves(
    measures: Sequence[Row],
    series: Mapping[tuple[str, str], Sequence[Row]],
    area_codes: Sequence[str],
    names: Mapping[str, str],
    initiatives: Sequence[Row] = (),
) -> Iterator[Curve]:
    """In the order of ``measures``, one for each with enough values here that compare; at most one per indicator, so that they differ.

    ``area_codes``: the place itself, then those above it, which are drawn unless it is a count: a place and its county have no scale in common.
    Drawn is the newest stretch only: across a break nothing is compared. An initiative is marked where it began on the measures that follow it.
    """
    seen = set()
    for measure in measures:
        rows = _newest_stretch(series.get((measure["measure_id"], area_codes[0]), []))
        if _values(rows) < LEAST or measure["indicator_sv"] in seen:
            continue
        seen.add(measure["indicator_sv"])
        lines = [_line(names[area_codes[0]], "focus", rows)]
        for code in area_codes[1:] if measure["value_type"] != "count" else ():
            above = [
                r
                for r in _newest_stretch(series.get((measure["measure_id"], code), []))
                if rows[0]["period_end"] <= r["period_end"] <= rows[-1]["period_end"]
            ]
            if _values(above) > 1 and above[-1]["value"] is not None:
                lines.append(_line(names[code], "nation" if code == NATION else "county", above))
        yield _told(measure, rows, lines, [mark for i in initiatives for mark in _marks(i, measure["measure_id"])])


def choose_places(measures: Sequence[Row], series: Mapping[tuple[str, str], Sequence[Row]], places: Mapping[str, str]) -> Curve | None:
    """The first of the measures that most of the ``places`` have values of, side by side on the same axes with the nation; no count, see above."""
    for measure in measures:
        rows = {name: _newest_stretch(series.get((measure["measure_id"], code), [])) for code, name in places.items()}
        enough = {name: found for name, found in rows.items() if _values(found) >= LEAST}
        if measure["value_type"] == "count" or len(enough) <= len(places) / 2:
            continue
        lines = [_line(name, "place", found) for name, found in enough.items()]
        nation = _newest_stretch(series.get((measure["measure_id"], NATION), []))
        newest = max(found[-1]["period_label"] for found in enough.values())
        ends = "; ".join(f"{name} {value_sv(found[-1]['value'], measure)} ({found[-1]['period_label']})" for name, found in enough.items())
        chart = SmallMultiples(lines, _line("Riket", "nation", nation) if _values(nation) > 1 else None, measure["unit"] or "", columns=3)
        told_beside = f"Kommun för kommun till {newest}.{' Streckat: riket.' if chart.nation else ''}"
        told = f"{measure['name_sv']}, {chart.unit}, i kommunerna. Senast: {ends}."
        return Curve(measure["name_sv"], chart.unit, told_beside, told, chart, replace(chart, columns=PLACES_IN_A_ROW))
    return None


def _marks(initiative: Row, measure_id: str) -> Iterator[Mark]:
    began = initiative["start_date"]
    if began and any(effect["measure_id"] == measure_id for effect in initiative["effects"]):
        yield Mark(began.year + (began.month - 1) / 12, initiative["name_sv"], "initiative")


def _told(measure: Row, rows: Sequence[Row], lines: Sequence[Line], marks: Sequence[Mark]) -> Curve:
    latest = f"{rows[-1]['period_label']}: " + "; ".join(f"{line.name} {value_sv(line.points[-1].value, measure)}" for line in lines)
    unit = measure["unit"] or ""
    told = f"{measure['name_sv']}, {unit}, {rows[0]['period_label']} till {rows[-1]['period_label']}. Senast {latest}."
    began = [m for m in marks if lines[0].points[0].when <= m.when <= lines[0].points[-1].when]
    told += "".join(f" {mark.text} började {int(mark.when)}." for mark in began)
    chart, paper = (LineChart(lines, unit, marks, width=width, height=height) for width, height in (ON_A_PAGE, ON_PAPER))
    return Curve(measure["name_sv"], unit, latest, told, chart, paper)


def _values(rows: Sequence[Row]) -> int:
    return sum(row["value"] is not None for row in rows)


def _line(name: str, role: str, rows: Sequence[Row]) -> Line:
    points = [
        Point(moment_of(r["period_start"], r["period_end"]), r["value"], r["ci_lower"], r["ci_upper"], r["status"] == "preliminary") for r in rows
    ]
    return Line(name, role, points)


def _newest_stretch(rows: Sequence[Row]) -> list[Row]:
    """From its first to its last value; one hidden or missing between them is there without a value, so that the line breaks.

    Of one series and one length of period: a source may give months and whole years of the same measure.
    """
    valued = [row for row in rows if row["value"] is not None]
    stretch = [r for r in valued if all(r[column] == valued[-1][column] for column in ("segment_id", "period_months"))]
    if not stretch:
        return []
    first, last = stretch[0]["period_end"], stretch[-1]["period_end"]
    gaps = [r for r in rows if r["value"] is None and r["period_months"] == stretch[0]["period_months"] and first < r["period_end"] < last]
    return sorted([*stretch, *gaps], key=lambda r: r["period_end"])
