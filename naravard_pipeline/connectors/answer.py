"""What a connector hands over: the pages as they came, and their rows read into one table. And what it raises when it cannot.

Belongs here: words that every connector shares. Does not: how a request is made (``http``), what a protocol means (one file each).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Page:
    """One answer of a source, byte for byte (after content decoding). ``fetched_at`` is aware, UTC."""

    url: str
    method: str
    fetched_at: datetime
    status: int
    body: bytes = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Answer:
    """All pages of one question and what they say. ``rows`` is native to the source: nothing lost, nothing renamed to our words."""

    pages: Sequence[Page]
    rows: pa.Table
    metadata: Mapping[str, Any] = field(default_factory=dict)


class FetchError(Exception):
    """No usable answer. ``pages`` are what came all the same.

    ``reason_sv`` tells a reader why, ``kept_sv`` what is shown instead where there is something: the two halves of a sentence.
    """

    reason_sv = "Källan kunde inte läsas"
    kept_sv = "senast godkända uppgifter visas"

    def __init__(self, message: str, *, transient: bool = False, pages: Sequence[Page] = ()):
        super().__init__(message)
        self.transient = transient
        self.pages = tuple(pages)


class MalformedAnswer(FetchError):
    """The source answered, but not in the shape it promises or not with what was asked for. Asking again is of no use."""

    reason_sv = "Källans svar hade inte det väntade innehållet"

    def __init__(self, source_id: str, subject: str, page: Page, place: str, found: Any, expected: str):
        self.source_id, self.subject, self.place, self.found, self.expected = source_id, subject, place, found, expected
        super().__init__(f"{source_id}: {subject}: {page.url}: {place}: there is {shortened(found)}; expected {expected}", pages=[page])


def shortened(value: Any, limit: int = 120) -> str:
    """``value`` on one line of at most ``limit`` characters, for messages: line breaks and control characters out."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else repr(value)
    # A body can be megabytes: look only at its beginning.
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return f"«{text}»" if isinstance(value, (str, bytes)) else text
