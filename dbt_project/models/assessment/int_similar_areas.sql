-- Kolada names a group by theme, municipality and year: «Liknande kommuner äldreomsorg, Eskilstuna, 2024».
with named as (
    select
        group_id,
        area_code as member_code,
        replace(replace(group_name_sv, 'Liknande kommuner, ', ''), 'Liknande kommuner ', '') as name
    from {{ ref('bridge_area_groups') }}
    where group_type = 'similar'
),

split as (
    select
        member_code,
        group_id,
        split_part(name, ', ', 1) as theme,
        split_part(name, ', ', 2) as area_name,
        split_part(name, ', ', 3) as year
    from named
)

select
    a.area_code,
    s.theme,
    s.member_code
from split as s
join {{ ref('dim_areas') }} as a on a.name_sv = s.area_name and a.area_type = 'municipality'
where s.member_code <> a.area_code
qualify dense_rank() over (partition by a.area_code, s.theme order by s.year desc, s.group_id desc) = 1
