"""Readers in processes of their own, who ask for the current release all the time and check that everything they get is of one build.

Here: what a reader may count on. One statement on ``current/naravard.duckdb`` sees one release; so do many files, where ``current`` was resolved
once; files that are asked for path by path are each whole, but the next one may be of the next release, and such mixtures are counted by themselves.
Not here: what a release must hold in full (numbered), readers of PostgreSQL (postgres).
"""

import json
import os
import select
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import duckdb

from crash.numbered import count_numbers_sql, say_what_is_torn

PAUSE = 0.2  # seconds between two rounds of reads, which take as long; the processor belongs to the trials too
Read = partial[tuple[int, str | None]]  # a build's number, and what was torn


@dataclass
class Log:
    """What readers saw. ``builds`` in the order in which they were first seen; ``backwards`` where a build followed a later one."""

    reads: int = 0
    torn: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    backwards: int = 0
    mixed: int = 0
    builds: list[int] = field(default_factory=list)

    def add(self, other: "Log") -> None:
        self.reads += other.reads
        self.torn += other.torn
        self.errors += other.errors
        self.backwards += other.backwards
        self.mixed += other.mixed
        self.builds = sorted({*self.builds, *other.builds})


def read_database(home: Path) -> tuple[int, str | None]:
    """All tables in one statement, the file opened anew."""
    with duckdb.connect(str(home / "published" / "current" / "naravard.duckdb"), read_only=True, config={"threads": 1}) as connection:
        return say_what_is_torn(connection.execute(count_numbers_sql()).fetchall())


def read_files(home: Path) -> tuple[int, str | None]:
    """All Parquet and CSV files and ``quality.json``, after ``current`` was resolved once."""
    folder = (home / "published" / "current").resolve(strict=True)
    answers = [_read_files(folder, "parquet"), _read_files(folder, "csv")]
    release = json.loads((folder / "quality.json").read_bytes())["release"]
    answers.append((int(release["build_id"].split("-")[1]), None))
    torn = [text for _, text in answers if text]
    if len({number for number, _ in answers}) > 1:
        torn.append(f"the forms of {folder.name} are of builds {[number for number, _ in answers]}")
    return answers[0][0], "; ".join(torn) or None


def read_path_by_path(home: Path) -> tuple[int, int]:
    """The first and the last table of a query whose every file is asked for through ``current``; two builds where it was switched in between."""
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = connection.execute(count_numbers_sql(f"'{home}/published/current/parquet/{{table}}.parquet'")).fetchall()
    if any(least != greatest for _, least, greatest, _ in rows):
        raise ValueError(f"one file holds two builds: {rows}")
    return min(row[1] for row in rows), max(row[2] for row in rows)


def _read_files(folder: Path, form: str) -> tuple[int, str | None]:
    source = f"'{folder}/parquet/{{table}}.parquet'"
    if form == "csv":
        source = f"read_csv('{folder}/csv/{{table}}.csv', header = true, all_varchar = true)"
    with duckdb.connect(config={"threads": 1}) as connection:
        return say_what_is_torn(connection.execute(count_numbers_sql(source)).fetchall())


def read_until(stop: int, home: Path, reads: Iterable[Read]) -> Log:
    """Read, in turn, until something can be read from the descriptor ``stop`` or it is closed."""
    log, last, reads = Log(), 0, list(reads)
    seen: set[int] = set()
    while not select.select([stop], [], [], PAUSE)[0]:
        for read in reads:
            log.reads += 1
            try:
                number, torn = read()
            except Exception as error:  # whatever a reader is thrown is what the proof is about
                log.errors.append(f"{read.func.__name__}: {type(error).__name__}: {error}"[:500])
                continue
            if torn:
                log.torn.append(torn)
            log.backwards += number < last
            last = max(number, last)
            seen.add(number)
        try:
            least, greatest = read_path_by_path(home)
            log.reads += 1
            log.mixed += least != greatest
        except Exception as error:
            log.errors.append(f"read_path_by_path: {type(error).__name__}: {error}"[:500])
    log.builds = sorted(seen)
    return log


class Readers:
    """Reader processes, forked when entered and stopped at the end; then ``log`` is what they all saw."""

    def __init__(self, home: Path, many: int = 2, more: Iterable[Callable[[], Iterable[Read]]] = ()):
        """``more`` makes further readers, each in a process of its own: called there, it gives what that one reads in turn."""
        self.log = Log()
        self._home = home
        self._makers = [lambda: [partial(read_database, home), partial(read_files, home)]] * many + list(more)
        self._running: list[tuple[int, int]] = []
        self._stop = -1

    def __enter__(self) -> "Readers":
        stop, self._stop = os.pipe()
        for make in self._makers:
            answer, own = os.pipe()
            pid = os.fork()
            if not pid:
                os.close(self._stop)
                os.nice(5)
                with os.fdopen(own, "w") as out:
                    json.dump(asdict(read_until(stop, self._home, make())), out)
                os._exit(0)
            os.close(own)
            self._running.append((pid, answer))
        os.close(stop)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._stop)
        for pid, answer in self._running:
            with os.fdopen(answer) as said:
                text = said.read()
            os.waitpid(pid, 0)
            self.log.add(Log(**json.loads(text)) if text else Log(errors=["a reader ended before it was asked to"]))
