"""What a user does wrong, through the command line: a message that names file, place and remedy, the right exit code, nothing lost."""

import re
import shutil
from pathlib import Path

import pytest
from pipeline import naravard

from naravard_pipeline.settings import SOURCES

MEASURE = "kolada/vardtillfallen.yml"


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A copy of the catalogue to spoil."""
    copied = tmp_path / "sources"
    shutil.copytree(SOURCES, copied)
    monkeypatch.setattr("naravard_pipeline.cli.terminal.SOURCES", copied)
    monkeypatch.setattr("naravard_pipeline.settings.SOURCES", copied)
    return copied


def spoil(sources: Path, file: str, pattern: str, replacement: str) -> None:
    text = (sources / file).read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert changed != text, f"{pattern} is not in {file}"
    (sources / file).write_text(changed, encoding="utf-8")


@pytest.mark.parametrize("command", [("measure", "check"), ("run",)])
@pytest.mark.parametrize(
    ("file", "pattern", "replacement", "words"),
    [
        (MEASURE, r"^unit:", "unitt:", ("vardtillfallen.yml:", "unitt", "did you mean", "unit")),
        (MEASURE, r"indicator: \w+", "indicator: forebyggand", ("vardtillfallen.yml:", "forebyggand", "forebyggande")),
        (MEASURE, r"min: [\d.]+", "min: 9999999", ("vardtillfallen.yml:25", "bounds.min", "9999999", "below bounds.max")),
        (MEASURE, r"^status: \w+", "status: publiched", ("vardtillfallen.yml:", "publiched", "published")),
        ("areas/sweden.yml", r"parent_code: ['\"]04['\"]", 'parent_code: "99"', ("sweden.yml:", "99")),
        ("frameworks/sormland.yml", r"^goal_areas:", "goal_areas: [\n", ("sormland.yml:",)),
    ],
    ids=["unknown key", "unknown indicator", "bounds the wrong way round", "unknown word", "unknown area", "no YAML"],
)
def test_a_mistake_in_the_catalogue_names_file_line_field_and_remedy(sources, tmp_path, command, file, pattern, replacement, words):
    spoil(sources, file, pattern, replacement)
    result = naravard(tmp_path / "home", *command)
    assert result.exit_code == 1
    assert all(word in result.output for word in words), result.output
    assert re.search(r"\.yml:\d+", result.output) and "Traceback" not in result.output
    assert not (tmp_path / "home").exists(), "a catalogue that cannot be read should touch nothing"


def test_a_measure_defined_twice_names_both_files(sources, tmp_path):
    shutil.copy(sources / "kolada" / "vardtillfallen.yml", sources / "local" / "vardtillfallen.yml")
    result = naravard(tmp_path / "home", "measure", "check")
    assert result.exit_code == 1
    assert "kolada/vardtillfallen.yml" in result.output and "local/vardtillfallen.yml" in result.output


def test_the_same_in_swedish(sources, tmp_path):
    spoil(sources, MEASURE, r"^unit:", "unitt:")
    result = naravard(tmp_path / "home", "measure", "check", "--lang", "sv")
    assert result.exit_code == 1 and "menade du" in result.output.lower()


GOOD = "Kommun;Månad;Antal SIP\nEskilstuna;2026-01;12\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD.replace("Antal SIP", "Antal plåster"), ("Antal SIP",)),
        (GOOD.replace("Eskilstuna", "Strangnäss"), ("A2", "Strangnäss", "Menade du Strängnäs?")),
        (GOOD.replace("12", "tolv"), ("C2", "tolv", "Skriv ett tal")),
        ("", ("tom",)),
        ("hej\n", ("ingen tabell", "mallen")),
    ],
    ids=["wrong heading", "unknown municipality", "text for a number", "empty", "no table"],
)
def test_a_bad_file_is_told_where_and_what_to_do(tmp_path, content, words):
    path = tmp_path / "sip_antal.csv"
    path.write_text(content, encoding="utf-8")
    result = naravard(tmp_path / "home", "inbox", "check", str(path))
    assert result.exit_code == 3
    assert all(word in result.output for word in words), result.output
    assert path.read_text(encoding="utf-8") == content
    assert not (tmp_path / "home").exists()


def test_a_good_file_is_told_so(tmp_path):
    path = tmp_path / "sip_antal.csv"
    path.write_text(GOOD, encoding="utf-8")
    result = naravard(tmp_path / "home", "inbox", "check", str(path))
    assert result.exit_code == 0 and "rätt ifylld" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--measure", "sip_antall"), ("sip_antall", "Did you mean sip_antal")),
        (("run", "--source", "colada"), ("colada", "Did you mean kolada")),
        (("measure", "show", "sip"), ("sip",)),
        (("release", "show"), ("nothing is published", "naravard run")),
        (("measure", "show", "sip_antal", "--area", "0484"), ("Nothing is published", "naravard run")),
        (("measure", "show", "sip_antal", "--area", "9999"), ("9999", "--area")),
        (("release", "explain", "sormlan", "nara", "--area", "0484"), ("sormlan", "Did you mean sormland")),
        (("release", "explain", "sormland", "nara", "--area", "0484"), ("Nothing is published", "naravard run")),
    ],
)
def test_a_wrong_name_is_met_with_a_suggestion(tmp_path, arguments, words):
    result = naravard(tmp_path / "home", *arguments)
    assert result.exit_code == 1
    assert all(word in result.output for word in words), result.output
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "command",
    [
        *("run", "demo", "dev", "status", "measure list", "measure show", "measure check", "inbox check"),
        *("release list", "release show", "release explain"),
    ],
)
def test_every_command_helps_with_an_example(tmp_path, command):
    result = naravard(tmp_path, *command.split(), "--help")
    assert result.exit_code == 0 and "Example: naravard " + command.split()[0] in result.output
