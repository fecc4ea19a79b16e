"""The way back of a figure: where it came from, what it was made of, why it is not there. Of what is hidden nothing is told but that it is."""

import json
import math
import statistics
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from itertools import combinations, pairwise

import duckdb
import pytest
from click.testing import CliRunner
from dropped_files import saved, sip_csv, workbook_of
from explaining import Home, combined, measure, ratio, spread
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.cli import explanation as printed
from naravard_pipeline.cli.main import main
from naravard_pipeline.publication import explain_origin
from naravard_pipeline.publication.explain import NoFigure
from naravard_pipeline.publication.explain_parts import Reckoning
from naravard_pipeline.publication.explain_reasons import HIDDEN
from naravard_pipeline.publication.explain_rows import Part, fine

MONTHS = [*(f"2024-{m:02}" for m in range(11, 13)), *(f"2025-{m:02}" for m in range(1, 11))]


def told(explanation) -> str:
    with printed.console.capture() as capture:
        printed.tell_explanation(explanation)
    return capture.get()


class TestWhereItCameFrom:
    def test_each_figure_names_its_own_file_and_row_not_the_newest_file(self, tmp_path):
        home = Home(tmp_path)
        home.file(sip_csv("Flen;2025-01;12", "Gnesta;2025-01;14", name="januari.csv"))
        sheet = workbook_of(["Kommun", "Månad", "Antal SIP"], ["Flen", "2025-02", 15], sheet="Februari")
        snapshot = home.file(saved(sheet, "februari.xlsx"))
        home.figure("sip_antal", "0461", "2025-01", 14, snapshot_id=snapshot)
        home.figure("sip_antal", "0482", "2025-02", 15, snapshot_id=snapshot)
        home.publish()
        january, february = home.explain("sip_antal", "0461", "2025-01"), home.explain("sip_antal", "0482", "2025-02")
        assert "januari.csv, rad 3, kolumnen «Antal SIP», kom 20" in told(january) and "februari" not in told(january)
        assert "februari.xlsx, bladet Februari, rad 2" in told(february)
        [raw] = january.answer["raw"]
        assert raw["url"] == "januari.csv" and raw["sha256"] in raw["path"] and raw["path"].endswith(".csv")

    def test_a_held_figure_leads_to_the_file_and_the_release_it_is_of(self, tmp_path):
        home = Home(tmp_path)
        before = home.file(sip_csv("Flen;2025-01;12", name="forst.csv"))
        row = home.figure("sip_antal", "0482", "2025-01", 12, snapshot_id=before)
        first = home.publish()
        home.file(sip_csv("Flen;2025-01;900", name="sedan.csv"))
        home.rows["fct_observations"] = [row | {"is_held": True, "held_reason": "Värdet är för högt.", "held_since": datetime(2026, 1, 4)}]
        home.publish(held={"sip_antal": "Värdet är för högt."})
        home.publish(held={"sip_antal": "Värdet är för högt."})
        text = told(home.explain("sip_antal", "0482", "2025-01"))
        assert "forst.csv, rad 2" in text and "sedan.csv" not in text and "900" not in text
        assert f"sedan 2026-01-04: Värdet är för högt.\n             siffran är från release {first}" in text and f"ur svar {before}" in text

    def test_of_a_hidden_figure_nothing_is_looked_up_in_the_landing(self, tmp_path, monkeypatch):
        home = Home(tmp_path)
        snapshot = home.file(sip_csv("Flen;2025-01;4", name="januari.csv"))
        home.hidden("sip_antal", "0482", "2025-01", snapshot_id=snapshot)
        home.publish()
        monkeypatch.setattr(explain_origin.pq, "read_table", lambda *_, **__: pytest.fail("the landing was read"))
        found = home.explain("sip_antal", "0482", "2025-01")
        assert found.place == {} and found.answer["raw"] == [] and "januari.csv" not in told(found)
        assert "dold" in told(found) and HIDDEN["primary"] in told(found)

    def test_a_row_that_says_something_else_is_not_named(self, tmp_path):
        home = Home(tmp_path)
        snapshot = home.file(sip_csv("Flen;2025-01;12"))
        home.figure("sip_antal", "0482", "2025-01", 13, snapshot_id=snapshot)
        home.publish()
        assert home.explain("sip_antal", "0482", "2025-01").place == {}

    def test_a_printed_figure_names_the_file_it_is_typed_into(self, tmp_path):
        home = Home(tmp_path, measure("tryckt", printed=[{"area": "00", "period": "2018", "value": 7}]))
        home.figure("tryckt", "00", "2018", 7, reporter="source")
        home.publish()
        assert "printed i sources/local/tryckt.yml" in home.explain("tryckt", "00", "2018").formula_sv


class TestWhatItIsMadeOf:
    def test_a_countys_sum_lists_the_municipalities_and_who_is_missing(self, tmp_path):
        home = Home(tmp_path)
        for area, value in (("0482", 12), ("0484", 29), ("0486", 30)):
            home.figure("sip_antal", area, "2025-01", value)
        home.figure("sip_antal", "0461", "2025-01", None)
        home.figure("sip_antal", "04", "2025-01", 71, status="preliminary", is_aggregated=True, parts_reported=3, parts_expected=9)
        home.figure("sip_antal", "04-norra", "2025-01", 59, is_aggregated=True, parts_reported=2, parts_expected=2)
        home.publish()
        county, part = home.explain("sip_antal", "04", "2025-01"), home.explain("sip_antal", "04-norra", "2025-01")
        text = told(county)
        assert county.reckoned == 71 and "summan av kommunernas" in text and "3 av 9 kommuner ingår; saknas: Gnesta, Katrineholm" in text
        assert "    Flen: 12\n    Gnesta: saknas\n" in text and "ingen uppgift: Katrineholm, " in text and "preliminärt" in text
        assert [p.name_sv for p in part.parts] == ["Eskilstuna", "Strängnäs"] and part.reckoned == 59

    def test_a_hidden_part_is_told_as_hidden_and_nothing_is_made_of_the_rest(self, tmp_path):
        home = Home(tmp_path)
        home.figure("sip_antal", "0484", "2025-01", 29)
        home.hidden("sip_antal", "0486", "2025-01", "secondary")
        home.figure("sip_antal", "04-norra", "2025-01", 36, is_aggregated=True, parts_reported=2, parts_expected=2)
        home.publish()
        found = home.explain("sip_antal", "04-norra", "2025-01")
        assert found.reckoned is None and "Strängnäs: dold" in told(found) and "delarna    ger" not in told(found)

    def test_a_hidden_sum_is_not_made_of_its_parts(self, tmp_path):
        home = Home(tmp_path)
        for area, value in (("0484", 471100), ("0486", 370200)):
            home.figure("sip_antal", area, "2025-01", value)
        home.hidden("sip_antal", "04-norra", "2025-01", "secondary", is_aggregated=True, parts_expected=2)
        home.publish()
        found = home.explain("sip_antal", "04-norra", "2025-01")
        assert found.reckoned is None and "841300" not in json.dumps(asdict(found), default=str) and "841" not in told(found)
        assert "summan av kommunernas" in told(found) and "0 av" not in told(found)

    def test_a_rolling_year_lists_its_months(self, tmp_path):
        home = Home(tmp_path)
        for n, label in enumerate(MONTHS, 1):
            home.figure("sip_antal", "0482", label, n)
        home.figure("sip_antal", "0482", "2025-11", 1000)
        home.figure("sip_antal", "0482", "2024-11–2025-10", 78)
        home.publish()
        found = home.explain("sip_antal", "0482", "2024-11–2025-10")
        assert [p.name_sv for p in found.parts] == MONTHS and found.reckoned == 78 and "summan av de tolv månaderna" in told(found)

    @pytest.mark.parametrize(("year", "value", "years"), [("previous", 100, ["2024"]), ("same", 50, ["2025"]), ("mean", 200 / 3, ["2024", "2025"])])
    def test_a_rate_lists_every_denominator_it_is_divided_by(self, tmp_path, year, value, years):
        home = Home(tmp_path, ratio("kvot", denominator_year=year), measure("folk"))
        home.figure("sip_antal", "0482", "2025-03", 20)
        for label, people in (("2024", 200), ("2025", 400)):
            home.figure("folk", "0482", label, people, reporter="source")
        home.figure("kvot", "0482", "2025-03", value)
        home.publish()
        found = home.explain("kvot", "0482", "2025-03")
        assert [i.figure["period_label"] for i in found.inputs] == ["2025-03", *years] and found.reckoned == pytest.approx(value)
        assert found.answer == {} and "OBS" not in told(found)

    def test_a_yearly_pace_is_in_the_formula(self, tmp_path):
        home = Home(tmp_path, ratio("kvot", annualised=True), measure("folk"))
        home.figure("sip_antal", "0482", "2025-03", 20)
        home.figure("folk", "0482", "2024", 200, reporter="source")
        home.figure("kvot", "0482", "2025-03", 1200)
        home.publish()
        found = home.explain("kvot", "0482", "2025-03")
        assert found.reckoned == pytest.approx(1200) and "× 12 / 1 (årstakt)" in found.formula_sv

    def test_a_countys_rate_is_that_of_the_municipalities_that_count(self, tmp_path):
        home = Home(tmp_path, ratio("kvot"), measure("folk"))
        home.figure("kvot", "0484", "2025-03", 100, numerator=20, denominator=200)
        home.figure("kvot", "0486", "2025-03", 50, numerator=5, denominator=100)
        home.figure(
            "kvot", "04-norra", "2025-03", 25 / 300 * 1000, numerator=25, denominator=300, is_aggregated=True, parts_reported=2, parts_expected=2
        )
        home.publish()
        found = home.explain("kvot", "04-norra", "2025-03")
        assert found.reckoned == pytest.approx(25 / 300 * 1000) and "Eskilstuna: 100 (täljare 20, nämnare 200)" in told(found)

    @pytest.mark.parametrize(("combine", "value"), [("sum", 7), ("mean", 3.5)])
    def test_a_combination_lists_its_parts(self, tmp_path, combine, value):
        home = Home(tmp_path, combined("ihop", combine), measure("ett"), measure("annat"))
        home.figure("ett", "0482", "2025", 3)
        home.figure("annat", "0482", "2025", 4)
        home.figure("ihop", "0482", "2025", value)
        home.publish()
        found = home.explain("ihop", "0482", "2025")
        assert found.reckoned == value and [i.figure["value"] for i in found.inputs] == [3, 4]

    def test_a_spread_names_each_place_and_sex(self, tmp_path):
        home = Home(tmp_path, spread("mellan", "municipalities"), spread("kon", "sexes"), measure("andel", source_id="kolada"))
        areas = ["0428", "0461", "0480", "0481", "0482"]
        for n, area in enumerate(areas):
            home.figure("andel", area, "2025", 10 + n, reporter="source")
        for sex, value in (("women", 60), ("men", 55)):
            home.figure("andel", "0482", "2025", value, sex=sex, reporter="source")
        home.figure("mellan", "04", "2025", 2, reporter="source")
        home.figure("kon", "0482", "2025", 5, reporter="source")
        home.publish()
        between, sexes = home.explain("mellan", "04", "2025"), home.explain("kon", "0482", "2025")
        assert between.reckoned == 2 and "    Flen: 14\n" in told(between) and told(between).count("Region Sörmland") == 1
        assert "tredje kvartilen 13, första kvartilen 11" in told(between) and between.answer["measure_id"] == "andel"
        assert sexes.reckoned == 5 and "    kvinnor: 60\n    män: 55\n" in told(sexes)

    def test_a_survey_share_tells_which_answers_are_positive(self, tmp_path):
        share = measure("andel_ja", value_type="share", survey_id="enkat")
        home = Home(tmp_path, share, *(measure(f"andel_ja_{a}", survey_id="enkat") for a in ("ja", "nej", "vet_inte")))
        row = home.figure("andel_ja", "0138", "2025-03", 60, numerator=30, denominator=50)
        about = {"survey_id": "enkat", "survey_name_sv": "Enkäten", "question_sv": "Går det bra?", "wave_name_sv": "Start", "asked": 80}
        key = {c: row[c] for c in ("area_code", "period_start", "period_end", "sex", "age_group", "reporter")}
        for n, (name, is_positive, count) in enumerate([("ja", True, 30), ("nej", False, None), ("vet_inte", False, None)], 1):
            cell = home.figure if count else lambda m, a, p, _: home.hidden(m, a, p, "secondary")
            cell(f"andel_ja_{name}", "0138", "2025-03", count)
            this = {"measure_id": f"andel_ja_{name}", "share_measure_id": "andel_ja", "alternative_sv": name.title(), "alternative_number": n}
            home.add("fct_surveys", is_positive=is_positive, value=count, **about, **this, **key)
        home.publish()
        text = told(home.explain("andel_ja", "0138", "2025-03"))
        assert "«Ja» (räknas som positivt): 30\n" in text and "«Nej»: dold\n" in text and "tillfrågade: 80" in text
        assert "antal som svarade «Ja» / alla svar × 100" in text and "20" not in text.replace("2025", "").replace("2026", "").split("release")[0]

    def test_parts_that_lead_elsewhere_are_told_aloud(self, tmp_path):
        home = Home(tmp_path)
        home.figure("sip_antal", "0484", "2025-01", 29)
        home.figure("sip_antal", "0486", "2025-01", 30)
        home.figure("sip_antal", "04-norra", "2025-01", 60, is_aggregated=True, parts_reported=2, parts_expected=2)
        home.publish()
        assert "OBS        värdet: delarna ger 59, publicerat är 60" in told(home.explain("sip_antal", "04-norra", "2025-01"))

    @given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=30))
    def test_quartiles_are_those_of_the_database(self, values):
        reckoning = Reckoning("quartiles", "", [Part("x", None, {"value": v}) for v in values])
        query = "select quantile_cont(v, 0.75) - quantile_cont(v, 0.25) from (select unnest(?::double[]) as v)"
        assert reckoning.result == pytest.approx(duckdb.execute(query, [values]).fetchone()[0], abs=1e-6)


class TestWhyItIsNotThere:
    def test_what_is_hidden_for_its_neighbours_is_not_called_small(self):
        assert not any(word in HIDDEN["secondary"] for word in ("litet", "liten", "få ", "små"))
        assert not any(c.isdigit() for text in HIDDEN.values() for c in text)

    def test_a_gap_says_why_and_what_the_source_wrote(self, tmp_path):
        home = Home(tmp_path, measure("andel", source_id="kolada"), ratio("kvot"), measure("folk"))
        home.figure("andel", "0482", "2025", None, reporter="source", status="suppressed", source_status="X")
        home.figure("sip_antal", "0482", "2025-03", 20)
        home.figure("kvot", "0482", "2025-03", None, status="awaiting_denominator")
        home.publish()
        assert "källan lämnar inte ut uppgiften (källans egen markering: «X»)" in told(home.explain("andel", "0482", "2025"))
        text = told(home.explain("kvot", "0482", "2025-03"))
        assert "väntar på nämnaren, som inte är publicerad än" in text and "folk finns inte för 2024" in text

    def test_a_yes_has_its_day(self, tmp_path):
        home = Home(tmp_path, measure("avtal", value_type="yes_no"))
        home.figure("avtal", "0482", "2025", 1, since_date=date(2024, 3, 1))
        home.figure("avtal", "0484", "2025", 0)
        home.publish()
        assert "värde      Ja, sedan 2024-03-01\n" in told(home.explain("avtal", "0482", "2025"))
        assert "värde      Nej\n" in told(home.explain("avtal", "0484", "2025"))

    @pytest.mark.parametrize(
        ("asked", "language", "expected"),
        [
            (("sip_antal", "0482", "1999"), "en_GB", "Its periods are: 2025-01"),
            (("sip_antal", "0482", "1999"), "sv_SE", "Där finns perioder: 2025-01"),
            (("sip_antal", "0484", None), "sv_SE", "Där finns områden: 0482"),
            (("andel", "0484", None), "sv_SE", "måttet är planerat och har ingen källa än"),
            (("nytt", "0484", None), "sv_SE", "måttet har aldrig släppts. För högt."),
            (("nytt", "0484", None), "en_GB", "the measure was never let out. För högt."),
        ],
    )
    def test_a_question_that_has_no_answer_is_told_what_there_is(self, tmp_path, monkeypatch, asked, language, expected):
        monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
        home = Home(tmp_path, measure("andel", status="planned"))
        home.figure("sip_antal", "0482", "2025-01", 12)
        home.publish(left_out={"nytt": "För högt."})
        with pytest.raises(NoFigure, match=expected):
            home.explain(*asked)


class TestAggregatedIndicator:
    @pytest.fixture
    def home(self, tmp_path, monkeypatch):
        """The project's own framework and area names, so that the command knows them; the figures are made up."""
        monkeypatch.setenv("NARAVARD_HOME", str(tmp_path))
        home = Home(tmp_path, measure("ett"), measure("annat"), measure("tredje"))
        key = {"framework_id": "sormland", "goal_area_id": "nara", "indicator_id": "tillganglighet", "area_code": "0484", "year": 2024}
        for measure_id, value, score, share in (("ett", 8, 1.5, 0.75), ("annat", 3, -1.0, 0.25)):
            part = {
                "score": score,
                "share_of_weight": share,
                "contribution": 10 * score * share,
                "base_year": 2015,
                "base_mean": 5,
                "base_deviation": 2,
            }
            home.add("fct_composite_parts", measure_id=measure_id, value=value, is_held=False, **key, **part)
        whole = {"value": 108.75, "measures": 2, "coverage": 1.0, "range_low": 90, "range_high": 115}
        home.add("fct_composites", is_preliminary=False, is_proposal=False, is_held=False, **key, **whole)
        home.add("dim_indicators", framework_id="sormland", indicator_id="tillganglighet", name_sv="Tillgänglighet", goal_area_id="nara")
        for measure_id in ("ett", "annat", "tredje"):
            home.add("bridge_indicator_measures", framework_id="sormland", indicator_id="tillganglighet", measure_id=measure_id)
        home.publish()
        return home

    def ask(self, *arguments: str, **variables: str):
        return CliRunner().invoke(main, ["release", "explain", *arguments], env=variables)

    def test_the_parts_the_weights_and_what_leaving_one_out_gives_are_printed(self, home):
        text = self.ask("sormland", "tillganglighet", "--area", "0484").output.replace("\N{NO-BREAK SPACE}", " ")
        assert "Tillgänglighet, sammanvägt index, Eskilstuna, 2024\n  värde      108,75\n" in text and "OBS" not in text
        assert "poäng +1,5, vikt 75,0 %, bidrag +11,25; utan måttet blir indexet 90\n" in text and "utan måttet blir indexet 115\n" in text
        assert "basår 2015: medelvärde 5, standardavvikelse 2" in text and "ingår inte Måttet tredje\n" in text and "PÅHITTADE" in text

    def test_the_same_as_data(self, home):
        found = json.loads(self.ask("sormland", "tillganglighet", "--area", "0484", "--year", "2024", "--json").output)
        assert found["composite"]["value"] == 108.75 and [part["row"]["measure_id"] for part in found["parts"]] == ["ett", "annat"]

    @pytest.mark.parametrize(
        ("arguments", "language", "expected"),
        [
            (("sormland", "kontinuitet", "--area", "0484"), "sv_SE", "Där finns indikatorer och målområden: tillganglighet"),
            (("sormland", "tillganglighet", "--area", "0480"), "en_GB", "Its areas are: 0484"),
            (("sormland", "tillganglighet", "--area", "0484", "--year", "1999"), "sv_SE", "Där finns år: 2024"),
            (("skr", "tillganglighet", "--area", "0484"), "sv_SE", "Där finns ramverk: sormland"),
            (("sormlan", "tillganglighet", "--area", "0484"), "sv_SE", "Menade du sormland"),
        ],
    )
    def test_what_there_is_instead_is_told(self, home, monkeypatch, arguments, language, expected):
        monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
        result = self.ask(*arguments)
        assert result.exit_code == 1 and expected in result.output and "Traceback" not in result.output


@pytest.mark.parametrize(
    ("value", "like", "text"), [(0.0000123456, None, "0,00001235"), (157.15485, 0.00001, "157,15485"), (5, 2, "5"), (0, None, "0")]
)
def test_a_number_keeps_the_digits_that_tell_something(value, like, text):
    assert fine(value, like) == text


class TestWhatIsSaid:
    """On rows made so that they are right; one of them is then made wrong, and that is told."""

    LABELS = tuple(f"2025-{m:02}" for m in range(1, 13))
    VALUES = (10, 12, 11, 13, 12, 12, 14, 13, 15, 14, 16, 15)

    def home(self, tmp_path, **limits):
        home = Home(tmp_path)
        steps = [abs(b - a) for a, b in pairwise(self.VALUES)]
        mean, reach = statistics.fmean(self.VALUES), 2.66 * statistics.fmean(steps)
        chart = {"mean": mean, "lower_limit": mean - reach, "upper_limit": mean + reach, "point_count": 12, "section": 1} | limits
        chart |= {"signal_sv": "inget ovanligt", "variation": "common_cause", "variation_sv": "vanlig variation", "segment_id": "sip_antal"}
        for label, value in zip(self.LABELS, self.VALUES, strict=True):
            row = home.figure("sip_antal", "0482", label, value)
            key = {c: row[c] for c in ("measure_id", "area_code", "period_start", "period_end", "period_label", "reporter", "value")}
            home.add("fct_run_charts", **key, **chart)
        s = sum((b > a) - (b < a) for a, b in combinations(self.VALUES, 2))
        tied = sum(t * (t - 1) // 2 for t in Counter(self.VALUES).values())
        slope = statistics.median((b - a) * 12 / (n - m) for (m, a), (n, b) in combinations(enumerate(self.VALUES), 2))
        trend = {"trend": "improving", "trend_sv": "förbättras", "trend_periods": 12, "tau": s / math.sqrt((66 - tied) * 66), "p_value": 0.001}
        words = {"slope": slope, "target_status": "on_the_way", "target_status_sv": "på väg mot målet", "summary_sv": "Flen 2025-12: 15."}
        home.add("fct_assessments", **key, **trend, **words, comparison_previous="not_comparable", previous_value=16, previous_difference=-1)
        home.rows["fct_assessments"][0] |= {"previous_label": "2025-11", "comparison_previous_sv": "går inte att jämföra"}
        [flagged] = [m for m in home.rows["dim_measures"] if m["measure_id"] == "sip_antal"]
        flagged |= {"target_value": 30, "target_year": 2026}
        home.publish()
        return home, s

    def test_limits_trend_target_and_comparison_are_taken_step_by_step(self, tmp_path):
        home, s = self.home(tmp_path)
        found = home.explain("sip_antal", "0482", "2025-12")
        text = told(found).replace("\N{NO-BREAK SPACE}", " ")
        assert [said.kind for said in found.said] == ["beside", "comparison", "trend", "target", "run_chart"] and "OBS" not in text
        assert "medelvärde 13,0833 av 12 punkter, 2025-01 till 2025-12" in text and "× 2,66 = " in text
        assert f"Mann-Kendall på 12 perioder, 2025-01 till 2025-12: S = +{s} av 66 par" in text
        assert "mål minst 30 antal år 2026; värdet är 15" in text and "blir det " in text
        assert "15 mot perioden före (2025-11) 16, skillnad −1; utan intervall sägs inget om skillnaden" in text

    def test_a_limit_that_does_not_follow_is_told_aloud(self, tmp_path):
        home, _ = self.home(tmp_path, upper_limit=99)
        assert "OBS        övre gräns: delarna ger" in told(home.explain("sip_antal", "0482", "2025-12"))

    @pytest.mark.parametrize(("counted", "named"), [(2, " (Flen, Gnesta)"), (3, "")])
    def test_the_places_of_comparison_are_named_where_they_are_as_many_as_published(self, tmp_path, counted, named):
        home = Home(tmp_path)
        for area, before, after in (("0484", 10, 14), ("0482", 8, 9), ("0461", 6, 7)):
            home.figure("sip_antal", area, "2024", before)
            home.figure("sip_antal", area, "2025", after)
        home.figure("sip_antal", "0428", "2025", 7)  # lacks a period
        home.add("dim_initiatives", initiative_id="i", name_sv="Påhittad satsning", start_date=date(2025, 1, 1))
        home.add("bridge_initiative_areas", initiative_id="i", area_code="0484")
        home.add("bridge_initiative_measures", initiative_id="i", measure_id="sip_antal")
        effect = {"before_treated": 10, "after_treated": 14, "change_treated": 4, "before_compared": 7, "after_compared": 8, "change_compared": 1}
        effect |= {"areas_treated": 1, "areas_compared": counted, "periods_before": 1, "periods_after": 1, "effect": 3, "effect_lower": 2}
        period = {"period_start": date(2024, 1, 1), "period_end": date(2025, 12, 31), "effect_upper": 4, "summary_sv": "Skillnad 3."}
        home.add("fct_initiative_effects", initiative_id="i", measure_id="sip_antal", area_type="municipality", **effect, **period)
        home.publish()
        text = told(home.explain("sip_antal", "0484", "2025"))
        assert "där den pågick, 1 område (Eskilstuna): 10 före, 14 efter, ändring +4" in text and "OBS" not in text
        assert (
            f"jämförelse, {counted} områden{named}: 7 före, 8 efter, ändring +1" in text and "skillnad mellan ändringarna +3 (95 % 2 till 4)" in text
        )

    def test_waves_of_a_survey_are_told_also_where_one_is_hidden(self, tmp_path):
        home = Home(tmp_path, measure("andel_ja", value_type="share"))
        home.figure("andel_ja", "0482", "2026-03", 60)
        wave = {"baseline_wave_sv": "Start", "baseline_date": date(2025, 3, 10), "followup_wave_sv": "Slut", "followup_date": date(2026, 3, 9)}
        words = {"survey_name_sv": "Enkäten", "comparison_sv": "går inte att jämföra", "summary_sv": "Går inte."}
        home.add("fct_survey_changes", measure_id="andel_ja", area_code="0482", followup_share=60, followup_answers=50, **wave, **words)
        home.publish()
        text = told(home.explain("andel_ja", "0482", "2026-03"))
        assert "Start 2025-03-10: svaren är för få, dolda eller saknas" in text and "Slut 2026-03-09: 60 procent av 50 svar" in text
