"""A chart with what belongs to it: heading, sentence, source, and the same figures as a table, which is also what is downloaded as CSV.

Here: which rows of a measure make which chart. Not here: charts of aggregated indicators (indices), how charts are drawn (charts), how a page
looks (templates).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from naravard_pipeline.catalogue.attribution import SOURCE_PREFIX, own_computation
from naravard_pipeline.charts import Line, LineChart, Mark, Point, Range, RangeChart, RunChart, RunPoint, SmallMultiples, draw
from naravard_pipeline.charts.figures import moment_of
from naravard_pipeline.pages import swedish
from naravard_pipeline.pages.tones import say
from naravard_pipeline.site.cells import Cell, is_drawn, number_cell, text_cell, value_cell
from naravard_pipeline.site.facts import Facts, Row
from naravard_pipeline.site.holds import Held, held_measure

_SIGNS = {"good": "good", "bad": "bad", "notable": "notable"}


@dataclass(frozen=True)
class Figure:
    name: str  # of the files that are downloaded
    title: str
    text: str
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    source: str
    notes: Sequence[str] = field(default_factory=tuple)
    held: Held | None = None  # every chart of measures or indices says so here


def draw_chart(facts: Facts, chart: Any, alt: str) -> str:
    return draw(chart, alt, facts.drawn)


def _beside(facts: Facts, measure: Row, areas: Iterable[str]) -> dict[str, Any]:
    """What stands beside every chart of the measure in ``areas``: whose figures they are, and that they are held where they are."""
    return {"source": source_of(facts, measure, areas), "held": held_measure(facts, measure["measure_id"])}


def source_of(facts: Facts, measure: Row, areas: Iterable[str]) -> str:
    """The measure's line of attribution; where figures of ``areas`` are summed here, they are not the source's own and the line says so."""
    line, shown = measure.get("attribution") or "", list(dict.fromkeys(areas))
    summed = [a for a in shown if any(r.get("is_aggregated") for r in facts.series.get((measure["measure_id"], a), []))]
    if not summed or not line.startswith(SOURCE_PREFIX):
        return line
    own = own_computation([line])
    return own if len(summed) == len(shown) else f"{line}. {', '.join(_names(facts)[a] for a in summed)}: {own[0].lower()}{own[1:]}"


def over_time(facts: Facts, measure: Row, area: str, county: str | None) -> Figure | None:
    """The measure over time in ``area``, with county and nation as context; in the county or the nation where the area itself has no figures."""
    measure_id, names = measure["measure_id"], _names(facts)
    series = {a: facts.series.get((measure_id, a), []) for a in dict.fromkeys([area, county or "00", "00"])}
    series = {a: found for a, found in series.items() if is_drawn(measure, found)}
    if not series:
        return None
    if area not in series:
        area = next(iter(series))
    roles = {a: "focus" if a == area else "nation" if a == "00" else "county" for a in series}
    lines = [Line(names[a], roles[a], _points(found)) for a, found in series.items()]
    said = facts.assessments.get((measure_id, area), {}).get("summary_sv")
    text = said or f"{names[area]}: {measure['name_sv']} över tid."
    marks, notes = _marks(facts, measure_id, area)
    if any(r["status"] == "preliminary" for r in series[area]):
        notes.append("Ofylld punkt: preliminär uppgift.")
    if any(r["ci_lower"] is not None for r in series[area]):
        notes.append("Färgad yta: 95 % osäkerhetsintervall.")
    svg = draw_chart(facts, LineChart(lines, _unit(measure), marks, measure.get("target_value")), f"Linjediagram, {measure['name_sv']}. {text}")
    head, body = _by_period(series, names, area, measure)
    return Figure(
        f"{measure_id}-{area}",
        f"{names[area]} över tid",
        text,
        svg,
        head,
        body,
        notes=notes,
        **_beside(facts, measure, series),
    )


def places(facts: Facts, measure: Row, county: str | None, home: str) -> Figure | None:
    """The county's municipalities beside each other, latest whole period, by their values; ``home`` stands out where it is one of them."""
    measure_id = measure["measure_id"]
    found = [(a, facts.assessments.get((measure_id, a["area_code"]))) for a in facts.areas_of(county, "municipality")]
    ours = [(a, s) for a, s in found if s and s["value"] is not None]
    if len(ours) < 2 or measure.get("value_type") == "yes_no":
        return None
    decimals = measure.get("decimals")
    ours.sort(key=lambda pair: (-round(pair[1]["value"], 9), pair[0]["name_sv"]))  # as the dots lie; the text says who is shown alike
    nation = facts.assessments.get((measure_id, "00"), {}).get("value")
    labels = {s["period_label"] for _, s in ours}
    several = len(labels) > 1
    ranges = [
        Range(
            a["name_sv"] + (f" {s['period_label']}" if several else ""),
            s["value"],
            s["ci_lower"],
            s["ci_upper"],
            role_of(facts, a["area_code"], home),
        )
        for a, s in ours
    ]
    text = extremes([(a["name_sv"], s["value"]) for a, s in ours], decimals)
    text += f"; riket {swedish.number(nation, decimals)}." if nation is not None else "."
    if hidden := [a["name_sv"] for a, s in found if a not in [shown for shown, _ in ours] and _newest_is_hidden(facts, measure_id, a)]:
        text += f" Bara de som visas är med: {swedish.listed(hidden)} har ett dolt värde."
    notes = ["Streckad linje: riket."] if nation is not None else []
    if any(s["ci_lower"] is not None for _, s in ours):
        notes.append("Breda streck: 95 % osäkerhetsintervall.")
    svg = draw_chart(facts, RangeChart(ranges, _unit(measure), nation), f"Punktdiagram, {measure['name_sv']} i kommunerna. {text}")
    body = [
        [text_cell(a["name_sv"]), text_cell(s["period_label"]), *(number_cell(s[c], decimals) for c in ("value", "ci_lower", "ci_upper"))]
        for a, s in ours
    ]
    title = "Kommunerna" + ("" if several else f" {labels.pop()}")
    head = ["Område", "Period", "Värde", "Undre gräns", "Övre gräns"]
    return Figure(
        f"{measure_id}-kommuner-{county}", title, text, svg, head, body, notes=notes, **_beside(facts, measure, (a["area_code"] for a, _ in ours))
    )


def extremes(values: Sequence[tuple[str, float]], decimals: int | None) -> str:
    """«Högst Flen (48), lägst Gnesta (41)», as the figures are shown: all who share a figure are named, three at the most, none where all do."""
    shown = {name: swedish.number(value, decimals) for name, value in values}
    high, low = (pick(values, key=lambda pair: pair[1])[0] for pick in (max, min))
    if shown[high] == shown[low]:
        return f"Alla har {shown[high]}"
    who = {}
    for end in (high, low):
        alike = [name for name in shown if shown[name] == shown[end]]
        who[end] = swedish.listed(alike) if len(alike) <= 3 else f"{len(alike)} kommuner"
    return f"Högst {who[high]} ({shown[high]}), lägst {who[low]} ({shown[low]})"


def _newest_is_hidden(facts: Facts, measure_id: str, area: Row) -> bool:
    found = facts.series.get((measure_id, area["area_code"]), [])
    return bool(found) and found[-1].get("status") == "suppressed"


def multiples(facts: Facts, measure: Row, county: str | None) -> Figure | None:
    """Every municipality of the county over time, on the same axes."""
    measure_id, names = measure["measure_id"], _names(facts)
    ours = {a["area_code"]: facts.series.get((measure_id, a["area_code"]), []) for a in facts.areas_of(county, "municipality")}
    ours = {code: found for code, found in ours.items() if is_drawn(measure, found) and sum(r["value"] is not None for r in found) > 1}
    if len(ours) < 2:
        return None
    nation = facts.series.get((measure_id, "00"), [])
    context = Line(names["00"], "nation", _points(nation)) if any(r["value"] is not None for r in nation) else None
    lines = [Line(names[code], "place", _points(found)) for code, found in ours.items()]
    text = f"{len(ours)} kommuner på samma skala" + ("; streckad linje är riket." if context else ".")
    svg = draw_chart(
        facts, SmallMultiples(lines, context, _unit(measure)), f"Små linjediagram, {measure['name_sv']}. {text} Värdena står i tabellen."
    )
    head, body = _by_period(ours | ({"00": nation} if context else {}), names, None, measure)
    beside = _beside(facts, measure, (*ours, "00") if context else ours)
    return Figure(f"{measure_id}-kommuner-over-tid-{county}", "Kommunerna över tid", text, svg, head, body, **beside)


def runs(facts: Facts, measure: Row, county: str | None) -> list[Figure]:
    """Month by month, with limits and what stands out, one chart per area with a series long enough for limits."""
    found = [(a, facts.runs.get((measure["measure_id"], a["area_code"]))) for a in facts.areas_of(county)]
    return [_run(facts, measure, area, points) for area, points in found if points and any(p["mean"] is not None for p in points)]


def _run(facts: Facts, measure: Row, area: Row, points: Sequence[Row]) -> Figure:
    decimals = measure.get("decimals")
    unusual = [p for p in points if p["signal"] not in ("none", "too_few_points")]
    last = next(p for p in reversed(points) if p["value"] is not None)
    value = f"{swedish.number(last['value'], decimals)}{swedish.after_number(measure.get('unit'))}"
    text = f"{area['name_sv']} {last['period_label']}: {value}; {last['variation_sv']}".rstrip()
    drawn = [
        RunPoint(
            moment_of(p["period_start"], p["period_end"]),
            p["value"],
            p["mean"],
            p["lower_limit"],
            p["upper_limit"],
            _sign(p["variation"]),
            f"{p['segment_id']}-{p['section']}",
        )
        for p in points
    ]
    reasons = dict.fromkeys(p["section_reason_sv"] for p in points if p["section_reason_sv"])
    notes = ["Heldragen grå linje: medelvärde. Streckade: gränser för vanlig variation.", *(f"Nya gränser: {reason}" for reason in reasons)]
    notes += dict.fromkeys(p["basis_sv"] for p in points if p["basis_sv"])
    if unusual:
        notes.append("Trekant eller kvadrat: ovanlig månad; vilket slag står i tabellen.")
    svg = draw_chart(facts, RunChart(drawn, _unit(measure)), f"Styrdiagram, {measure['name_sv']}. {text}.")
    head = ["Period", "Värde", "Medelvärde", "Undre gräns", "Övre gräns", "Tecken"]
    body = [
        [
            text_cell(p["period_label"]),
            *(number_cell(p[c], decimals if c == "value" else 1) for c in ("value", "mean", "lower_limit", "upper_limit")),
            text_cell(p["signal_sv"]),
        ]
        for p in points
    ]
    return Figure(
        f"{measure['measure_id']}-manader-{area['area_code']}",
        area["name_sv"],
        f"{text}.",
        svg,
        head,
        body,
        notes=notes,
        **_beside(facts, measure, [area["area_code"]]),
    )


def role_of(facts: Facts, area: str, home: str) -> str:
    """Where one municipality is what the page is about, the others are its context."""
    is_one = facts.areas[home]["area_type"] == "municipality"
    return "focus" if area == home else "nation" if is_one else "place"


def _names(facts: Facts) -> dict[str, str]:
    return {"00": "Riket"} | {code: a["name_sv"] for code, a in facts.areas.items()}


def _unit(measure: Row) -> str:
    return measure.get("unit") or ""


def _points(found: Iterable[Row]) -> list[Point]:
    return [
        Point(
            moment_of(r["period_start"], r["period_end"]),
            r["value"],
            r["ci_lower"],
            r["ci_upper"],
            r["status"] == "preliminary",
            r["segment_id"] or "",
        )
        for r in found
    ]


def _sign(variation: str | None) -> str:
    said = say("variation", variation)
    return _SIGNS.get(said.tone, "none") if said else "none"


def _marks(facts: Facts, measure_id: str, area: str) -> tuple[list[Mark], list[str]]:
    """Where the series breaks and where joint work began in the area or within it, on the chart and in words below it."""
    marks, notes = [], []
    for segment in facts.segments.get(measure_id, []):
        if segment["starts"]:
            when = segment["starts"]
            marks.append(Mark(moment_of(when, when), "Brott i serien", "break"))
            notes.append(f"Brott i serien {swedish.moment(when)}: {segment['reason_sv']}")
    within = {a["area_code"] for a in facts.areas.values() if a["area_code"] == area or a["parent_code"] == area} - {"00"} | {area}
    told = {(m["mark_date"], m["label_sv"]) for m in facts.marks.get(measure_id, []) if m["area_code"] in within}
    for n, (when, label) in enumerate(sorted(told), 1):  # a number on the chart, where names would lie over the lines
        marks.append(Mark(moment_of(when, when), str(n), "initiative"))
        notes.append(f"Streck {n}, {swedish.moment(when)}: {label}.")
    return marks, notes


def _by_period(
    series: dict[str, Sequence[Row]], names: dict[str, str], with_interval: str | None, measure: Row
) -> tuple[list[str], list[list[Cell]]]:
    """Periods down, areas across; the interval beside the area that the chart shows it for."""
    decimals = measure.get("decimals")
    head = ["Period"]
    for code in series:
        head += [names[code], "Undre gräns", "Övre gräns"] if code == with_interval else [names[code]]
    periods = sorted({(r["period_start"], r["period_end"], r["period_label"]) for found in series.values() for r in found})
    at = {code: {(r["period_start"], r["period_end"]): r for r in found} for code, found in series.items()}
    body = []
    for start, end, label in periods:
        line = [text_cell(label)]
        for code in series:
            row = at[code].get((start, end), {})
            line.append(value_cell(measure, row))
            if code == with_interval:
                line += [number_cell(row.get("ci_lower"), decimals), number_cell(row.get("ci_upper"), decimals)]
        body.append(line)
    return head, body
