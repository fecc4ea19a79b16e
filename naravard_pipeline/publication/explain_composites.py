"""The way back of an aggregated indicator: each measure's figure, base, score, weight and contribution, and what leaving it out gives.

Here: one row of ``fct_composites`` and its rows of ``fct_composite_parts``. Not here: the measures' own figures (explain), the method (dbt's models).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from naravard_pipeline.publication.explain_rows import NoFigure, Row, area_name, choices, nothing_published, of, read
from naravard_pipeline.publication.folders import DATABASE, current_release, read_release
from naravard_pipeline.settings import Settings, spoken_language

MOST = 3.0  # deviations either way that a score tells
WHOLE = "all"  # the indicator_id of a goal area's own


@dataclass(frozen=True)
class CompositePart:
    """One measure's part; ``without`` is the index with this measure left out, None where it is the only one."""

    name_sv: str
    unit: str
    period_label: str | None
    row: Row
    without: float | None


@dataclass(frozen=True)
class CompositeExplanation:
    """``lacking``: measures of the indicator that take no part, by name. ``pairs``: what the parts lead to and what is published."""

    name_sv: str
    area_sv: str
    composite: Row
    parts: Sequence[CompositePart]
    lacking: Sequence[str]
    release: Row = field(default_factory=dict)

    @property
    def pairs(self) -> list[tuple[str, float, float]]:
        whole, rows = self.composite, [part.row for part in self.parts]
        pairs = [("index", 100 + sum(r["contribution"] for r in rows), whole["value"]), ("antal mått", len(rows), whole["measures"])]
        pairs.append(("vikterna", sum(r["share_of_weight"] for r in rows), 1.0))
        pairs += [(f"bidraget av {r['measure_id']}", 10 * r["score"] * r["share_of_weight"], r["contribution"]) for r in rows]
        pairs += [(f"poängen av {r['measure_id']}", _score(r), r["score"]) for r in rows]
        without = [part.without for part in self.parts if part.without is not None]
        if without:
            pairs += [("lägst utan ett mått", min(without), whole["range_low"]), ("högst utan ett mått", max(without), whole["range_high"])]
        return pairs


def _score(row: Row) -> float:
    sign = -1 if row["direction"] == "lower_is_better" else 1
    return max(-MOST, min(MOST, sign * (row["value"] - row["base_mean"]) / row["base_deviation"]))


def explain_composite(settings: Settings, framework_id: str, indicator_id: str, area_code: str, year: int | None) -> CompositeExplanation:
    """``indicator_id``: an indicator of the framework, or one of its goal areas for the goal area's own; ``year``: the newest if None.

    Raises ``NoFigure`` with what is there instead.
    """
    folder = current_release(settings)
    if folder is None:
        raise NoFigure(nothing_published(settings.published))
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        found = read(
            connection,
            "select * from fct_composites where framework_id = ? and area_code = ? and year = coalesce(?, year) "
            f"and (indicator_id = ? or (goal_area_id = ? and indicator_id = '{WHOLE}')) order by indicator_id = '{WHOLE}', year desc",
            *(framework_id, area_code, year, indicator_id, indicator_id),
        )
        if not found:
            raise NoFigure(_what_is_there(connection, framework_id, indicator_id, area_code, year))
        return _explain(connection, found[0], read_release(folder)["release"] | {"path": str(folder)})


def _explain(connection: duckdb.DuckDBPyConnection, whole: Row, release: Row) -> CompositeExplanation:
    key = of(whole, "framework_id", "goal_area_id", "indicator_id", "area_code", "year")
    rows = read(
        connection,
        "select p.*, m.name_sv, m.unit, m.direction, (select max(o.period_label) from fct_observations as o where o.measure_id = p.measure_id "
        "and o.area_code = p.area_code and year(o.period_end) = p.year and o.sex = 'total' and o.value = p.value) as period_label "
        "from fct_composite_parts as p join dim_measures as m using (measure_id) "
        f"where {' and '.join(f'p.{column} = ?' for column in key)} order by p.share_of_weight desc, p.measure_id",
        *key.values(),
    )
    parts = []
    for row in rows:
        rest = 1 - row["share_of_weight"]
        without = 100 + (whole["value"] - 100 - row["contribution"]) / rest if len(rows) > 1 else None
        parts.append(CompositePart(row["name_sv"], row["unit"], row["period_label"], row, without))
    linked = "bridge_goal_area_measures where framework_id = ? and goal_area_id = ?"
    if whole["indicator_id"] != WHOLE:
        linked = "bridge_indicator_measures where framework_id = ? and indicator_id = ?"
    lacking = read(
        connection,
        f"select name_sv from dim_measures where measure_id in (select measure_id from {linked}) "
        "and measure_id not in (select unnest(?)) order by name_sv",
        whole["framework_id"],
        whole["goal_area_id"] if whole["indicator_id"] == WHOLE else whole["indicator_id"],
        [row["measure_id"] for row in rows],
    )
    names = [row["name_sv"] for row in lacking]
    return CompositeExplanation(_name(connection, whole), area_name(connection, whole["area_code"]), whole, parts, names, release)


def _name(connection: duckdb.DuckDBPyConnection, whole: Row) -> str:
    if whole["indicator_id"] == WHOLE:
        table, column, key = "dim_goal_areas", "goal_area_id", whole["goal_area_id"]
    else:
        table, column, key = "dim_indicators", "indicator_id", whole["indicator_id"]
    found = connection.execute(f"select name_sv from {table} where framework_id = ? and {column} = ?", [whole["framework_id"], key]).fetchone()
    return found[0] if found else key


def _what_is_there(connection: duckdb.DuckDBPyConnection, framework_id: str, indicator_id: str, area_code: str, year: int | None) -> str:
    is_swedish = spoken_language() == "sv"
    asked = ", ".join(str(part) for part in (framework_id, indicator_id, area_code, year) if part is not None)
    head = f"Releasen har inget sammanvägt index för {asked}." if is_swedish else f"The current release has no aggregated indicator of {asked}."
    name = f"case when indicator_id = '{WHOLE}' then goal_area_id else indicator_id end"
    steps = (
        ("framework_id", framework_id, "ramverk", "frameworks"),
        (name, indicator_id, "indikatorer och målområden", "indicators and goal areas"),
        ("area_code", area_code, "områden", "areas"),
        ("cast(year as varchar)", str(year), "år", "years"),
    )
    conditions, values = "true", []
    for column, given, sv, en in steps:
        query = f"select distinct {column} from fct_composites where {conditions} order by 1"
        there = [row[0] for row in connection.execute(query, values).fetchall()]
        if given not in there and there:
            return f"{head} {f'Där finns {sv}' if is_swedish else f'Its {en} are'}: {choices(there)}"
        conditions, values = f"{conditions} and {column} = ?", [*values, given]
    return head
