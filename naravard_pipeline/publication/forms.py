"""The forms of a release: the database with its comments, Parquet, CSV, their descriptions for machines (``datapackage.json``,
``csv-metadata.json``, ``dcat.rdf``), ``quality.json`` and the quality page, and the site.

Here: writing what has been assembled, each form from the same tables and the same descriptions. Not here: which rows (assembly).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.catalogue.marts import mart_name
from naravard_pipeline.catalogue.reader import read_publication
from naravard_pipeline.pages.rows import read_rows
from naravard_pipeline.publication.assembly import Assembled
from naravard_pipeline.publication.changes_page import render_changes_page
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.credits import read_credits
from naravard_pipeline.publication.csvw import build_csvw
from naravard_pipeline.publication.datapackage import build_datapackage
from naravard_pipeline.publication.dcat import File, build_dcat
from naravard_pipeline.publication.decisions import Entry
from naravard_pipeline.publication.gate import Hold, Verdict
from naravard_pipeline.publication.held_marts import has_table
from naravard_pipeline.publication.measure_pages import write_measure_pages
from naravard_pipeline.publication.meta import META_HOLDS, META_TABLES, write_meta
from naravard_pipeline.publication.notices import PAGE
from naravard_pipeline.quality import render_quality_page
from naravard_pipeline.settings import SOURCES
from naravard_pipeline.site import build_site, write_site


def write_forms(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    tables: Sequence[Table],
    assembled: Assembled,
    verdict: Verdict,
    release: Mapping[str, Any],
    log: Sequence[Entry],
    changes: Mapping[str, Any],
    on_progress: Callable[[str], None],
    last: Path | None = None,
) -> None:
    """Write every form of the release into ``folder``; ``connection`` is its database, with the assembled tables in it.

    ``log`` are all decisions up to this release, its own among them; ``changes`` what it changes;
    ``last`` the folder of the release before.
    """
    write_meta(connection, tables, verdict, assembled, release, log)
    everything = [*tables, *META_TABLES]
    on_progress("writing Parquet and CSV")
    _write_tables(connection, folder, everything)
    _write_reports(connection, folder, assembled, verdict, release, changes, last)
    for attached in ("candidate", "last"):
        connection.execute(f"detach database if exists {attached}")
    connection.execute("checkpoint")
    _write_descriptions(connection, folder, everything, release)


def _write_tables(connection: duckdb.DuckDBPyConnection, folder: Path, tables: Sequence[Table]) -> None:
    for form in ("parquet", "csv"):
        (folder / form).mkdir()
    for table in tables:
        _comment(connection, table)
        connection.execute(f"copy {table.name} to '{_path(folder, 'parquet', table)}' (format parquet, compression zstd)")
        connection.execute(f"copy (select {_harmless(table)} from {table.name}) to '{_path(folder, 'csv', table)}' (format csv, header)")


def _write_reports(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    assembled: Assembled,
    verdict: Verdict,
    release: Mapping[str, Any],
    changes: Mapping[str, Any],
    last: Path | None,
) -> None:
    """What was checked and held, and what has changed: each as JSON and as a page; and the site, of which the pages about the measures are a part."""
    held = [_held(connection, h) for h in assembled.held.values()]
    left_out = [_held(connection, h) for h in assembled.left_out.values()]
    corrections = _read_corrections(connection)
    # The samples of failing rows are the candidate's: of a measure that waits for a person they would tell what nobody has approved.
    waiting = {h.measure_id for h in (*assembled.held.values(), *assembled.left_out.values()) if h.kind == "review"}
    checks = [c | {"rows": [row for row in c["rows"] if row.get("measure_id") not in waiting]} for c in verdict.results]
    quality = {"release": release, "held": held, "left_out": left_out, "corrections": corrections, "checks": checks}
    _write_json(folder / "quality.json", quality)
    _write_json(folder / "changes.json", changes)
    told = {**release, "has_notices": (folder.parents[1] / PAGE).exists()}  # what is decided after a release stands beside it, not in it
    page = render_quality_page(told, checks, [*held, *left_out], corrections, _name_marts(connection), _name_measures(connection))
    (folder / "quality.html").write_text(page, encoding="utf-8")
    with_page = [n for n in corrections if n["has_page"]]
    page = render_changes_page(changes, None, [*held, *left_out], with_page, has_notices=told["has_notices"])
    (folder / "changes.html").write_text(page, encoding="utf-8")
    site = build_site(connection, told, last)
    write_site(site, folder)
    write_measure_pages(connection, folder, told, site.of_measures)


def _write_descriptions(connection: duckdb.DuckDBPyConnection, folder: Path, tables: Sequence[Table], release: Mapping[str, Any]) -> None:
    """The release described for machines. Nothing is written to the database any more, so that its size and hash are what they will be."""
    publication = read_publication(SOURCES)
    credits = {t.name: read_credits(connection, t, release["is_demo"]) for t in tables}
    package = build_datapackage(folder, tables, release, publication, credits)
    _write_json(folder / "datapackage.json", package)
    _write_json(folder / "csv-metadata.json", build_csvw(tables, release, publication, credits))
    files = [File(r["path"], r["bytes"], r["hash"].removeprefix("sha256:")) for r in package["resources"]]
    files += [_measured(folder, path) for path in sorted(folder.glob("*.duckdb"))]
    (folder / "dcat.rdf").write_bytes(build_dcat(connection, files, tables, release, publication, credits))


def _read_corrections(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The notices, the newest first, with names; ``has_page`` where the measure is still published; ``released_at``: when what they are about was."""
    names = {row["area_code"]: row["name_sv"] for row in read_rows(connection, "select area_code, name_sv from dim_areas")}
    notices = read_rows(
        connection,
        "select coalesce(m.name_sv, c.measure_id) as name_sv, c.*, m.measure_id is not null as has_page, "
        "(select max(a.decided_at) from meta_approvals as a where a.action = 'released' and a.release_id = c.release_id) as released_at "
        "from meta_corrections as c "
        "left join dim_measures as m using (measure_id) order by c.number desc",
    )
    return [n | {"area_name_sv": names.get(n["area_code"], n["area_code"])} for n in notices]


def _name_marts(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Mart → its goal area's name, with the framework's where there are several frameworks."""
    if not has_table(connection, "release", "dim_goal_areas"):
        return {}
    found = connection.execute(
        "select g.framework_id, g.goal_area_id, g.name_sv, f.name_sv, (select count(*) from dim_frameworks) from dim_goal_areas as g "
        "join dim_frameworks as f using (framework_id)"
    ).fetchall()
    return {mart_name(framework, area): f"{name}, {of}" if frameworks > 1 else name for framework, area, name, of, frameworks in found}


def _name_measures(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("select measure_id, name_sv from dim_measures").fetchall())


def _held(connection: duckdb.DuckDBPyConnection, hold: Hold) -> dict[str, Any]:
    name = connection.execute("select name_sv from dim_measures where measure_id = ?", [hold.measure_id]).fetchone()
    [since, state] = connection.execute(f"select held_since, state from {META_HOLDS.name} where measure_id = ?", [hold.measure_id]).fetchone()
    return {
        "measure_id": hold.measure_id,
        "name_sv": name[0] if name else hold.measure_id,
        "held_reason": hold.reason_sv,
        "held_since": since.isoformat(timespec="seconds") if since else None,
        "kind": hold.kind,
        "is_left_out": state == "left_out",
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
