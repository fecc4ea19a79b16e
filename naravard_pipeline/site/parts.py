"""What pages are made of beside charts: the table of where each area stands, the map, how many measures move which way.

Here: words counted and placed, exactly as the assessments say them. Not here: any judgement.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from naravard_pipeline.pages.tones import Said, say
from naravard_pipeline.site.cells import number_cell, value_cell
from naravard_pipeline.site.facts import Facts, Row
from naravard_pipeline.site.holds import held_measure, held_rows
from naravard_pipeline.site.tiles import read_tiles

_TYPES_SV = {"nation": "riket", "region": "regionerna", "county_part": "länsdelarna", "municipality": "kommunerna"}


def standing(facts: Facts, measure_id: str, area_code: str, of_all_areas: bool = False) -> dict[str, Any]:
    """One line about a measure in an area: value or why there is none, and the words of its assessment with tone and sign.

    ``of_all_areas``: with the notices of correction of every area, as where the measure is told of and not the area.
    """
    measure = facts.measures[measure_id]
    area = facts.areas.get(area_code, {"area_code": area_code, "name_sv": "Riket", "area_type": "nation"})
    said = facts.assessments.get((measure_id, area_code))
    series = facts.series.get((measure_id, area_code), [])
    latest = series[-1] if series else None
    row = next((r for r in reversed(series) if r["value"] is not None and (not said or r["period_end"] == said["period_end"])), latest)
    return {
        "measure": measure,
        "area": area,
        "has_page": facts.has_page(area_code),
        "said": said,
        "row": row,
        "cell": value_cell(measure, row, is_alone=False),
        "notes_sv": ", ".join(_notes(row)),
        "absent_sv": _absent(measure, area["area_type"]),
        "later": latest if latest and row is not latest and latest["value"] is None else None,
        "held": held_measure(facts, measure_id),
        "corrections": corrections(facts, measure_id, None if of_all_areas else area_code),
        "nation": say("comparison", said["comparison_nation"]) if said and area["area_type"] != "nation" else None,
        "county": say("comparison", said["comparison_county"]) if said and area["area_type"] not in ("region", "nation") else None,
        "trend": _trend(said) if said and measure.get("value_type") != "yes_no" else None,
        "turn": say("turn", said.get("turn")) if said else None,
        "target": say("target", said["target_status"]) if said and said["target_status"] != "no_target" else None,
    }


def corrections(facts: Facts, measure_id: str, area_code: str | None = None) -> list[Row]:
    """The notices that a figure of the measure was wrong, the newest first; with an area those about it, or about all areas."""
    found = [n for n in facts.corrections.get(measure_id, []) if area_code is None or n["area_code"] in (None, area_code)]
    return [n | {"where_sv": " ".join(t for t in (_name(facts, n["area_code"]), n["period_label"]) if t)} for n in found]


def _name(facts: Facts, area_code: str | None) -> str:
    return facts.areas[area_code]["name_sv"] if area_code in facts.areas else area_code or ""


def only_measure(facts: Facts, indicator: Row, area_code: str) -> dict[str, Any] | None:
    """The line of an indicator's only measure, which says more than that there is no index of it."""
    return standing(facts, indicator["measures"][0], area_code, of_all_areas=True) if len(indicator["measures"]) == 1 else None


def _trend(said: Row) -> Said | None:
    """The word for the trend; for a series too short for one, what has happened from first value to last, where chance does not explain it."""
    moved, is_chance = said.get("movement"), said.get("comparison_baseline") == "no_different"
    if said["trend"] == "too_short" and moved in ("up", "down", "unchanged") and not is_chance:
        return say("movement", moved)
    return say("trend", said["trend"])


def _notes(row: Row | None) -> Iterator[str]:
    """What must stand beside a figure's period: that it may change, and that some municipalities are missing from the sum."""
    if row and row.get("status") == "preliminary":
        yield "preliminärt"
    if row and row.get("parts_reported") and row["parts_reported"] < (row.get("parts_expected") or 0):
        yield f"{row['parts_reported']} av {row['parts_expected']} kommuner"


def _absent(measure: Row, area_type: str) -> str:
    """Why a measure has nothing to show in an area of the type."""
    if measure.get("status") == "planned":
        return "planerat, ingen källa än"
    types = [t for t in (measure.get("area_types") or "").split(",") if t]
    if types and area_type not in types:
        return f"finns bara för {' och '.join(_TYPES_SV[t] for t in types if t in _TYPES_SV and t != 'nation') or 'riket'}"
    return "ingen uppgift"


def all_areas(facts: Facts, measure_id: str, county: str | None) -> list[dict[str, Any]]:
    """The nation, then the county and what lies in it, as far as there is anything to say."""
    codes = dict.fromkeys(["00", *(a["area_code"] for a in facts.areas_of(county))])
    return [line for line in (standing(facts, measure_id, code) for code in codes) if line["row"]]


def surveys(facts: Facts, measure_id: str, area_codes: Iterable[str]) -> list[dict[str, Any]]:
    """Of a measure that is a share of a survey's answers: the distribution, wave by wave, and what is said of the change, for each area."""
    found = []
    for code in area_codes:
        rows = facts.answers.get((measure_id, code), [])
        waves = {r["wave_id"]: r for r in rows}
        table: dict[str, dict[str, Row]] = {}
        for row in rows:
            table.setdefault(row["alternative_sv"], {})[row["wave_id"]] = row
        if rows:
            said = [change["summary_sv"] for change in facts.changes.get((measure_id, code), [])]
            answered = [(name, [by_wave.get(w) for w in waves]) for name, by_wave in table.items()]
            found.append(
                {"area": facts.areas[code], "question": rows[0]["question_sv"], "waves": list(waves.values()), "rows": answered, "said": said}
            )
    return found


def tile_map(facts: Facts, county: str | None, measure_id: str | None = None) -> list[dict[str, Any]]:
    """The county's municipalities with their place on the map (None: a list), and where a measure is named what is said of it there."""
    tiles = read_tiles().get(county or "", {})
    ours = facts.areas_of(county, "municipality")
    placed = bool(ours) and all(a["area_code"] in tiles for a in ours)
    return [
        {
            "area": a,
            "has_page": facts.has_page(a["area_code"]),
            "tile": tiles[a["area_code"]] if placed else None,
            "line": standing(facts, measure_id, a["area_code"]) if measure_id else None,
        }
        for a in ours
    ]


def count_words(facts: Facts, measure_ids: Iterable[str], area_code: str, aspect: str, column: str) -> list[tuple[Any, int]]:
    """How many of the measures are said to be what, most notable first: (word with tone, number)."""
    words = Counter(
        said[column] for m in dict.fromkeys(measure_ids) if (said := facts.assessments.get((m, area_code))) and said.get(column) is not None
    )
    order = {"good": 0, "bad": 1, "notable": 2, "neutral": 3, "unknown": 4}
    told = [(say(aspect, word), count) for word, count in words.items()]
    return sorted(told, key=lambda pair: (order[pair[0].tone], pair[0].word_sv))


def count_held(facts: Facts, measure_ids: Iterable[str], area_code: str) -> int:
    """How many of the measures that ``count_words`` counts show older figures."""
    return sum((m, area_code) in facts.assessments and m in facts.holds for m in dict.fromkeys(measure_ids))


def latest_index(facts: Facts, framework: Row, goal: Row, indicator: Row | None, area_code: str) -> Row | None:
    key = (framework["framework_id"], goal["goal_area_id"], indicator["indicator_id"] if indicator else "all", area_code)
    found: Sequence[Row] = [r for r in facts.composites.get(key, []) if r["value"] is not None]
    return max(found, key=lambda r: r["year"]) | {"held": held_rows(found)} if found else None


def figure(value: float | None, measure: Row) -> str:
    """A figure of the measure that is no row of its own, such as a mean or a limit."""
    return number_cell(value, measure.get("decimals")).text
