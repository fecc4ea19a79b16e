"""What is said of a published figure, and how one comes to it: comparisons, place, trend, target, limits of a run chart.

Here: the steps from the release's figures to ``fct_assessments``, ``fct_run_charts`` and what a mart puts beside a figure, each held against what is
published. Not here: what is said of several figures together (explain_changes, explain_composites), the methods themselves (dbt's models), the words
(``assessment_words.csv``).
"""

import math
import statistics
from collections import Counter
from itertools import combinations, pairwise

import duckdb

from naravard_pipeline.pages.swedish import number
from naravard_pipeline.publication.explain_rows import Row, Said, fine, of, read, read_figures

COMPARED = {"nation": "riket", "county": "regionen", "similar": "liknande kommuner", "previous": "perioden före", "baseline": "utgångsläget"}
REACH = 2.66  # of the mean moving range, on either side of the mean

# Of each area the series that is followed: the national source's, else the region's, else the municipalities', in periods as long as its latest.
PEERS = """
with followed as (
    select area_code, value, period_start, period_end,
        first_value(reporter) over newest = reporter and first_value(period_months) over newest = period_months as is_followed
    from fct_observations
    where measure_id = $measure_id and age_group = $age_group and sex = 'total' and status = 'ok' and value is not null
        and area_code in (select area_code from dim_areas where area_type = $kind)
    window newest as (
        partition by area_code
        order by case reporter when 'source' then 1 when 'region' then 2 else 3 end,
            period_months = datediff('month', $period_start::date, $period_end::date) + 1 desc, period_end desc, period_start desc
    )
)
select * from followed where is_followed and period_start = $period_start and period_end = $period_end
"""

# The newest of Kolada's groups of the area and theme, told by its name: «Liknande kommuner äldreomsorg, Eskilstuna, 2024».
SIMILAR = """
with named as (
    select
        group_id, area_code as member_code, replace(replace(group_name_sv, 'Liknande kommuner, ', ''), 'Liknande kommuner ', '') as name
    from bridge_area_groups where group_type = 'similar'
)
select n.member_code, m.name_sv
from named as n
join dim_areas as a on a.name_sv = split_part(n.name, ', ', 2) and a.area_type = 'municipality'
join dim_areas as m on m.area_code = n.member_code
where a.area_code = $area_code and split_part(n.name, ', ', 1) = $theme and n.member_code <> a.area_code
qualify dense_rank() over (order by split_part(n.name, ', ', 3) desc, n.group_id desc) = 1
"""


def read_said(connection: duckdb.DuckDBPyConnection, measure: Row, figure: Row) -> list[Said]:
    """All that the release says of this very figure; of a part by sex or another age nothing is said."""
    beside = _beside(connection, measure, figure)
    if figure["sex"] != "total" or figure["age_group"] != measure["age_group"]:
        return [beside] if beside else []
    same = of(figure, "measure_id", "area_code", "period_start", "period_end", "reporter")
    condition = " and ".join(f"{column} = ?" for column in same)
    said = [beside]
    for row in read(connection, f"select * from fct_assessments where {condition}", *same.values()):
        said.append(_comparisons(connection, measure, figure, row))
        said.append(_place(connection, measure, figure, row))
        said.append(_trend(connection, measure, figure, row) if measure["value_type"] != "yes_no" else None)
        said.append(_target(measure, figure, row))
    said += [_limits(connection, row) for row in read(connection, f"select * from fct_run_charts where {condition}", *same.values())]
    return [s for s in said if s]


def _beside(connection: duckdb.DuckDBPyConnection, measure: Row, figure: Row) -> Said | None:
    """What the marts put beside it: the value before, the nation's and the county's of the same period. Nothing is judged by it."""
    if figure["value"] is None:
        return None
    same = of(figure, "area_code", "sex", "age_group", "reporter", "segment_id", "period_months")
    earlier = read_figures(connection, figure["measure_id"], "value is not null and period_start < ?", [figure["period_start"]], **same)
    then = of(figure, "period_start", "period_end", "sex", "age_group")
    nation = "value is not null and area_code <> ? and area_code in (select area_code from dim_areas where area_type = 'nation')"
    county = (
        "value is not null and area_code = (select parent_code from dim_areas where area_code = ?) and area_code <> '00' "
        "and (reporter <> 'municipalities' or (is_aggregated and status = 'ok'))"
    )
    found = {
        "previous_value": ("värdet före", earlier[-1:]),
        "nation_value": ("riket", read_figures(connection, figure["measure_id"], nation, [figure["area_code"]], **then)),
        "county_value": ("länet", read_figures(connection, figure["measure_id"], county, [figure["area_code"]], **then)),
    }
    is_answer = measure["value_type"] == "yes_no"
    beside = {column: (words, max(rows, key=lambda r: r["value"])) for column, (words, rows) in found.items() if rows}
    steps = [
        f"{words}, {row['period_label']}: {_answer(measure, row['value'])}"
        + (f", ändring {number(figure['value'] - row['value'], sign=True)}" if column == "previous_value" and not is_answer else "")
        for column, (words, row) in beside.items()
    ]
    return Said("beside", "bredvid siffran", steps, {column: row["value"] for column, (_, row) in beside.items()}) if steps else None


def _comparisons(connection: duckdb.DuckDBPyConnection, measure: Row, figure: Row, row: Row) -> Said:
    steps, pairs = [], []
    for name, words in COMPARED.items():
        other = row[f"{name}_value"]
        if other is None:
            continue
        who, theirs = _other(connection, measure, figure, row, name, words)
        if measure["value_type"] == "yes_no":
            steps.append(f"{who}: {_answer(measure, other)}")
            continue
        if name == "similar":
            names, found = _similar(connection, measure, figure, row)
            steps += names
            pairs += found
        steps.append(
            f"{row[f'comparison_{name}_sv']}: {_interval(figure)} mot {who} {_interval(theirs)}, "
            f"skillnad {number(row[f'{name}_difference'], sign=True)}; {_method(measure, figure, row, name, theirs)}"
        )
        pairs.append((f"skillnad mot {words}", figure["value"] - other, row[f"{name}_difference"]))
        if theirs["ci_method"] != "unknown":
            pairs.append((f"värde för {words}", theirs["value"], other))
    if row["first_period_label"] and row["movement_sv"] and row["first_period_label"] != row["period_label"]:
        since, now = _answer(measure, row["first_value"]), _answer(measure, row["value"])
        steps.append(f"{row['movement_sv']} sedan {row['first_period_label']}: {since} → {now}")
    return Said("comparison", row["summary_sv"], steps or ["det finns inget att jämföra med"], row, pairs)


def _answer(measure: Row, value: float) -> str:
    """A yes or no is no number to its readers."""
    return number(value) if measure["value_type"] != "yes_no" else "ja" if value == 1 else "nej"


def _other(connection, measure: Row, figure: Row, row: Row, name: str, words: str) -> tuple[str, Row]:
    """With whom, and their figure: its value, interval and counts. Of similar municipalities the median and the quartiles."""
    value = row[f"{name}_value"]
    if name == "similar":
        who = f"medianen av {row['similar_count']} {words} ({measure['similar_theme']})"
        return who, {"value": value, "ci_lower": row["similar_q1"], "ci_upper": row["similar_q3"], "ci_method": "quartiles"}
    where = of(figure, "sex", "age_group")
    if name in ("previous", "baseline"):
        label = row[f"{name}_label"]
        who = f"{words} ({label})"
        found = read_figures(connection, measure["measure_id"], **where, **of(figure, "area_code", "reporter", "segment_id"), period_label=label)
    else:
        place = (
            "(select area_code from dim_areas where area_type = 'nation')"
            if name == "nation"
            else "(select parent_code from dim_areas where area_code = ?)"
        )
        who = words
        values = [] if name == "nation" else [figure["area_code"]]
        found = read_figures(connection, measure["measure_id"], f"area_code in {place}", values, **where, **of(figure, "period_start", "period_end"))
    found = [r for r in found if r["value"] is not None and math.isclose(r["value"], value, rel_tol=1e-9)]
    return who, found[0] if found else {"value": value, "ci_lower": None, "ci_upper": None, "ci_method": "unknown"}


def _similar(connection, measure: Row, figure: Row, row: Row) -> tuple[list[str], list[tuple[str, float, float]]]:
    """Which the similar municipalities are, with their figures of the same period; the median and the quartiles that those lead to."""
    members = read(connection, SIMILAR, {"area_code": figure["area_code"], "theme": measure["similar_theme"]})
    peers = read(connection, PEERS, {"kind": "municipality", **of(figure, "measure_id", "age_group", "period_start", "period_end")})
    value_of = {peer["area_code"]: peer["value"] for peer in peers}
    there = {m["name_sv"]: value_of[m["member_code"]] for m in members if m["member_code"] in value_of}
    if len(there) != row["similar_count"]:  # the groups are newer than the figures of a measure that is held
        return [], []
    low, middle, high = statistics.quantiles(there.values(), n=4, method="inclusive")
    listing = ", ".join(f"{name} {number(value)}" for name, value in sorted(there.items(), key=lambda item: item[1]))
    pairs = [("liknande kommuners median", middle, row["similar_value"])]
    pairs += [("deras första kvartil", low, row["similar_q1"]), ("deras tredje kvartil", high, row["similar_q3"])]
    return [f"liknande kommuner: {listing}"], pairs


def _method(measure: Row, figure: Row, row: Row, name: str, theirs: Row) -> str:
    if row[f"comparison_{name}"] == "not_comparable":
        return "utan intervall sägs inget om skillnaden"
    if name in ("previous", "baseline") and measure["value_type"] == "share" and _has_counts(figure) and _has_counts(theirs):
        return "Newcombes 95 %-intervall för skillnaden mellan två andelar"
    against = "deras mittersta hälft" if name == "similar" else "det andra intervallet" if theirs["ci_lower"] is not None else "det andra värdet"
    is_apart = row[f"comparison_{name}"] != "no_different"
    return f"95 %-intervallet {'går fritt från' if is_apart else 'går inte fritt från'} {against}"


def _has_counts(figure: Row) -> bool:
    return bool(figure.get("denominator")) and figure.get("numerator") is not None and 0 <= figure["numerator"] <= figure["denominator"]


def _interval(figure: Row) -> str:
    if figure["ci_lower"] is None or figure["ci_upper"] is None:
        return number(figure["value"])
    what = "kvartiler " if figure["ci_method"] == "quartiles" else ""
    return f"{number(figure['value'])} ({what}{number(figure['ci_lower'])} till {number(figure['ci_upper'])})"


def _place(connection: duckdb.DuckDBPyConnection, measure: Row, figure: Row, row: Row) -> Said | None:
    if row["place"] is None:
        return None
    [kind] = connection.execute("select area_type from dim_areas where area_code = ?", [figure["area_code"]]).fetchone()
    peers = read(connection, PEERS, {"kind": kind, **of(figure, "measure_id", "age_group", "period_start", "period_end")})
    sign = -1 if measure["direction"] == "lower_is_better" else 1
    digits = 9 if measure["decimals"] is None else measure["decimals"]  # equal is what is shown alike
    own = round(sign * figure["value"], digits)
    shown = [round(sign * peer["value"], digits) for peer in peers]
    ahead, alike = sum(value > own for value in shown), sum(value == own for value in shown)
    first = "lägst" if measure["direction"] == "lower_is_better" else "högst"
    among = {"region": "regioner", "county_part": "länsdelar", "municipality": "kommuner"}[kind]
    quartile = f"; fjärdedel {row['quartile']}, där 1 har de främsta platserna" if row["quartile"] else ""
    others = f", {alike - 1} med samma visade värde delar plats med den" if alike > 1 else ""
    steps = [f"{among} som följs i sådana perioder och har värde: {row['place_of']}; {ahead} före, {first} värde först{others}{quartile}"]
    pairs = [("plats", ahead + 1, row["place"]), ("sista delade plats", ahead + alike, row["place_last"])]
    pairs += [("antal med värde", len(peers), row["place_of"])]
    place = f"plats {row['place']}" if row["place"] == row["place_last"] else f"delad plats {row['place']}–{row['place_last']}"
    return Said("place", f"{place} av {row['place_of']} {among}", steps, row, pairs)


def _trend(connection: duckdb.DuckDBPyConnection, measure: Row, figure: Row, row: Row) -> Said:
    """Kendall's S is counted from the same points; its probability and the slope's interval are the release's own."""
    where = of(figure, "area_code", "sex", "age_group", "reporter", "segment_id", "period_months")
    found = read_figures(connection, measure["measure_id"], "status = 'ok' and value is not null", **where)
    back = [(r, _months(figure) - _months(r)) for r in found]
    points = [r for r, months in back if months >= 0 and months % figure["period_months"] == 0]
    span = f"{points[0]['period_label']} till {points[-1]['period_label']}" if points else "inga perioder"
    listing = ", ".join(f"{p['period_label']}: {number(p['value'])}" for p in points)
    pairs: list[tuple[str, float, float]] = [("antal perioder", len(points), row["trend_periods"])]
    if row["trend"] == "too_short" or len(points) < 2:
        steps = [f"{len(points)} hel{'a perioder' if len(points) != 1 else ' period'} utan gemensamma data, minst fem behövs", listing]
        return Said("trend", f"utveckling: {row['trend_sv']}", steps, row, pairs)
    s = sum((b["value"] > a["value"]) - (b["value"] < a["value"]) for a, b in combinations(points, 2))
    count = len(points) * (len(points) - 1) // 2
    tied = sum(t * (t - 1) // 2 for t in Counter(p["value"] for p in points).values())
    slopes = [(b["value"] - a["value"]) * 12 / (_months(b) - _months(a)) for a, b in combinations(points, 2)]
    if row["tau"] is not None:
        pairs.append(("tau", s / math.sqrt((count - tied) * count), row["tau"]))
    pairs.append(("lutning", statistics.median(slopes), row["slope"]))
    limits = f" (95 % {fine(row['slope_lower'])} till {fine(row['slope_upper'])})" if row["slope_lower"] is not None else ""
    tau = f", tau {number(row['tau'], 2)}" if row["tau"] is not None else ""
    steps = [
        f"Mann-Kendall på {len(points)} perioder, {span}: S = {number(s, 0, sign=True)} av {count} par{tau}, p = {number(row['p_value'], 4)} "
        f"(gräns 0,05)",
        f"lutning (Theil-Sen) {fine(row['slope'], sign=True)} {measure['unit']} per år{limits}",
        listing,
    ]
    if row["trend"] == "no_clear_change" and row["p_value"] <= 0.05 and s:
        years = (_months(points[-1]) - _months(points[0])) // 12
        steps.insert(2, f"med den lutningen {fine(row['slope'] * years, sign=True)} på {years} år, som avrundas till noll i de siffror som visas")
    return Said("trend", f"utveckling: {row['trend_sv']}", steps, row, pairs)


def _target(measure: Row, figure: Row, row: Row) -> Said | None:
    if measure["target_value"] is None or row["target_status"] == "no_target":
        return None
    goal, year = measure["target_value"], measure["target_year"]
    low = measure["direction"] == "lower_is_better"
    steps = [
        f"mål {'högst' if low else 'minst'} {number(goal)} {measure['unit']}{f' år {year}' if year else ''}; värdet är {number(figure['value'])}"
    ]
    if year and row["slope"] is not None and row["target_status"] in ("on_the_way", "off_the_way"):
        then = figure["value"] + row["slope"] * (year * 12 + 12 - _months(figure)) / 12
        steps.append(f"med lutningen {fine(row['slope'], sign=True)} per år blir det {number(then)} i slutet av {year}")
    return Said("target", f"mål: {row['target_status_sv']}", steps, row)


def _limits(connection: duckdb.DuckDBPyConnection, row: Row) -> Said:
    same = of(row, "measure_id", "area_code", "segment_id", "section")
    condition = " and ".join(f"{column} = ?" for column in same)
    points = read(connection, f"select * from fct_run_charts where {condition} order by period_start", *same.values())
    values = [p["value"] for p in points]
    span = f"{len(points)} punkter, {points[0]['period_label']} till {points[-1]['period_label']}"
    since = [f"nya gränser sedan {points[0]['period_label']}: {row['section_reason_sv']}"] if row["section_reason_sv"] else []
    title = f"styrdiagram: {row['signal_sv']}" + (f", {row['variation_sv']}" if row["variation"] not in ("common_cause", "not_assessed") else "")
    if row["mean"] is None:
        return Said("run_chart", title, [*since, f"{span}; gränser räknas från tolv"], row, [("antal punkter", len(points), row["point_count"])])
    mean, step = statistics.fmean(values), statistics.fmean(abs(b - a) for a, b in pairwise(values))
    steps = [
        *since,
        f"medelvärde {number(row['mean'])} av {span}",
        f"medelrörelse {number(step)} mellan punkter i följd × {number(REACH)} = {number(step * REACH)}: "
        f"gränser {number(row['lower_limit'])} till {number(row['upper_limit'])}",
        ", ".join(f"{p['period_label']}: {number(p['value'])}" for p in points),
    ]
    pairs = [("antal punkter", len(points), row["point_count"]), ("medelvärde", mean, row["mean"])]
    pairs += [("undre gräns", mean - REACH * step, row["lower_limit"]), ("övre gräns", mean + REACH * step, row["upper_limit"])]
    return Said("run_chart", title, steps, row, pairs)


def _months(figure: Row) -> int:
    return figure["period_end"].year * 12 + figure["period_end"].month
