"""What the next run does for one that was killed: everything a publication or a rollback leaves unfinished is finished or taken away.

Here: the state of folders, link and log, made to agree. Not here: whether the log is the one that was published (witnesses),
targets, which are brought up after each publication anyway (targets).
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from naravard_pipeline.publication.decisions import AUTOMATIC, Entry, ReleaseMissing, append, log_file, next_entry, read_log
from naravard_pipeline.publication.folders import (
    UNFINISHED,
    current_release,
    list_releases,
    read_release,
    releases_folder,
    remove_unfinished,
    switch,
)
from naravard_pipeline.publication.wholeness import SUMS, hash_file
from naravard_pipeline.publication.witnesses import INTERRUPTED, check_log, read_rows
from naravard_pipeline.settings import Settings


def repair(settings: Settings, *, needs_release: bool = True) -> list[Entry]:
    """Returns the log, in agreement with ``current``. Call it under the publication's lock. Raises ``LogError``; ``ReleaseMissing`` where the
    folder of the last release is gone, unless ``needs_release`` is False: somebody goes back from it to another.

    A publication goes: folder, switch, log; a rollback: log, switch. So there may be a folder that was never switched in, a switch that was not
    logged, a rollback that was not switched.
    """
    remove_unfinished(settings)
    log = read_log(settings)
    current = current_release(settings)
    last = next((e for e in reversed(log) if e.action in ("released", "rolled_back")), None)
    if current is None and last and (releases_folder(settings) / last.release_id).is_dir():
        # the link is gone, as in a copy that leaves links out; without it everything would count as new
        switch(settings, last.release_id)
        current = current_release(settings)
    check_log(settings, current, log)
    if current is None and last and needs_release:
        raise ReleaseMissing(
            f"{log_file(settings)} says that {last.release_id} is published, but it is not there. Restore {settings.published} from a backup; "
            "nothing is published without it. Where there is none, go back to a release that is kept (naravard release list): "
            'naravard release rollback RELEASE_ID --by "NAME" --reason "TEXT"'
        )
    if log or current is None:
        known = {e.release_id for e in log}
        for folder in list_releases(settings):
            if folder.name not in known and folder != current:
                os.replace(folder, folder.with_name(f"{UNFINISHED}{folder.name}"))
        remove_unfinished(settings)
    if current is None or (last and last.release_id == current.name):
        return log
    if last and last.action == "rolled_back" and last.details.get("from") == current.name and (releases_folder(settings) / last.release_id).exists():
        switch(settings, last.release_id)
        return log
    return append(settings, log, _entry_of(current, log))


def _entry_of(release: Path, log: Sequence[Entry]) -> Entry:
    """The entry that a killed publication did not come to write: the one that the release itself shows."""
    own = next((row for row in reversed(read_rows(release) or ()) if row["action"] == "released" and row["release_id"] == release.name), None)
    if own and own["number"] == len(log) + 1:
        details = {"sums": hash_file(release / SUMS)} if (release / SUMS).exists() else {}
        values = {"release_id": release.name, "content_hash": own["content_hash"], "details": details}
        return replace(next_entry(log, "released", role=own["role"], reason_sv=own["reason_sv"], **values), at=own["decided_at"])
    content_hash = read_release(release)["release"]["content_hash"]
    return next_entry(log, "released", role=AUTOMATIC, reason_sv=INTERRUPTED, release_id=release.name, content_hash=content_hash)
