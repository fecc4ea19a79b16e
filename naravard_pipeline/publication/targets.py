"""Other places to publish to, beside the release's own files: each is brought up to the current release, by itself.

Here: which targets there are, and that one which fails leaves the others alone. Not here: how a target takes the rows (postgres).
"""

from collections.abc import Callable
from pathlib import Path

from naravard_pipeline.settings import Settings


def bring_up_targets(settings: Settings, release: Path, on_progress: Callable[[str], None] = lambda text: None) -> dict[str, str]:
    """Make every configured target show ``release``; one that does already is left alone. Returns target → why it could not; it shows its old data.

    Call it after each switch and after each publication that had nothing new, so that a run makes up for one that failed or was killed.
    """
    if not settings.postgres_url:
        return {}
    from naravard_pipeline.publication.postgres import TargetError, bring_up  # costs half a second that a home without PostgreSQL need not wait

    try:
        if bring_up(settings.postgres_url, release, on_progress):
            on_progress(f"PostgreSQL shows {release.name}")
    except TargetError as error:
        on_progress(f"PostgreSQL still shows its old data: {error}")
        return {"postgresql": str(error)}
    return {}
