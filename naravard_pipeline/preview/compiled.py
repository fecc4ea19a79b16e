"""dbt's models as plain SQL, compiled once by dbt itself and kept until a file of the project changes.

Here: that SQL (and the model in Python, and the seeds) and how it is run on another database than the warehouse, without dbt's seconds. It is
what a full build would run: the same models, macros and tests, compiled as if nothing had been built before. The marts are left out: they only
set figures beside each other.
Not here: the models (dbt_project), what is landed (scratch).
"""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import duckdb

from naravard_pipeline.landing.atomic import replace_file
from naravard_pipeline.settings import DBT_PROJECT, Settings, dbt_executable

LANDING = "/naravard-landing"  # stands for the landing's path in the kept SQL
DATABASE = "warehouse"  # the database's name in the kept SQL, as in a home


@dataclass(frozen=True)
class Model:
    """``code`` is SQL, for ``python`` the model's source and for a ``seed`` the path of its CSV file below the dbt project.

    ``columns``: name → type where dbt enforces a contract or knows a seed's types, else empty.
    """

    name: str
    kind: Literal["view", "table", "seed", "python"]
    code: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Test:
    """A data test: its ``sql`` gives the failing rows."""

    __test__ = False  # not a test for pytest

    name: str
    severity: str
    sql: str


@dataclass(frozen=True)
class Compiled:
    """``models`` in an order in which each comes after those it reads."""

    models: Sequence[Model]
    tests: Sequence[Test]


def read_compiled(settings: Settings) -> Compiled:
    """The kept SQL, compiled anew (some seconds) after a change of the dbt project. Raises ``ValueError`` with dbt's words where that is broken."""
    path = settings.warehouse / "preview" / f"{_project_hash()}.json"
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        content = asdict(_compile())
        for old in path.parent.glob("*.json"):
            old.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(content, ensure_ascii=False).encode())
    return Compiled([Model(**m) for m in content["models"]], [Test(**t) for t in content["tests"]])


def build(compiled: Compiled, landing: Path, database: Path) -> None:
    """Run the models on what has landed, into a new file ``database`` whose stem is ``DATABASE``."""
    with duckdb.connect(str(database)) as connection:
        for model in compiled.models:
            _BUILDERS[model.kind](connection, replace(model, code=model.code.replace(LANDING, str(landing).replace("'", "''"))))


def _build_sql(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    if model.columns:  # as dbt does it, so that types are those of the contract
        connection.execute(f"create table {model.name} ({', '.join(f'{n} {t}' for n, t in model.columns.items())})")
        connection.execute(f"insert into {model.name} by name ({model.code}\n)")  # a comment may be its last line
    else:
        connection.execute(f"create {model.kind} {model.name} as ({model.code}\n)")


def _build_seed(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in model.columns.items())
    path = str(DBT_PROJECT / model.code).replace("'", "''")
    connection.execute(f"create table {model.name} as from read_csv('{path}', header = true{f', types = {{{types}}}' if types else ''})")


def _build_python(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """As dbt-duckdb does it: the model is given ``dbt.ref``, which gives relations, and the connection."""
    names: dict[str, Any] = {}
    exec(compile(model.code, model.name, "exec"), names)
    dbt = SimpleNamespace(config=lambda **_: None, ref=lambda name: connection.table(name))
    rows = names["model"](dbt, connection)  # noqa: F841 - DuckDB reads it by this name
    connection.execute(f"create table {model.name} as from rows")


_BUILDERS = {"view": _build_sql, "table": _build_sql, "seed": _build_seed, "python": _build_python}


def run_tests(compiled: Compiled, database: Path) -> list[dict[str, Any]]:
    """Each test that does not hold: ``check``, ``severity`` (critical or warning) and ``failed_rows``."""
    failed = []
    with duckdb.connect(str(database), read_only=True) as connection:
        for test in compiled.tests:
            if rows := connection.execute(f"select count(*) from ({test.sql})").fetchone()[0]:
                failed.append({"check": test.name, "severity": test.severity, "failed_rows": rows})
    return failed


def _project_hash() -> str:
    digest = hashlib.sha256(version("dbt-core").encode())
    for path in sorted(p for kind in ("sql", "py", "csv", "yml", "md") for p in DBT_PROJECT.rglob(f"*.{kind}") if "target" not in p.parts):
        digest.update(path.relative_to(DBT_PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _compile() -> Compiled:
    with tempfile.TemporaryDirectory(prefix="naravard-compile-") as folder:
        told = {"NARAVARD_LANDING": LANDING, "NARAVARD_DATABASE": str(Path(folder, f"{DATABASE}.duckdb"))}
        environment = os.environ | told | {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        command = [dbt_executable(), "--quiet", "compile", "--full-refresh", "--exclude", "marts", "--project-dir", DBT_PROJECT]
        paths = ["--profiles-dir", DBT_PROJECT, "--target-path", folder, "--log-path", folder]
        done = subprocess.run([*map(str, command), *map(str, paths)], capture_output=True, text=True, cwd=DBT_PROJECT, env=environment)
        if done.returncode:
            raise ValueError(f"dbt cannot compile the project in {DBT_PROJECT}:\n{(done.stdout + done.stderr).split('Traceback (')[0].strip()}")
        manifest = json.loads(Path(folder, "manifest.json").read_bytes())
    nodes = {key: node for key, node in manifest["nodes"].items() if node.get("compiled_code") or node["resource_type"] == "seed"}
    models = [_model(nodes[key]) for key in _in_order({k: n for k, n in nodes.items() if n["resource_type"] in ("model", "seed")})]
    tests = [_test(node) for node in nodes.values() if node["resource_type"] == "test"]
    return Compiled(models, tests)


def _in_order(models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    ordered: dict[str, None] = {}

    def add(key: str) -> None:
        if key in models and key not in ordered:
            for needed in models[key].get("depends_on", {}).get("nodes", []):
                add(needed)
            ordered[key] = None

    for key in models:
        add(key)
    return list(ordered)


def _model(node: Mapping[str, Any]) -> Model:
    if node["resource_type"] == "seed":
        return Model(node["name"], "seed", node["original_file_path"], node["config"].get("column_types") or {})
    if node["language"] == "python":
        return Model(node["name"], "python", Path(DBT_PROJECT, node["original_file_path"]).read_text("utf-8"), {})
    enforced = node["config"].get("contract", {}).get("enforced")
    columns = {name: column["data_type"] for name, column in node["columns"].items()} if enforced else {}
    return Model(node["name"], "view" if node["config"]["materialized"] == "view" else "table", node["compiled_code"], columns)


def _test(node: Mapping[str, Any]) -> Test:
    severity = "warning" if node["config"].get("severity", "error").lower() == "warn" else "critical"
    return Test(node["name"], severity, node["compiled_code"])
