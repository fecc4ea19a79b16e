"""What a PxWeb cube becomes: areas, periods, sexes, sums over ages, marks; and which codes of a table are asked for."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.catalogue.queries import PxWebQuery
from naravard_pipeline.connectors.answer import Page
from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA
from naravard_pipeline.connectors.json_stat import Cube
from naravard_pipeline.connectors.pxweb_calls import count_cells, split
from naravard_pipeline.connectors.pxweb_cells import Meaning, read_cells, read_period
from naravard_pipeline.connectors.pxweb_plan import QueryMismatch, Table, Variable, plan_questions

NAN = float("nan")
MARKS = {"..": "missing", "X": "suppressed", ".": "not_applicable", "-": "zero", "p": "preliminary", "*": "not_yet_published"}


class Refusal(Exception):
    pass


def refuse(place, found, expected):
    raise Refusal(f"{place}: {found}; expected {expected}")


@pytest.mark.parametrize(
    ("code", "start", "end", "label"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31), "2024"),
        ("2021-2024", date(2021, 1, 1), date(2024, 12, 31), "2021–2024"),
        ("2021–2024", date(2021, 1, 1), date(2024, 12, 31), "2021–2024"),
        ("2024M02", date(2024, 2, 1), date(2024, 2, 29), "2024-02"),
        ("2025K4", date(2025, 10, 1), date(2025, 12, 31), "2025K4"),
        ("2025Q1", date(2025, 1, 1), date(2025, 3, 31), "2025K1"),
        ("2025H2", date(2025, 7, 1), date(2025, 12, 31), "2025H2"),
    ],
)
def test_reads_periods_as_pxweb_writes_them(code, start, end, label):
    period = read_period(code)
    assert (period.start, period.end, period.label) == (start, end, label)


@pytest.mark.parametrize("code", ["", "24", "2024M13", "2024M0", "2024K5", "2024H3", "2024-2021", "0000", "2024V05", "2024M1x", "²⁰²⁴"])
def test_what_is_no_period_is_none(code):
    assert read_period(code) is None


@given(st.text(max_size=9) | st.from_regex(r"\d{4}([MKQH-]\d{1,4})?", fullmatch=True))
def test_any_text_is_a_period_in_order_or_none(text):
    period = read_period(text)
    assert period is None or (period.start <= period.end and period.label)


def meaning(**more):
    values = {
        "area": "Region",
        "areas": {"00": "00", "0484": "0484"},
        "period": "Tid",
        "periods": {"2024": read_period("2024")},
        "sex": None,
        "sexes": {"total": []},
        "age": None,
        "ages": {"total": []},
        "contents": None,
        "columns": {},
    }
    return Meaning(**{**values, **more})


def cube(dimensions, values, marks=None, words=("",)):
    shape = [len(codes) for codes in dimensions.values()]
    return Cube(
        dimensions, np.array(values, float).reshape(shape), np.array(marks or [0] * int(np.prod(shape)), np.int16).reshape(shape), list(words)
    )


def rows(table, *names):
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def test_interval_and_answers_are_columns_whatever_the_order_of_the_axes():
    found = cube({"Mått": ["04", "01", "02"], "Tid": ["2024"], "Region": ["0484", "00"]}, [100, 900, 20.5, 19.0, 18.1, 18.8])
    columns = {"value": "01", "ci_lower": "02", "answers": "04"}
    table = read_cells(found, meaning(contents="Mått", columns=columns), MARKS, refuse)
    assert table.schema == CELLS_SCHEMA
    assert rows(table, "area", "value", "ci_lower", "ci_upper", "answers", "status") == [
        ("0484", 20.5, 18.1, None, 100, "ok"),
        ("00", 19.0, 18.8, None, 900, "ok"),
    ]


def test_five_kinds_of_no_value_and_a_preliminary_one_stay_apart():
    codes = ["a", "b", "c", "d", "e", "f", "g", "h"]
    words = ["", *MARKS]
    found = cube({"Region": codes, "Tid": ["2024"]}, [NAN, NAN, NAN, NAN, 5, NAN, NAN, 0], [1, 2, 3, 4, 5, 6, 0, 0], words)
    table = read_cells(found, meaning(areas={code: code for code in codes}), MARKS, refuse)
    assert rows(table, "area", "value", "status", "source_status") == [
        ("a", None, "missing", ".."),
        ("b", None, "suppressed", "X"),
        ("c", None, "not_applicable", "."),
        ("d", 0.0, "ok", "-"),
        ("e", 5.0, "preliminary", "p"),
        ("f", None, "not_yet_published", "*"),
        ("g", None, "missing", None),
        ("h", 0.0, "ok", None),
    ]


@pytest.mark.parametrize(
    ("value", "word", "sentence"),
    [
        (NAN, "?", "00, 2024: the mark «?»; expected a figure or one of the marks .., X, ., -, p, *; add what it means to query.marks"),
        (7, "X", "00, 2024: the mark «X»; expected no figure beside it"),
    ],
)
def test_a_mark_that_is_not_understood_is_no_figure(value, word, sentence):
    with pytest.raises(Refusal) as caught:
        read_cells(cube({"Region": ["00"], "Tid": ["2024"]}, [value], [1], ["", word]), meaning(), MARKS, refuse)
    assert str(caught.value) == sentence


def test_an_unknown_mark_beside_a_figure_is_kept():
    table = read_cells(cube({"Region": ["00"], "Tid": ["2024"]}, [7], [1], ["", "r"]), meaning(), MARKS, refuse)
    assert rows(table, "value", "status", "source_status") == [(7.0, "ok", "r")]


def test_ages_are_added_up_and_a_sum_over_what_is_missing_is_missing():
    ages = {"total": ["tot"], "65+": ["65", "66+"]}
    found = cube({"Region": ["00", "0484"], "Alder": ["tot", "65", "66+"], "Tid": ["2024"]}, [100, 10, 20, 50, 4, NAN], [0, 0, 0, 0, 0, 1], ["", "X"])
    table = read_cells(found, meaning(age="Alder", ages=ages), MARKS, refuse)
    assert rows(table, "area", "age_group", "value", "status") == [
        ("00", "total", 100, "ok"),
        ("00", "65+", 30, "ok"),
        ("0484", "total", 50, "ok"),
        ("0484", "65+", None, "suppressed"),
    ]


def test_totals_and_sums_of_perturbed_counts_are_left_as_they_are():
    found = cube({"Region": ["00"], "Kon": ["2", "1", "tot"], "Tid": ["2024"]}, [51, 50, 99])
    table = read_cells(found, meaning(sex="Kon", sexes={"total": ["tot"], "women": ["2"], "men": ["1"]}), MARKS, refuse)
    assert rows(table, "sex", "value") == [("total", 99), ("women", 51), ("men", 50)]


@settings(deadline=None)
@given(st.data())
def test_each_figure_comes_out_where_its_codes_say(data):
    dimensions = {"Region": ["00", "0484"], "Kon": ["1", "2"], "Tid": ["2023", "2024"], "Fast": ["x"]}
    names = data.draw(st.permutations(list(dimensions)))
    ordered = {name: data.draw(st.permutations(dimensions[name])) for name in names}
    values = data.draw(st.lists(st.none() | st.integers(0, 99), min_size=8, max_size=8))
    found = cube(ordered, [NAN if v is None else v for v in values])
    periods = {code: read_period(code) for code in dimensions["Tid"]}
    table = read_cells(found, meaning(periods=periods, sex="Kon", sexes={"women": ["2"], "men": ["1"]}), MARKS, refuse)
    assert table.num_rows == 8
    for row in table.to_pylist():
        codes = {"Region": row["area"], "Tid": row["period_label"], "Kon": {"women": "2", "men": "1"}[row["sex"]], "Fast": "x"}
        at = np.ravel_multi_index([ordered[name].index(codes[name]) for name in names], found.values.shape)
        assert row["value"] == values[at]


# ---- the plan


# TAB638 as SCB has it, in small.
VARIABLES = {
    "Region": Variable(["00", "04", "0484", "0191"], False),
    "Civilstand": Variable(["OG", "G"], True),
    "Alder": Variable([*(str(age) for age in range(100)), "100+", "85+", "65-69", "100+5", "tot"], True),
    "Kon": Variable(["1", "2"], True),
    "ContentsCode": Variable(["BE0101N1"], False),
    "Tid": Variable(["2022", "2023", "2024"], False),
}
TABLE = Table(Page("https://scb.example/metadata", "GET", datetime(2026, 3, 1, tzinfo=UTC), 200, b"{}"), VARIABLES)
QUERY = {
    "table": "TAB638",
    "area": {"dimension": "Region"},
    "period": {"dimension": "Tid"},
    "contents": {"dimension": "ContentsCode", "value": "BE0101N1"},
}


def plan(areas=("00", "0484", "9999"), years=range(2023, 2030), table=TABLE, **more):
    return list(plan_questions("scb", PxWebQuery.model_validate({**QUERY, **more}), table, areas, years))


def test_asks_for_the_areas_and_periods_that_the_table_has():
    ((meant, selection),) = plan()
    assert selection == {"Region": ["00", "0484"], "Tid": ["2023", "2024"], "ContentsCode": ["BE0101N1"]}
    assert (meant.areas, list(meant.periods), meant.columns) == ({"00": "00", "0484": "0484"}, ["2023", "2024"], {"value": "BE0101N1"})


def test_asks_for_the_latest_periods_only():
    ((_, selection),) = plan(period={"dimension": "Tid", "latest": 1}, years=range(2000, 2030))
    assert selection["Tid"] == ["2024"]


def test_areas_that_the_table_writes_otherwise():
    variables = {**VARIABLES, "Region": Variable(["SE", "lan04x", "lan0484x"], False)}
    area = {"dimension": "Region", "prefix": "lan", "suffix": "x", "codes": {"00": "SE"}}
    ((meant, _),) = plan(areas=("00", "04", "0484"), table=Table(TABLE.page, variables), area=area)
    assert meant.areas == {"SE": "00", "lan04x": "04", "lan0484x": "0484"}


def test_a_total_that_comes_from_leaving_out_is_a_question_of_its_own():
    questions = plan(sex={"dimension": "Kon", "women": "2", "men": "1"}, age={"dimension": "Alder", "groups": {"total": [], "65-69": ["65-69"]}})
    assert [(list(m.sexes), list(m.ages), s.get("Kon"), s.get("Alder")) for m, s in questions] == [
        (["women", "men"], ["65-69"], ["2", "1"], ["65-69"]),
        (["women", "men"], ["total"], ["2", "1"], None),
        (["total"], ["65-69"], None, ["65-69"]),
        (["total"], ["total"], None, None),
    ]


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        (["65-69"], ["65-69"]),  # the table's own class
        (["66-68"], ["66", "67", "68"]),
        (["84-86"], ["84", "85", "86"]),  # and not 85+, which is a class of its own
        (["98-"], ["98", "99", "100+"]),  # and not 100+5, which is another classification's
        (["0-1", "tot"], ["0", "1", "tot"]),
    ],
)
def test_ages_are_codes_or_one_year_classes(items, codes):
    ((meant, _),) = plan(age={"dimension": "Alder", "groups": {"65+": items}})
    assert list(meant.ages["65+"]) == codes


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"area": {"dimension": "Regoin"}}, "area.dimension: there is 'Regoin', which the table does not have; did you mean 'Region'?"),
        ({"areas": ("1234",)}, "area: there is '1234', which the table does not have; it has 00, 04, 0484, 0191"),
        ({"years": range(1990, 2000)}, "period: the table has no period that ends in 1990-1999; it has 2022, 2023, 2024"),
        ({"period": {"dimension": "Kon"}}, "period: '1' is no period that can be read (2024, 2021-2024, 2024M03, 2024K1)"),
        ({"sex": {"dimension": "Kon", "women": "3"}}, "sex: there is '3', which the table does not have; it has 1, 2"),
        ({"contents": None}, "the table's variable 'ContentsCode' cannot be left out; name it under query.fixed with one of its codes: BE0101N1"),
        ({"fixed": {"Civilstand": "OGG"}}, "fixed.Civilstand: there is 'OGG', which the table does not have; did you mean 'OG'?"),
        (
            {"contents": {"dimension": "ContentsCode", "value": "BE0101N2"}},
            "contents: there is 'BE0101N2', which the table does not have; did you mean 'BE0101N1'?",
        ),
        (
            {"age": {"dimension": "Alder", "groups": {"65+": ["65-110"]}}},
            "age.groups.65+: the table does not have each one-year class of 65-110; name its codes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 …",
        ),
        ({"age": {"dimension": "Alder", "groups": {"65+": ["sextiofem"]}}}, None),
    ],
)
def test_a_query_that_does_not_fit_its_table_says_where(changes, sentence):
    with pytest.raises(QueryMismatch) as caught:
        plan(**changes)
    assert sentence is None or str(caught.value) == f"scb: TAB638: query.{sentence}"
    assert caught.value.pages == (TABLE.page,)


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.text(max_size=3), min_size=1, max_size=9, unique=True), min_size=1), st.integers(0, 40))
def test_pieces_are_small_enough_and_make_the_whole(selection, max_cells):
    pieces = split(selection, max_cells)
    assert all(count_cells(piece) <= max(max_cells, 1) for piece in pieces)
    assert sum(map(count_cells, pieces)) == count_cells(selection)
    assert all(set(piece[name]) <= set(codes) for piece in pieces for name, codes in selection.items())


def test_splits_along_the_largest_dimension():
    pieces = split({"Region": ["a", "b", "c", "d"], "Kon": ["1", "2"]}, 4)
    assert pieces == [{"Region": ["a", "b"], "Kon": ["1", "2"]}, {"Region": ["c", "d"], "Kon": ["1", "2"]}]
