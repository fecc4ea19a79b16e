"""The site of a release: what it says is what the release says, every link leads somewhere, nothing is asked from any host."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import duckdb
import pytest
from site_release import RELEASE, connect, tables, write_release

from naravard_pipeline.charts import find_drawn
from naravard_pipeline.pages.tones import say
from naravard_pipeline.publication import measure_pages
from naravard_pipeline.publication.promise import read_promise
from naravard_pipeline.site import SiteError, build_site, facts, pages
from naravard_pipeline.site.figures import extremes
from naravard_pipeline.site.parts import _trend
from naravard_pipeline.site.tiles import read_tiles


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("release"))


class Page(HTMLParser):
    """Links, what is loaded, ids and headings of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.ids, self.headings = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        elif "src" in found or ("href" in found and tag != "a"):
            self.loaded.append(found.get("src") or found["href"])
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))


def text_of(folder, path):
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", (folder / path).read_text(encoding="utf-8")))


def all_pages(folder):
    return sorted(folder.rglob("*.html"))


class TestAllPages:
    def test_every_kind_is_there(self, folder):
        there = {p.relative_to(folder).as_posix() for p in all_pages(folder)}
        goals = {"malomraden/lan-god.html", "malomraden/lan-ihop.html", "malomraden/landet-vi.html"}
        indicators = {f"indikatorer/{i}.html" for i in ("lan-trygg", "lan-rehab", "lan-samordning", "landet-trygg")}
        areas = {f"omraden/{a}.html" for a in ("00", "04", "04-norra", "0480", "0484", "0486", "0428")}
        measures = {f"matt/{m}.html" for m in ("index", "trygghet", "planer", "plan", "avtal", "folkmangd")}
        assert there == {"index.html", "quality.html", "changes.html"} | goals | indicators | areas | measures

    def test_every_link_leads_to_a_page_and_a_place_that_are_there(self, folder):
        ids = {p: set(Page(p.read_text(encoding="utf-8")).ids) for p in all_pages(folder)}
        for path in ids:
            for link in Page(path.read_text(encoding="utf-8")).links:
                parts = urlsplit(link)
                if not parts.scheme:
                    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                    assert target.exists(), f"{path.name}: {link}"
                    assert not parts.fragment or parts.fragment in ids[target], f"{path.name}: {link}"

    def test_nothing_is_loaded_and_no_address_but_links_stands_there(self, folder):
        for path in all_pages(folder):
            text = path.read_text(encoding="utf-8")
            assert not Page(text).loaded, path
            rest = re.sub(r'href="[^"]*"|xmlns="[^"]*"|http://www.w3.org/2000/svg|>https?://[^<]*<', "", text)
            assert "http:" not in rest and "https:" not in rest and "url(" not in rest and "@import" not in rest, path

    def test_ids_are_unique_and_headings_go_down_one_at_a_time(self, folder):
        for path in all_pages(folder):
            page = Page(path.read_text(encoding="utf-8"))
            assert len(page.ids) == len(set(page.ids)), path
            assert page.headings[0] == 1 and page.headings.count(1) == 1, path
            assert all(b <= a + 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), (path, page.headings)

    def test_made_up_figures_say_so_on_every_page(self, folder):
        assert all("Påhittade uppgifter – demonstration" in p.read_text(encoding="utf-8") for p in all_pages(folder))

    def test_real_figures_do_not(self):
        site = build_site(connect(), RELEASE | {"is_demo": False})
        assert not [path for path, text in site.pages.items() if 'class="demo"' in text]


class TestWhatIsSaid:
    def test_numbers_are_swedish(self, folder):
        assert "1\u00a0038,0" in text_of(folder, "omraden/04.html")
        assert "301\u00a0234" in text_of(folder, "matt/folkmangd.html")

    def test_words_and_signs_are_those_of_the_assessments(self, folder):
        page = (folder / "omraden/0480.html").read_text(encoding="utf-8")
        for aspect, word in (("comparison", "better"), ("comparison", "worse"), ("trend", "worsening"), ("target", "off_the_way")):
            said = say(aspect, word)
            assert f'<span class="said {said.tone}"><span class="sign" aria-hidden="true">{said.icon}</span>{said.word_sv}</span>' in page

    def test_what_stands_beside_a_word_is_shown_with_it(self, folder):
        assert "men senaste perioden gick åt andra hållet" in text_of(folder, "omraden/0480.html")
        assert "Bygger på det som visas." in text_of(folder, "matt/planer.html")

    def test_a_hidden_cell_is_told_and_nowhere_shown(self, folder):
        assert "2025-12: dolt" in text_of(folder, "omraden/0484.html")
        run = re.search(r'data-file="planer-manader-0484".*?</figure>', (folder / "matt/planer.html").read_text(encoding="utf-8"), re.S)[0]
        assert re.search(r'<th scope="row">2025-12</th><td class="number"[^>]*>–</td>', run)

    def test_a_held_measure_says_since_when(self, folder):
        assert "Trygghet i vården sedan 2026-02-01 01:00: Svaret krympte." in text_of(folder, "index.html")
        assert "hålls tillbaka" in text_of(folder, "omraden/0486.html")

    def test_a_gap_is_shown_as_a_gap(self, folder):
        assert "Inget mått än" in text_of(folder, "indikatorer/lan-rehab.html")
        assert "planerat, ingen källa än" in text_of(folder, "malomraden/lan-god.html")

    def test_a_yes_is_told_and_not_drawn(self, folder):
        assert "Ja, sedan 2025-03-01" in text_of(folder, "omraden/0484.html")
        assert '<svg class="chart"' not in (folder / "matt/avtal.html").read_text(encoding="utf-8")

    def test_a_break_and_an_initiative_are_marked_and_told(self, folder):
        page = (folder / "matt/trygghet.html").read_text(encoding="utf-8")
        assert "Brott i serien 2021-01-01: Ny fråga i enkäten." in page and "Streck 1, 2022-06-01: SIP-samordnare: start." in page
        assert ">Brott i serien</text>" in page and ">1</text>" in page

    def test_a_surveys_answers_stand_wave_by_wave_and_hidden_ones_are_hidden(self, folder):
        text = text_of(folder, "matt/trygghet.html")
        assert "«Känner du dig trygg?»" in text and "Andelen var 75 och är 78 procent." in text
        assert "Ja 75 % (30 av 40) 78 % (31 av 40)" in text and "Nej 25 % (10 av 40) dolt" in text

    def test_what_initiatives_came_to_stands_where_they_belong(self, folder):
        page = text_of(folder, "matt/trygghet.html")
        assert page.count("Före och efter gemensamma satsningar") == 1 and "Ingen säker skillnad." in page

    def test_preliminary_figures_say_so(self, folder):
        assert "2025, preliminärt" in text_of(folder, "omraden/0428.html")
        assert "2025, preliminärt, 3 av 4 kommuner" in text_of(folder, "omraden/04.html")
        assert "(preliminärt)" in text_of(folder, "matt/trygghet.html")

    def test_a_measure_of_two_frameworks_has_a_part_for_each(self, folder):
        page = (folder / "matt/trygghet.html").read_text(encoding="utf-8")
        assert 'id="in-04"' in page and 'id="in-00"' in page

    def test_text_from_the_catalogue_is_no_markup(self, folder):
        assert "Jämför med &lt;försiktighet&gt; &amp; omsorg." in (folder / "matt/trygghet.html").read_text(encoding="utf-8")

    def test_a_county_without_tiles_is_a_list(self, folder, monkeypatch):
        assert 'class="tiles"' in (folder / "index.html").read_text(encoding="utf-8")
        monkeypatch.setattr("naravard_pipeline.site.parts.read_tiles", dict)
        page = build_site(connect(), RELEASE).pages["index.html"]
        assert 'class="tiles"' not in page and 'class="places"' in page and "Eskilstuna" in page

    def test_every_chart_has_its_text_and_its_table(self, folder):
        for path in all_pages(folder):
            for figure in re.findall(r"<figure.*?</figure>", path.read_text(encoding="utf-8"), re.S):
                assert re.search(r'<svg class="chart" data-key="\w+" role="img" aria-label="[^"]{20,}"', figure), path
                assert figure.count("<tr>") > 1 and 'class="source"' in figure

    def test_the_same_release_gives_the_same_pages_and_nothing_is_drawn_twice(self, folder, monkeypatch):
        monkeypatch.setattr("vl_convert.vegalite_to_svg", lambda *a, **k: pytest.fail("drawn again"))
        again = build_site(connect(), RELEASE, folder)
        assert all((folder / path).read_text(encoding="utf-8") == text for path, text in again.pages.items())

    def test_a_figure_that_has_changed_is_drawn_anew(self, folder):
        changed = [row | {"value": 77.0} if row["area_code"] == "0484" else row for row in tables()["fct_composites"]]
        page = build_site(connect({"fct_composites": changed}), RELEASE, folder).pages["omraden/0484.html"]
        keys = [set(find_drawn([text])) for text in (page, (folder / "omraden/0484.html").read_text(encoding="utf-8"))]
        assert "77,0" in page and not keys[0] & keys[1]


def test_every_query_fits_the_published_tables(monkeypatch, tmp_path):
    # A release of few tables has few pages, so what does not fit is passed over; a column misspelt would never be missed.
    connection, failed = duckdb.connect(), []
    for table, columns in read_promise().columns.items():
        connection.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")

    def watched(connection, query):
        try:
            connection.execute(query)
        except duckdb.Error as error:
            failed.append(f"{error}")
        return []

    for module in (facts, measure_pages):
        monkeypatch.setattr(module, "read_rows", watched)
    facts.read_facts(connection, RELEASE)
    measure_pages.write_measure_pages(connection, tmp_path, RELEASE)
    assert failed == []


class TestOddReleases:
    def test_a_release_without_frameworks_has_a_start_page(self):
        site = build_site(duckdb.connect(), RELEASE)
        assert list(site.pages) == ["index.html"] and "matt/index.html" in site.pages["index.html"]

    def test_a_framework_may_have_one_municipality_only(self):
        own = [{"framework_id": "lan", "area_code": a} for a in ("04", "0484")] + [{"framework_id": "landet", "area_code": "00"}]
        site = build_site(connect({"bridge_framework_areas": own}), RELEASE)
        assert {p for p in site.pages if p.startswith("omraden/")} == {"omraden/00.html", "omraden/04.html", "omraden/0484.html"}
        assert "Eskilstuna" in site.pages["indikatorer/lan-trygg.html"]

    def test_a_page_that_cannot_be_built_is_named(self, monkeypatch):
        monkeypatch.setattr(pages.indices, "aggregated", lambda *a, **k: 1 / 0)
        with pytest.raises(SiteError, match=r"ZeroDivisionError"):
            build_site(connect(), RELEASE)

    def test_a_measure_that_no_framework_follows_has_its_figures(self, folder):
        assert 'id="in-04"' in (folder / "matt/folkmangd.html").read_text(encoding="utf-8")


def test_the_map_has_every_municipality_of_sormland():
    assert len(read_tiles()["04"]) == 9 == len(set(read_tiles()["04"].values()))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"Flen": 48.4, "Gnesta": 47.6, "Trosa": 41.0}, "Högst Flen och Gnesta (48), lägst Trosa (41)"),
        ({"Flen": 1.2, "Gnesta": 1.4}, "Alla har 1"),
        ({"A": 2.0, "B": 1.0, "C": 1.1, "D": 1.2, "E": 0.9}, "Högst A (2), lägst 4 kommuner (1)"),
    ],
)
def test_nobody_is_first_or_last_by_decimals_that_nobody_sees(values, told):
    assert extremes(list(values.items()), 0) == told


@pytest.mark.parametrize(("baseline", "word"), [("better", "har ökat"), ("no_different", "för kort serie")])
def test_what_chance_explains_is_no_movement(baseline, word):
    said = {"trend": "too_short", "movement": "up", "comparison_baseline": baseline}
    assert _trend(said).word_sv == word


def test_names_stand_beside_the_dots_in_the_order_in_which_the_dots_lie():
    connection = connect()
    connection.execute("update dim_measures set decimals = 0 where measure_id = 'trygghet'")
    values = "case area_code when '0480' then 48.6 when '0484' then 49.4 else 49.1 end"
    connection.execute(f"update fct_assessments set value = {values} where measure_id = 'trygghet' and area_code in ('0480', '0484', '0486')")
    page = build_site(connection, RELEASE).of_measures["trygghet"]
    drawn = re.search(r'data-file="trygghet-kommuner-04".*?</figure>', page, re.S)[0]
    assert [n for n in re.findall(r">([^<>]+)</t[hd]>", drawn) if n in ("Eskilstuna", "Nyköping", "Strängnäs")] == [
        "Eskilstuna",
        "Strängnäs",
        "Nyköping",
    ]
