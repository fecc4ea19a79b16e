"""What a decision about a measure is bound to: the exact rows that would go out for it, as one hash; and how long it is.

Here: hashes of a measure's rows, which approvals have ended. Not here: the fingerprint of a whole table within one build (build), the log
(decisions).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import duckdb

from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.decisions import Entry, Standing

OBSERVATIONS = "fct_observations"
# What a reader takes for the figure: where, when, for whom, how much. Which answer it came from, or when it was built, is not part of it.
FIGURE_COLUMNS = (
    "measure_id",
    "area_code",
    "period_start",
    "period_end",
    "sex",
    "age_group",
    "reporter",
    "value",
    "numerator",
    "denominator",
    "ci_lower",
    "ci_upper",
    "status",
    "suppression",
)
HOLD_COLUMNS = frozenset({"is_held", "held_reason", "held_since", "correction_sv"})  # the release's own word on a measure, not the measure's content


def content_hashes(
    connection: duckdb.DuckDBPyConnection, database: str, tables: Sequence[Table], measures: Iterable[str], but: str | None = None
) -> dict[str, str]:
    """Measure → hash of all its rows in every published table of the attached ``database``: if a byte changes, so does the hash.

    ``but``: a table to leave out.
    """
    digests = {measure_id: hashlib.sha256() for measure_id in measures}
    for table in tables:
        if table.is_by_measure and table.name != but:
            columns = [c for c in table.column_names if c not in HOLD_COLUMNS]
            found = _hash_rows(connection, f"{database}.main.{table.name}", columns, digests)
            for measure_id, digest in digests.items():
                digest.update(f"{table.name}({','.join(columns)}) {found.get(measure_id, 'none')}\n".encode())
    return {measure_id: digest.hexdigest() for measure_id, digest in digests.items()}


def differing_measures(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> set[str]:
    """Measures whose figures are not the same in the two attached databases, by DuckDB's fast row hash."""
    prints = []
    for database in (one, other):
        there = {row[0] for row in connection.execute(f"select column_name from (describe {database}.main.{OBSERVATIONS})").fetchall()}
        columns = ", ".join(c for c in FIGURE_COLUMNS if c in there)
        query = f"select measure_id, count(*), sum(cast(hash({columns}) as hugeint)) from {database}.main.{OBSERVATIONS} group by measure_id"
        prints.append({measure_id: rest for measure_id, *rest in connection.execute(query).fetchall()})
    return {m for m in {*prints[0], *prints[1]} if prints[0].get(m) != prints[1].get(m)}


def without_ended(standing: Standing, entries: Iterable[Entry]) -> Standing:
    """Leave out the approvals after which something else of their measure has been released: whoever approved did not see these rows come back.

    ``details`` of a release has ``contents``: measure → content hash of what went out of the measures that had an approval, held ones left out. A
    release whose entry the next run had to write has none, and every approval before it has ended: what had gone out needs none any more.
    """
    given: set[tuple[str, str]] = set()
    ended: set[tuple[str, str]] = set()
    for entry in entries:
        match entry.action:
            case "approved" if entry.measure_id:
                pair = (entry.measure_id, entry.content_hash or "")
                given.add(pair)
                ended.discard(pair)
            case "released":
                contents = entry.details.get("contents")
                ended |= {(m, approved) for m, approved in given if contents is None or contents.get(m, approved) != approved}
    return replace(standing, approved={m: {h for h in hashes if (m, h) not in ended} for m, hashes in standing.approved.items()})


def _hash_rows(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], measures: Iterable[str]) -> dict[str, str]:
    """Two independent 128-bit sums over the MD5 of each row's text, so that no order of millions of rows has to be made first."""
    row = f"cast(row({', '.join(columns)}) as varchar)"
    query = (
        f"select measure_id, count(*), sum(cast(md5_number_lower(r) as hugeint)), sum(cast(md5_number_upper(r) as hugeint)), bit_xor(md5_number(r)) "
        f"from (select measure_id, {row} as r from {table} where measure_id in (select unnest(?::varchar[]))) group by measure_id"
    )
    found = connection.execute(query, [sorted(measures)]).fetchall()
    return {measure_id: hashlib.sha256(repr(rest).encode()).hexdigest() for measure_id, *rest in found}
