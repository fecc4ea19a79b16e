"""A home with files in its landing and a release of a few made-up rows, in the columns that readers are promised, to explain figures of."""

import json
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from dropped_files import NAMES, build_catalogue, build_measure, drop

from naravard_pipeline.catalogue import Catalogue, Measure
from naravard_pipeline.catalogue.queries import Combination, Ratio, Spread
from naravard_pipeline.connectors.files import FileContent
from naravard_pipeline.landing.inbox import take_in
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.explain import Explanation, explain
from naravard_pipeline.publication.folders import switch
from naravard_pipeline.settings import PROJECT, Settings

PROMISED = json.loads((PROJECT / "naravard_pipeline" / "publication" / "promise.json").read_text("utf-8"))["tables"]
USED = [
    *("dim_measures", "dim_areas", "dim_snapshots", "dim_indicators", "dim_goal_areas", "dim_initiatives", "bridge_area_groups"),
    *("bridge_indicator_measures", "bridge_goal_area_measures", "bridge_initiative_areas", "bridge_initiative_measures"),
    *("fct_observations", "fct_assessments", "fct_run_charts", "fct_composites", "fct_composite_parts", "fct_initiative_effects"),
    *("fct_surveys", "fct_survey_changes", "meta_approvals", "meta_checks", "meta_corrections"),
]
AREAS = [("00", "Riket", "nation", None), ("04", "Region Sörmland", "region", "00"), ("04-norra", "Norra Sörmland", "county_part", "04")]
AREAS += [(code, name, "municipality", "04") for code, name in NAMES.items()]
NOW = datetime(2026, 1, 5)


def measure(measure_id: str, **changes: Any) -> Measure:
    """A measure that no file gives, unless it says so."""
    return build_measure(measure_id, **{"file": None, "source_code": "U1", "source_id": "local", "name_sv": f"Måttet {measure_id}"} | changes)


def ratio(measure_id: str, **changes: Any) -> Measure:
    derived = Ratio.model_validate({"numerator": "sip_antal", "denominator": "folk", "per": 1000} | changes)
    return measure(measure_id, derived=derived, value_type="rate", source_id="derived", source_code=None)


def spread(measure_id: str, between: str) -> Measure:
    return measure(measure_id, derived=Spread(spread_of="andel", between=between), value_type="rate", source_id="derived", source_code=None)


def combined(measure_id: str, combine: str) -> Measure:
    derived = Combination(parts=("ett", "annat"), combine=combine)
    return measure(measure_id, derived=derived, source_id="derived", source_code=None)


def period(label: str) -> dict[str, Any]:
    """2025, 2025-03 or 2024-11–2025-10."""
    first, last = (label.split("–") * 2)[:2]
    start = date(int(first[:4]), int(first[5:] or 1), 1)
    year, month = int(last[:4]), int(last[5:] or 12)
    end = date(year, month, monthrange(year, month)[1])
    return {"period_label": label, "period_start": start, "period_end": end, "period_months": (year - start.year) * 12 + month - start.month + 1}


@cache
def _empty() -> bytes:
    """A database with the tables and no rows: making it takes longer than all that follows."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.duckdb"
        with duckdb.connect(str(path), config={"threads": 1}) as connection:
            for table in USED:
                connection.execute(f"create table {table} ({', '.join(f'{column} {kind}' for column, kind in PROMISED[table].items())})")
        return path.read_bytes()


class Home:
    """A home whose rows are added one by one and then published."""

    def __init__(self, home: Path, *measures: Measure):
        self.settings = Settings(home=home)
        self.measures = [build_measure(period_totals="rolling_year"), *measures]
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.releases = 0
        for code, name, kind, parent in AREAS:
            self.add("dim_areas", area_code=code, name_sv=name, area_type=kind, parent_code=parent)
        for code in ("0484", "0486"):
            self.add("bridge_area_groups", group_id="04-norra", area_code=code, group_type="county_part")
        for m in self.measures:
            about = {"name_sv": m.name_sv, "unit": m.unit, "value_type": m.value_type, "direction": m.direction, "age_group": m.age_group}
            self.add("dim_measures", measure_id=m.measure_id, source_id=m.source_id, status=m.status, attribution="Källa: påhittad", **about)

    @property
    def catalogue(self) -> Catalogue:
        return build_catalogue(*self.measures)

    def add(self, table: str, **row: Any) -> None:
        assert set(row) <= set(PROMISED[table]), set(row) - set(PROMISED[table])
        self.rows.setdefault(table, []).append(row)

    def figure(self, measure_id: str, area: str, label: str, value: float | None, **more: Any) -> dict[str, Any]:
        own = {"sex": "total", "age_group": "total", "reporter": "municipalities", "segment_id": measure_id, "is_aggregated": False}
        own |= {"is_held": False, "ci_method": "none", "status": "missing" if value is None else "ok", "snapshot_id": None}
        row = {"measure_id": measure_id, "area_code": area, "value": value, **own, **period(label), **more}
        self.add("fct_observations", **row)
        return row

    def hidden(self, measure_id: str, area: str, label: str, suppression: str = "primary", **more: Any) -> dict[str, Any]:
        return self.figure(measure_id, area, label, None, status="suppressed", suppression=suppression, **more)

    def file(self, content: FileContent) -> str:
        """Take a file in; the snapshot that it makes."""
        drop(content, self.settings.inbox)
        landing = Landing(self.settings.landing)
        [answer] = take_in(self.settings, self.catalogue, landing)
        assert answer.state == "accepted", answer.text_sv
        return landing.current("local", "sip_antal").snapshot_id

    def publish(self, held: Mapping[str, str] = {}, left_out: Mapping[str, str] = {}) -> str:
        """``held`` and ``left_out``: measure → reason."""
        self.releases += 1
        release_id = f"{self.releases:06d}-20260105T060000-abcdef12"
        folder = self.settings.published / "releases" / release_id
        folder.mkdir(parents=True)
        (folder / "naravard.duckdb").write_bytes(_empty())
        with duckdb.connect(str(folder / "naravard.duckdb"), config={"threads": 1}) as connection:
            connection.execute("begin")
            for table, rows in self.rows.items():
                for row in rows:
                    connection.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))
            connection.execute("commit")
        release = {"release_id": release_id, "published_at": NOW.isoformat(), "is_demo": True}
        kept, waiting = ([{"measure_id": m, "held_reason": r, "held_since": None} for m, r in of.items()] for of in (held, left_out))
        (folder / "quality.json").write_text(json.dumps({"release": release, "held": kept, "left_out": waiting, "checks": []}), "utf-8")
        switch(self.settings, release_id)
        return release_id

    def explain(self, measure_id: str, area: str, label: str | None, sex: str = "total") -> Explanation:
        [found] = explain(self.settings, self.catalogue, measure_id, area, label, sex)
        return found
