"""What earlier releases showed of what is new beside the last one: a measure, a period or a value that was away for a while is not new.

Here: reading them, no more of them than that. Not here: the comparison with the last release (changes), whether a difference is too large (review).
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.compared_cells import KEY, NEEDED, PERCENT, columns_of, keep_cells


def keep_earlier(connection: duckdb.DuckDBPyConnection, earlier: Iterable[Path]) -> None:
    """Add the new measures that earlier releases had to ``released_measures``, and fill ``returned_rows``: what was away for a while is not new.

    A cell counts as the newest release left it that had a value in it, or hid one: what was hidden last has no number here either.
    """
    connection.execute("create or replace temp table earlier_cells as select * from after_cells where false")
    is_new = "kind in ('new_measure', 'new_period', 'new_value')"
    [any_new] = connection.execute(f"select count(*) > 0 from change_rows where {is_new}").fetchone()
    attached = {row[0] for row in connection.execute("select path from duckdb_databases() where path is not null").fetchall()}
    for path in reversed([*earlier]) if any_new else ():
        if str(path) in attached:
            continue  # the last release: what it shows is not new
        attach(connection, path, "earlier")
        try:
            there = columns_of(connection, "earlier", "fct_observations")
            if "measure_id" in there:
                connection.execute(
                    "insert into released_measures select distinct measure_id from earlier.main.fct_observations where measure_id in "
                    "(select measure_id from change_rows where kind = 'new_measure') and measure_id not in (select measure_id from released_measures)"
                )
            if there >= NEEDED:
                keep_cells(connection, "cells_of_earlier", "earlier", there, there)
                connection.execute(_EARLIER_CELLS)
        finally:
            connection.execute("drop view if exists cells_of_earlier")
            connection.execute("detach earlier")
    connection.execute(_RETURNED_ROWS)


_EARLIER_CELLS = f"""
insert into earlier_cells by name
select e.* from cells_of_earlier as e
semi join (select * from change_rows where kind in ('new_period', 'new_value') and value_after is not null) as r
    on {" and ".join(f"r.{name} = e.{name}" for name in KEY)}
anti join earlier_cells as known on {" and ".join(f"known.{name} = e.{name}" for name in KEY)}
where e.value is not null or e.is_hidden
"""
_RETURNED_ROWS = f"""
create or replace temp table returned_rows as
select *, value_after - value_before as change, {PERCENT} as change_percent
from (
    select r.* exclude (change, change_percent) replace (e.value as value_before)
    from change_rows as r
    join earlier_cells as e on {" and ".join(f"r.{name} = e.{name}" for name in KEY)}
    where r.kind in ('new_period', 'new_value') and e.value is not null
)
"""
