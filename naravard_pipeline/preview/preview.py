"""The preview of one measure, put together from its parts.

Here: the order of the steps, the checks and the comparison with the last release. Not here: landing (scratch), dbt's SQL (compiled), the figures.
"""

import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.catalogue import Catalogue, Measure
from naravard_pipeline.catalogue.marts import mart_name
from naravard_pipeline.preview.compiled import DATABASE, Compiled, build, read_compiled, run_tests
from naravard_pipeline.preview.figures import inputs_of, places_of, read_figures
from naravard_pipeline.preview.scratch import land_scratch
from naravard_pipeline.protection.memory import gather_memory
from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.folders import DATABASE as RELEASE
from naravard_pipeline.publication.folders import current_release, list_releases, read_release
from naravard_pipeline.publication.review import review
from naravard_pipeline.quality import Outcome, Suite, read_suites, run_suites, warm_up
from naravard_pipeline.settings import EXPECTATIONS, Settings

BY_MEASURE = ("fct_observations", "dim_measures")  # the tables whose checks speak of a single measure
SHOWN = 20


def preview_measure(settings: Settings, catalogue: Catalogue, measure_id: str, tell: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Everything about a measure that a run would show, as plain types:

    ``measure`` (its fields), ``is_demo``, ``notes``, ``places`` (framework, goal area, indicator, table), ``changes`` (since the last release: counts
    by kind, rows, what would wait for a person), ``checks``, ``verdict`` and what ``read_figures`` gives. ``seconds``: step → time.
    Raises ``PreviewError`` where no figure came, ``CatalogueError``, ``ValueError`` where dbt's project is broken.
    """
    measure, watch = catalogue.measures[measure_id], _Watch()
    warm_up()  # Great Expectations takes seconds to import; the source is asked meanwhile
    suites = [s for s in read_suites(EXPECTATIONS) if s.table in BY_MEASURE]
    with tempfile.TemporaryDirectory(prefix="naravard-preview-") as folder:  # readable by its owner alone
        scratch = settings.changed(home=Path(folder))
        scratch.warehouse.mkdir()
        notes = land_scratch(settings, catalogue, measure, scratch, tell)
        watch.lap("fetch")
        compiled = read_compiled(settings)
        watch.lap("compile")
        # What releases have hidden stays hidden in a preview too.
        releases = [folder / RELEASE for folder in list_releases(settings)]
        gather_memory(releases, settings.hidden_cells, settings.approved_cells, scratch.warehouse / "memory")
        database = scratch.warehouse / f"{DATABASE}.duckdb"
        build(compiled, scratch.landing, database)
        watch.lap("build")
        tell("kontrollerar")
        checks = _check(compiled, database, suites, {measure_id, *(m.measure_id for m in inputs_of(measure, catalogue))})
        watch.lap("check")
        with duckdb.connect(str(database), read_only=True) as connection:
            figures = read_figures(connection, measure, catalogue)
        changes = _compare(settings, database, measure)
        watch.lap("compare")
    return {
        "measure": measure.model_dump(mode="json", exclude_none=True),
        "is_demo": settings.is_demo,
        "notes": list(dict.fromkeys(notes)),
        "places": _describe_places(measure, catalogue),
        "changes": changes,
        "checks": checks,
        "verdict": {
            "stops_everything": any(t["severity"] == "critical" for t in checks["dbt"]),
            "is_held": any(o["severity"] == "critical" and not o["passed"] for o in checks["outcomes"]),
            "waits": bool(changes["findings"]),
        },
        **figures,
        "seconds": watch.laps,
    }


class _Watch:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = round(now - self._last, 2), now


def _check(compiled: Compiled, database: Path, suites: Sequence[Suite], measure_ids: Collection[str]) -> dict[str, Any]:
    """``outcomes``: every check of ``expectations/`` on these measures; ``dbt``: dbt's tests that do not hold, which would stop the whole release."""
    return {
        "outcomes": [_of_measures(outcome, measure_ids).to_json() for outcome in run_suites(database, suites)],
        "dbt": run_tests(compiled, database),
    }


def _of_measures(outcome: Outcome, measure_ids: Collection[str]) -> Outcome:
    """Other measures have no figures here, so what is said of them is not true."""
    if outcome.passed or not outcome.by_measure:
        return outcome
    ours = {m: n for m, n in outcome.by_measure.items() if m in measure_ids}
    rows = [row for row in outcome.rows if row.get("measure_id") in measure_ids]
    return replace(outcome, passed=not ours, by_measure=ours, failed_rows=sum(ours.values()), rows=rows)


def _compare(settings: Settings, database: Path, measure: Measure) -> dict[str, Any]:
    """What publication itself would find: kinds of change with their numbers, the largest of them, and what would wait for a person."""
    last, ours = current_release(settings), [measure.measure_id]
    with duckdb.connect() as connection:
        for name, path in (("candidate", database), ("last", last and last / RELEASE)):
            if path:
                attach(connection, path, name)
        compare(connection)
        counts = connection.execute("select kind, sum(cells) from change_rows where measure_id = ? group by all order by all", ours).fetchall()
        rows = connection.execute(
            "select r.kind, r.area_code, a.name_sv as area_name_sv, r.period_label, r.sex, r.age_group, r.value_before, r.value_after, "
            "r.change_percent from change_rows as r left join change_areas as a using (area_code) "
            "where r.measure_id = ? and r.kind in ('revised', 'withdrawn') "
            f"order by abs(r.change_percent) desc nulls first, r.period_start desc, r.area_code limit {SHOWN}",
            ours,
        )
        names = [d[0] for d in rows.description]
        shown = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
        changed = connection.execute("select column_name, text_before, text_after from definition_rows where measure_id = ?", ours).fetchall()
        findings = [finding.to_json() for finding in review(connection).get(measure.measure_id, [])]
    return {
        "before": read_release(last)["release"]["release_id"] if last else None,
        "counts": {kind: int(cells) for kind, cells in counts},
        "rows": shown,
        "definitions": [dict(zip(("column", "before", "after"), row, strict=True)) for row in changed],
        "findings": findings,
    }


def _describe_places(measure: Measure, catalogue: Catalogue) -> list[dict[str, str]]:
    return [
        {
            "framework_sv": framework.name_sv,
            "goal_area_sv": next(g.name_sv for g in framework.goal_areas if g.goal_area_id == goal_area_id),
            "indicator_sv": framework.indicators[indicator_id].name_sv,
            "table": mart_name(framework.framework_id, goal_area_id),
        }
        for framework, goal_area_id, indicator_id in places_of(measure, catalogue)
    ]
