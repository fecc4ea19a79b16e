"""What BI tools see in PostgreSQL: the schema ``naravard``, with one view per published table, its comments, and the role that may read it.

A view reads every parent of its table and shows the rows of the load that ``current`` points at. So a new release needs no new view; only another
contract does, and even then a transaction that still looks at the old release finds its rows through the new view.
Here: views, comments, rights. Not here: the pointer and the tables behind (postgres_store).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg.errors import DependentObjectsStillExist, InsufficientPrivilege
from psycopg.sql import SQL, Composable, Identifier, Literal

from naravard_pipeline.publication.contract import Table
from naravard_pipeline.publication.postgres_load import DATA, LOAD, NO_LOAD, TargetError, parent_name, postgres_type

VIEWS = "naravard"  # schema
READER = "naravard_reader"  # role without a login, to be granted to those that have one


@dataclass
class _View:
    """A view as it is: types by column in the view's order, the parents it reads, its comment and its columns'."""

    columns: dict[str, str] = field(default_factory=dict)
    parents: set[str] = field(default_factory=set)
    comments: dict[str | None, str | None] = field(default_factory=dict)


def plan_views(connection: psycopg.Connection, tables: Sequence[Table]) -> list[Composable]:
    """The statements that make the views show ``tables``; none where they do. Raises ``TargetError`` where somebody's own view stands in the way."""
    there, parents = _read_views(connection), _read_parents(connection)
    plan: list[Composable] = []
    for name in sorted(there.keys() - {t.name for t in tables}):
        plan += _drop(connection, name, f"{name} is no longer published")
    for table in tables:
        plan += _plan_view(connection, table, there.get(table.name), parents)
    return plan


def run_plan(connection: psycopg.Connection, plan: Sequence[Composable]) -> None:
    """The planned statements, within the caller's transaction."""
    try:
        for statement in plan:
            connection.execute(statement)
    except DependentObjectsStillExist as error:
        problem = f"{error.diag.message_primary} ({error.diag.message_detail}); drop what depends on it, run again, and create it anew."
    else:
        return
    raise TargetError(problem)


def grant_to_reader(connection: psycopg.Connection, on_progress: Callable[[str], None]) -> None:
    """Let the role ``naravard_reader`` read the views, those to come too, and nothing else. Where that may not be done, say how it can."""
    user = connection.info.user
    rights = [
        SQL("grant usage on schema {} to {}").format(Identifier(VIEWS), Identifier(READER)),
        SQL("grant select on all tables in schema {} to {}").format(Identifier(VIEWS), Identifier(READER)),
        SQL("alter default privileges for role {} in schema {} grant select on tables to {}").format(
            Identifier(user), Identifier(VIEWS), Identifier(READER)
        ),
    ]
    create = SQL("create role {} nologin").format(Identifier(READER))
    try:
        with connection.transaction():
            if not connection.execute("select 1 from pg_roles where rolname = %s", [READER]).fetchone():
                connection.execute(create)
            if not connection.execute(
                "select has_schema_privilege(%s, 'naravard', 'usage') and bool_and(has_table_privilege(%s, oid, 'select')) from pg_class "
                "where relnamespace = 'naravard'::regnamespace and relkind = 'v'",
                [READER, READER],
            ).fetchone()[0]:
                for statement in rights:
                    connection.execute(statement)
    except InsufficientPrivilege:
        statements = "; ".join(s.as_string(connection) for s in (create, *rights))
        on_progress(f"PostgreSQL: {user} may not make the role {READER} or grant to it; an administrator can: {statements};")


def _read_views(connection: psycopg.Connection) -> dict[str, _View]:
    """Our own views by name: those that read the pointer. Whatever else somebody keeps in the schema is not touched."""
    views: dict[str, _View] = {}
    for name, parent in connection.execute(
        "select v.relname, p.relname from pg_class v join pg_rewrite r on r.ev_class = v.oid "
        "join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass "
        "join pg_class p on p.oid = d.refobjid "
        "where v.relnamespace = 'naravard'::regnamespace and v.relkind = 'v' and p.relnamespace = 'naravard_data'::regnamespace"
    ):
        views.setdefault(name, _View()).parents.add(parent)
    views = {name: view for name, view in views.items() if "current" in view.parents}
    for name, column, kind, of_view, of_column in connection.execute(
        "select v.relname, a.attname, format_type(a.atttypid, a.atttypmod), obj_description(v.oid, 'pg_class'), col_description(v.oid, a.attnum) "
        "from pg_class v join pg_attribute a on a.attrelid = v.oid where v.relnamespace = 'naravard'::regnamespace and v.relkind = 'v' "
        "and a.attnum > 0 order by v.relname, a.attnum"
    ):
        if view := views.get(name):
            view.columns[column] = kind
            view.comments |= {None: of_view, column: of_column}
            view.parents.discard("current")
    return views


def _read_parents(connection: psycopg.Connection) -> dict[str, dict[str, dict[str, str]]]:
    """Table → its parents that have rows → their columns with types."""
    parents: dict[str, dict[str, dict[str, str]]] = {}
    for table, parent, column, kind in connection.execute(
        "select obj_description(p.oid, 'pg_class'), p.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_class p "
        "join pg_attribute a on a.attrelid = p.oid where p.relnamespace = 'naravard_data'::regnamespace and p.relkind = 'p' and a.attnum > 0 "
        "and p.oid in (select i.inhparent from pg_inherits i join pg_class c on c.oid = i.inhrelid where pg_get_expr(c.relpartbound, c.oid) <> %s) "
        "order by p.relname, a.attnum",
        [f"FOR VALUES IN ({NO_LOAD})"],
    ):
        parents.setdefault(table, {}).setdefault(parent, {})[column] = kind
    return parents


def _plan_view(
    connection: psycopg.Connection, table: Table, view: _View | None, parents: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> Iterator[Composable]:
    wanted = {c.name: postgres_type(table, c) for c in table.columns}
    kept = view and wanted.items() >= view.columns.items()  # PostgreSQL lets a view grow at its end and nothing else
    order = {**view.columns, **wanted} if view and kept else wanted
    behind = dict(parents.get(table.name, {})) | {parent_name(table): wanted}
    name = Identifier(VIEWS, table.name)
    if view is None or not kept or list(view.columns) != list(order) or not view.parents >= behind.keys():
        if view and not kept:
            lost = sorted(set(view.columns.items()) - set(wanted.items()))
            yield from _drop(connection, table.name, f"column {lost[0][0]} of {table.name} is no longer there, or of another type")
        branches = [
            SQL("select {} from {} where {} = (select {} from {})").format(
                SQL(", ").join(_column(c, kind, has) for c, kind in order.items()),
                Identifier(DATA, parent),
                Identifier(LOAD),
                Identifier(LOAD),
                Identifier(DATA, "current"),
            )
            for parent, has in sorted(behind.items(), key=lambda item: item[0] != parent_name(table))
        ]
        create = SQL("create or replace view {} as {}" if view and kept else "create view {} as {}")  # never over what is not ours
        yield create.format(name, SQL(" union all ").join(branches))
        if view and not kept:
            yield from _rights_again(connection, table.name)
    was = view.comments if view and kept else {}
    for column, text in [(None, table.description), *((c.name, c.description) for c in table.columns)]:
        if (was.get(column) or "") != text:
            what = SQL("view {}").format(name) if column is None else SQL("column {}.{}").format(name, Identifier(column))
            yield SQL("comment on {} is {}").format(what, Literal(text))


def _column(name: str, kind: str, has: Mapping[str, str]) -> Composable:
    """A column of a view from one parent, maybe of an older contract: empty where that had none, by way of its text where it had another type."""
    if has.get(name) == kind:
        return Identifier(name)
    return SQL("cast({} as {}) as {}").format(SQL("{}::text").format(Identifier(name)) if name in has else SQL("null"), SQL(kind), Identifier(name))


def _drop(connection: psycopg.Connection, name: str, reason: str) -> list[Composable]:
    dependents = connection.execute(
        "select distinct r.ev_class::regclass::text from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid "
        "where d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass(%s) and r.ev_class <> d.refobjid order by 1",
        [Identifier(VIEWS, name).as_string(connection)],
    ).fetchall()
    if dependents:
        names = ", ".join(d for (d,) in dependents)
        raise TargetError(f"PostgreSQL: {reason}, but {names} depends on it; drop {names}, run again, and create it anew.")
    return [SQL("drop view {}").format(Identifier(VIEWS, name))]


def _rights_again(connection: psycopg.Connection, name: str) -> list[Composable]:
    """The rights that others had been given on a view, for the one that takes its place."""
    rows = connection.execute(
        "select case a.grantee when 0 then null else pg_get_userbyid(a.grantee) end, a.privilege_type, a.is_grantable "
        "from pg_class c, aclexplode(c.relacl) a "
        "where c.oid = to_regclass(%s) and a.grantee <> c.relowner",
        [Identifier(VIEWS, name).as_string(connection)],
    ).fetchall()
    return [
        SQL("grant {} on {} to {}{}").format(
            SQL(right), Identifier(VIEWS, name), Identifier(who) if who else SQL("public"), SQL(" with grant option" if grantable else "")
        )
        for who, right, grantable in rows
    ]
