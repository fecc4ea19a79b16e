"""A measure's file with some fields changed, and everything else left as a person wrote it: comments, order, spacing.

Belongs here: which lines of the file a field is, and what stands there instead. Does not: what may stand there (the catalogue's reader), disk
(``saving``).
"""

import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode

from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.desk.fields import Field, read_typed, typed_of
from naravard_pipeline.desk.proposal import ORDER, DeskError, is_default
from naravard_pipeline.desk.yaml_file import entry_of

# What the desk itself wrote above a field, which is not true any more of what a person puts there.
_OWN_NOTES = ("# Föreslag", "# Gissat", "# Engelskt namn saknas", "# Koladas egen beskrivning", "# Bara tabellens egen rubrik")


def content_of(text: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(text)


def read_changes(fields: Mapping[str, Field], content: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """What typed fields make of a file's content: section or field → its new content whole, None where it goes. What is typed as it is, is no change.

    ``typed`` values: a text, a list, or empty for a field that is to go. A break is added to those that are there.
    """
    now = typed_of(fields, content)
    new = {name: value for name, value in typed.items() if name in fields and value is not None and _plain(value) != _plain(now.get(name))}
    read = read_typed(fields, {name: value for name, value in new.items() if value not in ("", [], ())})
    changes: dict[str, Any] = {}
    for name in new:
        section, _, part = name.partition(".")
        if section == "breaks":
            if "breaks" in read:
                changes["breaks"] = [*content.get("breaks", ()), *read["breaks"]]
        elif part:
            parts = changes.get(section, dict(content.get(section) or {}))
            parts = {key: value for key, value in parts.items() if key != part}
            if part in read.get(section, {}):
                parts[part] = read[section][part]
            changes[section] = parts or None
        elif section == "indicators":
            known = {(link["framework"], link["indicator"]): link for link in content.get("indicators") or ()}
            changes[section] = [known.get((link["framework"], link["indicator"]), link) for link in read.get(section) or ()]
        else:
            value = read.get(section)
            changes[section] = None if value is None or is_default(section, value) else value
    return {name: value for name, value in changes.items() if value != content.get(name)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else " ".join(str(value or "").split())


def changed_text(text: str, changes: Mapping[str, Any]) -> str:
    """The file with ``changes`` in it. Raises ``DeskError`` where the file is written in a way that cannot be changed line by line."""
    for name, value in changes.items():
        text = _with(text, name, value)
    return text


def _with(text: str, name: str, value: Any) -> str:
    expected = {key: there for key, there in content_of(text).items() if key != name} | ({} if value is None else {name: value})
    lines = text.splitlines()
    starts, single = _places(text)
    new = [] if value is None else entry_of(name, value)
    if name in starts:
        first = starts[name]
        last = _end(lines, min((start for start in starts.values() if start > first), default=len(lines)))
        if value is not None and name in single and len(new) == 1:
            new = [new[0] + _tail(lines[single[name][0]], single[name][1])]
        before = _without_own_note(lines[:first])
        lines = [*before, *new, *lines[last:]]
    else:
        later = [starts[other] for other in ORDER[ORDER.index(name) + 1 :] if other in starts]
        at = _end(lines, min(later)) if later else len(lines)
        lines = [*lines[:at], *new, *lines[at:]]
    changed = "\n".join(lines) + "\n"
    if content_of(changed) != expected:
        raise DeskError(Words(f"{name} cannot be changed here; change it in the file", f"{name} går inte att ändra här; ändra det i filen"))
    return changed


def _places(text: str) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Field → its line; and field → line and column where a value on one line ends."""
    node = YAML(pure=True).compose(StringIO(text))
    if not isinstance(node, MappingNode) or node.flow_style:
        raise DeskError(Words("the file is not one field a line; change it by hand", "filen har inte ett fält per rad; ändra den för hand"))
    starts, single = {}, {}
    for key, value in node.value:
        starts[key.value] = key.start_mark.line
        is_whole = value.flow_style if not isinstance(value, ScalarNode) else value.style not in ("|", ">")
        if is_whole and value.end_mark.line == key.start_mark.line:
            single[key.value] = (value.end_mark.line, value.end_mark.column)
    return starts, single


def _end(lines: list[str], following: int) -> int:
    """Where a field ends whose follower stands in line ``following``: comments and blank lines above that are the follower's."""
    while following and (not lines[following - 1].strip() or lines[following - 1].startswith("#")):
        following -= 1
    return following


def _tail(line: str, column: int) -> str:
    """The comment behind a value."""
    return line[column:].rstrip() if re.match(r"\s+#", line[column:]) else ""


def _without_own_note(lines: list[str]) -> list[str]:
    start = len(lines)
    while start and lines[start - 1].startswith("#"):
        start -= 1
    own = next((at for at in range(start, len(lines)) if lines[at].startswith(_OWN_NOTES)), None)
    return lines if own is None else lines[:own]
