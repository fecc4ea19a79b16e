"""The pages of the site, rendered and written into the release's folder: ``index.html`` at its root, the others in a folder per kind.

Here: which page shows what. Not here: how they look (templates; pages holds the frame), the page about a measure (publication.measure_pages), of which
only the part with charts is made here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, TemplateError
from markupsafe import Markup

from naravard_pipeline.pages import open_templates
from naravard_pipeline.site import figures, parts
from naravard_pipeline.site.facts import Facts, Row, read_facts
from naravard_pipeline.site.figures import Figure

GOALS, INDICATORS, AREAS = "malomraden", "indikatorer", "omraden"


class SiteError(Exception):
    """The site cannot be built; says for which page and why."""


@dataclass(frozen=True)
class Site:
    """Pages by path inside the release, and the part with charts for each measure's page."""

    pages: Mapping[str, str]
    of_measures: Mapping[str, Markup]


def build_site(connection: duckdb.DuckDBPyConnection, release: Mapping[str, Any]) -> Site:
    """The whole site of the release whose database ``connection`` is. Raises ``SiteError``."""
    facts = read_facts(connection, release)
    charts = {}
    of_measures = {}
    for measure_id, measure in facts.measures.items():
        with _naming(f"the page of measure {measure_id}"):
            found = list(_measure_parts(facts, measure))
            charts[measure_id] = {part["county"]["area_code"]: part["over_time"] for part in found}
            of_measures[measure_id] = Markup(_render("measure_part.html.j2", facts, "../", parts=found, measure=measure)) if found else Markup("")
    return Site(dict(_pages(facts, charts)), of_measures)


def write_site(site: Site, folder: Path) -> None:
    for path, text in site.pages.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _pages(facts: Facts, charts: Mapping[str, Mapping[str, Figure | None]]) -> Iterator[tuple[str, str]]:
    with _naming("index.html"):
        yield "index.html", _render("start.html.j2", facts, "", frameworks=[_framework_part(facts, f) for f in facts.frameworks])
    for framework in facts.frameworks:
        for goal in framework["goal_areas"]:
            path = goal_path(goal)
            with _naming(path):
                yield path, _render("goal.html.j2", facts, "../", **_goal_part(facts, framework, goal))
            for indicator in goal["indicators"]:
                path = indicator_path(indicator)
                with _naming(path):
                    part = _indicator_part(facts, framework, goal, indicator, charts)
                    yield path, _render("indicator.html.j2", facts, "../", **part)
    for area in facts.areas.values():
        path = area_path(area)
        with _naming(path):
            yield path, _render("area.html.j2", facts, "../", area=area, frameworks=list(_area_parts(facts, area)))


def goal_path(goal: Row) -> str:
    return f"{GOALS}/{goal['framework_id']}-{goal['goal_area_id']}.html"


def indicator_path(indicator: Row) -> str:
    return f"{INDICATORS}/{indicator['framework_id']}-{indicator['indicator_id']}.html"


def area_path(area: Row) -> str:
    return f"{AREAS}/{area['area_code']}.html"


def _measure_parts(facts: Facts, measure: Row) -> Iterator[dict[str, Any]]:
    measure_id = measure["measure_id"]
    for county in facts.counties_of(measure_id):
        if county in facts.areas and (lines := parts.all_areas(facts, measure_id, county)):
            mapped = parts.tile_map(facts, county, measure_id)
            yield {
                "county": facts.areas[county],
                "over_time": figures.over_time(facts, measure, county, county),
                "places": figures.places(facts, measure, county),
                "multiples": figures.multiples(facts, measure, county),
                "runs": figures.runs(facts, measure, county),
                "lines": lines,
                "map": mapped if any(tile["line"]["said"] for tile in mapped) else [],
                "effects": facts.effects.get(measure_id, []),
            }


def _framework_part(facts: Facts, framework: Row) -> dict[str, Any]:
    county = facts.areas.get(framework["county_code"])
    goals = []
    for goal in framework["goal_areas"]:
        ids = [m for i in goal["indicators"] for m in i["measures"]]
        code = framework["county_code"]
        goals.append(
            {
                "goal": goal,
                "index": parts.latest_index(facts, framework, goal, None, code),
                "figure": figures.aggregated(facts, framework, goal, None, county, goal["name_sv"]) if county else None,
                "trends": parts.count_words(facts, ids, code, "trend", "trend"),
                "nation": parts.count_words(facts, ids, code, "comparison", "comparison_nation"),
                "indicators": [(i, parts.latest_index(facts, framework, goal, i, code)) for i in goal["indicators"]],
            }
        )
    code = framework["county_code"]
    return {"framework": framework, "county": county, "goals": goals, "map": parts.tile_map(facts, code), "others": facts.areas_of(code, "county_part")}


def _goal_part(facts: Facts, framework: Row, goal: Row) -> dict[str, Any]:
    county = facts.areas.get(framework["county_code"])
    code = framework["county_code"]
    return {
        "framework": framework,
        "goal": goal,
        "county": county,
        "figure": figures.aggregated(facts, framework, goal, None, county) if county else None,
        "indicators": [
            (i, parts.latest_index(facts, framework, goal, i, code), [parts.standing(facts, m, code) for m in i["measures"] if m in facts.measures])
            for i in goal["indicators"]
        ],
        "indexes": _indexes(facts, framework, goal, None),
    }


def _indicator_part(
    facts: Facts, framework: Row, goal: Row, indicator: Row, charts: Mapping[str, Mapping[str, Figure | None]]
) -> dict[str, Any]:
    county = facts.areas.get(framework["county_code"])
    code = framework["county_code"]
    return {
        "framework": framework,
        "goal": goal,
        "indicator": indicator,
        "county": county,
        "figure": figures.aggregated(facts, framework, goal, indicator, county) if county else None,
        "measures": [
            (parts.standing(facts, m, code), charts.get(m, {}).get(code)) for m in indicator["measures"] if m in facts.measures
        ],
        "indexes": _indexes(facts, framework, goal, indicator),
    }


def _indexes(facts: Facts, framework: Row, goal: Row, indicator: Row | None) -> list[tuple[Row, Row]]:
    found = [
        (a, parts.latest_index(facts, framework, goal, indicator, a["area_code"])) for a in facts.areas_of(framework["county_code"], "municipality")
    ]
    return [(a, index) for a, index in found if index]


def _area_parts(facts: Facts, area: Row) -> Iterator[dict[str, Any]]:
    for framework in facts.frameworks:
        if framework["county_code"] != area["county_code"]:
            continue
        goals = []
        for goal in framework["goal_areas"]:
            indicators = [
                (i, [parts.standing(facts, m, area["area_code"]) for m in i["measures"] if m in facts.measures]) for i in goal["indicators"]
            ]
            goals.append(
                {
                    "goal": goal,
                    "figure": figures.aggregated(facts, framework, goal, None, area, goal["name_sv"]),
                    "indicators": [(i, [line for line in lines if line["latest"]], lines) for i, lines in indicators],
                }
            )
        yield {"framework": framework, "goals": goals}


def _render(template: str, facts: Facts, root: str, **values: Any) -> str:
    values |= {"release": facts.release, "is_demo": facts.release["is_demo"], "root": root, "held": facts.held, "is_several": len(facts.frameworks) > 1}
    return _environment().get_template(template).render(**values)


class _naming:  # noqa: N801 - used as a word
    """An error inside is told with the page it belongs to."""

    def __init__(self, page: str):
        self.page = page

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (TemplateError, ValueError, KeyError, TypeError)):
            raise SiteError(f"{self.page}: {type(error).__name__}: {error}") from error


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.site")
    environment.filters |= {"goal_path": goal_path, "indicator_path": indicator_path, "area_path": area_path, "safe_svg": Markup}
    return environment
