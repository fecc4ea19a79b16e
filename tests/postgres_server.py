"""A throw-away PostgreSQL server for tests: its own data, socket and port, nothing written to disk for good, gone afterwards.

The fixtures are in conftest.py: ``postgres_server``, one per process, and ``postgres``, a new database of it per test. ``needs_postgres`` marks tests
that are skipped where no server is installed.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

PASSWORD = "s3cret-pässword/@:"
DATABASES = count(1)


def find_binaries() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``; Debian keeps it out of the path. None where no server is installed."""
    named = shutil.which("initdb")
    folders = [Path(named).resolve().parent] if named else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name) if p.parent.name.isdigit() else 0, reverse=True)
    return next((f for f in folders if all((f / name).exists() for name in ("initdb", "pg_ctl", "postgres"))), None)


BINARIES = find_binaries()
needs_postgres = pytest.mark.skipif(BINARIES is None, reason="no PostgreSQL server is installed here (initdb)")


@dataclass(frozen=True)
class Server:
    """A running server; its socket is in ``folder``, and needs no password, while TCP does."""

    folder: Path
    port: int

    def new_database(self, **options: str) -> "Database":
        """An empty one; ``options`` are those of CREATE DATABASE."""
        name = f"test_{os.getpid()}_{next(DATABASES)}"
        with psycopg.connect(Database(self, "postgres").url, autocommit=True) as connection:
            extra = SQL(" ").join(SQL("{} '{}'").format(SQL(k), SQL(v)) for k, v in options.items())
            connection.execute(SQL("create database {} template template0 {}").format(Identifier(name), extra))
        return Database(self, name)


@dataclass(frozen=True)
class Database:
    """One database of the server; its user is the server's administrator unless said otherwise."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{self.name}?host={self.server.folder}&port={self.server.port}"

    def url_of(self, user: str, password: str | None = None) -> str:
        """Over TCP with a password, as in real life; without one over the socket."""
        if password is None:
            return self.url.replace("postgres@", f"{user}@")
        escaped = "".join(f"%{b:02X}" for b in password.encode())
        return f"postgresql://{user}:{escaped}@127.0.0.1:{self.server.port}/{self.name}"

    def connect(self, user: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url_of(user), autocommit=True)

    def query(self, query: str, user: str = "postgres") -> list[tuple]:
        with self.connect(user) as connection:
            return connection.execute(query).fetchall()

    def run(self, *statements: str) -> None:
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start one and stop it at the end, whatever happens. PostgreSQL refuses to run as root, so then it runs as nobody."""
    folder = Path(tempfile.mkdtemp(prefix="naravard-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        prefix = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    password.chmod(0o644)

    def call(program: str, *arguments: str) -> None:
        # Into a file and not a pipe: the server inherits it and would keep a pipe open.
        with open(folder / "out", "a") as out:
            done = subprocess.run([*prefix, str(BINARIES / program), *arguments], stdout=out, stderr=out, cwd=folder, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {(folder / 'out').read_text()}")

    data = str(folder / "data")
    options = f"-k {folder} -p {port} -h 127.0.0.1 -c fsync=off -c max_connections=50 -c shared_buffers=64MB -c log_min_messages=warning"
    try:
        call(
            "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            f"--pwfile={password}",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        )
        call("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(folder, port)
        finally:
            call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def postgres(postgres_server) -> Database:
    return postgres_server.new_database()
