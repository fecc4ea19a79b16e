"""The pages about measures: what they say is what the release's tables say, and any text is shown as text."""

import re
from pathlib import Path

import duckdb
import pytest

from naravard_pipeline.publication.measure_pages import tell_tolerances, write_measure_pages

RELEASE = {"release_id": "000001", "published_at": "2026-01-01T00:00:00+00:00", "is_demo": True}
TABLES = """
    create table dim_frameworks as select 'lan' as framework_id, '04' as county_code, 'Länets plan' as name_sv, 1 as sort_order;
    create table dim_goal_areas as
        select 'lan' as framework_id, unnest(['z', 'a']) as goal_area_id, unnest(['Först', 'Sedan']) as name_sv, unnest([1, 2]) as sort_order;
    create table dim_indicators as
        select 'lan' as framework_id, unnest(['z', 'a', 'a']) as goal_area_id, unnest(['iz', 'ia', 'tom']) as indicator_id,
            unnest(['Indikator Z', 'Indikator A', 'Tom indikator']) as name_sv, unnest([1, 2, 3]) as sort_order,
            false as is_proposal;
    create table bridge_indicator_measures as
        select 'lan' as framework_id, false as is_proposal,
            unnest(['ia', 'iz']) as indicator_id, unnest(['ny', 'gammal']) as measure_id, 'Officiellt' as official_name_sv;
    create table dim_sources as select 'kolada' as source_id, 'Kolada' as name_sv, 'Statistikern' as contact_sv, 'Fri' as licence;
    create table dim_areas as
        select unnest(['00', '04', '0484', '01']) as area_code, unnest(['Riket', 'Region S', 'Eskilstuna', 'Annan']) as name_sv,
            unnest(['nation', 'region', 'municipality', 'region']) as area_type, unnest([null, '00', '04', '00']) as parent_code,
            unnest([1, 2, 3, 4]) as sort_order;
    create table dim_measures as
        select unnest(['ny', 'gammal', 'antal']) as measure_id, unnest(['Nytt <b>mått</b>', 'Gammalt mått', 'Underlag']) as name_sv,
            'Vad.' as definition_sv, 'procent' as unit, 'share' as value_type, 'neutral' as direction, 1 as decimals,
            unnest(['published', 'retired', 'published']) as status,
            'total' as age_group, 'kolada' as source_id, 'Källa: Kolada' as attribution, unnest([null, 'ny', null]) as replaced_by,
            date '2024-12-31' as retired_date, 'Slut.' as retired_reason_sv, unnest(['antal', null, null]) as computed_from, 0.0 as value_min,
            100.0 as value_max, null::double as target_value, unnest(['Mätansvarig', null, null]) as contact_sv;
    create table fct_observations as
        select 'ny' as measure_id, unnest(['00', '0484', '01', '0484']) as area_code, date '2024-01-01' + to_years(i)::interval as period_start,
            (2024 + i)::varchar as period_label, 'total' as sex, 'total' as age_group, unnest([41.25, null, 99.0, null]) as value,
            null::double as ci_lower, null::double as ci_upper, unnest(['ok', 'suppressed', 'ok', 'suppressed']) as status, 'source' as reporter,
            'ny' || i as segment_id, true as is_held, 'Ser fel ut.' as held_reason, timestamp '2026-01-01' as held_since,
            null::date as since_date, null::double as denominator
        from range(2) as t(i);
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("release")
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        write_measure_pages(connection, folder, RELEASE)
    return {path.stem: path.read_text(encoding="utf-8") for path in (folder / "matt").iterdir()}


def test_there_is_a_page_for_every_measure_and_one_for_all(pages):
    assert set(pages) == {"index", "ny", "gammal", "antal"}
    text = pages["index"]
    assert text.index("Först") < text.index("Sedan") < text.index("Mått utan egen indikator")
    assert 'href="gammal.html"' in text and "avslutat" in text and "hålls" in text


@pytest.mark.parametrize("is_there", [True, False])
def test_the_monthly_reports_are_linked_where_there_are_any(tmp_path, is_there):
    folder = tmp_path / "releases" / ".unfinished-1"
    folder.mkdir(parents=True)
    if is_there:
        (tmp_path / "reports").mkdir()
        (tmp_path / "reports" / "index.html").touch()
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        write_measure_pages(connection, folder, RELEASE)
    assert ('href="../../reports/index.html"' in (folder / "matt" / "index.html").read_text(encoding="utf-8")) is is_there


def test_an_indicator_without_a_measure_is_shown_as_a_gap(pages):
    assert re.search(r"Tom indikator</h3>\s*<p[^>]*>Inget mått än", pages["index"]) and pages["index"].count("Inget mått än") == 1


def test_a_page_says_what_it_is_where_it_comes_from_and_whom_to_ask(pages):
    for told in ("Vad.", "41,2", "dolt", "Källa: Kolada", "Mätansvarig", "mart_lan_a", "Ser fel ut.", "2024 till 2024 är en serie för sig"):
        assert told in pages["ny"], told
    assert "Statistikern" in pages["antal"] and "Statistikern" not in pages["ny"]  # the source's answers where the measure has nobody of its own
    assert "99,0" not in pages["ny"] and "Annan" not in pages["ny"]  # a county that is not the framework's


def test_measures_that_belong_together_are_linked_from_both_sides(pages):
    assert 'Ersätts av <a href="ny.html">' in pages["gammal"] and re.search(r'Ersätter</th><td><a href="gammal.html">', pages["ny"])
    assert re.search(r'Räknas ur</th><td><a href="antal.html">', pages["ny"]) and re.search(r'Används i</th><td><a href="ny.html">', pages["antal"])


def test_texts_are_texts_and_no_host_is_asked(pages):
    for text in pages.values():
        assert "<b>" not in text and "Påhittade" in text
        assert not re.search(r"<link|<img|<iframe| src=|@import", text)


def test_tolerances_are_sentences_and_null_says_nothing():
    told = list(tell_tolerances({"value_min": 0.5, "value_max": 100, "max_revision": 10, "approval": "always", "max_change": None}))
    assert told == [
        "Ett värde under 0,5 eller över 100 stoppar måttet: då är något fel.",
        "Räknas en redan publicerad uppgift om med mer än 10 % tittar en person på måttet först.",
        "En person godkänner varje ändring av måttet.",
    ]
