"""What a release says, read from its own published tables and ordered as the pages want it. What is hidden there is not here either.

Not here: any figure computed anew, any page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from naravard_pipeline.pages.rows import read_rows

Row = dict[str, Any]

_AREAS = """
    select *, case when area_type = 'region' then area_code when area_type <> 'nation' then parent_code end as county_code
    from dim_areas
    where area_code = '00' or area_code in (select county_code from dim_frameworks) or parent_code in (select county_code from dim_frameworks)
    order by county_code nulls first, area_type <> 'region', area_type <> 'county_part', sort_order
"""
# The length of period that most areas are assessed by: a month and a sum of twelve months must not stand beside each other.
ASSESSED = """
    select measure_id, period_months
    from (select measure_id, datediff('month', period_start, period_end) + 1 as period_months, count(*) as n from fct_assessments group by all)
    qualify row_number() over (partition by measure_id order by n desc, period_months) = 1
"""
# One series per measure and area: totals of the measure's own ages; where months and sums of twelve months stand beside each other, those that are
# assessed, else the longer; by the reporter that the assessment is about, else the first by name.
_SERIES = f"""
    with shown as (
        select area_code from dim_areas where area_code = '00' or area_code in (select county_code from dim_frameworks)
            or parent_code in (select county_code from dim_frameworks)
    ),
    assessed as ({ASSESSED}),
    of_interest as (
        select o.*, coalesce(o.reporter = s.reporter, false) as is_assessed
        from fct_observations as o
        join dim_measures as m on m.measure_id = o.measure_id
        join shown on shown.area_code = o.area_code
        left join fct_assessments as s on s.measure_id = o.measure_id and s.area_code = o.area_code
        left join assessed as l on l.measure_id = o.measure_id
        where o.sex = 'total' and o.age_group = m.age_group
        qualify o.period_months = coalesce(l.period_months, max(o.period_months) over (partition by o.measure_id))
    )
    select * from of_interest
    qualify row_number() over (partition by measure_id, area_code, period_start, period_end order by is_assessed desc, value is null, reporter) = 1
    order by measure_id, area_code, period_start
"""
_ASSESSMENTS = f"""
    select s.* from fct_assessments as s join dim_areas as a on a.area_code = s.area_code
    join ({ASSESSED}) as l on l.measure_id = s.measure_id and l.period_months = datediff('month', s.period_start, s.period_end) + 1
    where s.area_code = '00' or s.area_code in (select county_code from dim_frameworks)
        or a.parent_code in (select county_code from dim_frameworks)
"""
_RUNS = """
    select r.* from fct_run_charts as r join dim_areas as a on a.area_code = r.area_code
    where r.area_code in (select county_code from dim_frameworks) or a.parent_code in (select county_code from dim_frameworks)
    order by r.measure_id, a.sort_order, r.period_start
"""
_COMPOSITES = """
    select c.* from fct_composites as c
    join dim_areas as a on a.area_code = c.area_code
    join dim_frameworks as f on f.framework_id = c.framework_id and (a.area_code in ('00', f.county_code) or a.parent_code = f.county_code)
    order by c.framework_id, c.goal_area_id, c.indicator_id, a.sort_order, c.year
"""
_MARKS = "select * from bridge_initiative_marks order by measure_id, mark_date, label_sv"
_EFFECTS = """
    select e.*, i.name_sv, i.framework_id from fct_initiative_effects as e join dim_initiatives as i on i.initiative_id = e.initiative_id
    order by e.measure_id, i.start_date, i.initiative_id, e.area_type
"""
_ANSWERS = """
    select * from fct_surveys where sex = 'total' order by share_measure_id, area_code, reporter, alternative_number, wave_number
"""
_CHANGES = "select * from fct_survey_changes order by measure_id, area_code, followup_date"
_CORRECTIONS = "select * from meta_corrections order by number desc"
_HELD = """
    select h.measure_id, m.name_sv, h.held_reason as reason, h.held_since as since, h.state = 'left_out' as is_left_out
    from meta_holds as h join dim_measures as m on m.measure_id = h.measure_id order by m.name_sv
"""
_HELD_ROWS = """
    select o.measure_id, m.name_sv, max(o.held_reason) as reason, min(o.held_since) as since, false as is_left_out
    from fct_observations as o join dim_measures as m on m.measure_id = o.measure_id where o.is_held group by all order by m.name_sv
"""


@dataclass(frozen=True)
class Facts:
    """All that the pages need, by measure and area; aggregated indicators by framework, goal area, indicator (``all`` for the whole) and area."""

    release: Mapping[str, Any]
    frameworks: Sequence[Row]
    areas: Mapping[str, Row]
    measures: Mapping[str, Row]
    series: Mapping[tuple[str, str], Sequence[Row]]
    assessments: Mapping[tuple[str, str], Row]
    runs: Mapping[tuple[str, str], Sequence[Row]]
    composites: Mapping[tuple[str, str, str, str], Sequence[Row]]
    marks: Mapping[str, Sequence[Row]]
    effects: Mapping[str, Sequence[Row]]
    segments: Mapping[str, Sequence[Row]]
    answers: Mapping[tuple[str, str], Sequence[Row]]
    changes: Mapping[tuple[str, str], Sequence[Row]]
    holds: Mapping[str, Row]
    corrections: Mapping[str, Sequence[Row]]
    drawn: Mapping[str, str] = field(default_factory=dict)

    def areas_of(self, county: str | None, *types: str) -> list[Row]:
        """What lies in a county, itself first; the nation for none."""
        return [a for a in self.areas.values() if a["county_code"] == county and (not types or a["area_type"] in types)]

    def homes_of(self, measure_id: str) -> dict[str, str | None]:
        """What the frameworks that follow the measure are about, with the county of each; all counties for a measure that none follows."""
        following = [f for f in self.frameworks if any(measure_id in i["measures"] for g in f["goal_areas"] for i in g["indicators"])]
        homes = {f["home"]: f["county_code"] for f in following} or {f["county_code"] or "00": f["county_code"] for f in self.frameworks}
        return {home: county for home, county in homes.items() if home in self.areas}

    def effects_in(self, measure_id: str, home: str) -> list[Row]:
        """What the initiatives of the frameworks that are about ``home`` came to, by this measure."""
        ours = {f["framework_id"] for f in self.frameworks if home in (f["home"], f["county_code"])}
        return [e for e in self.effects.get(measure_id, []) if e["framework_id"] in ours]

    def has_page(self, area_code: str) -> bool:
        """Only areas whose framework it is have a page of their own; the others are there to compare with."""
        return any(area_code in f["areas"] for f in self.frameworks)


def read_facts(connection: duckdb.DuckDBPyConnection, release: Mapping[str, Any], drawn: Mapping[str, str] | None = None) -> Facts:
    """``connection`` is the release's database. A table that is not there says nothing. ``drawn`` are charts that need not be drawn again."""
    areas = {row["area_code"]: row for row in read_rows(connection, _AREAS)}
    return Facts(
        release,
        _frameworks(connection, areas),
        areas,
        {row["measure_id"]: row for row in read_rows(connection, "select * from dim_measures order by name_sv")},
        _grouped(read_rows(connection, _SERIES), "measure_id", "area_code"),
        {(row["measure_id"], row["area_code"]): row for row in read_rows(connection, _ASSESSMENTS)},
        _grouped(read_rows(connection, _RUNS), "measure_id", "area_code"),
        _grouped(read_rows(connection, _COMPOSITES), "framework_id", "goal_area_id", "indicator_id", "area_code"),
        _grouped(read_rows(connection, _MARKS), "measure_id"),
        _grouped(read_rows(connection, _EFFECTS), "measure_id"),
        _grouped(read_rows(connection, "select * from dim_segments order by measure_id, segment_number"), "measure_id"),
        _grouped(read_rows(connection, _ANSWERS), "share_measure_id", "area_code"),
        _grouped(read_rows(connection, _CHANGES), "measure_id", "area_code"),
        read_holds(connection),
        _grouped(read_rows(connection, _CORRECTIONS), "measure_id"),
        drawn or {},
    )


def read_holds(connection: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    """Measure → why it shows older figures, or none, and since when; from the figures themselves where nothing else tells, too."""
    return {row["measure_id"]: row for query in (_HELD_ROWS, _HELD) for row in read_rows(connection, query)}


def _frameworks(connection: duckdb.DuckDBPyConnection, areas: Mapping[str, Row]) -> list[Row]:
    """Framework → goal areas → indicators → ids of measures, all in the order of display; with the areas whose framework it is.

    ``home`` is what its pages are about: its only municipality, else the county, else the nation.
    """
    goals = read_rows(connection, "select * from dim_goal_areas order by sort_order")
    indicators = read_rows(connection, "select * from dim_indicators order by sort_order")
    measures = _grouped(read_rows(connection, "select * from bridge_indicator_measures"), "framework_id", "indicator_id")
    frameworks = read_rows(connection, "select * from dim_frameworks order by sort_order")
    own = _grouped(read_rows(connection, "select * from bridge_framework_areas"), "framework_id")
    for framework in frameworks:
        county = framework["county_code"]
        named = {row["area_code"] for row in own.get(framework["framework_id"], [])}
        framework["areas"] = [code for code, a in areas.items() if code in named or (not named and a["county_code"] == county)]
        towns = [code for code in framework["areas"] if areas[code]["area_type"] == "municipality"]
        framework["home"] = towns[0] if len(towns) == 1 else county or "00"
        mine = [g for g in goals if g["framework_id"] == framework["framework_id"]]
        framework["goal_areas"] = mine
        for goal in mine:
            goal["indicators"] = [
                i | _measures(measures.get((i["framework_id"], i["indicator_id"]), []), i)
                for i in indicators
                if (i["framework_id"], i["goal_area_id"]) == (goal["framework_id"], goal["goal_area_id"])
            ]
    return frameworks


def _measures(links: Sequence[Row], indicator: Row) -> dict[str, list[str]]:
    """The measures of an indicator, and those of them that its framework's owner has not decided on."""
    proposed = [b["measure_id"] for b in links if b.get("is_proposal") and not indicator.get("is_proposal")]
    return {"measures": [b["measure_id"] for b in links], "proposed": proposed}


def _grouped(found: Iterable[Row], *keys: str) -> dict[Any, list[Row]]:
    grouped: dict[Any, list[Row]] = {}
    for row in found:
        key = tuple(row[k] for k in keys) if len(keys) > 1 else row[keys[0]]
        grouped.setdefault(key, []).append(row)
    return grouped
