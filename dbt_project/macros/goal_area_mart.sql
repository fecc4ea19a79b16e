{#-
  One goal area of one framework, ready for a dashboard without a join: every indicator, every measure under it, the nation, all regions and
  the parts and municipalities of the framework's county, those whose framework it is marked (is_own_area); a national one has no county.
  An indicator without a measure and a measure without figures keep a row of their own (has_figures is false), so that a gap shows as a gap.
  previous_value is the latest earlier value of the same segment, length of period, area, sex and age group that the source gave; nation_value and
  county_value are figures for the same period: the sources' own, or for the county the sum of all its municipalities, never means made here. Comparison, place, trend
  and target stand in the row of the latest whole period, the total; everywhere else they are null. Notices of correction are publication's to add.
-#}
{#-
  The line beside a figure: a source is named as the source of its own figures only, so one that is summed here says so, as catalogue/attribution.py
  says it of a derived measure, whose line is kept; that of a demo names nobody and is kept too.
-#}
{% macro attribution_of_row(attribution, is_aggregated) -%}
case
    when {{ is_aggregated }} and {{ attribution }} like 'Källa:%'
        then concat('Egen beräkning på uppgifter från ', trim(substr({{ attribution }}, length('Källa:') + 1)))
    else {{ attribution }}
end
{%- endmacro %}


{% macro goal_area_mart(framework_id, goal_area_id) -%}
{%- set assessed = [
    'comparison_nation', 'comparison_nation_sv', 'comparison_county', 'comparison_county_sv', 'comparison_similar', 'comparison_similar_sv',
    'comparison_previous', 'comparison_previous_sv', 'comparison_baseline', 'comparison_baseline_sv', 'similar_value', 'similar_q1', 'similar_q3',
    'similar_count', 'place', 'place_last', 'place_of', 'quartile', 'trend', 'trend_sv', 'trend_since', 'slope', 'slope_lower', 'slope_upper',
    'target_status', 'target_status_sv', 'summary_sv', 'first_value', 'first_period_label', 'movement', 'movement_sv'
] %}
with framework as (
    select * from {{ ref('dim_frameworks') }} where framework_id = '{{ framework_id }}'
),

areas as (
    select
        a.*,
        b.area_code is not null as is_own_area
    from {{ ref('dim_areas') }} as a
    cross join framework as f
    left join {{ ref('bridge_framework_areas') }} as b on b.framework_id = f.framework_id and b.area_code = a.area_code
    where a.area_type in ('nation', 'region') or a.parent_code = f.county_code
),

linked as (
    select
        g.framework_id,
        g.goal_area_id,
        g.name_sv as goal_area_name_sv,
        i.indicator_id,
        i.name_sv as indicator_name_sv,
        i.sort_order as indicator_sort_order,
        b.official_name_sv,
        b.weight,
        coalesce(b.is_proposal or i.is_proposal, i.is_proposal, false) as is_proposal,
        b.system_level,
        m.*
    from {{ ref('dim_goal_areas') }} as g
    join {{ ref('dim_indicators') }} as i on i.framework_id = g.framework_id and i.goal_area_id = g.goal_area_id
    left join {{ ref('bridge_indicator_measures') }} as b on b.framework_id = i.framework_id and b.indicator_id = i.indicator_id
    left join {{ ref('dim_measures') }} as m on m.measure_id = b.measure_id
    where g.framework_id = '{{ framework_id }}' and g.goal_area_id = '{{ goal_area_id }}'
),

observed as (
    select
        o.*,
        a.name_sv as area_name_sv,
        a.area_type,
        a.is_own_area,
        a.sort_order as area_sort_order,
        f.county_code
    from {{ ref('fct_observations') }} as o
    join areas as a on a.area_code = o.area_code
    cross join framework as f
    where o.measure_id in (select l.measure_id from linked as l)
),

in_context as (
    select
        *,
        last_value(value ignore nulls) over (
            partition by measure_id, segment_id, period_months, area_code, sex, age_group, reporter
            order by period_start rows between unbounded preceding and 1 preceding
        ) as previous_value,
        max(case when area_type = 'nation' then value end) over peers as nation_value,
        max(case when area_code = county_code and (reporter <> 'municipalities' or (is_aggregated and status = 'ok')) then value end) over peers as county_value,
        coalesce(
            value is not null
            and period_end = max(case when value is not null then period_end end) over (
                partition by measure_id, period_months, area_code, sex, age_group, reporter
            ),
            false
        ) as is_latest_period
    from observed
    window peers as (partition by measure_id, period_start, period_end, sex, age_group)
)

select
    l.framework_id,
    l.goal_area_id,
    l.goal_area_name_sv,
    l.indicator_id,
    l.indicator_name_sv,
    l.indicator_sort_order,
    l.measure_id,
    l.name_sv as measure_name_sv,
    l.official_name_sv,
    l.is_proposal,
    l.system_level,
    l.status as measure_status,
    l.unit,
    l.value_type,
    l.direction,
    l.decimals,
    c.area_code,
    c.area_name_sv,
    c.area_type,
    c.area_sort_order,
    c.is_own_area,
    c.period_start,
    c.period_end,
    c.period_months,
    c.period_label,
    c.sex,
    c.age_group,
    c.value,
    c.numerator,
    c.denominator,
    c.ci_lower,
    c.ci_upper,
    c.ci_method,
    c.answers,
    c.since_date,
    case
        when l.value_type = 'yes_no' and c.value = 1 and c.since_date is not null then concat('Ja, sedan ', cast(c.since_date as varchar))
        when l.value_type = 'yes_no' and c.value = 1 then 'Ja'
        when l.value_type = 'yes_no' and c.value = 0 then 'Nej'
    end as value_sv,
    c.status,
    c.suppression,
    c.reporter,
    c.is_aggregated,
    c.parts_reported,
    c.parts_expected,
    c.previous_value,
    c.value - c.previous_value as change_from_previous,
    c.nation_value,
    c.county_value,
    c.is_latest_period,
    {%- for column in assessed %}
    s.{{ column }},
    {%- endfor %}
    l.target_value,
    l.target_year,
    {{ attribution_of_row('l.attribution', 'c.is_aggregated') }} as attribution,
    l.source_url,
    l.caveat_sv,
    l.docs_url,
    c.segment_id,
    c.snapshot_id,
    c.measure_id is not null as has_figures,
    coalesce(c.is_held, false) as is_held,
    c.held_reason,
    c.held_since,
    cast(null as varchar) as correction_sv
from linked as l
left join in_context as c on c.measure_id = l.measure_id
left join {{ ref('fct_assessments') }} as s
    on s.measure_id = c.measure_id
    and s.area_code = c.area_code
    and s.period_start = c.period_start
    and s.period_end = c.period_end
    and s.reporter = c.reporter
    and s.age_group = c.age_group
    and c.sex = 'total'
{%- endmacro %}
