"""A measure's file that is changed: only what was asked for is another, and comments stay."""

import shutil
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.desk.change import changed_text, content_of, read_changes
from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.fields import fields_of, typed_of
from naravard_pipeline.desk.proposal import DeskError
from naravard_pipeline.desk.saving import NotWritten
from naravard_pipeline.settings import SOURCES, Settings

CATALOGUE = read_catalogue(SOURCES)
FIELDS = fields_of(CATALOGUE)
TEXTS = {m.measure_id: (SOURCES.parent / m.path).read_text("utf-8") for m in CATALOGUE.measures.values()}
FILE = """# yaml-language-server: $schema=../schema/measure.schema.json
name_sv: Prov
# Varför just så.
unit: procent  # som den skrivs
indicators:
  - framework: sormland
    indicator: samordning  # den viktigaste
    weight: 2
# Föreslagen, med marginal. Ur 2013 till 2025:
# lägst 0, högst 90.
bounds: {min: 0, max: 100}

# Till sist.
file:
  value_column: X
"""


def change(typed, text=FILE):
    return changed_text(text, read_changes(FIELDS, content_of(text), typed))


def test_one_line_is_changed_and_its_comments_stay():
    assert change({"unit": "andel"}) == FILE.replace("unit: procent  #", "unit: andel  #")


def test_what_the_desk_said_of_its_own_proposal_goes_with_the_proposal():
    changed = change({"bounds.max": "90,5"})
    assert "bounds: {min: 0, max: 90.5}\n\n# Till sist." in changed and "Föreslagen" not in changed and "lägst" not in changed


def test_new_fields_come_where_they_belong_and_breaks_after_each_other():
    changed = change(
        {"target.value": "80", "target.year": "2030", "breaks.date": "2025-01-01", "breaks.reason_sv": "Ny.", "breaks.reason_en": "New."}
    )
    assert changed.index("bounds:") < changed.index("target: {value: 80, year: 2030}") < changed.index("breaks:") < changed.index("# Till sist.")
    twice = change({"breaks.date": "2026-01-01", "breaks.reason_sv": "Igen.", "breaks.reason_en": "Again."}, changed)
    assert [b["date"] for b in content_of(twice)["breaks"]] == [date(2025, 1, 1), date(2026, 1, 1)]


def test_an_indicator_that_stays_keeps_its_weight():
    links = content_of(change({"indicators": ["sormland.samordning", "sormland.delaktighet"]}))["indicators"]
    assert links[0]["weight"] == 2 and links[1] == {"framework": "sormland", "indicator": "delaktighet"}


def test_a_field_is_taken_away_and_a_part_of_a_section_too():
    with_target = change({"target.value": "80", "target.year": "2030"})
    assert content_of(change({"target.year": "-"}, with_target))["target"] == {"value": 80}
    assert "target" not in change({"target.year": "", "target.value": ""}, with_target)


@pytest.mark.parametrize("measure_id", TEXTS)
def test_what_is_typed_as_it_stands_changes_nothing(measure_id):
    text = TEXTS[measure_id]
    assert change(typed_of(FIELDS, content_of(text)), text) == text


@given(
    st.sampled_from(sorted(TEXTS)),
    st.sampled_from(["unit", "caveat_sv", "name_sv", "definition_sv", "contact_sv"]),
    st.text(min_size=1, max_size=200),
)
def test_any_text_in_any_file_changes_that_field_alone(measure_id, name, value):
    before = content_of(TEXTS[measure_id])
    after = content_of(change({name: value}, TEXTS[measure_id]))
    assert {k: v for k, v in after.items() if k != name} == {k: v for k, v in before.items() if k != name}


def test_a_file_in_one_braces_is_left_to_a_person():
    with pytest.raises(DeskError, match="by hand"):
        changed_text("{unit: x}\n", {"unit": "y"})


def test_a_change_that_would_be_wrong_is_not_written(tmp_path):
    sources = shutil.copytree(SOURCES, tmp_path / "sources")
    desk = Desk(Settings(home=tmp_path / "home"), sources)
    text, _ = desk.change("sip_antal", {"bounds.max": "-5"})
    with pytest.raises(NotWritten):
        desk.write_change("sip_antal", text)
    assert (sources / "local" / "sip_antal.yml").read_text("utf-8") == TEXTS["sip_antal"]
    text, _ = desk.change(
        "sip_antal", {"status": "retired", "retired.date": "2026-06-30", "retired.reason_sv": "Slut.", "retired.replaced_by": "obesitas"}
    )
    desk.write_change("sip_antal", text)
    assert desk.catalogue.measures["sip_antal"].retired.replaced_by == "obesitas"
