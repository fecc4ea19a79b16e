"""The files that follow from the catalogue: one mart per framework and goal area, and the checks on it.

Here: their text. Every mart is the same macro with two names in it, so a new goal area is a line of YAML and one command
(``make generate``), never a file of dbt or of ``expectations/`` written by hand. Not here: what a mart contains, which is dbt's macro
``goal_area_mart``.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from naravard_pipeline.catalogue.frameworks import Deprecated
from naravard_pipeline.catalogue.models import Catalogue
from naravard_pipeline.catalogue.problems import Problem

NOTICE = "Written by `make generate` from sources/frameworks/{framework_id}.yml; change that file, not this one."

# Column and type, in the order of the macro. The descriptions stand in models/columns.md.
COLUMNS = {
    "framework_id": "varchar",
    "goal_area_id": "varchar",
    "goal_area_name_sv": "varchar",
    "indicator_id": "varchar",
    "indicator_name_sv": "varchar",
    "indicator_sort_order": "integer",
    "measure_id": "varchar",
    "measure_name_sv": "varchar",
    "official_name_sv": "varchar",
    "is_proposal": "boolean",
    "system_level": "varchar",
    "measure_status": "varchar",
    "unit": "varchar",
    "value_type": "varchar",
    "direction": "varchar",
    "decimals": "integer",
    "area_code": "varchar",
    "area_name_sv": "varchar",
    "area_type": "varchar",
    "area_sort_order": "integer",
    "is_own_area": "boolean",
    "period_start": "date",
    "period_end": "date",
    "period_months": "bigint",
    "period_label": "varchar",
    "sex": "varchar",
    "age_group": "varchar",
    "value": "double",
    "numerator": "double",
    "denominator": "double",
    "ci_lower": "double",
    "ci_upper": "double",
    "ci_method": "varchar",
    "answers": "double",
    "since_date": "date",
    "value_sv": "varchar",
    "status": "varchar",
    "suppression": "varchar",
    "reporter": "varchar",
    "is_aggregated": "boolean",
    "parts_reported": "integer",
    "parts_expected": "integer",
    "previous_value": "double",
    "change_from_previous": "double",
    "nation_value": "double",
    "county_value": "double",
    "is_latest_period": "boolean",
    "comparison_nation": "varchar",
    "comparison_nation_sv": "varchar",
    "comparison_county": "varchar",
    "comparison_county_sv": "varchar",
    "comparison_similar": "varchar",
    "comparison_similar_sv": "varchar",
    "comparison_previous": "varchar",
    "comparison_previous_sv": "varchar",
    "comparison_baseline": "varchar",
    "comparison_baseline_sv": "varchar",
    "similar_value": "double",
    "similar_q1": "double",
    "similar_q3": "double",
    "similar_count": "bigint",
    "place": "bigint",
    "place_last": "bigint",
    "place_of": "bigint",
    "quartile": "integer",
    "trend": "varchar",
    "trend_sv": "varchar",
    "trend_since": "varchar",
    "slope": "double",
    "slope_lower": "double",
    "slope_upper": "double",
    "target_status": "varchar",
    "target_status_sv": "varchar",
    "summary_sv": "varchar",
    "first_value": "double",
    "first_period_label": "varchar",
    "movement": "varchar",
    "movement_sv": "varchar",
    "target_value": "double",
    "target_year": "integer",
    "attribution": "varchar",
    "source_url": "varchar",
    "caveat_sv": "varchar",
    "docs_url": "varchar",
    "segment_id": "varchar",
    "snapshot_id": "varchar",
    "has_figures": "boolean",
    "is_held": "boolean",
    "held_reason": "varchar",
    "held_since": "timestamp",
    "correction_sv": "varchar",
}
# Columns that will go: the published data announces them at least 90 days before they may leave COLUMNS.
DEPRECATED: Mapping[str, Deprecated] = {}
KEY = ("indicator_id", "measure_id", "area_code", "period_start", "period_end", "sex", "age_group", "reporter")

SUITE = """\
# Does the goal area's mart show all of its indicators, also those without a measure?
name: {framework}_{goal_area}
table: {table}
batches:
  - name: indicators
    index_columns: [indicator_id]
    query: |
      select i.indicator_id, count(m.indicator_id) as mart_rows, count(m.indicator_id) - count(nullif(trim(m.indicator_name_sv), '')) as nameless_rows
      from dim_indicators as i
      left join {table} as m on m.framework_id = i.framework_id and m.indicator_id = i.indicator_id
      where i.framework_id = '{framework}' and i.goal_area_id = '{goal_area}'
      group by i.indicator_id
    expectations:
      - name: every_indicator_of_the_goal_area_is_present
        name_sv: Målområdets alla indikatorer finns med
        type: expect_column_values_to_be_between
        kwargs: {{column: mart_rows, min_value: 1}}
        severity: critical
        reason: An indicator without a measure is a gap to be shown; one that is not there looks as if nobody had decided on it.
        reason_sv: En eller flera indikatorer saknas i målområdet.
      - name: every_row_names_its_indicator
        name_sv: Varje rad har indikatorns namn
        type: expect_column_values_to_be_between
        kwargs: {{column: nameless_rows, max_value: 0}}
        severity: critical
        reason: Readers find figures by the indicator's name, without a join.
        reason_sv: Rader i målområdet saknar indikatorns namn.
"""


def mart_name(framework_id: str, goal_area_id: str) -> str:
    return f"mart_{framework_id}_{goal_area_id}"


def build_mart_files(catalogue: Catalogue) -> dict[str, str]:
    """Path under ``dbt_project/models/marts`` → text, for every goal area of every framework."""
    files = {}
    for framework in catalogue.frameworks.values():
        notice = NOTICE.format(framework_id=framework.framework_id)
        models = []
        for area in framework.goal_areas:
            name = mart_name(framework.framework_id, area.goal_area_id)
            files[f"{framework.framework_id}/{name}.sql"] = (
                f"-- {notice}\n{{{{ goal_area_mart('{framework.framework_id}', '{area.goal_area_id}') }}}}\n"
            )
            models.append(_model(name, f"{area.name_en} ({area.name_sv}) in {framework.name_en}", area.deprecated))
        files[f"{framework.framework_id}/_{framework.framework_id}.yml"] = f"# {notice}\nversion: 2\n\nmodels:\n" + "".join(models)
    return files


def build_mart_suites(catalogue: Catalogue) -> dict[str, str]:
    """Path under ``expectations`` → text: the checks on each of the marts."""
    files = {}
    for framework in catalogue.frameworks.values():
        notice = NOTICE.format(framework_id=framework.framework_id)
        for area in framework.goal_areas:
            name = mart_name(framework.framework_id, area.goal_area_id)
            files[f"{name}.yml"] = f"# {notice}\n" + SUITE.format(framework=framework.framework_id, goal_area=area.goal_area_id, table=name)
    return files


def write_mart_files(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write dbt's files under ``folder`` and remove those of goal areas that are no more; a file that is right already keeps its time."""
    return _write(folder, build_mart_files(catalogue), {*folder.glob("*/mart_*.sql"), *folder.glob("*/_*.yml")})


def write_mart_suites(catalogue: Catalogue, folder: Path) -> list[Path]:
    """The same for the checks, under ``folder``."""
    return _write(folder, build_mart_suites(catalogue), folder.glob("mart_*.yml"))


def find_stale(catalogue: Catalogue, dbt_project: Path, expectations: Path) -> list[Problem]:
    """The files of goal areas that are not there, are not as the catalogue has them, or belong to none: ``make generate`` is to be run."""
    folders = (
        ("dbt_project/models/marts", dbt_project / "models" / "marts", build_mart_files(catalogue), ("*/mart_*.sql", "*/_*.yml")),
        ("expectations", expectations, build_mart_suites(catalogue), ("mart_*.yml",)),
    )
    problems = []
    for shown, folder, files, patterns in folders:
        there = {p.relative_to(folder).as_posix(): p for pattern in patterns for p in folder.glob(pattern)}
        wrong = {name for name in {*there, *files} if name not in there or there[name].read_text(encoding="utf-8") != files.get(name)}
        problems += [Problem(f"{shown}/{name}", None, "", "not_generated") for name in sorted(wrong)]
    return problems


def _write(folder: Path, files: Mapping[str, str], there: Iterable[Path]) -> list[Path]:
    texts = {folder / path: text for path, text in files.items()}
    for path in set(there) - texts.keys():
        path.unlink()
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return sorted(texts)


def _model(name: str, title: str, deprecated: Deprecated | None) -> str:
    columns = "".join(
        f"      - {{name: {c}, data_type: {t}, description: \"{{{{ doc('{c}') }}}}\"{_config(', ', DEPRECATED.get(c))}}}\n"
        for c, t in COLUMNS.items()
    )
    return (
        f"  - name: {name}\n"
        "    description: >\n"
        f"      One row per indicator, measure, area, period, sex, age group and reporter of the goal area {title}: the nation, all regions\n"
        "      and the municipalities of the framework's county, with everything a dashboard needs. A gap keeps one row without figures.\n"
        f"{_config('    ', deprecated, chr(10))}"
        "    data_tests:\n"
        f"      - key_is_unique: {{name: {name}_key_is_unique, arguments: {{columns: [{', '.join(KEY)}]}}}}\n"
        "      - holds:\n"
        f"          name: {name}_names_an_indicator_in_every_row\n"
        '          arguments: {condition: "indicator_id is not null and (has_figures or area_code is null)"}\n'
        f"    columns:\n{columns}"
    )


def _config(before: str, deprecated: Deprecated | None, after: str = "") -> str:
    """dbt's ``config`` with the announcement, as one line of YAML; nothing where nothing is announced."""
    if deprecated is None:
        return ""
    meta = json.dumps(deprecated.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
    return f"{before}config: {{meta: {{deprecated: {meta}}}}}{after}"
