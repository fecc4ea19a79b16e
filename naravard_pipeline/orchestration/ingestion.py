"""The sources as assets: one asset per measure, in a multi-asset per source that can run any of them.

Here: which asset stands for which measure and what is told of each attempt. Not here: asking and landing (landing, connectors).
A measure whose answer is refused is materialised all the same, with its last good answer, and its check says so: the others go on, and the gate,
not Dagster, decides what becomes of it.
"""

from collections.abc import Callable, Iterable, Iterator

import duckdb
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
from naravard_pipeline.catalogue.attribution import MADE_UP, attribution_of
from naravard_pipeline.connectors.answer import FetchError
from naravard_pipeline.landing.catalogues import land_catalogue_of_kolada, list_catalogues
from naravard_pipeline.landing.cubes import land_cubes
from naravard_pipeline.landing.inbox import InboxAnswer, take_in
from naravard_pipeline.landing.kolada import land_kolada
from naravard_pipeline.landing.loads import land_catalogue
from naravard_pipeline.landing.printed import land_printed
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.orchestration.dbt import CATALOGUE_KEY
from naravard_pipeline.orchestration.lock import exclusive
from naravard_pipeline.orchestration.plots import plot_counts, plot_lines
from naravard_pipeline.publication.build import code_fingerprint
from naravard_pipeline.settings import Settings

STATES = {
    "accepted": "taken in",
    "known": "taken in before, changes nothing",
    "refused": "REFUSED; what is wrong, where and what to do stands beside it",
    "still_refused": "still refused; what is wrong, where and what to do stands beside it",
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


def build_cube_assets(settings: Settings, catalogue: Catalogue, source_id: str) -> AssetsDefinition:
    """A source that answers with cubes: SCB, Folkhälsodata, Socialstyrelsen, Vården i siffror."""
    source = catalogue.sources[source_id]

    def fetch(context: AssetExecutionContext, selected: list[Measure]) -> Iterable[Landed]:
        def tell(landed: Landed) -> None:
            context.log.info(f"{source.name_sv}: {_line(landed)}")

        return land_cubes(settings, source_id, selected, catalogue.areas.values(), Landing(settings.landing), tell, source.attribution)

    return _build_source_assets(settings, catalogue, source_id, catalogue.live_of(source_id), fetch)


def build_file_assets(settings: Settings, catalogue: Catalogue, source_id: str) -> AssetsDefinition:
    """A source that comes in files through the inbox. Whichever of them runs, the whole inbox is taken in."""
    measures = catalogue.live_of(source_id)

    def take(context: AssetExecutionContext, selected: list[Measure]) -> Iterable[Landed]:
        landing = Landing(settings.landing)
        for answer in take_in(settings, catalogue, landing):
            tell = context.log.info if answer.state in ("accepted", "known", "waiting") else context.log.warning
            tell(_tell_file(answer))
        wanted = {m.measure_id for m in selected}
        return [s for s in landing.read_states() if s.source_id == source_id and s.measure_id in wanted]

    return _build_source_assets(settings, catalogue, source_id, measures, take)


def build_printed_assets(settings: Settings, catalogue: Catalogue, source_id: str) -> AssetsDefinition:
    """A source whose figures stand in the measures' own files."""

    def land(context: AssetExecutionContext, selected: list[Measure]) -> Iterable[Landed]:
        landed = land_printed(Landing(settings.landing), selected, catalogue.sources[source_id].attribution, settings.is_demo)
        context.log.info(f"{catalogue.sources[source_id].name_sv}: {len(landed)} measures as printed")
        return landed

    return _build_source_assets(settings, catalogue, source_id, catalogue.live_of(source_id), land)


def build_kolada_catalogue_asset(settings: Settings) -> AssetsDefinition:
    """Kolada's own catalogue, for `naravard sources audit`. That it could not be fetched is told and stops nothing."""

    @asset(
        key=["kolada", "catalogue"],
        group_name="kolada",
        kinds={"kolada", "parquet"},
        description="All key figures that Kolada has now, with titles and publication dates; earlier contents are kept for audits.",
        check_specs=[AssetCheckSpec(ANSWER_CHECK, asset=["kolada", "catalogue"], description="It came, and has not shrunk.")],
    )
    def kolada_catalogue(context: AssetExecutionContext) -> MaterializeResult:
        landing = Landing(settings.landing)
        try:
            with exclusive(settings, "landing"):
                land_catalogue_of_kolada(settings, landing)
            problem = None
        except FetchError as error:
            problem = str(error)
        kept = list_catalogues(landing)
        rows = len(kept[-1].read()) if kept else 0
        context.log.info(f"Kolada's catalogue: {rows:,} key figures" + (f", kept from before: {problem}" if problem else ""))
        check = AssetCheckResult(passed=problem is None, check_name=ANSWER_CHECK, severity=AssetCheckSeverity.WARN, description=problem)
        metadata = {"dagster/row_count": rows, "contents_kept": len(kept), "newest_seen_at": str(kept[-1].seen_at) if kept else ""}
        return MaterializeResult(metadata=metadata, check_results=[check])

    return kolada_catalogue


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
    specs = [
        AssetSpec(
            measure_key(m),
            group_name=source_id,
            kinds={source_id, "parquet"},
            description=f"**{m.name_sv}** ({m.unit}). {m.definition_sv}" + (f"\n\n{m.caveat_sv}" if m.caveat_sv else ""),
            metadata={
                "source_code": m.source_code or "",
                "status": m.status,
                "attribution": MADE_UP if settings.is_demo else attribution_of(m, catalogue),
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
    made_up = " (made up)" if settings.is_demo else ""
    if measure.file and measure.file.reporter != "source":  # counts of few people must not be read off a picture
        metadata["plot"] = plot_counts(f"values per year{made_up}", _count_values(settings, measure))
    elif lines := _read_lines(settings, catalogue, measure):
        kept = settings.dagster_home / "plots" / measure.measure_id / f"{landed.snapshot_id}.png"
        metadata["plot"] = plot_lines(f"{measure.unit}{made_up}", lines, kept)
    return MaterializeResult(asset_key=key, metadata=metadata, check_results=[check])


def _read_lines(settings: Settings, catalogue: Catalogue, measure: Measure) -> dict[str, list[tuple[float, float]]]:
    """Totals of the nation and the frameworks' counties from the current snapshot of a national source."""
    path = Landing(settings.landing).observations_path(measure.source_id, measure.measure_id)
    if not path.exists():
        return {}
    columns = pq.read_schema(path).names
    when, shown = "year(period_end) + (month(period_end) - 12) / 12", "sex = 'total' and age_group = $ages"
    if "municipality" in columns:  # Kolada's own shape
        area, code, when, shown = "municipality", "kolada_code", "period", "gender = 'T' and $ages is not null"
    elif "area" in columns:
        area, code = "area", "scb_code"
    else:
        area, code = "area_code", "area_code"
    counties = [f.county_code for f in catalogue.frameworks.values() if f.county_code]
    names = {getattr(a, code): a.name_sv for a in catalogue.areas.values() if a.area_code in ("00", *counties)}
    query = f"select {area}, {when}, value from read_parquet($path) where value is not null and {shown} order by all"
    lines: dict[str, list[tuple[float, float]]] = {}
    for place, period, value in duckdb.execute(query, {"path": str(path), "ages": measure.age_group}).fetchall():
        if place in names:
            lines.setdefault(names[place], []).append((float(period), value))
    return lines


def _count_values(settings: Settings, measure: Measure) -> list[tuple[int, int]]:
    path = Landing(settings.landing).observations_path(measure.source_id, measure.measure_id)
    query = "select year(period_end), count(value) from read_parquet(?) group by all order by all"
    return duckdb.execute(query, [str(path)]).fetchall() if path.exists() else []


def _tell_file(answer: InboxAnswer) -> str:
    """What became of a file, without a cell of it: the answer beside it has those. Of a file with persons not even its name."""
    if answer.state == "removed":
        return f"inbox: a file was {STATES['removed']}"
    where = f": {answer.answer_path}" if answer.answer_path and answer.state in ("refused", "still_refused") else ""
    return f"inbox: {answer.file_name}: {STATES[answer.state]}{where}"


def _line(landed: Landed) -> str:
    if landed.state in ("kept", "failed"):
        return f"{landed.measure_id} {landed.state.upper()}: {landed.reason}"
    return f"{landed.measure_id} {landed.state}, {landed.rows:,} rows, newest {landed.newest_period or '–'}"
