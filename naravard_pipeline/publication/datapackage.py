"""``datapackage.json``: the release described by the Data Package standard (Frictionless, https://datapackage.org/standard/data-package/).

Here: the description. Each CSV file is a resource with its Table Schema (types, keys, relations); the same table as Parquet is another.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from naravard_pipeline.catalogue.publication import PublicationFile
from naravard_pipeline.publication.contract import Column, Deprecation, Table
from naravard_pipeline.publication.credits import Credit

TYPES = {
    "varchar": {"type": "string"},
    "double": {"type": "number"},
    "integer": {"type": "integer"},
    "bigint": {"type": "integer"},
    "boolean": {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]},
    "date": {"type": "date"},
    "timestamp": {"type": "datetime", "format": "any"},
}

WITH_GAPS = ("mart_", "meta_checks", "meta_deprecations")  # a key column of these may be null: a gap, a check or the end of a whole table


def title_sv(publication: PublicationFile, release: Mapping[str, Any]) -> str:
    """The release's title; made-up figures say so in it."""
    return publication.title_sv + (" – PÅHITTADE UPPGIFTER" if release["is_demo"] else "")


def described_sv(publication: PublicationFile, release: Mapping[str, Any]) -> str:
    """What the release is, and what about it has not been decided yet."""
    if release["is_demo"]:
        return "Påhittade uppgifter för demonstration; de säger ingenting om någon verklig plats."
    undecided = ", ".join(publication.undecided_sv)
    return publication.description_sv + (f" Ännu inte beslutat: {undecided}." if undecided else "")


def build_datapackage(
    folder: Path, tables: Sequence[Table], release: Mapping[str, Any], publication: PublicationFile, credits: Mapping[str, Sequence[Credit]]
) -> dict[str, Any]:
    """The description of the files that lie in ``folder`` already; sizes and hashes are theirs. ``credits`` by table."""
    licence = publication.licence_url if not release["is_demo"] else None
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "naravard",
        "id": release["release_id"],
        "title": title_sv(publication, release),
        "description": f"{described_sv(publication, release)} Källan till varje mått står i dim_measures, villkoren i dim_sources.",
        "version": release["release_id"],
        "created": release["published_at"],
        "sources": [] if release["is_demo"] else _sources(dict.fromkeys(credit for found in credits.values() for credit in found)),
        "resources": [resource for table in tables for resource in _resources(folder, table, tables, credits.get(table.name, ()))],
    }
    return package | ({"licenses": [{"path": licence}]} if licence else {})


def _sources(credits: Iterable[Credit]) -> list[dict[str, str]]:
    return [{"title": credit.text} | ({"path": credit.url} if credit.url else {}) for credit in credits]


def _resources(folder: Path, table: Table, tables: Sequence[Table], credits: Sequence[Credit]) -> list[dict[str, Any]]:
    schema: dict[str, Any] = {"fields": [_field(c) for c in table.columns], "missingValues": [""]}
    if table.key and not table.name.startswith(WITH_GAPS):
        schema["primaryKey"] = list(table.key)
    names = {t.name for t in tables}
    relations = [r for r in table.relations if r.to_table in names]
    if relations:
        schema["foreignKeys"] = [
            {"fields": [r.column], "reference": {"resource": "" if r.to_table == table.name else r.to_table, "fields": [r.to_column]}}
            for r in relations
        ]
    csv = {"name": table.name, "format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "type": "table", "schema": schema}
    parquet = {"name": f"{table.name}-parquet", "format": "parquet", "mediatype": "application/vnd.apache.parquet", "type": "file"}
    sources = {"sources": _sources(credits)} if credits else {}
    return [_described(folder, table, csv | sources), _described(folder, table, parquet | sources)]


def _described(folder: Path, table: Table, resource: dict[str, Any]) -> dict[str, Any]:
    path = folder / resource["format"] / f"{table.name}.{resource['format']}"
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    described = {
        "path": path.relative_to(folder).as_posix(),
        "description": table.description,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{digest}",
    }
    if table.deprecated:
        described["deprecated"] = announced(table.deprecated)
    return {"name": resource["name"]} | described | resource


def _field(column: Column) -> dict[str, Any]:
    field = {"name": column.name, **TYPES[column.type], "description": column.description}
    return field | ({"deprecated": announced(column.deprecated)} if column.deprecated else {})


def announced(deprecation: Deprecation) -> dict[str, str]:
    """The announcement as a custom property; dates as YYYY-MM-DD."""
    return {key: str(value) for key, value in asdict(deprecation).items() if value is not None}
