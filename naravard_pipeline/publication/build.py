"""The record of a build: what dbt built, what its tests said, and the fingerprint of every table at that moment.

The gate compares these fingerprints with the tables it is about to publish, so that no result of another build can let figures out.
Not here: running dbt (orchestration), deciding (gate).
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.landing.atomic import replace_file
from naravard_pipeline.publication.contract import Table, read_tables
from naravard_pipeline.settings import DBT_PROJECT, PROJECT, Settings

SAMPLE = 20  # failing rows kept with a check


@dataclass(frozen=True)
class TestResult:
    """One dbt test. ``status`` is dbt's word: pass, fail, warn, error, skipped. ``rows`` are the first failing ones."""

    __test__ = False  # not a test for pytest

    name: str
    table: str | None
    severity: str
    status: str
    failed_rows: int
    message: str | None
    rows: list[dict[str, Any]]

    @property
    def passed(self) -> bool:
        return self.status == "pass"


@dataclass(frozen=True)
class BuildRecord:
    """``required`` are the names of all data tests in the project; a build that skipped one cannot be published."""

    build_id: str
    built_at: str
    code_version: str
    code: str  # code_fingerprint at the time
    required: list[str]
    tests: list[TestResult]
    fingerprints: dict[str, str]
    project: str = ""  # project_fingerprint when dbt began


def code_fingerprint() -> str:
    """Hash of the code that turns answers into rows: dbt's models, macros and seeds, and what decides what they hide. A change rebuilds all."""
    return _hash_files(("models/**/*.sql", "models/**/*.py", "macros/**/*.sql", "seeds/**/*.csv"))


def project_fingerprint() -> str:
    """Hash of all that dbt builds and asks: the same code, and beside it the tests, which stand in tests/ and in YAML. The gate compares it with
    that of the build. A new test is no reason to build all figures anew, so this is not ``code_fingerprint``."""
    return _hash_files(
        ("*.yml", *(f"{folder}/**/*.{kind}" for folder in ("models", "macros", "seeds", "tests") for kind in ("sql", "py", "csv", "yml")))
    )


def _hash_files(patterns: Iterable[str]) -> str:
    digest = hashlib.sha256()
    own = (PROJECT / "naravard_pipeline" / "protection").glob("*.py")
    for path in sorted({*(p for pattern in patterns for p in DBT_PROJECT.glob(pattern)), *own}):
        content = path.read_bytes()
        digest.update(f"{os.path.relpath(path, PROJECT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def fingerprint(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Hash of all rows of a table, whatever their order: count, exclusive or and sum of DuckDB's row hashes.

    Tells accidents and mix-ups apart, not a forger; it lives only between a build and its publication.
    """
    count, mixed, total = connection.execute(f"select count(*), bit_xor(hash(t)), sum(cast(hash(t) as hugeint)) from {table} as t").fetchone()
    return f"{count}-{mixed or 0:x}-{total or 0:x}"


def fingerprints(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], schema: str) -> dict[str, str]:
    """Table name → fingerprint; a table that is not there has none."""
    there = {row[0] for row in connection.execute("select table_name from duckdb_tables() where database_name = ?", [schema]).fetchall()}
    return {t.name: fingerprint(connection, f"{schema}.main.{t.name}") for t in tables if t.name in there}


def record_build(settings: Settings, target: Path, code_version: str, project: str) -> BuildRecord:
    """Read what dbt left in ``target`` (manifest and run results) and write ``warehouse/build.json``. ``project`` is the project's fingerprint from
    before dbt began: what was changed while it ran is not what it built.

    Call it at once after ``dbt build``, while no other process may write the warehouse.
    """
    manifest = json.loads((target / "manifest.json").read_bytes())
    results = json.loads((target / "run_results.json").read_bytes())
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        prints = fingerprints(connection, read_tables(manifest), settings.database.stem)
        by_id = {r["unique_id"]: r for r in results["results"]}
        nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]
        tests = [_result(n, by_id[n["unique_id"]], connection, prints) for n in nodes if n["unique_id"] in by_id]
    record = BuildRecord(
        build_id=results["metadata"]["invocation_id"],
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        code_version=code_version,
        code=code_fingerprint(),
        required=sorted(n["name"] for n in nodes),
        tests=tests,
        fingerprints=prints,
        project=project,
    )
    write_build(settings, record)
    return record


def write_build(settings: Settings, record: BuildRecord) -> None:
    replace_file(build_file(settings), json.dumps(asdict(record), ensure_ascii=False, default=str).encode())


def build_file(settings: Settings) -> Path:
    return settings.warehouse / "build.json"


def read_build(settings: Settings) -> BuildRecord | None:
    """The record of the last build, or None when there is none that can be read."""
    try:
        content = json.loads(build_file(settings).read_bytes())
        return BuildRecord(**{**content, "tests": [TestResult(**t) for t in content["tests"]]})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _result(node: Mapping[str, Any], result: Mapping[str, Any], connection: duckdb.DuckDBPyConnection, published: Collection[str]) -> TestResult:
    status = result["status"]
    rows: list[dict[str, Any]] = []
    # Tables that are not published hold what the others hide, and a sample goes as far as the quality page.
    may_be_seen = (node.get("attached_node") or "").split(".")[-1] in published
    if status in ("fail", "warn") and result.get("compiled_code") and node["resource_type"] == "test" and may_be_seen:
        found = connection.execute(f"select * from ({result['compiled_code']}) limit {SAMPLE}")
        names = [d[0] for d in found.description]
        rows = [dict(zip(names, map(str, row), strict=True)) for row in found.fetchall()]
    attached = node.get("attached_node") or node.get("model") or ""
    return TestResult(
        name=node["name"],
        table=attached.split(".")[-1] or None,
        severity="warning" if (node.get("config") or {}).get("severity", "error").lower() == "warn" else "critical",
        status=status,
        failed_rows=int(result.get("failures") or 0),
        message=result.get("message"),
        rows=rows,
    )
