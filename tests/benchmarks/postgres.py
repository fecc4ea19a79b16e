"""How long PostgreSQL takes to be brought up to a release, beside a bare COPY of the same rows, and what going back and a run without news cost.

    .venv/bin/python tests/benchmarks/postgres.py [--rows 1000000] [--rounds 3]

The table has the columns of ``fct_observations``. Bare is the least there is: CSV from DuckDB into a file, that file by COPY into a table without
index, comparison or anything else. The two are timed in turn, round by round, on a server started for it, with fsync off.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))
from postgres_server import Database, running_server

from naravard_pipeline.publication.postgres import bring_up

ROWS = """
select 'measure_number_' || (i % 60) as measure_id, printf('%04d', i // 60 % 312) as area_code,
  make_date(2000 + i // 18720 % 25, 1, 1) as period_start, make_date(2000 + i // 18720 % 25, 12, 31) as period_end,
  (2000 + i // 18720 % 25)::varchar as period_label, ['total', 'women', 'men'][i % 3 + 1] as sex, 'total' as age_group,
  case when i % 11 > 0 then (i * 7919 % 100003) / 997.0::double end as value, (i % 5000)::double as numerator, (i % 90000)::double as denominator,
  case when i % 11 > 0 then (i * 7919 % 100003) / 997.0::double - 1.1 end as ci_lower,
  case when i % 11 > 0 then (i * 7919 % 100003) / 997.0::double + 1.1 end as ci_upper,
  case when i % 11 > 0 then 'ok' else 'missing' end as status, null::varchar as suppression, null::varchar as source_status,
  'source' as reporter, 'segment_1' as segment_id, md5((i % 60)::varchar) as snapshot_id, false as is_held, null::varchar as held_reason,
  null::timestamp as held_since
from range({rows}) as r(i)
"""


def make_release(folder: Path, name: str, rows: int) -> Path:
    path = folder / name
    path.mkdir()
    with duckdb.connect(str(path / "naravard.duckdb")) as connection:
        connection.execute(f"create table fct_observations as {ROWS.format(rows=rows)}")
        connection.execute(f"create table meta_release as select '{name}' as release_id, '{name}' as content_hash, false as is_demo")
    return path


def copy_bare(database: Database, release: Path) -> None:
    path = release.parent / "bare.csv"
    with duckdb.connect(str(release / "naravard.duckdb"), read_only=True) as rows:
        rows.execute(f"copy fct_observations to '{path}' (format csv, header false)")
    with database.connect() as connection:
        connection.execute("drop table if exists public.bare")
        connection.execute("create table public.bare as select * from naravard.fct_observations limit 0")
        with open(path, "rb") as file, connection.cursor().copy("copy public.bare from stdin (format csv)") as copy:
            while data := file.read(1 << 20):
                copy.write(data)


def timed(action: Callable[..., object], *arguments: object) -> float:
    begun = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="naravard-benchmark-") as folder, running_server() as server:
        database = server.new_database()
        previous = make_release(Path(folder), "small", 1)
        bring_up(database.url, previous)
        bare, whole, back, again = [], [], [], []
        for n in range(given.rounds):
            release = make_release(Path(folder), f"release-{n}", given.rows)
            bare.append(timed(copy_bare, database, release))
            whole.append(timed(bring_up, database.url, release))
            again.append(timed(bring_up, database.url, release))
            back.append(timed(bring_up, database.url, previous))
            bring_up(database.url, release)
            previous = release
        for label, seconds in (("bare COPY", bare), ("a new release", whole), ("back to one kept", back), ("nothing new", again)):
            print(f"{label:18} {statistics.median(seconds):7.2f} s   ({min(seconds):.2f}–{max(seconds):.2f})")
        print(f"{given.rows:,} rows: a new release takes {statistics.median(whole) / statistics.median(bare):.2f} times a bare COPY")


if __name__ == "__main__":
    main()
