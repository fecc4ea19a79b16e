"""A notice that a released figure was wrong: readers see it at once in the notices, from the next publication on in the release.

Here: the notice, and that it tells nothing of figures that are hidden. Not here: where readers meet it (notices, meta, pages).
"""

import re
from pathlib import Path

import duckdb

from naravard_pipeline.publication.approval import DecisionError, check_words
from naravard_pipeline.publication.decisions import append, next_entry, read_log
from naravard_pipeline.publication.folders import DATABASE, current_release, list_releases, only_one
from naravard_pipeline.publication.notices import tell_notices
from naravard_pipeline.publication.repair import repair
from naravard_pipeline.settings import Settings

_DAYS = re.compile(r"\b(19|20)\d\d(-\d\d){0,2}\b")  # years, months and dates are no figures
_SHARES = re.compile(r"\b\d+([.,]\d+)?\s*(%|procent)")
_WORDS = ("noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv")
_NUMBER = re.compile(
    rf"\d{{1,3}}(?:\s\d{{3}})+|\d+(?:[.,]\d+)?|\b({'|'.join(w for w in _WORDS if w != 'ett')})\b", re.IGNORECASE
)  # «ett» is an article as well


def correct(
    settings: Settings, release_id: str, measure_id: str, area_code: str | None, period_label: str | None, name: str, role: str, text_sv: str
) -> None:
    """Record a correction notice. Raises ``DecisionError`` where the release shows no such figure, or where the text might tell of a hidden one."""
    check_words(name, role, text_sv)
    kept = {folder.name: folder for folder in list_releases(settings)}
    known = kept.keys() | {e.release_id for e in read_log(settings) if e.action in ("released", "rolled_back")}
    if release_id not in known:
        raise DecisionError(f"{release_id} was never published. Kept are: {', '.join(kept) or 'none'}.")
    current = current_release(settings)
    folder = kept.get(release_id) or current
    if folder is None:
        raise DecisionError("Nothing has been published yet, so there is nothing to correct.")
    check_figures({folder, current or folder}, folder, (measure_id, area_code, period_label), text_sv)
    with only_one(settings):
        entries = repair(settings)
        values = {"release_id": release_id, "measure_id": measure_id, "details": {"area_code": area_code, "period_label": period_label}}
        entries = append(settings, entries, next_entry(entries, "corrected", role=role, reason_sv=text_sv, name=name, **values))
        tell_notices(settings, entries)


def check_figures(releases: set[Path], corrected: Path, figure: tuple[str, str | None, str | None], text_sv: str) -> None:
    """That ``corrected`` shows something of ``figure``, and that the text says no number where one is hidden, in it or in what is current, and no
    small count of people where a count comes from a file."""
    where = " ".join(filter(None, figure))
    hidden = threshold = 0
    for folder in sorted(releases):
        shown, hidden_here, threshold_here = _look(folder, figure)
        hidden, threshold = hidden + hidden_here, max(threshold, threshold_here)
        if folder == corrected and not shown + hidden_here:
            raise DecisionError(f"{folder.name} shows no figure of {where}. Check the measure, the area's code and the period's label.")
        if folder == corrected and not shown:
            raise DecisionError(f"{folder.name} hides every figure of {where}: readers saw none that could be wrong, and a notice would tell of it.")
    numbers = [_as_number(found[0]) for found in _NUMBER.finditer(_SHARES.sub(" ", _DAYS.sub(" ", text_sv)))]
    if hidden and (numbers or _SHARES.search(text_sv)):
        raise DecisionError(
            f"{hidden} of the figures of {where} are hidden, and the text holds a number that might tell of one. Name area and period of the figure "
            "that is shown (--area, --period), or write the text without figures."
        )
    if small := [int(n) for n in numbers if 0 < n < threshold and n == int(n)]:
        raise DecisionError(f"The text tells of {small[0]}, and counts of {where} from 1 to {threshold - 1} are never published. Write it without.")


def _look(folder: Path, figure: tuple[str, str | None, str | None]) -> tuple[int, int, int]:
    """How many of its figures a release shows and hides, and the threshold of small counts where they come from files."""
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        return connection.execute(
            "select count(*) filter (o.suppression is null), count(*) filter (o.suppression is not null), "
            "coalesce(max(m.suppression_threshold) filter (o.reporter <> 'source'), 0) "
            "from fct_observations as o join dim_measures as m on m.measure_id = o.measure_id "
            "where o.measure_id = ? and coalesce(o.area_code = ?, true) and coalesce(o.period_label = ?, true)",
            list(figure),
        ).fetchone()


def _as_number(word: str) -> float:
    return _WORDS.index(word.lower()) if word.isalpha() else float(re.sub(r"\s", "", word).replace(",", "."))
