"""What the measures of the statistical services have in common here: their figures, and the fields that follow from title and figures.

Belongs here: cells to figures, figures to fields. Does not: each service's dimensions (``pxweb``, ``socialstyrelsen``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.desk.figures import Figure, Figures, is_count, levels_of
from naravard_pipeline.desk.guesses import guess_age_group, guess_unit, name_of_file
from naravard_pipeline.desk.proposal import Proposal


def figures_of(rows: pa.Table, catalogue: Catalogue) -> Figures:
    """``rows`` after ``CELLS_SCHEMA``."""
    area_of = {area.scb_code: area.area_code for area in catalogue.areas.values() if area.scb_code}
    names = ("area", "period_start", "period_end", "period_label", "sex", "value", "status", "age_group")
    columns = [rows[name].to_pylist() for name in names]
    return Figures(
        (
            Figure(area_of.get(area, ""), start, end, label, sex, value, status == "suppressed", age)
            for area, start, end, label, sex, value, status, age in zip(*columns, strict=True)
        ),
        catalogue.areas,
    )


def proposal_of(
    source_id: str,
    figures: Figures,
    name: str,
    title: str,
    chosen: str,
    query: Mapping[str, Any],
    head: Sequence[str],
    described: str,
    contents: str = "",
) -> Proposal:
    """``chosen``: the texts of the chosen codes, which say what the title does not; ``described``: where the figures come from;
    ``contents``: what the table calls the value."""
    unit = guess_unit(f"{title}, {contents or chosen}")
    age_group = guess_age_group(title)
    content: dict[str, Any] = {
        "name_sv": f"{name}, {chosen}" if chosen else name,
        "definition_sv": f"{name}{f' ({chosen})' if chosen else ''}, enligt {described}.",
        "status": "draft",
        "levels": levels_of(figures.area_types) or None,
        "area_types": figures.area_types or None,
        "frequency": figures.frequency,
        "window_years": figures.window_years,
        "sexes": figures.has_sexes,
        "first_year": figures.first_year,
        "query": query,
    }
    notes = {"definition_sv": "Bara tabellens egen rubrik: skriv vad som räknas, för vilka och hur."}
    if unit:
        content |= {"unit": unit.unit, "value_type": unit.value_type}
        notes["unit"] = notes["value_type"] = "Gissat ur rubriken."
    if age_group:
        content["age_group"], notes["age_group"] = age_group, "Gissat ur rubriken."
    proposed, why = figures.propose(unit, is_count(unit and unit.value_type))
    told = [*head, f"{len(figures.given)} värden, {figures.span}" if figures.given else "inga värden: gränserna måste anges för hand"]
    return Proposal(source_id, content | proposed, notes | why, head, told, name_of_file(name))
