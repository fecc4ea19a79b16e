"""A log that is damaged and has no backup: begun anew from what was published of it, by a person who says so in it.

What nobody published is lost: names, and decisions that never reached a reader. Lines of the damaged log that say what was published keep theirs; the
damaged file stays beside it. Here: that decision. Not here: how damage is found (decisions, witnesses).
"""

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from naravard_pipeline.landing.atomic import replace_file
from naravard_pipeline.publication.approval import DecisionError, check_words
from naravard_pipeline.publication.decisions import (
    PUBLISHED,
    Entry,
    LogError,
    ReleaseMissing,
    append,
    decode,
    encode,
    line_hash,
    log_file,
    next_entry,
    public_row,
)
from naravard_pipeline.publication.folders import list_releases, only_one
from naravard_pipeline.publication.notices import read_notices, tell_notices
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.publication.taken_back import find_lost
from naravard_pipeline.publication.witnesses import read_rows
from naravard_pipeline.settings import Settings


def restart_log(settings: Settings, name: str, role: str, reason: str) -> int:
    """Returns how many decisions the log has then, its own among them. Where the log is whole and a file of what was taken back is lost, that loss is
    written into it: what is not known any more waits for a person. Raises ``DecisionError`` where the log is whole."""
    check_words(name, role, reason)
    with only_one(settings):
        try:
            entries = repair(settings)
        except ReleaseMissing as error:
            raise DecisionError(f"The log is whole, so it is not begun anew. {error}") from error
        except LogError:
            pass
        else:
            if lost := find_lost(settings, entries):
                values = {"role": role, "reason_sv": reason, "name": name, "details": {"forgotten": lost, "unknown": []}}
                entries = append(settings, entries, next_entry(entries, "log_restarted", **values))
                tell_notices(settings, entries)
                return len(entries)
            raise DecisionError("The log is whole, so it is not begun anew: that could only lose something.")
        path = log_file(settings)
        damaged = path.read_bytes() if path.exists() else b""
        rows = _published(settings)
        entries = []
        for number in range(1, len(rows) + 1):
            if number not in rows:
                break
            entry = _entry(settings, damaged, rows[number])
            entries.append(replace(entry, previous=line_hash(entries[-1]) if entries else ""))
        entries.append(next_entry(entries, "log_restarted", role=role, reason_sv=reason, name=name))
        if damaged:
            _write_inside(path.with_name(f"log-damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}.jsonl"), damaged)
        _write_inside(path, b"".join(encode(e) + b"\n" for e in entries))
        tell_notices(settings, entries)
    return len(entries)


def _write_inside(path: Path, data: bytes) -> None:
    """With names in it: nobody else may read it, not for a moment."""
    before = os.umask(0o027)
    try:
        replace_file(path, data)
    finally:
        os.umask(before)
    path.chmod(0o640)


def _published(settings: Settings) -> dict[int, dict[str, Any]]:
    """Number → what readers have been shown of it: of the releases, the newest is believed."""
    rows = {row["number"]: row for row in read_notices(settings)}
    for folder in list_releases(settings):
        rows |= {row["number"]: rows.get(row["number"], {}) | row for row in read_rows(folder) or ()}
    return rows


def _entry(settings: Settings, damaged: bytes, row: dict[str, Any]) -> Entry:
    for line in damaged.split(b"\n"):
        try:
            entry = decode(line)
            said = public_row(entry)
        except (ValueError, TypeError, AttributeError):
            continue
        if all(said[name] == row[name] for name in PUBLISHED):
            return entry
    details = {name: row[name] for name in ("area_code", "period_label") if row.get(name)}
    if row.get("taken_back"):
        details["taken_back"] = row["taken_back"].split(",")
    path = settings.decisions / "taken_back" / f"{row['number']:06d}.parquet"
    if row["action"] == "rolled_back" and not path.exists():
        details["unknown"] = details.get("taken_back", [])
    elif row["action"] == "rolled_back":
        details["cells"] = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "measures": {}}
    values = {"number": row["number"], "at": row["decided_at"]} | {n: row[n] for n in PUBLISHED if n not in ("number", "decided_at")}
    return Entry(**values, details=details)
