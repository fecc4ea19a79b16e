"""The landing: what is taken in, what is refused, and that a run may be killed anywhere."""

import errno
import gzip
import hashlib
import os
import time
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.connectors.answer import Answer, FetchError, Page
from naravard_pipeline.landing import atomic
from naravard_pipeline.landing.atomic import LandingError, replace_file, replace_if_different, write_once
from naravard_pipeline.landing.snapshot import INDEX_SCHEMA, Landed, snapshot_id_of
from naravard_pipeline.landing.store import Landing

SCHEMA = pa.schema({"area": pa.string(), "period": pa.int32(), "value": pa.float64(), "status": pa.string(), "is_deleted": pa.bool_()})
METADATA = {"title": "Återinskrivna", "publication_date": "2026-08-28", "publ_period": "2025"}
START = datetime(2026, 3, 1, 6, tzinfo=UTC)


def rows(*values, period=2024, status="", is_deleted=False):
    return [{"area": f"{i:04}", "period": period, "value": v, "status": status, "is_deleted": is_deleted} for i, v in enumerate(values)]


def answer(table_rows, metadata=METADATA, body=None):
    page = Page("https://source.example/N1", "GET", START, 200, body or orjson.dumps(table_rows))
    return Answer([page], pa.Table.from_pylist(table_rows, SCHEMA), metadata)


def landing(root):
    days = count()
    return Landing(root, now=lambda: START + timedelta(days=next(days)))


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def land(store, table_rows, **more):
    return store.land("kolada", "m1", answer(table_rows, **more), "Källa: Kolada")


def observed(store) -> list[dict]:
    return pq.read_table(store.observations_path("kolada", "m1")).to_pylist()


# ---- good answers


def test_lands_a_new_answer_whole(tmp_path):
    store = landing(tmp_path)
    given = rows(1.0, None, 3.0) + rows(9.0, period=2025, is_deleted=True)
    landed = land(store, given)
    assert (landed.state, landed.rows, landed.newest_period, landed.reason, landed.kept_since) == ("new", 3, 2024, "", None)
    sha256 = hashlib.sha256(orjson.dumps(given)).hexdigest()
    assert gzip.decompress((tmp_path / "raw" / "kolada" / sha256[:2] / f"{sha256}.json.gz").read_bytes()) == orjson.dumps(given)
    assert (tmp_path / "raw" / "kolada" / sha256[:2] / f"{sha256}.json.gz").read_bytes()[4:8] == bytes(4)  # no time in it: the same bytes always
    table = observed(store)
    assert [row["value"] for row in table] == [1.0, None, 3.0]  # what was taken back is no observation
    assert {(row["measure_id"], row["snapshot_id"]) for row in table} == {("m1", landed.snapshot_id)}
    manifest = orjson.loads((tmp_path / "snapshots/kolada/m1" / f"{landed.snapshot_id}.json").read_bytes())
    assert (manifest["rows"], manifest["values"], manifest["taken_back"], manifest["newest_period"]) == (3, 2, 1, 2024)
    assert manifest["pages"] == [
        {"url": "https://source.example/N1", "sha256": sha256, "fetched_at": "2026-03-01T06:00:00+00:00", "bytes": len(orjson.dumps(given))}
    ]
    assert (manifest["attribution"], manifest["metadata"]) == ("Källa: Kolada", METADATA)
    assert store.read_states() == [landed]


def test_an_unchanged_answer_writes_nothing_but_its_state(tmp_path):
    store = landing(tmp_path)
    first = land(store, rows(1.0, 2.0))
    before = files(tmp_path)
    second = land(store, list(reversed(rows(1.0, 2.0))), body=b"another envelope")
    assert (second.state, second.snapshot_id) == ("unchanged", first.snapshot_id)
    assert {name for name, content in files(tmp_path).items() if before.get(name) != content} == {"state/kolada/m1.json"}


def test_a_revised_figure_changes_the_snapshot_and_loses_nothing(tmp_path):
    store = landing(tmp_path)
    first = land(store, rows(1.0, 2.0))
    before = files(tmp_path)
    second = land(store, rows(1.0, 2.5))
    assert (second.state, [row["value"] for row in observed(store)]) == ("changed", [1.0, 2.5])
    after = files(tmp_path)
    assert all(after[name] == content for name, content in before.items() if name.startswith(("raw/", "snapshots/")))
    assert land(store, rows(1.0, 2.0)).snapshot_id == first.snapshot_id  # and back again


TABLES = st.lists(
    st.fixed_dictionaries(
        {
            "area": st.sampled_from(["0484", "0480", ""]),
            "period": st.integers(2015, 2025),
            "value": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "status": st.none() | st.text(max_size=3),
            "is_deleted": st.booleans(),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_same_rows_have_the_same_name_in_any_order_and_other_rows_another(table_rows, random):
    table = pa.Table.from_pylist(table_rows, SCHEMA)
    shuffled = list(table_rows)
    random.shuffle(shuffled)
    assert snapshot_id_of(pa.Table.from_pylist(shuffled, SCHEMA).select(SCHEMA.names[::-1])) == snapshot_id_of(table)
    changed = [{**table_rows[0], "status": "" if table_rows[0]["status"] is None else None}, *table_rows[1:]]
    if sorted(map(str, changed)) != sorted(map(str, table_rows)):
        assert snapshot_id_of(pa.Table.from_pylist(changed, SCHEMA)) != snapshot_id_of(table)


@settings(deadline=None, max_examples=25)
@given(st.lists(TABLES, min_size=1, max_size=4))
def test_landing_the_same_answers_again_changes_nothing(tmp_path_factory, tables):
    root = tmp_path_factory.mktemp("landing")
    store = landing(root)
    for table_rows in tables:
        land(store, table_rows)
    final = land(store, tables[-1])
    store.write_index()
    before = files(root)
    assert land(store, tables[-1]).state == ("unchanged" if final.state != "failed" and final.state != "kept" else final.state)
    assert not store.write_index()
    assert {name for name, content in files(root).items() if before.get(name) != content} <= {"state/kolada/m1.json"}


# ---- refusals


@pytest.mark.parametrize(("values", "state"), [(99, "changed"), (98, "changed"), (97, "kept"), (0, "kept")])
def test_an_answer_that_shrank_is_not_taken_in(tmp_path, values, state):
    store = landing(tmp_path)
    land(store, rows(*range(100)))
    landed = land(store, rows(*range(values)) + rows(*[None] * (100 - values), period=2023))
    assert landed.state == state
    assert store.current("kolada", "m1").values == (values if state == "changed" else 100)


def test_a_refusal_says_why_in_two_languages_and_keeps_the_answer(tmp_path):
    store = landing(tmp_path)
    good = land(store, rows(*range(4210)))
    body = b'{"values": "almost nothing"}'
    landed = land(store, rows(*range(12)), body=body)
    assert landed.reason_sv == "Källans svar krympte från 4\N{NO-BREAK SPACE}210 till 12 värden; senast godkända uppgifter visas."
    sha256 = hashlib.sha256(body).hexdigest()
    assert landed.reason == f"The answer has 12 values where the last good one has 4210 (limit: 2% fewer). Raw answer: {sha256}."
    assert (tmp_path / "raw/kolada" / sha256[:2] / f"{sha256}.json.gz").exists()
    assert (landed.snapshot_id, landed.rows, landed.newest_period, landed.metadata) == (good.snapshot_id, 4210, 2024, METADATA)


def test_an_answer_without_values_is_no_first_answer(tmp_path):
    landed = land(landing(tmp_path), rows(None, None))
    assert (landed.state, landed.snapshot_id) == ("failed", None)
    assert landed.reason_sv == "Källans svar innehåller inga värden; det finns inga tidigare uppgifter att visa."


def test_a_failed_fetch_keeps_what_was_there_and_since_when(tmp_path):
    store = landing(tmp_path)
    error = FetchError("kolada: no answer", pages=answer([], body=b"<html>").pages)
    failed = store.keep("kolada", "m1", error)
    assert (failed.state, failed.rows, failed.reason) == ("failed", 0, "kolada: no answer")
    assert len(list(tmp_path.glob("raw/kolada/*/*"))) == 1
    assert land(store, rows(1.0)).state == "new"
    one = store.keep("kolada", "m1", error)
    two = store.keep("kolada", "m1", error)
    assert (one.state, two.state, one.rows) == ("kept", "kept", 1)
    assert one.kept_since == two.kept_since < two.at
    assert one.reason_sv == "Källan kunde inte läsas; senast godkända uppgifter visas."
    good = land(store, rows(1.0))
    assert (good.state, good.kept_since) == ("unchanged", None)
    assert store.keep("kolada", "m1", error).kept_since > good.at


# ---- the index


def test_the_index_has_a_row_per_measure_and_changes_only_with_it(tmp_path):
    store = landing(tmp_path)
    landed = land(store, rows(1.0))
    store.keep("local", "m0", FetchError("nothing"))
    assert store.write_index()
    table = pq.read_table(tmp_path / "snapshots.parquet")
    assert table.schema == INDEX_SCHEMA
    kolada, local = table.to_pylist()
    assert kolada == {
        "measure_id": "m1",
        "source_id": "kolada",
        "snapshot_id": landed.snapshot_id,
        "state": "current",
        "reason_sv": None,
        "kept_since": None,
        "first_fetched_at": START,
        "source_title": "Återinskrivna",
        "publication_date": date(2026, 8, 28),
        "publ_period": "2025",
        "url": "https://source.example/N1",
        "rows": 1,
    }
    assert (local["measure_id"], local["state"], local["snapshot_id"], local["rows"]) == ("m0", "failed", None, 0)
    land(store, rows(1.0))
    store.keep("local", "m0", FetchError("nothing"))
    assert not store.write_index()
    land(store, rows(2.0))
    assert store.write_index()


def test_a_table_is_written_only_when_it_differs(tmp_path):
    store = landing(tmp_path)
    table = pa.table({"a": [1, 2]})
    assert store.land_table("catalogue/things", table)
    assert not store.land_table("catalogue/things", pa.concat_tables([table.slice(0, 1), table.slice(1)]))
    assert store.land_table("catalogue/things", pa.table({"a": [1, 3]}))
    assert pq.read_table(tmp_path / "catalogue/things.parquet").to_pydict() == {"a": [1, 3]}


# ---- interrupted, damaged, full


class Killed(BaseException):
    """The process ends here."""


def kill_at(monkeypatch, step: int, when: str) -> None:
    """End at the given call of ``os.replace``: before it happens, or just after."""
    calls, replace = count(1), os.replace

    def replacing(source, target):
        number = next(calls)
        if number == step and when == "before":
            raise Killed
        replace(source, target)
        if number == step:
            raise Killed

    monkeypatch.setattr(atomic.os, "replace", replacing)


@pytest.mark.parametrize("earlier", [[], rows(*range(100))], ids=["first", "second"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("following", ["the same answer", "a failed fetch", "a run without this measure"])
def test_a_run_killed_anywhere_is_mended_by_the_next(tmp_path, monkeypatch, earlier, when, step, following):
    store = landing(tmp_path)
    if earlier:
        land(store, earlier)
    new = [*rows(*range(1, 101)), *rows(5.0, period=2025)]
    with monkeypatch.context() as patched:
        kill_at(patched, step, when)
        try:
            land(store, new)
            store.write_index()
        except Killed:
            pass
    store = landing(tmp_path)
    if following == "the same answer":
        landed = land(store, new)
        assert landed.snapshot_id == snapshot_id_of(pa.Table.from_pylist(new, SCHEMA))
        assert sorted(row["value"] for row in observed(store)) == sorted([*map(float, range(1, 101)), 5.0])
        # Whoever was not told by the killed run is told now.
        assert landed.state == ("unchanged" if step + (when == "after") > 4 else "changed" if earlier else "new")
    elif following == "a run without this measure":
        landed = next(iter(store.read_states()), None)
        if landed is None:  # not recorded at all: whatever lies there shows nowhere before the next attempt
            return
    else:
        landed = store.keep("kolada", "m1", FetchError("no answer"))
        assert landed.state == ("kept" if store.observations_path("kolada", "m1").exists() else "failed")
    store.write_index()
    states, index = store.read_states(), pq.read_table(tmp_path / "snapshots.parquet").to_pylist()
    shown = {row["snapshot_id"] for row in observed(store)} if landed.snapshot_id else {None}
    assert {states[0].snapshot_id} == {index[0]["snapshot_id"]} == shown
    if landed.snapshot_id:
        manifest = orjson.loads((tmp_path / "snapshots/kolada/m1" / f"{landed.snapshot_id}.json").read_bytes())
        assert all(next(tmp_path.glob(f"raw/kolada/*/{page['sha256']}.json.gz")) for page in manifest["pages"])


@pytest.mark.parametrize("damaged", ["kolada/observations/m1.parquet", "state/kolada/m1.json"])
@pytest.mark.parametrize("content", [b"", b"PAR1garbage", b'{"at": 3}'])
def test_a_damaged_file_is_written_anew_by_the_next_good_answer(tmp_path, damaged, content):
    store = landing(tmp_path)
    land(store, rows(1.0, 2.0))
    (tmp_path / damaged).write_bytes(content)
    store.read_states()
    assert land(store, rows(1.0, 2.0)).state in ("new", "changed")
    assert len(observed(store)) == 2
    assert land(store, rows(1.0, 2.0)).state == "unchanged"


def test_a_full_disk_leaves_the_old_and_no_litter(tmp_path, monkeypatch):
    store = landing(tmp_path)
    land(store, rows(1.0))
    before = files(tmp_path)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(atomic.os, "fsync", full)
        with pytest.raises(LandingError) as caught:
            land(store, rows(2.0))
    assert "could not be written (No space left on device). What was there before is untouched. Check free space" in str(caught.value)
    assert files(tmp_path) == before


def test_leftovers_of_killed_runs_are_removed_and_those_of_a_running_one_are_not(tmp_path):
    unfinished = tmp_path / ".unfinished"
    unfinished.mkdir()
    old, new = unfinished / "a.tmp", unfinished / "b.tmp"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    Landing(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


def test_files_are_written_whole_once_or_only_if_different(tmp_path):
    path = tmp_path / "a" / "b.txt"
    assert write_once(path, b"1")
    assert not write_once(path, b"2")
    assert path.read_bytes() == b"1"
    assert replace_if_different(path, b"2")
    assert not replace_if_different(path, b"2")
    replace_file(path, b"3")
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


def test_an_outcome_survives_its_file():
    landed = Landed("m", "kolada", "kept", START, "why", "varför", "ab", 3, 2024, START - timedelta(days=2), ("note",), {"title": "Å"})
    assert Landed.from_json(landed.to_json()) == landed
