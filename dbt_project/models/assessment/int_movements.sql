-- First and last value, and what has happened between them as a reader of the rounded figures would say: the sign of
--     round(last, decimals) - round(first, decimals)
-- up, down or unchanged; single_value where there is one only. It is arithmetic on two figures and says nothing of chance: that the trend does.
-- A series is followed in its latest segment, in periods of one length that share no data: from the one that the baseline is. What was printed
-- (sources named printed…) is compared as it was printed, also a year with a month.
with figures as (
    select
        measure_id,
        area_code,
        period_start,
        period_end,
        period_label,
        value
    from {{ ref('int_series') }}
    where is_in_latest_segment and is_independent
),

printed as (
    select
        o.measure_id,
        o.area_code,
        o.period_start,
        o.period_end,
        o.period_label,
        o.value
    from {{ ref('fct_observations') }} as o
    join {{ ref('dim_measures') }} as m on m.measure_id = o.measure_id and m.age_group = o.age_group and starts_with(m.source_id, 'printed')
    where o.sex = 'total' and o.value is not null and o.status = 'ok'
),

followed as (
    select * from figures
    where measure_id not in (select measure_id from printed)
    union all
    select * from printed
),

ends as (
    select
        measure_id,
        area_code,
        arg_min(value, period_end) as first_value,
        arg_min(period_label, period_end) as first_period_label,
        arg_max(value, period_end) as last_value,
        count(*) as periods
    from followed
    group by measure_id, area_code
)

select
    e.measure_id,
    e.area_code,
    e.first_value,
    e.first_period_label,
    e.last_value,
    case
        when e.periods = 1 then 'single_value'
        when round(e.last_value, m.decimals) > round(e.first_value, m.decimals) then 'up'
        when round(e.last_value, m.decimals) < round(e.first_value, m.decimals) then 'down'
        else 'unchanged'
    end as movement
from ends as e
join {{ ref('dim_measures') }} as m on m.measure_id = e.measure_id
