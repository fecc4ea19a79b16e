"""Judges of the open-data descriptions: the DCAT-AP shapes, Digg's profile of them, and the package csvw."""

import gzip
import json
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pipeline import SHARED

STANDARDS = SHARED / "standards"
SHAPES = STANDARDS / "dcat-ap-3.0.1-shacl.ttl"
PROFILE = STANDARDS / "dcat-ap-se-3.0.1-profile.json.gz"
needs_standards = pytest.mark.skipif(not SHAPES.exists(), reason="needs ../shared/standards, files of the standards that only developers have")

DCAT, DCTERMS, FOAF, VCARD = (
    "http://www.w3.org/ns/dcat#",
    "http://purl.org/dc/terms/",
    "http://xmlns.com/foaf/0.1/",
    "http://www.w3.org/2006/vcard/ns#",
)
PREFIXES = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "vcard": VCARD,
    "dcatap": "http://data.europa.eu/r5r/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
# The profile's name of a class, and the class.
CLASSES = {
    "dcat:Catalog": DCAT + "Catalog",
    "dcat:Dataset": DCAT + "Dataset",
    "dcat:Distribution": DCAT + "Distribution",
    "dcat:foaf:Agent": FOAF + "Agent",
    "dcat:contactPoint": VCARD + "Organization",
}


def read_graph(path: Path, base: str | None = None):
    import rdflib

    return rdflib.Graph().parse(path, publicID=base)


@cache
def _shapes():
    from rdflib import Graph
    from rdflib.namespace import SH

    shapes = Graph().parse(SHAPES)
    for shape in set(shapes.objects(None, SH.property)):
        if (shape, SH.path, None) not in shapes:  # two of the file's shapes for data services are incomplete
            shapes.remove((None, SH.property, shape))
    return shapes


def shape_problems(graph) -> set[tuple[str, str, str]]:
    """Kind of constraint, property and thing, for every violation of the DCAT-AP shapes that this file can be blamed for.

    Not counted: the class of an address that the file says nothing about (an EU word list's, a licence's), which the shapes look for in that
    list; and the literal in dcterms:format, which DCAT-AP-SE demands where DCAT-AP wants a resource.
    """
    import pyshacl
    from rdflib import RDFS, Graph, URIRef
    from rdflib.namespace import RDF, SH

    kinds = Graph()
    kinds.add((URIRef(VCARD + "Organization"), RDFS.subClassOf, URIRef(VCARD + "Kind")))
    _, report, _ = pyshacl.validate(graph, shacl_graph=_shapes(), ont_graph=kinds)
    found = set()
    for result in report.subjects(RDF.type, SH.ValidationResult):
        component, path, value = (report.value(result, p) for p in (SH.sourceConstraintComponent, SH.resultPath, SH.value))
        is_described_elsewhere = component == SH.ClassConstraintComponent and isinstance(value, URIRef) and (value, RDF.type, None) not in graph
        if not is_described_elsewhere and path != URIRef(DCTERMS + "format"):
            found.add((str(component).split("#")[1], str(path), str(report.value(result, SH.focusNode))))
    return found


@cache
def _profile() -> dict:
    with gzip.open(PROFILE, "rt", encoding="utf-8") as file:
        return {t["id"]: t for t in json.load(file)["templates"] if "id" in t}


def _item(item: str | dict) -> dict:
    """An item of the profile with what it takes over from the templates it names."""
    own = {"extends": item} if isinstance(item, str) else item
    base = own.get("extends")
    return {**_item({k: v for k, v in _profile()[base].items() if k != "id"}), **own} if base else own


def _properties(item: dict) -> set[str]:
    """The property of an item; of a group of alternatives, each of theirs."""
    name = item.get("property")
    if name:
        prefix, _, local = name.partition(":")
        return {PREFIXES[prefix] + local if prefix in PREFIXES else name}
    return {p for inner in item.get("items", []) for p in _properties(_item(inner))}


def profile_problems(graph, least: str) -> set[tuple[str, str]]:
    """Class and property that a thing of the graph lacks, or has too many of, by Digg's profile. ``least``: min (mandatory) or pref (recommended)."""
    from rdflib import RDF, URIRef

    found = set()
    for template, kind in CLASSES.items():
        if least == "pref" and kind not in (DCAT + "Catalog", DCAT + "Dataset", DCAT + "Distribution"):
            continue  # a telephone and an address are recommended for a contact; who has none is not held to it
        for thing in graph.subjects(RDF.type, URIRef(kind)):
            for item in map(_item, _profile()[template]["items"]):
                if "deps" in item and (thing, *map(URIRef, item["deps"])) not in graph:
                    continue  # asked of high-value datasets alone
                names, cardinality = _properties(item), item.get("cardinality") or {}
                count = len({value for name in names for value in graph.objects(thing, URIRef(name))})
                if names and (count < cardinality.get(least, 0) or count > cardinality.get("max", count)):
                    found.add((kind, "|".join(sorted(names))))
    return found


def _choices(item: dict) -> Iterator[tuple[str, set[str] | None]]:
    """Property and the values it may have, None where any; for a group, of each item in it."""
    if "property" in item:
        values = {c["value"] for c in item.get("choices", [])}
        yield from ((name, values or None) for name in _properties(item))
    for inner in item.get("items", []) if "property" not in item else []:
        yield from _choices(_item(inner))


def unknown_words(graph) -> set[tuple[str, str]]:
    """Property and value, where Digg's profile has a list of the values and this is none of them."""
    from rdflib import RDF, URIRef

    found = set()
    for template, kind in CLASSES.items():
        allowed: dict[str, set[str] | None] = {}
        for name, values in (pair for item in _profile()[template]["items"] for pair in _choices(_item(item))):
            before = allowed.get(name, set())
            allowed[name] = None if values is None or before is None else before | values
        for thing in graph.subjects(RDF.type, URIRef(kind)):
            for name, values in allowed.items():
                if values and name != str(RDF.type):
                    found |= {(name, str(value)) for value in graph.objects(thing, URIRef(name)) if str(value) not in values}
    return found


def csvw_rows(folder: Path) -> Iterator[tuple[str, list[dict]]]:
    """Each CSV file's name and rows as the package csvw reads them by ``csv-metadata.json``; its doubts are errors here."""
    from csvw import TableGroup

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for table in TableGroup.from_file(folder / "csv-metadata.json").tables:
            yield Path(str(table.url)).stem, list(table.iterdicts())
