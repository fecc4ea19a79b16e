"""Aggregated indicators against figures that somebody else published; where they are printed stands with each."""

import pytest
from models import MEASURES, SERIES, Models, yearly

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
