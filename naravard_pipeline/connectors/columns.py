"""One field of many JSON objects at once: read as a column, or refused where the first of them is not as promised.

Here: what the readers of rows share, and the refusal of a query that asks for what is not there. Not here: what a field means (each protocol's
own file).
"""

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, NoReturn

from naravard_pipeline.connectors.answer import FetchError, MalformedAnswer, Page

Refuse = Callable[[int, str, Any, str], NoReturn]  # position, field, what is there, what was expected
BEYOND = 1e15  # no statistic is larger, and a float still holds every whole number


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT = _Absent()


class NotOffered(FetchError):
    """A measure's query names something that the source does not have; found before any figure was asked for."""

    def __init__(self, source_id: str, subject: str, what: str, asked: str, offered: Mapping[str, str]):
        there = f"; {told(offered)}" if offered else ""
        super().__init__(f"{source_id}: {subject}: there is no {what} {asked!r}, as the query asks{there}. Correct the `query`")
        self.reason_sv = f"Måttets fråga gäller något som källan inte har ({what} {asked})"


def told(offered: Mapping[str, str], limit: int = 12) -> str:
    """What is offered, by id and text, for messages."""
    some = ", ".join(f"{key} «{text}»" for key, text in list(offered.items())[:limit])
    return f"there is {some or 'nothing'}" + (f" and {len(offered) - limit} more" if len(offered) > limit else "")


def read_objects(source_id: str, subject: str, page: Page, place: str, found: Any) -> list[dict]:
    if not isinstance(found, list):
        raise MalformedAnswer(source_id, subject, page, place, found, "a list of objects")
    if not set(map(type, found)) <= {dict}:
        at = next(i for i, item in enumerate(found) if type(item) is not dict)
        raise MalformedAnswer(source_id, subject, page, f"{place}[{at}]", found[at], "an object")
    return found


def read_column(
    items: list[dict],
    name: str,
    types: Iterable[type],
    expected: str,
    refuse: Refuse,
    *,
    allows: Callable[[Any], bool] | None = None,
    default: Any = ABSENT,
) -> list[Any]:
    """One field of all items; ``refuse`` hears of the first whose type is not among ``types`` or whose value ``allows`` denies.

    Types are exact, so ``True`` is no whole number. ``allows`` is asked once for each different value.
    """
    types = set(types)
    try:
        column = list(map(itemgetter(name), items))
    except KeyError:
        column = [item.get(name, default) for item in items]
    if not set(map(type, column)) <= types or (allows and not all(map(allows, set(column)))):
        at = next(i for i, found in enumerate(column) if type(found) not in types or (allows and not allows(found)))
        refuse(at, name, column[at], expected)
    return column


def read_numbers(items: list[dict], name: str, refuse: Refuse, default: Any = None) -> list[float | None]:
    """A field of numbers and nulls; ``default`` None allows it to be absent."""
    expected, types = "a number or null", (float, int, type(None))
    column = read_column(items, name, types, expected, refuse, allows=lambda x: x is None or abs(x) < BEYOND, default=default)
    return [found if found is None else float(found) for found in column]
