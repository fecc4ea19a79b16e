"""A home with a landing and releases, made in milliseconds, and the way back of every figure that its releases show.

The landing is the real one; a release is a database of three small tables, as ``publication`` makes them, in a real folder.
"""

import gzip
import hashlib
import os
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from dropped_files import build_catalogue, drop, sip_csv

from naravard_pipeline.connectors.answer import Answer, FetchError, Page
from naravard_pipeline.landing.inbox import take_in
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.folders import current_release, list_releases, switch
from naravard_pipeline.publication.hidden_cells import remember_hidden
from naravard_pipeline.settings import Settings

START = datetime(2001, 1, 1, 6, tzinfo=UTC)
ROWS = pa.schema({"area": pa.string(), "period": pa.int32(), "value": pa.float64()})
FETCHED = ("falls", "plans")  # two measures of a source,
RATE = "rate"  # one computed from both,
FILED = "sip_antal"  # and one that comes in files
CATALOGUE = build_catalogue()
CELL = "date '2025-01-01', date '2025-12-31', 'total', 'total'"
CREATE = """
create table dim_measures as from (values {measures}) as t(measure_id, computed_from);
create table fct_observations as from (values {cells})
    as t(measure_id, area_code, period_start, period_end, sex, age_group, reporter, value, suppression, snapshot_id);
"""


class Home:
    """``day`` is the clock: everything that is written gets its time when ``tick`` is called."""

    def __init__(self, home: Path, **keep: int):
        self.settings = Settings(home=home, **keep)
        self.landing = Landing(self.settings.landing)
        self.day = 0
        self.releases = 0
        self._shown: dict[str, dict[str, str]] = {}

    @property
    def now(self) -> datetime:
        return START + timedelta(days=self.day)

    def tick(self, days: int = 1) -> None:
        moment = self.now.timestamp()
        for path in self.settings.landing.rglob("*"):
            if path.is_file() and path.stat().st_mtime > START.timestamp() + 5_000 * 86_400:  # written by the real clock
                os.utime(path, (moment, moment))
        self.day += days

    def answer(self, measure: str, value: float) -> str:
        """The source's answer for one measure. Returns the snapshot."""
        rows = [{"area": area, "period": 2024, "value": value + n} for n, area in enumerate(("0480", "0481"))]
        page = Page(f"https://source.example/{measure}", "GET", self.now, 200, orjson.dumps({"measure": measure, "rows": rows}))
        landed = self.landing.land("kolada", measure, Answer([page], pa.Table.from_pylist(rows, ROWS)), "Källa: Kolada")
        self._derive()
        return landed.snapshot_id

    def refuse(self, measure: str, body: bytes) -> None:
        page = Page(f"https://source.example/{measure}", "GET", self.now, 200, body)
        self.landing.keep("kolada", measure, FetchError("It is no JSON", pages=[page]))

    def file(self, *rows: str) -> None:
        """A municipality's file, e.g. ``Flen;2025-01;12``."""
        content = sip_csv(*rows)
        drop(content, self.settings.inbox)
        [answer] = take_in(self.settings, CATALOGUE, self.landing)
        assert answer.state in ("accepted", "known"), answer.text_sv

    def _derive(self) -> None:
        inputs = [{"measure_id": s.measure_id, "source_id": s.source_id, "snapshot_id": s.snapshot_id} for s in self._states(FETCHED)]
        if len(inputs) == len(FETCHED):
            snapshot_id = hashlib.sha256(orjson.dumps(inputs)).hexdigest()[:16]
            self.landing.record_inputs(RATE, snapshot_id, inputs)
            loads = [{"measure_id": RATE, "snapshot_id": snapshot_id}]
            self.landing.land_table("derived_loads", pa.Table.from_pylist(loads))

    def _states(self, measures: Collection[str]) -> list:
        return [s for s in self.landing.read_states() if s.measure_id in measures and s.snapshot_id]

    def shown_now(self) -> dict[str, str]:
        """Measure → the snapshot that a publication would show."""
        shown = {s.measure_id: s.snapshot_id for s in self._states((*FETCHED, FILED))}
        path = self.settings.landing / "derived_loads.parquet"
        return shown | ({r["measure_id"]: r["snapshot_id"] for r in pq.ParquetFile(path).read().to_pylist()} if path.exists() else {})

    def publish(self, held: Collection[str] = (), hidden: Collection[str] = ()) -> Path:
        """A release of what is current; ``held`` measures stay as they were; ``hidden`` areas of ``FILED`` are hidden."""
        last = current_release(self.settings)
        shown = self.shown_now() | ({m: s for m, s in self._shown[last.name].items() if m in held} if last else {})
        self.releases += 1
        self.tick()
        release_id = f"{self.releases:06d}-{self.now:%Y%m%dT%H%M%S}-{hashlib.sha256(orjson.dumps(sorted(shown.items()))).hexdigest()[:8]}"
        folder = self.settings.published / "releases" / f".unfinished-{self.releases}"
        folder.mkdir(parents=True)
        with duckdb.connect(str(folder / "naravard.duckdb"), config={"threads": 1}) as connection:
            measures = ", ".join(f"('{m}', {repr(','.join(FETCHED)) if m == RATE else 'null'})" for m in shown)
            cells = [f"'{m}', '0480', {CELL}, 'source', 1.0, null, '{s}'" for m, s in shown.items()]
            cells += [f"'{FILED}', '{area}', {CELL}, 'municipalities', null, 'primary', null" for area in hidden]
            connection.execute(CREATE.format(measures=measures, cells=", ".join(f"({cell})" for cell in cells)))
            remember_hidden(self.settings, connection, release_id)
        self._shown[release_id] = shown
        os.replace(folder, folder.with_name(release_id))
        switch(self.settings, release_id)
        return folder.with_name(release_id)

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.settings.home.rglob("*") if path.is_file())


@cache  # a release never changes
def read_shown(release: Path) -> Mapping[str, str]:
    """Measure → the snapshot that the release shows of it."""
    with duckdb.connect(str(release / "naravard.duckdb"), read_only=True) as connection:
        return dict(connection.execute("select distinct measure_id, snapshot_id from fct_observations where snapshot_id is not null").fetchall())


def assert_traceable(settings: Settings) -> int:
    """Every figure of every kept release leads back to a manifest and to the answers, or the files and their rows, that it names.

    Returns how many answers and files were looked at.
    """
    assert all((release / "naravard.duckdb").exists() for release in list_releases(settings))
    pairs = {pair for release in list_releases(settings) for pair in read_shown(release).items()}
    return sum(_trace(settings.landing, measure, snapshot) for measure, snapshot in sorted(pairs))


def _trace(landing: Path, measure: str, snapshot: str) -> int:
    [path] = (landing / "snapshots").glob(f"*/{measure}/{snapshot}.json")
    manifest, source = orjson.loads(path.read_bytes()), path.parts[-3]
    if source == "derived":
        assert manifest["inputs"]
        return sum(_trace(landing, i["measure_id"], i["snapshot_id"]) for i in manifest["inputs"])
    if source == "kolada":
        hashes = [page["sha256"] for page in manifest["pages"]]
    else:
        rows = [next((landing / source / "files" / measure).glob(f"*-{name}.parquet")) for name in manifest["metadata"]["files"]]
        hashes = [sha256 for file in rows for sha256 in pq.read_table(file)["file_sha256"].unique().to_pylist()]
    assert hashes
    for sha256 in hashes:
        [raw] = (landing / "raw" / source / sha256[:2]).glob(f"{sha256}.*")
        data = raw.read_bytes()
        assert hashlib.sha256(gzip.decompress(data) if raw.suffix == ".gz" else data).hexdigest() == sha256
    return len(hashes)
