"""The tables in which a release speaks of itself: which it is, what was checked, what was decided, what was corrected.

Here: their columns and their rows. Not here: figures (assembly), files (forms).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from naravard_pipeline.publication.assembly import HOLDS, Assembled
from naravard_pipeline.publication.contract import Column, Table
from naravard_pipeline.publication.decisions import Entry
from naravard_pipeline.publication.gate import Verdict
from naravard_pipeline.publication.promise import META_DEPRECATIONS, write_deprecations

META_RELEASE = Table(
    "meta_release",
    "One row: which release this is.",
    (
        Column("release_id", "varchar", "Key of the release: when it was made (UTC) and the start of its content's hash."),
        Column("published_at", "timestamp", "When it was made, UTC."),
        Column("code_version", "varchar", "Version of the pipeline that made it."),
        Column("build_id", "varchar", "The run of dbt that built the tables."),
        Column("content_hash", "varchar", "Hash of all rows and of the results of all checks."),
        Column(
            "contract_version", "varchar", "Version of the contract of tables and columns; its major part rises when an announced change is made."
        ),
        Column("is_demo", "boolean", "True where every figure is made up."),
    ),
    ("release_id",),
    (),
)
META_CHECKS = Table(
    "meta_checks",
    "One row per check of this release and measure it concerns; measure_id is null where the check held, or concerns the table as a whole.",
    (
        Column(
            "kind",
            "varchar",
            "dbt (keys, relations, arithmetic), great_expectations (plausibility), landing (the source's answer) or review (what a person must "
            "look at first).",
        ),
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

META_APPROVALS = Table(
    "meta_approvals",
    "One row per decision, from the first one on: what was published, approved, taken back or corrected, when and in which role. Names stay inside.",
    (
        Column("number", "bigint", "Number of the decision; the log has no gaps."),
        Column("decided_at", "timestamp", "When, UTC."),
        Column(
            "action",
            "varchar",
            "released, approved, rolled_back, corrected, answer_accepted (a source's answer although it had shrunk) or "
            "revealed (hidden cells may be shown).",
        ),
        Column("role", "varchar", "Who decided: statistician, data_engineer, steering_group, or automatic where the measure's tolerances allow it."),
        Column("measure_id", "varchar", "The measure it is about; null where it is about a release."),
        Column("release_id", "varchar", "The release it is about: published, gone back to, or corrected."),
        Column("content_hash", "varchar", "What it is bound to: with a byte changed, an approval counts no more."),
        Column("reason_sv", "varchar", "Why, in Swedish."),
    ),
    ("number",),
    (),
)
META_CORRECTIONS = Table(
    "meta_corrections",
    "One row per notice that a released figure was wrong; area_code and period_label are null where it concerns all of them.",
    (
        Column("number", "bigint", "Number of the decision in meta_approvals."),
        Column("corrected_at", "timestamp", "When the notice was given, UTC."),
        Column("measure_id", "varchar", "The measure whose figure was wrong."),
        Column("area_code", "varchar", "The area; null for all."),
        Column("period_label", "varchar", "The period; null for all."),
        Column("release_id", "varchar", "The release that showed it."),
        Column("text_sv", "varchar", "What was wrong and what is right, in Swedish."),
    ),
    ("number",),
    (),
)
META_HOLDS = Table(
    HOLDS,
    "One row per measure whose newest figures did not go out: it shows its last released ones, or none where there are none.",
    (
        Column("measure_id", "varchar", "The measure."),
        Column("state", "varchar", "held (the last released figures are shown) or left_out (there are none to show)."),
        Column("kind", "varchar", "landing (the source's answer was refused), check (a critical check fails) or review (a person has to look)."),
        Column("held_reason", "varchar", "Why, in Swedish."),
        Column("held_since", "timestamp", "When it was first held or left out, UTC."),
    ),
    ("measure_id",),
    (),
)
META_TABLES = (META_APPROVALS, META_CHECKS, META_CORRECTIONS, META_DEPRECATIONS, META_HOLDS, META_RELEASE)


def write_meta(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    verdict: Verdict,
    assembled: Assembled,
    release: Mapping[str, Any],
    log: Sequence[Entry],
) -> None:
    """Create and fill ``META_TABLES`` in the release's database. ``log`` are all decisions up to this release, its own among them."""
    write_deprecations(connection, tables)
    for table in (t for t in META_TABLES if t is not META_DEPRECATIONS):
        connection.execute(f"create table {table.name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")
    connection.execute(
        "insert into meta_release values (?, cast(cast(? as timestamptz) at time zone 'UTC' as timestamp), ?, ?, ?, ?, ?)",
        [release[c] for c in META_RELEASE.column_names],
    )
    rows = []
    for result in verdict.results:
        for measure_id, failed in (result["by_measure"] or {None: result["failed_rows"]}).items():
            rows.append(
                [result["kind"], result["check"], result["table"], measure_id, result["severity"], result["passed"], failed, result["reason"]]
            )
    for state in (*assembled.held.values(), *assembled.left_out.values()):
        if state.kind == "review":  # in the words for readers: the others tell figures that nobody has approved
            rows.append(["review", "nothing_waits_for_a_person", None, state.measure_id, "critical", False, None, state.reason_sv])
        elif state.since:  # the landing said so: it alone knows since when
            rows.append(["landing", "answer_is_well_formed_and_whole", None, state.measure_id, "critical", False, 1, state.reason])
    connection.executemany("insert into meta_checks values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    both = [("held", h) for h in assembled.held.values()] + [("left_out", h) for h in assembled.left_out.values()]
    if both:
        holds = [[h.measure_id, state, h.kind, h.reason_sv, assembled.since[h.measure_id]] for state, h in both]
        connection.executemany(f"insert into {HOLDS} values (?, ?, ?, ?, ?)", holds)
    _write_decisions(connection, log)


def _write_decisions(connection: duckdb.DuckDBPyConnection, log: Sequence[Entry]) -> None:
    connection.executemany(
        "insert into meta_approvals values (?, cast(cast(? as timestamptz) at time zone 'UTC' as timestamp), ?, ?, ?, ?, ?, ?)",
        [[e.number, e.at, e.action, e.role, e.measure_id, e.release_id, e.content_hash, e.reason_sv] for e in log],
    )
    corrections = [e for e in log if e.action == "corrected"]
    if corrections:
        connection.executemany(
            "insert into meta_corrections values (?, cast(cast(? as timestamptz) at time zone 'UTC' as timestamp), ?, ?, ?, ?, ?)",
            [
                [e.number, e.at, e.measure_id, e.details.get("area_code"), e.details.get("period_label"), e.release_id, e.reason_sv]
                for e in corrections
            ],
        )
