"""A measure in the making: its fields so far, and why each proposed one is what it is.

Belongs here: what a proposal is, and how a person's own choices go before it. Does not: where proposals come from (``kolada``, ``pxweb`` …).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from naravard_pipeline.catalogue.models import MeasureFile
from naravard_pipeline.catalogue.problems import Words

COPIED_NAME = "Engelskt namn saknas: det svenska står här tills någon har översatt det."
# In the order in which they are written, which is that of the files a person writes.
ORDER = (
    *("name_sv", "name_en", "definition_sv", "status", "indicators", "levels", "area_types", "source_code", "unit", "value_type", "direction"),
    *("decimals", "age_group", "frequency", "window_years", "period_totals", "per", "interval", "sexes", "first_year", "bounds", "max_change"),
    *("min_coverage", "review", "target", "baseline_period", "base_year", "similar_theme", "breaks", "rebase", "caveat_sv", "focus_areas"),
    *("retired", "contact_sv", "docs_url", "suppression_threshold", "denominator_threshold", "hides_zero", "file", "query", "derived", "printed"),
)


class DeskError(ValueError):
    """What a person asked for cannot be done; the message says what to do instead, in both languages."""

    def __init__(self, words: Words):
        self.words = words
        super().__init__(words.en)


@dataclass(frozen=True)
class Proposal:
    """``content``: fields of a measure's file. ``notes``: field → a Swedish sentence that stands above it as a comment. ``head``: lines above all.

    ``told``: what a person should see of the source before deciding, in Swedish, and which is in no field.
    """

    source_id: str
    content: Mapping[str, Any]
    notes: Mapping[str, str] = field(default_factory=dict)
    head: Sequence[str] = ()
    told: Sequence[str] = ()
    measure_id: str = ""

    def decided(self, given: Mapping[str, Any]) -> Self:
        """The same with a person's own values, which go before what is proposed and need no reason. None takes a field away."""
        content = {**self.content, **given}
        notes = {name: note for name, note in self.notes.items() if name not in given or given[name] == self.content.get(name)}
        if content.get("name_en") is None and content.get("name_sv"):
            content["name_en"], notes["name_en"] = content["name_sv"], COPIED_NAME
        content = {name: content[name] for name in ORDER if content.get(name) is not None and not is_default(name, content[name])}
        return replace(self, content=content, notes={name: note for name, note in notes.items() if name in content})

    def decided_in_part(self, content: Mapping[str, Any], notes: Mapping[str, str] | None = None, without: Sequence[str] = ()) -> Self:
        """The same with other content and further notes; those of ``without`` are dropped."""
        kept = {name: note for name, note in self.notes.items() if name not in without}
        return replace(self, content=content, notes=kept | dict(notes or {}))

    @property
    def missing(self) -> list[str]:
        """The fields that a person has to decide before the file can be right."""
        wanted = [name for name, about in MeasureFile.model_fields.items() if about.is_required()]
        wanted += [] if self.content.get("status") == "planned" else ["bounds"]
        return [name for name in wanted if name not in self.content]


def is_default(name: str, value: Any) -> bool:
    """Whether a field says what holds without it, and so need not be written."""
    about = MeasureFile.model_fields.get(name)
    if about is None or about.is_required() or name in ("decimals", "indicators"):  # these are written out in every file
        return False
    default = about.get_default()
    return value == default or (isinstance(default, tuple) and not value)
