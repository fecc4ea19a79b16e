"""Which rows of a release are sums of others, and of which: a county that was summed from the municipalities that reported is exactly theirs.

Here: what anybody can read of that in the published tables. Not here: what follows from it (attacker).
"""

import duckdb
import pandas as pd

from naravard_pipeline.protection.cells import KEY


def select_parts(connection: duckdb.DuckDBPyConnection) -> str:
    """The columns that tell of a sum and of how many parts; older releases have none."""
    there = {r[0] for r in connection.execute("select column_name from (describe main.fct_observations)").fetchall()}
    if "is_aggregated" not in there:
        return "false as is_aggregated, null::double as parts_reported"
    return "coalesce(o.is_aggregated, false) as is_aggregated, o.parts_reported::double as parts_reported"


def read_siblings(connection: duckdb.DuckDBPyConnection, shown: pd.DataFrame) -> pd.DataFrame:
    """All rows of the measures of which a sum is among ``shown``."""
    measures = sorted(set(shown.loc[shown["is_aggregated"].fillna(False).astype(bool), "measure_id"])) if "is_aggregated" in shown else []
    return connection.execute(
        f"select {', '.join(KEY)}, value, suppression is not null as is_hidden, status, {select_parts(connection)} "
        "from main.fct_observations as o where reporter <> 'source' and measure_id::varchar in (select unnest(?::varchar[]))",
        [measures],
    ).df()


def find_summed(rows: pd.DataFrame, elements: dict[str, frozenset[str]]) -> dict[tuple, frozenset[str]]:
    """Rows that were summed from others' → the smallest areas whose rows they are. Not where fewer or more are there than are said to be in it."""
    is_sum = rows["is_aggregated"].astype(bool)
    shown: dict[tuple, set[str]] = {}
    hidden: dict[tuple, set[str]] = {}
    nobody: dict[tuple, set[str]] = {}  # where there was nothing to count
    for of, which in ((shown, rows["value"].notna()), (hidden, rows["is_hidden"]), (nobody, rows["status"] == "not_applicable")):
        for measure, area, *rest in rows.loc[which & ~is_sum, list(KEY)].itertuples(index=False, name=None):
            of.setdefault((measure, *rest), set()).add(area)
    found = {}
    for key, parts in zip(rows.loc[is_sum, list(KEY)].itertuples(index=False, name=None), rows.loc[is_sum, "parts_reported"], strict=True):
        (measure, area, *rest), inside = key, elements.get(key[1], frozenset())
        seen, unseen, none = (inside & of.get((measure, *rest), set()) for of in (shown, hidden, nobody))
        # Of a hidden rate it is not told whether it had a denominator, and is in the sum.
        ways = [seen | unseen, seen] if parts == parts else [seen | unseen]
        if within := next((w for w in ways if parts != parts or len(w) + len(none) == parts), None):
            found[key] = within
    return found
