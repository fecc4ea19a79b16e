"""Kolada's two real catalogues, of April 2024 and of March 2026, beside each other."""

import gzip
import json
from datetime import date

import pytest
from click.testing import CliRunner
from pipeline import SHARED, needs_replay, replayed

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.cli.sources import sources
from naravard_pipeline.landing.audit import audit_catalogue, compare_catalogues
from naravard_pipeline.landing.catalogues import list_catalogues, read_catalogue_file
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import SOURCES

pytestmark = needs_replay
OLD, NEW = (SHARED / "replay" / "data" / "kolada" / name for name in ("kpi_2024-04.json.gz", "kpi.json.gz"))


def flagged(findings) -> dict[str, tuple]:
    return {f.code: (f.kind, f.successor and f.successor.code, f.is_settled) for f in findings}


def test_two_years_of_kolada():
    change = compare_catalogues(read_catalogue_file(OLD), read_catalogue_file(NEW))
    assert (len(change.gone), len(change.new), len(change.retitled)) == (829, 495, 978)


def test_what_two_years_did_to_our_measures():
    measures = read_catalogue(SOURCES).measures_of("kolada")
    old, new = read_catalogue_file(OLD), [entry | {"publication_date": None} for entry in read_catalogue_file(NEW)]
    audit = audit_catalogue(measures, new, old, old, {}, date(2026, 3, 31))
    assert flagged(audit.ours) == {
        "N20506": ("retitled", None, False),
        "U20462": ("retitled", None, False),
        "U71453": ("retired", "N78111", True),
        "U71455": ("retired", "N78113", True),
        "U21401": ("retired", None, True),
        "U21402": ("retired", None, True),
    }
    proposed = [f for f in audit.others if f.successor]
    assert all(f.kind in ("gone", "retired") for f in proposed)
    assert len(proposed) < 0.2 * sum(f.kind in ("gone", "retired") for f in audit.others)


@pytest.mark.parametrize("faults", ["0", "0.3"])
def test_the_command_lands_what_it_compares(tmp_path, faults):
    def audit(kolada, *arguments):
        environment = {"NARAVARD_HOME": str(tmp_path), "NARAVARD_REQUESTS_PER_SECOND": "1000", **kolada}
        result = CliRunner().invoke(sources, ["audit", "--json", *arguments], env=environment)
        return result.exit_code, json.loads(result.stdout)

    with replayed("--faults", faults) as kolada:
        code, first = audit(kolada)
        assert (code, first["key_figures"], first["change"]) == (0, 6099, {"gone": 0, "new": 0, "retitled": 0})
        code, against = audit(kolada, "--against", str(OLD))
        assert (code, against["change"]["gone"]) == (3, 829)
    with replayed("--faults", faults, "--edition", "2") as kolada:
        code, second = audit(kolada)
    assert code == 3
    changed = {f["code"]: f["kind"] for f in second["ours"] if not f["is_settled"]}
    assert changed == {"N20506": "gone", "U21463": "retitled"}
    first, second = list_catalogues(Landing(tmp_path / "landing"))
    with gzip.open(NEW) as file:
        assert {entry["id"] for entry in first.read()} == {entry["id"] for entry in json.load(file)}
    assert len(second.read()) == 6098
