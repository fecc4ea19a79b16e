"""The page of changes in a real browser: it fits a telephone, asks no host for anything, and shows what waits before anything else."""

import re
import shutil
import subprocess

import duckdb
import pytest
from releases import AREAS, attach, cell

from naravard_pipeline.publication.change_report import build_changes
from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.changes_page import render_changes_page
from naravard_pipeline.publication.review import review

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium, which .ci/run installs from Debian")

# What the browser found, written where --dump-dom shows it.
PROBE = """<script>addEventListener('load', () => {
  document.querySelectorAll('details').forEach(d => { d.open = true });
  const seen = document.createElement('pre');
  const waiting = document.body.innerText.indexOf('naravard release approve'), changed = document.body.innerText.indexOf('Ändrade mått');
  const asked = performance.getEntriesByType('resource').length;
  seen.id = 'seen'; seen.textContent = [document.documentElement.scrollWidth, innerWidth, asked, waiting, changed].join(' ');
  document.body.append(seen);
})</script></body>"""


@pytest.fixture(scope="module")
def page() -> str:
    connection = duckdb.connect()
    towns = [code for code, _, area_type in AREAS if area_type == "municipality"]
    large = [cell("large", 1_234_567.0 + i, area_code=a, sex="women", age_group="16-84", reporter="municipalities") for i, a in enumerate(towns)]
    attach(connection, "last", [cell("waits", 1_234_567.5), *large])
    after = [{**row, "value": row["value"] * 1.05, "source_status": "Rättad av kommunen"} for row in large]
    name = "Patientrapporterad delaktighet i vården, samtliga vårdformer och vårdgivare"
    measures = {"waits": {"name_sv": name, "definition_sv": "Ordsammansättningsmöjligheternas " * 9}}
    attach(connection, "candidate", [cell("waits", 9_234_567.5), *after], measures)
    compare(connection)
    findings = review(connection)
    last = {"release_id": "20260101T000000-abcdef12", "published_at": "2026-01-01T00:00:00+00:00"}
    return render_changes_page(build_changes(connection, last, {"is_demo": True}, findings, waiting=findings))


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_asks_nobody_and_begins_with_what_waits(page, tmp_path, width):
    (tmp_path / "changes.html").write_text(page.replace("</body>", PROBE), encoding="utf-8")
    # A window is no narrower than 500; a frame of its own is.
    frame = tmp_path / "frame.html"
    copied = """<script>addEventListener('load', () => setTimeout(() => {
      document.title = document.getElementById('f').contentDocument.getElementById('seen').textContent }, 200))</script>"""
    frame.write_text(f"<iframe id=f src=changes.html style='width:{width}px;height:900px;border:0'></iframe>{copied}", encoding="utf-8")
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]
    safe = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", f"--user-data-dir={tmp_path}/profile"]
    command = [CHROMIUM, *safe, *quiet, "--virtual-time-budget=3000", "--dump-dom", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(r"<title>(\d+) (\d+) (\d+) (-?\d+) (-?\d+)</title>", done.stdout)
    assert found, done.stdout[:500] + done.stderr[-500:]
    needed, there, asked, waiting, changed = map(int, found.groups())
    assert needed <= there == width, "the page is wider than the window"
    assert asked == 0, "the page asks for something"
    assert 0 <= waiting < changed
