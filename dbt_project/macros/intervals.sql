{#- 95 % limits, side 'lower' or 'upper'. z is the 97.5th percentile of the standard normal distribution. Formulas as the Office for Health
    Improvement and Disparities (England) writes them in Technical guide: confidence intervals, appendices 1 and 3. -#}
{% macro z() -%} 1.959963984540054 {%- endmacro %}

{#- Wilson's score limit of a proportion, from 0 to 1: (2O + z² ∓ z √(z² + 4 O q)) / (2 (n + z²)). Wilson 1927, JASA 22:209; Newcombe 1998, Stat Med
    17:857, method 3. At none and at all it is exactly 0 and 1, which rounding in the formula would miss by a hair. -#}
{% macro wilson_limit(events, total, side) -%}
    case
        when {{ side == 'lower' }} and {{ events }} <= 0 then 0.0
        when {{ side == 'upper' }} and {{ events }} >= {{ total }} then 1.0
        else (
            2 * {{ events }} + {{ z() }} * {{ z() }}
            {{ '-' if side == 'lower' else '+' }} {{ z() }} * sqrt({{ z() }} * {{ z() }} + 4 * {{ events }} * (1 - {{ events }} / {{ total }}))
        ) / (2 * ({{ total }} + {{ z() }} * {{ z() }}))
    end
{%- endmacro %}

{#- Byar's approximation to the exact Poisson limit of a number of events, good to 0.2 % from 10 events up: O (1 − 1/(9 O) ∓ z/(3 √O))³, for the upper limit
    with O + 1. Breslow and Day 1987, Statistical methods in cancer research II, page 69. -#}
{% macro byar_limit(events, side) -%}
    {%- set o = "(" ~ events ~ (" + 1)" if side == 'upper' else ")") -%}
    {{ o }} * power(1 - 1 / (9.0 * {{ o }}) {{ '-' if side == 'lower' else '+' }} {{ z() }} / (3 * sqrt({{ o }})), 3)
{%- endmacro %}
