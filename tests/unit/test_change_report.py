"""The report of what changed: complete for those inside, silent about what is not published, and readable."""

import json
import re

import duckdb
import pytest
from releases import AREAS, attach, cell

from naravard_pipeline.publication.change_report import SHOWN_PER_KIND, build_changes, restrict_changes
from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.changes_page import NEWEST, render_changes_page, tell_changes
from naravard_pipeline.publication.review import review

TOWNS = [code for code, _, area_type in AREAS if area_type == "municipality"]


@pytest.fixture(scope="module")
def changes() -> dict:
    connection = duckdb.connect()
    still = [cell("quiet", 1.0), cell("d", 1.0)]
    before = [cell("waits", 50.25), cell("waits", 50.25, sex="women"), cell("goes", 8.0), cell("held", 40.5), cell("gone", 1.0), *still]
    after = [cell("waits", 77.75), cell("waits", 77.75, sex="women"), cell("goes", 8.3, source_status="<b>Rättad</b>"), cell("held", 40.6), *still]
    before += [cell("many", 1000.0 + i, year, area_code=a) for i, a in enumerate(TOWNS) for year in range(2015, 2025)]
    after += [cell("many", 1001.0 + 2 * i, year, area_code=a) for i, a in enumerate(TOWNS) for year in range(2015, 2026)]
    attach(connection, "last", before)
    attach(connection, "candidate", after, {"d": {"status": "draft"}, "goes": {"name_sv": "A & B", "target_value": 3.0}})
    compare(connection)
    findings = review(connection)
    last = {"release_id": "20260101T000000-aaaaaaaa", "published_at": "2026-01-01T00:00:00"}
    return build_changes(connection, last, {"release_id": None, "is_demo": True}, findings, waiting=findings, held=["held"])


def of(changes: dict, measure_id: str) -> dict:
    return next(m for m in changes["measures"] if m["measure_id"] == measure_id)


def test_it_is_plain_json_and_waiting_ones_come_first(changes):
    assert json.loads(json.dumps(changes)) == changes
    assert (changes["measures"][0]["measure_id"], changes["measures"][0]["state"]) == ("waits", "waiting")
    assert changes["states"] == {"waiting": 1, "released": 4, "held": 1}
    assert {kind: n for kind, n in changes["totals"].items() if n} == {"new_period": 21, "revised": 214, "removed_measure": 2}


def test_rows_are_capped_largest_first_and_what_is_left_out_is_counted(changes):
    many = of(changes, "many")
    rows = many["rows"]
    assert len(rows) == SHOWN_PER_KIND and many["left_out"] == {"revised": many["counts"]["revised"] - SHOWN_PER_KIND}
    assert [abs(r["change_percent"]) for r in rows] == sorted((abs(r["change_percent"]) for r in rows), reverse=True)
    assert max(sum(r["area_code"] == a for r in rows) for a in TOWNS) == 3
    assert many["new_periods"] == [{"period_label": "2025", "cells": 21, "values": 21, "areas": 21}]


def test_women_and_men_are_left_to_their_total(changes):
    assert [(r["sex"], r["value_before"], r["value_after"]) for r in of(changes, "waits")["rows"]] == [("total", 50.25, 77.75)]


BASE = cell("m", 5.0, 2023)


def reported(before: list[dict], after: list[dict]) -> dict:
    connection = duckdb.connect()
    attach(connection, "last", before)
    attach(connection, "candidate", after)
    compare(connection)
    return build_changes(connection, {"release_id": "1", "published_at": None}, {"release_id": "2"}, review(connection))


def test_what_is_smaller_than_what_is_shown_is_counted_apart():
    noise = [("01", 1.4, 1.40001), ("02", 0.0, 0.00001), ("03", 1.4, 1.4999), ("04", 1.4, 1.5), ("05", 1.0, 3.0)]
    before, after = ([cell("m", row[side], area_code=row[0]) for row in noise] for side in (1, 2))
    changes = reported([*before, cell("n", 2.0)], [*after, cell("n", 2.01)])
    m, n = of(changes, "m"), of(changes, "n")
    assert (m["counts"], m["slight"], m["left_out"]) == ({"revised": 2}, 3, {})
    assert [(r["area_code"], round(r["change_percent"])) for r in m["rows"]] == [("05", 200), ("04", 7)]
    assert (n["counts"], n["slight"], n["rows"]) == ({}, 1, [])
    assert changes["totals"]["revised"] == 2 and changes["slight"] == 4 and restrict_changes(changes, {"n"})["slight"] == 1
    page = render_changes_page(changes)
    assert "Därtill är 4 uppgifter omräknade med mindre än vad som visas." in page and "3 uppgifter är omräknade med mindre" in page
    assert "(0,0" not in page and "0,0\u00a0%" not in page


def test_a_level_that_did_not_move_is_not_told_beside_one_that_did():
    before = [cell("m", 100.0 + i, year, area_code=a) for i, a in enumerate(TOWNS) for year in (2023, 2024)]
    last = max(r["value"] for r in before)
    after = [row | {"value": row["value"] * 2} if row["period_label"] == "2024" else row for row in before]
    after = [row | {"value": last * 3} if row["period_label"] == "2023" and row["value"] == last else row for row in after]
    levels = render_changes_page(reported(before, after)).split("Nivå (median")[1].split("</ul>")[0]
    assert "2024, " in levels and "2023, " not in levels


def test_the_largest_change_comes_first_whoever_it_concerns():
    before = [cell("still", 10.0), cell("moved", 1.0), cell("moved", 1.0, sex="women"), cell("woken", 0.0)]
    after = [cell("still", 10.1), cell("moved", 1.1), cell("moved", 3.0, sex="women"), cell("woken", 5.0)]
    changes = reported(before, after)
    assert [m["measure_id"] for m in changes["measures"]] == ["woken", "moved", "still"]
    assert [(r["sex"], r["change_percent"]) for r in of(changes, "moved")["rows"]] == [("women", 200.0)]
    gone = reported([BASE, cell("m", 1.0), cell("m", 1.0, sex="men")], [BASE, cell("m", None), cell("m", None, sex="men")])
    assert [(r["kind"], r["sex"]) for r in of(gone, "m")["rows"]] == [("withdrawn", "total")]


def test_what_is_published_tells_nothing_of_what_waits_or_is_held(changes):
    public = restrict_changes(changes, {m["measure_id"] for m in changes["measures"] if m["state"] == "released"})
    assert of(public, "waits")["state"] == "waiting" and of(public, "held")["rows"] == [] and of(public, "many") == of(changes, "many")
    assert public["totals"]["revised"] == 211 and public["totals"]["removed_measure"] == 2
    text = json.dumps(public) + render_changes_page(public, None) + "".join(tell_changes(public, 200))
    assert not re.search(r"77[.,]7|77[.,]8|40[.,]6|50[.,]2|54[.,]7", text)
    inside = json.dumps(changes) + render_changes_page(changes)
    assert re.search(r"77[.,]8", inside) and re.search(r"40[.,]6", inside)


def test_nothing_but_the_named_measures_is_left(changes):
    assert {m["measure_id"] for m in restrict_changes(changes, {"goes"})["measures"]} == {"goes", "waits", "held", "gone", "d"}


def test_the_page_says_what_waits_and_how_to_approve_it(changes):
    page = render_changes_page(changes)
    assert page.index("Väntar på beslut</h2>") < page.index("naravard release approve waits") < page.index("Ändrade mått</h2>")
    assert "50,2 → 77,8" in page or "50,3 → 77,8" in page
    assert "Påhittade uppgifter" in page and "+54,7\u00a0%" in page
    assert "A &amp; B" in page and "&lt;b&gt;Rättad" in page
    assert "naravard release approve" not in render_changes_page(changes, None)
    assert not re.search(r"<script|https?://|src=|@import|url\(", page)


class TestForReaders:
    """What a reader of the published page finds: where to go on, why a measure waits, what is gone, what was wrong."""

    @pytest.fixture
    def public(self, changes):
        return restrict_changes(changes, {m["measure_id"] for m in changes["measures"] if m["state"] == "released"})

    def holds(self):
        since = "2026-02-01T05:30:00"
        waits = {"measure_id": "waits", "held_reason": "Väntar på <granskning>: reviderat.", "held_since": since, "is_left_out": False}
        return [waits, {"measure_id": "held", "held_reason": "Kontrollen faller.", "held_since": None, "is_left_out": True}]

    def test_every_measure_that_is_still_there_leads_to_its_page_and_inside_none_does(self, public, changes):
        page = render_changes_page(public, None, self.holds())
        for measure in public["measures"]:
            is_gone = "removed_measure" in measure["counts"]
            assert (f'href="matt/{measure["measure_id"]}.html"' in page) is not is_gone, measure["measure_id"]
        assert 'href="matt/' not in render_changes_page(changes)

    def test_what_waits_or_is_held_says_why_since_when_and_what_is_shown(self, public):
        page = render_changes_page(public, None, self.holds())
        waits, held = (page.split(f'id="{m}">')[1].split("</article>")[0] for m in ("waits", "held"))
        assert "Väntar på &lt;granskning&gt;: reviderat." in waits and "senast publicerade uppgifter, sedan 2026-02-01 06:30." in waits
        assert "Kontrollen faller." in held and "Inte publicerat än." in held
        assert '<a href="quality.html">kvalitetssidan</a>' in page.split("Hålls tillbaka av en kontroll")[1].split("<article")[0]

    def test_a_removed_measure_is_told_before_what_changed_and_not_among_it(self, public):
        page = render_changes_page(public, None)
        heading = page.index("Publiceras inte längre</h2>")
        gone = [m["measure_id"] for m in public["measures"] if "removed_measure" in m["counts"]]
        assert gone and all(heading < page.index(f'id="{m}"') < page.index("Ändrade mått</h2>") and page.count(f'id="{m}"') == 1 for m in gone)

    def test_corrections_stand_first_the_newest_and_then_where_the_others_are(self, public):
        told = {"measure_id": "goes", "name_sv": "Går", "area_name_sv": "Eskilstuna", "period_label": "2024", "corrected_at": "2026-02-02T08:00:00"}
        page = render_changes_page(public, None, [], [told | {"text_sv": f"Rätt tal är <{n}>."} for n in range(NEWEST + 1)])
        assert page.index("Rättelser</h2>") < page.index("Väntar på beslut</h2>")
        assert 'Rättelse: <a href="matt/goes.html">Går</a>, Eskilstuna, 2024' in page and "Rätt tal är &lt;0&gt;." in page
        assert f"Rätt tal är &lt;{NEWEST}&gt;" not in page and "Äldre rättelser står på" in page


def test_a_first_release_says_so_in_one_line():
    connection = duckdb.connect()
    attach(connection, "candidate", [cell("m", 1.0)])
    compare(connection)
    first = build_changes(connection, None, {"release_id": "1", "published_at": "2026-01-01T00:00:00"}, review(connection))
    assert first["before"] is None and first["totals"]["new_measure"] == 1
    assert "Det finns ingen tidigare release att jämföra med: allt är nytt." in render_changes_page(first)
    assert tell_changes(first)[0].startswith("nothing to compare with")


def test_nothing_changed():
    connection = duckdb.connect()
    for name in ("last", "candidate"):
        attach(connection, name, [cell("m", 1.0)])
    compare(connection)
    same = build_changes(connection, {"release_id": "1", "published_at": None}, {"release_id": "2"}, review(connection))
    assert same["measures"] == [] and "Ingenting har ändrats." in render_changes_page(same)
    assert tell_changes(same) == ["since 1: nothing differs"]


@pytest.mark.parametrize(("width", "lines"), [(40, 5), (80, 30), (200, 100)])
def test_the_terminal_shows_one_screen(changes, width, lines):
    told = tell_changes(changes, width, lines)
    assert len(told) <= lines and max(map(len, told)) <= width
    assert any("waits" in line for line in told)


@pytest.mark.parametrize("n", [1, 4])
def test_what_has_another_status_or_series_is_told_as_such(n):
    areas = [f"06{i:02}" for i in range(n)]
    changes = reported([cell("m", None, area_code=a) for a in areas], [cell("m", None, area_code=a, status="not_applicable") for a in areas])
    assert f"Sammanlagt: {n} med ny status." in render_changes_page(changes)
