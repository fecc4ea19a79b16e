"""The tables of a release into PostgreSQL: what each is called and made of there, and how its rows get across and are compared.

Every table goes into a partition of its own, which no reader looks at before it is attached and shown.
Here: names, types, COPY, indexes, comparison.
Not here: what readers see (postgres_views), what stays and what goes (postgres_store), the order of the steps (postgres).
"""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import duckdb
import psycopg
from psycopg.sql import SQL, Composable, Identifier, Literal

from naravard_pipeline.publication.contract import Column, Table

DATA = "naravard_data"  # schema of what is loaded; no reader has a right to it
LOAD = "naravard_load"  # column that a parent is partitioned by: the number of the load
NO_LOAD = 0
NAME_BYTES = 63  # PostgreSQL cuts longer names, silently
BATCH_ROWS = 50_000

TYPES = {
    "boolean": "boolean",
    "tinyint": "smallint",
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "utinyint": "smallint",
    "usmallint": "integer",
    "uinteger": "bigint",
    "ubigint": "numeric(20,0)",
    "hugeint": "numeric(39,0)",
    "float": "real",
    "double": "double precision",
    "varchar": "text",
    "uuid": "uuid",
    "date": "date",
    "time": "time without time zone",
    "timestamp": "timestamp without time zone",
    "timestamp with time zone": "timestamp with time zone",
}
FLOATS = {"real": "float4send", "double precision": "float8send"}
DATES = {"date", "timestamp without time zone", "timestamp with time zone"}


class TargetError(Exception):
    """PostgreSQL could not be brought up: one sentence with the place and the remedy. What it showed before, it shows still, whole."""


def read_published(release: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    """The tables of a release's own database in order of name, with their comments. Raises ``TargetError`` for what PostgreSQL cannot hold."""
    rows = release.execute(
        "select t.table_name, t.comment, c.column_name, lower(c.data_type), c.comment "
        "from duckdb_tables() t join duckdb_columns() c using (table_oid) "
        "where t.schema_name = 'main' and t.database_name = current_database() and c.database_name = t.database_name order by 1, c.column_index"
    ).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {}
    for table, comment, name, kind, description in rows:
        columns.setdefault((table, comment or ""), []).append(Column(name, kind, description or ""))
    tables = tuple(Table(name, comment, tuple(found), (), ()) for (name, comment), found in columns.items())
    for table in tables:
        for name in (table.name, *table.column_names):
            if len(name.encode()) > NAME_BYTES:
                raise TargetError(f"The name {name!r} in {table.name} is longer than PostgreSQL's {NAME_BYTES} bytes; shorten it in its dbt model.")
        for column in table.columns:
            postgres_type(table, column)
    return tables


def postgres_type(table: Table, column: Column) -> str:
    """The type that holds every value of the column exactly, written as PostgreSQL's ``format_type`` does. Raises ``TargetError`` where none does."""
    if decimal := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", column.type):
        return f"numeric({decimal[1]},{decimal[2]})"
    if column.type not in TYPES:
        raise TargetError(f"Column {column.name} of {table.name} is of type {column.type}, which PostgreSQL lacks; cast it in its dbt model.")
    return TYPES[column.type]


def parent_name(table: Table) -> str:
    """Named by the table and its columns, so that another contract is another parent, and both can be there at once."""
    return _name(table.name, *(f"{c.name} {postgres_type(table, c)}" for c in table.columns))


def partition_name(table: Table, number: int) -> str:
    return _name(table.name, parent_name(table), str(number))


def create_parent(connection: psycopg.Connection, table: Table) -> None:
    """The partitioned table, if it is not there. Its comment is the table's name, by which all parents of one table are found.

    Its first partition, of no load, stays empty: PostgreSQL leaves out at run time what a query does not need only where there are two or more.
    """
    columns = SQL(", ").join(SQL("{} {}").format(Identifier(c.name), SQL(postgres_type(table, c))) for c in table.columns)
    parent = Identifier(DATA, parent_name(table))
    with connection.transaction():
        connection.execute(
            SQL("create table if not exists {} ({} integer not null, {}) partition by list ({})").format(
                parent, Identifier(LOAD), columns, Identifier(LOAD)
            )
        )
        connection.execute(SQL("comment on table {} is {}").format(parent, Literal(table.name)))
        empty = Identifier(DATA, partition_name(table, NO_LOAD))
        connection.execute(SQL("create table if not exists {} partition of {} for values in ({})").format(empty, parent, Literal(NO_LOAD)))


def load_table(release: duckdb.DuckDBPyConnection, connection: psycopg.Connection, table: Table, number: int) -> int:
    """Fill a table of its own with the release's rows and compare the two; returns the number of rows.

    One transaction, so that an error leaves nothing behind. The CHECK says what its partition will say, so that attaching it reads no row.
    Raises ``TargetError`` if what arrived is not what was sent, ``psycopg.Error``, ``duckdb.Error``.
    """
    partition, parent = Identifier(DATA, partition_name(table, number)), Identifier(DATA, parent_name(table))
    with ThreadPoolExecutor(1) as ahead, connection.transaction():
        # Its rows never change, so the server's own cleaning would only be in the way.
        connection.execute(
            SQL("create table {} (like {}, check ({} = {})) with (autovacuum_enabled = false, toast.autovacuum_enabled = false)").format(
                partition, parent, Identifier(LOAD), Literal(number)
            )
        )
        connection.execute(SQL("alter table {} alter column {} set default {}").format(partition, Identifier(LOAD), Literal(number)))
        names = SQL(", ").join(Identifier(c.name) for c in table.columns)
        # Frozen rows need no later rewriting; only a table made in the same transaction may be filled so.
        with connection.cursor() as cursor:
            with cursor.copy(SQL("copy {} ({}) from stdin (format text, freeze)").format(partition, names)) as copy:
                for lines in _lines(release, table, ahead):
                    copy.write(lines)
            sent = cursor.rowcount
        expected = ahead.submit(lambda: release.execute(_release_digest(table)).fetchone())
        for columns in _indexes(table):
            connection.execute(SQL("create index on {} ({})").format(partition, SQL(", ").join(map(Identifier, columns))))
        arrived = connection.execute(_postgres_digest(table, partition)).fetchone()
        if arrived != expected.result() or arrived[0] != sent:
            raise TargetError(
                f"What arrived in PostgreSQL of {table.name} is not what was sent, so it was taken back; run again, and tell who runs the server."
            )
    return sent


def _name(table: str, *parts: str) -> str:
    """A name of at most 63 bytes: readable at its start, unique by its end."""
    return f"{table.encode()[:46].decode(errors='ignore')}_{hashlib.sha256(chr(0).join((table, *parts)).encode()).hexdigest()[:16]}"


def _indexes(table: Table) -> list[tuple[str, ...]]:
    """Dashboards ask for one measure, or for one area; both ways round."""
    found = tuple(c for c in ("measure_id", "area_code") if c in table.column_names)
    return [found, found[::-1]][: len(found)]


def _lines(release: duckdb.DuckDBPyConnection, table: Table, ahead: ThreadPoolExecutor) -> Iterator[memoryview]:
    """The rows as PostgreSQL's COPY text format reads them. DuckDB writes the lines, and the next batch while this one is being sent.

    Text and not CSV: its four escapes leave no value ambiguous, while in CSV a line ``\\.`` inside a text ends the data before PostgreSQL 18.
    """
    texts = (f"coalesce({_escaped(_text(table, c)) if c.type == 'varchar' else _text(table, c)}, '\\N')" for c in table.columns)
    reader = release.execute(f"select concat_ws(chr(9), {', '.join(texts)}) || chr(10) as line from {_quoted(table.name)}").to_arrow_reader(
        BATCH_ROWS
    )
    upcoming: Future = ahead.submit(next, reader, None)
    while (batch := upcoming.result()) is not None:
        upcoming = ahead.submit(next, reader, None)
        lines = batch.column(0).cast("large_string")
        # Arrow keeps a column of texts as one run of bytes, so nothing is joined or encoded here.
        offsets = memoryview(lines.buffers()[1]).cast("q")[lines.offset : lines.offset + len(lines) + 1]
        if len(lines):
            yield memoryview(lines.buffers()[2])[offsets[0] : offsets[-1]]


def _escaped(text: str) -> str:
    return f"replace(replace(replace(replace({text}, '\\', '\\\\'), chr(9), '\\t'), chr(10), '\\n'), chr(13), '\\r')"


def _text(table: Table, column: Column) -> str:
    """SQL of DuckDB: the value as PostgreSQL reads it, and but for floating-point numbers also as PostgreSQL writes it."""
    name, kind = _quoted(column.name), postgres_type(table, column)
    if kind in FLOATS:
        return f"case when isnan({name}) then 'NaN' else {name}::varchar end"
    if kind in DATES:  # DuckDB: 0044-03-15 (BC) 12:00:00, PostgreSQL: 0044-03-15 12:00:00 BC
        return f"case when isfinite({name}) and {name} < '0001-01-01' then replace({name}::varchar, ' (BC)', '') || ' BC' else {name}::varchar end"
    return f"{name}::varchar"


def _release_digest(table: Table) -> str:
    """Number of rows and the sum of 60 bits of each row's MD5, whatever their order: in DuckDB here, in PostgreSQL below.

    Floating-point numbers are compared by their bits, because the two write them differently; all NaN are one.
    """
    texts = []
    for column in table.columns:
        text, name = _text(table, column), _quoted(column.name)
        if postgres_type(table, column) in FLOATS:
            text = f"'\\x' || lower(hex(cast(cast(case when isnan({name}) then 'nan' else {name} end as bit) as blob)))"
        texts.append(f"coalesce({text}, '\\N')")
    row = f"md5(concat_ws(chr(9), {', '.join(texts)}))"
    return f"select count(*), coalesce(sum(cast('0x' || left({row}, 15) as bigint)), 0) from {_quoted(table.name)}"


def _postgres_digest(table: Table, partition: Composable) -> Composable:
    texts = []
    for column in table.columns:
        send = FLOATS.get(postgres_type(table, column))
        texts.append(SQL("{}({})::text" if send else "{}{}::text").format(SQL(send or ""), Identifier(column.name)))
    row = SQL("md5(array_to_string(array[{}], E'\\t', E'\\\\N'))").format(SQL(", ").join(texts))
    return SQL("select count(*), coalesce(sum(('x0' || left({}, 15))::bit(64)::bigint), 0) from {}").format(row, partition)


def _quoted(name: str) -> str:
    """An identifier in DuckDB."""
    return '"' + name.replace('"', '""') + '"'
