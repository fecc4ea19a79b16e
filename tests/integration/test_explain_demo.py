"""Every kind of published figure of the demo leads back to what it was made of, and the parts that are told lead to it again."""

import json
import math
from collections import Counter

import duckdb
import pytest
from pipeline import naravard, published

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.publication.explain import explain
from naravard_pipeline.publication.explain_composites import explain_composite
from naravard_pipeline.settings import SOURCES, Settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

# Of each kind of figure a few: whose it is, computed or not, hidden or not, month or year, what is said of it.
KINDS = """
with kinds as (
    select o.measure_id, o.area_code, o.period_label, o.sex, row_number() over (
        partition by case when m.source_id = 'derived' then m.measure_id when m.value_type in ('share', 'count') then m.value_type end,
            m.source_id = 'enkater', o.numerator is null, o.is_aggregated, o.value is null, o.suppression, o.period_months = 1,
            s.area_code is not null
        order by hash(o.measure_id || o.area_code || o.period_label)
    ) as n
    from fct_observations as o join dim_measures as m using (measure_id) join dim_areas as a using (area_code)
    left join fct_assessments as s on s.measure_id = o.measure_id and s.area_code = o.area_code and s.period_end = o.period_end and o.sex = 'total'
)
select distinct measure_id, area_code, period_label, sex from kinds where n = 1
"""


@pytest.fixture(scope="module")
def explained(demo):
    """(what was asked, the explanation) of the sample."""
    settings, catalogue = Settings(home=demo[0], is_demo=True), read_catalogue(SOURCES)
    asked = published(demo[0], KINDS)
    return [(one, found) for one in asked for found in explain(settings, catalogue, *one)]


def with_inputs(explanation):
    yield explanation
    for given in explanation.inputs:
        yield from with_inputs(given)


def is_near(one, other) -> bool:
    return one is not None and math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)


def test_the_parts_that_are_told_lead_to_the_published_figure(explained):
    kinds = Counter()
    for asked, explanation in explained:
        for figure in with_inputs(explanation):
            value = figure.figure["value"]
            if not figure.parts or value is None:
                assert figure.reckoned is None, asked
            elif any(part.is_hidden for part in figure.parts):
                assert figure.reckoned is None, asked
                kinds["with a hidden part"] += 1
            else:
                assert is_near(figure.reckoned, value), (asked, figure.formula_sv)
                kinds[figure.formula_sv] += 1
    wanted = ("summan av kommunernas", "summan av de tolv", "summan av kommunernas täljare", "tredje kvartilen", "|", "sip_antal /", "«", "with")
    assert not [words for words in wanted if not any(formula.startswith(words) for formula in kinds)], kinds
    assert any("antal som svarade" in explanation.formula_sv for _, explanation in explained)


def test_what_is_said_follows_from_the_steps_that_are_told(explained):
    kinds = Counter()
    for asked, explanation in explained:
        for said in explanation.said:
            kinds[said.kind] += 1
            for name, reckoned, value in said.pairs:
                assert is_near(reckoned, value), (asked, said.kind, name, reckoned, value)
    assert kinds.keys() == {"beside", "comparison", "place", "trend", "run_chart", "initiative", "survey_change"}, kinds


def test_what_the_marts_put_beside_a_figure_is_told_with_it(demo, explained):
    columns = ("previous_value", "nation_value", "county_value")
    query = (
        f"select {', '.join(columns)} from mart_sormland_tillsammans where measure_id = ? and area_code = ? and period_label = ? and sex = ? "
        "and age_group = ? and reporter = ? and is_own_area and area_type = 'municipality'"
    )
    seen = Counter()
    with duckdb.connect(str(demo[0] / "published" / "current" / "naravard.duckdb"), read_only=True) as connection:
        for _, explanation in explained:
            figure = explanation.figure
            key = [figure[c] for c in ("measure_id", "area_code", "period_label", "sex", "age_group", "reporter")]
            if figure["value"] is not None and (found := connection.execute(query, key).fetchall()):
                told = next((said.row for said in explanation.said if said.kind == "beside"), {})
                for column, value in zip(columns, found[0], strict=True):
                    assert told.get(column) == value, (key, column)
                    seen[column] += value is not None
    assert seen["previous_value"] and seen["county_value"], seen


def test_an_aggregated_indicator_is_its_parts(demo):
    settings = Settings(home=demo[0], is_demo=True)
    sample = published(
        demo[0],
        "select framework_id, case when indicator_id = 'all' then goal_area_id else indicator_id end, area_code, year from fct_composites "
        "qualify row_number() over (partition by framework_id, goal_area_id, indicator_id order by hash(area_code || year)) = 1",
    )
    for key in sample:
        for name, reckoned, value in explain_composite(settings, *key).pairs:
            assert is_near(reckoned, value), (key, name, reckoned, value)
    with duckdb.connect(str(demo[0] / "published" / "current" / "naravard.duckdb"), read_only=True) as connection:
        bases = connection.execute(
            "select p.base_mean, avg(o.value), p.base_deviation, stddev_samp(o.value) from (select distinct measure_id, base_year, base_mean, "
            "base_deviation from fct_composite_parts where area_code = '0484') as p join dim_measures as m using (measure_id) "
            "join fct_observations as o on o.measure_id = p.measure_id and year(o.period_end) = p.base_year and o.sex = 'total' "
            "and o.age_group = m.age_group and o.status = 'ok' and o.area_code in (select area_code from dim_areas where area_type = 'municipality') "
            "group by all"
        ).fetchall()
    assert bases and all(is_near(mean, its) and is_near(deviation, spread) for mean, its, deviation, spread in bases)


def test_of_a_hidden_figure_nothing_is_told_but_that_it_is(explained):
    hidden = [(asked, e) for asked, e in explained if e.figure["suppression"]]
    assert {e.figure["suppression"] for _, e in hidden} == {"primary", "secondary"}
    for asked, explanation in hidden:
        figure = explanation.figure
        assert not any(figure[c] for c in ("value", "numerator", "denominator", "answers", "ci_lower", "ci_upper", "source_status", "parts_reported"))
        assert explanation.place == {} and explanation.reckoned is None and explanation.why_sv.startswith("dolt"), asked
        assert [said.kind for said in explanation.said if said.kind not in ("initiative", "survey_change")] == [], asked
    for _, explanation in explained:
        for part in (part for figure in with_inputs(explanation) for part in figure.parts if part.figure and part.figure["suppression"]):
            assert part.terms == {} and part.place == {} and part.figure["value"] is None


def test_each_figure_of_a_file_leads_to_the_row_that_it_was_sent_in(demo, explained):
    placed = [part for _, e in explained for figure in with_inputs(e) for part in (figure, *figure.parts) if part.place]
    assert len({part.place["file_name"] for part in placed}) > 5 and any(part.place["sheet_name"] for part in placed)
    for part in placed[::5]:
        figure, place = part.figure, part.place
        [path] = (demo[0] / "landing").glob(f"*/observations/{figure['measure_id']}.parquet")
        cell = [figure[column] for column in ("area_code", "period_start", "period_end", "sex", "age_group")]
        query = "area_code = ? and period_start = ? and period_end = ? and sex = ? and age_group = ?"
        landed = duckdb.execute(f"select file_name, sheet_name, row_number from '{path}' where {query}", cell).fetchall()
        assert landed == [(place["file_name"], place["sheet_name"], place["row_number"])], cell


def test_the_command_prints_it_and_names_what_there_is_instead(demo):
    home = demo[0]
    text = naravard(home, "measure", "show", "sip_antal", "--area", "04-norra", "--period", "2025-03").output
    assert "summan av kommunernas" in text and "Strängnäs: " in text and ".xlsx, bladet Uppgifter, rad " in text and "release    000001-" in text
    data = json.loads(naravard(home, "measure", "show", "exempel_upplevd_samverkan_sip", "--area", "0138", "--json").output)
    assert len(data[0]["parts"]) == 5 and data[0]["said"][0]["kind"] == "beside"
    text = naravard(home, "release", "explain", "sormland", "forebyggande", "--area", "0484").output
    assert "utan måttet blir indexet" in text and "OBS" not in text and "naravard measure show fallskador_65_plus --area 0484 --period" in text
    refused = naravard(home, "measure", "show", "sip_antal", "--area", "0484", "--period", "1999", LC_ALL="sv_SE.UTF-8")
    assert refused.exit_code == 1 and "Där finns perioder: 2024-05" in refused.output
