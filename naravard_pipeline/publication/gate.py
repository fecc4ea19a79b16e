"""The gate: may these tables go out, and which measures must stay as they were?

It asks again, inside publication, whatever was asked before: every required result must be there, belong to these very tables and be good.
Here: the verdict. Not here: making a release of it (release). Nothing outside may pass a verdict in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.publication.build import BuildRecord, TestResult
from naravard_pipeline.publication.checks import ChecksRecord, fingerprint_suites
from naravard_pipeline.quality import Suite


class GateClosed(Exception):
    """The whole last release stays in place. ``failures`` are the reasons, one sentence each, each with its remedy."""

    def __init__(self, failures: Sequence[str]):
        super().__init__("\n".join(failures))
        self.failures = list(failures)


HoldKind = Literal["landing", "check", "review"]  # the source's answer was refused; a critical check fails; a person has to look


@dataclass(frozen=True)
class Hold:
    """Why one measure stays at its last released figures. ``since`` is known where the landing knows it."""

    measure_id: str
    kind: HoldKind
    reason: str
    reason_sv: str
    since: datetime | None = None


@dataclass(frozen=True)
class Candidate:
    """What is about to be published: the tables' fingerprints, taken just now; the source of each published measure; the answer of its figures."""

    fingerprints: Mapping[str, str]
    sources: Mapping[str, str]
    snapshots: Mapping[str, str]
    drafts: frozenset[str] = frozenset()  # go through everything but publication, and so do the results of their checks


@dataclass(frozen=True)
class Verdict:
    holds: Mapping[str, Hold]
    results: list[dict[str, Any]] = field(default_factory=list)  # every check, as the release shows it


def judge(
    build: BuildRecord | None,
    checks: ChecksRecord | None,
    suites: Sequence[Suite],
    landed: Sequence[Landed],
    candidate: Candidate,
    project: str,
) -> Verdict:
    """Decide on the candidate. Raises ``GateClosed`` for anything structural.

    ``suites`` say which expectations are required, the build record which dbt tests; ``project`` is the fingerprint of dbt's project as it is now,
    and where the build's is another, these are not today's tests. ``landed`` is the last attempt at each measure.
    """
    if build is None:
        raise GateClosed(["There is no complete build to publish. Run the whole job: naravard run"])
    failures = [*_wrong_build(build, candidate.fingerprints, project), *_dbt_failures(build)]
    if checks is None:
        failures.append("The checks of expectations/ have not been run on this build. Run the whole job: naravard run")
    else:
        failures += _wrong_checks(build, checks, suites)
    if failures:
        raise GateClosed(failures)
    holds: dict[str, Hold] = {}
    for state in landed:
        if candidate.sources.get(state.measure_id) != state.source_id:
            continue  # retired, planned or a draft, or it comes from another source now
        if state.state in ("kept", "failed"):
            holds[state.measure_id] = Hold(state.measure_id, "landing", state.reason, state.reason_sv, state.kept_since)
        elif state.rows and candidate.snapshots.get(state.measure_id) != state.snapshot_id:
            reason = "what landed last is not what was built; run again: naravard run"
            holds[state.measure_id] = Hold(state.measure_id, "landing", reason, "De senaste uppgifterna har inte hunnit bearbetas.", state.at)
    for outcome in checks.outcomes:
        if outcome.passed or outcome.severity != "critical":
            continue
        if outcome.scope == "release":
            failures.append(f"{outcome.table}: {outcome.check} does not hold ({outcome.failed_rows} rows). {outcome.reason}")
        for measure_id, rows in outcome.by_measure.items():
            holds.setdefault(measure_id, Hold(measure_id, "check", f"{outcome.check}: {rows} rows", f"{outcome.reason_sv} ({rows} uppgifter)"))
    if failures:
        raise GateClosed(failures)
    outcomes = (_without_drafts(o.to_json(), candidate.drafts) | {"kind": "great_expectations"} for o in checks.outcomes)
    return Verdict(holds, [*map(_shown_test, build.tests), *outcomes])


def _without_drafts(outcome: dict[str, Any], drafts: frozenset[str]) -> dict[str, Any]:
    ours = {measure_id: rows for measure_id, rows in outcome["by_measure"].items() if measure_id not in drafts}
    if ours == outcome["by_measure"]:
        return outcome
    rows = [row for row in outcome["rows"] if row.get("measure_id") not in drafts]
    return outcome | {"by_measure": ours, "rows": rows, "failed_rows": sum(ours.values()), "passed": not ours}


def _wrong_build(build: BuildRecord, fingerprints: Mapping[str, str], project: str) -> list[str]:
    failures = []
    if build.project != project:
        failures.append("Models or tests in dbt_project/ have been changed since this was built and tested. Run the whole job again: naravard run")
    if changed := sorted(t for t in {*build.fingerprints, *fingerprints} if build.fingerprints.get(t) != fingerprints.get(t)):
        failures.append(
            f"The warehouse is not what the recorded build left: {', '.join(changed)} changed since. Run the whole job again: naravard run"
        )
    return failures


def _dbt_failures(build: BuildRecord) -> list[str]:
    reported = {t.name: t for t in build.tests}
    missing = [name for name in build.required if name not in reported or reported[name].status == "skipped"]
    failures = [f"dbt's test {t.name} does not hold: {t.message or t.status}" for t in build.tests if not t.passed and _is_critical(t)]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        failures.append(f"{len(missing)} required dbt tests gave no result in this build: {shown}. Build everything: naravard run")
    return failures


def _is_critical(test: TestResult) -> bool:
    return test.severity == "critical" and test.status != "skipped"


def _wrong_checks(build: BuildRecord, checks: ChecksRecord, suites: Sequence[Suite]) -> list[str]:
    failures = []
    if checks.fingerprints != build.fingerprints:
        failures.append("The results of expectations/ belong to another build. Run the whole job again: naravard run")
    if checks.suites != fingerprint_suites(suites):
        failures.append("expectations/ has been changed since its checks were run. Run the whole job again: naravard run")
    required = {(s.name, e.name) for s in suites for b in s.batches for e in b.expectations}
    missing = sorted(f"{suite}.{name}" for suite, name in required - {(o.suite, o.check) for o in checks.outcomes})
    if missing:
        failures.append(f"Required checks gave no result: {', '.join(missing)}. Run the whole job again: naravard run")
    if not required:
        failures.append("expectations/ requires nothing, and nothing unchecked may go out. Restore the suites.")
    return failures


def _shown_test(test: TestResult) -> dict[str, Any]:
    return {
        "kind": "dbt",
        "check": test.name,
        "suite": "dbt",
        "table": test.table,
        "severity": test.severity,
        "scope": "release",
        "passed": test.passed,
        "reason": test.message or "",
        "failed_rows": test.failed_rows,
        "rows": test.rows,
        "by_measure": {},
    }
