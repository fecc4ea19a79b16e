"""Each method of the assessments against figures that somebody else published; where they are printed stands with each."""

from datetime import date
from functools import cache
from itertools import pairwise
from statistics import NormalDist

import pytest
from models import Models
from scipy import stats

SERIES = {
    "measure_id": "varchar",
    "area_code": "varchar",
    "area_type": "varchar",
    "segment_id": "varchar",
    "period_start": "date",
    "period_end": "date",
    "period_label": "varchar",
    "reporter": "varchar",
    "value": "double",
    "end_month": "integer",
    "window_months": "integer",
    "months_back": "integer",
    "latest_window_months": "integer",
    "has_own_length": "boolean",
    "is_independent": "boolean",
    "is_in_latest_segment": "boolean",
}
MEASURES = {
    "measure_id": "varchar",
    "direction": "varchar",
    "frequency": "varchar",
    "status": "varchar",
    "value_type": "varchar",
    "base_year": "integer",
    "area_types": "varchar",
    "replaced_by": "varchar",
    "decimals": "integer",
}


def yearly(values, first=2001, **more):
    """A series of one place, a value a year."""
    ours = {"measure_id": "m", "area_code": "a", "segment_id": "m", "is_independent": True, "has_own_length": True, **more}
    return [
        {**ours, "value": v, "period_start": date(y, 1, 1), "period_end": date(y, 12, 31), "period_label": str(y), "end_month": y * 12 + 12}
        for y, v in enumerate(values, first)
    ]


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
        values = [5 + 0.01 * i for i in range(10)]  # 0.09 in all
        assert trend(values)["p_value"] < 0.001
        assert [trend(values, decimals=d)["trend"] for d in (0, 1, 2)] == ["no_clear_change", "no_clear_change", "improving"]
        assert trend([5 + 0.01 * i for i in range(11)])["trend"] == "improving"  # 0.1, one unit of the decimal

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


def run_chart(values, rebase=(), direction="lower_is_better", frequency="month", **more):
    """One point a month; None is a month that is not shown. ``more``: what else is true of every point."""
    months = [date(2020 + i // 12, i % 12 + 1, 1) for i in range(len(values))]
    ours = {"measure_id": "m", "area_code": "a", "segment_id": "m", "window_months": 1, "latest_window_months": 1, "has_own_length": True, **more}
    rows = [
        {**ours, "period_start": d, "period_end": d, "period_label": str(d), "value": v, "end_month": i, "months_back": len(values) - 1 - i}
        for i, (d, v) in enumerate(zip(months, values, strict=True))
        if v is not None
    ]
    models = Models().give("int_series", rows, **SERIES).seed("assessment_words")
    models.give("dim_measures", [{"measure_id": "m", "direction": direction, "frequency": frequency}], **MEASURES)
    declared = [{"measure_id": "m", "rebase_date": months[i], "reason_sv": "Nytt arbetssätt."} for i in rebase]
    models.give("dim_rebases", declared, measure_id="varchar", rebase_date="date", reason_sv="varchar")
    return models.build("fct_run_charts").rows("from fct_run_charts order by period_start")


def in_a_steady_series(values):
    """The rows of these values in a series with mean 0 and limits near ±10, where nothing else is unusual and both neighbours lie below the mean."""
    lean = sum(values) / 80
    rest = [-1.9 - lean, 1.9 - lean] * 20
    rows = run_chart([*rest, -1.9 - lean, *values, *rest[:-1], lean + 1.9 - 2 * lean], direction="neutral")[41 : 41 + len(values)]
    assert abs(rows[0]["mean"]) < 0.25 and 9 < rows[0]["upper_limit"] - rows[0]["mean"] < 12.5
    return rows


FLAT = [10, 11, 10, 9, 11, 9, 10, 11, 9, 10, 11, 9]  # nothing unusual


class TestRunCharts:
    def test_the_limits_are_those_of_nhsrplotthedots(self, agrees):
        # NHSRplotthedots 0.2, vignette «Deviations from Excel defaults», screen_outliers = FALSE: UPL 6.95, mean 1.94, LPL -3.06
        rows = run_chart([1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1])
        [limits] = {(r["upper_limit"], r["mean"], r["lower_limit"]) for r in rows}
        agrees("XmR, limits and mean: NHSRplotthedots 0.2", limits, (6.95, 1.94, -3.06), abs=0.005)
        # and its picture: four common points, one special, common ones after it
        assert [r["signal"] for r in rows] == ["none"] * 4 + ["outside"] + ["none"] * 13
        assert rows[4]["variation"] == "concern" and rows[4]["variation_sv"] == "ovanlig försämring"

    def test_eleven_points_have_no_limits_and_twelve_have(self):
        assert {r["signal"] for r in run_chart(FLAT[:11])} == {"too_few_points"}
        assert {(r["mean"], r["upper_limit"]) for r in run_chart(FLAT[:11])} == {(None, None)}
        assert {r["signal"] for r in run_chart(FLAT)} == {"none"}

    @pytest.mark.parametrize(("n", "signal"), [(6, "none"), (7, "shift")])
    def test_seven_on_one_side_are_a_shift_and_six_are_not(self, n, signal):
        # as many above as below in all, so that the mean is 10 whatever n
        ups = [10.4 if i % 2 else 10.6 for i in range(n)]
        rest = [9.5, 10.5, 9, 10.6, 9.2] * 3
        values = [*ups, *rest]
        values += [10 * (len(values) + 1) - sum(values)]
        rows = run_chart(values)
        assert rows[0]["mean"] == pytest.approx(10)
        assert {r["signal"] for r in rows[:n]} == {signal}
        assert rows[0]["variation"] == ("concern" if signal == "shift" else "common_cause")

    @pytest.mark.parametrize(("n", "signals"), [(6, {"none"}), (7, {"trend"})])
    def test_seven_in_a_row_downwards_are_a_trend_and_six_are_not(self, n, signals):
        fall = [11.2 - 0.4 * i for i in range(7)][:n]
        rows = run_chart([9, 11, 9, 11, 9, *fall, 11, 9, 11, 9, 11, 9, 11])
        assert {r["signal"] for r in rows[5 : 5 + n]} == signals
        if n == 7:
            assert {r["variation"] for r in rows[5:12]} == {"improvement"}

    # NHSRplotthedots, tests/testthat/test-ptd_calculate_point_type.R, ptd_two_in_three and ptd_part_of_two_in_three: which points lie close to a
    # limit and on which side of the mean, and which of them belong to two of three
    @pytest.mark.parametrize(
        ("close", "side", "part"),
        [
            ((1, 0, 1), (1, 1, 1), (1, 0, 1)),
            ((0, 1, 1), (1, 1, 1), (0, 1, 1)),
            ((1, 1, 0), (1, 1, 1), (1, 1, 0)),
            ((0, 0, 1, 0, 1, 0, 0), (1, 1, 1, 1, 1, 1, 1), (0, 0, 1, 0, 1, 0, 0)),
            ((0, 0, 1, 1, 0, 0, 0), (1, 1, 1, 1, 1, 1, 1), (0, 0, 1, 1, 0, 0, 0)),
            ((1, 0, 0, 1), (1, 1, 1, 1), (0, 0, 0, 0)),
            ((1, 0, 0, 1, 1), (1, 1, 1, 1, 1), (0, 0, 0, 1, 1)),
            ((1, 0, 1), (1, -1, 1), (0, 0, 0)),
            ((1, 0, 1), (-1, 1, 1), (0, 0, 0)),  # by the package's rule: |sum of sides| = 3
            ((0, 1, 1), (1, -1, 1), (0, 0, 0)),
            ((1, 1, 0), (1, -1, 1), (0, 0, 0)),
            ((0, 0, 1, 0, 1, 0, 0), (1, -1, 1, -1, 1, -1, 1), (0,) * 7),
            ((0, 0, 1, 1, 0, 0, 0), (-1, 1, -1, 1, -1, 1, -1), (0,) * 7),
        ],
    )
    def test_two_of_three_are_those_of_nhsrplotthedots(self, agrees, close, side, part):
        rows = in_a_steady_series([s * (8.5 if c else 3) for c, s in zip(close, side, strict=True)])
        found = [int(r["signal"] == "two_of_three") for r in rows]
        agrees("XmR, two of three: NHSRplotthedots, test-ptd_calculate_point_type.R", found, list(part), abs=0)

    def test_a_point_outside_is_not_close_and_the_middle_one_must_lie_on_the_same_side(self):
        # ptd_spc_standard.R: close_to_limits leaves out what is outside; so one close point beside one outside is one of three
        assert [r["signal"] for r in in_a_steady_series([8.5, 3, 14])] == ["none", "none", "outside"]
        values = [10, 11] * 12
        values[12:15] = [13.3, 10.4, 13.3]  # 10.4 lies below the mean
        assert {r["signal"] for r in run_chart(values, direction="neutral")} == {"none"}
        values[13] = 10.9
        found = run_chart(values, direction="neutral")
        assert [(i, r["variation"]) for i, r in enumerate(found) if r["signal"] == "two_of_three"] == [(12, "high"), (14, "high")]

    # ptd_seven_point_trend and ptd_part_of_seven_trend of the same file, as steps of the same size
    @pytest.mark.parametrize(
        ("values", "trend"),
        [
            ((1, 2, 3, 4, 5, 6), (0,) * 6),
            ((1, 2, 3, 3, 4, 5, 6), (0,) * 7),
            ((1, 2, 3, 4, 5, 6, 7), (1,) * 7),
            ((2, 1, 2, 3, 4, 5, 6, 7, 3), (0, *(1,) * 7, 0)),
            ((7, 6, 5, 4, 3, 2, 1), (1,) * 7),
            ((2, 7, 6, 5, 4, 3, 2, 1, 3), (0, *(1,) * 7, 0)),
        ],
    )
    def test_trends_are_those_of_nhsrplotthedots(self, agrees, values, trend):
        before, after = (values[0] + (9 if values[1] > values[0] else -9)), (values[-1] + (-9 if values[-1] > values[-2] else 9))
        rows = run_chart([*[before, -before] * 6, before, *values, after, *[-after, after] * 6], direction="neutral")[13 : 13 + len(values)]
        agrees(
            "XmR, seven in a row: NHSRplotthedots, test-ptd_calculate_point_type.R", [int(r["signal"] == "trend") for r in rows], list(trend), abs=0
        )

    def test_the_order_of_the_signals_is_the_packages(self):
        # ptd_special_cause_type: outside, trend, two of three, seven on one side
        rise = in_a_steady_series([0.5, 1, 1.5, 2, 2.5, 3, 14])
        assert [r["signal"] for r in rise] == ["trend"] * 6 + ["outside"]
        assert [r["signal"] for r in in_a_steady_series([3, 2, 3, 8.5, 8.5, 2, 3])] == ["shift"] * 3 + ["two_of_three"] * 2 + ["shift"] * 2
        assert [r["signal"] for r in in_a_steady_series([2, 3, 4, 5, 7.9, 8.2, 8.5])] == ["trend"] * 7

    def test_a_turning_point_begins_what_follows(self):
        # ptd_special_cause_type: a point that is part of a trend on either side takes the right side
        turn = in_a_steady_series([-6, -4, -2, 0, 2, 4, 6, 4, 2, 0, -2, -4, -6])
        assert [r["variation"] for r in turn] == ["high"] * 6 + ["low"] * 7

    def test_a_run_chart_has_periods_of_its_own_length_only(self):
        assert run_chart(FLAT) and run_chart(FLAT, frequency="quarter")
        assert run_chart(FLAT, window_months=12, latest_window_months=12, has_own_length=False) == []
        assert run_chart(FLAT, frequency="year") == []
        shared = run_chart(FLAT, frequency="quarter", window_months=3, latest_window_months=3)
        assert [r["period_start"].month for r in shared] == [3, 6, 9, 12]

    def test_months_that_are_not_shown_are_told_of(self):
        rows = run_chart([*FLAT[:6], None, *FLAT[6:], None, 10])
        assert {(r["point_count"], r["missing_points"]) for r in rows} == {(13, 2)}
        assert rows[0]["basis_sv"].startswith("Medelvärde och gränser bygger bara på de 13 perioder som visas; 2 mellan")
        assert {r["basis_sv"] for r in run_chart(FLAT)} == {None}
        # as NHSRplotthedots takes the points that it is given: the step over a hole is a step
        assert rows[0]["upper_limit"] - rows[0]["mean"] == pytest.approx(2.66 * sum(abs(b - a) for a, b in pairwise([*FLAT, 10])) / 12)

    def test_noise_of_floating_point_is_no_signal(self):
        values = [45.3 - 44.2 if i % 2 else 41.2 - 40.1 for i in range(14)]
        assert {r["signal"] for r in run_chart(values)} == {"none"}

    def test_limits_are_computed_anew_at_a_declared_change_only(self):
        values = FLAT + [v + 20 for v in FLAT]
        assert len({r["mean"] for r in run_chart(values)}) == 1
        rows = run_chart(values, rebase=[12])
        assert [r["section"] for r in rows] == [1] * 12 + [2] * 12
        assert [(b["mean"] - a["mean"]) for a, b in pairwise(rows)][11] == pytest.approx(20)
        assert {r["signal"] for r in rows} == {"none"}
        assert rows[11]["section_reason_sv"] is None and rows[12]["section_reason_sv"] == "Nytt arbetssätt."


CHANGES = {
    "initiative_id": "varchar",
    "measure_id": "varchar",
    "area_type": "varchar",
    "area_code": "varchar",
    "is_treated": "boolean",
    "periods_before": "bigint",
    "periods_after": "bigint",
    "first_day": "date",
    "last_day": "date",
    "mean_before": "double",
    "mean_after": "double",
}


def places(n, before, change, standard_error, is_treated):
    """An even number of places whose change has this mean and standard error of the mean."""
    spread = standard_error * n**0.5 * ((n - 1) / n) ** 0.5
    ours = {"initiative_id": "i", "measure_id": "m", "is_treated": is_treated, "mean_before": before}
    return [{**ours, "area_code": f"{is_treated}{k}", "mean_after": before + change + (spread if k % 2 else -spread)} for k in range(n)]


def effect(*rows, direction="higher_is_better"):
    models = Models().give("int_initiative_changes", [r for group in rows for r in group], **CHANGES).seed("student_t").seed("assessment_words")
    models.give("dim_measures", [{"measure_id": "m", "direction": direction, "decimals": 1}], **MEASURES)
    return models.build("fct_initiative_effects").rows("from fct_initiative_effects")


class TestEffects:
    # Card & Krueger 1994, American Economic Review 84:772, table 3: employment per store in New Jersey and Pennsylvania, change and standard error
    @pytest.mark.parametrize(
        ("jersey", "pennsylvania", "difference", "standard_error"),
        [((0.47, 0.48), (-2.28, 1.25), 2.75, 1.34), ((0.59, 0.54), (-2.16, 1.25), 2.76, 1.36)],  # rows 4 (balanced) and 3
    )
    def test_the_difference_is_card_and_kruegers(self, agrees, jersey, pennsylvania, difference, standard_error):
        [row] = effect(places(320, 20.44, *jersey, True), places(76, 23.33, *pennsylvania, False))
        source = "Card & Krueger 1994, table 3, from its rounded changes"
        agrees(f"Difference in differences: {source}", row["effect"], difference, abs=0.0101)
        half = (row["effect_upper"] - row["effect_lower"]) / 2
        agrees(f"Difference in differences, standard error: {source}", half / 1.98, standard_error, abs=0.011)
        assert row["comparison"] == ("better" if row["effect_lower"] > 0 else "no_different")

    def test_two_places_lean_on_the_spread_of_the_others(self):
        [row] = effect(places(2, 10, 3, 0.0, True), places(10, 10, 0, 1.0, False), direction="lower_is_better")
        # Crawford & Howell 1998 for one case, here the mean of two: s * sqrt(1/2 + 1/10) * t(9), s = sqrt(10)
        assert (row["effect_upper"] - row["effect_lower"]) / 2 == pytest.approx(10**0.5 * 0.6**0.5 * 2.262, abs=0.001)
        assert row["comparison_sv"] == "ingen säker skillnad mot jämförelseområdena"
        assert row["summary_sv"].startswith(
            "Där satsningen pågick ändrades värdet med 3,00, i jämförelseområdena med 0,00: skillnad 3,00 (95 % osäkerhet −2,54 till"
        )

    # Welch's degrees of freedom are seldom whole: against scipy, by the same means and spreads
    @pytest.mark.parametrize(("treated", "compared"), [((4, 0.9), (6, 0.2)), ((4, 0.2), (4, 1.1)), ((10, 1.0), (20, 0.3)), ((26, 1.0), (40, 0.9))])
    def test_the_interval_is_welchs(self, agrees, treated, compared):
        [row] = effect(places(treated[0], 10, 3.0, treated[1], True), places(compared[0], 10, 1.0, compared[1], False))
        spreads = [se * n**0.5 for n, se in (treated, compared)]
        part = [se**2 for _, se in (treated, compared)]
        degrees = sum(part) ** 2 / sum(p**2 / (n - 1) for p, (n, _) in zip(part, (treated, compared), strict=True))
        assert degrees != int(degrees)
        test = stats.ttest_ind_from_stats(3.0, spreads[0], treated[0], 1.0, spreads[1], compared[0], equal_var=False)
        half = float(stats.t.ppf(0.975, degrees)) * (2.0 / float(test.statistic))
        agrees("Welch's interval: scipy 1.17", (row["effect_upper"] - row["effect_lower"]) / 2, half, abs=0.005)

    @pytest.mark.parametrize("treated", [(2, 0.0), (4, 0.0), (4, 0.1)])
    def test_places_that_all_changed_alike_tell_nothing_of_chance(self, treated):
        [row] = effect(places(treated[0], 10, 3, treated[1], True), places(4, 10, 1, 0.0, False))
        assert (round(row["effect"], 9), row["effect_lower"], row["effect_upper"], row["comparison"]) == (2, None, None, "not_comparable")

    def test_the_words_hold_where_all_fell(self):
        [row] = effect(places(4, 10, -3, 0.1, True), places(4, 10, -1, 0.1, False), direction="neutral")
        assert row["comparison_sv"] == "lägre utveckling än i jämförelseområdena"
        assert row["comparison_en"] == "moved lower than in the places of comparison"

    def test_too_few_places_to_compare_with_give_no_interval(self):
        [row] = effect(places(2, 10, 3, 0.0, True), places(2, 10, 0, 1.0, False))
        assert (row["effect"], row["effect_lower"], row["comparison"]) == (3, None, "not_comparable")

    def test_no_word_says_that_anything_was_caused(self):
        texts = " ".join(
            " ".join(map(str, r.values())) for r in Models().seed("assessment_words").rows("from assessment_words where aspect = 'effect'")
        ).lower()
        assert not any(word in texts for word in ("orsak", "bero", "tack vare", "led till", "cause"))


# OECD/JRC 2008, Handbook on constructing composite indicators, step 5, examples of normalisation: mean years of school and their z-scores
SCHOOLING = {
    **{"Finland": 10, "United States": 12, "Sweden": 11.4, "Japan": 9.5, "Korea": 10.8, "Netherlands": 9.4, "United Kingdom": 9.4, "Canada": 11.6},
    **{"Australia": 10.9, "Singapore": 7.1, "Germany": 10.2, "Norway": 11.9, "Ireland": 9.4, "Belgium": 9.3, "New Zealand": 11.7, "Austria": 8.4},
    **{"France": 7.9, "Israel": 9.6, "Spain": 7.3, "Italy": 7.2, "Czech Republic": 9.5, "Hungary": 9.1, "Slovenia": 7.1},
}
SCORES = {
    "Finland": 0.26,
    "United States": 1.52,
    "Sweden": 1.14,
    "Japan": -0.06,
    "Korea": 0.76,
    "Netherlands": -0.12,
    "United Kingdom": -0.12,
    "Canada": 1.27,
}


def scores(rows, measures):
    models = Models().give("int_series", rows, **SERIES)
    known = {"status": "published", "frequency": "year", "value_type": "share", "direction": "higher_is_better"}
    models.give("dim_measures", [{**known, **m} for m in measures], **MEASURES)
    models.give("bridge_indicator_measures", [{"measure_id": m["measure_id"]} for m in measures], measure_id="varchar")
    return models.build("int_composite_scores")


class TestComposites:
    def test_the_scores_are_the_handbooks(self, agrees):
        rows = [r for country, v in SCHOOLING.items() for r in yearly([v], area_code=country, area_type="region")]
        found = {r["area_code"]: r["score"] for r in scores(rows, [{"measure_id": "m"}]).rows("from int_composite_scores")}
        agrees("Standardised scores: OECD/JRC 2008, normalisation", [found[c] for c in SCORES], list(SCORES.values()), abs=0.005)

    def test_common_progress_shows_and_outliers_are_drawn_in(self):
        rows = [r for i in range(10) for r in yearly([i, i + 1], 2015, area_code=str(i), area_type="region")]
        rows += yearly([5, 5000], 2015, area_code="x", area_type="region")
        models = scores(rows, [{"measure_id": "m", "direction": "lower_is_better"}])
        found = {(r["area_code"], r["year"]): r for r in models.rows("from int_composite_scores")}
        assert {r["base_year"] for r in found.values()} == {2015}
        assert found["5", 2016]["score"] < found["5", 2015]["score"]
        assert found["x", 2016]["score"] == -3

    def test_nine_areas_have_no_base(self):
        rows = [r for i in range(9) for r in yearly([i], area_code=str(i), area_type="region")]
        assert scores(rows, [{"measure_id": "m"}]).rows("from int_composite_scores") == []

    def test_a_break_has_a_base_of_its_own_and_a_named_year_wins(self):
        rows = [r for i in range(10) for r in yearly([i, i, i], area_code=str(i), area_type="region")]
        rows += [r for i in range(10) for r in yearly([i * 9], 2004, area_code=str(i), area_type="region", segment_id="m2")]
        found = scores(rows, [{"measure_id": "m", "base_year": 2002}]).rows(
            "select year, min(base_year) as base from int_composite_scores group by 1 order by 1"
        )
        assert [(r["year"], r["base"]) for r in found] == [(2001, 2002), (2002, 2002), (2003, 2002), (2004, 2004)]

    @pytest.mark.parametrize(
        ("first", "last", "named", "base"),
        [
            (2012, 2019, None, 2015),
            (2005, 2019, None, 2015),  # the source added older years: the base is where it was
            (2017, 2019, None, 2017),
            (2001, 2009, None, 2009),  # ended before it
            (2001, 2019, 2011, 2011),
            (2013, 2019, 2011, 2013),
        ],
    )
    def test_the_base_does_not_move_when_a_source_adds_older_years(self, first, last, named, base):
        rows = [r for i in range(10) for r in yearly([i] * (last - first + 1), first, area_code=str(i), area_type="region")]
        assert {r["base_year"] for r in scores(rows, [{"measure_id": "m", "base_year": named}]).rows("from int_composite_scores")} == {base}

    def test_a_year_just_before_the_base_is_not_the_base(self):
        rows = [r for y in (2014, 2017, 2018) for i in range(10) for r in yearly([i], y, area_code=str(i), area_type="region")]
        assert {r["base_year"] for r in scores(rows, [{"measure_id": "m"}]).rows("from int_composite_scores")} == {2017}


def composites(shares, weights=None, gaps=0, **listed):
    """``fct_composites`` of one indicator; ``shares``: (area, measure) → score, every measure of weight 1 but ``heavy``, which has 2.

    ``listed``: what else the framework has, each with what its measure is. ``gaps``: indicators without measures; with them it is of the goal area.
    """
    rows = [
        {"measure_id": m, "area_code": a, "area_type": "region", "year": 2024, "value": s, "base_year": 2018 if m == "older" else 2020, "score": s}
        for (a, m), s in shares.items()
    ]
    measures = sorted({m for _, m in shares} | set(listed))
    kinds = {"measure_id": "varchar", "area_code": "varchar", "area_type": "varchar", "year": "bigint"}
    numbers = {"value": "double", "base_year": "bigint", "base_mean": "double", "base_deviation": "double", "score": "double"}
    models = Models().give("int_composite_scores", rows, **kinds, **numbers)
    link = {"framework_id": "f", "indicator_id": "i", "goal_area_id": "g"}
    heavy = {"heavy": 2.0, **(weights or {})}
    links = [{**link, "measure_id": m, "weight": heavy.get(m, 1.0), "is_proposal": m == "proposed"} for m in measures]
    ordinary = {"status": "published", "direction": "higher_is_better", "value_type": "share", "area_types": "nation,region"}
    models.give("dim_measures", [{**ordinary, "measure_id": m, **listed.get(m, {})} for m in measures], **MEASURES)
    keys = dict.fromkeys(("framework_id", "goal_area_id", "indicator_id", "measure_id"), "varchar")
    models.give("bridge_indicator_measures", links, **{k: v for k, v in keys.items() if k != "goal_area_id"}, weight="double", is_proposal="boolean")
    whole = {k: v for k, v in keys.items() if k != "indicator_id"}
    models.give("bridge_goal_area_measures", links if gaps else [], **whole, weight="double", is_proposal="boolean")
    indicators = [{**link, "is_proposal": False}, *({**link, "indicator_id": f"gap{i}", "is_proposal": False} for i in range(gaps))]
    models.give("dim_indicators", indicators, **{k: v for k, v in keys.items() if k != "measure_id"}, is_proposal="boolean")
    models.give("dim_areas", [{"area_code": a, "area_type": "region"} for a, _ in shares], area_code="varchar", area_type="varchar")
    models.build("int_composite_weights", "fct_composite_parts")
    models.connection.execute("create or replace table dim_areas as select distinct * from dim_areas")
    return {r["area_code"]: r for r in models.build("fct_composites").rows(f"from fct_composites where (indicator_id = 'all') = {bool(gaps)}")}


class TestWeighing:
    def test_the_index_is_the_weighted_mean_and_its_range_leaves_one_out(self):
        found = composites({("a", "heavy"): 1.0, ("a", "m2"): -0.5, ("a", "m3"): 0.5, ("b", "heavy"): 0.0})
        # 100 + 10 x (2 x 1 - 0.5 + 0.5) / 4; without heavy 100 + 10 x 0 / 2, without m2 100 + 10 x 2.5 / 3, without m3 100 + 10 x 1.5 / 3
        a = found["a"]
        assert [a[c] for c in ("value", "range_low", "range_high", "coverage", "measures")] == pytest.approx([105, 100, 100 + 25 / 3, 1, 3])
        assert a["summary_sv"] == (
            "Sammanvägt index 2024: 105,0 (100 är medelvärdet för regionerna basåret 2020; högre är bättre); "
            "3 av 3 mått, mellan 100,0 och 108,3 om ett av dem utelämnas."
        )
        assert a["summary_en"] == (
            "Aggregated index 2024: 105.0 (100 is the mean of the regions in the base year 2020; higher is better); "
            "3 of 3 measures, between 100.0 and 108.3 if one of them is left out."
        )
        assert (found["b"]["coverage"], found["b"]["range_low"]) == (0.5, None)

    def test_the_base_years_are_named(self):
        assert "basåret för varje mått, 2018 till 2020; högre" in composites({("a", "older"): 1.0, ("a", "m1"): 1.0})["a"]["summary_sv"]

    def test_an_index_of_a_proposed_measure_says_so(self):
        found = composites({("a", "proposed"): 1.0, ("a", "heavy"): 1.0, ("b", "heavy"): 1.0})
        assert found["a"]["summary_sv"].endswith("; indikatorn bygger på förslag som inte är beslutade.")
        assert (found["a"]["is_proposal"], found["b"]["is_proposal"]) == (True, False)

    def test_less_than_half_of_the_weight_gives_no_figure(self):
        found = composites({("a", "heavy"): 1.0, ("a", "m2"): 1.0, ("b", "m2"): 1.0})
        assert set(found) == {"a"}

    def test_exactly_half_is_enough_also_where_the_sum_is_not_exact(self):
        tenths = {"m1": 0.1, "m2": 0.2, "m3": 0.3}
        found = composites({("a", "m3"): 1.0, ("b", "m1"): 1.0, ("b", "m2"): 1.0, ("c", "m2"): 1.0}, tenths)
        assert {a: r["coverage"] for a, r in found.items()} == {"a": 0.5, "b": 0.5}

    @pytest.mark.parametrize(
        ("other", "expected"),
        [
            ({"status": "planned"}, 2),
            ({"status": "retired"}, 2),  # it ended, and nothing took its place
            ({"value_type": "count"}, 2),  # a denominator is all it lacks
            ({}, 2),  # local: too few areas for a standard deviation
            ({"status": "retired", "replaced_by": "m1"}, 1),
            ({"direction": "neutral"}, 1),
            ({"value_type": "yes_no"}, 1),
            ({"status": "draft"}, 1),
            ({"area_types": "nation,municipality"}, 1),
        ],
    )
    def test_the_weight_is_that_of_all_that_the_framework_lists_and_that_may_be_in_it(self, other, expected):
        [row] = composites({("a", "m1"): 1.0}, o=other).values()
        listed = 1 if other == {"status": "draft"} else 2
        assert (row["measures"], row["measures_expected"], row["measures_listed"], row["coverage"]) == (1, expected, listed, 1 / expected)
        apart = " som kan vägas samman för regioner, ramverket har 2" if listed > expected else ""
        assert f"; 1 av {expected} mått{apart}" in row["summary_sv"]
        assert composites({("a", "m1"): 1.0}, o=other, p={"status": "planned"}).keys() == (set() if expected == 2 else {"a"})

    def test_an_indicator_without_measures_counts_as_one_in_its_goal_area(self):
        assert composites({("a", "m1"): 1.0}, gaps=1)["a"]["coverage"] == 0.5
        assert composites({("a", "m1"): 1.0}, gaps=2) == {}
