"""What every imitated source has in common. Here: their interface, how they refuse, the words that mark figures as made up."""

from collections.abc import Mapping
from typing import Any, Protocol

MADE_UP = "(PÅHITTAT)"


class Refused(Exception):
    """The source answers with an error: ``status``, and its words as a text or a document."""

    def __init__(self, status: int, detail: Any):
        super().__init__(detail)
        self.status, self.detail = status, detail


class DemoSource(Protocol):
    """Figures that depend on nothing but their key, so that they are the same on every machine."""

    def answer(self, method: str, parts: list[str], query: Mapping[str, list[str]], body: bytes | None, base: str) -> Any:
        """The document at ``parts`` below the base URL ``base``; raises ``Refused``."""
