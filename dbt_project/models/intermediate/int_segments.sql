-- The first segment has the measure's own name, so that a series without a break keeps it.
with starts as (
    select
        measure_id,
        cast(null as date) as starts,
        cast(null as varchar) as reason_sv,
        cast(null as varchar) as reason_en
    from {{ ref('stg_catalogue__measures') }}
    union all
    select
        measure_id,
        starts,
        reason_sv,
        reason_en
    from {{ ref('stg_catalogue__breaks') }}
),

named as (
    select
        *,
        case when starts is null then measure_id else concat(measure_id, '@', cast(starts as varchar)) end as segment_id
    from starts
)

select
    measure_id,
    segment_id,
    starts,
    lead(starts) over series as ends_before,
    lag(segment_id) over series as follows,
    row_number() over series as segment_number,
    reason_sv,
    reason_en
from named
window series as (partition by measure_id order by starts nulls first)
