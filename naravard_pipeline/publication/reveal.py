"""Cells that were hidden in a release and that a person lets be shown: the only way out for a cell that is remembered as hidden.

Here: the decision and ``decisions/approved_cells.parquet``. Not here: what is hidden (protection, dbt), the memory (hidden_cells).
The next build may show them, if nothing else forbids it; then the measure waits for approval once more, because what was hidden would be shown.
"""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from naravard_pipeline.landing.atomic import parquet_bytes, replace_file
from naravard_pipeline.publication.approval import DecisionError, check_words
from naravard_pipeline.publication.decisions import append, next_entry
from naravard_pipeline.publication.folders import DATABASE, current_release, only_one
from naravard_pipeline.publication.hidden_cells import CELL
from naravard_pipeline.publication.notices import tell_notices
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.settings import Settings

Cell = tuple  # in the order of ``CELL``


def reveal(settings: Settings, measure_id: str, area_code: str, period_label: str, name: str, role: str, reason: str) -> int:
    """Let the hidden cells of a measure, area and period be shown from the next build on; returns how many.

    Raises ``DecisionError`` where the current release hides nothing there.
    """
    check_words(name, role, reason)
    with only_one(settings):
        folder = current_release(settings)
        if folder is None:
            raise DecisionError("Nothing has been published yet, so nothing is hidden.")
        with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
            hidden = connection.execute(
                f"select {', '.join(CELL)} from fct_observations "
                "where suppression is not null and measure_id = ? and area_code = ? and period_label = ?",
                [measure_id, area_code, period_label],
            ).to_arrow_table()
        if not hidden.num_rows:
            raise DecisionError(
                f"{folder.name} hides nothing of {measure_id} in {area_code}, {period_label}. Check the measure, the code and the label."
            )
        path = settings.approved_cells
        known = pq.read_table(path) if path.exists() else hidden.slice(0, 0)
        cells = pa.Table.from_pylist(list({tuple(r.values()): r for r in [*known.to_pylist(), *hidden.to_pylist()]}.values()), hidden.schema)
        entries = repair(settings)
        values = {"measure_id": measure_id, "release_id": folder.name, "details": {"area_code": area_code, "period_label": period_label}}
        entries = append(settings, entries, next_entry(entries, "revealed", role=role, reason_sv=reason, name=name, **values))
        replace_file(path, parquet_bytes(cells))
        tell_notices(settings, entries)
    return hidden.num_rows


def read_approved(settings: Settings) -> set[Cell]:
    """The cells that may be shown although a release hid them."""
    path = settings.approved_cells
    return {tuple(row.values()) for row in pq.read_table(path, columns=list(CELL)).to_pylist()} if path.exists() else set()
