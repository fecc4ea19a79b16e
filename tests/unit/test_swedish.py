"""Times, units and lists as a Swedish reader expects them."""

from datetime import UTC, date, datetime

import pytest

from naravard_pipeline.pages.swedish import after_number, in_sweden, listed, moment


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-11-25T20:29:00+00:00", "2026-11-25 21:29"),
        ("2026-07-25T20:29:59+00:00", "2026-07-25 22:29"),  # summer time
        ("2026-07-25T22:29:00", "2026-07-26 00:29"),  # tables have UTC without saying so
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "2027-01-01 00:30"),
        (datetime(2026, 12, 31, 23, 30), "2027-01-01 00:30"),
        ("2026-12-31", "2026-12-31"),
        (date(2026, 12, 31), "2026-12-31"),
        ("i går", "i går"),
        (None, "–"),
    ],
)
def test_a_moment(value, told):
    assert moment(value) == told


def test_the_day_of_a_moment_is_that_of_the_reader():
    assert in_sweden(datetime.fromisoformat("2026-12-31T23:30:00+00:00")).date() == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("unit", "told"), [("antal", "5"), ("antal per 1 000 invånare", "5 per 1 000 invånare"), ("procent", "5 procent"), (None, "5")]
)
def test_a_unit_stands_after_its_number_as_it_is_said(unit, told):
    assert f"5{after_number(unit)}" == told


def test_names_are_listed_as_they_are_said():
    assert [listed(names) for names in (["Flen"], ["Flen", "Gnesta"], ["Flen", "Gnesta", "Trosa"])] == [
        "Flen",
        "Flen och Gnesta",
        "Flen, Gnesta och Trosa",
    ]
