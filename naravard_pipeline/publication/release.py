"""A release: made beside, whole, and switched in by one rename. Readers of ``current/`` see the old one or the new one, never between.

Here: the order of the steps. Not here: the verdict (gate), what waits for a person (review, approval), the rows (assembly), the forms (forms),
folders and the switch (folders), other places to publish to (targets), what is kept (retention).
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.landing.store import Landing
from naravard_pipeline.protection.published import attack
from naravard_pipeline.publication.approval import Waiting, approval_command, candidate_id, find_waiting, write_review
from naravard_pipeline.publication.assembly import Assembled, assemble, read_candidate, read_previous
from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.build import BuildRecord, project_fingerprint, read_build
from naravard_pipeline.publication.change_report import build_changes, restrict_changes
from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.changes_page import render_changes_page
from naravard_pipeline.publication.checks import read_checks
from naravard_pipeline.publication.content import content_hashes, without_ended
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.decisions import AUTOMATIC, Entry, append, next_entry, read_standing
from naravard_pipeline.publication.folders import (
    DATABASE,
    UNFINISHED,
    close_folder,
    current_release,
    keep_folder,
    list_releases,
    next_release_id,
    only_one,
    releases_folder,
    switch,
)
from naravard_pipeline.publication.forms import write_forms
from naravard_pipeline.publication.gate import GateClosed, Hold, Verdict, judge
from naravard_pipeline.publication.hidden_cells import remember_hidden
from naravard_pipeline.publication.kept import check_kept, find_unreadable
from naravard_pipeline.publication.meta import META_TABLES
from naravard_pipeline.publication.notices import tell_notices
from naravard_pipeline.publication.promise import broken_promises, read_promise
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.publication.retention import prune
from naravard_pipeline.publication.reveal import read_approved
from naravard_pipeline.publication.review import Finding, review
from naravard_pipeline.publication.taken_back import find_again, find_unknown
from naravard_pipeline.publication.targets import bring_up_targets
from naravard_pipeline.publication.wholeness import write_sums
from naravard_pipeline.quality import read_suites
from naravard_pipeline.settings import EXPECTATIONS, Settings
from naravard_pipeline.site import SiteError

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Publication:
    """What came of it. ``is_new`` is False when nothing differs from the last release, which then stays.

    ``held`` and ``left_out`` by measure; ``waiting`` are those of them that a person must look at, under the name ``candidate_id``.
    ``target_failures``: other places (PostgreSQL) that still show their old data → why.
    """

    release_id: str
    path: Path
    is_new: bool
    held: Mapping[str, Hold]
    left_out: Mapping[str, Hold]
    row_counts: Mapping[str, int]
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    target_failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def candidate_id(self) -> str | None:
        return candidate_id(self.waiting)


@dataclass(frozen=True)
class _Weighed:
    """The candidate after the gate and the review."""

    verdict: Verdict
    findings: Mapping[str, Sequence[Finding]]
    waiting: Mapping[str, Waiting]
    previous: Mapping[str, Any] | None


def publish(
    settings: Settings, tables: Sequence[Table], on_progress: Tell = lambda text: None, *, is_decision: bool = False, wait_seconds: float = 0.0
) -> Publication:
    """Publish the last build if the gate lets it. Raises ``GateClosed``, ``LogError`` or ``OSError``; then ``current`` is what it was.

    ``tables`` is the contract read from dbt's manifest. ``is_decision``: nothing was built for this, somebody has only decided; while newer answers
    wait to be built, the gate stays closed then. ``wait_seconds``: for another process that publishes or decides.
    """
    with only_one(settings, wait_seconds):
        log = repair(settings)
        if problem := tell_notices(settings, log):
            on_progress(problem)
        try:
            return _publish(settings, tables, log, on_progress, is_decision)
        except Exception:
            if last := current_release(settings):  # what was taken back or corrected must reach every reader, whatever the gate says of the candidate
                bring_up_targets(settings, last, on_progress)
            raise


def _publish(settings: Settings, tables: Sequence[Table], log: Sequence[Entry], on_progress: Tell, is_decision: bool) -> Publication:
    build = read_build(settings)
    if not settings.database.exists() or build is None:
        raise GateClosed(["There is no complete build to publish. Run the whole job: naravard run"])
    check_kept(settings, log)
    now = datetime.now(UTC)
    with _unfinished_folder(settings) as folder:
        with contextlib.closing(_attach(settings, folder / DATABASE)) as connection:
            weighed = _weigh(settings, connection, tables, build, log)
            if is_decision:
                _check_built(settings, weighed.verdict)
            on_progress(_say_verdict(weighed))
            standing = read_standing(log)
            assembled = assemble(connection, tables, weighed.verdict, now, standing.corrections)
            _check_hidden(settings, connection, log)
            release_id = next_release_id(settings, (e.release_id for e in log), now, assembled.content_hash)
            release = _describe(settings, build, now, release_id, assembled)
            changes = _tell_changes(settings, connection, weighed, assembled, release)
            last = weighed.previous
            is_new = not last or last["content_hash"] != assembled.content_hash
            if is_new:
                out = content_hashes(connection, "candidate", tables, standing.approved.keys() - weighed.verdict.holds.keys())
                values = {"release_id": release_id, "content_hash": assembled.content_hash, "details": {"contents": out}}
                entry = next_entry(log, "released", role=AUTOMATIC, reason_sv=_say_changes(changes), **values)
                remember_hidden(settings, connection, release_id)  # before the switch: what was ever hidden must not be found later
                try:
                    entries, before = [*log, entry], current_release(settings)
                    write_forms(connection, folder, tables, assembled, weighed.verdict, release, entries, changes, on_progress, before)
                except SiteError as error:
                    raise GateClosed([f"The site cannot be built ({error}). Nothing went out. Report it with this line."]) from error
        if is_new:
            entry = replace(entry, details={**entry.details, "sums": write_sums(folder, log)})
            close_folder(folder)
            keep_folder(settings, folder, release_id)
            switch(settings, release_id)
            try:
                log = append(settings, log, entry)
            except OSError as error:
                on_progress(f"the release is out; its entry in the log is written by the next run ({error})")
    name = release_id if is_new else last["release_id"]
    path = releases_folder(settings) / name
    if problem := tell_notices(settings, log):
        on_progress(problem)
    # What follows the switch may fail or be killed: the release is out all the same, and the next run does it.
    failures = bring_up_targets(settings, path, on_progress)
    prune(settings, on_progress)
    return Publication(name, path, is_new, assembled.held, assembled.left_out, assembled.row_counts, weighed.waiting, failures)


@contextlib.contextmanager
def _unfinished_folder(settings: Settings) -> Iterator[Path]:
    folder = releases_folder(settings) / f"{UNFINISHED}{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        for left_over in (folder, folder.with_name(f"{folder.name}.spill")):
            shutil.rmtree(left_over, ignore_errors=True)


def _attach(settings: Settings, database: Path) -> duckdb.DuckDBPyConnection:
    """The new database, with the warehouse as ``candidate`` and the last release as ``last``, both read-only.

    While they are attached nobody else can write them, so what the gate looked at is what goes out.
    """
    connection = duckdb.connect()
    # No write-ahead log: nobody reads this file before it is whole, and where a log cannot be cut DuckDB ends the process.
    connection.execute(f"attach {_quoted(database)} as release (recovery_mode no_wal_writes)")
    connection.execute("use release")
    connection.execute(f"set temp_directory = {_quoted(database.parent.with_name(f'{database.parent.name}.spill'))}")
    attached = {"candidate": settings.database}
    if last := current_release(settings):
        attached["last"] = last / DATABASE
    try:
        for name, path in attached.items():
            attach(connection, path, name)
    except duckdb.Error as error:
        connection.close()
        raise GateClosed([f"{path} cannot be read: {str(error).splitlines()[0]} If another run is writing it, wait for that to end."]) from error
    return connection


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _weigh(settings: Settings, connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], build: BuildRecord, log: Sequence[Entry]) -> _Weighed:
    """The gate's verdict on the candidate, and what of it a person must look at before it may go out."""
    landed = Landing(settings.landing).read_states()
    verdict = judge(build, read_checks(settings), read_suites(EXPECTATIONS), landed, read_candidate(connection, tables), project_fingerprint())
    previous = read_previous(connection)
    if previous and previous["is_demo"] != settings.is_demo:
        raise GateClosed(["The last release here is of the other kind: made-up and real figures are never mixed. Use another NARAVARD_HOME."])
    if broken := broken_promises(connection, [*tables, *META_TABLES], date.today()):
        raise GateClosed(broken)
    compare(connection, earlier=[folder / DATABASE for folder in list_releases(settings)])
    findings = dict(review(connection))
    for measure_id, finding in find_unknown(connection, log).items():
        findings[measure_id] = [finding, *findings.get(measure_id, ())]
    standing = without_ended(read_standing(log), log)
    waiting = find_waiting(connection, tables, standing, findings, find_again(settings, connection, log))
    waiting = {m: w for m, w in waiting.items() if m not in verdict.holds}  # a failed check comes first: it is mended, not approved
    return _Weighed(Verdict({**verdict.holds, **{m: w.hold for m, w in waiting.items()}}, verdict.results), findings, waiting, previous)


def _check_built(settings: Settings, verdict: Verdict) -> None:
    """Between landing and build every measure that landed would be held, for a reason that is true of the run and not of the measure."""
    landed = [s.measure_id for s in Landing(settings.landing).read_states() if s.state not in ("kept", "failed")]
    if ahead := sorted(m for m in landed if m in verdict.holds and verdict.holds[m].kind == "landing"):
        raise GateClosed(
            [
                f"Newer answers have landed than were built ({len(ahead)}, {ahead[0]} among them): a run is at work, or was broken off. It "
                "publishes what was decided when it ends; if none is at work: naravard run"
            ]
        )


def _check_hidden(settings: Settings, connection: duckdb.DuckDBPyConnection, log: Sequence[Entry]) -> None:
    """Somebody who has every kept release and this one finds no hidden count. Raises ``GateClosed`` where he does; no sentence holds a number.

    A release that was set aside since it is damaged is not among them: what its figures tell about another release's hidden cells is not tried. What
    it hid itself stays hidden all the same, by the memory of hidden cells.
    """
    kept = [folder / DATABASE for folder in list_releases(settings)]
    try:
        found = attack([*kept, connection], read_approved(settings))
    except duckdb.Error as error:
        raise find_unreadable(settings, log, error) from error
    except RuntimeError as error:
        raise GateClosed([f"It cannot be shown that no small count is found out ({error}). Run again; if it stays so, report it."]) from error
    if found:
        shown = [f"Small counts would be found out: {f.sentence}." for f in found[:10]]
        more = [f"… and {len(found) - 10} more cells."] if len(found) > 10 else []
        raise GateClosed([*shown, *more, "Build everything anew (naravard run); if it stays so, hold the measure back as a draft and report it."])


def _describe(settings: Settings, build: BuildRecord, now: datetime, release_id: str, assembled: Assembled) -> dict[str, Any]:
    return {
        "release_id": release_id,
        "published_at": now.isoformat(timespec="seconds"),
        "code_version": build.code_version,
        "build_id": build.build_id,
        "content_hash": assembled.content_hash,
        "contract_version": read_promise().version,
        "is_demo": settings.is_demo,
    }


def _say_verdict(weighed: _Weighed) -> str:
    checks, holds, waiting = len(weighed.verdict.results), len(weighed.verdict.holds), len(weighed.waiting)
    return f"the gate is open: {checks} checks, {holds} measures to hold, {waiting} of them to look at"


def _tell_changes(
    settings: Settings, connection: duckdb.DuckDBPyConnection, weighed: _Weighed, assembled: Assembled, release: Mapping[str, Any]
) -> dict[str, Any]:
    """The report on what goes out, for readers. What waits is told in a report of its own, which stays inside."""
    held = {*assembled.held, *assembled.left_out}
    findings = {**weighed.findings, **{m: w.findings for m, w in weighed.waiting.items()}}  # that figures were taken back is among the latter
    report = build_changes(connection, weighed.previous, release, findings, weighed.waiting, held - weighed.waiting.keys())
    write_review(settings, weighed.waiting, report, render_changes_page(report, approval_command(weighed.waiting)))
    return restrict_changes(report, {m["measure_id"] for m in report["measures"]} - held)


def _say_changes(changes: Mapping[str, Any]) -> str:
    """The reason of a release that no person had to decide on, for the log."""
    changed = sum(bool(m["counts"] or m["slight"]) for m in changes["measures"])
    waiting, held = changes["states"]["waiting"], changes["states"]["held"]
    within = f"{changed} mått har ändrade uppgifter, inom sina toleranser eller godkända."
    told = within if changes["before"] else f"Första publiceringen: {changed} mått."
    return told + (f" {waiting} väntar på granskning." if waiting else "") + (f" {held} hålls tillbaka." if held else "")
