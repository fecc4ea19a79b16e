"""How long publication, the change report and rollback take, beside bare copies of the same bytes.

    .venv/bin/python tests/benchmarks/publication.py [--rows 1000000] [--revised 0.01] [--postgres URL]

A warehouse of made-up figures in the project's real tables (their columns, keys and relations come from dbt's manifest) is published twice: first
all of it, then with a share of the figures revised. «Copy» is the release's own files copied and synced to disk; «select» is DuckDB writing the same
tables, Parquet and CSV without gate, report or comments.
"""

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.orchestration.dbt import prepare_manifest, set_dbt_environment
from naravard_pipeline.publication.build import BuildRecord, TestResult, fingerprints, project_fingerprint, write_build
from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.checks import record_checks
from naravard_pipeline.publication.contract import Table, read_contract
from naravard_pipeline.publication.folders import current_release, list_releases
from naravard_pipeline.publication.release import publish
from naravard_pipeline.publication.rollback import roll_back
from naravard_pipeline.quality import Outcome, read_suites
from naravard_pipeline.settings import EXPECTATIONS, SOURCES, Settings

YEARS, SEXES = range(2004, 2025), ("total", "women", "men")
SHARE_OF_A_MART = 10  # one measure in ten stands in each mart


def fill(settings: Settings, tables: tuple[Table, ...], rows: int, revised: float) -> None:
    """Rows of every published table that hold together; a column that nothing here depends on is null."""
    catalogue = read_catalogue(SOURCES)
    per_measure = len(catalogue.areas) * len(YEARS) * len(SEXES)
    measures = max(1, rows // per_measure)
    settings.database.unlink(missing_ok=True)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("create temp table areas (area_code varchar, name_sv varchar, area_type varchar, parent_code varchar, sort_order integer)")
        connection.executemany(
            "insert into areas values (?, ?, ?, ?, ?)",
            [[a.area_code, a.name_sv, a.area_type, a.parent_code, n] for n, a in enumerate(catalogue.areas.values())],
        )
        connection.execute(
            f"create temp table figures as select format('m{{:05d}}', m) as measure_id, area_code, make_date(y, 1, 1) as period_start, "
            f"make_date(y, 12, 31) as period_end, cast(y as varchar) as period_label, sex, 'total' as age_group, "
            f"round(50 + 40 * sin(hash(m, area_code, y, sex) % 1000), 2) "
            f"+ case when hash(m, area_code, y, sex, 'r') % 1000000 < {int(revised * 1e6)} then 0.01 else 0 end as value, "
            f"'ok' as status, 'source' as reporter, format('m{{:05d}}', m) as segment_id, 's' as snapshot_id, "
            f"false as is_held, true as has_figures from range({measures}) t(m), areas, (select unnest({list(YEARS)}) as y), "
            f"(select unnest({list(SEXES)}) as sex)"
        )
        for table in tables:
            connection.execute(f"create table {table.name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")
            source = _source(table.name, measures)
            if source:
                there = {row[0] for row in connection.execute(f"select column_name from (describe {source})").fetchall()}
                columns = [c for c in table.column_names if c in there]
                connection.execute(f"insert into {table.name} ({', '.join(columns)}) select {', '.join(columns)} from ({source})")
        prints = fingerprints(connection, tables, settings.database.stem)
    write_build(
        settings,
        BuildRecord(
            "bench",
            "2026-01-01T00:00:00+00:00",
            "0",
            "code",
            ["t"],
            [TestResult("t", "fct_observations", "critical", "pass", 0, None, [])],
            prints,
            project_fingerprint(),
        ),
    )
    suites = read_suites(EXPECTATIONS)
    record_checks(
        settings,
        tables,
        suites,
        [Outcome(e.name, s.name, s.table, e.severity, b.scope, True, e.name_sv, e.reason, e.reason_sv) for s in suites for b, e in s.expectations],
    )


def _source(table: str, measures: int) -> str | None:
    if table == "dim_areas":
        return "select *, area_code as scb_code from areas"
    if table == "dim_measures":
        return (
            f"select format('m{{:05d}}', m) as measure_id, 'Mått' as name_sv, 'published' as status, 'kolada' as source_id, "
            f"'Påhittat' as attribution, 1 as decimals, 'share' as value_type, 'year' as frequency, 10.0 as max_revision from range({measures}) t(m)"
        )
    if table == "dim_sources":
        return "select 'kolada' as source_id, 'Kolada' as name_sv, 'Påhittat' as attribution"
    if table == "dim_segments":
        return f"select format('m{{:05d}}', m) as segment_id, format('m{{:05d}}', m) as measure_id from range({measures}) t(m)"
    if table == "dim_snapshots":
        return "select 's' as snapshot_id, 'm00000' as measure_id, 'kolada' as source_id"
    if table == "fct_observations":
        return "select *, 12 as period_months, 'none' as ci_method, false as is_aggregated from figures"
    if table.startswith("mart_"):
        n = sum(map(ord, table)) % SHARE_OF_A_MART
        chosen = f"cast(measure_id[2:] as int) % {SHARE_OF_A_MART} = {n}"
        names = "'f' as framework_id, 'i' as indicator_id, 'g' as goal_area_id, 'I' as indicator_name_sv, 'G' as goal_area_name_sv"
        return f"select *, {names} from figures where {chosen}"
    return None


def timed(what: str, work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    tell(f"{what}: {seconds:.2f} s")
    return seconds


def tell(text: str) -> None:
    print(f"{time.strftime('%X')} {text}", flush=True)


def copy_bytes(folder: Path, to: Path) -> None:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        with open(target, "rb") as file:
            os.fsync(file.fileno())


def bare_select(settings: Settings, tables: tuple[Table, ...], to: Path) -> None:
    to.mkdir()
    with duckdb.connect(str(to / "bare.duckdb")) as connection:
        connection.execute(f"attach '{settings.database}' as candidate (read_only)")
        for table in tables:
            connection.execute(f"create table {table.name} as select {', '.join(table.column_names)} from candidate.main.{table.name}")
            connection.execute(f"copy {table.name} to '{to}/{table.name}.parquet' (format parquet, compression zstd)")
            connection.execute(f"copy {table.name} to '{to}/{table.name}.csv' (format csv, header)")


def bare_report(settings: Settings) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.database}' as candidate (read_only)")
        connection.execute(f"attach '{current_release(settings) / 'naravard.duckdb'}' as last (read_only)")
        compare(connection)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--revised", type=float, default=0.01)
    parser.add_argument("--postgres", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(home=Path(temporary, "home"), is_demo=True, postgres_url=options.postgres or None)
        set_dbt_environment(settings)
        prepare_manifest(settings)
        tables = read_contract(settings)
        timed("filled", lambda: fill(settings, tables, options.rows, 0))
        first = timed("published", lambda: publish(settings, tables, tell))
        folder = current_release(settings)
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        copied = timed("copied", lambda: copy_bytes(folder, Path(temporary, "copy")))
        shutil.rmtree(Path(temporary, "copy"))  # a release of 20 million observations weighs 9 GB
        selected = timed("the same SQL, bare", lambda: bare_select(settings, tables, Path(temporary, "bare")))
        shutil.rmtree(Path(temporary, "bare"))
        timed("filled again", lambda: fill(settings, tables, options.rows, options.revised))
        report = timed("change report", lambda: bare_report(settings))
        second = timed("published again", lambda: publish(settings, tables, tell))
        rollback = timed("rolled back", lambda: roll_back(settings, list_releases(settings)[0].name, "Benchmark", "data_engineer", "mätning"))
        print(f"{options.rows:,} observations, a release of {size / 1e6:,.0f} MB, {options.revised:.1%} revised")
        for name, seconds, beside in (
            ("publication, the first", first, selected),
            ("publication, the next", second, selected),
            ("change report", report, copied),
            ("rollback", rollback, copied),
        ):
            print(f"  {name:<24}{seconds:8.2f} s   {seconds / beside:6.2f} × {'the same SQL, bare' if beside == selected else 'a copy of the bytes'}")
        print(f"  {'a copy of the bytes':<24}{copied:8.2f} s\n  {'the same SQL, bare':<24}{selected:8.2f} s")
        print(f"  largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
