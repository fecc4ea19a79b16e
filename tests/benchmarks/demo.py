"""How long the demo takes, warm, beside bare dbt and bare DuckDB on the same models, and which step takes what.

    .venv/bin/python tests/benchmarks/demo.py [--rounds 3]

The three are timed in turn, round by round, so that a busy machine is busy for all of them. Bare dbt is `dbt build` of this project on the same
landed answers; bare DuckDB runs the SQL that dbt compiled, models and tests, one after the other in one process.
"""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from naravard_pipeline.settings import DBT_PROJECT

BIN = Path(sys.executable).parent
STEP = re.compile(r"▸ (\w+)")


def run_demo(home: Path) -> tuple[float, dict[str, float], float]:
    """Seconds in all and by step, and the largest memory of any process so far in MB."""
    environment = os.environ | {"NARAVARD_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    begun, step, since, steps = time.perf_counter(), "start", time.perf_counter(), {}
    with subprocess.Popen([BIN / "naravard", "demo"], stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout:
            if found := STEP.match(line):
                now = time.perf_counter()
                steps[step] = steps.get(step, 0) + now - since
                step, since = found[1], now
    if process.returncode:
        raise SystemExit(f"the demo ended with {process.returncode}")
    now = time.perf_counter()
    steps[step] = steps.get(step, 0) + now - since
    return now - begun, steps, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def run_dbt(home: Path, scratch: Path) -> float:
    environment = os.environ | {"NARAVARD_LANDING": str(home / "landing"), "NARAVARD_DATABASE": str(scratch / "bare.duckdb")}
    command = [BIN / "dbt", "--quiet", "build", "--exclude-resource-type", "unit_test", "--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT]
    paths = ["--target-path", scratch / "target", "--log-path", scratch / "target"]
    begun = time.perf_counter()
    subprocess.run([*map(str, command), *map(str, paths)], check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def run_duckdb(scratch: Path) -> float:
    """The compiled SQL of every model, in dbt's order, and of every test; seeds are read as they lie, and what no SQL makes
    (the cells to hide) is copied."""
    results = json.loads((scratch / "target" / "run_results.json").read_text())["results"]
    kinds = {n["unique_id"]: n for n in json.loads((scratch / "target" / "manifest.json").read_text())["nodes"].values()}
    (scratch / "plain.duckdb").unlink(missing_ok=True)
    begun = time.perf_counter()
    with duckdb.connect(str(scratch / "plain.duckdb")) as connection:
        connection.execute(f"attach '{scratch / 'bare.duckdb'}' as made (read_only)")
        for result in results:
            node, sql = kinds.get(result["unique_id"]), (result.get("compiled_code") or "").replace('"bare".', "")
            if node and node["resource_type"] == "model" and node["language"] == "python":
                connection.execute(f"create table {node['name']} as from made.{node['name']}")
            elif node and node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral":
                kind = "view" if node["config"]["materialized"] == "view" else "table"
                connection.execute(f"create {kind} {node['name']} as {sql}")
            elif node and node["resource_type"] == "seed":
                seed = DBT_PROJECT / node["original_file_path"]
                connection.execute(f"create table {node['name']} as from read_csv('{seed}')")
            elif node and node["resource_type"] == "test":
                connection.execute(f"select count(*) from ({sql})").fetchall()
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp(prefix="naravard-benchmark-"))
    home, scratch = folder / "home", folder / "scratch"
    try:
        run_demo(home)
        run_dbt(home, scratch)
        demos, dbts, plains, shares, memory = [], [], [], [], 0.0
        for _ in range(rounds):
            seconds, steps, memory = run_demo(home)
            demos.append(seconds)
            shares.append(steps)
            # A full build as bare dbt has it when it starts from nothing, for the plain SQL; then the warm one that the demo does too.
            (scratch / "bare.duckdb").unlink()
            run_dbt(home, scratch)
            plains.append(run_duckdb(scratch))
            dbts.append(run_dbt(home, scratch))
        demo, dbt, plain = (statistics.median(s) for s in (demos, dbts, plains))
        print(f"demo, warm        {demo:6.1f} s   ({min(demos):.1f}–{max(demos):.1f}), largest process {memory:.0f} MB")
        print(f"bare dbt build    {dbt:6.1f} s   ({min(dbts):.1f}–{max(dbts):.1f})   demo / dbt    {demo / dbt:.2f}")
        print(f"bare DuckDB       {plain:6.2f} s   ({min(plains):.2f}–{max(plains):.2f})   demo / DuckDB {demo / plain:.1f}")
        for step in shares[0]:
            median = statistics.median(s.get(step, 0) for s in shares)
            print(f"  {step:20} {median:6.1f} s   {median / demo:4.0%}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
