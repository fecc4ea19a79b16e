"""What a derived snapshot was computed from is written down, so that its figures lead back to the sources' answers."""

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from keeping import START

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.connectors.answer import Answer, Page
from naravard_pipeline.landing.loads import land_catalogue
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import SOURCES


@pytest.fixture(scope="module")
def catalogue():
    return read_catalogue(SOURCES)


def land(landing: Landing, measure, value: float) -> str:
    rows = pa.table({"area": ["0480"], "value": [value]})
    page = Page(f"https://source.example/{measure.measure_id}", "GET", START, 200, orjson.dumps(value))
    return landing.accept(measure.source_id, measure.measure_id, Answer([page], rows), rows, "Källa", newest_period=2024).snapshot_id


def test_a_derived_snapshot_names_the_snapshots_of_its_inputs(catalogue, tmp_path):
    derived = next(m for m in catalogue.live if m.derived and len(set(m.derived.measures)) > 1)
    inputs = [catalogue.measures[i] for i in sorted(set(derived.derived.measures))]
    landing, recorded = Landing(tmp_path), {}
    for value in (1.0, 2.0):
        snapshots = {m.measure_id: land(landing, m, value) for m in inputs}
        land_catalogue(landing, catalogue, "code", is_demo=False)
        [snapshot] = [
            r["snapshot_id"] for r in pq.read_table(tmp_path / "derived_loads.parquet").to_pylist() if r["measure_id"] == derived.measure_id
        ]
        recorded[snapshot] = [{"measure_id": m.measure_id, "source_id": m.source_id, "snapshot_id": snapshots[m.measure_id]} for m in inputs]
    assert len(recorded) == 2
    for snapshot, expected in recorded.items():
        manifest = orjson.loads((tmp_path / "snapshots" / "derived" / derived.measure_id / f"{snapshot}.json").read_bytes())
        assert manifest == {"measure_id": derived.measure_id, "snapshot_id": snapshot, "inputs": expected}
