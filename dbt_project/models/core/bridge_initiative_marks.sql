-- What a chart of a measure in an area is marked with: a line per date of each initiative that ran there and is followed up by it.
with marks as (
    {% for kind, column, word in [('start', 'start_date', 'start'), ('test_end', 'test_end_date', 'testperioden slut'), ('introduced', 'introduced_date', 'införd')] -%}
    select
        initiative_id,
        name_sv,
        '{{ kind }}' as mark,
        {{ column }} as mark_date,
        concat(name_sv, ': {{ word }}') as label_sv
    from {{ ref('dim_initiatives') }}
    where {{ column }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    k.initiative_id,
    m.measure_id,
    a.area_code,
    k.mark,
    k.mark_date,
    k.label_sv
from marks as k
join {{ ref('bridge_initiative_measures') }} as m on m.initiative_id = k.initiative_id
join {{ ref('bridge_initiative_areas') }} as a on a.initiative_id = k.initiative_id
