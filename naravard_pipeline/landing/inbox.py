"""The inbox: files that people drop are checked, taken in or refused whole, and answered with a file beside them.

``$NARAVARD_HOME/inbox/`` is what a sender sees: a file in it is new or refused, an accepted one has gone to ``mottagna/``. A file with personal
identity numbers is deleted at once; no part of it, not even a name that holds such a number, is kept, shown or logged.
Belongs here: the folder. Does not: what makes a file right (``file_check``), where its figures go (``file_history``), the words (``file_answer``).
"""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.connectors.files import FileContent, read_content, readable_name
from naravard_pipeline.connectors.grid import FileRefused
from naravard_pipeline.landing.atomic import LandingError, replace_file
from naravard_pipeline.landing.file_answer import build_answer, build_removal_answer, swedish_time
from naravard_pipeline.landing.file_check import FileCheck, check_content, check_file, refused
from naravard_pipeline.landing.file_history import OBSERVATIONS_SCHEMA, Received, land_file
from naravard_pipeline.landing.register_files import land_register
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import Settings

__all__ = ["ACCEPTED_FOLDER", "OBSERVATIONS_SCHEMA", "InboxAnswer", "check_file", "list_files", "take_in"]

ACCEPTED_FOLDER = "mottagna"
ANSWER_SUFFIX = ".svar.txt"
SETTLED_SECONDS = 2.0  # a file changed later than this may still be being written

_UNFINISHED_SUFFIXES = (".part", ".partial", ".tmp", ".crdownload", ".download")
_UNFINISHED_PREFIXES = (".", "~$", "~")  # hidden; Excel's mark that somebody has the file open
_LEFT_BY_SYSTEMS = ("thumbs.db", "desktop.ini")

InboxState = Literal["accepted", "known", "refused", "still_refused", "removed", "waiting"]


@dataclass(frozen=True)
class InboxAnswer:
    """What became of one file. ``known``: accepted before, the same bytes. ``still_refused``: answered before, nothing has changed.

    ``removed``: it held personal identity numbers; ``file_name`` is then without them. ``waiting``: still being written, looked at next time.
    """

    file_name: str
    state: InboxState
    text_sv: str = ""
    measure_id: str | None = None
    landed: Landed | None = None
    answer_path: Path | None = None


def list_files(inbox: Path) -> list[Path]:
    """What lies in the inbox to be looked at, oldest first, so that what was sent last counts last. Cheap: no file is opened."""
    if not inbox.is_dir():
        return []

    def age(path: Path) -> tuple[float, str]:
        try:
            return path.lstat().st_mtime, path.name
        except FileNotFoundError:  # its sender took it back just now
            return 0.0, path.name

    return sorted((path for path in inbox.iterdir() if _is_dropped(path)), key=age)


def list_unanswered(inbox: Path) -> list[Path]:
    """Those of ``list_files`` that have no answer yet, or have been changed since."""

    def is_answered(path: Path) -> bool:
        answer = _answer_path(path)
        return answer.exists() and answer.stat().st_mtime >= path.lstat().st_mtime

    return [path for path in list_files(inbox) if not is_answered(path)]


def _is_dropped(path: Path) -> bool:
    name = path.name.lower()
    if name.endswith((ANSWER_SUFFIX, *_UNFINISHED_SUFFIXES)) or name.startswith(_UNFINISHED_PREFIXES) or name in _LEFT_BY_SYSTEMS:
        return False
    return path.is_symlink() or (path.exists() and not path.is_dir())


def take_in(settings: Settings, catalogue: Catalogue, landing: Landing) -> list[InboxAnswer]:
    """Take in all that lies in the inbox; one answer per file. Never raises for what is in a file, but ``LandingError`` where the disk refuses.

    Safe to kill anywhere: the file leaves the inbox when all else is written, and taking it in once more changes nothing.
    """
    return list(_take_in(settings.inbox, catalogue, landing))


def _take_in(inbox: Path, catalogue: Catalogue, landing: Landing) -> Iterator[InboxAnswer]:
    for path in list_files(inbox):
        try:
            before = path.lstat()
            if abs(time.time() - before.st_mtime) < SETTLED_SECONDS:  # also shortly ahead: a share's clock may differ
                yield InboxAnswer(refused(readable_name(path), FileRefused("not_a_file", ""), catalogue).file_name, "waiting")
                continue
            content = read_content(path)
            check = check_content(content, catalogue)
        except FileNotFoundError:
            continue  # its sender took it back
        except FileRefused as refusal:
            if not os.path.lexists(path):
                continue
            check = refused(readable_name(path), refusal, catalogue)
        if check.has_personal_numbers:
            yield _remove(path, check)
        elif not check.accepted:
            yield _refuse(path, check, catalogue)
        else:
            yield _accept(path, before, content, check, catalogue, landing)


def _accept(path: Path, before: os.stat_result, content: FileContent, check: FileCheck, catalogue: Catalogue, landing: Landing) -> InboxAnswer:
    received = _land(content, check, catalogue, landing, datetime.now(UTC))
    target = _accepted_path(path, content)
    text = build_answer(check, catalogue.areas, received_at=received.received_at, is_known=received.is_known)
    answer_path = _write_answer(target, text)  # before the move: a run killed in between leaves no file without its answer
    try:
        now = path.lstat()
        if (now.st_mtime_ns, now.st_size) == (before.st_mtime_ns, before.st_size):  # else a newer one came meanwhile: it is next
            os.replace(path, target)
            _answer_path(path).unlink(missing_ok=True)  # of an earlier, refused attempt
    except FileNotFoundError:
        pass  # its sender took it back after it was read; what it said is kept
    except OSError as error:
        raise LandingError(
            f"{path.name}: taken in, but could not be moved to {target.parent} ({error.strerror}). Check permissions there."
        ) from error
    measure_id = check.measure.measure_id if check.measure else None
    return InboxAnswer(check.file_name, "known" if received.is_known else "accepted", text, measure_id, received.landed, answer_path)


def _land(content: FileContent, check: FileCheck, catalogue: Catalogue, landing: Landing, now: datetime) -> Received:
    """A measure's figures, those of each measure of a survey, or the register. Killed in between, it is done again from the start."""
    if check.register:
        return Received(None, now, not land_register(landing, content, check.register))
    figures = check.figures if check.survey else [(check.measure, check.rows)]
    landed = [land_file(landing, m, catalogue.sources[m.source_id].attribution, content, rows, now) for m, rows in figures]
    return landed[0]._replace(received_at=min(r.received_at for r in landed), is_known=all(r.is_known for r in landed))


def _accepted_path(path: Path, content: FileContent) -> Path:
    """Its own name, or with the hash where another file of that name was accepted before."""
    target = path.parent / ACCEPTED_FOLDER / path.name
    if not target.exists() or target.read_bytes() == content.data:
        return target
    return target.with_name(f"{_shortened(target.stem)}-{content.sha256[:8]}{content.suffix}")


def find_accepted(inbox: Path, file_name: str, sha256: str) -> list[Path]:
    """An accepted file and the answer beside it, by the name it came with and its content; what is there of them."""
    name = Path(file_name).name
    own = inbox / ACCEPTED_FOLDER / name
    named = [own, *(own.with_name(f"{_shortened(own.stem)}-{sha256[:8]}{suffix}") for suffix in (".xlsx", ".csv"))]
    found = [path for path in named if name and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256]
    return [there for path in found for there in (_answer_path(path), path) if there.exists()]


def _refuse(path: Path, check: FileCheck, catalogue: Catalogue) -> InboxAnswer:
    text = build_answer(check, catalogue.areas)
    # The hash makes a new answer of the same words for a file that was changed and is still wrong.
    text += f"\r\nFilens kontrollsumma: {check.sha256}\r\n" if check.sha256 else ""
    measure_id = check.measure.measure_id if check.measure else None
    answer_path = _answer_path(path)
    if answer_path.exists() and answer_path.read_bytes() == _encoded(text):
        return InboxAnswer(check.file_name, "still_refused", text, measure_id, answer_path=answer_path)
    return InboxAnswer(check.file_name, "refused", text, measure_id, answer_path=_write_answer(path, text))


def _remove(path: Path, check: FileCheck) -> InboxAnswer:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        # Without its name: it may be the name that must not be shown.
        raise LandingError(
            f"A file in {path.parent} holds personal identity numbers and could not be deleted ({error.strerror}). Delete it by hand, at once."
        ) from None
    text = build_removal_answer(check)
    named = path if "filnamnet" not in check.places_sv else path.with_name(f"borttagen fil {swedish_time(datetime.now(UTC)).replace(':', '.')}")
    return InboxAnswer(check.file_name, "removed", text, answer_path=_write_answer(named, text))


def _write_answer(path: Path, text: str) -> Path:
    replace_file(_answer_path(path), _encoded(text))
    return _answer_path(path)


def _answer_path(path: Path) -> Path:
    return path.with_name(_shortened(path.name) + ANSWER_SUFFIX)


def _shortened(name: str) -> str:
    """So short that an ending fits: file systems allow names of 255 bytes."""
    return os.fsdecode(os.fsencode(name)[:180])


def _encoded(text: str) -> bytes:
    return text.encode("utf-8-sig", "replace")  # with a mark, so that every editor shows å, ä and ö
