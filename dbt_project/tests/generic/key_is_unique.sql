{#- The columns together name one row. The failing rows show the key and how often it stands there. -#}
{% test key_is_unique(model, columns) %}
select {{ columns | join(', ') }}, count(*) as times
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
