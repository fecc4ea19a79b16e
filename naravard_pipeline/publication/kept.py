"""Whether the kept releases can be built on: the last one is carried on from, and all are held against the candidate.

Here: the gate's sentences where one is damaged. Not here: how damage is found (wholeness), setting one aside when it is left (rollback).
"""

from collections.abc import Sequence

import duckdb

from naravard_pipeline.publication.decisions import Entry
from naravard_pipeline.publication.folders import DAMAGED, DATABASE, current_release, list_releases
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.publication.wholeness import find_damage, is_readable
from naravard_pipeline.settings import Settings


def check_kept(settings: Settings, log: Sequence[Entry]) -> None:
    """What is held is carried on from the last release's database, and compared with it: both only as far as it is the one that was published.
    Raises ``GateClosed`` where it is not, or where another kept release cannot be read."""
    last = current_release(settings)
    if last and (damage := find_damage(last, log, only={DATABASE})):
        raise GateClosed(
            [
                f"The last release, {last}, {damage}: nothing can be carried on from it. Restore the folder from a backup, or go back to another "
                'release (naravard release list): naravard release rollback RELEASE_ID --by "NAME" --reason "TEXT"'
            ]
        )
    for folder in list_releases(settings):
        if not is_readable(folder):
            raise _unreadable(str(folder), str(folder.with_name(f"{DAMAGED}{folder.name}")))


def find_unreadable(settings: Settings, log: Sequence[Entry], error: duckdb.Error) -> GateClosed:
    """What to say where a kept release could be opened and not be read."""
    for folder in list_releases(settings):
        if find_damage(folder, log, only={DATABASE}):
            return _unreadable(str(folder), str(folder.with_name(f"{DAMAGED}{folder.name}")))
    return GateClosed([f"A database could not be read ({str(error).splitlines()[0]}). Build it anew: naravard run"])


def _unreadable(folder: str, aside: str) -> GateClosed:
    """Whoever has it may still learn from it, so that it is left out is a person's decision."""
    return GateClosed(
        [
            f"{folder} cannot be read as a release, so it cannot be shown that no small count is found out with it. Restore it from a backup. "
            f"Where there is none, set it aside, and the memory of hidden cells stands for it: mv '{folder}' '{aside}'"
        ]
    )
