"""What dbt reads beside the answers: the catalogue as tables, and for each measure a load_id that says whether it must be read again.

Here: the files that an incremental build goes by. Not here: the answers (store), the rows of the catalogue (catalogue.tables).
"""

import hashlib
from collections.abc import Mapping

import pyarrow as pa

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.connectors.kolada_rows import GROUPS_SCHEMA, VALUES_SCHEMA
from naravard_pipeline.landing.file_history import OBSERVATIONS_SCHEMA
from naravard_pipeline.landing.store import Landing

LOADS = pa.schema({"measure_id": pa.string(), "load_id": pa.string()})
MADE_UP = "Påhittade uppgifter för demonstration"
_IDENTITY = pa.schema({"measure_id": pa.string(), "snapshot_id": pa.string()})


def land_catalogue(landing: Landing, catalogue: Catalogue, code: str, is_demo: bool) -> bool:
    """Write the catalogue's tables, the index of snapshots and the loads; True if dbt finds anything new.

    ``code`` is a hash of the code that turns answers into rows. In a demo every measure is attributed to nobody but the demo.
    """
    tables = dict(build_tables(catalogue))
    if is_demo:
        tables["measures"] = _with_column(tables["measures"], "attribution", MADE_UP)
    changed = [landing.land_table(f"catalogue/{name}", table) for name, table in tables.items()]
    changed.append(landing.write_index())
    changed.append(landing.land_table("loads", build_loads(landing, tables, code)))
    # A source that has never answered must still be readable: a wildcard without a file is an error.
    changed.append(landing.land_table("kolada/observations/_columns", _empty(VALUES_SCHEMA)))
    changed.append(landing.land_table("local/observations/_columns", _empty(OBSERVATIONS_SCHEMA)))
    if not (landing.root / "kolada" / "municipality_groups.parquet").exists():
        changed.append(landing.land_table("kolada/municipality_groups", GROUPS_SCHEMA.empty_table()))
    return any(changed)


def build_loads(landing: Landing, tables: Mapping[str, pa.Table], code: str) -> pa.Table:
    """One row per measure of the catalogue that has a snapshot; ``load_id`` covers its answer, its definition, the areas and the code."""
    shared = f"{code}|{tables['areas'].to_pylist()}"
    definitions = {row["measure_id"]: row for row in tables["measures"].to_pylist()}
    rows = [
        {"measure_id": s.measure_id, "load_id": _digest(f"{s.snapshot_id}|{definitions[s.measure_id]}|{shared}")}
        for s in landing.read_states()
        if s.snapshot_id and s.measure_id in definitions
    ]
    return pa.Table.from_pylist(rows, LOADS)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _with_column(table: pa.Table, name: str, text: str) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array([text] * table.num_rows, pa.string()))


def _empty(schema: pa.Schema) -> pa.Table:
    return pa.unify_schemas([schema, _IDENTITY]).empty_table()
