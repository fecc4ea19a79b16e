"""The monthly report in a real browser: axe finds nothing in either theme, and it fits a telephone and asks no host for anything."""

import base64
import json
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from test_report import content

from naravard_pipeline.report import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium, which .ci/run installs from Debian")

# What was found is handed to the frame around, whose title --dump-dom shows.
PROBE = """<script>%s</script><script>addEventListener('load', () => axe.run().then(found => parent.postMessage({
  violations: found.violations.map(v => v.id + ': ' + v.nodes[0].html), passes: found.passes.length,
  asked: performance.getEntriesByType('resource').length, needed: document.documentElement.scrollWidth, there: innerWidth,
  ground: getComputedStyle(document.body).backgroundColor}, '*')))</script></body>"""
FRAME = """<!doctype html><iframe src=report.html style="width:%dpx;height:900px;border:0"></iframe><script>
addEventListener('message', e => { document.title = btoa(unescape(encodeURIComponent(JSON.stringify(e.data)))) })</script>"""


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_axe_finds_nothing_and_the_page_fits(tmp_path, width, theme):
    pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python, of the test extra")
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    (tmp_path / "report.html").write_text(page.render_page(content(12, True)).replace("</body>", PROBE % axe), encoding="utf-8")
    (tmp_path / "frame.html").write_text(FRAME % width, encoding="utf-8")
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--disable-gpu"]
    dark = ["--blink-settings=preferredColorScheme=0"] if theme == "dark" else []
    command = [CHROMIUM, "--headless", "--no-sandbox", *quiet, *dark, f"--user-data-dir={tmp_path}/profile", "--window-size=1400,1000"]
    ends = ["--virtual-time-budget=20000", "--dump-dom", (tmp_path / "frame.html").as_uri()]
    done = subprocess.run([*command, "--allow-file-access-from-files", *ends], capture_output=True, text=True, timeout=90)
    title = re.search(r"<title>([^<]+)</title>", done.stdout)
    assert title, done.stdout[:500] + done.stderr[-500:]
    found = json.loads(base64.b64decode(title[1]))
    assert found["violations"] == [] and found["passes"] > 10
    assert found["needed"] <= found["there"] == width, "the page is wider than the window"
    assert found["asked"] == 0, "the page asks for something"
    assert found["ground"] == ("rgb(251, 250, 248)" if theme == "light" else "rgb(21, 25, 28)")
