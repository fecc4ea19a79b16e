"""The forms of a release: the database with its comments, Parquet, CSV, their descriptions for machines (``datapackage.json``,
``csv-metadata.json``, ``dcat.rdf``), ``quality.json`` and the quality page.

Here: writing what has been assembled, each form from the same tables and the same descriptions. Not here: which rows (assembly).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.catalogue.reader import read_publication
from naravard_pipeline.publication.assembly import Assembled
from naravard_pipeline.publication.contract import Column, Table
from naravard_pipeline.publication.credits import read_credits
from naravard_pipeline.publication.csvw import build_csvw
from naravard_pipeline.publication.datapackage import build_datapackage
from naravard_pipeline.publication.dcat import File, build_dcat
from naravard_pipeline.publication.gate import Hold, Verdict
from naravard_pipeline.publication.promise import META_DEPRECATIONS, write_deprecations
from naravard_pipeline.quality import render_quality_page
from naravard_pipeline.settings import SOURCES

META_RELEASE = Table(
    "meta_release",
    "One row: which release this is.",
    (
        Column("release_id", "varchar", "Key of the release: when it was made (UTC) and the start of its content's hash."),
        Column("published_at", "timestamp", "When it was made, UTC."),
        Column("code_version", "varchar", "Version of the pipeline that made it."),
        Column("build_id", "varchar", "The run of dbt that built the tables."),
        Column("content_hash", "varchar", "Hash of all rows and of the results of all checks."),
        Column("is_demo", "boolean", "True where every figure is made up."),
    ),
    ("release_id",),
    (),
)
META_CHECKS = Table(
    "meta_checks",
    "One row per check of this release and measure it concerns; measure_id is null where the check held, or concerns the table as a whole.",
    (
        Column("kind", "varchar", "dbt (keys, relations, arithmetic), great_expectations (plausibility) or landing (the source's answer)."),
        Column("check_name", "varchar", "The truth that the check holds."),
        Column("table_name", "varchar", "The table it looked at."),
        Column("measure_id", "varchar", "The measure whose rows broke it."),
        Column("severity", "varchar", "critical holds back what it concerns; warning only tells."),
        Column("is_passed", "boolean", "Whether it held."),
        Column("failed_rows", "bigint", "Number of rows that broke it."),
        Column("reason", "varchar", "Why it matters, or what was found."),
    ),
    ("kind", "check_name", "table_name", "measure_id"),
    (),
)
META_TABLES = (META_CHECKS, META_DEPRECATIONS, META_RELEASE)


def write_forms(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    tables: Sequence[Table],
    assembled: Assembled,
    verdict: Verdict,
    release: Mapping[str, Any],
    on_progress: Callable[[str], None],
) -> None:
    """Write every form of the release into ``folder``; ``connection`` is its database, with the assembled tables in it."""
    _write_meta(connection, verdict, assembled, release)
    write_deprecations(connection, tables)
    everything = [*tables, *META_TABLES]
    for table in everything:
        _comment(connection, table)
    on_progress("writing Parquet and CSV")
    for form in ("parquet", "csv"):
        (folder / form).mkdir()
    for table in everything:
        connection.execute(f"copy {table.name} to '{_path(folder, 'parquet', table)}' (format parquet, compression zstd)")
        connection.execute(f"copy (select {_harmless(table)} from {table.name}) to '{_path(folder, 'csv', table)}' (format csv, header)")
    held = [_held(connection, h) for h in assembled.held.values()]
    left_out = [_held(connection, h) for h in assembled.left_out.values()]
    publication = read_publication(SOURCES)
    credits = {t.name: read_credits(connection, t, release["is_demo"]) for t in everything}
    package = build_datapackage(folder, everything, release, publication, credits)
    _write_json(folder / "datapackage.json", package)
    _write_json(folder / "csv-metadata.json", build_csvw(everything, release, publication, credits))
    _write_json(folder / "quality.json", {"release": release, "held": held, "left_out": left_out, "checks": verdict.results})
    page = render_quality_page(dict(release), verdict.results, [*held, *left_out])
    (folder / "quality.html").write_text(page, encoding="utf-8")
    for attached in ("candidate", "last"):
        connection.execute(f"detach database if exists {attached}")
    connection.execute("checkpoint")
    files = [File(r["path"], r["bytes"], r["hash"].removeprefix("sha256:")) for r in package["resources"]]
    files += [_measured(folder, path) for path in sorted(folder.glob("*.duckdb"))]  # as it is now, nothing is written to it any more
    (folder / "dcat.rdf").write_bytes(build_dcat(connection, files, everything, release, publication, credits))


def _write_meta(connection: duckdb.DuckDBPyConnection, verdict: Verdict, assembled: Assembled, release: Mapping[str, Any]) -> None:
    for table in (META_RELEASE, META_CHECKS):
        connection.execute(f"create table {table.name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")
    connection.execute(
        "insert into meta_release values (?, cast(cast(? as timestamptz) at time zone 'UTC' as timestamp), ?, ?, ?, ?)",
        [release[c] for c in META_RELEASE.column_names],
    )
    rows = []
    for result in verdict.results:
        for measure_id, failed in (result["by_measure"] or {None: result["failed_rows"]}).items():
            rows.append(
                [result["kind"], result["check"], result["table"], measure_id, result["severity"], result["passed"], failed, result["reason"]]
            )
    for state in (*assembled.held.values(), *assembled.left_out.values()):
        if state.since:  # the landing said so: it alone knows since when
            rows.append(["landing", "answer_is_well_formed_and_whole", None, state.measure_id, "critical", False, 1, state.reason])
    connection.executemany("insert into meta_checks values (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _held(connection: duckdb.DuckDBPyConnection, hold: Hold) -> dict[str, Any]:
    name = connection.execute("select name_sv from dim_measures where measure_id = ?", [hold.measure_id]).fetchone()
    since = connection.execute("select min(held_since) from fct_observations where measure_id = ?", [hold.measure_id]).fetchone()[0]
    return {
        "measure_id": hold.measure_id,
        "name_sv": name[0] if name else hold.measure_id,
        "held_reason": hold.reason_sv,
        "held_since": since.isoformat(timespec="seconds") if since else None,
    }


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.execute(f"comment on table {table.name} is {_quoted(table.description)}")
    for column in table.columns:
        connection.execute(f"comment on column {table.name}.{column.name} is {_quoted(column.description)}")


def _harmless(table: Table) -> str:
    """The columns for CSV. A text that a spreadsheet would run as a formula gets an apostrophe in front, as such programs write it themselves."""
    return ", ".join(
        f"case when regexp_matches({c.name}, '^[=+@＝＋－＠\\t\\r-]') then '''' || {c.name} else {c.name} end as {c.name}"
        if c.type == "varchar"
        else c.name
        for c in table.columns
    )


def _path(folder: Path, form: str, table: Table) -> str:
    return str(folder / form / f"{table.name}.{form}").replace("'", "''")


def _measured(folder: Path, path: Path) -> File:
    with open(path, "rb") as file:
        return File(path.relative_to(folder).as_posix(), path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
