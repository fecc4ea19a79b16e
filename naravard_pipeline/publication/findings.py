"""A finding: why one measure must wait for a person, in sentences with the numbers.

Here: the value, and what the modules that find something share. Not here: what is looked for (review, review_figures).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import duckdb

from naravard_pipeline.pages.swedish import number

Kind = Literal["taken_back", "revision", "level_shift", "missing_areas", "withdrawn", "shown", "definition", "tolerance", "incomparable", "always"]


@dataclass(frozen=True)
class Finding:
    """Why one measure must wait. ``count``: the figures, areas or columns concerned; ``worst``: the largest of them, as plain JSON types."""

    kind: Kind
    sentence_sv: str
    sentence_en: str
    count: int
    worst: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Found = Iterator[tuple[str, Finding]]


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = connection.execute(query)
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def count_sv(n: int, one: str, many: str) -> str:
    return f"{number(n)} {one if n == 1 else many}"


def count_en(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def listed(words: Iterable[str], last: str) -> str:
    words = list(words)
    return last.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
