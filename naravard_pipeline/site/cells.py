"""A figure as it is shown and as it stands in a file. Here: numbers, yes and no, and why there is none. Not here: which figures (figures, parts)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from naravard_pipeline.pages import swedish
from naravard_pipeline.site.facts import Row


@dataclass(frozen=True)
class Cell:
    """``text`` as shown; ``raw`` for the file: a decimal comma and nothing between thousands, so that a Swedish spreadsheet takes it for a number."""

    text: str
    raw: str
    is_number: bool = False


def text_cell(text: Any) -> Cell:
    shown = "" if text is None else str(text)
    return Cell(shown, shown)


def number_cell(value: float | None, decimals: int | None) -> Cell:
    if value is None:
        return Cell("–", "", True)
    shown = swedish.number(value, decimals)
    return Cell(shown, shown.replace("\u202f", "").replace("\u00a0", "").replace("−", "-"), True)


def value_cell(measure: Row, row: Row | None, is_alone: bool = True) -> Cell:
    """The value of a row of the figures, or the word for why there is none; a preliminary one says so, unless something beside it does."""
    if not row:
        return Cell("–", "", True)
    if row["value"] is None:
        word = swedish.word(row.get("status") or "missing", "status")
        return Cell(word, word, True)
    if measure.get("value_type") == "yes_no":
        since = row.get("since_date")
        return text_cell((f"Ja, sedan {swedish.moment(since)}" if since else "Ja") if row["value"] else "Nej")
    cell = number_cell(row["value"], measure.get("decimals"))
    if measure.get("value_type") == "count" and row.get("denominator") is not None:
        cell = Cell(f"{cell.text} av {number_cell(row['denominator'], 0).text}", cell.raw, True)
    return Cell(f"{cell.text} (preliminärt)", cell.raw, True) if is_alone and row.get("status") == "preliminary" else cell


def is_drawn(measure: Row, rows: Sequence[Row]) -> bool:
    """Whether there is anything to draw: a yes or no is told, not drawn."""
    return measure.get("value_type") != "yes_no" and any(r["value"] is not None for r in rows)
