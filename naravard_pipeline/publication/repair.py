"""What the next run does for one that was killed: everything a publication or a rollback leaves unfinished is finished or taken away.

Here: the state of folders, link and log, made to agree. Not here: targets, which are brought up after each publication anyway (targets).
"""

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from naravard_pipeline.publication.decisions import AUTOMATIC, Entry, LogError, append, log_file, next_entry, read_log
from naravard_pipeline.publication.folders import (
    DATABASE,
    UNFINISHED,
    current_release,
    list_releases,
    read_release,
    releases_folder,
    remove_unfinished,
    switch,
)
from naravard_pipeline.settings import Settings


def repair(settings: Settings) -> list[Entry]:
    """Returns the log, in agreement with ``current``. Call it under the publication's lock. Raises ``LogError``.

    A publication goes: folder, switch, log; a rollback: log, switch. So there may be a folder that was never switched in, a switch that was not
    logged, a rollback that was not switched.
    """
    remove_unfinished(settings)
    log = read_log(settings)
    current = current_release(settings)
    last = next((e for e in reversed(log) if e.action in ("released", "rolled_back")), None)
    if current is None and last:  # the link is gone, as in a copy that leaves links out; without it everything would count as new
        if not (releases_folder(settings) / last.release_id).is_dir():
            raise LogError(
                f"{log_file(settings)} says that {last.release_id} is published, but it is not there. Restore {settings.published} from a backup; "
                "nothing is published without it."
            )
        switch(settings, last.release_id)
        current = current_release(settings)
    _check_log(settings, current, log)
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
    content_hash = read_release(current)["release"]["content_hash"]
    reason_sv = "Publicerad; körningen avbröts innan det hann skrivas här."
    entry = next_entry(log, "released", role=AUTOMATIC, reason_sv=reason_sv, release_id=current.name, content_hash=content_hash)
    return append(settings, log, entry)


def _check_log(settings: Settings, current: Path | None, log: Sequence[Entry]) -> None:
    """A log that has lost its last lines still follows from itself; what has been published of it tells."""
    if current is None:
        return
    with duckdb.connect(str(current / DATABASE), read_only=True) as connection:
        if not connection.execute("select 1 from duckdb_tables() where table_name = 'meta_approvals'").fetchone():
            return  # published before there was a log
        shown = connection.execute("select count(*) from meta_approvals where release_id is distinct from ?", [current.name]).fetchone()[0]
    if shown > sum(e.release_id != current.name for e in log):
        raise LogError(
            f"{log_file(settings)} has {len(log)} entries, but {shown} older ones have been published: lines are missing. "
            "Restore the file from a backup; nothing is published without it."
        )
