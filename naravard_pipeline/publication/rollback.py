"""Going back to an earlier release: by switching, in seconds, and so that the next run does not bring the same figures out again.

Here: rollback. Not here: the switch itself (folders), what the gate makes of figures that were taken back (approval).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from naravard_pipeline.publication.approval import DecisionError, check_words, forget_review
from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.decisions import Entry, append, next_entry
from naravard_pipeline.publication.folders import DATABASE, current_release, list_releases, only_one, set_aside, switch
from naravard_pipeline.publication.notices import tell_notices
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.publication.taken_back import remember_taken_back
from naravard_pipeline.publication.targets import bring_up_targets
from naravard_pipeline.publication.wholeness import find_damage, is_readable
from naravard_pipeline.settings import Settings


@dataclass(frozen=True)
class TakenBack:
    """``measures`` had other figures in the release that was current: these wait for a person if they come again; ``absent`` are those of them
    that it had not at all. ``target_failures``: other places that still show what was taken back → why."""

    measures: Sequence[str]
    absent: Sequence[str]
    target_failures: Mapping[str, str]


def roll_back(
    settings: Settings, release_id: str, name: str, role: str, reason: str, on_progress: Callable[[str], None] = lambda text: None
) -> TakenBack:
    """Make a kept release the current one.

    Raises ``DecisionError`` where there is no such release or it is not whole, ``GateClosed`` while another process publishes.
    """
    check_words(name, role, reason)
    with only_one(settings):
        entries = repair(settings, needs_release=False)
        kept = {folder.name: folder for folder in list_releases(settings)}
        current = current_release(settings)
        if release_id not in kept:
            raise DecisionError(f"{release_id} is not kept. Kept are: {', '.join(kept) or 'none'}.")
        if current and current.name == release_id:
            raise DecisionError(f"{release_id} is the current release already. To bring PostgreSQL up to it: naravard release push")
        _check_whole(kept[release_id], entries)
        leaving = current.name if current else _last_logged(entries)
        taken = [folder for name, folder in kept.items() if name > release_id or folder == current]
        damaged = [f for f in taken if not is_readable(f) or find_damage(f, entries, only={DATABASE})]  # to be stuck with it would be worse
        undone = sorted({f.name for f in taken} | ({leaving} if leaving else set()))
        unknown = sorted({f.name for f in damaged} | ({leaving} - kept.keys() if leaving else set()))
        taken = [f for f in taken if f not in damaged]
        if unknown:
            on_progress(
                f"{', '.join(unknown)} cannot be read as published: what only that showed is not remembered as taken back, so every measure waits "
                "for a person when it next changes"
            )
        absent = _find_absent(kept[release_id], current) if current in taken else []
        number = len(entries) + 1
        try:
            cells = remember_taken_back(settings, number, kept[release_id], taken, entries)
        except duckdb.Error as error:
            raise DecisionError(f"The releases cannot be compared ({str(error).splitlines()[0]}). Restore the one it names, or remove it.") from error
        measures = list(cells["measures"])
        on_progress(f"measures with other figures there: {', '.join(measures) or 'none'}")
        details = {"from": leaving, "taken_back": undone, "cells": cells} | ({"unknown": unknown} if unknown else {})
        values = {"release_id": release_id, "details": details}
        # Logged first: were it switched first, a kill in between would let the next run publish the same figures again.
        entries = append(settings, entries, next_entry(entries, "rolled_back", role=role, reason_sv=reason, name=name, **values))
        switch(settings, release_id)
        forget_review(settings)
        for folder in damaged:
            on_progress(f"{folder.name} is set aside as {set_aside(folder)}, for whoever can mend it")
        if problem := tell_notices(settings, entries):
            on_progress(problem)
        return TakenBack(measures, absent, bring_up_targets(settings, kept[release_id], on_progress))


def _last_logged(entries: Sequence[Entry]) -> str | None:
    """The release that was current, by the log: its folder is gone."""
    return next((e.release_id for e in reversed(entries) if e.action in ("released", "rolled_back")), None)


def _find_absent(back: Path, current: Path) -> list[str]:
    """Measures with figures in ``back`` and none in ``current``."""
    with duckdb.connect() as connection:
        for name, folder in (("back", back), ("now", current)):
            attach(connection, folder / DATABASE, name)
        query = "select distinct measure_id from back.fct_observations anti join now.fct_observations as n using (measure_id) order by 1"
        return [measure_id for (measure_id,) in connection.execute(query).fetchall()]


def _check_whole(folder: Path, entries: Sequence[Entry]) -> None:
    try:
        with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
            told = connection.execute("select release_id from meta_release").fetchone()
    except duckdb.Error as error:
        raise DecisionError(f"{folder} cannot be read as a release ({str(error).splitlines()[0]}). Choose another one.") from error
    if told is None or told[0] != folder.name:
        raise DecisionError(f"{folder} does not hold the release that it is named after. Choose another one.")
    if damage := find_damage(folder, entries):
        raise DecisionError(f"{folder} {damage}. Restore the folder from a backup, or choose another release.")
