"""Build N: its number stands in every table, so that a release that mixes two builds gives itself away, and what is in it is known.

Here: making build N in a home, and saying of a release folder whether it is wholly that of one build. Not here: readers that hurry (readers).
"""

import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb
import publishing
from publishing import Bench

from naravard_pipeline.publication.build import read_build, write_build
from naravard_pipeline.publication.contract import Column, Table
from naravard_pipeline.publication.release import Publication, publish
from naravard_pipeline.settings import Settings

BASE = 100_000  # values move by a thousandth of a percent per build: nothing that anybody would have to approve
MEASURES = ("falls", "plans")
AREAS = ("00", "04", "0480", "0482")
NUMBER_IN = {  # table → the build's number, as SQL over its rows; of the marts' gaps, which have no figures, none
    "dim_areas": "cast(split_part(name_sv, ' ', 2) as integer)",
    "dim_measures": "cast(split_part(name_sv, ' ', 2) as integer)",
    "fct_observations": f"cast(cast(value as double precision) - {BASE} as integer)",
    "mart_county_goal": f"cast(cast(value as double precision) - {BASE} as integer)",
    "meta_release": "cast(split_part(build_id, '-', 2) as integer)",
}
ROWS_WITH_NUMBER = {
    "dim_areas": len(AREAS),
    "dim_measures": len(MEASURES),
    "fct_observations": len(MEASURES) * len(AREAS),
    "mart_county_goal": len(MEASURES) * len(AREAS),
    "meta_release": 1,
}


def _with_name(table: Table) -> Table:
    if "name_sv" in table.column_names:
        return table
    return replace(table, columns=(*table.columns, Column("name_sv", "varchar", "Name in Swedish.")))


TABLES = tuple(_with_name(t) if t.name == "dim_areas" else t for t in publishing.TABLES)


class NumberedBench(Bench):
    """A home whose warehouse holds build N. May be opened again on the same home."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.number = 0
        settings.warehouse.mkdir(parents=True, exist_ok=True)

    def make(self, number: int) -> None:
        """Build and check number N, as dbt and Great Expectations would; no release is made of it yet."""
        self.number = number
        self.build({measure: dict.fromkeys(AREAS, float(BASE + number)) for measure in MEASURES})
        write_build(self.settings, replace(read_build(self.settings), build_id=f"build-{number}"))
        self.check()

    def fill(self, *arguments, **options) -> None:
        super().fill(*arguments, **options)
        with duckdb.connect(str(self.settings.database)) as connection:
            there = {row[0] for row in connection.execute("select column_name from (describe dim_areas)").fetchall()}
            if "name_sv" not in there:
                connection.execute("alter table dim_areas add column name_sv varchar")
            connection.execute(f"update dim_areas set name_sv = 'Område {self.number}'")
            connection.execute(f"update dim_measures set name_sv = 'Mått {self.number}'")

    def publish(self) -> Publication:
        return publish(self.settings, TABLES)


def count_numbers_sql(relation: str = "{table}") -> str:
    """One statement: table, its least and its greatest build number, how many rows have one. ``relation`` turns a table's name into what is read."""
    return " union all ".join(
        f"select '{table}' as table_name, min(number) as least, max(number) as greatest, count(number) as rows "
        f"from (select {number} as number from {relation.format(table=table)}) as t"
        for table, number in NUMBER_IN.items()
    )


def say_what_is_torn(rows: list[tuple]) -> tuple[int, str | None]:
    """The build's number from the answer to ``count_numbers_sql``, and what does not fit to it."""
    numbers = {value for _, *both, _ in rows for value in both}
    counts = {table: count for table, _, _, count in rows}
    number = max((n for n in numbers if n is not None), default=0)
    if len(numbers) != 1:
        return number, f"builds {sorted(map(str, numbers))} in one release: {rows}"
    return number, None if counts == ROWS_WITH_NUMBER else f"rows {counts} in build {number}, expected {ROWS_WITH_NUMBER}"


def inspect_release(folder: Path) -> tuple[int, list[str]]:
    """The build that a release folder holds, and everything that is wrong with it, in all forms."""
    try:
        return _inspect(folder)
    except (OSError, ValueError, KeyError, duckdb.Error) as error:
        return 0, [f"{folder.name} cannot be read: {type(error).__name__}: {error}"]


def _inspect(folder: Path) -> tuple[int, list[str]]:
    problems = []
    with duckdb.connect(str(folder / "naravard.duckdb"), read_only=True) as connection:
        number, torn = say_what_is_torn(connection.execute(count_numbers_sql()).fetchall())
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables() where not internal").fetchall()]
        if torn:
            problems.append(f"naravard.duckdb: {torn}")
        for form in ("parquet", "csv"):
            if (names := sorted(p.name for p in (folder / form).iterdir())) != sorted(f"{t}.{form}" for t in tables):
                problems.append(f"{form}/ has {names}")
        for table in tables:
            own = connection.execute(f"select count(*) from {table}").fetchone()
            for form, read in (("parquet", "read_parquet"), ("csv", "read_csv")):
                path = f"{folder}/{form}/{table}.{form}"
                options = ", all_varchar = true, header = true" if form == "csv" else ""
                if connection.execute(f"select count(*) from {read}('{path}'{options})").fetchone() != own:
                    problems.append(f"{form}/{table}.{form} has another number of rows than the database")
            different = f"(from {table} except from '{folder}/parquet/{table}.parquet')"
            if connection.execute(f"select count(*) from {different}").fetchone() != (0,):
                problems.append(f"parquet/{table}.parquet has other rows than the database")
        rows = connection.execute(count_numbers_sql(f"read_csv('{folder}/csv/{{table}}.csv', header = true, all_varchar = true)")).fetchall()
    if (csv := say_what_is_torn(rows)) != (number, None):
        problems.append(f"csv: {csv}")
    release = {path.name: json.loads(path.read_bytes()) for path in folder.glob("*.json")}
    if release["quality.json"]["release"]["build_id"] != f"build-{number}" or release["quality.json"]["release"]["release_id"] != folder.name:
        problems.append(f"quality.json is of {release['quality.json']['release']}")
    for resource in release["datapackage.json"]["resources"]:
        data = (folder / resource["path"]).read_bytes()
        if (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}") != (resource["bytes"], resource["hash"]):
            problems.append(f"{resource['path']} is not what datapackage.json says")
    for path in folder.rglob("*"):
        if path.suffix in (".wal", ".tmp") or (path.is_file() and path.stat().st_mode & 0o222):
            problems.append(f"{path.relative_to(folder)} does not belong there, or can be written")
    return number, problems


def warm_up() -> None:
    """Publish once in a home that is thrown away, so that children forked from here find everything imported and read. Leaves no thread of DuckDB."""
    with tempfile.TemporaryDirectory(prefix="naravard-warm-") as home:
        bench = NumberedBench(Settings(home=Path(home)))
        bench.make(1)
        inspect_release(bench.publish().path)
    duckdb.default_connection().close()
