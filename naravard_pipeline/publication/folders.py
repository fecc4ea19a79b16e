"""The releases on disk: ``published/current`` (a link) → ``published/releases/<release_id>/``, which never changes again.

Here: one publisher at a time, what a killed one left, closing a folder, the switch, finding what is there. Not here: what goes into a release
(release), which of them are kept (retention).
"""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from naravard_pipeline.landing.lock import locked
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.settings import Settings

DATABASE = "naravard.duckdb"
REPORTS = "reports"  # beside ``current``: the monthly reports, which others make from the releases
UNFINISHED = ".unfinished-"
DAMAGED = "damaged-"
RELEASE_ID = re.compile(r"(?:\d{6,}-)?(\d{6})\d{2}T\d{6}-[0-9a-f]{8}")  # its month is the group


def current_release(settings: Settings) -> Path | None:
    """The folder of the last release, its link resolved; None before the first."""
    current = settings.published / "current"
    return current.resolve() if current.exists() else None


def list_releases(settings: Settings) -> list[Path]:
    """The folders of all kept releases, oldest first: a release's number comes first in its name. Other folders there are somebody's own."""
    return sorted(p for p in releases_folder(settings).glob("*") if p.is_dir() and RELEASE_ID.fullmatch(p.name))


def read_release(folder: Path) -> dict[str, Any]:
    """``quality.json`` of a release: ``release``, ``held``, ``left_out``, ``checks``. Raises ``OSError`` or ``ValueError`` where it is no release."""
    path = folder / "quality.json"
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict) or not isinstance(content.get("release"), dict) or not {"held", "left_out", "checks"} <= content.keys():
        raise ValueError(f"{path} does not say of which release it is")
    return content


def releases_folder(settings: Settings) -> Path:
    return settings.published / "releases"


def set_aside(folder: Path) -> Path:
    """Give a release that is damaged another name, ``damaged-…``, beside the others: it is neither listed nor removed. Returns the new folder."""
    aside = folder.with_name(f"{DAMAGED}{folder.name}")
    while aside.exists():
        aside = aside.with_name(f"{aside.name}-again")
    os.replace(folder, aside)
    sync(folder.parent)
    return aside


def next_release_id(settings: Settings, known: Iterable[str | None], now: datetime, content_hash: str) -> str:
    """``000012-20260301T053000-1a2b3c4d``: a number that only rises, whatever the clock does; the moment (UTC); the start of the content's hash.

    ``known``: ids of releases that are kept no more.
    """
    ids = [*known, *(p.name.removeprefix(DAMAGED) for p in releases_folder(settings).glob("*"))]
    numbers = [int(name.split("-")[0]) for name in ids if name and name.split("-")[0].isdigit()]
    return f"{max(numbers, default=0) + 1:06d}-{now:%Y%m%dT%H%M%S}-{content_hash[:8]}"


@contextlib.contextmanager
def only_one(settings: Settings, wait_seconds: float = 0.0) -> Iterator[None]:
    """One publication, rollback or decision at a time on this disk. Raises ``GateClosed`` if another is still at it after ``wait_seconds``."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(releases_folder(settings), wait_seconds))
        except BlockingIOError as error:
            raise GateClosed([f"Another process is publishing to {settings.published} just now. Wait for it and run again."]) from error
        yield


def remove_unfinished(settings: Settings) -> None:
    """What a killed publication left. Called under the lock, so nobody is writing it."""
    for left_over in releases_folder(settings).glob(f"{UNFINISHED}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    unfinished = [*settings.published.glob(".current-*"), *settings.published.glob("notices.*.tmp"), *settings.decisions.glob("taken_back/*.tmp")]
    unfinished += [*settings.review.glob("*.tmp"), *settings.decisions.glob("*.tmp")]
    for left_over in unfinished:
        left_over.unlink(missing_ok=True)


def close_folder(folder: Path) -> None:
    """Everything on disk, nothing writable, nothing half-written: a stale write-ahead log would be replayed into its neighbour."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.suffix == ".wal":
            raise OSError(f"{path} should not be there: the database was not closed")
        sync(path)
        if path.is_file():
            path.chmod(0o444)
    sync(folder)


def sync(path: Path) -> None:
    """Wait until the file, or the names in the folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_folder(settings: Settings, folder: Path, release_id: str) -> None:
    """Give a finished folder its name among the releases, and wait until a power cut could not take it away again."""
    os.replace(folder, releases_folder(settings) / release_id)
    for names in (releases_folder(settings), settings.published, settings.home):
        sync(names)


def switch(settings: Settings, release_id: str) -> None:
    """Make ``current`` point at a release: one rename, so that a reader finds the old one or the new one. Raises ``OSError``: it is the old one."""
    link = settings.published / f".current-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / release_id)
    os.replace(link, settings.published / "current")
    with contextlib.suppress(OSError):  # it is switched: readers see the new one, and only a power cut could still bring the old one back
        sync(settings.published)
