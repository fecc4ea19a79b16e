"""The bench on which a person decides; what the review finds is given, so that each test says what waits."""

import pytest
from deciding import NEW, OLD, run
from publishing import Bench

from naravard_pipeline.publication import release
from naravard_pipeline.publication.review import Finding


@pytest.fixture
def found(monkeypatch):
    """Measure → what the review finds in it."""
    findings = {}
    monkeypatch.setattr(release, "review", lambda _connection: findings)
    return findings


@pytest.fixture
def bench(tmp_path, found):
    bench = Bench(tmp_path / "home")
    run(bench, OLD)
    return bench


@pytest.fixture
def waiting(bench, found):
    found["falls"] = [Finding("revision", "Ändrat med 9 800 %.", "Revised by 9,800 %.", 1)]
    publication = run(bench, NEW)
    assert list(publication.waiting) == ["falls"]
    return bench, publication.candidate_id
