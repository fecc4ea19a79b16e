"""What Kolada's pages say: their rows as tables, field by field.

Belongs here: the shape and the meaning of rows. Does not: asking for them (``kolada``).

The readers refuse what they do not know for certain: a figure that is not understood must never become another figure. Fields that only
describe (titles, dates of publication) may hold anything or be absent; where they say nothing they become None.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from naravard_pipeline.connectors.answer import MalformedAnswer, Page
from naravard_pipeline.connectors.columns import ABSENT, read_column, read_objects

SOURCE_ID = "kolada"

NONE = type(None)
VALUES_SCHEMA = pa.schema(
    {
        "kpi": pa.string(),
        "municipality": pa.string(),
        "period": pa.int32(),
        "gender": pa.string(),  # T all, K women, M men
        "value": pa.float64(),
        "count": pa.int32(),
        "status": pa.string(),
        "is_deleted": pa.bool_(),
    }
)
GROUPS_SCHEMA = pa.schema({"group_id": pa.string(), "title": pa.string(), "member_id": pa.string(), "member_title": pa.string()})
AREAS_SCHEMA = pa.schema({"id": pa.string(), "title": pa.string(), "type": pa.string()})


@dataclass(frozen=True)
class KeyFigure:
    """What Kolada says of a key figure. ``publication_date`` is when the figures of ``publ_period`` are to appear."""

    kpi: str
    title: str | None
    description: str | None
    is_divided_by_gender: bool | None
    municipality_type: str | None  # K municipality, L region, A both
    publication_date: date | None
    prel_publication_date: date | None
    publ_period: str | None
    page: Page
    title_as_given: str | None = None  # with its double spaces: two catalogues are compared letter by letter

    def to_metadata(self) -> dict[str, Any]:
        """As JSON can hold it, with the page by its hash."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "title_as_given"} | {"page": self.page.sha256}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def read_values(page: Page, rows: list[dict], kpi: str, years: Sequence[int]) -> pa.Table:
    """The rows of one page of ``/data`` after ``VALUES_SCHEMA``; raises ``MalformedAnswer`` that names row, field, what there is, what not.

    Works by column: a page has thousands of rows, and all but the reading itself is done once per column.
    """

    def refuse(at: int, name: str, found: Any, expected: str) -> None:
        raise MalformedAnswer(SOURCE_ID, kpi, page, f"values[{at}].{name}", found, expected)

    def refuse_cell(at: int, name: str, found: Any, expected: str) -> None:
        row = row_of[at]
        refuse(row, f"values[{at - row_of.index(row)}].{name}", found, expected)

    read_column(rows, "kpi", {str}, f"{kpi!r}, which was asked for", refuse, allows=lambda x: x == kpi)
    asked = f"a whole number among the years asked for, {years[0]}-{years[-1]}"
    periods = read_column(rows, "period", {int}, asked, refuse, allows=set(years).__contains__)
    areas = read_column(rows, "municipality", {str}, "an area's code", refuse, allows=bool)
    nested = read_column(rows, "values", {list}, "a list", refuse)
    row_of = [i for i, cells in enumerate(nested) for _ in cells]
    cells = [cell for cells in nested for cell in cells]
    if not set(map(type, cells)) <= {dict}:
        at = next(i for i, cell in enumerate(cells) if type(cell) is not dict)
        refuse(row_of[at], f"values[{at - row_of.index(row_of[at])}]", cells[at], "an object")
    genders = read_column(cells, "gender", {str}, "T, K or M", refuse_cell, allows={"T", "K", "M"}.__contains__)
    values = read_column(cells, "value", {float, int, NONE}, "a number or null", refuse_cell)
    counts = read_column(cells, "count", {int, NONE}, "a count or null", refuse_cell, allows=lambda x: x is None or 0 <= x < 2**31, default=None)
    statuses = read_column(cells, "status", {str, NONE}, "a text or null", refuse_cell, default=None)
    said = "true, false, 1, 0 or null"
    deleted = read_column(cells, "isdeleted", {bool, int, NONE}, said, refuse_cell, allows={None, 0, 1}.__contains__, default=None)
    rows_taken = pa.array(row_of, pa.int32())
    return pa.table(
        [
            pa.repeat(pa.scalar(kpi, pa.string()), len(cells)),
            pa.array(areas, pa.string()).take(rows_taken),
            pa.array(periods, pa.int32()).take(rows_taken),
            pa.array(genders, pa.string()),
            pa.array(values if int not in set(map(type, values)) else [x if x is None else float(x) for x in values], pa.float64()),
            pa.array(counts, pa.int32()),
            pa.array(statuses, pa.string()),
            pa.array([bool(x) for x in deleted], pa.bool_()),
        ],
        schema=VALUES_SCHEMA,
    )


def refuse_two_figures_of_one_cell(table: pa.Table, kpi: str, pages: Sequence[Page]) -> None:
    key = ["municipality", "period", "gender"]
    cells = table.filter(pc.invert(table["is_deleted"])).group_by(key).aggregate([([], "count_all")])
    twice = cells.filter(pc.greater(cells["count_all"], 1)).slice(0, 1).to_pylist()
    if twice:
        place = ", ".join(str(twice[0][name]) for name in key)
        raise MalformedAnswer(SOURCE_ID, kpi, pages[-1], f"{place} (in the whole answer)", f"{twice[0]['count_all']} figures", "one")


def read_groups(page: Page, rows: list[dict]) -> pa.Table:
    """One row per group and member, after ``GROUPS_SCHEMA``."""
    members = [
        {
            "group_id": _id(page, f"values[{i}]", row, "id"),
            "title": _line(row.get("title")),
            "member_id": _id(page, f"values[{i}].members[{j}]", member, "member_id"),
            "member_title": _line(member.get("member_title")),
        }
        for i, row in enumerate(rows)
        for j, member in enumerate(read_objects(SOURCE_ID, "groups", page, f"values[{i}].members", row.get("members") or []))
    ]
    return pa.Table.from_pylist(members, GROUPS_SCHEMA)


def read_areas(page: Page, rows: list[dict]) -> pa.Table:
    """One row per area, after ``AREAS_SCHEMA``."""
    areas = [
        {"id": _id(page, f"values[{i}]", row, "id"), "title": _line(row.get("title")), "type": _line(row.get("type"))} for i, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(areas, AREAS_SCHEMA)


def read_key_figures(page: Page, rows: list[dict]) -> list[KeyFigure]:
    return [_read_key_figure(page, i, row) for i, row in enumerate(rows)]


def _read_key_figure(page: Page, at: int, row: dict) -> KeyFigure:
    divided = row.get("is_divided_by_gender")
    period = row.get("publ_period")
    return KeyFigure(
        kpi=_id(page, f"values[{at}]", row, "id"),
        title=_line(row.get("title")),
        description=row["description"].replace("\\n", "\n").strip() if isinstance(row.get("description"), str) else None,
        is_divided_by_gender=bool(divided) if divided in (0, 1) else None,
        municipality_type=_line(row.get("municipality_type")),
        publication_date=_date(row.get("publication_date")),
        prel_publication_date=_date(row.get("prel_publication_date")),
        publ_period=str(period) if isinstance(period, (int, str)) and not isinstance(period, bool) and period != "" else None,
        page=page,
        title_as_given=row["title"] if isinstance(row.get("title"), str) else None,
    )


def _id(page: Page, place: str, item: dict, name: str) -> str:
    found = item.get(name, ABSENT)
    if not isinstance(found, str) or not found:
        raise MalformedAnswer(SOURCE_ID, "catalogue", page, f"{place}.{name}", found, "an id")
    return found


def _line(found: Any) -> str | None:
    """A text on one line; Kolada's titles hold double spaces."""
    return " ".join(found.split()) or None if isinstance(found, str) else None


def _date(found: Any) -> date | None:
    try:
        return date.fromisoformat(found[:10])
    except (TypeError, ValueError):
        return None
