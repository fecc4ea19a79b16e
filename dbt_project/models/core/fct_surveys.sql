-- The answers as they are among the observations, with the words of the survey beside them: what is hidden there is hidden here. A share needs both
-- the count of the alternative and the number of answers to be shown. Interval: Wilson 1927, JASA 22:209.
with answered as (
    select
        a.*,
        w.wave_id,
        w.wave_name_sv,
        w.wave_date,
        w.wave_number,
        o.area_code,
        o.period_start,
        o.period_end,
        o.sex,
        o.age_group,
        o.reporter,
        o.value,
        o.status,
        o.suppression,
        case when o.value is not null then n.denominator end as denominator,
        t.value as asked
    from {{ ref('stg_catalogue__survey_alternatives') }} as a
    join {{ ref('stg_catalogue__survey_waves') }} as w on w.survey_id = a.survey_id
    join {{ ref('fct_observations') }} as o on o.measure_id = a.measure_id and o.period_start = w.period_start and not o.is_aggregated
    left join {{ ref('fct_observations') }} as n
        on n.measure_id = a.share_measure_id and n.area_code = o.area_code and n.period_start = o.period_start and n.period_end = o.period_end
        and n.sex = o.sex and n.age_group = o.age_group and n.reporter = o.reporter
    left join {{ ref('fct_observations') }} as t
        on t.measure_id = a.asked_measure_id and t.area_code = o.area_code and t.period_start = o.period_start and t.period_end = o.period_end
        and t.sex = o.sex and t.age_group = o.age_group and t.reporter = o.reporter
)

select
    a.survey_id,
    s.survey_name_sv,
    a.question_id,
    a.question_sv,
    a.question_number,
    a.alternative_id,
    a.alternative_sv,
    a.alternative_number,
    a.is_positive,
    a.wave_id,
    a.wave_name_sv,
    a.wave_date,
    a.wave_number,
    s.same_persons,
    a.area_code,
    a.measure_id,
    a.share_measure_id,
    a.period_start,
    a.period_end,
    a.sex,
    a.age_group,
    a.reporter,
    a.value,
    a.denominator,
    case when a.denominator > 0 then 100 * a.value / a.denominator end as share,
    case when a.denominator > 0 then 100 * {{ wilson_limit('a.value', 'a.denominator', 'lower') }} end as ci_lower,
    case when a.denominator > 0 then 100 * {{ wilson_limit('a.value', 'a.denominator', 'upper') }} end as ci_upper,
    a.asked,
    a.status,
    a.suppression,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since
from answered as a
join {{ ref('stg_catalogue__surveys') }} as s on s.survey_id = a.survey_id
