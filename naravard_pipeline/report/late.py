"""What is late, what came late, and what is missing, each with its reason. Here: the wording. Not here: the figures (figures)."""

from collections.abc import Mapping, Sequence
from datetime import date

from naravard_pipeline.pages import swedish
from naravard_pipeline.report.figures import Row
from naravard_pipeline.report.scope import Basis

MONTHS_OF_GRACE = 2  # a monthly figure of September is late in a report of December, not before
Told = tuple[tuple[str, str], ...]  # (name of the measure, why)


def tell_late(
    measures: Mapping[str, Row],
    series: Mapping[tuple[str, str], Sequence[Row]],
    elsewhere: Mapping[str, Row],
    basis: Basis,
    area_code: str,
    gaps: Sequence[str],
) -> tuple[Told, Told]:
    """(late, missing). Late: a promised day has passed, others of the kind have newer figures, or months have gone by."""
    late: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = [(name, "ingen mätning är vald för indikatorn än") for name in gaps]
    for measure_id, measure in measures.items():
        rows = series.get((measure_id, area_code), [])
        last = next((row for row in reversed(rows) if row["value"] is not None), None)
        due, period = measure["next_publication_date"], measure["next_period"]
        ahead = elsewhere.get(measure_id)
        if measure["status"] == "planned":
            missing.append((measure["name_sv"], "planerat: ingen källa är vald än"))
        elif last is None:
            hidden = any(row["status"] == "suppressed" for row in rows)
            missing.append((measure["name_sv"], "döljs: för få personer" if hidden else "inga uppgifter för området"))
        elif due and due <= basis.last_day and period and not any(row["period_label"] == period for row in rows):
            late.append((measure["name_sv"], f"{period} skulle ha kommit {swedish.moment(due)}; senast finns {last['period_label']}"))
        elif ahead and ahead["period_end"] > last["period_end"] and not _is_hidden_at(rows, ahead["period_end"]):
            late.append((measure["name_sv"], f"{ahead['period_label']} saknas här men finns för andra ({ahead['places']} områden)"))
        elif measure["frequency"] == "month" and _months_between(last["period_end"], basis.month) > MONTHS_OF_GRACE:
            late.append((measure["name_sv"], f"månadsvärden, men inget efter {last['period_label']}"))
        elif last["parts_expected"] and last["parts_reported"] < last["parts_expected"]:
            late.append((measure["name_sv"], f"{last['period_label']}: {last['parts_reported']} av {last['parts_expected']} har lämnat uppgift"))
    return tuple(late), tuple(missing)


def tell_arrived_late(measures_before: Mapping[str, Row], measures: Mapping[str, Row], changes: Mapping[str, Sequence[Row]], basis: Basis) -> Told:
    """What was promised for an earlier month and is new in this one."""
    told = []
    for measure_id, measure in measures.items():
        then = measures_before.get(measure_id, {})
        due, period = then.get("next_publication_date"), then.get("next_period")
        came = any(row["kind"] in ("new_period", "new_value") and row["period_label"] == period for row in changes.get(measure_id, ()))
        if came and due and due < basis.month:
            told.append((measure["name_sv"], f"{period} kom nu, skulle ha kommit {swedish.moment(due)}"))
    return tuple(told)


def _is_hidden_at(rows: Sequence[Row], period_end: date) -> bool:
    return any(row["period_end"] == period_end and row["status"] == "suppressed" for row in rows)


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month
