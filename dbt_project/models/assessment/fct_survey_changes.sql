{{ config(contract={'enforced': true}) }}
-- Each later wave against the first. The interval is that of two independent shares; where the same persons answered, counts cannot tell who changed
-- their mind, and the sentence says so. Method: Newcombe 1998, Stat Med 17:873, method 10.
with waves as (
    select distinct
        s.survey_id,
        s.survey_name_sv,
        s.question_id,
        s.question_sv,
        s.same_persons,
        s.wave_id,
        s.wave_name_sv,
        s.wave_date,
        s.wave_number,
        o.measure_id,
        o.area_code,
        o.value as share,
        o.numerator,
        o.denominator
    from {{ ref('fct_surveys') }} as s
    join {{ ref('fct_observations') }} as o
        on o.measure_id = s.share_measure_id and o.area_code = s.area_code and o.period_start = s.period_start and o.period_end = s.period_end
        and o.sex = s.sex and o.age_group = s.age_group and o.reporter = s.reporter
),

paired as (
    select
        l.survey_id,
        l.survey_name_sv,
        l.question_id,
        l.question_sv,
        l.same_persons,
        l.measure_id,
        l.area_code,
        f.wave_id as baseline_wave_id,
        f.wave_name_sv as baseline_wave_sv,
        f.wave_date as baseline_date,
        f.denominator as baseline_answers,
        f.share as baseline_share,
        l.wave_id as followup_wave_id,
        l.wave_name_sv as followup_wave_sv,
        l.wave_date as followup_date,
        l.denominator as followup_answers,
        l.share as followup_share,
        f.denominator > 0 and l.denominator > 0 as is_comparable,
        case when f.denominator > 0 and l.denominator > 0 then l.share - f.share end as difference,
        case when f.denominator > 0 and l.denominator > 0 then
            100 * {{ difference_limit('l.numerator', 'l.denominator', 'f.numerator', 'f.denominator', 'lower') }}
        end as difference_lower,
        case when f.denominator > 0 and l.denominator > 0 then
            100 * {{ difference_limit('l.numerator', 'l.denominator', 'f.numerator', 'f.denominator', 'upper') }}
        end as difference_upper
    from waves as l
    join waves as f on f.measure_id = l.measure_id and f.area_code = l.area_code and f.wave_number = 1 and l.wave_number > 1
),

judged as (
    select
        p.*,
        case
            when not coalesce(p.is_comparable, false) then 'not_comparable'
            when p.difference_lower > 0 or p.difference_upper < 0 then {{ in_direction('p.difference', 'm.direction') }}
            else 'no_different'
        end as comparison,
        m.decimals
    from paired as p
    join {{ ref('dim_measures') }} as m on m.measure_id = p.measure_id
)

select
    j.survey_id,
    j.survey_name_sv,
    j.question_id,
    j.question_sv,
    j.measure_id,
    j.area_code,
    j.baseline_wave_id,
    j.baseline_wave_sv,
    j.baseline_date,
    j.baseline_answers,
    j.baseline_share,
    j.followup_wave_id,
    j.followup_wave_sv,
    j.followup_date,
    j.followup_answers,
    j.followup_share,
    j.difference,
    j.difference_lower,
    j.difference_upper,
    j.same_persons,
    j.comparison,
    w.word_sv as comparison_sv,
    w.word_en as comparison_en,
    case when j.comparison = 'not_comparable'
        then concat(j.baseline_wave_sv, ' och ', j.followup_wave_sv, ' ', w.word_sv, ': svaren är för få, dolda eller saknas.')
        else concat(
            'Andelen var ', {{ swedish_number('j.baseline_share', 'j.decimals') }}, ' procent vid ', j.baseline_wave_sv, ' (',
            {{ swedish_number('j.baseline_answers', '0') }}, ' svar) och ', {{ swedish_number('j.followup_share', 'j.decimals') }}, ' procent vid ',
            j.followup_wave_sv, ' (', {{ swedish_number('j.followup_answers', '0') }}, ' svar): skillnad ',
            {{ swedish_number('j.difference', 'j.decimals') }}, ' procentenheter (95 % osäkerhet ',
            {{ swedish_number('j.difference_lower', 'j.decimals') }}, ' till ', {{ swedish_number('j.difference_upper', 'j.decimals') }}, '), ',
            w.word_sv, '.',
            case when j.same_persons
                then ' Samma personer svarade; osäkerheten är räknad som om de vore olika, eftersom bara antal lämnas.' else ''
            end,
            ' Det säger inte varför.'
        )
    end as summary_sv,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since
from judged as j
join {{ ref('assessment_words') }} as w on w.aspect = 'comparison' and w.word = j.comparison
