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
),

answers as (
    select distinct share_measure_id as measure_id from {{ ref('stg_catalogue__survey_alternatives') }}
    union
    select measure_id from {{ ref('stg_catalogue__survey_alternatives') }}
    union
    select asked_measure_id as measure_id from {{ ref('stg_catalogue__survey_alternatives') }}
)

-- A survey that nobody has answered yet is not for readers, an example least of all; under an indicator it is a gap that will be filled.
select
    m.measure_id,
    m.name_sv,
    m.name_en,
    m.definition_sv,
    m.unit,
    m.value_type,
    m.direction,
    case
        when m.status = 'published' and a.measure_id is not null and l.measure_id is null
            then case when b.measure_id is not null then 'planned' else 'draft' end
        else m.status
    end as status,
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
left join answers as a on a.measure_id = m.measure_id
left join (select distinct measure_id from {{ ref('stg_catalogue__indicator_measures') }}) as b on b.measure_id = m.measure_id
