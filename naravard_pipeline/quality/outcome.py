"""What one check found. Here belongs the record and its JSON form; not how it came about (``engine``) or how it looks (``page``)."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Severity = Literal["critical", "warning"]
Scope = Literal["measure", "release"]


@dataclass(frozen=True)
class Outcome:
    """The result of one expectation.

    ``scope`` says what a critical failure holds back: ``measure`` the measures in ``by_measure`` and nothing else; ``release`` everything,
    because the failing rows belong to no measure or the check could not be made. ``observed`` is the number of rows looked at,
    ``failed_rows`` the number that broke the expectation (1 where it is about the table as a whole). ``rows`` shows the first of them, JSON-safe;
    ``by_measure`` counts all of them per ``measure_id``.
    """

    check: str
    suite: str
    table: str
    severity: Severity
    scope: Scope
    passed: bool
    name_sv: str
    reason: str
    reason_sv: str
    observed: int = 0
    failed_rows: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    by_measure: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON types, one key per field."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of ``to_json``; raises ``TypeError`` on unknown or missing keys."""
        return cls(**data)
