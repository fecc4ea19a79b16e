"""What PxWeb's two protocols share: a question in as many calls as the service allows, put together again, and its refusals as sentences.

Belongs here: splitting and joining. Does not: addresses and forms of answers (``pxweb1``, ``pxweb2``), which codes are asked for
(``pxweb_plan``), what the cells become (``pxweb_cells``), retry and pace (``http``).
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from naravard_pipeline.connectors.answer import Answer, FetchError, MalformedAnswer, Page
from naravard_pipeline.connectors.http import SourceError
from naravard_pipeline.connectors.json_stat import Cube, Refuse
from naravard_pipeline.connectors.pxweb_cells import read_cells
from naravard_pipeline.connectors.pxweb_plan import Selection, Table, TableQuery, plan_questions


@dataclass(frozen=True)
class Limits:
    """What the service allows: cells in one answer, and calls."""

    max_cells: int
    requests_per_second: float


class TableRefused(FetchError):
    """The service refuses the question, in its own words and with what to do."""

    def __init__(self, source_id: str, table: str, said: str, remedy: str, error: SourceError):
        self.reason_sv = f"Källan avvisade frågan («{said}»)"
        super().__init__(f"{source_id}: {table}: the service says «{said}»; {remedy} ({error})")


def read_limit(document: Any, name: str, refuse: Refuse) -> int:
    found = document.get(name) if isinstance(document, dict) else None
    if type(found) is not int or found < 1:
        refuse(name, found, "a whole number above 0")
    return found


REFUSALS = (
    ("Non-existent table", "look the table up in the service's catalogue and correct query.table"),
    ("Non-existent value", "the table's codes have changed since its metadata were read; run again, then compare query with the table"),
    ("Non-existent variable", "compare the dimensions in query with the table's"),
    ("Missing selection", "a variable that cannot be left out must be named under query.fixed"),
    ("Too many", "a single cell is too much for it; ask the service's owner"),
    ("Parameter error", "compare query with the table's variables and codes"),
)


def explained(error: SourceError, source_id: str, table: str) -> FetchError:
    """The service's own refusal as a sentence; other errors as they are."""
    if error.status is None or error.status == 200 or error.transient:
        return error
    if error.status == 404:
        return TableRefused(source_id, table, "404 Not Found", REFUSALS[0][1], error)
    return next((TableRefused(source_id, table, said, remedy, error) for said, remedy in REFUSALS if said in error.got), error)


def is_too_much(error: SourceError) -> bool:
    return error.status in (400, 403, 413) and "Too many" in error.got


def refusing(source_id: str, table: str, page: Page) -> Refuse:
    """Raises ``MalformedAnswer`` of this page with what it hears."""

    def refuse(place: str, found: Any, expected: str) -> NoReturn:
        raise MalformedAnswer(source_id, table, page, place, found, expected)

    return refuse


def fetch_cells(
    source_id: str,
    query: TableQuery,
    table: Table,
    areas: Sequence[str],
    years: Collection[int],
    max_cells: int,
    ask: Callable[[Selection], tuple[Page, Cube]],
) -> Answer:
    """All that the query asks of the table, after ``CELLS_SCHEMA``, in as many calls of ``ask`` as ``max_cells`` and the service demand."""
    pages, tables = [], []
    for meaning, selection in plan_questions(source_id, query, table, areas, years):
        answers = list(_ask_in_pieces(ask, selection, max_cells, source_id, query.table))
        pages += [page for page, _ in answers]
        cube = _joined(selection, [cube for _, cube in answers])
        tables.append(read_cells(cube, meaning, query.marks, refusing(source_id, query.table, answers[0][0])))
    return Answer([*pages, table.page], pa.concat_tables(tables), table.metadata)


def _ask_in_pieces(ask: Callable, selection: Selection, max_cells: int, source_id: str, table: str) -> Iterator[tuple[Page, Cube]]:
    waiting = split(selection, max_cells)
    while waiting:
        piece = waiting.pop(0)
        try:
            yield ask(piece)
        except SourceError as error:
            if not is_too_much(error) or count_cells(piece) == 1:
                raise explained(error, source_id, table) from error
            waiting = split(piece, count_cells(piece) // 2) + waiting  # it allows less than it said


def _joined(selection: Selection, cubes: Sequence[Cube]) -> Cube:
    """The pieces of a selection as one cube, in the selection's order."""
    if len(cubes) == 1:
        return cubes[0]
    places = {name: {code: i for i, code in enumerate(codes)} for name, codes in selection.items()}
    values = np.full([len(codes) for codes in selection.values()], np.nan)
    marks = np.zeros(values.shape, np.int16)
    words = ["", *sorted({word for cube in cubes for word in cube.words if word})]
    for cube in cubes:
        names = list(cube.dimensions)
        order = [names.index(name) for name in selection]
        where = np.ix_(*([places[name][code] for code in cube.dimensions[name]] for name in selection))
        values[where] = cube.values.transpose(order)
        marks[where] = np.array([words.index(word) for word in cube.words], np.int16)[cube.marks.transpose(order)]
    return Cube(selection, values, marks, words)


def count_cells(selection: Selection) -> int:
    return math.prod(map(len, selection.values()))


def split(selection: Selection, max_cells: int) -> list[Selection]:
    """The selection in pieces of at most ``max_cells`` (at least one), along its largest dimension first."""
    if count_cells(selection) <= max(max_cells, 1):
        return [selection]
    name = max(selection, key=lambda n: len(selection[n]))
    codes = selection[name]
    size = max(max_cells // (count_cells(selection) // len(codes)), 1)
    pieces = [{**selection, name: codes[i : i + size]} for i in range(0, len(codes), size)]
    return [small for piece in pieces for small in split(piece, max_cells)]
