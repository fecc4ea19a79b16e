"""Where a shown figure came from: the source's answer, or the file, sheet and row that a municipality or the region sent.

Here: the landing's record of it. Figures are never taken from there, and of a hidden one nothing is looked up. Not here: what is computed
(explain_parts).
"""

import math
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.landing.file_answer import swedish_time
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.explain_rows import CELL, Row, read
from naravard_pipeline.publication.folders import DATABASE, list_releases, read_release
from naravard_pipeline.settings import Settings

_PLACE = ["file_name", "file_sha256", "sheet_name", "row_number", "received_at", "value"]


def read_answer(connection: duckdb.DuckDBPyConnection, settings: Settings, source_id: str, figure: Row) -> dict:
    """The answer of the figure's snapshot: its row of ``dim_snapshots`` and ``raw``, the pages as they came and where they lie."""
    found = read(connection, "select * from dim_snapshots where measure_id = ? and snapshot_id = ?", figure["measure_id"], figure["snapshot_id"])
    answer = found[0] if found else {"snapshot_id": figure["snapshot_id"]}
    manifest = _manifest(settings, source_id, figure)
    pages = [] if _files(manifest) else manifest.get("pages", [])  # of files the page is only the newest one
    answer["raw"] = [{**{k: p[k] for k in ("url", "sha256", "fetched_at")}, "path": _raw(settings, source_id, p["sha256"])} for p in pages]
    if not found and manifest.get("first_fetched_at"):  # a held figure's answer is not the measure's newest
        answer["first_fetched_at"] = manifest["first_fetched_at"]
    return answer


def find_place(settings: Settings, source_id: str, measure: Measure | None, figure: Row | None) -> dict:
    """File, sheet, row and column of a figure that came in a file; empty for any other, for a hidden one, and where the file is kept no more."""
    if measure is None or measure.file is None or figure is None or figure["status"] == "suppressed":
        return {}
    names = _files(_manifest(settings, source_id, figure))
    folder = settings.landing / source_id / "files" / figure["measure_id"]
    cell = [(column, "=", figure[column]) for column in CELL]
    for path in sorted((path for name in names for path in folder.glob(f"*-{name}.parquet")), reverse=True):
        if rows := pq.read_table(path, columns=_PLACE, filters=cell).to_pylist():
            return _place(settings, source_id, measure, rows[-1]) if _is_same(rows[-1]["value"], figure["value"]) else {}
    return {}


def tell_place(place: Row) -> str:
    sheet = f", bladet {place['sheet_name']}" if place["sheet_name"] else ""
    columns = f", kolumnen {' och '.join(f'«{c}»' for c in place['columns'])}" if place["columns"] else ""
    return f"{place['file_name']}{sheet}, rad {place['row_number']}{columns}, kom {swedish_time(place['received_at'])}"


def find_first_release(settings: Settings, folder: Path, figure: Row) -> dict:
    """The kept release in which a held figure last stood without being held; empty where it is kept no more."""
    condition = " and ".join(f"{column} = ?" for column in ("measure_id", *CELL, "snapshot_id"))
    values = [figure[column] for column in ("measure_id", *CELL, "snapshot_id")]
    for earlier in sorted((f for f in list_releases(settings) if f.name < folder.name), reverse=True):
        content = read_release(earlier)
        if figure["measure_id"] not in {hold["measure_id"] for hold in content["held"]}:
            with duckdb.connect(str(earlier / DATABASE), read_only=True) as connection:
                found = read(connection, f"select value from fct_observations where {condition}", *values)
            if found and _is_same(found[0]["value"], figure["value"]):
                return {k: content["release"][k] for k in ("release_id", "published_at")}
    return {}


def _place(settings: Settings, source_id: str, measure: Measure, row: Row) -> dict:
    form = measure.file
    columns = [name for name in (form.value_column, form.numerator_column, form.denominator_column, form.date_column) if name]
    return {**{k: v for k, v in row.items() if k != "value"}, "columns": columns, "path": _raw(settings, source_id, row["file_sha256"])}


def _manifest(settings: Settings, source_id: str, figure: Row) -> Row:
    return Landing(settings.landing).read_manifest(source_id, figure["measure_id"], figure["snapshot_id"]) or {} if figure["snapshot_id"] else {}


def _files(manifest: Row) -> list[str]:
    return manifest.get("metadata", {}).get("files", [])


def _raw(settings: Settings, source_id: str, sha256: str) -> str | None:
    found = next((settings.landing / "raw" / source_id / sha256[:2]).glob(f"{sha256}.*"), None)
    return str(found) if found else None


def _is_same(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
