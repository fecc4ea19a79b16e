"""The quality page of a release: what was checked, what is held back, and why. Swedish, one self-contained file.

Here belongs how outcomes are shown. What the results mean for a release is publication's to decide. The page asks no host for anything:
Great Expectations' own Data Docs ask a dozen.
"""

from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader

SEVERITIES = {"critical": "Stoppande", "warning": "Varning"}
TABLES = {
    "fct_observations": "Observationer",
    "fct_assessments": "Bedömningar",
    "fct_run_charts": "Styrdiagram",
    "fct_composites": "Sammanvägda index",
    "dim_areas": "Områden",
    "dim_measures": "Mått",
    "dim_indicators": "Indikatorer",
    "mart_sormland_tillsammans": "Tillsammans",
    "mart_sormland_nara": "Nära",
    "mart_sormland_god_halsa_vard_omsorg": "God hälsa, vård och omsorg",
}
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
WORDS = {
    "sex": {"total": "totalt", "women": "kvinnor", "men": "män"},
    "reporter": {"source": "källan", "region": "regionen", "municipalities": "kommunerna"},
    "age_group": {"total": "alla"},
    "status": {
        "ok": "ok",
        "preliminary": "preliminärt",
        "suppressed": "dolt",
        "missing": "saknas",
        "not_applicable": "ej tillämpligt",
        "not_yet_published": "ej publicerat",
        "awaiting_denominator": "väntar på nämnare",
        "published": "publicerat",
        "draft": "utkast",
        "retired": "avslutat",
    },
}


def render_quality_page(release: dict[str, Any], outcomes: list[dict[str, Any]], held: list[dict[str, Any]]) -> str:
    """The page as HTML.

    ``release`` has release_id, published_at (ISO 8601 or datetime), is_demo, code_version. ``outcomes`` are ``Outcome.to_json()`` and dbt's tests as
    ``{check, table, severity, passed, reason, failed_rows, kind: "dbt"}``. ``held`` are measures with measure_id, name_sv, held_reason, held_since.
    Keys beyond these may be missing.
    """
    failed = [o for o in outcomes if not o["passed"]]
    return (
        _environment()
        .get_template("quality.html.j2")
        .render(
            release=release,
            held=held,
            passed=sorted((o for o in outcomes if o["passed"]), key=lambda o: (o["table"], o["check"])),
            stopping=[o for o in failed if o["severity"] == "critical"],
            warnings=[o for o in failed if o["severity"] != "critical"],
            measure_names={h["measure_id"]: h["name_sv"] for h in held},
            checked=len(outcomes),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("naravard_pipeline.quality"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "number": _number,
        "moment": _moment,
        "cell": _cell,
        "heading": lambda column: COLUMNS.get(column, column),
        "table_name": lambda table: TABLES.get(table, table),
        "severity": lambda severity: SEVERITIES.get(severity, severity),
    }
    return environment


def _number(value: float) -> str:
    """Swedish: decimal comma, a no-break space between thousands, at most four decimals."""
    text = f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    return text.replace(",", "\u00a0").replace(".", ",").replace("-", "−")


def _moment(value: Any) -> str:
    """A date or a time to the minute, as written in Sweden; any other text as it came."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > len("2026-01-01") else date.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value or "–")


def _cell(value: Any, column: str) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "ja" if value else "nej"
        case int() | float():
            return _number(value)
        case _:
            return WORDS.get(column, {}).get(str(value), str(value))
