"""Two publications at once, a lock file that somebody removes, a clock that is moved."""

import pytest

pytestmark = pytest.mark.slow


def test_two_at_once(crash):
    facts = crash("scenarios.py", "two_publish")
    assert facts["problems"] == []
    assert sum(facts["outcomes"].values()) == facts["releases"] - 1 == 8
    assert facts["outcomes"].keys() <= {"published and refused", "nothing new and published"}
    assert facts["outcomes"]["published and refused"] > 0


def test_a_lock_that_is_removed_still_holds(crash):
    facts = crash("scenarios.py", "lock_removed")
    assert facts["first"]["is_new"] and "Another process is publishing" in facts["second"]["refusal"]
    assert facts["problems"] == []


def test_without_its_lock_file_a_publication_still_does_no_harm(crash):
    facts = crash("scenarios.py", "lock_removed")
    assert (facts["build"], facts["problems"]) == (2, [])


def test_releases_stay_in_order_whatever_the_clock_says(crash):
    facts = crash("scenarios.py", "clock_moves")
    assert (facts["current"], facts["build"]) == (facts["order"][-1], facts["expected"])
    assert facts["listed"] == facts["order"]
