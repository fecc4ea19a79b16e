-- A measure that took the place of a retired one begins a series of its own: why is told by the retired one.
with replaced as (
    select
        m.replaced_by as measure_id,
        s.segment_id,
        m.retired_reason_sv as reason_sv
    from {{ ref('stg_catalogue__measures') }} as m
    join {{ ref('int_segments') }} as s on s.measure_id = m.measure_id and s.ends_before is null
    where m.replaced_by is not null
),

predecessors as (
    select
        measure_id,
        string_agg(segment_id, ',' order by segment_id) as follows,
        string_agg(reason_sv, ' ' order by segment_id) as reason_sv
    from replaced
    group by measure_id
)

select
    s.segment_id,
    s.measure_id,
    s.segment_number,
    s.starts,
    coalesce(s.follows, p.follows) as follows,
    coalesce(s.reason_sv, p.reason_sv) as reason_sv,
    s.reason_en
from {{ ref('int_segments') }} as s
left join predecessors as p on p.measure_id = s.measure_id and s.segment_number = 1
