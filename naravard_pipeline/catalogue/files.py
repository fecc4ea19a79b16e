"""YAML files read one by one into models, with every problem at its line.

Here: reading a file, and where in it a problem stands. Not here: which files there are (reader, quality's suites), what must hold between them.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from naravard_pipeline.catalogue.mistakes import find_slip, meant_date
from naravard_pipeline.catalogue.problems import Problem, Words
from naravard_pipeline.catalogue.validation import explain

Where = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class YamlFiles:
    """Files below one folder and the problems in them, which are gathered, never raised. Paths are shown from the folder's parent.

    ``drafts`` are texts of files that are not written yet: each is read in its place, as if it were there.
    """

    def __init__(self, folder: Path, drafts: Mapping[Path, str] = MappingProxyType({})):
        self.folder, self.drafts = folder, drafts
        self.problems: list[Problem] = []
        self._marked: dict[Path, Any] = {}

    def load(self, path: Path, model: type[M]) -> M | None:
        """The file as ``model``; None where it has problems."""
        try:
            content = deepcopy(_content(self.text(path)))
        except (UnicodeDecodeError, OSError, YAMLError, ValueError, RecursionError) as error:
            self.problems.append(_unreadable(self._shown(path), error, lambda: self.text(path)))
            return None
        if not isinstance(content, dict) or not content:
            self.report(path, (), "empty")
            return None
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for where, code, values in explain(error, model):
                self.report(path, where, code, **values)
            return None

    def text(self, path: Path) -> str:
        draft = self.drafts.get(path)
        return path.read_text("utf-8") if draft is None else draft

    def report(self, path: Path, where: Where, code: str, **values: object) -> None:
        line = self._line(path, where) if where else None
        self.problems.append(Problem(self._shown(path), line, field_name(where), code, values))

    def _line(self, path: Path, where: Where) -> int | None:
        """The line of a field, or of the nearest thing around it when it is missing; None for the file as a whole."""
        if path not in self._marked:  # a second, slower reading that keeps positions: only for files with problems
            try:
                self._marked[path] = YAML().load(self.text(path))
            except (OSError, YAMLError, ValueError, RecursionError):  # it is stricter here and there than the first
                self._marked[path] = None
        node, line = self._marked[path], None
        for part in where:
            try:
                line = (node.lc.item(part) if isinstance(part, int) else node.lc.key(part))[0] + 1
                node = node[part]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
        return line

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.folder.parent).as_posix()


@lru_cache(maxsize=1000)
def _content(text: str) -> Any:
    """Kept, because one run asks for the same files again and again, and this parser takes its time."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml.load(text)


def field_name(where: Where) -> str:
    """``("indicators", 0, "weight")`` as ``indicators[0].weight``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).removeprefix(".")


class _NoSuchDate(ConstructorError):
    """A date such as 2024-02-30, with its place; ruamel by itself gives a bare ValueError."""


class _Constructor(SafeConstructor):
    def construct_yaml_timestamp(self, node: Any, values: Any = None) -> Any:
        try:
            return super().construct_yaml_timestamp(node, values)
        except ValueError:
            raise _NoSuchDate(None, None, node.value, node.start_mark) from None


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.construct_yaml_timestamp)


def _unreadable(shown: str, error: Exception, read: Callable[[], str]) -> Problem:
    line = error.problem_mark.line + 1 if isinstance(error, MarkedYAMLError) and error.problem_mark else None
    what = getattr(error, "problem", None) or str(error).split("\n")[0] or type(error).__name__
    if isinstance(error, _NoSuchDate):
        wanted = Words("a date that exists, YYYY-MM-DD", "ett datum som finns, ÅÅÅÅ-MM-DD")
        hint = meant_date(error.problem)
        return Problem(shown, line, "", "wrong_like" if hint else "wrong", {"found": error.problem, "wanted": wanted, "hint": hint})
    if isinstance(error, DuplicateKeyError) and (key := re.search(r'found duplicate key "(.*?)"', what)):
        return Problem(shown, line, "", "duplicate_key", {"found": key[1]})
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        found = Words("it is no text in UTF-8", "den är inte text i UTF-8")
        remedy = Words("save the file as UTF-8 (in Notepad: Save as, Encoding)", "spara filen som UTF-8 (i Anteckningar: Spara som, Kodning)")
    elif isinstance(error, MarkedYAMLError) and (slip := find_slip(read(), line)):
        line, found, remedy = slip
    else:
        found = Words(what, f"YAML-läsaren säger «{what}»")
        remedy = Words("mend indentation, colons and quotes on this line", "rätta indrag, kolon och citattecken på raden")
    return Problem(shown, line, "", "unreadable", {"found": found, "remedy": remedy})
