"""dbt as Dagster assets: one subprocess of ``dbt build``, its models as assets, its tests as asset checks, and the record of the build.

Here: how dbt is called and what is told of it. Not here: models (dbt_project), what the record is for (publication).
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from dagster import AssetCheckResult, AssetExecutionContext, AssetKey, AssetsDefinition, AssetSpec, Failure, MetadataValue, Output, TableRecord
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from dbt.version import __version__ as dbt_version
from packaging.version import Version, parse

from naravard_pipeline import __version__
from naravard_pipeline.landing.loads import FILES
from naravard_pipeline.orchestration.lock import exclusive
from naravard_pipeline.orchestration.plots import plot_counts
from naravard_pipeline.protection import MemoryUnreadable, gather_memory
from naravard_pipeline.publication.build import BuildRecord, TestResult, code_fingerprint, project_fingerprint, read_build, record_build
from naravard_pipeline.publication.release import DATABASE, list_releases
from naravard_pipeline.quality import warm_up
from naravard_pipeline.settings import DBT_PROJECT, Settings, dbt_executable

CATALOGUE_KEY = AssetKey(["landing", "catalogue"])


class Dbt(DbtCliResource):
    """dagster-dbt's resource without two preparations of each call: `dbt --version` (2.5 s) and an adapter of its own (1.4 s) for row counts,
    which `_add_metadata` takes from the database itself."""

    @cached_property
    def _cli_version(self) -> Version:
        return parse(dbt_version)

    def _initialize_dbt_core_adapter(self, args: Any) -> None:
        return None


class Translator(DagsterDbtTranslator):
    """Keys are [layer, table]; the landing's tables stand for the assets that fill them."""

    def __init__(self, ingested: Mapping[str, list[AssetKey]]):
        super().__init__()
        self._ingested = ingested

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return AssetKey([dbt_resource_props["fqn"][1], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["fqn"][1]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        keys = {key for dep in spec.deps for key in self._upstream(dep.asset_key)}
        return spec.replace_attributes(deps=sorted(keys))

    def _upstream(self, key: AssetKey) -> list[AssetKey]:
        source, table = key.path
        if source in ("catalogue", "landing"):
            return [CATALOGUE_KEY]
        if table == "observations":
            # one table for all that comes in files
            landed = [s for s in self._ingested if s.startswith(FILES)] if source == "local" else [source]
            return [key for source_id in landed for key in self._ingested.get(source_id, [])] or [CATALOGUE_KEY]
        if table == "municipality_groups":  # lands with any of Kolada's measures
            return self._ingested["kolada"][:1]
        return [key]


def set_dbt_environment(settings: Settings) -> None:
    """What dbt_project reads from outside, for the processes started from here."""
    os.environ["NARAVARD_LANDING"] = str(settings.landing)
    os.environ["NARAVARD_DATABASE"] = str(settings.database)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"


def prepare_manifest(settings: Settings) -> Path:
    """dbt's manifest, parsed anew if a file of the project is younger. Raises ``ValueError`` with dbt's words where the project is broken."""
    manifest = settings.dbt_target / "manifest.json"
    files = [p for kind in ("sql", "py", "yml", "md", "csv") for p in DBT_PROJECT.rglob(f"*.{kind}")]
    if manifest.exists() and manifest.stat().st_mtime > max(p.stat().st_mtime for p in files):
        return manifest
    settings.dbt_target.mkdir(parents=True, exist_ok=True)
    command = [dbt_executable(), "--quiet", "parse", "--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT]
    paths = ["--target-path", settings.dbt_target, "--log-path", settings.dbt_target]
    done = subprocess.run([*map(str, command), *map(str, paths)], capture_output=True, text=True, cwd=DBT_PROJECT)
    if done.returncode:
        # What an unforeseen error of dbt's says comes first; its traceback, and those of log lines that a full disk did not take, follow.
        said = re.split(r"(?:[\d:]{8} +)?Traceback \(|--- Logging error", done.stdout + done.stderr)[0]
        raise ValueError(f"dbt cannot read the project in {DBT_PROJECT}, or not write to {settings.dbt_target}:\n{said.strip()}")
    manifest.touch()  # dbt leaves it as it was where nothing changed
    return manifest


def build_dbt_resource() -> Dbt:
    return Dbt(project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=dbt_executable())


def build_dbt_assets(settings: Settings, manifest: Path, ingested: Mapping[str, list[AssetKey]]) -> AssetsDefinition:
    """All models as assets and all data tests as their checks. ``ingested``: source_id → the assets that land its answers."""

    @dbt_assets(manifest=manifest, dagster_dbt_translator=Translator(ingested), name="dbt")
    def dbt_build(context: AssetExecutionContext, dbt: Dbt) -> Iterator[Any]:
        warm_up()  # Great Expectations takes seconds to import; dbt runs in a process of its own meanwhile
        with exclusive(settings, "warehouse"):
            (settings.dbt_target / "run_results.json").unlink(missing_ok=True)
            _gather_memory(settings)
            last, project = read_build(settings), project_fingerprint()
            refresh = [] if last and last.code == code_fingerprint() else ["--full-refresh"]
            # Unit tests try the code on rows of their own, the same every day: they belong where the code is changed, as dbt's documentation says.
            build = ["--log-level-file", "warn", "build", "--exclude-resource-type", "unit_test", *refresh]
            invocation = dbt.cli(build, context=context, target_path=settings.dbt_target, raise_on_error=False)
            events = list(invocation.stream())
            if not (settings.dbt_target / "run_results.json").exists():
                raise Failure(f"dbt ended before it built anything:\n{_last_words(settings)}")
            record = record_build(settings, settings.dbt_target, __version__, project)
        yield from _add_metadata(events, settings, record)
        if not invocation.is_successful():
            raise Failure(_what_failed(settings, record))

    return dbt_build


def _gather_memory(settings: Settings) -> None:
    databases = [folder / DATABASE for folder in list_releases(settings)]
    try:
        gather_memory(databases, settings.hidden_cells, settings.approved_cells, settings.warehouse / "memory")
    except (MemoryUnreadable, OSError, duckdb.Error) as error:
        raise Failure(f"What must stay hidden could not be gathered: {str(error).splitlines()[0]}") from error


def _add_metadata(events: list[Any], settings: Settings, record: BuildRecord) -> Iterator[Any]:
    """dagster-dbt's events with what an engineer looks for: rows, newest period, plot; and the failing rows of a test."""
    tests = {t.name: t for t in record.tests}
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        for event in events:
            if isinstance(event, AssetCheckResult) and (test := tests.get(event.check_name)) and not test.passed:
                yield event._replace(metadata={**event.metadata, **show_rows(test.rows), **_described(test)})
            elif isinstance(event, Output) and "unique_id" in (event.metadata or {}):
                table = str(event.metadata["unique_id"].value).split(".")[-1]
                yield event.with_metadata({**event.metadata, **_measure_table(connection, table)})
            else:
                yield event


def _measure_table(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, MetadataValue]:
    columns = {row[0] for row in connection.execute(f"select column_name from (describe {table})").fetchall()}
    metadata: dict[str, MetadataValue] = {"dagster/row_count": MetadataValue.int(connection.execute(f"select count(*) from {table}").fetchone()[0])}
    if {"period_end", "value"} <= columns:
        counts = connection.execute(
            f"select year(period_end), count(value) from {table} where value is not null group by all order by all"
        ).fetchall()
        newest = connection.execute(f"select max(period_end) from {table} where value is not null").fetchone()[0]
        metadata |= {"newest_period": MetadataValue.text(str(newest)), "plot": plot_counts(f"{table}: values per year", counts)}
    return metadata


def show_rows(rows: list[dict[str, Any]]) -> dict[str, MetadataValue]:
    """The failing rows of a check as a table in Dagster."""
    if not rows:
        return {}
    names = list(dict.fromkeys(name for row in rows for name in row))
    records = [TableRecord({n: "" if row.get(n) is None else str(row.get(n)) for n in names}) for row in rows]
    return {"failing_rows": MetadataValue.table(records)}


def _described(test: TestResult) -> dict[str, MetadataValue]:
    return {"failed_rows": MetadataValue.int(test.failed_rows), "message": MetadataValue.text(test.message or test.status)}


def _what_failed(settings: Settings, record: BuildRecord) -> str:
    bad = [t for t in record.tests if not t.passed and t.status not in ("skipped", "warn")]
    if bad:
        return "dbt's tests do not hold, so nothing is published: " + "; ".join(f"{t.name} ({t.message or t.status})" for t in bad)
    results = json.loads((settings.dbt_target / "run_results.json").read_bytes())["results"]
    errors = [f"- {r['unique_id'].split('.')[-1]}: {tell_error(str(r['message']))}" for r in results if r["status"] == "error"]
    return "\n".join(["dbt could not build every model, so nothing is published:", *errors])


def tell_error(message: str) -> str:
    """dbt's words about a model on one line; of a model in Python, whose message is a traceback, only what the error itself says."""
    raised = re.findall(r"^\s*[\w.]*[A-Z]\w*: (.+)$", message, re.MULTILINE) if "Traceback (most recent call last)" in message else []
    return raised[-1].strip() if raised else " ".join(message.split())


def _last_words(settings: Settings) -> str:
    """The errors in dbt's log, which has one JSON object per line."""
    log = settings.dbt_target / "dbt.log"
    said = [json.loads(line)["info"] for line in log.read_text().splitlines()] if log.exists() else []
    return "\n".join(info["msg"] for info in said if info["level"] == "error") or f"see {log}"
