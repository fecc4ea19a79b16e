"""The catalogue that is shipped: whole, valid, and true to the framework and to Kolada."""

import csv
import gzip
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from naravard_pipeline.catalogue import Catalogue, read_catalogue
from naravard_pipeline.catalogue.schema import build_schemas
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.settings import SOURCES

SHARED = Path(__file__).parents[2].parent / "shared"
RECORDED = SHARED / "replay" / "data" / "kolada"
needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded Kolada catalogue (../shared/replay) is not here")

# goal area, indicator, official name: the county's own list, row by row, with the codes or files that give it
SORMLAND = {
    ("tillsammans", "delaktighet"): {
        "Patientrapporterad delaktighet, region": {"N78111", "U71453"},
        "Brukarrapporterad delaktighet, kommun": {"U21463", "U23461"},
        "Delaktighet i överenskommelse och planering": {"delaktighet_overenskommelse"},
        "Patientrapporterad delaktighet barn/unga": {"delaktighet_barn_unga"},
    },
    ("tillsammans", "samordning"): {
        "Antal Samordnad individuell plan (SIP)": {"sip_antal", "sip_per_1000"},
        "Utskrivningsklara patienter på sjukhus": {"U79135", "N79176", "N20404"},
        "Oplanerade återinskrivningar": {"U79092", "N20506"},
        "Samordning av vård- och omsorgskontakter": {"samordning_vard_omsorgskontakter"},
        "Samordning av vårdkontakter, region": {"N78113", "U71455"},
    },
    ("nara", "tillganglighet"): {
        "Medicinsk bedömning inom tre dagar, regionens primärvård": {"N79173"},
        "Rapporterade distansbesök, region": {"distansbesok"},
        "Möjlighet att träffa läkare vid behov i särskilt boende": {"U23482"},
        "Läkarbesök i hemmet (inkl. särskilt boende)": {"lakarbesok_hemmet"},
    },
    ("nara", "kontinuitet"): {
        "Kontinuitetsindex primärvårdsläkare, kronisk sjukdom": {"kontinuitetsindex_lakare"},
        "Upplevd kontinuitet": {"N78113", "U71455"},
        "Personalkontinuitet, hemtjänst": {"U21401", "U21402"},
        "Samordning av vård- och omsorgskontakter": {"samordning_vard_omsorgskontakter"},
        "Samordning av vårdkontakter, region": {"N78113", "U71455"},
    },
    ("god_halsa_vard_omsorg", "halsoframjande"): {
        "Självrapporterad hälsa": {"U01405"},
        "Andel hälsosamtal": {"halsosamtal"},
    },
    ("god_halsa_vard_omsorg", "forebyggande"): {
        "Övervikt och obesitas i befolkningen": {"U01760", "U01411"},
        "Fallskador bland äldre": {"U20462"},
        "Vårdtillfälle/100 000 invånare": {"N70808"},
        "Riskförebyggande åtgärder i särskilt boende": {"N20500"},
        "Antal sjukhusvårdade personer per 100 000, avsiktlig självdestruktiv handling": {"N70906", "sjalvdestruktiv_handling"},
        "Alkohol, narkotika, dopning, tobak och spel (ANDTS)": {"U01404", "U01402", "U79232", "U79235", "dopning", "spelproblem"},
        "Ofrivillig ensamhet": {"U01421", "U23481", "ensamhet_vuxna"},
        "Våldsutsatthet": {"N01460"},
    },
    ("god_halsa_vard_omsorg", "rehabiliterande"): {},
}
NINE = {
    "Eskilstuna": "0484",
    "Flen": "0482",
    "Gnesta": "0461",
    "Katrineholm": "0483",
    "Nyköping": "0480",
    "Oxelösund": "0481",
    "Strängnäs": "0486",
    "Trosa": "0488",
    "Vingåker": "0428",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(SOURCES)


def test_every_row_of_the_countys_list_is_there_and_no_other(catalogue):
    found: dict = {
        (goal_area.goal_area_id, indicator.indicator_id): {}
        for goal_area in catalogue.frameworks["sormland"].goal_areas
        for indicator in goal_area.indicators
    }
    goal_area_of = {indicator: goal_area for goal_area, indicator in found}
    for measure in catalogue.measures.values():
        for link in (link for link in measure.indicators if link.framework == "sormland"):
            for name in link.official_names_sv or [measure.name_sv]:
                rows = found[goal_area_of[link.indicator], link.indicator]
                rows.setdefault(name, set()).add(measure.source_code or measure.measure_id)
    assert found == SORMLAND
    assert list(found) == list(SORMLAND)  # in the framework's order


def test_what_has_no_source_is_planned_and_what_has_one_is_live(catalogue):
    statuses = {m.measure_id: m.status for m in catalogue.measures.values()}
    assert {i for i, status in statuses.items() if status == "retired"} == {
        "patientrapporterad_delaktighet_index",
        "samordning_vardkontakter_index",
        "personalkontinuitet_medel",
        "personalkontinuitet_median",
    }
    assert all(m.is_live and m.file for m in catalogue.measures_of("local")), "every local measure has a template to come in by"
    planned = {
        m.source_id: {n.measure_id for n in catalogue.measures_of(m.source_id) if not n.is_live} for m in catalogue.measures.values() if not m.is_live
    }
    surveys = {f"tyreso_{name}" for name in ("sip_upplevd_forbattring", "sip_upplevd_kompetens", "upplevd_forflyttning", "upplevd_samverkan")}
    assert planned.pop("local_tyreso") == surveys  # nobody has asked yet
    assert planned.pop("printed_skr") == {"skr_lakarkontinuitet"}  # the infographic gives no figure for it
    assert planned.keys() == {"utan_kalla"}
    assert all(m.is_live for m in catalogue.measures_of("kolada"))
    assert all((m.status == "planned") != m.is_live for m in catalogue.measures.values())


def test_retired_measures_say_when_and_what_came_instead(catalogue):
    retired = {m.source_code: m.retired for m in catalogue.measures.values() if m.retired}
    assert {r.date for r in retired.values()} == {date(2024, 12, 31)}
    assert {code: r.replaced_by for code, r in retired.items()} == {
        "U71453": "patientrapporterad_delaktighet",
        "U71455": "samordning_vardkontakter",
        "U21401": None,
        "U21402": None,
    }


def test_every_live_measure_says_what_change_is_plausible(catalogue):
    assert [m.measure_id for m in catalogue.live if m.max_change is None] == []


def test_the_areas_are_the_countrys(catalogue):
    types = Counter(a.area_type for a in catalogue.areas.values())
    assert types == {"nation": 1, "region": 21, "county_part": 3, "municipality": 290}
    assert {a.name_sv: a.area_code for a in catalogue.areas.values() if a.parent_code == "04" and a.area_type == "municipality"} == NINE
    for area in catalogue.areas.values():
        assert (area.kolada_code is None) == (area.scb_code is None) == (area.area_type == "county_part")
        if area.area_type == "region":
            assert (area.kolada_code, area.scb_code, area.parent_code) == (f"00{area.area_code}", area.area_code, "00")
        if area.area_type == "municipality":
            assert (area.kolada_code, area.scb_code, area.parent_code) == (area.area_code, area.area_code, area.area_code[:2])


def test_the_county_parts_divide_the_county(catalogue):
    members = [code for group in catalogue.area_groups.values() for code in group.members]
    assert sorted(members) == sorted(NINE.values())
    assert set(catalogue.area_groups) == {a.area_code for a in catalogue.areas.values() if a.area_type == "county_part"}


def test_every_file_names_its_schema(catalogue):
    for path in SOURCES.glob("*/*.yml"):
        folder, stem = path.parent.name, path.stem
        folders = {"areas": "areas", "frameworks": "framework", "enkater": "survey"}
        kind = "source" if stem == "_source" else folders.get(folder, "measure")
        first = path.read_text("utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../schema/{kind}.schema.json", path
    first = (SOURCES / "publication.yml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema/publication.schema.json"


@pytest.mark.parametrize("name", build_schemas())
def test_the_schemas_are_up_to_date(name):
    written = json.loads((SOURCES / "schema" / name).read_text("utf-8"))
    assert written == build_schemas()[name], "run naravard_pipeline.catalogue.schema.write_schemas(SOURCES)"


def test_every_field_of_a_schema_is_described_in_it():
    for name, schema in build_schemas().items():
        for title, model in {name: schema, **schema.get("$defs", {})}.items():
            assert [f"{title}.{key}" for key, field in model["properties"].items() if not field.get("description")] == []


def test_the_shipped_catalogue_makes_its_tables(catalogue):
    tables = build_tables(catalogue)
    assert tables["measures"].num_rows == len(catalogue.measures)
    assert tables["area_groups"].num_rows == len(NINE) + 290
    links = tables["indicator_measures"].select(["framework_id", "measure_id"]).to_pylist()
    assert {measure_id for measure_id, n in Counter(x["measure_id"] for x in links if x["framework_id"] == "sormland").items() if n > 1} == {
        "samordning_vardkontakter",
        "samordning_vardkontakter_index",
        "samordning_vard_omsorgskontakter",
    }


@needs_recordings
def test_every_key_figure_stands_in_koladas_catalogue(catalogue):
    with gzip.open(RECORDED / "kpi.json.gz", "rt", encoding="utf-8") as file:
        key_figures = {k["id"]: k for k in json.load(file)}
    for measure in catalogue.measures_of("kolada"):
        key_figure = key_figures[measure.source_code]
        assert measure.sexes == bool(key_figure["is_divided_by_gender"]), measure.path
        levels = {"K": {"municipality"}, "L": {"region"}, "A": {"region", "municipality"}}[key_figure["municipality_type"]]
        assert set(measure.area_types) - {"nation"} == levels, measure.path
        assert (measure.status == "retired") == bool(re.search(r"\(- ?2024\)", key_figure["title"])), measure.path


@needs_recordings
def test_the_areas_are_koladas(catalogue):
    recorded = json.loads((RECORDED / "municipality.json").read_text("utf-8"))
    ours = {a.kolada_code: a.name_sv for a in catalogue.areas.values() if a.kolada_code}
    assert ours == {a["id"]: " ".join(a["title"].split()) for a in recorded}


@needs_recordings
def test_recorded_values_lie_within_the_bounds(catalogue):
    bounds = {m.source_code: m.bounds for m in catalogue.live if m.source_code}
    checked = set()
    with (RECORDED / "values_recorded.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kpi"] in bounds and row["value"]:
                checked.add(row["kpi"])
                limits = bounds[row["kpi"]]
                assert limits.min <= float(row["value"]) <= limits.max, row
    assert checked == {"U79135", "N79176", "U79092", "N79173", "U20462", "N70808"}


def test_the_other_frameworks_are_as_their_owners_wrote_them(catalogue):
    def shape(framework_id):
        return [len(goal_area.indicators) for goal_area in catalogue.frameworks[framework_id].goal_areas]

    assert shape("stockholm") == [1] * 5  # five goal areas, each followed by one indicator that gathers its measures
    assert len(shape("tyreso")) == 6
    assert shape("skr") == [4] * 4
    shown = {link.indicator for m in catalogue.live for link in m.indicators if link.framework == "skr"}
    named = {link.indicator for m in catalogue.measures.values() for link in m.indicators if link.framework == "skr"}
    indicators = {i.indicator_id for g in catalogue.frameworks["skr"].goal_areas for i in g.indicators}
    assert (len(indicators), len(named), indicators - shown) == (16, 12, (indicators - named) | {"lakarkontinuitet"})
    links = [link for m in catalogue.measures.values() for link in m.indicators if link.framework == "stockholm"]
    assert links and all(link.is_proposal for link in links)  # the plan names no measure
