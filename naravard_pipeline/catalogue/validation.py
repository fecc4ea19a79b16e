"""pydantic's errors as our problems. Here: the translation, type by type. Not here: reading files, rules between fields."""

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from naravard_pipeline.catalogue import fields
from naravard_pipeline.catalogue.mistakes import meant_choice, meant_date, meant_field, meant_identifier, meant_number, meant_truth
from naravard_pipeline.catalogue.problems import Words, said
from naravard_pipeline.catalogue.queries import TAGS

PATTERNS: Mapping[str, Words] = {
    fields.IDENTIFIER: Words("a-z, 0-9 and _, a letter first", "a-z, 0-9 och _, först en bokstav"),
    fields.AREA_CODE: Words(
        "a code such as '00', '04', '0484' or '04-norra', in quotes", "en kod som '00', '04', '0484' eller '04-norra', inom citattecken"
    ),
    fields.SCB_CODE: Words("two or four digits in quotes", "två eller fyra siffror inom citattecken"),
    fields.KOLADA_AREA: Words("four digits in quotes, as in '0004'", "fyra siffror inom citattecken, som '0004'"),
    fields.GROUP_ID: Words("a-z, 0-9 and -", "a-z, 0-9 och -"),
    fields.AGE_GROUP: Words("total, 65+ or 16-84", "total, 65+ eller 16-84"),
    fields.WEB_ADDRESS: Words("an address beginning with https://", "en adress som börjar med https://"),
    fields.EMAIL: Words("an e-mail address such as oppnadata@example.com", "en e-postadress som oppnadata@example.com"),
    fields.MEASURE_UUID: Words("an id such as 7f5b4a52-2f0a-4a1d-9a51-0123456789ab", "ett id som 7f5b4a52-2f0a-4a1d-9a51-0123456789ab"),
}
CHOICES: Mapping[str, Words] = {
    "query": Words(
        "`table` (PxWeb), `topic` (Socialstyrelsen) or `measure` (Vården i siffror) under it",
        "`table` (PxWeb), `topic` (Socialstyrelsen) eller `measure` (Vården i siffror) under det",
    ),
    "derived": Words("`numerator` or `parts` under it", "`numerator` eller `parts` under det"),
}
TYPES: Mapping[str, Words] = {
    "bool": Words("true or false", "true eller false"),
    "dict": Words("`name: value` under it", "`namn: värde` under det"),
    "date": Words("a date, YYYY-MM-DD", "ett datum, ÅÅÅÅ-MM-DD"),
    "finite": Words("a finite number", "ett ändligt tal"),
    "float": Words("a number", "ett tal"),
    "mapping": Words("`name: value` under it", "`namn: värde` under det"),
    "int": Words("a whole number", "ett heltal"),
    "model": Words("fields under it", "fält under det"),
    "string": Words("text", "en text"),
    "tuple": Words("a list, each item after a dash", "en lista, varje del efter ett streck"),
}
LIMITS: Mapping[str, Words] = {
    "gt": Words("a number above {:.15g}", "ett tal över {:.15g}"),
    "ge": Words("a number from {:.15g} up", "ett tal från {:.15g} och uppåt"),
    "lt": Words("a number below {:.15g}", "ett tal under {:.15g}"),
    "le": Words("a number up to {:.15g}", "ett tal till och med {:.15g}"),
}


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[tuple[str | int, ...], str, dict[str, object]]]:
    """Yield ``(where, code, values)`` for each thing wrong with a file's content."""
    for detail in error.errors(include_url=False):
        where, code, values = _explain(detail, model)
        yield where, code, values


def _explain(detail: ErrorDetails, model: type[BaseModel]) -> tuple[tuple[str | int, ...], str, dict[str, object]]:
    where, kind, value, context = detail["loc"], detail["type"], detail["input"], detail.get("ctx", {})
    if where[-1] == "[key]":  # pydantic's word for the key itself, not what stands under it
        where = where[:-1]
    if len(where) > 1 and where[1] in TAGS:  # and its word for which of several models a section is
        (section, tag), inner = where[:2], where[2:]
        found = _explain({**detail, "loc": inner}, TAGS[tag]) if inner else ((), "wrong", {"found": said(value), "wanted": CHOICES[section]})
        return (section, *found[0]), *found[1:]
    if kind == "union_tag_not_found":
        return where, "wrong", {"found": said(value), "wanted": CHOICES[str(where[-1])]}
    if kind in ("extra_forbidden", "invalid_key") and len(where) > 1 and isinstance(where[-1], int):  # {min: 0,5}
        found = Words(f"{where[-1]} after a comma", f"{where[-1]} efter ett komma")
        return where[:-1], "wrong", {"found": found, "wanted": Words("a decimal point, as in 0.5", "decimalpunkt, som 0.5")}
    if kind in ("extra_forbidden", "invalid_key"):
        hint = meant_field(where[-1], _fields_at(model, where[:-1]))
        return where, "unknown_key_like" if hint else "unknown_key", {"found": where[-1], "hint": hint}
    if kind == "missing":
        return where, "missing", {"key": where[-1]}
    if kind == "string_type" and isinstance(value, int) and not isinstance(value, bool):
        return where, "quote", {"found": value}
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        wanted = Words(f"one of {', '.join(choices)}", f"något av {', '.join(choices)}")
        return where, *_wrong(value, wanted, meant_choice(value, choices))
    wanted = _wanted(kind, context, detail["msg"])
    return where, *_wrong(value, meant_number(str(value)) or wanted if kind.startswith(("float", "int")) else wanted, _hint(kind, value, context))


def _wrong(value: object, wanted: Words, hint: object) -> tuple[str, dict[str, object]]:
    return "wrong_like" if hint else "wrong", {"found": said(value), "wanted": wanted, "hint": hint}


def _hint(kind: str, value: object, context: Mapping[str, object]) -> object:
    """What may have been meant, where it can be told."""
    if kind.startswith("bool"):
        return meant_truth(value)
    if kind.startswith("date"):
        return meant_date(value)
    if kind == "string_pattern_mismatch" and context["pattern"] == fields.IDENTIFIER:
        return meant_identifier(value)
    return context.get("hint")


def _wanted(kind: str, context: Mapping[str, object], message: str) -> Words:
    if "sv" in context:  # a rule of a model's own, which has said it in both languages
        return Words(str(context["en"]), str(context["sv"]))
    if kind == "string_pattern_mismatch":
        return PATTERNS[str(context["pattern"])]
    if kind == "string_too_short":
        return Words("some text", "en text")
    if kind == "too_short":
        least = context["min_length"]
        return Words("at least one item", "minst en del") if least == 1 else Words(f"at least {least} items", f"minst {least} delar")
    for name, words in LIMITS.items():
        if name in context:
            return Words(*(text.format(context[name]) for text in words))
    family = "date" if kind.startswith("datetime") else kind.split("_")[0]
    return TYPES.get(family, Words(message, message))


def _fields_at(model: type[BaseModel], where: tuple[str | int, ...]) -> list[str]:
    """The fields known at a place inside a model, found by following the types on the way."""
    for part in where:
        if isinstance(part, str):
            found = _model_in(model.model_fields[part].annotation)
            if found is None:
                return []
            model = found
    return list(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model inside ``Model | None`` or ``tuple[Model, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in getattr(annotation, "__args__", ()) if (found := _model_in(arg))), None)
