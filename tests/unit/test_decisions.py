"""The log of decisions: append-only, chained, whole after any interruption."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.publication import decisions
from naravard_pipeline.publication.decisions import LogError, append, log_file, next_entry, read_log, read_standing
from naravard_pipeline.settings import Settings


@pytest.fixture
def home(tmp_path):
    return Settings(home=tmp_path)


def decide(home, action, **values):
    log = read_log(home)
    return append(home, log, next_entry(log, action, **{"role": "statistician", "reason_sv": "därför", **values}))


def test_what_is_written_is_read(home):
    decide(home, "approved", measure_id="falls", content_hash="a", name="Anna Ek")
    log = decide(home, "released", role="automatic", release_id="000001-x")
    assert read_log(home) == log
    assert [(e.number, e.action, e.name) for e in log] == [(1, "approved", "Anna Ek"), (2, "released", None)]


@pytest.mark.parametrize(
    "change", [lambda lines: lines[1:], lambda lines: [lines[0].replace(b"Anna", b"Bosse"), *lines[1:]], lambda lines: [lines[1], lines[0]]]
)
def test_a_changed_log_is_not_believed(home, change):
    decide(home, "approved", measure_id="falls", content_hash="a", name="Anna Ek")
    decide(home, "approved", measure_id="plans", content_hash="b", name="Anna Ek")
    path = log_file(home)
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(LogError, match=r"log\.jsonl:\d.*backup"):
        read_log(home)


@given(cut=st.integers(min_value=1))
@settings(max_examples=60, deadline=None)
def test_a_line_that_was_not_finished_is_no_decision(tmp_path_factory, cut):
    home = Settings(home=tmp_path_factory.mktemp("home"))
    whole = decide(home, "approved", measure_id="falls", content_hash="å")
    before = log_file(home).read_bytes()
    decide(home, "approved", measure_id="plans", content_hash="b")
    after = log_file(home).read_bytes()
    length = len(before) + cut % (len(after) - len(before))
    os.truncate(log_file(home), length)
    assert read_log(home) == whole
    decide(home, "released", role="automatic", release_id="000002-x")
    assert [e.action for e in read_log(home)] == ["approved", "released"]


def test_a_full_disk_leaves_the_log_as_it_was(home, monkeypatch):
    decide(home, "approved", measure_id="falls", content_hash="a")
    before = log_file(home).read_bytes()

    def half(descriptor, data, offset):
        os.pwrite(descriptor, data[: len(data) // 2], offset)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decisions, "_write_all", half)
    with pytest.raises(OSError, match="No space"):
        decide(home, "approved", measure_id="plans", content_hash="b")
    assert log_file(home).read_bytes() == before


def test_every_line_is_an_object_of_its_own(home):
    decide(home, "corrected", measure_id="falls", reason_sv="rad\nbryt «å» \u2028")
    assert [json.loads(line)["reason_sv"] for line in log_file(home).read_text(encoding="utf-8").split("\n")[:-1]] == ["rad\nbryt «å» \u2028"]
    assert read_log(home)[0].reason_sv == "rad\nbryt «å» \u2028"


class TestWhatTheLogSays:
    def test_a_rollback_ends_every_approval_before_it_and_none_after(self, home):
        decide(home, "approved", measure_id="falls", content_hash="content")
        decide(home, "approved", measure_id="plans", content_hash="other")
        log = decide(home, "rolled_back", release_id="000001-x", reason_sv="Fel enhet")
        assert read_standing(log).approved == {}  # a definition may have been approved that is no figure
        log = decide(home, "approved", measure_id="falls", content_hash="content")
        assert read_standing(log).approved == {"falls": {"content"}}

    def test_an_accepted_answer_is_not_an_approval(self, home):
        standing = read_standing(decide(home, "answer_accepted", measure_id="falls", content_hash="s"))
        assert not standing.approved


@pytest.mark.parametrize("touch", [lambda b: b"\xef\xbb\xbf" + b, lambda b: b.replace(b"\n", b"\r\n"), lambda b: b.replace(b'","', b'", "', 1)])
def test_a_line_that_an_editor_touched_is_refused_before_another_is_chained_to_it(home, touch):
    decide(home, "approved", measure_id="falls", content_hash="a")
    log_file(home).write_bytes(touch(log_file(home).read_bytes()))
    with pytest.raises(LogError, match=r"log\.jsonl:1: the line is not as the pipeline wrote it.*backup"):
        read_log(home)
