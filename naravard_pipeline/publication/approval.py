"""What a person decides about a candidate: which measures wait for it, and the decisions, each bound to the exact rows it was taken on.

Here: waiting, approving, accepting a shrunken answer, what words a decision may have. Not here: what makes a measure wait (review), the log
(decisions), a correction notice (correction), going back to an earlier release (rollback).
"""

import contextlib
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from naravard_pipeline.landing.atomic import replace_file
from naravard_pipeline.landing.personal_numbers import has_personal_number
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.content import content_hashes
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.decisions import ROLES, Standing, append, next_entry
from naravard_pipeline.publication.findings import Finding
from naravard_pipeline.publication.folders import only_one
from naravard_pipeline.publication.gate import Hold
from naravard_pipeline.publication.notices import tell_notices
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.publication.taken_back import Again
from naravard_pipeline.settings import Settings

FOR_READERS_SV = {
    "revision": "redan publicerade uppgifter har räknats om",
    "level_shift": "nivån har flyttat sig",
    "missing_areas": "områden som brukar ha värde saknas",
    "withdrawn": "en stor del av de publicerade uppgifterna har inte längre något värde",
    "shown": "uppgifter som har varit dolda skulle visas",
    "definition": "vad måttet betyder har ändrats",
    "tolerance": "gränserna för vad som publiceras utan granskning har vidgats",
    "incomparable": "uppgifterna kan inte jämföras en för en med dem som har varit publicerade",
    "always": "måttet granskas alltid innan det publiceras",
}
LONGEST = 1000  # characters of a reason


class DecisionError(ValueError):
    """A decision that cannot be taken as it was put; the message says why and what to do. Nothing has been written."""


@dataclass(frozen=True)
class Waiting:
    """A measure of the candidate that a person must look at. ``content_hash`` covers all its rows."""

    measure_id: str
    content_hash: str
    findings: Sequence[Finding]

    @property
    def hold(self) -> Hold:
        """``reason_sv`` is for readers: it tells what kind of change waits and not one figure of it."""
        told = " ".join(f.sentence_en for f in self.findings)
        told_sv = "; ".join(f.sentence_sv.rstrip(".") if f.kind == "taken_back" else FOR_READERS_SV[f.kind] for f in self.findings)
        return Hold(self.measure_id, "review", f"waits for a person: {told}", f"Väntar på granskning: {told_sv}.")


def find_waiting(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    standing: Standing,
    findings: Mapping[str, Sequence[Finding]],
    again: Mapping[str, Again],
) -> dict[str, Waiting]:
    """Measures of the attached ``candidate`` that may not go out unseen: something was found in them, or they bring figures ``again`` that were taken
    back; and nobody has approved exactly these rows."""
    measures = {m for m, found in findings.items() if found} | set(again)
    if not measures:
        return {}
    contents = content_hashes(connection, "candidate", tables, measures)
    waiting = {}
    for measure_id in sorted(measures):
        found = list(findings.get(measure_id, ()))
        if back := again.get(measure_id):
            told_sv = f"{back.cells} {'uppgift' if back.cells == 1 else 'uppgifter'} har återtagits förut: {back.reason_sv}"
            told_en = f"{back.cells} {'figure was' if back.cells == 1 else 'figures were'} taken back before: {back.reason_sv}"
            found.insert(0, Finding("taken_back", told_sv, told_en, back.cells))
        if found and contents[measure_id] not in standing.approved.get(measure_id, ()):
            waiting[measure_id] = Waiting(measure_id, contents[measure_id], found)
    return waiting


def candidate_id(waiting: Mapping[str, Waiting]) -> str | None:
    """The name of what waits: ``k`` and eight hex digits over the measures and their content; None where nothing waits."""
    if not waiting:
        return None
    return "k" + hashlib.sha256("\n".join(f"{m} {w.content_hash}" for m, w in sorted(waiting.items())).encode()).hexdigest()[:8]


def approval_command(waiting: Mapping[str, Waiting]) -> str | None:
    """What lets a waiting measure out, with ``{measure_id}`` to fill in; None where nothing waits."""
    decided = candidate_id(waiting)
    return decided and f'naravard release approve {decided} --measure {{measure_id}} --by "NAMN" --reason "SKÄL"'


def write_review(settings: Settings, waiting: Mapping[str, Waiting], changes: Mapping[str, Any], page: str) -> None:
    """``review/changes.json`` and ``review/changes.html``: what waits, for those who decide. Internal: it shows figures that are not published."""
    content = {"candidate_id": candidate_id(waiting), "waiting": {m: asdict(w) for m, w in waiting.items()}, "changes": changes}
    replace_file(settings.review / "changes.html", page.encode())
    replace_file(settings.review / "changes.json", json.dumps(content, ensure_ascii=False, indent=2, default=str).encode() + b"\n")


def read_review(settings: Settings) -> dict[str, Any] | None:
    """The last written; None before the first, or where it cannot be read (the next publication writes it anew)."""
    try:
        content = json.loads((settings.review / "changes.json").read_bytes())
    except (OSError, ValueError):
        return None
    is_whole = isinstance(content, dict) and isinstance(content.get("waiting"), dict) and isinstance(content.get("changes"), dict)
    return content if is_whole and "candidate_id" in content else None


def forget_review(settings: Settings) -> None:
    """What was shown was held against a release that is current no more: nothing can be approved by it. The next run writes it anew."""
    for name in ("changes.json", "changes.html"):
        (settings.review / name).unlink(missing_ok=True)


def approve(settings: Settings, tables: Sequence[Table], decided: str, measure_id: str | None, name: str, role: str, reason: str) -> list[str]:
    """Approve what waits under the id ``decided``: one measure of it, or all. Returns the measures.

    Raises ``DecisionError`` where that is not what the warehouse holds now: an approval counts for the very rows that were looked at.
    """
    check_words(name, role, reason)
    with only_one(settings):
        review = read_review(settings)
        if review is None or review["candidate_id"] != decided:
            latest = review and review["candidate_id"]
            raise DecisionError(
                f"Nothing waits under {decided}. "
                + (f"What waits now is {latest}: look at it (naravard release diff)." if latest else "Nothing waits.")
            )
        waiting = review["waiting"]
        if measure_id is not None and measure_id not in waiting:
            raise DecisionError(f"{measure_id or repr(measure_id)} does not wait in {decided}; waiting are: {', '.join(waiting)}.")
        wanted = list(waiting) if measure_id is None else [measure_id]
        with _open_warehouse(settings) as connection:
            now = content_hashes(connection, "candidate", tables, wanted)
        changed = [m for m in wanted if now[m] != waiting[m]["content_hash"]]
        if changed:
            raise DecisionError(
                f"The figures have changed since {decided} was shown ({', '.join(changed)}), so an approval would be of something else. "
                "Run again (naravard run), look at the new report, approve that."
            )
        entries = repair(settings)
        for m in wanted:
            values = {"measure_id": m, "content_hash": now[m], "details": {"candidate": decided}}
            entries = append(settings, entries, next_entry(entries, "approved", role=role, reason_sv=reason, name=name, **values))
        tell_notices(settings, entries)
    return wanted


def accept_answer(settings: Settings, snapshot_id: str, measure_id: str | None, name: str, role: str, reason: str) -> list[str]:
    """Let a source's answer in although it has shrunk; it is landed when it comes again. Returns the measure."""
    check_words(name, role, reason)
    landing = Landing(settings.landing)
    refused = [s for s in landing.read_states() if s.refused_snapshot_id == snapshot_id and measure_id in (None, s.measure_id)]
    if not refused:
        raise DecisionError(f"No answer {snapshot_id} has been refused{f' for {measure_id}' if measure_id else ''}. See naravard status.")
    with only_one(settings):
        entries = repair(settings)
        for state in refused:
            values = {"measure_id": state.measure_id, "content_hash": snapshot_id}
            entries = append(settings, entries, next_entry(entries, "answer_accepted", role=role, reason_sv=reason, name=name, **values))
            landing.accept_shrunken(state.source_id, state.measure_id, snapshot_id)
        tell_notices(settings, entries)
    return [state.measure_id for state in refused]


def check_words(name: str, role: str, reason: str) -> None:
    """The name stays inside, the reason is published: a name or a personal number must not slip from one into the other."""
    if not name.strip() or not reason.strip():
        raise DecisionError("A decision needs a name (--by, stays inside) and a reason (--reason, is published).")
    if role not in ROLES:
        raise DecisionError(f"--role: {role!r} is none of {', '.join(ROLES)}.")
    for word, text in (("--by", name), ("reason", reason)):
        if odd := [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]:
            raise DecisionError(f"The {word} holds a character that cannot be shown ({odd[0]!r}). Is the terminal set to UTF-8? Write it anew.")
    if len(reason) > LONGEST:
        raise DecisionError(f"The reason is {len(reason):,} characters long and is shown beside figures; {LONGEST:,} are the most.")
    name, reason = _plain(name), _plain(reason)
    if has_personal_number(reason):
        raise DecisionError("The reason holds a personal identity number, and the reason is published. Write it without.")
    if told := _find_names(name, reason):
        raise DecisionError(f"The reason is published, and names stay inside. Write it without {' and '.join(told)}.")


def _plain(text: str) -> str:
    """As it is read: one form of each letter, and nothing that cannot be seen between them."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


def _find_names(name: str, text: str) -> list[str]:
    """Parts of the name that the text holds, with or without a genitive s. Two letters are a word as well («bo», «ek»): they are a name with a
    capital, or where the whole name stands; a single letter, or a particle («af», «de»), is none by itself."""
    words = re.findall(r"\w+", text)
    as_written, lower = set(words), {word.casefold() for word in words}
    parts = re.findall(r"\w+", name)
    short = [p for p in parts if len(p) == 2 and (p[0].isupper() or name == name.casefold())]
    told = [p for p in parts if len(p) > 2 and {p.casefold(), f"{p.casefold()}s"} & lower]
    told += [p for p in short if {p.capitalize(), f"{p.capitalize()}s", p.upper()} & as_written]
    whole = rf"\b{re.escape(' '.join(parts).casefold())}s?\b"
    return told or ([name] if parts and re.search(whole, " ".join(words).casefold()) else [])


@contextlib.contextmanager
def _open_warehouse(settings: Settings):
    if not settings.database.exists():
        raise DecisionError("There is no build to approve. Run: naravard run")
    with duckdb.connect() as connection:
        try:
            attach(connection, settings.database, "candidate")
        except duckdb.Error as error:
            raise _unreadable(settings, error) from error
        try:
            yield connection
        except duckdb.Error as error:
            raise _unreadable(settings, error) from error


def _unreadable(settings: Settings, error: duckdb.Error) -> DecisionError:
    said = str(error).splitlines()[0]
    if isinstance(error, duckdb.IOException) and "set lock" in said:
        return DecisionError("A run is writing the warehouse just now. Wait for it, look at its report, then approve.")
    return DecisionError(f"{settings.database} cannot be read ({said}). Build it anew (naravard run), look at the report, then approve.")
