"""``csv-metadata.json``: what each column of the CSV files means, by the W3C's CSV on the Web (https://www.w3.org/TR/tabular-metadata/).

Here: the description of the files as DuckDB writes them (comma, UTF-8, header, true/false, timestamps with a space and up to six decimals, an
empty cell for no value). Not here: writing the files (forms).
Descriptions are in English, as in the database; what is said of the whole is in Swedish; each says its language.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from naravard_pipeline.catalogue.publication import PublicationFile
from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.credits import Credit
from naravard_pipeline.publication.datapackage import WITH_GAPS, described_sv, title_sv

DATATYPES: Mapping[str, Any] = {
    "varchar": "string",
    "double": "double",
    "integer": "integer",
    "bigint": "long",
    "boolean": {"base": "boolean", "format": "true|false"},
    "date": {"base": "date", "format": "yyyy-MM-dd"},
    "timestamp": {"base": "dateTime", "format": "yyyy-MM-dd HH:mm:ss.SSSSSS"},
}
APOSTROPHE = (
    "En text som ett kalkylprogram skulle köra som formel har en apostrof (') först; ta bort den för att få texten som den är. I Parquet och DuckDB "
    "står texten utan apostrof."
)


def build_csvw(
    tables: Sequence[Table], release: Mapping[str, Any], publication: PublicationFile, credits: Mapping[str, Sequence[Credit]]
) -> dict[str, Any]:
    """The table group of all CSV files; ``credits`` by table. Its place is beside the folder ``csv/``."""
    about: dict[str, Any] = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "sv"}],
        "dc:title": title_sv(publication, release),
        "dc:description": f"{described_sv(publication, release)} {APOSTROPHE}",
        "dc:modified": {"@value": release["published_at"], "@type": "xsd:dateTime"},
        "dc:identifier": release["release_id"],
    }
    if not release["is_demo"]:
        if publication.publisher:
            about["dc:publisher"] = publication.publisher.name_sv
        if publication.licence_url:
            about["dc:license"] = {"@id": publication.licence_url}
    dialect = {"encoding": "utf-8", "delimiter": ",", "quoteChar": '"', "doubleQuote": True, "header": True, "lineTerminators": ["\n"]}
    return about | {"dialect": dialect, "tables": [_table(table, tables, credits.get(table.name, ())) for table in tables]}


def foreign_keys(table: Table, tables: Sequence[Table]) -> list[tuple[list[str], str, list[str]]]:
    """Columns, table and columns they point at: only whole keys, since half of one does not name a row."""
    by_name = {t.name: t for t in tables}
    found = []
    for relation in table.relations:
        target = by_name.get(relation.to_table)
        if target is None or relation.to_column not in target.key:
            continue
        own = [relation.column if column == relation.to_column else column for column in target.key]
        if set(own) <= set(table.column_names):
            found.append((own, target.name, list(target.key)))
    return found


def _table(table: Table, tables: Sequence[Table], credits: Sequence[Credit]) -> dict[str, Any]:
    key = [] if table.name.startswith(WITH_GAPS) else list(table.key)
    columns = []
    for c in table.columns:
        column = {
            "name": c.name,
            "titles": c.name,
            "dc:description": {"@value": c.description, "@language": "en"},
            "datatype": DATATYPES[c.type],
            "null": "",
        }
        if c.name in key:
            column["required"] = True
        columns.append(column)
    schema: dict[str, Any] = {"columns": columns}
    if key:
        schema["primaryKey"] = key
    relations = foreign_keys(table, tables)
    if relations:
        schema["foreignKeys"] = [
            {"columnReference": own, "reference": {"resource": f"csv/{target}.csv", "columnReference": theirs}} for own, target, theirs in relations
        ]
    described: dict[str, Any] = {"url": f"csv/{table.name}.csv", "dc:description": {"@value": table.description, "@language": "en"}}
    if credits:
        described["dc:source"] = [credit.terms_sv for credit in credits]
    return described | {"tableSchema": schema}
