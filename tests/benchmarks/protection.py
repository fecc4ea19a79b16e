"""What hiding costs: rows hidden beside the optimum, and time at a million rows.

    python tests/benchmarks/protection.py            # optimum, then 100,000 rows
    python tests/benchmarks/protection.py 1000000

The optimum of the small tables comes from trying every subset, with the attacker as the judge. The big table is what a whole country could send:
municipalities and counties, months and sexes, nearly all counts large.
"""

import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from small_numbers import AREAS, MEMBERS, NO_DERIVATIONS, hide, observations, random_rows, release, row

from naravard_pipeline.protection import attack, protect
from naravard_pipeline.protection.attacker import Figure, find_narrow

TABLES = 30
AREAS_PER_COUNTY, COUNTIES, MONTHS = 14, 21, 12


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    return work(), time.process_time() - started


def small_table(rng: np.random.Generator) -> pd.DataFrame:
    """Two municipalities and their sum, by sex: nine counts."""
    counts = {(a, s): int(rng.choice([rng.integers(1, 5), rng.integers(5, 30)])) for a in ("0400", "0401") for s in ("women", "men")}
    counts |= {(a, "total"): counts[a, "women"] + counts[a, "men"] for a in ("0400", "0401")}
    counts |= {("04", s): counts["0400", s] + counts["0401", s] for s in ("women", "men", "total")}
    return observations(row(area=a, sex=s, value=v) for (a, s), v in counts.items())


def fewest(table: pd.DataFrame, found: pd.DataFrame, must: pd.DataFrame) -> int:
    labels = {(r.area_code, r.sex): r.suppression for r in found.itertuples()}
    forced = {(r.area_code, r.sex) for r in must.itertuples()}
    others = [(r.area_code, r.sex) for r in table.itertuples() if (r.area_code, r.sex) not in forced]
    for size in range(len(others) + 1):
        for choice in combinations(others, size):
            gone = forced.union(choice)
            figures = [
                Figure(
                    ("m", "value"),
                    (r.area_code, (0, 9), r.sex, "total", "region"),
                    None if (r.area_code, r.sex) in gone else r.value,
                    5,
                    1,
                    labels.get((r.area_code, r.sex)) == "primary",
                    r.Index,
                )
                for r in table.itertuples()
            ]
            if not find_narrow(figures, {"04": frozenset({"0400", "0401"})}, {}):
                return len(gone)
    raise AssertionError("not even everything is enough")


def beside_the_optimum() -> None:
    areas = [a for a in AREAS if a[0] in ("04", "0400", "0401")]
    cells = hidden = best = small = 0
    for seed in range(TABLES):
        table = small_table(np.random.default_rng(seed))
        found = protect(table, NO_DERIVATIONS, areas, []).hidden
        must = protect(table, NO_DERIVATIONS, areas, [], secondary=False).hidden
        cells, hidden, small = cells + len(table), hidden + len(found), small + len(must)
        best += fewest(table, found, must)
    print(f"{TABLES} tables of 9: {small / cells:.1%} small, {hidden / cells:.1%} hidden, {best / cells:.1%} by trying every subset")


def won_without() -> None:
    rng = np.random.default_rng(0)
    table = observations(r for n in range(TABLES) for r in random_rows(rng, f"m{n:02}"))
    open_ = protect(table, NO_DERIVATIONS, AREAS, MEMBERS, secondary=False).hidden
    closed, seconds = timed(lambda: protect(table, NO_DERIVATIONS, AREAS, MEMBERS))
    losers = {f.measure_id for f in attack([release(hide(table, open_))])}
    print(f"{TABLES} tables of {len(table) / TABLES:.0f}: {len(open_)} small, {len(closed.hidden)} hidden of {len(table)}, {seconds:.1f} s; "
          f"without the second step the attacker wins in {len(losers)}, with it in {len(attack([release(hide(table, closed.hidden))]))}")  # fmt: skip
    exact = [c for c in closed.coverings if c.cost]
    greedy = protect(table, NO_DERIVATIONS, AREAS, MEMBERS, exact=0)
    best = sum(c.cost for c in exact)
    quick, bound = (sum(getattr(c, name) for c in greedy.coverings if c.cost) for name in ("cost", "bound"))
    print(f"further rows: {best:.0f} exactly, {quick:.0f} greedily ({quick / best - 1:.1%} more), at least {bound:.1f} by the relaxed master")


def big(size: int) -> None:
    rng = np.random.default_rng(0)
    counties = [f"{n:02}" for n in range(1, COUNTIES + 1)]
    areas = [(c, "region", "00") for c in counties] + [(f"{c}{n:02}", "municipality", c) for c in counties for n in range(AREAS_PER_COUNTY)]
    per_measure = len(areas) * 3 * MONTHS
    frames = []
    for measure in range(max(1, size // per_measure)):
        base = rng.lognormal(5, 1.0, (COUNTIES, AREAS_PER_COUNTY, 1, 1)) * rng.lognormal(0, 0.3, (1, 1, MONTHS, 2))
        counts = rng.poisson(base)
        wide = np.concatenate([counts.sum(axis=1, keepdims=True), counts], axis=1)
        whole = np.concatenate([wide.sum(axis=3, keepdims=True), wide], axis=3)
        places = [code for c in counties for code in (c, *(f"{c}{n:02}" for n in range(AREAS_PER_COUNTY)))]
        months = pd.date_range("2025-01-01", periods=MONTHS, freq="MS")
        index = pd.MultiIndex.from_product([places, months, ["total", "women", "men"]], names=["area_code", "period_start", "sex"])
        frames.append(pd.DataFrame({"value": whole.reshape(-1).astype(float)}, index).reset_index().assign(measure_id=f"m{measure:03}"))
    table = pd.concat(frames, ignore_index=True)
    table["period_end"] = table["period_start"] + pd.offsets.MonthEnd()
    plain = {"age_group": "total", "reporter": "region", "status": "ok", "value_type": "count", "threshold": 5, "hides_zero": False}
    table = table.assign(**plain, numerator=np.nan, denominator=np.nan, answers=np.nan, denominator_threshold=np.nan, parts_reported=np.nan)
    found, seconds = timed(lambda: protect(table, NO_DERIVATIONS, areas, []))
    small = ((table["value"] > 0) & (table["value"] < 5)).sum()
    largest = max((c.counts for c in found.coverings), default=0)
    print(f"{len(table):,} rows, {small:,} small: {len(found.hidden):,} hidden, {seconds:.0f} s of one processor; "
          f"{len(found.coverings):,} components, the largest of {largest} counts")  # fmt: skip
    connection = release(hide(table, found.hidden))
    connection.execute("delete from dim_areas")
    connection.executemany("insert into dim_areas values (?, ?, ?)", areas)
    findings, seconds = timed(lambda: attack([connection]))
    print(f"the attack on it: {len(findings)} findings, {seconds:.0f} s")


if __name__ == "__main__":
    beside_the_optimum()
    won_without()
    big(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
