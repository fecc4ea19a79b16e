"""PostgreSQL as a further target of the proof: what its views must show, and readers of them.

Here: what a reader of schema ``naravard`` may count on. One statement sees one release, whatever tables it joins; a REPEATABLE READ transaction
sees one release over many statements. Not here: how the target is filled (publication), readers of files (readers).
"""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import partial

import psycopg

from crash.numbered import NUMBER_IN, count_numbers_sql, say_what_is_torn
from crash.readers import Read
from naravard_pipeline.settings import Settings

VIEW = "naravard.{table}"


def find_missing() -> str | None:
    """Why the proof cannot be run with PostgreSQL; None where it can."""
    modules = ("naravard_pipeline.publication.postgres", "postgres_server")
    if "postgres_url" not in {f.name for f in fields(Settings)} or not all(map(importlib.util.find_spec, modules)):
        return "publication does not know PostgreSQL here"
    from postgres_server import BINARIES

    return None if BINARIES else "no PostgreSQL server is installed here (initdb)"


@contextmanager
def open_target(settings: Settings) -> Iterator[tuple[Settings, Callable[[int], list[str]], list[Callable[[], list[Read]]]]]:
    """A server as long as this lasts: the settings that publish there, what is wrong with its views, and makers of readers."""
    from postgres_server import running_server

    with running_server() as server:
        url = server.new_database().url
        yield settings.changed(postgres_url=url), lambda least: inspect_views(url, least), [lambda: make_reads(url)]


def inspect_views(url: str, least: int) -> list[str]:
    """What is wrong: a torn release, or a build before ``least``."""
    try:
        number, torn = read_in_one_statement(url)
    except psycopg.Error as error:
        return [f"PostgreSQL: {type(error).__name__}: {error}"]
    if torn:
        return [f"PostgreSQL: {torn}"]
    return [f"PostgreSQL shows build {number}, expected at least {least}"] if number < least else []


def make_reads(url: str) -> list[Read]:
    """A reader with a connection that stays, as a dashboard has one."""
    connection = psycopg.connect(url, autocommit=True)
    return [partial(read_in_one_statement, url), partial(read_in_one_transaction, connection)]


def read_in_one_statement(url: str) -> tuple[int, str | None]:
    """All views in one statement, on a new connection."""
    with psycopg.connect(url, autocommit=True) as connection:
        return say_what_is_torn(connection.execute(count_numbers_sql(VIEW)).fetchall())


def read_in_one_transaction(connection: psycopg.Connection) -> tuple[int, str | None]:
    """One view per statement, in one transaction that sees one state of the database."""
    rows = []
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        for table, number in NUMBER_IN.items():
            query = f"select '{table}', min(n), max(n), count(n) from (select {number} as n from {VIEW.format(table=table)}) as t"
            rows += connection.execute(query).fetchall()
    return say_what_is_torn(rows)
