"""A notice that a figure was wrong stands beside the measure wherever it is shown, and in the marts in the rows that it is about."""

import re
from datetime import datetime
from html import unescape

import duckdb
import pytest
from site_release import RELEASE, connect, tables, write_release

from naravard_pipeline.publication.assembly import assemble
from naravard_pipeline.publication.contract import Column, Table
from naravard_pipeline.publication.decisions import Entry
from naravard_pipeline.publication.gate import Verdict
from naravard_pipeline.publication.measure_pages import write_measure_pages
from naravard_pipeline.site import build_site


def notice(number, text, area=None, period=None, measure="trygghet"):
    return {"number": number, "corrected_at": datetime(2026, 2, number), "measure_id": measure, "area_code": area, "period_label": period} | {
        "release_id": "1",
        "text_sv": text,
    }


NOTICES = [notice(1, "Alla år var för höga."), notice(2, "Rätt tal är <1 037>.", "0484", "2025"), notice(3, "Rätt är nej.", "0484", measure="avtal")]


def plain(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style).*?</\1>", "", html, flags=re.S))))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    drawn = write_release(tmp_path_factory.mktemp("drawn"))
    connection = connect({"meta_corrections": NOTICES})
    site = build_site(connection, RELEASE, drawn)
    folder = tmp_path_factory.mktemp("corrected")
    write_measure_pages(connection, folder, RELEASE, site.of_measures)
    return {path: plain(text) for path, text in site.pages.items()} | {
        f"matt/{p.name}": plain(p.read_text(encoding="utf-8")) for p in (folder / "matt").iterdir()
    }


ALL, ONE, YES = "Rättelse: Alla år var för höga.", "Rättelse Eskilstuna 2025: Rätt tal är <1 037>.", "Rättelse Eskilstuna: Rätt är nej."


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("index.html", (ALL, ONE, YES)),
        ("malomraden/lan-god.html", (ALL, ONE)),
        ("malomraden/lan-ihop.html", (YES,)),
        ("indikatorer/lan-trygg.html", (ALL, ONE)),
        ("indikatorer/landet-trygg.html", (ALL, ONE)),
        ("omraden/0484.html", (ALL, ONE, YES)),
        ("omraden/0480.html", (ALL,)),
        ("omraden/04.html", (ALL,)),
        ("matt/trygghet.html", (ONE,)),  # what is about all areas stands above
    ],
)
def test_it_stands_beside_the_measure_and_nowhere_else(pages, path, told):
    for text in (ALL, ONE, YES):
        assert (text in pages[path]) == (text in told), text


def test_the_page_of_the_measure_names_the_area(pages):
    assert "Rättelse 2026-02-01 01:00 Alla år var för höga." in pages["matt/trygghet.html"]
    assert "Rättelse 2026-02-02 01:00, Eskilstuna, 2025 Rätt tal är <1 037>." in pages["matt/trygghet.html"]


def test_the_start_page_shows_the_newest(tmp_path):
    many = [notice(n, f"Text {n}.") for n in range(1, 9)]
    rows = {"fct_observations": tables()["fct_observations"][:1], "fct_composites": tables()["fct_composites"][:1], "meta_corrections": many}
    page = plain(build_site(connect(rows), RELEASE).pages["index.html"]).partition("Målområden")[0].partition("Rättelser")[2]
    assert [n for n in range(1, 9) if f"Text {n}." in page.partition("Hela landet")[0]] == [4, 5, 6, 7, 8]


class TestInTheMarts:
    def columns(self):
        return {"indicator_id": "varchar", "measure_id": "varchar", "area_code": "varchar", "period_label": "varchar"}

    def released(self, *entries):
        connection = duckdb.connect()
        connection.execute("attach ':memory:' as candidate")
        connection.execute(
            "create table candidate.dim_measures as select unnest(['a', 'b']) as measure_id, 'published' as status, null::varchar as computed_from"
        )
        connection.execute("create table candidate.fct_observations as select unnest(['a', 'b']) as measure_id, 1.0 as value")
        connection.execute(
            "create table candidate.mart as select 'i' as indicator_id, m as measure_id, a as area_code, p as period_label, true as has_figures, "
            "false as is_held, null::varchar as correction_sv from unnest(['a', 'b']) as t(m), unnest(['04', '0484']) as u(a), "
            "unnest(['2024', '2025']) as v(p)"
        )
        kinds = self.columns() | {"has_figures": "boolean", "is_held": "boolean", "correction_sv": "varchar"}
        found = [
            Table("dim_measures", "", tuple(Column(c, "varchar", "") for c in ("measure_id", "status", "computed_from")), (), ()),
            Table("fct_observations", "", (Column("measure_id", "varchar", ""), Column("value", "double", "")), (), ()),
            Table("mart", "", tuple(Column(c, k, "") for c, k in kinds.items()), (), ()),
        ]
        assemble(connection, found, Verdict({}), datetime(2026, 3, 1), entries)
        query = "select measure_id || area_code || period_label, correction_sv from mart where correction_sv is not null order by 1"
        return dict(connection.execute(query).fetchall())

    def entry(self, number, text, area=None, period=None):
        about = {"area_code": area, "period_label": period}
        return Entry(
            number=number, at=f"2026-02-0{number}T08:00:00+00:00", action="corrected", role="statistician", name="X", measure_id="a",
            release_id="1", content_hash=None, reason_sv=text, details=about, previous="",
        )  # fmt: skip

    def test_nothing_stands_there_without_a_notice(self):
        assert self.released() == {}

    def test_one_for_all_stands_in_every_row_of_the_measure_and_one_for_a_figure_in_its_rows(self):
        found = self.released(self.entry(1, "Allt fel."), self.entry(2, "Rätt är 3.", "0484", "2025"))
        alone = "2026-02-01: Allt fel."
        assert found == dict.fromkeys(("a042024", "a042025", "a04842024"), alone) | {"a04842025": f"2026-02-02: Rätt är 3. {alone}"}
