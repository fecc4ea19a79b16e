"""Where a measure's figures come from, asked step by step: source, key figure, table, headings, parts.

Belongs here: the questions that come before anything can be proposed. Does not: the fields (``interview``), what the sources answer (``desk``).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from naravard_pipeline.catalogue import Catalogue, Source
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.desk.proposal import DeskError
from naravard_pipeline.desk.search import Entry, Index

if TYPE_CHECKING:
    from naravard_pipeline.desk.interview import Interview

MAKABLE = ("kolada", "pxweb2", "pxweb1", "socialstyrelsen", "files", "derived")  # kinds of source of which a measure can be made here
SHOWN = 40  # codes of a dimension that are listed
OPTIONS = {
    "municipalities": Words("the municipalities'", "kommunernas"),
    "region": Words("the region's", "regionens"),
    "ratio": Words("one measure over another, such as per 1,000 inhabitants", "ett mått genom ett annat, t.ex. per 1 000 invånare"),
    "sum": Words("the sum of several", "summan av flera"),
    "mean": Words("the mean of several", "medelvärdet av flera"),
}
SAID = {
    "source": Words("Source", "Källa"),
    "search": Words("Search by words, or the code itself", "Sök med ord, eller skriv koden själv"),
    "pick": Words("Number or code; other words search again", "Nummer eller kod; andra ord söker igen"),
    "nothing": Words("Nothing found; try other words, or fewer.", "Inget hittades; försök med andra eller färre ord."),
    "reporter": Words("Whose figures are they?", "Vems siffror är det?"),
    "value_column": Words("Heading above the values (empty: a share, computed)", "Rubriken över värdena (tomt: en andel som räknas ut)"),
    "numerator_column": Words("Heading above the numerators", "Rubriken över täljarna"),
    "denominator_column": Words("Heading above the denominators", "Rubriken över nämnarna"),
    "made": Words("How is it computed?", "Hur räknas det?"),
    "numerator": Words("Count above the line (the measure's name, or words)", "Antalet i täljaren (måttets namn, eller ord)"),
    "denominator": Words("Count below the line (the measure's name, or words)", "Antalet i nämnaren (måttets namn, eller ord)"),
    "per": Words("Per how many", "Per hur många"),
    "part": Words("A measure that goes in (its name, or words; empty: no more)", "Ett mått som ingår (namnet, eller ord; tomt: inga fler)"),
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
    if kind == "files":
        _complete_file(interview, origin)
    elif kind == "derived":
        _complete_derived(interview, origin)
    else:
        if "code" not in origin:
            if person is None:
                raise _missing("--code", f"naravard measure find --source {source_id} …")
            origin["code"] = _search(interview, source_id)
        origin["choose"] = _choose(interview, source_id, origin["code"], _chosen(origin.get("choose", ())))
    return source_id, origin


def _chosen(given: Sequence[str]) -> dict[str, str]:
    """``DIM=CODE`` as a mapping."""
    chosen = {}
    for text in given:
        dimension, equals, code = text.partition("=")
        if not equals:
            raise DeskError(Words(f"--choose {text}: expected DIMENSION=CODE", f"--choose {text}: väntat: VARIABEL=KOD"))
        chosen[dimension.strip()] = code.strip()
    return chosen


def _choose(interview: "Interview", source_id: str, code: str, chosen: dict[str, str]) -> dict[str, str]:
    """Ask for the code of each dimension that has several; where nobody can be asked, what is missing is told when the query is built."""
    person = interview.person
    if person is None:
        return chosen
    for choice in interview.desk.choices(source_id, code):
        if choice.dimension in chosen or len(choice.options) < 2 or (interview.takes_proposals and choice.default is not None):
            continue
        person.say(f"\n{choice.text} ({choice.dimension}):")
        for option, text in list(choice.options.items())[:SHOWN]:
            person.say(f"  {option or '=':>8}  {text}")
        if len(choice.options) > SHOWN:
            person.say(f"  …  ({len(choice.options)})")
        while True:
            answer = person.ask(choice.text, "=" if choice.default == "" else choice.default)
            answer = "" if answer == "=" else answer
            try:
                code_chosen = choice.decide({choice.dimension: answer})
            except DeskError as error:
                person.say(getattr(error.words, interview.lang))
                continue
            chosen[choice.dimension] = code_chosen or ""
            break
    return chosen


def _complete_file(interview: "Interview", origin: dict[str, Any]) -> None:
    person = interview.person
    has_columns = origin.get("value_column") or (origin.get("numerator_column") and origin.get("denominator_column"))
    if has_columns:
        return
    if person is None:
        raise _missing("--value-column", "| --numerator-column --denominator-column")
    origin.setdefault("reporter", _one_of(interview, "reporter", ("municipalities", "region")))
    origin["value_column"] = person.ask(getattr(SAID["value_column"], interview.lang), None)
    if not origin["value_column"]:
        for column in ("numerator_column", "denominator_column"):
            while not origin.get(column):
                origin[column] = person.ask(getattr(SAID[column], interview.lang), None)


def _complete_derived(interview: "Interview", origin: dict[str, Any]) -> None:
    person = interview.person
    if (origin.get("numerator") and origin.get("denominator")) or len(origin.get("parts", ())) > 1:
        return
    if person is None:
        raise _missing("--numerator --denominator --per", "| --part … --part … --combine sum|mean")
    made = _one_of(interview, "made", ("ratio", "sum", "mean"))
    if made == "ratio":
        for name in ("numerator", "denominator"):
            origin[name] = origin.get(name) or _ask_measure(interview, SAID[name], counts=True)
        origin["per"] = origin.get("per") or person.ask(getattr(SAID["per"], interview.lang), "1000")
        return
    origin["combine"] = made
    parts = list(origin.get("parts", ()))
    while len(parts) < 2 or parts[-1]:
        parts.append(_ask_measure(interview, SAID["part"], may_be_empty=len(parts) > 1))
    origin["parts"] = parts[:-1]


def _one_of(interview: "Interview", what: str, options: Sequence[str]) -> str:
    for number, option in enumerate(options, 1):
        interview.person.say(f"  {number:>2}  {option}  ({getattr(OPTIONS[option], interview.lang)})")
    while True:
        answer = interview.person.ask(getattr(SAID[what], interview.lang), options[0])
        answer = options[int(answer) - 1] if answer.isdigit() and 1 <= int(answer) <= len(options) else answer
        if answer in options:
            return answer


def _ask_measure(interview: "Interview", words: Words, *, may_be_empty: bool = False, counts: bool = False) -> str:
    """A measure by its name; other words search among the catalogue's, or its ``counts``, no word shows the first, and a number chooses of these."""
    person, lang = interview.person, interview.lang
    measures = {m.measure_id: m for m in interview.desk.catalogue.measures.values() if not m.derived and (not counts or m.value_type == "count")}
    entries = [Entry(m.measure_id, m.name_sv, m.measure_id.replace("_", " ")) for m in measures.values()]
    index = Index(entries)
    found: list[Entry] = []
    while True:
        answer = person.ask(getattr(SAID["pick"] if found else words, lang), "1" if found else None)
        if answer in measures or (may_be_empty and not answer):
            return answer
        if answer.isdigit() and 1 <= int(answer) <= len(found):
            return found[int(answer) - 1].code
        found = index.find(answer) if answer else entries[:SHOWN]
        for number, entry in enumerate(found, 1):
            person.say(f"  {number:>2}  {entry.code}  {entry.title}  ({measures[entry.code].unit})")
        if not found:
            person.say(getattr(SAID["nothing"], lang))


def makable(catalogue: Catalogue) -> list[Source]:
    """The sources of which a measure can be made here, those with most measures first. A national file is no template that people fill in."""
    measures = {source_id: catalogue.measures_of(source_id) for source_id in catalogue.sources}
    sources = [s for s in catalogue.sources.values() if s.kind in MAKABLE]
    sources = [s for s in sources if not any(m.survey_id or (m.file and m.file.layout != "table") for m in measures[s.source_id])]
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
