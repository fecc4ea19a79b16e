"""Running suites: the door to Great Expectations, which is opened late because it takes three seconds.

Here belongs when the import happens. What is done with it stands in ``engine``.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from naravard_pipeline.quality.outcome import Outcome
from naravard_pipeline.quality.suites import Suite


class QualityError(RuntimeError):
    """The checks could not be made at all; the sentence says what is missing and what to do."""


def _engine() -> Any:
    # Version 1.24 sends nothing; earlier ones did, and a later one might.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    return import_module("naravard_pipeline.quality.engine")


def warm_up() -> None:
    """Start the import in the background, so that it overlaps with other work. Never fails: ``run_suites`` tells what is wrong."""

    def load() -> None:
        with suppress(Exception):
            _engine()

    Thread(target=load, name="great-expectations-import", daemon=True).start()


def run_suites(database: Path, suites: Iterable[Suite], on_outcome: Callable[[Outcome], None] | None = None) -> list[Outcome]:
    """Check the working database, read-only: one outcome per expectation, in the order of the suites.

    An expectation that cannot be evaluated (no such table, an empty batch, an error in Great Expectations) is a failed critical outcome of scope
    ``release``, never a pass. ``on_outcome`` is called with each as it comes.
    Raises ``QualityError`` where no check can be made: the database is not there, is being written, or Great Expectations cannot be imported.
    """
    if not database.is_file():
        raise QualityError(f"{database} does not exist; build it with dbt before it is checked")
    try:
        engine = _engine()
    except ImportError as error:
        raise QualityError(f"Great Expectations cannot be imported ({error}); install the project's dependencies again") from error
    outcomes: list[Outcome] = []
    with engine.open_workbench(database) as workbench:
        for suite in suites:
            for batch in suite.batches:
                for outcome in workbench.check(suite, batch):
                    outcomes.append(outcome)
                    if on_outcome:
                        on_outcome(outcome)
    return outcomes
