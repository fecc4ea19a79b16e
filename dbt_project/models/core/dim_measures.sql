with inputs as (
    select
        measure_id,
        string_agg(input, ',' order by input) as computed_from
    from (
        select measure_id, numerator as input from {{ ref('stg_catalogue__derivations') }} where numerator is not null
        union all
        select measure_id, denominator as input from {{ ref('stg_catalogue__derivations') }} where denominator is not null
        union all
        select measure_id, part as input from {{ ref('stg_catalogue__derivations') }} where part is not null
    ) as named
    group by measure_id
)

select
    m.measure_id,
    m.name_sv,
    m.name_en,
    m.definition_sv,
    m.unit,
    m.value_type,
    m.direction,
    m.status,
    m.decimals,
    m.levels,
    m.area_types,
    m.age_group,
    m.frequency,
    m.window_years,
    m.period_totals,
    m.is_annualised,
    m.has_sexes,
    m.source_id,
    m.source_code,
    l.source_title,
    m.source_url,
    m.attribution,
    l.publ_period as next_period,
    l.publication_date as next_publication_date,
    m.value_min,
    m.value_max,
    m.max_change,
    m.min_coverage,
    m.max_revision,
    m.max_level_shift,
    m.max_missing_areas,
    m.approval,
    m.suppression_threshold,
    m.denominator_threshold,
    m.hides_zero,
    m.target_value,
    m.target_year,
    m.baseline_period,
    m.base_year,
    m.similar_theme,
    m.caveat_sv,
    m.retired_date,
    m.retired_reason_sv,
    m.replaced_by,
    i.computed_from,
    m.docs_url,
    m.contact_sv
from {{ ref('stg_catalogue__measures') }} as m
left join {{ ref('stg_landing__loads') }} as l on l.measure_id = m.measure_id
left join inputs as i on i.measure_id = m.measure_id
