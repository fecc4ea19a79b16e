"""The pages of the site, rendered and written into the release's folder: ``index.html`` at its root, the others in a folder per kind.

Here: which page shows what. Not here: how they look (templates; pages holds the frame), the page about a measure (publication.measure_pages),
of which only the part with charts is made here.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment
from markupsafe import Markup

from naravard_pipeline.charts import find_drawn
from naravard_pipeline.pages import open_templates
from naravard_pipeline.site import figures, indices, parts
from naravard_pipeline.site.facts import Facts, Row, read_facts
from naravard_pipeline.site.figures import Figure
from naravard_pipeline.site.holds import OLDER_SV, held_indicator, held_measure

NEWEST = 5  # notices of correction on the start page; all of them stand on the quality page
GOALS, INDICATORS, AREAS = "malomraden", "indikatorer", "omraden"
Charts = Mapping[tuple[str, str], Figure | None]  # (measure, area the framework is about) → its chart


class SiteError(Exception):
    """The site cannot be built; says for which page and why."""


@dataclass(frozen=True)
class Site:
    """Pages by path inside the release, and the part with charts for each measure's page."""

    pages: Mapping[str, str]
    of_measures: Mapping[str, Markup]


def build_site(connection: duckdb.DuckDBPyConnection, release: Mapping[str, Any], last: Path | None = None) -> Site:
    """The whole site of the release whose database ``connection`` is. Raises ``SiteError``.

    ``last``: the folder of an earlier release; a chart that would come out the same is taken from its pages.
    """
    pages = [path.read_text(encoding="utf-8") for path in last.rglob("*.html")] if last else []
    facts = read_facts(connection, release, find_drawn(pages))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # drawing happens outside of Python: two threads draw half as much again as one
        made = dict(zip(facts.measures, pool.map(lambda m: _measure(facts, m), facts.measures.values()), strict=True))
        charts = {(m, part["home"]["area_code"]): part["main"] for m, (found, _) in made.items() for part in found}
        made_pages = dict(pool.map(lambda page: page(), _pages(facts, charts)))
    return Site(made_pages, {m: text for m, (_, text) in made.items()})


def write_site(site: Site, folder: Path) -> None:
    for path, text in site.pages.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _pages(facts: Facts, charts: Charts) -> Iterator[Any]:
    """What makes each page but those of the measures: functions that give its path and its text."""

    def make(path: str, template: str, part: Any, *about: Any) -> Any:
        def page() -> tuple[str, str]:
            with _naming(path):
                return path, _render(template, facts, "../" if "/" in path else "", **part(facts, *about))

        return page

    yield make("index.html", "start.html.j2", _start)
    for framework in facts.frameworks:
        for goal in framework["goal_areas"]:
            yield make(goal_path(goal), "goal.html.j2", _goal, framework, goal)
            for indicator in goal["indicators"]:
                yield make(indicator_path(indicator), "indicator.html.j2", _indicator, framework, goal, indicator, charts)
    for area in facts.areas.values():
        if facts.has_page(area["area_code"]):
            yield make(area_path(area), "area.html.j2", _area, area)


def goal_path(goal: Row) -> str:
    return f"{GOALS}/{goal['framework_id']}-{goal['goal_area_id']}.html"


def indicator_path(indicator: Row) -> str:
    return f"{INDICATORS}/{indicator['framework_id']}-{indicator['indicator_id']}.html"


def area_path(area: Row) -> str:
    return f"{AREAS}/{area['area_code']}.html"


def _measure(facts: Facts, measure: Row) -> tuple[list[dict[str, Any]], Markup]:
    with _naming(f"matt/{measure['measure_id']}.html"):
        found = list(_measure_parts(facts, measure))
        text = _render("measure_part.html.j2", facts, "../", parts=found, measure=measure) if found else ""
        return found, Markup(text)


def _measure_parts(facts: Facts, measure: Row) -> Iterator[dict[str, Any]]:
    """One part for each county, municipality or nation that a framework with the measure is about."""
    measure_id = measure["measure_id"]
    told: set[str | None] = set()
    for home, county in facts.homes_of(measure_id).items():
        if lines := parts.all_areas(facts, measure_id, county):
            is_told = county in told  # the county's municipalities stand there once, however many of them have a framework
            told.add(county)
            mapped = [] if is_told else parts.tile_map(facts, county, measure_id)
            over_time = figures.over_time(facts, measure, home, county)
            places = None if is_told else figures.places(facts, measure, county, home)
            is_of_home = any(r["value"] is not None for r in facts.series.get((measure_id, home), []))
            yield {
                "main": over_time if is_of_home else places or over_time,
                "home": facts.areas[home],
                "line": parts.standing(facts, measure_id, home),
                "over_time": over_time,
                "places": places,
                "multiples": None if is_told else figures.multiples(facts, measure, county),
                "runs": [] if is_told else figures.runs(facts, measure, county),
                "lines": [] if is_told else lines,
                "map": mapped if any(tile["tile"] and tile["line"]["row"] for tile in mapped) else [],
                "surveys": [] if is_told else parts.surveys(facts, measure_id, [line["area"]["area_code"] for line in lines]),
                "effects": facts.effects_in(measure_id, home),
                "source": figures.source_of(facts, measure, [home] if is_told else [line["area"]["area_code"] for line in lines]),
            }


def _start(facts: Facts) -> dict[str, Any]:
    told = [n | {"name_sv": facts.measures[m]["name_sv"]} for m in facts.corrections if m in facts.measures for n in parts.corrections(facts, m)]
    return {
        "frameworks": [_framework_part(facts, framework) for framework in facts.frameworks],
        "corrections": sorted(told, key=lambda n: -n["number"])[:NEWEST],
    }


def _framework_part(facts: Facts, framework: Row) -> dict[str, Any]:
    code, home = framework["home"], facts.areas.get(framework["home"])
    goals = []
    for goal in framework["goal_areas"]:
        ids = [m for i in goal["indicators"] for m in i["measures"]]
        goals.append(
            {
                "goal": goal,
                "index": parts.latest_index(facts, framework, goal, None, code),
                "figure": indices.aggregated(facts, framework, goal, None, home, is_small=True) if home else None,
                "trends": parts.count_words(facts, ids, code, "trend", "trend"),
                "held_trends": parts.count_held(facts, ids, code),
                "nation": parts.count_words(facts, ids, code, "comparison", "comparison_nation") if code != "00" else [],
                "indicators": [
                    (i, parts.latest_index(facts, framework, goal, i, code), parts.only_measure(facts, i, code), held_indicator(facts, i))
                    for i in goal["indicators"]
                ],
            }
        )
    tiles = [t for t in parts.tile_map(facts, framework["county_code"]) if t["area"]["area_code"] in framework["areas"]]
    for tile in tiles:
        tile["indexes"] = [parts.latest_index(facts, framework, g, None, tile["area"]["area_code"]) for g in framework["goal_areas"]]
    for part in goals:
        shown = (parts.latest_index(facts, framework, part["goal"], None, tile["area"]["area_code"]) for tile in tiles)
        part["tiles_held"] = next((found["held"] for found in shown if found and found["held"]), None)
    others = [facts.areas[a] for a in framework["areas"] if facts.areas[a]["area_type"] != "municipality"]
    return {"framework": framework, "home": home, "goals": goals, "map": tiles, "others": others}


def _goal(facts: Facts, framework: Row, goal: Row) -> dict[str, Any]:
    home, code = facts.areas.get(framework["home"]), framework["home"]
    return {
        "framework": framework,
        "goal": goal,
        "home": home,
        "index": parts.latest_index(facts, framework, goal, None, code),
        "figure": indices.aggregated(facts, framework, goal, None, home) if home else None,
        "places": indices.index_places(facts, framework, goal, None),
        "indicators": [
            (
                i,
                parts.latest_index(facts, framework, goal, i, code),
                [parts.standing(facts, m, code, True) for m in i["measures"] if m in facts.measures],
            )
            for i in goal["indicators"]
        ],
    }


def _indicator(facts: Facts, framework: Row, goal: Row, indicator: Row, charts: Charts) -> dict[str, Any]:
    home, code = facts.areas.get(framework["home"]), framework["home"]
    return {
        "framework": framework,
        "goal": goal,
        "indicator": indicator,
        "home": home,
        "index": parts.latest_index(facts, framework, goal, indicator, code),
        "figure": indices.aggregated(facts, framework, goal, indicator, home) if home else None,
        "places": indices.index_places(facts, framework, goal, indicator),
        "measures": [(parts.standing(facts, m, code, True), charts.get((m, code))) for m in indicator["measures"] if m in facts.measures],
    }


def _area(facts: Facts, area: Row) -> dict[str, Any]:
    return {"area": area, "parent": facts.areas.get(area["parent_code"]), "frameworks": list(_area_parts(facts, area))}


def _area_parts(facts: Facts, area: Row) -> Iterator[dict[str, Any]]:
    for framework in facts.frameworks:
        if area["area_code"] not in framework["areas"]:
            continue
        goals = []
        for goal in framework["goal_areas"]:
            lines = [(i, [parts.standing(facts, m, area["area_code"]) for m in i["measures"] if m in facts.measures]) for i in goal["indicators"]]
            goals.append(
                {
                    "goal": goal,
                    "index": parts.latest_index(facts, framework, goal, None, area["area_code"]),
                    "figure": indices.aggregated(facts, framework, goal, None, area, goal["name_sv"], is_small=True),
                    "indicators": [(i, there) for i, found in lines if (there := [line for line in found if line["row"]])],
                    "absent": list({line["measure"]["measure_id"]: line for _, found in lines for line in found if not line["row"]}.values()),
                }
            )
        yield {"framework": framework, "goals": goals}


def _render(template: str, facts: Facts, root: str, **values: Any) -> str:
    values |= {
        "release": facts.release,
        "is_demo": facts.release["is_demo"],
        "root": root,
        "held": [row | {"held": held_measure(facts, m)} for m, row in facts.holds.items()],
        "older_sv": OLDER_SV,
        "is_several": len(facts.frameworks) > 1,
    }
    return _environment().get_template(template).render(**values)


class _naming:
    """An error inside is told with the page it belongs to."""

    def __init__(self, page: str):
        self.page = page

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception):
            raise SiteError(f"{self.page}: {type(error).__name__}: {error}") from error


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.site")
    environment.filters |= {"goal_path": goal_path, "indicator_path": indicator_path, "area_path": area_path}
    environment.filters |= {"as_html": Markup, "figure": parts.figure}
    return environment
