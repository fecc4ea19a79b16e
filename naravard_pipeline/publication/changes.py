"""What differs between two databases of figures, cell by cell: the candidate and the last release, or two releases.

Here: the comparison in SQL, left in temp tables of the connection. Not here: one side's
figures under common names (compared_cells), what earlier releases showed (earlier), the levels of whole periods (levels), what must wait for a person
(review), the report (change_report). What is hidden on either side has no number in any of these tables.

``change_basis``      one row: ``is_comparable``, ``has_before``; without both, every measure is new
``change_rows``       one row per cell that differs (``new_measure``, ``removed_measure``: one per measure, with its number of ``cells``);
                      ``is_slight``: revised by less than one unit of the last decimal that the measure shows
``definition_rows``   one row per measure and column of ``dim_measures`` that differs, tolerances too: ``measure_id,
                      column_name, text_before, text_after``
``change_measures``   one row per measure of either side, as ``dim_measures`` says it; its tolerances are the stricter ones of both sides
``released_measures`` measures that have had figures in ``before`` or in an earlier release
``change_areas``      one row per area: ``area_code, name_sv, area_type``
``returned_rows``     one row per value of a released period that ``before`` does not show, but that an earlier release did: its newest value there
                      is ``value_before``; columns as of ``change_rows``
``before_cells``, ``after_cells``   views of the figures under common names; they live as long as the databases stay attached
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from naravard_pipeline.publication.compared_cells import KEY, NEEDED, PERCENT, columns_of, keep_cells
from naravard_pipeline.publication.earlier import keep_earlier
from naravard_pipeline.publication.levels import measure_levels

KINDS = (
    "new_measure",  # the measure had no figure at all
    "new_period",  # the measure had no such period
    "new_value",  # a value where there was none
    "revised",
    "withdrawn",  # a value before, none now; the row may be gone with it
    "removed_measure",
    "hidden",  # shown before, hidden now
    "shown",  # hidden before, shown now
    "status",  # another status and the same value or none, a row without value that came or went included
    "break",  # another series, nothing else
    "detail",  # the same value, but another numerator, denominator, interval or number of answers
)
DEFINITIONS = {
    "name_sv": "varchar",
    "definition_sv": "varchar",
    "unit": "varchar",
    "direction": "varchar",
    "value_type": "varchar",
    "status": "varchar",
    "decimals": "integer",
    "age_group": "varchar",
    "frequency": "varchar",
    "window_years": "integer",
    "source_id": "varchar",
    "source_code": "varchar",
    "computed_from": "varchar",
    "suppression_threshold": "integer",
    "target_value": "double",
    "target_year": "integer",
    "caveat_sv": "varchar",
    "replaced_by": "varchar",
}
TOLERANCES = {"max_revision": "double", "max_level_shift": "double", "max_missing_areas": "double", "approval": "varchar"}


def compare(connection: duckdb.DuckDBPyConnection, before: str = "last", after: str = "candidate", earlier: Iterable[Path] = ()) -> None:
    """Fill the temp tables named above from the databases attached as ``before`` and ``after``; both are only read.

    ``earlier``: database files of other releases, the oldest first, opened only where a measure, a period or a value is new, to tell whether
    readers have seen it before. ``before`` need not be attached, and may be of an older version: a column it lacks is not compared, a table or a
    part of the key it lacks makes everything new.
    Raises ``duckdb.CatalogException`` where ``after`` has no figures.
    """
    there, then = columns_of(connection, after, "fct_observations"), columns_of(connection, before, "fct_observations")
    is_comparable = then >= NEEDED and set(KEY) & there <= then
    nothing = "select null::varchar as measure_id where false"
    known = f"select distinct measure_id from {before}.main.fct_observations" if "measure_id" in then else nothing
    connection.execute(f"create or replace temp table released_measures as {known}")
    _keep_measures(connection, before, after)
    _keep_areas(connection, after)
    common = (there & then) if is_comparable else there
    keep_cells(connection, "after_cells", after, there, common)
    if is_comparable:
        keep_cells(connection, "before_cells", before, then, common)
    else:
        connection.execute("create or replace temp view before_cells as select * from after_cells where false")
    connection.execute("create or replace temp table change_basis as select ? as is_comparable, ? as has_before", [is_comparable, bool(then)])
    connection.execute(_DIFFERING_MEASURES)
    connection.execute(_DIFFERING_KEYS)
    connection.execute(_CHANGE_ROWS)
    keep_earlier(connection, earlier)
    measure_levels(connection)


def _keep_areas(connection: duckdb.DuckDBPyConnection, after: str) -> None:
    there = columns_of(connection, after, "dim_areas")
    names = {name: name if name in there else otherwise for name, otherwise in (("name_sv", "area_code"), ("area_type", "'area'"))}
    columns = f"area_code, {names['name_sv']} as name_sv, {names['area_type']} as area_type"
    rows = f"{after}.main.dim_areas" if there else "(select null::varchar as area_code) where false"
    connection.execute(f"create or replace temp table change_areas as select {columns} from {rows}")


def _keep_measures(connection: duckdb.DuckDBPyConnection, before: str, after: str) -> None:
    """``change_measures`` and ``definition_rows``. The newer side's word comes first, but for the tolerances of a measure that has been released: a
    change cannot bring the limit along that lets it out. A null is no limit; a column that the older side lacks sets none."""
    sides = {}
    for name, database in (("before", before), ("after", after)):
        there = columns_of(connection, database, "dim_measures")
        wanted = {**DEFINITIONS, **TOLERANCES}
        columns = ", ".join(f"{f'cast({c} as {t})' if c in there else f'cast(null as {t})'} as {c}" for c, t in wanted.items())
        rows = f"{database}.main.dim_measures" if there else "(select null as measure_id) where false"
        # What one side does not have as a column is no change of it.
        sides[name] = (f"select cast(measure_id as varchar) as measure_id, {columns} from {rows}", there)
    (old, then), (new, there) = sides["before"], sides["after"]
    stricter = ", ".join(  # least() passes over a null
        f"case when 'always' in (a.{c}, b.{c}) then 'always' else a.{c} end as {c}" if kind == "varchar" else f"least(a.{c}, b.{c}) as {c}"
        for c, kind in TOLERANCES.items()
    )
    connection.execute(
        "create or replace temp table change_measures as "
        f"select a.* replace ({stricter}), coalesce(a.status = 'draft', false) as is_draft, true as is_in_after from ({new}) as a "
        f"left join ({old}) as b on b.measure_id = a.measure_id and b.measure_id in (select measure_id from released_measures) "
        f"union all select *, false, false from ({old}) where measure_id not in (select measure_id from ({new}))"
    )
    parts = [
        f"select b.measure_id, '{c}' as column_name, cast(b.{c} as varchar) as text_before, cast(a.{c} as varchar) as text_after "
        f"from ({old}) as b join ({new}) as a using (measure_id) where b.{c} is distinct from a.{c} and coalesce(a.status, '') <> 'draft'"
        for c in (*DEFINITIONS, *TOLERANCES)
        if c in then and c in there
    ]
    empty = "select null::varchar as measure_id, null::varchar as column_name, null::varchar as text_before, null::varchar as text_after where false"
    connection.execute(f"create or replace temp table definition_rows as {' union all '.join([empty, *parts])} order by all")


# Most measures are the same in both; a fingerprint per measure finds that out without joining anything.
_PRINTS = """
    select measure_id, count(*) as cells, count(value) as figures,
        bit_xor(hash(area_code, period_start, period_end, sex, age_group, reporter, value, status, is_hidden, segment_id, details)) as mixed,
        sum(hash(area_code, period_start, period_end, sex, age_group, reporter, value, status, is_hidden, segment_id, details)) as added
    from {cells} group by measure_id
"""
_DIFFERING_MEASURES = f"""
create or replace temp table differing_measures as
select
    coalesce(b.measure_id, a.measure_id) as measure_id,
    case when b.measure_id is null then 'new_measure' when a.measure_id is null then 'removed_measure' end as kind,
    coalesce(a.figures, b.figures) as cells
from ({_PRINTS.format(cells="before_cells")}) as b
full join ({_PRINTS.format(cells="after_cells")}) as a on a.measure_id = b.measure_id
where b.mixed is distinct from a.mixed or b.added is distinct from a.added or b.cells is distinct from a.cells
"""

# Of the measures that differ, the keys that do: two hashes a row are all that is joined, so that millions of rows fit in memory. Rows with equal
# keys always meet; rows whose keys merely hash alike are taken along and told apart afterwards.
_HASHES = """
    select hash(measure_id, area_code, period_start, period_end, sex, age_group, reporter) as key_hash,
        hash(value, status, is_hidden, segment_id, details) as row_hash
    from {cells} where measure_id in (select measure_id from differing_measures where kind is null)
"""
_DIFFERING_KEYS = f"""
create or replace temp table differing_keys as
select distinct coalesce(b.key_hash, a.key_hash) as key_hash
from ({_HASHES.format(cells="before_cells")}) as b
full join ({_HASHES.format(cells="after_cells")}) as a on a.key_hash = b.key_hash
where b.row_hash is distinct from a.row_hash
"""

_CELLS = """
    select * from {cells}
    where measure_id in (select measure_id from differing_measures where kind is null)
        and hash(measure_id, area_code, period_start, period_end, sex, age_group, reporter) in (select key_hash from differing_keys)
"""
_JOINED = " and ".join(f"b.{name} = a.{name}" for name in KEY)
# Sums of many numbers differ in their last bit from one build to the next; that is no revision.
_CHANGE_ROWS = f"""
create or replace temp table change_rows as
with joined as (
    select
        {", ".join(f"coalesce(a.{name}, b.{name}) as {name}" for name in (*KEY, "period_label"))},
        a.measure_id is not null as is_there, b.measure_id is not null as was_there,
        b.value as value_before, a.value as value_after, b.status as status_before, a.status as status_after,
        coalesce(b.is_hidden, false) as was_hidden, coalesce(a.is_hidden, false) as is_hidden, coalesce(b.is_protected, false) as was_protected,
        b.segment_id is not null and a.segment_id is not null and b.segment_id <> a.segment_id as is_break,
        b.details is distinct from a.details as has_other_details, a.source_status as source_status,
        abs(a.value - b.value) > 1e-9 * greatest(abs(a.value), abs(b.value)) as is_revised
    from ({_CELLS.format(cells="before_cells")}) as b
    full join ({_CELLS.format(cells="after_cells")}) as a on {_JOINED}
),
known_periods as (
    select distinct measure_id, period_start, period_end from before_cells
    where measure_id in (select measure_id from differing_measures where kind is null)
),
named as (
    select
        j.*,
        case
            when k.measure_id is null then 'new_period'
            when is_hidden and value_before is not null then 'hidden'
            when was_hidden and value_after is not null then 'shown'
            when value_before is null and value_after is not null then 'new_value'
            when value_before is not null and value_after is null then 'withdrawn'
            when is_revised then 'revised'
            when status_before is distinct from status_after or is_hidden <> was_hidden then 'status'
            when is_break then 'break'
            when has_other_details and is_there and was_there then 'detail'
        end as kind,
        is_hidden or was_hidden as is_secret
    from joined as j
    left join known_periods as k on k.measure_id = j.measure_id and k.period_start = j.period_start and k.period_end = j.period_end
)
select
    {", ".join(f"n.{name}" for name in KEY)}, n.period_label, n.kind,
    case when not is_secret then value_before end as value_before,
    case when not is_secret then value_after end as value_after,
    case when not is_secret and kind = 'revised' then value_after - value_before end as change,
    case when not is_secret and kind = 'revised' then {PERCENT} end as change_percent,
    status_before, status_after, is_break, was_protected,
    case when not is_secret then source_status end as reason,
    coalesce(n.kind = 'revised' and abs(value_after - value_before) < 0.999999 * power(10, -coalesce(m.decimals, 1)), false) as is_slight,
    1::bigint as cells
from named as n
left join change_measures as m on m.measure_id = n.measure_id
where kind is not null
union all by name
select d.measure_id, d.kind, false as is_break, false as was_protected, false as is_slight, d.cells
from differing_measures as d
where d.kind is not null
"""
