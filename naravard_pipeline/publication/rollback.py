"""Going back to an earlier release: by switching, in seconds, and so that the next run does not bring the same figures out again.

Here: rollback. Not here: the switch itself (folders), what the gate makes of figures that were taken back (approval).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from naravard_pipeline.publication.approval import DecisionError, check_words
from naravard_pipeline.publication.content import differing_measures, figures_hashes
from naravard_pipeline.publication.decisions import append, next_entry
from naravard_pipeline.publication.folders import DATABASE, current_release, list_releases, only_one, switch
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.publication.targets import bring_up_targets
from naravard_pipeline.settings import Settings


@dataclass(frozen=True)
class TakenBack:
    """``measures`` had other figures in the release that was current: these wait for a person if they come again. ``target_failures``: other places
    that still show what was taken back → why."""

    measures: Sequence[str]
    target_failures: Mapping[str, str]


def roll_back(
    settings: Settings, release_id: str, name: str, role: str, reason: str, on_progress: Callable[[str], None] = lambda text: None
) -> TakenBack:
    """Make a kept release the current one.

    Raises ``DecisionError`` where there is no such release or it is not whole, ``GateClosed`` while another process publishes.
    """
    check_words(name, role, reason)
    with only_one(settings):
        entries = repair(settings)
        kept = {folder.name: folder for folder in list_releases(settings)}
        current = current_release(settings)
        if release_id not in kept:
            raise DecisionError(f"{release_id} is not kept. Kept are: {', '.join(kept) or 'none'}.")
        if current and current.name == release_id:
            raise DecisionError(f"{release_id} is the current release already.")
        rejected = _compare(kept[release_id], current)
        on_progress(f"measures with other figures there: {', '.join(sorted(rejected)) or 'none'}")
        values = {"release_id": release_id, "details": {"from": current and current.name, "rejected": rejected}}
        # Logged first: were it switched first, a kill in between would let the next run publish the same figures again.
        append(settings, entries, next_entry(entries, "rolled_back", role=role, reason_sv=reason, name=name, **values))
        switch(settings, release_id)
        return TakenBack(sorted(rejected), bring_up_targets(settings, kept[release_id], on_progress))


def _compare(back: Path, now: Path | None) -> Mapping[str, str]:
    """Measure → hash of the figures that are taken back, those of held measures too: readers saw them."""
    with duckdb.connect() as connection:
        try:
            for alias, folder in (("back", back), ("now", now)):
                if folder:
                    connection.execute(f"attach '{str(folder / DATABASE).replace(chr(39), chr(39) * 2)}' as {alias} (read_only)")
            told = connection.execute("select release_id from back.main.meta_release").fetchone()
        except duckdb.Error as error:
            raise DecisionError(f"{back} cannot be read as a release ({str(error).splitlines()[0]}). Choose another one.") from error
        if told is None or told[0] != back.name:
            raise DecisionError(f"{back} does not hold the release that it is named after. Choose another one.")
        if now is None:
            return {}
        return figures_hashes(connection, "now", differing_measures(connection, "back", "now"))
