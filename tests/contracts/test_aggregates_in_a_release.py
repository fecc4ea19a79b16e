"""An aggregated indicator mixes measures: no figure that was held back may reach readers through it."""

from datetime import UTC, datetime

import duckdb
import pytest

from naravard_pipeline.publication.assembly import assemble
from naravard_pipeline.publication.contract import Column, Relation, Table
from naravard_pipeline.publication.gate import Hold, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FLAGS = {"is_held": "boolean", "held_reason": "varchar", "held_since": "timestamp"}
KEY = {"framework_id": "varchar", "goal_area_id": "varchar", "indicator_id": "varchar"}


def table(name, key, relations=(), **kinds):
    return Table(name, "", tuple(Column(c, k, "") for c, k in kinds.items()), key, relations)


TO_MEASURES = (Relation("measure_id", "dim_measures", "measure_id"),)
TABLES = (
    table("dim_goal_areas", (), framework_id="varchar", goal_area_id="varchar"),
    table("dim_initiatives", ("initiative_id",), initiative_id="varchar"),
    table("dim_measures", ("measure_id",), measure_id="varchar", name_sv="varchar", status="varchar", computed_from="varchar"),
    table("bridge_initiative_measures", (), TO_MEASURES, initiative_id="varchar", measure_id="varchar"),
    table("fct_observations", ("measure_id",), TO_MEASURES, measure_id="varchar", value="double", **FLAGS),
    table("fct_composites", (*KEY, "year"), **KEY, year="bigint", value="double", **FLAGS),
    table("fct_composite_parts", (*KEY, "year", "measure_id"), TO_MEASURES, **KEY, year="bigint", measure_id="varchar", score="double", **FLAGS),
    table(
        "fct_initiative_effects",
        ("initiative_id", "measure_id"),
        (Relation("initiative_id", "dim_initiatives", "initiative_id"),),
        initiative_id="varchar",
        measure_id="varchar",
        effect="double",
        **FLAGS,
    ),
)
INDICES = {"access": ("a", "b"), "trust": ("c",)}


class World:
    """A last release and a candidate; in each, ``figure`` is the value of every row, so that it shows where a row came from."""

    def __init__(self):
        self.connection = duckdb.connect()

    def fill(self, database, figure, measures="abc", initiatives=("i",), indices=INDICES):
        run = self.connection.execute
        run(f"attach ':memory:' as {database}")
        for t in TABLES:
            run(f"create table {database}.{t.name} ({', '.join(f'{c.name} {c.type}' for c in t.columns)})")
        run(f"insert into {database}.dim_goal_areas values ('f', 'g')")
        for initiative in initiatives:
            run(f"insert into {database}.dim_initiatives values (?)", [initiative])
            run(f"insert into {database}.bridge_initiative_measures values (?, 'a')", [initiative])
            run(f"insert into {database}.fct_initiative_effects values (?, 'a', ?, false, null, null)", [initiative, figure])
        for m in measures:
            run(f"insert into {database}.dim_measures values (?, ?, 'published', null)", [m, f"Mått {m}"])
            run(f"insert into {database}.fct_observations values (?, ?, false, null, null)", [m, figure])
        for index, parts in indices.items():
            run(f"insert into {database}.fct_composites values ('f', 'g', ?, 2024, ?, false, null, null)", [index, figure])
            for m in set(parts) & set(measures):
                run(f"insert into {database}.fct_composite_parts values ('f', 'g', ?, 2024, ?, ?, false, null, null)", [index, m, figure])

    def release(self, *held):
        holds = {m: Hold(m, "bad", "Fel.", NOW) for m in held}
        assemble(self.connection, TABLES, Verdict(holds, []), NOW)

    def indices(self):
        return dict(self.connection.execute("select indicator_id, (value, is_held) from fct_composites").fetchall())


@pytest.fixture
def world():
    return World()


def test_without_a_held_measure_everything_is_new(world):
    world.fill("last", 1.0)
    world.fill("candidate", 2.0)
    world.release()
    assert world.indices() == {"access": (2.0, False), "trust": (2.0, False)}


def test_an_index_with_a_held_measure_stays_whole_as_it_was(world):
    world.fill("last", 1.0)
    world.fill("candidate", 2.0)
    world.release("a")
    assert world.indices() == {"access": (1.0, True), "trust": (2.0, False)}
    parts = world.connection.execute("select measure_id, score, is_held, held_reason from fct_composite_parts order by 1").fetchall()
    reason = "Ett mått i indexet hålls tillbaka: Mått a."
    assert parts == [("a", 1.0, True, reason), ("b", 1.0, True, reason), ("c", 2.0, False, None)]


def test_an_index_is_never_said_to_rest_on_a_measure_that_was_not_in_it(world):
    world.fill("last", 1.0, indices={"access": ("b",), "trust": ("c",)})
    world.fill("candidate", 2.0)
    world.release("a")
    assert world.indices() == {"access": (1.0, True), "trust": (2.0, False)}
    [(reason,)] = world.connection.execute("select distinct held_reason from fct_composites where is_held").fetchall()
    assert reason == "Ett mått som är nytt i indexet hålls tillbaka: Mått a. Till dess visas indexet som det var utan det."
    assert world.connection.execute("select measure_id from fct_composite_parts where indicator_id = 'access'").fetchall() == [("b",)]


def test_an_index_may_wait_for_an_old_measure_and_a_new_one(world):
    world.fill("last", 1.0, indices={"access": ("b",), "trust": ("c",)})
    world.fill("candidate", 2.0)
    world.release("a", "b")
    [(reason,)] = world.connection.execute("select distinct held_reason from fct_composites where is_held").fetchall()
    assert reason.startswith("Ett mått i indexet hålls tillbaka: Mått b. Ett mått som är nytt i indexet hålls tillbaka: Mått a.")


def test_an_index_that_was_never_released_is_left_out_while_a_measure_is_held(world):
    world.fill("candidate", 2.0)
    world.release("a")
    assert world.indices() == {"trust": (2.0, False)}


def test_a_held_measure_that_lost_all_its_figures_still_holds_its_index(world):
    world.fill("last", 1.0)
    world.fill("candidate", 2.0, indices={"access": ("b",), "trust": ("c",)})
    world.release("a")
    assert world.indices()["access"] == (1.0, True)


def test_an_index_with_a_measure_that_left_the_catalogue_does_not_come_back(world):
    world.fill("last", 1.0, measures="abcd", indices={"access": ("a", "d"), "trust": ("c",)})
    world.fill("candidate", 2.0)
    world.release("a")
    assert world.indices() == {"trust": (2.0, False)}


def test_an_initiative_that_left_the_register_takes_its_effects_along(world):
    world.fill("last", 1.0, initiatives=("i", "gone"))
    world.fill("candidate", 2.0)
    world.release("a")
    assert world.connection.execute("select initiative_id, effect, is_held from fct_initiative_effects").fetchall() == [("i", 1.0, True)]
    assert world.connection.execute("select initiative_id, measure_id from bridge_initiative_measures").fetchall() == [("i", "a")]
