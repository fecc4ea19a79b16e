"""A disk that is full, broken, read-only or not ours: the publication says so, ``current`` stays, and the next run repairs the rest."""

import os
import subprocess
import sys

import pytest

from crash.test_kill import assert_held

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("blow", ["full", "broken"])
def test_a_disk_that_refuses_at_many_points(crash, blow):
    summary = crash("prove.py", "--points", "8", "--blow", blow, "--json")
    assert_held(summary)
    assert summary["refused"] >= summary["trials"] / 2  # every second blow is one failure alone, which need not stop a publication


def test_a_failure_after_the_switch_is_no_failure_to_publish(crash):
    facts = crash("scenarios.py", "disk_breaks_after_the_switch")
    assert facts["blow"][:2] == ["fsync", "/published"]
    assert facts["problems"] == []


def test_a_disk_that_turns_read_only(crash):
    assert crash("scenarios.py", "disk_turns_read_only")["problems"] == []


def test_a_home_that_may_not_be_written(crash):
    facts = crash("scenarios.py", "home_is_read_only")
    assert "Permission denied" in facts["said"]["refusal"] and facts["said"]["is_understood"]
    assert (facts["after"]["build"], facts["after"]["problems"]) == (1, [])
    assert (facts["repaired"]["build"], facts["repaired"]["problems"], facts["repaired"]["left_overs"]) == (2, [], [])


def test_a_real_disk_that_fills_up(crash, small_disk):
    facts = crash("scenarios.py", "small_disk", str(small_disk))
    assert facts["problems"] == []
    assert len(facts["refusals"]) == 3 and facts["build"] == facts["expected"]


@pytest.mark.parametrize("small_disk", [1, 28], indirect=True, ids=["dbt_reads", "dbt_builds_and_runs_are_recorded"])
def test_the_command_line_on_a_full_disk_shows_no_traceback(small_disk):
    command = [sys.executable, "-c", "from naravard_pipeline.cli import start; start()", "demo"]  # as it is installed: what libraries print counts
    done = subprocess.run(command, env=os.environ | {"NARAVARD_HOME": str(small_disk)}, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in said
    assert "Error: " in done.stderr and ("No space left" in said or "full" in said or "disk I/O error" in said)
    assert str(small_disk) in done.stderr
