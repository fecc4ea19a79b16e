"""How a measure's file has changed: its versions in git, compared field by field.

Here: asking git about one file, and what differs between two contents. Who changed it is left out: readers need what and when.
Not here: what was published (publication keeps that record).
"""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from naravard_pipeline.catalogue.problems import Words, said

# What a figure means hangs on these; a change of one belongs together with a break of the series, or the old and the new are compared as one.
MEANING = ("definition_sv", "unit", "value_type", "direction", "source_code", "query", "derived", "age_group", "window_years")
BREAKS = "breaks"


@dataclass(frozen=True)
class FieldChange:
    """``field`` such as ``bounds.max``; ``before`` and ``after`` are None where it was not there."""

    field: str
    before: Any
    after: Any

    def text_sv(self) -> str:
        told = [value.sv if isinstance(value, Words) else value for value in (said(self.before), said(self.after))]
        return f"{self.field}: {told[0]} → {told[1]}"


@dataclass(frozen=True)
class FileVersion:
    """One change of a file. ``is_first``: the file was new, and ``changes`` is empty."""

    date: str
    is_first: bool
    changes: list[FieldChange]


def read_history(path: Path) -> list[FileVersion] | None:
    """Every version of the file that changed a field, the newest first; None where git does not know the file. A rename is followed."""
    told = _git(path.parent, "log", "--follow", "--format=%x00%H %cs", "--name-only", "--", path.name)
    if not told:
        return None
    top = _git(path.parent, "rev-parse", "--show-toplevel")
    contents: list[tuple[str, dict[str, Any]]] = []
    for entry in told.split("\0")[1:]:
        head, *names = entry.split("\n")
        commit, date = head.split()
        name = next((n for n in names if n), None)
        text = _git(Path(top.strip()), "show", f"{commit}:{name}") if name and top else None
        if text is not None and (content := _parse(text)) is not None:
            contents.append((date, content))
    versions = [
        FileVersion(date, False, changes) for (date, content), (_, older) in pairwise(contents) if (changes := compare_contents(older, content))
    ]
    return [*versions, FileVersion(contents[-1][0], True, [])] if contents else None


def compare_contents(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields that differ, sections field by field, lists as a whole."""
    old, new = dict(_flatten(before)), dict(_flatten(after))
    return [FieldChange(field, old.get(field), new.get(field)) for field in dict.fromkeys([*new, *old]) if old.get(field) != new.get(field)]


def find_changed_meaning(path: Path) -> list[str]:
    """Fields of ``MEANING`` that differ from the last committed version of the file, where no break of the series has been added with them."""
    committed = _git(path.parent, "show", f"HEAD:./{path.name}")
    before, after = _parse(committed or ""), _parse(path.read_text("utf-8"))
    if before is None or after is None or before.get(BREAKS) != after.get(BREAKS):
        return []
    return [field for field in MEANING if before.get(field) != after.get(field)]


def _flatten(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", ", ".join(map(_item, value)) if isinstance(value, list) else value


def _item(item: Any) -> str:
    return ", ".join(map(str, item.values())) if isinstance(item, Mapping) else str(item)


def _parse(text: str) -> dict[str, Any] | None:
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError):  # an earlier version may have been broken
        return None
    return content if isinstance(content, dict) else None


def _git(folder: Path, *command: str) -> str | None:
    """What git says; None where there is no git, no repository or no such thing in it."""
    try:
        done = subprocess.run(["git", "-c", "core.quotepath=off", *command], cwd=folder, capture_output=True, text=True, encoding="utf-8")
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
