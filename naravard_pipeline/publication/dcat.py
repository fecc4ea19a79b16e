"""``dcat.rdf``: the release as an entry for data portals, by DCAT-AP-SE 3 (https://docs.dataportal.se/dcat/3.0.1/sv/), in RDF/XML.

RDF/XML, because every harvester of DCAT-AP reads it, and built with the standard library. Every address in it is relative to the file's own
place, or to ``base_url`` of sources/publication.yml where that is decided, so it is true wherever the release is served. The identifiers of
datasets are the same from release to release.
Here: what is said, and how it is written as RDF. Not here: whose figures they are (credits), what has been decided (sources/publication.yml).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

import duckdb

from naravard_pipeline.catalogue.attribution import MADE_UP
from naravard_pipeline.catalogue.publication import PublicationFile, Publisher
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.credits import Credit
from naravard_pipeline.publication.datapackage import described_sv, title_sv
from naravard_pipeline.publication.rdf import NAMESPACES, Graph

EU = "http://publications.europa.eu/resource/authority/"
SWEDEN = f"{EU}country/SWE"
IANA = "https://www.iana.org/assignments/media-types/"
CSVW = "https://www.w3.org/TR/tabular-metadata/"
DATA_PACKAGE = "https://datapackage.org/standard/data-package/"
FORMS = {"csv": ("CSV", "text/csv"), "parquet": ("Parquet", "application/vnd.apache.parquet"), "duckdb": ("DuckDB", "application/octet-stream")}


@dataclass(frozen=True)
class File:
    """One file of the release: its path in the folder, size in bytes and SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class _Dataset:
    """What a reader would look for as one thing. ``tables`` are its files, ``whole`` says that the database belongs to it too."""

    slug: str
    title: str
    description: str
    tables: tuple[Table, ...]
    keywords: tuple[str, ...] = ()
    county_codes: tuple[str, ...] = ()
    whole: bool = False


def build_dcat(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[File],
    tables: Sequence[Table],
    release: Mapping[str, Any],
    publication: PublicationFile,
    credits: Mapping[str, Sequence[Credit]],
) -> bytes:
    """The catalogue as RDF/XML in UTF-8: one dataset per goal area, one for all observations with their dimensions and the database, and one
    for what is computed here, where there is such a table. ``credits`` by table; ``connection`` holds the release's tables.
    """
    if release["is_demo"]:  # nothing that a portal could take for the real thing
        publication = PublicationFile(title_sv=publication.title_sv, publisher=Publisher(name_sv=MADE_UP))
    graph = Graph(publication.base_url and f"{publication.base_url.rstrip('/')}/dcat.rdf")
    datasets = _datasets(connection, tables)
    publisher = (publication.publisher and publication.publisher.uri) or "#utgivare"
    catalogue = graph.add("dcat:Catalog", about="#katalog")
    graph.text(catalogue, "dcterms:title", title_sv(publication, release), lang="sv")
    graph.text(catalogue, "dcterms:description", described_sv(publication, release), lang="sv")
    graph.link(catalogue, "dcterms:publisher", publisher)
    graph.link(catalogue, "dcterms:license", publication.catalogue_licence_url)
    graph.link(catalogue, "dcterms:language", f"{EU}language/SWE")
    graph.link(catalogue, "dcat:themeTaxonomy", f"{EU}data-theme")
    _dates(graph, catalogue, publication, release)
    if publication.publisher and publication.publisher.homepage:
        graph.link(catalogue, "foaf:homepage", publication.publisher.homepage)
    for uri in (SWEDEN, *publication.counties.values()):
        graph.link(catalogue, "dcterms:spatial", uri)
    for dataset in datasets:
        graph.link(catalogue, "dcat:dataset", f"#datamangd-{dataset.slug}")
    _publisher(graph, publisher, publication.publisher)
    if publication.contact:
        contact = graph.add("vcard:Organization", about="#kontakt")
        graph.text(contact, "vcard:fn", publication.contact.name_sv)
        graph.link(contact, "vcard:hasEmail", f"mailto:{publication.contact.email}")
        if publication.contact.url:
            graph.link(contact, "vcard:hasURL", publication.contact.url)
    for dataset in datasets:
        _dataset(graph, connection, dataset, files, publisher, publication, release, credits)
    return graph.to_bytes()


def _datasets(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> list[_Dataset]:
    marts = [t for t in tables if t.name.startswith("mart_")]
    own = tuple(t for t in tables if t.is_own_computation)
    star = tuple(t for t in tables if t not in marts and t not in own)
    about = "Alla observationer för hela landet, med mått, områden, källor och övriga dimensioner, och hela databasen med alla tabeller i en fil."
    found = [_goal_area(connection, table) for table in marts]
    found.append(_Dataset("matt-och-observationer", "Mått och observationer", about, star, whole=True))
    if own:
        about = "Bedömningar, index och andra tal som räknas ut här. Inget av dem är en källas egen uppgift."
        found.append(_Dataset("egna-berakningar", "Egna beräkningar", about, own))
    return found


def _goal_area(connection: duckdb.DuckDBPyConnection, table: Table) -> _Dataset:
    """The mart's goal area, by the names in its own rows."""
    slug = table.name.removeprefix("mart_").replace("_", "-")
    about = "En rad per indikator, mått, område, period, kön och åldersgrupp, med allt som behövs för en tabell eller ett diagram."
    if not {"framework_id", "goal_area_id"} <= set(table.column_names):
        return _Dataset(slug, table.name, about, (table,))
    query = f"""
        select distinct f.name_sv, g.name_sv, g.description_sv, f.county_code
        from {table.name} as t
        join dim_frameworks as f on f.framework_id = t.framework_id
        join dim_goal_areas as g on g.framework_id = t.framework_id and g.goal_area_id = t.goal_area_id
    """
    framework, area, description, county = connection.execute(query).fetchone() or ("", table.name, "", None)
    query = f"select distinct indicator_name_sv, indicator_sort_order from {table.name} order by indicator_sort_order"
    indicators = tuple(row[0].lower() for row in connection.execute(query).fetchall())
    return _Dataset(slug, f"{framework}: {area}", f"{description} {about}", (table,), indicators, (county,) if county else ())


def _dataset(
    graph: Graph,
    connection: duckdb.DuckDBPyConnection,
    dataset: _Dataset,
    files: Sequence[File],
    publisher: str,
    publication: PublicationFile,
    release: Mapping[str, Any],
    credits: Mapping[str, Sequence[Credit]],
) -> None:
    node = graph.add("dcat:Dataset", about=f"#datamangd-{dataset.slug}")
    made_up = " – PÅHITTADE UPPGIFTER" if release["is_demo"] else ""
    graph.text(node, "dcterms:title", dataset.title + made_up, lang="sv")
    graph.text(node, "dcterms:description", dataset.description + (f" {MADE_UP}." if made_up else ""), lang="sv")
    graph.link(node, "dcterms:publisher", publisher)
    if publication.contact:
        graph.link(node, "dcat:contactPoint", "#kontakt")
    for keyword in (*publication.keywords_sv, *dataset.keywords):
        graph.text(node, "dcat:keyword", keyword, lang="sv")
    graph.link(node, "dcat:theme", f"{EU}data-theme/HEAL")
    graph.link(node, "dcterms:accessRights", f"{EU}access-right/PUBLIC")
    graph.link(node, "dcterms:language", f"{EU}language/SWE")
    graph.link(node, "dcterms:accrualPeriodicity", f"{EU}frequency/{publication.update_frequency}")
    graph.link(node, "dcterms:conformsTo", DATA_PACKAGE)
    for uri in (SWEDEN, *(publication.counties[c] for c in dataset.county_codes if c in publication.counties)):
        graph.link(node, "dcterms:spatial", uri)
    _period(graph, node, connection, dataset.tables)
    _dates(graph, node, publication, release)
    graph.text(node, "dcterms:identifier", f"naravard:{dataset.slug}")
    graph.text(node, "dcat:version", release["release_id"])
    graph.link(node, "foaf:page", "quality.html")
    said = list(dict.fromkeys(credit for table in dataset.tables for credit in credits.get(table.name, ())))
    for credit in said:
        statement = graph.inside(node, "dcterms:provenance", "dcterms:ProvenanceStatement")
        graph.text(statement, "dcterms:description", credit.terms_sv, lang="sv")
    names = {t.name for t in dataset.tables}
    for file in files:
        stem = PurePosixPath(file.path).stem
        if stem in names or (dataset.whole and file.path.endswith(".duckdb")):
            about = f"#distribution-{file.path.replace('/', '-')}"
            graph.link(node, "dcat:distribution", about)
            _distribution(graph, about, file, stem, publication, release, credits.get(stem, said))


def _distribution(
    graph: Graph, about: str, file: File, stem: str, publication: PublicationFile, release: Mapping[str, Any], said: Sequence[Credit]
) -> None:
    form, media_type = FORMS[PurePosixPath(file.path).suffix.removeprefix(".")]
    node = graph.add("dcat:Distribution", about=about)
    what = {
        "CSV": f"Tabellen {stem} som text i UTF-8 med komma mellan kolumnerna och rubriker på första raden. Kolumnerna beskrivs i csv-metadata.json.",
        "Parquet": f"Tabellen {stem} i Apache Parquet.",
        "DuckDB": "Alla tabeller i en databas för DuckDB, med beskrivning av varje tabell och kolumn.",
    }
    graph.text(node, "dcterms:title", f"{'Hela databasen' if form == 'DuckDB' else stem} ({form})", lang="sv")
    graph.text(node, "dcterms:description", what[form], lang="sv")
    graph.link(node, "dcat:accessURL", file.path)
    graph.link(node, "dcat:downloadURL", file.path)
    graph.text(node, "dcterms:format", media_type)  # a literal in DCAT-AP-SE, where DCAT-AP has a resource
    graph.link(node, "dcat:mediaType", IANA + media_type)
    graph.text(node, "dcat:byteSize", str(file.size), datatype="nonNegativeInteger")
    graph.link(node, "dcatap:availability", f"{EU}planned-availability/{'EXPERIMENTAL' if release['is_demo'] else 'AVAILABLE'}")
    graph.link(node, "dcterms:language", f"{EU}language/SWE")
    graph.text(node, "dcterms:modified", release["published_at"], datatype="dateTime")
    if form == "CSV":
        graph.link(node, "dcterms:conformsTo", CSVW)
        graph.link(node, "foaf:page", "csv-metadata.json")
    if publication.licence_url:
        graph.link(node, "dcterms:license", publication.licence_url)
    if said:
        rights = graph.inside(node, "dcterms:rights", "odrs:RightsStatement")
        graph.link(rights, "rdf:type", NAMESPACES["dcterms"] + "RightsStatement")
        for credit in said:
            graph.text(rights, "odrs:attributionText", credit.text, lang="sv")
    checksum = graph.inside(node, "spdx:checksum", "spdx:Checksum")
    graph.link(checksum, "spdx:algorithm", f"{NAMESPACES['spdx']}checksumAlgorithm_sha256")
    graph.text(checksum, "spdx:checksumValue", file.sha256, datatype="hexBinary")


def _publisher(graph: Graph, about: str, publisher: Publisher | None) -> None:
    agent = graph.add("foaf:Agent", about=about)
    publisher = publisher or Publisher(name_sv="Utgivare inte beslutad")
    graph.text(agent, "foaf:name", publisher.name_sv, lang="sv")
    graph.link(agent, "dcterms:type", f"http://purl.org/adms/publishertype/{publisher.publisher_type}")
    if publisher.homepage:
        graph.link(agent, "foaf:homepage", publisher.homepage)


def _dates(graph: Graph, node: ET.Element, publication: PublicationFile, release: Mapping[str, Any]) -> None:
    graph.text(node, "dcterms:modified", release["published_at"], datatype="dateTime")
    if publication.first_published:
        graph.text(node, "dcterms:issued", publication.first_published.isoformat(), datatype="date")


def _period(graph: Graph, node: ET.Element, connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """From the first day to the last that any figure of the dataset is about."""
    spans = []
    for names, table in ((set(t.column_names), t.name) for t in tables):
        if "period_end" in names:
            first = "period_start" if "period_start" in names else "period_end"
            spans.append(f"select {first} as first, period_end from {table}" + (" where value is not null" if "value" in names else ""))
    if not spans:
        return
    first, last = connection.execute(f"select min(first), max(period_end) from ({' union all '.join(spans)})").fetchone()
    if first and last:
        period = graph.inside(node, "dcterms:temporal", "dcterms:PeriodOfTime")
        graph.text(period, "dcat:startDate", first.isoformat(), datatype="date")
        graph.text(period, "dcat:endDate", last.isoformat(), datatype="date")
