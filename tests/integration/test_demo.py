"""The demo as a new user runs it, and what must stay true around it: traps of the tools, bad input, other processes."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pyarrow.parquet as pq
import pytest
from open_data import csvw_rows, needs_standards, profile_problems, read_graph, shape_problems
from pipeline import naravard, published, warehouse

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.protection import attack
from naravard_pipeline.publication.contract import read_tables
from naravard_pipeline.settings import DBT_PROJECT, PROJECT, SOURCES

FIGURES = "select measure_id, area_code, period_start, sex, value from fct_observations order by all"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def replace_rows(path, columns):
    """Tamper with a landed table, keeping what its footer says of the snapshot, so that the landing takes it for whole."""
    footer = pq.read_schema(path).metadata
    table = duckdb.sql(f"select * replace ({columns}) from '{path}'").to_arrow_table()
    pq.write_table(table.replace_schema_metadata(footer), path)


def publish_alone(home):
    """Materialise the release and nothing else, as somebody in Dagster's pages might."""
    code = "\n".join(
        [
            "from dagster import AssetSelection, DagsterInstance",
            "from naravard_pipeline.definitions import build_definitions",
            "from naravard_pipeline.settings import Settings",
            "definitions = build_definitions(Settings.from_environment())",
            "job = definitions.resolve_job_def('everything')",
            "from naravard_pipeline.orchestration.release import RELEASE_KEY",
            "result = job.execute_in_process(asset_selection=[RELEASE_KEY], raise_on_error=False, instance=DagsterInstance.ephemeral())",
            "raise SystemExit(0 if result.success else 7)",
        ]
    )
    environment = os.environ | {"NARAVARD_HOME": str(home), "NARAVARD_IS_DEMO": "1"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=PROJECT)


@contextmanager
def reading(home):
    """Another process that opens and reads the current release until the block ends, and must still be at it then; a line for each read."""
    code = (
        "import duckdb, sys, time\n"
        "end = time.time() + 900\n"
        "n = 0\n"
        "while time.time() < end and not sys.stdin.closed:\n"
        f"    with duckdb.connect('{home}/published/current/naravard.duckdb', read_only=True) as c:\n"
        "        rows, releases = c.execute('select (select count(*) from fct_observations), (select count(*) from meta_release)').fetchone()\n"
        "    assert rows > 0 and releases == 1\n"
        "    n += 1\n"
        "    print(n, flush=True)\n"
        "    time.sleep(0.1)\n"
    )
    command, pipe, seen = [sys.executable, "-c", code], subprocess.PIPE, []
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, stdin=pipe, text=True) as reader:
        threading.Thread(target=lambda: seen.extend(reader.stdout), daemon=True).start()
        try:
            yield seen
            assert reader.poll() is None, reader.stderr.read()
        finally:
            reader.kill()


def bare_dbt(home, *arguments):
    """dbt by itself on the warehouse of a home."""
    command = [Path(sys.executable).with_name("dbt"), *arguments, "--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT]
    variables = {"NARAVARD_LANDING": str(home / "landing"), "NARAVARD_DATABASE": str(home / "warehouse" / "warehouse.duckdb")}
    command += ["--target-path", home / "warehouse" / "dbt"]
    done = subprocess.run([*map(str, command)], env=os.environ | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_models_unit_tests_hold(copy):
    # A run leaves them out: they try the code on rows of their own.
    assert "ERROR=0" in bare_dbt(copy, "test", "--select", "test_type:unit")


class TestWhatIsPublished:
    def test_the_catalogue_is_there_with_its_gap(self, demo):
        home, _ = demo
        assert published(home, "select count(*) from dim_goal_areas where framework_id = 'sormland'") == [(3,)]
        assert published(home, "select count(*) from dim_indicators where framework_id = 'sormland'") == [(7,)]
        gaps = published(home, "select indicator_id from dim_indicators where is_gap and framework_id = 'sormland'")
        assert gaps == [("rehabiliterande",)]
        gaps = published(home, "select measure_id, has_figures from mart_sormland_god_halsa_vard_omsorg where indicator_id = 'rehabiliterande'")
        assert gaps == [(None, False)]

    def test_every_live_measure_has_figures_in_its_mart(self, demo):
        home, _ = demo
        marts = " union all ".join(
            f"select measure_id, has_figures from {t}"
            for (t,) in published(home, "select table_name from duckdb_tables() where table_name like 'mart_%'")
        )
        shown = {m for (m,) in published(home, f"select distinct measure_id from ({marts}) where has_figures")}
        assert shown == {m.measure_id for m in read_catalogue(SOURCES).live if m.indicators and m.status != "draft"}

    def test_every_table_and_column_says_what_it_is(self, demo):
        home, _ = demo
        assert published(home, "select table_name from duckdb_tables() where coalesce(comment, '') = ''") == []
        assert published(home, "select table_name, column_name from duckdb_columns() where coalesce(comment, '') = '' and not internal") == []
        package = json.loads((home / "published" / "current" / "datapackage.json").read_text())
        columns = dict(published(home, "select table_name || '.' || column_name, comment from duckdb_columns() where not internal"))
        for resource in package["resources"]:
            for field in resource.get("schema", {}).get("fields", []):
                assert columns[f"{resource['name']}.{field['name']}"] == field["description"]

    def test_made_up_figures_say_so_wherever_they_show(self, demo):
        home, output = demo
        assert "MADE-UP" in output and "made up" in output
        assert published(home, "select is_demo from meta_release") == [(True,)]
        assert published(home, "select distinct attribution from mart_sormland_nara where attribution is not null") == [
            ("Påhittade uppgifter för demonstration",)
        ]
        assert all("PÅHITTAT" in title for (title,) in published(home, "select source_title from dim_snapshots where source_id = 'kolada'"))
        assert "Påhittade" in (home / "published" / "current" / "quality.html").read_text()
        pages = published(home, "select docs_url from dim_measures where docs_url like 'matt/%'")
        assert pages and all("Påhittade" in (home / "published" / "current" / page).read_text() for (page,) in pages)

    def test_it_is_described_as_open_data_and_made_up(self, demo, tmp_path):
        """The package csvw reads each file by its description; of the large ones every 50th row, since it takes a while."""
        current = demo[0] / "published" / "current"
        (tmp_path / "csv").mkdir()
        shutil.copy(current / "csv-metadata.json", tmp_path)
        for path in (current / "csv").iterdir():
            lines = path.read_text("utf-8").splitlines(keepends=True)
            keep = lines if len(lines) < 2000 else [lines[0], *lines[1::50]]
            (tmp_path / "csv" / path.name).write_text("".join(keep), "utf-8")
        counts = {name: len(rows) for name, rows in csvw_rows(tmp_path)}
        assert counts.keys() == {p.stem for p in (current / "csv").iterdir()} and counts["fct_observations"] > 1000
        text = (current / "dcat.rdf").read_text("utf-8")
        assert "PÅHITTADE UPPGIFTER" in text and "Region Sörmland" not in text and "Källa:" not in text

    @needs_standards
    def test_its_catalogue_holds_to_the_standards(self, demo):
        graph = read_graph(demo[0] / "published" / "current" / "dcat.rdf")
        assert shape_problems(graph) == set() and profile_problems(graph, "min") == set()

    def test_its_site_is_whole_asks_nobody_and_shows_what_is_hidden_as_hidden(self, demo):
        home, _ = demo
        current = home / "published" / "current"
        texts = {path.relative_to(current).as_posix(): path.read_text(encoding="utf-8") for path in current.rglob("*.html")}
        for path, text in texts.items():
            links = {urlsplit(link).path for link in re.findall(r' href="([^"#]+)', text) if not urlsplit(link).scheme}
            # As a browser goes: by the address, in which current is a folder among others.
            assert not [link for link in links if not os.path.exists(os.path.normpath((current / path).parent / link))], path
            assert not re.search(r"<link|<img|<iframe| src=|@import|url\(", text) and len(text) < 1_000_000, path
        areas = published(home, "select count(*) from dim_areas where area_code in (select area_code from bridge_framework_areas)")
        assert sum(path.startswith("omraden/") for path in texts) == areas[0][0]
        assert sum(path.startswith("matt/") for path in texts) == published(home, "select count(*) + 1 from dim_measures")[0][0]
        assert len(texts["index.html"].encode()) < 200_000
        shown = re.search(r'data-file="sip_antal-kommuner-over-tid-04".*?</figure>', texts["matt/sip_antal.html"], re.S)[0]
        names = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', shown)[1:]
        rows = re.findall(r'<th scope="row">([^<]+)</th>(.*?)</tr>', shown, re.S)
        cells = {(n, label): c for label, row in rows for n, c in zip(names, re.findall(r"<td[^>]*>([^<]*)</td>", row), strict=True)}
        hidden = published(
            home,
            "select a.name_sv, o.period_label from fct_observations as o join dim_areas as a using (area_code) where measure_id = 'sip_antal' "
            "and sex = 'total' and period_months = 1 and status = 'suppressed' and a.area_type = 'municipality' and a.parent_code = '04'",
        )
        told = [cells[cell] for cell in hidden if cell in cells]
        assert len(told) > 5 and set(told) == {"dolt"}

    def test_no_picture_is_drawn_of_the_municipalities_counts(self, demo):
        drawn = {p.name for p in (demo[0] / "dagster" / "plots").iterdir()}
        assert "vardtillfallen" in drawn and "sip_antal" not in drawn

    def test_a_hidden_municipality_is_not_the_county_minus_the_others(self, demo):
        home, _ = demo
        kinds = published(
            home,
            "select period_label, list(suppression order by suppression), sum(value) filter (area_code = '04') from fct_observations "
            "where measure_id = 'lakarbesok_hemmet' and suppression is not null group by all",
        )
        assert kinds, "the demo's files should have small counts, or this shows nothing"
        assert any("secondary" in labels for _, labels, _ in kinds)
        assert attack([home / "published" / "current" / "naravard.duckdb"]) == []

    def test_no_small_count_from_a_file_is_shown_anywhere(self, demo):
        home, _ = demo
        raw = duckdb.sql(f"select count(*) from '{home}/landing/local/observations/sip_antal.parquet' where value between 1 and 4").fetchone()
        assert raw[0] > 0, "the demo's files should have small counts, or this shows nothing"
        for own in ("value", "previous_value", "county_value"):
            table = "fct_observations" if own == "value" else "mart_sormland_tillsammans"
            assert published(home, f"select count(*) from {table} where measure_id = 'sip_antal' and {own} between 1 and 4") == [(0,)]
        hidden = published(home, "select count(*) from fct_observations where measure_id = 'sip_antal' and suppression = 'primary' and value is null")
        assert hidden[0][0] >= raw[0]


class TestRunningAgain:
    def test_an_unchanged_world_makes_no_new_release_and_writes_no_answer(self, demo):
        home, _ = demo
        landed = {p: p.stat().st_mtime_ns for p in (home / "landing").rglob("*.parquet")}
        inserted = warehouse(home, "select count(*), min(load_id), max(load_id) from fct_observations")
        result = naravard(home, "demo")
        assert result.exit_code == 0 and "nothing has changed since" in result.output
        assert {p: p.stat().st_mtime_ns for p in (home / "landing").rglob("*.parquet")} == landed
        assert warehouse(home, "select count(*), min(load_id), max(load_id) from fct_observations") == inserted
        assert len(list((home / "published" / "releases").iterdir())) == 1

    def test_a_derived_measure_is_run_by_fetching_what_it_is_computed_from(self, copy):
        result = naravard(copy, "run", "--measure", "sip_per_1000", NARAVARD_IS_DEMO="1")
        assert result.exit_code == 3, result.output  # the population's source does not answer here, and the rate is held with it
        assert "Traceback" not in result.output
        held = published(copy, "select distinct measure_id from fct_observations where is_held order by all")
        assert held == [("befolkning",), ("sip_per_1000",)]
        told = naravard(copy, "measure", "show", "befolkning", "--area", "0484").output  # why, and which release its figures are of
        assert "hålls      sedan" in told and "siffran är från release 000001-" in told and "release    000002-" in told

    def test_real_figures_never_enter_a_home_of_made_up_ones(self, demo):
        home, _ = demo
        result = naravard(home, "run")
        assert result.exit_code == 1
        assert "made-up figures" in result.output and "NARAVARD_HOME" in result.output


class TestABadDay:
    """One run for all of them: no source answers, a file must be refused, and somebody reads all the time."""

    @pytest.fixture(scope="class")
    def day(self, demo, tmp_path_factory):
        home = tmp_path_factory.mktemp("bad_day") / "home"
        shutil.copytree(demo[0], home, symlinks=True)
        path = home / "inbox" / "sip_antal.csv"
        path.write_text("Kommun;Månad;Antal SIP\nAnna 900101-1235;2026-01;12\n", encoding="utf-8")
        os.utime(path, (time.time() - 60,) * 2)
        before = published(home, FIGURES)
        with reading(home) as reads:
            begun = time.monotonic()
            result = naravard(home, "run", NARAVARD_IS_DEMO="1", NARAVARD_REQUESTS_PER_SECOND="5")
            seconds = time.monotonic() - begun
        assert result.exit_code == 3, result.output
        return home, result.output, before, reads, seconds

    def test_everything_is_held_within_seconds_and_nothing_lost(self, day):
        home, _, before, _, seconds = day
        assert published(home, FIGURES) == before
        query = """
            select distinct is_held from fct_observations join dim_measures as m using (measure_id)
            where m.source_id = 'kolada' and m.status = 'published'
        """
        assert published(home, query) == [(True,)]
        assert published(home, "select distinct is_held from fct_observations where measure_id = 'sip_antal'") == [(False,)]
        assert seconds < 150, "something waits for a host that does not answer"

    def test_a_refused_file_is_told_without_a_cell_of_it(self, day):
        home, output, *_ = day
        assert "sip_antal.csv" in output and ".svar.txt" in output and "Anna" not in output
        path = home / "inbox" / "sip_antal.csv"
        assert "900101" not in path.with_name("sip_antal.csv.svar.txt").read_text(encoding="utf-8-sig")
        assert path.exists()

    def test_readers_in_another_process_are_never_locked_out(self, day):
        _, _, _, reads, _ = day
        assert len(reads) > 5


class TestTraps:
    """Each trap of the tools, tried on the real ones; tests/contracts has those that need none of them."""

    def test_dbt_run_instead_of_build_cannot_be_published(self, copy):
        # A bad row that only dbt's tests would see: one area twice.
        replace_rows(copy / "landing" / "catalogue" / "areas.parquet", "case when area_code = '0484' then '0482' else area_code end as area_code")
        bare_dbt(copy, "run", "--full-refresh")
        before = (copy / "published" / "current").resolve()
        alone = publish_alone(copy)
        assert alone.returncode == 7, alone.stderr
        assert "changed since" in alone.stdout + alone.stderr
        assert (copy / "published" / "current").resolve() == before

    def test_materialising_the_release_alone_asks_the_gate_again(self, copy):
        with duckdb.connect(str(copy / "warehouse" / "warehouse.duckdb")) as connection:
            connection.execute("update fct_observations set value = value + 1000")
        before = (copy / "published" / "current").resolve()
        assert publish_alone(copy).returncode == 7
        assert (copy / "published" / "current").resolve() == before

    def test_a_dbt_test_that_fails_leaves_the_last_release_in_place(self, copy):
        replace_rows(copy / "landing" / "local" / "observations" / "sip_antal.parquet", "'nobody' as reporter")
        (copy / "warehouse" / "build.json").unlink()
        before = (copy / "published" / "current").resolve()
        result = naravard(copy, "run", "--measure", "sip_antal", NARAVARD_IS_DEMO="1")
        assert result.exit_code == 1, result.output
        assert "fct_observations_reporter_is_a_known_word" in result.output and "still there" in result.output
        assert "Traceback" not in result.output
        assert (copy / "published" / "current").resolve() == before

    def test_a_figure_out_of_bounds_holds_only_its_measure(self, copy):
        replace_rows(copy / "landing" / "kolada" / "observations" / "vardtillfallen.parquet", "value * 1000 as value")
        (copy / "warehouse" / "build.json").unlink()
        result = naravard(copy, "run", "--measure", "sip_antal", NARAVARD_IS_DEMO="1")
        assert result.exit_code == 3, result.output
        assert "vardtillfallen" in result.output
        assert published(copy, "select distinct measure_id from fct_observations where is_held") == [("vardtillfallen",)]
        assert published(copy, "select max(value) < 1000000 from fct_observations where measure_id = 'vardtillfallen'") == [(True,)]
        [(check, rows)] = published(copy, "select check_name, failed_rows from meta_checks where not is_passed and severity = 'critical'")
        assert rows > 20 and "bound" in check

    def test_the_contract_is_read_from_dbt(self, demo):
        home, _ = demo
        tables = {t.name: t for t in read_tables(json.loads((home / "warehouse" / "dbt" / "manifest.json").read_text()))}
        assert tables["fct_observations"].key == ("measure_id", "area_code", "period_start", "period_end", "sex", "age_group", "reporter")
        assert ("area_code", "dim_areas") in {(r.column, r.to_table) for r in tables["fct_observations"].relations}
        assert all(t.key and t.description.startswith("One row per") for t in tables.values())


def test_dagster_loads_the_workspace(demo):
    environment = os.environ | {"NARAVARD_HOME": str(demo[0]), "NARAVARD_IS_DEMO": "1", "DAGSTER_HOME": str(demo[0] / "dagster")}
    command = [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
