"""A page about every measure of a release, and one that lists them by goal area: what it is, how it comes about, what to beware of, whom to ask.

Here: reading that from the release's own tables, so that a page never says anything else than the data, and writing ``matt/*.html``.
Not here: how the pages look (templates, pages), the figures themselves, of which only the newest totals are shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment
from markupsafe import Markup

from naravard_pipeline.catalogue.marts import mart_name
from naravard_pipeline.pages import open_templates
from naravard_pipeline.pages.rows import read_rows
from naravard_pipeline.publication.changes_page import VALUES_SV
from naravard_pipeline.publication.folders import REPORTS
from naravard_pipeline.site.facts import read_holds
from naravard_pipeline.site.holds import held

FOLDER = "matt"
AREA_TYPES_SV = {"nation": "riket", "region": "regionerna", "county_part": "länsdelarna", "municipality": "kommunerna"}
Row = dict[str, Any]

# The nation, and the counties and municipalities of the frameworks that the measure stands in (of all, where it stands in none); the newest period
# with a value, women and men left to the data.
_LATEST = """
    select o.measure_id, a.area_code, a.name_sv as area_name_sv, o.period_label, o.value, o.since_date, o.denominator, o.ci_lower, o.ci_upper,
        o.status, o.reporter
    from fct_observations as o
    join dim_areas as a on a.area_code = o.area_code
    join dim_measures as m on m.measure_id = o.measure_id
    where o.sex = 'total' and o.age_group = m.age_group
        and (a.area_code = '00' or exists (
            select 1 from dim_frameworks as f
            where (a.area_code = f.county_code or (a.parent_code = f.county_code and a.area_type = 'municipality'))
                and (f.framework_id in (select b.framework_id from bridge_indicator_measures as b where b.measure_id = o.measure_id)
                    or o.measure_id not in (select b.measure_id from bridge_indicator_measures as b))
        ))
    qualify row_number() over (
        partition by o.measure_id, o.area_code, o.reporter order by o.value is null and o.status <> 'suppressed', o.period_start desc
    ) = 1
    order by o.measure_id, a.sort_order, o.reporter
"""
_SERIES = """
    select measure_id, min(period_label) filter (value is not null) as first_period, max(period_label) filter (value is not null) as last_period
    from fct_observations group by measure_id
"""
_SEGMENTS = """
    select measure_id, segment_id, min(period_label) as first_period, max(period_label) as last_period
    from fct_observations group by measure_id, segment_id order by measure_id, min(period_start)
"""
_LINKS = """
    select b.measure_id, b.official_name_sv, b.is_proposal or i.is_proposal as is_proposal, i.framework_id, i.goal_area_id, i.indicator_id,
        i.name_sv as indicator_sv, g.name_sv as goal_area_sv, f.name_sv as framework_sv
    from bridge_indicator_measures as b
    join dim_indicators as i on i.framework_id = b.framework_id and i.indicator_id = b.indicator_id
    join dim_goal_areas as g on g.framework_id = i.framework_id and g.goal_area_id = i.goal_area_id
    join dim_frameworks as f on f.framework_id = i.framework_id
    order by f.sort_order, g.sort_order, i.sort_order
"""
_INDICATORS = """
    select i.name_sv as indicator_sv, g.name_sv as goal_area_sv, f.name_sv as framework_sv
    from dim_indicators as i
    join dim_goal_areas as g on g.framework_id = i.framework_id and g.goal_area_id = i.goal_area_id
    join dim_frameworks as f on f.framework_id = i.framework_id
    order by f.sort_order, g.sort_order, i.sort_order
"""


def write_measure_pages(
    connection: duckdb.DuckDBPyConnection, folder: Path, release: Mapping[str, Any], charts: Mapping[str, Markup] | None = None
) -> None:
    """Write ``matt/index.html`` and ``matt/<measure_id>.html`` into the release ``folder``; ``connection`` is its database.

    ``charts``: measure → its part with charts, which takes the place of the list of newest values.

    What a table or column that is not there would have said is left out. The monthly reports are linked where there are any, from ``current/``.
    """
    measures = {row["measure_id"]: row for row in read_rows(connection, "select * from dim_measures order by name_sv")}
    sources = {row["source_id"]: row for row in read_rows(connection, "select * from dim_sources")}
    in_order = read_rows(connection, _LINKS)
    links, latest, segments = map(_by_measure, (in_order, read_rows(connection, _LATEST), read_rows(connection, _SEGMENTS)))
    series = {row["measure_id"]: row for row in read_rows(connection, _SERIES)}
    names = {row["area_code"]: row["name_sv"] for row in read_rows(connection, "select area_code, name_sv from dim_areas")}
    notices = read_rows(connection, "select * from meta_corrections order by number desc")
    corrections = _by_measure([row | {"area_name_sv": names.get(row["area_code"], row["area_code"])} for row in notices])
    holds = {measure_id: held(row) for measure_id, row in read_holds(connection).items()}
    used_in = _used_in(measures)
    replaces = {m["replaced_by"]: m for m in measures.values() if m.get("replaced_by")}
    (folder / FOLDER).mkdir()
    for measure_id, measure in measures.items():
        page = _environment().get_template("measure.html.j2")
        text = page.render(
            release=release,
            is_demo=release["is_demo"],
            root="../",
            charts=(charts or {}).get(measure_id),
            m=measure,
            source=sources.get(measure["source_id"], {}),
            links=[link | {"table": mart_name(link["framework_id"], link["goal_area_id"])} for link in links.get(measure_id, [])],
            latest=latest.get(measure_id, []),
            series=series.get(measure_id, {}),
            held=holds.get(measure_id),
            segments=segments.get(measure_id, []),
            corrections=corrections.get(measure_id, []),
            inputs=[measures[i] for i in _inputs(measure) if i in measures],
            used_in=[measures[i] for i in used_in.get(measure_id, [])],
            replaced_by=measures.get(measure.get("replaced_by")),
            replaces=replaces.get(measure_id),
            tolerances=list(tell_tolerances(measure)),
        )
        (folder / FOLDER / f"{measure_id}.html").write_text(text, encoding="utf-8")
    index = _environment().get_template("measures.html.j2")
    groups = _groups(measures, in_order, read_rows(connection, _INDICATORS))
    has_reports = (folder.parents[1] / REPORTS / "index.html").exists()
    common = {"release": release, "is_demo": release["is_demo"], "root": "../", "has_reports": has_reports}
    text = index.render(measures=measures, groups=groups, holds=holds, **common)
    (folder / FOLDER / "index.html").write_text(text, encoding="utf-8")


def tell_tolerances(measure: Mapping[str, Any]) -> Iterator[str]:
    """Bounds and tolerances of a row of ``dim_measures`` in Swedish sentences; one that is null says nothing."""
    number = _environment().filters["number"]
    if measure.get("value_min") is not None:
        yield f"Ett värde under {number(measure['value_min'])} eller över {number(measure['value_max'])} stoppar måttet: då är något fel."
    if measure.get("max_change") is not None:
        yield f"En ändring med mer än {number(measure['max_change'])} % från en period till nästa ger en varning."
    if measure.get("min_coverage") is not None:
        yield f"Har färre än {number(measure['min_coverage'])} % av områdena ett värde ges en varning."
    if measure.get("max_revision") is not None:
        yield f"Räknas en redan publicerad uppgift om med mer än {number(measure['max_revision'])} % tittar en person på måttet först."
    if measure.get("max_level_shift") is not None:
        yield f"Detsamma gäller när medianen över områdena flyttar sig mer än {number(measure['max_level_shift'])} %."
    if measure.get("max_missing_areas") is not None:
        yield f"Det gäller också när mer än {number(measure['max_missing_areas'])} % av områdena har mist sitt värde."
    if measure.get("approval") == "always":
        yield "En person godkänner varje ändring av måttet."
    if measure.get("reporter") != "source" and measure.get("suppression_threshold"):
        yield f"I uppgifter från filer döljs antal från 1 till {measure['suppression_threshold'] - 1} och det som räknas ur dem."


def _groups(measures: Mapping[str, Row], links: Sequence[Row], indicators: Sequence[Row]) -> dict[str, dict[str, dict[str, list[Row]]]]:
    """Framework → goal area → indicator → measures, in the order of display. An indicator that nothing measures yet has none."""
    groups: dict[str, dict[str, dict[str, list[Row]]]] = {}
    for row in indicators:
        groups.setdefault(row["framework_sv"], {}).setdefault(row["goal_area_sv"], {}).setdefault(row["indicator_sv"], [])
    for link in links:
        areas = groups.setdefault(link["framework_sv"], {})
        areas.setdefault(link["goal_area_sv"], {}).setdefault(link["indicator_sv"], []).append(measures[link["measure_id"]])
    linked = {link["measure_id"] for link in links}
    if others := [m for measure_id, m in measures.items() if measure_id not in linked]:
        groups["Underlag"] = {"Mått utan egen indikator": {"Används för att räkna andra mått, eller hör inte till något ramverk": others}}
    return groups


def _inputs(measure: Mapping[str, Any]) -> list[str]:
    return [name for name in (measure.get("computed_from") or "").split(",") if name]


def _used_in(measures: Mapping[str, Row]) -> dict[str, list[str]]:
    used: dict[str, list[str]] = {}
    for measure_id, measure in measures.items():
        for name in _inputs(measure):
            used.setdefault(name, []).append(measure_id)
    return used


def _by_measure(rows: Sequence[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["measure_id"], []).append(row)
    return grouped


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.publication")
    environment.filters |= {
        "said": lambda code: VALUES_SV.get(code, code),
        "area_types": lambda text: ", ".join(AREA_TYPES_SV.get(t, t) for t in (text or "").split(",") if t),
    }
    return environment
