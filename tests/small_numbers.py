"""Made-up tables of small counts with all their margins, and releases of them, for the tests and benchmarks of protection."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from naravard_pipeline.protection.cells import COLUMNS, KEY

AREAS = [("00", "nation", None), ("04", "region", "00"), *((f"04{n:02}", "municipality", "04") for n in range(9))]
AREAS += [("04-a", "county_part", "04"), ("04-b", "county_part", "04")]
MEMBERS = [*(("04-a", f"04{n:02}") for n in range(4)), *(("04-b", f"04{n:02}") for n in range(4, 9))]
NO_DERIVATIONS = pd.DataFrame({c: pd.Series(dtype=object) for c in ("measure_id", "numerator", "denominator", "denominator_year", "combine", "part")})
NO_DERIVATIONS["denominator_age_group"] = pd.Series(dtype=object)

_MONTHS = [("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28"), ("2025-03-01", "2025-03-31")]
_QUARTER = ("2025-01-01", "2025-03-31")


def row(measure_id="plans", area="0400", period=("2025-01-01", "2025-12-31"), sex="total", age_group="total", value=None, **others) -> dict:
    """One observation of a count with threshold 5; ``others`` overrides any column."""
    start, end = (pd.Timestamp(d) for d in period)
    given = dict(zip(KEY, (measure_id, area, start, end, sex, age_group, "region"), strict=True))
    plain = {"numerator": None, "denominator": None, "answers": None, "status": "ok", "value_type": "count", "threshold": 5}
    return {**given, "value": value, **plain, "denominator_threshold": None, "hides_zero": False, "parts_reported": None, **others}


def observations(rows: Iterable[dict]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS).astype({c: float for c in ("value", "numerator", "denominator", "answers", "parts_reported")})


def random_rows(rng: np.random.Generator, measure_id: str, is_small: bool = False) -> list[dict]:
    """A table of at most some dozens of counts over some of area, part, sex, age and month, with its margins; now and then gaps or a wrong sum, or
    areas that reported nothing for a month, and sums of those that did."""
    areas = [f"04{n:02}" for n in range(9)][: rng.integers(2, 4 if is_small else 5)]
    sexes = ["women", "men"] if rng.random() < 0.6 else ["total"]
    ages = ["18-64", "65-79", "80+"][: rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1])] if len(sexes) == 1 or not is_small else ["18-64"]
    months = _MONTHS if rng.random() < 0.2 and len(areas) == 2 and len(sexes) == 1 else _MONTHS[:1]
    sizes = rng.choice([0.5, 3, 8, 40], size=len(areas))
    base = {cell: int(rng.poisson(sizes[areas.index(cell[0])])) for cell in product(areas, months, sexes, ages)}
    places = {**{a: [a] for a in areas}, "04": areas}
    if len(areas) > 2 and rng.random() < 0.3:
        places["04-a"] = areas[:4]
    periods = {m: [m] for m in months} | ({_QUARTER: months} if len(months) > 1 else {})
    of_sex = {s: [s] for s in sexes} | {"total": sexes}
    of_age = {a: [a] for a in ages} | {"total": ages} if len(ages) > 1 else {"total": ages}
    odd = rng.random()
    silent = {cell for cell in product(areas, months) if 0.2 < odd < 0.4 and rng.random() < 0.3}
    rows = []
    for (area, inside), (period, when), (sex, ss), (age, aa) in product(places.items(), periods.items(), of_sex.items(), of_age.items()):
        reporting = [a for a in inside if not silent.intersection(product([a], when))]
        if not reporting:
            continue
        count = sum(base[cell] for cell in product(reporting, when, ss, aa))
        if odd < 0.1 and rng.random() < 0.1:
            continue  # nobody reported it
        if 0.1 < odd < 0.2 and len(inside) > 1 and sex == "total":
            count += 1  # somebody from elsewhere
        is_summed = area not in areas and 0.2 < odd < 0.4
        rows.append(row(measure_id, area, period, sex, age, count, parts_reported=len(reporting) if is_summed else None))
    return rows


def share(measure_id: str, numerator: float, denominator: float, **others) -> dict:
    """One observation of a share that is made of two counts."""
    value = numerator / denominator * 100
    return row(measure_id, value=value, numerator=numerator, denominator=denominator, value_type="share", **others)


def hide(table: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """``fct_observations`` as it would be published."""
    shown = table.merge(hidden[[*KEY, "suppression"]], on=KEY, how="left")
    away = shown["suppression"].notna()
    shown.loc[away, ["value", "numerator", "denominator", "answers"]] = np.nan
    shown["status"] = shown["status"].where(~away, "suppressed")
    return shown


def release(published: pd.DataFrame, target: Path | str = ":memory:", made_of: dict[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    """A release with what the attacker needs. ``made_of``: measure → the measures it is computed from."""
    connection = duckdb.connect(str(target))
    measures = published[["measure_id", "value_type", "threshold", "denominator_threshold", "hides_zero"]].drop_duplicates("measure_id")
    measures = measures.assign(computed_from=measures["measure_id"].map(made_of or {}).astype(object))
    connection.register("p", published)
    connection.register("m", measures)
    connection.execute(
        f"create table fct_observations as select {', '.join(k if 'period' not in k else f'{k}::date as {k}' for k in KEY)}, "
        "value, numerator, denominator, answers, status, suppression, parts_reported, parts_reported is not null as is_aggregated from p"
    )
    connection.execute(
        "create table dim_measures as select measure_id, value_type, threshold::int as suppression_threshold, "
        "denominator_threshold::int as denominator_threshold, hides_zero, computed_from::varchar as computed_from from m"
    )
    connection.execute("create table dim_areas (area_code varchar, area_type varchar, parent_code varchar)")
    connection.executemany("insert into dim_areas values (?, ?, ?)", AREAS)
    connection.execute("create table bridge_area_groups (group_id varchar, area_code varchar)")
    connection.executemany("insert into bridge_area_groups values (?, ?)", MEMBERS)
    connection.unregister("p")
    connection.unregister("m")
    return connection
