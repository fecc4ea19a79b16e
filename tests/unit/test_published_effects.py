"""Effects of initiatives against figures that somebody else published; where they are printed stands with each."""

import pytest
from models import MEASURES, Models
from scipy import stats

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
