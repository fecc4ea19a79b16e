"""A publication that is killed anywhere: readers see the old release or the new one, whole, and the next run repairs the rest."""

import os

import pytest

from crash.postgres import find_missing

pytestmark = pytest.mark.slow


def assert_held(summary):
    """Everything that was promised, in every trial."""
    assert summary["problems"] == [], f"seed {summary['seed']}"
    assert summary["reader_errors"] == summary["torn"] == summary["lost"] == 0
    assert summary["repaired"] == summary["trials"]
    assert summary["reads"] > summary["trials"] and summary["releases_seen"] > 1


@pytest.mark.timeout(3600)  # each of them is a publication, a look, a repair and another look
def test_killed_at_points_spread_over_everything(crash):
    """Of the files, and of PostgreSQL beside them where it can be had. ``NARAVARD_TEST_POINTS=200`` takes many more, and some ten minutes more."""
    summary = crash("prove.py", "--points", os.environ.get("NARAVARD_TEST_POINTS", "24"), "--json", *([] if find_missing() else ["--postgres"]))
    assert_held(summary)
    assert {"rename", "symlink"} & summary["struck_calls"].keys()
    assert summary["killed"] >= 0.9 * summary["trials"]  # how much goes through a socket in one go differs from time to time


def test_the_next_run_repairs_at_once_and_lists_nothing_that_was_never_current(crash):
    facts = crash("scenarios.py", "killed_around_the_switch")
    assert {"rename", "symlink"} <= set(facts["calls"])
    assert facts["problems"] == facts["orphans"] == [] and set(facts["runs"]) == {1}


def test_what_current_points_at_survives_a_power_cut(crash):
    assert crash("scenarios.py", "power_cut") == {"first": [], "next": []}
