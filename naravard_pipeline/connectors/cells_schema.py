"""The one shape in which figures of a statistical cube land, whatever service it came from.

Here: the columns. Not here: how a protocol's answer becomes rows (its own connector), what dbt makes of them.
"""

import pyarrow as pa

# The five kinds of «no value» stay apart: a zero is a value; the other four are a status with a null value.
STATUSES = ("ok", "preliminary", "suppressed", "missing", "not_applicable", "not_yet_published")

CELLS_SCHEMA = pa.schema(
    {
        "area": pa.string(),  # the source's own code, as text with its zeros: 00, 04, 0484
        "period_start": pa.date32(),
        "period_end": pa.date32(),
        "period_label": pa.string(),  # 2024, 2021–2024, 2026-03
        "sex": pa.string(),  # total, women, men
        "age_group": pa.string(),  # total, 65+, 16-84
        "value": pa.float64(),
        "numerator": pa.float64(),
        "denominator": pa.float64(),
        "ci_lower": pa.float64(),
        "ci_upper": pa.float64(),
        "answers": pa.float64(),  # number of persons who answered, where the source gives it
        "status": pa.string(),  # one of STATUSES
        "source_status": pa.string(),  # the source's own mark, as it came; null where there is none
    }
)
