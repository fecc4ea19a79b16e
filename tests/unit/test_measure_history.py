"""How a measure came to be what it is: by git, by the releases, and a warning where its meaning has just changed."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from publishing import Bench

from naravard_pipeline.catalogue.history import compare_contents, find_changed_meaning, read_history
from naravard_pipeline.cli.main import main
from naravard_pipeline.publication.measure_history import read_released_history


def git(folder: Path, *command: str) -> None:
    who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *command], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    path = tmp_path / "gammalt.yml"
    for text in ("unit: procent\nbounds: {min: 0, max: 100}\n", "# bara en kommentar\nunit: procent\nbounds: {min: 0, max: 90}\n"):
        path.write_text(text, encoding="utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-m", "x")
    git(tmp_path, "mv", "gammalt.yml", "mått.yml")
    git(tmp_path, "commit", "-m", "x")
    return tmp_path / "mått.yml"


def test_the_versions_of_a_file_are_told_field_by_field_through_a_rename(file):
    newest, first = read_history(file)
    assert [c.text_sv() for c in newest.changes] == ["bounds.max: 100 → 90"]
    assert (newest.is_first, first.is_first, first.changes) == (False, True, [])


def test_a_file_outside_git_has_no_versions(tmp_path, file):
    (tmp_path / "ny.yml").write_text("unit: antal\n")
    assert read_history(tmp_path / "ny.yml") is None


def test_a_changed_meaning_is_noticed_unless_a_break_comes_with_it(file):
    assert find_changed_meaning(file) == []
    file.write_text("unit: antal\nbounds: {min: 0, max: 80}\n", encoding="utf-8")
    assert find_changed_meaning(file) == ["unit"]
    file.write_text("unit: antal\nbreaks: [{date: 2026-01-01, reason_sv: Ny enhet.}]\n", encoding="utf-8")
    assert find_changed_meaning(file) == []


def test_what_came_and_what_went_is_told():
    told = [c.text_sv() for c in compare_contents({"a": 1, "c": {"d": [1, 2]}}, {"a": 1, "b": "ny", "c": {"d": [1]}})]
    assert told == ["b: inget → “ny”", "c.d: “1, 2” → “1”"]


def test_without_git_the_releases_tell(tmp_path):
    bench = Bench(tmp_path / "home")
    for figures, retired in (({"falls": {"04": 1.0}}, ()), ({"falls": {"04": 1.0}}, ("falls",))):
        bench.build(figures, retired=retired)
        bench.check()
        bench.publish()
    newest, first = read_released_history(bench.settings, "falls")
    assert [c.text_sv() for c in newest.changes] == ["status: “published” → “retired”"] and first.is_first


def test_the_command_tells_both_ways_of_a_replacement():
    def show(measure_id: str) -> dict:
        return json.loads(CliRunner().invoke(main, ["measure", "show", measure_id, "--json"]).stdout)

    assert show("samordning_vardkontakter")["replaces"] == ["samordning_vardkontakter_index"]
    assert show("samordning_vardkontakter_index")["retired"]["replaced_by"] == "samordning_vardkontakter"
