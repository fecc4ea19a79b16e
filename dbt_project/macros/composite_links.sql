{#- Each measure of each aggregated indicator with its weight: of an indicator, and of a whole goal area (indicator_id `all`), whose weights are its own. -#}
{% macro composite_links() %}
    select
        b.framework_id,
        i.goal_area_id,
        b.indicator_id,
        b.measure_id,
        b.weight,
        b.is_proposal or i.is_proposal as is_proposal
    from {{ ref('bridge_indicator_measures') }} as b
    join {{ ref('dim_indicators') }} as i on i.framework_id = b.framework_id and i.indicator_id = b.indicator_id
    union all
    select
        framework_id,
        goal_area_id,
        'all' as indicator_id,
        measure_id,
        weight,
        is_proposal
    from {{ ref('bridge_goal_area_measures') }}
{%- endmacro %}
