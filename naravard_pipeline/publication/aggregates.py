"""The rows of a release that mix several measures: the aggregated indicators and their parts.

Here: which of them may go out while a measure in them is held. Such an index would be of two releases, so all of it stays as it was last released,
or is left out where it never was. That goes for a measure that is new in it as well: the new index is computed with its held figures, and its reason
says that it was not in the one that is shown. Not here: tables whose rows belong to one measure each (assembly).
"""

from naravard_pipeline.publication.contract import Table

AGGREGATES = ("fct_composites", "fct_composite_parts")
KEY = ("framework_id", "goal_area_id", "indicator_id")
FLAGS = ("is_held", "held_reason", "held_since")

# `shown`, `accepted` and `holds` are assembly's tables of measures; `last_parts` are the parts of the last release, or none.
_MIXED = """
create temp table mixed_aggregates as
with parts as (
    select framework_id, goal_area_id, indicator_id, measure_id from candidate.main.fct_composite_parts
    union
    select framework_id, goal_area_id, indicator_id, measure_id from {last_parts} where measure_id in (select measure_id from holds)
)
select
    p.framework_id, p.goal_area_id, p.indicator_id,
    concat_ws(
        ' ',
        'Ett mått i indexet hålls tillbaka: ' || string_agg(distinct m.name_sv, ', ' order by m.name_sv) filter (p.was_in) || '.',
        'Ett mått som är nytt i indexet hålls tillbaka: ' || string_agg(distinct m.name_sv, ', ' order by m.name_sv) filter (not p.was_in)
            || '. Till dess visas indexet som det var utan det.'
    ) as held_reason,
    min(h.held_since) as held_since,
    (p.framework_id, p.goal_area_id) in (select (framework_id, goal_area_id) from candidate.main.dim_goal_areas)
    and (p.framework_id, p.goal_area_id, p.indicator_id) not in (
        select (framework_id, goal_area_id, indicator_id) from {last_parts} where measure_id not in (select measure_id from shown)
    ) as may_stay
from (
    select *, (framework_id, goal_area_id, indicator_id, measure_id) in (
        select (framework_id, goal_area_id, indicator_id, measure_id) from {last_parts}
    ) as was_in
    from parts
) as p
left join candidate.main.dim_measures as m on m.measure_id = p.measure_id
left join (from holds union all from left_out) as h on h.measure_id = p.measure_id
where p.measure_id not in (select measure_id from accepted) or p.measure_id in (select measure_id from left_out)
group by p.framework_id, p.goal_area_id, p.indicator_id
"""
_NO_PARTS = (
    "(select null::varchar as framework_id, null::varchar as goal_area_id, null::varchar as indicator_id, null::varchar as measure_id where false)"
)


def find_mixed_sql(has_last: bool) -> str:
    """Create ``mixed_aggregates``: the indices with a measure that does not go out as it was built."""
    return _MIXED.format(last_parts="last.main.fct_composite_parts" if has_last else _NO_PARTS)


def aggregate_rows_sql(table: Table, last_columns: set[str]) -> str:
    """The rows of one of ``AGGREGATES``. ``last_columns`` are those the last release has of it; empty where it has none."""
    key = f"({', '.join(KEY)})"
    rows = f"select {', '.join(table.column_names)} from candidate.main.{table.name} where {key} not in (select {key} from mixed_aggregates)"
    if last_columns:
        kept = ", ".join(_kept_column(c.name, c.type, last_columns) for c in table.columns)
        rows += f" union all select {kept} from last.main.{table.name} as l join mixed_aggregates as m using {key} where m.may_stay"
    return f"({rows})"


def _kept_column(name: str, kind: str, there: set[str]) -> str:
    if name == "is_held":
        return "true as is_held"
    if name in FLAGS:
        return f"m.{name}"
    return f"l.{name}" if name in there else f"cast(null as {kind}) as {name}"
