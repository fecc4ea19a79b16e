"""The desk at the recorded sources: from words to a file, in seconds, for each kind of source."""

import shutil

import pytest
from pipeline import naravard, needs_replay, replayed

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.cli import measure_new
from naravard_pipeline.settings import SOURCES

pytestmark = needs_replay
HELP = ("--direction", "lower_is_better", "--indicator", "forebyggande", "--yes")
KINDS = {
    "kolada": ("--source", "kolada", "--code", "N20434"),
    "scb": ("--source", "scb", "--code", "TAB638", "--choose", "Alder=80-"),
    "folkhalsodata": ("--source", "folkhalsodata", "--code", "hlv1alkxreg.px"),
    "socialstyrelsen": ("--source", "socialstyrelsen", "--code", "skador", "--choose", "typ=Fallolyckor", "--choose", "matt=2"),
    "local": ("--source", "local", "--value-column", "Antal patientkontrakt", "--definition", "Antal.", "--min", "0", "--max", "200"),
    "derived": ("--source", "derived", "--numerator", "distansbesok", "--denominator", "befolkning", "--per", "1000", "--min", "0", "--max", "9"),
}


@pytest.fixture(scope="module")
def replay():
    with replayed() as urls:
        yield urls


@pytest.fixture
def sources(tmp_path, monkeypatch):
    copy = shutil.copytree(SOURCES, tmp_path / "sources")
    monkeypatch.setattr(measure_new, "SOURCES", copy)
    return copy


@pytest.mark.parametrize("source_id", KINDS)
def test_a_measure_is_made_of_every_kind_of_source(replay, sources, tmp_path, source_id):
    done = naravard(tmp_path / "home", "measure", "new", "prov", *KINDS[source_id], *HELP, **replay)
    assert done.exit_code == 0, done.output
    measure = read_catalogue(sources).measures["prov"]
    assert (measure.source_id, measure.status, measure.bounds.min < measure.bounds.max) == (source_id, "draft", True)
    text = (sources / source_id / "prov.yml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schema/measure.schema.json\n")
    assert (sources / source_id / "templates" / "prov.xlsx").exists() == (source_id == "local")


def test_bounds_come_from_the_figures_and_say_so(replay, sources, tmp_path):
    naravard(tmp_path / "home", "measure", "new", "prov", *KINDS["kolada"], *HELP, **replay)
    text = (sources / "kolada" / "prov.yml").read_text()
    assert "lägst" in text and "Gissat ur titeln" in text and "age_group: 80+" in text and "window_years: 3" in text


def test_what_is_missing_is_told_all_at_once_where_nobody_can_be_asked(replay, sources, tmp_path):
    done = naravard(tmp_path / "home", "measure", "new", *KINDS["kolada"], "--lang", "sv", **replay)
    assert done.exit_code == 1 and "--direction" in done.output and "--indicator" in done.output
    asked = naravard(tmp_path / "home", "measure", "new", "--source", "socialstyrelsen", "--code", "skador", *HELP, **replay)
    assert "--choose typ=" in asked.output and "--choose matt=" in asked.output


def test_the_real_catalogue_is_searched_and_what_has_ended_says_so(replay, tmp_path):
    done = naravard(tmp_path / "home", "measure", "find", "personalkontinuitet", "--lang", "sv", **replay)
    assert "U21401" in done.output and "upphört 2024" in done.output
    assert "hlv1ensxreg.px" in naravard(tmp_path / "home", "measure", "find", "ensamhet", "--source", "folkhalsodata", **replay).output
    assert "TAB638" in naravard(tmp_path / "home", "measure", "find", "folkmängd", "--source", "scb", **replay).output


def test_a_key_figure_that_is_not_there_is_a_sentence(replay, sources, tmp_path):
    done = naravard(tmp_path / "home", "measure", "new", "--source", "kolada", "--code", "N00000", *HELP, **replay)
    assert (done.exit_code, "N00000" in done.output, "Traceback" in done.output) == (1, True, False)
