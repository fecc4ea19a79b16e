"""The warehouse made small again: the same content in a smaller file, or the same file."""

import os

import duckdb
import pytest

from naravard_pipeline.publication import compaction
from naravard_pipeline.publication.build import fingerprint
from naravard_pipeline.publication.compaction import NotTheSame, compact_warehouse
from naravard_pipeline.settings import Settings


@pytest.fixture
def bloated(tmp_path) -> Settings:
    """A warehouse of which all but a few blocks are free, with what dbt leaves in one: tables, a view, comments, a key."""
    settings = Settings(home=tmp_path)
    settings.warehouse.mkdir()
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("create table junk as select range, random() as r, md5(range::varchar) as m from range(300000)")
        connection.execute("checkpoint")
        connection.execute("create table fct_observations as select range as id, random() as value from range(1000)")
        connection.execute("comment on table fct_observations is 'One row per measure, åäö'")
        connection.execute("comment on column fct_observations.value is 'Its value'")
        connection.execute("create view stg_values as select * from warehouse.main.fct_observations")
        connection.execute("create table dim_areas (area_code varchar primary key)")
        connection.execute("checkpoint")
        connection.execute("drop table junk")
        connection.execute("checkpoint")
    return settings


def content(settings: Settings) -> dict:
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return {
            "prints": {table: fingerprint(connection, table) for table in tables},
            "comments": connection.execute(
                "select table_name, column_name, comment from duckdb_columns() where not internal order by all"
            ).fetchall(),
            "tables": connection.execute("select table_name, comment from duckdb_tables() order by all").fetchall(),
            "keys": connection.execute("select table_name, constraint_type from duckdb_constraints() order by all").fetchall(),
            "view": connection.execute("select count(*), sum(value) from stg_values").fetchall(),
        }


def test_the_copy_is_smaller_and_the_same(bloated):
    before, size = content(bloated), bloated.database.stat().st_size
    won = compact_warehouse(bloated, worthwhile=2**20)
    assert won > size / 2 and bloated.database.stat().st_size == size - won
    assert content(bloated) == before
    assert [path.name for path in bloated.warehouse.iterdir()] == ["warehouse.duckdb"]
    assert compact_warehouse(bloated, worthwhile=2**20) == 0


def test_a_file_that_is_small_or_full_is_left_alone(bloated, tmp_path):
    assert compact_warehouse(bloated) == 0
    with duckdb.connect(str(bloated.database)) as connection:
        connection.execute("create table more as select range, random() as r, md5(range::varchar) as m from range(300000)")
    assert compact_warehouse(bloated, worthwhile=2**20) == 0
    assert compact_warehouse(Settings(home=tmp_path / "new")) == 0


def test_what_a_killed_build_left_in_the_log_is_not_lost(bloated):
    log = bloated.database.with_name("warehouse.duckdb.wal")
    pid = os.fork()
    if pid == 0:  # a writer that is killed before it has put its log into the file
        connection = duckdb.connect(str(bloated.database))
        connection.execute("insert into dim_areas values ('0480')")
        os._exit(0)
    os.waitpid(pid, 0)
    assert log.exists()
    assert compact_warehouse(bloated, worthwhile=2**20) > 0
    assert not log.exists()
    with duckdb.connect(str(bloated.database), read_only=True) as connection:
        assert connection.execute("from dim_areas").fetchall() == [("0480",)]


@pytest.mark.parametrize("step", ["sync", "replace"])
def test_a_kill_leaves_the_warehouse_and_the_next_time_succeeds(bloated, monkeypatch, step):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    before = content(bloated)
    with monkeypatch.context() as patch:
        patch.setattr(*((compaction, "sync") if step == "sync" else (os, "replace")), killed)
        with pytest.raises(Killed):
            compact_warehouse(bloated, worthwhile=2**20)
    assert content(bloated) == before
    assert compact_warehouse(bloated, worthwhile=2**20) > 0
    assert content(bloated) == before and len(list(bloated.warehouse.iterdir())) == 1


def test_a_copy_that_differs_does_not_take_its_place(bloated, monkeypatch):
    before = content(bloated)
    with monkeypatch.context() as patch:
        prints = iter(["as it was", "otherwise"])
        patch.setattr(compaction, "fingerprint", lambda *_: next(prints))
        with pytest.raises(NotTheSame, match="stays as large"):
            compact_warehouse(bloated, worthwhile=2**20)
    assert content(bloated) == before
