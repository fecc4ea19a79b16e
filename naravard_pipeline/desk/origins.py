"""Where a measure's figures come from, asked step by step: source, key figure, table, headings, parts.

Belongs here: the questions that come before anything can be proposed. Does not: the fields (``interview``), what the sources answer (``desk``).
"""

from typing import TYPE_CHECKING, Any

from naravard_pipeline.catalogue import Catalogue, Source
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.desk.proposal import DeskError

if TYPE_CHECKING:
    from naravard_pipeline.desk.interview import Interview

MAKABLE = ("kolada", "pxweb2", "pxweb1", "socialstyrelsen", "files", "derived")  # kinds of source of which a measure can be made here
SAID = {
    "source": Words("Source", "Källa"),
    "search": Words("Search by words, or the code itself", "Sök med ord, eller skriv koden själv"),
    "pick": Words("Number or code; other words search again", "Nummer eller kod; andra ord söker igen"),
    "nothing": Words("Nothing found; try other words, or fewer.", "Inget hittades; försök med andra eller färre ord."),
    "successor": Words("perhaps followed by", "efterträds kanske av"),
}


def complete(interview: "Interview", source_id: str | None, origin: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The source, and what of it: what was not given is asked, or ``DeskError`` says what is missing."""
    sources = {s.source_id: s for s in makable(interview.desk.catalogue)}
    person = interview.person
    if source_id is None:
        if person is None:
            raise _missing("--source", ", ".join(sources))
        for number, source in enumerate(sources.values(), 1):
            person.say(f"  {number:>2}  {source.source_id}  ({source.name_sv})")
        answer = person.ask(getattr(SAID["source"], interview.lang), "kolada")
        source_id = list(sources)[int(answer) - 1] if answer.isdigit() and 1 <= int(answer) <= len(sources) else answer
    kind = interview.desk.kind_of(source_id)
    if source_id not in sources:
        raise DeskError(
            Words(
                f"a measure of {source_id} cannot be made here: copy a file of sources/{source_id}/ and change it",
                f"ett mått från {source_id} kan inte göras här: kopiera en fil i sources/{source_id}/ och ändra den",
            )
        )
    if kind not in ("files", "derived") and "code" not in origin:
        if person is None:
            raise _missing("--code", f"naravard measure find --source {source_id} …")
        origin["code"] = _search(interview, source_id)
    return source_id, origin


def makable(catalogue: Catalogue) -> list[Source]:
    """The sources of which a measure can be made here, those with most measures first. A national file is no template that people fill in."""
    measures = {source_id: catalogue.measures_of(source_id) for source_id in catalogue.sources}
    sources = [s for s in catalogue.sources.values() if s.kind in MAKABLE]
    sources = [s for s in sources if not any(m.file and m.file.layout != "table" for m in measures[s.source_id])]
    return sorted(sources, key=lambda s: -len(measures[s.source_id]))


def _search(interview: "Interview", source_id: str) -> str:
    """Ask for words until one of what they find is chosen."""
    person, lang = interview.person, interview.lang
    words = person.ask(getattr(SAID["search"], lang), None)
    while True:
        found = interview.desk.find(source_id, words) if words else []
        for number, entry in enumerate(found, 1):
            person.say(f"  {number:>2}  {entry.code}  {entry.title}  ({', '.join(entry.facts)})")
            if entry.is_retired and (successor := interview.desk.successor(entry.code)):
                person.say(f"      {getattr(SAID['successor'], lang)} {successor}")
        if not found:
            person.say(getattr(SAID["nothing"], lang))
        answer = person.ask(getattr(SAID["pick"], lang), "1" if found else None)
        if answer.isdigit() and 1 <= int(answer) <= len(found):
            return found[int(answer) - 1].code
        if any(answer == entry.code for entry in found) or (answer and " " not in answer and any(c.isdigit() for c in answer)):
            return answer
        words = answer


def _missing(option: str, about: str) -> DeskError:
    return DeskError(Words(f"nothing was written; this is missing:\n  {option}  {about}", f"inget skrevs; detta saknas:\n  {option}  {about}"))
