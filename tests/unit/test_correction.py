"""A notice that a figure was wrong tells nothing of one that is hidden, and no small count of people."""

import duckdb
import pytest

from naravard_pipeline.publication.approval import DecisionError
from naravard_pipeline.publication.correction import check_figures

ROWS = [  # measure, area, period, reporter, suppression
    ("sip", "0484", "2025", "municipalities", None),
    ("sip", "0461", "2025", "municipalities", "primary"),
    ("falls", "0484", "2025", "source", None),
]


def release(folder, rows=ROWS):
    folder.mkdir()
    with duckdb.connect(str(folder / "naravard.duckdb")) as connection:
        connection.execute("create table dim_measures as select unnest(['sip', 'falls']) as measure_id, 5 as suppression_threshold")
        connection.execute(
            "create table fct_observations (measure_id varchar, area_code varchar, period_label varchar, reporter varchar, suppression varchar)"
        )
        connection.executemany("insert into fct_observations values (?, ?, ?, ?, ?)", rows)
    return folder


@pytest.fixture
def folder(tmp_path):
    return release(tmp_path / "a")


@pytest.mark.parametrize(
    ("figure", "text", "said"),
    [
        (("sip", "0461", "2025"), "Antalet var fel.", "hides every figure of sip 0461 2025"),
        (("sip", None, "2025"), "Antalet i Gnesta var fel; rätt antal är 41.", "1 of the figures .* are hidden"),
        (("sip", None, None), "Rätt antal är tjugo, eller sex.", "are hidden"),
        (("sip", None, None), "Rätt andel är 12,5 procent.", "are hidden"),
        (("sip", "0484", "2025"), "Rätt antal är 3.", "tells of 3, and counts of sip 0484 2025 from 1 to 4 are never published"),
        (("sip", "0484", "2025"), "Rätt antal är Tre.", "tells of 3"),
        (("sip", "9999", None), "Fel.", "shows no figure of sip 9999"),
    ],
)
def test_what_a_notice_may_not_tell(folder, figure, text, said):
    with pytest.raises(DecisionError, match=said):
        check_figures({folder}, folder, figure, text)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (("sip", None, "2025"), "Alla tal för 2025-03 och den 2024-12-31 räknades dubbelt i ett system."),
        (("sip", "0484", "2025"), "Antalet var dubbelräknat; rätt antal är 41."),
        (("sip", "0484", "2025"), "Antalet minskade inte med 3 procent. Ett fel i underlaget."),
        (("sip", "0484", "2025"), "Rätt antal är 1\u00a0037, inte 2 003; i snitt 3,5."),
        (("falls", "0484", "2025"), "Rätt värde är 3."),
    ],
)
def test_what_it_may(folder, figure, text):
    check_figures({folder}, folder, figure, text)


def test_what_is_hidden_now_is_not_told_by_correcting_the_release_that_showed_it(folder, tmp_path):
    current = release(tmp_path / "b", [(*ROWS[0][:4], "secondary")])
    with pytest.raises(DecisionError, match="are hidden"):
        check_figures({folder, current}, folder, ("sip", "0484", "2025"), "Rätt antal är 41.")
