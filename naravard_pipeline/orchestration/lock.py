"""One writer at a time: the warehouse and the landing belong to the process that holds their lock. The lock ends with its process."""

import contextlib
import fcntl
import time
from collections.abc import Iterator

from dagster import Failure

from naravard_pipeline.settings import Settings


@contextlib.contextmanager
def exclusive(settings: Settings, what: str, wait_seconds: float = 60.0) -> Iterator[None]:
    """Hold ``<home>/.<what>.lock``. Waits for another run to end and raises ``Failure`` after ``wait_seconds``."""
    settings.home.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with open(settings.home / f".{what}.lock", "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    message = f"Another run has been using the {what} in {settings.home} for {wait_seconds:.0f} s. Run again when it has ended."
                    raise Failure(message) from error
                time.sleep(0.2)
        yield
