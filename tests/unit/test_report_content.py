"""What the report says of a month: what is late or missing, the order of what moved, what was revised, which charts, which releases and months."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from naravard_pipeline.publication.decisions import append, log_file, next_entry
from naravard_pipeline.publication.folders import switch
from naravard_pipeline.report.curves import choose_curves, choose_places
from naravard_pipeline.report.late import tell_arrived_late, tell_late
from naravard_pipeline.report.moved import build_lines, tell_revised
from naravard_pipeline.report.scope import Basis, find_basis, list_readable, month_before
from naravard_pipeline.report.shelf import INDEX, shelf, tidy
from naravard_pipeline.settings import Settings

BASIS = Basis(date(2026, 11, 1), Path("000002-20260101T060000-abcdef12"), None)


def measure(number=0, **values):
    fixed = {"measure_id": f"m{number}", "name_sv": f"Mått {number}", "unit": "procent", "decimals": 1, "status": "published", "frequency": "year"}
    others = {"next_publication_date": None, "next_period": None, "place_in_order": number, "indicator_sv": f"i{number}", "value_type": "share"}
    return fixed | others | values


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


CAME = {
    "kind": "new_period",
    "period_label": "2025",
    "period_end": date(2025, 12, 31),
    "value_before": None,
    "value_after": 2.0,
    "change_percent": None,
}


@pytest.mark.parametrize(
    ("due", "period", "told"), [(date(2026, 10, 1), "2025", True), (date(2026, 11, 3), "2025", False), (date(2026, 10, 1), "2026", False)]
)
def test_what_was_promised_for_an_earlier_month_came_late(due, period, told):
    then = {"m0": measure(next_publication_date=due, next_period=period)}
    said = tell_arrived_late(then, {"m0": measure()}, {"m0": [CAME]}, BASIS)
    assert said == ((("Mått 0", "2025 kom nu, skulle ha kommit 2026-10-01"),) if told else ())


def assessed(previous, code, period="2025", value=None):
    words = {"comparison_previous": code, "comparison_previous_sv": code, "comparison_nation": None, "comparison_nation_sv": None}
    values = {"previous_value": previous, "previous_difference": None if value is None else value - previous, "previous_label": "2024"}
    return {"period_label": period, "trend": None, "trend_sv": None} | words | values


def test_news_come_first_and_of_them_what_is_certain_then_the_biggest():
    revised = {"kind": "revised", "period_label": "2024", "period_end": date(2024, 12, 31), "value_before": 2.0, "value_after": 3.0}
    a = {f"m{n}": assessed(100.0, code, value=value) for n, code, value in [(0, "worse", 150.0), (1, "no_different", 130.0), (3, "better", 101.0)]}
    changes = {"m1": [CAME], "m2": [revised | {"change_percent": 50.0}], "m3": [CAME]}
    series = {(f"m{n}", "0486"): [row("2025", date(2025, 12, 31), is_held=False)] for n in range(5)}
    lines = build_lines({f"m{n}": measure(n) for n in range(5)}, a, series, {}, changes, "0486")
    assert [(line.measure["measure_id"], line.news_sv) for line in lines] == [
        ("m3", "nytt"),
        ("m2", "ändrat för 2024"),
        ("m1", "nytt"),
        ("m0", ""),
        ("m4", ""),
    ]


def test_nothing_is_said_of_another_period_than_that_which_was_assessed():
    series = {("m0", "0486"): [row("2026", date(2026, 12, 31), status="preliminary", is_held=False)]}
    (line,) = build_lines({"m0": measure()}, {"m0": assessed(100.0, "worse", value=150.0)}, series, {}, None, "0486")
    assert (line.judgements, line.before_sv, line.period_label, line.is_certain) == ((), "", "2026 (prel.)", False)


def test_a_trend_that_the_latest_figures_contradict_says_so():
    series = {("m0", "0486"): [row("2025", date(2025, 12, 31), is_held=False)]}
    turned = {"trend": "worsening", "trend_sv": "försämras", "turn_sv": "men senaste perioden gick åt andra hållet"}
    said = assessed(100.0, "better", value=150.0) | turned
    (line,) = build_lines({"m0": measure()}, {"m0": said}, series, {}, None, "0486")
    assert line.judgements[-1] == ("trend", "försämras, men senaste perioden gick åt andra hållet", "worsening")


def test_a_revision_says_both_figures_and_a_withdrawal_neither():
    def change(kind, year, before, after, percent):
        end = date(year, 12, 31)
        return {"kind": kind, "period_label": str(year), "period_end": end, "value_before": before, "value_after": after, "change_percent": percent}

    rows = [change("revised", 2023, 40.0, 41.0, 2.5), change("withdrawn", 2024, 77.7, None, None), change("revised", 2022, 1.0, 2.0, 100.0)]
    ((name, said),) = tell_revised({"m0": measure(), "m1": measure(1)}, {"m0": rows, "m1": [CAME]})
    assert name == "Mått 0"
    assert said == "2024: uppgiften är tillbakadragen; 2023: 40,0 blev 41,0 (+2,5\u00a0%); och 1 perioder till"


def point(year, value=1.0, months=12, segment="s"):
    times = {"period_start": date(year, 1, 1), "period_end": date(year, 12, 31), "period_months": months, "period_label": str(year)}
    return times | {"value": value, "ci_lower": None, "ci_upper": None, "status": "ok" if value is not None else "suppressed", "segment_id": segment}


def drawn(rows, nation=(), initiatives=(), **values):
    series = {("m0", "0486"): rows, ("m0", "00"): list(nation)}
    return list(choose_curves([measure(**values)], series, ["0486", "00"], {"0486": "Strängnäs", "00": "Riket"}, initiatives))


def test_a_chart_has_the_newest_stretch_with_its_gaps_and_the_nation_over_the_same_years():
    rows = [point(2014, 9.0, segment="old"), point(2015), point(2016), point(2017, None), point(2018), point(2019, 5.0)]
    (curve,) = drawn(rows, [point(y, 2.0) for y in range(2010, 2020)])
    own, nation = curve.chart.lines
    assert [p.value for p in own.points] == [1.0, 1.0, None, 1.0, 5.0] and own.role == "focus"
    assert nation.points[0].when == 2015
    assert curve.told == "Mått 0, procent, 2015 till 2019. Senast 2019: Strängnäs 5,0; Riket 2,0."


def test_an_initiative_is_marked_on_the_measures_that_follow_it_and_told_where_it_is_seen():
    def initiative(name, year, measure_id):
        return {"name_sv": name, "start_date": year and date(year, 7, 1), "effects": [{"measure_id": measure_id}]}

    begun = [initiative("Träning", 2016, "m0"), initiative("Gammal", 2001, "m0"), initiative("Annan", 2016, "m1"), initiative("Utan dag", None, "m0")]
    (curve,) = drawn([point(y) for y in range(2015, 2020)], initiatives=begun)
    assert [(mark.text, mark.when, mark.kind) for mark in curve.chart.marks] == [("Träning", 2016.5, "initiative"), ("Gammal", 2001.5, "initiative")]
    assert curve.told.endswith("Träning började 2016.")


def test_months_and_whole_years_of_one_source_are_never_one_line():
    rows = [point(2015 + n, 100.0 if n % 2 else 1.0, 12 if n % 2 else 1) for n in range(9)]
    (curve,) = drawn(rows)
    assert {p.value for p in curve.chart.lines[0].points} == {1.0}


def test_a_count_stands_without_those_that_have_another_scale_and_few_values_without_a_chart():
    rows = [point(y) for y in range(2015, 2020)]
    assert [line.name for line in drawn(rows, rows, value_type="count")[0].chart.lines] == ["Strängnäs"]
    assert drawn(rows[:3]) == []


def test_places_stand_beside_each_other_where_most_have_values():
    places = {"0484": "Eskilstuna", "0486": "Strängnäs", "0488": "Trosa"}
    rows = [point(y) for y in range(2015, 2020)]
    series = {("m1", "0484"): rows, ("m1", "0486"): rows, ("m0", "0484"): rows}
    found = choose_places([measure(), measure(1), measure(2)], series, places)
    assert [line.name for line in found.chart.places] == ["Eskilstuna", "Strängnäs"] and found.title_sv.startswith("Mått 1")
    assert choose_places([measure()], series, places) is None


@pytest.fixture
def home(tmp_path):
    """Releases of August, October (two, the second taken back) by the clock of the readers."""
    settings = Settings(home=tmp_path)
    moments = ["2026-08-31T21:59:00+00:00", "2026-09-30T22:01:00+00:00", "2026-10-20T05:00:00+00:00"]  # the second is October for the readers
    for number, moment in enumerate(moments, start=1):
        folder = settings.published / "releases" / f"00000{number}-20260101T060000-abcdef12"
        folder.mkdir(parents=True)
        (folder / "quality.json").write_text(json.dumps({"release": {"published_at": moment}, "held": [], "left_out": [], "checks": []}))
    (settings.published / "current").symlink_to("releases/000002-20260101T060000-abcdef12")
    return settings


@pytest.mark.parametrize(
    ("month", "release", "before"),
    [
        (None, "000002-20260101T060000-abcdef12", "000001-20260101T060000-abcdef12"),
        ("2026-10", "000002-20260101T060000-abcdef12", "000001-20260101T060000-abcdef12"),
        ("2026-09", "000001-20260101T060000-abcdef12", "000001-20260101T060000-abcdef12"),
        ("2026-08", "000001-20260101T060000-abcdef12", None),
    ],
)
def test_a_month_rests_on_its_last_release_that_stands_and_the_last_before_it(home, month, release, before):
    basis = find_basis(home, month)
    assert (basis.release.name, basis.before and basis.before.name) == (release, before)


def test_what_was_taken_back_stays_so_for_the_reports_when_something_is_published_after_it(home):
    """Its number is lower than the current one's then; only the log tells."""
    log = []
    for action, release in (
        ("released", "000002-20260101T060000-abcdef12"),
        ("released", "000003-20260101T060000-abcdef12"),
        ("rolled_back", "000002-20260101T060000-abcdef12"),
        ("released", "000004-20260101T060000-abcdef12"),
    ):
        log = append(home, log, next_entry(log, action, role="statistician", reason_sv="Fel.", release_id=release))
    shutil.copytree(home.published / "releases" / "000003-20260101T060000-abcdef12", home.published / "releases" / "000004-20260101T060000-abcdef12")
    switch(home, "000004-20260101T060000-abcdef12")
    assert [folder.name for folder in list_readable(home)] == [
        "000001-20260101T060000-abcdef12",
        "000002-20260101T060000-abcdef12",
        "000004-20260101T060000-abcdef12",
    ]
    log_file(home).write_bytes(b"damaged\n")
    assert [folder.name for folder in list_readable(home)] == ["000004-20260101T060000-abcdef12"]


@pytest.mark.parametrize(("month", "said"), [("2026-07", "2026-08 till 2026-10"), ("2999-01", "2999-01"), ("oktober", "skriv år och månad")])
def test_a_month_that_cannot_be_told_is_refused_with_what_there_is(home, month, said):
    with pytest.raises(ValueError, match=said):
        find_basis(home, month)


@pytest.mark.parametrize(("day", "month"), [(date(2026, 12, 1), "2026-11"), (date(2027, 1, 1), "2026-12"), (date(2028, 3, 31), "2028-02")])
def test_the_month_that_has_gone(day, month):
    assert f"{month_before(day):%Y-%m}" == month


def test_a_report_is_there_no_longer_than_the_releases_it_rests_on(home):
    folder = shelf(home)
    folder.mkdir()
    stands = [
        ("kept", "000002-20260101T060000-abcdef12", "000001-20260101T060000-abcdef12"),
        ("taken-back", "000003-20260101T060000-abcdef12", "000001-20260101T060000-abcdef12"),
        ("gone", "000000-20260101T060000-abcdef12", None),
        ("before-gone", "000002-20260101T060000-abcdef12", "000000-20260101T060000-abcdef12"),
    ]
    for name, release, before in stands:
        told = {"month": "2026-10", "title_sv": name, "release_id": release, "before_id": before, "is_demo": False}
        (folder / f"2026-10-{name}.json").write_text(json.dumps(told))
        (folder / f"2026-10-{name}.html").touch()
    assert tidy(home) == 3 and tidy(home) == 0
    assert {p.name for p in folder.iterdir()} == {INDEX, "2026-10-kept.html", "2026-10-kept.json"}
    page = (folder / INDEX).read_text()
    assert 'href="2026-10-kept.html"' in page and "kept.pdf" not in page and "Oktober 2026" in page


def test_what_is_yes_or_no_is_told_in_words():
    from naravard_pipeline.report.moved import value_sv

    agreed = {"value_type": "yes_no", "decimals": 0}
    assert (value_sv(1.0, agreed), value_sv(0.0, agreed), value_sv(1.0, {"value_type": "count", "decimals": 0})) == ("Ja", "Nej", "1")
