"""The memory of hidden cells: nothing is forgotten, and a memory that cannot be trusted stops the publication."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from keeping import Home

from naravard_pipeline.landing import atomic
from naravard_pipeline.publication.folders import current_release, list_releases
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.publication.hidden_cells import (
    HIDDEN_CELLS,
    MemoryLost,
    check_hidden,
    hidden_cells_file,
    read_hidden,
    rebuild_hidden,
    remember_hidden,
)

CREATE = """create table fct_observations (measure_id varchar, area_code varchar, period_start date, period_end date, sex varchar,
    age_group varchar, reporter varchar, value double, suppression varchar)"""


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path / "home", keep_releases=2, keep_months=0)
    home.answer("falls", 1.0)
    return home


def assembled(**hidden: str | None) -> duckdb.DuckDBPyConnection:
    """The database of a release: area → what is hidden of it."""
    connection = duckdb.connect()
    connection.execute(CREATE)
    for area, suppression in hidden.items():
        connection.execute(
            "insert into fct_observations values ('sip_antal', ?, '2025-01-01', '2025-01-31', 'total', 'total', 'municipalities', null, ?)",
            [area.removeprefix("a"), suppression],
        )
    return connection


def remembered(home: Home) -> list[tuple]:
    return [(r["area_code"], r["suppression"], r["first_release_id"], r["last_release_id"]) for r in read_hidden(home.settings).to_pylist()]


def test_a_cell_that_was_hidden_once_is_never_forgotten(home):
    assert remember_hidden(home.settings, assembled(a0480="primary", a0481="secondary", a0482=None), "r1") == 2
    assert remember_hidden(home.settings, assembled(a0480="secondary", a0481="primary", a0482=None), "r2") == 2
    assert remember_hidden(home.settings, assembled(a0484="secondary"), "r3") == 3
    assert remembered(home) == [("0480", "primary", "r1", "r2"), ("0481", "primary", "r1", "r2"), ("0484", "secondary", "r3", "r3")]


def test_a_killed_publication_that_is_remembered_twice_is_the_same(home):
    remember_hidden(home.settings, assembled(a0480="primary"), "r1")
    before = hidden_cells_file(home.settings).read_bytes()
    remember_hidden(home.settings, assembled(a0480="primary"), "r1")
    assert hidden_cells_file(home.settings).read_bytes() == before


def test_a_cell_without_age_group_is_one_cell(home):
    connection = assembled(a0480="primary")
    connection.execute("update fct_observations set age_group = null")
    assert [remember_hidden(home.settings, connection, name) for name in ("r1", "r2")] == [1, 1]


def test_the_memory_joins_in_sql_and_holds_no_figure(home):
    remember_hidden(home.settings, assembled(a0480="primary"), "r1")
    table = read_hidden(home.settings)
    assert table.schema == HIDDEN_CELLS and not {"value", "numerator", "denominator"} & set(table.column_names)
    connection = assembled(a0480=None, a0481=None)
    connection.register("hidden", table)
    cell = "measure_id, area_code, period_start, period_end, sex, age_group, reporter"
    assert connection.execute(f"select area_code from fct_observations join hidden using ({cell})").fetchall() == [("0480",)]
    path = hidden_cells_file(home.settings)
    assert duckdb.execute("select count(*) from read_parquet(?)", [str(path)]).fetchone() == (1,)


def test_a_release_that_hides_nothing_leaves_a_memory_too(home):
    home.publish()
    assert hidden_cells_file(home.settings).exists() and read_hidden(home.settings).num_rows == 0


def test_a_table_that_knows_no_hiding_hides_nothing(home):
    connection = duckdb.connect()
    connection.execute("create table fct_observations (measure_id varchar, value double)")
    assert remember_hidden(home.settings, connection, "r1") == 0


def test_the_database_of_the_release_is_not_written(home, tmp_path):
    path = tmp_path / "new.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(CREATE)
    before = path.read_bytes()
    with duckdb.connect(str(path), read_only=True) as connection:
        remember_hidden(home.settings, connection, "r1")
    assert path.read_bytes() == before


def test_it_is_remembered_while_the_last_release_is_attached(home):
    home.publish(hidden=["0480"])
    connection = assembled(a0480="primary", a0481="primary")
    connection.execute(f"attach '{current_release(home.settings) / 'naravard.duckdb'}' as last (read_only)")
    assert remember_hidden(home.settings, connection, "r2") == 3  # the fixture's cell is of a year, these of a month


@pytest.mark.parametrize("damage", ["cut", "empty", "bytes", "a row less", "no checksum", "another table", "gone"])
def test_a_damaged_memory_stops_the_publication_and_stays_as_it_is(home, damage):
    home.publish(hidden=["0480", "0481"])
    path = hidden_cells_file(home.settings)
    content, table = path.read_bytes(), pq.read_table(path)
    match damage:
        case "cut":
            path.write_bytes(content[:-20])
        case "empty":
            path.write_bytes(b"")
        case "bytes":
            path.write_bytes(content.replace(b"0481", b"0482"))
        case "a row less":
            pq.write_table(table.slice(1), path)
        case "no checksum":
            pq.write_table(table.replace_schema_metadata(None), path)
        case "another table":
            pq.write_table(pa.table({"x": [1]}), path)
        case "gone":
            path.unlink()
    found = path.read_bytes() if path.exists() else None
    with pytest.raises(MemoryLost, match=r"hidden_cells\.parquet.+nothing is published.+backup"):
        home.publish(hidden=["0480"])
    assert (path.read_bytes() if path.exists() else None) == found
    assert len(list_releases(home.settings)) == 1


def test_an_older_memory_is_told_from_the_right_one(home):
    home.publish(hidden=["0480"])
    old = hidden_cells_file(home.settings).read_bytes()
    home.answer("falls", 2.0)
    home.publish(hidden=["0480", "0481"])
    hidden_cells_file(home.settings).write_bytes(old)
    with pytest.raises(MemoryLost, match="lacks 1 cells"):
        check_hidden(home.settings)


def test_a_full_disk_leaves_the_memory_as_it_was(home, monkeypatch):
    home.publish(hidden=["0480"])
    before = hidden_cells_file(home.settings).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(GateClosed, match=r"hidden_cells.+Check free space"):
        home.publish(hidden=["0481"])
    assert hidden_cells_file(home.settings).read_bytes() == before and len(list_releases(home.settings)) == 1


def test_without_a_backup_a_person_can_have_it_made_from_the_kept_releases(home):
    home.publish(hidden=["0480"])
    home.answer("falls", 2.0)
    home.publish(hidden=["0481"])
    expected = remembered(home)
    hidden_cells_file(home.settings).unlink()
    assert rebuild_hidden(home.settings) == 2
    assert remembered(home) == expected


def test_a_memory_that_is_whole_is_not_made_anew(home):
    home.publish(hidden=["0480"])
    with pytest.raises(ValueError, match="only forget"):
        rebuild_hidden(home.settings)
