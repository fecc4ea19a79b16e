"""Trends and the distributions behind them against figures that somebody else published; where they are printed stands with each."""

from functools import cache
from statistics import NormalDist

import pytest
from models import MEASURES, SERIES, Models, yearly


@cache
def kendall():
    return Models().build("int_kendall_distribution")


def trend(values, direction="higher_is_better", decimals=1):
    models = kendall().give("int_series", yearly(values), **SERIES)
    models.give("dim_measures", [{"measure_id": "m", "direction": direction, "decimals": decimals}], **MEASURES)
    [row] = models.build("int_trends").rows("select * from int_trends")
    return row


class TestTrend:
    # Gilbert 1987, Statistical methods for environmental pollution monitoring, table A18 (after Kendall 1975): P(S >= s)
    @pytest.mark.parametrize(
        ("n", "s", "probability"),
        [
            *((5, 2, 0.408), (5, 4, 0.242), (5, 6, 0.117), (5, 8, 0.042), (5, 10, 0.0083)),
            *((6, 1, 0.500), (6, 7, 0.136), (6, 11, 0.028), (6, 13, 0.0083), (6, 15, 0.0014)),
            *((8, 8, 0.199), (8, 12, 0.089), (8, 16, 0.031), (8, 18, 0.016), (8, 22, 0.0028)),
            *((10, 9, 0.242), (10, 17, 0.078), (10, 21, 0.036), (10, 23, 0.023), (10, 27, 0.0083)),
        ],
    )
    def test_the_exact_distribution_is_the_printed_one(self, agrees, n, s, probability):
        pattern = ",".join("1" * n)
        [row] = kendall().rows(f"from int_kendall_distribution where tie_pattern = '{pattern}' and s = {s}")
        digits = 3 if probability >= 0.01 else 4
        agrees(f"Mann-Kendall, exact, {digits} decimals: Gilbert 1987, table A18", row["p_two_sided"] / 2, probability, abs=0.500001 * 10**-digits)

    def test_ties_by_counting_every_order(self):
        # Two pairs of equal values among five have 30 orders: 1 1 2 2 3 alone has S = 8; 1 2 1 2 3 and 1 1 2 3 2, one swap away, have S = 6.
        rows = kendall().rows("from int_kendall_distribution where tie_pattern = '2,2,1' order by s desc")
        assert [(r["s"], round(r["p_two_sided"] * 30 / 2)) for r in rows[:2]] == [(8, 1), (6, 3)]

    def test_hollander_and_wolfe_example_9_1(self, agrees):
        # Nonparametric statistical methods, effect of cloud seeding on rainfall: C = -6, P = .117 on one side, slope -.0563
        row = trend([1.26, 1.27, 1.12, 1.16, 1.03])
        assert (row["s"], row["trend"]) == (-6, "no_clear_change")
        agrees("Mann-Kendall, P: Hollander & Wolfe, example 9.1", row["p_value"] / 2, 0.117, abs=0.0005)
        agrees("Theil-Sen, slope: Hollander & Wolfe, example 9.1", row["slope"], -0.0563, abs=0.00005)

    def test_helsel_and_hirsch_example_of_the_theil_line(self, agrees):
        # Statistical methods in water resources 1992, 10.1: S = 19, tau = 0.90, p = 0.003, slope 1, limits the 4th and 18th of 21 slopes
        row = trend([1, 2, 3, 4, 5, 16, 7])
        slopes = sorted((b - a) / (j - i) for i, a in enumerate([1, 2, 3, 4, 5, 16, 7]) for j, b in enumerate([1, 2, 3, 4, 5, 16, 7]) if i < j)
        agrees("Mann-Kendall and Theil-Sen, S and slope: Helsel & Hirsch 1992, 10.1", [row["s"], row["slope"]], [19, 1], abs=0)
        agrees("Mann-Kendall, tau: Helsel & Hirsch 1992, 10.1", row["tau"], 0.90, abs=0.005)
        agrees("Mann-Kendall, P: Helsel & Hirsch 1992, 10.1", row["p_value"], 0.003, abs=0.0005)
        agrees("Theil-Sen, limits: Helsel & Hirsch 1992, 10.1", (row["slope_lower"], row["slope_upper"]), (slopes[3], slopes[17]), abs=1e-9)
        assert row["trend"] == "improving"

    def test_epa_example_with_ties_and_more_than_ten_values(self, agrees):
        # EPA QA/G-9S 2006, Data quality assessment, p. 109: S = 22, variance 155.33, Z = 1.685
        row = trend([10, 10, 10, 5, 10, 20, 18, 17, 15, 24, 15])
        assert (row["s"], row["trend"]) == (22, "no_clear_change")
        agrees("Mann-Kendall, Z with ties, n = 11: EPA QA/G-9S 2006", NormalDist().inv_cdf(1 - row["p_value"] / 2), 1.685, abs=0.0005)

    def test_four_periods_are_too_short_and_five_are_not(self):
        assert trend([1, 2, 3, 4])["trend"] == "too_short"
        assert trend([1, 2, 3, 4, 5], "lower_is_better")["trend"] == "worsening"
        assert trend([5, 4, 3, 2, 1], "neutral")["trend"] == "decreasing"

    def test_noise_of_floating_point_is_no_trend(self):
        row = trend([45.3 - 44.2] * 4 + [41.2 - 40.1] * 4)
        assert (row["trend"], row["p_value"], row["slope"]) == ("no_clear_change", 1, 0)

    def test_what_cannot_be_seen_in_the_decimals_shown_is_no_trend(self):
        values = [5 + 0.004 * i for i in range(10)]  # 0.036 in all
        assert trend(values)["p_value"] < 0.001
        assert [trend(values, decimals=d)["trend"] for d in (0, 1, 2)] == ["no_clear_change", "no_clear_change", "improving"]
        assert trend([5 + 0.005 * i for i in range(11)])["trend"] == "improving"  # 0.05: in the figures shown one tenth

    def test_a_series_that_never_changes_has_no_trend(self):
        for n in (5, 12):
            row = trend([7] * n)
            assert (row["trend"], row["p_value"], row["slope"], row["tau"]) == ("no_clear_change", 1, 0, None)


class TestDistributions:
    @pytest.mark.parametrize(("z", "tail"), [(0.0, 0.5), (1.0, 0.15866), (1.645, 0.04998), (1.96, 0.02500), (2.576, 0.00500), (3.291, 0.00050)])
    def test_the_normal_tail_is_that_of_the_tables(self, agrees, z, tail):
        agrees("Normal tail: tables", Models().value(f"{{{{ normal_tail('{z}') }}}}"), tail, abs=5e-6)

    # Fisher & Yates 1963, Statistical tables, table III
    @pytest.mark.parametrize(("degrees", "t"), [(40, 2.021), (60, 2.000), (120, 1.980)])
    def test_student_t_of_many_is_that_of_the_tables(self, agrees, degrees, t):
        agrees("Student's t, 40 and more: Fisher & Yates, table III", Models().value(f"{{{{ t_975_of_many('{degrees}') }}}}"), t, abs=0.0005)

    @pytest.mark.parametrize(("degrees", "t"), [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (20, 2.086), (30, 2.042)])
    def test_student_t_of_few_is_that_of_the_tables(self, agrees, degrees, t):
        [row] = Models().seed("student_t").rows(f"from student_t where degrees_of_freedom = {degrees}")
        agrees("Student's t, up to 30: Fisher & Yates, table III", row["t_975"], t, abs=0.0005)

    # Newcombe 1998, Stat Med 17:873, table II, method 10
    @pytest.mark.parametrize(
        ("counts", "lower", "upper"),
        [
            ((56, 70, 48, 80), 0.0524, 0.3339),
            ((9, 10, 3, 10), 0.1705, 0.8090),
            ((6, 7, 2, 7), 0.0582, 0.8062),
            ((5, 56, 0, 29), -0.0381, 0.1926),
            ((0, 10, 0, 20), -0.1611, 0.2775),
            ((0, 10, 0, 10), -0.2775, 0.2775),
            ((10, 10, 0, 20), 0.6791, 1.0000),
            ((10, 10, 0, 10), 0.6075, 1.0000),
        ],
    )
    def test_the_difference_of_two_shares_is_newcombes(self, agrees, counts, lower, upper):
        arguments = ", ".join(f"'{float(c)}'" for c in counts)
        limits = [Models().value(f"{{{{ difference_limit({arguments}, '{side}') }}}}") for side in ("lower", "upper")]
        agrees("Difference of shares: Newcombe 1998, table II, method 10", limits, [lower, upper], abs=0.00005)
