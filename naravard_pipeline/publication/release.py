"""A release: made beside, whole, and switched in by one rename. Readers of ``current/`` see the old one or the new one, never between.

Under ``published/``: ``current`` (a link) → ``releases/<release_id>/``, which never changes again.
Here: the order of the steps, the folder, the switch. Not here: the verdict (gate), the rows (assembly), the forms (forms).
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.assembly import Assembled, assemble, read_candidate, read_previous
from naravard_pipeline.publication.build import read_build
from naravard_pipeline.publication.checks import read_checks
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.forms import write_forms
from naravard_pipeline.publication.gate import GateClosed, Hold, judge
from naravard_pipeline.quality import read_suites
from naravard_pipeline.settings import EXPECTATIONS, Settings

DATABASE = "naravard.duckdb"


@dataclass(frozen=True)
class Publication:
    """What came of it. ``is_new`` is False when nothing differs from the last release, which then stays. ``held`` and ``left_out`` by measure."""

    release_id: str
    path: Path
    is_new: bool
    held: Mapping[str, Hold]
    left_out: Mapping[str, Hold]
    row_counts: Mapping[str, int]


def publish(settings: Settings, tables: Sequence[Table], on_progress: Callable[[str], None] = lambda text: None) -> Publication:
    """Publish the last build if the gate lets it. Raises ``GateClosed`` or ``OSError``; then ``current`` is what it was.

    ``tables`` is the contract read from dbt's manifest.
    """
    with _only_one(settings.published):
        _remove_unfinished(settings.published)
        build = read_build(settings)
        if not settings.database.exists() or build is None:
            raise GateClosed(["There is no complete build to publish. Run the whole job: naravard run"])
        now = datetime.now(UTC)
        unfinished = settings.published / "releases" / f".unfinished-{os.getpid()}"
        unfinished.mkdir(parents=True)
        try:
            with contextlib.closing(_attach(settings, unfinished / DATABASE)) as connection:
                verdict = judge(
                    build,
                    read_checks(settings),
                    read_suites(EXPECTATIONS),
                    Landing(settings.landing).read_states(),
                    read_candidate(connection, tables),
                )
                on_progress(f"the gate is open: {len(verdict.results)} checks, {len(verdict.holds)} measures to hold")
                assembled = assemble(connection, tables, verdict, now)
                previous = read_previous(connection)
                if previous and previous["is_demo"] != settings.is_demo:
                    raise GateClosed(
                        ["The last release here is of the other kind: made-up and real figures are never mixed. Use another NARAVARD_HOME."]
                    )
                if previous and previous["content_hash"] == assembled.content_hash:
                    return _publication(settings, previous["release_id"], assembled, is_new=False)
                release_id = f"{now:%Y%m%dT%H%M%S}-{assembled.content_hash[:8]}"
                release = {
                    "release_id": release_id,
                    "published_at": now.isoformat(timespec="seconds"),
                    "code_version": build.code_version,
                    "build_id": build.build_id,
                    "content_hash": assembled.content_hash,
                    "is_demo": settings.is_demo,
                }
                write_forms(connection, unfinished, tables, assembled, verdict, release, on_progress)
            _close(unfinished)
            os.replace(unfinished, settings.published / "releases" / release_id)
            _switch(settings.published, release_id)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return _publication(settings, release_id, assembled, is_new=True)


def current_release(settings: Settings) -> Path | None:
    """The folder of the last release, its link resolved; None before the first."""
    current = settings.published / "current"
    return current.resolve() if current.exists() else None


def read_release(folder: Path) -> dict[str, Any]:
    """``quality.json`` of a release: ``release``, ``held``, ``left_out``, ``checks``. Raises ``OSError`` or ``ValueError`` where it is no release."""
    return json.loads((folder / "quality.json").read_bytes())


def list_releases(settings: Settings) -> list[Path]:
    """The folders of all kept releases, oldest first."""
    return sorted(p for p in (settings.published / "releases").glob("*") if p.is_dir() and not p.name.startswith("."))


def _attach(settings: Settings, database: Path) -> duckdb.DuckDBPyConnection:
    """The new database, with the warehouse as ``candidate`` and the last release as ``last``, both read-only.

    While they are attached nobody else can write them, so what the gate looked at is what goes out.
    """
    connection = duckdb.connect(str(database))
    attached = {"candidate": settings.database}
    if last := current_release(settings):
        attached["last"] = last / DATABASE
    try:
        for name, path in attached.items():
            connection.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {name} (read_only)")
    except duckdb.Error as error:
        connection.close()
        raise GateClosed([f"{path} cannot be read: {str(error).splitlines()[0]} If another run is writing it, wait for that to end."]) from error
    return connection


def _publication(settings: Settings, release_id: str, assembled: Assembled, is_new: bool) -> Publication:
    path = settings.published / "releases" / release_id
    return Publication(release_id, path, is_new, assembled.held, assembled.left_out, assembled.row_counts)


@contextlib.contextmanager
def _only_one(published: Path) -> Iterator[None]:
    """One publication at a time on this disk. The lock goes with the process, also when that is killed."""
    (published / "releases").mkdir(parents=True, exist_ok=True)
    with open(published / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise GateClosed([f"Another process is publishing to {published} just now. Wait for it and run again."]) from error
        yield


def _remove_unfinished(published: Path) -> None:
    """What a killed publication left. Called under the lock, so nobody is writing it."""
    for left_over in [*(published / "releases").glob(".unfinished-*")]:
        shutil.rmtree(left_over, ignore_errors=True)
    for link in published.glob(".current-*"):
        link.unlink(missing_ok=True)


def _close(folder: Path) -> None:
    """Everything on disk, nothing writable, nothing half-written: a stale write-ahead log would be replayed into its neighbour."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.suffix == ".wal":
            raise OSError(f"{path} should not be there: the database was not closed")
        with _opened(path) as descriptor:
            os.fsync(descriptor)
        if path.is_file():
            path.chmod(0o444)
    with _opened(folder) as descriptor:
        os.fsync(descriptor)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _switch(published: Path, release_id: str) -> None:
    link = published / f".current-{os.getpid()}"
    link.symlink_to(Path("releases") / release_id)
    os.replace(link, published / "current")
    with _opened(published) as descriptor:
        os.fsync(descriptor)
