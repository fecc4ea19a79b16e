"""The memory of figures that were taken back: each cell of a release that was undone and that said something else than the one gone back to.

``$NARAVARD_HOME/decisions/taken_back/<number>.parquet``, named by the number of its rollback in the log, which has the file's hash. Never pruned; a
cell with the same figures is written once, so it grows with what was taken back and not with the number of rollbacks.
Here: writing it, and which of these cells a candidate brings again. Not here: the rollback (rollback), what waiting means (approval).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.landing.atomic import parquet_bytes, replace_file
from naravard_pipeline.publication.content import OBSERVATIONS, differing_measures
from naravard_pipeline.publication.decisions import REMEDY, Entry, LogError
from naravard_pipeline.publication.findings import Finding
from naravard_pipeline.publication.folders import DATABASE
from naravard_pipeline.publication.hidden_cells import CELL
from naravard_pipeline.settings import Settings

_TYPES = dict.fromkeys(CELL, "varchar") | {"period_start": "date", "period_end": "date"}
_FIGURES = dict.fromkeys(("value", "numerator", "denominator", "ci_lower", "ci_upper"), "double") | {"status": "varchar", "suppression": "varchar"}
_SHOWN = ("value", "status", "suppression")


@dataclass(frozen=True)
class Again:
    """What a candidate's measure brings again: how many cells that were taken back, and why they were, by the last such decision."""

    cells: int
    reason_sv: str


def remember_taken_back(settings: Settings, number: int, back: Path, taken: Sequence[Path], entries: Sequence[Entry]) -> dict[str, Any]:
    """Write what each release in ``taken`` shows otherwise than ``back``; returns what the log's entry ``number`` says of it: ``file``, ``sha256``,
    ``measures`` (measure → cells). Raises ``duckdb.Error`` or ``OSError``; then nothing that counts is written."""
    columns = {**_TYPES, **_FIGURES, "is_absent": "boolean", "is_of_value": "boolean"}
    with duckdb.connect() as connection:
        connection.execute(f"create table cells ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        connection.execute(f"attach {_quoted(back / DATABASE)} as back (read_only)")
        for folder in taken:
            connection.execute(f"attach {_quoted(folder / DATABASE)} as now (read_only)")
            _compare(connection)
            connection.execute("detach now")
        told = ", ".join(columns)
        counts = dict(connection.execute("select measure_id, count(*) from (select distinct * from cells) group by measure_id order by 1").fetchall())
        earlier = " union all ".join(f"select {told} from read_parquet({_quoted(path)})" for path in _verified(settings, entries))
        known = f"except ({earlier})" if earlier else ""
        table = connection.execute(
            f"select * from (select distinct {told} from cells {known}) order by {', '.join(CELL)}, value, status"
        ).to_arrow_table()
    data = parquet_bytes(table)
    path = _folder(settings) / f"{number:06d}.parquet"
    replace_file(path, data)
    return {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "measures": counts}


def find_again(settings: Settings, connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> dict[str, Again]:
    """Measures of the attached ``candidate`` that bring again what was taken back and what the attached ``last`` does not show.

    The same value is the same figure, whatever else has changed about it. Raises ``LogError`` where a file of the memory is gone or was changed.
    """
    paths = _verified(settings, entries)
    if not paths:
        return {}
    attached = {name for (name,) in connection.execute("select database_name from duckdb_databases()").fetchall()}
    reasons = {f"{_folder(settings) / _of(e)['file']}": e.reason_sv for e in entries if _of(e)}
    found: dict[str, Again] = {}
    connection.execute(
        f"create or replace temp table was_taken_back as select * from read_parquet([{', '.join(map(_quoted, paths))}], filename = true) "
        "where measure_id in (select measure_id from candidate.main.dim_measures where status <> 'draft')"
    )
    comes, was, is_shown, joined = f"{_is_same('c')}", "true", "false", ""
    if "last" in attached:
        joined = f"left join {_rows(connection, 'last')} as l on {_is_cell('l')}"
        was, is_shown = "l.measure_id is not null", f"l.measure_id is not null and {_is_same('l')}"
    query = (
        f"select r.measure_id, count(*), max(r.filename) from was_taken_back as r "
        f"left join {_rows(connection, 'candidate')} as c on {_is_cell('c')} {joined} "
        f"where case when r.is_absent then c.measure_id is null and {was} else c.measure_id is not null and {comes} and not ({is_shown}) end "
        "group by r.measure_id"
    )
    for measure_id, cells, path in connection.execute(query).fetchall():
        found[measure_id] = Again(cells, reasons[path])
    connection.execute("drop table was_taken_back")
    return found


def find_unknown(connection: duckdb.DuckDBPyConnection, entries: Sequence[Entry]) -> dict[str, Finding]:
    """Measures of the attached ``candidate`` with other figures than the attached ``last``, where it is not known what was taken back of them and
    nobody has approved them since: each is looked at once."""
    reasons, looked_at = _unknown(entries)
    attached = {name for (name,) in connection.execute("select database_name from duckdb_databases()").fetchall()}
    if not reasons or "last" not in attached:
        return {}
    told = connection.execute("select measure_id from candidate.main.dim_measures where status <> 'draft'").fetchall()
    changed = differing_measures(connection, "last", "candidate") & {m for (m,) in told} - looked_at
    sv = f"Vad som har återtagits går inte längre att läsa, så varje ändring granskas en gång: {reasons[-1]}"
    en = f"What was taken back cannot be read any more, so each change is looked at once: {reasons[-1]}"
    return {m: Finding("taken_back", sv, en, 1) for m in sorted(changed)}


def _unknown(entries: Sequence[Entry]) -> tuple[list[str], set[str]]:
    """Why something was taken back that is not known any more, and the measures that a person has approved since."""
    reasons, looked_at = [], set()
    for entry in entries:
        if "unknown" in entry.details:
            reasons.append(entry.reason_sv)
            looked_at.clear()
        elif entry.action == "approved" and entry.measure_id:
            looked_at.add(entry.measure_id)
    return reasons, looked_at


def _compare(connection: duckdb.DuckDBPyConnection) -> None:
    """Put what the attached ``now`` shows otherwise than ``back`` into ``cells``."""
    connection.execute(
        "create or replace temp table differing as select unnest(?::varchar[]) as measure_id", [sorted(differing_measures(connection, "back", "now"))]
    )
    for database in ("back", "now"):
        rows = f"select * from {_rows(connection, database)} where measure_id in (select measure_id from differing)"
        connection.execute(f"create or replace temp table {database}_rows as {rows}")
    same = " and ".join(f"b.{c} is not distinct from n.{c}" for c in CELL)
    differs = "b.measure_id is null or " + " or ".join(f"b.{c} is distinct from n.{c}" for c in _SHOWN)
    differs_at_all = "b.measure_id is null or " + " or ".join(f"b.{c} is distinct from n.{c}" for c in _FIGURES)
    now, gone = (", ".join(f"{alias}.{c}" for c in columns) for alias, columns in (("n", [*CELL, *_FIGURES]), ("b", CELL)))
    connection.execute(
        f"insert into cells select {now}, false, ({differs}) from now_rows as n left join back_rows as b on {same} where {differs_at_all}"
    )
    nothing = ", ".join(f"null::{kind}" for kind in _FIGURES.values())
    connection.execute(f"insert into cells select {gone}, {nothing}, true, true from back_rows as b anti join now_rows as n on {same}")


def _rows(connection: duckdb.DuckDBPyConnection, database: str) -> str:
    """The observations of an attached database in this memory's columns; what an older release has not is null."""
    there = {row[0] for row in connection.execute(f"select column_name from (describe {database}.main.{OBSERVATIONS})").fetchall()}
    told = ", ".join(name if name in there else f"cast(null as {kind}) as {name}" for name, kind in {**_TYPES, **_FIGURES}.items())
    return f"(select {told} from {database}.main.{OBSERVATIONS})"


def _is_cell(alias: str) -> str:
    return " and ".join(f"r.{c} is not distinct from {alias}.{c}" for c in CELL)


def _is_same(alias: str) -> str:
    """Of one cell: the value that was taken back; where that was no other than the one gone back to, with all that was."""
    alike = " and ".join(f"r.{c} is not distinct from {alias}.{c}" for c in _FIGURES)
    shown = " and ".join(f"r.{c} is not distinct from {alias}.{c}" for c in _SHOWN)
    near = f"abs(r.value - {alias}.value) <= 1e-9 * abs(r.value)"
    return f"case when not r.is_of_value then {alike} when r.value is null then {shown} else coalesce({near}, false) end"


def _verified(settings: Settings, entries: Sequence[Entry]) -> list[Path]:
    """The files that the log names, each the one it means; those whose loss a person took upon them are left out."""
    if lost := find_lost(settings, entries):
        path = _folder(settings) / _of(entries[lost[0] - 1])["file"]
        raise LogError(
            f"{path} {'has been changed' if path.exists() else 'is not there'}: it holds what decision {lost[0]} took back, and that could come out "
            f"again. {REMEDY}"
        )
    return [_folder(settings) / told["file"] for e in entries if (told := _of(e)) and e.number not in _forgotten(entries)]


def find_lost(settings: Settings, entries: Sequence[Entry]) -> list[int]:
    """The decisions whose file is gone or was changed, by number; not those whose loss a person took upon them."""
    lost, forgotten = [], _forgotten(entries)
    for entry in entries:
        if (told := _of(entry)) and entry.number not in forgotten:
            path = _folder(settings) / told["file"]
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != told["sha256"]:
                lost.append(entry.number)
    return lost


def _forgotten(entries: Sequence[Entry]) -> set[int]:
    return {number for e in entries for number in e.details.get("forgotten", ())}


def _of(entry: Entry) -> Mapping[str, Any] | None:
    return entry.details.get("cells") if entry.action == "rolled_back" else None


def _folder(settings: Settings) -> Path:
    return settings.decisions / "taken_back"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
