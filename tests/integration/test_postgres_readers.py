"""Readers of PostgreSQL while releases come and go: no error, never half of one, no right beyond the views, nobody pushed out."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from postgres_releases import OBSERVATIONS, loads, loose, make_release, parent_of, refused, values
from postgres_server import PASSWORD, needs_postgres

from naravard_pipeline.publication.postgres import bring_up

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]


READER = r"""
import sys, time
import psycopg
url, seconds = sys.argv[1], float(sys.argv[2])
ONE = '''select r.release_id, o.low, o.high, o.n, m.low, m.high, m.n, a.name_sv from naravard.meta_release r,
  (select min(value) as low, max(value) as high, count(*) as n from naravard.fct_observations) o,
  (select min(value) as low, max(value) as high, count(*) as n from naravard.mart_goal) m, naravard.dim_areas a'''
reads, seen, slowest = 0, set(), 0.0
def whole(rows):
    assert len(rows) == 1, f"{len(rows)} releases in one statement"
    release, *found, name = rows[0]
    n = int(release.split("-")[1])
    assert found == [n, n, 900 + n, n, n, 900 + n] and name == f"Sörmland {n}", rows
    seen.add(n)
with psycopg.connect(url, autocommit=True) as connection:
    print("ready", flush=True)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.perf_counter()
        whole(connection.execute(ONE).fetchall())
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read")
            (release,), = connection.execute("select release_id from naravard.meta_release").fetchall()
            o = connection.execute("select min(value), max(value), count(*) from naravard.fct_observations").fetchone()
            time.sleep(0.01)
            m = connection.execute("select min(value), max(value), count(*) from naravard.mart_goal").fetchone()
            (name,), = connection.execute("select name_sv from naravard.dim_areas").fetchall()
            whole([(release, *o, *m, name)])
        slowest = max(slowest, time.perf_counter() - begun)
        reads += 1
print(reads, len(seen), round(slowest, 3))
"""


@pytest.mark.slow
def test_readers_in_other_processes_never_see_half_a_release_nor_an_error(postgres, tmp_path):
    publications, seconds = 24, 25

    def release(n: int) -> Path:
        # Every sixth has another contract, both ways: a column comes, and goes.
        rows, more = str(900 + n), ", 1 as more from" if n // 6 % 2 else " from"
        return make_release(
            tmp_path,
            n,
            fct_observations=OBSERVATIONS.replace("900", rows),
            mart_goal=OBSERVATIONS.replace("900", rows).replace(" from", more),
        )

    bring_up(postgres.url, release(1))
    readers = [subprocess.Popen([sys.executable, "-c", READER, postgres.url, str(seconds)], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for reader in readers:
        assert reader.stdout.readline() == "ready\n"
    until = time.monotonic() + seconds - 1
    n = 1
    while n < publications or time.monotonic() < until - 5:
        n += 1
        assert bring_up(postgres.url, release(n))
    outputs = [(reader.communicate()[0], reader.returncode) for reader in readers]
    for output, code in outputs:
        assert code == 0
        reads, releases, slowest = map(float, output.split())
        assert reads > 50 and releases > 10 and slowest < 5
    bring_up(postgres.url, release(n))
    bring_up(postgres.url, release(n + 1))
    assert len(loads(postgres)) == 3 and not loose(postgres)


def test_a_long_transaction_keeps_its_release_as_long_as_it_runs(postgres, tmp_path):
    bring_up(postgres.url, make_release(tmp_path, 1))
    with postgres.connect() as reader:
        reader.execute("begin isolation level repeatable read")
        reader.execute("select * from naravard.dim_areas").fetchall()
        for n in range(2, 8):
            bring_up(postgres.url, make_release(tmp_path, n))
        assert reader.execute("select count(*), max(value) from naravard.mart_goal").fetchone() == (900, 1.0)
        assert 1 in loads(postgres)
        reader.execute("commit")
    bring_up(postgres.url, make_release(tmp_path, 8))
    assert loads(postgres) == [6, 7, 8] and not loose(postgres)


def test_a_retired_release_that_is_being_read_goes_with_a_later_run(postgres, tmp_path):
    # The reader began after the switch, so it needs no old rows; but its lock is on every partition of the table it reads.
    told = []
    for n in (1, 2, 3):
        bring_up(postgres.url, make_release(tmp_path, n))
    with postgres.connect() as reader:
        reader.execute("begin")
        reader.execute("select count(*) from naravard.mart_goal")
        bring_up(postgres.url, make_release(tmp_path, 4), told.append)
        assert "stays for now" in "".join(told) and values(postgres) == {4.0}
        assert reader.execute("select max(value) from naravard.mart_goal").fetchone() == (4.0,)
        bring_up(postgres.url, make_release(tmp_path, 5))
        reader.execute("commit")
    bring_up(postgres.url, make_release(tmp_path, 6))
    assert loads(postgres) == [4, 5, 6] and not loose(postgres)


def test_a_server_that_cannot_wait_for_readers_is_asked_until_they_are_done(postgres, tmp_path, monkeypatch):
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", 130000)
    for n in (1, 2, 3):
        bring_up(postgres.url, make_release(tmp_path, n))
    with postgres.connect() as reader:
        reader.execute("begin")
        reader.execute("select count(*) from naravard.mart_goal")
        told = []
        bring_up(postgres.url, make_release(tmp_path, 4), told.append)
        assert "stays for now" in "".join(told) and values(postgres) == {4.0}
        reader.execute("commit")
    bring_up(postgres.url, make_release(tmp_path, 5))
    assert loads(postgres) == [3, 4, 5] and not loose(postgres)


def test_the_role_for_readers_reads_the_views_and_nothing_behind_them(postgres, tmp_path):
    bring_up(postgres.url, make_release(tmp_path, 1))
    bring_up(postgres.url, make_release(tmp_path, 2, mart_new="select 'm' as measure_id", mart_goal=OBSERVATIONS + " limit 5"))
    postgres.run("drop role if exists dashboard", "create role dashboard login in role naravard_reader")
    assert postgres.query("select count(*) from naravard.mart_goal", "dashboard") == [(5,)]
    assert postgres.query("select count(*) from naravard.mart_new", "dashboard") == [(1,)]
    for statement in (
        "select * from naravard_data.current",
        f"select * from {parent_of(postgres, 'mart_goal')}",
        "delete from naravard.mart_goal",
        "create view naravard.x as select 1",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            postgres.query(statement, "dashboard")
    assert postgres.query("select rolcanlogin from pg_roles where rolname = 'naravard_reader'") == [(False,)]


@pytest.fixture
def publisher(postgres_server, tmp_path):
    """A user with the right to create in its database and no other; no role for readers exists on the server."""
    database = postgres_server.new_database()
    for (other,) in database.query("select datname from pg_database where datallowconn and datname like 'test%'"):
        with psycopg.connect(database.url.replace(database.name, other), autocommit=True) as connection:
            if connection.execute("select 1 from pg_roles where rolname = 'naravard_reader'").fetchone():
                connection.execute("drop owned by naravard_reader")
    database.run("drop role if exists dashboard", "drop role if exists naravard_reader", "drop role if exists publisher")
    database.run(f"create role publisher login password '{PASSWORD}'", f"grant create on database {database.name} to publisher")
    yield database
    database.run("drop owned by publisher cascade", f"revoke all on database {database.name} from publisher", "drop role publisher")


def test_where_no_role_may_be_made_an_administrator_is_told_how(publisher, tmp_path):
    told = []
    assert bring_up(publisher.url_of("publisher", PASSWORD), make_release(tmp_path, 1), told.append)
    (line,) = [t for t in told if "create role" in t]
    publisher.run(*line.partition("an administrator can: ")[2].rstrip(";").split("; "), "create role dashboard login in role naravard_reader")
    assert publisher.query("select distinct value from naravard.mart_goal", "dashboard") == [(1.0,)]
    # New views are readable at once, and nobody is told again.
    told.clear()
    bring_up(publisher.url_of("publisher", PASSWORD), make_release(tmp_path, 2, mart_new="select 1 as one"), told.append)
    assert publisher.query("select one from naravard.mart_new", "dashboard") == [(1,)] and not [t for t in told if "role" in t]


def test_a_user_without_rights_is_told_which(publisher, tmp_path):
    publisher.run(f"revoke create on database {publisher.name} from publisher")
    text = refused(publisher, make_release(tmp_path, 1), url=publisher.url_of("publisher", PASSWORD))
    assert "lacks a right (permission denied for database" in text and f"grant create on database {publisher.name} to publisher" in text
    # Schemas that an administrator made for it are enough.
    publisher.run("create schema naravard authorization publisher", "create schema naravard_data authorization publisher")
    assert bring_up(publisher.url_of("publisher", PASSWORD), make_release(tmp_path, 2))
