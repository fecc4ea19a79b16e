"""Files that connect a BI tool, one builder per tool: text in, nothing read or written.

Here: Power BI and Excel, Qlik Sense, Superset, Metabase. Each names exactly the columns of the release it was made from.
Not here: finding the release, writing the files (files).
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from naravard_pipeline.bi.star import Branch

Columns = Mapping[str, Mapping[str, tuple[str, str]]]  # table → column → its type, lower case, and description
SCHEMA = "naravard"
NAMESPACE = uuid.UUID("6c1c1a04-5f0b-4d5c-8a58-6d3c5f3a7a10")  # of these files alone: the same table has the same id in every import
WHOLE = ("bigint", "integer", "smallint", "ubigint", "hugeint")


@dataclass(frozen=True)
class Server:
    """The PostgreSQL database that readers ask, and as whom. No password: each tool asks for it."""

    host: str
    port: int = 5432
    database: str = "naravard"
    user: str = "dashboards"


def build_pbids(server: Server) -> str:
    """Power BI: opens with the connection filled in; the tables are then ticked in the Navigator."""
    address = {"server": f"{server.host}:{server.port}", "database": server.database}
    connection = {"details": {"protocol": "postgresql", "address": address}, "options": {}, "mode": "Import"}
    return json.dumps({"version": "0.1", "connections": [connection]}, indent=2) + "\n"


def build_power_query(columns: Columns, folder: str) -> str:
    """Power BI and Excel on the files: a function that reads a table with every column's type and point as decimal sign, whatever the locale."""
    types = {"double": "type number", "boolean": "type logical", "date": "type date", "timestamp": "type datetime"}
    records = []
    for table, found in columns.items():
        pairs = ", ".join(f'{{"{c}", {"Int64.Type" if t in WHOLE else types.get(t, "type text")}}}' for c, (t, _) in found.items())
        records.append(f"        {table} = {{{pairs}}}")
    quoted = folder.replace('"', '""')
    return "\n".join(
        [
            "// Nära vård in Power Query (Power BI, Excel): New source > Blank query > Advanced editor, paste all of this, name the query naravard.",
            '// Then a blank query per table: = naravard("mart_sormland_nara"). Codes keep their leading noughts, numbers their decimals.',
            "let",
            f'    Folder = "{quoted}",  // the folder published/current',
            "    Columns = [",
            ",\n".join(records),
            "    ],",
            "    Read = (table as text) as table =>",
            "        let",
            '            Path = Folder & "/csv/" & table & ".csv",',
            '            Rows = Csv.Document(File.Contents(Path), [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),',
            "            Named = Table.PromoteHeaders(Rows, [PromoteAllScalars = true]),",
            '            Empty = Table.ReplaceValue(Named, "", null, Replacer.ReplaceValue, Table.ColumnNames(Named)),',
            '            Typed = Table.TransformColumnTypes(Empty, Record.Field(Columns, table), "en-US")',
            "        in",
            "            Typed",
            "in",
            "    Read",
            "",
        ]
    )


def build_qlik(tree: Branch, columns: Columns, folder: str) -> str:
    """Qlik Sense: a load script of the star. Qlik joins whatever is named alike, so only the join's own columns keep a shared name."""
    parts = [
        "// Nära vård in Qlik Sense: make a folder connection to published/current, put its name here, and load.",
        "// Columns that do not join are named table.column: Qlik would take equal names for a join.",
        f"SET vFolder = 'lib://{folder}/parquet/';",
    ]
    chosen = _many_to_one(tree)
    shared = {c for branch in chosen if branch.join for c in branch.join.columns}
    joins: dict[str, set[str]] = {}
    for branch in chosen:
        if branch.join:
            joins.setdefault(branch.join.table, set()).update(branch.join.columns)
            joins.setdefault(branch.join.to_table, set()).update(branch.join.to_columns)
    for branch in chosen:
        fields = [f"    [{c}]" if c in joins[branch.table] and c in shared else f"    [{c}] as [{branch.table}.{c}]" for c in columns[branch.table]]
        parts.append(f"[{branch.table}]:\nLOAD\n" + ",\n".join(fields) + f"\nFROM [$(vFolder){branch.table}.parquet] (parquet);")
    marts = [table for table in columns if table.startswith("mart_")]
    parts.append("// Or, instead of the star, one goal area with everything in a row:")
    parts += [f"// [{table}]: LOAD * FROM [$(vFolder){table}.parquet] (parquet);" for table in marts]
    return "\n\n".join(parts) + "\n"


def build_metabase(server: Server) -> str:
    """Metabase: what `POST /api/database` takes; the same fields stand in Admin > Databases."""
    details = {"host": server.host, "port": server.port, "dbname": server.database, "user": server.user, "password": ""}
    details |= {"ssl": False, "schema-filters-type": "inclusion", "schema-filters-patterns": SCHEMA}
    return json.dumps({"engine": "postgres", "name": "Nära vård", "details": details}, ensure_ascii=False, indent=2) + "\n"


def build_superset(columns: Columns, server: Server) -> dict[str, str]:
    """Superset: the files of an import (path in the archive → text; JSON, which is YAML too): the database and a dataset per table, described."""
    database_id = str(uuid.uuid5(NAMESPACE, "database"))
    uri = f"postgresql+psycopg2://{server.user}:XXXXXXXXXX@{server.host}:{server.port}/{server.database}"
    database = {"database_name": "Nära vård", "sqlalchemy_uri": uri, "expose_in_sqllab": True, "allow_dml": False, "uuid": database_id}
    files = {
        "metadata.yaml": _yaml({"version": "1.0.0", "type": "SqlaTable", "timestamp": "2026-01-01T00:00:00+00:00"}),
        "databases/Nara_vard.yaml": _yaml(database | {"extra": {}, "version": "1.0.0"}),
    }
    for table, found in columns.items():
        described = [
            {"column_name": c, "type": t.upper(), "is_dttm": t in ("date", "timestamp"), "description": text, "groupby": True, "filterable": True}
            for c, (t, text) in found.items()
        ]
        content = {
            "table_name": table,
            "schema": SCHEMA,
            "main_dttm_col": "period_end" if "period_end" in found else None,
            "columns": described,
            "metrics": [{"metric_name": "count", "expression": "COUNT(*)", "metric_type": "count", "verbose_name": "rows"}],
            "uuid": str(uuid.uuid5(NAMESPACE, table)),
            "database_uuid": database_id,
            "version": "1.0.0",
        }
        files[f"datasets/Nara_vard/{table}.yaml"] = _yaml(content)
    return files


def _many_to_one(branch: Branch) -> list[Branch]:
    """The part of the tree in which a figure meets at most one row of each table: no rows are doubled by following it."""
    followed = [b for b in branch.branches if b.join and b.join.table == branch.table and b.join.columns == b.join.to_columns]
    return [branch, *(found for b in followed for found in _many_to_one(b))]


def _yaml(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
