"""The charts of aggregated indicators: one area over the years, the municipalities beside each other.

Here: which rows make which chart. Not here: charts of measures (figures), how they are computed (dbt).
"""

from naravard_pipeline.charts import Line, LineChart, Point, Range, RangeChart
from naravard_pipeline.site.cells import number_cell, text_cell
from naravard_pipeline.site.facts import Facts, Row
from naravard_pipeline.site.figures import Figure, draw_chart, extremes, role_of
from naravard_pipeline.site.holds import held_rows


def aggregated(
    facts: Facts, framework: Row, goal: Row, indicator: Row | None, area: Row, title: str | None = None, is_small: bool = False
) -> Figure | None:
    """The aggregated indicator over the years in one area; ``indicator`` None means the whole goal area."""
    indicator_id = indicator["indicator_id"] if indicator else "all"
    found = [
        r
        for r in facts.composites.get((framework["framework_id"], goal["goal_area_id"], indicator_id, area["area_code"]), [])
        if r["value"] is not None
    ]
    if not found:
        return None
    points = [Point(r["year"], r["value"], r["range_low"], r["range_high"], r["is_preliminary"]) for r in sorted(found, key=lambda r: r["year"])]
    last = max(found, key=lambda r: r["year"])
    text, name = last["summary_sv"], (indicator or goal)["name_sv"]
    alt = f"Linjediagram, {name} i {area['name_sv']}. {text}"
    line = [Line(area["name_sv"], "focus", points)]
    svg = draw_chart(
        facts, LineChart(line, "index", width=320, height=110, has_names=False) if is_small else LineChart(line, "index", height=150), alt
    )
    head = ["År", "Index", "Lägst om ett mått utelämnas", "Högst om ett mått utelämnas", "Antal mått", "Av väntade mått"]
    body = [
        [
            text_cell(r["year"]),
            *(number_cell(r[c], 1) for c in ("value", "range_low", "range_high")),
            *(number_cell(r[c], 0) for c in ("measures", "measures_expected")),
        ]
        for r in sorted(found, key=lambda r: r["year"])
    ]
    ranged = any(r["range_low"] is not None for r in found)
    notes = ["Färgad yta: mellan vilka värden indexet hamnar om ett av måtten utelämnas."] if ranged else []
    file = f"index-{framework['framework_id']}-{goal['goal_area_id']}-{indicator_id}-{area['area_code']}"
    return Figure(file, title or f"Sammanvägt index, {area['name_sv']}", text, svg, head, body, _own(facts), notes, held_rows(found))


def index_places(facts: Facts, framework: Row, goal: Row, indicator: Row | None) -> Figure | None:
    """The municipalities' latest aggregated indicator beside each other, each with what it would be without one of its measures."""
    indicator_id = indicator["indicator_id"] if indicator else "all"
    found = {}
    for area in facts.areas_of(framework["county_code"], "municipality"):
        rows = facts.composites.get((framework["framework_id"], goal["goal_area_id"], indicator_id, area["area_code"]), [])
        if valued := [r for r in rows if r["value"] is not None]:
            found[area["name_sv"]] = max(valued, key=lambda r: r["year"])
    if len(found) < 2:
        return None
    newest = max(r["year"] for r in found.values())
    ordered = sorted(((name, r) for name, r in found.items() if r["year"] == newest), key=lambda pair: -pair[1]["value"])
    text = f"{extremes([(name, r['value']) for name, r in ordered], 1)}."
    ranges = [Range(name, r["value"], r["range_low"], r["range_high"], role_of(facts, r["area_code"], framework["home"])) for name, r in ordered]
    name = (indicator or goal)["name_sv"]
    svg = draw_chart(facts, RangeChart(ranges, "index", 100.0), f"Punktdiagram, sammanvägt index för {name} i kommunerna {newest}. {text}")
    body = [
        [
            text_cell(name),
            *(number_cell(r[c], 1) for c in ("value", "range_low", "range_high")),
            *(number_cell(r[c], 0) for c in ("measures", "measures_expected")),
        ]
        for name, r in ordered
    ]
    notes = ["Streckad linje: 100, medelvärdet för kommunerna basåret."]
    if any(r["range_low"] is not None for _, r in ordered):
        notes.append("Breda streck: mellan vilka värden indexet hamnar om ett av måtten utelämnas.")
    head = ["Kommun", "Index", "Lägst om ett mått utelämnas", "Högst om ett mått utelämnas", "Antal mått", "Av väntade mått"]
    file = f"index-{framework['framework_id']}-{goal['goal_area_id']}-{indicator_id}-kommuner"
    return Figure(file, f"Kommunerna {newest}", text, svg, head, body, _own(facts), notes, held_rows(r for _, r in ordered))


def _own(facts: Facts) -> str:
    return "Påhittade uppgifter för demonstration" if facts.release["is_demo"] else "Egen beräkning; måttens källor står på deras sidor"
