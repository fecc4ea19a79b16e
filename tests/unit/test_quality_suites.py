"""Suite files: what they may say, and how wrong ones are told."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from naravard_pipeline.quality import QualityError, SuiteError, read_suites, run_suites
from naravard_pipeline.settings import EXPECTATIONS, PROJECT

GOOD = """
name: observations
table: fct_observations
batches:
  - name: rows
    index_columns: [measure_id]
    expectations:
      - name: values_are_present
        name_sv: Värden finns
        type: expect_column_values_to_not_be_null
        kwargs: {column: value}
        severity: critical
        reason: A reader wants a value.
        reason_sv: Värdet saknas.
"""


def _problems(folder: Path, text: str, name: str = "own.yml") -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        read_suites(folder)
    return [problem.text().removeprefix(f"{folder.name}/") for problem in caught.value.problems]


def test_a_suite_is_read_with_its_batches_and_scope(tmp_path: Path):
    (tmp_path / "own.yml").write_text(GOOD, encoding="utf-8")
    [suite] = read_suites(tmp_path)
    [(batch, expectation)] = suite.expectations
    assert (suite.name, suite.table, batch.name, batch.scope, batch.may_be_empty) == ("observations", "fct_observations", "rows", "measure", False)
    assert (expectation.name, expectation.severity, expectation.kwargs) == ("values_are_present", "critical", {"column": "value"})


def test_a_batch_without_measures_concerns_the_release(tmp_path: Path):
    (tmp_path / "own.yml").write_text(GOOD.replace("[measure_id]", "[area_code]"), encoding="utf-8")
    assert read_suites(tmp_path)[0].batches[0].scope == "release"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("severity: critical", "severity: fatal", "batches[0].expectations[0].severity: there is “fatal”; expected one of critical, warning"),
        ("severity:", "sevrity:", "batches[0].expectations[0].sevrity: unknown key `sevrity`; did you mean `severity`?"),
        ("        reason: A reader wants a value.\n", "", "batches[0].expectations[0].reason: missing; add `reason:`"),
        (
            "reason_sv: Värdet saknas.",
            "reason_sv: ' '",
            "batches[0].expectations[0].reason_sv: there is “”; expected some text",
        ),
        ("table:", "tabel:", "tabel: unknown key `tabel`; did you mean `table`?"),
        ("index_columns: [measure_id]", "index_columns: []", "batches[0].index_columns: there is […]; expected at least one item"),
        (
            "name: values_are_present",
            "name: Values are present",
            "there is “Values are present”; expected a-z, 0-9 and _, a letter first; did you mean `values_are_present`?",
        ),
        (
            "expect_column_values_to_not_be_null",
            "expect_column_value_to_not_be_null",
            "expected a type of Great Expectations; did you mean `expect_column_values_to_not_be_null`?",
        ),
        ("{column: value}", "{column: value, mostly: 0.9}", "expected no `mostly`; the condition belongs in the batch's `query`"),
        ("{column: value}", "{column: value, row_condition: x}", "expected no `row_condition`; the condition"),
        (
            "expect_column_values_to_not_be_null",
            "unexpected_rows_expectation",
            "batches[0].expectations[0]: there is {…}; expected `unexpected_rows_query` to select from `{batch}`",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_field_and_remedy(tmp_path: Path, old: str, new: str, told: str):
    assert old in GOOD
    problems = _problems(tmp_path, GOOD.replace(old, new))
    assert all(problem.startswith("own.yml:") for problem in problems)
    assert any(told in problem for problem in problems), problems


@pytest.mark.parametrize("text", ["name: a\ntable: b\nbatches: []", GOOD.split("      - name")[0].replace("expectations:", "expectations: []")])
def test_a_suite_that_expects_nothing_is_refused(tmp_path: Path, text: str):
    [problem] = _problems(tmp_path, text)
    assert "there is […]; expected at least one item" in problem


def test_a_folder_without_suites_is_refused(tmp_path: Path):
    with pytest.raises(SuiteError, match=r"not found; expected a folder with at least one suite"):
        read_suites(tmp_path)


def test_problems_of_all_files_are_told_at_once(tmp_path: Path):
    (tmp_path / "a.yml").write_text("name: [", encoding="utf-8")
    (tmp_path / "b.yml").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "c.yml").write_text(GOOD + "extra: 1\nname: again", encoding="utf-8")
    problems = _problems(tmp_path, "just a text", "d.yml")
    assert [p.split(":")[0] for p in problems] == ["a.yml", "b.yml", "c.yml", "d.yml"]
    assert problems[0].startswith("a.yml:2: ") or problems[0].startswith("a.yml:1: ")
    assert problems[2] == "c.yml:16: `name` stands twice; keep one of them"
    assert problems[3] == "d.yml: the file has no fields; expected `field: value` on each line"


def test_a_suite_saved_as_text_is_not_forgotten(tmp_path: Path):
    (tmp_path / "other.yml.txt").write_text(GOOD, encoding="utf-8")
    [problem] = _problems(tmp_path, GOOD)
    assert problem.startswith("other.yml.txt: the name cannot be used; rename it")


def test_problems_are_told_in_swedish_too(tmp_path: Path):
    (tmp_path / "own.yml").write_text(GOOD.replace("severity: critical", "severity: stoppande"), encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        read_suites(tmp_path)
    place = f"{tmp_path.name}/own.yml:12: batches[0].expectations[0].severity"
    assert caught.value.text("sv") == f"{place}: där står “stoppande”; väntat: något av critical, warning; menade du `critical`?"


def test_names_are_unique(tmp_path: Path):
    (tmp_path / "a.yml").write_text(GOOD, encoding="utf-8")
    problems = " ".join(_problems(tmp_path, GOOD))
    assert "own.yml:2: name: `observations` also stands in a.yml; give each its own name" in problems
    assert "expectations[0].name: `values_are_present` also stands in a.yml" in problems


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda c: st.lists(c) | st.dictionaries(st.text(max_size=5), c), max_leaves=8
    )
)
def test_any_content_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: object):
    folder = tmp_path_factory.mktemp("any")
    with (folder / "own.yml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump({"name": "a", "table": "b", "batches": [content]}, file)
    with pytest.raises(SuiteError):
        read_suites(folder)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    folder = tmp_path_factory.mktemp("any")
    (folder / "own.yml").write_bytes(content)
    with pytest.raises(SuiteError):
        read_suites(folder)


def test_shipped_suites_say_everything_in_both_languages():
    suites = read_suites(EXPECTATIONS)
    assert {s.table for s in suites} >= {"fct_observations", "dim_areas", "dim_measures"}
    for suite in suites:
        for _, expectation in suite.expectations:
            for sentence in (expectation.reason, expectation.reason_sv):
                assert sentence[0].isupper() and sentence[-1] in ".?", expectation.name


def test_reading_suites_does_not_import_great_expectations():
    script = f"""
import sys
from pathlib import Path
from naravard_pipeline.quality import read_suites
assert read_suites(Path({str(EXPECTATIONS)!r}))
assert not [m for m in ("great_expectations", "pandas", "sqlalchemy", "duckdb") if m in sys.modules]
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_database_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(QualityError, match=r"warehouse\.duckdb does not exist; build it with dbt"):
        run_suites(tmp_path / "warehouse.duckdb", read_suites(EXPECTATIONS))
