"""What the report says: what moved, what is better or worse, what is held, late or missing, and which initiatives are under way.

Here: putting it together, from rows of the releases. Every figure and every judging word is the release's own.
Not here: SQL (figures), what moved (moved), what is late (late), which charts (curves), looks (page).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from naravard_pipeline.pages.swedish import moment
from naravard_pipeline.publication.folders import read_release
from naravard_pipeline.report import figures
from naravard_pipeline.report.curves import Curve, choose_curves, choose_places
from naravard_pipeline.report.figures import Row
from naravard_pipeline.report.late import Told, tell_arrived_late, tell_late
from naravard_pipeline.report.moved import Line, build_lines, tell_judged, tell_revised
from naravard_pipeline.report.scope import NATION, Basis, Scope, published_day


@dataclass(frozen=True)
class Content:
    """``is_compared`` is False where there is no release from before the month, so that nothing can be said of what is new."""

    scope: Scope
    is_nation: bool
    basis: Basis
    release: Mapping[str, Any]
    before_sv: str | None
    summary: tuple[str, ...]
    composites: tuple[Row, ...]
    lines: tuple[Line, ...]  # all measures with a value, what moved first
    better: Told
    worse: Told
    held: Told
    late: Told
    arrived_late: Told
    missing: Told
    revised: Told
    corrections: Told
    initiatives: tuple[Row, ...]
    curves: tuple[Curve, ...]
    places: Curve | None  # the municipalities of a county beside each other
    sources: tuple[str, ...]
    caveats: Told


def build_content(basis: Basis, scope: Scope) -> Content:
    """Everything the report says, from ``basis.release`` and its difference from ``basis.before``."""
    quality, code = read_release(basis.release), scope.area_code
    with figures.open_release(basis.release) as connection:
        area = figures.read_area(connection, code)
        measures = _measures_of(figures.read_measures(connection, scope.framework_ids), area)
        assessed = figures.read_assessments(connection, code)
        codes = [c for c in dict.fromkeys((code, area["parent_code"], NATION)) if c]
        municipalities = figures.read_municipalities(connection, code)
        series = figures.read_series(connection, [*codes, *municipalities])
        signals = figures.read_signals(connection, code)
        composites = figures.read_composites(connection, code, scope.framework_ids)
        initiatives = figures.read_initiatives(connection, scope.framework_ids, code, area["area_type"] in ("region", "nation"))
        gaps = figures.read_gaps(connection, scope.framework_ids)
        elsewhere = figures.read_latest_elsewhere(connection, area)
        corrections = figures.read_corrections(connection, code, basis.month)
        names = {c: figures.read_area(connection, c)["name_sv"].removeprefix("Region ") for c in codes}
    changes = figures.read_changes(basis.before, basis.release, code)
    lines = build_lines(measures, assessed, series, signals, changes, code)
    held = tuple((measures[h["measure_id"]]["name_sv"], _held_sv(h)) for h in (*quality["held"], *quality["left_out"]) if h["measure_id"] in measures)
    late, missing = tell_late(measures, series, elsewhere, basis, code, gaps)
    better, worse = (tuple(tell_judged(lines, assessed, judged)) for judged in ("better", "worse"))
    shown = sorted((line.measure for line in lines), key=lambda m: m["place_in_order"])
    return Content(
        scope=scope,
        basis=basis,
        release=quality["release"],
        before_sv=None if basis.before is None else f"{published_day(basis.before)}",
        summary=_summary(lines, changes is not None, None if code == NATION else (better, worse), held, late, len(measures)),
        is_nation=code == NATION,
        composites=_last_two(composites),
        lines=lines,
        better=better,
        worse=worse,
        held=held,
        late=late,
        arrived_late=tell_arrived_late(figures.read_measures_before(basis.before, scope.framework_ids), measures, changes or {}, basis),
        missing=missing,
        revised=tuple(tell_revised(measures, changes or {})),
        corrections=tuple((measures[c["measure_id"]]["name_sv"], c["text_sv"]) for c in corrections if c["measure_id"] in measures),
        initiatives=tuple(i | {"effects": [e for e in i["effects"] if e["measure_id"] in measures]} for i in initiatives if _is_under_way(i, basis)),
        curves=tuple(choose_curves([line.measure for line in lines], series, codes, names, initiatives)),
        places=choose_places([line.measure for line in lines], series, municipalities) if municipalities else None,
        sources=tuple(sorted({m["attribution"] for m in shown if m["attribution"]})),
        caveats=tuple((m["name_sv"], " ".join(m["caveat_sv"].split())) for m in shown if m["caveat_sv"]),
    )


def _measures_of(rows: Sequence[Row], area: Row) -> dict[str, Row]:
    """By id, those that are measured for places of its kind, and those that are only planned."""
    return {m["measure_id"]: m for m in rows if m["status"] == "planned" or area["area_type"] in (m["area_types"] or "").split(",")}


def _summary(lines: Sequence[Line], is_compared: bool, judged: tuple[Told, Told] | None, held: Told, late: Told, total: int) -> tuple[str, ...]:
    moved = sum(bool(line.news_sv) for line in lines)
    certain = [line for line in lines if line.news_sv and line.is_certain]
    if not is_compared:
        new = f"Det finns ingen release från en tidigare månad att jämföra med. {len(lines)} av {total} mått har uppgifter för området."
    elif moved == 0:
        new = f"Inga nya uppgifter har kommit sedan förra månaden. {len(lines)} av {total} mått har uppgifter för området."
    else:
        told = (
            f"Av dem har {len(certain)} säkert ändrats mot förra perioden." if certain else "Ingen av dem visar en säker ändring mot förra perioden."
        )
        new = f"{moved} av {total} mått har nya eller ändrade uppgifter sedan förra månaden. {told}"
    compared = []
    if judged is not None:
        better, worse = judged
        told = f"Mot riket är {len(better)} mått säkert bättre och {len(worse)} säkert sämre."
        compared = [told if better or worse else "Inget mått är säkert bättre eller säkert sämre än riket."]
    rest = f"{len(held) or 'Inget'} mått hålls tillbaka. {len(late) or 'Inget'} mått har uppgifter som är sena."
    return new, *compared, rest


def _last_two(composites: Sequence[Row]) -> tuple[Row, ...]:
    """The newest year of each goal area with the year before it."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in composites:
        grouped.setdefault((row["framework_id"], row["goal_area_id"]), []).append(row)
    return tuple(rows[-1] | {"before": next((r for r in rows if r["year"] == rows[-1]["year"] - 1), None)} for rows in grouped.values())


def _is_under_way(initiative: Row, basis: Basis) -> bool:
    last_day = initiative.get("end_date")
    started = initiative["start_date"] is None or initiative["start_date"] <= basis.last_day
    return started and (last_day is None or last_day >= basis.month)


def _held_sv(hold: Mapping[str, Any]) -> str:
    since = f" Sedan {moment(hold['held_since'])[:10]} visas de förra uppgifterna." if hold["held_since"] else " Inga uppgifter visas än."
    return f"{hold['held_reason']}{since}"
