"""The county's register of initiatives: how it comes as a file, what is said of it, and which places and periods an effect is computed from."""

from datetime import date

import pyarrow.parquet as pq
import pytest
from dropped_files import drop
from hypothesis import given, settings
from hypothesis import strategies as st
from models import Models

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.demo.files import _INITIATIVES as MADE_UP
from naravard_pipeline.landing.file_answer import build_answer
from naravard_pipeline.landing.file_check import check_content
from naravard_pipeline.landing.inbox import take_in
from naravard_pipeline.landing.register_files import HEADINGS, land_register
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import SOURCES, Settings

CATALOGUE = read_catalogue(SOURCES)

SERIES = {
    **dict.fromkeys(("measure_id", "area_code", "area_type"), "varchar"),
    **dict.fromkeys(("period_start", "period_end"), "date"),
    "value": "double",
    "is_in_latest_segment": "boolean",
    "has_own_length": "boolean",
}
INITIATIVE = {**dict.fromkeys(("initiative_id", "framework_id", "name_sv", "description_sv", "owner_sv"), "varchar"), "start_date": "date"}


@pytest.mark.parametrize("is_demo", [True, False])
def test_what_comes_into_a_demo_says_that_it_is_made_up(is_demo):
    models = Models().give("home", [{"is_demo": is_demo}], is_demo="boolean")
    models.give("initiatives", [{"initiative_id": "i"}], initiative_id="varchar")
    assert [r["is_made_up"] for r in models.build("stg_initiatives__initiatives").rows("from stg_initiatives__initiatives")] == [is_demo]


def test_every_made_up_initiative_says_so_itself():
    assert all(row[1].startswith("Påhittad") and row[2].startswith("Påhittat") for row in MADE_UP)


def register(**changes):
    """A register of the demo's first initiative, with ``changes`` by the names of ``HEADINGS``."""
    return [v if (v := changes.get(part)) is not None else text for part, text in zip(HEADINGS, MADE_UP[0], strict=True)]


def check(*rows, name="satsningar.csv"):
    return check_content(FileContent(name, write_delimited([list(HEADINGS.values()), *rows])), CATALOGUE)


def test_a_register_is_read_and_the_contact_goes_nowhere(tmp_path):
    content = FileContent("s.csv", write_delimited([list(HEADINGS.values()), register(contact="Anna Andersson, 070-123 45 67, a@b.se")]))
    found = check_content(content, CATALOGUE)
    assert found.accepted and "SIP-samordnare" in build_answer(found, CATALOGUE.areas) and "Andersson" not in build_answer(found, CATALOGUE.areas)
    [row] = found.register.tables["initiatives"]
    assert (row["start_date"], row["status"], row["focus_areas"]) == (date(2025, 6, 1), "introduced", "personcentrering")
    assert [r["area_code"] for r in found.register.tables["areas"]] == ["0484", "0486"]
    landing = Landing(tmp_path)
    assert land_register(landing, content, found.register) and not land_register(landing, content, found.register)
    for table in (tmp_path / "initiatives").glob("*.parquet"):
        assert "Andersson" not in str(pq.read_table(table).to_pylist())


def test_a_new_register_replaces_the_old_whole_and_the_old_is_kept(tmp_path):
    ours = Settings(home=tmp_path)
    for n, rows in enumerate(([register(), register(initiative_id="annan")], [register(initiative_id="annan")])):
        drop(FileContent(f"r{n}.csv", write_delimited([list(HEADINGS.values()), *rows])), ours.inbox)
        [answer] = take_in(ours, CATALOGUE, Landing(ours.landing))
        assert answer.state == "accepted"
    folder = ours.landing / "initiatives"
    assert pq.read_table(folder / "initiatives.parquet")["initiative_id"].to_pylist() == ["annan"]
    assert len(list((folder / "files").iterdir())) == 2


@pytest.mark.parametrize(
    ("part", "text", "expected"),
    [
        ("measures", "sip_per_100", 'M2: "sip_per_100" har «sip_per_100», som är inget mått. Menade du sip_per_1000?'),
        ("areas", "Eskilstuna; Strängnes", 'H2: "Eskilstuna; Strängnes" har «Strängnes», som inget område heter. Menade du Strängnäs?'),
        ("initiative_id", "SIP-samordnare", 'A2: "SIP-samordnare" kan inte vara ett id. Skriv sip_samordnare.'),
        ("framework_id", "Sörmlandd", "är inget ramverk. Menade du sormland?"),
        ("focus_areas", "Personcentrerin", "Menade du Personcentrering?"),
        ("start_date", "i våras", "är inget datum. Skriv ÅÅÅÅ-MM-DD"),
        ("test_end_date", "2025-01-01", "är före starten 2025-06-01."),
        ("status_sv", "pågårr", "Menade du pågår?"),
        ("name_sv", "", "B2: cellen är tom; här ska satsning stå."),
        ("decision_sv", "Ring 070-123 45 67", "har en e-postadress eller ett telefonnummer"),
    ],
)
def test_a_mistake_in_the_register_is_told_at_its_cell(part, text, expected):
    answer = build_answer(check(register(**{part: text})), CATALOGUE.areas)
    assert expected in answer and "070" not in answer


@pytest.mark.parametrize(
    ("part", "text", "is_noted"),
    [
        ("owner_sv", "Anna Andersson", True),
        ("owner_sv", "Projektledare, Anna-Lena Ek", True),
        ("organisations_sv", "Region Sörmland; Anna Andersson", True),
        ("owner_sv", "Projektledare, Eskilstuna kommun", False),
        ("owner_sv", "Länsgemensam styrgrupp", False),
    ],
)
def test_what_may_be_a_name_is_taken_in_and_the_sender_is_asked_to_look(part, text, is_noted):
    found = check(register(**{part: text}))
    answer = build_answer(found, CATALOGUE.areas)
    cell = "E2" if part == "owner_sv" else "F2"
    assert found.accepted and (f"{cell} kan vara ett personnamn" in answer) == is_noted and "Anna" not in answer


def test_two_of_one_id_and_an_empty_register_are_refused():
    assert "står redan i A2" in build_answer(check(register(), register()), CATALOGUE.areas)
    assert "en tom fil tas inte emot" in build_answer(check(), CATALOGUE.areas)


def test_a_register_with_a_persons_number_is_refused_whole():
    assert check(register(contact="19121212-1212")).has_personal_numbers


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), min_size=len(HEADINGS), max_size=len(HEADINGS)), max_size=3))
def test_no_cell_makes_the_register_stumble(rows):
    assert build_answer(check(*rows), CATALOGUE.areas)


def test_a_chart_has_a_mark_per_date_measure_and_area():
    dates = {"start_date": date(2025, 6, 1), "introduced_date": date(2026, 1, 1)}
    kinds = {**INITIATIVE, "test_end_date": "date", "introduced_date": "date"}
    models = Models().give("dim_initiatives", [{"initiative_id": "i", "name_sv": "S", **dates}], **kinds)
    models.give("bridge_initiative_measures", [{"initiative_id": "i", "measure_id": m} for m in "mn"], initiative_id="varchar", measure_id="varchar")
    models.give("bridge_initiative_areas", [{"initiative_id": "i", "area_code": a} for a in "ab"], initiative_id="varchar", area_code="varchar")
    rows = models.build("bridge_initiative_marks").rows("from bridge_initiative_marks")
    assert len(rows) == 8 and {r["label_sv"] for r in rows} == {"S: start", "S: införd"}


def years(area, values, first=2018, **more):
    ours = {"measure_id": "m", "area_code": area, "area_type": "municipality", "is_in_latest_segment": True, "has_own_length": True, **more}
    return [{**ours, "period_start": date(y, 1, 1), "period_end": date(y, 12, 31), "value": v} for y, v in enumerate(values, first) if v is not None]


def changes(series, start, treated, others=()):
    """``int_initiative_changes`` as area → row; ``others``: places where another initiative with the same measure ran."""
    models = Models().give("int_series", [r for rows in series for r in rows], **SERIES)
    models.give("dim_initiatives", [{"initiative_id": "i", "start_date": start}], **INITIATIVE)
    models.give("bridge_initiative_measures", [{"initiative_id": i, "measure_id": "m"} for i in "ix"], initiative_id="varchar", measure_id="varchar")
    places = [{"initiative_id": "i", "area_code": a} for a in treated] + [{"initiative_id": "x", "area_code": a} for a in others]
    models.give("bridge_initiative_areas", places, initiative_id="varchar", area_code="varchar")
    return {r["area_code"]: r for r in models.build("int_initiative_changes").rows("from int_initiative_changes")}


def test_the_year_it_began_within_is_neither_before_nor_after():
    found = changes([years("a", [1, 2, 50, 10, 11]), years("b", [1, 1, 50, 1, 2])], date(2020, 6, 1), "a")
    assert (found["a"]["mean_before"], found["a"]["mean_after"], found["a"]["is_treated"]) == (1.5, 10.5, True)
    assert (found["b"]["mean_before"], found["b"]["mean_after"], found["b"]["is_treated"]) == (1, 1.5, False)


def test_only_three_years_on_either_side():
    found = changes([years("a", [99, 99, 1, 1, 1, 5, 5, 5, 99], 2015)], date(2020, 1, 1), "a")
    assert (found["a"]["periods_before"], found["a"]["periods_after"], found["a"]["mean_before"], found["a"]["mean_after"]) == (3, 3, 1, 5)


def test_a_place_that_lacks_a_year_takes_no_part():
    found = changes([years("a", [1, 2, 3, 4]), years("b", [1, None, 3, 4]), years("c", [1, 2, 3, 4])], date(2020, 1, 1), "a")
    assert set(found) == {"a", "c"}


def test_what_one_of_its_own_places_lacks_is_not_compared_anywhere():
    found = changes([years("a", [1, 2, 3, 4]), years("b", [1, None, 3, 4]), years("c", [1, 2, 3, 4])], date(2020, 1, 1), "ab")
    assert {k: (r["periods_before"], r["mean_before"]) for k, r in found.items()} == {"a": (1, 1), "b": (1, 1), "c": (1, 1)}


def test_kinds_of_area_are_not_mixed_and_other_initiatives_places_compare_nothing():
    series = [years("a", [1, 2, 3, 4]), years("04", [1, 2, 3, 4], area_type="region"), years("b", [1, 2, 3, 4]), years("c", [1, 2, 3, 4])]
    assert set(changes(series, date(2020, 1, 1), "a", others="b")) == {"a", "c"}


def test_without_a_year_on_either_side_there_is_nothing():
    assert changes([years("a", [1, 2]), years("b", [1, 2])], date(2020, 1, 1), "a") == {}
