"""The recorded sources through the whole job: published whole though a third of all answers fails first; later only what changed is new."""

import csv
import json
from collections import Counter

import pytest
from pipeline import SHARED, naravard, needs_replay, published, replayed

pytestmark = [pytest.mark.slow, needs_replay, pytest.mark.xdist_group("replay")]

RECORDED = ("U79135", "N79176", "U79092", "N79173", "U20462", "N70808")
SNAPSHOTS = "select measure_id, snapshot_id from dim_snapshots"
OBSERVATIONS = """
    select measure_id, area_code, period_start, period_end, sex, age_group, reporter, value, status, source_status, is_held
    from fct_observations order by all
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A home after one run on the first edition, of whose answers a third fails first."""
    home = tmp_path_factory.mktemp("replay")
    with replayed("--faults", "0.3", "--seed", "7") as urls:
        result = naravard(home, "run", **urls)
    assert result.exit_code == 0, result.output
    return home, published(home, OBSERVATIONS)


def test_every_recorded_figure_is_published_as_recorded(world):
    home, _ = world
    with open(SHARED / "replay" / "data" / "kolada" / "values_recorded.csv", encoding="utf-8", newline="") as file:
        recorded = {(r["kpi"], r["municipality"], int(r["period"])): float(r["value"]) for r in csv.DictReader(file) if r["kpi"] in RECORDED}
    assert len(recorded) == 1151
    rows = published(
        home,
        """
        select m.source_code, a.kolada_code, year(o.period_end), o.value
        from fct_observations o join dim_measures m using (measure_id) join dim_areas a using (area_code)
        where m.source_code in ? and o.sex = 'total' and a.area_type in ('nation', 'region') and o.status = 'ok' and not o.is_held
        """,
        list(RECORDED),
    )
    assert len(rows) == 1151
    assert {row[:3]: row[3] for row in rows} == recorded


def test_the_marts_show_them_for_the_county(world):
    home, _ = world
    [(mart, facts)] = published(
        home,
        """
        select (select count(*) from mart_sormland_tillsammans where measure_id = 'utskrivningsklara_dygn' and area_code = '04'),
               (select count(*) from fct_observations where measure_id = 'utskrivningsklara_dygn' and area_code = '04')
        """,
    )
    assert mart == facts > 0


def test_nothing_made_up_is_in_a_real_release(world):
    home, _ = world
    for table in ("dim_initiatives", "bridge_initiative_areas", "bridge_initiative_measures", "fct_initiative_effects"):
        assert published(home, f"select count(*) from {table}") == [(0,)]
    # The example survey is in the catalogue, but nobody has answered it.
    assert published(home, "select count(*) from dim_measures where source_id = 'enkater'") == [(0,)]


def test_an_areas_page_can_say_all_of_it_in_a_sentence(world):
    home, _ = world
    [(said,)] = published(
        home,
        "select summary_sv from mart_sormland_tillsammans where measure_id = 'delaktighet_hemtjanst' and area_code = '0484' and place > 0",
    )
    assert said.startswith("Eskilstuna 2025: ") and "riket" in said and "liknande kommuner (median)" in said and "utvecklingen sedan" in said


def test_every_municipality_has_its_like(world):
    home, _ = world
    [(with_similar, all_of_them)] = published(
        home,
        """
        select count(a.similar_value), count(*) from fct_assessments as a join dim_areas using (area_code)
        where a.measure_id = 'delaktighet_hemtjanst' and area_type = 'municipality'
        """,
    )
    assert with_similar > 0.95 * all_of_them


def test_nothing_is_held_and_no_live_measure_is_missing(world):
    home, _ = world
    assert published(home, "select count(*) from fct_observations where is_held") == [(0,)]
    assert published(
        home,
        """
        select count(*) from dim_measures
        where source_id not in ('derived', 'utan_kalla') and not starts_with(source_id, 'local') and status <> 'planned'
            and measure_id not in (select measure_id from fct_observations)
        """,
    ) == [(0,)]


def test_one_publication_later_only_what_changed_is_new(world):
    home, before = world
    files = {p: p.stat().st_mtime_ns for p in (home / "landing").glob("*/observations/[a-z]*.parquet")}
    snapshots = dict(published(home, SNAPSHOTS))
    with replayed("--edition", "2") as urls:
        result = naravard(home, "run", **urls)
    assert result.exit_code == 3, result.output

    now = dict(published(home, SNAPSHOTS))
    changed = {m for m in now if now[m] != snapshots[m]}
    waiting = json.loads(naravard(home, "status", "--json").stdout)["waiting"]  # their new figures are landed, and shown when somebody has looked
    written = {p.stem for p in files if p.stat().st_mtime_ns != files[p]}
    derived = {m for (m,) in published(home, "select measure_id from dim_measures where source_id = 'derived'")}
    assert written == (changed | set(waiting["measures"])) - derived, "an unchanged answer was written again"
    codes = dict(published(home, "select measure_id, source_code from dim_measures where source_code is not null"))
    assert changed and not {codes.get(m) for m in changed} & set(RECORDED), "a measure whose figures are the same was read again"

    # the revised figure waits for a person, since half of it is gone
    query = """
        select value from fct_observations
        where measure_id = 'delaktighet_sarskilt_boende' and area_code = '0484' and period_label = '2024' and sex = 'total'
    """
    [old] = [r[7] for r in before if r[0] == "delaktighet_sarskilt_boende" and r[1] == "0484" and r[2].year == 2024 and r[4] == "total"]
    assert published(home, query) == [(old,)]
    decision = ["--measure", "delaktighet_sarskilt_boende", "--by", "Anna Ek", "--reason", "Kommunen har rättat"]
    approved = naravard(home, "release", "approve", waiting["candidate_id"], *decision)
    assert approved.exit_code == 3, approved.output
    [(revised,)] = published(home, query)
    assert revised == pytest.approx(old * 0.5, abs=1e-6)

    # the withdrawn key figure keeps its history and says why
    [(rows, held, reason)] = published(
        home, "select count(*), count(*) filter (is_held), any_value(held_reason) from fct_observations where measure_id = 'aterinskrivningar_kommun'"
    )
    assert rows == held == Counter(r[0] for r in before)["aterinskrivningar_kommun"]
    assert "N20506" in reason and "N20506" in result.output

    # the renamed one is told of
    status = json.loads(naravard(home, "status", "--json").stdout)
    assert any("(ny)" in note for a in status["attempts"] if a["measure_id"] == "delaktighet_hemtjanst" for note in a["notes"])

    # built bit by bit or all at once: the same
    (home / "warehouse" / "build.json").unlink()  # without its record the next build starts over
    with replayed("--edition", "2") as urls:
        assert "nothing has changed since" in naravard(home, "run", **urls).output
