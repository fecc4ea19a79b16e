"""The shim compiled once, the proof's scripts run with it, and a small file system where mounting is allowed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crash.shim import build_shim, find_compiler

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory) -> Path:
    if not find_compiler():
        pytest.skip("needs a C compiler: the shim is compiled for the test")
    if not sys.platform.startswith("linux"):
        pytest.skip("needs Linux: LD_PRELOAD and /proc")
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="session")
def crash(shim_library) -> Callable[..., dict[str, Any]]:
    """``crash("prove.py", "--points", "10")`` → what the script tells as JSON. The same is run once, whoever asks."""

    @cache
    def run(script: str, *arguments: str) -> dict[str, Any]:
        one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        environment = os.environ | one_thread | {"LD_PRELOAD": str(shim_library)}
        done = subprocess.run([sys.executable, HERE / script, *arguments], env=environment, capture_output=True, text=True)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def small_disk(tmp_path, request) -> Iterator[Path]:
    """A file system of 12 MB, or as many as the test asks for, real enough to fill up."""
    size = getattr(request, "param", 12)
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system (root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
