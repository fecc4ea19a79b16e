"""The counts behind the observations: which there are, which are small, which rows show them, and which of them can have to do with each other.

Here: from rows to counts. Not here: which counts add up to which (relations), what is hidden beside the small ones (cover), the attacker.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

KEY = ["measure_id", "area_code", "period_start", "period_end", "sex", "age_group", "reporter"]
COLUMNS = [*KEY, "value", "numerator", "denominator", "answers", "status", "value_type", "threshold", "denominator_threshold", "hides_zero"]
COLUMNS += ["parts_reported"]  # of a row that was summed here from the rows of the areas in it; null in all others
PARTS = ("value", "numerator", "denominator", "answers", "implied")
_WITH_DENOMINATORS_THRESHOLD = ("denominator", "answers")

Quantity = tuple[str, str]  # measure_id and part: what is counted
Totals = dict[Quantity, list[str]]
Span = tuple[int, int]  # both ends included
Place = tuple[str, Span, str, str, str]  # area, period (days since 1970), sex, age group, reporter: where it is counted


@dataclass
class Count:
    """One number of people or events. ``value`` is None where the sender hid it. ``row`` is the row that goes when it is hidden; None: no row at all.

    ``low`` and ``threshold`` bound a small one: low ≤ value < threshold. A count that is ``fixed`` may not be hidden beside others.
    ``is_sum``: it was summed here, so it is what the areas in it that reported come to, and not a bit more.
    """

    quantity: Quantity
    place: Place
    row: int | None
    value: float | None
    threshold: float = 0
    low: float = 0  # what anybody knows it to be at least once it is hidden: 1, since zeros are shown
    is_small: bool = False
    is_fixed: bool = False
    is_sum: bool = False


@dataclass
class Cells:
    """Every row of a local reporter, with what is decided about it. ``table`` has ``COLUMNS`` and, per row, its parts, ``block`` and ``is_primary``.

    ``follows``: a derived row → the rows it is computed from; it is hidden with any of them, and shows nothing that they do not.
    ``combined``: measure → (its parts, factor): a count that is the sum of the parts' counts, times the factor.
    ``totals``: the numerator or denominator of a survey's share → the measures whose counts it is the sum of.
    """

    table: pd.DataFrame
    follows: dict[int, list[int]] = field(default_factory=dict)
    combined: dict[str, tuple[list[str], float]] = field(default_factory=dict)
    totals: Totals = field(default_factory=dict)

    def blocks(self) -> Iterable[pd.DataFrame]:
        """The rows of each block in which something must be hidden. Counts of two blocks never stand in one equation."""
        needed = self.table.loc[self.table["is_primary"] | self.table["is_remembered"], "block"].unique()
        concerned = self.table[self.table["block"].isin(needed) & self.table["has_counts"]]
        for _, rows in concerned.groupby("block", sort=True):
            yield rows


def read_totals(alternatives: pd.DataFrame | None) -> Totals:
    """``alternatives``: measure_id, share_measure_id and is_positive of every alternative of every survey. All answers together are the share's
    denominator, the positive ones its numerator."""
    totals: Totals = {}
    for row in alternatives.sort_values("measure_id").itertuples() if alternatives is not None else ():
        totals.setdefault((row.share_measure_id, "denominator"), []).append(row.measure_id)
        if row.is_positive:
            totals.setdefault((row.share_measure_id, "numerator"), []).append(row.measure_id)
    return totals


def read_cells(
    observations: pd.DataFrame, derivations: pd.DataFrame, remembered: pd.DataFrame | None = None, alternatives: pd.DataFrame | None = None
) -> Cells:
    """``observations``: ``COLUMNS``, any reporter; those of the reporter `source` are public and left out. ``derivations``: as the catalogue's table.
    ``alternatives``: see ``read_totals``.

    ``remembered``: ``KEY`` of cells that were hidden before. Raises ``ValueError`` where a column is missing.
    """
    if missing := [c for c in COLUMNS if c not in observations.columns]:
        raise ValueError(f"protection needs the columns {missing} of the observations")
    table = observations.loc[observations["reporter"] != "source", COLUMNS].reset_index(drop=True)
    for name in ("value", "numerator", "denominator", "answers", "threshold", "denominator_threshold", "parts_reported"):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype("float64")
    table["hides_zero"] = table["hides_zero"].fillna(False).astype(bool)
    table["denominator_threshold"] = table["denominator_threshold"].fillna(table["threshold"])
    for name in ("period_start", "period_end"):
        table[name.removeprefix("period_")] = pd.to_datetime(table[name]).to_numpy().astype("datetime64[D]").astype("int64")
    table["is_withheld"] = (table["status"] == "suppressed") & table["value"].isna()
    cells = Cells(table, totals=read_totals(alternatives))
    _find_parts(cells, derivations)
    is_derived = table.index.isin(list(cells.follows))
    table["has_counts"] = table[[f"own_{p}" for p in PARTS]].notna().any(axis=1) | table["is_withheld"] & ~is_derived
    small_denominator = table["denominator"].between(0, table["denominator_threshold"], inclusive="neither") & (table["value_type"] != "count")
    table["is_primary"] = table["is_withheld"] | table[[f"small_{p}" for p in PARTS]].any(axis=1) | small_denominator
    table["is_remembered"] = _is_among(table, remembered)
    _find_blocks(table, derivations, cells.totals)
    return cells


def counts_of(rows: pd.DataFrame) -> list[Count]:
    """The counts of a block's rows. A row that has a zero is fixed: zeros are shown."""
    counts = []
    known_parts = {m: [p for p in PARTS if g[f"own_{p}"].notna().any()] for m, g in rows.groupby("measure_id", sort=False)}
    for row in rows.itertuples():
        place = (row.area_code, (row.start, row.end), row.sex, row.age_group, row.reporter)
        parts = [p for p in PARTS if not np.isnan(getattr(row, f"own_{p}"))]
        if row.is_withheld and not parts:
            parts = known_parts[row.measure_id] or ["value"]
        has_zero = any(getattr(row, f"own_{p}") == 0 for p in parts) and not row.hides_zero
        low = 0.0 if row.hides_zero else 1.0
        for part in parts:
            value = getattr(row, f"own_{part}")
            limit = row.denominator_threshold if part in _WITH_DENOMINATORS_THRESHOLD else row.threshold
            small = bool(getattr(row, f"small_{part}")) or (row.is_withheld and part in ("value", "numerator", "implied"))
            counts.append(
                Count(
                    (row.measure_id, part),
                    place,
                    row.Index,
                    None if np.isnan(value) else float(value),
                    float(limit),
                    min(low, value) if value == value else low,
                    small,
                    has_zero,
                    value == value and row.parts_reported == row.parts_reported,
                )
            )
    return counts


def _find_parts(cells: Cells, derivations: pd.DataFrame) -> None:
    """The counts that a row itself brings. Those of a derived row are other rows' counts where these are there."""
    table = cells.table
    is_count = table["value_type"] == "count"
    own = {
        "value": table["value"].where(is_count),
        "numerator": table["numerator"].where(~is_count),
        "denominator": table["denominator"].where(~is_count),
        "answers": table["answers"],
        # A share and how many answered give how many said so; the share is rounded, the people are whole.
        "implied": (table["value"] * table["answers"] / 100).round().where((table["value_type"] == "share") & table["numerator"].isna()),
    }
    kinds = dict(zip(table["measure_id"], table["value_type"], strict=True))
    for part in PARTS:
        table[f"own_{part}"] = own[part]
    for measure_id, rows in derivations.groupby("measure_id", sort=True):
        mine = table.index[table["measure_id"] == measure_id]
        first = rows.iloc[0]
        if isinstance(first["numerator"], str):
            _follow(cells, mine, [first["numerator"]])
            _follow_denominators(cells, mine, first)
            _follow_unequal(cells, mine, first["numerator"])
            table.loc[mine, ["own_denominator", "own_answers", "own_implied"]] = np.nan  # the denominator is another measure's figure
            table.loc[[i for i in mine if i in cells.follows], "own_numerator"] = np.nan
            continue
        parts = rows["part"].tolist()
        if all(kinds.get(p) == "count" for p in parts):
            factor = 1.0 if first["combine"] == "sum" else float(len(parts))
            cells.combined[measure_id] = (parts, factor)
            table.loc[mine, "own_value"] = table.loc[mine, "value"] * factor
            _follow(cells, mine[table.loc[mine, "is_withheld"]], parts)  # its sum is not even made
        else:
            _follow(cells, mine, parts)
            table.loc[mine, [f"own_{p}" for p in PARTS]] = np.nan
    for part in PARTS:
        count, limit = table[f"own_{part}"], table["denominator_threshold" if part in _WITH_DENOMINATORS_THRESHOLD else "threshold"]
        table[f"small_{part}"] = (count > 0) & (count < limit) | (count == 0) & table["hides_zero"] & (limit > 0)


def _follow(cells: Cells, mine: pd.Index, measures: list[str]) -> None:
    table, place = cells.table, [k for k in KEY if k != "measure_id"]
    there = table[table["measure_id"].isin(measures) & (table["value"].notna() | table["is_withheld"])]
    found: dict[Any, list[int]] = {}
    for key, index in zip(there[place].itertuples(index=False, name=None), there.index, strict=True):
        found.setdefault(key, []).append(index)
    for key, index in zip(table.loc[mine, place].itertuples(index=False, name=None), mine, strict=True):
        if key in found:
            cells.follows[index] = found[key]


def _follow_denominators(cells: Cells, mine: pd.Index, derivation: pd.Series) -> None:
    """A denominator that a local reporter counted may be hidden, and the rate with it. Whose it is does not matter: any of the year will do. A rate
    that was summed here goes with any of its county's, for the sum may leave out an area that the county's own denominator has in it."""
    table = cells.table
    there = table[(table["measure_id"] == derivation["denominator"]) & (table["age_group"] == derivation["denominator_age_group"])]
    years_back = {"previous": (1,), "mean": (0, 1)}.get(derivation["denominator_year"], (0,))
    years = pd.to_datetime(table["period_end"]).dt.year
    found: dict[Any, list[int]] = {}
    for index in there.index:
        for area in {table.at[index, "area_code"], table.at[index, "area_code"][:2] + "…"}:
            found.setdefault((area, table.at[index, "sex"], years[index]), []).append(index)
    for index in mine if found else ():
        area = table.at[index, "area_code"] if np.isnan(table.at[index, "parts_reported"]) else table.at[index, "area_code"][:2] + "…"
        rows = [row for back in years_back for row in found.get((area, table.at[index, "sex"], years[index] - back), [])]
        if rows:
            cells.follows[index] = [*cells.follows.get(index, []), *rows]


def _follow_unequal(cells: Cells, mine: pd.Index, numerator: str) -> None:
    """A rate that was summed here over other areas than its count was: the difference between the two is the count of the others. It goes with any
    count of its county."""
    table, place = cells.table, ["period_start", "period_end", "sex", "age_group", "reporter"]
    counts = table[table["measure_id"] == numerator]
    of_place = dict(zip(counts[["area_code", *place]].itertuples(index=False, name=None), counts["value"], strict=True))
    in_county: dict[Any, list[int]] = {}
    for key, area, index in zip(counts[place].itertuples(index=False, name=None), counts["area_code"], counts.index, strict=True):
        in_county.setdefault((area[:2], *key), []).append(index)
    summed = table.loc[mine]
    summed = summed[summed["parts_reported"].notna() & summed["numerator"].notna()]
    for key, area, value, index in zip(
        summed[place].itertuples(index=False, name=None), summed["area_code"], summed["numerator"], summed.index, strict=True
    ):
        if of_place.get((area, *key)) != value:
            cells.follows[index] = [*cells.follows.get(index, []), *in_county.get((area[:2], *key), [])]


def _is_among(table: pd.DataFrame, keys: pd.DataFrame | None) -> pd.Series:
    if keys is None or not len(keys):
        return pd.Series(False, index=table.index)
    wanted = pd.MultiIndex.from_frame(_plain(keys).drop_duplicates())
    return pd.Series(pd.MultiIndex.from_frame(_plain(table)).isin(wanted), index=table.index)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """The key with dates as days, whatever kind of dates they came as."""
    plain = table[KEY].copy()
    for name in ("period_start", "period_end"):
        plain[name] = pd.to_datetime(plain[name]).to_numpy().astype("datetime64[D]").astype("int64")
    return plain


def _find_blocks(table: pd.DataFrame, derivations: pd.DataFrame, totals: Totals) -> None:
    """Measures that are computed from each other, and of these the periods that overlap, are one block."""
    family = {m: m for m in table["measure_id"].unique()}

    def root(measure: str) -> str:
        while family.setdefault(measure, measure) != measure:
            measure = family[measure]
        return measure

    for row in derivations.itertuples():
        for other in (row.numerator, row.denominator, row.part):
            if isinstance(other, str):
                family[root(row.measure_id)] = root(other)
    for (measure, _), parts in totals.items():
        for part in parts:
            family[root(measure)] = root(part)
    table["family"] = table["measure_id"].map(root)
    spans = table[["family", "start", "end"]].drop_duplicates().sort_values(["family", "start", "end"])
    reach = spans.groupby("family")["end"].cummax().groupby(spans["family"]).shift(1)
    spans["block"] = (reach.isna() | (spans["start"] > reach)).cumsum()
    table["block"] = table.merge(spans, on=["family", "start", "end"], how="left")["block"].to_numpy()
