"""JSON-stat 2.0: a document with a cube of figures, read into arrays.

Belongs here: the format (https://json-stat.org/full/), sparse values and status included. Does not: what dimensions and marks mean
(``pxweb_cells``), how a document is asked for (``pxweb1``, ``pxweb2``).

All cells are handled at once: a table has hundreds of thousands.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

Refuse = Callable[[str, Any, str], NoReturn]  # hears of place, what is there and what was expected


@dataclass(frozen=True)
class Cube:
    """``dimensions``: name → codes, in the order of the axes of ``values`` (float64, NaN where there is none) and ``marks`` (indices in ``words``).

    ``words`` are the source's own marks; the first, of a cell without a mark, is empty.
    """

    dimensions: Mapping[str, Sequence[str]]
    values: np.ndarray
    marks: np.ndarray
    words: Sequence[str]


def read_json_stat(document: Any, asked: Mapping[str, Sequence[str]], refuse: Refuse) -> Cube:
    """The cube of a document that was asked for these codes of these dimensions; ``refuse`` is called, and must raise, where it holds anything else.

    The order of dimensions and codes is the document's.
    """
    if not isinstance(document, dict):
        refuse("the document", document, "an object in JSON-stat 2.0")
    dimensions = _read_dimensions(document, asked, refuse)
    shape = tuple(map(len, dimensions.values()))
    values = _read_values(document.get("value"), math.prod(shape), refuse)
    marks, words = _read_marks(document.get("status"), math.prod(shape), refuse)
    return Cube(dimensions, values.reshape(shape), marks.reshape(shape), words)


def _read_dimensions(document: dict, asked: Mapping[str, Sequence[str]], refuse: Refuse) -> dict[str, list[str]]:
    names = document.get("id")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        refuse("id", names, "a list of dimensions")
    if set(names) != set(asked):
        refuse("id", names, f"the dimensions asked for: {', '.join(asked)}")
    described = document.get("dimension")
    if not isinstance(described, dict):
        refuse("dimension", described, "an object")
    dimensions = {name: _read_codes(described.get(name), f"dimension.{name}", refuse) for name in names}
    if document.get("size") != [len(codes) for codes in dimensions.values()]:
        refuse("size", document.get("size"), f"the number of codes of each dimension, {[len(codes) for codes in dimensions.values()]}")
    for name, codes in dimensions.items():
        if other := set(codes) ^ set(asked[name]):
            wrong, what = ("more", "not asked for") if set(codes) - set(asked[name]) else ("fewer", "asked for")
            refuse(f"dimension.{name}.category", f"{wrong} codes, such as {min(other)} ({what})", f"the {len(asked[name])} asked for")
    return dimensions


def _read_codes(dimension: Any, place: str, refuse: Refuse) -> list[str]:
    category = dimension.get("category") if isinstance(dimension, dict) else None
    if not isinstance(category, dict):
        refuse(place, dimension, "an object with `category`")
    index, label = category.get("index"), category.get("label")
    match index:
        case None if isinstance(label, dict) and len(label) == 1:  # a single category needs no index
            return list(label)
        case list() if all(isinstance(code, str) for code in index) and len(set(index)) == len(index):
            return index
        case dict() if set(map(type, index.values())) <= {int} and sorted(index.values()) == list(range(len(index))):
            return sorted(index, key=index.__getitem__)
    refuse(f"{place}.category.index", index, "each code and its position, from 0")


def _read_values(found: Any, cells: int, refuse: Refuse) -> np.ndarray:
    if isinstance(found, dict):
        values = np.full(cells, np.nan)
        values[_positions(found, "value", cells, refuse)] = _numbers(list(found.values()), refuse)
        return values
    if not isinstance(found, list) or len(found) != cells:
        refuse("value", f"{len(found)} values" if isinstance(found, list) else found, f"{cells} values")
    return _numbers(found, refuse)


def _numbers(found: list, refuse: Refuse) -> np.ndarray:
    if set(map(type, found)) <= {int, float, type(None)}:
        try:
            return pa.array(found, pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            at = next(i for i, x in enumerate(found) if isinstance(x, int) and abs(x) > 2**53)
    else:
        at = next(i for i, x in enumerate(found) if type(x) not in (int, float, type(None)))
    refuse(f"value[{at}]", found[at], "a number or null")


def _read_marks(found: Any, cells: int, refuse: Refuse) -> tuple[np.ndarray, list[str]]:
    marks = np.zeros(cells, np.int16)
    match found:
        case None:
            return marks, [""]
        case str():  # one for all
            return marks + 1, ["", found]
        case dict():
            at, given = _positions(found, "status", cells, refuse), list(found.values())
        case list() if len(found) == cells:
            at, given = np.arange(cells), found
        case _:
            refuse("status", f"{len(found)} marks" if isinstance(found, list) else found, f"a text, {cells} marks, or marks by position")
    if not set(map(type, given)) <= {str, type(None)}:
        refuse("status", next(x for x in given if type(x) not in (str, type(None))), "texts or null")
    words = ["", *sorted({word for word in given if word})]
    if len(words) > np.iinfo(np.int16).max:
        refuse("status", f"{len(words) - 1} different marks", "a few")
    number = {word: i for i, word in enumerate(words)} | {None: 0}
    marks[at] = np.fromiter(map(number.__getitem__, given), np.int16, len(given))
    return marks, words


def _positions(found: dict, place: str, cells: int, refuse: Refuse) -> np.ndarray:
    """The keys of an object that gives cells by their position: whole numbers, written as numbers are."""
    keys = pa.array(list(found), pa.string())
    try:
        positions = keys.cast(pa.int64())
    except pa.ArrowInvalid:
        positions = pa.nulls(len(keys), pa.int64())
    if not positions.cast(pa.string()).equals(keys):  # 07 and 7 would be one cell
        refuse(place, next(key for key in found if not re.fullmatch("0|[1-9][0-9]{0,17}", key)), "a cell's position")
    places = positions.to_numpy()
    if len(places) and not 0 <= places.min() <= places.max() < cells:
        refuse(place, f"positions from {places.min()} to {places.max()}", f"positions from 0 to {cells - 1}")
    return places
