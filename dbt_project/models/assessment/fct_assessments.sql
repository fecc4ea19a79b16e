{{ config(contract={'enforced': true}) }}
{% set least_ranked = 0.5 -%}  {#- the share of the areas that must have a figure before any of them is given a place -#}
{% set sentence = {
    'sv': {
        'yes': 'ja', 'no': 'nej', 'nation': 'riket', 'county': 'regionen', 'similar': 'liknande kommuner', 'median': ' (median)', 'than': 'än',
        'no_different': 'ingen säker skillnad mot', 'place': 'plats', 'shared': 'delad plats', 'of': 'av', 'regions': 'regioner',
        'municipalities': 'kommuner', 'parts': 'länsdelar',
        'shown': 'med visad siffra, av', 'highest': 'högst först', 'trend': 'utvecklingen sedan', 'target': ''
    },
    'en': {
        'yes': 'yes', 'no': 'no', 'nation': 'the nation', 'county': 'the region', 'similar': 'similar municipalities', 'median': ' (median)', 'than': 'than',
        'no_different': 'no certain difference from', 'place': 'place', 'shared': 'joint place', 'of': 'of', 'regions': 'regions',
        'municipalities': 'municipalities', 'parts': 'county parts', 'shown': 'with a figure shown, out of', 'highest': 'highest first', 'trend': 'trend since', 'target': 'target '
    },
} -%}
{% set comparators = ['nation', 'county', 'similar', 'previous', 'baseline'] -%}
with latest as (
    select
        s.*,
        a.name_sv as area_name_sv,
        case when a.area_type = 'nation' then 'The nation' else a.name_sv end as area_name_en,
        m.name_sv as measure_name_sv,
        m.unit,
        m.value_type,
        m.direction,
        m.decimals,
        m.target_value,
        m.target_year
    from {{ ref('int_series') }} as s
    join {{ ref('dim_measures') }} as m on m.measure_id = s.measure_id
    join {{ ref('dim_areas') }} as a on a.area_code = s.area_code
    where s.is_latest
),

-- Whom the measure covers: the areas of the kind, in the counties where it says anything of any of them.
told as (
    select distinct
        measure_id,
        area_code
    from {{ ref('fct_observations') }}
),

covered as (
    select
        t.measure_id,
        a.area_type,
        count(*) as areas
    from (
        select distinct
            o.measure_id,
            a.area_type,
            coalesce(a.parent_code, '') as parent_code
        from told as o
        join {{ ref('dim_areas') }} as a on a.area_code = o.area_code
        where a.area_type in ('municipality', 'county_part')
    ) as t
    join {{ ref('dim_areas') }} as a on a.area_type = t.area_type and coalesce(a.parent_code, '') = t.parent_code
    group by t.measure_id, a.area_type
    union all
    select
        o.measure_id,
        a.area_type,
        count(*) as areas
    from told as o
    join {{ ref('dim_areas') }} as a on a.area_code = o.area_code
    where a.area_type = 'region'
    group by o.measure_id, a.area_type
),

-- Everybody of the kind with a figure for the very same period of the measure's own length, whether or not it is their latest. Equal values share their
-- places: 1, 2-3, 2-3, 4; equal is what is shown alike, so that nobody is before another by decimals that no reader sees. A bare count has no place: it
-- follows the number of people.
peers as (
    select
        s.measure_id,
        s.area_code,
        s.area_type,
        s.period_start,
        s.period_end,
        s.is_latest,
        round(case when m.direction = 'lower_is_better' then s.value else -s.value end, coalesce(m.decimals, 9)) as rising
    from {{ ref('int_series') }} as s
    join {{ ref('dim_measures') }} as m on m.measure_id = s.measure_id
    where s.area_type <> 'nation'
        and s.has_own_length
        and m.value_type <> 'count'
        and exists (
            select 1 from latest as l where l.measure_id = s.measure_id and l.period_start = s.period_start and l.period_end = s.period_end
        )
),

ranked as (
    select
        *,
        rank() over (partition by measure_id, area_type, period_start, period_end order by rising) as place,
        count(*) over (partition by measure_id, area_type, period_start, period_end order by rising) as place_last,
        count(*) over (partition by measure_id, area_type, period_start, period_end) as place_of
    from peers
),

-- A place among few of many would be a place among those whose numbers are not hidden: at least {{ least_ranked }} of the areas that the measure covers.
-- Who shares places is in the quarter of the middle one: where many are alike, that is neither the first quarter nor the last for all of them.
places as (
    select
        p.measure_id,
        p.area_code,
        p.place,
        p.place_last,
        p.place_of,
        c.areas as place_expected,
        case when p.place_of >= 4 then cast(floor(4 * ((p.place + p.place_last) / 2 - 1) / p.place_of) as integer) + 1 end as quartile
    from ranked as p
    join covered as c on c.measure_id = p.measure_id and c.area_type = p.area_type
    where p.is_latest and p.place_of >= 2 and p.place_of >= {{ least_ranked }} * c.areas
),

compared as (
    select
        measure_id,
        area_code,
        {%- for c in comparators %}
        max(case when comparator = '{{ c }}' then comparison end) as comparison_{{ c }},
        max(case when comparator = '{{ c }}' then other_value end) as {{ c }}_value,
        max(case when comparator = '{{ c }}' then difference end) as {{ c }}_difference,
        {%- endfor %}
        max(case when comparator = 'similar' then other_lower end) as similar_q1,
        max(case when comparator = 'similar' then other_upper end) as similar_q3,
        max(case when comparator = 'similar' then other_count end) as similar_count,
        max(case when comparator = 'previous' then other_label end) as previous_label,
        max(case when comparator = 'baseline' then other_label end) as baseline_label
    from {{ ref('int_comparisons') }}
    group by measure_id, area_code
),

gathered as (
    select
        l.*,
        {%- for c in comparators %}
        coalesce(c.comparison_{{ c }}, 'not_comparable') as comparison_{{ c }},
        c.{{ c }}_value,
        c.{{ c }}_difference,
        {%- endfor %}
        c.similar_q1,
        c.similar_q3,
        c.similar_count,
        c.previous_label,
        c.baseline_label,
        p.place,
        p.place_last,
        p.place_of,
        p.place_expected,
        p.quartile,
        t.trend,
        t.periods as trend_periods,
        t.first_period_label as trend_since,
        t.tau,
        t.p_value,
        t.slope,
        t.slope_lower,
        t.slope_upper,
        v.first_value,
        v.first_period_label,
        v.movement,
        case when l.direction = 'lower_is_better' then -1 else 1 end * round(l.value - l.target_value, 9) as beyond_target,
        case when l.direction = 'lower_is_better' then -1 else 1 end
            * round(l.value + t.slope * (l.target_year * 12 + 12 - l.end_month) / 12.0 - l.target_value, 9) as beyond_target_then
    from latest as l
    join {{ ref('int_trends') }} as t on t.measure_id = l.measure_id and t.area_code = l.area_code
    left join {{ ref('int_movements') }} as v on v.measure_id = l.measure_id and v.area_code = l.area_code
    left join compared as c on c.measure_id = l.measure_id and c.area_code = l.area_code
    left join places as p on p.measure_id = l.measure_id and p.area_code = l.area_code
),

judged as (
    select
        *,
        case
            when target_value is null then 'no_target'
            when direction = 'neutral' then 'not_assessed'
            when beyond_target >= 0 then 'reached'
            when target_year * 12 + 12 <= end_month then 'not_reached'
            when trend = 'too_short' then 'not_assessed'
            when target_year is null then case when trend = 'improving' then 'on_the_way' else 'off_the_way' end
            when beyond_target_then >= 0 then 'on_the_way'
            else 'off_the_way'
        end as target_status,
        -- Where a reader sees the figures go the other way than the trend says.
        case
            when trend not in ('improving', 'worsening', 'increasing', 'decreasing') then null
            when (slope > 0 and movement = 'down') or (slope < 0 and movement = 'up') then 'ends_against'
            when sign(slope) * (round(value, decimals) - round(previous_value, decimals)) < 0 then 'latest_against'
        end as turn
    from gathered
),

worded as (
    select
        j.*,
        {%- for c in comparators %}
        w_{{ c }}.word_sv as comparison_{{ c }}_sv,
        w_{{ c }}.word_en as comparison_{{ c }}_en,
        {%- endfor %}
        w_trend.word_sv as trend_sv,
        w_trend.word_en as trend_en,
        {{ unit_after_number('j.unit') }} as unit_after_sv,
        case when j.unit = 'antal' then '' else concat(' ', coalesce(w_unit.word_en, j.unit)) end as unit_after_en,
        w_turn.word_sv as turn_sv,
        w_turn.word_en as turn_en,
        w_movement.word_sv as movement_sv,
        w_movement.word_en as movement_en,
        w_target.word_sv as target_status_sv,
        w_target.word_en as target_status_en
    from judged as j
    {%- for c in comparators %}
    join {{ ref('assessment_words') }} as w_{{ c }} on w_{{ c }}.aspect = 'comparison' and w_{{ c }}.word = j.comparison_{{ c }}
    {%- endfor %}
    join {{ ref('assessment_words') }} as w_trend on w_trend.aspect = 'trend' and w_trend.word = j.trend
    left join {{ ref('assessment_words') }} as w_unit on w_unit.aspect = 'unit' and w_unit.word = j.unit
    left join {{ ref('assessment_words') }} as w_turn on w_turn.aspect = 'turn' and w_turn.word = j.turn
    left join {{ ref('assessment_words') }} as w_movement on w_movement.aspect = 'movement' and w_movement.word = j.movement
    join {{ ref('assessment_words') }} as w_target on w_target.aspect = 'target' and w_target.word = j.target_status
)

select
    measure_id,
    area_code,
    period_start,
    period_end,
    period_label,
    age_group,
    reporter,
    segment_id,
    value,
    ci_lower,
    ci_upper,
    {%- for c in comparators %}
    comparison_{{ c }},
    comparison_{{ c }}_sv,
    comparison_{{ c }}_en,
    {{ c }}_value,
    {{ c }}_difference,
    {%- endfor %}
    similar_q1,
    similar_q3,
    similar_count,
    previous_label,
    baseline_label,
    place,
    place_last,
    place_of,
    place_expected,
    quartile,
    trend,
    trend_sv,
    trend_en,
    trend_periods,
    trend_since,
    turn,
    turn_sv,
    turn_en,
    tau,
    p_value,
    slope,
    slope_lower,
    slope_upper,
    target_status,
    target_status_sv,
    target_status_en,
    first_value,
    first_period_label,
    movement,
    movement_sv,
    movement_en,
    {%- for language, s in sentence.items() %}
    case when value_type = 'yes_no' then concat(area_name_{{ language }}, ' ', period_label, ': ', case when value = 1 then '{{ s.yes }}' else '{{ s.no }}' end, '.')
    else concat(
        area_name_{{ language }}, ' ', period_label, ': ', {{ number_in(language, 'value', 'decimals') }}, {{ 'unit_after_sv' if language == 'sv' else 'unit_after_en' }},
        {%- for c in ['nation', 'county', 'similar'] %}
        case
            when {{ c }}_value is null then ''
            when comparison_{{ c }} = 'not_comparable'
                then concat('; {{ s[c] }}{{ s.median if c == 'similar' }} ', {{ number_in(language, c ~ '_value', 'decimals') }})
            when comparison_{{ c }} = 'no_different' then concat('; {{ s.no_different }} {{ s[c] }} (', {{ number_in(language, c ~ '_value', 'decimals') }}, ')')
            else concat('; ', comparison_{{ c }}_{{ language }}, ' {{ s.than }} {{ s[c] }} (', {{ number_in(language, c ~ '_value', 'decimals') }}, ')')
        end,
        {%- endfor %}
        case when place is null then '' else concat(
            case when place_last = place then concat('; {{ s.place }} ', cast(place as varchar))
                else concat('; {{ s.shared }} ', cast(place as varchar), '–', cast(place_last as varchar)) end,
            ' {{ s.of }} ', cast(place_of as varchar),
            case area_type when 'region' then ' {{ s.regions }}' when 'municipality' then ' {{ s.municipalities }}' else ' {{ s.parts }}' end,
            case when place_of < place_expected then concat(' {{ s.shown }} ', cast(place_expected as varchar)) else '' end,
            case when direction = 'neutral' then ' ({{ s.highest }})' else '' end
        ) end,
        case when trend = 'too_short' then ''
            else concat('; {{ s.trend }} ', trend_since, ': ', trend_{{ language }}, case when turn is null then '' else concat(', ', turn_{{ language }}) end)
        end,
        case when target_status in ('no_target', 'not_assessed') then ''
            else concat('; {{ s.target }}', target_status_{{ language }}, ' (', {{ number_in(language, 'target_value', 'decimals') }}, ')')
        end,
        '.'
    ) end as summary_{{ language }},
    {%- endfor %}
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since
from worded
