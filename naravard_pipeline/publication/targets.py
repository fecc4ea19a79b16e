"""Other places to publish to, beside the release's own files: each is brought up to the current release, by itself.

Here: which targets there are, that one which fails leaves the others alone, and since when one lags (``targets.json`` in the home, for those inside).
Not here: how a target takes the rows (postgres).
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from naravard_pipeline.landing.atomic import LandingError, replace_file
from naravard_pipeline.publication.folders import current_release, only_one
from naravard_pipeline.publication.notices import read_notices, tell_notices
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.settings import Settings


def bring_up_targets(settings: Settings, release: Path, on_progress: Callable[[str], None] = lambda text: None) -> dict[str, str]:
    """Make every configured target show ``release``; one that does already is left alone. Returns target → why it could not; it shows its old data.

    Call it after each switch, after each publication that had nothing new and where the gate is closed, so that a run makes up for one that failed or
    was killed.
    """
    if not settings.postgres_url:
        return {}
    from naravard_pipeline.publication.postgres import TargetError, bring_up  # costs half a second that a home without PostgreSQL need not wait

    failures = {}
    try:
        if bring_up(settings.postgres_url, release, on_progress, read_notices(settings)):
            on_progress(f"PostgreSQL shows {release.name}")
    except TargetError as error:
        on_progress(f"PostgreSQL still shows its old data: {error}")
        failures["postgresql"] = str(error)
    _record(settings, failures, release)
    return failures


def push(settings: Settings, on_progress: Callable[[str], None] = lambda text: None) -> tuple[str | None, dict[str, str]]:
    """Bring readers' notices and every target up to the current release, without a build. Returns its id and what ``bring_up_targets`` does."""
    with only_one(settings):
        problem = tell_notices(settings, repair(settings))
        if problem:
            on_progress(problem)
        current = current_release(settings)
        return (current.name, bring_up_targets(settings, current, on_progress)) if current else (None, {})


def read_lagging(settings: Settings) -> dict[str, Mapping[str, str]]:
    """Target → ``since``, ``release_id`` (what it ought to show) and ``reason``, for those that show old data; none where nobody asks for any."""
    try:
        told = json.loads(_file(settings).read_bytes()) if settings.postgres_url else {}
    except (OSError, ValueError):
        return {}
    told = told if isinstance(told, dict) else {}
    return {target: of for target, of in told.items() if isinstance(of, dict) and {"since", "reason"} <= of.keys()}


def _record(settings: Settings, failures: Mapping[str, str], release: Path) -> None:
    before = read_lagging(settings)
    since = {target: told.get("since") for target, told in before.items()}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = {target: {"since": since.get(target) or now, "release_id": release.name, "reason": why} for target, why in failures.items()}
    if told != before:
        with contextlib.suppress(LandingError):  # a full disk must not hide what went well
            replace_file(_file(settings), json.dumps(told, ensure_ascii=False, indent=1).encode())


def _file(settings: Settings) -> Path:
    return settings.home / "targets.json"
