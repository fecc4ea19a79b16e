select
    i.framework_id,
    i.goal_area_id,
    i.indicator_id,
    i.name_sv,
    i.name_en,
    i.description_sv,
    i.sort_order,
    count(b.measure_id) as measure_count,
    count(b.measure_id) = 0 as is_gap,
    i.is_proposal
from {{ ref('stg_catalogue__indicators') }} as i
left join {{ ref('stg_catalogue__indicator_measures') }} as b
    on b.framework_id = i.framework_id and b.indicator_id = i.indicator_id
group by all
