"""JSON-stat 2.0: every way to write values and marks, and every refusal by its sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.connectors.json_stat import read_json_stat

POSITIONS = "expected each code and its position, from 0"
ASKED = {"Region": ["00", "04"], "Tid": ["2023", "2024", "2025"]}


class Refusal(Exception):
    pass


def refuse(place, found, expected):
    raise Refusal(f"{place}: {found!r}; expected {expected}")


def dimension(*codes, **category):
    return {"category": {"index": {code: i for i, code in enumerate(codes)}, **category}}


def document(value=(1, 2, 3, 4, 5, 6), **more):
    return {
        "id": ["Region", "Tid"],
        "size": [2, 3],
        "dimension": {"Region": dimension("00", "04"), "Tid": dimension("2023", "2024", "2025")},
        "value": list(value) if isinstance(value, tuple) else value,
        **more,
    }


def test_reads_values_in_row_major_order():
    cube = read_json_stat(document((1, 2.5, None, 4, 5, 6)), ASKED, refuse)
    assert cube.dimensions == ASKED
    np.testing.assert_array_equal(cube.values, [[1, 2.5, np.nan], [4, 5, 6]])
    assert (cube.marks.tolist(), cube.words) == ([[0, 0, 0], [0, 0, 0]], [""])


def test_reads_values_by_position_and_zero_is_no_gap():
    cube = read_json_stat(document({"5": 0, "1": 7}), ASKED, refuse)
    np.testing.assert_array_equal(cube.values, [[np.nan, 7, np.nan], [np.nan, np.nan, 0]])


@pytest.mark.parametrize(
    ("status", "marks", "words"),
    [
        ({"1": "..", "5": "X"}, [[0, 1, 0], [0, 0, 2]], ["", "..", "X"]),
        ([None, "..", None, "", None, "X"], [[0, 1, 0], [0, 0, 2]], ["", "..", "X"]),
        ("p", [[1, 1, 1], [1, 1, 1]], ["", "p"]),
        ({}, [[0, 0, 0], [0, 0, 0]], [""]),
    ],
)
def test_reads_marks_by_position_in_a_list_or_one_for_all(status, marks, words):
    cube = read_json_stat(document(status=status), ASKED, refuse)
    assert (cube.marks.tolist(), list(cube.words)) == (marks, words)


@pytest.mark.parametrize("index", [{"2025": 2, "2023": 0, "2024": 1}, ["2023", "2024", "2025"]])
def test_the_order_of_codes_is_that_of_their_positions(index):
    changed = document()
    changed["dimension"]["Tid"]["category"]["index"] = index
    assert list(read_json_stat(changed, ASKED, refuse).dimensions["Tid"]) == ["2023", "2024", "2025"]


def test_a_single_category_needs_no_index():
    single = {"id": ["Tid"], "size": [1], "dimension": {"Tid": {"category": {"label": {"2024": "2024"}}}}, "value": [3]}
    assert read_json_stat(single, {"Tid": ["2024"]}, refuse).values.tolist() == [3]


def without(name):
    return {key: value for key, value in document().items() if key != name}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([], "the document: []; expected an object in JSON-stat 2.0"),
        (without("id"), "id: None; expected a list of dimensions"),
        (document(id=["Region", "Region"]), "id: ['Region', 'Region']; expected a list of dimensions"),
        (document(id=["Region"]), "id: ['Region']; expected the dimensions asked for: Region, Tid"),
        (document(id=["Region", "Kon"]), "id: ['Region', 'Kon']; expected the dimensions asked for: Region, Tid"),
        (document(size=[2, 2]), "size: [2, 2]; expected the number of codes of each dimension, [2, 3]"),
        (document(size=[3, 2]), "size: [3, 2]; expected the number of codes of each dimension, [2, 3]"),
        (document(dimension=[]), "dimension: []; expected an object"),
        (document(dimension={}), "dimension.Region: None; expected an object with `category`"),
        (without("value"), "value: None; expected 6 values"),
        (document((1, 2)), "value: '2 values'; expected 6 values"),
        (document((1, 2, 3, 4, 5, "6")), "value[5]: '6'; expected a number or null"),
        (document((1, 2, 3, 4, True, 6)), "value[4]: True; expected a number or null"),
        (document((1, 2, 3, 4, 2**60 + 1, 6)), f"value[4]: {2**60 + 1}; expected a number or null"),
        (document({"6": 1}), "value: 'positions from 6 to 6'; expected positions from 0 to 5"),
        (document({"-1": 1}), "value: 'positions from -1 to -1'; expected positions from 0 to 5"),
        (document({"07": 1}), "value: '07'; expected a cell's position"),
        (document({"1.0": 1}), "value: '1.0'; expected a cell's position"),
        (document({"1": "x"}), "value[0]: 'x'; expected a number or null"),
        (document(status={"9": ".."}), "status: 'positions from 9 to 9'; expected positions from 0 to 5"),
        (document(status={"1": 4}), "status: 4; expected texts or null"),
        (document(status=[".."]), "status: '1 marks'; expected a text, 6 marks, or marks by position"),
        (document(status=3), "status: 3; expected a text, 6 marks, or marks by position"),
    ],
)
def test_refuses_what_it_does_not_know_for_certain(wrong, sentence):
    with pytest.raises(Refusal) as caught:
        read_json_stat(wrong, ASKED, refuse)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("region", "sentence"),
    [
        (dimension("00"), "dimension.Region.category: 'fewer codes, such as 04 (asked for)'; expected the 2 asked for"),
        (dimension("00", "04", "05"), "dimension.Region.category: 'more codes, such as 05 (not asked for)'; expected the 2 asked for"),
        (
            {"category": {"index": {"00": 0, "04": 2}}},
            f"dimension.Region.category.index: {{'00': 0, '04': 2}}; {POSITIONS}",
        ),
        (
            {"category": {"index": {"00": 0, "04": True}}},
            f"dimension.Region.category.index: {{'00': 0, '04': True}}; {POSITIONS}",
        ),
        ({"category": {"index": ["00", "00"]}}, f"dimension.Region.category.index: ['00', '00']; {POSITIONS}"),
        ({"category": {"label": {"00": "", "04": ""}}}, f"dimension.Region.category.index: None; {POSITIONS}"),
        ({}, "dimension.Region: {}; expected an object with `category`"),
    ],
)
def test_refuses_codes_that_were_not_asked_for(region, sentence):
    changed = document()
    changed["dimension"]["Region"] = region
    if "category" in region and isinstance(region["category"].get("index"), dict):
        changed["size"] = [len(region["category"]["index"]), 3]
    with pytest.raises(Refusal) as caught:
        read_json_stat(changed, ASKED, refuse)
    assert str(caught.value) == sentence


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["0", "1", "5", "6", "01", "x", "00"]), inner, max_size=4),
    max_leaves=10,
)
NUMBERS = st.none() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False, width=32)
CATEGORY = st.fixed_dictionaries({}, optional={"index": JSON | st.just({"00": 0, "04": 1}) | st.just({"00": 0, "04": 0}), "label": JSON})
ALMOST = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just(["Region", "Tid"]) | st.just(["Tid", "Region"]) | JSON,
        "size": st.sampled_from([[2, 3], [3, 2], [2, 2]]) | JSON,
        "dimension": st.fixed_dictionaries(
            {"Tid": st.just(dimension("2023", "2024", "2025")) | JSON},
            optional={"Region": st.just(dimension("00", "04")) | st.fixed_dictionaries({"category": CATEGORY}) | JSON},
        )
        | JSON,
        "value": st.lists(NUMBERS, min_size=6, max_size=6) | st.dictionaries(st.sampled_from("0123456"), NUMBERS) | JSON,
        "status": JSON | st.dictionaries(st.sampled_from("0123456"), st.sampled_from(["..", "X"])),
    },
)


@settings(deadline=None)
@given(ALMOST | JSON)
def test_any_document_is_read_or_refused(anything):
    try:
        cube = read_json_stat(anything, ASKED, refuse)
    except Refusal:
        return
    assert {name: set(codes) for name, codes in cube.dimensions.items()} == {name: set(codes) for name, codes in ASKED.items()}
    assert cube.values.size == cube.marks.size == 6
    assert cube.marks.max() < len(cube.words)


@given(st.lists(NUMBERS, min_size=6, max_size=6))
def test_sparse_and_full_values_are_the_same_cube(values):
    sparse = {str(i): value for i, value in enumerate(values) if value is not None}
    full, thin = (read_json_stat(document(v), ASKED, refuse).values for v in (values, sparse))
    np.testing.assert_array_equal(full, thin)
    assert [None if np.isnan(x) else x for x in full.ravel()] == values
