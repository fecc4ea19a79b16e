"""The promise to readers: the project keeps the contract it committed, and no release takes away what the last one did not announce."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest
from publishing import TABLES, Bench

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.catalogue.frameworks import Deprecated
from naravard_pipeline.catalogue.marts import build_mart_files
from naravard_pipeline.publication import meta, promise
from naravard_pipeline.publication.contract import Column, Deprecation, Table, read_tables
from naravard_pipeline.publication.promise import (
    NOTICE,
    PromiseBroken,
    breaches,
    broken_promises,
    promise_of,
    read_project,
    read_promise,
    renew_promise,
    short_notices,
)
from naravard_pipeline.settings import DBT_PROJECT, SOURCES

TODAY = date(2026, 12, 1)
LATER = TODAY + NOTICE
GOING = Deprecation(TODAY, LATER, "Koden används inte längre.", "scb_code")


def table(name="dim_areas", deprecated=None, **columns) -> Table:
    """A table whose columns are types, or types with what is announced of them."""
    made = [Column(c, *((k, "What it is.") if isinstance(k, str) else (k[0], "What it is.", k[1]))) for c, k in columns.items()]
    return Table(name, "One row per area.", tuple(made), (), (), deprecated)


BEFORE = [table(area_code="varchar", kolada_code="varchar", sort_order="integer"), table("dim_old", old_id="varchar")]


class TestTheProject:
    def test_it_keeps_the_contract_it_committed(self):
        agreed, project = read_promise(), read_project(DBT_PROJECT / "models").with_tables(meta.META_TABLES)
        assert breaches(agreed, project, date.today()) == []
        assert short_notices(agreed, project, date.today()) == []
        assert replace(project, version=agreed.version) == agreed, "run `make generate`: the contract of published columns has changed"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("data_type: varchar", "data_type: bigint"),
            ("      - name: sort_order\n", "      - name: place\n"),
            ("  - name: dim_areas\n", "  - name: dim_x\n"),
        ],
        ids=["retyped", "renamed", "table renamed"],
    )
    def test_a_change_in_dbts_yaml_is_seen(self, tmp_path, old, new):
        text = (DBT_PROJECT / "models" / "core" / "_core.yml").read_text("utf-8")
        assert old in text
        (tmp_path / "_core.yml").write_text(text.replace(old, new, 1), "utf-8")
        ours = {n: c for n, c in read_promise().columns.items() if not n.startswith(("mart_", "meta_"))}
        assert len(breaches(replace(read_promise(), columns=ours), read_project(tmp_path), TODAY)) >= 1

    def test_what_the_yaml_says_is_what_dbt_says(self, tmp_path):
        """Both readers of a deprecation give the same: the one without dbt, and the one of dbt's manifest."""
        deprecated = {"since": "2026-12-01", "remove_after": "2027-06-01", "replaced_by": "scb_code", "reason_sv": "Utgår."}
        column = {"name": "kolada_code", "data_type": "varchar", "description": "Code.", "config": {"meta": {"deprecated": deprecated}}}
        (tmp_path / "m.yml").write_text(json.dumps({"models": [{"name": "dim_areas", "columns": [column]}]}))
        node = {
            "resource_type": "model",
            "name": "dim_areas",
            "unique_id": "m",
            "description": "One row per area.",
            "columns": {"kolada_code": column},
        }
        [read] = read_tables({"nodes": {"m": node}})
        assert promise_of([read]) == read_project(tmp_path)
        assert read.columns[0].description == (
            "Code. Deprecated since 2026-12-01: it may change or disappear after 2027-06-01. Use scb_code instead. Utgår."
        )

    def test_a_goal_area_that_goes_is_announced_by_its_mart(self, tmp_path):
        catalogue = read_catalogue(SOURCES)
        framework = catalogue.frameworks["sormland"]
        announced = Deprecated(since=TODAY, remove_after=LATER, reason_sv="Målområdet «Nära» upphör: se de andra.")
        areas = [a.model_copy(update={"deprecated": announced}) if a.goal_area_id == "nara" else a for a in framework.goal_areas]
        changed = catalogue.model_copy(update={"frameworks": {"sormland": framework.model_copy(update={"goal_areas": areas})}})
        (tmp_path / "marts.yml").write_text(build_mart_files(changed)["sormland/_sormland.yml"], "utf-8")
        assert read_project(tmp_path).deprecations == {("mart_sormland_nara", None): Deprecation(TODAY, LATER, announced.reason_sv)}

    @pytest.mark.parametrize(
        "deprecated",
        [{"since": "2026-12-01"}, "soon", {"since": "x", "remove_after": "2027-06-01", "reason_sv": "R"}, {**{"since": TODAY}, "why": 1}],
    )
    def test_a_deprecation_that_is_not_well_formed_is_named(self, deprecated):
        with pytest.raises(ValueError, match=r"dim_areas\.kolada_code.*remove_after"):
            Deprecation.from_meta({"deprecated": deprecated}, "dim_areas.kolada_code")


class TestGenerate:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "promise.json"
        assert renew_promise(promise_of(BEFORE), TODAY, path) == "1.0"
        return path

    def test_what_is_added_raises_the_minor_part_and_nothing_new_none(self, path):
        assert renew_promise(promise_of(BEFORE), TODAY, path) == "1.0"
        assert renew_promise(promise_of([*BEFORE, table("dim_new", new_id="varchar")]), TODAY, path) == "1.1"

    @pytest.mark.parametrize(
        ("after", "named"),
        [
            ([table(area_code="varchar", sort_order="integer"), BEFORE[1]], "dim_areas.kolada_code would disappear"),
            ([table(area_code="varchar", kolada_code="integer", sort_order="integer"), BEFORE[1]], "would become integer instead of varchar"),
            ([BEFORE[0]], "the table dim_old would disappear"),
        ],
        ids=["removed", "retyped", "table removed"],
    )
    def test_what_was_not_announced_is_refused_with_its_remedy(self, path, after, named):
        before = path.read_text()
        with pytest.raises(PromiseBroken, match=re.escape(named)) as broken:
            renew_promise(promise_of(after), TODAY + timedelta(days=1000), path)
        assert "`deprecated` under" in broken.value.failures[0]
        assert path.read_text() == before

    def test_what_was_announced_may_go_when_its_day_has_passed_and_raises_the_major_part(self, path):
        announced = [table(area_code="varchar", kolada_code=("varchar", GOING), sort_order=("integer", GOING)), replace(BEFORE[1], deprecated=GOING)]
        assert renew_promise(promise_of(announced), TODAY, path) == "1.1"
        after = promise_of([table(area_code="varchar", sort_order="bigint")])
        with pytest.raises(PromiseBroken, match=f"announced to stay until {LATER}") as broken:
            renew_promise(after, LATER, path)
        assert len(broken.value.failures) == 3
        assert renew_promise(after, LATER + timedelta(days=1), path) == "2.0"
        assert read_promise(path).deprecations == {}

    @pytest.mark.parametrize(
        "announced",
        [
            Deprecation(TODAY, TODAY + timedelta(days=89), "Kort."),
            Deprecation(TODAY - timedelta(days=400), TODAY + timedelta(days=1), "Fördaterad."),
        ],
        ids=["short", "said to have been announced long ago"],
    )
    def test_readers_get_90_days(self, path, announced):
        with pytest.raises(PromiseBroken, match="readers need 90 days"):
            renew_promise(promise_of([table(area_code="varchar", kolada_code=("varchar", announced), sort_order="integer"), BEFORE[1]]), TODAY, path)

    def test_a_day_that_was_announced_is_not_moved_nearer(self, path):
        far = Deprecation(TODAY, LATER + timedelta(days=200), "Utgår.")
        renew_promise(promise_of([replace(BEFORE[0], deprecated=far), BEFORE[1]]), TODAY, path)
        with pytest.raises(PromiseBroken, match="readers need 90 days"):
            renew_promise(promise_of([replace(BEFORE[0], deprecated=GOING), BEFORE[1]]), TODAY + timedelta(days=30), path)


class TestTheLastRelease:
    """What its database had and announced decides, whatever the project's files say."""

    @pytest.fixture
    def connection(self, tmp_path):
        with duckdb.connect(str(tmp_path / "last.duckdb")) as last:
            last.execute("create table dim_areas (area_code varchar, kolada_code varchar, sort_order integer)")
            last.execute("create table dim_old (old_id varchar)")
            promise.write_deprecations(
                last, [table(area_code="varchar", kolada_code=("varchar", GOING), sort_order="integer"), table("dim_old", GOING, old_id="varchar")]
            )
        with duckdb.connect() as connection:
            connection.execute(f"attach '{tmp_path / 'last.duckdb'}' as last (read_only)")
            yield connection

    def test_nothing_is_broken_by_more(self, connection):
        assert broken_promises(connection, [*BEFORE, promise.META_DEPRECATIONS, table("dim_new", new_id="varchar")], TODAY) == []

    def test_what_was_announced_goes_only_when_its_day_has_passed(self, connection):
        after = [table(area_code="varchar", sort_order="integer"), promise.META_DEPRECATIONS]
        failures = broken_promises(connection, after, LATER)
        assert len(failures) == 2 and all(str(LATER) in f for f in failures)
        assert broken_promises(connection, after, LATER + timedelta(days=1)) == []

    def test_what_was_not_announced_never_goes(self, connection):
        after = [table(area_code="integer", kolada_code="varchar"), BEFORE[1]]
        assert [f.split(",")[0] for f in sorted(broken_promises(connection, after, LATER + timedelta(days=999)))] == [
            "The column dim_areas.area_code would become integer instead of varchar",
            "The column dim_areas.sort_order would disappear",
            "The table meta_deprecations would disappear",
        ]

    def test_a_last_release_without_announcements_announced_nothing(self, connection, tmp_path):
        with duckdb.connect(str(tmp_path / "older.duckdb")) as older:
            older.execute("create table dim_old (old_id varchar)")
        connection.execute(f"attach '{tmp_path / 'older.duckdb'}' as older (read_only)")
        assert len(broken_promises(connection, BEFORE[:1], LATER, "older")) == 1

    def test_the_first_release_breaks_nothing(self):
        with duckdb.connect() as connection:
            assert broken_promises(connection, BEFORE, TODAY) == []


def test_a_release_says_everywhere_what_will_go(tmp_path, monkeypatch):
    bench = Bench(tmp_path)
    bench.build({"beds": {"00": 1.0}})
    bench.check()
    announced = tuple(
        replace(
            t, columns=tuple(replace(c, deprecated=GOING, description=f"{c.description} {GOING}") if c.name == "name_sv" else c for c in t.columns)
        )
        for t in TABLES
    )
    monkeypatch.setattr("publishing.TABLES", announced)
    folder = bench.publish().path
    assert bench.released("select * from meta_deprecations") == [("dim_measures", "name_sv", TODAY, LATER, "scb_code", GOING.reason_sv)]
    [(comment,)] = bench.released("select comment from duckdb_columns() where table_name = 'dim_measures' and column_name = 'name_sv'")
    assert f"disappear after {LATER}" in comment and GOING.reason_sv in comment
    package = json.loads((folder / "datapackage.json").read_text())
    fields = {f["name"]: f for r in package["resources"] if r["name"] == "dim_measures" for f in r["schema"]["fields"]}
    assert fields["name_sv"]["deprecated"] == {
        "since": str(TODAY),
        "remove_after": str(LATER),
        "reason_sv": GOING.reason_sv,
        "replaced_by": "scb_code",
    }
    assert f"disappear after {LATER}" in fields["name_sv"]["description"] and "deprecated" not in fields["measure_id"]
