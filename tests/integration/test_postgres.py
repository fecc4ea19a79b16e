"""PostgreSQL as a target, on a server of its own: every value arrives exactly, and each release is shown whole, whatever its columns."""

import math
import struct
import threading
import time

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_releases import NAMES, OBSERVATIONS, loads, loose, make_release, parent_of, refused, values, with_columns
from postgres_server import needs_postgres

from naravard_pipeline.publication import postgres as target
from naravard_pipeline.publication import postgres_load, postgres_store
from naravard_pipeline.publication.decisions import Entry, public_row
from naravard_pipeline.publication.postgres import TargetError, bring_up

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]


# --- what arrives ---------------------------------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.sampled_from(
    ["", "\\N", "\\", "\\.", "a\n\\.\nb", "\t", "\r\n", '"', "'", ",", "null", "NULL", " ", "å\u2028ä", "\\t", "{}", "%s", "\x01\x7f"]
)
ROWS = st.lists(
    st.tuples(
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.none() | st.floats(),
        st.none() | st.floats(width=32),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.booleans(),
        st.none() | st.dates(),
        st.none() | st.datetimes(),
        st.none() | st.decimals(-(10**10), 10**10, places=3),
        st.none() | st.integers(0, 2**64 - 1),
    ),
    max_size=12,
)
KINDS = "a varchar, b varchar, d double, f float, i bigint, j integer, y boolean, dt date, ts timestamp, n decimal(18,3), u ubigint"


def exact(row: tuple) -> tuple:
    """Comparable bit by bit, but every NaN is one, and so is nought: a column of 0.0 and -0.0 is a constant to DuckDB's own compression."""
    return tuple(
        "nan"
        if isinstance(v, float) and math.isnan(v)
        else struct.pack(">d", v + 0.0)
        if isinstance(v, float)
        else int(v)
        if i == 10 and v is not None
        else v
        for i, v in enumerate(row)
    )


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_every_value_arrives_exactly(postgres, tmp_path, rows):
    release = make_release(tmp_path, next(NAMES), fct_observations=None, mart_goal=None, dim_areas=None)
    with duckdb.connect(str(release / "naravard.duckdb")) as connection:
        connection.execute(f"create table kinds ({KINDS})")
        if rows:
            connection.executemany(f"insert into kinds values ({', '.join('?' * 11)})", [list(r) for r in rows])
        sent = connection.execute("select * from kinds").fetchall()
    bring_up(postgres.url, release)
    arrived = postgres.query("select a, b, d, f::float8, i, j, y, dt, ts, n, u from naravard.kinds")  # psycopg widens float4 by way of its text
    assert sorted(map(exact, arrived), key=repr) == sorted(map(exact, sent), key=repr)


def test_dates_that_python_cannot_hold_and_types_of_every_kind_arrive(postgres, tmp_path):
    release = make_release(
        tmp_path,
        1,
        fct_observations=None,
        mart_goal=None,
        dim_areas="select '0044-03-15 (BC)'::date as bc, '1753-02-17'::date as swedish, '12026-01-01'::date as late, '-infinity'::date as never, "
        "'0044-03-15 (BC) 12:00:00.5'::timestamp as ts, 'infinity'::timestamp as ever, '2024-07-01 12:00:00+02'::timestamptz as tz, "
        "(-9e18)::hugeint as h, 1::utinyint as t, 2::usmallint as s, 3::uinteger as i, (-4)::tinyint as w, '12:34:56.789'::time as clock, "
        "'00000000-0000-0000-0000-000000000001'::uuid as id",
    )
    bring_up(postgres.url, release)
    columns = ["bc", "swedish", "late", "never", "ts", "ever", "tz", "h", "t", "s", "i", "w", "clock", "id"]
    row = postgres.query(f"select {', '.join(f'{c}::text' for c in columns)} from naravard.dim_areas")[0]
    assert row == (
        "0044-03-15 BC", "1753-02-17", "12026-01-01", "-infinity", "0044-03-15 12:00:00.5 BC", "infinity", row[6],
        "-9000000000000000000", "1", "2", "3",
        "-4", "12:34:56.789", "00000000-0000-0000-0000-000000000001",
    )  # fmt: skip
    assert postgres.query("select tz = '2024-07-01T10:00:00Z' from naravard.dim_areas") == [(True,)]


def test_a_type_that_postgresql_lacks_is_named_before_anything_is_loaded(postgres, tmp_path):
    text = refused(postgres, make_release(tmp_path, 1, dim_areas="select [1, 2] as numbers"))
    assert "Column numbers of dim_areas is of type integer[]" in text
    assert "longer than PostgreSQL's 63 bytes" in refused(postgres, make_release(tmp_path, 2, dim_areas=f"select 1 as {'ö' * 32}"))


@pytest.mark.parametrize("fault", ["lost", "changed"])
def test_what_did_not_arrive_as_sent_is_not_shown(postgres, tmp_path, monkeypatch, fault):
    bring_up(postgres.url, make_release(tmp_path, 1))
    lines = postgres_load._lines

    def faulty(*arguments):
        for batch in lines(*arguments):
            text = bytes(batch)
            yield text[text.index(b"\n") + 1 :] if fault == "lost" and b"m1" in text else text.replace(b"\t2.0\n", b"\t3.0\n", 1)

    monkeypatch.setattr(postgres_load, "_lines", faulty)
    assert "fct_observations is not what was sent" in refused(postgres, make_release(tmp_path, 2))


def test_comments_are_those_of_the_release(postgres, tmp_path):
    for n in (1, 2):
        bring_up(postgres.url, make_release(tmp_path, n))
        assert postgres.query("select obj_description('naravard.dim_areas'::regclass), col_description('naravard.dim_areas'::regclass, 1)") == [
            ("One row per row of dim_areas, it's said.", f"The area’s code ({n}).")
        ]


# --- what is shown ----------------------------------------------------------------------------------------------------------------------------------


def test_a_release_is_loaded_once_and_gone_back_to_by_its_pointer(postgres, tmp_path):
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    told = []
    assert bring_up(postgres.url, first) and values(postgres) == {1.0}
    assert bring_up(postgres.url, second, told.append) and values(postgres) == {2.0}
    assert any("1802 rows" in t for t in told) and told[-1] == "PostgreSQL shows 2026-2"
    assert not bring_up(postgres.url, second)
    assert bring_up(postgres.url, first) and values(postgres) == {1.0}
    assert loads(postgres) == [1, 2]
    # The same id with other rows is another release.
    assert bring_up(postgres.url, make_release(tmp_path, 1, mart_goal=OBSERVATIONS + " limit 3")) and loads(postgres) == [1, 2, 3]
    assert postgres.query("select count(*) from naravard.mart_goal") == [(3,)]


def test_the_newest_releases_are_kept_and_the_others_go(postgres, tmp_path):
    for n in range(1, 7):
        bring_up(postgres.url, make_release(tmp_path, n))
        postgres.run("create table if not exists naravard_data.notes (an_administrators text)")  # not ours to take
    assert loads(postgres) == [4, 5, 6] and loose(postgres) == ["notes"]
    partitions = postgres.query(
        "select count(*) from pg_inherits i join pg_class c on c.oid = inhrelid where relnamespace = 'naravard_data'::regnamespace"
    )
    assert partitions == [(4 * (3 + 1),)]  # tables × (releases and the empty one)


def test_what_was_lost_by_hand_is_loaded_again(postgres, tmp_path):
    release = make_release(tmp_path, 1)
    bring_up(postgres.url, release)
    postgres.run("drop view naravard.mart_goal")
    assert bring_up(postgres.url, release) and values(postgres) == {1.0} and loads(postgres) == [1]
    partition = postgres.query("select distinct tableoid::regclass::text from " + parent_of(postgres, "dim_areas"))[0][0]
    postgres.run(f"drop table {partition}")
    assert bring_up(postgres.url, release) and postgres.query("select count(*) from naravard.dim_areas") == [(1,)]


def executed(plan: dict) -> list[str]:
    found = [plan["Relation Name"]] if plan.get("Actual Loops") and "Relation Name" in plan else []
    return found + [name for child in plan.get("Plans", []) for name in executed(child)]


@pytest.mark.slow
def test_a_query_touches_the_rows_of_one_release_by_index(postgres, tmp_path):
    # The newer releases have a column more, so their rows are in another parent; the one old that is kept must not be read either.
    for n in (1, 2):
        bring_up(postgres.url, make_release(tmp_path, n, fct_observations=OBSERVATIONS.replace("900", "90_000")))
    for n in (3, 4):
        bring_up(postgres.url, make_release(tmp_path, n, fct_observations=OBSERVATIONS.replace("900", "90_000").replace(" from", ", 1 as more from")))
    for condition, is_by_index in (("measure_id = 'm1' and area_code = '047'", True), ("area_code = '047'", True), ("true", False)):
        plan = postgres.query(f"explain (analyze, format json) select * from naravard.fct_observations where {condition}")[0][0][0]["Plan"]
        touched = [name for name in executed(plan) if name != "current"]
        assert len(touched) == 1, touched
        assert ("Index" in str(plan)) == is_by_index
    # Estimates come from statistics: a fifth of the rows has this measure, a ninth this area.
    plan = postgres.query("explain (format json) select * from naravard.fct_observations where measure_id = 'm1'")[0][0][0]["Plan"]
    assert 18_000 * 0.8 < plan["Plan Rows"] < 18_000 * 3 * 1.2


def test_attaching_reads_no_row(postgres, tmp_path, monkeypatch):
    notices = []
    monkeypatch.setitem(target.SESSION, "client_min_messages", "debug1")
    attach = target.attach

    def listening(connection, *arguments):
        connection.add_notice_handler(lambda d: notices.append(d.message_primary))
        attach(connection, *arguments)

    monkeypatch.setattr(target, "attach", listening)
    bring_up(postgres.url, make_release(tmp_path, 1))
    assert len([n for n in notices if "is implied by existing constraints" in n]) == 4
    assert not [n for n in notices if "verifying table" in n]


# --- another contract -------------------------------------------------------------------------------------------------------------------------------


def columns(database, view="mart_goal") -> list[str]:
    return [
        c
        for (c,) in database.query(
            f"select attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute "
            f"where attrelid = 'naravard.{view}'::regclass and attnum > 0 order by attnum"
        )
    ]


def test_a_new_column_is_appended_and_goes_with_a_rollback(postgres, tmp_path):
    old = make_release(tmp_path, 1)
    bring_up(postgres.url, old)
    postgres.run("create view public.mine as select measure_id, value from naravard.mart_goal")
    bring_up(
        postgres.url, make_release(tmp_path, 2, mart_goal=with_columns("'new' as new, 'm' as measure_id, '04' as area_code, {n}::double as value"))
    )
    assert columns(postgres) == ["measure_id text", "area_code text", "value double precision", "new text"]
    assert postgres.query("select distinct value from public.mine") == [(2.0,)]
    postgres.run("drop view public.mine")
    bring_up(postgres.url, old)
    assert columns(postgres) == ["measure_id text", "area_code text", "value double precision"] and values(postgres) == {1.0}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mart_goal": with_columns("'m' as measure_id, {n}::double as value")}, "column area_code of mart_goal"),
        ({"mart_goal": with_columns("'m' as measure_id, 4 as area_code, {n}::double as value")}, "column area_code of mart_goal"),
        ({"mart_goal": None}, "mart_goal is no longer published"),
    ],
    ids=["removed", "retyped", "table removed"],
)
def test_what_somebody_builds_upon_is_not_taken_away(postgres, tmp_path, change, reason):
    bring_up(postgres.url, make_release(tmp_path, 1))
    postgres.run("create schema regionen", "create view regionen.mina_mått as select * from naravard.mart_goal")
    release = make_release(tmp_path, 2, **change)
    text = refused(postgres, release)
    assert reason in text and 'drop regionen."mina_mått", run again, and create it anew' in text
    assert loads(postgres) == [1]  # told before anything was loaded
    postgres.run("drop view regionen.mina_mått")
    assert bring_up(postgres.url, release)
    assert postgres.query("select distinct value from naravard.fct_observations") == [(2.0,)]


def test_rights_that_others_were_given_outlive_a_view(postgres, tmp_path):
    bring_up(postgres.url, make_release(tmp_path, 1))
    postgres.run(
        "create role analyst", "grant select on naravard.mart_goal to analyst with grant option", "grant select on naravard.mart_goal to public"
    )
    bring_up(postgres.url, make_release(tmp_path, 2, mart_goal=with_columns("'m' as measure_id, {n}::double as value")))
    acl = postgres.query("select relacl::text from pg_class where oid = 'naravard.mart_goal'::regclass")[0][0]
    postgres.run("drop owned by analyst", "drop role analyst")
    assert "analyst=r*/" in acl and "naravard_reader=r/" in acl and "{=r/" in acl.replace(",=r/", "{=r/")


def test_notices_are_shown_at_once_to_readers_even_where_the_release_cannot_be(postgres, tmp_path):
    """A release that does not get there must not keep from readers that what they see was taken back."""
    entries = [Entry(1, "2026-01-01T00:00:00+00:00", "released", "automatic", "Första.", "1-x", name=None)]
    bring_up(postgres.url, make_release(tmp_path, 1), notices=[public_row(e) for e in entries])
    assert postgres.query("select number, action, reason_sv, taken_back from naravard.meta_notices") == [(1, "released", "Första.", None)]
    entries.append(
        Entry(2, "2026-01-02T00:00:00+00:00", "rolled_back", "statistician", "Fel enhet.", "1-x", name="Anna Ek", details={"taken_back": ["2-x"]})
    )
    with pytest.raises(TargetError, match="lacks"):
        bring_up(postgres.url, make_release(tmp_path, 2, mart_odd="select [1, 2] as odd"), notices=[public_row(e) for e in entries])
    bring_up(postgres.url, make_release(tmp_path, 3), notices=[public_row(e) for e in entries])
    assert postgres.query("select number, action, taken_back from naravard.meta_notices order by 1") == [
        (1, "released", None),
        (2, "rolled_back", "2-x"),
    ]
    assert postgres.query("select has_table_privilege('naravard_reader', 'naravard.meta_notices', 'select')") == [(True,)]
    bring_up(postgres.url, make_release(tmp_path, 4))  # by somebody who has nothing to say of them
    assert postgres.query("select count(*) from naravard.meta_notices") == [(2,)]


def test_a_view_of_somebody_in_our_schema_stays(postgres, tmp_path):
    bring_up(postgres.url, make_release(tmp_path, 1))
    postgres.run("create view naravard.own as select 1 as one", "create view naravard.mart_new as select 1 as one")
    text = refused(postgres, make_release(tmp_path, 2, mart_new="select 2 as one"))
    assert "mart_new" in text and "already exists" in text
    assert bring_up(postgres.url, make_release(tmp_path, 3))
    assert postgres.query("select one from naravard.own union all select one from naravard.mart_new") == [(1,), (1,)]


def test_one_transaction_sees_one_release_though_its_columns_change_meanwhile(postgres, tmp_path):
    bring_up(postgres.url, make_release(tmp_path, 1))
    with postgres.connect() as reader:
        reader.execute("begin isolation level repeatable read")
        assert reader.execute("select name_sv from naravard.dim_areas").fetchall() == [("Sörmland 1",)]
        bring_up(
            postgres.url,
            make_release(tmp_path, 2, mart_goal=with_columns("{n}::integer as value, 'x' as more"), fct_observations=OBSERVATIONS + " limit 7"),
        )
        # Views read before and after show the release that was there when the transaction began; a column it lacked is empty.
        assert reader.execute("select distinct value, more from naravard.mart_goal").fetchall() == [(1, None)]
        assert reader.execute("select count(*), max(value) from naravard.fct_observations").fetchone() == (900, 1.0)
        reader.execute("commit")
        assert reader.execute("select distinct value, more from naravard.mart_goal").fetchall() == [(2, "x")]


def test_a_reader_that_holds_a_view_is_not_pushed_out(postgres, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_store, "PATIENCE", 1.0)
    bring_up(postgres.url, make_release(tmp_path, 1))
    release = make_release(tmp_path, 2, mart_goal=with_columns("{n}::double as value"))
    waits, is_over = [], threading.Event()

    def others():
        with postgres.connect() as connection:
            while not is_over.is_set():
                begun = time.perf_counter()
                connection.execute("select count(*) from naravard.mart_goal").fetchone()
                waits.append(time.perf_counter() - begun)
                time.sleep(0.02)

    with postgres.connect() as reader:
        reader.execute("begin isolation level repeatable read")
        reader.execute("select * from naravard.mart_goal limit 1")
        thread = threading.Thread(target=others)
        thread.start()
        try:
            text = refused(postgres, release)
        finally:
            is_over.set()
            thread.join()
        assert "busy for too long; run again when no long transaction is open" in text
        assert max(waits) < 0.8 and len(waits) > 10  # nobody queues behind us for longer than the lock's timeout
        assert reader.execute("select distinct value from naravard.mart_goal").fetchall() == [(1.0,)]
    told = []
    assert bring_up(postgres.url, release, told.append) and told == ["PostgreSQL shows 2026-2"]  # loaded already
