"""How fast each connector turns a source's answers into rows, beside `json.loads` alone on the same bytes, and what a million values weigh.

    .venv/bin/python tests/benchmarks/connectors.py

The answers are the demo's, kept in memory after a first pass, so neither a network nor the demo's own arithmetic is in the time. Files are
checked and read as the inbox does it, beside `csv` and `openpyxl` alone. Each source runs in a process of its own, so that its memory is its own.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import orjson
from openpyxl import load_workbook

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.kolada import KoladaConnector
from naravard_pipeline.demo.files import write_demo_files
from naravard_pipeline.demo.server import PATHS, _build_sources
from naravard_pipeline.landing.cubes import CONNECTORS
from naravard_pipeline.landing.file_check import check_file
from naravard_pipeline.settings import SOURCES

MILLION = 1_000_000
ROUNDS = 5


class Kept(httpx.BaseTransport):
    """The demo's sources without a socket; each answer is made once."""

    def __init__(self, sources):
        self._sources = sources
        self.bodies: dict[tuple, bytes] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        key = (request.method, str(request.url), body)
        if key not in self.bodies:
            source_id = request.url.path.split("/")[1]
            parts = [p for p in request.url.path.removeprefix(f"/{PATHS[source_id]}").split("/") if p]
            query = parse_qs(request.url.query.decode(), keep_blank_values=True)
            base = f"http://demo/{PATHS[source_id]}"
            self.bodies[key] = orjson.dumps(self._sources[source_id].answer(request.method, parts, query, body, base))
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=self.bodies[key])


def fastest(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def measure_source(source_id: str) -> None:
    catalogue = read_catalogue(SOURCES)
    transport = Kept(_build_sources(catalogue, 2025))
    client = Client(source_id, requests_per_second=1e9, transport=transport)
    base_url = f"http://demo/{PATHS[source_id]}"
    years, areas = range(2010, 2027), list(catalogue.areas.values())

    def fetch_all() -> list:
        if source_id == "kolada":
            connector = KoladaConnector(client, base_url)
            return [connector.fetch_values(m.source_code, years) for m in catalogue.live_of(source_id)]
        connector = CONNECTORS[source_id](client, base_url)
        asked = [(m.query, [a.scb_code for a in areas if a.scb_code and a.area_type in m.area_types]) for m in catalogue.live_of(source_id)]
        return [connector.fetch(query, codes, years) for query, codes in asked]

    answers = fetch_all()
    values = sum(a.rows.num_rows for a in answers)
    bodies = [page.body for answer in answers for page in answer.pages]
    ours, plain, quick = fastest(fetch_all), *(fastest(lambda load=load: [load(b) for b in bodies]) for load in (json.loads, orjson.loads))
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak is counted from here
    before, held = _memory("VmRSS"), []
    while sum(a.rows.num_rows for a in held) < MILLION:
        held += fetch_all()
    memory = _memory("VmHWM") - before
    size = sum(map(len, bodies)) / 1e6
    print(
        f"{source_id:16} {values:8,} values {size:6.1f} MB   {values / ours:10,.0f}/s   json.loads {values / plain:10,.0f}/s   "
        f"orjson {values / quick:10,.0f}/s   ours/json {ours / plain:5.2f}   +{memory:4.0f} MB at 1 M values"
    )


def _memory(name: str) -> float:
    """MB of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def measure_files() -> None:
    catalogue = read_catalogue(SOURCES)
    with tempfile.TemporaryDirectory() as folder:
        for path in write_demo_files(Path(folder), catalogue):
            if not path.name.startswith("sip_antal"):
                continue
            rows = len(check_file(path, catalogue).rows)
            ours = fastest(lambda path=path: check_file(path, catalogue))
            if path.suffix == ".csv":
                plain = fastest(lambda path=path: list(csv.reader(io.StringIO(path.read_text("cp1252")), delimiter=";")))
            else:
                plain = fastest(lambda path=path: [list(s.iter_rows(values_only=True)) for s in load_workbook(path)])
            print(f"inbox {path.suffix:10} {rows:8,} rows   {rows / ours:10,.0f}/s   the reader alone {rows / plain:10,.0f}/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", choices=[*PATHS, "files"])
    source_id = parser.parse_args().source
    if source_id is None:
        for name in (*PATHS, "files"):
            subprocess.run([sys.executable, __file__, "--source", name], check=True)
    elif source_id == "files":
        measure_files()
    else:
        measure_source(source_id)


if __name__ == "__main__":
    main()
