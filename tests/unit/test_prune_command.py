"""``naravard prune`` as a person uses it."""

import json

import pytest
from keeping import FETCHED, Home
from pipeline import naravard

from naravard_pipeline.publication.folders import list_releases, only_one
from naravard_pipeline.publication.hidden_cells import hidden_cells_file
from naravard_pipeline.publication.retention import PINNED

KEEP = {"NARAVARD_KEEP_RELEASES": "2", "NARAVARD_KEEP_MONTHS": "0", "NARAVARD_KEEP_DAYS": "30"}


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path / "home")
    for day in range(4):
        for measure in FETCHED:
            home.answer(measure, float(day))
        home.publish(hidden=["0480"])
    home.tick()
    return home


def prune(home: Home, *options: str):
    return naravard(home.settings.home, "prune", *options, **KEEP)


def test_a_dry_run_says_what_would_go_and_how_many_bytes(home):
    names, before = [folder.name for folder in list_releases(home.settings)], home.size()
    told = prune(home, "--dry-run")
    assert told.exit_code == 0 and home.size() == before
    assert "would go\tnumber\tMB\nrelease\t2\t" in told.output and "raw answer\t4\t" in told.output
    assert all((name in told.output) == (name in names[:2]) for name in names)
    announced = json.loads(prune(home, "--dry-run", "--json").output)
    assert f"({announced['bytes']:,} bytes) would be given back" in told.output
    done = json.loads(prune(home, "--json").output)
    assert done["removed"] == announced["removed"] and before - home.size() == done["bytes"] == announced["bytes"]
    assert prune(home).output.startswith("gone\tnumber\tMB\n0.0 MB (0 bytes)")


def test_it_says_why_nothing_could_go(home):
    (list_releases(home.settings)[-1] / "naravard.duckdb").unlink()
    result = prune(home)
    assert result.exit_code == 3 and "naravard.duckdb" in result.output and len(list_releases(home.settings)) == 4


def test_a_pinned_release_that_is_not_there_is_named(home):
    (home.settings.decisions / PINNED).write_text("000001-20010101T060000-abcdef01 (skrivfel)\n", encoding="utf-8")
    result = prune(home, "--dry-run")
    assert result.exit_code == 3 and "000001-20010101T060000-abcdef01, which is not kept here" in result.output


def test_while_somebody_publishes_it_waits_for_its_turn(home):
    with only_one(home.settings):
        result = prune(home)
    assert result.exit_code == 1 and result.output.startswith("Error: Another process is publishing")


def test_a_lost_memory_is_made_anew_when_a_person_says_so(home):
    hidden_cells_file(home.settings).unlink()
    result = prune(home, "--rebuild-memory")
    assert (result.exit_code, result.output.splitlines()[0]) == (0, "1 hidden cells are remembered")
    assert "only forget" in prune(home, "--rebuild-memory").output
    assert prune(home, "--rebuild-memory", "--dry-run").exit_code == 1


def test_in_a_new_home_there_is_nothing_to_remove(tmp_path):
    result = naravard(tmp_path / "home", "prune")
    assert result.exit_code == 1 and "nothing is published" in result.output
