"""Whose figures stand in a published table, and how that must be said beside them.

Here: it is read from the release's own rows, so that what is said is true of what is there. Not here: the words for one measure
(catalogue.attribution), the forms that say it (datapackage, csvw, dcat).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from naravard_pipeline.catalogue.attribution import MADE_UP, own_computation
from naravard_pipeline.publication.contract import Table


@dataclass(frozen=True)
class Credit:
    """One line of attribution, with the source's terms; they are None for what was computed here."""

    text: str
    url: str | None = None
    licence: str | None = None
    licence_url: str | None = None

    @property
    def terms_sv(self) -> str:
        """The line and the terms as one Swedish text."""
        terms = f" Villkor: {self.licence.rstrip('.')}." if self.licence else ""
        return f"{self.text.rstrip('.')}.{terms}" + (f" {self.licence_url}" if self.licence_url else "")


def read_credits(connection: duckdb.DuckDBPyConnection, table: Table, is_demo: bool) -> tuple[Credit, ...]:
    """What must be said of the table's figures, in order of text; nothing for a table without figures of any measure.

    A source is named as the source of its own figures only. A table whose figures are all computed here says so, and names those who own what
    it was computed from; in a demo nobody is named.
    """
    if not table.name.startswith(("fct_", "mart_")):
        return ()
    if is_demo:
        return (Credit(MADE_UP),)
    measures = _measures_in(connection, table)
    if table.is_own_computation:
        return (Credit(own_computation(_attributions_behind(connection, measures))),)
    summed = [Credit(own_computation(sources))] if (sources := _attributions_of_sums(connection, table)) else []
    query = """
        select distinct m.attribution, s.url, s.licence, s.licence_url
        from dim_measures as m
        left join dim_sources as s on s.source_id = m.source_id and m.computed_from is null
        where list_contains(?, m.measure_id)
        order by all
    """
    return (*(Credit(*row) for row in connection.execute(query, [measures]).fetchall()), *summed)


def _measures_in(connection: duckdb.DuckDBPyConnection, table: Table) -> Sequence[str]:
    """The measures of which the table has figures; all that are published where it has no column for them."""
    name = table.name if table.is_by_measure else "fct_observations"
    where = " where has_figures" if "has_figures" in table.column_names else ""
    return [row[0] for row in connection.execute(f"select distinct measure_id from {name}{where} order by all").fetchall() if row[0]]


def _attributions_of_sums(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """The lines of the sources whose figures are summed here in rows of the table, which are not their own."""
    if "is_aggregated" not in table.column_names:
        return []
    measures = [row[0] for row in connection.execute(f"select distinct measure_id from {table.name} where is_aggregated").fetchall()]
    return _attributions_behind(connection, measures)


def _attributions_behind(connection: duckdb.DuckDBPyConnection, measures: Sequence[str]) -> list[str]:
    """The lines of the sources whose own figures these measures are, or are computed from."""
    query = """
        with used as (
            select unnest(coalesce(string_split(computed_from, ','), [measure_id])) as measure_id
            from dim_measures
            where list_contains(?, measure_id)
        )
        select distinct s.attribution
        from used
        join dim_measures as m on m.measure_id = used.measure_id
        join dim_sources as s on s.source_id = m.source_id
        order by all
    """
    return [row[0] for row in connection.execute(query, [measures]).fetchall()]
