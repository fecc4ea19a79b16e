"""Socialstyrelsen's recorded figures, and its service and Vården i siffror's imitated beside the project; the same with faults."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import orjson
from pipeline import REPLAY, SHARED, needs_replay

from naravard_pipeline.catalogue.queries import SocialstyrelsenQuery, VardenISiffrorQuery
from naravard_pipeline.connectors.answer import Page
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.socialstyrelsen import SocialstyrelsenConnector
from naravard_pipeline.connectors.socialstyrelsen_question import Topic, build_question
from naravard_pipeline.connectors.socialstyrelsen_rows import read_cells
from naravard_pipeline.connectors.vardenisiffror import VardenISiffrorConnector

pytestmark = needs_replay

SELF_HARM = SocialstyrelsenQuery(topic="skador", matt="1", fixed={"typ": "9"}, age={"groups": {"total": "9", "0-19": "1"}}, absent_is_zero=True)
CONTINUITY = VardenISiffrorQuery(measure="7f5b4a52-2f0a-4a1d-9a51-000000000001")
AREAS = ["00", "04", "0428", "0461", "0484", "1280"]
YEARS = range(2010, 2028)


@contextmanager
def served(*options: str) -> Iterator[dict[str, str]]:
    command = [sys.executable, str(REPLAY), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.kill()  # an end that nobody can put off


def fetch_both(urls):
    with Client("replay", requests_per_second=1e6) as client:
        service = SocialstyrelsenConnector(client, urls["socialstyrelsen"])
        return service.fetch(SELF_HARM, AREAS, YEARS), VardenISiffrorConnector(client, urls["vardenisiffror"]).fetch(CONTINUITY, AREAS, YEARS)


def test_every_recorded_figure_is_read_as_it_was_recorded():
    rows = json.loads((SHARED / "replay" / "data" / "socialstyrelsen" / "skador_0180_1995-1997.json").read_text("utf-8"))
    page = Page("https://sdb.example", "GET", datetime.now(UTC), 200, orjson.dumps(rows))
    names = {"vardform": "vardformId", "region": "regionId", "alder": "alderId", "kon": "konId", "matt": "mattId", "ar": "ar", "typ": "typId"}
    offered = {name: {str(row[key]): "" for row in rows} for name, key in names.items()}
    ages = {group: code for code, group in zip("1234569", ("0-19", "20-44", "45-64", "65-74", "75-84", "85+", "total"), strict=True)}
    read = {}
    for typ in offered["typ"]:
        query = SocialstyrelsenQuery(topic="skador", matt="1", fixed={"typ": typ}, age={"groups": ages})
        asked = build_question(Topic("skador", "Skador", offered, dict.fromkeys(offered, page)), query, ["0180"], [1997])
        some = [row for row in rows if row["typId"] == typ]
        cells = read_cells(page, some, asked)
        assert len(set(cells.places)) == len(some)
        read |= {(typ, row["alderId"], row["konId"]): value for row, value in zip(some, cells.values, strict=True)}
    assert read == {(row["typId"], row["alderId"], row["konId"]): float(row["varde"].replace(" ", "").replace(",", ".")) for row in rows}


def test_with_faults_the_same_figures_come():
    with served() as calm, served("--faults", "0.3", "--seed", "7") as rough:
        for one, other in zip(fetch_both(calm), fetch_both(rough), strict=True):
            assert one.rows.num_rows > 0
            assert one.rows.equals(other.rows)
            assert one.metadata == other.metadata


def test_what_the_service_leaves_out_is_zero_and_what_it_hides_is_not():
    with served() as urls:
        answer, _ = fetch_both(urls)
        asked = answer.rows.to_pylist()
    assert {row["area"] for row in asked} == set(AREAS) - {"1280"}
    assert answer.metadata["areas_not_offered"] == ["1280"]
    assert len(asked) == 5 * 11 * 3 * 2
    assert sum(row["value"] == 0 for row in asked) == answer.metadata["zeros"] > 0
    assert all((row["value"] is None) == (row["status"] == "suppressed") for row in asked)


def test_the_nation_has_no_code_of_its_own_at_varden_i_siffror():
    with served() as urls:
        _, answer = fetch_both(urls)
    assert set(answer.rows["area"].to_pylist()) == {"00", "04"}
    assert answer.metadata["title"] == "Kontinuitetsindex för läkare, kronisk sjukdom"
    assert all(row["ci_lower"] < row["value"] < row["ci_upper"] and row["numerator"] < row["denominator"] for row in answer.rows.to_pylist())
