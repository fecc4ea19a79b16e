"""What dbt reads beside the answers: the catalogue as tables, and for each measure a load_id that says whether it must be read again.

Here: the files that an incremental build goes by. Not here: the answers (store), the rows of the catalogue (catalogue.tables).
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.attribution import MADE_UP
from naravard_pipeline.catalogue.reader import read_publication
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA
from naravard_pipeline.connectors.kolada_rows import GROUPS_SCHEMA, VALUES_SCHEMA
from naravard_pipeline.landing.file_history import OBSERVATIONS_SCHEMA
from naravard_pipeline.landing.register_files import SCHEMAS as REGISTER_SCHEMAS
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import SOURCES

LOADS = pa.schema({"measure_id": pa.string(), "source_id": pa.string(), "load_id": pa.string(), "running_since": pa.date32()})
DERIVED_LOADS = pa.schema(
    {
        "measure_id": pa.string(),
        "snapshot_id": pa.string(),
        "load_id": pa.string(),
        "first_fetched_at": pa.timestamp("us", "UTC"),
        "running_since": pa.date32(),
    }
)
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}  # in one period of each frequency
# The names, or beginnings of names, of sources that land in the shape of OBSERVATIONS_SCHEMA: those of the inbox, and what was printed.
FILES = ("local", "vantetider", "enkater", "printed")
CUBES = ("scb", "folkhalsodata", "socialstyrelsen", "vardenisiffror")  # the sources whose figures land in the shape of CELLS_SCHEMA
_IDENTITY = pa.schema({"measure_id": pa.string(), "snapshot_id": pa.string()})


def land_catalogue(landing: Landing, catalogue: Catalogue, code: str, is_demo: bool, today: date | None = None) -> bool:
    """Write the catalogue's tables, the index of snapshots and the loads; True if dbt finds anything new.

    ``code`` is a hash of the code that turns answers into rows. In a demo every measure and source is attributed to nobody but the demo.
    ``today`` (default: Swedish date) decides which periods are still running; nothing in dbt asks the clock.
    """
    today = today or datetime.now(UTC).astimezone(ZoneInfo("Europe/Stockholm")).date()
    tables = dict(build_tables(catalogue, read_publication(SOURCES).base_url))
    if is_demo:
        for name in ("measures", "sources"):
            tables[name] = _with_column(tables[name], "attribution", MADE_UP)
    changed = [landing.land_table(f"catalogue/{name}", table) for name, table in tables.items()]
    changed.append(landing.land_table("home", pa.table({"is_demo": [is_demo]})))
    changed.append(landing.write_index())
    loads = build_loads(landing, tables, code, today)
    changed.append(landing.land_table("loads", loads))
    derived = build_derived_loads(landing, tables, loads, code, today)
    _record_inputs(landing, tables, loads, derived)
    changed.append(landing.land_table("derived_loads", derived))
    # A source that has never answered must still be readable: a wildcard without a file is an error.
    changed.append(landing.land_table("kolada/observations/_columns", _empty(VALUES_SCHEMA)))
    changed += [landing.land_table(f"{source_id}/observations/_columns", _empty(OBSERVATIONS_SCHEMA)) for source_id in FILES]
    for name, schema in REGISTER_SCHEMAS.items():  # no register has come yet
        if not (landing.root / "initiatives" / f"{name}.parquet").exists():
            changed.append(landing.land_table(f"initiatives/{name}", schema.empty_table()))
    changed += [landing.land_table(f"{source_id}/observations/_columns", _empty(CELLS_SCHEMA)) for source_id in CUBES]
    if not (landing.root / "kolada" / "municipality_groups.parquet").exists():
        changed.append(landing.land_table("kolada/municipality_groups", GROUPS_SCHEMA.empty_table()))
    return any(changed)


def running_since(frequency: str, today: date) -> date:
    """First day of the period of this frequency that ``today`` is in: figures of a period that ends on it or later are not final yet."""
    months = MONTHS[frequency]
    return date(today.year, (today.month - 1) // months * months + 1, 1)


def build_loads(landing: Landing, tables: Mapping[str, pa.Table], code: str, today: date) -> pa.Table:
    """One row per measure of the catalogue that has a snapshot.

    ``load_id`` covers its answer, its definition, the areas, the code and ``running_since``: when a period ends, the figures that waited for it
    are read again, once.
    """
    shared = f"{code}|{tables['areas'].to_pylist()}|{tables['area_groups'].to_pylist()}"
    definitions = _definitions(tables)
    rows = []
    for s in landing.read_states():
        definition = definitions.get(s.measure_id, {})
        if s.snapshot_id and s.source_id == definition.get("source_id"):  # a measure may have moved to another source
            since = running_since(definition["frequency"], today)
            load_id = _digest(f"{s.snapshot_id}|{definition}|{since}|{shared}")
            rows.append({"measure_id": s.measure_id, "source_id": s.source_id, "load_id": load_id, "running_since": since})
    return pa.Table.from_pylist(rows, LOADS)


def build_derived_loads(landing: Landing, tables: Mapping[str, pa.Table], loads: pa.Table, code: str, today: date) -> pa.Table:
    """One row per derived measure of which any input has landed; it is new when an input is, or its own definition, or when a period has ended.

    A derived measure is computed from sources' figures only, never from another derived one, so one pass is enough.
    """
    load_of = {row["measure_id"]: row["load_id"] for row in loads.to_pylist()}
    answers = {row["measure_id"]: row for row in landing.read_index()}
    definitions = _definitions(tables)
    rows = []
    for measure_id, derivation, inputs in _derivations(tables["derivations"]):
        landed = sorted(i for i in inputs if i in load_of)
        if landed:
            since = running_since(definitions[measure_id]["frequency"], today)
            known = [answers[i] for i in landed if i in answers]
            snapshot_id = _digest(f"{derivation}|{definitions[measure_id]}|{[(a['measure_id'], a['snapshot_id']) for a in known]}|{code}")
            newest: datetime | None = max((a["first_fetched_at"] for a in known if a["first_fetched_at"]), default=None)
            rows.append(
                {
                    "measure_id": measure_id,
                    "snapshot_id": snapshot_id,
                    "load_id": _digest(f"{snapshot_id}|{since}|{[(i, load_of[i]) for i in landed]}"),
                    "first_fetched_at": newest,
                    "running_since": since,
                }
            )
    return pa.Table.from_pylist(rows, DERIVED_LOADS)


def _record_inputs(landing: Landing, tables: Mapping[str, pa.Table], loads: pa.Table, derived: pa.Table) -> None:
    """A derived snapshot's id is a hash and tells nothing of its inputs, so these are written down, or no figure would lead back to its answers."""
    snapshot_of = {(s.source_id, s.measure_id): s.snapshot_id for s in landing.read_states()}
    landed = {row["measure_id"]: row["source_id"] for row in loads.to_pylist()}
    ids = {row["measure_id"]: row["snapshot_id"] for row in derived.to_pylist()}
    for measure_id, _, inputs in _derivations(tables["derivations"]):
        if measure_id in ids:
            used = sorted({i for i in inputs if i in landed})
            rows = [{"measure_id": i, "source_id": landed[i], "snapshot_id": snapshot_of[landed[i], i]} for i in used]
            landing.record_inputs(measure_id, ids[measure_id], rows)


def _definitions(tables: Mapping[str, pa.Table]) -> dict[str, dict[str, Any]]:
    """Each measure's row of the catalogue, with its breaks."""
    definitions = {row["measure_id"]: {**row, "breaks": []} for row in tables["measures"].to_pylist()}
    for row in tables["breaks"].to_pylist():
        definitions[row["measure_id"]]["breaks"].append(row)
    return definitions


def _derivations(table: pa.Table) -> Iterator[tuple[str, list[dict[str, Any]], list[str]]]:
    """Each derived measure with the rows that define it and the measures it is computed from."""
    by_measure: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        by_measure.setdefault(row["measure_id"], []).append(row)
    for measure_id, rows in by_measure.items():
        yield measure_id, rows, [row[name] for row in rows for name in ("numerator", "denominator", "part") if row[name]]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _with_column(table: pa.Table, name: str, text: str) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array([text] * table.num_rows, pa.string()))


def _empty(schema: pa.Schema) -> pa.Table:
    return pa.unify_schemas([schema, _IDENTITY]).empty_table()
