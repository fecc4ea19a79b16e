"""Names of snapshots that tell nothing of what is in them: those of local files are published beside figures of which some are hidden.

Here: the landing's secret, and names made with it. Not here: what a snapshot is (snapshot), writing one (store).
"""

import hmac
import secrets

from naravard_pipeline.landing.atomic import write_once
from naravard_pipeline.landing.store import Landing


def name_local(landing: Landing, measure_id: str, content_id: str) -> str:
    """The id of a local measure's snapshot: the same for the same figures in this landing, and 16 hex digits that say nothing elsewhere.

    ``content_id``, a hash of the figures, would tell hidden counts to anybody who tries the few that they may be, and which measures are equal.
    """
    path = landing.root / "secret"
    if not path.exists():
        write_once(path, secrets.token_hex(32).encode(), landing.root / ".unfinished")
    return hmac.digest(path.read_bytes(), f"{measure_id} {content_id}".encode(), "sha256").hex()[:16]
