"""How long the comparison of two releases takes, beside a bare copy of the same database, and how much memory.

    .venv/bin/python tests/benchmarks/changes.py [--rows 1000000] [--memory 2GB]

The figures are made up: 100 measures, one per cent of the figures revised. Twice: revised in one measure of a hundred (as on an ordinary day), and
in every measure (as when all is counted anew). Each comparison runs in a process of its own, so that its memory is its own.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.review import review

MEASURES, AREAS, SEXES = 100, 320, ("total", "women", "men")


def make(path: Path, rows: int) -> None:
    """``rows`` figures: measure, area, month and sex; sorted by key, as a release is."""
    periods = -(-rows // (MEASURES * AREAS * len(SEXES)))
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"""
            create table fct_observations as
            select 'measure_' || m as measure_id, lpad(a::varchar, 4, '0') as area_code,
                (date '1900-01-01' + to_months(p::integer))::date as period_start, last_day(date '1900-01-01' + to_months(p::integer)) as period_end,
                p::varchar as period_label, s as sex, 'total' as age_group, (hash(m, a, p, s) % 10000)::double / 100 as value,
                (hash(a, p) % 1000)::double as numerator, null::double as denominator, null::double as ci_lower, null::double as ci_upper,
                null::double as answers, 'ok' as status, null::varchar as suppression, null::varchar as source_status, 'source' as reporter,
                'measure_' || m as segment_id, 'snapshot' as snapshot_id
            from range({MEASURES}) as x(m), range({AREAS}) as y(a), range({periods}) as z(p), (select unnest({list(SEXES)}) as s)
            order by measure_id, area_code, period_start, sex limit {rows};
            create table dim_measures as select distinct measure_id, measure_id as name_sv, 'procent' as unit, 1 as decimals, 'published' as status,
                10.0 as max_revision, 25.0 as max_level_shift, 10.0 as max_missing_areas, 'automatic' as approval from fct_observations;
            create table dim_areas as select distinct area_code, area_code as name_sv, 'municipality' as area_type from fct_observations;
        """)


def revise(path: Path, everywhere: bool) -> None:
    """One figure in a hundred is a fifth larger."""
    where = "hash(area_code, period_start, sex) % 100 = 0" if everywhere else "measure_id = 'measure_7'"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"update fct_observations set value = value * 1.2 + 1 where {where}")


def compared(before: Path, after: Path, memory: str, scratch: Path) -> None:
    begun, begun_cpu = time.perf_counter(), time.process_time()
    with duckdb.connect(str(scratch / "new.duckdb")) as connection:
        connection.execute(f"set memory_limit = '{memory}'")
        for name, path in (("last", before), ("candidate", after)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        compare(connection)
        compared_at = time.perf_counter()
        findings = review(connection)
        rows = connection.execute("select count(*) from change_rows").fetchone()[0]
    # Not ru_maxrss: that begins with the memory of the process which started this one.
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    used = time.process_time() - begun_cpu
    seconds = f"compare {compared_at - begun:6.2f} s, review {time.perf_counter() - compared_at:5.2f} s"
    print(f"{seconds}, {used:.2f} s of processor, {peak:5.0f} MB: {rows:,} rows, {len(findings)} wait")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--compare", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if arguments.compare:
            return compared(*arguments.compare, arguments.memory, scratch)
        before, after = scratch / "before.duckdb", scratch / "after.duckdb"
        make(before, arguments.rows)
        for everywhere in (False, True):
            shutil.copyfile(before, after)
            revise(after, everywhere)
            print(
                f"{arguments.rows:,} rows, {after.stat().st_size / 1e6:,.0f} MB, revised in {'every measure' if everywhere else 'one measure of 100'}"
            )
            begun = time.perf_counter()
            with open(after, "rb") as source, open(scratch / "copy.duckdb", "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
                os.fsync(target.fileno())
            print(f"copy of the bytes {time.perf_counter() - begun:6.2f} s")
            command = [sys.executable, __file__, "--compare", str(before), str(after), "--memory", arguments.memory]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
