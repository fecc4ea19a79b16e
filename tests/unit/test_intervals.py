"""The 95 % intervals against figures that others have published. The SQL is the macros' own; DuckDB computes it."""

import csv

import duckdb
import jinja2
import pytest

from naravard_pipeline.settings import DBT_PROJECT

# Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (Wilson's score without continuity correction): events, total, limits.
NEWCOMBE = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)]

# The R package PHEindicatormethods (Office for Health Improvement and Disparities), tests/testthat/NCMP_testdata.csv: England's National Child
# Measurement Programme, children measured and counted, limits in percent. First rows of school years 2006/07, 2008/09 and 2013/14.
NCMP = [
    (7287, 34353, 20.7830499225555, 21.6476300812899),
    (2960, 24488, 11.6852009907382, 12.5017980504761),
    (1635, 23464, 6.64933849950753, 7.30099206057122),
    (3307, 51086, 6.26328472207693, 6.69005643118303),
    (16434, 66871, 24.2508266513412, 24.9034453315869),
    (5797, 49549, 11.4194878357802, 11.9855099754123),
]

# The tables that the R package epitools prints for pois.exact(1:10), and Garwood 1936 (Biometrika 28:437) for no event and for 100.
EXACT = [
    (0, 0.0, 3.689),
    (1, 0.02531781, 5.57164339),
    (2, 0.24220928, 7.22468767),
    (3, 0.61867212, 8.76727307),
    (4, 1.08986537, 10.24158868),
    (5, 1.62348639, 11.66833208),
    (6, 2.20189425, 13.05947402),
    (7, 2.81436305, 14.42267536),
    (8, 3.45383218, 15.76318922),
    (9, 4.1153731, 17.08480345),
]
EXACT_FROM_TEN = [(10, 4.7953887, 18.39035604), (100, 81.36399125092314, 121.62679379242638)]

# florish/byar, a calculator for hospitals' mortality ratios, test/test_byar.rb, with z rounded to 1.96: the limits of 100 events, and of 23 by 30
# expected ones.
BYAR = [(100, 81.3617916060, 121.6283472718), (23, 0.4858414415 * 30, 1.1504345024 * 30)]

# phmethods, the Office for Health Improvement and Disparities' Python twin of PHEindicatormethods, tests of byars_lower and wilson. (Its upper
# limit of 100 events, 121.6246, is neither that of Byar's formula in the Office's guide, 121.6279, nor the exact one, 121.6268.)
BYAR_LOWER = (100, 81.36210549052788)
WILSON_PERCENT = (100, 10000, 0.8229336148148417, 1.2146982255114647)


@pytest.fixture(scope="module")
def limits():
    """Compute both limits of an interval with the macro of that name: ``limits("byar", 100)`` → (lower, upper). ``z`` replaces the macros' own."""
    text = (DBT_PROJECT / "macros" / "intervals.sql").read_text(encoding="utf-8")
    own_z = "1.959963984540054"
    assert text.count(own_z) == 1

    def compute(method: str, *numbers: float, z: str = own_z) -> tuple[float, float]:
        macros = jinja2.Environment(autoescape=False).from_string(text.replace(own_z, z)).module
        arguments = [f"cast({n} as double)" for n in numbers]
        columns = (getattr(macros, f"{method}_limit")(*arguments, side) for side in ("lower", "upper"))
        return duckdb.sql(f"select {', '.join(columns)}").fetchone()

    return compute


@pytest.mark.parametrize(("events", "total", "lower", "upper"), NEWCOMBE)
def test_a_share_has_the_limits_of_newcombes_table(limits, agrees, events, total, lower, upper):
    agrees("Wilson's score: Newcombe 1998, table I", limits("wilson", events, total), (lower, upper), abs=0.00005)


@pytest.mark.parametrize(("events", "total", "lower", "upper"), NCMP)
def test_a_share_has_the_limits_of_englands_child_measurements(limits, agrees, events, total, lower, upper):
    agrees("Wilson's score, per cent: PHEindicatormethods, NCMP", [100 * x for x in limits("wilson", events, total)], [lower, upper], abs=1e-11)


def test_a_share_has_the_limits_that_phmethods_gives(limits, agrees):
    events, total, *expected = WILSON_PERCENT
    agrees("Wilson's score, per cent: phmethods", [100 * x for x in limits("wilson", events, total)], expected, abs=1e-12)


@pytest.mark.parametrize("total", [1, 3, 20, 107, 12345])
def test_none_and_all_have_limits_at_the_very_end(limits, total):
    assert limits("wilson", 0, total)[0] == 0.0
    assert limits("wilson", total, total)[1] == 1.0


@pytest.mark.parametrize(("events", "lower", "upper"), EXACT)
def test_a_few_events_have_the_exact_limits_that_are_printed(agrees, events, lower, upper):
    with (DBT_PROJECT / "seeds" / "intermediate" / "poisson_limits.csv").open(encoding="utf-8") as file:
        rows = {int(row["events"]): row for row in csv.DictReader(file)}
    assert rows.keys() == set(range(10))
    limits = float(rows[events]["lower_limit"]), float(rows[events]["upper_limit"])
    source, digits = ("Garwood 1936, no event", 0.0005) if events == 0 else ("epitools, 1 to 9 events", 5.1e-9)
    agrees(f"Exact Poisson: {source}", limits, (lower, upper), abs=digits)


@pytest.mark.parametrize(("events", "lower", "upper"), BYAR)
def test_many_events_have_byars_limits_as_a_calculator_for_hospitals_gives_them(limits, agrees, events, lower, upper):
    # the ratios are printed with ten decimals
    agrees("Byar: florish/byar (z = 1.96)", limits("byar", events, z="1.96"), (lower, upper), abs=3e-9)


def test_the_lower_limit_of_many_events_is_that_of_phmethods(limits, agrees):
    events, lower = BYAR_LOWER
    agrees("Byar, lower limit: phmethods", limits("byar", events)[0], lower, abs=1e-12)


@pytest.mark.parametrize(("events", "lower", "upper"), EXACT_FROM_TEN)
def test_byars_limits_lie_within_two_thousandths_of_the_exact_ones(limits, events, lower, upper):
    # «Byar's method is within 0.2% of the exact value for numerators of 10 or more»: OHID, Technical guide: confidence intervals, 2018.
    assert limits("byar", events) == pytest.approx((lower, upper), rel=0.002)
