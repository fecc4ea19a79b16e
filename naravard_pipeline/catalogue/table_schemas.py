"""The columns of the catalogue's tables: the interface to dbt.

Here: names and types, all explicit, since an inferred type changes with the content. Not here: the rows (tables, survey_tables).
"""

from collections.abc import Mapping

import pyarrow as pa

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
            "is_proposal": pa.bool_(),
            "sort_order": WHOLE,
        }
    ),
    "framework_areas": pa.schema({"framework_id": TEXT, "area_code": TEXT}),  # those whose framework it is
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
            "period_totals": TEXT,  # year | rolling_year
            "per": NUMBER,
            "has_interval": pa.bool_(),
            "is_annualised": pa.bool_(),
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
            "baseline_period": TEXT,
            "base_year": WHOLE,
            "similar_theme": TEXT,
            "caveat_sv": TEXT,
            "contact_sv": TEXT,
            "docs_url": TEXT,
            "suppression_threshold": WHOLE,
            "denominator_threshold": WHOLE,
            "hides_zero": pa.bool_(),
            "retired_date": pa.date32(),
            "retired_reason_sv": TEXT,
            "replaced_by": TEXT,
            "levels": TEXT,
            "area_types": TEXT,
            "reporter": TEXT,
            "has_sums": pa.bool_(),  # false where one municipality alone reports: it is no part of a county's figure
        }
    ),
    # What a derived measure is made of: one row for a ratio, one per part for a sum or mean; what does not apply is null.
    "derivations": pa.schema(
        {
            "measure_id": TEXT,
            "numerator": TEXT,
            "denominator": TEXT,
            "per": NUMBER,
            "denominator_year": TEXT,  # previous | same | mean
            "denominator_age_group": TEXT,
            "combine": TEXT,  # sum | mean | sexes | municipalities (the spread between them)
            "part": TEXT,
        }
    ),
    "rebases": pa.schema({"measure_id": TEXT, "rebase_date": pa.date32(), "reason_sv": TEXT}),
    # A measure under two indicators of a goal area counts once there: with the goal area's own weight, else with its largest.
    "goal_area_measures": pa.schema({"framework_id": TEXT, "goal_area_id": TEXT, "measure_id": TEXT, "weight": NUMBER, "is_proposal": pa.bool_()}),
    "breaks": pa.schema({"measure_id": TEXT, "starts": pa.date32(), "reason_sv": TEXT, "reason_en": TEXT}),
    "indicator_measures": pa.schema(
        {**dict.fromkeys(("framework_id", "indicator_id", "measure_id"), TEXT), "weight": NUMBER, "official_name_sv": TEXT}
        | {"is_proposal": pa.bool_(), "system_level": TEXT}
    ),
    "areas": pa.schema(
        {"area_code": TEXT, "kolada_code": TEXT, "scb_code": TEXT, "name_sv": TEXT, "area_type": TEXT, "parent_code": TEXT, "sort_order": WHOLE}
    ),
    "surveys": pa.schema({"survey_id": TEXT, "survey_name_sv": TEXT, "survey_name_en": TEXT, "same_persons": pa.bool_()}),
    "survey_waves": pa.schema(
        {"survey_id": TEXT, "wave_id": TEXT, "wave_name_sv": TEXT, "wave_date": pa.date32(), "wave_number": WHOLE, "period_start": pa.date32()}
    ),
    "survey_alternatives": pa.schema(
        {
            "survey_id": TEXT,
            "question_id": TEXT,
            "question_sv": TEXT,
            "question_number": WHOLE,
            "alternative_id": TEXT,
            "alternative_sv": TEXT,
            "alternative_number": WHOLE,
            "is_positive": pa.bool_(),
            "measure_id": TEXT,
            "share_measure_id": TEXT,
            "asked_measure_id": TEXT,
        }
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
