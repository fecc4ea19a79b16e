"""The form in a real browser: its own policy lets its script run, and it shows what belongs to the chosen source alone."""

import re
import shutil
import subprocess

import pytest

from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.form import FormServer
from naravard_pipeline.settings import SOURCES, Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium, which .ci/run installs from Debian")


def test_the_script_runs_under_the_pages_own_policy(tmp_path):
    safe = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    with FormServer(Desk(Settings(home=tmp_path / "home"), SOURCES)) as server:
        command = [CHROMIUM, *safe, f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=3000", "--dump-dom", server.address]
        page = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    assert re.search(r'<html[^>]* data-ready="kolada"', page), page[:500]
    assert 'data-kinds="files" hidden' in page and 'data-kinds="kolada pxweb2 pxweb1 socialstyrelsen">' in page
