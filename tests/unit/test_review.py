"""What must wait for a person, and what must not."""

import duckdb
import pytest
from releases import AREAS, attach, cell, hidden

from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.review import Finding, review

REGIONS = [code for code, _, area_type in AREAS if area_type == "region"]  # 20
TOWNS = [code for code, _, area_type in AREAS if area_type == "municipality"]


def reviewed(before: list[dict], after: list[dict], measures=None, measures_before=None, earlier=()) -> dict[str, list[Finding]]:
    connection = duckdb.connect()
    attach(connection, "last", before, measures_before)
    attach(connection, "candidate", after, measures)
    compare(connection, earlier=earlier)
    return review(connection)


def kinds(found: dict[str, list[Finding]]) -> list[str]:
    return [f.kind for f in found.get("m", [])]


def everywhere(value: float, year: int = 2024, areas=REGIONS, **changes) -> list[dict]:
    return [cell("m", value + i / 10, year, area_code=a, **changes) for i, a in enumerate(areas)]


@pytest.mark.parametrize(
    ("before", "after", "decimals", "waits"),
    [
        (50.0, 55.0, 1, False),  # ten per cent is not more than ten
        (50.0, 55.2, 1, True),
        (50.0, 44.8, 1, True),
        (0.1, 0.2, 1, False),  # doubled, and yet rounding
        (0.1, 0.3, 1, True),
        (3.0, 4.0, 0, False),
        (3.0, 5.0, 0, True),
        (0.0, 4.0, 1, True),  # from nought any change is larger than every percentage
        (-10.0, -12.0, 1, True),
    ],
)
def test_a_revision_waits_beyond_the_tolerance_and_beyond_rounding(before, after, decimals, waits):
    found = reviewed([cell("m", before)], [cell("m", after)], {"m": {"decimals": decimals}}, {"m": {"decimals": decimals}})
    assert kinds(found) == (["revision"] if waits else [])


def test_a_preliminary_figure_said_that_it_would_change():
    assert not reviewed([cell("m", 350.0, status="preliminary")], [cell("m", 652.0)])
    assert kinds(reviewed([cell("m", 350.0)], [cell("m", 652.0, status="preliminary")])) == ["revision"]


def release_file(path, cells: list[dict]):
    with duckdb.connect() as connection:
        attach(connection, "kept", cells)
        connection.execute(f"attach '{path}' as written")
        connection.execute("copy from database kept to written")
    return path


@pytest.mark.parametrize(
    ("kept", "last", "after", "expected"),
    [
        ([[20.0]], None, 900.0, ["revision"]),
        ([[20.0]], "gone", 900.0, ["revision"]),
        ([[20.0]], None, 21.9, []),
        ([[900.0], [20.0], [None]], None, 900.0, ["revision"]),  # the newest one counts
        ([[900.0], [20.0], [None]], None, 20.0, []),
        ([[None]], None, 900.0, []),
    ],
)
def test_a_value_that_was_away_is_held_against_the_one_that_readers_saw(tmp_path, kept, last, after, expected):
    others = [cell("m", 20.0, area_code="01"), cell("m", 20.0, 2023)]
    earlier = [release_file(tmp_path / f"{i}.duckdb", [*others, cell("m", *value)]) for i, value in enumerate(kept)]
    before = others if last == "gone" else [*others, cell("m", None)]
    found = reviewed(before, [*others, cell("m", after)], earlier=earlier)
    assert kinds(found) == expected
    if expected:
        assert (found["m"][0].worst["value_before"], found["m"][0].worst["value_after"]) == (20.0, 900.0)


def test_a_period_that_was_away_is_held_against_what_readers_saw_and_a_hidden_value_is_not(tmp_path):
    other = cell("m", 20.0, 2023)
    shown = release_file(tmp_path / "1.duckdb", [other, cell("m", 20.0)])
    assert kinds(reviewed([other], [other, cell("m", 900.0)], earlier=[shown])) == ["revision"]
    protected = release_file(tmp_path / "2.duckdb", [other, hidden("m", reporter="source")])
    assert kinds(reviewed([other], [other, cell("m", 900.0)], earlier=[shown, protected])) == []


def test_the_largest_of_cells_that_changed_by_one_factor_is_that_of_the_largest_change():
    values = {code: 10.1 + 1.7 * i for i, code in enumerate(reversed(REGIONS))}
    found = reviewed([cell("m", v, area_code=a) for a, v in values.items()], [cell("m", v * 1.1 * 1.05, area_code=a) for a, v in values.items()])
    assert found["m"][0].worst["area_code"] == REGIONS[0]


def test_the_sentence_of_a_revision_has_the_numbers():
    found = reviewed([cell("m", 50.0), cell("m", 10.0, area_code="01")], [cell("m", 60.0), cell("m", 20.0, area_code="01")])
    finding = found["m"][0]
    assert finding.count == 2 and finding.worst["area_code"] == "01" and finding.worst["change_percent"] == 100
    assert finding.sentence_sv == (
        "2 redan publicerade uppgifter har räknats om med mer än 10\u00a0%. Störst: Region 1 2024, 10,0 → 20,0 procent (+100\u00a0%)."
    )
    assert finding.sentence_en == "2 released figures were revised by more than 10 %. Largest: Region 1 2024, 10.0 → 20.0 (+100.0 %)."


@pytest.mark.parametrize(("new", "areas", "expected"), [(12.5, REGIONS, []), (14.0, REGIONS, ["level_shift"]), (14.0, REGIONS[:4], [])])
def test_the_level_of_a_new_period_is_compared_over_at_least_five_areas(new, areas, expected):
    old = everywhere(10.0, areas=areas)
    assert kinds(reviewed(old, [*old, *everywhere(new, 2025, areas)])) == expected


def test_the_level_may_move_by_many_small_revisions():
    limits = {"m": {"max_revision": None}}
    assert kinds(reviewed(everywhere(10.0), everywhere(14.0), limits, limits)) == ["level_shift"]


def test_the_level_is_taken_over_the_same_areas_and_per_kind_of_area():
    # Ten towns with high values joined; those there before stand still.
    old = everywhere(10.0, areas=TOWNS[:10])
    assert kinds(reviewed(old, [*old, *everywhere(10.0, 2025, TOWNS[:10]), *everywhere(90.0, 2025, TOWNS[10:])])) == []


def test_a_new_series_has_no_level_to_be_compared_with():
    old = everywhere(10.0)
    assert kinds(reviewed(old, [*old, *everywhere(20.0, 2025, segment_id="m-2")])) == []


def test_without_a_limit_no_level_waits():
    old = everywhere(10.0)
    without = {"m": {"max_level_shift": None}}
    assert kinds(reviewed(old, [*old, *everywhere(20.0, 2025)], without, without)) == []


WIDE = [{"max_revision": 1000.0}, {"max_revision": None}, {"max_level_shift": 26.0}, {"max_missing_areas": 99.0}, {"approval": "automatic"}]


@pytest.mark.parametrize("wide", WIDE)
def test_wider_limits_wait_although_nothing_else_changed(wide):
    before = {"m": {"approval": "always"}} if "approval" in wide else None
    assert kinds(reviewed([cell("m", 5.0)], [cell("m", 5.0)], {"m": wide}, before)) == ["tolerance"]


@pytest.mark.parametrize("narrow", [{"max_revision": 9.0}, {"max_level_shift": 1.0}, {"max_missing_areas": 0.0}, {"approval": "always"}])
def test_narrower_limits_need_nobody(narrow):
    assert reviewed([cell("m", 5.0)], [cell("m", 5.0)], {"m": narrow}) == {}
    assert reviewed([cell("m", 5.0)], [cell("m", 5.0)], {"m": narrow}, {"m": dict.fromkeys(narrow)}) == {}


def test_a_change_is_not_let_out_by_the_limits_it_brings_along():
    wide = {"m": {"max_revision": 1000.0, "max_level_shift": None, "approval": "automatic"}}
    found = reviewed([cell("m", 50.0)], [cell("m", 60.0)], wide, {"m": {"approval": "always"}})
    assert kinds(found) == ["tolerance", "revision", "always"]
    assert found["m"][0].sentence_sv == (
        "Gränserna för vad som publiceras utan att en person har tittat har vidgats: godkännande alltid → automatiskt; största förflyttning av nivån "
        "25\u00a0% → ingen gräns; största omräkning 10\u00a0% → 1\u00a0000\u00a0%. Den här ändringen är bedömd efter de gamla."
    )
    assert "approval always → automatic; largest level shift 25 % → no limit; largest revision 10 % → 1,000 %" in found["m"][0].sentence_en


def test_the_limits_of_a_new_measure_are_its_own():
    wide = {"m": {"max_revision": None}}
    assert reviewed([cell("n", 5.0)], [cell("n", 5.0), cell("m", 5.0)], wide, {"m": {}}) == {}


@pytest.mark.parametrize(("lacking", "expected"), [(2, []), (3, ["missing_areas", "withdrawn"])])
def test_areas_that_lack_a_value_in_the_newest_released_period(lacking, expected):
    old = everywhere(10.0)
    assert kinds(reviewed(old, old[lacking:])) == expected


@pytest.mark.parametrize(("lacking", "expected"), [(2, []), (3, ["missing_areas"])])
def test_areas_that_are_absent_from_a_new_period(lacking, expected):
    old = everywhere(10.0)
    found = reviewed(old, [*old, *everywhere(10.0, 2025)[lacking:]])
    assert kinds(found) == expected
    if expected:
        assert found["m"][0].sentence_sv == "3 av 20 regioner hade värde i förra perioden men saknas 2025: Region 1, Region 2, Region 3."


@pytest.mark.parametrize(("lacking", "expected"), [(2, []), (3, ["missing_areas"]), (20, ["missing_areas"])])
def test_an_older_period_may_lack_no_more_areas_than_the_newest(lacking, expected):
    """Of eleven years one is less than a tenth, and a reader misses it all the same."""
    years = {year: everywhere(10.0, year) for year in range(2014, 2025)}
    old = [c for cells in years.values() for c in cells]
    found = reviewed(old, [c for year, cells in years.items() for c in (cells[lacking:] if year == 2018 else cells)])
    assert kinds(found) == expected
    if lacking == 3:
        assert found["m"][0].sentence_sv == "3 av 20 regioner har inte längre något värde 2018: Region 1, Region 2, Region 3."


def test_single_sexes_may_lack_areas():
    newest, women = everywhere(10.0), everywhere(10.0, sex="women")
    assert kinds(reviewed([*newest, *women], [*newest, *women[3:]])) == []


@pytest.mark.parametrize(("lost", "expected"), [(2, []), (3, ["withdrawn"])])
def test_of_the_whole_history_too_only_so_much_may_vanish(lost, expected):
    years = [[cell("m", 10.0, year, sex=sex) for sex in ("women", "men")] for year in range(2001, 2021)]
    found = reviewed([c for year in years for c in year], [c for year in years[lost:] for c in year])
    assert kinds(found) == expected
    if expected:
        assert found["m"][0].sentence_sv == "6 av 40 redan publicerade uppgifter har inte längre något värde (2001–2003)."
        assert found["m"][0].sentence_en == "6 of 40 released figures no longer have a value (2001–2003)."


def test_without_a_limit_a_history_may_vanish_and_what_is_hidden_has_not():
    old = [cell("m", 10.0, year) for year in range(2001, 2021)]
    without = {"m": {"max_missing_areas": None}}
    assert reviewed(old, old[-1:], without, without) == {}
    assert reviewed(old, [*(hidden("m", year, reporter="source") for year in range(2001, 2020)), old[-1]]) == {}
    assert reviewed([cell("m", None)], [cell("n", 1.0)], {"m": {}}) == {}


def test_what_is_hidden_is_not_lacking():
    old = everywhere(10.0, areas=TOWNS, reporter="municipalities")
    assert kinds(reviewed(old, [*old[5:], *(hidden("m", area_code=a) for a in TOWNS[:5])])) == []


def test_files_come_in_one_by_one():
    old = everywhere(10.0, areas=TOWNS, reporter="municipalities")
    assert kinds(reviewed(old, [*old, *everywhere(10.0, 2025, TOWNS[:1], reporter="municipalities")])) == []


def test_a_measure_of_which_nothing_is_left_waits():
    assert kinds(reviewed(everywhere(10.0), [cell("n", 1.0)], {"m": {}})) == ["missing_areas", "withdrawn"]
    women = reviewed(everywhere(10.0, sex="women"), [cell("n", 1.0)], {"m": {}})
    assert women["m"][0].sentence_sv == "20 av 20 redan publicerade uppgifter har inte längre något värde."


def test_a_measure_that_left_the_catalogue_or_became_a_draft_does_not():
    assert reviewed(everywhere(10.0), [cell("n", 1.0)]) == {}
    assert reviewed(everywhere(10.0), everywhere(99.0), {"m": {"status": "draft"}}) == {}


def test_what_this_project_hid_does_not_come_to_light_by_itself():
    found = reviewed([hidden("m")], [cell("m", 12.0, reporter="municipalities")])
    assert kinds(found) == ["shown"]
    assert "12" not in found["m"][0].sentence_sv + found["m"][0].sentence_en and found["m"][0].worst is None


def test_what_the_source_itself_had_hidden_and_shows_now_may_go_out():
    assert reviewed([cell("m", None, status="suppressed")], [cell("m", 12.0)]) == {}


@pytest.mark.parametrize("column", ["definition_sv", "unit", "direction", "value_type"])
def test_another_meaning_needs_a_series_break(column):
    before, after = [cell("m", 5.0)], [cell("m", 5.0)]
    changed = {"m": {column: "annat"}}
    assert kinds(reviewed(before, after, changed)) == ["definition"]
    assert kinds(reviewed(before, [cell("m", 5.0, segment_id="m-2")], changed)) == []
    assert kinds(reviewed(before, [*after, cell("m", 5.0, 2025, segment_id="m-2")], changed)) == []


def test_another_name_or_target_needs_nobody():
    assert reviewed([cell("m", 5.0)], [cell("m", 5.0)], {"m": {"name_sv": "Annat", "decimals": 0, "status": "retired"}}) == {}


def test_always_means_whenever_something_changed():
    always = {"m": {"approval": "always"}}
    assert kinds(reviewed([cell("m", 5.0)], [cell("m", 5.0)], always)) == []
    assert kinds(reviewed([cell("m", 5.0)], [cell("m", 5.1)], always)) == ["always"]
    assert kinds(reviewed([cell("n", 5.0)], [cell("n", 5.0), cell("m", 5.1)], always)) == ["always"]
    assert kinds(reviewed([cell("m", 5.0)], [cell("m", 5.0)], {"m": {"approval": "always", "name_sv": "Annat"}})) == ["always"]


def test_a_new_measure_and_a_retired_one():
    assert reviewed([cell("n", 5.0)], [cell("n", 5.0), cell("m", 500.0)]) == {}
    assert kinds(reviewed([cell("m", 5.0)], [cell("m", 9.0)], {"m": {"status": "retired"}})) == ["revision"]


def test_the_gravest_stands_first():
    before = [*everywhere(10.0), hidden("m", area_code="0600")]
    after = [*everywhere(20.0)[3:], cell("m", 9.0, area_code="0600", reporter="municipalities")]
    assert kinds(reviewed(before, after, {"m": {"unit": "kr", "approval": "always"}})) == [
        "shown", "definition", "revision", "level_shift", "missing_areas", "withdrawn", "always",
    ]  # fmt: skip
