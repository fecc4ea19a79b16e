"""The release as an asset: the last step, which asks the gate again whatever ran before it."""

from collections.abc import Sequence

import duckdb
from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, Failure, MaterializeResult, MetadataValue, TableRecord, asset

from naravard_pipeline.landing.atomic import LandingError
from naravard_pipeline.orchestration.lock import WAIT_SECONDS, exclusive
from naravard_pipeline.publication.contract import read_contract
from naravard_pipeline.publication.decisions import LogError
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.publication.release import publish
from naravard_pipeline.settings import Settings

RELEASE_KEY = AssetKey(["published", "release"])


def build_release_asset(settings: Settings, deps: Sequence[AssetKey]) -> AssetsDefinition:
    @asset(
        key=RELEASE_KEY,
        deps=list(deps),
        group_name="published",
        kinds={"duckdb", "parquet", "csv"},
        description="What readers see: a whole release, made beside and switched in at once, if every required check of this very build lets it.",
    )
    def release(context: AssetExecutionContext) -> MaterializeResult:
        with exclusive(settings, "warehouse"):
            try:
                publication = publish(settings, read_contract(settings), context.log.info, wait_seconds=WAIT_SECONDS)
            except GateClosed as closed:
                raise Failure("Nothing is published; the last release stays.\n" + "\n".join(f"- {f}" for f in closed.failures)) from closed
            except LogError as error:
                raise Failure(f"Nothing is published; the last release stays.\n- {error}") from error
            except (LandingError, ValueError, OSError, duckdb.Error) as error:
                said = str(error).splitlines()[0]
                raise Failure(
                    f"The release could not be written; the last one stays. Free space there, or build anew: naravard run. ({said})"
                ) from error
        for hold in (*publication.held.values(), *publication.left_out.values()):
            context.log.info(f"held: {hold.measure_id}: {hold.reason}")
        rows = [TableRecord({"table": t, "rows": n}) for t, n in publication.row_counts.items()]
        return MaterializeResult(
            metadata={
                "release_id": publication.release_id,
                "is_new": publication.is_new,
                "path": MetadataValue.path(str(publication.path)),
                "held": MetadataValue.json({m: h.reason_sv for m, h in publication.held.items()}),
                "left_out": MetadataValue.json({m: h.reason_sv for m, h in publication.left_out.items()}),
                "candidate_id": publication.candidate_id or "",
                "waiting": MetadataValue.json({m: w.hold.reason_sv for m, w in publication.waiting.items()}),
                "targets": MetadataValue.json(dict(publication.target_failures)),
                "is_demo": settings.is_demo,
                "dagster/row_count": publication.row_counts["fct_observations"],
                "tables": MetadataValue.table(rows),
            }
        )

    return release
