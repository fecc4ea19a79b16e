"""``python tests/crash/prove.py --points 200 --seed 7``: publications are killed at points spread over all their calls, while readers read.

Prints a table, or JSON. Exit code 0 where everything held. Here: which points, the table. Not here: one trial (harness).
"""

import argparse
import errno
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from crash.shim import SWITCHING, Blow, Call, Shim, start_with_shim  # noqa: E402 - a script has to find its own package first

BLOWS = {
    "kill": ((Blow.KILL, 0), (Blow.KILL_HALF, 0)),
    "full": ((Blow.FAIL_ON, errno.ENOSPC), (Blow.FAIL_ONCE, errno.ENOSPC)),
    "broken": ((Blow.FAIL_ON, errno.EIO), (Blow.FAIL_ONCE, errno.EIO)),
}


@dataclass
class Summary:
    """What came of all trials, in the order in which it is printed. ``struck``: the blow fell; ``repaired``: nothing was wrong after the next run.

    ``second_runs``: a trial took more than one; ``orphans``: releases that are listed and were never current; ``mixed``: files asked for path by path
    were of two releases, which is allowed; ``torn`` is not.
    """

    blows: str
    seed: int
    points: int = 0  # calls of one publication
    trials: int = 0
    struck: int = 0
    killed: int = 0
    refused: int = 0
    repaired: int = 0
    second_runs: int = 0
    orphans: int = 0
    lost: int = 0
    reads: int = 0
    reader_errors: int = 0
    torn: int = 0
    mixed: int = 0
    releases_seen: int = 0
    seconds: float = 0.0
    struck_calls: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def spread(calls: Sequence[Call], many: int, chance: random.Random) -> list[int]:
    """``many`` numbers of calls (from 1), one by chance from each of as many equal stretches, and every one that switches a name."""
    stretches = [(len(calls) * i // many, len(calls) * (i + 1) // many) for i in range(many)]
    chosen = {chance.randrange(a, b) + 1 for a, b in stretches if a < b}
    while len(chosen) < min(many, len(calls)):
        chosen.add(chance.randrange(len(calls)) + 1)
    return sorted(chosen | {i for i, call in enumerate(calls, 1) if call.name in SWITCHING})


def prove(shim: Shim, blows: str, many: int, seed: int, home: Path, with_postgres: bool = False, many_readers: int = 2) -> Summary:
    """Run the trials in ``home``, a folder that is not there yet."""
    from crash.harness import Proof
    from crash.numbered import warm_up
    from crash.readers import Readers
    from naravard_pipeline.settings import Settings

    start, chance, summary = time.monotonic(), random.Random(seed), Summary(blows, seed)
    settings = Settings(home=home)
    with ExitStack() as stack:
        watch, more = None, []
        if with_postgres:
            from crash.postgres import open_target

            settings, watch, more = stack.enter_context(open_target(settings))
        warm_up()
        proof = Proof(shim, settings, watch)
        proof.publish_next()  # the first differs: there is nothing to compare with, and folders are made
        calls = proof.publish_next()
        points = spread(calls, many, chance)
        summary.points = len(calls)
        with Readers(home, many_readers, more) as readers:
            for i, at in enumerate(points):
                if i % 10 == 0:
                    print(f"{i} of {len(points)} points, {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
                blow, error = BLOWS[blows][i % 2] if calls[at - 1].name not in SWITCHING else BLOWS[blows][0]
                trial = proof.strike(blow, at, error)
                where = f"trial {trial.number}, {blow.name} at {at} ({trial.blow or 'never struck'})"
                summary.trials += 1
                summary.struck += trial.blow is not None
                summary.killed += trial.was_killed
                summary.refused += trial.refusal is not None
                summary.repaired += not trial.problems
                summary.second_runs += trial.runs > 1
                summary.problems += [f"{where}: {p}" for p in trial.problems]
                if trial.blow:
                    summary.struck_calls[trial.blow.name] = summary.struck_calls.get(trial.blow.name, 0) + 1
                orphans = trial.orphans
        summary.orphans = len(orphans) if points else 0
        lost = proof.find_lost()
    log = readers.log
    summary.lost, summary.reads, summary.reader_errors, summary.mixed = len(lost), log.reads, len(log.errors), log.mixed
    summary.torn, summary.releases_seen = len(log.torn) + log.backwards, len(log.builds)
    summary.problems += [*lost, *(f"{text} ({n} times)" for text, n in Counter([*log.torn, *log.errors]).most_common(20))]
    summary.seconds = round(time.monotonic() - start, 1)
    return summary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=200, help="how many calls are struck, besides those that switch a name")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="which; printed, to try the same again")
    parser.add_argument("--blow", choices=BLOWS, default="kill", help="what happens there: killed, the disk full, the disk broken")
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--postgres", action="store_true", help="publish to PostgreSQL as well, with readers there")
    parser.add_argument("--json", action="store_true", help="for other programs")
    options = parser.parse_args()
    shim = start_with_shim()
    shim.skip_syncs()
    if options.postgres:
        from crash.postgres import find_missing

        if missing := find_missing():
            parser.error(f"--postgres: {missing}")
    with tempfile.TemporaryDirectory(prefix="naravard-crash-") as folder:
        summary = prove(shim, options.blow, options.points, options.seed, Path(folder) / "home", options.postgres, options.readers)
    if options.json:
        print(json.dumps(asdict(summary), ensure_ascii=False))
    else:
        for name, value in asdict(summary).items():
            if name != "problems":
                print(f"{name.replace('_', ' '):>15}  {value}")
        for problem in summary.problems:
            print(f"  ! {problem}")
    return 1 if summary.problems else 0


if __name__ == "__main__":
    sys.exit(main())
