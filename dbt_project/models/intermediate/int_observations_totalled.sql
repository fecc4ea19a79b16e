-- depends_on: {{ ref("stg_landing__loads") }} (the post-hook of an incremental build)
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

-- A window is the twelve months up to and with a period's last one. It has as many periods as fit into a year, all of one segment, or it is none.
with periods as (
    select
        o.*,
        m.period_totals,
        m.value_type,
        m.per,
        m.is_annualised,
        coalesce(s.segment_id, o.measure_id) as segment_id,
        {{ period_months('o.period_start', 'o.period_end') }} as months,
        year(o.period_end) * 12 + month(o.period_end) as last_month,
        case when {{ is_counted('o', 'm') }} then 1 else 0 end as is_counted
    from {{ ref('int_observations_unioned') }} as o
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = o.measure_id and m.period_totals is not null
    left join {{ ref('int_segments') }} as s on s.measure_id = o.measure_id and {{ lies_in_segment('o.period_end', 's') }}
    {{ only_changed_measures('o.load_id') }}
),

windows as (
    select
        measure_id,
        snapshot_id,
        area_code,
        min(period_start) over twelve_months as period_start,
        period_end,
        sex,
        age_group,
        reporter,
        load_id,
        period_totals,
        value_type,
        per,
        is_annualised,
        months,
        count(*) over twelve_months as periods,
        sum(is_counted) over twelve_months as counted,
        sum(case when is_counted = 1 then value end) over twelve_months as value,
        sum(case when is_counted = 1 then numerator end) over twelve_months as numerator,
        sum(case when is_counted = 1 then denominator end) over twelve_months as denominator,
        max(case when status = 'suppressed' then 1 else 0 end) over twelve_months as has_suppressed,
        max(case when status = 'preliminary' then 1 else 0 end) over twelve_months as has_preliminary
    from periods
    window twelve_months as (
        partition by measure_id, area_code, sex, age_group, reporter, segment_id
        order by last_month range between 11 preceding and current row
    )
),

judged as (
    select
        *,
        case
            when has_suppressed = 1 then 'suppressed'
            when counted < periods then 'missing'
            when case when value_type = 'count' then value is null else coalesce(denominator, 0) = 0 end then 'not_applicable'
            when has_preliminary = 1 then 'preliminary'
            else 'ok'
        end as status
    from windows
    where periods * months = 12 and (period_totals = 'rolling_year' or month(period_end) = 12)
)

select
    measure_id,
    snapshot_id,
    area_code,
    period_start,
    period_end,
    {{ twelve_months_label('period_start', 'period_end') }} as period_label,
    sex,
    age_group,
    case when status in ('ok', 'preliminary') then {{ summed_value('value', 'numerator', 'denominator', 'j', 'period_start', 'period_end') }} end as value,
    case when status in ('ok', 'preliminary') then numerator end as numerator,
    case when status in ('ok', 'preliminary') then denominator end as denominator,
    status,
    reporter,
    load_id
from judged as j
