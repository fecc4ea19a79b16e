"""What is kept, so that disk use stays bounded over years and every figure of every kept release leads back to its answers.

Here: which releases are kept, what they show, and the order: releases, then what of the landing no kept release needs. Not here: what the landing
needs (``landing.pruning``), the warehouse (``compaction``), Dagster's own storage (orchestration).
Never pruned: ``decisions/`` (the log of decisions, the memory of hidden cells), the current release, the one before it, pinned ones.
"""

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from naravard_pipeline.landing.atomic import LandingError
from naravard_pipeline.landing.lock import locked
from naravard_pipeline.landing.pruning import Pair, Removal, find_superfluous, remove
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.decisions import LogError, read_log, taken_back
from naravard_pipeline.publication.folders import DATABASE, RELEASE_ID, UNFINISHED, current_release, list_releases, remove_unfinished
from naravard_pipeline.settings import Settings

PINNED = "pinned_releases.txt"  # in ``decisions/``: one release id per line, then why, as one likes


@dataclass(frozen=True)
class Pruned:
    """What went, or would go. ``stopped`` says why not everything could go that nothing needs; the next run tries again."""

    removed: Sequence[Removal] = ()
    stopped: str | None = None

    @property
    def bytes(self) -> int:
        return sum(r.bytes for r in self.removed)

    def __str__(self) -> str:
        counts = Counter(r.kind for r in self.removed)
        return ", ".join(f"{kind}: {n}" for kind, n in counts.items()) + f" ({self.bytes / 1e6:,.1f} MB)" if counts else "nothing"


def prune(
    settings: Settings, on_progress: Callable[[str], None] = lambda text: None, *, dry_run: bool = False, now: datetime | None = None
) -> Pruned:
    """Remove what nothing needs any more; with ``dry_run`` only tell. Call it under the publication's lock, after the switch.

    Never raises for what is on disk: what was published is published. Where a kept release cannot be read, nothing at all is removed. A kill anywhere
    leaves at most something superfluous, which the next call removes.
    """
    removed: list[Removal] = []
    try:
        if not dry_run:
            remove_unfinished(settings)
        with contextlib.ExitStack() as stack:
            kept = choose_releases(settings)
            shown = read_shown(kept)
            going = [folder for folder in list_releases(settings) if folder not in kept]
            plan = [Removal("release", folder, _size(folder)) for folder in going]
            stopped, landing = None, None
            if settings.landing.exists():
                try:
                    stack.enter_context(locked(settings.landing))
                    landing = Landing(settings.landing)
                    moment = now or datetime.now(UTC)
                    plan += find_superfluous(landing, settings.inbox, shown, settings.keep_months, settings.keep_days, moment)
                except BlockingIOError:
                    stopped = "A run is landing answers just now, so only releases are removed; the next run does the rest."
            for removal in plan:
                if not dry_run:
                    _remove(landing, removal)
                removed.append(removal)
    except (OSError, ValueError, LogError, LandingError, duckdb.Error, pa.ArrowException) as error:
        stopped = str(error).splitlines()[0]
    pruned = Pruned(removed, stopped)
    if removed and not dry_run:
        on_progress(f"removed what nothing needs any more: {pruned}")
    if stopped:
        on_progress(f"not everything could be removed that may go: {stopped}")
    return pruned


def choose_releases(settings: Settings) -> list[Path]:
    """The releases to keep, oldest first: the newest ``keep_releases``, the last of each of the newest ``keep_months``, the current one, the one
    that readers saw before it, and the pinned. What was taken back takes no place of another."""
    releases = list_releases(settings)
    log = read_log(settings)
    undone = taken_back(log)
    stood = [folder for folder in releases if folder.name not in undone]
    kept = {*releases[-settings.keep_releases :], *stood[-settings.keep_releases :]}
    last_of_months = list({RELEASE_ID.fullmatch(folder.name)[1]: folder for folder in stood}.values())
    kept |= set(last_of_months[max(0, len(last_of_months) - settings.keep_months) :])
    pinned = read_pinned(settings)
    kept |= {folder for folder in releases if folder.name in pinned}
    current = current_release(settings)
    if current in releases:
        place = releases.index(current)
        shown = [e.release_id for e in log if e.action in ("released", "rolled_back")]
        before = next((name for name in reversed(shown) if name != current.name), None) or releases[max(0, place - 1)].name
        kept |= {folder for folder in releases if folder == current or folder.name == before}
    return [folder for folder in releases if folder in kept]


def read_pinned(settings: Settings) -> set[str]:
    """The ids that somebody wants kept whatever the settings say, one in a line, with a reason after it: a report may quote that release."""
    path = settings.decisions / PINNED
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines() if path.exists() else []
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not written in UTF-8. Save it anew in UTF-8; until then nothing is pruned.") from error
    pinned = {line.split()[0]: number for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")}
    if wrong := next((name for name in pinned if not RELEASE_ID.fullmatch(name)), None):
        raise ValueError(f"{path}:{pinned[wrong]}: {wrong!r} is no release's id. Mend the line (# begins a remark); until then nothing is pruned.")
    return set(pinned)


def read_shown(releases: Sequence[Path]) -> dict[Pair, set[str]]:
    """The snapshots that any of the releases shows figures of → the measures that these were computed from, by the release's own word.

    Raises ``duckdb.Error`` or ``OSError`` where one cannot be read.
    """
    found = {folder / DATABASE: (folder / DATABASE).stat() for folder in releases}
    keys = {path: (str(path), stat.st_ino, stat.st_mtime_ns, stat.st_size) for path, stat in found.items()}
    read = {key: _read_before[key] for key in keys.values() if key in _read_before}
    if len(read) < len(keys):
        with duckdb.connect() as db:
            read |= {key: _read_shown(db, path) for path, key in keys.items() if key not in read}
    _read_before.clear()
    _read_before.update(read)
    shown: dict[Pair, set[str]] = {}
    for pairs in read.values():
        for pair, inputs in pairs.items():
            shown.setdefault(pair, set()).update(inputs)
    return shown


_read_before: dict[tuple, Mapping[Pair, Sequence[str]]] = {}  # a release never changes, so a process reads each but once


def _read_shown(db: duckdb.DuckDBPyConnection, path: Path) -> Mapping[Pair, Sequence[str]]:
    attach(db, path, "release")
    try:
        columns = db.execute("select table_name, list(column_name) from duckdb_columns() where database_name = 'release' group by all")
        tables = {name: set(names) for name, names in columns.fetchall()}
        if "fct_observations" not in tables:
            raise OSError(f"{path} holds no release. Restore it from a backup, or remove the folder; until then nothing is pruned.")
        computed_from = {}
        if "computed_from" in tables.get("dim_measures", ()):
            computed_from = dict(db.execute("select measure_id, computed_from from release.main.dim_measures").fetchall())
        told = [name for name, names in tables.items() if {"measure_id", "snapshot_id"} <= names]
        query = " union ".join(f"select measure_id, snapshot_id from release.main.{name} where snapshot_id is not null" for name in told)
        pairs = db.execute(query).fetchall() if told else []
    finally:
        db.execute("detach release")
    return {pair: [m for m in (computed_from.get(pair[0]) or "").split(",") if m] for pair in pairs}


def _remove(landing: Landing | None, removal: Removal) -> None:
    if removal.kind == "release":
        # Out of the list by one rename: a half-deleted release must never look like a kept one.
        going = removal.path.with_name(f"{UNFINISHED}{removal.path.name}")
        os.replace(removal.path, going)
        shutil.rmtree(going)
    elif landing:
        remove(landing, removal)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
