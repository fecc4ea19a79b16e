"""The quality page in a real browser: it fits a telephone, asks no host for anything, and shows what is held before anything else."""

import re
import shutil
import subprocess

import pytest

from naravard_pipeline.quality import render_quality_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium, which .ci/run installs from Debian")

# What the browser found, written where --dump-dom shows it.
PROBE = """<script>addEventListener('load', () => {
  const seen = document.createElement('pre');
  const held = document.body.innerText.indexOf('Vårdtillfällen'), checks = document.body.innerText.indexOf('Godkända kontroller');
  const asked = performance.getEntriesByType('resource').length;
  seen.id = 'seen'; seen.textContent = [document.documentElement.scrollWidth, innerWidth, asked, held, checks].join(' ');
  document.body.append(seen);
})</script></body>"""


@pytest.fixture(scope="module")
def page() -> str:
    release = {"release_id": "20260101T000000-abcdef12", "published_at": "2026-01-01T00:00:00+00:00", "is_demo": True, "code_version": "0.1.0"}
    check = {"kind": "great_expectations", "suite": "fct_observations", "table": "fct_observations", "severity": "critical", "scope": "measure"}
    rows = [{"measure_id": "vardtillfallen", "area_code": "0484", "period_label": "2024", "value": 12345678901234.5, "upper_bound": 60000.0}]
    failed = {"check": "no_value_lies_above_the_measures_upper_bound", "name_sv": "Inget värde överstiger gränsen", "passed": False, "rows": rows}
    told = {"reason": "Wrong unit.", "reason_sv": "Värdet är orimligt högt.", "observed": 100, "failed_rows": 1, "by_measure": {"vardtillfallen": 1}}
    passed = {"check": "small_counts_are_hidden", "name_sv": "Små antal är dolda", "passed": True, "rows": []}
    good = {"reason": "", "reason_sv": "", "observed": 100, "failed_rows": 0, "by_measure": {}}
    held = {
        "measure_id": "vardtillfallen",
        "name_sv": "Vårdtillfällen",
        "held_reason": "Värdet är orimligt högt.",
        "held_since": "2026-01-01T00:00:00",
    }
    return render_quality_page(release, [check | failed | told, check | passed | good], [held])


@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_fits_asks_nobody_and_begins_with_what_is_held(page, tmp_path, width):
    file = tmp_path / "quality.html"
    file.write_text(page.replace("</body>", PROBE), encoding="utf-8")
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]
    # A window is no narrower than 500; a frame of its own is.
    frame = tmp_path / "frame.html"
    frame.write_text(f"<iframe id=f src=quality.html style='width:{width}px;height:900px;border:0'></iframe>", encoding="utf-8")
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        *quiet,
        "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path}/profile",
    ]
    copied = """<script>addEventListener('load', () => setTimeout(() => {
      document.title = document.getElementById('f').contentDocument.getElementById('seen').textContent }, 200))</script>"""
    frame.write_text(frame.read_text() + copied, encoding="utf-8")
    done = subprocess.run([*command, "--virtual-time-budget=3000", "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=60)
    found = re.search(r"<title>(\d+) (\d+) (\d+) (-?\d+) (-?\d+)</title>", done.stdout)
    assert found, done.stdout[:500] + done.stderr[-500:]
    needed, there, asked, held, checks = map(int, found.groups())
    assert needed <= there == width, "the page is wider than the window"
    assert asked == 0, "the page asks for something"
    assert 0 <= held < checks
