{{ config(contract={'enforced': true}) }}
with summed as (
    select
        framework_id,
        goal_area_id,
        indicator_id,
        area_code,
        year,
        100 + {{ steady('sum', 'contribution', 'measure_id') }} as value,
        count(*) as measures,
        max(coverage) as coverage,
        max(measures_expected) as measures_expected,
        max(measures_listed) as measures_listed,
        min(base_year) as first_base_year,
        max(base_year) as last_base_year,
        bool_or(is_preliminary) as is_preliminary,
        bool_or(is_proposal) as is_proposal
    from {{ ref('fct_composite_parts') }}
    group by framework_id, goal_area_id, indicator_id, area_code, year
),

-- The same index with one measure left out at a time: how much hangs on a single one.
left_out as (
    select
        p.framework_id,
        p.goal_area_id,
        p.indicator_id,
        p.area_code,
        p.year,
        min(100 + (s.value - 100 - p.contribution) / (1 - p.share_of_weight)) as range_low,
        max(100 + (s.value - 100 - p.contribution) / (1 - p.share_of_weight)) as range_high
    from {{ ref('fct_composite_parts') }} as p
    join summed as s
        on s.framework_id = p.framework_id
        and s.goal_area_id = p.goal_area_id
        and s.indicator_id = p.indicator_id
        and s.area_code = p.area_code
        and s.year = p.year
    where s.measures >= 2
    group by p.framework_id, p.goal_area_id, p.indicator_id, p.area_code, p.year
)

select
    s.framework_id,
    s.goal_area_id,
    s.indicator_id,
    s.area_code,
    s.year,
    make_date(s.year, 1, 1) as period_start,
    make_date(s.year, 12, 31) as period_end,
    s.value,
    s.measures,
    s.coverage,
    s.measures_expected,
    s.measures_listed,
    l.range_low,
    l.range_high,
    s.is_preliminary,
    s.is_proposal,
    concat(
        'Sammanvägt index ', cast(s.year as varchar), ': ', {{ swedish_number('s.value', '1') }},
        ' (100 är medelvärdet för ', case a.area_type when 'region' then 'regionerna' else 'kommunerna' end,
        case when s.first_base_year = s.last_base_year then concat(' basåret ', cast(s.first_base_year as varchar))
            else concat(' basåret för varje mått, ', cast(s.first_base_year as varchar), ' till ', cast(s.last_base_year as varchar))
        end,
        '; högre är bättre); ',
        cast(s.measures as varchar), ' av ', cast(s.measures_expected as varchar), ' mått',
        case when s.measures_listed > s.measures_expected
            then concat(' som kan vägas samman för ', case a.area_type when 'region' then 'regioner' else 'kommuner' end,
                ', ramverket har ', cast(s.measures_listed as varchar))
            else ''
        end,
        case when l.range_low is null then '' else concat(
            ', mellan ', {{ swedish_number('l.range_low', '1') }}, ' och ', {{ swedish_number('l.range_high', '1') }}, ' om ett av dem utelämnas'
        ) end,
        case when s.is_preliminary then '; preliminärt, mått saknas än' else '' end,
        case when s.is_proposal then '; indikatorn bygger på förslag som inte är beslutade.' else '.' end
    ) as summary_sv,
    concat(
        'Aggregated index ', cast(s.year as varchar), ': ', {{ english_number('s.value', '1') }},
        ' (100 is the mean of the ', case a.area_type when 'region' then 'regions' else 'municipalities' end,
        case when s.first_base_year = s.last_base_year then concat(' in the base year ', cast(s.first_base_year as varchar))
            else concat(' in the base year of each measure, ', cast(s.first_base_year as varchar), ' to ', cast(s.last_base_year as varchar))
        end,
        '; higher is better); ',
        cast(s.measures as varchar), ' of ', cast(s.measures_expected as varchar), case when s.measures_expected = 1 then ' measure' else ' measures' end,
        case when s.measures_listed > s.measures_expected
            then concat(' that can be weighed together for ', case a.area_type when 'region' then 'regions' else 'municipalities' end,
                ', the framework has ', cast(s.measures_listed as varchar))
            else ''
        end,
        case when l.range_low is null then '' else concat(
            ', between ', {{ english_number('l.range_low', '1') }}, ' and ', {{ english_number('l.range_high', '1') }}, ' if one of them is left out'
        ) end,
        case when s.is_preliminary then '; preliminary, measures are still to come' else '' end,
        case when s.is_proposal then '; the indicator rests on proposals that are not decided.' else '.' end
    ) as summary_en,
    false as is_held,
    cast(null as varchar) as held_reason,
    cast(null as timestamp) as held_since
from summed as s
join {{ ref('dim_areas') }} as a on a.area_code = s.area_code
left join left_out as l
    on l.framework_id = s.framework_id
    and l.goal_area_id = s.goal_area_id
    and l.indicator_id = s.indicator_id
    and l.area_code = s.area_code
    and l.year = s.year
