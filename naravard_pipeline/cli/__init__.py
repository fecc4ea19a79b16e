"""``naravard …``: a thin door to the other rooms, one module per group of commands. Not here: anything a test would call by itself."""

from naravard_pipeline.cli.main import main

__all__ = ["main"]
