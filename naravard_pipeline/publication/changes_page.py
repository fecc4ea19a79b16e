"""How the report of changes looks: a Swedish page in one file, and one screen of a terminal.

Here: words and pictures for what ``change_report`` has put together. Not here: any figure that is not in it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Environment

from naravard_pipeline.pages import open_templates
from naravard_pipeline.pages.swedish import number, percent, word

APPROVE = "naravard release approve {measure_id}"
KINDS_SV = {  # one, many
    "new_measure": ("nytt mått", "nya mått"),
    "new_period": ("uppgift i en ny period", "uppgifter i nya perioder"),
    "new_value": ("ny uppgift i en äldre period", "nya uppgifter i äldre perioder"),
    "revised": ("omräknad", "omräknade"),
    "withdrawn": ("tillbakadragen", "tillbakadragna"),
    "removed_measure": ("mått borttaget", "mått borttagna"),
    "hidden": ("dold som var synlig", "dolda som var synliga"),
    "shown": ("synlig som var dold", "synliga som var dolda"),
    "status": ("med ny status", "med ny status"),
    "break": ("med ny serie", "med ny serie"),
    "detail": ("med nytt underlag, samma värde", "med nytt underlag, samma värde"),
}
HEADINGS_SV = {
    "revised": "Omräknade uppgifter",
    "withdrawn": "Tillbakadragna uppgifter",
    "shown": "Var dolda, visas nu",
    "hidden": "Visades, är dolda nu",
    "new_value": "Nya uppgifter i äldre perioder",
    "break": "Ny serie",
    "status": "Ny status",
    "detail": "Samma värde, nytt underlag",
}
COLUMNS_SV = {
    "name_sv": "Namn",
    "definition_sv": "Definition",
    "unit": "Enhet",
    "direction": "Riktning",
    "value_type": "Värdets slag",
    "status": "Status",
    "decimals": "Decimaler",
    "age_group": "Ålder",
    "frequency": "Hur ofta",
    "window_years": "Antal år i ett värde",
    "source_id": "Källa",
    "source_code": "Källans beteckning",
    "computed_from": "Räknas ur",
    "suppression_threshold": "Döljs under",
    "target_value": "Målvärde",
    "target_year": "Målår",
    "caveat_sv": "Att tänka på",
    "replaced_by": "Ersätts av",
    "max_revision": "Största omräkning som inte granskas (procent)",
    "max_level_shift": "Största nivåskifte som inte granskas (procent)",
    "max_missing_areas": "Största andel saknade områden som inte granskas (procent)",
    "approval": "Godkännande",
}
VALUES_SV = {
    "higher_is_better": "högre är bättre",
    "lower_is_better": "lägre är bättre",
    "neutral": "varken eller",
    "count": "antal",
    "rate": "kvot",
    "share": "andel",
    "mean": "medelvärde",
    "median": "median",
    "index": "index",
    "days": "dagar",
    "yes_no": "ja eller nej",
    "published": "publicerat",
    "draft": "utkast",
    "planned": "planerat",
    "retired": "avslutat",
    "year": "år",
    "half_year": "halvår",
    "quarter": "kvartal",
    "month": "månad",
    "automatic": "inom gränserna av sig självt",
    "always": "alltid av en person",
}
NEWEST = 10  # notices of correction on this page; all of them stand on the quality page
AREA_TYPES_SV = {"nation": "riket", "region": "regioner", "county_part": "länsdelar", "municipality": "kommuner", "area": "områden"}
STATES_SV = {"waiting": "Väntar på beslut", "released": "Publicerat", "held": "Hålls tillbaka"}


def render_changes_page(
    changes: Mapping[str, Any],
    approve: str | None = APPROVE,
    holds: Sequence[Mapping[str, Any]] = (),
    corrections: Sequence[Mapping[str, Any]] = (),
    has_notices: bool = False,
) -> str:
    """The page as HTML. ``changes`` is of ``build_changes`` or ``restrict_changes``.

    ``approve``: the command that lets a waiting measure out, with ``{measure_id}``; None on a page for readers, who have nothing to decide: there a
    measure's name leads to its page. ``holds`` are measures with measure_id, held_reason, held_since and is_left_out, in the words for readers;
    ``corrections`` notices with measure_id, name_sv, area_name_sv, period_label, corrected_at and text_sv, the newest first.
    ``has_notices``: whether ``notices.html`` stands beside the releases.
    """
    measures = changes["measures"]
    by_state = {state: [m for m in measures if m["state"] == state] for state in STATES_SV}
    removed = [m for m in by_state["released"] if "removed_measure" in m["counts"]]
    told = [m for m in by_state["released"] if m not in removed and (m["counts"] or m["definitions"])]
    return (
        _environment()
        .get_template("changes.html.j2")
        .render(
            changes=changes,
            is_demo=changes["is_demo"],
            waiting=by_state["waiting"],
            held=by_state["held"],
            removed=removed,
            holds={h["measure_id"]: h for h in holds},
            corrections=corrections[:NEWEST],
            has_more_corrections=len(corrections) > NEWEST,
            released=[m for m in told if not _is_only_new(m)],
            only_new=[m for m in told if _is_only_new(m)],
            totals={kind: n for kind, n in changes["totals"].items() if n},
            approve=approve,
            **({} if approve else {"root": "", "release": {**changes["after"], "has_notices": has_notices}}),
        )
    )


def tell_changes(changes: Mapping[str, Any], width: int = 100, lines: int = 30) -> list[str]:
    """One screen of plain text: what waits and why, then what moved most; at most ``lines`` lines, each at most ``width`` wide."""
    before = changes["before"]
    counts = {**changes["totals"], "revised by less than is shown": changes.get("slight", 0)}
    totals = ", ".join(f"{kind} {n:,}" for kind, n in counts.items() if n) or "nothing differs"
    told = [f"since {before['release_id']}: {totals}" if before else f"nothing to compare with, everything is new: {totals}"]
    if changes["is_demo"]:
        told.append("MADE-UP FIGURES")
    measures = list(changes["measures"])
    for heading, state in (("waiting for a person:", "waiting"), ("held:", "held"), ("moved most:", "released")):
        ours = [m for m in measures if m["state"] == state and (state != "released" or m["counts"] or m["definitions"])]
        if ours:
            told.append(heading)
        for measure in ours:
            told.append(f"  {measure['measure_id']}: {_moved(measure)}")
            told += [f"    {finding['sentence_en']}" for finding in measure["findings"]]
    if len(told) > lines:
        told = [*told[: lines - 1], f"… and {len(told) - lines + 1} lines more; all of it is in changes.json"]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in told]


def _moved(measure: Mapping[str, Any]) -> str:
    """The largest single thing and the counts, such as «Eskilstuna 2024 59.9 → 30.0 (-50.0 %); revised 3»."""
    counts = ", ".join(f"{kind} {n:,}" for kind, n in measure["counts"].items())
    revised = next((r for r in measure["rows"] if r["kind"] == "revised"), None)
    if not revised:
        return counts or ("definition" if measure["definitions"] else "no change of its own")
    sides = " → ".join(f"{revised[side]:,.{measure['decimals']}f}" for side in ("value_before", "value_after"))
    moved = "from 0" if revised["change_percent"] is None else f"{revised['change_percent']:+.1f} %"
    return f"{revised['area_name_sv']} {revised['period_label']} {sides} ({moved}); {counts}"


def _is_only_new(measure: Mapping[str, Any]) -> bool:
    """Whether there is nothing to tell but that it, or a period, was added: a line is enough."""
    return not measure["definitions"] and set(measure["counts"]) <= {"new_measure", "new_period"}


def _dumbbells(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
    """Where each row's two values lie on one axis for all of them, 0 to 100; None for a row without both."""
    values = [row[side] for row in rows for side in ("value_before", "value_after") if row[side] is not None]
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    reach = high - low or 1.0
    return [
        None
        if row["value_before"] is None or row["value_after"] is None
        else {
            "before": round(5 + 90 * (row["value_before"] - low) / reach, 1),
            "after": round(5 + 90 * (row["value_after"] - low) / reach, 1),
        }
        for row in rows
    ]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number(n)} {KINDS_SV[kind][n != 1]}" for kind, n in counts.items())


def _whose(row: Mapping[str, Any]) -> str:
    """Sex, ages and reporter, where they are not everybody's and the source's."""
    parts = [] if row.get("sex", "total") == "total" else [word(row["sex"], "sex")]
    parts += [] if row["age_group"] == "total" else [f"{row['age_group']} år".replace("+ år", " år och äldre").replace("-", "–")]
    parts += [] if row["reporter"] == "source" else [f"enligt {word(row['reporter'], 'reporter')}"]
    return ", ".join(parts)


def _by_kind(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The rows, which come sorted by kind, kind by kind."""
    return [(kind, list(group)) for kind, group in groupby(rows, key=lambda row: row["kind"])]


def _worth_telling(levels: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those over areas enough for a median; of revised periods only those whose level moved by as much as the page shows."""
    moved = [v for v in levels if v["basis"] == "period" or v["change_percent"] is None or round(v["change_percent"], 1)]
    return [v for v in moved if v["areas"] >= 5]


def _sides(before: float | None, after: float | None, decimals: int) -> str:
    """«59,9 → 30,0»; with one decimal more than the measure has where the difference would not be seen."""
    if before is not None and after is not None and before != after and _value(before, decimals) == _value(after, decimals):
        decimals += 1
    return f"{_value(before, decimals)} → {_value(after, decimals)}"


def _value(value: float | None, decimals: int) -> str:
    return "–" if value is None else number(float(value), decimals)


def _defined(value: str | None) -> str:
    return "–" if value is None else VALUES_SV.get(value, value)


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.publication")
    environment.filters |= {
        "counted": _counted,
        "whose": _whose,
        "value": _value,
        "sides": lambda decimals, before, after: _sides(before, after, decimals),
        "defined": _defined,
        "change": percent,
        "kind": lambda kind: HEADINGS_SV[kind],
        "column": lambda name: COLUMNS_SV.get(name, name),
        "areas": lambda area_type: AREA_TYPES_SV.get(area_type, area_type),
        "by_kind": _by_kind,
        "worth_telling": _worth_telling,
        "dumbbells": _dumbbells,
    }
    return environment
