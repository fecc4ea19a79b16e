"""``python tests/crash/scenarios.py NAME``: what happens to publications in one particular plight, told as JSON for the tests to judge.

Here: plights that need the shim, or children forked from a process without threads. Not here: points by the hundred (prove).
"""

import errno
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from crash.shim import SWITCHING, Blow, Call, Shim, start_with_shim  # noqa: E402 - a script has to find its own package first

NOBODY = 65534
YEAR = 365 * 24 * 3600
FROZEN = 2_000_000_000  # a second of 2033, after all that are published before it

Facts = dict[str, Any]


def killed_around_the_switch(shim: Shim, home: Path) -> Facts:
    """Killed before each call that changes a name; every time the next run begins within the same second."""
    proof = _proof(shim, home)
    facts: Facts = {"calls": [], "problems": [], "runs": [], "orphans": []}
    for i, call in enumerate(proof.publish_next(), 1):
        if call.name in SWITCHING:
            shim.set_clock(frozen=FROZEN + 10 * i)
            trial = proof.strike(Blow.KILL, i)
            facts["calls"].append(call.name)
            facts["problems"] += trial.problems
            facts["runs"].append(trial.runs)
            facts["orphans"] += trial.orphans
    return facts


def disk_breaks_after_the_switch(shim: Shim, home: Path) -> Facts:
    """The rename of ``current`` is done, the last sync fails."""
    proof = _proof(shim, home)
    calls = proof.publish_next()
    at = max(i for i, call in enumerate(calls, 1) if call.name.startswith("rename") and call.path == "/published/current") + 1
    trial = proof.strike(Blow.FAIL_ONCE, at, errno.EIO)
    return {"blow": trial.blow, "refusal": trial.refusal, "problems": trial.problems}


def disk_turns_read_only(shim: Shim, home: Path) -> Facts:
    """As Linux does to a file system after an error of the disk: from then on nothing can be written, cut or removed."""
    proof = _proof(shim, home)
    calls = proof.publish_next()
    at = next(i for i, call in enumerate(calls, 1) if call.name.startswith("pwrite")) + 40
    trial = proof.strike(Blow.FAIL_ON, at, errno.EROFS)
    return {"refusal": trial.refusal, "problems": trial.problems}


def power_cut(shim: Shim, home: Path) -> Facts:
    """What would not be on disk yet, had the power gone at the switch or right after it: of the first publication, and of the next."""
    from crash.harness import Proof
    from crash.numbered import warm_up
    from naravard_pipeline.settings import Settings

    warm_up()
    proof = Proof(shim, Settings(home=home))
    home.mkdir()
    first = _find_unsynced(proof.publish_next(), set())
    there = {f"/{path.relative_to(home)}" for path in home.rglob("*")}
    return {"first": first, "next": _find_unsynced(proof.publish_next(), there)}


def _find_unsynced(calls: list[Call], there: set[str]) -> list[str]:
    """By the rules of POSIX: bytes are safe after a sync of their file, names after a sync of the folder they stand in. ``there`` was safe before."""
    contents: set[str] = set()
    names: set[str] = set()
    at_switch: set[str] = set()
    for name, path, renamed in calls:
        if name.startswith("rename"):
            contents = {_moved(p, renamed, path) for p in contents}
            names = {_moved(p, renamed, path) for p in names} | {path}
            if path == "/published/current":
                at_switch = {f"bytes of {p}" for p in contents} | {f"name of {p}" for p in names - {path}}
        elif "write" in name or name.startswith("ftruncate"):
            contents.add(path)
        elif name.startswith(("mkdir", "symlink", "link", "open", "fopen")):
            names |= {path} - there
        elif name.startswith(("unlink", "remove", "rmdir")):
            contents, names = contents - {path}, names - {path}
        elif name in ("fsync", "fdatasync"):
            contents.discard(path)
            names -= {p for p in names if str(PurePosixPath(p).parent) == (path or "/")}
    unsynced = at_switch | {f"bytes of {p}" for p in contents} | {f"name of {p}" for p in names}
    return sorted(text for text in unsynced if "/." not in text)  # locks need not outlive anything


def _moved(path: str, old: str, new: str) -> str:
    return new + path[len(old) :] if path == old or path.startswith(old + "/") else path


def two_publish(shim: Shim, home: Path, rounds: int = 8) -> Facts:
    """Two processes publish the same build, one a moment after the other; in every round a new one."""
    from crash.harness import in_child, publish_in_child
    from crash.numbered import NumberedBench

    proof = _proof(shim, home)
    chance, outcomes, problems = random.Random(1), {}, []
    for _ in range(rounds):
        proof.number += 1
        in_child(lambda: NumberedBench(proof.settings).make(proof.number))
        delays = [0.0, chance.uniform(0, 0.25)]
        said = _at_once([lambda d=d: (time.sleep(d), publish_in_child(NumberedBench(proof.settings), lambda: None))[1] for d in delays])
        words = sorted("refused" if s.get("refusal") else "published" if s.get("is_new") else "nothing new" for s in said)
        outcomes[" and ".join(words)] = outcomes.get(" and ".join(words), 0) + 1
        looked = in_child(proof._look)
        problems += [*looked.value["problems"], *looked.value["left_overs"]]
        problems += [f"{s}" for s in said if s.get("refusal") and "Another process is publishing" not in s["refusal"]]
        if looked.value["build"] != proof.number:
            problems.append(f"current shows build {looked.value['build']}, not {proof.number}")
    return {"outcomes": outcomes, "problems": problems, "releases": len(looked.value["listed"])}


def lock_removed(shim: Shim, home: Path) -> Facts:
    """Somebody clears away lock files while a publication is on, and a second one starts before the first goes on."""
    from crash.harness import in_child, publish_in_child
    from crash.numbered import TABLES, NumberedBench
    from naravard_pipeline.publication.release import publish

    proof = _proof(shim, home)
    proof.number += 1
    in_child(lambda: NumberedBench(proof.settings).make(proof.number))
    halfway, go_on = os.pipe(), os.pipe()

    class Waits(NumberedBench):
        def publish(self):
            def wait(text: str) -> None:
                if not waited:
                    waited.append(text)
                    for lock in [*self.settings.home.rglob("*.lock"), *self.settings.home.rglob(".lock")]:
                        lock.unlink(missing_ok=True)
                    os.write(halfway[1], b"x")
                    os.read(go_on[0], 1)

            waited: list[str] = []
            return publish(self.settings, TABLES, wait)

    def second() -> Any:
        os.read(halfway[0], 1)
        try:
            return publish_in_child(NumberedBench(proof.settings), lambda: None)
        finally:
            os.write(go_on[1], b"x")

    said = _at_once([lambda: publish_in_child(Waits(proof.settings), lambda: None), second])
    looked = in_child(proof._look)
    return {"first": said[0], "second": said[1], "problems": looked.value["problems"] + looked.value["left_overs"], "build": looked.value["build"]}


def clock_moves(shim: Shim, home: Path) -> Facts:
    """A publication now, one a year earlier by the clock, one now, one a year later, two in one second, and one years before those."""
    from crash.harness import in_child
    from naravard_pipeline.publication.folders import list_releases

    proof, order = _proof(shim, home), []
    for offset, frozen in ((0, 0), (-YEAR, 0), (0, 0), (YEAR, 0), (0, 0), (0, FROZEN), (0, FROZEN), (0, 0)):
        shim.set_clock(offset, frozen)
        proof.number += 1
        ended = in_child(proof._publish, proof.number, Blow.COUNT, 0, 0)
        order.append((ended.value or {}).get("release_id") or str(ended))
    listed = in_child(lambda: [p.name for p in list_releases(proof.settings)]).value
    looked = in_child(proof._look).value
    return {"order": order, "listed": listed[-len(order) :], "current": looked["release"], "build": looked["build"], "expected": proof.number}


def home_is_read_only(shim: Shim, home: Path) -> Facts:
    """Somebody without the right to write there publishes; as root, the child becomes nobody."""
    from crash.harness import in_child, publish_in_child
    from crash.numbered import NumberedBench

    proof = _proof(shim, home)
    for path in (home, *home.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(0o755)
    in_child(lambda: NumberedBench(proof.settings).make(proof.number + 1))

    def as_nobody() -> Any:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        else:
            for folder in [home / "published", home / "published" / "releases"]:
                folder.chmod(0o555)
        return publish_in_child(NumberedBench(proof.settings), lambda: None)

    ended = in_child(as_nobody)
    for folder in (home / "published", home / "published" / "releases"):
        folder.chmod(0o755)
    after = in_child(proof._look).value
    proof.number += 1
    repaired = in_child(proof._look_and_repair).value["repaired"]
    return {"said": ended.value or str(ended), "after": after, "repaired": repaired}


def small_disk(shim: Shim, home: Path) -> Facts:
    """Publications on a file system of its own until it is full; then it grows, and the next one goes out. ``home`` is where it is mounted."""
    from crash.harness import in_child
    from crash.numbered import NumberedBench

    proof, refusals, problems = _proof(shim, home), [], []
    for _ in range(40):
        proof.number += 1
        ended = in_child(proof._publish, proof.number, Blow.COUNT, 0, 0)
        if ended.value is None and "No space left" not in (ended.error or "") and "could not be written" not in (ended.error or ""):
            problems.append(f"ended by itself: {ended}")
        refusal = ended.value["refusal"] if ended.value else "the build found no room"
        looked = in_child(proof._look).value
        problems += looked["problems"]
        if not refusal:
            continue
        refusals.append(refusal)
        if looked["build"] >= proof.number or (ended.value and not ended.value["is_understood"]):
            problems.append(f"build {looked['build']} after: {refusal}")
        if len(refusals) >= 3:
            break
    if os.system(f"mount -o remount,size=64m {home}"):
        problems.append("the file system could not be made larger")
    in_child(lambda: NumberedBench(proof.settings).make(proof.number))
    repaired = in_child(proof._look_and_repair).value["repaired"]
    problems += repaired["problems"] + repaired["left_overs"]
    return {"refusals": refusals, "problems": problems, "build": repaired["build"], "expected": proof.number}


SCENARIOS: dict[str, Callable[[Shim, Path], Facts]] = {
    f.__name__: f
    for f in (
        killed_around_the_switch,
        disk_breaks_after_the_switch,
        disk_turns_read_only,
        power_cut,
        two_publish,
        lock_removed,
        clock_moves,
        home_is_read_only,
        small_disk,
    )
}


def _proof(shim: Shim, home: Path):
    """A home with one release in it."""
    from crash.harness import Proof
    from crash.numbered import warm_up
    from naravard_pipeline.settings import Settings

    warm_up()
    proof = Proof(shim, Settings(home=home))
    proof.publish_next()
    return proof


def _at_once(functions: list[Callable[[], Any]]) -> list[Facts]:
    """Each in a child of its own, at the same time; what each of them said."""
    running = []
    for function in functions:
        answer, own = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                said = function()
            except BaseException as error:
                said = {"refusal": f"{type(error).__name__}: {error}", "is_understood": False}
            os.write(own, json.dumps(said).encode())
            os._exit(0)
        os.close(own)
        running.append((pid, answer))
    answers = []
    for pid, answer in running:
        with os.fdopen(answer) as said:
            text = said.read()
        _, status = os.waitpid(pid, 0)
        answers.append(json.loads(text) if text else {"refusal": f"ended with status {status}", "is_understood": False})
    return answers


def main() -> int:
    shim = start_with_shim()
    shim.skip_syncs()
    name, *where = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="naravard-crash-") as folder:
        print(json.dumps(SCENARIOS[name](shim, Path(where[0]) if where else Path(folder) / "home"), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
