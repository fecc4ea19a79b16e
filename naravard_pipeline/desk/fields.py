"""The fields that a person fills in: what they are called, what they may hold, and how what was typed becomes a field's content.

Belongs here: the questions, made of the model that reads the file, so that a command's options, a terminal's questions and a form are the same.
Does not: proposals (``proposal``), what is right (the catalogue's reader: what cannot be read here is passed on as it was typed, and refused there).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.models import MeasureFile
from naravard_pipeline.catalogue.problems import Words

Kind = Literal["text", "long", "number", "whole", "yes_no", "one", "many", "date"]
NONE = ("-", "ingen", "inga", "inget", "none")  # what somebody types who wants a field empty
YES = ("ja", "j", "yes", "y", "true")
NO = ("nej", "n", "no", "false")

# name: (option, label); in the order of asking. What is not here has its own questions, or is written by hand.
_FIELDS: Mapping[str, tuple[str, Words]] = {
    "name_sv": ("--name", Words("Name", "Namn")),
    "name_en": ("--name-en", Words("English name", "Engelskt namn")),
    "definition_sv": ("--definition", Words("Definition", "Definition")),
    "indicators": ("--indicator", Words("Indicators", "Indikatorer")),
    "levels": ("--level", Words("Levels", "Nivåer")),
    "area_types": ("--area-type", Words("Areas", "Områden")),
    "direction": ("--direction", Words("Direction", "Riktning")),
    "unit": ("--unit", Words("Unit", "Enhet")),
    "value_type": ("--value-type", Words("Kind of value", "Värdets slag")),
    "bounds.min": ("--min", Words("Lowest possible value", "Lägsta möjliga värde")),
    "bounds.max": ("--max", Words("Highest possible value", "Högsta möjliga värde")),
    "max_change": ("--max-change", Words("Largest change, per cent", "Största ändring, procent")),
    "min_coverage": ("--min-coverage", Words("Least coverage, per cent", "Minsta täckning, procent")),
    "decimals": ("--decimals", Words("Decimals", "Decimaler")),
    "age_group": ("--age-group", Words("Age group", "Åldersgrupp")),
    "frequency": ("--frequency", Words("How often", "Hur ofta")),
    "window_years": ("--window-years", Words("Years in one value", "År i ett värde")),
    "sexes": ("--sexes", Words("Women and men", "Kvinnor och män")),
    "first_year": ("--first-year", Words("First year", "Första år")),
    "caveat_sv": ("--caveat", Words("What readers must know", "Det läsaren måste veta")),
    "focus_areas": ("--focus-area", Words("Focus areas", "Fokusområden")),
    "contact_sv": ("--contact", Words("Whom to ask (a role)", "Vem man frågar (en roll)")),
    "docs_url": ("--docs-url", Words("Page that describes it", "Sida som beskriver måttet")),
    "suppression_threshold": ("--suppression-threshold", Words("Counts below this are hidden", "Antal under detta döljs")),
    "denominator_threshold": ("--denominator-threshold", Words("Shares of fewer than this are hidden", "Andelar av färre än detta döljs")),
    "hides_zero": ("--hides-zero", Words("Hide zeros too", "Dölj också nollor")),
    "review.max_revision": ("--max-revision", Words("Largest revision, per cent", "Största omräkning, procent")),
    "review.max_level_shift": ("--max-level-shift", Words("Largest shift of the level, per cent", "Största ändring av nivån, procent")),
    "review.max_missing_areas": ("--max-missing-areas", Words("Most areas gone, per cent", "Högst så många områden borta, procent")),
    "review.approval": ("--approval", Words("Approval", "Godkännande")),
    "target.value": ("--target", Words("Target", "Målvärde")),
    "target.year": ("--target-year", Words("Year of the target", "Målår")),
    "baseline_period": ("--baseline-period", Words("Period compared with", "Period som jämförs med")),
    "base_year": ("--base-year", Words("Base year of indices", "Basår i index")),
    "similar_theme": ("--similar-theme", Words("Similar municipalities by", "Liknande kommuner enligt")),
    "breaks.date": ("--break", Words("New break of the series, from", "Nytt brott i serien, från och med")),
    "breaks.reason_sv": ("--break-reason", Words("Why the series breaks", "Varför serien bryts")),
    "breaks.reason_en": ("--break-reason-en", Words("The same in English", "Samma sak på engelska")),
    "retired.date": ("--retired", Words("Last day in use", "Sista dagen i bruk")),
    "retired.reason_sv": ("--retired-reason", Words("Why it ended", "Varför det upphörde")),
    "retired.replaced_by": ("--replaced-by", Words("What replaced it (a measure)", "Vad som kom i stället (ett mått)")),
    "status": ("--status", Words("Status", "Status")),
}
# What a command needs before any file has been read: option, label, whether it may be given several times.
OPTIONS = {name: (option, label, name in ("indicators", "levels", "area_types", "focus_areas")) for name, (option, label) in _FIELDS.items()}
LONG = ("definition_sv", "caveat_sv")


@dataclass(frozen=True)
class Field:
    """``description`` and ``pattern`` are the model's own; ``choices`` what may be chosen, ``texts`` what each choice is called in Swedish."""

    name: str
    option: str
    label: Words
    description: str
    kind: Kind
    required: bool
    pattern: str = ""
    choices: tuple[str, ...] = ()
    texts: Mapping[str, str] | None = None


TEXTS: Mapping[str, str] = {
    "region": "region",
    "municipality": "kommun",
    "nation": "riket",
    "county_part": "länsdel",
    "higher_is_better": "högre är bättre",
    "lower_is_better": "lägre är bättre",
    "neutral": "varken eller",
    "count": "antal",
    "rate": "kvot, t.ex. per 1 000 invånare",
    "share": "andel",
    "mean": "medelvärde",
    "median": "median",
    "index": "index",
    "days": "dagar",
    "year": "varje år",
    "half_year": "varje halvår",
    "quarter": "varje kvartal",
    "month": "varje månad",
    "published": "visas",
    "draft": "utkast",
    "planned": "planerat, ingen källa ännu",
    "retired": "upphört",
    "automatic": "bara när en gräns passeras",
    "always": "varje gång något har ändrats",
}


def fields_of(catalogue: Catalogue) -> dict[str, Field]:
    """The fields by name, with what this catalogue has to choose among."""
    indicators = {
        f"{framework.framework_id}.{indicator.indicator_id}": indicator.name_sv
        for framework in catalogue.frameworks.values()
        for indicator in framework.indicators.values()
    }
    focus_areas = {f.focus_area_id: f.name_sv for framework in catalogue.frameworks.values() for f in framework.focus_areas}
    own = {"indicators": indicators, "focus_areas": focus_areas}
    fields = {}
    for name, (option, label) in _FIELDS.items():
        described, required = _described(name)
        choices = own.get(name) or {choice: TEXTS.get(choice, choice) for choice in _choices(described)}
        is_list = described.get("type") == "array"
        kind: Kind = "many" if is_list else "one" if choices else _kind(name, described)
        pattern = described.get("pattern", "")
        fields[name] = Field(name, option, label, described.get("description", ""), kind, required, pattern, tuple(choices), choices)
    return fields


@cache
def _schema() -> dict[str, Any]:
    return MeasureFile.model_json_schema()


def _described(name: str) -> tuple[dict[str, Any], bool]:
    """The schema of a field, references followed; a part of bounds is required as bounds are."""
    schema, described = _schema(), _schema()
    required = name in schema["required"] or name.startswith("bounds.")
    for part in name.split("."):
        if described.get("type") == "array":  # one item of a list of sections, such as a break
            described = _followed(described["items"], schema)
        about = described["properties"][part]
        described = _followed(about, schema) | ({"description": about["description"]} if "description" in about else {})
    return described, required


def _followed(about: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for one in about.get("anyOf", (about,)):
        if one.get("type") != "null":
            return schema["$defs"][one["$ref"].rpartition("/")[2]] | {} if "$ref" in one else one
    return about


def _choices(described: Mapping[str, Any]) -> Sequence[str]:
    return described.get("enum") or described.get("items", {}).get("enum") or ()


def _kind(name: str, described: Mapping[str, Any]) -> Kind:
    types: dict[str, Kind] = {"boolean": "yes_no", "integer": "whole", "number": "number"}
    if described.get("format") == "date":
        return "date"
    return "long" if name in LONG else types.get(described.get("type", ""), "text")


def read_typed(fields: Mapping[str, Field], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Field name → what was typed or ticked, as the content of a file. What was left empty is not in it; what was struck out is None.

    ``typed`` values are texts or lists of texts. One bound alone is kept as it is; the reader then says that the other is missing. What is typed of a
    break is one more break.
    """
    content: dict[str, Any] = {}
    for name, field in fields.items():
        value = typed.get(name)
        if value is None or value in ("", [], ()):
            continue
        read = _read(field, value)
        section, _, part = name.partition(".")
        if part:
            if read is not None:
                content[section] = {**content.get(section, {}), part: read}
        else:
            content[section] = read
    if "breaks" in content:
        content["breaks"] = [content["breaks"]]
    return content


def _read(field: Field, value: Any) -> Any:
    if field.kind == "many":
        items = [value] if isinstance(value, str) else list(value)
        items = [part for item in items for part in re.split(r"[,\s]+", item.strip()) if part]
        if len(items) == 1 and items[0].casefold() in NONE:
            return [] if field.name == "indicators" else None
        items = list(dict.fromkeys(_chosen(field, item) for item in items))
        return [_link(item, field.choices) for item in items] if field.name == "indicators" else items
    text = " ".join(str(value).split())
    if text.casefold() in NONE and not field.required:
        return None
    match field.kind:
        case "yes_no":
            return True if text.casefold() in YES else False if text.casefold() in NO else text
        case "number" | "whole":
            return number_of(text)
        case "one":
            return _chosen(field, text)
        case "date":
            return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) and _is_day(text) else text
    return text


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _chosen(field: Field, text: str) -> str:
    """The choice meant by its name or its beginning, its Swedish text, or its number in the list; what is none is passed on."""
    if text in field.choices:
        return text
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(field.choices):
        return field.choices[int(text) - 1]
    same = [c for c in field.choices if c.rpartition(".")[2] == text or (field.texts or {}).get(c, "").casefold() == text.casefold()]
    alike = same or [c for c in field.choices if len(text) > 2 and c.rpartition(".")[2].startswith(text)]
    return alike[0] if len(alike) == 1 else text


def _link(name: str, choices: Sequence[str]) -> Any:
    """A name without a framework is sought in the only one there is, so that what is said of a misspelling is of the indicator."""
    framework, _, indicator = name.partition(".")
    frameworks = {choice.partition(".")[0] for choice in choices}
    only = frameworks.pop() if len(frameworks) == 1 else name
    return {"framework": framework, "indicator": indicator} if indicator else {"framework": only, "indicator": name}


def number_of(text: str) -> int | float | str:
    """A number as Swedes write it, 1 234,5; what is none as it was typed."""
    plain = re.sub(r"[\s\u00a0]", "", text).replace("\N{MINUS SIGN}", "-").replace(",", ".")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", plain):
        return text
    return float(plain) if "." in plain else int(plain)


def typed_of(fields: Mapping[str, Field], content: Mapping[str, Any]) -> dict[str, Any]:
    """The other way: a file's content as it is typed and ticked."""
    typed: dict[str, Any] = {}
    for name, field in fields.items():
        section, _, part = name.partition(".")
        value = content.get(section)
        if part:
            value = value.get(part) if isinstance(value, Mapping) else None  # a break that is there stays as it is: what is typed comes after it
        if value is None:
            continue
        if name == "indicators":
            typed[name] = [f"{link['framework']}.{link['indicator']}" for link in value]
        elif field.kind == "many":
            typed[name] = list(value)
        else:
            typed[name] = (
                ("ja" if value else "nej") if isinstance(value, bool) else str(value).replace(".", ",") if isinstance(value, float) else str(value)
            )
    return typed
