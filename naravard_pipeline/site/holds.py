"""What stands beside figures that are not the newest, or instead of figures that are not published yet: that they are held, since when and why.

Here: the one place that finds it, for a measure and for rows of an index. Not here: which measures are held (publication.assembly),
where the words stand (figures, parts, templates).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from naravard_pipeline.pages.swedish import moment
from naravard_pipeline.site.facts import Facts, Row

OLDER_SV = "hålls tillbaka: äldre uppgifter"
UNPUBLISHED_SV = "hålls tillbaka, inte publicerat"


@dataclass(frozen=True)
class Held:
    """``is_left_out``: there are no released figures to show."""

    reason_sv: str
    since: datetime | None
    is_left_out: bool = False

    @property
    def mark_sv(self) -> str:
        return UNPUBLISHED_SV if self.is_left_out else OLDER_SV

    @property
    def why_sv(self) -> str:
        """What follows on the mark, such as « sedan 2026-02-01 05:30: Källans svar krympte.»"""
        since = f" sedan {moment(self.since)}" if self.since else ""
        return f"{since}: {self.reason_sv}" if self.reason_sv else f"{since}."

    @property
    def text_sv(self) -> str:
        return f"{self.mark_sv}{self.why_sv}"


def held(found: Row | None) -> Held | None:
    """A row of ``facts.read_holds`` in words; None for a measure that has none."""
    return Held(found["reason"] or "", found["since"], found["is_left_out"]) if found else None


def held_measure(facts: Facts, measure_id: str) -> Held | None:
    """A measure is held as a whole, whatever area it is shown for, with or without a value there."""
    return held(facts.holds.get(measure_id))


def held_rows(rows: Iterable[Row]) -> Held | None:
    """The rows of an index, of which the first that is held tells of all: they are kept from the last release together."""
    found = next((r for r in rows if r.get("is_held")), None)
    return Held(found.get("held_reason") or "", found.get("held_since")) if found else None


def held_indicator(facts: Facts, indicator: Row) -> Held | None:
    """Where nothing but the indicator's name stands: the first of its measures that is held."""
    return next((found for m in indicator["measures"] if (found := held_measure(facts, m))), None)
