"""The demo, run once for all tests of the group ``demo``, which looks at it and never changes it."""

import shutil

import pytest
from pipeline import naravard


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    home = tmp_path_factory.mktemp("demo") / "home"
    result = naravard(home, "demo")
    assert result.exit_code == 0, result.output
    return home, result.output


@pytest.fixture
def copy(demo, tmp_path):
    """The demo's home to do as one likes with."""
    shutil.copytree(demo[0], tmp_path / "home", symlinks=True)
    return tmp_path / "home"
