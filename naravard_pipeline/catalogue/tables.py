"""The catalogue as Arrow tables, for dbt.

Here: the rows of each table. Not here: names and types of the columns (table_schemas), writing to disk (landing), SQL (dbt).
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from naravard_pipeline.catalogue.attribution import attribution_of
from naravard_pipeline.catalogue.frameworks import Framework
from naravard_pipeline.catalogue.models import Catalogue, Measure, Source
from naravard_pipeline.catalogue.queries import Combination, Ratio, Spread
from naravard_pipeline.catalogue.survey_tables import build_survey_tables
from naravard_pipeline.catalogue.surveys import SurveyMeasure
from naravard_pipeline.catalogue.table_schemas import SCHEMAS


def build_tables(catalogue: Catalogue, base_url: str | None = None) -> dict[str, pa.Table]:
    """One table per name in ``SCHEMAS``; rows in the catalogue's order, ``sort_order`` counted from 1.

    ``base_url`` is where releases lie for everybody; without it a measure's page is named from the release's own folder.
    """
    rows = {
        "frameworks": _numbered(_framework(f) for f in catalogue.frameworks.values()),
        "goal_areas": _goal_areas(catalogue.frameworks.values()),
        "indicators": _indicators(catalogue.frameworks.values()),
        "framework_areas": [
            {"framework_id": framework.framework_id, "area_code": area.area_code}
            for framework in catalogue.frameworks.values()
            for area in framework.own_areas(catalogue.areas.values())
        ],
        "measures": [_measure(m, catalogue, base_url) for m in catalogue.measures.values()],
        "derivations": [row for measure in catalogue.measures.values() for row in _derivations(measure)],
        "breaks": [
            {"measure_id": measure.measure_id, "starts": b.date, "reason_sv": b.reason_sv, "reason_en": b.reason_en}
            for measure in catalogue.measures.values()
            for b in measure.breaks
        ],
        "indicator_measures": [
            {
                "framework_id": link.framework,
                "indicator_id": link.indicator,
                "measure_id": measure.measure_id,
                "weight": link.weight,
                "official_name_sv": "; ".join(link.official_names_sv) or measure.name_sv,
                "is_proposal": link.is_proposal,
                "system_level": link.system_level,
            }
            for measure in catalogue.measures.values()
            for link in measure.indicators
        ],
        "rebases": [
            {"measure_id": m.measure_id, "rebase_date": r.date, "reason_sv": r.reason_sv} for m in catalogue.measures.values() for r in m.rebase
        ],
        "goal_area_measures": [row for framework in catalogue.frameworks.values() for row in _goal_area_measures(framework, catalogue)],
        "areas": _numbered(area.model_dump() for area in catalogue.areas.values()),
        "area_groups": _area_groups(catalogue),
        **build_survey_tables(catalogue.surveys.values()),
        "sources": [source.model_dump(include=set(SCHEMAS["sources"].names)) for source in catalogue.sources.values()],
    }
    return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in SCHEMAS.items()}


def _numbered(rows: Iterable[dict]) -> list[dict]:
    return [{**row, "sort_order": i} for i, row in enumerate(rows, start=1)]


def _framework(framework: Framework) -> dict:
    return framework.model_dump(include={"framework_id", "name_sv", "name_en", "description_sv", "county_code"})


def _goal_areas(frameworks: Iterable[Framework]) -> list[dict]:
    rows = []
    for framework in frameworks:
        rows += _numbered(
            {"framework_id": framework.framework_id, **g.model_dump(exclude={"indicators", "deprecated", "weights"})} for g in framework.goal_areas
        )
    return rows


def _indicators(frameworks: Iterable[Framework]) -> list[dict]:
    """Numbered through the whole framework, so that one sort gives the framework's order."""
    rows = []
    for framework in frameworks:
        rows += _numbered(
            {"framework_id": framework.framework_id, "goal_area_id": goal_area.goal_area_id, **indicator.model_dump()}
            for goal_area in framework.goal_areas
            for indicator in goal_area.indicators
        )
    return rows


def _goal_area_measures(framework: Framework, catalogue: Catalogue) -> list[dict]:
    rows = []
    for goal_area, indicators in ((g, {i.indicator_id for i in g.indicators}) for g in framework.goal_areas):
        for measure in catalogue.measures.values():
            links = [x for x in measure.indicators if x.framework == framework.framework_id and x.indicator in indicators]
            if links:
                weight = goal_area.weights.get(measure.measure_id, max(x.weight for x in links))
                ids = dict(framework_id=framework.framework_id, goal_area_id=goal_area.goal_area_id, measure_id=measure.measure_id)
                rows.append(ids | {"weight": weight, "is_proposal": all(x.is_proposal for x in links)})
    return rows


def _measure(measure: Measure, catalogue: Catalogue, base_url: str | None) -> dict:
    source = catalogue.sources[measure.source_id]
    bounds, target, retired = measure.bounds, measure.target, measure.retired
    code = measure.source_code or (measure.query and measure.query.source_code)
    page = source.measure_url.replace("{source_code}", code) if source.measure_url and code else source.url
    return {
        **measure.model_dump(include=set(SCHEMAS["measures"].names)),
        "source_code": code,
        "source_url": page,
        "attribution": attribution_of(measure, catalogue),
        "has_sexes": measure.sexes,
        "denominator_threshold": measure.suppression_threshold if measure.denominator_threshold is None else measure.denominator_threshold,
        "per": _per(measure),
        "has_interval": measure.interval,
        "suppression_threshold": max(m.suppression_threshold for m in (measure, *_inputs(measure, catalogue.measures))),
        "is_annualised": isinstance(measure.derived, Ratio) and measure.derived.annualised,
        "value_min": bounds and bounds.min,
        "value_max": bounds and bounds.max,
        **measure.tolerances.model_dump(),
        "target_value": target and target.value,
        "target_year": target and target.year,
        "docs_url": measure.docs_url or f"{base_url.rstrip('/') + '/' if base_url else ''}matt/{measure.measure_id}.html",
        "retired_date": retired and retired.date,
        "retired_reason_sv": retired and retired.reason_sv,
        "replaced_by": retired and retired.replaced_by,
        "levels": ",".join(measure.levels),
        "area_types": ",".join(measure.area_types),
        "reporter": _reporter(measure, source),
        "has_sums": not any(_is_of_some(m, catalogue) for m in (measure, *_inputs(measure, catalogue.measures))),
    }


def _is_of_some(measure: Measure, catalogue: Catalogue) -> bool:
    """Whether only one municipality reports it, or only some of a county's are in its survey: their sum is not the county's."""
    if isinstance(measure, SurveyMeasure):
        asked = set(catalogue.surveys[measure.survey_id].areas)
        towns = [a for a in catalogue.areas.values() if a.area_type == "municipality"]
        counties = {a.parent_code for a in towns if a.area_code in asked}
        return any(a.area_code not in asked for a in towns if a.parent_code in counties)
    return bool(measure.file and measure.file.county_code and len(measure.file.county_code) == 4)


def _derivations(measure: Measure) -> list[dict]:
    match measure.derived:
        case Ratio() as ratio:
            return [{"measure_id": measure.measure_id, **ratio.model_dump(exclude={"annualised"})}]
        case Combination() as combination:
            return [{"measure_id": measure.measure_id, "combine": combination.combine, "part": part} for part in combination.parts]
        case Spread() as spread:
            return [{"measure_id": measure.measure_id, "combine": spread.between, "part": spread.spread_of}]
    return []


def _inputs(measure: Measure, measures: Mapping[str, Measure]) -> list[Measure]:
    """What a derived measure is computed from; its figures are as sensitive as the most sensitive of them."""
    return [measures[i] for i in measure.derived.measures if i in measures] if measure.derived else []


def _per(measure: Measure) -> float | None:
    """What numerator over denominator is multiplied by to give the value; None where nobody has said."""
    if isinstance(measure.derived, Ratio):
        return measure.derived.per
    return measure.per or (100.0 if measure.value_type == "share" else None)


def _reporter(measure: Measure, source: Source) -> str | None:
    """Whose figure it is; None for a file whose form is not decided yet."""
    if source.kind == "files":
        return measure.file and measure.file.reporter
    return "source"


def _area_groups(catalogue: Catalogue) -> list[dict]:
    """The groups of the catalogue, and for each region the municipalities that lie in it (``04-kommuner``)."""
    rows = [
        {"group_id": group.group_id, "group_name_sv": group.name_sv, "group_type": group.group_type, "area_code": member}
        for group in catalogue.area_groups.values()
        for member in group.members
    ]
    for area in catalogue.areas.values():
        if area.area_type == "municipality":
            region = catalogue.areas[area.parent_code]
            rows.append(
                {
                    "group_id": f"{region.area_code}-kommuner",
                    "group_name_sv": f"Kommunerna i {region.name_sv}",
                    "group_type": "county_municipalities",
                    "area_code": area.area_code,
                }
            )
    return rows
