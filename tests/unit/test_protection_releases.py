"""What one release tells about another, and every place where a hidden figure could stand openly."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from small_numbers import AREAS, MEMBERS, NO_DERIVATIONS, hide, observations, random_rows, release, row

from naravard_pipeline.protection import MemoryUnreadable, attack, describe, gather_memory, protect
from naravard_pipeline.protection.cells import KEY


def sexes(women, men, total=None, measure_id="plans"):
    return [row(measure_id, sex="women", value=women), row(measure_id, sex="men", value=men), row(measure_id, value=total or women + men)]


def published(rows, remembered=None, shown_before=None):
    table = observations(rows)
    return hide(table, protect(table, NO_DERIVATIONS, AREAS, MEMBERS, remembered, shown_before).hidden)


def hidden(table, *kept):
    """A release that hides just the rows of these sexes, as primary the first."""
    keys = table[table["sex"].isin(kept)][KEY]
    return hide(table, keys.assign(suppression=["primary" if s == kept[0] else "secondary" for s in keys["sex"]]))


def kinds(findings):
    return {(f.sex, f.kind, f.release) for f in findings}


class TestAcrossReleases:
    def test_a_cell_that_was_hidden_and_is_shown_is_found_unless_a_person_approved_it(self):
        first, second = published(sexes(3, 30)), hidden(observations(sexes(3, 30)), "women", "total")
        found = attack([release(first), release(second)])
        assert ("men", "shown_again", 0) in kinds(found)
        approved = {("plans", "0400", date(2025, 1, 1), date(2025, 12, 31), "men", "total", "region")}
        assert not [f for f in attack([release(first), release(second)], approved) if f.kind == "shown_again"]

    def test_what_is_shown_now_tells_what_was_hidden_then(self):
        """First women and men are hidden, now the total instead of the men: the first release's total minus the second's men."""
        table = observations(sexes(3, 30))
        approved = {("plans", "0400", date(2025, 1, 1), date(2025, 12, 31), "men", "total", "region")}
        found = attack([release(hidden(table, "women", "men")), release(hidden(table, "women", "total"))], approved)
        assert ("women", "narrow", 0) in kinds(found) and ("women", "narrow", 1) in kinds(found)

    def test_a_count_that_becomes_small_is_not_told_by_last_years_table(self):
        """All was shown; the women are corrected from 6 to 4 and the total with them. To hide the men would be no use: they are known."""
        first = published(sexes(6, 30))
        before = first[first["value"].notna()][[*KEY, "value"]]
        second = published(sexes(4, 30), shown_before=before)
        assert set(second[second["suppression"].notna()]["sex"]) == {"women", "total"}
        assert attack([release(first), release(second)]) == []
        blind = hidden(observations(sexes(4, 30)), "women", "men")
        assert kinds(attack([release(first), release(blind)])) == {("women", "narrow", 1)}

    def test_what_was_hidden_stays_hidden_when_its_neighbour_has_grown(self):
        first = published(sexes(3, 30))
        gone = first[first["suppression"].notna()][KEY]
        second = published(sexes(8, 30), remembered=gone)
        assert set(second[second["suppression"].notna()]["sex"]) == set(gone["sex"])
        assert set(second["suppression"].dropna()) == {"secondary"}
        assert attack([release(first), release(second)]) == []
        assert attack([release(first), release(published(sexes(8, 30)))])

    def test_the_same_figures_again_are_hidden_the_same_way(self):
        ratio = {
            "measure_id": "rate",
            "numerator": "plans",
            "denominator": "people",
            "denominator_year": "previous",
            "denominator_age_group": "total",
        }
        derivations = pd.DataFrame([ratio]).reindex(columns=NO_DERIVATIONS.columns).astype(object)
        rates = [{**r, "measure_id": "rate", "numerator": r["value"], "value_type": "rate"} for r in sexes(3, 30)]
        table = observations([*sexes(3, 30), *rates])
        first = protect(table, derivations, AREAS, MEMBERS).hidden
        shown = hide(table, first)
        again = protect(table, derivations, AREAS, MEMBERS, first[KEY], shown[shown["value"].notna()][[*KEY, "value"]]).hidden
        pd.testing.assert_frame_equal(first[[*KEY, "suppression"]], again[[*KEY, "suppression"]])

    def test_what_was_open_before_is_no_finding_against_the_next_release(self):
        naked = hidden(observations(sexes(3, 30)), "women")
        other = hide(observations(sexes(40, 50, measure_id="visits")), observations([])[KEY].assign(suppression=None))
        assert attack([release(naked)])
        assert attack([release(naked), release(other)]) == []

    @pytest.mark.slow
    @pytest.mark.parametrize("start", [0, 30, 60])
    def test_any_table_and_any_revision_of_it(self, start):
        for seed in range(start, start + 30):
            self._revise(seed)

    @staticmethod
    def _revise(seed):
        rng = np.random.default_rng(seed)
        rows = random_rows(rng, "plans", is_small=True)
        first = published(rows)
        revised = [{**r, "value": max(0, r["value"] + int(rng.integers(-2, 3)))} if rng.random() < 0.2 else r for r in rows]
        gone, seen = first[first["suppression"].notna()][KEY], first[first["value"].notna()][[*KEY, "value"]]
        second = published(revised, remembered=gone, shown_before=seen)
        assert not [f for f in attack([release(first), release(second)]) if f.kind == "shown_again"], seed
        assert attack([release(second)]) == [], seed

    def test_parts_that_a_revision_made_more_than_their_whole_can_be_hidden_too(self):
        """That nobody can know how much of it is a mistake makes no small count known."""
        parts = [row(area="0400", value=4), row(area="0401", value=36)]
        first = published([*parts, row(area="0402", value=54), row(area="04", value=94)])
        gone, seen = first[first["suppression"].notna()][KEY], first[first["value"].notna()][[*KEY, "value"]]
        second = published([*parts, row(area="0402", value=55), row(area="04", value=94)], remembered=gone, shown_before=seen)
        assert attack([release(second)]) == []


class TestEveryPlace:
    def test_a_figure_of_a_hidden_cell_in_any_other_table_is_found(self):
        connection = release(published(sexes(3, 30)))
        connection.execute("create table mart as select * replace (30.0 as value) from fct_observations")
        found = attack([connection])
        assert {f.table for f in found} == {"mart"}
        assert {f.sex for f in found if f.kind == "shown_elsewhere"} == {"women", "men"}

    def test_a_finding_tells_no_number(self):
        connection = release(hidden(observations(sexes(3, 317)), "women"))
        found = attack([connection])
        told = " ".join([*map(repr, found), *describe(found), *(f.sentence + f.sentence_sv for f in found)])
        assert "317" not in told and "plans, area 0400, 2025-01-01 to 2025-12-31" in told

    def test_a_release_that_cannot_be_read_is_no_proof(self, tmp_path):
        (tmp_path / "naravard.duckdb").write_text("damaged")
        with pytest.raises(duckdb.Error):
            attack([tmp_path / "naravard.duckdb", release(published(sexes(3, 30)))])

    def test_shares_and_rates_are_counts_to_him(self):
        rows = [
            row(sex=s, value=n / d * 100, numerator=n, denominator=d, value_type="share")
            for s, n, d in (("women", 3, 90), ("men", 30, 80), ("total", 33, 170))
        ]
        assert kinds(attack([release(hidden(observations(rows), "women"))])) == {("women", "narrow", 0)}
        assert attack([release(published(rows))]) == []
        rate = [
            row("rate", sex=s, value=n / 10, numerator=n, denominator=10_000, value_type="rate")
            for s, n in (("women", 3), ("men", 30), ("total", 33))
        ]
        both = hidden(observations([*sexes(3, 30), *rate]), "women", "men")
        both.loc[both["measure_id"] == "rate", ["suppression", "value", "numerator"]] = [[None, r["value"], r["numerator"]] for r in rate]
        assert {f.sex for f in attack([release(both, made_of={"rate": "people,plans"})])} == {"women"}

    def test_answers_that_few_gave_are_not_told_by_the_total(self):
        rows = [row(sex=s, value=50.0, answers=n, value_type="share") for s, n in (("women", 4), ("men", 30), ("total", 34))]
        assert attack([release(hidden(observations(rows), "women"))])
        assert attack([release(published(rows))]) == []


class TestMemory:
    def test_hidden_and_shown_cells_of_all_releases_are_gathered(self, tmp_path):
        release(published(sexes(3, 30)), tmp_path / "one.duckdb").close()
        gather_memory([tmp_path / "one.duckdb"], tmp_path / "none", tmp_path / "none", tmp_path / "memory")
        assert duckdb.sql(f"select sex from '{tmp_path}/memory/hidden_cells.parquet' order by 1").fetchall() == [("men",), ("women",)]
        assert duckdb.sql(f"select sex, value from '{tmp_path}/memory/shown_cells.parquet'").fetchall() == [("total", 33.0)]

    def test_what_a_person_approved_is_forgotten_and_what_is_remembered_is_not(self, tmp_path):
        release(published(sexes(3, 30)), tmp_path / "one.duckdb").close()
        with duckdb.connect(str(tmp_path / "one.duckdb")) as connection:
            connection.execute(f"copy (from fct_observations where sex = 'men') to '{tmp_path}/approved' (format parquet)")
            connection.execute(
                f"copy (select * replace (date '2020-01-01' as period_start) from fct_observations limit 1) to '{tmp_path}/kept' (format parquet)"
            )
        gather_memory([tmp_path / "one.duckdb"], tmp_path / "kept", tmp_path / "approved", tmp_path / "memory")
        found = duckdb.sql(f"select sex, year(period_start) from '{tmp_path}/memory/hidden_cells.parquet' order by all").fetchall()
        assert ("women", 2025) in found and len(found) == 2 and {year for _, year in found} == {2020, 2025}

    def test_without_a_release_both_tables_are_there_and_empty(self, tmp_path):
        gather_memory([], tmp_path / "none", tmp_path / "none", tmp_path / "memory")
        for name in ("hidden_cells", "shown_cells"):
            assert duckdb.sql(f"select count(*) from '{tmp_path}/memory/{name}.parquet'").fetchone() == (0,)

    def test_a_damaged_memory_stops_the_build(self, tmp_path):
        (tmp_path / "hidden_cells.parquet").write_text("damaged")
        with pytest.raises(MemoryUnreadable, match=r"hidden_cells.parquet cannot be read, and it says what must stay hidden"):
            gather_memory([], tmp_path / "hidden_cells.parquet", tmp_path / "none", tmp_path / "memory")
