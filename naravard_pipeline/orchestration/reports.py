"""The monthly reports as an asset: made after a release, on the first of a month for the one that has gone.

Here: the asset, its job, its schedule and the sensor that follows a release. Not here: what a report says (report).
"""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    Config,
    DefaultSensorStatus,
    EventLogEntry,
    Failure,
    MaterializeResult,
    MetadataValue,
    RunConfig,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SensorDefinition,
    SensorEvaluationContext,
    asset,
    asset_sensor,
    define_asset_job,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from naravard_pipeline.orchestration.automation import REPORTS, TIMEZONE
from naravard_pipeline.orchestration.release import RELEASE_KEY
from naravard_pipeline.report.scope import month_before
from naravard_pipeline.report.shelf import make_all
from naravard_pipeline.settings import Settings

REPORTS_KEY = AssetKey(["published", "reports"])
FIRST_OF_MONTH = "0 7 1 * *"  # after the night's runs of the sources


class ReportsConfig(Config):
    month: str | None = None  # YYYY-MM; that of the current release unless named


def build_reports_asset(settings: Settings) -> AssetsDefinition:
    @asset(
        key=REPORTS_KEY,
        deps=[RELEASE_KEY],
        group_name=REPORTS,
        kinds={"html", "pdf"},
        description="The status report of every framework and municipality for a month: a page and two sides of PDF, in published/reports/.",
    )
    def reports(context: AssetExecutionContext, config: ReportsConfig) -> MaterializeResult:
        try:
            made = make_all(settings, config.month, on_progress=context.log.info)
        except ValueError as error:
            raise Failure(f"No report is made. {error}") from error
        if made.problems:
            raise Failure("These reports are not whole; the others are made.\n" + "\n".join(f"- {p}" for p in made.problems))
        return MaterializeResult(
            metadata={
                "month": made.month,
                "path": MetadataValue.path(str(made.files[0].parent)),
                "files": MetadataValue.json([p.name for p in made.files]),
            }
        )

    return reports


def build_reports_job() -> UnresolvedAssetJobDefinition:
    return define_asset_job(REPORTS, AssetSelection.assets(REPORTS_KEY), description="The monthly reports, from the releases that are there.")


def build_reports_schedule(job: UnresolvedAssetJobDefinition) -> ScheduleDefinition:
    def of_the_month_before(context: ScheduleEvaluationContext) -> RunConfig:
        month = month_before(context.scheduled_execution_time.date())
        return RunConfig(ops={"__".join(REPORTS_KEY.path): ReportsConfig(month=f"{month:%Y-%m}")})

    return ScheduleDefinition(
        name="reports_schedule",
        job=job,
        cron_schedule=FIRST_OF_MONTH,
        execution_timezone=TIMEZONE,
        run_config_fn=of_the_month_before,
        description="On the first of a month, the reports of the month that has gone.",
    )


def build_reports_sensor(job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    """Off until somebody turns it on. A run that published nothing new has the release of the last one, for which there are reports already."""

    @asset_sensor(
        asset_key=RELEASE_KEY,
        job=job,
        name="reports_sensor",
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.STOPPED,
        description="A new release.",
    )
    def reports_sensor(_context: SensorEvaluationContext, entry: EventLogEntry) -> RunRequest:
        return RunRequest(run_key=str(entry.asset_materialization.metadata["release_id"].value))

    return reports_sensor
