"""Whether the log is the one that was published: its chain can be made anew by whoever rewrites it, what readers have been shown cannot.

Witnesses are ``meta_approvals`` of every kept release, the head of the log in its ``SHA256SUMS``, and ``published/notices.json``, which has each
decision at once. Here: holding the log against them. Not here: the chain (decisions), a loss that a person accepts (restart).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.publication.decisions import PUBLISHED, REMEDY, Entry, LogError, line_hash, log_file, public_row
from naravard_pipeline.publication.folders import list_releases
from naravard_pipeline.publication.notices import read_notices
from naravard_pipeline.publication.wholeness import read_log_head
from naravard_pipeline.settings import Settings

INTERRUPTED = "Publicerad; körningen avbröts innan det hann skrivas här."  # the reason of an entry that was made up later, in older logs


def check_log(settings: Settings, current: Path | None, log: Sequence[Entry]) -> None:
    """Raises ``LogError`` where something was published that the log does not say, or says otherwise."""
    told = read_notices(settings)
    for row in told:
        _expect(settings, log, row, "published/notices.json")
    announced = {row["release_id"] for row in told if row["action"] == "released"}
    logged = {e.release_id for e in log}
    restarted = max((e.number for e in log if e.action == "log_restarted" and "forgotten" not in e.details), default=0)
    for folder in list_releases(settings):
        for row in read_rows(folder) or ():
            is_own = row["action"] == "released" and row["release_id"] == folder.name
            if is_own and folder.name not in logged and folder.name not in announced and row["number"] == len(log) + 1:
                continue  # killed before it was logged: the next step makes up for it
            if is_own and any(e.release_id == folder.name and e.reason_sv == INTERRUPTED and e.content_hash == row["content_hash"] for e in log):
                continue
            if is_own and folder.name not in logged and folder.name not in announced and folder != current:
                continue  # killed before it was switched in; numbers have been given to others since
            _expect(settings, log, row, folder.name)
        if (head := read_log_head(folder)) and head[0] > restarted and (head[0] > len(log) or line_hash(log[head[0] - 1]) != head[1]):
            raise _refuse(settings, head[0], f"{folder.name} was made from a log with another line {head[0]}")


def read_rows(folder: Path) -> list[dict[str, Any]] | None:
    """``meta_approvals`` of a release, by ``PUBLISHED``, times as the log writes them; None where it has none that can be read."""
    path = folder / "parquet" / "meta_approvals.parquet"
    try:
        with duckdb.connect() as connection:
            found = connection.execute(f"select {', '.join(PUBLISHED)} from read_parquet(?) order by number", [str(path)]).fetchall()
    except duckdb.Error:
        return None
    rows = [dict(zip(PUBLISHED, row, strict=True)) for row in found]
    return [row | {"decided_at": row["decided_at"].replace(tzinfo=UTC).isoformat(timespec="seconds")} for row in rows]


def _expect(settings: Settings, log: Sequence[Entry], row: dict[str, Any], where: str) -> None:
    number = row["number"]
    if not isinstance(number, int) or not 0 < number <= len(log):
        raise _refuse(settings, number, f"lines are missing: there are {len(log)}, and {where} shows number {number}")
    said = public_row(log[number - 1])
    if wrong := list(_differences(said, row)):
        raise _refuse(settings, number, f"{', '.join(wrong)} is not what {where} shows of it")


def _differences(said: dict[str, Any], row: dict[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        other = said[name]
        if name == "decided_at":
            value, other = (datetime.fromisoformat(t).astimezone(UTC) for t in (value, other))
        if value != other:
            yield name


def _refuse(settings: Settings, number: Any, what: str) -> LogError:
    return LogError(f"{log_file(settings)}:{number}: {what}. {REMEDY}")
