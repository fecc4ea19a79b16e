{#- Every cell that must be hidden is there, and hidden. The failing rows are keys, without a figure. -#}
{% test hides_all_of(model, cells) %}
{%- set key = ['measure_id', 'area_code', 'period_start', 'period_end', 'sex', 'age_group', 'reporter'] %}
select c.{{ key | join(', c.') }}
from {{ cells }} as c
left join {{ model }} as m on {% for k in key %}m.{{ k }} = c.{{ k }}{{ " and " if not loop.last }}{% endfor %}
where m.suppression is null
{% endtest %}
