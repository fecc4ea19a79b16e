"""What stands beside a figure about where it comes from: never a source's name under what was computed here."""

import pyarrow.parquet as pq
import pytest
from test_catalogue_tables import measure

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.catalogue.attribution import MADE_UP, attribution_of, own_computation
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.landing.loads import land_catalogue
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import SOURCES


@pytest.fixture(scope="module")
def catalogue():
    return read_catalogue(SOURCES)


@pytest.mark.parametrize(
    ("attributions", "line"),
    [
        (["Källa: Kolada"], "Egen beräkning på uppgifter från Kolada"),
        (["Källa: SCB", "Källa: Kolada"], "Egen beräkning på uppgifter från SCB och Kolada"),
        (["Källa: Kolada", "Källa: Kolada"], "Egen beräkning på uppgifter från Kolada"),
        (["Källa: A", "Källa: B", "Källa: C"], "Egen beräkning på uppgifter från A, B och C"),
        (["Källa: Regionen och kommunerna", "Källa: SCB"], "Egen beräkning på uppgifter från Regionen och kommunerna samt SCB"),
        ([], "Egen beräkning"),
    ],
)
def test_an_own_computation_names_each_source_once(attributions, line):
    assert own_computation(attributions) == line


def test_no_source_stands_under_a_derived_figure(catalogue):
    rows = {row["measure_id"]: row for row in build_tables(catalogue)["measures"].to_pylist()}
    derived = [m for m in catalogue.measures.values() if m.derived]
    assert derived
    for m in derived:
        assert rows[m.measure_id]["attribution"].startswith("Egen beräkning på uppgifter från ")
    assert rows["sip_per_1000"]["attribution"] == "Egen beräkning på uppgifter från Region Sörmland och länets kommuner samt SCB"
    for m in catalogue.measures_of("kolada"):
        assert rows[m.measure_id]["attribution"] == "Källa: Kolada"


def test_a_measure_computed_from_kolada_does_not_name_it_as_its_source(catalogue):
    parts = [m.measure_id for m in catalogue.measures_of("kolada")][:2]
    index = measure("index", "derived", source_code=None, derived={"combine": "mean", "parts": parts})
    assert attribution_of(index, catalogue) == "Egen beräkning på uppgifter från Kolada"


def test_every_source_states_its_terms_and_none_is_guessed(catalogue):
    licences = {s.source_id: s.licence_url for s in catalogue.sources.values()}
    assert licences["scb"] == "http://creativecommons.org/publicdomain/zero/1.0/"
    standard = {s for s, url in licences.items() if url and "creativecommons.org" in url}
    assert standard == {"scb"}, "a Creative Commons licence stands only where the source itself says so"
    assert "beslutar" in catalogue.sources["local"].licence and licences["local"] is None


@pytest.mark.parametrize("is_demo", [True, False])
def test_in_a_demo_no_real_source_is_named(catalogue, tmp_path, is_demo):
    landing = Landing(tmp_path)
    land_catalogue(landing, catalogue, "code", is_demo)
    for name in ("measures", "sources"):
        lines = set(pq.read_table(tmp_path / "catalogue" / f"{name}.parquet")["attribution"].to_pylist())
        assert (lines == {MADE_UP}) == is_demo
