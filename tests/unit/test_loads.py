"""What makes dbt read a measure again: its answer, its definition, and the end of a period that was running."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.catalogue.models import Break
from naravard_pipeline.connectors.answer import Answer, Page
from naravard_pipeline.landing.loads import land_catalogue, running_since
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import SOURCES

ROWS = pa.table({"value": [1.0], "period": pa.array([2024], pa.int32())})


@pytest.mark.parametrize(
    ("frequency", "today", "since"),
    [
        ("month", date(2026, 11, 1), date(2026, 11, 1)),
        ("month", date(2026, 11, 30), date(2026, 11, 1)),
        ("quarter", date(2026, 11, 30), date(2026, 10, 1)),
        ("half_year", date(2026, 6, 30), date(2026, 1, 1)),
        ("half_year", date(2026, 7, 1), date(2026, 7, 1)),
        ("year", date(2026, 12, 31), date(2026, 1, 1)),
    ],
)
def test_a_period_runs_from_its_first_day(frequency, today, since):
    assert running_since(frequency, today) == since


@pytest.fixture
def loads(tmp_path):
    """Land three answers, and the catalogue as it is on a day: measure → its row of the loads."""
    catalogue = read_catalogue(SOURCES)
    landing = Landing(tmp_path)
    for source_id, measure_id in (("local", "sip_antal"), ("scb", "befolkning"), ("kolada", "obesitas")):
        page = Page("https://source.example", "GET", datetime(2026, 1, 1, tzinfo=UTC), 200, measure_id.encode())
        landing.land(source_id, measure_id, Answer([page], ROWS, {}), "Källa: K")

    def of_day(today: date, **changed) -> dict[str, dict]:
        measures = {m: v.model_copy(update=changed.get(m, {})) for m, v in catalogue.measures.items()}
        land_catalogue(landing, catalogue.model_copy(update={"measures": measures}), "code", False, today)
        tables = [pq.read_table(tmp_path / f"{name}.parquet").to_pylist() for name in ("loads", "derived_loads")]
        return {row["measure_id"]: row for table in tables for row in table}

    return of_day


def test_a_measure_is_read_again_once_when_its_period_has_ended(loads):
    last_of_october, november, later, new_year = (loads(day) for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 30), date(2027, 1, 1)))
    assert november == later
    again = {m for m in november if november[m]["load_id"] != last_of_october[m]["load_id"]}
    assert again == {"sip_antal", "sip_per_1000"}, "monthly ones, and what is computed from them"
    assert {m for m in later if later[m]["load_id"] != new_year[m]["load_id"]} == {"sip_antal", "sip_per_1000", "befolkning", "obesitas"}
    assert november["sip_per_1000"]["running_since"] == date(2026, 11, 1) and november["befolkning"]["running_since"] == date(2026, 1, 1)


def test_where_a_derived_figure_comes_from_does_not_change_with_the_day(loads):
    assert loads(date(2026, 10, 31))["sip_per_1000"]["snapshot_id"] == loads(date(2027, 1, 1))["sip_per_1000"]["snapshot_id"]


def test_a_break_makes_its_measure_new_and_no_other(loads):
    day = date(2026, 11, 1)
    before = loads(day)
    after = loads(day, obesitas={"breaks": (Break(date=date(2024, 1, 1), reason_sv="Ny.", reason_en="New."),)})
    assert {m for m in before if before[m]["load_id"] != after[m]["load_id"]} == {"obesitas"}
