"""A release of a few rows with everything a site can show: two frameworks, a county and the nation, intervals, months, gaps, holds, hidden cells."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from naravard_pipeline.publication.changes_page import render_changes_page
from naravard_pipeline.publication.measure_pages import write_measure_pages
from naravard_pipeline.quality import render_quality_page
from naravard_pipeline.site import build_site, write_site

RELEASE = {"release_id": "000001-20260301T053000-1a2b3c4d", "published_at": "2026-03-01T05:30:00+00:00", "is_demo": True, "code_version": "0.1.0"}
TOWNS = {"0480": "Nyköping", "0484": "Eskilstuna", "0486": "Strängnäs", "0428": "Vingåker"}
AREAS = [("00", "Riket", "nation", None), ("04", "Region Sörmland", "region", "00"), ("04-norra", "Norra Sörmland", "county_part", "04")]
AREAS += [(code, name, "municipality", "04") for code, name in TOWNS.items()]
HELD = datetime(2026, 2, 1, tzinfo=UTC).replace(tzinfo=None)
WORDS = {"nation_value": None, "county_value": None, "target_status": "no_target", "is_held": False, "held_reason": None, "held_since": None}


def measure(measure_id: str, name: str, **more):
    return {
        "measure_id": measure_id,
        "name_sv": name,
        "definition_sv": f"Vad {name} är, med å, ä och ö.",
        "unit": "procent",
        "value_type": "share",
        "direction": "higher_is_better",
        "status": "published",
        "decimals": 1,
        "age_group": "total",
        "area_types": "nation,region,municipality",
        "source_id": "kolada",
        "attribution": "Påhittade uppgifter för demonstration",
        "caveat_sv": "Jämför med <försiktighet> & omsorg.",
        "target_value": None,
        "target_year": None,
    } | more


def observation(measure_id: str, area: str, start: date, end: date, label: str, value: float | None, **more):
    return {
        "measure_id": measure_id,
        "area_code": area,
        "period_start": start,
        "period_end": end,
        "period_months": max(round((end - start).days / 30.4), 1),
        "period_label": label,
        "sex": "total",
        "age_group": "total",
        "value": value,
        "ci_lower": None,
        "ci_upper": None,
        "status": "ok" if value is not None else "missing",
        "reporter": "source",
        "segment_id": "1",
        "since_date": None,
        "parts_reported": None,
        "parts_expected": None,
        "is_held": False,
        "held_reason": None,
        "held_since": None,
    } | more


def assessment(row: dict, summary: str, **more):
    same = ("measure_id", "area_code", "period_start", "period_end", "period_label", "reporter", "value", "ci_lower", "ci_upper")
    said = {"comparison_nation": "not_comparable", "comparison_county": "not_comparable", "trend": "too_short", "trend_since": None}
    return {c: row[c] for c in same} | WORDS | said | {"summary_sv": summary} | more


def yearly(measure_id: str, area: str, base: float, **more):
    return [
        observation(
            measure_id, area, date(y, 1, 1), date(y, 12, 31), str(y), base + y - 2018, ci_lower=base + y - 2020, ci_upper=base + y - 2016, **more
        )
        for y in range(2018, 2026)
    ]


def monthly(measure_id: str, area: str, base: float):
    starts = [date(2024 + m // 12, m % 12 + 1, 1) for m in range(24)]
    ends = [after - timedelta(days=1) for after in [*starts[1:], date(2026, 1, 1)]]
    return [observation(measure_id, area, s, e, f"{s:%Y-%m}", base + s.month % 3) for s, e in zip(starts, ends, strict=True)]


def run_point(row: dict):
    limits = {"mean": row["value"], "lower_limit": 12340.0, "upper_limit": 12350.0, "segment_id": "1", "section": 1, "section_reason_sv": None}
    limits |= {"basis_sv": "Bygger på det som visas."}
    said = {"signal": "shift", "signal_sv": "minst sju i följd", "variation": "concern", "variation_sv": "ovanlig försämring"}
    return {c: row[c] for c in ("measure_id", "area_code", "period_start", "period_end", "period_label", "value")} | limits | said


def tables() -> dict[str, list[dict]]:
    line, month = measure("trygghet", "Trygghet i vården"), measure("planer", "Antal planer", unit="antal", value_type="count", decimals=0)
    planned = measure("plan", "Planerat mått", status="planned")
    said = measure("avtal", "Överenskommelse finns", unit="", value_type="yes_no")
    lone = measure("folkmangd", "Folkmängd", unit="invånare", decimals=0, direction="neutral", caveat_sv=None)
    series = {a: yearly("trygghet", a, 1040.0 if a == "00" else 1030.0 + i) for i, (a, *_) in enumerate(AREAS) if a != "04-norra"}
    series["0486"] = [r | {"is_held": True, "held_reason": "Svaret krympte.", "held_since": HELD} for r in series["0486"]]
    series["0428"][-1] |= {"status": "preliminary"}
    series["04"][-1] |= {"status": "preliminary", "parts_reported": 3, "parts_expected": 4}
    months = {a: monthly("planer", a, 12345.0) for a in ("04", "0480", "0484")}
    months["0484"][-1] |= {"value": None, "status": "suppressed"}
    yes = observation("avtal", "0484", date(2025, 1, 1), date(2025, 12, 31), "2025", 1.0, since_date=date(2025, 3, 1))
    people = observation("folkmangd", "04", date(2025, 1, 1), date(2025, 12, 31), "2025", 301234.0)
    observations = [r for found in (*series.values(), *months.values()) for r in found] + [yes, people]
    better = {"comparison_nation": "better", "nation_value": 1047.0, "comparison_county": "worse", "county_value": 1038.0}
    trend = {"trend": "worsening", "trend_since": "2018", "turn": "latest_against", "target_status": "off_the_way"}
    names = {code: name for code, name, *_ in AREAS}
    assessments = [assessment(found[-1], f"{names[a]} 2025: nivån står här.", **better, **trend) for a, found in series.items()]
    assessments += [assessment([r for r in found if r["value"]][-1], f"{names[a]}: månaden.", trend="increasing") for a, found in months.items()]
    runs = [run_point(r) for found in months.values() for r in found]
    indexes = [
        {"framework_id": "lan", "goal_area_id": "god", "indicator_id": i, "area_code": a, "year": y, "value": 99.0 + y - 2024 + n}
        | {"range_low": 97.0, "range_high": 104.0, "measures": 2, "measures_expected": 3, "is_preliminary": y == 2025}
        | {"summary_sv": f"Sammanvägt index {y}: står här."}
        for i in ("all", "trygg")
        for n, (a, *_) in enumerate(AREAS)
        for y in (2023, 2024, 2025)
    ]
    indicator = {"description_sv": "Vad den säger.", "is_gap": False}
    return {
        "dim_areas": [{"area_code": c, "name_sv": n, "area_type": t, "parent_code": p, "sort_order": i} for i, (c, n, t, p) in enumerate(AREAS)],
        "dim_frameworks": [
            {"framework_id": "lan", "name_sv": "Nära vård i länet", "description_sv": "Länets målbild.", "county_code": "04", "sort_order": 1},
            {"framework_id": "landet", "name_sv": "Hela landet", "description_sv": "För landet.", "county_code": None, "sort_order": 2},
        ],
        "dim_goal_areas": [
            {"framework_id": f, "goal_area_id": g, "name_sv": n, "description_sv": "Vad det handlar om.", "sort_order": i}
            for i, (f, g, n) in enumerate([("lan", "god", "God hälsa"), ("lan", "ihop", "Tillsammans"), ("landet", "vi", "Vi")])
        ],
        "dim_indicators": [
            {"framework_id": "lan", "goal_area_id": "god", "indicator_id": "trygg", "name_sv": "Trygghet", "sort_order": 1} | indicator,
            {"framework_id": "lan", "goal_area_id": "god", "indicator_id": "rehab", "name_sv": "Rehabilitering", "sort_order": 2}
            | (indicator | {"is_gap": True}),
            {"framework_id": "lan", "goal_area_id": "ihop", "indicator_id": "samordning", "name_sv": "Samordning", "sort_order": 3} | indicator,
            {"framework_id": "landet", "goal_area_id": "vi", "indicator_id": "trygg", "name_sv": "Trygga", "sort_order": 4} | indicator,
        ],
        "bridge_indicator_measures": [
            {"framework_id": f, "indicator_id": i, "measure_id": m, "official_name_sv": m}
            for f, i, m in [
                ("lan", "trygg", "trygghet"),
                ("lan", "trygg", "plan"),
                ("lan", "samordning", "planer"),
                ("lan", "samordning", "avtal"),
                ("landet", "trygg", "trygghet"),
            ]
        ],
        "dim_measures": [line, month, planned, said, lone],
        "dim_sources": [{"source_id": "kolada", "name_sv": "Kolada", "licence": "Fri.", "contact_sv": "Statistikern"}],
        "fct_observations": observations,
        "fct_assessments": assessments,
        "fct_run_charts": runs,
        "fct_composites": indexes,
        "dim_segments": [
            {"measure_id": "trygghet", "segment_id": "2", "segment_number": 2, "starts": date(2021, 1, 1), "reason_sv": "Ny fråga i enkäten."}
        ],
        "bridge_initiative_marks": [
            {"initiative_id": "s", "measure_id": "trygghet", "area_code": "0484", "mark_date": date(2022, 6, 1), "label_sv": "SIP-samordnare: start"}
        ],
        "dim_initiatives": [
            {
                "initiative_id": "s",
                "framework_id": "lan",
                "name_sv": "SIP-samordnare",
                "owner_sv": "Styrgruppen",
                "start_date": date(2022, 6, 1),
                "is_made_up": True,
            }
        ],
        "fct_surveys": [
            {"share_measure_id": "trygghet", "area_code": "0484", "question_sv": "Känner du dig trygg?", "sex": "total", "reporter": "municipalities"}
            | {
                "alternative_sv": a,
                "alternative_number": n,
                "wave_id": w,
                "wave_name_sv": w.title(),
                "wave_number": i,
                "wave_date": date(2024 + i, 3, 1),
            }
            | {"value": v, "denominator": v and 40.0, "share": v and v / 0.4, "status": "ok" if v else "suppressed"}
            for i, w in enumerate(("start", "slut"))
            for n, (a, v) in enumerate([("Ja", 30.0 + i), ("Nej", None if i else 10.0)])
        ],
        "fct_survey_changes": [
            {"measure_id": "trygghet", "area_code": "0484", "followup_date": date(2025, 3, 1), "summary_sv": "Andelen var 75 och är 78 procent."}
        ],
        "fct_initiative_effects": [
            {
                "initiative_id": "s",
                "measure_id": "trygghet",
                "area_type": "municipality",
                "summary_sv": "Ingen säker skillnad. Det säger inte varför.",
            }
            | dict.fromkeys(("before_treated", "after_treated", "change_treated", "before_compared", "after_compared", "change_compared"), 1.5)
            | {"areas_treated": 1, "areas_compared": 3}
        ],
    }


def connect(changed: dict[str, list[dict]] | None = None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, rows in (tables() | (changed or {})).items():
        connection.register("rows", pa.Table.from_pylist(rows))
        connection.execute(f"create table {name} as select * from rows")
        connection.unregister("rows")
    return connection


def write_release(folder: Path) -> Path:
    """Every page of a release in ``folder``, as publication writes them."""
    connection = connect()
    site = build_site(connection, RELEASE)
    write_site(site, folder)
    write_measure_pages(connection, folder, RELEASE, site.of_measures)
    held = {"measure_id": "trygghet", "name_sv": "Trygghet i vården", "held_reason": "Svaret krympte.", "held_since": "2026-02-01", "kind": "landing"}
    (folder / "quality.html").write_text(render_quality_page(RELEASE, [], [held]), encoding="utf-8")
    states = {"waiting": 0, "held": 0, "released": 0}
    changes = {"after": RELEASE, "before": None, "is_demo": True, "measures": [], "totals": {}, "states": states, "note_sv": "Första publiceringen."}
    (folder / "changes.html").write_text(render_changes_page(changes, approve=None), encoding="utf-8")
    (folder / "csv").mkdir()
    return folder
