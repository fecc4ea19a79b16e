"""What BI tools are given: the star and the exposures follow the models, and each tool's file names exactly what is published."""

import json
import re
import zipfile
from collections import Counter
from xml.etree import ElementTree as Xml

import duckdb
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from naravard_pipeline.bi.exposures import REPORT_READS, build_exposures
from naravard_pipeline.bi.files import PICTURE, WORDS, read_columns, write_bi_files
from naravard_pipeline.bi.picture import draw
from naravard_pipeline.bi.star import describe, read_star
from naravard_pipeline.bi.tools import Server, build_power_query, build_qlik
from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.cli.main import main
from naravard_pipeline.publication.promise import read_promise
from naravard_pipeline.settings import DBT_PROJECT, PROJECT, SOURCES

MODELS = DBT_PROJECT / "models"
SERVER = Server("db.example.se", 5433, "figures", "reader")


@pytest.fixture(scope="module")
def columns():
    """What is promised to readers, with a description that has to be quoted everywhere."""
    promised = read_promise().columns
    return {table: {c: (kind, f'What "{c}" is – åäö') for c, kind in found.items()} for table, found in promised.items()}


@pytest.fixture(scope="module")
def star():
    return read_star(MODELS)


def test_the_picture_and_its_words_are_those_of_the_models(star):
    assert (DBT_PROJECT / PICTURE).read_text("utf-8") == draw(star), "run `make generate`"
    assert (DBT_PROJECT / WORDS).read_text("utf-8") == describe(star), "run `make generate`"


def test_the_picture_shows_every_table_and_says_every_join_to_those_who_cannot_see_it(star):
    root = Xml.fromstring(draw(star))
    texts = {e.text for e in root.iter() if e.tag.endswith("text")}
    assert star.keys.keys() <= texts
    said = next(e.text for e in root.iter() if e.tag.endswith("desc"))
    assert all(f"{j.table} joins to {j.to_table}" in said for j in star.joins)


def test_the_star_has_every_published_table_but_marts_and_the_records_of_the_release(star):
    assert set(star.keys) == {t for t in read_promise().columns if not t.startswith(("mart_", "meta_"))}
    assert all(star.keys.values())


def test_the_reports_exposure_names_the_tables_that_it_reads():
    code = "".join(path.read_text("utf-8") for path in (PROJECT / "naravard_pipeline" / "report").glob("*.py"))
    assert set(re.findall(r"\b(?:from|join) ((?:dim|fct|bridge)_\w+)", code)) == set(REPORT_READS)


def test_what_has_a_key_of_several_columns_is_joined_on_all_of_them(star):
    join = next(j for j in star.joins if (j.table, j.to_table) == ("bridge_indicator_measures", "dim_indicators"))
    assert str(join) == "framework_id and indicator_id"


def test_exposures_are_those_of_the_catalogue_and_name_models_that_exist():
    text = (MODELS / "exposures.yml").read_text("utf-8")
    assert text == build_exposures(read_catalogue(SOURCES)), "run `make generate`"
    exposures = YAML(typ="safe").load(text)["exposures"]
    models = {p.stem for p in MODELS.rglob("*.sql")}
    read = {re.fullmatch(r"ref\('(\w+)'\)", d)[1] for e in exposures for d in e["depends_on"]}
    assert read <= models
    assert {m for m in models if m.startswith("mart_")} <= {re.fullmatch(r"ref\('(\w+)'\)", e["depends_on"][0])[1] for e in exposures}
    assert max(Counter(e["name"] for e in exposures).values()) == 1


def test_each_tools_file_is_whole_and_without_a_password(columns, tmp_path):
    what = write_bi_files(columns, tmp_path / 'it"s here', SERVER, tmp_path / "bi")
    assert {p.name for p in (tmp_path / "bi").iterdir()} == {*what, WORDS}
    details = json.loads((tmp_path / "bi" / "powerbi.pbids").read_text("utf-8"))["connections"][0]["details"]
    assert details == {"protocol": "postgresql", "address": {"server": "db.example.se:5433", "database": "figures"}}
    metabase = json.loads((tmp_path / "bi" / "metabase.json").read_text("utf-8"))
    assert (metabase["engine"], metabase["details"]["port"], metabase["details"]["password"]) == ("postgres", 5433, "")
    with zipfile.ZipFile(tmp_path / "bi" / "superset.zip") as archive:
        found = {name: YAML(typ="safe").load(archive.read(name)) for name in archive.namelist()}
    assert found["naravard/databases/Nara_vard.yaml"]["sqlalchemy_uri"] == "postgresql+psycopg2://reader:XXXXXXXXXX@db.example.se:5433/figures"
    for table, named in columns.items():
        assert [c["column_name"] for c in found[f"naravard/datasets/Nara_vard/{table}.yaml"]["columns"]] == list(named)


def test_power_query_gives_every_column_its_type_and_quotes_the_folder(columns):
    text = build_power_query(columns, 'D:\\it"s')
    assert 'Folder = "D:\\it""s"' in text
    for table, found in columns.items():
        line = re.search(rf"^        {table} = \{{(.*)\}},?$", text, re.M)[1]
        assert re.findall(r'\{"(\w+)", [^}]+\}', line) == list(found)
    assert '{"area_code", type text}' in text and '{"value", type number}' in text and '{"is_held", type logical}' in text


def test_in_qlik_only_the_columns_of_a_join_are_named_alike_and_no_way_goes_in_circles(star, columns):
    script = build_qlik(star.tree(), columns, "naravard")
    tables = re.findall(r"^\[(\w+)\]:\nLOAD\n(.*?)\nFROM", script, re.M | re.S)
    fields = {name: [re.search(r"\[([\w.]+)\]$", line)[1] for line in re.split(r",\n", body)] for name, body in tables}
    shared = {f for f, n in Counter(f for found in fields.values() for f in found).items() if n > 1}
    assert {f: sum(f in found for found in fields.values()) for f in shared} == dict.fromkeys(shared, 2), "a field in three tables makes a circle"
    assert len(shared) == len(fields) - 1, "so many joins as make a tree, and no table joined on two fields"
    assert {"dim_areas", "dim_measures", "dim_sources"} < set(fields)
    for name, body in tables:
        assert [re.match(r" *\[(\w+)\]", line)[1] for line in re.split(r",\n", body)] == list(columns[name])


def test_columns_are_those_of_the_database_with_what_they_mean(tmp_path):
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("create table dim_x (x_id varchar, n double); comment on column dim_x.n is 'How many.'")
    assert read_columns(tmp_path / "a.duckdb") == {"dim_x": {"x_id": ("varchar", ""), "n": ("double", "How many.")}}


@pytest.mark.parametrize(
    ("arguments", "said"), [([], "nothing is published"), (["--server", "x:y"], "expected a host"), (["--server", ":1"], "expected a host")]
)
def test_what_cannot_be_connected_is_said_with_the_remedy(arguments, said, tmp_path):
    result = CliRunner().invoke(main, ["bi", *arguments], env={"NARAVARD_HOME": str(tmp_path)})
    assert result.exit_code == 1 and said in result.output and "Traceback" not in result.output


def test_the_readme_shows_the_picture():
    assert f"dbt_project/{PICTURE}" in (PROJECT / "README.md").read_text("utf-8")
