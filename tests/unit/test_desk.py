"""The desk without any source: words found, units guessed, bounds proposed, files written so that they read back the same, and refused when wrong."""

import shutil
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from naravard_pipeline.catalogue import Area, read_catalogue
from naravard_pipeline.catalogue.models import MeasureFile
from naravard_pipeline.desk import dimensions
from naravard_pipeline.desk.dimensions import Choice
from naravard_pipeline.desk.fields import fields_of, number_of, read_typed, typed_of
from naravard_pipeline.desk.figures import Figure, Figures, rounded_out
from naravard_pipeline.desk.guesses import Unit, guess_age_group, guess_unit, guess_window, name_of_file
from naravard_pipeline.desk.proposal import COPIED_NAME, ORDER, DeskError, Proposal
from naravard_pipeline.desk.saving import NotWritten, path_of, save
from naravard_pipeline.desk.search import Entry, Index
from naravard_pipeline.desk.yaml_file import text_of
from naravard_pipeline.settings import SOURCES, spoken_language


@pytest.fixture(scope="module")
def catalogue():
    return read_catalogue(SOURCES)


@pytest.fixture
def sources(tmp_path):
    return shutil.copytree(SOURCES, tmp_path / "sources")


INDEX = Index(
    [
        Entry("U1", "Fallskador bland personer 65+, antal/100 000 inv"),
        Entry("U2", "Personalkontinuitet i hemtjänst, medelvärde (- 2024)", is_retired=True),
        Entry("U3", "Personal i skolan, antal"),
        Entry("U4", "Väntan på vård, andel (%)", "De som har väntat på ett besök."),
        Entry("U5", "Invånare med besvär av ensamhet, andel (%)"),
    ]
)


@pytest.mark.parametrize(
    ("words", "first"),
    [("fallskada", "U1"), ("FALLSKADOR", "U1"), ("kontinuitet", "U2"), ("personalkontinuitet", "U2"), ("ensam", "U5"), ("u3", "U3"), ("besök", "U4")],
)
def test_a_key_figure_is_found_by_inflected_words_parts_of_compounds_and_its_id(words, first):
    assert INDEX.find(words)[0].code == first


def test_a_is_not_taken_for_ä_and_what_nobody_has_is_not_found():
    assert INDEX.find("vantan") == [] and INDEX.find("va\u0308ntan")[0].code == "U4"  # typed as two characters


@pytest.mark.parametrize(
    ("title", "unit", "kind"),
    [
        ("Fallskador 65+, antal slutenvårdstillfällen /100 000 inv", "antal per 100 000 invånare", "rate"),
        ("Antal per 100 000", "antal per 100 000 invånare", "rate"),
        ("Väntan, andel (%)", "procent", "share"),
        ("Kostnad äldreomsorg, kr/inv", "kr per invånare", "rate"),
        ("Väntetid i antal dagar, medelvärde", "dagar", "mean"),
        ("Folkmängden efter region", "invånare", "count"),
    ],
)
def test_a_title_says_its_unit(title, unit, kind):
    guessed = guess_unit(title)
    assert (guessed.unit, guessed.value_type) == (unit, kind)


def test_what_a_title_does_not_say_is_not_guessed():
    assert guess_unit("Utbildad personal") is None
    assert guess_age_group("Barn 0-6 år och 7-15 år") is None
    assert (guess_age_group("Hälsa, 16-84 år"), guess_window("Fallskador, 3-årsm, antal")) == ("16-84", 3)


@given(st.text(max_size=80))
def test_any_title_gives_a_name_that_can_be_one(title):
    assert name_of_file(title).isascii() and path_of(SOURCES, "kolada", name_of_file(title)).parent == SOURCES / "kolada"


AREAS = {code: Area(area_code=code, name_sv=code, area_type="region", parent_code="00") for code in ("01", "03", "04")}


def figures(values) -> Figures:
    return Figures((Figure(a, date(y, 1, 1), date(y, 12, 31), str(y), "total", v) for a, y, v in values), AREAS)


def test_bounds_hold_every_figure_with_a_margin_and_say_where_the_extremes_stand():
    content, notes = figures([(a, y, 10.0 + i + y - 2015) for i, a in enumerate(AREAS) for y in range(2015, 2021)]).propose(None, False)
    assert content["bounds"] == {"min": 0, "max": 24}
    assert "lägst 10 (01 2015), högst 17 (04 2020)" in notes["bounds"]
    assert (content["max_change"], content["min_coverage"]) == (15, 95)


def test_a_share_is_bounded_by_its_scale_and_figures_beyond_it_by_themselves():
    percent = Unit("procent", "share", (0, 100))
    assert figures([("01", 2020, 40.0)]).propose(percent, False)[0]["bounds"] == {"min": 0, "max": 100}
    assert figures([("01", 2020, 40.0), ("01", 2021, 130.0)]).propose(percent, False)[0]["bounds"]["max"] > 130


@given(st.floats(-1e9, 1e9))
def test_rounding_out_never_cuts_a_figure_off(value):
    assert rounded_out(value, up=False) <= value + 1e-9 * abs(value) and rounded_out(value, up=True) >= value - 1e-9 * abs(value)


def test_without_figures_nothing_is_proposed():
    assert figures([]).propose(None, False) == ({}, {})


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=200))
def test_whatever_is_written_reads_back_the_same(text):
    content = {"name_sv": text, "levels": [text], "bounds": {"min": -1.5, "max": 1e15}, "query": {"fixed": {text: text}}}
    written = text_of(Proposal("kolada", content, {"name_sv": "Varför: därför"}))
    assert YAML(typ="safe", pure=True).load(written) == content


@pytest.mark.parametrize(("text", "number"), [("1 234,5", 1234.5), ("12", 12), ("\N{MINUS SIGN}3", -3), ("nan", "nan"), ("1.2.3", "1.2.3")])
def test_numbers_are_read_as_swedes_write_them(text, number):
    assert number_of(text) == number


def test_what_is_typed_and_what_is_in_the_file_are_the_same_in_both_directions(catalogue):
    fields = fields_of(catalogue)
    for measure in catalogue.measures.values():
        content = measure.model_dump(exclude_none=True, mode="json")
        back = read_typed(fields, typed_of(fields, content))
        assert {k: back[k] for k in ("unit", "levels", "area_types", "direction", "sexes")} == {
            k: content[k] for k in ("unit", "levels", "area_types", "direction", "sexes")
        }


def test_choices_are_taken_by_beginning_number_and_swedish_text(catalogue):
    fields = fields_of(catalogue)
    for typed in ("lower", "2", "lägre är bättre"):
        assert read_typed(fields, {"direction": typed}) == {"direction": "lower_is_better"}
    assert read_typed(fields, {"indicators": "samordning"}) == {"indicators": [{"framework": "sormland", "indicator": "samordning"}]}
    assert read_typed(fields, {"indicators": "ingen"}) == {"indicators": []}


def measure(**content):
    given = {"name_sv": "Prov", "definition_sv": "Prov.", "status": "draft", "levels": ["region"], "area_types": ["region"], "unit": "procent"}
    given |= {"value_type": "share", "direction": "neutral", "source_code": "N00001", "bounds": {"min": 0, "max": 100}}
    return Proposal("kolada", given | content).decided({})


def test_a_missing_english_name_is_a_copy_that_says_so():
    assert (measure().content["name_en"], measure().notes["name_en"]) == ("Prov", COPIED_NAME)
    assert "name_en" not in measure(name_en="Trial").notes


def test_a_file_that_would_be_wrong_is_never_written_and_one_that_is_there_never_lost(sources):
    path = path_of(sources, "kolada", "prov")
    with pytest.raises(NotWritten) as error:
        save(sources, path, text_of(measure(bounds={"min": 5, "max": 1}, source_code="X1")))
    assert {p.field for p in error.value.problems} == {"bounds.min", "source_code"} and not path.exists()
    save(sources, path, text_of(measure()))
    with pytest.raises(DeskError, match="already"):
        save(sources, path, text_of(measure(name_sv="Annat")))
    assert read_catalogue(sources).measures["prov"].name_sv == "Prov"
    save(sources, path, text_of(measure(name_sv="Annat")), overwrite=True)
    assert read_catalogue(sources).measures["prov"].name_sv == "Annat"


def test_what_is_wrong_elsewhere_does_not_stop_a_measure(sources):
    (sources / "kolada" / "obesitas.yml").write_text("name_sv: trasig\n")
    save(sources, path_of(sources, "kolada", "prov"), text_of(measure()))
    assert (sources / "kolada" / "prov.yml").exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "Å", "", "a\n", "_source"])
def test_nothing_is_written_outside_its_folder(name):
    with pytest.raises(DeskError):
        path_of(SOURCES, "kolada", name)


def test_dimensions_are_told_by_their_codes_and_texts():
    assert dimensions.sexes_of({"00": "Totalt", "01": "Kvinnor", "02": "Män"}) == {"total": "00", "women": "01", "men": "02"}
    assert dimensions.sexes_of({"1": "Ja", "2": "Nej"}) is None
    assert dimensions.area_form(["lan04x", "lan0484x", "SE"], {"SE": "Riket"}, {"00", "04", "0484"}) == (3, "lan", "x", {"00": "SE"})
    assert [dimensions.age_group_of("5", t) for t in ("75-84", "85+ år", "Totalt", "Gift")] == ["75-84", "85+", "total", None]
    with pytest.raises(DeskError, match="no such code"):
        Choice("Alder", "ålder", {"tot": "totalt"}, "tot").decide({"Alder": "x"})


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "sv_SE", "LC_ALL": "en_US"}, "en"),
        ({}, "en"),
        ({"LC_ALL": "sv"}, "sv"),
    ],
)
def test_the_locale_decides_the_language(environ, language):
    assert spoken_language(environ) == language


def test_every_field_of_a_measure_has_its_place_in_a_file():
    assert set(ORDER) == set(MeasureFile.model_fields), "a field that ORDER lacks would be left out of what is written"
