"""The report of what changed: ``changes.json``, the same content as the page and the terminal show.

Here: what ``changes.compare`` and ``review`` left, summed up in plain JSON types. Not here: how it looks (changes_page). Keys are only ever added:

``format``     1
``before``     ``{release_id, published_at}`` of what is compared with, null before the first release; ``after``: the same of the new one, as given
``is_demo``    whether the figures are made up
``note_sv``    one line where nothing could be compared (a first release, a last one of an older version); else null
``slight``     figures revised by less than their measure shows; they are in no other number here
``totals``     ``{kind: cells}`` for every kind of ``changes.KINDS``, measures for ``new_measure`` and ``removed_measure``
``states``     ``{released, waiting, held: measures}``
``measures``   those that differ, wait or are held; waiting ones first, then the largest change first:
  ``measure_id, name_sv, unit, decimals, state`` (``released``: goes out or has gone, ``waiting``: for a person, ``held``: by a check or its source)
  ``counts``       as ``totals``, only kinds that occur
  ``slight``       figures revised by less than one unit of the last decimal shown, which are not told one by one
  ``findings``     ``{kind, sentence_sv, sentence_en, count, worst}``, see ``review.Finding``
  ``levels``       new periods and revised ones: ``{basis, period_label, from_label, area_type, age_group, reporter, areas, median_before,
                   median_after, change_percent}``
  ``new_periods``  ``{period_label, cells, values, areas}``, newest first
  ``definitions``  ``{column_name, before, after}``
  ``rows``         single figures, by kind, the largest first: ``{kind, area_code, area_name_sv, period_label, period_start, period_end, sex,
                   age_group, reporter, value_before, value_after, change, change_percent, status_before, status_after, reason}``
  ``left_out``     ``{kind: rows beyond those shown}``
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb

from naravard_pipeline.publication.changes import KINDS
from naravard_pipeline.publication.findings import Finding

SHOWN_PER_AREA = 3  # a long history of one area does not crowd the others out
SHOWN_PER_KIND = 20
SINGLE = ("revised", "withdrawn", "shown", "hidden", "new_value", "break", "status", "detail")  # told figure by figure, in this order
IDENTITY = ("measure_id", "name_sv", "unit", "decimals", "state")
STATES = ("waiting", "released", "held")
FIRST_SV = "Det finns ingen tidigare release att jämföra med: allt är nytt."
OLDER_SV = "Den förra releasen är gjord av en äldre version och kan inte jämföras uppgift för uppgift: allt räknas som nytt."


def build_changes(
    connection: duckdb.DuckDBPyConnection,
    before_release: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    findings: Mapping[str, Sequence[Finding]],
    waiting: Collection[str] = (),
    held: Collection[str] = (),
) -> dict[str, Any]:
    """The whole report, candidate values of waiting and held measures included: for those inside. ``restrict_changes`` makes what may be published.

    Call it after ``changes.compare`` on the same connection. ``before_release`` and ``after`` are rows of ``meta_release``, or have those of its
    keys that are known. A measure both waiting and held is held: a person's word would not let it out.
    """
    comparable, has_before = connection.execute("select is_comparable, has_before from change_basis").fetchone()
    counts: dict[str, dict[str, int]] = {}
    query = "select measure_id, kind, sum(cells)::bigint from change_rows where not is_slight group by all"
    for measure_id, kind, cells in connection.execute(query).fetchall():
        counts.setdefault(measure_id, {})[kind] = 1 if kind in ("new_measure", "removed_measure") else cells
    slight = dict(connection.execute("select measure_id, count(*) from change_rows where is_slight group by all").fetchall())
    definitions = _by_measure(
        connection, "select measure_id, column_name, text_before as before, text_after as after from definition_rows order by all"
    )
    levels = _by_measure(connection, _LEVELS)
    periods = _by_measure(connection, _NEW_PERIODS)
    rows = _by_measure(connection, _ROWS)
    listed = connection.execute(
        "select measure_id, coalesce(name_sv, measure_id), coalesce(unit, ''), coalesce(decimals, 1), is_draft from change_measures"
    ).fetchall()
    concerned = {*counts, *slight, *definitions, *findings, *waiting, *held}
    measures = []
    for measure_id, name_sv, unit, decimals, is_draft in listed:
        if measure_id not in concerned or (is_draft and measure_id not in counts):
            continue  # a draft is of no concern here, unless it was published before
        counted = {kind: counts.get(measure_id, {})[kind] for kind in KINDS if kind in counts.get(measure_id, {})}
        single = rows.get(measure_id, [])
        shown = {kind: sum(r["kind"] == kind for r in single) for kind in SINGLE}
        measures.append(
            {
                "measure_id": measure_id,
                "name_sv": name_sv,
                "unit": unit,
                "decimals": decimals,
                "state": "held" if measure_id in held else "waiting" if measure_id in waiting else "released",
                "counts": counted,
                "slight": slight.get(measure_id, 0),
                "findings": [f.to_json() for f in findings.get(measure_id, ())],
                "levels": levels.get(measure_id, []),
                "new_periods": periods.get(measure_id, []),
                "definitions": definitions.get(measure_id, []),
                "rows": single,
                "left_out": {kind: counted[kind] - shown[kind] for kind in SINGLE if counted.get(kind, 0) > shown[kind]},
            }
        )
    measures.sort(key=_gravest_first)
    return {
        "format": 1,
        "before": _named(before_release),
        "after": _named(after),
        "is_demo": bool(after.get("is_demo")),
        "note_sv": FIRST_SV if not has_before else None if comparable else OLDER_SV,
        **_summed(measures),
        "measures": measures,
    }


def restrict_changes(changes: Mapping[str, Any], measure_ids: Collection[str]) -> dict[str, Any]:
    """Only the changes of these measures. Of those that wait or are held the name and the state remain, and not one figure or sentence; of a
    measure that is no longer published, that it is gone."""
    measures = [
        m if m["measure_id"] in measure_ids or _is_gone(m) else {key: m[key] for key in IDENTITY} | _nothing()
        for m in changes["measures"]
        if m["measure_id"] in measure_ids or m["state"] != "released" or _is_gone(m)
    ]
    return {**changes, **_summed(measures), "measures": measures}


def _is_gone(measure: Mapping[str, Any]) -> bool:
    """Whether it is published no more; one that waits or is held keeps its last figures, whatever its candidate lacks."""
    return "removed_measure" in measure["counts"] and measure["state"] == "released"


def _nothing() -> dict[str, Any]:
    return {"counts": {}, "slight": 0, "findings": [], "levels": [], "new_periods": [], "definitions": [], "rows": [], "left_out": {}}


def _summed(measures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "slight": sum(m["slight"] for m in measures),
        "totals": {kind: sum(m["counts"].get(kind, 0) for m in measures) for kind in KINDS},
        "states": {state: sum(m["state"] == state for m in measures) for state in STATES},
    }


def _named(release: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if release is None:
        return None
    published = release.get("published_at")
    return {
        "release_id": release.get("release_id"),
        "published_at": published.isoformat(timespec="seconds") if hasattr(published, "isoformat") else published,
    }


def _gravest_first(measure: Mapping[str, Any]) -> tuple:
    revised = [r["change_percent"] for r in measure["rows"] if r["kind"] == "revised"]
    sizes = [math.inf if percent is None else abs(percent) for percent in revised]  # from nought any change is larger than every percentage
    sizes += [abs(level["change_percent"]) for level in measure["levels"] if level["change_percent"] is not None]
    return STATES.index(measure["state"]), -max(sizes, default=-1.0), measure["name_sv"], measure["measure_id"]


def _by_measure(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of a query whose first column is the measure, each without it."""
    found = connection.execute(query)
    names = [d[0] for d in found.description][1:]
    rows: dict[str, list[dict[str, Any]]] = {}
    for measure_id, *values in found.fetchall():
        rows.setdefault(measure_id, []).append(dict(zip(names, values, strict=True)))
    return rows


_LEVELS = """
    select measure_id, basis, period_label, from_label, area_type, age_group, reporter, areas, median_before, median_after, change_percent
    from change_levels
    qualify row_number() over (
        partition by measure_id order by areas >= 5 desc, period_end desc, abs(change_percent) desc nulls last, area_type, age_group, reporter
    ) <= 12
    order by measure_id, basis, period_end desc, areas desc, area_type, age_group, reporter
"""
_NEW_PERIODS = """
    select measure_id, any_value(period_label) as period_label, count(*) as cells, count(value_after) as values, count(distinct area_code) as areas
    from change_rows where kind = 'new_period'
    group by measure_id, period_start, period_end
    order by measure_id, period_end desc, period_start desc
"""
_SIZE = "coalesce(abs(change_percent), case when kind = 'revised' then 'infinity'::double else -1 end) desc, abs(change) desc nulls last"
_ORDER = f"{_SIZE}, period_end desc, period_start desc, area_code, sex, age_group, reporter"
_ROWS = f"""
    with single as (
        select
            r.*, t.name_sv as area_name_sv, coalesce(abs(change_percent), 'infinity'::double) as size,
            max(size) over (partition by measure_id, kind, r.area_code, period_start, period_end, age_group, reporter) as largest
        from change_rows as r left join change_areas as t on t.area_code = r.area_code
        where kind in {SINGLE} and not is_slight
    ),
    -- Women and men are told where their total did not change in the same way, or one of them more than twice as much.
    of_cell as (
        select * from single
        qualify row_number() over (
            partition by measure_id, kind, area_code, period_start, period_end, age_group, reporter
            order by (sex = 'total' and 2 * size >= largest) desc, {_ORDER}
        ) = 1
    ),
    by_area as (
        select * from of_cell
        qualify row_number() over (partition by measure_id, kind, area_code order by {_ORDER}) <= {SHOWN_PER_AREA}
    )
    select
        measure_id, kind, area_code, coalesce(area_name_sv, area_code) as area_name_sv, period_label,
        period_start::varchar as period_start, period_end::varchar as period_end, sex, age_group, reporter,
        value_before, value_after, change, change_percent, status_before, status_after, reason
    from by_area
    qualify row_number() over (partition by measure_id, kind order by {_ORDER}) <= {SHOWN_PER_KIND}
    order by measure_id, list_position({list(SINGLE)}, kind), {_ORDER}
"""
