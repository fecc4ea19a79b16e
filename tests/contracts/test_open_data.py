"""The release as open data: true to its own rows, valid by the standards, and silent about what nobody has decided."""

import hashlib
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urljoin, urlparse

import duckdb
import pytest
from open_data import (
    CLASSES,
    DCAT,
    DCTERMS,
    FOAF,
    STANDARDS,
    csvw_rows,
    needs_standards,
    profile_problems,
    read_graph,
    shape_problems,
    unknown_words,
)

from naravard_pipeline.catalogue.publication import PublicationFile
from naravard_pipeline.catalogue.reader import read_publication
from naravard_pipeline.publication import forms, meta
from naravard_pipeline.publication.assembly import Assembled
from naravard_pipeline.publication.contract import Column, Relation, Table
from naravard_pipeline.publication.credits import read_credits
from naravard_pipeline.publication.decisions import next_entry
from naravard_pipeline.publication.gate import Verdict
from naravard_pipeline.settings import SOURCES

BASE = "https://data.example.com/naravard/"
DECIDED = PublicationFile(
    base_url=BASE,
    publisher={"name_sv": "Länet", "homepage": "https://www.example.com/"},
    contact={"name_sv": "Öppna data", "email": "oppnadata@example.com", "url": "https://www.example.com/kontakt"},
    licence_url="http://creativecommons.org/licenses/by/4.0/",
    first_published=date(2026, 12, 1),
    counties={"04": "http://data.europa.eu/nuts/code/SE122"},
)
OWN = "Egen beräkning på uppgifter från Kolada och SCB"


def table(name: str, key: tuple[str, ...], relations: tuple[Relation, ...] = (), **kinds: str) -> Table:
    return Table(name, f"One row per {' and '.join(key)}.", tuple(Column(c, k, f"What {c} is.") for c, k in kinds.items()), key, relations)


TABLES = (
    table("dim_frameworks", ("framework_id",), framework_id="varchar", name_sv="varchar", county_code="varchar"),
    table(
        "dim_goal_areas",
        ("framework_id", "goal_area_id"),
        (Relation("framework_id", "dim_frameworks", "framework_id"),),
        framework_id="varchar",
        goal_area_id="varchar",
        name_sv="varchar",
        description_sv="varchar",
    ),
    table(
        "dim_indicators",
        ("framework_id", "indicator_id"),
        (Relation("goal_area_id", "dim_goal_areas", "goal_area_id"),),
        framework_id="varchar",
        goal_area_id="varchar",
        indicator_id="varchar",
    ),
    table("dim_sources", ("source_id",), source_id="varchar", url="varchar", attribution="varchar", licence="varchar", licence_url="varchar"),
    table(
        "dim_measures",
        ("measure_id",),
        (Relation("source_id", "dim_sources", "source_id"), Relation("replaced_by", "dim_measures", "measure_id")),
        measure_id="varchar",
        name_sv="varchar",
        source_id="varchar",
        attribution="varchar",
        computed_from="varchar",
        replaced_by="varchar",
        decimals="integer",
    ),
    table(
        "fct_observations",
        ("measure_id", "period_start"),
        (Relation("measure_id", "dim_measures", "measure_id"),),
        measure_id="varchar",
        period_start="date",
        period_end="date",
        value="double",
        is_held="boolean",
        held_since="timestamp",
    ),
    table("fct_composites", ("indicator_id",), indicator_id="varchar", period_end="date", value="double", part_count="bigint"),
    table(
        "mart_lan_nara",
        ("measure_id", "period_start"),
        framework_id="varchar",
        goal_area_id="varchar",
        indicator_name_sv="varchar",
        indicator_sort_order="integer",
        measure_id="varchar",
        period_start="date",
        period_end="date",
        value="double",
        has_figures="boolean",
    ),
)
ROWS = {
    "dim_frameworks": [("lan", "Nära vård i länet", "04")],
    "dim_goal_areas": [("lan", "nara", "Nära", "Nära och bra.")],
    "dim_indicators": [("lan", "nara", "kontinuitet")],
    "dim_sources": [
        ("kolada", "https://www.kolada.se", "Källa: Kolada", "Fri.", "https://www.kolada.se/om-oss/api"),
        ("scb", None, "Källa: SCB", "CC0.", None),
        ("derived", None, "Egen beräkning", "Som övrigt.", None),
    ],
    "dim_measures": [
        ("falls", "=2+3, «fall»", "kolada", "Källa: Kolada", None, None, 1),
        ("people", 'Folk "mängd"\nrad två', "scb", "Källa: SCB", None, "falls", 0),
        ("rate", "Kvot", "derived", OWN, "falls,people", None, 2),
        ("never", "Utan tal", "kolada", "Källa: Ingen", None, None, 2),
    ],
    "fct_observations": [
        ("falls", date(2020, 1, 1), date(2020, 12, 31), 0.00001, False, None),
        ("people", date(2021, 1, 1), date(2021, 12, 31), 1e16, True, datetime(2026, 3, 1, 6, 5, 4, 321)),
        ("rate", date(2021, 1, 1), date(2022, 12, 31), None, True, datetime(2026, 3, 1, 6, 5, 4)),
        ("falls", date(2023, 1, 1), date(2023, 12, 31), -1.5, False, None),
    ],
    "fct_composites": [("kontinuitet", date(2023, 12, 31), 0.5, 2**40)],
    "mart_lan_nara": [
        ("lan", "nara", "Kontinuitet", 1, "falls", date(2020, 1, 1), date(2020, 12, 31), 1.0, True),
        ("lan", "nara", "Rehabilitering", 2, None, None, None, None, False),
    ],
}

CHECK = {
    "kind": "dbt",
    "check": "keys_are_unique",
    "table": "fct_observations",
    "suite": "dbt",
    "severity": "critical",
    "scope": "release",
    "passed": True,
    "reason": "",
    "failed_rows": 0,
    "rows": [],
    "by_measure": {},
}

LOG = [next_entry([], "released", role="automatic", reason_sv="Allt är nytt.", release_id="20261201T060000-abcdef01", content_hash="abcdef01")]


def write_release(folder: Path, monkeypatch, publication: PublicationFile, is_demo: bool = False) -> Path:
    """Every form of a release of the rows above, as a publication writes them."""
    folder.mkdir()
    monkeypatch.setattr(forms, "read_publication", lambda sources: publication)
    release = {
        "release_id": "20261201T060000-abcdef01",
        "published_at": datetime(2026, 12, 1, 6, tzinfo=UTC).isoformat(),
        "code_version": "1.0",
        "build_id": "b",
        "content_hash": "abcdef01",
        "is_demo": is_demo,
    }
    with duckdb.connect(str(folder / "naravard.duckdb")) as connection:
        for t in TABLES:
            connection.execute(f"create table {t.name} ({', '.join(f'{c.name} {c.type}' for c in t.columns)})")
            connection.executemany(f"insert into {t.name} values ({', '.join('?' * len(t.columns))})", ROWS[t.name])
        values = {c: release.get(c) for c in meta.META_RELEASE.column_names}
        changes = {
            "format": 1,
            "before": None,
            "after": {"release_id": "1", "published_at": "2026-01-01T00:00:00+00:00", "is_demo": is_demo},
            "is_demo": is_demo,
            "note_sv": None,
            "totals": {},
            "states": {},
            "measures": [],
        }
        forms.write_forms(connection, folder, TABLES, Assembled({}, {}, {}, ""), Verdict({}, [CHECK]), values, LOG, changes, lambda text: None)
    return folder


@pytest.fixture
def decided(tmp_path, monkeypatch) -> Path:
    return write_release(tmp_path / "release", monkeypatch, DECIDED)


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> Path:
    """With sources/publication.yml as it is shipped, much of it undecided."""
    return write_release(tmp_path / "release", monkeypatch, read_publication(SOURCES))


def everything_said(folder: Path) -> str:
    return "".join((folder / name).read_text("utf-8") for name in ("datapackage.json", "csv-metadata.json", "dcat.rdf"))


class TestWhoseFigures:
    def test_a_table_of_sources_figures_names_each_and_what_is_computed_says_so(self, decided):
        with duckdb.connect(str(decided / "naravard.duckdb"), read_only=True) as connection:
            credits = {t.name: [c.text for c in read_credits(connection, t, False)] for t in TABLES}
        assert credits["fct_observations"] == [OWN, "Källa: Kolada", "Källa: SCB"]
        assert credits["mart_lan_nara"] == ["Källa: Kolada"]
        assert credits["fct_composites"] == [OWN]
        assert credits["dim_measures"] == []

    def test_no_source_stands_under_a_table_of_own_computations_in_any_form(self, decided):
        package = json.loads((decided / "datapackage.json").read_text())
        sources = {r["name"]: r.get("sources") for r in package["resources"]}
        assert sources["fct_composites"] == sources["fct_composites-parquet"] == [{"title": OWN}]
        assert {"title": "Källa: Kolada", "path": "https://www.kolada.se"} in sources["fct_observations"]
        described = {t["url"]: t.get("dc:source") for t in json.loads((decided / "csv-metadata.json").read_text())["tables"]}
        assert described["csv/fct_composites.csv"] == [f"{OWN}."]
        assert "Källa: Kolada. Villkor: Fri. https://www.kolada.se/om-oss/api" in described["csv/fct_observations.csv"]

    def test_nor_in_the_catalogue(self, decided):
        rdflib = pytest.importorskip("rdflib")
        graph = read_graph(decided / "dcat.rdf")
        own = rdflib.URIRef(f"{BASE}dcat.rdf#datamangd-egna-berakningar")
        provenance = [str(graph.value(p, rdflib.DCTERMS.description)) for p in graph.objects(own, rdflib.DCTERMS.provenance)]
        assert provenance == [f"{OWN}."]
        for distribution in graph.objects(own, rdflib.DCAT.distribution):
            rights = graph.value(distribution, rdflib.DCTERMS.rights)
            assert [str(o) for o in graph.objects(rights, rdflib.URIRef("http://schema.theodi.org/odrs#attributionText"))] == [OWN]

    def test_a_demo_names_nobody(self, tmp_path, monkeypatch):
        said = everything_said(write_release(tmp_path / "release", monkeypatch, DECIDED, is_demo=True))
        for name in ("Källa:", "Egen beräkning på", "Länet", "example.com", "creativecommons.org/licenses"):
            assert name not in said
        assert said.count("PÅHITTADE UPPGIFTER") >= 5  # the package, the CSV files, the catalogue and each dataset


class TestCsvw:
    def test_every_file_is_read_as_it_is_in_the_database(self, decided):
        pytest.importorskip("csvw")
        seen = dict(csvw_rows(decided))
        assert seen.keys() == {t.name for t in (*TABLES, *meta.META_TABLES)}
        for t in TABLES:
            rows = [tuple(row.values()) for row in seen[t.name]]
            expected = [tuple(f"'{v}" if isinstance(v, str) and v.startswith("=") else _aware(v) for v in row) for row in ROWS[t.name]]
            assert sorted(rows, key=repr) == sorted(expected, key=repr), t.name

    def test_keys_and_relations_hold(self, decided):
        csvw = pytest.importorskip("csvw")
        group = csvw.TableGroup.from_file(decided / "csv-metadata.json")
        assert group.check_referential_integrity() is True
        references = {str(t.url): [fk.columnReference for fk in t.tableSchema.foreignKeys] for t in group.tables}
        # half a key names no row: the framework goes with the goal area
        assert sorted(references["csv/dim_indicators.csv"][0]) == ["framework_id", "goal_area_id"]

    @pytest.mark.parametrize(("column", "kind"), [("name_sv", "integer"), ("source_id", "date"), ("measure_id", {"base": "boolean"})])
    def test_a_wrong_type_is_seen(self, decided, column, kind):
        pytest.importorskip("csvw")
        path = decided / "csv-metadata.json"
        metadata = json.loads(path.read_text())
        for t in metadata["tables"]:
            for c in t["tableSchema"]["columns"]:
                if t["url"] == "csv/dim_measures.csv" and c["name"] == column:
                    c["datatype"] = kind
        path.write_text(json.dumps(metadata))
        with pytest.raises((ValueError, UserWarning)):
            dict(csvw_rows(decided))

    def test_it_says_what_the_apostrophe_is(self, decided):
        metadata = json.loads((decided / "csv-metadata.json").read_text())
        assert "apostrof" in metadata["dc:description"]
        assert "'=2+3" in (decided / "csv" / "dim_measures.csv").read_text("utf-8")
        assert metadata["dc:license"] == {"@id": DECIDED.licence_url}


class TestDcat:
    def test_sizes_hashes_and_addresses_are_those_of_the_files(self, decided):
        rdflib = pytest.importorskip("rdflib")
        graph = read_graph(decided / "dcat.rdf")
        spdx = rdflib.Namespace("http://spdx.org/rdf/terms#")
        found = set()
        for distribution in graph.subjects(rdflib.RDF.type, rdflib.DCAT.Distribution):
            address = str(graph.value(distribution, rdflib.DCAT.downloadURL))
            path = decided / address.removeprefix(BASE)
            assert int(graph.value(distribution, rdflib.DCAT.byteSize)) == path.stat().st_size
            value = graph.value(graph.value(distribution, spdx.checksum), spdx.checksumValue)
            assert str(value).lower() == hashlib.sha256(path.read_bytes()).hexdigest(), path
            found.add(path.relative_to(decided).as_posix())
        tables = [t.name for t in (*TABLES, *meta.META_TABLES)]
        assert found == {f"csv/{t}.csv" for t in tables} | {f"parquet/{t}.parquet" for t in tables} | {"naravard.duckdb"}

    def test_a_dataset_per_goal_area_with_its_county_its_years_and_its_indicators(self, decided):
        rdflib = pytest.importorskip("rdflib")
        graph = read_graph(decided / "dcat.rdf")
        mart = rdflib.URIRef(f"{BASE}dcat.rdf#datamangd-lan-nara")
        assert str(graph.value(mart, rdflib.DCTERMS.title)) == "Nära vård i länet: Nära"
        assert rdflib.URIRef(DECIDED.counties["04"]) in set(graph.objects(mart, rdflib.DCTERMS.spatial))
        assert {"kontinuitet", "rehabilitering"} <= {str(k) for k in graph.objects(mart, rdflib.DCAT.keyword)}
        star = rdflib.URIRef(f"{BASE}dcat.rdf#datamangd-matt-och-observationer")
        period = graph.value(star, rdflib.DCTERMS.temporal)
        # a period without a value is none
        assert [str(graph.value(period, p)) for p in (rdflib.DCAT.startDate, rdflib.DCAT.endDate)] == ["2020-01-01", "2023-12-31"]

    def test_without_an_address_the_links_are_relative_to_where_it_is_served(self, shipped):
        rdflib = pytest.importorskip("rdflib")
        graph = read_graph(shipped / "dcat.rdf", base="https://somewhere.example/x/dcat.rdf")
        for distribution in graph.subjects(rdflib.RDF.type, rdflib.DCAT.Distribution):
            address = str(graph.value(distribution, rdflib.DCAT.accessURL))
            assert address.startswith(urljoin("https://somewhere.example/x/", "")) and (shipped / address.split("/x/")[1]).exists()

    def test_what_is_not_decided_is_said_and_not_invented(self, shipped):
        rdflib = pytest.importorskip("rdflib")
        graph = read_graph(shipped / "dcat.rdf")
        [catalogue] = graph.subjects(rdflib.RDF.type, rdflib.DCAT.Catalog)
        description = str(graph.value(catalogue, rdflib.DCTERMS.description))
        assert description.endswith("Ännu inte beslutat: utgivarens webbplats, adress, kontakt, licens, första publiceringsdag.")
        assert "Ännu inte beslutat" in json.loads((shipped / "datapackage.json").read_text())["description"]
        assert list(graph.subject_objects(rdflib.DCAT.contactPoint)) == []
        hosts = {urlparse(str(o)).netloc for o in graph.objects() if isinstance(o, rdflib.URIRef)} - {""}
        standards = {"www.w3.org", "purl.org", "xmlns.com", "spdx.org", "schema.theodi.org", "www.iana.org", "datapackage.org", "creativecommons.org"}
        assert hosts - standards <= {"publications.europa.eu", "data.europa.eu"}, "an address nobody decided"

    def test_when_all_is_decided_nothing_is_said_to_be_missing(self, decided):
        assert "Ännu inte beslutat" not in everything_said(decided)


@needs_standards
class TestTheStandards:
    def test_digg_s_own_examples_pass_and_so_the_judge_is_right(self):
        for name in ("obligatoriskt", "rekommenderat"):
            assert shape_problems(read_graph(STANDARDS / f"dcat-ap-se-{name}.ttl")) == set()
        assert profile_problems(read_graph(STANDARDS / "dcat-ap-se-rekommenderat.ttl"), "min") == set()
        # The other example was written for version 2; version 3 made these two mandatory.
        assert profile_problems(read_graph(STANDARDS / "dcat-ap-se-obligatoriskt.ttl"), "min") == {
            (FOAF + "Agent", DCTERMS + "type"),
            (DCAT + "Distribution", DCTERMS + "format"),
        }

    def test_a_word_that_is_not_in_the_lists_is_seen(self, decided):
        from rdflib import DCTERMS as TERMS
        from rdflib import URIRef

        graph = read_graph(decided / "dcat.rdf")
        graph.add((next(graph.subjects(TERMS.accessRights)), TERMS.accessRights, URIRef("https://www.example.com/open")))
        assert unknown_words(graph) == {(DCTERMS + "accessRights", "https://www.example.com/open")}
        # version 2, which the example was written for, had other words for this one
        assert {name for name, _ in unknown_words(read_graph(STANDARDS / "dcat-ap-se-rekommenderat.ttl"))} == {
            "http://data.europa.eu/r5r/availability"
        }

    @pytest.mark.parametrize("name", ["title", "description", "publisher"])
    def test_a_broken_copy_of_an_example_fails(self, name):
        from rdflib import DCTERMS as TERMS
        from rdflib import Literal

        graph = read_graph(STANDARDS / "dcat-ap-se-rekommenderat.ttl")
        things = [s for s, _ in graph.subject_objects(TERMS[name])]
        graph.remove((None, TERMS[name], None))
        assert profile_problems(graph, "min")
        if name != "publisher":  # a catalogue's publisher alone is mandatory in DCAT-AP
            assert shape_problems(graph)
        for thing in things:
            graph.add((thing, TERMS.publisher, Literal("a name instead of an agent")))
        assert any(kind == "NodeKindConstraintComponent" for kind, _, _ in shape_problems(graph))

    def test_ours_has_all_that_is_mandatory_and_recommended(self, decided):
        graph = read_graph(decided / "dcat.rdf")
        assert shape_problems(graph) == set()
        assert profile_problems(graph, "min") == set()
        assert profile_problems(graph, "pref") == set()
        assert unknown_words(graph) == set()
        from rdflib import RDF, URIRef

        assert all((None, RDF.type, URIRef(kind)) in graph for kind in CLASSES.values()), "a class that was not judged"

    @pytest.mark.parametrize("is_demo", [False, True])
    def test_ours_has_all_that_is_mandatory_while_little_is_decided(self, tmp_path, monkeypatch, is_demo):
        folder = write_release(tmp_path / "release", monkeypatch, read_publication(SOURCES), is_demo)
        graph = read_graph(folder / "dcat.rdf")
        assert shape_problems(graph) == set() and profile_problems(graph, "min") == set()

    @pytest.mark.parametrize("lost", ["dcterms:title", "dcat:accessURL", "dcterms:format", "foaf:name", "vcard:hasEmail", "dcterms:license"])
    def test_ours_without_one_of_them_fails(self, decided, lost):
        import re

        path = decided / "dcat.rdf"
        shutil.copy(path, decided / "broken.rdf")
        text = re.sub(rf"\s*<{lost}\b[^>]*?(/>|>.*?</{lost}>)", "", path.read_text("utf-8"), flags=re.DOTALL)
        (decided / "broken.rdf").write_text(text, "utf-8")
        assert profile_problems(read_graph(decided / "broken.rdf"), "min")


def test_nothing_decided_is_what_a_missing_file_means(tmp_path):
    assert read_publication(tmp_path) == PublicationFile()
    assert "utgivare" in PublicationFile().undecided_sv


def _aware(value):
    """csvw gives dates as datetimes."""
    return datetime(value.year, value.month, value.day) if type(value) is date else value
