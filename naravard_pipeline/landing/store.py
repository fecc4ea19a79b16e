"""The landing: raw answers, the snapshots read from them, and what changed since last time.

Under ``root``::

    raw/<source_id>/<2 hex>/<sha256>.json.gz               an answer as it came; named by the hash of its unpacked bytes; never changed
    snapshots/<source_id>/<measure_id>/<snapshot_id>.json  what a snapshot was read from, and when; never changed. Of a derived measure
                                                           (source_id ``derived``): the snapshots that it was computed from
    <source_id>/observations/<measure_id>.parquet          the current snapshot's rows, native to the source
    state/<source_id>/<measure_id>.json                    what the last attempt gave (a ``Landed``)
    accepted/<source_id>/<measure_id>/<snapshot_id>        an answer that has shrunk and that a person has accepted
    secret                                                 what the names of snapshots of local files are made with (``name_local``)
    snapshots.parquet                                      one row per measure, for dbt to join
    <name>.parquet                                         other tables (``land_table``)

They are written in this order. Which snapshot is current stands in the observations file itself, so a run that was killed anywhere leaves
nothing that contradicts itself: the next one finds the state behind the observations, or the observations behind the answer, and goes on.
What never changes has, as its time, when it was last given: ``pruning`` goes by that.

Belongs here: hash, compare, write. Does not: protocols (``connectors``), whether figures are plausible (``quality``), what may go (``pruning``).
"""

import gzip
import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from naravard_pipeline.connectors.answer import Answer, FetchError
from naravard_pipeline.landing.atomic import parquet_bytes, replace_file, replace_if_different, write_once
from naravard_pipeline.landing.snapshot import INDEX_SCHEMA, Landed, Snapshot, State, canonical, index_row, snapshot_id_of

DERIVED = "derived"  # the source_id of what is computed here


class Landing:
    """All that is on disk before dbt. Safe for threads that land different measures; one process at a time."""

    def __init__(self, root: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self.root = root
        self._now = now
        # Unfinished files never lie among the data, where a reader's wildcard would find them.
        self._staging = root / ".unfinished"
        for left_over in self._staging.glob("*.tmp"):
            if left_over.stat().st_mtime < time.time() - 3600:  # from a run that was killed
                left_over.unlink(missing_ok=True)

    # ---- attempts

    def land(
        self,
        source_id: str,
        measure_id: str,
        answer: Answer,
        attribution: str,
        max_shrinkage: float = 0.02,
        notes: Sequence[str] = (),
        newest_period: int | None = None,
    ) -> Landed:
        """Take in a well-formed answer, unless it has lost more than ``max_shrinkage`` of the values that were there (then ``kept``,
        until a person accepts just that answer).

        ``answer.rows`` has ``value`` and, as the source has them, ``period`` (integer) and ``is_deleted`` (such rows are no observations).
        ``newest_period`` is taken from ``period`` unless given.
        Raises ``LandingError`` where the disk refuses.
        """
        observed = answer.rows.filter(pc.invert(answer.rows["is_deleted"])) if "is_deleted" in answer.rows.column_names else answer.rows
        values, current = _count_values(observed), self.current(source_id, measure_id)
        before = current.values if current else 0
        snapshot_id = snapshot_id_of(answer.rows)
        is_shrunk = values < (1 - max_shrinkage) * before
        if values == 0 or (is_shrunk and not self._accepted_path(source_id, measure_id, snapshot_id).exists()):
            hashes = ", ".join(self.land_raw(source_id, page.body) for page in answer.pages)
            reason = f"The answer has {values} values where the last good one has {before} (limit: {max_shrinkage:.0%} fewer). Raw answer: {hashes}."
            shrunk = f"Källans svar krympte från {_swedish(before)} till {_swedish(values)} värden"
            cause_sv = shrunk if current else "Källans svar innehåller inga värden"
            return self._refuse(source_id, measure_id, reason, cause_sv, notes, refused_snapshot_id=snapshot_id if values else None)
        return self.accept(source_id, measure_id, answer, observed, attribution, snapshot_id=snapshot_id, newest_period=newest_period, notes=notes)

    def keep(self, source_id: str, measure_id: str, error: FetchError, notes: Sequence[str] = ()) -> Landed:
        """Record that no usable answer came; what did come is stored raw. The last good snapshot, if any, stays."""
        for page in error.pages:
            self.land_raw(source_id, page.body)
        return self._refuse(source_id, measure_id, str(error), error.reason_sv, notes, error.kept_sv)

    def accept(
        self,
        source_id: str,
        measure_id: str,
        answer: Answer,
        observed: pa.Table,
        attribution: str,
        *,
        snapshot_id: str | None = None,
        newest_period: int | None = None,
        suffix: str = ".json.gz",
        notes: Sequence[str] = (),
    ) -> Landed:
        """Make ``observed`` the measure's current snapshot without asking whether it shrank; ``land`` and the inbox end here.

        ``measure_id`` and ``snapshot_id`` are added as columns. ``newest_period`` is taken from the column ``period`` unless given.
        """
        snapshot_id = snapshot_id or snapshot_id_of(observed)
        if newest_period is None and "period" in observed.column_names:
            newest_period = pc.max(observed.filter(pc.is_valid(observed["value"]))["period"]).as_py()
        snapshot = Snapshot(snapshot_id, observed.num_rows, _count_values(observed), newest_period)
        recorded, current = self.read_state(source_id, measure_id), self.current(source_id, measure_id)
        if current != snapshot:
            for page in answer.pages:
                self.land_raw(source_id, page.body, suffix)
            self._write_manifest(source_id, measure_id, snapshot, answer, attribution)
            self._write_observations(source_id, measure_id, snapshot, observed)
        if recorded is None or recorded.snapshot_id is None:
            state: State = "new"
        else:  # against what was recorded, not what is on disk: a run killed in between told nobody that it changed
            state = "unchanged" if recorded.snapshot_id == snapshot_id and current == snapshot else "changed"
        return self.record(
            Landed(
                measure_id,
                source_id,
                state,
                self._now(),
                snapshot_id=snapshot_id,
                rows=snapshot.rows,
                newest_period=newest_period,
                notes=tuple(notes),
                metadata=dict(answer.metadata),
            )
        )

    def accept_shrunken(self, source_id: str, measure_id: str, snapshot_id: str) -> None:
        """A person has looked: an answer with exactly these rows may be landed although it has shrunk. It is, when it comes again."""
        write_once(self._accepted_path(source_id, measure_id, snapshot_id), b"", self._staging)

    def _refuse(
        self,
        source_id: str,
        measure_id: str,
        reason: str,
        cause_sv: str,
        notes: Sequence[str],
        kept_sv: str = FetchError.kept_sv,
        refused_snapshot_id: str | None = None,
    ) -> Landed:
        recorded, current = self.read_state(source_id, measure_id), self.current(source_id, measure_id)
        tail_sv = kept_sv if current else "det finns inga tidigare uppgifter att visa"
        return self.record(
            Landed(
                measure_id,
                source_id,
                "kept" if current else "failed",
                self._now(),
                reason,
                f"{cause_sv}; {tail_sv}.",
                current and current.snapshot_id,
                current.rows if current else 0,
                current and current.newest_period,
                (recorded and recorded.kept_since) or self._now(),
                tuple(notes),
                recorded.metadata if recorded else {},
                refused_snapshot_id,
            )
        )

    # ---- writing

    def land_raw(self, source_id: str, body: bytes, suffix: str = ".json.gz") -> str:
        """Store an answer by its hash, once; packed (the same bytes every time) when ``suffix`` ends with ``.gz``. Returns the SHA-256."""
        sha256 = hashlib.sha256(body).hexdigest()
        path = self.root / "raw" / source_id / sha256[:2] / f"{sha256}{suffix}"
        if not _is_there(path):
            write_once(path, gzip.compress(body, 6, mtime=0) if suffix.endswith(".gz") else body, self._staging)
        return sha256

    def land_table(self, name: str, table: pa.Table) -> bool:
        """Write ``<root>/<name>.parquet`` (``name`` may hold folders); True if the content differs from what was there."""
        return replace_if_different(self.root / f"{name}.parquet", parquet_bytes(table), self._staging)

    def record_inputs(self, measure_id: str, snapshot_id: str, inputs: Sequence[Mapping[str, str | None]]) -> None:
        """Write what a derived snapshot is computed from: ``measure_id``, ``source_id`` and ``snapshot_id`` of each input."""
        manifest = {"measure_id": measure_id, "snapshot_id": snapshot_id, "inputs": list(inputs)}
        self._write_once(self._manifest_path(DERIVED, measure_id, snapshot_id), manifest)

    def record(self, landed: Landed) -> Landed:
        """Write the outcome of an attempt; the last step of it."""
        replace_file(self._state_path(landed.source_id, landed.measure_id), landed.to_json(), self._staging)
        return landed

    def write_index(self) -> bool:
        """Write ``snapshots.parquet``; True if anything in it changed, which is what those downstream should go by."""
        return self.land_table("snapshots", pa.Table.from_pylist(self.read_index(), INDEX_SCHEMA))

    def read_index(self) -> list[dict[str, Any]]:
        """One row per landed measure, after ``INDEX_SCHEMA``."""
        return [index_row(landed, self._read_manifest(landed.source_id, landed.measure_id)) for landed in self.read_states()]

    def _write_manifest(self, source_id: str, measure_id: str, snapshot: Snapshot, answer: Answer, attribution: str) -> None:
        manifest = {
            **asdict(snapshot),
            "taken_back": answer.rows.num_rows - snapshot.rows,
            "first_fetched_at": min((page.fetched_at for page in answer.pages), default=self._now()),
            "pages": [{"url": p.url, "sha256": p.sha256, "fetched_at": p.fetched_at, "bytes": len(p.body)} for p in answer.pages],
            "attribution": attribution,
            "metadata": dict(answer.metadata),
        }
        self._write_once(self._manifest_path(source_id, measure_id, snapshot.snapshot_id), manifest)

    def _write_once(self, path: Path, manifest: Mapping[str, Any]) -> None:
        if not _is_there(path):
            write_once(path, orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS), self._staging)

    def _write_observations(self, source_id: str, measure_id: str, snapshot: Snapshot, observed: pa.Table) -> None:
        table = canonical(observed.drop_columns([c for c in ("measure_id", "snapshot_id") if c in observed.column_names]))
        for name, text in (("measure_id", measure_id), ("snapshot_id", snapshot.snapshot_id)):
            table = table.append_column(name, pa.repeat(pa.scalar(text), table.num_rows))
        table = table.replace_schema_metadata({"snapshot": orjson.dumps(asdict(snapshot))})
        replace_file(self.observations_path(source_id, measure_id), parquet_bytes(table), self._staging)

    # ---- reading

    def current(self, source_id: str, measure_id: str) -> Snapshot | None:
        """The snapshot that the observations file holds; None if there is no file, or none that can be read."""
        try:
            metadata = pq.read_schema(self.observations_path(source_id, measure_id)).metadata or {}
            return Snapshot(**orjson.loads(metadata[b"snapshot"]))
        except (FileNotFoundError, pa.ArrowInvalid, KeyError, TypeError, orjson.JSONDecodeError):
            return None  # the next good answer writes it anew; the raw answers are all there

    def read_state(self, source_id: str, measure_id: str) -> Landed | None:
        """What the last attempt gave; None before the first one (or where the file was damaged: it holds nothing that is not elsewhere)."""
        try:
            return Landed.from_json(self._state_path(source_id, measure_id).read_bytes())
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            return None

    def read_states(self) -> list[Landed]:
        """The last attempt at every measure, each with the snapshot that is really current, by source and measure."""
        states = (self.read_state(path.parent.name, path.stem) for path in sorted((self.root / "state").glob("*/*.json")))
        return [self._with_current(state) for state in states if state]

    def _with_current(self, landed: Landed) -> Landed:
        current = self.current(landed.source_id, landed.measure_id)
        if current is None or current.snapshot_id == landed.snapshot_id:
            return landed
        return replace(landed, snapshot_id=current.snapshot_id, rows=current.rows, newest_period=current.newest_period)

    def read_snapshot_metadata(self, source_id: str, measure_id: str) -> dict[str, Any]:
        """The source's own description as it was when the current snapshot was first fetched; empty if there is no snapshot."""
        return (self._read_manifest(source_id, measure_id) or {}).get("metadata", {})

    def observations_path(self, source_id: str, measure_id: str) -> Path:
        return self.root / source_id / "observations" / f"{measure_id}.parquet"

    def read_manifest(self, source_id: str, measure_id: str, snapshot_id: str) -> dict[str, Any] | None:
        """What a snapshot was read from: ``pages`` with url, sha256 and fetched_at; None where it is not kept."""
        path = self._manifest_path(source_id, measure_id, snapshot_id)
        return orjson.loads(path.read_bytes()) if path.exists() else None

    def _read_manifest(self, source_id: str, measure_id: str) -> dict[str, Any] | None:
        current = self.current(source_id, measure_id)
        return self.read_manifest(source_id, measure_id, current.snapshot_id) if current else None

    def _manifest_path(self, source_id: str, measure_id: str, snapshot_id: str) -> Path:
        return self.root / "snapshots" / source_id / measure_id / f"{snapshot_id}.json"

    def _accepted_path(self, source_id: str, measure_id: str, snapshot_id: str) -> Path:
        return self.root / "accepted" / source_id / measure_id / snapshot_id

    def _state_path(self, source_id: str, measure_id: str) -> Path:
        return self.root / "state" / source_id / f"{measure_id}.json"


def _is_there(path: Path) -> bool:
    """Whether a file that never changes is there; if so, it is as young as if it had been written now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except PermissionError:
        pass  # another user's: it is there all the same
    return True


def _count_values(rows: pa.Table) -> int:
    return rows.num_rows - rows["value"].null_count


def _swedish(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
