"""Accepted files as figures: each file's rows are kept as long as they count, and the newest figure of each area, period, sex and age is current.

Under the landing's root, written in this order; each step is harmless to repeat::

    raw/<source_id>/<2 hex>/<sha256>.xlsx|.csv                 the file as it came
    <source_id>/files/<measure_id>/<number>-<12 hex>.parquet   its rows; numbered as received; never changed
    <source_id>/observations/<measure_id>.parquet              the newest of each, and then the state (``Landing.accept``)
    <source_id>/files/<measure_id>/replaced.json               files that counted no more and were pruned: 12 hex → when they first came

Belongs here: rows to disk, and which of them count. Does not: whether a file may be taken in (``file_check``), the folder it came in (``inbox``).
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.connectors.answer import Answer, Page
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.landing.atomic import parquet_bytes, write_once
from naravard_pipeline.landing.file_rows import FileRow
from naravard_pipeline.landing.secret import name_local
from naravard_pipeline.landing.snapshot import Landed, snapshot_id_of
from naravard_pipeline.landing.store import Landing

# ``Landing`` adds measure_id and snapshot_id.
OBSERVATIONS_SCHEMA = pa.schema(
    {
        "area_code": pa.string(),
        "period_start": pa.date32(),
        "period_end": pa.date32(),
        "period_label": pa.string(),  # 2025-01, 2025K1, 2025H1 or 2025
        "sex": pa.string(),  # total | women | men
        "age_group": pa.string(),  # total, 65+, 65-79
        "value": pa.float64(),  # a share in per cent
        "numerator": pa.float64(),  # of a share that comes with its counts; null where it is hidden or missing
        "denominator": pa.float64(),
        "answers": pa.float64(),  # to a survey
        "status": pa.string(),  # ok | suppressed | missing | not_applicable (none of none)
        "source_status": pa.string(),  # the cell as written when it is no number: <5, N or ..
        "reporter": pa.string(),  # municipalities | region | source
        "file_name": pa.string(),
        "file_sha256": pa.string(),
        "sheet_name": pa.string(),  # null for a text file
        "row_number": pa.int64(),  # as Excel counts
        "received_at": pa.timestamp("us", "UTC"),
        "since": pa.date32(),  # of a yes: the day from which it holds
    }
)
REPLACED = "replaced.json"
_CELL = ["area_code", "period_start", "sex", "age_group"]
_CONTENT = [*_CELL, "value", "numerator", "denominator", "answers", "status", "source_status"]


class Received(NamedTuple):
    """``received_at`` is when the file came for the first time; ``is_known`` if that was before."""

    landed: Landed | None  # None: it is no measure's file
    received_at: datetime
    is_known: bool


def land_file(landing: Landing, measure: Measure, attribution: str, content: FileContent, rows: Sequence[FileRow], received_at: datetime) -> Received:
    """Keep an accepted file and make its figures current. The same bytes a second time change nothing. Raises ``LandingError``."""
    landing.land_raw(measure.source_id, content.data, content.suffix)
    folder = landing.root / measure.source_id / "files" / measure.measure_id
    files = sorted(folder.glob("*.parquet"))
    known = next((path for path in files if path.stem.endswith(content.sha256[:12])), None)
    pruned = read_replaced(folder).get(content.sha256[:12])
    if known:
        received_at = pq.read_table(known, columns=["received_at"])["received_at"][0].as_py()
    elif pruned:  # it counted no more before it was pruned, and sending it again does not make it count
        received_at = datetime.fromisoformat(pruned)
    else:
        number = int(files[-1].stem.partition("-")[0]) + 1 if files else 1
        new = folder / f"{number:06}-{content.sha256[:12]}.parquet"
        write_once(new, parquet_bytes(_build_rows(measure, content, rows, received_at)), landing.root / ".unfinished")
        files.append(new)
    rows_of_all = _read_rows(files)
    current = rows_of_all.filter(_is_newest(rows_of_all))
    # Published as where the figures came from: the file's number, for its hash would let its figures be guessed.
    page = Page(f"inbox/{(known or files[-1]).stem.partition('-')[0]}", "FILE", received_at, 200, content.data)
    landed = landing.accept(
        measure.source_id,
        measure.measure_id,
        # By these every figure leads back to the file it came in; the page is only the newest of them.
        Answer([page], current, {"files": sorted(_files_of(current))}),
        current,
        attribution,
        # Who sent a figure and when is no part of it: a file that repeats what is there changes nothing downstream.
        snapshot_id=name_local(
            landing, measure.measure_id, snapshot_id_of(current.select([*_CONTENT, "since"] if measure.value_type == "yes_no" else _CONTENT))
        ),
        newest_period=max(map(_number_of, current["period_end"].to_pylist(), current["period_label"].to_pylist()), default=None),
        suffix=content.suffix,
    )
    return Received(landed, received_at, bool(known or pruned))


def _build_rows(measure: Measure, content: FileContent, rows: Sequence[FileRow], received_at: datetime) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "area_code": row.area_code,
                "period_start": row.period.start,
                "period_end": row.period.end,
                "period_label": row.period.label,
                "sex": row.sex,
                "age_group": row.age_group,
                "value": row.reading.value,
                "numerator": row.numerator,
                "denominator": row.denominator,
                "answers": row.answers,
                "status": row.reading.status,
                "source_status": row.reading.source_status,
                "reporter": measure.file.reporter,
                "file_name": content.name,
                "file_sha256": content.sha256,
                "sheet_name": row.sheet or None,
                "row_number": row.row_number,
                "received_at": received_at,
                "since": row.since,
            }
            for row in rows
        ],
        OBSERVATIONS_SCHEMA,
    )


def _number_of(end: date, label: str) -> int:
    """The period as ``Landed`` has it: 2025 for a year, else year and last month, 202506."""
    return end.year if label == f"{end.year}" else end.year * 100 + end.month


def _read_rows(files: Sequence[Path]) -> pa.Table:
    """``files`` oldest first."""
    return pa.concat_tables([pq.read_table(path, schema=OBSERVATIONS_SCHEMA) for path in files])


def _is_newest(rows: pa.Table) -> pa.Array:
    newest = set({tuple(cell.values()): number for number, cell in enumerate(rows.select(_CELL).to_pylist())}.values())
    return pa.array([number in newest for number in range(rows.num_rows)], pa.bool_())


def _files_of(rows: pa.Table) -> set[str]:
    """The first 12 hex digits of every file that a row of ``rows`` came in, as in the files' names."""
    return {sha256[:12] for sha256 in pc.unique(rows["file_sha256"]).to_pylist()}


def list_counting(files: Sequence[Path]) -> set[str]:
    """The 12 hex digits of those of ``files`` (oldest first) that still give a current figure, and of the last one, which gives the next number."""
    rows = _read_rows(files)
    return _files_of(rows.filter(_is_newest(rows))) | {files[-1].stem.partition("-")[2]}


def read_replaced(folder: Path) -> dict[str, str]:
    """The files of a measure that counted no more and were pruned: 12 hex digits → when they first came (ISO 8601)."""
    path = folder / REPLACED
    return json.loads(path.read_bytes()) if path.exists() else {}


def list_history(landing: Landing, measure_id: str) -> pa.Table:
    """Every figure that any kept file gave, in the order received: ``OBSERVATIONS_SCHEMA`` and ``is_current``.

    A figure that a later file replaced is there with ``is_current`` false. No rows for a measure that no file has come for.
    """
    files = sorted(landing.root.glob(f"*/files/{measure_id}/*.parquet"))
    rows = _read_rows(files) if files else OBSERVATIONS_SCHEMA.empty_table()
    return rows.append_column("is_current", _is_newest(rows))
