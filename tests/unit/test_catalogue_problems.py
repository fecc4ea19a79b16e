"""Every way the catalogue can be wrong, and the exact sentence it gets."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naravard_pipeline.catalogue import CatalogueError, read_catalogue
from naravard_pipeline.catalogue.rules import is_cron

FILES = {
    "areas/sweden.yml": """\
# comment
areas:
  - {area_code: '00', kolada_code: '0000', scb_code: '00', name_sv: Riket, area_type: nation}
  - {area_code: '04', kolada_code: '0004', scb_code: '04', name_sv: Region Sörmland, area_type: region, parent_code: '00'}
  - {area_code: '0484', kolada_code: '0484', scb_code: '0484', name_sv: Eskilstuna, area_type: municipality, parent_code: '04'}
area_groups:
  - {group_id: 04-norra, name_sv: Norra, group_type: county_part, members: ['0484']}
""",
    "frameworks/sormland.yml": """\
name_sv: Nära vård
name_en: Close care
description_sv: En målbild.
owner_sv: Länet
county_code: '04'
decided_date: 2022-03-11
focus_areas:
  - {focus_area_id: personcentrering, name_sv: Personcentrering, name_en: Person-centredness}
goal_areas:
  - goal_area_id: tillsammans
    name_sv: Tillsammans
    name_en: Together
    description_sv: Tillsammans.
    indicators:
      - {indicator_id: delaktighet, name_sv: Delaktighet, name_en: Participation, description_sv: Delaktig.}
      - {indicator_id: samordning, name_sv: Samordning, name_en: Coordination, description_sv: Samordnad.}
""",
    "kolada/_source.yml": """\
name_sv: Kolada
name_en: Kolada
description_sv: Nyckeltal.
kind: kolada
measure_url: "https://www.kolada.se/?kpis={source_code}"
attribution: "Källa: Kolada"
licence: Fri
schedule: '30 5 * * 1-5'
""",
    "kolada/dygn.yml": """\
name_sv: Dygn
name_en: Days
definition_sv: Antal dygn.
status: published
indicators:
  - framework: sormland
    indicator: samordning
levels: [region]
area_types: [nation, region]
source_code: U79135
unit: dygn
value_type: rate
direction: lower_is_better
bounds:
  min: 0
  max: 80
target: {value: 40, year: 2030}
focus_areas: [personcentrering]
""",
    "local/_source.yml": """\
name_sv: Lokalt
name_en: Local
description_sv: Filer.
kind: files
attribution: "Källa: länet"
licence: Fri
""",
    "local/sip.yml": """\
name_sv: SIP
name_en: SIP
definition_sv: Antal planer.
status: published
levels: [municipality]
area_types: [municipality]
unit: antal
value_type: count
direction: higher_is_better
bounds: {min: 0, max: 100}
file:
  value_column: Antal SIP
  area_types: [municipality]
  reporter: municipalities
  county_code: '04'
""",
}
MEASURE, FRAMEWORK, AREAS, SOURCE = "kolada/dygn.yml", "frameworks/sormland.yml", "areas/sweden.yml", "kolada/_source.yml"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "sources"


def change(sources: Path, file: str, old: str, new: str) -> None:
    path = sources / file
    text = path.read_text("utf-8") if path.exists() else FILES[MEASURE]
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems_of(sources: Path, lang: str = "en") -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(sources)
    return [problem.text(lang) for problem in caught.value.problems]


def test_a_right_catalogue_is_read(sources):
    catalogue = read_catalogue(sources)
    assert list(catalogue.measures) == ["dygn", "sip"]
    assert [m.measure_id for m in catalogue.live_of("kolada")] == ["dygn"]
    assert catalogue.measures["dygn"].path == Path("sources/kolada/dygn.yml")
    assert list(catalogue.frameworks["sormland"].indicators) == ["delaktighet", "samordning"]


CASES = {
    "unknown key": (MEASURE, "unit:", "unti:", [
        ":11: unti: unknown key `unti`; did you mean `unit`?", ": unit: missing; add `unit:`"]),
    "unknown nested key": (MEASURE, "  min: 0", "  mni: 0", [
        ":14: bounds.min: missing; add `min:`", ":15: bounds.mni: unknown key `mni`; did you mean `min`?"]),
    "unknown key like no other": (MEASURE, "unit:", "zzz: 1\nunit:", [":11: zzz: unknown key `zzz`; remove it"]),
    "a number as a key": (MEASURE, "unit:", "7: 1\nunit:", [":11: [7]: unknown key `7`; remove it"]),
    "wrong type": (MEASURE, "max: 80", "max: mycket", [":16: bounds.max: there is “mycket”; expected a number"]),
    "true is no number": (MEASURE, "max: 80", "max: true", [":16: bounds.max: there is true; expected a number"]),
    "infinite": (MEASURE, "max: 80", "max: .inf", [":16: bounds.max: there is inf; expected a finite number"]),
    "not whole": (MEASURE, "unit:", "decimals: 1.5\nunit:", [":11: decimals: there is 1.5; expected a whole number"]),
    "below its limit": (MEASURE, "unit:", "decimals: -1\nunit:", [":11: decimals: there is -1; expected a number from 0 up"]),
    "empty text": (MEASURE, "name_sv: Dygn", "name_sv: ''", [":1: name_sv: there is “”; expected some text"]),
    "nothing after the colon": (MEASURE, "name_sv: Dygn", "name_sv:", [":1: name_sv: there is nothing; expected text"]),
    "a text for a list": (MEASURE, "levels: [region]", "levels: region", [":8: levels: there is “region”; expected a list, each item after a dash"]),
    "a text for fields": (MEASURE, "bounds:\n  min: 0\n  max: 80", "bounds: 0-80", [":14: bounds: there is “0-80”; expected fields under it"]),
    "empty list": (MEASURE, "levels: [region]", "levels: []", [":8: levels: there is […]; expected at least one item"]),
    "unknown choice": (MEASURE, "status: published", "status: publishd", [
        ":4: status: there is “publishd”; expected one of published, draft, planned, retired; did you mean `published`?"]),
    "not a bool": (MEASURE, "unit:", "sexes: ja\nunit:", [":11: sexes: there is “ja”; expected true or false; did you mean `true`?"]),
    "age group": (MEASURE, "unit:", "age_group: äldre\nunit:", [":11: age_group: there is “äldre”; expected total, 65+ or 16-84"]),
    "web address": (MEASURE, "unit:", "docs_url: kolada.se\nunit:", [
        ":11: docs_url: there is “kolada.se”; expected an address beginning with https://"]),
    "not a date": (FRAMEWORK, "2022-03-11", "i mars", [":6: decided_date: there is “i mars”; expected a date, YYYY-MM-DD"]),
    "no such date": (FRAMEWORK, "2022-03-11", "2022-02-30", [
        ":6: there is 2022-02-30; expected a date that exists, YYYY-MM-DD"]),
    "unquoted code": (AREAS, "area_code: '0484'", "area_code: 0484", [
        ":5: areas[2].area_code: there is 484 as a number; put it in quotes, leading zeros and all, as in '0484'"]),
    "area code's form": (AREAS, "area_code: '0484'", "area_code: '484'", [
        ":5: areas[2].area_code: there is “484”; expected a code such as '00', '04', '0484' or '04-norra', in quotes"]),
    "duplicate area": (AREAS, "area_code: '0484', kolada_code: '0484'", "area_code: '04', kolada_code: '0484'", [
        ":5: areas[2].area_code: `04` also stands in areas[1].area_code; each is defined once",
        ":5: areas[2].parent_code: there is no other area `04`; known: 00",
        ":7: area_groups[0].members[0]: there is no area `0484`; did you mean `04`?"]),
    "unknown parent": (AREAS, "parent_code: '04'", "parent_code: '40'", [
        ":5: areas[2].parent_code: there is no other area `40`; known: 00, 04"]),
    "no parent": (AREAS, ", parent_code: '04'", "", [":5: areas[2].parent_code: missing; add it: every area but the nation lies in another"]),
    "unknown member": (AREAS, "members: ['0484']", "members: ['0485']", [
        ":7: area_groups[0].members[0]: there is no area `0485`; did you mean `0484`?"]),
    "a tile for no municipality": (AREAS, "area_groups:", "tile_maps: [{county_code: '04', tiles: {'0484': [1, 1], '0485': [2, 1]}}]\narea_groups:", [
        ":6: tile_maps[0].tiles.0485: there is no municipality of the county `0485`; did you mean `0484`?"]),
    "a map of no county": (AREAS, "area_groups:", "tile_maps: [{county_code: '40', tiles: {}}]\narea_groups:", [
        ":6: tile_maps[0].county_code: there is no county `40`; known: 04"]),
    "bounds the wrong way round": (MEASURE, "min: 0", "min: 90", [":15: bounds.min: there is 90; expected a number below bounds.max (80)"]),
    "no bounds": (MEASURE, "bounds:\n  min: 0\n  max: 80\n", "", [": bounds: missing; add it: every measure that is not planned has bounds"]),
    "target outside bounds": (MEASURE, "value: 40", "value: 400", [
        ":17: target.value: there is 400; expected a number within bounds (0 to 80)"]),
    "target without a direction": (MEASURE, "lower_is_better", "neutral", [
        ":17: target: there is {…}; remove it: without a better direction nothing can be on its way to a target"]),
    "a run chart of years": (MEASURE, "target:", "rebase: [{date: 2024-05-01, reason_sv: Nytt}]\ntarget:", [
        ":17: rebase: there is […]; remove it: only monthly and quarterly series have a run chart"]),
    "one change twice": (
        "local/sip.yml", "unit: antal",
        "frequency: month\nrebase:\n- {date: 2024-05-01, reason_sv: A}\n- {date: 2024-05-01, reason_sv: B}\nunit: antal", [
        ":10: rebase[1].date: `2024-05-01` also stands in rebase[0]; name a change once, with all its reasons"]),
    "a change without a reason": ("local/sip.yml", "unit: antal", "frequency: month\nrebase: [{date: 2024-05-01}]\nunit: antal", [
        ":8: rebase[0].reason_sv: missing; add `reason_sv:`"]),
    "a weight of a measure that is not there": (FRAMEWORK, "    indicators:", "    weights: {dygm: 2}\n    indicators:", [
        ":14: goal_areas[0].weights.dygm: there is no measure of this goal area `dygm`; did you mean `dygn`?"]),
    "a weight of a measure elsewhere": (FRAMEWORK, "    indicators:", "    weights: {sip: 2}\n    indicators:", [
        ":14: goal_areas[0].weights.sip: there is no measure of this goal area `sip`; known: dygn"]),
    "unknown framework": (MEASURE, "framework: sormland", "framework: sormlnd", [
        ":6: indicators[0].framework: there is no framework `sormlnd`; did you mean `sormland`?"]),
    "unknown indicator": (MEASURE, "indicator: samordning", "indicator: samordnig", [
        ":7: indicators[0].indicator: there is no indicator `samordnig`; did you mean `samordning`?"]),
    "unknown indicator like no other": (MEASURE, "indicator: samordning", "indicator: xyz", [
        ":7: indicators[0].indicator: there is no indicator `xyz`; known: delaktighet, samordning"]),
    "linked twice": (MEASURE, "levels:", "  - {framework: sormland, indicator: samordning}\nlevels:", [
        ":8: indicators[1]: `samordning` also stands in indicators[0]; link a measure to an indicator once"]),
    "weight": (MEASURE, "indicator: samordning", "indicator: samordning\n    weight: 0", [
        ":8: indicators[0].weight: there is 0; expected a number above 0"]),
    "unknown focus area": (MEASURE, "[personcentrering]", "[personcentrerad]", [
        ":18: focus_areas[0]: there is no focus area `personcentrerad`; did you mean `personcentrering`?"]),
    "no key figure": (MEASURE, "source_code: U79135\n", "", [": source_code: missing; add it: Kolada is asked by key figure, as in N78111"]),
    "key figure's form": (MEASURE, "U79135", "U7913", [
        ":10: source_code: there is “U7913”; expected a key figure's id: N or U and five digits"]),
    "retired without when": (MEASURE, "status: published", "status: retired", [
        ": retired: missing; add it: a retired measure says when and why"]),
    "retired but published": (MEASURE, "target:", "retired: {date: 2024-12-31, reason_sv: Slut}\ntarget:", [
        ":17: retired: there is {…}; remove it: the status is published"]),
    "unknown successor": (MEASURE, "status: published", "status: retired\nretired: {date: 2024-12-31, reason_sv: Slut, replaced_by: sipp}", [
        ":5: retired.replaced_by: there is no other measure `sipp`; did you mean `sip`?"]),
    "successor of itself": (MEASURE, "status: published", "status: retired\nretired: {date: 2024-12-31, reason_sv: Slut, replaced_by: dygn}", [
        ":5: retired.replaced_by: there is no other measure `dygn`; known: sip"]),
    "a file from Kolada": (MEASURE, "target:", "file: {value_column: A, area_types: [region], reporter: region}\ntarget:", [
        ":17: file: there is {…}; remove it: figures from kolada do not come in files"]),
    "no file format": ("local/sip.yml", FILES["local/sip.yml"][FILES["local/sip.yml"].index("file:"):], "", [
        ": file: missing; add it: it says what the file that is sent in looks like"]),
    "unknown county of a file": ("local/sip.yml", "county_code: '04'", "county_code: '40'", [
        ":15: file.county_code: there is no area `40`; known: 00, 04, 0484"]),
    "unknown county": (FRAMEWORK, "county_code: '04'", "county_code: '99'", [":5: county_code: there is no area `99`; known: 00, 04, 0484"]),
    "duplicate indicator": (FRAMEWORK, "indicator_id: samordning", "indicator_id: delaktighet", [
        ":16: goal_areas[0].indicators[1].indicator_id: `delaktighet` also stands in goal_areas[0].indicators[0].indicator_id; "
        "each is defined once"]),
    "cron": (SOURCE, "'30 5 * * 1-5'", "'30 25 * * *'", [
        ":8: schedule: there is “30 25 * * *”; expected cron's five fields: minute, hour, day, month, day of week, as in '30 5 * * 1'"]),
    "address without a code": (SOURCE, "kpis={source_code}", "kpis={kpi}", [
        ":5: measure_url: there is “https://www.kolada.se/?kpis={kpi}”; expected an address with {source_code} in it"]),
    "not connected": (SOURCE, "kind: kolada", "kind: none", [
        ":4: status: there is published; expected planned, as no source of kind none is connected yet"]),
    "duplicate key": (MEASURE, "unit: dygn", "unit: dygn\nunit: dagar", [":12: `unit` stands twice; keep one of them"]),
    "syntax": (MEASURE, "unit: dygn", "unit: 'dygn", None),
    "tab": (MEASURE, "  min: 0", "\tmin: 0", [":15: cannot be read: a tab; indent with spaces"]),
    "unknown tag": (MEASURE, "unit: dygn", "unit: !python/object:os.system dygn", None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_gets_its_place_and_its_remedy(sources, case):
    file, old, new, expected = CASES[case]
    change(sources, file, old, new)
    found = problems_of(sources)
    if case == "duplicate indicator":  # the measure's link is lost with it
        assert found.pop().endswith("there is no indicator `samordning`; known: delaktighet")
    if case == "not connected":
        file = MEASURE
    if expected is None:
        assert len(found) == 1 and re.match(rf"sources/{file}:\d+: cannot be read: \S", found[0])
    else:
        assert sorted(found) == sorted(f"sources/{file}{text}" for text in expected)


@pytest.mark.parametrize("case", CASES)
def test_every_problem_is_told_in_swedish_too(sources, case):
    change(sources, *CASES[case][:3])
    for text in problems_of(sources, "sv"):
        sentence = re.sub("YAML-läsaren säger «.*?»", "", text.partition(": ")[2])
        assert not re.search(r"\b(there is|expected|missing|add it|remove it|did you mean|stands|cannot)\b", sentence)
        assert "{" not in sentence.replace("{…}", "").replace("{source_code}", "").replace("{kpi}", "")


def test_a_swedish_sentence_reads_well(sources):
    change(sources, MEASURE, "min: 0", "min: 90")
    assert problems_of(sources, "sv") == ["sources/kolada/dygn.yml:15: bounds.min: där står 90; väntat: ett tal under bounds.max (80)"]


def test_all_problems_come_at_once_in_the_order_of_files_and_lines(sources):
    change(sources, AREAS, "parent_code: '04'", "parent_code: '40'")
    change(sources, MEASURE, "min: 0", "min: 90")
    change(sources, MEASURE, "indicator: samordning", "indicator: samordnig")
    change(sources, "local/sip.yml", "unit:", "unti:")
    assert [text.split(" ")[0] for text in problems_of(sources)] == [
        "sources/areas/sweden.yml:5:",
        "sources/kolada/dygn.yml:7:",
        "sources/kolada/dygn.yml:15:",
        "sources/local/sip.yml:",
        "sources/local/sip.yml:7:",
    ]


@pytest.mark.parametrize(("broken", "old"), [(FRAMEWORK, "owner_sv:"), (AREAS, "areas:"), (SOURCE, "kind:")])
def test_a_broken_file_is_reported_once_and_not_again_by_those_that_refer_to_it(sources, broken, old):
    change(sources, broken, old, "zzzzzz:")
    assert {text.split(":")[0] for text in problems_of(sources)} == {f"sources/{broken}"}


def test_two_files_of_one_name(sources):
    change(sources, "local/dygn.yml", "status: published", "status: planned")
    remedy = "a measure's name is its own: rename one of the files"
    assert problems_of(sources) == [f"sources/local/dygn.yml: `dygn` also stands in kolada/dygn.yml; {remedy}"]


def test_two_published_measures_of_one_key_figure(sources):
    change(sources, "kolada/nagot.yml", "Dygn", "Annat")
    remedy = "define it once and link it to several indicators"
    assert problems_of(sources) == [f"sources/kolada/nagot.yml:10: source_code: U79135 also stands in dygn.yml; {remedy}"]


def test_a_retired_measure_may_share_its_key_figure(sources):
    change(sources, "kolada/nagot.yml", "status: published", "status: retired\nretired: {date: 2024-12-31, reason_sv: Slut}")
    assert read_catalogue(sources).measures["nagot"].is_live


@pytest.mark.parametrize("name", ["Dygn.yml", "dygn-2.yml", "2dygn.yml", "dygn.yaml", "åldrar.yml"])
def test_a_name_that_cannot_be_permanent(sources, name):
    change(sources, f"kolada/{name}", "U79135", "U79136")
    remedy = "rename it: a-z, 0-9 and _, a letter first, ending in .yml, as in sip_antal.yml"
    assert problems_of(sources) == [f"sources/kolada/{name}: the name cannot be used; {remedy}"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", ": the file has no fields; expected `field: value` on each line"),
        (b"# only a comment\n", ": the file has no fields; expected `field: value` on each line"),
        (b"- a\n- b\n", ": the file has no fields; expected `field: value` on each line"),
        (b"name_sv: \xe5\xe4\xf6\n", ":1: cannot be read: it is no text in UTF-8; save the file as UTF-8 (in Notepad: Save as, Encoding)"),
    ],
)
def test_a_file_that_holds_no_fields(sources, content, problem):
    (sources / MEASURE).write_bytes(content)
    assert problems_of(sources) == [f"sources/kolada/dygn.yml{problem}"]


def test_what_is_absent_is_named(sources):
    (sources / SOURCE).unlink()
    (sources / FRAMEWORK).unlink()
    assert problems_of(sources)[:2] == [
        "sources/frameworks: not found; expected a folder with at least one .yml file",
        "sources/kolada/_source.yml: not found; expected a file that says what the source is",
    ]
    assert problems_of(sources.parent / "nowhere") == ["nowhere: not found; expected the folder of the catalogue"]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_no_content_makes_anything_but_a_clear_problem(sources, content):
    (sources / MEASURE).write_bytes(content)
    for text in problems_of(sources):
        assert text.startswith("sources/kolada/dygn.yml:") and "; " in text and "\n" not in text


yaml_values = st.recursive(
    st.sampled_from(["0484", "'0484'", "no", "~", "1.5", ".nan", "2024-13-01", "[a", "{b: c}", "*x", "&x y", "!!int z", "|", "? :", "- -", '"', "å"]),
    lambda inner: inner.map(lambda v: f"[{v}]"),
    max_leaves=3,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(["status", "bounds", "indicators", "levels", "retired", "unit", "file"]), value=yaml_values)
def test_no_value_of_a_field_makes_anything_but_a_clear_problem(sources, field, value):
    text = re.sub(rf"(?m)^{field}:.*\n(?:  .*\n)*", "", FILES[MEASURE]) + f"{field}: {value}\n"
    (sources / MEASURE).write_text(text, encoding="utf-8")
    try:
        read_catalogue(sources)
    except CatalogueError as error:
        assert all(p.path == "sources/kolada/dygn.yml" and p.text("sv") and p.text("en") for p in error.problems)


@pytest.mark.parametrize("text", ["30 5 * * 1-5", "*/15 * * * *", "0 6,18 1-7/2 * 0", "0 0 31 12 7"])
def test_cron_that_is_right(text):
    assert is_cron(text)


@pytest.mark.parametrize(
    "text", ["", "daily", "* * * *", "* * * * * *", "60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 * 13 *", "5-1 * * * *", "*/0 * * * *"]
)
def test_cron_that_is_wrong(text):
    assert not is_cron(text)


def test_what_is_wrong_with_the_publication_is_told_with_the_rest(sources):
    text = "title_sv: Nära vård\ncontact: {name_sv: Öppna data, email: nej}\nbas_url: https://data.example.com/\nupdate_frequency: OFTA\n"
    (sources / "publication.yml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(sources)
    assert {(p.path, p.line, p.field) for p in caught.value.problems} == {
        ("sources/publication.yml", 2, "contact.email"),
        ("sources/publication.yml", 3, "bas_url"),
        ("sources/publication.yml", 4, "update_frequency"),
    }
