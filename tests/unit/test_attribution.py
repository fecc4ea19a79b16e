"""What stands beside a figure about where it comes from: never a source's name under what was computed here."""

import duckdb
import pyarrow.parquet as pq
import pytest
from jinja2 import Environment
from site_release import RELEASE, connect, tables
from test_catalogue_tables import measure

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.catalogue.attribution import MADE_UP, attribution_of, own_computation
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.landing.loads import land_catalogue
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.contract import Column, Table
from naravard_pipeline.publication.credits import read_credits
from naravard_pipeline.settings import DBT_PROJECT, SOURCES
from naravard_pipeline.site import build_site


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


@pytest.mark.parametrize("line", ["Källa: Kolada", "Källa: SCB", "Egen beräkning på uppgifter från SCB", MADE_UP, "Källa saknas", None])
@pytest.mark.parametrize("is_sum", [True, False, None])
def test_a_row_of_a_mart_that_is_summed_here_does_not_name_its_source_as_its_own(line, is_sum):
    text = (DBT_PROJECT / "macros" / "goal_area_mart.sql").read_text(encoding="utf-8")
    sql = Environment().from_string(text + "{{ attribution_of_row('l', 's') }}").render().strip()
    [(shown,)] = duckdb.execute(f"select {sql} from (select ?::varchar as l, ?::boolean as s)", [line, is_sum]).fetchall()
    assert shown == (own_computation([line]) if is_sum and line and line.startswith("Källa:") else line)


class TestOnTheSite:
    """A county whose figure is summed here, in a real release of a national source."""

    @pytest.fixture(scope="class")
    def site(self):
        is_sum = lambda row: row["area_code"] == "04" and row["measure_id"] == "planer"  # noqa: E731
        rows = [row | {"is_aggregated": is_sum(row)} for row in tables()["fct_observations"]]
        measures = [row | {"attribution": "Källa: Kolada"} for row in tables()["dim_measures"]]
        return build_site(connect({"fct_observations": rows, "dim_measures": measures}), RELEASE | {"is_demo": False})

    @pytest.mark.parametrize(
        ("chart", "line"),
        [
            ("planer-manader-04", "Egen beräkning på uppgifter från Kolada"),
            ("planer-manader-0484", "Källa: Kolada"),
            ("planer-04", "Egen beräkning på uppgifter från Kolada"),
            ("planer-kommuner-04", "Källa: Kolada"),
        ],
    )
    def test_a_chart_of_it_says_so_and_one_of_the_municipalities_names_the_source(self, site, chart, line):
        figure = site.of_measures["planer"].partition(f'data-file="{chart}"')[2].partition("</figure>")[0]
        assert f'<p class="source">{line}</p>' in figure

    def test_a_table_of_both_says_which_is_which(self, site):
        last = site.of_measures["planer"].rpartition('<p class="source">')[2].partition("</p>")[0]
        assert last == "Källa: Kolada. Region Sörmland: egen beräkning på uppgifter från Kolada"
        assert site.of_measures["trygghet"].rpartition('<p class="source">')[2].startswith("Källa: Kolada</p>")


def test_the_description_of_a_table_names_a_source_and_says_what_is_summed_of_its_figures():
    kinds = {"measure_id": "varchar", "is_aggregated": "boolean"}
    table = Table("fct_observations", "", tuple(Column(c, k, "") for c, k in kinds.items()), (), ())
    with duckdb.connect() as connection:
        connection.execute(
            "create table dim_sources as select 'k' as source_id, 'Källa: Kolada' as attribution, null as url, null as licence, null as licence_url"
        )
        connection.execute(
            "create table dim_measures as select 'm' as measure_id, 'k' as source_id, 'Källa: Kolada' as attribution, null::varchar as computed_from"
        )
        connection.execute("create table fct_observations as select 'm' as measure_id, false as is_aggregated")
        assert [c.text for c in read_credits(connection, table, False)] == ["Källa: Kolada"]
        connection.execute("insert into fct_observations values ('m', true)")
        assert [c.text for c in read_credits(connection, table, False)] == ["Källa: Kolada", "Egen beräkning på uppgifter från Kolada"]
        assert [c.text for c in read_credits(connection, table, True)] == [MADE_UP]
