"""The shipped suites on small DuckDB files, through Great Expectations: each expectation holds on good figures and fails on bad ones."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from naravard_pipeline.quality import Outcome, QualityError, Suite, read_suites, run_suites
from naravard_pipeline.settings import EXPECTATIONS, PROJECT

# Of the marts, whose suites are written by one rule, those of one framework.
SUITES = [suite for suite in read_suites(EXPECTATIONS) if not suite.table.startswith("mart_") or suite.table.startswith("mart_sormland_")]
TABLES = [suite.table for suite in SUITES]
CHECKS = {(suite.table, expectation.name): (suite, batch) for suite in SUITES for batch, expectation in suite.expectations}

# Two national measures in 24 areas over four years and by sex, one monthly count from the county's municipalities.
WAREHOUSE = """
create table dim_areas as
  select '00' as area_code, 'nation' as area_type, 'Riket' as name_sv, null as parent_code
  union all select printf('%02d', i), 'region', 'Region ' || i, '00' from range(1, 22) as t(i)
  union all select printf('%04d', 400 + i), 'municipality', 'Kommun ' || i, '04' from range(1, 10) as t(i)
  union all select printf('%04d', 1000 + i), 'municipality', 'Kommun ' || i, '10' from range(1, 282) as t(i)
  union all select '04-norra', 'county_part', 'Norra', '04';
create table dim_measures as
  select measure_id, 'Mått ' || measure_id as name_sv, 'procent' as unit, 'Andel av alla' as definition_sv, value_type, 'published' as status,
    frequency, 0.0 as value_min, 100.0 as value_max, 50.0 as max_change, 80.0 as min_coverage, area_types, 5 as suppression_threshold,
    'total' as age_group,
    5 as denominator_threshold, false as hides_zero,
    1 as window_years, false as is_annualised
  from (values
    ('falls', 'share', 'year', 'nation,region'), ('trust', 'share', 'year', 'nation, region'), ('sip', 'count', 'month', 'municipality')
  ) as t(measure_id, value_type, frequency, area_types);
create table fct_observations as
  select measure_id, area_code, make_date(y, 1, 1) as period_start, make_date(y, 12, 31) as period_end, y::varchar as period_label,
    sex, 'total' as age_group,
    (40 + y - 2020 + area_code::int + case sex when 'women' then 1 when 'men' then -1 else 0 end)::double as value,
    value - 2 as ci_lower, value + 2 as ci_upper, 'ok' as status, 'source' as reporter, 'a' as segment_id,
    null::double as numerator, null::double as denominator, null::double as answers, null::varchar as suppression,
    12::bigint as period_months, null::integer as parts_reported, null::integer as parts_expected, 'source' as ci_method
  from dim_areas, range(2020, 2024) as years(y), (values ('total'), ('women'), ('men')) as s(sex), (values ('falls'), ('trust')) as m(measure_id)
  where area_type in ('nation', 'region');
insert into fct_observations
  select 'sip', area_code, make_date(2024, m, 1), last_day(make_date(2024, m, 1)), printf('2024-%02d', m), 'total', 'total',
    10.0 + m, null, null, 'ok', 'municipalities', 'a', null, null, null, null, 1, null, null, 'none'
  from dim_areas, range(1, 4) as months(m) where area_code between '0401' and '0409';
insert into fct_observations by name
  select * replace (
    null as value, 'suppressed' as status, '2024-04' as period_label, date '2024-04-01' as period_start, date '2024-04-30' as period_end
  )
  from fct_observations where measure_id = 'sip' and period_label = '2024-03';
create table fct_assessments as
  select distinct measure_id, area_code, 0.5::double as slope from fct_observations where value is not null and sex = 'total';
create table fct_run_charts as
  select 'sip' as measure_id, '0401' as area_code, 'a' as segment_id, 1 as section, case when i < 4 then 'shift' else 'none' end as signal
  from range(12) as t(i);
create table fct_composites as
  select 'sormland' as framework_id, 'nara' as goal_area_id, 'all' as indicator_id, area_code, 2023 as year, (90 + area_code::int)::double as value
  from dim_areas where area_type = 'region';
create table dim_indicators as
  select 'sormland' as framework_id, * from (values
    ('tillsammans', 'delaktighet'), ('tillsammans', 'samordning'), ('nara', 'kontinuitet'), ('god_halsa_vard_omsorg', 'rehabiliterande')
  ) as t(goal_area_id, indicator_id);
""" + "".join(
    f"create table mart_sormland_{area} as select framework_id, goal_area_id, indicator_id, upper(indicator_id) as indicator_name_sv"
    f" from dim_indicators where goal_area_id = '{area}';"
    for area in ("tillsammans", "nara", "god_halsa_vard_omsorg")
)
ONE = "where measure_id = 'falls' and area_code = '04' and period_label = '2023' and sex = 'total'"
FALLS = ["falls"]

# Per table and check: how the figures go wrong, and which measures answer for it (none: the release does).
BAD = {
    ("fct_observations", "no_value_lies_below_the_measures_lower_bound"): (f"update fct_observations set value = -0.1, ci_lower = null {ONE}", FALLS),
    ("fct_observations", "no_value_lies_above_the_measures_upper_bound"): (
        f"update fct_observations set value = 'nan', ci_upper = null {ONE}",
        FALLS,
    ),
    ("fct_observations", "no_lower_limit_exceeds_its_value"): (f"update fct_observations set ci_lower = value + 0.1 {ONE}", FALLS),
    ("fct_observations", "no_upper_limit_falls_short_of_its_value"): (f"update fct_observations set ci_upper = value - 0.1 {ONE}", FALLS),
    ("fct_observations", "a_value_is_present_exactly_when_its_status_says_so"): (f"update fct_observations set status = 'suppressed' {ONE}", FALLS),
    ("fct_observations", "no_value_belongs_to_a_period_that_has_not_begun"): (
        f"update fct_observations set period_start = current_date + 1, period_end = current_date + 300 {ONE}",
        FALLS,
    ),
    ("fct_observations", "no_hidden_figure_tells_how_its_interval_is_made"): (
        "update fct_observations set ci_method = 'poisson_exact' where measure_id = 'sip' and period_label = '2024-04'",
        ["sip"],
    ),
    ("fct_observations", "small_counts_are_hidden"): (
        "update fct_observations set value = 4 where measure_id = 'sip' and period_label = '2024-01'",
        ["sip"],
    ),
    ("fct_observations", "no_value_leaps_further_than_the_measure_allows"): (f"update fct_observations set value = 90 {ONE}", FALLS),
    ("fct_observations", "no_total_lies_below_both_women_and_men"): (f"update fct_observations set value = value - 3 {ONE}", FALLS),
    ("fct_observations", "no_total_lies_above_both_women_and_men"): (f"update fct_observations set value = value + 3 {ONE}", FALLS),
    ("fct_observations", "areas_differ_from_each_other"): (
        "update fct_observations set value = 7 where measure_id = 'falls' and period_label = '2021'",
        FALLS,
    ),
    ("fct_observations", "enough_areas_have_reported"): (
        "delete from fct_observations where measure_id = 'sip' and period_label = '2024-04' and area_code < '0403'",
        ["sip"],
    ),
    ("fct_observations", "most_regular_reporters_remain"): (
        "update fct_observations set value = null, status = 'missing' where measure_id = 'falls' and period_label = '2023' and area_code > '05'",
        FALLS,
    ),
    ("fct_assessments", "every_area_with_figures_is_assessed"): (
        "delete from fct_assessments where measure_id = 'falls' and area_code = '04'",
        FALLS,
    ),
    ("fct_assessments", "no_slope_crosses_all_the_measures_bounds_in_a_year"): (
        "update fct_assessments set slope = -100.5 where measure_id = 'falls' and area_code = '04'",
        FALLS,
    ),
    ("fct_run_charts", "most_points_of_a_run_chart_are_usual"): ("update fct_run_charts set signal = 'shift'", ["sip"]),
    ("fct_composites", "the_mean_of_all_areas_stays_within_two_deviations_of_100"): ("update fct_composites set value = 120.1", []),
    ("dim_areas", "there_is_one_nation"): ("delete from dim_areas where area_code = '00'", []),
    ("dim_areas", "there_are_21_regions"): ("delete from dim_areas where area_code = '04'", []),
    ("dim_areas", "there_are_290_municipalities"): ("delete from dim_areas where area_code = '0404'", []),
    ("dim_areas", "area_codes_have_the_form_of_their_type"): ("update dim_areas set area_code = '404' where area_code = '0404'", []),
    ("dim_measures", "measures_have_a_name"): ("update dim_measures set name_sv = ' ' where measure_id = 'falls'", FALLS),
    ("dim_measures", "measures_have_a_definition"): ("update dim_measures set definition_sv = null where measure_id = 'falls'", FALLS),
    ("dim_measures", "measures_have_a_unit"): ("update dim_measures set unit = '' where measure_id = 'falls'", FALLS),
    ("dim_measures", "measures_have_a_lower_bound"): ("update dim_measures set value_min = null where measure_id = 'falls'", FALLS),
    ("dim_measures", "measures_have_an_upper_bound"): ("update dim_measures set value_max = null where measure_id = 'falls'", FALLS),
} | {
    (f"mart_sormland_{area}", check): (sql.format(area=area), [])
    for area in ("tillsammans", "nara", "god_halsa_vard_omsorg")
    for check, sql in {
        "every_indicator_of_the_goal_area_is_present": "delete from mart_sormland_{area}",
        "every_row_names_its_indicator": "update mart_sormland_{area} set indicator_name_sv = ' '",
    }.items()
}


@pytest.fixture(scope="module")
def good_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "warehouse.duckdb"
    _change(path, WAREHOUSE)
    return path


@pytest.fixture
def warehouse(good_warehouse: Path, tmp_path: Path) -> Path:
    return shutil.copy(good_warehouse, tmp_path / "warehouse.duckdb")


def _change(path: Path, sql: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql)


def _run(path: Path, table: str, check: str) -> Outcome:
    suite, batch = CHECKS[table, check]
    return next(o for o in run_suites(path, [suite.model_copy(update={"batches": [batch]})]) if o.check == check)


def _suite(expectations: list[dict], table: str = "fct_observations", **batch) -> Suite:
    told = {"name_sv": "Så är det", "severity": "warning", "reason": "It matters.", "reason_sv": "Det är viktigt."}
    filled = [told | {"name": f"check_{i}"} | e for i, e in enumerate(expectations)]
    return Suite.model_validate(
        {"name": "own", "table": table, "batches": [{"name": "rows", "index_columns": ["area_code"], "expectations": filled} | batch]}
    )


def test_good_figures_pass_every_check(warehouse: Path):
    told: list[Outcome] = []
    outcomes = run_suites(warehouse, SUITES, told.append)
    assert [o for o in outcomes if not o.passed] == []
    assert [(o.table, o.check) for o in outcomes] == list(CHECKS)
    assert told == outcomes
    assert all(o.observed for o in outcomes)


def test_every_shipped_check_has_a_bad_example():
    assert set(BAD) == set(CHECKS)


@pytest.mark.parametrize(("table", "check"), BAD, ids=lambda x: x)
def test_a_bad_row_fails_its_check(warehouse: Path, table: str, check: str):
    change, measures = BAD[table, check]
    _change(warehouse, change)
    outcome = _run(warehouse, table, check)
    _, batch = CHECKS[table, check]
    expectation = next(e for e in batch.expectations if e.name == check)
    assert not outcome.passed
    assert outcome.severity == expectation.severity
    assert outcome.reason == expectation.reason  # that is: it failed for what it found, not for an error
    holds_everything = not measures or check == "small_counts_are_hidden"  # a small count in the open is no measure's own affair
    assert outcome.scope == ("release" if holds_everything else "measure")
    assert sorted(outcome.by_measure) == measures
    assert outcome.failed_rows > 0
    assert outcome.rows and set(batch.index_columns) <= set(outcome.rows[0])
    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json(), allow_nan=False))) == outcome


@pytest.mark.parametrize("value", ["'inf'", "'nan'", "100.0000001"])
def test_no_kind_of_too_large_number_slips_through(warehouse: Path, value: str):
    _change(warehouse, f"update fct_observations set value = {value} {ONE}")
    assert not _run(warehouse, "fct_observations", "no_value_lies_above_the_measures_upper_bound").passed


@pytest.mark.parametrize(
    ("sum_of", "most"),
    [
        ("12 as period_months", 1200),
        ("2 as parts_reported, 9 as parts_expected", 200),
        ("12 as period_months, 2 as parts_reported, 9 as parts_expected", 2400),
    ],
)
def test_a_sum_may_be_as_large_as_all_that_is_in_it(warehouse: Path, sum_of: str, most: int):
    cell = "measure_id = 'sip' and period_label = '2024-01' and area_code = '0401'"
    for value, fits in ((most, True), (most + 1, False)):
        _change(
            warehouse,
            f"insert into fct_observations by name select * replace ({value} as value, {sum_of}) from fct_observations where {cell} limit 1",
        )
        assert _run(warehouse, "fct_observations", "no_value_lies_above_the_measures_upper_bound").passed == fits


def test_a_missing_value_that_its_status_promises_fails(warehouse: Path):
    _change(warehouse, f"update fct_observations set value = null {ONE}")
    outcome = _run(warehouse, "fct_observations", "a_value_is_present_exactly_when_its_status_says_so")
    assert (outcome.passed, outcome.by_measure) == (False, {"falls": 1})


@pytest.mark.parametrize("change", ["value = 4", "value = 4, status = 'suppressed'", "value = 444, status = 'suppressed'"])
def test_a_figure_that_must_be_hidden_is_not_among_the_failing_rows(warehouse: Path, change: str):
    _change(warehouse, f"update dim_measures set value_min = 9, max_change = 0; update fct_observations set {change} where measure_id = 'sip'")
    failed = [o for o in run_suites(warehouse, SUITES) if not o.passed and "sip" in o.by_measure]
    assert failed
    assert not [row for o in failed for row in o.rows if row["measure_id"] == "sip" and {4.0, 444.0} & set(row.values())]


def test_attribution_is_complete_beyond_the_rows_shown(warehouse: Path):
    _change(warehouse, "update fct_observations set value = 101 where measure_id in ('falls', 'trust') and period_label < '2023'")
    outcome = _run(warehouse, "fct_observations", "no_value_lies_above_the_measures_upper_bound")
    assert outcome.by_measure == {"falls": 198, "trust": 198}  # 22 areas, three years, three sexes
    assert (outcome.failed_rows, len(outcome.rows), outcome.scope, outcome.observed) == (396, 20, "measure", 564)


def test_the_rows_shown_are_the_same_every_time(warehouse: Path):
    _change(warehouse, "update fct_observations set value = 101")
    first, second = (_run(warehouse, "fct_observations", "no_value_lies_above_the_measures_upper_bound") for _ in range(2))
    assert first == second
    assert first.rows[0] == {
        "measure_id": "falls", "area_code": "00", "period_label": "2020", "sex": "men", "age_group": "total", "reporter": "source", "status": "ok",
        "value_max": 100.0, "value": 101.0,
    }  # fmt: skip


def test_a_failing_row_without_a_measure_holds_the_release(warehouse: Path):
    _change(warehouse, f"update fct_observations set status = 'missing', measure_id = null {ONE}")
    outcome = _run(warehouse, "fct_observations", "a_value_is_present_exactly_when_its_status_says_so")
    assert (outcome.passed, outcome.scope, outcome.failed_rows, outcome.by_measure) == (False, "release", 1, {})


@pytest.mark.parametrize("column", ["numerator", "denominator", "answers"])
def test_what_a_figure_was_computed_from_is_no_small_count_either(warehouse: Path, column: str):
    _change(warehouse, f"update fct_observations set {column} = 3 where measure_id = 'sip' and period_label = '2024-01'")
    outcome = _run(warehouse, "fct_observations", "small_counts_are_hidden")
    assert not outcome.passed and list(outcome.by_measure) == ["sip"]


def test_a_known_break_is_no_leap(warehouse: Path):
    _change(warehouse, f"update fct_observations set value = 95, ci_lower = null, ci_upper = null, segment_id = 'b' {ONE}")
    assert _run(warehouse, "fct_observations", "no_value_leaps_further_than_the_measure_allows").passed


def test_rows_can_be_asked_for_by_sql_and_are_all_counted(warehouse: Path):
    expectation = {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": "select measure_id, area_code, value from {batch} where value > 0;"},
    }
    [outcome] = run_suites(warehouse, [_suite([expectation], index_columns=["measure_id"])])
    assert outcome.by_measure == {"falls": 264, "sip": 27, "trust": 264}  # Great Expectations itself returns 200 rows at most
    assert (outcome.failed_rows, outcome.scope, len(outcome.rows)) == (555, "measure", 20)


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_be_unique", {"column": "area_code"}),
        ("expect_column_values_to_be_in_set", {"column": "sex", "value_set": ["women"]}),
        ("expect_column_values_to_match_regex", {"column": "period_label", "regex": "19[0-9]{2}"}),
        ("expect_column_values_to_not_be_null", {"column": "ci_lower"}),
        ("expect_column_value_lengths_to_be_between", {"column": "measure_id", "max_value": 3}),
        ("expect_multicolumn_sum_to_equal", {"column_list": ["value", "ci_lower"], "sum_total": 1}),
    ],
)
def test_rows_of_other_types_are_attributed_too(warehouse: Path, type_: str, kwargs: dict):
    [outcome] = run_suites(warehouse, [_suite([{"type": type_, "kwargs": kwargs}], index_columns=["measure_id", "area_code"])])
    assert (outcome.passed, outcome.reason) == (False, "It matters.")
    assert outcome.scope == "measure" and sum(outcome.by_measure.values()) == outcome.failed_rows > 20
    assert not any(name.endswith("_1") for name in outcome.rows[0])


def test_failing_rows_that_cannot_be_named_hold_the_release(warehouse: Path):
    # The SQL that Great Expectations 1.24 gives for this type does not run.
    expectation = {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["measure_id", "sex"]}}
    [outcome] = run_suites(warehouse, [_suite([expectation], index_columns=["measure_id"])])
    assert (outcome.passed, outcome.scope, outcome.failed_rows, outcome.by_measure) == (False, "release", 564, {})


def test_an_expectation_on_the_whole_table_holds_the_release(warehouse: Path):
    expectation = {"type": "expect_table_row_count_to_be_between", "kwargs": {"max_value": 1}}
    [outcome] = run_suites(warehouse, [_suite([expectation], index_columns=["measure_id"])])
    assert (outcome.passed, outcome.scope, outcome.failed_rows, outcome.rows) == (False, "release", 1, [{"observed_value": 564}])


def test_what_cannot_be_evaluated_fails_and_the_others_are_still_told(warehouse: Path):
    suite = _suite(
        [
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "no_such_column"}},
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"colum": "value"}},
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sex", "min_value": 1}},
            {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "selec * from {batch}"}},
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "measure_id"}},
        ],
        index_columns=["measure_id"],
    )
    *broken, good = run_suites(warehouse, [suite])
    assert good.passed
    for outcome in broken:
        assert (outcome.passed, outcome.severity, outcome.scope) == (False, "critical", "release")
        assert outcome.reason.startswith("Could not be evaluated: ") and "\n" not in outcome.reason
    assert "no_such_column" in broken[0].reason
    assert "colum" in broken[1].reason and "column" in broken[1].reason


@pytest.mark.parametrize(
    ("batch", "table", "told"),
    [
        ({"query": "select * from fct_observations where false"}, "fct_observations", "batch rows of suite own read no rows"),
        ({}, "fct_nothing", "table fct_nothing is not in the working database; let dbt build it first"),
        ({"query": "select nonsense from fct_observations"}, "fct_observations", "the query of batch rows in suite own does not run"),
        ({"index_columns": ["no_such_column"]}, "fct_observations", "no_such_column"),
    ],
)
def test_a_batch_that_cannot_be_read_fails_its_checks(warehouse: Path, batch: dict, table: str, told: str):
    expectations = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "measure_id"}}]
    [outcome] = run_suites(warehouse, [_suite(expectations, table, **batch)])
    assert (outcome.passed, outcome.severity, outcome.scope) == (False, "critical", "release")
    assert told in outcome.reason


def test_an_empty_batch_passes_where_that_is_a_good_state(warehouse: Path):
    expectations = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "measure_id"}}]
    [outcome] = run_suites(warehouse, [_suite(expectations, query="select * from fct_observations where false", may_be_empty=True)])
    assert (outcome.passed, outcome.observed) == (True, 0)


def test_the_working_database_is_free_for_its_writer_afterwards(warehouse: Path):
    before = warehouse.read_bytes()
    run_suites(warehouse, SUITES[:1])
    assert warehouse.read_bytes() == before
    assert [p.name for p in warehouse.parent.iterdir()] == ["warehouse.duckdb"]
    _change(warehouse, "create table after_the_checks (x int)")


def test_a_database_in_the_hands_of_a_writer_is_told(warehouse: Path):
    with duckdb.connect(str(warehouse)), pytest.raises(QualityError, match="end what else is writing it"):
        run_suites(warehouse, SUITES)


def test_other_readers_are_no_hindrance(warehouse: Path):
    reading = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", reading, str(warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        reader.stdout.readline()
        assert run_suites(warehouse, SUITES[:1])[0].passed
        reader.stdin.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    path = tmp_path / "warehouse.duckdb"
    path.write_text("not a database " * 1000)
    with pytest.raises(QualityError, match="cannot be opened"):
        run_suites(path, SUITES)


def test_a_path_with_a_quote_is_opened(warehouse: Path):
    path = warehouse.rename(warehouse.with_name("it's here.duckdb"))
    assert run_suites(path, SUITES[:1])[0].passed


def test_nothing_is_sent_written_or_printed(warehouse: Path, tmp_path: Path):
    script = f"""
import socket
def refuse(*args, **kwargs):
    raise SystemExit(f"tried to reach {{args[1:]}}")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from pathlib import Path
from naravard_pipeline.quality import read_suites, run_suites, warm_up
warm_up()
assert all(o.passed for o in run_suites(Path({str(warehouse)!r}), [s for s in read_suites(Path({str(EXPECTATIONS)!r})) if s.table in {TABLES!r}]))
"""
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": str(PROJECT), "TMPDIR": str(home)}
    done = subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", script], cwd=home, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.iterdir()) == []
