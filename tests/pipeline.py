"""The whole pipeline in this process, as its users start it, and the replay of the national sources where it is there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from naravard_pipeline.cli import main

SHARED = Path(__file__).parents[1].parent / "shared"
REPLAY = SHARED / "replay" / "serve.py"
needs_replay = pytest.mark.skipif(not REPLAY.exists(), reason="needs ../shared/replay, the recorded national sources, which only developers have")


def naravard(home: Path, *arguments: str, **variables: str) -> Result:
    """`naravard …` in ``home``. Anything but an exit code is a bug, so it is raised."""
    environment = {"NARAVARD_HOME": str(home), "NARAVARD_REQUESTS_PER_SECOND": "1000", "NARAVARD_KOLADA_URL": "http://127.0.0.1:9", **variables}
    result = CliRunner().invoke(main, arguments, env=environment)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@contextmanager
def replayed(*options: str) -> Iterator[str]:
    """The replay's Kolada; its base URL."""
    with subprocess.Popen([sys.executable, str(REPLAY), "--port", "0", *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["kolada"]
        finally:
            process.kill()


def published(home: Path, query: str, *values) -> list[tuple]:
    """Rows of the current release."""
    with duckdb.connect(str(home / "published" / "current" / "naravard.duckdb"), read_only=True) as connection:
        return connection.execute(query, values).fetchall()


def warehouse(home: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(home / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()
