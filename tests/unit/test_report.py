"""The monthly report: what is late or missing, and two sides however much or little there is to say."""

import io
import re
import sys
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from naravard_pipeline.cli.main import main
from naravard_pipeline.report import page, shelf
from naravard_pipeline.report.content import Content
from naravard_pipeline.report.curves import choose_curves, choose_places
from naravard_pipeline.report.moved import Line
from naravard_pipeline.report.scope import Basis, Scope
from naravard_pipeline.settings import Settings

BASIS = Basis(date(2026, 11, 1), Path("000002-x"), None)
LONG = "Andel av invånarna med mycket sammansatta behov som har en samordnad plan enligt överenskommelsen " * 3


def measure(number=0, **values):
    fixed = {"measure_id": f"m{number}", "name_sv": LONG + str(number), "unit": "procent", "decimals": 1, "value_type": "share"}
    return fixed | {"indicator_sv": f"i{number}", "place_in_order": number} | values


def years(first, last, start=40.0):
    return [
        {"period_start": date(y, 1, 1), "period_end": date(y, 12, 31), "period_months": 12, "period_label": str(y), "value": start + y - first}
        | {"ci_lower": None, "ci_upper": None, "status": "ok", "segment_id": "s"}
        for y in range(first, last + 1)
    ]


def curves(number):
    series = {(f"m{n}", code): years(2015, 2024) for n in range(number) for code in ("0486", "00")}
    return tuple(choose_curves([measure(n) for n in range(number)], series, ["0486", "00"], {"0486": "Strängnäs", "00": "Riket"}))


def line(number, is_held=False):
    words = (("mot förra perioden", "sämre", "worse"), ("mot riket", "bättre", "better"), ("trend", "ingen tydlig förändring", "no_clear_change"))
    return Line(measure(number), "1 234,5", "2025 (prel.)", "1 234,4 (2024)", words, "nytt", True, 1.0, is_held)


def content(measures=0, is_held=False, is_demo=True):
    many = tuple((f"{LONG}{n}", LONG) for n in range(measures))
    places = {f"04{n:02}": f"Kommun {n}" for n in range(9)} if measures > 1 else {}
    effect = {"measure_id": "m", "summary_sv": LONG * 2}
    initiative = {"name_sv": LONG, "areas_sv": LONG, "is_made_up": True, "start_date": date(2025, 1, 1), "effects": [effect]}
    year = {"name_sv": LONG, "year": 2025, "value": 101.2, "is_held": is_held, "before": {"year": 2024, "value": 99.0}}
    return Content(
        scope=Scope("0486", 'Nära vård i "Strängnäs"', "Strängnäs", ("f",), "0486"),
        is_nation=False,
        basis=BASIS,
        release={"release_id": "000002-20261101T000000-abcdef12", "published_at": "2026-11-01T05:00:00+00:00", "is_demo": is_demo},
        before_sv="2026-10-28",
        summary=("Inga nya uppgifter har kommit.",),
        composites=(year,) * min(measures, 16),
        lines=tuple(line(n, is_held) for n in range(measures)),
        better=many,
        worse=many,
        held=many if is_held else (),
        late=many,
        arrived_late=many,
        missing=many,
        revised=many,
        corrections=many,
        initiatives=(initiative,) * measures,
        curves=curves(min(measures, 8)),
        places=choose_places([measure()], {("m0", code): years(2015, 2024) for code in places}, places) if places else None,
        sources=tuple(f"Källa: {LONG}{n}" for n in range(measures)),
        caveats=many,
    )


@pytest.fixture(scope="module")
def pdf():
    """Of as many measures as are asked for; each is made once."""
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("weasyprint", exc_type=OSError, reason="WeasyPrint needs Pango")
    return cache(lambda *arguments: pypdf.PdfReader(io.BytesIO(page.render_pdf(content(*arguments)))))


SLOW = pytest.mark.slow


@pytest.mark.parametrize(("measures", "is_held"), [(0, False), pytest.param(1, True, marks=SLOW), pytest.param(40, False, marks=SLOW), (300, True)])
def test_it_has_two_sides_whatever_there_is_to_say(pdf, measures, is_held):
    found = pdf(measures, is_held)
    assert len(found.pages) == 2
    assert [round(x) for x in found.pages[0].mediabox[2:]] == [595, 842]
    last = found.pages[1].extract_text()
    assert "Källor och förbehåll" in last and "Sida 2 av 2" in last and 'Nära vård i "Strängnäs" · lägesrapport november 2026' in last
    if measures > 12:
        assert "till, se sidan" in last
    if is_held:
        assert "hålls" in found.pages[0].extract_text()


def test_the_pdf_is_tagged_titled_swedish_and_has_its_fonts_in_it(pdf):
    found = pdf(300, True)
    root = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "sv" and "Lägesrapport november 2026" in found.metadata.title
    for side in found.pages:
        for font in side["/Resources"]["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & descriptor.keys()


@pytest.mark.parametrize(("measures", "is_held", "is_demo"), [(300, True, True), (0, False, False)])
def test_made_up_figures_say_so_on_every_side(pdf, measures, is_held, is_demo):
    found = pdf(measures, is_held) if is_demo else pdf(measures, is_held, False)
    assert ["PÅHITTADE" in side.extract_text() for side in found.pages] == [is_demo] * 2


def test_the_page_leaves_nothing_out_and_asks_no_host(tmp_path):
    text = page.render_page(content(30))
    assert all(f"{LONG.strip()}{n}"[:40] in text for n in range(30)) and "se sidan" not in text
    assert "http" not in text.replace("http://www.w3.org", "") and "<script" not in text
    assert "var(--chart-focus," in text and "--chart-focus: " in text  # its charts follow the theme


@pytest.mark.parametrize("text", ['a"}</style><b>', "å\\2 \n;", "Nära vård i Åmål"])
def test_a_name_stays_a_name_in_the_style_of_the_page(text):
    told = page._in_css(text)
    assert not set(told) & set('"<>&;\n{}')
    assert re.sub(r"\\([0-9a-f]+) ", lambda m: chr(int(m[1], 16)), told) == text


def test_without_pango_the_page_is_written_and_the_remedy_said(tmp_path, monkeypatch):
    class Lacking:
        def find_spec(self, name, path=None, target=None):
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Lacking(), *sys.meta_path])
    with pytest.raises(ValueError, match="apt-get install libpango"):
        page.write_files(content(1), tmp_path, with_pdf=True)
    assert [p.name for p in tmp_path.iterdir()] == ["2026-11-0486.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "ange ett av"),
        (["--area", "1", "--framework", "f"], "ange ett av"),
        (["--all", "--framework", "f"], "ange ett av"),
        (["--area", "0484"], "Inget är publicerat"),
    ],
)
def test_what_cannot_be_reported_is_said_with_the_remedy(arguments, said, tmp_path):
    result = CliRunner().invoke(main, ["report", *arguments], env={"NARAVARD_HOME": str(tmp_path)})
    assert result.exit_code == 1 and said in result.output and "Traceback" not in result.output


@pytest.mark.parametrize(
    ("text", "most", "short"), [("kort", 10, "kort"), ("ett två tre fyra", 10, "ett två…"), ("x" * 30, 10, "x" * 9 + "…"), (None, 5, "")]
)
def test_a_long_text_is_cut_between_words(text, most, short):
    assert page.shorten(text, most) == short


@pytest.mark.parametrize(("release", "stays"), [("000002-x", True), ("000001-x", False)])
def test_a_pdf_of_another_release_never_stands_beside_a_new_page(tmp_path, monkeypatch, release, stays):
    monkeypatch.setattr(shelf, "build_content", lambda basis, scope: content(1))
    settings, place = Settings(home=tmp_path), content(0).scope
    shelf.put(settings, Basis(BASIS.month, Path(release), None), place, with_pdf=False)
    (shelf.shelf(settings) / "2026-11-0486.pdf").touch()
    shelf.put(settings, BASIS, place, with_pdf=False)
    assert (shelf.shelf(settings) / "2026-11-0486.pdf").exists() is stays
