"""A measure's file as text: the fields in their order, each with its comment above.

Belongs here: how a value is written so that a person likes to read it and YAML reads it back the same. Does not: which fields (``proposal``), disk
(``saving``).
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from naravard_pipeline.desk.proposal import Proposal

SCHEMA_LINE = "# yaml-language-server: $schema=../schema/measure.schema.json"
WIDTH = 110
_PLAIN = re.compile(r"[^\W\d_][\w åäöÅÄÖ.,/()%+–-]*", re.UNICODE)
_AGES_OR_NAME = re.compile(r"\d+\+|\d+-\d+|[A-Za-z]\w*[/.\w-]*")
_FLOW = ("bounds", "target", "levels", "area_types", "focus_areas", "review")  # short ones, on one line


def text_of(proposal: Proposal) -> str:
    """The whole file. Reading it gives ``proposal.content`` again."""
    lines = [SCHEMA_LINE, *_comment(" ".join(proposal.head))]
    for name, value in proposal.content.items():
        lines += _comment(proposal.notes.get(name, ""))
        lines += entry_of(name, value)
    return "\n".join(lines) + "\n"


def entry_of(name: str, value: Any) -> list[str]:
    """A field as lines, without its comment."""
    return _entry(name, value, "", name in _FLOW)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)]


def _entry(name: str, value: Any, indent: str, is_flow: bool = False) -> list[str]:
    key = f"{indent}{_scalar(name, True)}:"
    if isinstance(value, Mapping):
        if is_flow or not value or (all(not isinstance(v, (Mapping, list, tuple)) for v in value.values()) and indent):
            return [f"{key} {_flow(value)}"]
        return [key, *(line for k, v in value.items() for line in _entry(k, v, indent + "  "))]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if is_flow or not value or not any(isinstance(v, Mapping) for v in value):
            return [f"{key} {_flow(value)}"]
        return [key, *(line for item in value for line in _item(item, indent + "  "))]
    if isinstance(value, str) and len(key) + len(value) + 1 > WIDTH and _can_be_folded(value):
        return [f"{key} >-", *textwrap.wrap(value, WIDTH, initial_indent=f"{indent}  ", subsequent_indent=f"{indent}  ", **_WHOLE_WORDS)]
    return [f"{key} {_scalar(value)}"]


_WHOLE_WORDS = {"break_long_words": False, "break_on_hyphens": False}


def _item(item: Mapping[str, Any], indent: str) -> list[str]:
    lines = [line for k, v in item.items() for line in _entry(k, v, indent + "  ")]
    return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(k, True)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value, True)


def _can_be_folded(text: str) -> bool:
    """Whether folding at spaces and joining again gives the same text."""
    return text == " ".join(text.split()) and text.isprintable()


def _scalar(value: Any, is_in_flow: bool = False) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    text = str(value)
    if _reads_as_itself(text, is_in_flow):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = "".join(c if c.isprintable() and c not in '"\\' else {'"': '\\"', "\\": "\\\\"}.get(c) or f"\\U{ord(c):08x}" for c in text)
    return f'"{escaped}"'


def _reads_as_itself(text: str, is_in_flow: bool) -> bool:
    if text != text.strip() or (is_in_flow and set(text) & set(",[]{}")):
        return False
    if not (_PLAIN.fullmatch(text) or _AGES_OR_NAME.fullmatch(text)):
        return False
    try:
        return YAML(typ="safe", pure=True).load(f"k: {text}\n") == {"k": text}
    except (YAMLError, ValueError):
        return False
