"""What moved since the month before: a line per measure, the biggest changes first, and what was said before and is said otherwise now.

Here: order and wording. The words «bättre», «sämre» and the trend are those of fct_assessments, what is new or revised those of the comparison of
two releases; no rule is made here. Not here: the figures (figures).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from naravard_pipeline.pages import swedish
from naravard_pipeline.report.figures import Row

UNSAID = ("not_comparable", "too_short")  # the release says that nothing can be said
UNCERTAIN = (None, "no_different", *UNSAID)
NEWS_SV = {"new_measure": "nytt mått", "new_period": "nytt", "new_value": "nytt", "revised": "ändrat", "withdrawn": "tillbakadragen uppgift"}
SHOWN = 2  # revised periods of a measure; a long history does not crowd the others out


@dataclass(frozen=True)
class Line:
    """A measure in the table. ``news_sv``: what came of it since the month before, empty if nothing; ``size``: by how many percent it changed.

    ``judgements`` are (aspect, word, code) with a word.
    """

    measure: Row
    value_sv: str
    period_label: str
    before_sv: str
    judgements: tuple[tuple[str, str, str], ...]
    news_sv: str
    is_certain: bool
    size: float
    is_held: bool


def build_lines(
    measures: Mapping[str, Row],
    assessed: Mapping[str, Row],
    series: Mapping[tuple[str, str], Sequence[Row]],
    signals: Mapping[str, Row],
    changes: Mapping[str, Sequence[Row]] | None,
    area_code: str,
) -> tuple[Line, ...]:
    """News first; of these, changes that are certain by the release's own comparison, then the biggest. The rest as the framework orders it."""
    lines = []
    for measure_id, measure in measures.items():
        rows = [row for row in series.get((measure_id, area_code), []) if row["value"] is not None]
        if rows:
            news = (changes or {}).get(measure_id, ())
            lines.append(_line(measure, rows[-1], assessed.get(measure_id, {}), signals.get(measure_id, {}), news))
    return tuple(
        sorted(
            lines,
            key=lambda x: (not x.news_sv, not x.is_certain, -x.size if x.news_sv or x.is_certain else 0, x.measure["place_in_order"]),
        )
    )


def _line(measure: Row, last: Row, a: Row, signal: Row, news: Sequence[Row]) -> Line:
    is_same = a.get("period_label") == last["period_label"]  # a preliminary or other last period is shown, but nothing is said of it
    words = [("mot förra perioden", a.get("comparison_previous_sv"), a.get("comparison_previous"))]
    words += [("mot riket", a.get("comparison_nation_sv"), a.get("comparison_nation")), ("trend", _trend_sv(a), a.get("trend"))]
    if signal.get("period_label") == last["period_label"] and signal.get("variation") in ("improvement", "concern"):
        words.append(("månad", signal["variation_sv"], signal["variation"]))
    before = a.get("previous_value") if is_same else None
    sizes = [abs(row["change_percent"]) for row in news if row["change_percent"] is not None]
    if before:
        sizes.append(100 * abs(a["previous_difference"] or 0) / abs(before))
    return Line(
        measure=measure,
        value_sv=value_sv(last["value"], measure),
        period_label=last["period_label"] + (" (prel.)" if last["status"] == "preliminary" else ""),
        before_sv="" if before is None else f"{value_sv(before, measure)} ({a['previous_label']})",
        judgements=tuple((aspect, word, code) for aspect, word, code in words if (is_same or aspect == "månad") and word and code not in UNSAID),
        news_sv=_news_sv(news, last),
        is_certain=is_same and a.get("comparison_previous") not in UNCERTAIN,
        size=max(sizes, default=0.0),
        is_held=bool(last["is_held"]),
    )


def _trend_sv(a: Row) -> str | None:
    """The trend's word; where the latest figures go the other way that is told beside it, or it would contradict them."""
    return f"{a['trend_sv']}, {a['turn_sv']}" if a.get("turn_sv") else a.get("trend_sv")


def _news_sv(news: Sequence[Row], last: Row) -> str:
    """The first of ``NEWS_SV`` that happened; with its period where that is another than the one in the table."""
    for kind, told in NEWS_SV.items():
        labels = [row["period_label"] for row in sorted((r for r in news if r["kind"] == kind), key=lambda r: str(r["period_end"]))]
        if labels:
            return told if labels[-1] in (None, last["period_label"]) else f"{told} för {labels[-1]}"
    return ""


def tell_revised(measures: Mapping[str, Row], changes: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str]]:
    """(measure, what was said of a period and what is said now), the newest periods first."""
    for measure_id, measure in measures.items():
        told = []
        for row in sorted((r for r in changes.get(measure_id, ()) if r["period_end"]), key=lambda r: r["period_end"], reverse=True):
            if row["kind"] == "revised":
                before, after = value_sv(row["value_before"], measure), value_sv(row["value_after"], measure)
                told.append(f"{row['period_label']}: {before} blev {after} ({swedish.percent(row['change_percent'])})")
            elif row["kind"] == "withdrawn":
                told.append(f"{row['period_label']}: uppgiften är tillbakadragen")
        if told:
            more = f"; och {len(told) - SHOWN} perioder till" if len(told) > SHOWN else ""
            yield measure["name_sv"], "; ".join(told[:SHOWN]) + more


def tell_judged(lines: Sequence[Line], assessed: Mapping[str, Row], code: str) -> Iterator[tuple[str, str]]:
    """(measure, value here and in the nation) of those that are better, or worse, than the nation."""
    for line in lines:
        a = assessed.get(line.measure["measure_id"], {})
        if a.get("comparison_nation") == code and a["value"] is not None:
            here, nation = value_sv(a["value"], line.measure), value_sv(a["nation_value"], line.measure)
            yield line.measure["name_sv"], f"{here}, riket {nation} ({a['period_label']})"


def value_sv(value: float, measure: Row) -> str:
    if measure.get("value_type") == "yes_no":
        return "Ja" if value else "Nej"
    return swedish.number(value, measure["decimals"] if measure["decimals"] is not None else 1)
