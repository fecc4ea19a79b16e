"""Which measures must wait for a person before their new figures go out, and why, in sentences with the numbers.

Here: what is found in what ``changes.compare`` left on the connection, the gravest first. Not here: what is found in the figures themselves
(review_figures), the comparison (changes, levels), what a person has approved and what waiting means for a release (gate, release).

A tolerance is a column of ``dim_measures``, from the section ``review`` of the measure's file; null is no limit. A measure that has been released is
judged by the stricter limits of its last release and of the candidate; wider ones wait themselves, and count from the release after that. A new
measure, and a first release, need nobody unless the file says ``approval: always``; one that an earlier release had is not new. A draft is not for
readers and is not looked at. A retired measure is: its history is shown, and ought not to move. A measure that has left the catalogue, or became a
draft, is somebody's decision already.
"""

from collections.abc import Mapping
from typing import Any

import duckdb

from naravard_pipeline.pages.swedish import number
from naravard_pipeline.publication.findings import Finding, Found, count_en, count_sv, listed, rows
from naravard_pipeline.publication.review_figures import level_shifts, missing_areas, revisions, withdrawn

MEANING = ("definition_sv", "unit", "direction", "value_type")  # what a figure means hangs on these
COLUMN_NAMES = {
    "definition_sv": ("definition", "definitionen"),
    "unit": ("unit", "enheten"),
    "direction": ("direction", "riktningen"),
    "value_type": ("kind of value", "värdets slag"),
}
LIMIT_NAMES = {
    "max_revision": ("largest revision", "största omräkning"),
    "max_level_shift": ("largest level shift", "största förflyttning av nivån"),
    "max_missing_areas": ("largest share of missing values", "största andel värden som saknas"),
    "approval": ("approval", "godkännande"),
}


def review(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Finding]]:
    """Measure → its findings, the gravest first; a measure that needs nobody is not in it. Comes after ``changes.compare`` on the same connection."""
    found: dict[str, list[Finding]] = {}
    for find in (_shown, _incomparable, _definitions, _tolerances, revisions, level_shifts, missing_areas, withdrawn, _always):
        for measure_id, finding in find(connection):
            found.setdefault(measure_id, []).append(finding)
    return dict(sorted(found.items()))


def _shown(connection: duckdb.DuckDBPyConnection) -> Found:
    """No numbers here: that they were hidden is the very reason."""
    query = """
        select measure_id, count(*) as figures, count(distinct area_code) as areas from change_rows
        where kind = 'shown' and was_protected group by measure_id
    """
    for row in rows(connection, query):
        n, areas = row["figures"], row["areas"]
        yield (
            row["measure_id"],
            Finding(
                "shown",
                f"{count_sv(n, 'uppgift som var dold', 'uppgifter som var dolda')} skulle visas, i {count_sv(areas, 'område', 'områden')}.",
                f"{count_en(n, 'figure that was hidden', 'figures that were hidden')} would be shown, in {count_en(areas, 'area', 'areas')}.",
                n,
            ),
        )


def _incomparable(connection: duckdb.DuckDBPyConnection) -> Found:
    """Readers have seen it, and what they saw cannot be laid beside what would come."""
    query = """
        select measure_id, cells, (select is_comparable from change_basis) as has_left from change_rows
        where kind = 'new_measure' and measure_id in (select measure_id from released_measures)
    """
    older = (
        "Den förra releasen är gjord av en äldre version och kan inte jämföras uppgift för uppgift.",
        "The last release was made by an older version and cannot be compared figure by figure.",
    )
    left = (
        "Måttet har varit publicerat förut men finns inte i den förra releasen, så de nya uppgifterna är inte jämförda med dem som läsarna såg.",
        "The measure was published before but is not in the last release, so its new figures were not compared with those that readers saw.",
    )
    for row in rows(connection, query):
        yield row["measure_id"], Finding("incomparable", *(left if row["has_left"] else older), row["cells"])


def _definitions(connection: duckdb.DuckDBPyConnection) -> Found:
    """A changed meaning goes with a new series; where the file declares one, somebody has thought of it."""
    query = f"""
        with series as (select distinct measure_id, segment_id from before_cells where segment_id is not null)
        select d.measure_id, list({{'column_name': d.column_name, 'before': d.text_before, 'after': d.text_after}} order by d.column_name) as columns
        from definition_rows as d
        where d.column_name in {MEANING}
            and d.measure_id in (select measure_id from released_measures)
            and not exists (select 1 from change_rows as r where r.measure_id = d.measure_id and r.is_break)
            and not exists (
                select 1 from after_cells as a
                where a.measure_id = d.measure_id and a.measure_id in (select measure_id from series)
                    and a.segment_id not in (select s.segment_id from series as s where s.measure_id = a.measure_id)
            )
        group by d.measure_id
    """
    for row in rows(connection, query):
        columns = row["columns"]
        named_en, named_sv = (listed([COLUMN_NAMES[c["column_name"]][i] for c in columns], w) for i, w in enumerate((" and ", " och ")))
        told_en, told_sv = "", ""
        if short := [c for c in columns if c["column_name"] != "definition_sv"]:
            told = "; ".join(f"«{c['before']}» → «{c['after']}»" for c in short)
            told_en = told_sv = f" ({told})"
        yield (
            row["measure_id"],
            Finding(
                "definition",
                f"{named_sv[0].upper()}{named_sv[1:]} har ändrats{told_sv} utan att ett seriebrott är angivet.",
                f"The {named_en} changed{told_en} without a declared series break.",
                len(columns),
                columns[0],
            ),
        )


def _tolerances(connection: duckdb.DuckDBPyConnection) -> Found:
    """Limits wider than those of the last release: whoever widens them does not thereby let anything out."""
    query = f"""
        select measure_id, list({{'column_name': column_name, 'before': text_before, 'after': text_after}} order by column_name) as columns
        from definition_rows
        where measure_id in (select measure_id from released_measures) and case
            when column_name = 'approval' then text_before = 'always' and text_after is distinct from 'always'
            when column_name in {tuple(LIMIT_NAMES)} then text_before is not null
                and coalesce(try_cast(text_after as double), 'infinity'::double) > try_cast(text_before as double)
        end
        group by measure_id
    """
    for row in rows(connection, query):
        columns = row["columns"]
        told_en, told_sv = (
            "; ".join(f"{LIMIT_NAMES[c['column_name']][i]} {_limit(c, 'before')[i]} → {_limit(c, 'after')[i]}" for c in columns) for i in (0, 1)
        )
        yield (
            row["measure_id"],
            Finding(
                "tolerance",
                f"Gränserna för vad som publiceras utan att en person har tittat har vidgats: {told_sv}. Den här ändringen är bedömd efter de gamla.",
                f"The limits of what goes out without a person were widened: {told_en}. This change was judged by the old ones.",
                len(columns),
                columns[0],
            ),
        )


def _limit(column: Mapping[str, Any], side: str) -> tuple[str, str]:
    """A tolerance in English and Swedish."""
    text = column[side]
    if column["column_name"] == "approval":
        return ("always", "alltid") if text == "always" else ("automatic", "automatiskt")
    return ("no limit", "ingen gräns") if text is None else (f"{float(text):,g} %", f"{number(float(text))}\u00a0%")


def _always(connection: duckdb.DuckDBPyConnection) -> Found:
    query = f"""
        select m.measure_id, coalesce(r.cells, 0) + coalesce(d.columns, 0) as changes
        from change_measures as m
        left join (select measure_id, sum(cells) as cells from change_rows group by measure_id) as r on r.measure_id = m.measure_id
        left join (
            select measure_id, count(*) as columns from definition_rows where column_name not in {tuple(LIMIT_NAMES)} group by measure_id
        ) as d on d.measure_id = m.measure_id
        where m.approval = 'always' and m.is_in_after and not m.is_draft and coalesce(r.cells, d.columns) is not null
    """
    for row in rows(connection, query):
        n = int(row["changes"])
        yield (
            row["measure_id"],
            Finding(
                "always",
                f"Måttet godkänns alltid av en person innan det publiceras ({count_sv(n, 'ändring', 'ändringar')}).",
                f"A person always approves this measure before it goes out ({count_en(n, 'change', 'changes')}).",
                n,
            ),
        )
