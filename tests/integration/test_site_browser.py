"""The site in a real browser, opened as files: axe finds nothing in either theme, it fits a telephone, asks nobody; charts can be taken home."""

import re

import pytest
from browser import chromium, needs_chromium
from site_release import write_release

pytestmark = [needs_chromium, pytest.mark.xdist_group("site_browser")]
KINDS = {
    "start": "index.html",
    "goal area": "malomraden/lan-god.html",
    "indicator": "indikatorer/lan-trygg.html",
    "gap": "indikatorer/lan-rehab.html",
    "measure": "matt/trygghet.html",
    "months": "matt/planer.html",
    "area": "omraden/0484.html",
    "measures": "matt/index.html",
    "quality": "quality.html",
    "changes": "changes.html",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def open_page(browser, folder, path, **looks):
    page = browser.new_context(**looks).new_page()
    page.goto((folder / path).as_uri())
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(browser, folder, kind, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(browser, folder, KINDS[kind], color_scheme=theme, viewport={"width": 1280, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = Axe().run(page, options={"runOnly": RULES}).response
    assert len(found["passes"]) > 15  # it has looked
    assert not [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found["violations"]]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_its_window_or_asks_for_anything(browser, folder, width):
    asked, said = [], []
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in KINDS.values():
        page.goto((folder / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert asked == [(folder / path).as_uri() for path in KINDS.values()]
    assert not said


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_have_the_colours_of_the_theme(browser, folder, theme):
    page = open_page(browser, folder, KINDS["measure"], color_scheme=theme)
    ground = page.evaluate("getComputedStyle(document.querySelector('.chart rect')).fill")
    assert ground == page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (theme == "light")


def test_the_switch_turns_the_theme_and_remembers_it(browser, folder):
    page = open_page(browser, folder, KINDS["start"], color_scheme="light")
    button = page.get_by_role("button", name="Mörkt")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.goto((folder / KINDS["goal area"]).as_uri())
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def taken(page, form, name="trygghet-04"):
    with page.expect_download() as waiting:
        page.locator(f'figure[data-file="{name}"] button[data-get="{form}"]').click()
    assert waiting.value.suggested_filename == f"{name}.{form}"
    return open(waiting.value.path(), "rb").read()


def test_what_is_shown_can_be_taken_home(browser, folder):
    page = open_page(browser, folder, KINDS["measure"], color_scheme="dark")
    csv = taken(page, "csv").decode("utf-8")
    lines = csv.removeprefix("\ufeff").split("\r\n")
    assert csv.startswith("\ufeff") and lines[0] == '"Period";"Region Sörmland";"Undre gräns";"Övre gräns";"Riket"'
    assert '"2025";"1038,0";"1036,0";"1040,0";"1047,0"' in lines and '"Påhittade uppgifter för demonstration"' in lines
    svg = taken(page, "svg").decode("utf-8")
    assert "var(" not in svg and "Trygghet i vården" in svg and "Region Sörmland över tid" in svg and "#0f5f87" in svg
    png = taken(page, "png")
    assert png.startswith(b"\x89PNG") and int.from_bytes(png[16:20], "big") > 900


def test_a_preliminary_figure_is_a_number_in_the_file(browser, folder):
    page = open_page(browser, folder, KINDS["measure"])
    csv = taken(page, "csv", "trygghet-kommuner-over-tid-04").decode("utf-8")
    assert re.search(r'^"2025";("[\d,]+";?)+\r$', csv, re.M), csv


def test_on_paper_there_is_no_menu_and_the_ground_is_white(browser, folder):
    page = open_page(browser, folder, KINDS["area"], color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.get_by_role("navigation", name="Sidor").is_visible()
    assert not page.locator(".get").first.is_visible()


def test_the_first_tab_leads_to_the_content(browser, folder):
    page = open_page(browser, folder, KINDS["area"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Till innehållet"
