"""What is said of an area's figures: from observations to the words, row by row."""

from datetime import date
from functools import cache

import pytest
from models import Models

OBSERVATIONS = {
    **dict.fromkeys(("measure_id", "area_code"), "varchar"),
    **dict.fromkeys(("period_start", "period_end"), "date"),
    **dict.fromkeys(("period_label", "sex", "age_group", "status", "reporter", "segment_id"), "varchar"),
    **dict.fromkeys(("value", "numerator", "denominator", "ci_lower", "ci_upper"), "double"),
    "is_aggregated": "boolean",
}
MEASURE = {
    **dict.fromkeys(
        ("measure_id", "name_sv", "unit", "direction", "value_type", "age_group", "source_id", "similar_theme", "baseline_period"), "varchar"
    ),
    **dict.fromkeys(("decimals", "target_year", "window_years"), "integer"),
    "frequency": "varchar",
    "target_value": "double",
}
AREAS = {
    "00": ("Riket", "nation", None),
    "04": ("Region Sörmland", "region", "00"),
    "05": ("Region Östergötland", "region", "00"),
    **{f"048{i}": (name, "municipality", "04") for i, name in enumerate(("Nyköping", "Oxelösund", "Flen", "Katrineholm", "Eskilstuna"))},
}


def row(area, year, value, *, window=1, **more):
    """One total of a year; ``ci`` is half the width of its interval."""
    half = more.pop("ci", None)
    ends = {} if half is None else {"ci_lower": value - half, "ci_upper": value + half}
    label = str(year) if window == 1 else f"{year - window + 1}–{year}"
    period = {"period_start": date(year - window + 1, 1, 1), "period_end": date(year, 12, 31), "period_label": label}
    kinds = {"measure_id": "m", "sex": "total", "age_group": "total", "status": "ok", "reporter": "source", "segment_id": "m"}
    return {**kinds, **period, **ends, "area_code": area, "value": value, **more}


@cache
def _models():
    """What does not depend on the rows, once."""
    return Models().seed("assessment_words").build("int_kendall_distribution")


def assess(rows, groups=(), **measure):
    """``fct_assessments`` as area → row."""
    known = {
        "measure_id": "m",
        "name_sv": "Mått",
        "unit": "procent",
        "direction": "higher_is_better",
        "value_type": "share",
        "age_group": "total",
        "source_id": "kolada",
        "frequency": "year",
    }
    models = _models().give("fct_observations", rows, **OBSERVATIONS)
    models.give("dim_measures", [{**known, "similar_theme": "övergripande", "decimals": 1, **measure}], **MEASURE)
    areas = [{"area_code": c, "name_sv": n, "area_type": t, "parent_code": p} for c, (n, t, p) in AREAS.items()]
    models.give("dim_areas", areas, **dict.fromkeys(("area_code", "name_sv", "area_type", "parent_code"), "varchar"))
    models.give("bridge_area_groups", groups, **dict.fromkeys(("group_id", "group_name_sv", "group_type", "area_code"), "varchar"))
    models.build("int_series", "int_trends", "int_movements", "int_similar_areas", "int_comparisons", "fct_assessments")
    return {r["area_code"]: r for r in models.rows("from fct_assessments")}


@pytest.mark.parametrize(
    ("direction", "words"),
    [("higher_is_better", ("better", "worse")), ("lower_is_better", ("worse", "better")), ("neutral", ("higher", "lower"))],
)
def test_the_words_follow_the_measures_direction(direction, words):
    rows = [row("00", 2024, 50), row("0480", 2024, 60, ci=5), row("0481", 2024, 40, ci=5), row("0482", 2024, 52, ci=5), row("0483", 2024, 70)]
    found = assess(rows, direction=direction)
    said = [found[a]["comparison_nation"] for a in ("0480", "0481", "0482", "0483", "00")]
    assert said == [*words, "no_different", "not_comparable", "not_comparable"]


def test_two_intervals_that_meet_are_no_different():
    assert assess([row("04", 2024, 50, ci=6), row("0480", 2024, 60, ci=5)])["0480"]["comparison_county"] == "no_different"
    assert assess([row("04", 2024, 50, ci=4), row("0480", 2024, 60, ci=5)])["0480"]["comparison_county"] == "better"


def test_a_county_summed_from_all_its_municipalities_is_a_comparator():
    def against(**county):
        found = assess([row("04", 2024, 50, reporter="municipalities", **county), row("0480", 2024, 60, ci=5)])["0480"]
        return found["county_value"], found["comparison_county"]

    assert against(is_aggregated=True) == (50, "better")
    assert against(is_aggregated=True, status="preliminary") == (None, "not_comparable"), "some of them are missing from the sum, or it may change"
    assert against(is_aggregated=False) == (None, "not_comparable"), "one of them reported it"


def test_earlier_periods_are_tested_by_their_counts():
    def after(x1, n1, x2, n2):
        rows = [row("0480", 2023, 100 * x2 / n2, numerator=x2, denominator=n2), row("0480", 2024, 100 * x1 / n1, numerator=x1, denominator=n1)]
        return assess(rows)["0480"]["comparison_previous"]

    assert after(56, 70, 48, 80) == "better"  # Newcombe 1998, table II (a): 0.0524 to 0.3339
    assert after(5, 56, 0, 29) == "no_different"  # (d): -0.0381 to 0.1926


def test_the_baseline_is_the_first_whole_period_or_the_one_that_is_named():
    rows = [row("0480", year, value, ci=1) for year, value in ((2018, 50), (2019, 70), (2020, 60), (2021, 60))]
    first, named = assess(rows)["0480"], assess(rows, baseline_period="2019")["0480"]
    assert (first["baseline_label"], first["comparison_baseline"]) == ("2018", "better")
    assert (named["baseline_label"], named["comparison_baseline"]) == ("2019", "worse")
    assert assess(rows, baseline_period="1999")["0480"]["comparison_baseline"] == "not_comparable"


def test_similar_municipalities_are_their_median_and_middle_half():
    name = {"group_id": "G1", "group_name_sv": "Liknande kommuner, övergripande, Eskilstuna, 2024", "group_type": "similar"}
    old = {"group_id": "G0", "group_name_sv": "Liknande kommuner, övergripande, Eskilstuna, 2023", "group_type": "similar"}
    other = {"group_id": "G2", "group_name_sv": "Liknande kommuner äldreomsorg, Eskilstuna, 2024", "group_type": "similar"}
    groups = [{**name, "area_code": f"048{i}"} for i in range(4)] + [{**g, "area_code": "0480"} for g in (old, other)]
    rows = [row(f"048{i}", 2024, v) for i, v in enumerate((10, 20, 30, 1000))] + [row("0484", 2024, 600, ci=50)]
    found = assess(rows, groups)["0484"]
    assert (found["similar_value"], found["similar_q1"], found["similar_q3"], found["similar_count"]) == (25, 17.5, 272.5, 4)
    assert found["comparison_similar"] == "better"
    assert assess(rows[1:], groups)["0484"]["similar_value"] is None, "three have no quartiles"


def test_equal_values_share_their_places():
    rows = [row(f"048{i}", 2024, v) for i, v in enumerate((30, 20, 20, 10))]
    found = assess(rows)
    assert [(found[f"048{i}"]["place"], found[f"048{i}"]["place_last"]) for i in range(4)] == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert [found[f"048{i}"]["quartile"] for i in range(4)] == [1, 2, 2, 4]
    assert "; plats 1 av 4 kommuner" in found["0480"]["summary_sv"] and "; delad plats 2–3 av 4 kommuner" in found["0481"]["summary_sv"]
    assert "; joint place 2–3 of 4 municipalities" in found["0481"]["summary_en"]
    turned = assess(rows, direction="lower_is_better")
    assert [turned[f"048{i}"]["place"] for i in range(4)] == [4, 2, 2, 1]


def test_nobody_is_among_the_first_where_all_are_alike():
    found = assess([row(f"048{i}", 2024, 20) for i in range(5)])
    said = {(r["place"], r["place_last"], r["quartile"]) for r in found.values()}
    assert said == {(1, 5, 2)}, "the middle of five is the third, in the second quarter"


def test_what_differs_in_the_last_bits_shares_a_place():
    found = assess([row(f"048{i}", 2024, v) for i, v in enumerate((45.3 - 44.2, 41.2 - 40.1, 1.0))])
    assert [found[f"048{i}"]["place"] for i in range(3)] == [1, 1, 3]


def test_a_difference_between_sexes_is_rounded_where_it_is_made():
    figure = {
        **dict.fromkeys(("measure_id", "area_code", "period_label", "sex", "age_group", "status", "reporter", "source_status"), "varchar"),
        **dict.fromkeys(("period_start", "period_end"), "date"),
        **dict.fromkeys(("value", "numerator", "denominator", "answers"), "double"),
    }
    shares = [row("0480", y, v, sex=s) for y, s, v in ((2023, "women", 45.3), (2023, "men", 44.2), (2024, "women", 41.2), (2024, "men", 40.1))]
    models = Models().give("int_observations_unioned", shares, **figure).give("int_observations_totalled", [], **figure)
    kinds = dict.fromkeys(("combine", "part", "numerator", "denominator", "denominator_age_group", "denominator_year"), "varchar")
    models.give("stg_catalogue__derivations", [{"measure_id": "gap", "combine": "sexes", "part": "m"}], measure_id="varchar", per="double", **kinds)
    models.give("stg_landing__loads", [{"measure_id": "gap"}], measure_id="varchar", snapshot_id="varchar", load_id="varchar")
    thresholds = {"suppression_threshold": "integer", "denominator_threshold": "integer", "is_annualised": "boolean", "hides_zero": "boolean"}
    known = [{"measure_id": "m", "value_type": "share"}]
    models.give("stg_catalogue__measures", known, measure_id="varchar", value_type="varchar", source_id="varchar", reporter="varchar", **thresholds)
    models.give("stg_catalogue__areas", [], area_code="varchar", parent_code="varchar", area_type="varchar")
    found = models.build("int_observations_derived").rows("from int_observations_derived")
    assert [r["value"] for r in found] == [1.1, 1.1]


def monthly(area, month, value, months=1):
    """The total of the months that end with this month of 2024."""
    ends = date(2024, month, 30 if month != 2 else 29)
    starts = date(2024 - (months > month), (month - months) % 12 + 1, 1)
    return row(area, 2024, value) | {"period_start": starts, "period_end": ends, "period_label": f"{starts:%Y-%m}–{ends:%Y-%m}"}


def test_a_place_is_among_figures_of_the_measures_own_length_only():
    rows = [monthly(f"048{i}", 6, 10 + i) for i in range(3)] + [monthly(f"048{i}", 6, 100 + i, months=12) for i in range(5)]
    found = assess(rows, frequency="month", unit="antal per 1 000 invånare", value_type="rate")
    assert [(found[f"048{i}"]["place"], found[f"048{i}"]["place_of"], found[f"048{i}"]["place_expected"]) for i in range(3)] == [
        (3, 3, 5),
        (2, 3, 5),
        (1, 3, 5),
    ]
    assert "plats 3 av 3 kommuner med visad siffra, av 5" in found["0480"]["summary_sv"]
    hidden = found["0484"]  # every month of it is hidden; its sums of twelve are its own series
    assert (hidden["value"], hidden["place"], hidden["comparison_nation"]) == (104, None, "not_comparable")
    most_hidden = assess(rows[1:2] + rows[3:], frequency="month", value_type="rate")  # four of five are hidden: no place among sums of twelve either
    assert {r["place"] for r in most_hidden.values()} == {None}


def test_a_sum_of_twelve_is_compared_with_no_other_place():
    rows = [monthly("00", 6, 50, months=12), *(monthly(f"048{i}", 6, 100 + i, months=12) for i in range(2))]
    found = assess(rows, frequency="month", value_type="rate")["0480"]
    assert (found["nation_value"], found["value"]) == (None, 100)


def test_the_newest_sum_of_twelve_does_not_stand_for_a_month_that_is_hidden():
    rows = [monthly("0480", m, 10) for m in (1, 2, 3, 4)] + [monthly("0480", m, 120, months=12) for m in (1, 2, 3, 4, 5)]
    assert assess(rows, frequency="month")["0480"]["period_label"] == "2024-04–2024-04"


def test_few_of_many_have_no_place():
    def ranked(places):
        rows = [row(f"048{i}", 2024, 50 + i) for i in range(places)] + [row(f"048{i}", 2024, None, status="suppressed") for i in range(places, 5)]
        return assess(rows)["0480"]

    assert (ranked(2)["place"], ranked(3)["place"], ranked(3)["quartile"]) == (None, 3, None)
    assert "; place 3 of 3 municipalities with a figure shown, out of 5" in ranked(3)["summary_en"]
    assert "plats" not in ranked(2)["summary_sv"] and "plats 3 av 3 kommuner med visad siffra, av 5" in ranked(3)["summary_sv"]


def test_a_bare_count_has_no_place_and_no_nation():
    found = assess([row("00", 2024, 900), row("0480", 2024, 30), row("0481", 2024, 20)], value_type="count", unit="antal", decimals=0)["0480"]
    assert (found["place"], found["nation_value"]) == (None, None)
    assert found["summary_sv"] == "Nyköping 2024: 30."


def test_rolling_windows_are_never_independent_points():
    def years(count):
        return assess([row("0480", 2024 - i, 50 + count - i, window=3) for i in range(count)])["0480"]

    assert (years(12)["trend"], years(12)["trend_periods"]) == ("too_short", 4)
    assert (years(13)["trend"], years(13)["trend_periods"], years(13)["trend_since"]) == ("improving", 5, "2010–2012")
    assert years(13)["previous_label"] == "2019–2021" and years(13)["slope"] == pytest.approx(1)


def test_periods_of_two_lengths_are_not_mixed():
    years = [row("0480", 2019 + i, 10 + i, ci=1) for i in range(5)]
    windows = [row("0480", 2021 + i, 90 - i, ci=1, window=3) for i in range(3)]
    found = assess(years + windows)["0480"]
    assert (found["period_label"], found["trend"], found["previous_label"], found["baseline_label"]) == ("2023", "improving", "2022", "2019")


def test_preliminary_and_hidden_figures_take_no_part():
    rows = [row("0480", year, 50) for year in range(2020, 2024)]
    rows += [row("0480", 2024, 99, status="preliminary"), row("0480", 2019, None, status="suppressed"), row("0480", 2023, 1, sex="women")]
    found = assess(rows)["0480"]
    assert (found["period_label"], found["value"], found["trend_periods"]) == ("2023", 50, 4)


def test_a_break_is_joined_by_nothing():
    rows = [row("0480", year, year - 1960, segment_id="old") for year in range(2010, 2020)] + [row("0480", 2020, 5), row("0480", 2021, 6)]
    found = assess(rows)["0480"]
    assert (found["trend"], found["previous_label"], found["baseline_label"]) == ("too_short", "2020", "2020")


def test_one_series_is_followed_where_two_report():
    rows = [row("04", 2023, 50, reporter="region"), row("04", 2024, 60, reporter="municipalities")]
    assert assess(rows)["04"]["period_label"] == "2023"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ({}, "no_target"),
        ({"target_value": 55.0, "target_year": 2030}, "reached"),
        ({"target_value": 61.0, "target_year": 2030}, "on_the_way"),  # 55 + 6 x 1
        ({"target_value": 61.1, "target_year": 2030}, "off_the_way"),
        ({"target_value": 56.0, "target_year": 2024}, "not_reached"),
        ({"target_value": 56.0, "target_year": 2022}, "not_reached"),
        ({"target_value": 99.0}, "on_the_way"),  # improving, and no year to be late for
        ({"target_value": 50.0, "target_year": 2030, "direction": "lower_is_better"}, "off_the_way"),
    ],
)
def test_a_target_is_reached_or_will_be_at_this_slope(target, status):
    rows = [row("0480", 2020 + i, 51 + i) for i in range(5)]
    assert assess(rows, **target)["0480"]["target_status"] == status


def test_a_target_whose_year_has_passed_was_not_reached():
    found = assess([row("0480", 2020 + i, 51 + i) for i in range(5)], target_value=56.0, target_year=2024)["0480"]
    assert found["summary_sv"].endswith("; målet nåddes inte (56,0).") and found["target_status_en"] == "not reached in time"


@pytest.mark.parametrize(
    ("values", "turn", "words"),
    [
        ((50, 51, 52, 53, 54, 55), None, ": förbättras."),
        ((50, 51, 52, 53, 54, 55, 56, 54.5), "latest_against", ": förbättras, men senaste perioden gick åt andra hållet."),
        ((57, 49, 50, 51, 52, 53, 54, 55, 56), "ends_against", ": förbättras, men det senaste värdet ligger åt andra hållet från det första."),
        ((50, 51, 50, 51, 50, 49), None, ": ingen tydlig förändring."),
    ],
)
def test_a_trend_that_the_latest_figures_contradict_says_so(values, turn, words):
    found = assess([row("0480", 2010 + i, v) for i, v in enumerate(values)])["0480"]
    assert found["turn"] == turn and found["summary_sv"].endswith(words)


def test_without_a_trend_nothing_is_said_of_the_way_to_the_target():
    rows = [row("0480", 2023, 50), row("0480", 2024, 51)]
    assert assess(rows, target_value=60.0, target_year=2030)["0480"]["target_status"] == "not_assessed"


def test_the_sentence_is_ready_to_be_shown():
    rows = [row("00", 2024, 1050.3), row("04", 2024, 1200), *(row(f"048{i}", 2024, 900 - i) for i in range(1, 5))]
    rows += [row("0480", 2020 + i, 1200 + 10 * i, ci=20) for i in range(5)]
    found = assess(rows, unit="antal per 1 000 invånare", target_value=1300.0, target_year=2035)["0480"]
    assert found["summary_sv"].replace("\xa0", " ") == (
        "Nyköping 2024: 1 240,0 per 1 000 invånare; bättre än riket (1 050,3); bättre än regionen (1 200,0); plats 1 av 5 kommuner; "
        "utvecklingen sedan 2020: förbättras; på väg mot målet (1 300,0)."
    )
    assert found["summary_en"] == (
        "Nyköping 2024: 1,240.0 per 1,000 inhabitants; better than the nation (1,050.3); better than the region (1,200.0); "
        "place 1 of 5 municipalities; trend since 2020: improving; target on the way (1,300.0)."
    )


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [(-3.5, 1, "−3,5"), (-0.04, 1, "0,0"), (1234567.25, 1, "1 234 567,3"), (0.655, 2, "0,66"), (99.5, 0, "100"), (12, "null", "12,0")],
)
def test_numbers_are_written_as_swedish_readers_write_them(number, decimals, text):
    assert Models().value(f"{{{{ swedish_number('({float(number)})', '{decimals}') }}}}").replace("\xa0", " ") == text
