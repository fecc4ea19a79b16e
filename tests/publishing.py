"""A warehouse of a few rows, built by hand, to try the gate and the release on in milliseconds."""

from datetime import UTC, datetime
from functools import cache

import duckdb

from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.build import BuildRecord, TestResult, fingerprints, project_fingerprint, write_build
from naravard_pipeline.publication.checks import record_checks
from naravard_pipeline.publication.contract import Column, Relation, Table
from naravard_pipeline.publication.release import Publication, publish
from naravard_pipeline.quality import Outcome, read_suites
from naravard_pipeline.settings import EXPECTATIONS, Settings


def _columns(**kinds: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, f"What {name} is.") for name, kind in kinds.items())


TABLES = (
    Table("dim_areas", "One row per area.", _columns(area_code="varchar", area_type="varchar", parent_code="varchar"), ("area_code",), ()),
    Table("bridge_area_groups", "One row per area and group.", _columns(group_id="varchar", area_code="varchar"), ("group_id", "area_code"), ()),
    Table(
        "dim_measures",
        "One row per measure.",
        _columns(
            measure_id="varchar",
            name_sv="varchar",
            status="varchar",
            attribution="varchar",
            computed_from="varchar",
            source_id="varchar",
            value_type="varchar",
            suppression_threshold="integer",
        ),
        ("measure_id",),
        (Relation("source_id", "dim_sources", "source_id"),),
    ),
    Table(
        "dim_sources",
        "One row per source.",
        _columns(source_id="varchar", url="varchar", attribution="varchar", licence="varchar", licence_url="varchar"),
        ("source_id",),
        (),
    ),
    Table(
        "fct_observations",
        "One row per measure, area and period.",
        _columns(
            measure_id="varchar",
            area_code="varchar",
            period_start="date",
            period_end="date",
            period_label="varchar",
            sex="varchar",
            age_group="varchar",
            reporter="varchar",
            value="double",
            numerator="double",
            denominator="double",
            answers="double",
            status="varchar",
            suppression="varchar",
            snapshot_id="varchar",
            is_held="boolean",
            held_reason="varchar",
            held_since="timestamp",
        ),
        ("measure_id", "area_code", "period_end"),
        (Relation("area_code", "dim_areas", "area_code"), Relation("measure_id", "dim_measures", "measure_id")),
    ),
    Table(
        "mart_county_goal",
        "One row per measure, area and period, and one per gap.",
        _columns(
            indicator_id="varchar",
            measure_id="varchar",
            area_code="varchar",
            period_end="date",
            value="double",
            has_figures="boolean",
            is_held="boolean",
            held_reason="varchar",
            held_since="timestamp",
        ),
        ("indicator_id", "measure_id", "area_code", "period_end"),
        (Relation("measure_id", "dim_measures", "measure_id"),),
    ),
)
COMPUTED_FROM = {"rate": "plans,people"}  # the derived measure of this warehouse
TEST_NAMES = ["keys_are_unique", "areas_exist"]


@cache
def _suites():
    return read_suites(EXPECTATIONS)


class Bench:
    """One home, with a warehouse that ``build`` fills and ``check`` checks, as dbt and Great Expectations would."""

    def __init__(self, home, is_demo: bool = False):
        self.settings = Settings(home=home, is_demo=is_demo)
        self.settings.warehouse.mkdir(parents=True)

    def build(
        self,
        figures: dict[str, dict[str, float]],
        *,
        drafts: tuple[str, ...] = (),
        retired: tuple[str, ...] = (),
        indicators: dict[str, str] | None = None,
        tests: list[TestResult] | None = None,
    ) -> None:
        """``figures``: measure → area → value, all of 2024; under indicator i unless ``indicators`` says otherwise."""
        self.fill(figures, drafts, retired, indicators or {})
        good = [TestResult(name, "fct_observations", "critical", "pass", 0, None, []) for name in TEST_NAMES]
        with duckdb.connect(str(self.settings.database), read_only=True) as connection:
            prints = fingerprints(connection, TABLES, "warehouse")
        done = good if tests is None else tests
        record = BuildRecord("build", "2026-01-01T00:00:00+00:00", "0.1.0", "code", TEST_NAMES, done, prints, project_fingerprint())
        write_build(self.settings, record)

    def fill(self, figures, drafts=(), retired=(), indicators=None) -> None:
        self.settings.database.unlink(missing_ok=True)
        with duckdb.connect(str(self.settings.database)) as connection:
            for table in TABLES:
                connection.execute(f"create table {table.name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")
            areas = sorted({area for rows in figures.values() for area in rows} | {"00"})
            kinds = {"00": "nation", "04": "region"}
            connection.executemany(
                "insert into dim_areas (area_code, area_type, parent_code) values (?, ?, ?)",
                [[a, kinds.get(a, "municipality"), None if a == "00" else "00" if a in kinds else "04"] for a in areas],
            )
            connection.execute("insert into dim_sources values ('kolada', 'https://www.kolada.se', 'Källa: Kolada', 'Fri.', null)")
            connection.execute("insert into mart_county_goal values ('gap', null, null, null, null, false, false, null, null)")
            for measure, rows in figures.items():
                status = "draft" if measure in drafts else "retired" if measure in retired else "published"
                connection.execute(
                    "insert into dim_measures values (?, ?, ?, 'Källa: Kolada', ?, 'kolada', 'share', 5)",
                    [measure, measure.title(), status, COMPUTED_FROM.get(measure)],
                )
                for area, value in rows.items():
                    connection.execute(
                        "insert into fct_observations values (?, ?, '2024-01-01', '2024-12-31', '2024', 'total', 'total', 'source', ?, null, null, "
                        "null, 'ok', null, 's', false, null, null)",
                        [measure, area, value],
                    )
                    connection.execute(
                        "insert into mart_county_goal values (?, ?, ?, '2024-12-31', ?, true, false, null, null)",
                        [(indicators or {}).get(measure, "i"), measure, area, value],
                    )

    def check(self, *failed: Outcome, leave_out: str | None = None) -> None:
        """Every required expectation holds, but for ``failed``."""
        by_name = {(o.suite, o.check): o for o in failed}
        outcomes = [
            by_name.get((s.name, e.name), Outcome(e.name, s.name, s.table, e.severity, b.scope, True, e.name_sv, e.reason, e.reason_sv))
            for s in _suites()
            for b, e in s.expectations
            if e.name != leave_out
        ]
        record_checks(self.settings, TABLES, _suites(), outcomes)

    def keep(self, measure: str) -> None:
        """The last answer for the measure was refused."""
        landed = Landed(
            measure,
            "kolada",
            "kept",
            datetime(2026, 3, 1, tzinfo=UTC),
            "It shrank.",
            "Källans svar krympte.",
            "s",
            kept_since=datetime(2026, 2, 1, tzinfo=UTC),
        )
        Landing(self.settings.landing).record(landed)

    def publish(self) -> Publication:
        return publish(self.settings, TABLES)

    def released(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.settings.published / "current" / "naravard.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


def breach(measures: dict[str, int], severity: str = "critical") -> Outcome:
    """The measures' own bounds do not hold; for no measure at all, it concerns the release."""
    suite, expectation = next((s, e) for s in _suites() for b, e in s.expectations if s.table == "fct_observations" and b.scope == "measure")
    return Outcome(
        expectation.name,
        suite.name,
        suite.table,
        severity,
        "measure" if measures else "release",
        False,
        expectation.name_sv,
        expectation.reason,
        expectation.reason_sv,
        100,
        sum(measures.values()) or 1,
        [],
        measures,
    )
