"""On no page of the site does a held figure or index stand without saying so, since when and why: every page, every measure, every index."""

import re
from html import unescape

import pytest
from site_release import HELD, RELEASE, connect, tables

from naravard_pipeline.publication.measure_pages import write_measure_pages
from naravard_pipeline.site import build_site, write_site
from naravard_pipeline.site.holds import Held

WHY = {"is_held": True, "held_reason": "Svaret krympte.", "held_since": HELD}
OLDER = "hålls tillbaka: äldre uppgifter sedan 2026-02-01 01:00: Svaret krympte."
UNPUBLISHED = "hålls tillbaka, inte publicerat sedan 2026-02-01 01:00: Svaret krympte."
MEASURES = [m["measure_id"] for m in tables()["dim_measures"]]
# A piece of a page that stands for itself: a reader who sees a figure in it sees the mark too.
BLOCKS = r"<figure.*?</figure>|<tr\b.*?</tr>|<li\b.*?</li>|<p class=\"big\".*?<div class=\"plot\">"


def pages_with(tmp_path, changed, drawn=None):
    connection = connect(changed)
    site = build_site(connection, RELEASE, drawn)  # the charts are the same, so they are drawn once
    write_site(site, tmp_path)
    write_measure_pages(connection, tmp_path, RELEASE, site.of_measures)
    return dict(site.pages) | {f"matt/{p.name}": p.read_text(encoding="utf-8") for p in (tmp_path / "matt").iterdir()}


def plain(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def blocks(page):
    return re.findall(BLOCKS, re.sub(r"<(script|style).*?</\1>|<details.*?</details>", "", page, flags=re.S), re.S)


def free(rows):
    return [row | {"is_held": False, "held_reason": None, "held_since": None} for row in rows]


def held(rows, is_held):
    return [row | (WHY if is_held(row) else {}) for row in free(rows)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return tmp_path_factory.mktemp("untouched")


@pytest.fixture(scope="module")
def untouched(drawn):
    return pages_with(drawn, {"fct_observations": free(tables()["fct_observations"])})


def test_nothing_is_marked_where_nothing_is_held(untouched):
    assert not [path for path, page in untouched.items() if "hålls tillbaka" in plain(page)]


@pytest.mark.parametrize("measure_id", ["trygghet", "planer", "avtal", "folkmangd"])
def test_a_held_measure_is_marked_wherever_it_stands(measure_id, tmp_path, untouched, drawn):
    pages = pages_with(tmp_path, {"fct_observations": held(tables()["fct_observations"], lambda row: row["measure_id"] == measure_id)}, drawn)
    assert set(pages) == set(untouched)
    seen = 0
    for path, page in pages.items():
        is_own = path == f"matt/{measure_id}.html"
        for block in blocks(page):
            if path == "index.html" and "Svaret krympte" in block and '<li><a href="matt/' in block:  # the list of what is held
                continue
            is_linked = f"matt/{measure_id}.html" in block and path != "matt/index.html"
            if f'data-file="{measure_id}-' in block or is_linked:
                assert OLDER in plain(block), (path, plain(block))
                seen += 1
            elif is_own and '<td data-label="Senaste värde">' in block:  # why stands above the table of its areas
                assert "hålls tillbaka: äldre uppgifter" in plain(block), (path, plain(block))
            elif 'data-file="' in block:
                assert OLDER not in plain(block), path
    assert seen or measure_id == "folkmangd"


def test_the_county_may_have_no_value_and_the_municipalities_chart_is_marked_all_the_same(tmp_path, untouched, drawn):
    rows = [row for row in tables()["fct_observations"] if row["measure_id"] == "trygghet" and row["area_code"] not in ("04", "00")]
    said = [row for row in tables()["fct_assessments"] if row["area_code"] not in ("04", "00")]
    pages = pages_with(tmp_path, {"fct_observations": held(rows, lambda row: True), "fct_assessments": said}, drawn)
    charts = re.findall(r'<figure[^>]*data-file="trygghet-kommuner-04".*?</figure>', pages["indikatorer/lan-trygg.html"], re.S)
    assert len(charts) == 1 and OLDER in plain(charts[0])
    [row] = [b for b in blocks(pages["indikatorer/lan-trygg.html"]) if b.startswith("<tr") and "matt/trygghet.html" in b]
    assert "ingen uppgift" in row and OLDER in plain(row)


def test_a_part_about_an_area_has_the_mark_first(tmp_path, untouched, drawn):
    pages = pages_with(tmp_path, {"fct_observations": held(tables()["fct_observations"], lambda row: row["measure_id"] == "trygghet")}, drawn)
    for part in re.findall(r'<section aria-labelledby="in-.*?</h2>(.*?)</section>', pages["matt/trygghet.html"], re.S):
        assert OLDER in plain(part.split("<figure")[0])
        for card in re.findall(r'<div class="card.*?</h[34]>.*?<(?:table|ul)', part, re.S):
            assert OLDER in plain(card)


@pytest.mark.parametrize("indicator_id", ["all", "trygg"])
def test_a_held_index_is_marked_wherever_it_stands(indicator_id, tmp_path, untouched, drawn):
    is_held = lambda row: row["indicator_id"] == indicator_id  # noqa: E731
    pages = pages_with(
        tmp_path, {"fct_observations": free(tables()["fct_observations"]), "fct_composites": held(tables()["fct_composites"], is_held)}, drawn
    )
    seen = set()
    for path, page in pages.items():
        for block in blocks(page):
            if f'data-file="index-lan-god-{indicator_id}-' in block:
                assert OLDER in plain(block), path
                seen.add(path.partition("/")[0])
            elif 'data-file="' in block:
                assert OLDER not in plain(block), path
    assert seen >= ({"malomraden", "omraden"} if indicator_id == "all" else {"indikatorer"})
    start = blocks(pages["index.html"])
    if indicator_id == "all":
        assert [OLDER in plain(b) for b in start if b.startswith('<p class="big"')] == [True]
        assert [OLDER in plain(b) for b in start if b.startswith("<tr") and "Kommun" in b and "God hälsa" in b] == [True]
        for path in (p for p in pages if p.startswith("omraden/")):
            for heading in re.findall(r"<h2[^>]*>.*?index.*?</h2>", pages[path], re.S):
                assert "Sammanvägt" in heading or "hålls tillbaka: äldre uppgifter" in plain(heading), path
    else:
        assert [OLDER in plain(b) for b in start if b.startswith("<li") and "indikatorer/lan-trygg.html" in b] == [True]
        section = re.search(r'<section aria-labelledby="i-trygg">.*?<table', pages["malomraden/lan-god.html"], re.S)[0]
        assert OLDER in plain(section)


def test_a_count_of_words_says_how_many_of_them_are_older(tmp_path, untouched, drawn):
    pages = pages_with(tmp_path, {"fct_observations": held(tables()["fct_observations"], lambda row: row["measure_id"] == "trygghet")}, drawn)
    assert "hålls tillbaka: äldre uppgifter för 1 av måtten" in plain(pages["index.html"])


@pytest.mark.parametrize("since", [None, HELD])
def test_a_measure_that_was_never_published_says_why_where_it_would_stand(since, tmp_path, untouched, drawn):
    row = {"measure_id": "planer", "state": "left_out", "kind": "check", "held_reason": "Svaret krympte.", "held_since": since}
    gone = {
        name: [r for r in rows if r["measure_id"] != "planer"] for name, rows in tables().items() if name in ("fct_observations", "fct_assessments")
    }
    gone["fct_observations"] = free(gone["fct_observations"])
    gone["fct_run_charts"] = [r | {"measure_id": "none"} for r in tables()["fct_run_charts"]]
    pages = pages_with(tmp_path, gone | {"meta_holds": [row]}, drawn)
    told = UNPUBLISHED if since else "hålls tillbaka, inte publicerat: Svaret krympte."
    for path in ("indikatorer/lan-samordning.html", "malomraden/lan-ihop.html", "omraden/04.html"):
        found = [b for b in blocks(pages[path]) if "matt/planer.html" in b] or re.findall(r"<details class=.absent.*?</details>", pages[path], re.S)
        assert found and any(told in plain(b) for b in found), path
    assert told in plain(pages["matt/planer.html"])
    assert "Antal planer, inte publicerat" in plain(pages["index.html"]) and "Svaret krympte." in plain(pages["index.html"])
    assert any(told in plain(b) for b in blocks(pages["index.html"]) if "lan-samordning" in b)


def test_the_words():
    assert (
        Held("Fel.", None).text_sv == "hålls tillbaka: äldre uppgifter: Fel." and Held("", None, True).text_sv == "hålls tillbaka, inte publicerat."
    )
