"""What a change does to whole periods: the level over the areas, and the areas that are lacking. Read by the review and by the report.

Here: two temp tables over what ``changes.compare`` left. Not here: whether a shift is too large (review_figures). Only totals (``sex = 'total'``) are
looked at, and only what is shown: a figure that is or was hidden is in no median, and what is hidden is not lacking.

``change_levels``   one row per measure, period, kind of area, age group and reporter whose level can be compared: ``basis`` (``revision``: with
                    the last release, ``period``: a new period with the one before it in the same series), ``areas`` (those with a value on both
                    sides, the same ones), ``median_before``, ``median_after``, ``change_percent`` (signed; null from nought)
``change_missing``  one row per measure, period, kind of area, age group and reporter where areas are lacking: ``basis`` (``released``: had a value
                    in that released period and have none there now, ``period``: had one in the newest released period and are absent from a new
                    one), ``areas``, ``missing``, ``missing_codes`` (the first ten)
"""

import duckdb


def measure_levels(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``change_levels`` and ``change_missing`` from the temp tables of ``changes.compare``, which calls it."""
    for statement in (_PERIODS, _LEVELS, _RELEASED, _MISSING):
        connection.execute(statement)


_PERIODS = """
create or replace temp table level_periods as
select distinct measure_id, 'revision' as basis, period_start, period_end, period_start as from_start, period_end as from_end
from change_rows
where kind = 'revised' and sex = 'total'
union all
select n.measure_id, 'period', n.period_start, n.period_end, p.period_start, p.period_end
from (select distinct measure_id, period_start, period_end from change_rows where kind = 'new_period') as n
join (
    select distinct measure_id, period_start, period_end from after_cells
    where sex = 'total' and value is not null and measure_id in (select measure_id from change_rows where kind = 'new_period')
) as p on p.measure_id = n.measure_id and p.period_end < n.period_end
qualify row_number() over (partition by n.measure_id, n.period_start, n.period_end order by p.period_end desc, p.period_start desc) = 1
"""

_PAIRS = """
    select l.measure_id, l.basis, l.period_start, l.period_end, n.period_label, o.period_label as from_label,
        coalesce(t.area_type, 'area') as area_type, n.age_group, n.reporter, o.value as value_before, n.value as value_after
    from level_periods as l
    join after_cells as n on n.measure_id = l.measure_id and n.period_start = l.period_start and n.period_end = l.period_end
    join {cells} as o on o.measure_id = l.measure_id and o.period_start = l.from_start and o.period_end = l.from_end
        and o.area_code = n.area_code and o.sex = n.sex and o.age_group = n.age_group and o.reporter = n.reporter
        and coalesce(o.segment_id = n.segment_id, true)
    left join change_areas as t on t.area_code = n.area_code
    left join change_rows as s on s.kind = 'shown' and s.measure_id = o.measure_id and s.area_code = o.area_code
        and s.period_start = o.period_start and s.period_end = o.period_end
        and s.sex = o.sex and s.age_group = o.age_group and s.reporter = o.reporter
    where l.basis = '{basis}' and n.sex = 'total' and n.value is not null and o.value is not null and s.kind is null
"""
_LEVELS = f"""
create or replace temp table change_levels as
select
    measure_id, basis, period_start, period_end, any_value(period_label) as period_label, any_value(from_label) as from_label,
    area_type, age_group, reporter, count(*) as areas,
    median(value_before) as median_before, median(value_after) as median_after,
    100 * (median(value_after) - median(value_before)) / nullif(abs(median(value_before)), 0) as change_percent
from ({_PAIRS.format(cells="before_cells", basis="revision")} union all {_PAIRS.format(cells="after_cells", basis="period")})
group by measure_id, basis, period_start, period_end, area_type, age_group, reporter
"""

# The periods in which something may be lacking: the newest one, and those that lost a value.
_RELEASED = """
create or replace temp table released_cells as
select c.*, c.period_end = n.period_end as is_newest
from (
    select measure_id, area_code, period_start, period_end, period_label, age_group, reporter from before_cells
    where sex = 'total' and value is not null
) as c
join (
    select measure_id, max(period_end) as period_end from before_cells
    where sex = 'total' and value is not null
        and measure_id in (select measure_id from differing_measures where kind is null or kind = 'removed_measure')
    group by measure_id
) as n on n.measure_id = c.measure_id
left join (
    select distinct measure_id, period_start, period_end from change_rows where kind = 'withdrawn' and sex = 'total'
) as w on w.measure_id = c.measure_id and w.period_start = c.period_start and w.period_end = c.period_end
where c.period_end = n.period_end or w.measure_id is not null
"""
# Files come in one by one, so that a new period of theirs is never whole at first: of those only what was taken back is lacking.
_MISSING = """
create or replace temp table change_missing as
with periods as (
    select distinct measure_id, 'released' as basis, period_start, period_end, period_label from released_cells
    union all
    select r.measure_id, 'period', r.period_start, r.period_end, any_value(r.period_label)
    from change_rows as r
    where r.kind = 'new_period' and r.sex = 'total'
        and r.period_end > (select max(n.period_end) from released_cells as n where n.measure_id = r.measure_id)
    group by r.measure_id, r.period_start, r.period_end
    having count(r.value_after) > 0
),
expected as (
    select p.measure_id, p.basis, p.period_start, p.period_end, p.period_label, n.area_code, n.age_group, n.reporter,
        a.value is null and not coalesce(a.is_hidden, false) as is_missing
    from periods as p
    join released_cells as n on n.measure_id = p.measure_id
        and ((p.basis = 'period' and n.is_newest) or (p.basis = 'released' and n.period_start = p.period_start and n.period_end = p.period_end))
    left join (
        select * from after_cells where sex = 'total' and measure_id in (select measure_id from released_cells)
    ) as a on a.measure_id = p.measure_id and a.period_start = p.period_start and a.period_end = p.period_end
        and a.area_code = n.area_code and a.age_group = n.age_group and a.reporter = n.reporter
    where p.basis = 'released' or n.reporter = 'source'
)
select
    e.measure_id, e.basis, e.period_start, e.period_end, any_value(e.period_label) as period_label,
    coalesce(t.area_type, 'area') as area_type, e.age_group, e.reporter,
    count(*) as areas, count(*) filter (e.is_missing) as missing,
    list_sort(list(e.area_code) filter (e.is_missing))[:10] as missing_codes
from expected as e
left join change_areas as t on t.area_code = e.area_code
group by e.measure_id, e.basis, e.period_start, e.period_end, coalesce(t.area_type, 'area'), e.age_group, e.reporter
having count(*) filter (e.is_missing) > 0
"""
