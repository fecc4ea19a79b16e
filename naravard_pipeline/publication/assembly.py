"""The rows of a release: the candidate's, except where a measure is held; its rows are the last release's, in every table, and say so.

Here: SQL over three attached databases (the new one, ``candidate``, ``last``).
Not here: held measures in the marts (held_marts), files and links (release), forms (forms).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb

from naravard_pipeline.pages.swedish import in_sweden
from naravard_pipeline.publication.aggregates import AGGREGATES, aggregate_rows_sql, find_mixed_sql
from naravard_pipeline.publication.build import fingerprint, fingerprints
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.decisions import Entry
from naravard_pipeline.publication.gate import Candidate, GateClosed, Hold, Verdict
from naravard_pipeline.publication.held_marts import columns_of_last, find_held_marts, has_table, held_column, held_rows_of_mart

INDICATOR_COLUMNS = {"framework_id", "goal_area_id", "goal_area_name_sv", "indicator_id", "indicator_name_sv", "indicator_sort_order"}
FLAGS = {"has_figures", "is_held"}
OF_THE_CATALOGUE = {"bridge_indicator_measures", "bridge_goal_area_measures", "bridge_initiative_measures", "bridge_initiative_marks", "dim_rebases"}
CORRECTION = "correction_sv"  # of a mart, where readers need no join to see that a figure was wrong
HOLDS = "meta_holds"  # of the release: every measure that is held or left out, and why
PUBLISHED = "('published', 'planned', 'retired')"  # a draft goes through everything but this


@dataclass(frozen=True)
class Assembled:
    """``held`` show their last released figures, ``left_out`` have none to show; ``since`` when either was first so, UTC. ``content_hash`` covers
    every row but the release's own date.
    """

    held: Mapping[str, Hold]
    left_out: Mapping[str, Hold]
    row_counts: Mapping[str, int]
    content_hash: str
    since: Mapping[str, datetime] = field(default_factory=dict)


def read_candidate(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> Candidate:
    """What the gate looks at. Raises ``GateClosed`` where the tables are not even there."""
    try:
        measures = connection.execute("select measure_id, source_id, status from candidate.main.dim_measures").fetchall()
        snapshots = connection.execute("select distinct measure_id, snapshot_id from candidate.main.fct_observations").fetchall()
    except duckdb.CatalogException as error:
        raise GateClosed([f"The warehouse lacks a table ({str(error).splitlines()[0]}). Run the whole job: naravard run"]) from error
    published = {measure_id: source_id for measure_id, source_id, status in measures if status == "published"}
    drafts = frozenset(measure_id for measure_id, _, status in measures if status == "draft")
    return Candidate(fingerprints(connection, tables, "candidate"), published, dict(snapshots), drafts)


def read_previous(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """The last release's row of ``meta_release``; None where there is no last release."""
    if not has_table(connection, "last", "meta_release"):
        return None
    found = connection.execute("select * from last.main.meta_release")
    return dict(zip([d[0] for d in found.description], found.fetchone(), strict=True))


def assemble(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], verdict: Verdict, now: datetime, corrections: Sequence[Entry] = ()
) -> Assembled:
    """Create every published table in the connection's own database. Raises ``GateClosed`` if keys or relations break in what comes out.

    ``corrections`` count as content: a new notice is a reason for a new release.
    """
    held, left_out = _split(connection, verdict.holds)
    _remember(connection, "holds", held, now)
    _remember(connection, "left_out", left_out, now)
    _keep_first_dates(connection)
    connection.execute(f"create temp table shown as select measure_id from candidate.main.dim_measures where status in {PUBLISHED}")
    connection.execute(
        f"create temp table accepted as select measure_id from candidate.main.dim_measures where status in {PUBLISHED} "
        "and measure_id not in (select measure_id from holds)"
    )
    if any(table.name in AGGREGATES for table in tables):
        connection.execute(find_mixed_sql(has_table(connection, "last", "fct_composite_parts")))
    find_held_marts(connection)
    for table in tables:
        connection.execute(f"create table {table.name} as {_rows_sql(connection, table)} order by {', '.join(table.key) or 'all'}")
        if "has_figures" in table.column_names:
            connection.execute(_lost_indicators_sql(table))
        if corrections and CORRECTION in table.column_names:
            _tell_corrections(connection, table, corrections)
    _verify(connection, tables)
    counts = {t.name: connection.execute(f"select count(*) from {t.name}").fetchone()[0] for t in tables}
    if not counts.get("fct_observations"):
        raise GateClosed(["No figure of any measure may go out, so there is nothing to publish. See naravard status."])
    digest = hashlib.sha256()
    for table in tables:
        digest.update(f"{table} {fingerprint(connection, table.name)}\n".encode())
    for result in verdict.results:
        digest.update(f"{result['suite']}.{result['check']} {result['passed']} {result['failed_rows']}\n".encode())
    for notice in corrections:
        digest.update(f"correction {notice.number} {notice.at}\n".encode())
    since = dict(connection.execute("select measure_id, held_since from holds union all select measure_id, held_since from left_out").fetchall())
    return Assembled(held, left_out, counts, digest.hexdigest(), since)


def _split(connection: duckdb.DuckDBPyConnection, holds: Mapping[str, Hold]) -> tuple[dict[str, Hold], dict[str, Hold]]:
    """Held measures with released figures, and those without. A measure that has left the catalogue, or is not for readers, is neither."""
    query = f"select measure_id, computed_from from candidate.main.dim_measures where status in {PUBLISHED}"
    shown = dict(connection.execute(query).fetchall())
    holds = {**holds, **_derived_holds(shown, holds)}
    released = set()
    if has_table(connection, "last", "fct_observations"):
        released = {row[0] for row in connection.execute("select distinct measure_id from last.main.fct_observations").fetchall()}
    ours = {m: h for m, h in sorted(holds.items()) if m in shown}
    return {m: h for m, h in ours.items() if m in released}, {m: h for m, h in ours.items() if m not in released}


def _derived_holds(shown: Mapping[str, str | None], holds: Mapping[str, Hold]) -> dict[str, Hold]:
    """What is computed from a held measure is held with it: its parts would be of two releases."""
    derived = {}
    for measure_id, inputs in shown.items():
        bad = [holds[i] for i in (inputs or "").split(",") if i in holds]
        if bad and measure_id not in holds:
            reason = f"computed from {bad[0].measure_id}, which is held: {bad[0].reason}"
            reason_sv = f"Beräknas ur ett mått som hålls tillbaka ({bad[0].measure_id}). {bad[0].reason_sv}"
            derived[measure_id] = Hold(measure_id, bad[0].kind, reason, reason_sv, bad[0].since)
    return derived


def _remember(connection: duckdb.DuckDBPyConnection, name: str, holds: Mapping[str, Hold], now: datetime) -> None:
    """The holds as a temporary table of this connection, which the rows of a release and its own word on them are made from."""
    connection.execute(f"create temp table {name} (measure_id varchar, held_reason varchar, held_since timestamp)")
    rows = [[h.measure_id, h.reason_sv, (h.since or now).astimezone(UTC).replace(tzinfo=None)] for h in holds.values()]
    if rows:
        connection.executemany(f"insert into {name} values (?, ?, ?)", rows)


def _keep_first_dates(connection: duckdb.DuckDBPyConnection) -> None:
    """A measure that was held already has been held since then; one that was kept out already, since it first was."""
    if has_table(connection, "last", "fct_observations"):
        connection.execute(
            "update holds set held_since = l.held_since from (select measure_id, min(held_since) as held_since from last.main.fct_observations "
            "where is_held group by measure_id) as l where l.measure_id = holds.measure_id and l.held_since is not null"
        )
    if has_table(connection, "last", HOLDS):
        connection.execute(
            f"update left_out set held_since = l.held_since from last.main.{HOLDS} as l where l.measure_id = left_out.measure_id "
            "and l.held_since is not null"
        )


def _rows_sql(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    columns = ", ".join(table.column_names)
    if table.name in AGGREGATES:
        return aggregate_rows_sql(table, columns_of_last(connection, table.name))
    if not table.is_by_measure:
        return f"select {columns} from candidate.main.{table.name}"
    # What describes a measure stays although its figures are left out; the figures themselves go.
    if table.name in OF_THE_CATALOGUE:  # where a measure belongs is the catalogue's word, whatever becomes of its figures
        return f"(select {columns} from candidate.main.{table.name} where measure_id in (select measure_id from shown))"
    if table.name == "dim_segments" and not has_table(connection, "last", table.name):  # held figures of a release that had no such table yet
        return f"(select {columns} from candidate.main.{table.name} where measure_id in (select measure_id from shown))"
    describes = table.name == "dim_measures"
    without = "" if describes else " and measure_id not in (select measure_id from left_out)"
    parts = [
        f"select {columns} from candidate.main.{table.name} where measure_id is null or (measure_id in (select measure_id from accepted){without})"
    ]
    if "has_figures" in table.column_names:
        parts += held_rows_of_mart(connection, table)
    elif there := columns_of_last(connection, table.name):
        kept = ", ".join(held_column(c.name, c.type, there) for c in table.columns)
        still = ""
        if table.name == "fct_initiative_effects":  # an initiative that left the register takes its effects along
            still = " where l.initiative_id in (select initiative_id from candidate.main.dim_initiatives)"
        parts.append(f"select {kept} from last.main.{table.name} as l join holds using (measure_id){still}")
    return "(" + " union all ".join(parts) + ")"


def _lost_indicators_sql(table: Table) -> str:
    """An indicator of which nothing may be shown is a gap, not absent."""
    columns = ", ".join(_gap_column(c.name, c.type) for c in table.columns)
    return (
        f"insert into {table.name} select distinct {columns} from candidate.main.{table.name} "
        f"where indicator_id not in (select indicator_id from {table.name})"
    )


def _gap_column(name: str, kind: str) -> str:
    return name if name in INDICATOR_COLUMNS else f"false as {name}" if name in FLAGS else f"cast(null as {kind}) as {name}"


def _tell_corrections(connection: duckdb.DuckDBPyConnection, table: Table, corrections: Sequence[Entry]) -> None:
    """Every row of a mart whose figure a notice is about says so; a notice without area or period is about all of them."""
    connection.execute(
        "create or replace temp table notices (number bigint, measure_id varchar, area_code varchar, period_label varchar, text_sv varchar)"
    )
    rows = [
        [
            c.number,
            c.measure_id,
            c.details.get("area_code"),
            c.details.get("period_label"),
            f"{in_sweden(datetime.fromisoformat(c.at)).date()}: {c.reason_sv}",
        ]
        for c in corrections
    ]
    connection.executemany("insert into notices values (?, ?, ?, ?, ?)", rows)
    matches = ["n.measure_id = m.measure_id"]
    matches += [f"(n.{c} is null or n.{c} = m.{c})" for c in ("area_code", "period_label") if c in table.column_names]
    connection.execute(
        f"update {table.name} as m set {CORRECTION} = (select string_agg(n.text_sv, ' ' order by n.number desc) from notices as n "
        f"where {' and '.join(matches)}) where m.measure_id in (select measure_id from notices)"
    )


def _verify(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """dbt tested the candidate; what goes out may mix two builds, so keys and relations are asked for again."""
    failures = []
    for table in tables:
        if table.key:
            key = ", ".join(table.key)
            twice = connection.execute(f"select count(*) from (select 1 from {table.name} group by {key} having count(*) > 1)").fetchone()[0]
            if twice:
                failures.append(f"{table.name}: {twice} keys ({key}) would stand there more than once in the release.")
        for relation in table.relations:
            lost = connection.execute(
                f"select count(distinct {relation.column}) from {table.name} where {relation.column} is not null "
                f"and {relation.column} not in (select {relation.to_column} from {relation.to_table})"
            ).fetchone()[0]
            if lost:
                failures.append(f"{table.name}.{relation.column}: {lost} values would point at nothing in {relation.to_table}.")
    if failures:
        raise GateClosed(failures)
