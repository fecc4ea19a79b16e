"""The forms of a release: the database with its comments, Parquet, CSV, ``datapackage.json``, ``quality.json`` and the quality page.

Here: writing what has been assembled, each form from the same tables and the same descriptions. Not here: which rows (assembly).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.publication.assembly import Assembled
from naravard_pipeline.publication.changes_page import render_changes_page
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.datapackage import build_datapackage
from naravard_pipeline.publication.decisions import Entry
from naravard_pipeline.publication.gate import Hold, Verdict
from naravard_pipeline.publication.meta import META_TABLES, write_meta
from naravard_pipeline.quality import render_quality_page


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
) -> None:
    """Write every form of the release into ``folder``; ``connection`` is its database, with the assembled tables in it.

    ``log`` are all decisions up to this release, its own among them; ``changes`` what it changes.
    """
    write_meta(connection, tables, verdict, assembled, release, log)
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
    _write_json(folder / "datapackage.json", build_datapackage(connection, folder, everything, release))
    _write_json(
        folder / "quality.json",
        {"release": release, "held": held, "left_out": left_out, "corrections": _read_corrections(connection), "checks": verdict.results},
    )
    _write_json(folder / "changes.json", changes)
    (folder / "changes.html").write_text(render_changes_page(changes, approve=None), encoding="utf-8")
    page = render_quality_page(dict(release), verdict.results, [*held, *left_out], _read_corrections(connection))
    (folder / "quality.html").write_text(page, encoding="utf-8")
    for attached in ("candidate", "last"):
        connection.execute(f"detach database if exists {attached}")
    connection.execute("checkpoint")


def _read_corrections(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = connection.execute(
        "select coalesce(m.name_sv, c.measure_id) as name_sv, c.* from meta_corrections as c left join dim_measures as m using (measure_id) "
        "order by c.number desc"
    )
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _held(connection: duckdb.DuckDBPyConnection, hold: Hold) -> dict[str, Any]:
    name = connection.execute("select name_sv from dim_measures where measure_id = ?", [hold.measure_id]).fetchone()
    since = connection.execute("select min(held_since) from fct_observations where measure_id = ?", [hold.measure_id]).fetchone()[0]
    return {
        "measure_id": hold.measure_id,
        "name_sv": name[0] if name else hold.measure_id,
        "held_reason": hold.reason_sv,
        "held_since": since.isoformat(timespec="seconds") if since else None,
        "kind": hold.kind,
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


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
