"""How much room a home needs after many publications, and how long it takes to prune it.

    .venv/bin/python tests/benchmarks/retention.py [--publications 1000]

Every day one of two measures has a new answer; every fifth day one answer is refused and a municipality's file takes the place of the one before.
Kept are 10 releases, 4 months and 30 days. A release is of a few rows, so it is the files that are counted here, not the figures.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "unit")]
from keeping import FETCHED, RATE, Home, assert_traceable  # noqa: E402

from naravard_pipeline.publication.retention import prune  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--publications", type=int, default=1000)
    publications = parser.parse_args().publications
    folder = Path(tempfile.mkdtemp(prefix="naravard-benchmark-"))
    try:
        home, seconds = Home(folder / "home", keep_releases=10, keep_months=4, keep_days=30), []
        for n in range(1, publications + 1):
            home.answer(FETCHED[n % 2], float(n))
            if n % 5 == 0:
                home.refuse("falls", f"down {n}".encode())
                home.file(f"Flen;2025-01;{n}", f"Gnesta;2025-01;{n}")
            home.publish(held=("falls", RATE) if n % 7 < 3 else (), hidden=["0482"])
            begun = time.perf_counter()
            prune(home.settings, now=home.now)
            seconds.append(time.perf_counter() - begun)
            if n in (publications // 10, publications // 2, publications):
                files = sum(path.is_file() for path in home.settings.home.rglob("*"))
                print(
                    f"{n:5} publications: {home.size():>11,} bytes in {files:,} files, {statistics.median(seconds[-50:]) * 1000:.0f} ms for one prune"
                )
        print(f"{assert_traceable(home.settings)} answers and files lie behind the figures of the kept releases, and all of them are there")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
