"""The demo speaks the statistical services' formats, and what is landed from it is whole; so is what is landed from the recorded services."""

import json
import subprocess
import sys
from datetime import date

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pipeline import REPLAY, needs_replay

from naravard_pipeline.catalogue import Catalogue, read_catalogue
from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA, STATUSES
from naravard_pipeline.demo.server import DemoServer
from naravard_pipeline.landing.cubes import CONNECTORS, land_cubes, newest_period
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import SOURCES, Settings

MEASURES = {
    "scb": "befolkning",
    "folkhalsodata": "ensamhet_vuxna",
    "socialstyrelsen": "sjalvdestruktiv_handling",
    "vardenisiffror": "kontinuitetsindex_lakare",
}
LAST_YEAR = 2025


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(SOURCES)


@pytest.fixture(scope="module")
def urls(catalogue):
    with DemoServer(catalogue, last_year=LAST_YEAR) as demo:
        yield demo.urls


def land(source_id, catalogue, urls, home, on_landed=lambda landed: None, measures=None):
    settings = Settings(home=home, base_urls=urls, requests_per_second=1e6, attempts=2)
    measures = catalogue.live_of(source_id) if measures is None else measures
    return land_cubes(settings, source_id, measures, catalogue.areas.values(), Landing(home), on_landed, f"Källa: {source_id}")


def read(home, source_id):
    return pq.read_table(Landing(home).observations_path(source_id, MEASURES[source_id]))


def test_every_source_of_a_service_has_a_connector(catalogue):
    services = {s.source_id for s in catalogue.sources.values() if s.kind in ("pxweb1", "pxweb2", "socialstyrelsen", "vardenisiffror")}
    assert services == set(CONNECTORS) == set(MEASURES)


@pytest.mark.parametrize("source_id", MEASURES)
def test_lands_every_measure_with_plausible_figures(source_id, catalogue, urls, tmp_path):
    heard = []
    outcomes = land(source_id, catalogue, urls, tmp_path, heard.append)
    assert [(o.measure_id, o.state, o.newest_period) for o in outcomes] == [(m.measure_id, "new", LAST_YEAR) for m in catalogue.live_of(source_id)]
    assert heard == outcomes
    measure, rows = catalogue.measures[MEASURES[source_id]], read(tmp_path, source_id)
    assert set(CELLS_SCHEMA.names) <= set(rows.column_names)
    values = [value for value in rows["value"].to_pylist() if value is not None]
    assert measure.bounds.min <= min(values) < max(values) <= measure.bounds.max
    assert set(rows["status"].to_pylist()) <= set(STATUSES)
    assert rows.filter(pc.and_(pc.is_null(rows["value"]), pc.equal(rows["status"], "ok"))).num_rows == 0
    known = {area.scb_code for area in catalogue.areas.values() if area.area_type in measure.area_types}
    assert set(rows["area"].to_pylist()) == known
    assert measure.age_group in rows["age_group"].to_pylist()
    assert [o.state for o in land(source_id, catalogue, urls, tmp_path)] == ["unchanged"] * len(outcomes)


def test_a_measure_whose_table_has_no_ages_says_its_own(catalogue, urls, tmp_path):
    land("folkhalsodata", catalogue, urls, tmp_path)
    assert set(read(tmp_path, "folkhalsodata")["age_group"].to_pylist()) == {"16-84"}


def test_a_query_that_does_not_fit_leaves_the_others_alone_and_keeps_what_there_was(catalogue, urls, tmp_path):
    measure = catalogue.measures["befolkning"]
    land("scb", catalogue, urls, tmp_path)
    wrong = measure.model_copy(update={"query": measure.query.model_copy(update={"table": "TAB999"})})
    other = wrong.model_copy(update={"measure_id": "annan"})
    kept, failed, good = land("scb", catalogue, urls, tmp_path, measures=[wrong, other, measure.model_copy(update={"measure_id": "tredje"})])
    assert [o.state for o in (kept, failed, good)] == ["kept", "failed", "new"]
    assert kept.reason.startswith(
        "scb: TAB999: the service says «404 Not Found»; look the table up in the service's catalogue and correct query.table"
    )
    assert kept.reason_sv == "Källan avvisade frågan («404 Not Found»); senast godkända uppgifter visas."


@pytest.mark.parametrize("source_id", MEASURES)
def test_without_the_service_every_measure_says_so(source_id, catalogue, tmp_path):
    outcomes = land(source_id, catalogue, {source_id: "http://127.0.0.1:9"}, tmp_path)
    assert [o.state for o in outcomes] == ["failed"] * len(outcomes)
    assert outcomes[0].reason_sv == "Källan kunde inte nås; det finns inga tidigare uppgifter att visa."


def test_a_new_title_is_told_and_a_further_year_in_it_is_none(catalogue, tmp_path):
    measure, notes = catalogue.measures["befolkning"], []
    for title in ("Folkmängd 2010-2024", "Folkmängd 2010-2025", "Invånare 2010-2025"):
        renamed = {"befolkning": measure.model_copy(update={"name_sv": title})}
        with DemoServer(catalogue.model_copy(update={"measures": renamed}), last_year=2013) as demo:
            (landed,) = land("scb", catalogue, demo.urls, tmp_path)
        notes.append(landed.notes)
    assert notes == [(), (), ("The source calls it «Invånare 2010-2025 (PÅHITTAT)» now; it was «Folkmängd 2010-2024 (PÅHITTAT)».",)]


@pytest.mark.parametrize(
    ("start", "end", "newest"),
    [
        ((2024, 1, 1), (2024, 12, 31), 2024),
        ((2021, 1, 1), (2024, 12, 31), 2024),
        ((2025, 11, 1), (2025, 11, 30), 202511),
        ((2025, 7, 1), (2025, 12, 31), 202512),
    ],
)
def test_the_newest_period_is_a_year_or_a_month(start, end, newest):
    old = {"period_start": date(2000, 1, 1), "period_end": date(2000, 12, 31), "value": 1.0}
    empty = {"period_start": date(2030, 1, 1), "period_end": date(2030, 12, 31), "value": None}
    rows = pa.Table.from_pylist([old, {"period_start": date(*start), "period_end": date(*end), "value": 2.0}, empty])
    assert newest_period(rows) == newest
    assert newest_period(rows.slice(2)) is None


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("tables/TAB638/data?valueCodes[Region]=00&valueCodes[Tid]=2024", 400, "Missing selection for mandantory variable"),
        ("tables/TAB638/data?valueCodes[Region]=99&valueCodes[Tid]=2024&valueCodes[Alder]=tot&valueCodes[ContentsCode]=*", 400, "Non-existent value"),
        ("tables/TAB638/data?valueCodes[Kommun]=99", 400, "Non-existent variable"),
        ("tables/TAB638/data?valueCodes[Region]=*&valueCodes[Tid]=*&valueCodes[Alder]=*&valueCodes[ContentsCode]=*", 403, "Too many values selected"),
        ("tables/TAB1/metadata", 404, "Non-existent table"),
    ],
)
def test_the_demo_refuses_as_the_service_does(path, status, title, urls):
    answer = httpx.get(f"{urls['scb']}/{path}", trust_env=False)
    assert (answer.status_code, answer.json()["title"]) == (status, title)


def test_the_demo_answers_selections_as_the_service_does(urls):
    path = "tables/TAB638/data?valueCodes[Region]=00&valueCodes[Tid]=top(2)&valueCodes[ContentsCode]=*&valueCodes[Kon]=2&valueCodes[Alder]=tot"
    document = httpx.get(f"{urls['scb']}/{path}", trust_env=False).json()
    assert (document["id"], document["size"]) == (["Region", "Kon", "Alder", "ContentsCode", "Tid"], [1, 1, 1, 1, 2])
    assert "PÅHITTAT" in document["label"] and "PÅHITTAT" in document["source"]


# ---- the recorded services


@pytest.fixture(scope="module")
def recorded():
    with subprocess.Popen([sys.executable, str(REPLAY), "--port", "0", "--faults", "0.1"], stdout=subprocess.PIPE, text=True) as process:
        try:
            found = json.loads(process.stdout.readline())
            yield found | {"folkhalsodata": found["fohm"]}
        finally:
            process.kill()


@needs_replay
def test_the_population_of_the_county_is_as_published(catalogue, recorded, tmp_path):
    settings = Settings(home=tmp_path, base_urls=recorded, requests_per_second=1e6)
    (landed,) = land_cubes(settings, "scb", [catalogue.measures["befolkning"]], catalogue.areas.values(), Landing(tmp_path))
    assert landed.state == "new"
    rows = read(tmp_path, "scb")
    found = {(r["area"], r["age_group"]): r["value"] for r in rows.to_pylist() if r["sex"] == "total" and r["period_label"] == "2023"}
    # SCB, 31 December 2023: the whole of Eskilstuna, and those of 80 and more (21 one-year classes)
    assert found["0484", "total"] == 107468
    assert found["0484", "80+"] == 6163
    assert len({r["area"] for r in rows.to_pylist()}) == 312


@needs_replay
def test_loneliness_has_its_interval_its_answers_and_its_pooled_years(catalogue, recorded, tmp_path):
    settings = Settings(home=tmp_path, base_urls=recorded, requests_per_second=1e6)
    (landed,) = land_cubes(settings, "folkhalsodata", [catalogue.measures["ensamhet_vuxna"]], catalogue.areas.values(), Landing(tmp_path))
    assert (landed.state, landed.newest_period) == ("new", 2024)
    rows = read(tmp_path, "folkhalsodata").to_pylist()
    assert {r["period_label"] for r in rows} == {"2015–2018", "2016–2019", "2018–2021", "2021–2024"}
    given = [r for r in rows if r["value"] is not None]
    assert all(r["ci_lower"] < r["value"] < r["ci_upper"] and r["answers"] > 100 for r in given)
    assert {r["source_status"] for r in rows if r["value"] is None} == {".."}
