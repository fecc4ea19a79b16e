"""Tables on a terminal: what another command needs is there in full, however narrow it is."""

import pytest
from rich.console import Console

from naravard_pipeline.cli import terminal


@pytest.mark.parametrize("width", [60, 80])
def test_an_id_is_folded_and_not_cut_off(monkeypatch, capsys, width):
    monkeypatch.setattr(terminal, "console", Console(highlight=False, soft_wrap=True, force_terminal=True, width=width, color_system=None))
    release_id = "000002-20261125T202933-1a2b3c4d"
    row = [12, "2026-11-25T20:29:33+00:00", "released", release_id, None, "automatic", None, "5 mått har ändrade uppgifter, inom sina toleranser."]
    terminal.print_table(("number", "at", "action", "release_id", "measure_id", "role", "name", "reason_sv"), [row])
    told = capsys.readouterr().out
    assert "…" not in told
    start = told.splitlines()[0].index("rel") if "rel" in told.splitlines()[0] else None
    assert all(len(line) <= width for line in told.splitlines()) and start is not None
    column = "".join(line[start:].split(" ")[0] for line in told.splitlines() if line[start : start + 1].strip())
    assert release_id in column
