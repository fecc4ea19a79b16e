"""What is kept in the schema ``naravard_data``: the loads, which of them is shown, and the end of those that nobody reads any more.

``loads`` has a row per release that is there whole, ``current`` has the one row that points at what is shown. A partition of no load, or a table that
is no partition, is what a killed run left. Here: these two tables, attaching, detaching, locks that keep out of readers' way.
Not here: how rows get in (postgres_load), what readers see (postgres_views).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.sql import SQL, Composable, Identifier, Literal

from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.postgres_load import DATA, NO_LOAD, TargetError, parent_name, partition_name

KEPT = 3  # loads: the one shown and two that can be gone back to at once
LOCK_TIMEOUT = "200ms"  # for who waits behind us; below deadlock_timeout (1 s), so that the server never ends a reader to free us
PATIENCE = 60.0  # seconds to try again for before readers win
PAUSE = 0.5  # seconds in which readers have their way between two tries

TABLES = (
    "create table naravard_data.loads (naravard_load integer primary key, release_id text not null, content_hash text not null, "
    "is_demo boolean not null, loaded_at timestamptz not null default now(), shown_until timestamptz, readers_left text[])",
    "create table naravard_data.current (is_the_row boolean primary key default true check (is_the_row), "
    "naravard_load integer not null, release_id text not null, content_hash text not null, is_demo boolean not null, "
    "shown_since timestamptz not null)",
    "comment on table naravard_data.loads is 'One row per release whose rows are here, whole. readers_left: the transactions that ran when another "
    "release took its place; its rows stay until they have ended.'",
    "comment on table naravard_data.current is 'One row: the release that the views of the schema naravard show.'",
)
PARTITIONS = (  # parent, partition, number of its load
    "select p.relname, c.relname, substring(pg_get_expr(c.relpartbound, c.oid) from '\\((\\d+)\\)')::integer from pg_inherits i "
    "join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent "
    "where c.relnamespace = 'naravard_data'::regnamespace and p.relkind = 'p' and c.relkind in ('r', 'p')"
)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Release:
    """The row of ``meta_release`` as far as PostgreSQL needs it. Two are the same if id and content are."""

    release_id: str
    content_hash: str
    is_demo: bool


def patiently(connection: psycopg.Connection, action: Callable[[], Result], patience: float | None = None) -> Result:
    """``action`` in a transaction, again and again while a reader holds what it needs. Raises ``LockNotAvailable`` after ``patience`` seconds."""
    until = time.monotonic() + (PATIENCE if patience is None else patience)
    while True:
        try:
            with connection.transaction():
                return action()
        except (LockNotAvailable, DeadlockDetected) as error:
            if time.monotonic() > until:
                raise LockNotAvailable(*error.args) from None
        time.sleep(PAUSE)


def create_store(connection: psycopg.Connection) -> None:
    """The schema and its two tables, if they are not there. Where the schema is, no right to create one is needed."""
    with connection.transaction():
        for schema in (DATA, "naravard"):
            if not connection.execute("select 1 from pg_namespace where nspname = %s", [schema]).fetchone():
                connection.execute(SQL("create schema {}").format(Identifier(schema)))
        if not connection.execute("select to_regclass('naravard_data.current')").fetchone()[0]:
            for statement in TABLES:
                connection.execute(statement)


def read_shown(connection: psycopg.Connection) -> tuple[int, Release] | None:
    """Number of the load that is shown, and its release; None before the first."""
    row = connection.execute("select naravard_load, release_id, content_hash, is_demo from naravard_data.current").fetchone()
    return (row[0], Release(*row[1:])) if row else None


def find_load(connection: psycopg.Connection, release: Release, tables: Sequence[Table]) -> int | None:
    """Number of the newest load that holds every table of this very release; None if it must be loaded."""
    attached = {(parent, partition) for parent, partition, _ in connection.execute(PARTITIONS)}
    found = connection.execute(
        "select naravard_load from naravard_data.loads where release_id = %s and content_hash = %s order by 1 desc",
        [release.release_id, release.content_hash],
    ).fetchall()
    return next((n for (n,) in found if attached >= {(parent_name(t), partition_name(t, n)) for t in tables}), None)


def next_number(connection: psycopg.Connection) -> int:
    return connection.execute(
        "select 1 + greatest((select max(naravard_load) from naravard_data.loads), (select max(naravard_load) from naravard_data.current), 0)"
    ).fetchone()[0]


def attach(connection: psycopg.Connection, tables: Sequence[Table], number: int, release: Release) -> None:
    """Make the loaded tables partitions, and the load known: all or none. Nobody sees them yet, and no reader is waited for or waits."""

    def whole() -> None:
        for table in tables:
            connection.execute(
                SQL("alter table {} attach partition {} for values in ({})").format(
                    Identifier(DATA, parent_name(table)), Identifier(DATA, partition_name(table, number)), Literal(number)
                )
            )
        connection.execute(
            "insert into naravard_data.loads (naravard_load, release_id, content_hash, is_demo) values (%s, %s, %s, %s)",
            [number, release.release_id, release.content_hash, release.is_demo],
        )

    patiently(connection, whole)
    for table in tables:  # the parent's own statistics, which joins are planned by; nothing else ever gathers them
        connection.execute(SQL("analyze (skip_locked) {}").format(Identifier(DATA, parent_name(table))))


def point_at(connection: psycopg.Connection, number: int, release: Release) -> None:
    """The switch: one row, within the caller's transaction."""
    connection.execute(
        "update naravard_data.loads set shown_until = now(), readers_left = null "
        "where naravard_load = (select naravard_load from naravard_data.current)"
    )
    connection.execute(
        "insert into naravard_data.current values (true, %s, %s, %s, %s, now()) on conflict (is_the_row) do update set "
        "naravard_load = excluded.naravard_load, release_id = excluded.release_id, content_hash = excluded.content_hash, "
        "is_demo = excluded.is_demo, shown_since = excluded.shown_since",
        [number, release.release_id, release.content_hash, release.is_demo],
    )


def retire(connection: psycopg.Connection) -> None:
    """Forget loads beyond those kept, once every transaction that ran when they were last shown has ended; ``clean`` then takes their tables."""
    running = "(select coalesce(array_agg(distinct virtualxid), '{}') from pg_locks where locktype = 'virtualxid' and pid <> pg_backend_pid())"
    shown = "(select naravard_load from naravard_data.current)"
    # After the switch is committed: who begins now sees the new release.
    connection.execute(
        f"update naravard_data.loads set readers_left = {running} where readers_left is null and naravard_load is distinct from {shown}"
    )
    connection.execute(
        f"delete from naravard_data.loads where not readers_left && {running} and naravard_load in (select naravard_load from naravard_data.loads "
        f"where naravard_load is distinct from {shown} order by shown_until desc nulls last, naravard_load desc offset %s)",
        [KEPT - 1],
    )


def clean(connection: psycopg.Connection, on_progress: Callable[[str], None]) -> None:
    """Take away tables that belong to no known load: what a killed run left, what was retired, parents without partitions that no view reads.

    Readers come first: what they hold stays for the next run.
    """
    can_wait = connection.info.server_version >= 140000
    loads = {NO_LOAD, *(n for (n,) in connection.execute("select naravard_load from naravard_data.loads"))}
    pending = _read_pending(connection) if can_wait else set()
    busy = set()
    # What was begun is ended first: a parent has one partition on its way out at a time.
    for parent, partition, number in sorted(connection.execute(PARTITIONS).fetchall(), key=lambda row: row[1] not in pending):
        if parent not in busy and (partition in pending or number not in loads):
            # Before 14 detaching needs the parent to itself for an instant; since then it waits for readers without their waiting for it.
            how = "finalize" if partition in pending else "concurrently" if can_wait else ""
            statement = SQL("alter table {} detach partition {} {}").format(Identifier(DATA, parent), Identifier(DATA, partition), SQL(how))
            if not _unless_read(connection, statement):
                busy.add(parent)
                on_progress(f"PostgreSQL: {partition} is still being read and stays for now")
    attached = connection.execute(PARTITIONS).fetchall()
    in_use = {"loads", "current"} | {partition for _, partition, _ in attached} | {parent for parent, _, number in attached if number != NO_LOAD}
    in_use |= {
        name
        for (name,) in connection.execute(
            "select p.relname from pg_depend d join pg_class p on p.oid = d.refobjid where d.classid = 'pg_rewrite'::regclass "
            "and d.refclassid = 'pg_class'::regclass and p.relnamespace = 'naravard_data'::regnamespace"
        )
    }
    # Only what has a name as we make them: a table that somebody put here is not ours to take.
    there = connection.execute(
        "select relname from pg_class where relnamespace = 'naravard_data'::regnamespace and relkind in ('r', 'p') and relname ~ '_[0-9a-f]{16}$'"
    ).fetchall()
    for name in sorted({name for (name,) in there} - in_use):
        _unless_read(connection, SQL("drop table {}").format(Identifier(DATA, name)))


def _read_pending(connection: psycopg.Connection) -> set[str]:
    """Partitions whose detaching was begun and not ended (PostgreSQL 14 and later)."""
    return {
        name
        for (name,) in connection.execute(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where i.inhdetachpending and c.relnamespace = 'naravard_data'::regnamespace"
        )
    }


def _unless_read(connection: psycopg.Connection, statement: Composable) -> bool:
    try:
        connection.execute(statement)
        return True
    except (LockNotAvailable, DeadlockDetected):
        return False


def only_one(connection: psycopg.Connection) -> None:
    """One publisher at a time in this database, until the connection ends. Raises ``TargetError`` where another one is at it."""
    try:
        with connection.transaction():
            # A killed publisher's connection takes the server a moment to notice.
            connection.execute("set local lock_timeout = '3s'")
            connection.execute("select pg_advisory_lock(hashtextextended('naravard publication', 0))")
    except LockNotAvailable:
        problem = "Another run is bringing PostgreSQL up to date just now; wait for it and run again."
    else:
        return
    raise TargetError(problem)
