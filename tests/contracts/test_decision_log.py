"""The log of decisions is published without names, and nothing goes out where it is damaged or its last publication was cut off."""

import hashlib
import json

import duckdb
import pytest
from deciding import NEW, OLD, OUT, WHY, run, values
from publishing import TABLES, Bench, breach

from naravard_pipeline.publication import release
from naravard_pipeline.publication.approval import DecisionError, approve
from naravard_pipeline.publication.decisions import LogError, log_file, read_log
from naravard_pipeline.publication.folders import current_release, list_releases
from naravard_pipeline.publication.restart import restart_log
from naravard_pipeline.publication.rollback import roll_back


class TestTheLogIsPublished:
    def test_with_roles_and_without_names(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        bench.publish()
        rows = bench.released("select action, role, measure_id, reason_sv from meta_approvals order by number")
        assert [r[0] for r in rows] == ["released", "released", "approved", "released"]
        assert rows[2] == ("approved", "statistician", "falls", "Rättad av källan")
        assert {r[1] for r in rows if r[0] == "released"} == {"automatic"}
        for path in current_release(bench.settings).rglob("*"):
            assert not path.is_file() or b"Anna Ek" not in path.read_bytes()
        assert any(e.name == "Anna Ek" for e in read_log(bench.settings))

    def test_and_a_log_that_has_lost_lines_stops_publication(self, waiting):
        bench, candidate = waiting
        approve(bench.settings, TABLES, candidate, "falls", **WHY)
        bench.publish()
        path = log_file(bench.settings)
        path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
        bench.build(OLD)
        bench.check()
        with pytest.raises(LogError, match="missing"):
            bench.publish()
        assert values(bench) == OUT
        assert len(path.read_bytes().splitlines()) == 1


def test_the_database_of_a_release_tells_what_its_log_tells(bench):
    with duckdb.connect(str(current_release(bench.settings) / "naravard.duckdb"), read_only=True) as connection:
        assert (
            connection.execute("select release_id, content_hash from meta_release").fetchall()
            == connection.execute(
                "select release_id, content_hash from meta_approvals where action = 'released' order by number desc limit 1"
            ).fetchall()
        )


def rechained(lines, change):
    """The log as somebody leaves it who knows how it is chained."""
    entries, previous = [], b""
    for line in lines:
        entry = change(json.loads(line)) | {"previous": hashlib.sha256(previous).hexdigest() if previous else ""}
        previous = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        entries.append(previous + b"\n")
    return entries


@pytest.fixture(scope="module")
def undone(tmp_path_factory):
    """Released, released, taken back, built: a home in which nothing may be published."""
    bench = Bench(tmp_path_factory.mktemp("undone") / "home")
    run(bench, OLD)
    first = current_release(bench.settings).name
    run(bench, NEW)
    roll_back(bench.settings, first, **WHY)
    bench.build(NEW)
    bench.check()
    return bench


class TestADamagedLog:
    """Whoever can write the file can make its chain anew; what was published of it stands."""

    @pytest.mark.parametrize(
        ("damage", "has_notices"),
        [
            (lambda lines: [], True),
            (lambda lines: [], False),
            (lambda lines: lines[:1], True),  # without the notices it could be a publication that was killed before its switch
            (lambda lines: rechained(lines, lambda e: e | {"reason_sv": "omskrivet"}), True),
            (lambda lines: rechained(lines, lambda e: e | {"reason_sv": "omskrivet"}), False),
            (lambda lines: [*lines[:-2], *rechained(lines, lambda e: e | {"content_hash": "x"})[-2:]], False),
            (lambda lines: rechained(lines, lambda e: e | {"name": "Bo"}), False),
        ],
        ids=["deleted", "deleted with the notices", "cut back", "rewritten", "rewritten with the notices", "last lines", "names"],
    )
    def test_stops_publication_and_loses_no_release(self, undone, damage, has_notices):
        path, notices = log_file(undone.settings), undone.settings.published / "notices.json"
        whole, told = path.read_bytes(), notices.read_bytes()
        before = [f.name for f in list_releases(undone.settings)]
        try:
            path.write_bytes(b"".join(damage(whole.splitlines(keepends=True))))
            if not has_notices:
                notices.unlink()
            with pytest.raises(LogError, match=r"backup.*restart-log"):
                undone.publish()
            assert [f.name for f in list_releases(undone.settings)] == before
        finally:
            path.write_bytes(whole)
            notices.write_bytes(told)

    def test_nor_may_a_log_of_one_release_be_deleted(self, bench):
        log_file(bench.settings).unlink()
        with pytest.raises(LogError, match="missing"):
            run(bench, NEW)

    def test_a_person_can_take_the_loss_upon_them(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        with pytest.raises(DecisionError, match="is whole"):
            restart_log(bench.settings, **WHY)
        log_file(bench.settings).write_bytes(b"{}\n")
        with pytest.raises(LogError):
            run(bench, NEW)
        assert restart_log(bench.settings, **WHY | {"reason": "Disken gick sönder"}) == 4
        assert sorted(run(bench, {**NEW, "falls": {"00": 99.0, "04": 3.0}}).waiting) == ["falls", "plans"]  # what was taken back stays so
        assert [e.action for e in read_log(bench.settings)][:4] == ["released", "released", "rolled_back", "log_restarted"]
        run(bench, {**NEW, "falls": {"00": 98.0, "04": 3.0}})
        assert list(bench.settings.decisions.glob("log-damaged-*.jsonl"))


class TestAnInterruptedPublication:
    def test_a_link_that_is_gone_is_made_again_and_not_a_first_publication(self, bench):
        (bench.settings.published / "current").unlink()
        publication = run(bench, {**OLD, "falls": {"00": 99.0, "04": 2.0}}, breach({"falls": 1}))
        assert list(publication.held) == ["falls"]

    def test_nothing_is_published_where_the_last_release_is_gone(self, bench):
        current_release(bench.settings).rename(bench.settings.home / "elsewhere")
        bench.build(NEW)
        bench.check()
        with pytest.raises(LogError, match="not there"):
            bench.publish()

    def test_a_switch_that_was_not_logged_is_logged_by_the_next(self, bench, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(release, "append", stop)
            with pytest.raises(KeyboardInterrupt):
                run(bench, NEW)
        assert values(bench) == OUT
        assert not run(bench, NEW).is_new
        assert [e.release_id for e in read_log(bench.settings)] == [f.name for f in list_releases(bench.settings)]

    def test_a_folder_that_was_never_switched_in_is_no_release(self, bench, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(release, "switch", stop)
            with pytest.raises(KeyboardInterrupt):
                run(bench, NEW)
        run(bench, NEW)
        assert len(list_releases(bench.settings)) == 2
        assert [e.release_id for e in read_log(bench.settings)] == [f.name for f in list_releases(bench.settings)]

    def test_numbers_rise_whatever_the_clock_does(self, bench, monkeypatch):
        from datetime import UTC, datetime

        class Past(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(2001, 1, 1, tzinfo=UTC)

        monkeypatch.setattr(release, "datetime", Past)
        run(bench, NEW)
        assert [f.name.split("-")[0] for f in list_releases(bench.settings)] == ["000001", "000002"]
        assert current_release(bench.settings).name.startswith("000002-20010101")


class TestALossThatAPersonAccepts:
    def test_of_what_was_taken_back_lets_each_change_wait_once(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        roll_back(bench.settings, first, **WHY)
        next((bench.settings.decisions / "taken_back").glob("*.parquet")).unlink()
        with pytest.raises(LogError, match=r"not there.*restart-log"):
            run(bench, NEW)
        assert restart_log(bench.settings, **WHY) == 4
        publication = run(bench, NEW)
        assert sorted(publication.waiting) == ["falls", "plans"]
        approve(bench.settings, TABLES, publication.candidate_id, None, **WHY)
        assert not bench.publish().waiting
        with pytest.raises(DecisionError, match="is whole"):
            restart_log(bench.settings, **WHY)

    @pytest.mark.parametrize("change", [{"details": None}, {"at": "i går"}, {"name": 5}, {"details": {"cells": {}, "taken_back": 1}}])
    def test_of_a_line_of_another_shape_and_nobody_else_reads_the_names(self, bench, change):
        first = current_release(bench.settings).name
        run(bench, NEW)
        path = log_file(bench.settings)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:-1], *rechained(lines, lambda e: e | change)[-1:]]))
        with pytest.raises(LogError, match=r"log\.jsonl:2.*restart-log"):
            roll_back(bench.settings, first, **WHY)
        restart_log(bench.settings, **WHY)
        roll_back(bench.settings, first, **WHY)
        assert {p.stat().st_mode & 0o777 for p in path.parent.glob("log*.jsonl")} == {0o640}

    def test_a_notice_that_nobody_can_have_been_told_is_none(self, bench):
        first = current_release(bench.settings).name
        run(bench, NEW)
        path = bench.settings.published / "notices.json"
        told = json.loads(path.read_bytes())
        told["decisions"][0]["decided_at"] = None
        path.write_text(json.dumps(told))
        roll_back(bench.settings, first, **WHY)
        assert all(row["decided_at"] for row in json.loads(path.read_bytes())["decisions"])
