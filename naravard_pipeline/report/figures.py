"""What the releases say about the place, read with SQL into plain rows. Here: the questions. Not here: what is chosen and how it is said (content).

A hidden cell has no value in any table of a release, and nothing here fills one in.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.folders import DATABASE

Row = dict[str, Any]

_MEASURES = """
    select distinct m.*, min(g.sort_order * 1000 + i.sort_order) over (partition by m.measure_id) as place_in_order,
        first(i.name_sv) over (partition by m.measure_id order by g.sort_order, i.sort_order) as indicator_sv
    from dim_measures as m
    join bridge_indicator_measures as b using (measure_id)
    join dim_indicators as i using (framework_id, indicator_id)
    join dim_goal_areas as g using (framework_id, goal_area_id)
    where list_contains(?, b.framework_id) and m.status not in ('draft', 'retired')
    order by place_in_order, m.name_sv
"""
# One row per measure, area and period of the measure's own totals; of several reporters the source, then the region.
_SERIES = """
    select o.measure_id, o.area_code, o.period_start, o.period_end, o.period_months, o.period_label, o.value, o.ci_lower, o.ci_upper, o.status,
        o.segment_id, o.is_held, o.parts_reported, o.parts_expected, o.is_aggregated
    from fct_observations as o join dim_measures as m using (measure_id)
    where o.sex = 'total' and o.age_group = m.age_group and list_contains(?, o.area_code)
    qualify row_number() over (
        partition by o.measure_id, o.area_code, o.period_start, o.period_end
        order by case o.reporter when 'source' then 1 when 'region' then 2 else 3 end
    ) = 1
    order by o.measure_id, o.area_code, o.period_end, o.period_start
"""
_COMPOSITES = """
    select g.name_sv, c.framework_id, c.goal_area_id, c.year, c.value, c.measures, c.is_held
    from fct_composites as c join dim_goal_areas as g using (framework_id, goal_area_id)
    where c.area_code = ? and c.indicator_id = 'all' and not c.is_preliminary and c.value is not null and list_contains(?, c.framework_id)
    order by g.sort_order, c.year
"""
_SIGNALS = """
    select measure_id, period_label, variation, variation_sv, signal_sv from fct_run_charts where area_code = ?
    qualify row_number() over (partition by measure_id order by period_end desc) = 1
"""
_INITIATIVES = """
    select i.*, (select string_agg(a.name_sv, ', ' order by a.sort_order)
        from bridge_initiative_areas as b join dim_areas as a using (area_code) where b.initiative_id = i.initiative_id) as areas_sv
    from dim_initiatives as i
    where list_contains(?, i.framework_id) and (? or exists (
        select 1 from bridge_initiative_areas as b where b.initiative_id = i.initiative_id and b.area_code = ?
    ))
    order by i.start_date, i.initiative_id
"""
_GAPS = "select name_sv from dim_indicators where is_gap and list_contains(?, framework_id) order by sort_order"
_LATEST_ELSEWHERE = """
    select measure_id, period_end, period_label, count(*) as places from fct_observations as o join dim_measures as m using (measure_id)
    join dim_areas as a using (area_code)
    where o.value is not null and o.sex = 'total' and o.age_group = m.age_group and a.area_type = ? and a.parent_code is not distinct from ?
    group by measure_id, period_end, period_label
    qualify row_number() over (partition by measure_id order by period_end desc) = 1
"""
_CHANGES = """
    select r.measure_id, r.kind, r.period_label, r.period_end, r.value_before, r.value_after, r.change_percent
    from change_rows as r join change_measures as m using (measure_id)
    where r.area_code = ? and r.sex = 'total' and r.age_group = coalesce(m.age_group, r.age_group)
        and (r.kind in ('revised', 'withdrawn') or (r.kind in ('new_period', 'new_value') and r.value_after is not null))
    union all
    select measure_id, kind, null, null, null, null, null from change_rows where kind = 'new_measure'
"""


_CORRECTIONS = """
    select measure_id, text_sv, corrected_at from meta_corrections
    where corrected_at >= ? and (area_code is null or area_code = ?) order by number desc
"""


def open_release(release: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(release / DATABASE), read_only=True)


def read_rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
    found = connection.execute(query, list(parameters))
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def read_measures(connection: duckdb.DuckDBPyConnection, framework_ids: Sequence[str]) -> list[Row]:
    return read_rows(connection, _MEASURES, [list(framework_ids)])


def read_measures_before(release: Path | None, framework_ids: Sequence[str]) -> dict[str, Row]:
    """What the release from before the month promised; nothing where there is none, or it is of a version that promised nothing."""
    if release is None:
        return {}
    try:
        with open_release(release) as connection:
            return {m["measure_id"]: m for m in read_measures(connection, framework_ids)}
    except (duckdb.CatalogException, duckdb.BinderException):
        return {}


def read_assessments(connection: duckdb.DuckDBPyConnection, area_code: str) -> dict[str, Row]:
    """By measure; of several reporters the source, then the region."""
    order = "case reporter when 'source' then 3 when 'region' then 2 else 1 end"
    return {r["measure_id"]: r for r in read_rows(connection, f"select * from fct_assessments where area_code = ? order by {order}", [area_code])}


def read_series(connection: duckdb.DuckDBPyConnection, area_codes: Sequence[str]) -> dict[tuple[str, str], list[Row]]:
    """By measure and area, oldest first."""
    series: dict[tuple[str, str], list[Row]] = {}
    for row in read_rows(connection, _SERIES, [list(area_codes)]):
        series.setdefault((row["measure_id"], row["area_code"]), []).append(row)
    return series


def read_composites(connection: duckdb.DuckDBPyConnection, area_code: str, framework_ids: Sequence[str]) -> list[Row]:
    return read_rows(connection, _COMPOSITES, [area_code, list(framework_ids)])


def read_signals(connection: duckdb.DuckDBPyConnection, area_code: str) -> dict[str, Row]:
    return {r["measure_id"]: r for r in read_rows(connection, _SIGNALS, [area_code])}


def read_initiatives(connection: duckdb.DuckDBPyConnection, framework_ids: Sequence[str], area_code: str, everywhere: bool) -> list[Row]:
    rows = read_rows(connection, _INITIATIVES, [list(framework_ids), everywhere, area_code])
    effects = read_rows(connection, "select initiative_id, measure_id, summary_sv, is_held from fct_initiative_effects order by all")
    return [row | {"effects": [e for e in effects if e["initiative_id"] == row["initiative_id"]]} for row in rows]


def read_gaps(connection: duckdb.DuckDBPyConnection, framework_ids: Sequence[str]) -> list[str]:
    return [r["name_sv"] for r in read_rows(connection, _GAPS, [list(framework_ids)])]


def read_municipalities(connection: duckdb.DuckDBPyConnection, county_code: str) -> dict[str, str]:
    """Code → name, in their order; none of a place that is no county."""
    query = "select area_code, name_sv from dim_areas where area_type = 'municipality' and parent_code = ? order by sort_order, area_code"
    return {row["area_code"]: row["name_sv"] for row in read_rows(connection, query, [county_code])}


def read_corrections(connection: duckdb.DuckDBPyConnection, area_code: str, since: date) -> list[Row]:
    return read_rows(connection, _CORRECTIONS, [since, area_code])


def read_area(connection: duckdb.DuckDBPyConnection, area_code: str) -> Row:
    return read_rows(connection, "select * from dim_areas where area_code = ?", [area_code])[0]


def read_latest_elsewhere(connection: duckdb.DuckDBPyConnection, area: Row) -> dict[str, Row]:
    """By measure: the newest period for which places of the same kind, in the same county, have a value."""
    return {r["measure_id"]: r for r in read_rows(connection, _LATEST_ELSEWHERE, [area["area_type"], area["parent_code"]])}


def read_changes(before: Path | None, after: Path, area_code: str) -> dict[str, list[Row]] | None:
    """By measure: what differs for the area from one release to the other; None where there is nothing to compare with."""
    if before is None:
        return None
    with duckdb.connect() as connection:
        for name, folder in (("last", before), ("candidate", after)):
            attach(connection, folder / DATABASE, name)
        compare(connection)
        changes: dict[str, list[Row]] = {}
        for row in read_rows(connection, _CHANGES, [area_code]):
            changes.setdefault(row["measure_id"], []).append(row)
        return changes
