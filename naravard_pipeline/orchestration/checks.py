"""The suites of ``expectations/`` as asset checks.

Here: how outcomes look in Dagster. Not here: the suites, what Great Expectations found (quality), what is held (publication).
All checks are blocking, so that the release waits for them. Dagster stops at severity ERROR only, which just the structural ones get: what
concerns one measure is told as WARN, because a release with that measure held is right.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    MetadataValue,
    multi_asset_check,
)

from naravard_pipeline.catalogue.problems import Problem, Words, said
from naravard_pipeline.orchestration.dbt import show_rows
from naravard_pipeline.orchestration.lock import exclusive
from naravard_pipeline.publication.checks import record_checks
from naravard_pipeline.publication.contract import read_tables
from naravard_pipeline.quality import Outcome, Suite, SuiteError, run_suites
from naravard_pipeline.settings import Settings

TABLE = Words("a table that dbt builds", "en tabell som dbt bygger")


def build_checks(settings: Settings, suites: Sequence[Suite], table_keys: Mapping[str, AssetKey]) -> AssetChecksDefinition:
    """``table_keys``: table → its asset. Raises ``SuiteError`` for a suite whose table dbt does not build."""
    unknown = [
        Problem("expectations", None, f"{s.name}.table", "wrong", {"found": said(s.table), "wanted": TABLE})
        for s in suites
        if s.table not in table_keys
    ]
    if unknown:
        raise SuiteError(unknown)
    specs = [
        AssetCheckSpec(
            e.name,
            asset=table_keys[suite.table],
            description=f"{e.reason}\n\n{e.name_sv} Severity: {e.severity}.",
            blocking=True,
            metadata={"severity": e.severity},
        )
        for suite in suites
        for _, e in suite.expectations
    ]

    @multi_asset_check(name="great_expectations", specs=specs, can_subset=True)
    def great_expectations(context) -> Iterator[AssetCheckResult]:
        with exclusive(settings, "warehouse"):
            outcomes = run_suites(settings.database, suites, lambda o: context.log.info(_line(o)) if not o.passed else None)
            manifest = json.loads((settings.dbt_target / "manifest.json").read_bytes())
            record_checks(settings, read_tables(manifest), suites, outcomes)
        passed = sum(o.passed for o in outcomes)
        context.log.info(f"expectations: {passed} of {len(outcomes)} hold")
        for result in (_result(o, table_keys[o.table]) for o in outcomes):
            if AssetCheckKey(result.asset_key, result.check_name) in context.selected_asset_check_keys:
                yield result

    return great_expectations


def _result(outcome: Outcome, key: AssetKey) -> AssetCheckResult:
    is_structural = outcome.severity == "critical" and outcome.scope == "release"
    return AssetCheckResult(
        passed=outcome.passed,
        check_name=outcome.check,
        asset_key=key,
        severity=AssetCheckSeverity.ERROR if is_structural else AssetCheckSeverity.WARN,
        description=None if outcome.passed else outcome.reason,
        metadata={
            "rows_looked_at": MetadataValue.int(outcome.observed),
            "failed_rows": MetadataValue.int(outcome.failed_rows),
            "severity": MetadataValue.text(outcome.severity),
            "holds": MetadataValue.json(outcome.by_measure),
            **show_rows(outcome.rows),
        },
    )


def _line(outcome: Outcome) -> str:
    of = f" of {', '.join(sorted(outcome.by_measure))}" if outcome.by_measure else ""
    return f"{outcome.severity}: {outcome.check} does not hold in {outcome.table} ({outcome.failed_rows} rows{of})"
