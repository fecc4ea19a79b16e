{{ config(contract={'enforced': true}) }}
with grouped as (
    select
        initiative_id,
        measure_id,
        area_type,
        max(periods_before) as periods_before,
        max(periods_after) as periods_after,
        min(first_day) as period_start,
        max(last_day) as period_end,
        {%- for group, condition in [('treated', 'is_treated'), ('compared', 'not is_treated')] %}
        count(case when {{ condition }} then 1 end) as areas_{{ group }},
        {{ steady('avg', 'case when ' ~ condition ~ ' then mean_before end', 'area_code') }} as before_{{ group }},
        {{ steady('avg', 'case when ' ~ condition ~ ' then mean_after end', 'area_code') }} as after_{{ group }},
        {{ steady('avg', 'case when ' ~ condition ~ ' then mean_after - mean_before end', 'area_code') }} as change_{{ group }},
        {{ steady('var_samp', 'case when ' ~ condition ~ ' then round(mean_after - mean_before, 9) end', 'area_code') }} as variance_{{ group }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('int_initiative_changes') }}
    group by initiative_id, measure_id, area_type
),

-- From three places on, each group has its own spread (Welch). One or two places show too little of theirs; the spread between the places of
-- comparison stands for both; where they all changed alike to the last decimal, there is no spread to measure with and no interval. Where it ran everywhere there is nothing to compare with, and before and after stand alone.
spread as (
    select
        *,
        case when areas_treated >= 3 then variance_treated else variance_compared end / areas_treated as part_treated,
        variance_compared / nullif(areas_compared, 0) as part_compared
    from grouped
    where areas_treated > 0
),

measured as (
    select
        *,
        change_treated - change_compared as effect,
        case when areas_compared >= 3 and variance_compared > 0 then sqrt(part_treated + part_compared) end as standard_error,
        case
            when areas_treated < 3 then areas_compared - 1
            else power(part_treated + part_compared, 2) / nullif(
                part_treated * part_treated / (areas_treated - 1) + part_compared * part_compared / (areas_compared - 1), 0
            )
        end as degrees_of_freedom
    from spread
),

limits as (
    select
        e.*,
        e.effect - e.standard_error * {{ t_975('e.degrees_of_freedom', 'low', 'high') }} as effect_lower,
        e.effect + e.standard_error * {{ t_975('e.degrees_of_freedom', 'low', 'high') }} as effect_upper
    from measured as e
    left join {{ ref('student_t') }} as low on low.degrees_of_freedom = floor(e.degrees_of_freedom)
    left join {{ ref('student_t') }} as high on high.degrees_of_freedom = floor(e.degrees_of_freedom) + 1
),

judged as (
    select
        l.*,
        case
            when l.effect_lower is null then 'not_comparable'
            when l.effect_lower > 0 or l.effect_upper < 0 then {{ in_direction('l.effect', 'm.direction') }}
            else 'no_different'
        end as comparison
    from limits as l
    join {{ ref('dim_measures') }} as m on m.measure_id = l.measure_id
)

select
    j.initiative_id,
    j.measure_id,
    j.area_type,
    j.period_start,
    j.period_end,
    j.periods_before,
    j.periods_after,
    j.areas_treated,
    j.areas_compared,
    j.before_treated,
    j.after_treated,
    j.change_treated,
    j.before_compared,
    j.after_compared,
    j.change_compared,
    j.effect,
    j.effect_lower,
    j.effect_upper,
    j.comparison,
    w.word_sv as comparison_sv,
    w.word_en as comparison_en,
    case when j.areas_compared = 0 then concat(
        'Där satsningen pågick var värdet i medeltal ', {{ swedish_number('j.before_treated', 'm.decimals + 1') }}, ' före och ',
        {{ swedish_number('j.after_treated', 'm.decimals + 1') }},
        ' efter. Det finns inga jämförelseområden, så satsningen kan inte skiljas från annat som hände. Det säger inte varför.'
    ) else concat(
        'Där satsningen pågick ändrades värdet med ', {{ swedish_number('j.change_treated', 'm.decimals + 1') }},
        ', i jämförelseområdena med ', {{ swedish_number('j.change_compared', 'm.decimals + 1') }},
        ': skillnad ', {{ swedish_number('j.effect', 'm.decimals + 1') }},
        case when j.effect_lower is null then '' else concat(
            ' (95 % osäkerhet ', {{ swedish_number('j.effect_lower', 'm.decimals + 1') }}, ' till ', {{ swedish_number('j.effect_upper', 'm.decimals + 1') }}, ')'
        ) end,
        ', ', w.word_sv, '. Det säger inte varför.'
    ) end as summary_sv,
    case when j.areas_compared = 0 then concat(
        'Where the initiative ran the value was on average ', {{ english_number('j.before_treated', 'm.decimals + 1') }}, ' before and ',
        {{ english_number('j.after_treated', 'm.decimals + 1') }},
        ' after. There are no places to compare with, so that it cannot be told from all else that happened. This does not say why.'
    ) else concat(
        'Where the initiative ran the value changed by ', {{ english_number('j.change_treated', 'm.decimals + 1') }},
        ', in the places of comparison by ', {{ english_number('j.change_compared', 'm.decimals + 1') }},
        ': difference ', {{ english_number('j.effect', 'm.decimals + 1') }},
        case when j.effect_lower is null then '' else concat(
            ' (95 % uncertainty ', {{ english_number('j.effect_lower', 'm.decimals + 1') }}, ' to ', {{ english_number('j.effect_upper', 'm.decimals + 1') }}, ')'
        ) end,
        ', ', w.word_en, '. This does not say why.'
    ) end as summary_en,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since
from judged as j
join {{ ref('dim_measures') }} as m on m.measure_id = j.measure_id
join {{ ref('assessment_words') }} as w on w.aspect = 'effect' and w.word = j.comparison
