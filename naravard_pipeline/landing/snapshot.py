"""What one attempt at one measure gave (``Landed``), which rows are current (``Snapshot``), and how rows are named by their content.

Belongs here: values that are passed on and their forms in JSON and in ``snapshots.parquet``. Does not: reading and writing files (``store``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import orjson
import pyarrow as pa
import pyarrow.csv

State = Literal["new", "changed", "unchanged", "kept", "failed"]

INDEX_SCHEMA = pa.schema(
    {
        "measure_id": pa.string(),
        "source_id": pa.string(),
        "snapshot_id": pa.string(),
        "state": pa.string(),  # current | kept | failed
        "reason_sv": pa.string(),
        "kept_since": pa.timestamp("us", "UTC"),
        "first_fetched_at": pa.timestamp("us", "UTC"),
        "source_title": pa.string(),
        "publication_date": pa.date32(),
        "publ_period": pa.string(),
        "url": pa.string(),
        "rows": pa.int64(),
    }
)


@dataclass(frozen=True)
class Landed:
    """What one attempt at one measure gave.

    ``new``, ``changed`` and ``unchanged`` are good answers; ``kept``: the attempt was refused and the last good snapshot stays;
    ``failed``: it was refused and there is none. ``rows`` and ``newest_period`` are the current snapshot's, ``newest_period`` as the source
    counts (2025, or 202511 for months). ``kept_since`` is when the present, unbroken series of refusals began.
    ``refused_snapshot_id`` names the rows of a well-formed answer that was refused because it had shrunk: a person may accept just these.
    ``reason`` is for engineers (English), ``reason_sv`` for readers; both empty for good answers. ``metadata`` is the source's own, newest known.
    """

    measure_id: str
    source_id: str
    state: State
    at: datetime
    reason: str = ""
    reason_sv: str = ""
    snapshot_id: str | None = None
    rows: int = 0
    newest_period: int | None = None
    kept_since: datetime | None = None
    notes: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    refused_snapshot_id: str | None = None

    def to_json(self) -> bytes:
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, text: bytes) -> "Landed":
        fields = orjson.loads(text)
        moments = {name: fields[name] and datetime.fromisoformat(fields[name]) for name in ("at", "kept_since")}
        return cls(**{**fields, **moments, "notes": tuple(fields["notes"])})


@dataclass(frozen=True)
class Snapshot:
    """Which rows are current, read from the footer of the observations file. ``values`` counts the rows that have one."""

    snapshot_id: str
    rows: int
    values: int
    newest_period: int | None


def canonical(rows: pa.Table) -> pa.Table:
    """The same rows in the one order that does not depend on paging: columns by name, rows by all columns."""
    columns = sorted(rows.column_names)
    return rows.select(columns).sort_by([(name, "ascending") for name in columns]) if columns else rows


def snapshot_id_of(rows: pa.Table) -> str:
    """16 hex digits that are the same for the same rows in any order. Strings are quoted in the CSV, so null and "" differ."""
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(canonical(rows), sink)
    return hashlib.sha256(sink.getvalue()).hexdigest()[:16]


def index_row(landed: Landed, manifest: Mapping[str, Any] | None) -> dict[str, Any]:
    """One row of ``INDEX_SCHEMA``; ``manifest`` is the current snapshot's, if there is one."""
    published = landed.metadata.get("publication_date")
    return {
        "measure_id": landed.measure_id,
        "source_id": landed.source_id,
        "snapshot_id": landed.snapshot_id,
        # new, changed and unchanged differ between two runs that land the same; the index must not.
        "state": landed.state if landed.state in ("kept", "failed") else "current",
        "reason_sv": landed.reason_sv or None,
        "kept_since": landed.kept_since,
        "first_fetched_at": manifest and datetime.fromisoformat(manifest["first_fetched_at"]),
        "source_title": landed.metadata.get("title"),
        "publication_date": published and date.fromisoformat(published),
        "publ_period": landed.metadata.get("publ_period"),
        "url": manifest["pages"][0]["url"] if manifest and manifest["pages"] else None,
        "rows": landed.rows,
    }
