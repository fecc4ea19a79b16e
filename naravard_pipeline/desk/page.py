"""The form's page, made of the fields of the model that reads the file.

Belongs here: which field stands where. Does not: looks and behaviour (``templates/``), what is answered (``session``).
"""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from naravard_pipeline.catalogue.fields import IDENTIFIER
from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.origins import makable

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = {  # heading: fields
    "Vad måttet är": ("name_sv", "name_en", "definition_sv", "indicators", "focus_areas", "levels", "area_types", "direction", "caveat_sv"),
    "Värdet": ("unit", "value_type", "decimals", "age_group", "sexes", "frequency", "window_years", "first_year"),
    "Gränser": ("bounds.min", "bounds.max", "max_change", "min_coverage"),
    "Granskning före publicering": ("review.max_revision", "review.max_level_shift", "review.max_missing_areas", "review.approval"),
    "Mål och jämförelser": ("target.value", "target.year", "baseline_period", "base_year", "similar_theme"),
    "Små tal": ("suppression_threshold", "denominator_threshold", "hides_zero"),
    "Brott i serien": ("breaks.date", "breaks.reason_sv", "breaks.reason_en"),
    "När måttet upphör": ("retired.date", "retired.reason_sv", "retired.replaced_by"),
    "Övrigt": ("status", "contact_sv", "docs_url"),
}
# Sections that most measures leave as they are: shut until somebody needs them.
SHUT = ("Granskning före publicering", "Mål och jämförelser", "Små tal", "Brott i serien", "När måttet upphör")


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render_page(desk: Desk, token: str, nonce: str) -> str:
    """One HTML page that loads nothing. ``nonce`` marks its own script and style, ``token`` its own questions. Raises ``CatalogueError``."""
    fields = desk.fields
    values: dict[str, Any] = {
        "sections": {heading: [fields[name] for name in names] for heading, names in SECTIONS.items()},
        "shut": SHUT,
        "sources": [(s.source_id, s.name_sv, s.kind) for s in makable(desk.catalogue)],
        "measures": [(m.measure_id, m.name_sv) for m in desk.catalogue.measures.values() if m.is_live and not m.derived],
        "there": [(m.measure_id, m.name_sv) for m in sorted(desk.catalogue.measures.values(), key=lambda m: m.name_sv.casefold())],
        "identifier": IDENTIFIER.strip("^$"),
        "style": Markup((TEMPLATES / "form.css").read_text("utf-8")),
        "script": Markup((TEMPLATES / "form.js").read_text("utf-8")),
        "token": token,
        "nonce": nonce,
    }
    return _environment().get_template("form.html.j2").render(values)
