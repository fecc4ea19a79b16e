"""Kolada's real catalogue and real figures, served by a recording beside the project; and the same with faults, and one publication later."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.kolada import KoladaConnector
from naravard_pipeline.landing.kolada import land_kolada
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import Settings

REPLAY = Path(__file__).parents[2].parent / "shared" / "replay"
pytestmark = pytest.mark.skipif(not (REPLAY / "serve.py").exists(), reason="the recorded answers of Kolada (shared/replay) are not here")

RECORDED = ("U79135", "N79176", "U79092", "N79173", "U20462", "N70808")
GENERATED = ("U23461", "N20506", "U21463", "U23481")
YEARS = range(2010, 2028)


@contextmanager
def replay(*options: str) -> Iterator[str]:
    command = [sys.executable, str(REPLAY / "serve.py"), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield json.loads(server.stdout.readline())["kolada"]
        finally:
            server.kill()  # an end that nobody can put off


@pytest.fixture(scope="module")
def first_edition():
    with replay() as base:
        yield base


def measures(codes) -> list[Measure]:
    fixed = {"source_id": "kolada", "name_sv": "-", "name_en": "-", "definition_sv": "-", "status": "published", "levels": ("region",)}
    kind = {"unit": "-", "value_type": "share", "direction": "neutral", "area_types": ("region",), "bounds": {"min": 0, "max": 1}}
    return [Measure(measure_id=code.lower(), source_code=code, **fixed, **kind) for code in codes]


def land(base, root, codes):
    settings = Settings(home=root, base_urls={"kolada": base}, requests_per_second=1e6)
    landing = Landing(root)
    outcomes = land_kolada(settings, measures(codes), [], landing)
    return {outcome.measure_id.upper(): outcome for outcome in outcomes}, landing


def observations(landing, code) -> dict[tuple, tuple]:
    table = pq.read_table(landing.observations_path("kolada", code.lower())).to_pylist()
    return {(row["municipality"], row["period"], row["gender"]): (row["value"], row["status"]) for row in table}


def test_every_recorded_figure_is_read_as_it_was_recorded(first_edition):
    with (REPLAY / "data" / "kolada" / "values_recorded.csv").open(encoding="utf-8", newline="") as file:
        recorded = {(r["kpi"], r["municipality"], int(r["period"]), r["gender"]): float(r["value"]) for r in csv.DictReader(file) if r["value"]}
    with Client("kolada", requests_per_second=1e6) as client:
        for kpi in RECORDED:
            rows = KoladaConnector(client, first_edition).fetch_values(kpi, YEARS).rows.to_pylist()
            read = {(kpi, r["municipality"], r["period"], r["gender"]): r["value"] for r in rows}
            expected = {key: value for key, value in recorded.items() if key[0] == kpi and key[2] in YEARS}
            assert {key: read.get(key) for key in expected} == expected


def test_with_faults_the_same_figures_come(first_edition, tmp_path):
    codes = RECORDED[:2] + GENERATED[:2]
    calm, _ = land(first_edition, tmp_path / "calm", codes)
    with replay("--faults", "0.3", "--seed", "7") as faulty:
        rough, _ = land(faulty, tmp_path / "rough", codes)
    assert {code: (o.state, o.snapshot_id, o.rows) for code, o in rough.items()} == {code: ("new", o.snapshot_id, o.rows) for code, o in calm.items()}


def test_one_publication_later_only_what_changed_changes(first_edition, tmp_path):
    codes = ("U79135", *GENERATED)
    before, landing = land(first_edition, tmp_path, codes)
    figures = {code: observations(landing, code) for code in codes}
    assert {o.state for o in before.values()} == {"new"}
    assert {o.state for o in land(first_edition, tmp_path, codes)[0].values()} == {"unchanged"}
    with replay("--edition", "2") as second_edition:
        after, landing = land(second_edition, tmp_path, codes)
    assert {code: o.state for code, o in after.items()} == {
        "U79135": "unchanged",
        "U23461": "changed",
        "N20506": "kept",
        "U21463": "changed",
        "U23481": "changed",
    }
    revised = observations(landing, "U23461")
    differing = {key[:2] for key in revised.keys() & figures["U23461"].keys() if revised[key] != figures["U23461"][key]}
    assert differing == {("0484", 2024)}
    taken_back = figures["U23461"].keys() - revised.keys()
    assert 0 < len(taken_back) < 0.01 * len(revised)
    assert after["N20506"].reason_sv == "Nyckeltalet N20506 finns inte längre hos Kolada; historiken visas."
    assert observations(landing, "N20506") == figures["N20506"]
    assert after["U21463"].metadata["title"] == f"{after['U21463'].metadata['title_changed_from']} (ny)"
