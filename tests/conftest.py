"""Fixtures for every test: nothing here reaches a network, and nothing is written outside a temporary folder."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, settings

sys.path.insert(0, str(Path(__file__).parent))  # the tests' own modules: publishing, pipeline, postgres_server

from postgres_server import postgres, postgres_server  # noqa: F401 - fixtures

# An example that fails is told and made small; the phase left out runs it many times more with every line traced, which slow ones cannot bear.
settings.register_profile("naravard", deadline=None, phases=[phase for phase in Phase if phase is not Phase.explain])
settings.load_profile("naravard")


@pytest.fixture
def agrees(record_property) -> Callable[..., None]:
    """``agrees("Wilson: Newcombe 1998, table I", computed, printed, abs=0.00005)``: no figure is further from the printed one than ``abs``.

    How far they are is summed up per method and source when all tests have run.
    """

    def compare(source: str, computed: Sequence[float] | float, printed: Sequence[float] | float, abs: float) -> None:
        pairs = list(zip(*([x] if isinstance(x, int | float) else list(x) for x in (computed, printed)), strict=True))
        furthest = max(max(a, b) - min(a, b) for a, b in pairs)
        record_property("agrees", (source, len(pairs), furthest, abs))
        assert furthest <= abs, f"{source}: computed {computed}, printed {printed}"

    return compare


def pytest_terminal_summary(terminalreporter) -> None:
    """What the methods were held against, and the largest deviation from it."""
    found: dict[str, list] = {}
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "agrees":
                found.setdefault(value[0], []).append(value[1:])
    if found:
        terminalreporter.write_sep("=", "published figures")
        for source, of in sorted(found.items()):
            figures, furthest, bound = sum(n for n, *_ in of), max(d for _, d, _ in of), max(b for *_, b in of)
            terminalreporter.write_line(f"{figures:4} figures, largest deviation {furthest:8.2g} (allowed {bound:.2g})  {source}")
