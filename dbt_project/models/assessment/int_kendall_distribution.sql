-- S = untied pairs - 2 x inversions, and the inversions of all orders of a series with tied values are counted group by group: a group of `tied`
-- equal values is merged into the `earlier` smaller ones, each smaller one that comes after a larger one being an inversion.
{% set longest = 10 -%}
with recursive merges_in_order (earlier, tied, inversions) as (
    select 0, 0, 0
    union all
    select m.earlier + 1 - s.is_tied, m.tied + s.is_tied, m.inversions + case when s.is_tied = 1 then 0 else m.tied end
    from merges_in_order as m
    cross join (select 0 as is_tied union all select 1) as s
    where m.earlier + m.tied < {{ longest }}
),

merges as (
    select
        earlier,
        tied,
        inversions,
        count(*) as orders
    from merges_in_order
    where tied > 0
    group by earlier, tied, inversions
),

groups_0 as (
    select
        '' as tie_pattern,
        {{ longest }} as smallest_group,
        0 as n,
        0 as inversions,
        cast(1 as bigint) as orders
),

{% for k in range(1, longest + 1) -%}
groups_{{ k }} as (
    select
        concat(g.tie_pattern, case when g.n > 0 then ',' else '' end, cast(m.tied as varchar)) as tie_pattern,
        m.tied as smallest_group,
        g.n + m.tied as n,
        g.inversions + m.inversions as inversions,
        cast(sum(g.orders * m.orders) as bigint) as orders
    from groups_{{ k - 1 }} as g
    join merges as m on m.earlier = g.n and m.tied <= g.smallest_group
    where g.n + m.tied <= {{ longest }}
    group by all
),

{% endfor -%}
counted as (
    {% for k in range(1, longest + 1) -%}
    select tie_pattern, n, inversions, orders from groups_{{ k }} where n >= 5
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

distribution as (
    select
        tie_pattern,
        n,
        max(inversions) over (partition by tie_pattern) - 2 * inversions as s,
        sum(orders) over (partition by tie_pattern order by inversions) / sum(orders) over (partition by tie_pattern) as p_at_least
    from counted
)

select
    tie_pattern,
    n,
    s,
    case when s = 0 then 1.0 else 2.0 * p_at_least end as p_two_sided,
    min(case when p_at_least <= 0.025 then s end) over (partition by tie_pattern) as critical_s
from distribution
where s >= 0
