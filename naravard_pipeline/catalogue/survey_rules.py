"""What must hold within a survey's file.

Here: rules that one field's type cannot state. Not here: the fields (surveys), what a file of answers may say (connectors).
"""

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from pathlib import Path

from naravard_pipeline.catalogue.files import Where
from naravard_pipeline.catalogue.problems import Words, said
from naravard_pipeline.catalogue.rules import Report, report_unknown
from naravard_pipeline.catalogue.surveys import Survey


def check_survey(survey: Survey, path: Path, area_codes: Collection[str] | None, report: Report) -> bool:
    """Names that are told apart, waves in different months and in order, areas that exist. False where the measures cannot be made."""
    told: list[str] = []

    def tell(where: Where, code: str, **values: object) -> None:
        told.append(code)
        report(path, where, code, **values)

    for i, code in enumerate(survey.areas):
        if area_codes is not None and code not in area_codes:
            report_unknown(path, ("areas", i), Words("area", "område"), code, area_codes, lambda at, where, said, **v: tell(where, said, **v))
    _check_twice(tell, "waves", [(w.wave_id, w.name_sv) for w in survey.waves], ("wave_id", "name_sv"))
    _check_twice(tell, "questions", [(q.question_id, q.text_sv, q.measure) for q in survey.questions], ("question_id", "text_sv", "measure"))
    for n, question in enumerate(survey.questions):
        names = [(a.alternative_id, a.name_sv) for a in question.alternatives]
        _check_twice(tell, "alternatives", names, ("alternative_id", "name_sv"), ("questions", n))
    for i, (earlier, later) in enumerate(pairwise(survey.waves), start=1):
        if (later.date.year, later.date.month) <= (earlier.date.year, earlier.date.month):
            month = f"{earlier.date:%Y-%m}"
            wanted = Words(f"a date after the month of the wave before it ({month})", f"ett datum efter månaden för mättillfället före ({month})")
            tell(("waves", i, "date"), "wrong", found=said(later.date), wanted=wanted)
    return not told


def _check_twice(
    tell: Callable[..., None], field: str, entries: Sequence[tuple[str, ...]], names: tuple[str, ...], within: tuple[str | int, ...] = ()
) -> None:
    """No two entries are alike in any of their names, however they are spelled: a file could not tell them apart."""
    for part, name in enumerate(names):
        seen: dict[str, int] = {}
        for i, entry in enumerate(entries):
            first = seen.setdefault("".join(c for c in entry[part].casefold() if c.isalnum()), i)
            if first != i:
                other = f"{field}[{first}].{name}"
                remedy = Words("give each a name of its own", "ge var och en ett eget namn")
                tell((*within, field, i, name), "twice", found=said(entry[part]), other=other, remedy=remedy)
