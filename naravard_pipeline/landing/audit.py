"""What changed in the sources' own catalogues, and what of it concerns our measures.

Belongs here: the comparison of two catalogues and what each difference asks somebody to do. Does not: fetching and keeping catalogues
(``catalogues``), likeness of titles (``successors``), how it is shown (``cli``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.successors import RETIRED, Successor, Successors, retired_year

Kind = Literal["gone", "retired", "retitled", "published", "late", "new"]
Entry = Mapping[str, Any]  # a key figure: `id` and `title`, and where known the other columns of ``catalogues.CATALOGUE_SCHEMA``


@dataclass(frozen=True)
class CatalogueChange:
    """``retitled`` pairs the old and the new entry of those whose titles differ in any character; each list is in the order of its catalogue."""

    gone: Sequence[Entry]
    new: Sequence[Entry]
    retitled: Sequence[tuple[Entry, Entry]]


@dataclass(frozen=True)
class Finding:
    """One thing that is different at the source.

    gone: the key figure is not in the catalogue (any more) · retired: its title names a last year · retitled: another title, beyond spaces and
    such a year · published: figures newer than ours have come out · late: they were to have, by the day of the audit · new: a key figure that was
    not there. ``is_settled``: our catalogue already says so. ``measure_ids`` is empty for key figures that no measure uses.
    """

    kind: Kind
    code: str
    title: str
    detail: str
    measure_ids: Sequence[str] = ()
    successor: Successor | None = None
    is_settled: bool = False


@dataclass(frozen=True)
class Audit:
    """``ours`` concerns measures of our catalogue; ``others`` the rest of the source. ``compared_with`` names the earlier catalogue."""

    as_of: date
    compared_with: str
    key_figures: int
    change: CatalogueChange
    ours: Sequence[Finding]
    others: Sequence[Finding]

    @property
    def to_look_at(self) -> list[Finding]:
        return [finding for finding in self.ours if not finding.is_settled]

    def to_document(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "as_of": self.as_of.isoformat(),
            "compared_with": self.compared_with,
            "key_figures": self.key_figures,
            "change": {name: len(entries) for name, entries in vars(self.change).items()},
            "ours": [asdict(finding) for finding in self.ours],
            "others": [asdict(finding) for finding in self.others],
        }


def compare_catalogues(old: Sequence[Entry], new: Sequence[Entry]) -> CatalogueChange:
    """What went, what came, and what is called otherwise, by ``id``."""
    before, after = ({entry["id"]: entry for entry in entries} for entries in (old, new))
    return CatalogueChange(
        [entry for entry in old if entry["id"] not in after],
        [entry for entry in new if entry["id"] not in before],
        [(before[entry["id"]], entry) for entry in new if entry["id"] in before and entry["title"] != before[entry["id"]]["title"]],
    )


def audit_catalogue(
    measures: Iterable[Measure],
    current: Sequence[Entry],
    earlier: Sequence[Entry],
    first: Sequence[Entry],
    states: Mapping[str, Landed],
    as_of: date,
    compared_with: str = "",
) -> Audit:
    """Everything that ``current`` says of our ``measures`` and, beside ``earlier``, of the rest.

    A successor is sought among those that are not in ``first``, the oldest catalogue there is. ``states`` has the last attempt at each measure, by
    ``measure_id``.
    """
    users: dict[str, list[Measure]] = {}
    for measure in measures:
        if measure.source_code:
            users.setdefault(measure.source_code, []).append(measure)
    now, before = ({entry["id"]: entry for entry in entries} for entries in (current, earlier))
    successors = Successors(current, compare_catalogues(first, current).new)
    findings: list[Finding] = []
    for code in dict.fromkeys([*users, *before, *now]):
        findings += _look_at(code, now.get(code), before.get(code), users.get(code, ()), states, successors, as_of)
    ours, others = ([f for f in findings if bool(f.measure_ids) is is_ours] for is_ours in (True, False))
    return Audit(as_of, compared_with, len(current), compare_catalogues(earlier, current), ours, others)


def _look_at(
    code: str,
    entry: Entry | None,
    was: Entry | None,
    users: Sequence[Measure],
    states: Mapping[str, Landed],
    successors: Successors,
    as_of: date,
) -> list[Finding]:
    measure_ids = tuple(measure.measure_id for measure in users)
    is_settled = bool(users) and all(measure.status == "retired" for measure in users)
    if entry is None:
        last = was or {"id": code, "title": next((states[m].metadata.get("title") for m in measure_ids if m in states), None)}
        detail = "withdrawn" if was else "not in the source's catalogue"
        return [Finding("gone", code, last["title"] or "", detail, measure_ids, successors.propose(last), is_settled)]
    title, year = entry["title"] or "", retired_year(entry["title"])
    if year is not None:
        if not users and was and retired_year(was["title"]) is not None:
            return []  # not new, and nobody's
        return [Finding("retired", code, title, f"its last year is {year}", measure_ids, successors.propose(entry), is_settled)]
    findings = []
    if was is None and not users:
        findings.append(Finding("new", code, title, "was not there before"))
    if was and _plain(was["title"]) != _plain(title):
        findings.append(Finding("retitled", code, title, f"was «{was['title']}»", measure_ids))
    for measure in users:
        if measure.status != "retired" and (finding := _newer_figures(measure, states.get(measure.measure_id), entry, was, as_of)):
            findings.append(finding)
    return findings


def _newer_figures(measure: Measure, landed: Landed | None, entry: Entry, was: Entry | None, as_of: date) -> Finding | None:
    """Whether the source has, or should have, a later period than we. A key figure that never gave anything is the run's to report."""
    if landed is None or landed.newest_period is None:
        return None
    ours = landed.newest_period if landed.newest_period < 10_000 else landed.newest_period // 100  # 202511 is of 2025
    announced, announced_before = _year(entry.get("publ_period")), _year((was or {}).get("publ_period"))
    if announced_before and announced and ours < announced_before < announced:
        detail = f"{announced_before} has come out, for the source now announces {announced}; ours ends with {ours}"
        return Finding("published", entry["id"], entry["title"] or "", detail, (measure.measure_id,))
    due = entry.get("publication_date")
    if announced is None or due is None or ours >= announced or due >= as_of:
        return None
    outcome = "in vain" if landed.at.date() >= due else "before that day: run the source"
    detail = f"{announced} was to appear on {due}; ours ends with {ours} (last asked on {landed.at.date()}, {outcome})"
    return Finding("late", entry["id"], entry["title"] or "", detail, (measure.measure_id,))


def _year(period: Any) -> int | None:
    text = str(period or "")[:4]
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None


def _plain(title: str | None) -> str:
    return " ".join(RETIRED.sub(" ", title or "").split())
