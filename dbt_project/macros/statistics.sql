{#- Distributions in plain arithmetic, so that they run on any engine. -#}

{#- avg, sum, stddev_samp, var_samp in one order: the last bits of a sum of fractions depend on it, and a release whose figures are the same must be
    the same, bit by bit, however many threads computed it. -#}
{% macro steady(aggregate, value, key) -%} {{ aggregate }}({{ value }} order by {{ key }}) {%- endmacro %}

{#- The year from which aggregated indicators look for their base where a measure names none. It stands fixed, or the base would move, and with it every
    index ever shown, the day a source added older years. -#}
{% macro first_base_year() -%} 2015 {%- endmacro %}

{#- A quantile, interpolated between the two values nearest to it (Hyndman & Fan 1996, type 7); Spark calls it percentile. -#}
{% macro quantile(value, share) -%} quantile_cont({{ value }}, {{ share }}) {%- endmacro %}

{#- P(Z > z) of the standard normal distribution for z >= 0; error below 7.5e-8 (Abramowitz & Stegun 1964, 26.2.17). -#}
{% macro normal_tail(z) -%}
    {%- set t = "(1 / (1 + 0.2316419 * " ~ z ~ "))" -%}
    exp(-{{ z }} * {{ z }} / 2) / sqrt(2 * pi()) * {{ t }} * (0.319381530 + {{ t }} * (-0.356563782
        + {{ t }} * (1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429))))
{%- endmacro %}

{#- The 97.5 % point of Student's t above 30 degrees of freedom, error below 1e-4 (Cornish-Fisher; Abramowitz & Stegun 1964, 26.7.5).
    Up to 30 the seed student_t has it. -#}
{% macro t_975_of_many(degrees_of_freedom) -%}
    ({{ z() }} + 2.372271 / {{ degrees_of_freedom }} + 2.822486 / ({{ degrees_of_freedom }} * {{ degrees_of_freedom }}))
{%- endmacro %}

{#- The 97.5 % point of Student's t for degrees of freedom that are no whole number, as Welch's are: below 30 between the two nearest rows of student_t
    (`low`: whole part, `high`: the next), log t linear in 1 / degrees of freedom; error below 0.02 between 2 and 3, below 0.005 from 3 on. -#}
{% macro t_975(degrees_of_freedom, low, high) -%}
    case
        when {{ degrees_of_freedom }} >= 30 then {{ t_975_of_many(degrees_of_freedom) }}
        else exp(ln({{ low }}.t_975) + coalesce(
            (1.0 / {{ low }}.degrees_of_freedom - 1.0 / {{ degrees_of_freedom }})
            / (1.0 / {{ low }}.degrees_of_freedom - 1.0 / {{ high }}.degrees_of_freedom) * (ln({{ high }}.t_975) - ln({{ low }}.t_975)),
            0
        ))
    end
{%- endmacro %}

{#- A limit of the interval for the difference x1/n1 - x2/n2 of two independent shares, 95 %; side is 'lower' or 'upper'
    (Newcombe 1998, Stat Med 17:873, method 10: square and add of Wilson's limits). -#}
{% macro difference_limit(x1, n1, x2, n2, side) -%}
    {%- set own = wilson_limit(x1, n1, side) -%}
    {%- set other = wilson_limit(x2, n2, 'upper' if side == 'lower' else 'lower') -%}
    ({{ x1 }} / {{ n1 }} - {{ x2 }} / {{ n2 }} {{ '-' if side == 'lower' else '+' }} sqrt(
        power({{ x1 }} / {{ n1 }} - {{ own }}, 2) + power({{ other }} - {{ x2 }} / {{ n2 }}, 2)
    ))
{%- endmacro %}
