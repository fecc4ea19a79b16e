"""One writer at a time: a folder belongs to the process that holds its lock.

Here: the lock itself, which ends with its process however that ends. Not here: what to tell whom about waiting (orchestration, publication).
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(folder: Path, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold ``folder``, made if it is not there. Raises ``BlockingIOError`` if another process still holds it after ``wait_seconds``.

    The folder itself is locked, not a file in it: whoever took a lock file away would let a second process in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.2)
        yield
    finally:
        os.close(descriptor)
