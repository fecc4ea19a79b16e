"""What people and the pipeline have decided: an append-only log, one JSON object per line, each chained to the one before by its hash.

``$NARAVARD_HOME/decisions/log.jsonl`` is never pruned and never rewritten. It is published whole as ``meta_approvals`` (``meta_corrections`` for
notices), without the names: these stay inside.
Here: appending, reading, what the log says of a figure. Not here: who may decide what (approval, rollback), what needs a decision (review).
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from naravard_pipeline.settings import Settings

Action = Literal["approved", "released", "rolled_back", "corrected", "answer_accepted", "revealed", "log_restarted"]
AUTOMATIC = "automatic"  # the role of what no person decided
ROLES = ("statistician", "data_engineer", "steering_group")


PUBLISHED = ("number", "decided_at", "action", "role", "measure_id", "release_id", "content_hash", "reason_sv")  # as in ``meta_approvals``
COLUMNS = (*PUBLISHED, "area_code", "period_label", "taken_back")  # all that is public of an entry


REMEDY = (
    "Restore the file from a backup; nothing is published without it. Where there is none, a person can take the loss upon them: "
    'naravard release restart-log --by "NAME" --reason "TEXT"'
)


class LogError(Exception):
    """The log cannot be trusted or written; nothing may be published on it. The message names the file, the line and the remedy."""


class ReleaseMissing(LogError):
    """The log is whole; the folder of the release that it says is published is gone. Going back to another release is a way out."""


@dataclass(frozen=True)
class Entry:
    """One decision. ``name`` is the only part that is not published.

    ``content_hash`` is what it is bound to: a measure's candidate rows (approved), a release's content (approved automatically, released,
    rolled_back_to), the snapshot of a source's answer (answer_accepted). ``details`` of a rollback has ``taken_back``: the releases that were undone,
    ``cells``: what they showed otherwise (module taken_back), and ``unknown``: those of which that could not be read any more; of a correction
    ``area_code`` and ``period_label``; of a release ``sums``, the hash of its ``SHA256SUMS``.
    """

    number: int
    at: str  # ISO 8601, UTC
    action: Action
    role: str
    reason_sv: str
    release_id: str | None = None
    measure_id: str | None = None
    content_hash: str | None = None
    name: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    previous: str = ""  # SHA-256 of the line before


def log_file(settings: Settings) -> Path:
    return settings.decisions / "log.jsonl"


def read_log(settings: Settings) -> list[Entry]:
    """All entries, oldest first. Raises ``LogError`` where the chain is broken (somebody changed or removed a line before the last), and where a line
    is not written as the pipeline writes it: the next one could not be chained to it."""
    path = log_file(settings)
    lines = _whole_lines(path)
    entries, previous = [], ""
    for number, line in enumerate(lines, 1):
        try:
            entry = decode(line)
            is_as_written = encode(entry) == line
        except (ValueError, TypeError) as error:
            raise LogError(f"{path}:{number}: is no entry of the log ({error}). {REMEDY}") from error
        if not is_as_written:
            raise LogError(
                f"{path}:{number}: the line is not as the pipeline wrote it; an editor may have added a blank, a byte order mark or "
                f"its own line ends. {REMEDY}"
            )
        if entry.number != number or entry.previous != previous:
            raise LogError(f"{path}:{number}: the log has been changed: this line does not follow from the one before. {REMEDY}")
        entries.append(entry)
        previous = hashlib.sha256(line).hexdigest()
    return entries


def line_hash(entry: Entry) -> str:
    """What the line after it is chained to. It is published, and tells nobody a name: each line holds a random ``salt``."""
    return hashlib.sha256(encode(entry)).hexdigest()


def next_entry(
    entries: Sequence[Entry], action: Action, *, role: str, reason_sv: str, details: Mapping[str, Any] = MappingProxyType({}), **values: Any
) -> Entry:
    """The entry that would follow ``entries``; nothing is written yet."""
    return Entry(
        number=len(entries) + 1,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        action=action,
        role=role,
        reason_sv=reason_sv,
        previous=line_hash(entries[-1]) if entries else "",
        details={**details, "salt": secrets.token_hex(16)},
        **values,
    )


def append(settings: Settings, entries: Sequence[Entry], entry: Entry) -> list[Entry]:
    """Add one entry after ``entries`` (the whole log) and wait until it is on disk; returns the log with it.

    Call it under the publication's lock. Raises ``OSError``, and then nothing is added. A line that a killed process left half-written is no
    decision and is taken away first.
    """
    path = log_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = sum(len(line) + 1 for line in _whole_lines(path))
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        os.ftruncate(descriptor, whole)
        try:
            _write_all(descriptor, encode(entry) + b"\n", whole)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, whole)
            raise
    finally:
        os.close(descriptor)
    if not entries:
        for folder in (path.parent, settings.home):
            _sync_folder(folder)
    return [*entries, entry]


def public_row(entry: Entry) -> dict[str, Any]:
    """What anybody may know of an entry, by ``COLUMNS``: all but the name, and of the details only where and what."""
    told = {"decided_at": entry.at, "taken_back": ",".join(entry.details.get("taken_back", ())) or None}
    told |= {name: entry.details.get(name) for name in ("area_code", "period_label")}
    return {name: told[name] if name in told else getattr(entry, name) for name in COLUMNS}


def taken_back(entries: Sequence[Entry]) -> set[str]:
    """The releases that were undone and not gone back to since: all that were published after the one that a rollback names."""
    published: set[str] = set()
    undone: set[str] = set()
    for entry in entries:
        if entry.action == "released" and entry.release_id:
            published.add(entry.release_id)
        elif entry.action == "rolled_back" and entry.release_id:
            undone = {name for name in undone | {p for p in published if p > entry.release_id} if name != entry.release_id}
    return undone


@dataclass(frozen=True)
class Standing:
    """What the log says now. ``approved``: measure → content hashes that may go out; ``corrections``: the notices given."""

    approved: Mapping[str, set[str]]
    corrections: Sequence[Entry]


def read_standing(entries: Sequence[Entry]) -> Standing:
    approved: dict[str, set[str]] = {}
    for entry in entries:
        match entry.action:
            case "approved" if entry.measure_id:
                approved.setdefault(entry.measure_id, set()).add(entry.content_hash or "")
            case "rolled_back":
                approved.clear()  # what was approved before is undone as a whole, definitions too: it is looked at once more
    return Standing(approved, [e for e in entries if e.action == "corrected"])


def encode(entry: Entry) -> bytes:
    """An entry as its line in the log, without the line break."""
    return json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def decode(line: bytes) -> Entry:
    """An entry from its line. Raises ``ValueError`` or ``TypeError`` where it is none, or a value is of another kind."""
    entry = Entry(**json.loads(line))
    texts, may_lack = ("at", "action", "role", "reason_sv", "previous"), ("release_id", "measure_id", "content_hash", "name")
    wrong = [name for name in texts if not isinstance(getattr(entry, name), str)]
    wrong += [name for name in may_lack if not isinstance(getattr(entry, name), str | None)]
    wrong += [] if isinstance(entry.number, int) else ["number"]
    details = entry.details if isinstance(entry.details, dict) else {"details": None}
    kinds = {"taken_back": list, "unknown": list, "forgotten": list, "cells": dict, "sums": str, "details": dict}
    wrong += [name for name, value in details.items() if not isinstance(value, kinds.get(name, object))]
    wrong += [name for name in ("taken_back", "unknown") if not all(isinstance(n, str) for n in details.get(name) or ())]
    cells = details.get("cells") or {"file": "", "sha256": ""}
    wrong += [] if isinstance(cells, dict) and all(isinstance(cells.get(n), str) for n in ("file", "sha256")) else ["cells"]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} cannot be such a value")
    datetime.fromisoformat(entry.at)
    return entry


def _whole_lines(path: Path) -> list[bytes]:
    """The lines that end; what follows the last line break is what a killed process did not finish."""
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
