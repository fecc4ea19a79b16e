"""The sources' own catalogues, landed like answers, so that any two points in time can be compared.

Under the landing's root::

    raw/kolada/…                                          the pages as they came
    kolada/catalogues/<UTC time>-<12 hex>.parquet         contents that the catalogue has had, and when each was first seen; never changed
    kolada/catalogue.parquet                              the newest of them, for dbt

Belongs here: fetch, write, find again. Does not: what a difference means (``audit``).
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from naravard_pipeline.connectors.answer import FetchError, Page
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.kolada import SOURCE_ID, KeyFigure, KoladaConnector
from naravard_pipeline.landing.atomic import parquet_bytes, write_once
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import Settings

CATALOGUE_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "title": pa.string(),  # as it came
        "description": pa.string(),
        "municipality_type": pa.string(),  # K municipality, L region, A both
        "is_divided_by_gender": pa.bool_(),
        "publication_date": pa.date32(),  # when the figures of publ_period are to appear
        "prel_publication_date": pa.date32(),
        "publ_period": pa.string(),
    }
)
MAX_SHRINKAGE = 0.2  # between two looks; in two years Kolada's lost an eighth
_SEEN = "%Y%m%dT%H%M%SZ"


class CatalogueShrunk(FetchError):
    """Far fewer key figures than last time: rather a broken answer than so many withdrawn at once."""

    def __init__(self, before: int, now: int, pages: list[Page]):
        super().__init__(f"{SOURCE_ID}: the catalogue has {now} key figures where it had {before} (limit: {MAX_SHRINKAGE:.0%} fewer)", pages=pages)
        self.reason_sv = f"Källans katalog krympte från {before} till {now} nyckeltal"


@dataclass(frozen=True)
class LandedCatalogue:
    """One content of a catalogue. ``seen_at`` is when it was first fetched, aware, UTC."""

    path: Path
    seen_at: datetime

    def read(self) -> list[dict[str, Any]]:
        """One dict per key figure, after ``CATALOGUE_SCHEMA``."""
        return pq.read_table(self.path).to_pylist()


def land_catalogue_of_kolada(settings: Settings, landing: Landing) -> LandedCatalogue:
    """Fetch all key figures of Kolada and keep them, if anything in them is new. Raises ``FetchError``; what was there before stays."""
    with Client(
        SOURCE_ID, attempts=settings.attempts, requests_per_second=settings.requests_per_second, timeout_seconds=settings.timeout_seconds
    ) as client:
        figures = KoladaConnector(client, settings.base_urls[SOURCE_ID]).fetch_catalogue()
    return keep_catalogue(landing, figures)


def keep_catalogue(landing: Landing, figures: list[KeyFigure]) -> LandedCatalogue:
    """Write the catalogue's content, if it differs from the newest. Raises ``CatalogueShrunk``, and ``LandingError`` where the disk refuses."""
    pages = list({figure.page.sha256: figure.page for figure in figures}.values())
    for page in pages:
        landing.land_raw(SOURCE_ID, page.body)
    known = list_catalogues(landing)
    table = _build_table(figures)
    before = pq.read_metadata(known[-1].path).num_rows if known else 1
    if table.num_rows < (1 - MAX_SHRINKAGE) * before:
        raise CatalogueShrunk(before if known else 0, table.num_rows, pages)
    content = parquet_bytes(table)
    digest = hashlib.sha256(content).hexdigest()[:12]
    if not known or not known[-1].path.stem.endswith(digest):
        seen_at = max(page.fetched_at for page in pages)
        path = landing.root / SOURCE_ID / "catalogues" / f"{seen_at.astimezone(UTC):{_SEEN}}-{digest}.parquet"
        write_once(path, content, landing.root / ".unfinished")
    landing.land_table(f"{SOURCE_ID}/catalogue", table)
    return list_catalogues(landing)[-1]


def list_catalogues(landing: Landing) -> list[LandedCatalogue]:
    """The kept contents that Kolada's catalogue has had since the first look, oldest first."""
    paths = sorted((landing.root / SOURCE_ID / "catalogues").glob("*-*.parquet"))
    return [LandedCatalogue(path, datetime.strptime(path.stem.partition("-")[0], _SEEN).replace(tzinfo=UTC)) for path in paths]


def list_superfluous(catalogues: list[LandedCatalogue], keep_months: int, keep_days: int, now: datetime) -> list[LandedCatalogue]:
    """Those that no audit misses. Kept are all of the last ``keep_days``, the last of each of the newest ``keep_months``, the last of each year,
    and the first of all, beside which an audit tells what is new."""
    last_of_months = list({c.seen_at.strftime("%Y-%m"): c.path for c in catalogues}.values())
    kept = {*last_of_months[max(0, len(last_of_months) - keep_months) :], *{c.seen_at.year: c.path for c in catalogues}.values()}
    kept |= {c.path for c in catalogues if c.seen_at > now - timedelta(days=keep_days)}
    return [c for c in catalogues[1:-1] if c.path not in kept]


def catalogue_as_of(catalogues: list[LandedCatalogue], day: date) -> LandedCatalogue | None:
    """The one that was current at the end of ``day``; the first of all where none is so old. None without any."""
    return next((c for c in reversed(catalogues) if c.seen_at.date() <= day), catalogues[0] if catalogues else None)


def read_catalogue_file(path: Path) -> list[dict[str, Any]]:
    """A catalogue that somebody kept: JSON (also packed as .gz) with a list of key figures as Kolada gives them, or a landed Parquet file.

    Raises ``ValueError`` where there is no ``id`` and ``title``.
    """
    expected = "expected a list of key figures with `id` and `title`, as JSON (.json, .json.gz), or a catalogue landed as .parquet"
    try:
        if path.suffix == ".parquet":
            found = pq.read_table(path).to_pylist()
        else:
            data = path.read_bytes()
            found = orjson.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (pa.ArrowInvalid, orjson.JSONDecodeError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path}: {error}; {expected}") from None
    is_catalogue = isinstance(found, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("id"), str) and isinstance(entry.get("title", 0), str | None) for entry in found
    )
    if not is_catalogue or not found:
        raise ValueError(f"{path}: holds no catalogue; {expected}")
    return found


def _build_table(figures: list[KeyFigure]) -> pa.Table:
    named = [name for name in CATALOGUE_SCHEMA.names if name not in ("id", "title")]
    rows = [{"id": f.kpi, "title": f.title_as_given} | {name: getattr(f, name) for name in named} for f in figures]
    return pa.Table.from_pylist(rows, CATALOGUE_SCHEMA).sort_by("id")
