"""The catalogue as Arrow tables: the interface to dbt.

Here: names, columns and types, all explicit, since an inferred type changes with the content. Not here: writing to disk (landing), SQL (dbt).
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from naravard_pipeline.catalogue.attribution import attribution_of
from naravard_pipeline.catalogue.models import Catalogue, Framework, Measure, Source
from naravard_pipeline.catalogue.queries import Combination, Ratio

TEXT, WHOLE, NUMBER = pa.string(), pa.int32(), pa.float64()

SCHEMAS: Mapping[str, pa.Schema] = {
    "frameworks": pa.schema(
        {"framework_id": TEXT, "name_sv": TEXT, "name_en": TEXT, "description_sv": TEXT, "county_code": TEXT, "sort_order": WHOLE}
    ),
    "goal_areas": pa.schema(
        {"framework_id": TEXT, "goal_area_id": TEXT, "name_sv": TEXT, "name_en": TEXT, "description_sv": TEXT, "sort_order": WHOLE}
    ),
    "indicators": pa.schema(
        {
            "framework_id": TEXT,
            "goal_area_id": TEXT,
            "indicator_id": TEXT,
            "name_sv": TEXT,
            "name_en": TEXT,
            "description_sv": TEXT,
            "sort_order": WHOLE,
        }
    ),
    "measures": pa.schema(
        {
            "measure_id": TEXT,
            "name_sv": TEXT,
            "name_en": TEXT,
            "definition_sv": TEXT,
            "unit": TEXT,
            "value_type": TEXT,
            "direction": TEXT,
            "status": TEXT,
            "decimals": WHOLE,
            "source_id": TEXT,
            "source_code": TEXT,
            "source_url": TEXT,
            "attribution": TEXT,
            "age_group": TEXT,
            "frequency": TEXT,
            "window_years": WHOLE,
            "has_sexes": pa.bool_(),
            "first_year": WHOLE,
            "value_min": NUMBER,
            "value_max": NUMBER,
            "max_change": NUMBER,
            "min_coverage": NUMBER,
            "max_revision": NUMBER,
            "max_level_shift": NUMBER,
            "max_missing_areas": NUMBER,
            "approval": TEXT,
            "target_value": NUMBER,
            "target_year": WHOLE,
            "caveat_sv": TEXT,
            "docs_url": TEXT,
            "suppression_threshold": WHOLE,
            "retired_date": pa.date32(),
            "retired_reason_sv": TEXT,
            "replaced_by": TEXT,
            "levels": TEXT,
            "area_types": TEXT,
            "reporter": TEXT,
        }
    ),
    # What a derived measure is made of: one row for a ratio, one per part for a sum or mean; what does not apply is null.
    "derivations": pa.schema(
        {
            "measure_id": TEXT,
            "numerator": TEXT,
            "denominator": TEXT,
            "per": NUMBER,
            "denominator_year": TEXT,  # previous | same
            "denominator_age_group": TEXT,
            "combine": TEXT,  # sum | mean
            "part": TEXT,
        }
    ),
    "indicator_measures": pa.schema({"framework_id": TEXT, "indicator_id": TEXT, "measure_id": TEXT, "weight": NUMBER, "official_name_sv": TEXT}),
    "areas": pa.schema(
        {"area_code": TEXT, "kolada_code": TEXT, "scb_code": TEXT, "name_sv": TEXT, "area_type": TEXT, "parent_code": TEXT, "sort_order": WHOLE}
    ),
    "area_groups": pa.schema({"group_id": TEXT, "group_name_sv": TEXT, "group_type": TEXT, "area_code": TEXT}),
    "sources": pa.schema(
        {
            "source_id": TEXT,
            "name_sv": TEXT,
            "name_en": TEXT,
            "description_sv": TEXT,
            "url": TEXT,
            "docs_url": TEXT,
            "attribution": TEXT,
            "licence": TEXT,
            "licence_url": TEXT,
            "contact_sv": TEXT,
        }
    ),
}


def build_tables(catalogue: Catalogue, base_url: str | None = None) -> dict[str, pa.Table]:
    """One table per name in ``SCHEMAS``; rows in the catalogue's order, ``sort_order`` counted from 1.

    ``base_url`` is where releases lie for everybody; without it a measure's page is named from the release's own folder.
    """
    rows = {
        "frameworks": _numbered(_framework(f) for f in catalogue.frameworks.values()),
        "goal_areas": _goal_areas(catalogue.frameworks.values()),
        "indicators": _indicators(catalogue.frameworks.values()),
        "measures": [_measure(m, catalogue, base_url) for m in catalogue.measures.values()],
        "derivations": [row for measure in catalogue.measures.values() for row in _derivations(measure)],
        "indicator_measures": [
            {
                "framework_id": link.framework,
                "indicator_id": link.indicator,
                "measure_id": measure.measure_id,
                "weight": link.weight,
                "official_name_sv": "; ".join(link.official_names_sv) or measure.name_sv,
            }
            for measure in catalogue.measures.values()
            for link in measure.indicators
        ],
        "areas": _numbered(area.model_dump() for area in catalogue.areas.values()),
        "area_groups": _area_groups(catalogue),
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
            {"framework_id": framework.framework_id, **g.model_dump(exclude={"indicators", "deprecated"})} for g in framework.goal_areas
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
    }


def _derivations(measure: Measure) -> list[dict]:
    match measure.derived:
        case Ratio() as ratio:
            return [{"measure_id": measure.measure_id, **ratio.model_dump()}]
        case Combination() as combination:
            return [{"measure_id": measure.measure_id, "combine": combination.combine, "part": part} for part in combination.parts]
    return []


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
