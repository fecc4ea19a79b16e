{#- No row breaks the condition; a condition that is null counts as broken. -#}
{% test holds(model, condition) %}
select * from {{ model }} where not coalesce({{ condition }}, false)
{% endtest %}
