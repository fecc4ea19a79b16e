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
from naravard_pipeline.settings import URL_VARIABLES

SHARED = Path(__file__).parents[1].parent / "shared"
REPLAY = SHARED / "replay" / "serve.py"
needs_replay = pytest.mark.skipif(not REPLAY.exists(), reason="needs ../shared/replay, the recorded national sources, which only developers have")


def naravard(home: Path, *arguments: str, **variables: str) -> Result:
    """`naravard …` in ``home``. Anything but an exit code is a bug, so it is raised."""
    nowhere = dict.fromkeys(URL_VARIABLES.values(), "http://127.0.0.1:9")
    environment = {"NARAVARD_HOME": str(home), "NARAVARD_REQUESTS_PER_SECOND": "1000", **nowhere, **variables}
    result = CliRunner().invoke(main, arguments, env=environment)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@contextmanager
def replayed(*options: str) -> Iterator[dict[str, str]]:
    """The replay of all national sources; the variables that point at it."""
    with subprocess.Popen([sys.executable, str(REPLAY), "--port", "0", *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            urls = json.loads(process.stdout.readline())
            urls["folkhalsodata"] = urls.pop("fohm")
            yield {URL_VARIABLES[source_id]: url for source_id, url in urls.items()}
        finally:
            process.kill()


def published(home: Path, query: str, *values) -> list[tuple]:
    """Rows of the current release."""
    with duckdb.connect(str(home / "published" / "current" / "naravard.duckdb"), read_only=True) as connection:
        return connection.execute(query, values).fetchall()


def warehouse(home: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(home / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()
