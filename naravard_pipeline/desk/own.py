"""Measures of one's own: from files that are sent in, and computed from other measures.

Belongs here: what follows from headings, and from the measures that one is made of. Does not: reading files (``landing``), arithmetic (dbt).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from naravard_pipeline.catalogue import Catalogue, Measure
from naravard_pipeline.catalogue.problems import Words, closest
from naravard_pipeline.catalogue.queries import PxWebQuery
from naravard_pipeline.desk.fields import number_of
from naravard_pipeline.desk.figures import shown
from naravard_pipeline.desk.guesses import guess_unit, name_of_file
from naravard_pipeline.desk.proposal import DeskError, Proposal

COLUMNS = ("value_column", "numerator_column", "denominator_column", "answers_column")
AREAS = {"municipalities": "municipality", "region": "region"}


def propose_file(catalogue: Catalogue, source_id: str, origin: Mapping[str, Any]) -> Proposal:
    """A measure whose figures are sent in: ``value_column``, or ``numerator_column`` and ``denominator_column``; ``reporter``."""
    reporter = origin.get("reporter") or "municipalities"
    area_type = AREAS[reporter]
    # A source of files is one county's: what its other measures say, else that of the only framework there is.
    counties = {m.file.county_code for m in catalogue.measures_of(source_id) if m.file and m.file.county_code}
    counties = counties or {f.county_code for f in catalogue.frameworks.values() if f.county_code}
    file: dict[str, Any] = {name: origin[name] for name in COLUMNS if origin.get(name)}
    file |= {"sexes": True} if origin.get("sexes") else {}
    file |= {"area_types": [area_type], "reporter": reporter}
    if len(counties) == 1:
        file["county_code"] = counties.pop()
    content: dict[str, Any] = {
        "status": "draft",
        "levels": ["region"] if reporter == "region" else ["municipality"],
        "area_types": [area_type],
        "frequency": "month",
        "sexes": bool(origin.get("sexes")),
        "first_year": date.today().year - 1,
        "file": file,
    }
    notes = {"first_year": "Föreslaget: förra året. Äldre perioder i en fil tas inte emot."}
    heading = str(file.get("value_column", ""))
    if file.get("numerator_column"):
        content |= {"unit": "procent", "value_type": "share", "bounds": {"min": 0, "max": 100}, "decimals": 1}
        notes["bounds"] = "Andelen räknas ur täljare och nämnare och ligger mellan 0 och 100."
    elif unit := guess_unit(heading):
        content |= {"name_sv": heading, "unit": unit.unit, "value_type": unit.value_type, "decimals": 0 if unit.value_type == "count" else 1}
        notes["unit"] = notes["value_type"] = f"Gissat ur rubriken «{heading}»."
        if unit.scale:
            content["bounds"], notes["bounds"] = {"min": unit.scale[0], "max": unit.scale[1]}, "Föreslagen: enhetens egen skala."
    told = ["Ingen siffra finns än: gränserna anges för hand.", f"Länet: {file.get('county_code', 'hela landet')}"]
    return Proposal(source_id, content, notes, told=told, measure_id=name_of_file(heading) if heading else "")


def propose_derived(catalogue: Catalogue, source_id: str, origin: Mapping[str, Any]) -> Proposal:
    """A measure computed from others: ``numerator``, ``denominator`` and ``per``, or ``parts`` and ``combine``. Raises ``DeskError``."""
    if origin.get("parts"):
        return _combination(source_id, [_measure(catalogue, name) for name in origin["parts"]], origin.get("combine") or "mean")
    return _ratio(source_id, _measure(catalogue, origin["numerator"]), _measure(catalogue, origin["denominator"]), origin.get("per") or "1000")


def _measure(catalogue: Catalogue, name: str) -> Measure:
    if name not in catalogue.measures:
        hint = closest(name, catalogue.measures)
        en, sv = (f"; did you mean {hint}?", f"; menade du {hint}?") if hint else ("; see naravard measure list", "; se naravard measure list")
        raise DeskError(Words(f"there is no measure {name!r}{en}", f"det finns inget mått «{name}»{sv}"))
    return catalogue.measures[name]


def _ratio(source_id: str, above: Measure, below: Measure, per: Any) -> Proposal:
    number = number_of(str(per))
    if isinstance(number, str) or number <= 0:
        raise DeskError(Words(f"--per {per}: expected a number above 0", f"--per {per}: väntat: ett tal över 0"))
    groups = below.query.age.groups if isinstance(below.query, PxWebQuery) and below.query.age else {below.age_group: ()}
    of_people = below.unit == "invånare"  # of 31 December: the year before is known when the numerator comes
    year = "previous" if of_people else "same"
    derived: dict[str, Any] = {"numerator": above.measure_id, "denominator": below.measure_id, "per": number, "denominator_year": year}
    if above.age_group != "total" and above.age_group in groups:
        derived["denominator_age_group"] = above.age_group
    persons = below.unit if number == 1 else f"{shown(number, 2)} {below.unit}"
    content = _common([above], derived) | {
        "name_sv": f"{above.name_sv} per {persons}",
        "definition_sv": f"{_headed(above)} per {persons} (måttet {below.measure_id}{', året före' if of_people else ''}).",
        "area_types": [kind for kind in above.area_types if kind in below.area_types] or None,
        "unit": f"{above.unit} per {persons}",
        "value_type": "rate",
        "decimals": 2,
        "first_year": max(above.first_year, below.first_year),
    }
    notes = {"derived": "Nämnaren är den 31 december året före: då är den känd när täljaren kommer."} if of_people else {}
    told = [f"{above.measure_id} genom {below.measure_id}, per {shown(number, 2)}", "Kvoten har inga siffror än: gränserna anges för hand."]
    return Proposal(source_id, content, notes, told=told, measure_id=_short(f"{above.measure_id}_per_{shown(number, 0).replace(' ', '')}"))


def _combination(source_id: str, parts: Sequence[Measure], combine: str) -> Proposal:
    words = {"sum": ("Summan av", "summa"), "mean": ("Medelvärdet av", "medel")}[combine]
    content = _common(parts, {"parts": [m.measure_id for m in parts], "combine": combine}) | {
        "name_sv": f"{words[0]} {_listed([m.name_sv for m in parts])}",
        "definition_sv": f"{words[0]} måtten {_listed([m.measure_id for m in parts])}. Saknas ett av dem saknas resultatet.",
        "area_types": [kind for kind in parts[0].area_types if all(kind in m.area_types for m in parts)] or None,
        "unit": parts[0].unit,
        "value_type": "mean" if combine == "mean" and parts[0].value_type == "count" else parts[0].value_type,
        "decimals": max(m.decimals for m in parts),
        "first_year": max(m.first_year for m in parts),
    }
    notes = {}
    if all(m.bounds for m in parts):
        lows, highs = [m.bounds.min for m in parts], [m.bounds.max for m in parts]
        content["bounds"] = {"min": sum(lows), "max": sum(highs)} if combine == "sum" else {"min": min(lows), "max": max(highs)}
        notes["bounds"] = f"Föreslagen: ur delarnas egna gränser ({words[1]})."
    told = [f"{words[0]} {_listed([m.measure_id for m in parts])}"]
    return Proposal(source_id, content, notes, told=told, measure_id=_short(f"{parts[0].measure_id}_{words[1]}"))


def _common(parts: Sequence[Measure], derived: Mapping[str, Any]) -> dict[str, Any]:
    """What a computed measure takes over from the first of those it is made of, and what they may all have."""
    first = parts[0]
    return {
        "status": "draft",
        "levels": list(first.levels),
        "direction": first.direction if first.direction != "neutral" and all(m.direction == first.direction for m in parts) else None,
        "indicators": [{"framework": link.framework, "indicator": link.indicator} for link in first.indicators] or None,
        "age_group": first.age_group,
        "frequency": first.frequency,
        "window_years": max(m.window_years for m in parts),
        "max_change": max((m.max_change for m in parts if m.max_change), default=None),
        "derived": derived,
    }


def _headed(measure: Measure) -> str:
    return f"{measure.name_sv} (måttet {measure.measure_id})"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} och {names[-1]}" if len(names) > 1 else "".join(names)


def _short(name: str) -> str:
    return name_of_file(name.replace("_", " "))
