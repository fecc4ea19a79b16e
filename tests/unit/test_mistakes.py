"""What a statistician gets wrong in a file, and whether the answer, in Swedish, tells what to write instead."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from naravard_pipeline.catalogue import CatalogueError, read_catalogue
from naravard_pipeline.catalogue.mistakes import meant_date, meant_identifier, meant_number, meant_truth
from naravard_pipeline.cli.main import main
from naravard_pipeline.settings import SOURCES, spoken_language

FALLS, RETIRED, PLANS = "kolada/fallskador_65_plus.yml", "kolada/samordning_vardkontakter_index.yml", "local/sip_antal.yml"

MISTAKES = {
    "a tab": (FALLS, "    indicator: forebyggande", "\tindicator: forebyggande", "ett tabbtecken; dra in med blanksteg"),
    "a decimal comma": (FALLS, "bounds: {min: 300, max: 15000}", "bounds:\n  min: 0,5\n  max: 15000", "ett tal med decimalpunkt: 0.5"),
    "one in braces": (FALLS, "min: 300", "min: 0,5", "där står 5 efter ett komma; väntat: decimalpunkt, som 0.5"),
    "a space in a number": (FALLS, "max: 15000", "max: 15 000", "ett tal utan mellanrum: 15000"),
    "a per cent sign": (FALLS, "max_change: 40", "max_change: 40 %", "ett tal för sig, utan enhet: 40"),
    "indentation": (FALLS, "    indicator: forebyggande", "   indicator: forebyggande", "3 blanksteg före fältet, 4 på raden ovanför"),
    "a code as a number": (PLANS, "county_code: '04'", "county_code: 0484", "där står 484 som ett tal; sätt citattecken om"),
    "ja": (FALLS, "sexes: true", "sexes: ja", "menade du `true`?"),
    "a Swedish word": (FALLS, "value_type: rate", "value_type: kvot", "menade du `rate`?"),
    "a Swedish field": (FALLS, "max_change: 40", "största ändring: 40", "okänd nyckel `största ändring`; menade du `max_change`?"),
    "a Swedish status": (FALLS, "status: published", "status: visas", "menade du `published`?"),
    "a near miss": (FALLS, "indicator: forebyggande", "indicator: forebygande", "det finns ingen indikator `forebygande`; menade du `forebyggande`?"),
    "ö in a name": (FALLS, "indicator: forebyggande", "indicator: förebyggande", "menade du `forebyggande`?"),
    "bounds swapped": (FALLS, "{min: 300, max: 15000}", "{min: 15000, max: 300}", "där står 15000; väntat: ett tal under bounds.max (300)"),
    "no colon": (FALLS, "value_type: rate", "value_type rate", "inget kolon efter `value_type`"),
    "no space after the colon": (FALLS, "value_type: rate", "value_type:rate", "inget blanksteg efter `value_type:`"),
    "a colon in the text": (FALLS, "name_sv: Fall", "name_sv: Fall: ", "ett kolon inne i texten i `name_sv`"),
    "no space after the dash": (FALLS, "  - framework", "  -framework", "ett streck utan blanksteg efter"),
    "a Swedish date": (RETIRED, "date: 2024-12-31", "date: 31/12 2024", "menade du `2024-12-31`?"),
}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCES, tmp_path / "sources"))


def told(sources: Path) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(sources)
    return caught.value.text("sv").splitlines()


@pytest.mark.parametrize(("file", "right", "wrong", "answer"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_its_line_and_what_to_write(sources, file, right, wrong, answer):
    path = sources / file
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    first = told(sources)[0]
    assert answer in first
    changed = next(n for n, (a, b) in enumerate(zip(text.splitlines(), path.read_text("utf-8").splitlines(), strict=False), 1) if a != b)
    line = int(first.split(":")[1])
    assert changed <= line <= changed + 1


def test_a_file_of_another_encoding_is_answered_with_its_line(sources):
    path = sources / FALLS
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    assert told(sources)[0].startswith(f"sources/{FALLS}:2: går inte att läsa: den är inte text i UTF-8; spara filen som UTF-8")


@pytest.mark.parametrize("name", ["fallskador.yaml", "fallskador.yml.txt", "fallskador.YML", "fallskador", "Kopia av fallskador.yml"])
def test_a_file_saved_under_another_name_is_not_forgotten(sources, name):
    shutil.copy(sources / FALLS, sources / "kolada" / name)
    assert f"sources/kolada/{name}: namnet går inte att använda; byt namn" in told(sources)[0]


@pytest.mark.parametrize("place", ["fallskador.yml", "kolada/nya/fallskador.yml"])
def test_a_file_in_the_wrong_place_is_not_forgotten(sources, place):
    (sources / place).parent.mkdir(exist_ok=True)
    shutil.copy(sources / FALLS, sources / place)
    assert told(sources) == [f"sources/{place}: här läses ingen fil; flytta den till sin källas mapp, som sources/kolada/"]


def test_a_name_in_two_folders_is_told_with_both(sources):
    shutil.copy(sources / FALLS, sources / "scb")
    assert told(sources)[0].startswith("sources/scb/fallskador_65_plus.yml: `fallskador_65_plus` står också i kolada/fallskador_65_plus.yml")


@pytest.mark.parametrize(
    ("text", "right"), [("31.12.2024", "2024-12-31"), ("5 mars 2025", "2025-03-05"), ("20250131", "2025-01-31"), ("31/2 2025", None), ("vår", None)]
)
def test_dates_as_they_are_written_in_sweden(text, right):
    assert meant_date(text) == right


def test_other_guesses():
    assert meant_number("−1,25").en == "a number with a decimal point: -1.25"
    assert (meant_number("mycket"), meant_truth("kanske"), meant_identifier("redan_ratt")) == (None, None, None)
    assert (meant_truth("Nej"), meant_identifier("Ny vård 2")) == ("false", "ny_vard_2")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LC_MESSAGES": "sv_FI", "LANG": "en_US"}, "sv"),
    ],
)
def test_the_locale_decides_the_language(environ, language):
    assert spoken_language(environ) == language


def test_the_command_says_that_all_is_well_in_the_readers_language(monkeypatch):
    monkeypatch.setenv("LC_ALL", "sv_SE.UTF-8")
    done = CliRunner().invoke(main, ["measure", "check"])
    assert done.exit_code == 0 and "inga fel" in done.output


def test_the_command_tells_that_something_is_to_be_generated(tmp_path, monkeypatch):
    shutil.copytree(SOURCES.parent / "expectations", tmp_path / "expectations")
    (tmp_path / "expectations" / "mart_sormland_nara.yml").unlink()
    monkeypatch.setattr("naravard_pipeline.settings.EXPECTATIONS", tmp_path / "expectations")
    done = CliRunner().invoke(main, ["measure", "check", "--lang", "sv"])
    assert done.exit_code == 1
    assert done.output == "expectations/mart_sormland_nara.yml: stämmer inte med sources/; skriv den på nytt: naravard generate\n"
