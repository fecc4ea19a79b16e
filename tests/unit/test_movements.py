"""What has happened between two printed figures, against what SKR's infographic of March 2023 says of them."""

from datetime import timedelta

from models import Models

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.settings import SOURCES

# As the infographic tells it; of falls it has one figure only.
TOLD = {
    "skr_trygghet": "up",
    "skr_kontinuitetsindex": "up",
    "skr_tillganglighet": "down",
    "skr_fortroende": "up",
    "skr_undvikbar_slutenvard": "down",
    "skr_information": "unchanged",
    "skr_hemtjanst": "down",
    "skr_sjalvskattad_halsa": "unchanged",
    "skr_fallskador": "single_value",
    "skr_overvikt": "up",
    "skr_vardtillfallen": "down",
}
ROW = {
    **dict.fromkeys(("measure_id", "area_code", "period_label", "sex", "age_group", "status"), "varchar"),
    **dict.fromkeys(("period_start", "period_end"), "date"),
    "value": "double",
}


def movements(rows, series=(), decimals=None):
    """``int_movements`` as measure → movement, of printed ``rows`` and of ``series``, (measure, year, value, is in the latest segment)."""
    names = {r["measure_id"] for r in rows} | {m for m, *_ in series}
    measures = [
        {"measure_id": m, "age_group": "total", "source_id": "printed_x" if m.startswith("skr") else "kolada", "decimals": (decimals or {}).get(m, 0)}
        for m in sorted(names)
    ]
    models = Models().give("fct_observations", rows, **ROW)
    models.give("dim_measures", measures, measure_id="varchar", age_group="varchar", source_id="varchar", decimals="integer")
    given = [
        {"measure_id": m, "area_code": "0484", "period_start": f"{y}-01-01", "period_end": f"{y}-12-31", "period_label": str(y), "value": v}
        | {"is_in_latest_segment": latest, "is_independent": m != "overlaps" or y % 2 == 0}
        for m, y, v, latest in series
    ]
    kept = {k: t for k, t in ROW.items() if k not in ("sex", "age_group", "status")}
    models.give("int_series", given, **kept, is_in_latest_segment="boolean", is_independent="boolean").build("int_movements")
    return {r["measure_id"]: r for r in models.rows("from int_movements")}


def test_the_directions_are_those_of_the_infographic():
    measures = [m for m in read_catalogue(SOURCES).measures.values() if m.printed]
    rows = [
        {"measure_id": m.measure_id, "area_code": p.area, "period_label": p.period, "sex": "total", "age_group": "total", "status": "ok"}
        | {"period_start": p.start, "period_end": p.start + timedelta(days=27), "value": p.value}
        for m in measures
        for p in m.printed
    ]
    found = movements(rows, decimals={m.measure_id: m.decimals for m in measures})
    assert {m: r["movement"] for m, r in found.items()} == TOLD


def test_only_the_latest_segment_counts_and_what_rounds_alike_is_unchanged():
    series = [("kol", 2019, 80.0, False), ("kol", 2020, 50.04, True), ("kol", 2021, 70.0, True), ("kol", 2022, 50.01, True)]
    assert movements([], series, {"kol": 1})["kol"]["movement"] == "unchanged"
    found = movements([], series, {"kol": 2})["kol"]
    assert (found["movement"], found["first_value"], found["first_period_label"]) == ("down", 50.04, "2020")


def test_of_windows_that_overlap_the_first_that_shares_no_data_with_the_last_is_where_it_begins():
    series = [("overlaps", 2019, 70.0, True), ("overlaps", 2020, 80.0, True), ("overlaps", 2022, 75.0, True)]
    found = movements([], series)["overlaps"]
    assert (found["movement"], found["first_value"], found["first_period_label"]) == ("down", 80.0, "2020")
