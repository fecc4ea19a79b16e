"""The questions of ``naravard measure new``, one after the other, and what is told where nobody can be asked.

Belongs here: the order of questions and their words. Does not: the terminal itself (``cli``), what is proposed (``desk``), a source's own questions
(``origins``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from naravard_pipeline.catalogue.problems import Lang, Words
from naravard_pipeline.desk import origins
from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.fields import Field, read_typed, typed_of
from naravard_pipeline.desk.guesses import name_of_file
from naravard_pipeline.desk.proposal import DeskError, Proposal
from naravard_pipeline.desk.saving import NotWritten, check, path_of
from naravard_pipeline.desk.yaml_file import text_of

# Asked even where there is a proposal; the other fields are shown in the file and changed there, or by their options.
ASKED = (
    *("name_sv", "name_en", "definition_sv", "indicators", "levels", "direction", "unit", "value_type", "age_group"),
    *("bounds.min", "bounds.max", "max_change", "min_coverage", "caveat_sv", "focus_areas"),
)
ASKED_OF_OWN = ("frequency", "first_year")  # which no source tells
SAID: Mapping[str, Words] = {
    "name": Words("The measure's permanent name (a-z, 0-9 and _)", "Måttets permanenta namn (a-z, 0-9 och _)"),
    "missing": Words("nothing was written; this is missing:", "inget skrevs; detta saknas:"),
    "needed": Words("An answer is needed here.", "Här behövs ett svar."),
    "once": Words("one of", "något av"),
    "some": Words("some of", "ett eller flera av"),
    "none": Words("or none", "eller inga"),
    "copy": Words("Enter copies the Swedish name and marks it", "Retur kopierar det svenska namnet och märker det"),
    "empty": Words(
        "Enter takes what stands in brackets; - leaves a field empty.", "Retur tar det som står inom hakparentes; - lämnar ett fält tomt."
    ),
    "again": Words("Mend it: the fields that are wrong are asked again.", "Rätta: de fält som är fel frågas igen."),
    "there": Words("{path} is there already. Replace it?", "{path} finns redan. Ersätta den?"),
    "next": Words(
        "Next: look at its figures with `naravard measure preview {name}`, read the file, then publish it: "
        "`naravard measure change {name} --status published` and `naravard run --measure {name}`.",
        "Härnäst: titta på siffrorna med `naravard measure preview {name}`, läs filen och publicera sedan: "
        "`naravard measure change {name} --status published` och `naravard run --measure {name}`.",
    ),
}


class Person(Protocol):
    """Whoever answers. ``ask`` gives the default where the answer is left empty."""

    def say(self, text: str = "") -> None: ...
    def ask(self, text: str, default: str | None) -> str: ...
    def confirm(self, text: str) -> bool: ...


class Interview:
    """``person`` None: nobody can be asked. ``takes_proposals``: only what has no proposal is asked."""

    def __init__(self, desk: Desk, lang: Lang, person: Person | None, *, takes_proposals: bool = False):
        self.desk, self.lang, self.person, self.takes_proposals = desk, lang, person, takes_proposals

    def hold(self, source_id: str | None, origin: Mapping[str, Any], typed: Mapping[str, Any], measure_id: str | None) -> tuple[Proposal, str]:
        """The measure and its name. Raises ``DeskError`` with everything that is missing where nobody can be asked."""
        source_id, origin = origins.complete(self, source_id, dict(origin))
        fields, typed = self.desk.fields, dict(typed)
        given = read_typed(fields, typed)
        proposal = self.desk.propose(source_id, origin | {"first_year": given.get("first_year"), "sexes": given.get("sexes")})
        if self.person:
            for line in proposal.told:
                self.person.say(f"  {line}")
            self.person.say(self.say("empty"))
        proposed = typed_of(fields, proposal.decided({}).content)
        for name in (*ASKED, *(() if proposal.content.get("source_code") or proposal.content.get("query") else ASKED_OF_OWN)):
            if name not in typed and self.person and not (self.takes_proposals and name in proposed):
                if self.takes_proposals and not self._is_needed(name, proposal):
                    continue
                typed[name] = self._ask(fields[name], proposed.get(name))
        decided = proposal.decided(self._read(proposal, typed))
        name = measure_id or proposal.measure_id or name_of_file(decided.content.get("name_sv", ""))
        if self.person and not measure_id and not self.takes_proposals:
            name = self.person.ask(self.say("name"), name)
        while problems := self._problems(decided, name, typed):
            wrong = self._wrong(problems)
            if not self.person or not wrong:
                raise problems
            self.person.say(getattr(problems.words, self.lang))
            self.person.say(self.say("again"))
            for field in wrong:
                typed[field] = self._ask(fields[field], None)
            decided = proposal.decided(self._read(proposal, typed))
        return decided, name

    def write(self, proposal: Proposal, name: str, *, overwrite: bool) -> list[Path]:
        path = path_of(self.desk.sources, proposal.source_id, name)
        if path.exists() and not overwrite and self.person:
            overwrite = self.person.confirm(self.say("there", path=path))
        return self.desk.write(proposal, name, overwrite=overwrite)

    def say_next(self, name: str) -> str:
        return self.say("next", name=name)

    def say(self, what: str, **values: object) -> str:
        return getattr(SAID[what], self.lang).format(**values)

    def _is_needed(self, name: str, proposal: Proposal) -> bool:
        return name == "indicators" or name.partition(".")[0] in proposal.decided({}).missing

    def _read(self, proposal: Proposal, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed; one bound alone goes with the proposed other."""
        content = read_typed(self.desk.fields, typed)
        if "bounds" in content:
            content["bounds"] = {**proposal.content.get("bounds", {}), **content["bounds"]}
        return content

    def _problems(self, decided: Proposal, name: str, typed: Mapping[str, Any]) -> DeskError | None:
        """What is missing, all of it; or else what the catalogue's reader says."""
        missing = [*decided.missing, *([] if "indicators" in decided.content or "indicators" in typed else ["indicators"])]
        if missing and not self.person:
            lines = [f"  {line}" for field in missing for line in self._told_missing(field)]
            return DeskError(Words("\n".join([SAID["missing"].en, *lines]), "\n".join([SAID["missing"].sv, *lines])))
        path = path_of(self.desk.sources, decided.source_id, name)
        problems, _ = check(self.desk.sources, path, text_of(decided))
        return NotWritten(problems) if problems else None

    def _told_missing(self, missing: str) -> list[str]:
        parts = [f for f in self.desk.fields.values() if f.name == missing or f.name.startswith(f"{missing}.")]
        return [f"{f.option}  {getattr(f.label, self.lang)}{self._choices(f, ': ')}" for f in parts] or [missing]

    def _choices(self, field: Field, before: str) -> str:
        if not field.choices:
            return ""
        words = self.say("some" if field.kind == "many" else "once")
        end = f", {self.say('none')}" if field.name == "indicators" else ""
        return f"{before}{words} {', '.join(field.choices)}{end}"

    def _wrong(self, problems: DeskError) -> list[str]:
        found = [p.field.partition("[")[0] for p in getattr(problems, "problems", ())]
        found = [name for field in found for name in self.desk.fields if name == field or name.startswith(f"{field}.")]
        return list(dict.fromkeys(found))

    def _ask(self, field: Field, proposed: Any) -> Any:
        assert self.person
        if field.kind in ("one", "many"):
            self.person.say(f"\n{getattr(field.label, self.lang)}: {field.description}")
            for number, choice in enumerate(field.choices, 1):
                self.person.say(f"  {number:>2}  {choice}  ({(field.texts or {}).get(choice, '')})")
        else:
            self.person.say(f"\n{field.description}" + (f" {self.say('copy')}." if field.name == "name_en" else ""))
        default = ", ".join(proposed) if isinstance(proposed, list) else proposed
        if field.name == "name_en" and default and self.desk.fields:
            default = None  # a copy of the Swedish name is no proposal
        while True:
            answer = self.person.ask(getattr(field.label, self.lang), default)
            if answer or not field.required or field.name == "name_en":
                return answer
            self.person.say(self.say("needed"))
