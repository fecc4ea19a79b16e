"""Run charts (XmR) against figures that somebody else published; where they are printed stands with each."""

from datetime import date
from itertools import pairwise

import pytest
from models import MEASURES, SERIES, Models


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
