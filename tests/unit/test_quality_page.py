"""The quality page: everything that was found is on it, in Swedish, and nothing is asked from anywhere."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.quality import Outcome, render_quality_page

RELEASE = {"release_id": "2026-11-22-1", "published_at": "2026-11-22T10:58:31+00:00", "is_demo": False, "code_version": "0.1.0"}
PASSED = Outcome(
    check="areas_differ", suite="observations", table="fct_observations", severity="critical", scope="measure", passed=True,
    name_sv="Områdena skiljer sig åt", reason="They do.", reason_sv="Alla är lika.", observed=12345,
).to_json()  # fmt: skip
FAILED = PASSED | {
    "check": "values_within_bounds",
    "passed": False,
    "name_sv": "Värden ligger inom gränserna",
    "reason_sv": "Ett värde ligger utanför.",
    "failed_rows": 1234,
    "rows": [{"measure_id": "fallskador_65_plus", "sex": "women", "value": 1234.5, "note": None, "has_value": True}],
    "by_measure": {"fallskador_65_plus": 1234},
}
HELD = {"measure_id": "fallskador_65_plus", "name_sv": "Fallskador", "held_reason": "Ett värde ligger utanför.", "held_since": "2026-11-20"}
DBT = {"check": "unique_key", "table": "fct_observations", "severity": "warning", "passed": False, "reason": "Got 2", "failed_rows": 2, "kind": "dbt"}


class _Text(HTMLParser):
    """What a reader sees, and the tags it took."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.parts: list[str] = []
        self.feed(page)
        self.text = re.sub(r"[ \n]+", " ", "".join(self.parts))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.parts.append(data)


def test_failures_are_told_with_their_rows_and_what_is_held():
    text = _Text(render_quality_page(RELEASE, [PASSED, FAILED, DBT], [HELD])).text
    for told in (
        "Kvalitet i publiceringen 2026-11-22 11:58", "Release 2026-11-22-1", "1 mått visar äldre uppgifter.", "Fallskador", "Sedan 2026-11-20",
        "Värden ligger inom gränserna", "Ett värde ligger utanför.", "1\u00a0234 rader avviker av 12\u00a0345 kontrollerade",
        "Fallskador (1\u00a0234)", "kvinnor", "1\u00a0234,5", "Visar 1 av dem", "unique_key", "Got 2", "· dbt",
    ):  # fmt: skip
        assert told in text, told
    assert re.search(r"Kontroller ?3 ?Godkända ?1 ?Stoppande fel ?1 ?Varningar ?1 ?Mått som hålls ?1", text)


def test_a_mart_is_called_as_its_goal_area_is():
    outcome = FAILED | {"table": "mart_lan_mal"}
    assert "Målområdet" in render_quality_page(RELEASE, [outcome], [], mart_names={"mart_lan_mal": "Målområdet"})
    assert "mart_lan_mal" in render_quality_page(RELEASE, [outcome], [])


def test_a_clean_release_says_so():
    text = _Text(render_quality_page(RELEASE, [PASSED], [])).text
    assert "Inget hålls tillbaka." in text
    assert "Områdena skiljer sig åt" in text and "12\u00a0345" in text


def test_a_release_without_checks_is_not_called_clean():
    text = _Text(render_quality_page(RELEASE, [], [])).text
    assert "Inga kontroller är gjorda" in text and "Inget hålls tillbaka" not in text


@pytest.mark.parametrize("is_demo", [True, False])
def test_made_up_figures_are_marked(is_demo: bool):
    assert ("Påhittade uppgifter – demonstration" in render_quality_page(RELEASE | {"is_demo": is_demo}, [PASSED], [])) is is_demo


def test_nothing_is_asked_from_any_host():
    page = render_quality_page(RELEASE, [PASSED, FAILED, DBT], [HELD]).replace("http://www.w3.org/2000/svg", "")  # a name, not an address
    assert not re.search(r"https?:|url\(|@import|<link|<img|<iframe| src=|fetch|XMLHttp", page)
    assert all(re.fullmatch(r"#?[a-z0-9_./]+", address) and "//" not in address for address in re.findall(r' href="([^"]*)"', page))


@given(st.text(), st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
def test_any_text_is_shown_as_text(text: str, value: object):
    page = render_quality_page(
        RELEASE | {"release_id": text},
        [FAILED | {"reason": text, "name_sv": text, "rows": [{text: value, "x": text}], "by_measure": {text: 1}}],
        [HELD | {"name_sv": text, "held_since": text}],
    )
    plain = render_quality_page(RELEASE, [FAILED | {"rows": [{"a": 1, "x": 2}] if text != "x" else [{"x": 2}]}], [HELD])
    assert set(_Text(page).tags) <= set(_Text(plain).tags)


def test_an_outcome_survives_json():
    assert Outcome.from_json(FAILED).to_json() == FAILED
    with pytest.raises(TypeError):
        Outcome.from_json(FAILED | {"unknown": 1})


def test_a_measure_without_released_figures_is_said_to_be_unpublished_and_not_to_show_older_ones():
    text = _Text(render_quality_page(RELEASE, [PASSED], [HELD | {"is_left_out": True, "held_since": None}])).text
    assert "1 mått är inte publicerade än." in text and "visar äldre uppgifter" not in text
    assert "Mått som hålls tillbaka och inte är publicerade" in text and HELD["held_reason"] in text


def test_the_measures_that_a_check_is_about_have_their_names():
    outcome = FAILED | {"by_measure": {"lakarbesok": 1}}
    named = _Text(render_quality_page(RELEASE, [outcome], [], measure_names={"lakarbesok": "Läkarbesök i hemmet"})).text
    assert "Läkarbesök i hemmet (1)" in named and "lakarbesok (1)" not in named
