"""What the report says: what moved, what is better or worse, what is held, late or missing, and which initiatives are under way.

Here: choosing and wording, from rows of the releases. Every figure and every judging word is the release's own.
Not here: SQL (figures), looks (page).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from naravard_pipeline.pages import swedish
from naravard_pipeline.publication.folders import read_release
from naravard_pipeline.report import figures
from naravard_pipeline.report.figures import Row
from naravard_pipeline.report.scope import Basis, Scope

NATION = "00"
MONTHS_OF_GRACE = 2  # a monthly figure of September is late in a report of December, not before
UNSAID = ("not_comparable", "too_short")  # the release says that nothing can be said


@dataclass(frozen=True)
class Line:
    """A measure in the table. ``is_new``: something of it came since the month before; ``judgements`` are (aspect, word, code) with a word."""

    measure: Row
    value_sv: str
    period_label: str
    change_sv: str
    judgements: tuple[tuple[str, str, str], ...]
    is_new: bool
    is_held: bool


@dataclass(frozen=True)
class Curve:
    """A chart: (label, points as (x, value), is own) in order of importance. x is a year with its part."""

    title_sv: str
    unit_sv: str
    decimals: int
    lines: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    first_label: str
    last_label: str

    @property
    def told(self) -> str:
        """The chart in words, for those who do not see it."""
        ends = "; ".join(f"{name} {swedish.number(points[-1][1], self.decimals)}" for name, points in self.lines)
        return f"{self.title_sv}, {self.unit_sv}, {self.first_label} till {self.last_label}. Senast: {ends}."


@dataclass(frozen=True)
class Content:
    scope: Scope
    basis: Basis
    release: Mapping[str, Any]
    before_id: str | None
    summary: tuple[str, ...]
    composites: tuple[Row, ...]
    lines: tuple[Line, ...]  # all measures with a value, what moved first
    moved: int
    better: tuple[tuple[str, str], ...]
    worse: tuple[tuple[str, str], ...]
    held: tuple[tuple[str, str], ...]
    late: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    initiatives: tuple[Row, ...]
    curves: tuple[Curve, ...]
    sources: tuple[str, ...]
    caveats: tuple[tuple[str, str], ...]
    corrections: tuple[tuple[str, str], ...] = field(default=())


def build_content(basis: Basis, scope: Scope) -> Content:
    """Everything the report says, from ``basis.release`` and its difference from ``basis.before``."""
    quality = read_release(basis.release)
    with figures.open_release(basis.release) as connection:
        area = figures.read_area(connection, scope.area_code)
        everything = figures.read_measures(connection, scope.framework_ids)
        measures = {m["measure_id"]: m for m in everything if m["status"] == "planned" or area["area_type"] in (m["area_types"] or "").split(",")}
        assessed = figures.read_assessments(connection, scope.area_code)
        above = [code for code in dict.fromkeys((area["parent_code"], NATION)) if code and code != scope.area_code]
        series = figures.read_series(connection, [scope.area_code, *above])
        signals = figures.read_signals(connection, scope.area_code)
        composites = figures.read_composites(connection, scope.area_code, scope.framework_ids)
        is_county = area["area_type"] == "region"
        initiatives = figures.read_initiatives(connection, scope.framework_ids, scope.area_code, is_county)
        gaps = figures.read_gaps(connection, scope.framework_ids)
        elsewhere = figures.read_latest_elsewhere(connection, area)
        names = {code: figures.read_area(connection, code)["name_sv"] for code in [scope.area_code, *above]}
    changes = figures.read_changes(basis.before, basis.release, scope.area_code)
    lines = _order(_lines(measures, assessed, series, signals, changes, scope.area_code))
    moved = sum(line.is_new for line in lines)
    held = tuple((measures[h["measure_id"]]["name_sv"], _held_sv(h)) for h in (*quality["held"], *quality["left_out"]) if h["measure_id"] in measures)
    late, missing = tell_late(measures, series, elsewhere, basis, scope.area_code, gaps)
    better = tuple(_judged(lines, assessed, "better"))
    worse = tuple(_judged(lines, assessed, "worse"))
    shown = sorted((line.measure for line in lines), key=lambda m: m["place_in_order"])
    return Content(
        scope=scope,
        basis=basis,
        release=quality["release"],
        before_id=basis.before.name if basis.before else None,
        summary=_summary(lines, moved, changes, better, worse, held, late, measures),
        composites=_last_two(composites),
        lines=lines,
        moved=moved,
        better=better,
        worse=worse,
        held=held,
        late=late,
        missing=missing,
        initiatives=tuple(i | {"effects": [e for e in i["effects"] if e["measure_id"] in measures]} for i in initiatives if _is_under_way(i, basis)),
        curves=tuple(_curves(lines, series, [scope.area_code, *above], names)),
        sources=tuple(sorted({m["attribution"] for m in shown if m["attribution"]})),
        caveats=tuple((m["name_sv"], " ".join(m["caveat_sv"].split())) for m in shown if m["caveat_sv"]),
        corrections=tuple(
            (measures[c["measure_id"]]["name_sv"], c["text_sv"])
            for c in quality.get("corrections", ())
            if c["measure_id"] in measures and c.get("area_code") in (None, scope.area_code)
        ),
    )


def tell_late(
    measures: Mapping[str, Row],
    series: Mapping[tuple[str, str], Sequence[Row]],
    elsewhere: Mapping[str, Row],
    basis: Basis,
    area_code: str,
    gaps: Sequence[str],
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """(late, missing), each as (name, why). Late: a promised day has passed, others of the kind have newer figures, or months have gone by."""
    late: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = [(name, "ingen mätning är vald för indikatorn än") for name in gaps]
    end = basis.month.replace(day=28)
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
        elif due and due <= end and period and not any(row["period_label"] == period for row in rows):
            late.append((measure["name_sv"], f"{period} skulle ha kommit {swedish.moment(due)}; senast finns {last['period_label']}"))
        elif ahead and ahead["period_end"] > last["period_end"] and not _is_hidden_at(rows, ahead["period_end"]):
            late.append((measure["name_sv"], f"{ahead['period_label']} saknas här men finns för andra ({ahead['places']} områden)"))
        elif measure["frequency"] == "month" and _months_between(last["period_end"], basis.month) > MONTHS_OF_GRACE:
            late.append((measure["name_sv"], f"månadsvärden, men inget efter {last['period_label']}"))
        elif last["parts_expected"] and last["parts_reported"] < last["parts_expected"]:
            late.append((measure["name_sv"], f"{last['period_label']}: {last['parts_reported']} av {last['parts_expected']} har lämnat uppgift"))
    return tuple(late), tuple(missing)


def _is_hidden_at(rows: Sequence[Row], period_end: date) -> bool:
    return any(row["period_end"] == period_end and row["status"] == "suppressed" for row in rows)


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def _lines(
    measures: Mapping[str, Row],
    assessed: Mapping[str, Row],
    series: Mapping[tuple[str, str], Sequence[Row]],
    signals: Mapping[str, Row],
    changes: Mapping[str, Sequence[Row]] | None,
    area_code: str,
) -> Iterator[Line]:
    for measure_id, measure in measures.items():
        rows = [row for row in series.get((measure_id, area_code), []) if row["value"] is not None]
        if not rows:
            continue
        last, a, signal = rows[-1], assessed.get(measure_id, {}), signals.get(measure_id, {})
        is_same = a.get("period_label") == last["period_label"]  # a preliminary or other last period is shown, but nothing is said of it
        words = [("mot förra perioden", a.get("comparison_previous_sv"), a.get("comparison_previous"))]
        words += [("mot riket", a.get("comparison_nation_sv"), a.get("comparison_nation")), ("trend", a.get("trend_sv"), a.get("trend"))]
        if signal.get("period_label") == last["period_label"] and signal.get("variation") in ("improvement", "concern"):
            words.append(("månad", signal["variation_sv"], signal["variation"]))
        before = a.get("previous_value") if is_same else None
        change = "" if before is None else f"{_value(before, measure)} {a['previous_label']}"
        found = tuple((aspect, word, code) for aspect, word, code in words if (is_same or aspect == "månad") and word and code not in UNSAID)
        yield Line(
            measure=measure,
            value_sv=_value(last["value"], measure),
            period_label=last["period_label"] + (" (prel.)" if last["status"] == "preliminary" else ""),
            change_sv=change,
            judgements=found,
            is_new=bool(changes and changes.get(measure_id)),
            is_held=bool(last["is_held"]),
        )


def _order(lines: Iterator[Line]) -> tuple[Line, ...]:
    """New figures first; then those of which most can be said, worse before better, because that asks for something to be done."""
    weight = {"worse": 4, "concern": 4, "worsening": 3, "better": 2, "improvement": 2, "improving": 2, "increasing": 1, "decreasing": 1}
    return tuple(
        sorted(
            lines,
            key=lambda line: (not line.is_new, -sum(weight.get(code, 0) for _, _, code in line.judgements), line.measure["place_in_order"]),
        )
    )


def _judged(lines: Sequence[Line], assessed: Mapping[str, Row], code: str) -> Iterator[tuple[str, str]]:
    """(measure, value here and in the nation) of those that are better, or worse, than the nation."""
    for line in lines:
        a = assessed.get(line.measure["measure_id"], {})
        if a.get("comparison_nation") == code and a["value"] is not None:
            here, nation = _value(a["value"], line.measure), _value(a["nation_value"], line.measure)
            yield line.measure["name_sv"], f"{here}, riket {nation} ({a['period_label']})"


def _summary(lines, moved, changes, better, worse, held, late, measures) -> tuple[str, ...]:
    total = len(measures)
    if changes is None:
        new = f"Det finns ingen äldre release att jämföra med. {len(lines)} av {total} mått har uppgifter för området."
    elif moved == 0:
        new = f"Inga nya uppgifter har kommit sedan förra månaden. {len(lines)} av {total} mått har uppgifter för området."
    else:
        new = f"{moved} av {total} mått har nya eller ändrade uppgifter sedan förra månaden."
    compared = f"Mot riket är {len(better)} mått säkert bättre och {len(worse)} säkert sämre."
    rest = f"{len(held)} mått hålls tillbaka och {len(late)} har uppgifter som är sena."
    return new, compared, rest


def _last_two(composites: Sequence[Row]) -> tuple[Row, ...]:
    """The newest year of each goal area with the year before it."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in composites:
        grouped.setdefault((row["framework_id"], row["goal_area_id"]), []).append(row)
    return tuple(rows[-1] | {"before": next((r for r in rows if r["year"] == rows[-1]["year"] - 1), None)} for rows in grouped.values())


def _curves(
    lines: Sequence[Line], series: Mapping[tuple[str, str], Sequence[Row]], area_codes: Sequence[str], names: Mapping[str, str]
) -> Iterator[Curve]:
    """A chart for each of the first measures with at least four values here that may be compared; at most one per indicator, so that they differ."""
    seen = set()
    for line in lines:
        measure_id, indicator = line.measure["measure_id"], line.measure["indicator_sv"]
        own = _points(series.get((measure_id, area_codes[0]), []))
        if len(own) < 4 or indicator in seen:
            continue
        seen.add(indicator)
        first, last = own[0][0], own[-1][0]
        drawn = [(names[area_codes[0]], own)]
        for code in area_codes[1:]:
            points = tuple(p for p in _points(series.get((measure_id, code), [])) if first <= p[0] <= last)
            if len(points) > 1:
                drawn.append((names[code], points))
        rows = [r for r in series[measure_id, area_codes[0]] if r["value"] is not None]
        yield Curve(
            line.measure["name_sv"],
            line.measure["unit"],
            line.measure["decimals"] if line.measure["decimals"] is not None else 1,
            tuple(drawn),
            next(r["period_label"] for r in rows if r["segment_id"] == rows[-1]["segment_id"]),
            rows[-1]["period_label"],
        )


def _points(rows: Sequence[Row]) -> tuple[tuple[float, float], ...]:
    """Of the newest segment only: across a break nothing is joined by a line."""
    valued = [row for row in rows if row["value"] is not None]
    if not valued:
        return ()
    segment = valued[-1]["segment_id"]
    return tuple((r["period_end"].year + (r["period_end"].month - 1) / 12, r["value"]) for r in valued if r["segment_id"] == segment)


def _is_under_way(initiative: Row, basis: Basis) -> bool:
    last_day = initiative.get("end_date")
    started = initiative["start_date"] is None or initiative["start_date"] <= basis.month.replace(day=28)
    return started and (last_day is None or last_day >= basis.month)


def _held_sv(hold: Mapping[str, Any]) -> str:
    since = f" Sedan {hold['held_since'][:10]} visas de förra uppgifterna." if hold["held_since"] else " Inga uppgifter visas än."
    return f"{hold['held_reason']}{since}"


def _value(value: float, measure: Row) -> str:
    return swedish.number(value, measure["decimals"] if measure["decimals"] is not None else 1)
