"""When the monthly reports are made: on the first of a month for the one before, and once after a new release; never by a run of everything."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from dagster import (
    AssetMaterialization,
    DagsterInstance,
    Definitions,
    asset,
    build_schedule_context,
    build_sensor_context,
)

from naravard_pipeline.orchestration.automation import EVERYTHING, REPORTS, build_jobs
from naravard_pipeline.orchestration.release import RELEASE_KEY
from naravard_pipeline.orchestration.reports import (
    REPORTS_KEY,
    build_reports_asset,
    build_reports_job,
    build_reports_schedule,
    build_reports_sensor,
)
from naravard_pipeline.settings import Settings


@asset(key=RELEASE_KEY, group_name="published")
def release(): ...


@pytest.fixture
def definitions(tmp_path):
    job = build_reports_job()
    return Definitions(
        assets=[release, build_reports_asset(Settings(home=tmp_path))],
        jobs=[*build_jobs([]), job],
        schedules=[build_reports_schedule(job)],
        sensors=[build_reports_sensor(job)],
    )


@pytest.mark.parametrize(("year", "month", "made"), [(2026, 12, "2026-11"), (2027, 1, "2026-12")])
def test_on_the_first_of_a_month_those_of_the_month_before_are_made(definitions, year, month, made):
    schedule = definitions.resolve_schedule_def("reports_schedule")
    first = datetime(year, month, 1, 7, tzinfo=ZoneInfo("Europe/Stockholm"))
    (request,) = schedule.evaluate_tick(build_schedule_context(scheduled_execution_time=first)).run_requests
    assert request.run_config["ops"]["published__reports"]["config"]["month"] == made
    assert schedule.cron_schedule == "0 7 1 * *" and schedule.execution_timezone == "Europe/Stockholm"


def test_a_new_release_asks_for_them_once(definitions):
    sensor = definitions.resolve_sensor_def("reports_sensor")
    with DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(AssetMaterialization(RELEASE_KEY, metadata={"release_id": "000002-x"}))
        context = build_sensor_context(instance=instance, definitions=definitions)
        (request,) = sensor.evaluate_tick(context).run_requests
    assert request.run_key == "000002-x"  # Dagster starts one run for a key, however often the release is looked at again


def test_a_run_of_everything_leaves_them_out_and_their_job_has_nothing_else(definitions):
    assert definitions.resolve_job_def(EVERYTHING).asset_layer.selected_asset_keys == {RELEASE_KEY}
    assert definitions.resolve_job_def(REPORTS).asset_layer.selected_asset_keys == {REPORTS_KEY}
