"""PostgreSQL as a further target: brought up to a release, whole, while BI tools go on reading.

The rows of a release are loaded beside those shown, attached where no view shows them, and then one row is changed that all views look at. So every
statement sees one whole release, and a REPEATABLE READ transaction sees one over many. Whatever goes wrong, what was shown is shown still.
Here: the connection, the order of the steps, the words for what goes wrong.
Not here: rows (postgres_load), loads (postgres_store), views (postgres_views), notices (postgres_notices).
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from naravard_pipeline.publication.postgres_load import TargetError, create_parent, load_table, read_published
from naravard_pipeline.publication.postgres_notices import show_notices
from naravard_pipeline.publication.postgres_store import (
    LOCK_TIMEOUT,
    Release,
    attach,
    clean,
    create_store,
    find_load,
    next_number,
    only_one,
    patiently,
    point_at,
    read_shown,
    retire,
)
from naravard_pipeline.publication.postgres_views import grant_to_reader, plan_views, run_plan

__all__ = ["TargetError", "bring_up"]

VARIABLE = "NARAVARD_POSTGRES_URL"
OLDEST_VERSION = 130000
# An address that does not answer is known within seconds, a network that went away within a minute or two; the address may say otherwise.
MANNERS = {
    "connect_timeout": "5",
    "application_name": "naravard",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
# What a server, database or role may have set otherwise, and the statements here rely on.
SESSION = {
    "client_encoding": "UTF8",
    "datestyle": "ISO, YMD",
    "timezone": "UTC",
    "search_path": "pg_catalog",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "extra_float_digits": "1",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "client_min_messages": "warning",
    "lock_timeout": LOCK_TIMEOUT,
}


def bring_up(
    url: str, release: Path, on_progress: Callable[[str], None] = lambda text: None, notices: Sequence[Mapping[str, Any]] | None = None
) -> bool:
    """Make PostgreSQL show the release in this folder. True if anything changed, False if it showed this very release, by id and content, already.

    ``url``: ``postgresql://user:password@host:port/database``, or any connection string of libpq. ``release``: the folder of a release; only its
    ``naravard.duckdb`` is read. ``notices``: what readers are told beside it (postgres_notices); None leaves that as it is. A release whose rows are
    still there is only pointed at. What an earlier run could not do is done now.
    Raises ``TargetError``; no message of it, or of ``on_progress``, has the password in it.
    """
    tell = lambda text: on_progress(_without_secrets(text, url))  # noqa: E731
    try:
        with _read_only(release) as rows, _connected(url) as connection:
            return _bring_up(connection, rows, tell, notices)
    except TargetError as error:
        problem = str(error)
    except psycopg.Error as error:
        problem = _explain(error, url)
    except duckdb.Error as error:
        problem = f"{release / 'naravard.duckdb'} cannot be read: {str(error).splitlines()[0]} Run again, or go back to another release."
    # Outside of the handlers, so that no traceback leads back to an error that may carry the address.
    raise TargetError(_without_secrets(problem, url))


def _bring_up(
    connection: psycopg.Connection, rows: duckdb.DuckDBPyConnection, tell: Callable[[str], None], notices: Sequence[Mapping[str, Any]] | None
) -> bool:
    only_one(connection)
    create_store(connection)
    release = Release(*rows.execute("select release_id, content_hash, is_demo from meta_release").fetchone())
    shown = read_shown(connection)
    if shown and shown[1].is_demo != release.is_demo:
        here, new = ("made-up", "real") if shown[1].is_demo else ("real", "made-up")
        raise TargetError(
            f"This database holds {here} figures and the release {new} ones; they are never mixed: name another database in {VARIABLE}."
        )
    if notices is not None:
        show_notices(connection, notices)
    tables = read_published(rows)
    plan_views(connection, tables)  # what stands in the way is told before anything is loaded
    retire(connection)
    clean(connection, tell)
    number = find_load(connection, release, tables)
    if number is None:
        number = next_number(connection)
        tell(f"PostgreSQL: loading {len(tables)} tables")
        for table in tables:
            create_parent(connection, table)
        count = sum(load_table(rows, connection, table, number) for table in tables)
        attach(connection, tables, number, release)
        tell(f"PostgreSQL: {count} rows are there and are what was sent")
    has_changed = _switch(connection, tables, number, release, tell)
    grant_to_reader(connection, tell)
    retire(connection)
    clean(connection, tell)
    return has_changed


def _switch(connection, tables, number: int, release: Release, tell: Callable[[str], None]) -> bool:
    """Views, comments and pointer in one transaction. False where all of it is so already."""

    def whole() -> bool:
        plan = plan_views(connection, tables)
        if not plan and read_shown(connection) == (number, release):
            return False
        run_plan(connection, plan)
        point_at(connection, number, release)
        return True

    if has_changed := patiently(connection, whole):
        tell(f"PostgreSQL shows {release.release_id}")
    return has_changed


@contextlib.contextmanager
def _read_only(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(release / "naravard.duckdb"), read_only=True) as rows:
        rows.execute("set timezone = 'UTC'")
        # Rows may come in any order: what is compared does not depend on it, and batches need not wait for one another.
        rows.execute("set preserve_insertion_order = false")
        yield rows


@contextlib.contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    """A connection on which every statement is a transaction of its own unless said otherwise."""
    try:
        parameters = MANNERS | conninfo_to_dict(url)
    except psycopg.Error:
        parameters = None
    if parameters is None:
        raise TargetError(f"{VARIABLE} is no address of a database; expected postgresql://user:password@host:5432/database.")
    try:
        connection, refusal = psycopg.connect(**parameters, autocommit=True), ""
    except psycopg.Error as error:
        refusal = str(error)
    if refusal:
        reason = _one_line(refusal.splitlines()[0])
        if "FATAL" in refusal:
            raise TargetError(f"PostgreSQL let nobody in ({reason}); check user, password and database in {VARIABLE} and run again.")
        raise TargetError(f"PostgreSQL does not answer ({reason}); check that it runs and that {VARIABLE} has its address, and run again.")
    with connection:
        if connection.info.server_version < OLDEST_VERSION:
            raise TargetError(f"PostgreSQL is of version {connection.info.server_version // 10000}; {OLDEST_VERSION // 10000} or newer is needed.")
        for name, value in SESSION.items():
            connection.execute("select set_config(%s, %s, false)", [name, value])
        encoding, is_copy = connection.execute("select current_setting('server_encoding'), pg_is_in_recovery()").fetchone()
        if encoding != "UTF8":
            raise TargetError(f"The database is encoded in {encoding}, which lacks letters; create one with UTF8 and name it in {VARIABLE}.")
        if is_copy:
            raise TargetError(f"The server is a read-only copy of another one; name that one in {VARIABLE}.")
        yield connection


def _explain(error: psycopg.Error, url: str) -> str:
    """One sentence for whoever has to mend it. The server's own is kept, its details are not: they may quote rows."""
    reason = _one_line(error.diag.message_primary or str(error).partition("\n")[0])
    if isinstance(error, errors.InsufficientPrivilege):
        names = conninfo_to_dict(url)
        user = names.get("user", "its user")
        return (
            f"The user in {VARIABLE} lacks a right ({reason}); an administrator can give it: grant create on database {names.get('dbname', user)} "
            f"to {user}, or make the schemas naravard and naravard_data its own."
        )
    if isinstance(error, errors.DiskFull | errors.OutOfMemory | errors.ConfigurationLimitExceeded):
        return f"The PostgreSQL server has no room ({reason}); make some, for three releases at once, and run again."
    if isinstance(error, errors.LockNotAvailable):
        return "Readers in PostgreSQL kept what had to change busy for too long; run again when no long transaction is open there."
    if error.sqlstate is None or error.sqlstate[:2] in ("08", "57"):
        return f"The connection to PostgreSQL was lost on the way ({reason}); run again: what was half done is taken away then."
    return f"PostgreSQL refused ({reason}); mend that and run again."


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _without_secrets(text: str, url: str) -> str:
    """The text without the password, as it is, as it stands in the address and as others would write it there, and without the address itself."""
    secrets = {url, *re.findall(r"://[^@/]*?:([^@]*)@", url), *re.findall(r"password\s*=\s*('[^']*'|[^\s&]+)", url)}
    with contextlib.suppress(psycopg.Error):
        for name, value in conninfo_to_dict(url).items():
            if name in ("password", "sslpassword") and value:
                secrets |= {value, quote(value, safe="")}
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
