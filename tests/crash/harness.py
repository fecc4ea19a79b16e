"""One trial after the other: build N is published, a blow falls at one call, and everything that was promised is asked for.

Here: children, trials, what must hold after each. Not here: calls and blows (shim), what a build holds (numbered), who reads meanwhile (readers).
"""

import faulthandler
import fcntl
import gc
import hashlib
import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from crash.numbered import NumberedBench, inspect_release
from crash.shim import Blow, Call, Shim
from naravard_pipeline.landing.atomic import LandingError
from naravard_pipeline.publication.decisions import LogError
from naravard_pipeline.publication.folders import current_release, list_releases
from naravard_pipeline.publication.gate import GateClosed
from naravard_pipeline.settings import Settings

# What `naravard run` turns into one sentence (orchestration/release.py, cli/main.py); anything else would show a traceback.
UNDERSTOOD = (GateClosed, LandingError, LogError, OSError, duckdb.Error)
HANGING = 120.0  # seconds after which a child that does not end tells where it stands, and is ended
PATIENCE = 3.0  # seconds in which the next run must have repaired everything; a database server needs a moment to notice who died


@dataclass(frozen=True)
class Ended:
    """How a child ended: by a signal, with an exception, or with a value."""

    value: Any = None
    signal: int | None = None
    error: str | None = None


@dataclass
class Trial:
    """One blow and what was found. ``blow`` is None where the publication was over before its number came."""

    number: int
    blow: Call | None
    was_killed: bool = False
    refusal: str | None = None  # the error that the publication ended with
    problems: list[str] = field(default_factory=list)
    runs: int = 1  # that the repair took
    orphans: list[str] = field(default_factory=list)  # releases that are listed and have never been current


def in_child(function: Callable[..., Any], *arguments: Any) -> Ended:
    """Call it in a child forked from this process. What it returns must be JSON. One that hangs prints its threads' stacks and ends with 1."""
    answer, own = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(answer)
        faulthandler.dump_traceback_later(HANGING, exit=True)
        try:
            said = {"value": function(*arguments)}
        except BaseException:
            said = {"error": traceback.format_exc()}
        with os.fdopen(own, "w") as out:
            json.dump(said, out)
        os._exit(0)
    os.close(own)
    with os.fdopen(answer) as out:
        text = out.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return Ended(signal=os.WTERMSIG(status))
    return Ended(**json.loads(text)) if text else Ended(error=f"The child ended with {os.waitstatus_to_exitcode(status)} and said nothing.")


def publish_in_child(bench: NumberedBench, before: Callable[[], None], after: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Publish what has been built, between ``before`` and ``after``; tells what a user would be told."""
    before()
    try:
        publication = bench.publish()
        return {"release_id": publication.release_id, "is_new": publication.is_new, "refusal": None, "is_understood": True}
    except Exception as error:
        gc.collect()  # connections that the traceback held are closed now, while the blow still falls, as they would be in the command line
        return {"refusal": f"{type(error).__name__}: {error}", "is_understood": isinstance(error, UNDERSTOOD), "release_id": None, "is_new": False}
    finally:
        after()


class Proof:
    """Trials in one home. Nothing here opens DuckDB in this process: it is forked."""

    def __init__(self, shim: Shim, settings: Settings, watch: Callable[[int], list[str]] | None = None):
        """``watch``, called in a child, tells what is wrong with a further target; its argument is the least build it may show."""
        self.shim = shim
        self.settings = settings
        self.published_ids: dict[str, str] = {}  # release that has been current → digest of its files, oldest first
        self.number = 0
        self._watch = watch
        self._with_sockets = watch is not None

    def publish_next(self) -> list[Call]:
        """A publication that nothing disturbs; returns its calls, which are the points of the next one."""
        self.number += 1
        ended = in_child(self._publish, self.number, Blow.COUNT, 0, 0)
        if ended.value is None or ended.value["refusal"]:
            raise RuntimeError(f"a publication without a fault did not come out well: {ended}")
        calls = list(self.shim.calls)
        looked = in_child(self._look)
        if looked.value is None or looked.value["problems"] or looked.value["build"] != self.number:
            raise RuntimeError(f"a publication without a fault left: {looked}")
        self.published_ids[looked.value["release"]] = looked.value["digest"]
        return calls

    def strike(self, blow: Blow, at: int, error: int = 0) -> Trial:
        """Build and publish the next number with ``blow`` at call ``at``; then look, repair, and look again."""
        self.number += 1
        ended = in_child(self._publish, self.number, blow, at, error)
        trial = Trial(self.number, self.shim.struck, ended.signal == signal.SIGKILL)
        if ended.value:
            trial.refusal = ended.value["refusal"]
            if not ended.value["is_understood"]:
                trial.problems.append(f"no user understands: {trial.refusal}")
        elif not trial.was_killed:
            trial.problems.append(f"the publication ended by itself: {ended}")
        found = in_child(self._look_and_repair)
        if found.value is None:
            trial.problems.append(f"after the blow nothing could be asked: {found}")
            return trial
        after, repaired = found.value["after"], found.value["repaired"]
        trial.runs = found.value["runs"]
        trial.problems += [f"after the blow: {p}" for p in after["problems"]]
        if after["build"] not in (self.number - 1, self.number):
            trial.problems.append(f"after the blow, current shows build {after['build']}, not {self.number - 1} or {self.number}")
        if trial.refusal and after["build"] == self.number:
            trial.problems.append(f"it said that nothing is published, and build {self.number} is: {trial.refusal}")
        if after["build"] == self.number:
            self.published_ids[after["release"]] = after["digest"]
        trial.problems += [f"after the next run: {p}" for p in repaired["problems"] + repaired["left_overs"]]
        if found.value["refusal"]:
            trial.problems.append(f"the next run said: {found.value['refusal']}")
        if repaired["build"] != self.number:
            trial.problems.append(f"after the next run, current shows build {repaired['build']}, not {self.number}")
        self.published_ids[repaired["release"]] = repaired["digest"]
        trial.orphans = [name for name in repaired["listed"] if name not in self.published_ids]
        return trial

    def find_lost(self) -> list[str]:
        """Releases that were current once and are gone, or changed. The oldest may have been pruned, where the settings say how many are kept."""
        found = in_child(lambda: {p.name: _digest(p) for p in list_releases(self.settings)})
        there = found.value or {}
        keep = getattr(self.settings, "keep_releases", None) or len(self.published_ids)
        names = list(self.published_ids)[-keep:]
        return [f"{name} {'changed' if name in there else 'is gone'}" for name in names if there.get(name) != self.published_ids[name]]

    # ---- in children

    def _publish(self, number: int, blow: Blow, at: int, error: int) -> dict[str, Any]:
        bench = NumberedBench(self.settings)
        bench.make(number)
        return publish_in_child(bench, lambda: self.shim.arm(self.settings.home, blow, at, error, with_sockets=self._with_sockets), self.shim.disarm)

    def _look_and_repair(self) -> dict[str, Any]:
        after, runs = self._look(self.number - 1), 0
        deadline = time.monotonic() + PATIENCE
        while True:
            runs += 1
            bench = NumberedBench(self.settings)
            said = publish_in_child(bench, lambda: None)
            repaired = self._look(self.number)
            if (not said["refusal"] and not repaired["problems"]) or time.monotonic() > deadline:
                return {"after": after, "repaired": repaired, "runs": runs, "refusal": said["refusal"]}
            time.sleep(0.3)

    def _look(self, least: int = 0) -> dict[str, Any]:
        current = current_release(self.settings)
        if current is None:
            return {"build": 0, "release": "", "digest": "", "problems": ["there is no current release"], "left_overs": [], "listed": []}
        build, problems = inspect_release(current)
        listed = [p.name for p in list_releases(self.settings)]
        if current.name not in listed or listed != sorted(set(listed)):
            problems.append(f"the list of releases is {listed[-5:]}, current is {current.name}")
        if self._watch:
            problems += self._watch(least)
        return {
            "build": build,
            "release": current.name,
            "digest": _digest(current),
            "problems": problems,
            "left_overs": find_left_overs(self.settings.home),
            "listed": listed,
        }


def find_left_overs(home: Path) -> list[str]:
    """What no finished run leaves: hidden files and folders with content, write-ahead logs, unfinished files; locks that somebody holds."""
    found = []
    for path in home.rglob("*"):
        if path.suffix == ".lock" or path.name == ".lock":
            with open(path) as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    found.append(f"somebody still holds {path.relative_to(home)}")
        elif path.suffix in (".wal", ".tmp") or (path.name.startswith(".") and not (path.is_dir() and not any(path.iterdir()))):
            found.append(f"{path.relative_to(home)} was left over")
    return found


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
