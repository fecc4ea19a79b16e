"""The quality page of a release: what was checked, what is held back, and why. Swedish, one self-contained file.

Here belongs how outcomes are shown. What the results mean for a release is publication's to decide. The page asks no host for anything:
Great Expectations' own Data Docs ask a dozen.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment

from naravard_pipeline.pages import open_templates
from naravard_pipeline.pages.swedish import number, word

SEVERITIES = {"critical": "Stoppande", "warning": "Varning"}
TABLES = {
    "fct_observations": "Observationer",
    "fct_assessments": "Bedömningar",
    "fct_run_charts": "Styrdiagram",
    "fct_composites": "Sammanvägda index",
    "dim_areas": "Områden",
    "dim_measures": "Mått",
    "dim_indicators": "Indikatorer",
}  # the marts are called as their goal areas are
COLUMNS = {
    "measure_id": "Mått",
    "area_code": "Område",
    "area_type": "Områdestyp",
    "period_label": "Period",
    "sex": "Kön",
    "age_group": "Ålder",
    "reporter": "Lämnat av",
    "status": "Status",
    "value": "Värde",
    "previous_value": "Föregående värde",
    "change_percent": "Ändring, %",
    "max_change": "Största rimliga ändring, %",
    "year": "År",
    "slope": "Utveckling per år",
    "widest_change": "Avstånd mellan gränserna",
    "areas_with_figures": "Områden med siffror",
    "areas_assessed": "Områden med bedömning",
    "section": "Avsnitt",
    "points": "Värden",
    "signals": "Ovanliga värden",
    "mean_of_areas": "Områdenas medelvärde",
    "goal_area_id": "Målområde",
    "framework_id": "Ramverk",
    "value_min": "Undre gräns",
    "value_max": "Övre gräns",
    "ci_lower": "Undre konfidensgräns",
    "ci_upper": "Övre konfidensgräns",
    "reveals_small_count": "Visar litet antal",
    "women": "Kvinnor",
    "men": "Män",
    "total": "Totalt",
    "lowest_total": "Lägsta rimliga total",
    "highest_total": "Högsta rimliga total",
    "areas": "Områden",
    "distinct_values": "Olika värden",
    "reporting_areas": "Områden med uppgifter",
    "expected_areas": "Väntade områden",
    "coverage_percent": "Täckning, %",
    "min_coverage": "Lägsta täckning, %",
    "regular_areas": "Brukar ha uppgifter",
    "remaining_areas": "Har det fortfarande",
    "half_of_regular_areas": "Minst",
    "has_value": "Värde finns",
    "status_promises_value": "Status lovar värde",
    "value_from": "Periodens början",
    "today": "I dag",
    "indicator_id": "Indikator",
    "mart_rows": "Rader",
    "nameless_rows": "Rader utan namn",
    "name_sv": "Namn",
    "definition_sv": "Definition",
    "unit": "Enhet",
    "observed_value": "Uppmätt",
}


def render_quality_page(
    release: dict[str, Any],
    outcomes: list[dict[str, Any]],
    held: list[dict[str, Any]],
    corrections: list[dict[str, Any]] | None = None,
    mart_names: Mapping[str, str] | None = None,
    measure_names: Mapping[str, str] | None = None,
) -> str:
    """The page as HTML.

    ``release`` has release_id, published_at (ISO 8601 or datetime), is_demo, code_version. ``outcomes`` are ``Outcome.to_json()`` and dbt's tests as
    ``{check, table, severity, passed, reason, failed_rows, kind: "dbt"}``. ``held`` are measures with measure_id, name_sv, held_reason, held_since
    and is_left_out, true where there are no released figures to show.
    ``corrections`` are notices with name_sv, area_code, period_label, release_id, released_at, corrected_at, text_sv, the newest first.
    ``mart_names``: table → what readers call it; one that is not there is shown by its table's name;
    ``measure_names`` likewise. Keys beyond these may be missing.
    """
    failed = [o for o in outcomes if not o["passed"]]
    return (
        _environment()
        .get_template("quality.html.j2")
        .render(
            release=release,
            root="",
            is_demo=release.get("is_demo"),
            held=[h for h in held if not h.get("is_left_out")],
            left_out=[h for h in held if h.get("is_left_out")],
            corrections=corrections or [],
            passed=sorted((o for o in outcomes if o["passed"]), key=lambda o: (o["table"] or "", o["check"])),
            stopping=[o for o in failed if o["severity"] == "critical"],
            warnings=[o for o in failed if o["severity"] != "critical"],
            table_names={**TABLES, **(mart_names or {})},
            measure_names={**(measure_names or {}), **{h["measure_id"]: h["name_sv"] for h in held}},
            checked=len(outcomes),
        )
    )


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.quality")
    environment.filters |= {
        "cell": _cell,
        "heading": lambda column: COLUMNS.get(column, column),
        "severity": lambda severity: SEVERITIES.get(severity, severity),
    }
    return environment


def _cell(value: Any, column: str) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "ja" if value else "nej"
        case int() | float():
            return number(value)
        case _:
            return word(value, column)
