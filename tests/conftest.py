"""Fixtures for every test: nothing here reaches a network, and nothing is written outside a temporary folder."""

import sys
from pathlib import Path

from hypothesis import Phase, settings

sys.path.insert(0, str(Path(__file__).parent))  # the tests' own modules: publishing, pipeline, postgres_server

from postgres_server import postgres, postgres_server  # noqa: F401 - fixtures

# An example that fails is told and made small; the phase left out runs it many times more with every line traced, which slow ones cannot bear.
settings.register_profile("naravard", deadline=None, phases=[phase for phase in Phase if phase is not Phase.explain])
settings.load_profile("naravard")
