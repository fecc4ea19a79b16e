"""One writer at a time, told the way Dagster tells: the landing and the warehouse belong to the run that holds them."""

import contextlib
from collections.abc import Iterator
from typing import Literal

from dagster import Failure

from naravard_pipeline.landing.lock import locked
from naravard_pipeline.settings import Settings

WAIT_SECONDS = 600.0  # as long as a person's decision may take to be published


@contextlib.contextmanager
def exclusive(settings: Settings, what: Literal["landing", "warehouse"], wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold ``<home>/<what>``. Waits for another run to end and raises ``Failure`` after ``wait_seconds``."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(settings.home / what, wait_seconds))
        except BlockingIOError as error:
            message = (
                f"Another run, or a decision being published, has been using the {what} in {settings.home} for {wait_seconds:.0f} s. "
                "Run again when it has ended."
            )
            raise Failure(message) from error
        yield
