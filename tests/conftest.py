"""Fixtures for every test: nothing here reaches a network, and nothing is written outside a temporary folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the tests' own modules: publishing, pipeline, postgres_server

from postgres_server import postgres, postgres_server  # noqa: F401 - fixtures
