"""The monthly report: what is late or missing, and two sides however much or little there is to say."""

import io
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from naravard_pipeline.cli.main import main
from naravard_pipeline.report import page
from naravard_pipeline.report.content import Content, Curve, Line, tell_late
from naravard_pipeline.report.scope import Basis, Scope

BASIS = Basis(date(2026, 11, 1), Path("000002-x"), None)
LONG = "Andel av invånarna med mycket sammansatta behov som har en samordnad plan enligt överenskommelsen " * 3


def measure(number=0, **values):
    fixed = {"measure_id": f"m{number}", "name_sv": LONG + str(number), "unit": "procent", "decimals": 1, "status": "published"}
    return fixed | {"frequency": "year", "next_publication_date": None, "next_period": None, "place_in_order": number} | values


def line(number, is_held=False):
    words = (("mot förra perioden", "sämre", "worse"), ("mot riket", "bättre", "better"), ("trend", "ingen tydlig förändring", "no_clear_change"))
    return Line(measure(number), "1 234,5", "2025 (prel.)", "1 234,4 2024", words, True, is_held)


def content(measures=0, is_held=False, is_demo=True):
    many = tuple((f"{LONG}{n}", LONG) for n in range(measures))
    points = tuple((2015.0 + n, 40.0 + n) for n in range(10))
    curve = Curve(LONG, "per 100 000 invånare", 1, (("Strängnäs", points), ("Riket", points)), "2015", "2024")
    effect = {"measure_id": "m", "summary_sv": LONG * 2}
    initiative = {"name_sv": LONG, "areas_sv": LONG, "is_made_up": True, "start_date": date(2025, 1, 1), "effects": [effect]}
    year = {"name_sv": LONG, "year": 2025, "value": 101.2, "is_held": is_held, "before": {"year": 2024, "value": 99.0}}
    return Content(
        scope=Scope("0486", 'Nära vård i "Strängnäs"', "Strängnäs", ("f",), "0486"),
        basis=BASIS,
        release={"release_id": "000002-20261101T000000-abcdef12", "published_at": "2026-11-01T05:00:00+00:00", "is_demo": is_demo},
        before_id=None,
        summary=("Inga nya uppgifter har kommit.",),
        composites=(year,) * min(measures, 16),
        lines=tuple(line(n, is_held) for n in range(measures)),
        moved=measures,
        better=many,
        worse=many,
        held=many if is_held else (),
        late=many,
        missing=many,
        initiatives=(initiative,) * measures,
        curves=(curve,) * min(measures, 3),
        sources=tuple(f"Källa: {LONG}{n}" for n in range(measures)),
        caveats=many,
        corrections=many,
    )


@pytest.fixture
def pdf():
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("weasyprint", exc_type=OSError, reason="WeasyPrint needs Pango")
    return lambda content: pypdf.PdfReader(io.BytesIO(page.render_pdf(content)))


@pytest.mark.parametrize(("measures", "is_held"), [(0, False), (1, True), (40, False), (300, True)])
def test_it_has_two_sides_whatever_there_is_to_say(pdf, measures, is_held):
    found = pdf(content(measures, is_held))
    assert len(found.pages) == 2
    assert [round(x) for x in found.pages[0].mediabox[2:]] == [595, 842]
    last = found.pages[1].extract_text()
    assert "Källor och förbehåll" in last and "Sida 2 av 2" in last
    if measures > 12:
        assert "till, se sidan" in last
    if is_held:
        assert "hålls" in found.pages[0].extract_text()


def test_the_pdf_is_tagged_titled_swedish_and_has_its_fonts_in_it(pdf):
    found = pdf(content(2))
    root = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "sv" and "Lägesrapport november 2026" in found.metadata.title
    for side in found.pages:
        for font in side["/Resources"]["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & descriptor.keys()


@pytest.mark.parametrize("is_demo", [True, False])
def test_made_up_figures_say_so_on_every_side(pdf, is_demo):
    assert ["PÅHITTADE" in side.extract_text() for side in pdf(content(2, is_demo=is_demo)).pages] == [is_demo] * 2


def test_the_page_leaves_nothing_out_and_asks_no_host(tmp_path):
    text = page.render_page(content(30))
    assert all(f"{LONG.strip()}{n}"[:40] in text for n in range(30)) and "se sidan" not in text
    assert "http" not in text.replace("http://www.w3.org", "") and "<script" not in text


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


def row(label, end, value=1.0, status="ok", **values):
    return {"period_label": label, "period_end": end, "value": value, "status": status, "parts_expected": None, "parts_reported": None} | values


OLD, NEW = row("2024", date(2024, 12, 31)), row("2025", date(2025, 12, 31))
HIDDEN = row("2025", date(2025, 12, 31), None, "suppressed")
AHEAD = {"period_end": date(2025, 12, 31), "period_label": "2025", "places": 8}


@pytest.mark.parametrize(
    ("values", "rows", "ahead", "late", "missing"),
    [
        ({}, [NEW], None, None, None),
        ({"next_publication_date": date(2026, 11, 3), "next_period": "2026"}, [NEW], None, "2026 skulle ha kommit 2026-11-03", None),
        ({"next_publication_date": date(2027, 3, 1), "next_period": "2026"}, [NEW], None, None, None),
        ({}, [OLD], AHEAD, "2025 saknas här men finns för andra (8 områden)", None),
        ({}, [OLD, HIDDEN], AHEAD, None, None),  # hidden is not late, and nothing is told of it
        ({"frequency": "month"}, [row("2026-07", date(2026, 7, 31))], None, "inget efter 2026-07", None),
        ({"frequency": "month"}, [row("2026-09", date(2026, 9, 30))], None, None, None),
        ({}, [NEW | {"parts_expected": 9, "parts_reported": 7}], None, "7 av 9 har lämnat", None),
        ({}, [HIDDEN], None, None, "döljs"),
        ({}, [], None, None, "inga uppgifter"),
        ({"status": "planned"}, [], None, None, "planerat"),
    ],
)
def test_what_is_late_or_missing_is_told_with_its_reason(values, rows, ahead, late, missing):
    told = tell_late({"m0": measure(**values)}, {("m0", "0486"): rows}, {"m0": ahead} if ahead else {}, BASIS, "0486", [])
    for found, expected in zip(told, (late, missing), strict=True):
        assert len(found) == (expected is not None)
        assert all(expected in why for _, why in found)


def test_a_chart_is_told_in_words_and_the_same_each_time():
    from naravard_pipeline.report.chart import draw_curve

    curve = content(1).curves[0]
    assert draw_curve(curve) == draw_curve(replace(curve))
    assert curve.told.endswith("Senast: Strängnäs 49,0; Riket 49,0.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "antingen --framework"), (["--area", "1", "--framework", "f"], "antingen --framework"), (["--area", "0484"], "Inget är publicerat")],
)
def test_what_cannot_be_reported_is_said_with_the_remedy(arguments, said, tmp_path):
    result = CliRunner().invoke(main, ["report", *arguments], env={"NARAVARD_HOME": str(tmp_path)})
    assert result.exit_code == 1 and said in result.output and "Traceback" not in result.output


@pytest.mark.parametrize(
    ("text", "most", "short"), [("kort", 10, "kort"), ("ett två tre fyra", 10, "ett två…"), ("x" * 30, 10, "x" * 9 + "…"), (None, 5, "")]
)
def test_a_long_text_is_cut_between_words(text, most, short):
    assert page.shorten(text, most) == short
