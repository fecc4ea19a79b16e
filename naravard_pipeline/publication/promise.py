"""The promise to readers: a column that is published stays, with its name and type, until the published data has said for 90 days that it goes.

``promise.json`` is the contract as it was last agreed, with its version: the minor part rises when something is added or announced, the major
part when something announced is taken away. ``naravard generate`` writes it and refuses anything else; before a release the same rules are
applied to what the last release really had and announced (``broken_promises``).
Here: these rules. Not here: where a deprecation stands and how it is read (contract), the rows of a release (assembly).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Self

import duckdb
from ruamel.yaml import YAML

from naravard_pipeline.publication.contract import INTERNAL_COLUMNS, PUBLISHED_PREFIXES, Column, Deprecation, Table

PROMISE = Path(__file__).with_name("promise.json")
NOTICE = timedelta(days=90)
META_DEPRECATIONS = Table(
    "meta_deprecations",
    "One row per announced change: a column or table that may change or disappear after a certain day.",
    (
        Column("table_name", "varchar", "The table."),
        Column("column_name", "varchar", "The column; null where the whole table goes."),
        Column("since", "date", "Day from which it was announced."),
        Column("remove_after", "date", "Last day on which it is certain to be there as it is."),
        Column("replaced_by", "varchar", "What to use instead, where there is something."),
        Column("reason_sv", "varchar", "Why, in Swedish."),
    ),
    ("table_name", "column_name"),
    (),
)
Name = tuple[str, str | None]  # table and column; None for the table as a whole


class PromiseBroken(ValueError):
    """A change that readers were not told of in time. ``failures`` are sentences, each with its remedy."""

    def __init__(self, failures: list[str]):
        super().__init__("readers' promise:\n" + "\n".join(f"  {f}" for f in failures))
        self.failures = failures


@dataclass(frozen=True)
class Promise:
    """Table → column → type, and what is announced about them. ``version`` is None for what has not been agreed yet."""

    columns: Mapping[str, Mapping[str, str]]
    deprecations: Mapping[Name, Deprecation]
    version: str | None = None

    def with_tables(self, tables: Iterable[Table]) -> Self:
        """The same with these tables added."""
        more = promise_of(tables)
        return replace(self, columns={**self.columns, **more.columns}, deprecations={**self.deprecations, **more.deprecations})


def promise_of(tables: Iterable[Table]) -> Promise:
    """What these tables would promise."""
    tables = list(tables)
    columns = {t.name: {c.name: c.type for c in t.columns} for t in tables}
    announced: dict[Name, Deprecation | None] = {(t.name, None): t.deprecated for t in tables}
    announced |= {(t.name, c.name): c.deprecated for t in tables for c in t.columns}
    return Promise(columns, {name: d for name, d in announced.items() if d})


def read_project(models: Path) -> Promise:
    """What dbt's YAML under ``models`` would promise, read without dbt. Raises ``ValueError`` where a deprecation is not well-formed."""
    columns, deprecations = {}, {}
    for path in sorted(models.rglob("*.yml")):
        for model in (YAML(typ="safe").load(path.read_text("utf-8")) or {}).get("models") or []:
            name = model["name"]
            if not name.startswith(PUBLISHED_PREFIXES):
                continue
            shown = [c for c in model["columns"] if c["name"] not in INTERNAL_COLUMNS]
            columns[name] = {c["name"]: c["data_type"].lower() for c in shown}
            for column, node in [(None, model), *((c["name"], c) for c in shown)]:
                meta = (node.get("config") or {}).get("meta") or {}
                if found := Deprecation.from_meta(meta, f"{name}.{column}" if column else name):
                    deprecations[name, column] = found
    return Promise(columns, deprecations)


def read_promise(path: Path = PROMISE) -> Promise:
    """The agreed contract. Raises ``OSError`` or ``ValueError``."""
    content = json.loads(path.read_bytes())
    deprecations = {}
    for name, found in content["deprecations"].items():
        table, _, column = name.partition(".")
        deprecations[table, column or None] = Deprecation.from_meta({"deprecated": found}, name)
    return Promise(content["tables"], deprecations, content["version"])


def renew_promise(new: Promise, today: date, path: Path = PROMISE) -> str:
    """Write ``new`` as the agreed contract and return its version. Raises ``PromiseBroken`` where readers were not told in time."""
    old = read_promise(path) if path.exists() else Promise({}, {}, "0.0")
    failures = [*breaches(old, new, today), *short_notices(old, new, today)]
    if failures:
        raise PromiseBroken(failures)
    if replace(new, version=old.version) == old:
        return str(old.version)
    major, minor = map(int, str(old.version).split("."))
    version = f"{major + 1}.0" if not old.columns or _takes_away(old, new) else f"{major}.{minor + 1}"
    content = {
        "version": version,
        "deprecations": {f"{t}.{c}" if c else t: asdict(d) for (t, c), d in sorted(new.deprecations.items(), key=str)},
        "tables": {table: dict(sorted(columns.items())) for table, columns in sorted(new.columns.items())},
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    return version


def breaches(old: Promise, new: Promise, today: date) -> list[str]:
    """One sentence, with its remedy, per column or table of ``old`` that ``new`` lacks or retypes before it may."""
    failures = []
    for table, columns in old.columns.items():
        if table not in new.columns:
            failures += _untimely(f"the table {table} would disappear", [old.deprecations.get((table, None))], today)
            continue
        for column, kind in columns.items():
            announced = [old.deprecations.get((table, name)) for name in (column, None)]
            now = new.columns[table].get(column)
            if now is None:
                failures += _untimely(f"the column {table}.{column} would disappear", announced, today)
            elif now != kind:
                failures += _untimely(f"the column {table}.{column} would become {now} instead of {kind}", announced, today)
    return failures


def short_notices(old: Promise, new: Promise, today: date) -> list[str]:
    """One sentence per announcement of ``new`` that gives readers less than 90 days, counted from ``since`` and, when it is new, from today."""
    failures = []
    for (table, column), announced in new.deprecations.items():
        before = old.deprecations.get((table, column))
        is_known = before is not None and before.remove_after <= announced.remove_after
        first = announced.since if is_known else max(announced.since, today)
        if announced.remove_after < first + NOTICE:
            name = f"{table}.{column}" if column else table
            failures.append(
                f"{name} is announced to go after {announced.remove_after}; readers need {NOTICE.days} days. "
                f"Set remove_after to {first + NOTICE} or later."
            )
    return failures


def broken_promises(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], today: date, last: str = "last") -> list[str]:
    """What the release of ``tables`` would take from the readers of the release attached as ``last``, one sentence each with its remedy.

    ``tables`` are all that will be published, the meta tables too. Columns, types and announcements of the last release are read from its
    database, so a contract file that was tampered with changes nothing. Nothing is broken where there is no last release.
    """
    rows = connection.execute(
        "select table_name, column_name, lower(data_type) from duckdb_columns() where database_name = ? and not internal", [last]
    ).fetchall()
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        columns.setdefault(table, {})[column] = kind
    deprecations = {}
    if META_DEPRECATIONS.name in columns:
        query = f"select table_name, column_name, since, remove_after, reason_sv, replaced_by from {last}.main.{META_DEPRECATIONS.name}"
        deprecations = {(table, column): Deprecation(*rest) for table, column, *rest in connection.execute(query).fetchall()}
    return [f[0].upper() + f[1:] for f in breaches(Promise(columns, deprecations), promise_of(tables), today)]


def write_deprecations(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
    """Create and fill ``meta_deprecations`` in the connection's own database."""
    connection.execute(f"create table {META_DEPRECATIONS.name} ({', '.join(f'{c.name} {c.type}' for c in META_DEPRECATIONS.columns)})")
    for (table, column), d in promise_of(tables).deprecations.items():
        row = [table, column, d.since, d.remove_after, d.replaced_by, d.reason_sv]
        connection.execute(f"insert into {META_DEPRECATIONS.name} values (?, ?, ?, ?, ?, ?)", row)


def _takes_away(old: Promise, new: Promise) -> bool:
    return any(new.columns.get(table, {}).get(column) != kind for table, columns in old.columns.items() for column, kind in columns.items())


def _untimely(what: str, announced: Iterable[Deprecation | None], today: date) -> list[str]:
    dates = [d.remove_after for d in announced if d]
    if any(today > day for day in dates):
        return []
    if dates:
        return [f"{what}, and it was announced to stay until {max(dates)}. Bring it back until then."]
    return [
        f"{what}, and readers were not told. Bring it back and announce the change first, {NOTICE.days} days ahead: `deprecated` under "
        "`config: meta:` in dbt's YAML, for a mart at its goal area in sources/frameworks/ or in catalogue/marts.py."
    ]
