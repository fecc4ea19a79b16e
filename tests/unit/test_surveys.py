"""Surveys: what a file of answers says or is refused for, what its shares and changes are, and that no hidden answer can be computed."""

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest
from dropped_files import drop
from hypothesis import given, settings
from hypothesis import strategies as st
from models import Models

from naravard_pipeline.catalogue import CatalogueError, read_catalogue
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.landing.file_answer import build_answer
from naravard_pipeline.landing.file_check import FileCheck, check_content
from naravard_pipeline.landing.inbox import take_in
from naravard_pipeline.landing.list_templates import build_list_templates, survey_rows
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.landing.survey_files import HEADINGS
from naravard_pipeline.protection.attacker import Figure, find_narrow
from naravard_pipeline.protection.cells import read_totals
from naravard_pipeline.protection.cover import protect
from naravard_pipeline.settings import SOURCES, Settings

CATALOGUE = read_catalogue(SOURCES)
SURVEY = CATALOGUE.surveys["exempel_sip_samverkan"]
TODAY = date(2026, 11, 25)
SHARE = "exempel_upplevd_samverkan_sip"
COOPERATION, COMPETENCE = [[20, 12, 6, 5, 7], [30, 10, 5]]


def rows(answers=(*COOPERATION, *COMPETENCE), asked="80", wave="Startmätning"):
    found = [row for row in survey_rows(SURVEY, CATALOGUE) if row[1] == wave]
    return [[*row[:5], str(n), asked] for row, n in zip(found, answers, strict=True)]


def check(body, headings=(), name="svar.csv") -> FileCheck:
    return check_content(FileContent(name, write_delimited([list(headings or HEADINGS.values()), *body])), CATALOGUE, TODAY)


def told(body, **more) -> str:
    return build_answer(check(body, **more), CATALOGUE.areas)


class TestReader:
    def test_the_counts_become_figures_of_measures(self):
        found = check(rows())
        assert found.accepted and found.survey is SURVEY
        figures = {m.measure_id: [(r.period.label, r.reading.value, r.numerator, r.denominator) for r in rs] for m, rs in found.figures}
        assert figures[SHARE] == [("2025-03", 64.0, 32, 50)]
        assert figures[f"{SHARE}_vet_inte"] == [("2025-03", 7, None, None)]
        assert figures["exempel_sip_samverkan_tillfragade"] == [("2025-03", 80, None, None)]
        assert "Enkät: Exempelenkät om SIP och samverkan" in build_answer(found, CATALOGUE.areas)

    @pytest.mark.parametrize(
        ("row", "column", "text", "expected"),
        [
            (0, 4, "Myket bra", 'E2: "Myket bra" är inget svarsalternativ till frågan. Menade du Mycket bra?'),
            (0, 1, "Startmätnin", 'B2: "Startmätnin" är inget mättillfälle. Menade du Startmätning?'),
            (0, 1, "Mittmätning 7", "är inget mättillfälle."),
            (0, 2, "Eskilstuna", 'C2: "Eskilstuna" är inget område som enkäten gäller. Skriv Tyresö.'),
            (0, 3, "Hur mår du?", "är ingen fråga i enkäten."),
            (0, 0, "Exempelenkät om SIP", "är ingen enkät. Menade du Exempelenkät om SIP och samverkan?"),
            (2, 5, "-3", 'F4: "-3" är negativt; ett antal är 0 eller större.'),
            (2, 5, "2,5", "är inget heltal"),
            (2, 5, "..", 'F4: ".." är inget antal. Skriv 0 om ingen svarade så.'),
            (4, 6, "81", "är ett annat antal tillfrågade än i G2"),
            (1, 4, "Mycket bra", "är andra antalet för «Mycket bra», Startmätning; det första står i F2."),
        ],
    )
    def test_a_mistake_is_told_at_its_cell(self, row, column, text, expected):
        body = rows()
        body[row][column] = text
        answer = told(body)
        assert expected in answer and "Ingenting ur den har lästs in" in answer

    def test_no_more_answer_than_were_asked(self):
        assert "tillfrågade är färre än de 50 som svarade på frågan" in told(rows(asked="49"))

    def test_an_alternative_that_is_left_out_is_asked_for(self):
        assert "men «Vet inte» saknas. Lägg till en rad för varje alternativ; skriv 0" in told([r for r in rows() if r[4] != "Vet inte"])

    def test_a_lost_heading_is_told(self):
        headings = ["Vad" if h == "Mättillfälle" else h for h in HEADINGS.values()]
        assert 'rubriken "Mättillfälle" saknas på rad 1.' in told(rows(), headings=headings)

    def test_a_wave_that_has_not_begun_is_refused(self):
        body = rows(wave="Uppföljning")
        content = FileContent("svar.csv", write_delimited([list(HEADINGS.values()), *body]))
        assert "2026-03, som inte har börjat" in build_answer(check_content(content, CATALOGUE, date(2025, 12, 1)), CATALOGUE.areas)

    def test_a_file_with_a_persons_number_says_nothing_else(self):
        body = rows()
        body[0][4] = "19121212-1212"
        found = check(body)
        assert found.has_personal_numbers and not found.figures and "1212" not in build_answer(found, CATALOGUE.areas)

    def test_a_small_count_that_the_sender_hid_hides_the_share(self):
        body = rows()
        body[4][5] = "<5"
        figures = {m.measure_id: rs[0].reading.status for m, rs in check(body).figures}
        assert figures[SHARE] == figures[f"{SHARE}_vet_inte"] == "suppressed" and figures[f"{SHARE}_mycket_bra"] == "ok"

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, 500), min_size=8, max_size=8))
    def test_every_count_comes_out_as_it_went_in(self, answers):
        found = check(rows(answers, asked=""))
        figures = {m.measure_id: r[0] for m, r in found.figures}
        question = SURVEY.questions[0]
        assert [figures[SURVEY.alternative_measure(question, a)].reading.value for a in question.alternatives] == answers[:5]
        share = figures[SHARE]
        assert (share.numerator, share.denominator) == (sum(answers[:2]), sum(answers[:5]))

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.lists(st.text(max_size=12), min_size=7, max_size=7), max_size=4))
    def test_no_cell_makes_it_stumble(self, body):
        assert build_answer(check(body), CATALOGUE.areas)


def test_the_template_comes_back_filled_in(tmp_path):
    templates = build_list_templates(CATALOGUE)
    content = FileContent("x.xlsx", templates["exempel_sip_samverkan.xlsx"])
    assert "inga antal" in build_answer(check_content(content, CATALOGUE, TODAY), CATALOGUE.areas)  # empty as it is
    drop(FileContent("svar.csv", write_delimited([list(HEADINGS.values()), *rows()])), (ours := Settings(home=tmp_path)).inbox)
    [answer] = take_in(ours, CATALOGUE, Landing(ours.landing))
    assert answer.state == "accepted" and Landing(ours.landing).current("enkater", SHARE)


class TestProtection:
    """Two alternatives are small; with only those hidden, the total and the share give them away."""

    ALTERNATIVES = pd.DataFrame(
        [("s_a", "s", True), ("s_b", "s", True), ("s_c", "s", False), ("s_d", "s", False)], columns=["measure_id", "share_measure_id", "is_positive"]
    )
    NO_DERIVATIONS = pd.DataFrame(columns=["measure_id", "numerator", "denominator", "denominator_year", "denominator_age_group", "combine", "part"])

    def table(self, *answers):
        place = {"area_code": "0138", "period_start": date(2025, 3, 1), "period_end": date(2025, 3, 31), "sex": "total", "age_group": "total"}
        more = {"reporter": "municipalities", "answers": None, "status": "ok", "threshold": 5, "denominator_threshold": 5, "hides_zero": False}
        more["parts_reported"] = None
        rows = [{**place, **more, "measure_id": f"s_{n}", "value": v, "value_type": "count"} for n, v in zip("abcd", answers, strict=True)]
        share = {"numerator": answers[0] + answers[1], "denominator": sum(answers), "value_type": "share", "measure_id": "s"}
        return pd.DataFrame([*rows, {**place, **more, **share, "value": 100 * share["numerator"] / max(share["denominator"], 1)}])

    def narrow(self, table, hidden):
        gone, totals = {row.measure_id: row.suppression for row in hidden.itertuples()}, read_totals(self.ALTERNATIVES)
        figures = []
        for row in table.itertuples():
            for part in ("value",) if row.value_type == "count" else ("numerator", "denominator"):
                is_said = row.value_type == "count" and gone.get(row.measure_id) == "primary"
                value = None if row.measure_id in gone else float(getattr(row, part))
                low = 1.0 if row.value_type == "count" else 0.0
                figures.append(Figure((row.measure_id, part), ("0138", (0, 30), "total", "total", "m"), value, 5, low, is_said, row.measure_id))
        return find_narrow(figures, {"0138": frozenset({"0138"})}, {}, totals)

    def hidden(self, table, **options):
        areas = [("0138", "municipality", None)]
        return protect(table, self.NO_DERIVATIONS, areas, [], alternatives=self.ALTERNATIVES, **options).hidden

    def test_he_wins_without_the_second_step_and_never_with_it(self):
        rng, won = np.random.default_rng(1), 0
        for _ in range(40):
            table = self.table(*(int(n) for n in rng.integers(0, 14, 4)))
            assert not self.narrow(table, self.hidden(table))
            won += bool(self.narrow(table, self.hidden(table, secondary=False)))
        assert won > 10

    def test_a_single_small_answer_takes_something_along(self):
        assert len(self.hidden(self.table(20, 15, 10, 3))) > 1
        assert len(self.hidden(self.table(20, 15, 10, 30))) == 0


CHANGE = {
    **dict.fromkeys(("survey_id", "survey_name_sv", "question_id", "question_sv", "wave_id", "wave_name_sv", "share_measure_id"), "varchar"),
    **dict.fromkeys(("area_code", "sex", "age_group", "reporter"), "varchar"),
    **dict.fromkeys(("wave_date", "period_start", "period_end"), "date"),
    "same_persons": "boolean",
    "wave_number": "integer",
}


# Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10: events and totals of two groups, limits of the difference.
@pytest.mark.parametrize(
    ("later", "first", "limits", "word"),
    [
        ((56, 70), (48, 80), (5.24, 33.39), "better"),
        ((9, 10), (3, 10), (17.05, 80.90), "better"),
        ((5, 56), (0, 29), (-3.81, 19.26), "no_different"),
    ],
)
def test_a_change_is_newcombes(later, first, limits, word):
    place = {"area_code": "0138", "sex": "total", "age_group": "total", "reporter": "municipalities"}
    waves = [(1, "Startmätning", date(2025, 3, 1), first), (2, "Uppföljning", date(2026, 3, 1), later)]
    base = {**place, "survey_id": "e", "question_id": "q", "share_measure_id": "m", "same_persons": False}
    models = Models().give(
        "fct_surveys",
        [{**base, "wave_number": n, "wave_id": w, "wave_name_sv": w, "period_start": d, "period_end": d} for n, w, d, _ in waves],
        **CHANGE,
    )
    figures = [
        {**place, "measure_id": "m", "period_start": d, "period_end": d, "value": 100 * x / n, "numerator": x, "denominator": n}
        for _, _, d, (x, n) in waves
    ]
    kinds = {**{k: v for k, v in CHANGE.items() if k in place or k.startswith("period")}, "measure_id": "varchar"}
    models.give("fct_observations", figures, **kinds, value="double", numerator="double", denominator="double")
    models.give(
        "dim_measures",
        [{"measure_id": "m", "direction": "higher_is_better", "decimals": 1}],
        measure_id="varchar",
        direction="varchar",
        decimals="integer",
    )
    [row] = models.seed("assessment_words").build("fct_survey_changes").rows("from fct_survey_changes")
    assert (round(row["difference_lower"], 2), round(row["difference_upper"], 2), row["comparison"]) == (*limits, word)
    assert row["summary_sv"].startswith("Andelen var ") and row["summary_sv"].endswith("Det säger inte varför.")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("areas: ['0138']", "areas: ['0199']", "`0199`"),
        ("wave_id: uppfoljning", "wave_id: startmatning", "står också i waves[0].wave_id"),
        ("date: 2026-03-09", "date: 2025-03-20", "väntat: ett datum efter månaden för mättillfället före (2025-03)"),
        ("measure: exempel_upplevd_kompetens_sip", "measure: sip_antal", "står också i ett annat mått"),
        ("name_sv: Ganska bra", "name_sv: Mycket bra", "står också i alternatives[0].name_sv"),
        (", positive: true", "", "positive"),
        ("threshold: 5", "threshold: fem", "threshold"),
    ],
)
def test_a_mistake_in_a_surveys_file_is_explained(tmp_path, old, new, expected):
    folder = shutil.copytree(SOURCES, tmp_path / "sources")
    path = folder / "enkater" / "exempel_sip_samverkan.yml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(CatalogueError) as error:
        read_catalogue(folder)
    assert expected in error.value.text("sv")


def test_a_survey_of_some_of_a_countys_municipalities_has_no_sum_for_the_county():
    everybody = SURVEY.model_copy(update={"areas": tuple(a.area_code for a in CATALOGUE.areas.values() if a.parent_code == "01")})
    for survey, has_sums in ((SURVEY, False), (everybody, True)):
        catalogue = CATALOGUE.model_copy(update={"surveys": {**CATALOGUE.surveys, survey.survey_id: survey}})
        rows = {r["measure_id"]: r for r in build_tables(catalogue)["measures"].to_pylist()}
        assert rows[survey.asked_id]["has_sums"] is has_sums
