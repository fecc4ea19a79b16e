"""Assembles what Dagster runs. The command line and ``dagster dev`` take it from here; so do the tests."""

from dagster import AssetKey, AssetsDefinition, Definitions, definitions, in_process_executor

from naravard_pipeline.catalogue import Catalogue, read_catalogue
from naravard_pipeline.landing.home import claim_home
from naravard_pipeline.orchestration.automation import build_inbox_sensor, build_jobs, build_schedules
from naravard_pipeline.orchestration.checks import build_checks
from naravard_pipeline.orchestration.dbt import build_dbt_assets, build_dbt_resource, prepare_manifest, set_dbt_environment
from naravard_pipeline.orchestration.housekeeping import build_housekeeping_sensor
from naravard_pipeline.orchestration.ingestion import (
    build_catalogue_asset,
    build_cube_assets,
    build_file_assets,
    build_kolada_assets,
    build_kolada_catalogue_asset,
    build_printed_assets,
)
from naravard_pipeline.orchestration.release import build_release_asset
from naravard_pipeline.orchestration.reports import build_reports_asset, build_reports_job, build_reports_schedule, build_reports_sensor
from naravard_pipeline.quality import read_suites
from naravard_pipeline.settings import EXPECTATIONS, SOURCES, Settings


def build_definitions(settings: Settings, catalogue: Catalogue | None = None) -> Definitions:
    """What Dagster runs for these settings; ``catalogue`` where it has been read already.

    Raises ``CatalogueError``, ``SuiteError`` or ``ValueError``, each with file, place and remedy.
    """
    claim_home(settings)
    catalogue = catalogue or read_catalogue(SOURCES)
    suites = read_suites(EXPECTATIONS)
    set_dbt_environment(settings)
    sources = {s: _build_source(settings, catalogue, s) for s in catalogue.sources if catalogue.live_of(s) and catalogue.sources[s].kind != "derived"}
    ingested = {source_id: sorted(assets.keys) for source_id, assets in sources.items()}
    dbt_assets = build_dbt_assets(settings, prepare_manifest(settings), ingested)
    tables: dict[str, AssetKey] = {key.path[-1]: key for key in dbt_assets.keys}
    published = [key for key in dbt_assets.keys if key.path[0] in ("core", "marts")]
    jobs, reports = build_jobs(list(sources)), build_reports_job()
    return Definitions(
        assets=[
            *sources.values(),
            build_kolada_catalogue_asset(settings),
            build_catalogue_asset(settings, catalogue, [key for keys in ingested.values() for key in keys]),
            dbt_assets,
            build_release_asset(settings, published),
            build_reports_asset(settings),
        ],
        asset_checks=[build_checks(settings, suites, tables)],
        jobs=[*jobs, reports],
        schedules=[*build_schedules(catalogue, jobs), build_reports_schedule(reports)],
        sensors=[
            build_inbox_sensor(settings, next(job for job in jobs if job.name == "local")),
            build_reports_sensor(reports),
            build_housekeeping_sensor(settings),
        ],
        resources={"dbt": build_dbt_resource()},
        executor=in_process_executor,  # each step is busy with processes and threads of its own; a process per step costs 2 s each
    )


def _build_source(settings: Settings, catalogue: Catalogue, source_id: str) -> AssetsDefinition:
    match catalogue.sources[source_id].kind:
        case "kolada":
            return build_kolada_assets(settings, catalogue)
        case "files":
            return build_file_assets(settings, catalogue, source_id)
        case "printed":
            return build_printed_assets(settings, catalogue, source_id)
        case _:
            return build_cube_assets(settings, catalogue, source_id)


@definitions
def defs() -> Definitions:
    """What ``workspace.yaml`` points at; built when Dagster loads it, from the environment."""
    return build_definitions(Settings.from_environment())
