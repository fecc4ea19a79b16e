"""A measure seen before anything is run for good, on the demo's sources: the pipeline's own SQL and checks, and a home that stays as it is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from naravard_pipeline.catalogue import Bounds, Catalogue, read_catalogue
from naravard_pipeline.cli.main import main
from naravard_pipeline.cli.preview import draw_blocks
from naravard_pipeline.demo.files import write_demo_files
from naravard_pipeline.demo.server import DemoServer
from naravard_pipeline.preview import PreviewError, preview_measure, render_preview_page
from naravard_pipeline.preview.page import draw_line
from naravard_pipeline.settings import SOURCES, Settings

FALLS, PLANS, RATE = "fallskador_65_plus", "sip_antal", "sip_per_1000"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(SOURCES)


@pytest.fixture(scope="module")
def settings(catalogue, tmp_path_factory):
    home = tmp_path_factory.mktemp("preview")
    with DemoServer(catalogue) as server:
        settings = Settings(home, base_urls=server.urls, is_demo=True, requests_per_second=1000.0)
        write_demo_files(settings.inbox, catalogue)
        yield settings


def changed(catalogue: Catalogue, measure_id: str, **fields) -> Catalogue:
    measure = catalogue.measures[measure_id].model_copy(update=fields)
    return catalogue.model_copy(update={"measures": {**catalogue.measures, measure_id: measure}})


def failed(found) -> set[str]:
    return {outcome["check"] for outcome in found["checks"]["outcomes"] if not outcome["passed"]}


@pytest.mark.slow
def test_a_national_measure_is_seen_without_touching_the_home(settings, catalogue):
    found = preview_measure(settings, catalogue, FALLS)
    names = [row["area_name_sv"] for row in found["latest"]]
    # Sörmland's eleven, and Södertälje in Stockholm county, whose frameworks the measure stands in; not the county's other municipalities
    assert len(names) == 13 and {"Riket", "Region Sörmland", "Eskilstuna", "Region Stockholm", "Södertälje"} <= set(names)
    assert found["changes"]["before"] is None and found["verdict"] == {"stops_everything": False, "is_held": False, "waits": False}
    assert found["coverage"][1]["area_type"] == "region" and found["coverage"][1]["areas"] == 21
    assert found["places"][0]["table"] == "mart_sormland_god_halsa_vard_omsorg"
    assert not settings.landing.exists() and not settings.published.exists() and not settings.database.exists()
    assert "Förhandsvisning" in render_preview_page(found)


@pytest.mark.slow
def test_a_value_beyond_the_bounds_is_told_as_the_gate_would(settings, catalogue):
    found = preview_measure(settings, changed(catalogue, FALLS, bounds=Bounds(min=0, max=5000)), FALLS)
    assert failed(found) == {"no_value_lies_above_the_measures_upper_bound"} and found["verdict"]["is_held"]
    assert found["checks"]["outcomes"][0]["passed"]


@pytest.mark.slow
def test_files_of_the_inbox_count_and_small_counts_are_hidden_everywhere(settings, catalogue):
    before = sorted((p.name, p.stat().st_mtime_ns) for p in settings.inbox.iterdir())
    for measure_id in (PLANS, RATE):
        found = preview_measure(settings, catalogue, measure_id)
        assert any(row["status"] == "suppressed" for row in found["without_value"])
        values = [point["value"] for row in found["latest"] for point in row["series"] if point["value"] is not None]
        assert values and (measure_id == RATE or not [v for v in values if 0 < v < 5])
    assert any("i inkorgen är med" in note for note in preview_measure(settings, catalogue, PLANS)["notes"])
    assert sorted((p.name, p.stat().st_mtime_ns) for p in settings.inbox.iterdir()) == before and not settings.landing.exists()


@pytest.mark.slow
def test_a_draft_is_seen_like_any_other_and_a_planned_measure_is_not(settings, catalogue):
    found = preview_measure(settings, changed(catalogue, FALLS, status="draft"), FALLS)
    assert found["latest"][0]["value"] is not None and found["changes"]["counts"] == {}
    assert "utkast och publiceras inte" in render_preview_page(found)
    with pytest.raises(PreviewError, match="ingen ansluten källa"):
        preview_measure(settings, catalogue, "dopning")


@pytest.mark.slow
def test_a_source_that_does_not_answer_is_told(settings, catalogue):
    silent = replace(settings, base_urls={**settings.base_urls, "kolada": "http://127.0.0.1:9"}, attempts=1)
    with pytest.raises(PreviewError, match=FALLS):
        preview_measure(silent, catalogue, FALLS)


@pytest.mark.slow
def test_the_command_shows_it_on_a_screen_as_json_and_as_a_page(settings, tmp_path: Path):
    page, environ = tmp_path / "p.html", settings.to_environment()
    done = CliRunner().invoke(main, ["measure", "preview", FALLS, "--page", str(page)], env=environ)
    assert done.exit_code == 0 and "Eskilstuna" in done.output and "PÅHITTADE UPPGIFTER" in done.output and page.exists()
    assert json.loads(CliRunner().invoke(main, ["measure", "preview", FALLS, "--json"], env=environ).stdout)["measure"]["measure_id"] == FALLS


def test_a_series_is_drawn_with_its_gaps():
    series = [{"value": v} for v in (1.0, None, 3.0)]
    assert draw_blocks(series) == "▁·█" and draw_blocks([{"value": None}]) == "·"
    assert len(draw_line(series)) == 2 and draw_line([{"value": None}]) == []
