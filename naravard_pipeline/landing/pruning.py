"""What of the landing nothing needs any more: found first, removed then, in an order in which a kill leaves at most something superfluous.

Needed is what a kept release shows, what is current, and what dbt was told to read last; and what these were read or computed from: manifests,
raw answers, the rows of files. What is younger than so many days is kept too, refused answers among it.
A snapshot's manifest goes before its raw answers, so no manifest that is needed ever points at nothing.
Belongs here: finding and removing. Does not: which releases are kept and what they show (``publication.retention``).
"""

import contextlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from naravard_pipeline.landing.atomic import LandingError, replace_file
from naravard_pipeline.landing.catalogues import list_catalogues, list_superfluous
from naravard_pipeline.landing.file_history import REPLACED, list_counting, read_replaced
from naravard_pipeline.landing.inbox import find_accepted
from naravard_pipeline.landing.store import DERIVED, Landing

Kind = Literal["release", "snapshot", "rows of a file", "file", "raw answer", "catalogue"]
Pair = tuple[str, str]  # measure_id, snapshot_id
_SHA256 = re.compile(rb"\b[0-9a-f]{64}\b")


class Removal(NamedTuple):
    """One thing that nothing needs: ``path`` (a folder for a release) and its size."""

    kind: Kind
    path: Path
    bytes: int


@dataclass
class _Needed:
    """``hashes``: the first 12 hex digits of raw answers; ``files``: the same of the files of a measure, None for all of them."""

    pairs: set[Pair] = field(default_factory=set)
    hashes: set[str] = field(default_factory=set)
    files: dict[str, set[str] | None] = field(default_factory=dict)


def find_superfluous(
    landing: Landing, inbox: Path, shown: Mapping[Pair, Iterable[str]], keep_months: int, keep_days: int, now: datetime
) -> list[Removal]:
    """What may go, in the order in which it may go.

    ``shown``: the snapshots whose figures any kept release shows, each with the measures it was computed from (none for a source's figures).
    Call it, and ``remove``, while nobody else writes the landing. Raises ``LandingError`` where a file that decides cannot be read: then nothing
    may be removed.
    """
    old = (now - timedelta(days=keep_days)).timestamp()
    try:
        manifests = _list_manifests(landing)
        needed = _find_needed(landing, manifests, shown, old)
        snapshots = [path for pair, paths in manifests.items() if pair not in needed.pairs for path in paths]
        rows = _find_rows(landing, needed, old)
        files = [f for path in rows for f in _find_files(inbox, path, needed)]
        catalogues = [c.path for c in list_superfluous(list_catalogues(landing), keep_months, keep_days, now)]
        raw = [path for path in (landing.root / "raw").glob("*/*/*") if path.name[:12] not in needed.hashes and path.stat().st_mtime < old]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        raise LandingError(f"The landing cannot be looked through ({error}), so nothing is removed. Restore that file.") from error
    snapshots.sort(key=lambda path: (path.parts[-3] != DERIVED, path))  # before what they were computed from
    found: Sequence[tuple[Kind, list[Path]]] = [
        ("snapshot", snapshots),
        ("file", files),
        ("rows of a file", rows),
        ("raw answer", sorted(raw)),
        ("catalogue", catalogues),
    ]
    return [Removal(kind, path, path.stat().st_size) for kind, paths in found for path in paths]


def remove(landing: Landing, removal: Removal) -> None:
    """Remove one thing; what is gone already is no error. Raises ``OSError`` or ``LandingError``."""
    if removal.kind == "rows of a file" and removal.path.exists():
        # Remembered first: sent once more it must change nothing, as before.
        folder, known = removal.path.parent, read_replaced(removal.path.parent)
        known[removal.path.stem.partition("-")[2]] = _read_file(removal.path)["received_at"].isoformat()
        replace_file(folder / REPLACED, orjson.dumps(known, option=orjson.OPT_SORT_KEYS), landing.root / ".unfinished")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(removal.path)


def _list_manifests(landing: Landing) -> dict[Pair, list[Path]]:
    """By measure and snapshot, whatever the source: a measure may have moved from one to another."""
    found: dict[Pair, list[Path]] = {}
    for path in sorted((landing.root / "snapshots").glob("*/*/*.json")):
        found.setdefault((path.parent.name, path.stem), []).append(path)
    return found


def _find_needed(landing: Landing, manifests: Mapping[Pair, list[Path]], shown: Mapping[Pair, Iterable[str]], old: float) -> _Needed:
    young = {pair for pair, paths in manifests.items() if any(path.stat().st_mtime >= old for path in paths)}
    needed, waiting = _Needed(), [*shown, *_list_current(landing), *young]
    while waiting:
        pair = waiting.pop()
        if pair in needed.pairs:
            continue
        needed.pairs.add(pair)
        for path in manifests.get(pair, ()):
            text = path.read_bytes()
            manifest = orjson.loads(text)
            waiting += [(i["measure_id"], i["snapshot_id"]) for i in manifest.get("inputs", ())]
            needed.hashes |= _hashes_in(text)
            _need_files(needed, pair[0], manifest)
        if pair not in manifests:  # computed before inputs were written down: any snapshot of its inputs may be the one
            waiting += [other for other in manifests if other[0] in shown.get(pair, ())]
    for path in (landing.root / "state").glob("*/*.json"):  # a refused answer is named where it is told why
        needed.hashes |= _hashes_in(path.read_bytes())
    return needed


def _list_current(landing: Landing) -> set[Pair]:
    """What the observations hold, and what dbt was told to read: the warehouse may be about to be published."""
    states = {(s.measure_id, s.snapshot_id) for s in landing.read_states() if s.snapshot_id}
    for name in ("snapshots", "derived_loads"):
        path = landing.root / f"{name}.parquet"
        if path.exists():
            states |= {(r["measure_id"], r["snapshot_id"]) for r in pq.ParquetFile(path).read(columns=["measure_id", "snapshot_id"]).to_pylist()}
    return states


def _hashes_in(text: bytes) -> set[str]:
    return {sha256[:12].decode() for sha256 in _SHA256.findall(text)}


def _need_files(needed: _Needed, measure_id: str, manifest: Mapping[str, Any]) -> None:
    files = manifest.get("metadata", {}).get("files", [])
    if not isinstance(files, list):  # written when their number was all that was written down
        needed.files[measure_id] = None
    elif (known := needed.files.setdefault(measure_id, set())) is not None:
        known |= set(files)


def _find_rows(landing: Landing, needed: _Needed, old: float) -> list[Path]:
    """The rows of files that count no more. The others' files become needed."""
    superfluous = []
    for folder in sorted(landing.root.glob("*/files/*")):
        files = sorted(folder.glob("*.parquet"))
        wanted = needed.files.get(folder.name, set())
        candidates = [] if wanted is None else [f for f in files if _hash_of(f) not in wanted and f.stat().st_mtime < old]
        counting = list_counting(files) if candidates else set()
        going = [f for f in candidates if _hash_of(f) not in counting]
        superfluous += going
        needed.hashes |= {_hash_of(f) for f in files if f not in going}
    return superfluous


def _find_files(inbox: Path, rows: Path, needed: _Needed) -> list[Path]:
    """The file itself among the accepted ones, with its answer, unless it counts for another measure."""
    file = _read_file(rows)
    return [] if _hash_of(rows) in needed.hashes else find_accepted(inbox, file["file_name"], file["file_sha256"])


def _read_file(rows: Path) -> dict[str, Any]:
    return pq.ParquetFile(rows).read(columns=["file_name", "file_sha256", "received_at"]).slice(0, 1).to_pylist()[0]


def _hash_of(rows: Path) -> str:
    return rows.stem.partition("-")[2]
