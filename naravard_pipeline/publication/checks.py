"""The record of the checks: which tables the expectations were held against, and what came out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from naravard_pipeline.landing.atomic import replace_file
from naravard_pipeline.publication.build import fingerprints
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.quality import Outcome, Suite
from naravard_pipeline.settings import Settings


@dataclass(frozen=True)
class ChecksRecord:
    fingerprints: dict[str, str]
    suites: str  # fingerprint_suites of what was asked
    outcomes: list[Outcome]


def fingerprint_suites(suites: Sequence[Suite]) -> str:
    """Hash of what is expected: with a bound or a severity changed, the outcomes are answers to another question."""
    return hashlib.sha256("\n".join(s.model_dump_json() for s in suites).encode()).hexdigest()


def record_checks(settings: Settings, tables: Sequence[Table], suites: Sequence[Suite], outcomes: Sequence[Outcome]) -> None:
    """Write ``warehouse/checks.json``: the outcomes and the tables as they are now. Call it while no other process may write the warehouse."""
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        prints = fingerprints(connection, tables, settings.database.stem)
    record = {"fingerprints": prints, "suites": fingerprint_suites(suites), "outcomes": [o.to_json() for o in outcomes]}
    replace_file(checks_file(settings), json.dumps(record, ensure_ascii=False).encode())


def read_checks(settings: Settings) -> ChecksRecord | None:
    """The last record, or None when there is none that can be read."""
    try:
        content = json.loads(checks_file(settings).read_bytes())
        return ChecksRecord(content["fingerprints"], content["suites"], [Outcome.from_json(o) for o in content["outcomes"]])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def checks_file(settings: Settings) -> Path:
    return settings.warehouse / "checks.json"
