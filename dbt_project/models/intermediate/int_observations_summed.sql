-- depends_on: {{ ref("stg_landing__loads") }} (the post-hook of an incremental build)
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='measure_id',
    on_schema_change='fail',
    post_hook="{{ drop_departed_measures() }}"
) }}

-- Counts are added, rates and shares are their members' numerators over the same members' denominators; a mean of rates is never the whole's value.
with figures as (
    {% for model in ['int_observations_unioned', 'int_observations_totalled', 'int_observations_derived'] -%}
    select
        measure_id, snapshot_id, area_code, period_start, period_end, period_label, sex, age_group, value, numerator, denominator, status, reporter, load_id
    from {{ ref(model) }}
    {{ only_changed_measures('load_id') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- A measure that comes without numerators has nothing to add: its parts stand alone.
with_counts as (
    select
        f.*,
        m.value_type,
        m.per,
        m.is_annualised,
        m.has_sums,
        {{ is_counted('f', 'm') }} as is_counted,
        max(case when m.value_type = 'count' or (f.numerator is not null and f.denominator is not null and m.per is not null) then 1 else 0 end) over (
            partition by f.measure_id
        ) as has_counts
    from figures as f
    join {{ ref('stg_catalogue__measures') }} as m on m.measure_id = f.measure_id
),

sums as (
    select
        f.measure_id,
        f.snapshot_id,
        a.whole_code,
        f.period_start,
        f.period_end,
        f.period_label,
        f.sex,
        f.age_group,
        f.reporter,
        f.load_id,
        f.value_type,
        f.per,
        f.is_annualised,
        a.parts_expected,
        cast(sum(case when f.is_counted then 1 else 0 end) as integer) as parts_reported,
        sum(case when f.is_counted then f.value end) as value,
        sum(case when f.is_counted then f.numerator end) as numerator,
        sum(case when f.is_counted then f.denominator end) as denominator,
        max(case when f.status = 'suppressed' then 1 else 0 end) as has_suppressed,
        max(case when f.status = 'preliminary' then 1 else 0 end) as has_preliminary,
        max(case when f.status = 'awaiting_denominator' then 1 else 0 end) as has_awaiting
    from with_counts as f
    join {{ ref('int_area_members') }} as a on a.part_code = f.area_code
    where f.has_counts = 1
        and coalesce(f.has_sums, true)  -- what one municipality alone reports is no part of its county's figure
    group by
        f.measure_id, f.snapshot_id, a.whole_code, f.period_start, f.period_end, f.period_label, f.sex, f.age_group, f.reporter, f.load_id,
        f.value_type, f.per, f.is_annualised, a.parts_expected
),

-- What the source says of the whole itself stands, also where it says that it may not tell.
unsaid as (
    select s.*
    from sums as s
    left join figures as own
        on own.measure_id = s.measure_id
        and own.area_code = s.whole_code
        and own.period_start = s.period_start
        and own.period_end = s.period_end
        and own.sex = s.sex
        and own.age_group = s.age_group
    where own.measure_id is null
),

judged as (
    select
        *,
        case
            when has_suppressed = 1 then 'suppressed'
            when case when value_type = 'count' then value is null else coalesce(denominator, 0) = 0 end
                then case when has_awaiting = 1 then 'awaiting_denominator' when parts_reported > 0 then 'not_applicable' else 'missing' end
            when parts_reported < parts_expected or has_preliminary = 1 then 'preliminary'
            else 'ok'
        end as status
    from unsaid
)

select
    measure_id,
    snapshot_id,
    whole_code as area_code,
    period_start,
    period_end,
    period_label,
    sex,
    age_group,
    case when status in ('ok', 'preliminary') then {{ summed_value('value', 'numerator', 'denominator', 'j', 'period_start', 'period_end') }} end as value,
    case when status in ('ok', 'preliminary') then numerator end as numerator,
    case when status in ('ok', 'preliminary') then denominator end as denominator,
    status,
    reporter,
    parts_reported,
    parts_expected,
    load_id
from judged as j
where status <> 'missing'
