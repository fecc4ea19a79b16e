"""The sources as assets: one asset per measure, in a multi-asset per source that can run any of them.

Here: which asset stands for which measure and what is told of each attempt. Not here: asking and landing (landing, connectors).
A measure whose answer is refused is materialised all the same, with its last good answer, and its check says so: the others go on, and the gate,
not Dagster, decides what becomes of it.
"""

from collections.abc import Callable, Iterable, Iterator

import pyarrow.compute as pc
import pyarrow.parquet as pq
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    asset,
    multi_asset,
)

from naravard_pipeline.catalogue import Catalogue, Measure
from naravard_pipeline.landing.inbox import InboxAnswer, take_in
from naravard_pipeline.landing.kolada import land_kolada
from naravard_pipeline.landing.loads import MADE_UP, land_catalogue
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.orchestration.dbt import CATALOGUE_KEY
from naravard_pipeline.orchestration.lock import exclusive
from naravard_pipeline.orchestration.plots import plot_lines
from naravard_pipeline.publication.build import code_fingerprint
from naravard_pipeline.settings import Settings

STATES = {
    "accepted": "taken in",
    "known": "taken in before, changes nothing",
    "refused": "REFUSED; the answer lies beside it",
    "still_refused": "still refused; the answer lies beside it",
    "removed": "REMOVED: it held personal identity numbers",
    "waiting": "still being written, next time",
}
ANSWER_CHECK = "answer_is_well_formed_and_whole"


def measure_key(measure: Measure) -> AssetKey:
    return AssetKey([measure.source_id, measure.measure_id])


def build_kolada_assets(settings: Settings, catalogue: Catalogue) -> AssetsDefinition:
    measures = catalogue.live_of("kolada")

    def fetch(context: AssetExecutionContext, selected: list[Measure]) -> Iterable[Landed]:
        done = 0

        def tell(landed: Landed) -> None:
            nonlocal done
            done += 1
            context.log.info(f"Kolada {done}/{len(selected)}: {_line(landed)}")

        attribution = catalogue.sources["kolada"].attribution
        return land_kolada(settings, selected, catalogue.areas.values(), Landing(settings.landing), tell, attribution)

    return _build_source_assets(settings, catalogue, "kolada", measures, fetch)


def build_local_assets(settings: Settings, catalogue: Catalogue) -> AssetsDefinition:
    measures = catalogue.live_of("local")

    def take(context: AssetExecutionContext, selected: list[Measure]) -> Iterable[Landed]:
        landing = Landing(settings.landing)
        for answer in take_in(settings, catalogue, landing):
            tell = context.log.info if answer.state in ("accepted", "known", "waiting") else context.log.warning
            tell(f"inbox: {answer.file_name}: {STATES[answer.state]}" + _what_is_wrong(answer))
        wanted = {m.measure_id for m in selected}
        return [s for s in landing.read_states() if s.source_id == "local" and s.measure_id in wanted]

    return _build_source_assets(settings, catalogue, "local", measures, take)


def build_catalogue_asset(settings: Settings, catalogue: Catalogue, ingested: Iterable[AssetKey]) -> AssetsDefinition:
    @asset(
        key=CATALOGUE_KEY,
        deps=list(ingested),
        group_name="landing",
        kinds={"yaml", "parquet"},
        description="The catalogue of sources/ as tables, and which answer of each measure is to be read.",
    )
    def catalogue_tables(context: AssetExecutionContext) -> MaterializeResult:
        with exclusive(settings, "landing"):
            changed = land_catalogue(Landing(settings.landing), catalogue, code_fingerprint(), settings.is_demo)
        statuses = [m.status for m in catalogue.measures.values()]
        context.log.info(f"catalogue: {len(statuses)} measures, {'something is new' if changed else 'nothing is new'} for dbt")
        return MaterializeResult(
            metadata={
                "dagster/row_count": MetadataValue.int(len(statuses)),
                "changed": MetadataValue.bool(changed),
                **{f"measures_{s}": MetadataValue.int(statuses.count(s)) for s in sorted(set(statuses))},
            }
        )

    return catalogue_tables


def _build_source_assets(
    settings: Settings,
    catalogue: Catalogue,
    source_id: str,
    measures: list[Measure],
    land: Callable[[AssetExecutionContext, list[Measure]], Iterable[Landed]],
) -> AssetsDefinition:
    source = catalogue.sources[source_id]
    specs = [
        AssetSpec(
            measure_key(m),
            group_name=source_id,
            kinds={source_id, "parquet"},
            description=f"**{m.name_sv}** ({m.unit}). {m.definition_sv}" + (f"\n\n{m.caveat_sv}" if m.caveat_sv else ""),
            metadata={
                "source_code": m.source_code or "",
                "status": m.status,
                "attribution": MADE_UP if settings.is_demo else source.attribution,
                "file": str(m.path),
            },
        )
        for m in measures
    ]
    what = "The source's answer came, has the shape it should have and has not shrunk; otherwise the last good one is kept."
    checks = [AssetCheckSpec(ANSWER_CHECK, asset=s.key, description=what) for s in specs]

    @multi_asset(name=f"ingest_{source_id}", specs=specs, check_specs=checks, can_subset=True)
    def ingest(context: AssetExecutionContext) -> Iterator[MaterializeResult]:
        selected = [m for m in measures if measure_key(m) in context.selected_asset_keys]
        with exclusive(settings, "landing"):
            landed = {outcome.measure_id: outcome for outcome in land(context, selected)}
        for measure in selected:
            yield _result(settings, catalogue, measure, landed.get(measure.measure_id))

    return ingest


def _result(settings: Settings, catalogue: Catalogue, measure: Measure, landed: Landed | None) -> MaterializeResult:
    key = measure_key(measure)
    if landed is None:  # no file has come for it: nothing is wrong, there is nothing yet
        check = AssetCheckResult(passed=True, check_name=ANSWER_CHECK, asset_key=key, description="Nothing has arrived yet.")
        return MaterializeResult(asset_key=key, metadata={"dagster/row_count": 0, "state": "nothing yet"}, check_results=[check])
    is_good = landed.state not in ("kept", "failed")
    check = AssetCheckResult(
        passed=is_good,
        check_name=ANSWER_CHECK,
        asset_key=key,
        severity=AssetCheckSeverity.ERROR,  # not blocking: the gate holds this measure and lets the others go
        description=landed.reason or None,
        metadata={"reason_sv": landed.reason_sv, "since": str(landed.kept_since)} if not is_good else {},
    )
    metadata = {
        "dagster/row_count": MetadataValue.int(landed.rows),
        "newest_period": MetadataValue.text(str(landed.newest_period or "")),
        "state": MetadataValue.text(landed.state),
        "snapshot_id": MetadataValue.text(landed.snapshot_id or ""),
        "is_demo": MetadataValue.bool(settings.is_demo),
        "notes": MetadataValue.text("\n".join(landed.notes)),
        **({"source_title": MetadataValue.text(str(landed.metadata["title"]))} if landed.metadata.get("title") else {}),
    }
    if lines := _read_lines(settings, catalogue, measure):
        made_up = " (made up)" if settings.is_demo else ""
        kept = settings.dagster_home / "plots" / measure.measure_id / f"{landed.snapshot_id}.png"
        metadata["plot"] = plot_lines(f"{measure.unit}{made_up}", lines, kept)
    return MaterializeResult(asset_key=key, metadata=metadata, check_results=[check])


def _read_lines(settings: Settings, catalogue: Catalogue, measure: Measure) -> dict[str, list[tuple[float, float]]]:
    """The totals of the nation and the framework's county, or of the municipalities in all, from the current snapshot."""
    path = Landing(settings.landing).observations_path(measure.source_id, measure.measure_id)
    if not path.exists():
        return {}
    rows = pq.read_table(path)
    rows = rows.filter(pc.is_valid(rows["value"]))
    if "municipality" not in rows.column_names:
        sums = rows.group_by("period_start").aggregate([("value", "sum")]).sort_by("period_start").to_pylist()
        return {"all files": [(r["period_start"].year + (r["period_start"].month - 1) / 12, r["value_sum"]) for r in sums]} if sums else {}
    rows = rows.filter(pc.equal(rows["gender"], "T"))
    shown = [catalogue.areas["00"], *(catalogue.areas[f.county_code] for f in catalogue.frameworks.values() if f.county_code in catalogue.areas)]
    lines = {}
    for area in shown:
        own = rows.filter(pc.equal(rows["municipality"], area.kolada_code)).sort_by("period")
        if own.num_rows:
            lines[area.name_sv] = list(zip(own["period"].to_pylist(), own["value"].to_pylist(), strict=True))
    return lines


def _what_is_wrong(answer: InboxAnswer) -> str:
    """The first of what the sender is told, in the sender's language."""
    if answer.state not in ("refused", "still_refused", "removed"):
        return ""
    lines = [line for line in answer.text_sv.splitlines() if line.strip() and not line.startswith(("Fil:", "Mått:", "Filens kontrollsumma"))]
    return "".join(f"\n  {line}" for line in lines[:6])


def _line(landed: Landed) -> str:
    if landed.state in ("kept", "failed"):
        return f"{landed.measure_id} {landed.state.upper()}: {landed.reason}"
    return f"{landed.measure_id} {landed.state}, {landed.rows:,} rows, newest {landed.newest_period or '–'}"
