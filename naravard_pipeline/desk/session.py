"""The form's side of a measure: what the page asks, answered as plain data.

Belongs here: typed fields to a proposal, problems to the fields they concern. Does not: HTTP (``form``), the page (``page``, ``templates/``).
"""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from naravard_pipeline.catalogue import Problem
from naravard_pipeline.catalogue.history import MEANING
from naravard_pipeline.catalogue.models import MeasureFile
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.desk.change import content_of
from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.fields import read_typed, typed_of
from naravard_pipeline.desk.guesses import name_of_file
from naravard_pipeline.desk.proposal import DeskError, Proposal
from naravard_pipeline.desk.saving import NotWritten, check, path_of
from naravard_pipeline.desk.yaml_file import text_of

_UNREADABLE = Words("the page's question cannot be read; reload the page", "frågan från sidan gick inte att läsa; ladda om sidan")
ORIGIN = {  # kind of source → what must be named before anything can be proposed
    "files": ("value_column", "numerator_column", "denominator_column"),
    "derived": ("numerator", "denominator", "parts"),
}


_DEFAULTS = {name: about.get_default() for name, about in MeasureFile.model_fields.items() if not about.is_required() and name != "breaks"}
_DEFAULTS["review"] = _DEFAULTS["review"].model_dump()


class Session:
    """What one page asks, one question at a time. Every answer can be written as JSON; raises ``DeskError``, ``FetchError``, ``CatalogueError``."""

    def __init__(self, desk: Desk):
        self._desk = desk
        self._proposals: dict[str, Proposal] = {}  # by what they were made of, so that a keystroke fetches nothing
        self._lock = threading.Lock()

    def answer(self, question: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """``question`` is find, choices, propose, open, check or save. Raises ``KeyError`` for any other."""
        with self._lock:
            return QUESTIONS[question](self, asked)

    def _find(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        found = self._desk.find(_text(asked, "source"), _text(asked, "words"))
        is_kolada = self._desk.kind_of(_text(asked, "source")) == "kolada"
        return {
            "entries": [
                {"code": e.code, "title": e.title, "facts": ", ".join(e.facts), "is_retired": e.is_retired}
                | ({"successor": self._desk.successor(e.code)} if e.is_retired and is_kolada else {})
                for e in found
            ]
        }

    def _choices(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        choices = self._desk.choices(_text(asked, "source"), _text(asked, "code"))
        shown = [c for c in choices if len(c.options) > 1]
        return {"choices": [{"dimension": c.dimension, "text": c.text, "options": list(c.options.items()), "default": c.default} for c in shown]}

    def _propose(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        proposal = self._proposal(asked)
        decided = proposal.decided({"name_en": None})
        content = {name: value for name, value in decided.content.items() if name != "name_en"}
        content = _DEFAULTS | content
        return {
            "typed": typed_of(self._desk.fields, content),
            "notes": dict(decided.notes),
            "told": list(proposal.told),
            "measure_id": proposal.measure_id,
        }

    def _open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A measure that is there, as it is typed."""
        measure_id = _text(asked, "edited")
        content = content_of(self._desk.read(measure_id))
        told = [f"Serien har redan ett brott {b['date']}: {b['reason_sv']}" for b in content.get("breaks") or ()]
        return {"typed": typed_of(self._desk.fields, _DEFAULTS | content), "told": told, "measure_id": measure_id}

    def _check_change(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        measure_id = _text(asked, "edited")
        text, changes = self._desk.change(measure_id, _typed(asked))
        path = path_of(self._desk.sources, self._desk.catalogue.measures[measure_id].source_id, measure_id)
        problems, _ = check(self._desk.sources, path, text)
        needs_break = [name for name in MEANING if name in changes] if "breaks" not in changes else []
        named = ", ".join(self._desk.fields[name].label.sv if name in self._desk.fields else name for name in needs_break)
        advice = f"{named} ändras: går nya värden inte att jämföra med gamla, ange ett brott i serien; annars väntar måttet på en person."
        told = [advice] if needs_break else []
        shown = path.relative_to(self._desk.sources.parent).as_posix()
        return {"yaml": text, "measure_id": measure_id, "problems": [self._told(p) for p in problems], "path": shown, "is_there": False, "told": told}

    def _save_change(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        measure_id = _text(asked, "edited")
        text, changes = self._desk.change(measure_id, _typed(asked))
        if not changes:
            return {"written": [], "next": ""}
        try:
            written = self._desk.write_change(measure_id, text)
        except NotWritten as error:
            return {"problems": [self._told(p) for p in error.problems]}
        return {
            "written": [path.relative_to(self._desk.sources.parent).as_posix() for path in written],
            "next": f"naravard measure preview {measure_id}",
        }

    def _check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("edited"):
            return self._check_change(asked)
        proposal, name = self._decided(asked)
        answer: dict[str, Any] = {"yaml": text_of(proposal), "measure_id": name}
        try:
            path = path_of(self._desk.sources, proposal.source_id, name)
        except DeskError as error:
            return answer | {"problems": [{"field": "measure_id", "text": error.words.sv}]}
        problems, _ = check(self._desk.sources, path, text_of(proposal))
        shown = path.relative_to(self._desk.sources.parent).as_posix()
        return answer | {"problems": [self._told(p) for p in problems], "path": shown, "is_there": path.exists()}

    def _save(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("edited"):
            return self._save_change(asked)
        proposal, name = self._decided(asked)
        try:
            written = self._desk.write(proposal, name, overwrite=asked.get("overwrite") is True)
        except NotWritten as error:
            return {"problems": [self._told(p) for p in error.problems]}
        except DeskError as error:
            return {"problems": [{"field": "measure_id", "text": error.words.sv.replace(", eller --overwrite", " eller kryssa i «Ersätt»")}]}
        shown = [path.relative_to(self._desk.sources.parent).as_posix() for path in written]
        return {"written": shown, "next": f"naravard measure preview {name}"}

    def _proposal(self, asked: Mapping[str, Any]) -> Proposal:
        source_id, origin = _text(asked, "source"), _origin(asked)
        if not self._is_named(source_id, origin):
            return Proposal(source_id, {"status": "draft"})
        key = json.dumps([source_id, origin], sort_keys=True)
        if key not in self._proposals:
            self._proposals[key] = self._desk.propose(source_id, origin)
        return self._proposals[key]

    def _is_named(self, source_id: str, origin: Mapping[str, Any]) -> bool:
        kind = self._desk.kind_of(source_id)
        if kind == "derived":
            return bool(origin.get("numerator") and origin.get("denominator")) or len(origin.get("parts", ())) > 1
        return any(origin.get(name) for name in ORIGIN.get(kind, ("code",)))

    def _decided(self, asked: Mapping[str, Any]) -> tuple[Proposal, str]:
        proposal = self._proposal(asked)
        content = read_typed(self._desk.fields, _typed(asked))
        # What the page shows is all there is: a field that is empty there has been emptied.
        emptied = {name.partition(".")[0] for name in self._desk.fields} - content.keys()
        content = dict.fromkeys(emptied) | content
        if content["indicators"] is None:
            content["indicators"] = []
        name = str(asked.get("measure_id") or "").strip() or proposal.measure_id or name_of_file(str(content.get("name_sv") or ""))
        return proposal.decided(content), name

    def _told(self, problem: Problem) -> dict[str, str]:
        """Where on the page a problem is shown, and in which words."""
        fields = self._desk.fields
        head = problem.field.partition("[")[0]
        parts = [name for name in fields if name == head or name.startswith(f"{head}.")]
        is_of_origin = head.split(".")[0] in ("file", "query", "derived", "source_code")
        field = head if head in fields else parts[0] if parts else "origin" if is_of_origin else ""
        if problem.code in ("missing", "missing_when"):
            return {"field": field, "text": "Måste fyllas i." if field else f"{problem.field}: saknas."}
        said = problem.text("sv").partition(f"{problem.field}: ")[2] if problem.field else problem.text("sv")
        where = f"{problem.field}: " if field in ("", "origin") and problem.field else ""
        return {"field": field, "text": f"{where}{said}"}


QUESTIONS = {
    "find": Session._find,
    "choices": Session._choices,
    "propose": Session._propose,
    "check": Session._check,
    "save": Session._save,
    "open": Session._open,
}


def _text(asked: Mapping[str, Any], name: str) -> str:
    found = asked.get(name)
    if not isinstance(found, str):
        raise DeskError(_UNREADABLE)
    return found


def _typed(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    typed = asked.get("typed")
    if not isinstance(typed, Mapping) or not all(_is_plain(value) for value in typed.values()):
        raise DeskError(_UNREADABLE)
    return typed


def _origin(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was named, with nothing in it but texts and lists and mappings of texts."""
    origin = asked.get("origin")
    if not isinstance(origin, Mapping) or not all(_is_plain(value) for value in origin.values()):
        raise DeskError(_UNREADABLE)
    return {name: value for name, value in origin.items() if value}


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    return isinstance(value, (str, bool)) or (isinstance(value, Sequence) and all(isinstance(item, str) for item in value))
