"""The catalogue's tables: what dbt reads, column by column."""

from datetime import date

import pyarrow as pa
import pytest

from naravard_pipeline.catalogue import Area, AreaGroup, Catalogue, Framework, Measure, Source
from naravard_pipeline.catalogue.table_schemas import SCHEMAS
from naravard_pipeline.catalogue.tables import build_tables

WORDS = {"name_sv": "Namn", "name_en": "Name", "description_sv": "Text"}


def measure(measure_id: str, source_id: str = "kolada", **changes) -> Measure:
    fields = {
        "name_sv": "Mått",
        "name_en": "Measure",
        "definition_sv": "Vad som räknas.",
        "status": "published",
        "levels": ["region"],
        "unit": "procent",
        "value_type": "share",
        "direction": "neutral",
        "source_code": "N78111",
        "area_types": ["nation", "region"],
        "bounds": {"min": 0, "max": 100},
    }
    return Measure(measure_id=measure_id, source_id=source_id, **{**fields, **changes})


@pytest.fixture
def catalogue() -> Catalogue:
    def goal_area(name: str, *indicators: str) -> dict:
        return {"goal_area_id": name, **WORDS, "indicators": [{"indicator_id": i, **WORDS} for i in indicators]}

    goal_areas = [goal_area("a", "a1", "a2"), goal_area("b", "b1")]
    framework = Framework(framework_id="lan", owner_sv="Länet", county_code="04", goal_areas=goal_areas, **WORDS)
    about = {**WORDS, "attribution": "Källa: K", "licence": "Fri", "url": "https://k.se"}
    links = [{"framework": "lan", "indicator": "a1"}, {"framework": "lan", "indicator": "b1", "official_names_sv": ["Ett", "Två"], "weight": 0.5}]
    old = {"date": date(2024, 12, 31), "reason_sv": "Slut.", "replaced_by": "ny"}
    file = {"value_column": "Antal", "area_types": ["municipality"], "reporter": "municipalities"}
    measures = [
        measure("ny", indicators=links, sexes=True, target={"value": 80, "year": 2030}),
        measure("gammal", status="retired", source_code="U71453", retired=old),
        measure("fil", "local", source_code=None, file=file),
        measure("plan", "local", source_code=None, status="planned", bounds=None),
    ]
    areas = [
        Area(area_code="00", kolada_code="0000", scb_code="00", name_sv="Riket", area_type="nation"),
        Area(area_code="04", kolada_code="0004", scb_code="04", name_sv="Region S", area_type="region", parent_code="00"),
        Area(area_code="0484", kolada_code="0484", scb_code="0484", name_sv="Eskilstuna", area_type="municipality", parent_code="04"),
    ]
    return Catalogue(
        frameworks={"lan": framework},
        sources={
            "kolada": Source(source_id="kolada", kind="kolada", measure_url="https://k.se/?kpi={source_code}", **about),
            "local": Source(source_id="local", kind="files", docs_url="https://k.se/doc", **about),
        },
        measures={m.measure_id: m for m in measures},
        areas={a.area_code: a for a in areas},
        area_groups={"04-n": AreaGroup(group_id="04-n", name_sv="Norra", group_type="county_part", members=["0484"])},
    )


def test_every_table_has_its_columns_whatever_its_content(catalogue):
    empty = Catalogue(frameworks={}, sources={}, measures={}, areas={}, area_groups={})
    for tables in (build_tables(catalogue), build_tables(empty)):
        assert {name: table.schema for name, table in tables.items()} == SCHEMAS


def test_the_order_of_the_files_is_the_order_of_display(catalogue):
    tables = build_tables(catalogue)
    assert tables["goal_areas"].select(["goal_area_id", "sort_order"]).to_pylist() == [
        {"goal_area_id": "a", "sort_order": 1},
        {"goal_area_id": "b", "sort_order": 2},
    ]
    assert tables["indicators"]["indicator_id"].to_pylist() == ["a1", "a2", "b1"]
    assert tables["indicators"]["sort_order"].to_pylist() == [1, 2, 3]
    assert tables["areas"]["sort_order"].to_pylist() == [1, 2, 3]


def test_a_measure_row(catalogue):
    row = build_tables(catalogue)["measures"].to_pylist()[0]
    assert row == {
        "measure_id": "ny",
        "name_sv": "Mått",
        "name_en": "Measure",
        "definition_sv": "Vad som räknas.",
        "unit": "procent",
        "value_type": "share",
        "direction": "neutral",
        "status": "published",
        "decimals": 1,
        "source_id": "kolada",
        "source_code": "N78111",
        "source_url": "https://k.se/?kpi=N78111",
        "attribution": "Källa: K",
        "age_group": "total",
        "frequency": "year",
        "window_years": 1,
        "period_totals": None,
        "per": 100.0,
        "has_sums": True,
        "has_interval": True,
        "is_annualised": False,
        "has_sexes": True,
        "first_year": 2010,
        "value_min": 0.0,
        "value_max": 100.0,
        "max_change": None,
        "min_coverage": None,
        "max_revision": 10.0,
        "max_level_shift": 25.0,
        "max_missing_areas": 10.0,
        "approval": "automatic",
        "target_value": 80.0,
        "target_year": 2030,
        "baseline_period": None,
        "base_year": None,
        "similar_theme": "övergripande",
        "caveat_sv": None,
        "docs_url": "matt/ny.html",
        "suppression_threshold": 5,
        "denominator_threshold": 5,
        "hides_zero": False,
        "retired_date": None,
        "retired_reason_sv": None,
        "replaced_by": None,
        "levels": "region",
        "area_types": "nation,region",
        "reporter": "source",
        "contact_sv": None,
    }


def test_retired_planned_and_sent_in(catalogue):
    rows = {row["measure_id"]: row for row in build_tables(catalogue)["measures"].to_pylist()}
    assert (rows["gammal"]["retired_date"], rows["gammal"]["replaced_by"]) == (date(2024, 12, 31), "ny")
    assert (rows["fil"]["reporter"], rows["fil"]["source_url"], rows["fil"]["docs_url"]) == ("municipalities", "https://k.se", "matt/fil.html")
    assert (rows["plan"]["reporter"], rows["plan"]["value_min"]) == (None, None)


PLAIN = {"is_proposal": False, "system_level": None}


def test_a_measure_under_two_indicators_is_two_links_of_one_measure(catalogue):
    tables = build_tables(catalogue)
    assert tables["measures"]["measure_id"].to_pylist().count("ny") == 1
    assert tables["indicator_measures"].to_pylist() == [
        {"framework_id": "lan", "indicator_id": "a1", "measure_id": "ny", "weight": 1.0, "official_name_sv": "Mått"} | PLAIN,
        {"framework_id": "lan", "indicator_id": "b1", "measure_id": "ny", "weight": 0.5, "official_name_sv": "Ett; Två"} | PLAIN,
    ]


PLAIN = {"is_proposal": False, "system_level": None}


def test_a_measure_under_two_indicators_of_a_goal_area_counts_there_once(catalogue):
    def weights(**own):
        goal_areas = [{"goal_area_id": "ab", **WORDS, "weights": own, "indicators": [{"indicator_id": i, **WORDS} for i in ("a1", "b1")]}]
        framework = Framework(framework_id="lan", owner_sv="Länet", county_code="04", goal_areas=goal_areas, **WORDS)
        changed = catalogue.model_copy(update={"frameworks": {"lan": framework}})
        return [(r["measure_id"], r["weight"]) for r in build_tables(changed)["goal_area_measures"].to_pylist()]

    assert weights() == [("ny", 1.0)]  # the larger of 1 and 0.5
    assert weights(ny=0.2) == [("ny", 0.2)]


def test_a_declared_change_is_a_row(catalogue):
    monthly = measure("ny", frequency="month", rebase=[{"date": date(2024, 5, 1), "reason_sv": "Nytt arbetssätt."}])
    changed = catalogue.model_copy(update={"measures": {"ny": monthly}})
    assert build_tables(changed)["rebases"].to_pylist() == [{"measure_id": "ny", "rebase_date": date(2024, 5, 1), "reason_sv": "Nytt arbetssätt."}]


def test_groups_are_those_of_the_file_and_the_municipalities_of_each_region(catalogue):
    assert build_tables(catalogue)["area_groups"].to_pylist() == [
        {"group_id": "04-n", "group_name_sv": "Norra", "group_type": "county_part", "area_code": "0484"},
        {"group_id": "04-kommuner", "group_name_sv": "Kommunerna i Region S", "group_type": "county_municipalities", "area_code": "0484"},
    ]


def test_a_measures_page_has_the_public_address_where_there_is_one(catalogue):
    rows = build_tables(catalogue, "https://data.example.se/naravard")["measures"].to_pylist()
    assert rows[0]["docs_url"] == "https://data.example.se/naravard/matt/ny.html"


def test_live_is_what_is_fetched(catalogue):
    assert [m.measure_id for m in catalogue.live] == ["ny", "gammal", "fil"]
    assert [m.measure_id for m in catalogue.measures_of("local")] == ["fil", "plan"]


def test_types_dbt_relies_on():
    measures = SCHEMAS["measures"]
    assert measures.field("retired_date").type == pa.date32()
    assert measures.field("value_min").type == pa.float64()
    assert measures.field("target_year").type == pa.int32()
