"""``naravard …``: a thin door to the other rooms, one module per group of commands. Not here: anything a test would call by itself."""

import os
import sys

from naravard_pipeline.cli.main import main

__all__ = ["main", "start"]


def start() -> None:
    """The installed command. Ends the process at once: taking down the libraries' modules one by one costs 2 s after the last word."""
    try:
        main()
        code: object = 0
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
