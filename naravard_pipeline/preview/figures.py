"""What the built figures of one measure say: the newest values, coverage, gaps and outliers.

Here: queries on ``fct_observations``, which is what would be published, so that what is hidden there is nowhere here. Not here: checks, changes.
Outliers are robust: more than 3.5 modified z-scores, 0.6745 (x - median) / MAD, from the median of areas of the same kind
(Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993), of the newest values and of their changes in percent. Of counts only the changes:
how large a municipality is says nothing about its figures. The areas that are shown come first.
"""

from collections.abc import Sequence
from typing import Any

import duckdb

from naravard_pipeline.catalogue import Area, Catalogue, Framework, Measure

OUTLIER, LEAST_AREAS, SHOWN_PERIODS = 3.5, 8, 10

_TOTALS = """
    create or replace temp view totals as
    select o.*, a.name_sv as area_name_sv, a.area_type, a.sort_order
    from fct_observations as o join dim_areas as a using (area_code)
    where o.measure_id = '{measure_id}' and o.sex = 'total' and o.age_group = '{age_group}'
"""
_LATEST = """
    select
        area_code, area_name_sv, area_type, reporter,
        arg_max(period_label, period_start) filter (value is not null) as period_label,
        arg_max(value, period_start) filter (value is not null) as value,
        arg_max(ci_lower, period_start) filter (value is not null) as ci_lower,
        arg_max(ci_upper, period_start) filter (value is not null) as ci_upper,
        arg_max(period_label, period_start) as newest_label,
        arg_max(status, period_start) as newest_status,
        list({'label': period_label, 'value': value, 'status': status} order by period_start) as series
    from totals where list_contains($areas, area_code)
    group by area_code, area_name_sv, area_type, sort_order, reporter order by sort_order, reporter
"""
_COVERAGE = """
    select period_label, area_type, count(distinct area_code) filter (value is not null) as areas
    from totals group by period_start, period_label, area_type order by period_start desc, area_type
"""
_WITHOUT_VALUE = """
    select status, suppression, source_status, count(*) as figures, count(distinct area_code) as areas,
        arg_max(period_label, period_start) as newest_label
    from fct_observations where measure_id = $measure_id and value is null
    group by all order by figures desc, status, suppression, source_status limit 12
"""
_OUTLIERS = """
    with newest as (
        select *, lag(value) over (partition by area_code, segment_id, reporter order by period_start) as before
        from totals where value is not null
        qualify row_number() over (partition by area_code, reporter order by period_start desc) = 1
    ),
    looked_at as (
        select area_type, area_code, area_name_sv, period_label, 'level' as kind, value as x, value, before from newest where not $is_count
        union all
        select area_type, area_code, area_name_sv, period_label, 'change', 100 * (value - before) / nullif(abs(before), 0), value, before from newest
    ),
    centred as (
        select *, median(x) over kinds as middle, count(x) over kinds as n
        from looked_at where x is not null window kinds as (partition by kind, area_type)
    ),
    scored as (
        select *, 0.6745 * (x - middle) / nullif(median(abs(x - middle)) over (partition by kind, area_type), 0) as score from centred
    )
    select kind, area_code, area_name_sv, area_type, period_label, value, before, middle, round(score, 1) as score
    from scored where n >= $least and abs(score) > $outlier order by not list_contains($areas, area_code), abs(score) desc, area_code
"""


def inputs_of(measure: Measure, catalogue: Catalogue) -> list[Measure]:
    """The measures whose figures must be at hand: itself, or what it is computed from."""
    return [catalogue.measures[name] for name in measure.derived.measures] if measure.derived else [measure]


def shown_areas(measure: Measure, catalogue: Catalogue) -> list[Area]:
    """The nation, and the counties and municipalities whose frameworks the measure stands in; those of all frameworks if it stands in none."""
    linked = [catalogue.frameworks[link.framework] for link in measure.indicators] or list(catalogue.frameworks.values())
    shown = {"00"} | {area.area_code for framework in linked for area in framework.own_areas(catalogue.areas.values())}
    return [area for area in catalogue.areas.values() if area.area_code in shown and area.area_type != "county_part"]


def places_of(measure: Measure, catalogue: Catalogue) -> list[tuple[Framework, str, str]]:
    """Where it stands: framework, goal_area_id and indicator_id."""
    return [
        (catalogue.frameworks[link.framework], area.goal_area_id, link.indicator)
        for link in measure.indicators
        for area in catalogue.frameworks[link.framework].goal_areas
        if link.indicator in {i.indicator_id for i in area.indicators}
    ]


def read_figures(connection: duckdb.DuckDBPyConnection, measure: Measure, catalogue: Catalogue) -> dict[str, Any]:
    """``age_group``, ``latest``, ``absent`` (areas without a row), ``coverage``, ``without_value`` and ``outliers``, as rows of plain types."""
    age_group = _age_group(connection, measure)
    areas = shown_areas(measure, catalogue)
    connection.execute(_TOTALS.format(measure_id=measure.measure_id, age_group=age_group))
    shown = {"areas": [a.area_code for a in areas]}
    latest = _rows(connection, _LATEST, shown)
    there = {row["area_code"] for row in latest}
    return {
        "age_group": age_group,
        "latest": latest,
        "absent": [a.name_sv for a in areas if a.area_code not in there and a.area_type in measure.area_types],
        "coverage": _coverage(_rows(connection, _COVERAGE), measure, catalogue),
        "without_value": _rows(connection, _WITHOUT_VALUE, {"measure_id": measure.measure_id}),
        "outliers": _rows(connection, _OUTLIERS, shown | {"least": LEAST_AREAS, "outlier": OUTLIER, "is_count": measure.value_type == "count"}),
    }


def _age_group(connection: duckdb.DuckDBPyConnection, measure: Measure) -> str:
    """The measure's own if it is there, else all ages, else the first."""
    query = "select distinct age_group from fct_observations where measure_id = ? order by age_group"
    there = [row[0] for row in connection.execute(query, [measure.measure_id]).fetchall()]
    return next((g for g in (measure.age_group, "total", *there) if g in there), measure.age_group)


def _coverage(rows: Sequence[dict[str, Any]], measure: Measure, catalogue: Catalogue) -> list[dict[str, Any]]:
    """The newest periods, each with the areas that have a value and those that are expected, by kind of area."""
    files = [m.file for m in inputs_of(measure, catalogue) if m.file]
    county = files[0].county_code if files else None
    kinds = [a.area_type for a in catalogue.areas.values() if county is None or county in (a.area_code, a.parent_code)]
    periods = list(dict.fromkeys(row["period_label"] for row in rows))[:SHOWN_PERIODS]
    counted = {(row["period_label"], row["area_type"]): row["areas"] for row in rows}
    return [
        {"period_label": p, "area_type": t, "areas": counted.get((p, t), 0), "expected": kinds.count(t)} for p in periods for t in measure.area_types
    ]


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    found = connection.execute(query, values or {})
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
