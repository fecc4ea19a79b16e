"""The county's register of initiatives: made-up examples stay in a demo, and which places and periods an effect is computed from."""

from datetime import date

import pytest
from models import Models

SERIES = {
    **dict.fromkeys(("measure_id", "area_code", "area_type"), "varchar"),
    **dict.fromkeys(("period_start", "period_end"), "date"),
    "value": "double",
    "is_in_latest_segment": "boolean",
}
INITIATIVE = {**dict.fromkeys(("initiative_id", "framework_id", "name_sv", "description_sv", "owner_sv"), "varchar"), "start_date": "date"}


@pytest.mark.parametrize(("is_demo", "rows"), [(True, 2), (False, 0)])
def test_made_up_initiatives_never_leave_a_demo(is_demo, rows):
    models = Models().give("home", [{"is_demo": is_demo}], is_demo="boolean")
    for seed in ("made_up_initiatives", "made_up_initiative_areas", "made_up_initiative_measures"):
        models.seed(seed)
    models.build("stg_initiatives__initiatives", "stg_initiatives__areas", "stg_initiatives__measures", "dim_initiatives")
    assert [r["is_made_up"] for r in models.rows("from dim_initiatives")] == [True] * rows
    assert bool(models.rows("from stg_initiatives__areas")) == bool(models.rows("from stg_initiatives__measures")) == is_demo


def test_every_made_up_initiative_says_so_itself():
    rows = Models().seed("made_up_initiatives").rows("from made_up_initiatives")
    assert all(r["name_sv"].startswith("Påhittad") and r["description_sv"].startswith("Påhittat") for r in rows)


def years(area, values, first=2018, **more):
    ours = {"measure_id": "m", "area_code": area, "area_type": "municipality", "is_in_latest_segment": True, **more}
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
