"""Which measures must wait for a person before their new figures go out, and why, in sentences with the numbers.

Here: the tolerances applied to what ``changes.compare`` left on the connection. Not here: the comparison (changes, levels), what a person has
approved and what waiting means for a release (gate, release).

A tolerance is a column of ``dim_measures``, from the section ``review`` of the measure's file; null is no limit. A measure that has been released is
judged by the stricter limits of its last release and of the candidate; wider ones wait themselves, and count from the release after that. A new
measure, and a first release, need nobody unless the file says ``approval: always``; one that an earlier release had is not new. A draft is not for
readers and is not looked at. A retired measure is: its history is shown, and ought not to move. A measure that has left the catalogue, or became a
draft, is somebody's decision already.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import duckdb

from naravard_pipeline.pages.swedish import number, percent

Kind = Literal["taken_back", "revision", "level_shift", "missing_areas", "withdrawn", "shown", "definition", "tolerance", "incomparable", "always"]
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
AREA_TYPES = {"nation": ("nation", "riket"), "region": ("regions", "regioner"), "county_part": ("county parts", "länsdelar")} | {
    "municipality": ("municipalities", "kommuner"),
    "area": ("areas", "områden"),
}
LEAST_AREAS = 5  # the median over fewer areas moves with each of them


@dataclass(frozen=True)
class Finding:
    """Why one measure must wait. ``count``: the figures, areas or columns concerned; ``worst``: the largest of them, as plain JSON types."""

    kind: Kind
    sentence_sv: str
    sentence_en: str
    count: int
    worst: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def review(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Finding]]:
    """Measure → its findings, the gravest first; a measure that needs nobody is not in it. Comes after ``changes.compare`` on the same connection."""
    found: dict[str, list[Finding]] = {}
    for find in (_shown, _incomparable, _definitions, _tolerances, _revisions, _level_shifts, _missing_areas, _withdrawn, _always):
        for measure_id, finding in find(connection):
            found.setdefault(measure_id, []).append(finding)
    return dict(sorted(found.items()))


Found = Iterator[tuple[str, Finding]]


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = connection.execute(query)
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _shown(connection: duckdb.DuckDBPyConnection) -> Found:
    """No numbers here: that they were hidden is the very reason."""
    query = """
        select measure_id, count(*) as figures, count(distinct area_code) as areas from change_rows
        where kind = 'shown' and was_protected group by measure_id
    """
    for row in _rows(connection, query):
        n, areas = row["figures"], row["areas"]
        yield (
            row["measure_id"],
            Finding(
                "shown",
                f"{_count_sv(n, 'uppgift som var dold', 'uppgifter som var dolda')} skulle visas, i {_count_sv(areas, 'område', 'områden')}.",
                f"{_count_en(n, 'figure that was hidden', 'figures that were hidden')} would be shown, in {_count_en(areas, 'area', 'areas')}.",
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
    for row in _rows(connection, query):
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
    for row in _rows(connection, query):
        columns = row["columns"]
        named_en, named_sv = (_listed([COLUMN_NAMES[c["column_name"]][i] for c in columns], w) for i, w in enumerate((" and ", " och ")))
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
    for row in _rows(connection, query):
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


def _revisions(connection: duckdb.DuckDBPyConnection) -> Found:
    """Beyond the measure's tolerance, and by more than one unit of the last decimal shown, so that rounding is no revision."""
    query = """
        select r.measure_id, m.unit, m.decimals, m.max_revision, count(*) as figures, count(distinct r.area_code) as areas,
            arg_max(
                {
                    'area_code': r.area_code, 'name_sv': t.name_sv, 'period_label': r.period_label, 'sex': r.sex, 'age_group': r.age_group,
                    'value_before': r.value_before, 'value_after': r.value_after, 'change_percent': r.change_percent
                },
                {'size': coalesce(abs(r.change_percent), 'infinity'::double), 'change': abs(r.change), 'area_code': r.area_code}
            ) as worst
        from change_rows as r
        join change_measures as m on m.measure_id = r.measure_id
        left join change_areas as t on t.area_code = r.area_code
        where r.kind = 'revised' and abs(r.change) > 1.000001 * power(10, -coalesce(m.decimals, 1))
            and coalesce(abs(r.change_percent), 'infinity'::double) > m.max_revision
        group by r.measure_id, m.unit, m.decimals, m.max_revision
    """
    for row in _rows(connection, query):
        worst, n, decimals = row["worst"], row["figures"], row["decimals"]
        place = worst["name_sv"] or worst["area_code"]
        values = [worst["value_before"], worst["value_after"]]
        sv, en = (" → ".join(write(v, decimals) for v in values) for write in (number, _english))
        limit = row["max_revision"]
        yield (
            row["measure_id"],
            Finding(
                "revision",
                f"{_count_sv(n, 'redan publicerad uppgift', 'redan publicerade uppgifter')} har räknats om med mer än {number(limit)}\u00a0%. "
                f"Störst: {place} {worst['period_label']}, {sv} {row['unit']} ({percent(worst['change_percent'])}).",
                f"{_count_en(n, 'released figure was', 'released figures were')} revised by more than {limit:g} %. "
                f"Largest: {place} {worst['period_label']}, {en} ({_english_percent(worst['change_percent'])}).",
                n,
                worst,
            ),
        )


def _level_shifts(connection: duckdb.DuckDBPyConnection) -> Found:
    query = f"""
        select l.measure_id, m.unit, m.decimals, m.max_level_shift, count(*) as levels,
            arg_max(
                {{
                    'basis': basis, 'period_label': period_label, 'from_label': from_label, 'area_type': area_type, 'age_group': l.age_group,
                    'areas': areas, 'value_before': median_before, 'value_after': median_after, 'change_percent': change_percent
                }},
                {{'size': coalesce(abs(change_percent), 'infinity'::double), 'period': period_end, 'area_type': area_type, 'age': l.age_group}}
            ) as worst
        from change_levels as l
        join change_measures as m on m.measure_id = l.measure_id
        where areas >= {LEAST_AREAS} and abs(median_after - median_before) > 1.000001 * power(10, -coalesce(m.decimals, 1))
            and coalesce(abs(change_percent), 'infinity'::double) > m.max_level_shift
        group by l.measure_id, m.unit, m.decimals, m.max_level_shift
    """
    for row in _rows(connection, query):
        worst, n, decimals, limit = row["worst"], row["levels"], row["decimals"], row["max_level_shift"]
        kind_en, kind_sv = AREA_TYPES.get(worst["area_type"], AREA_TYPES["area"])
        values = [worst["value_before"], worst["value_after"]]
        sv, en = (" → ".join(write(v, decimals) for v in values) for write in (number, _english))
        is_new = worst["basis"] == "period"
        since_sv = f"från {worst['from_label']} till {worst['period_label']}" if is_new else f"för {worst['period_label']} genom omräkning"
        since_en = f"from {worst['from_label']} to {worst['period_label']}" if is_new else f"of {worst['period_label']} by revision"
        yield (
            row["measure_id"],
            Finding(
                "level_shift",
                f"Nivån har flyttat sig mer än {number(limit)}\u00a0%: medianen för {number(worst['areas'])} {kind_sv} {since_sv}, "
                f"{sv} {row['unit']} ({percent(worst['change_percent'])}).",
                f"The level moved by more than {limit:g} %: the median of {worst['areas']} {kind_en} {since_en}, "
                f"{en} ({_english_percent(worst['change_percent'])}).",
                n,
                worst,
            ),
        )


def _missing_areas(connection: duckdb.DuckDBPyConnection) -> Found:
    query = """
        select g.measure_id, m.max_missing_areas,
            arg_max(
                {'basis': basis, 'period_label': period_label, 'area_type': area_type, 'areas': areas, 'missing': missing, 'codes': missing_codes},
                {'share': missing / areas, 'missing': missing, 'period': period_end, 'area_type': area_type, 'age': g.age_group}
            ) as worst
        from change_missing as g
        join change_measures as m on m.measure_id = g.measure_id
        where 100 * missing / areas > m.max_missing_areas and m.is_in_after and not m.is_draft
        group by g.measure_id, m.max_missing_areas
    """
    names = dict(connection.execute("select area_code, name_sv from change_areas").fetchall())
    for row in _rows(connection, query):
        worst = row["worst"]
        n, of = worst["missing"], worst["areas"]
        places = [names.get(code) or code for code in worst["codes"]]
        more = n - len(places)
        kind_en, kind_sv = AREA_TYPES.get(worst["area_type"], AREA_TYPES["area"])
        is_nation = worst["area_type"] == "nation"  # which is one, and has no list of places
        if worst["basis"] == "released":
            told_sv, told_en = "har inte längre något värde", f"no longer {'has' if is_nation else 'have'} a value in"
        else:
            told_sv, told_en = (
                "hade värde i förra perioden men saknas",
                f"had a value in the last period and {'is' if is_nation else 'are'} absent in",
            )
        who_sv, who_en = ("Riket", "The nation") if is_nation else (f"{number(n)} av {number(of)} {kind_sv}", f"{n} of {of} {kind_en}")
        listed = "" if is_nation else f": {', '.join(places)}"
        told_more = [f" {also} {number(more)} {rest}" if more else "" for also, rest in (("och", "till"), ("and", "more"))]
        sentence_sv = f"{who_sv} {told_sv} {worst['period_label']}{listed}{told_more[0]}."
        sentence_en = f"{who_en} {told_en} {worst['period_label']}{listed}{told_more[1]}."
        yield row["measure_id"], Finding("missing_areas", sentence_sv, sentence_en, n, worst)


def _withdrawn(connection: duckdb.DuckDBPyConnection) -> Found:
    """What is lost of the whole history: ``missing_areas`` looks at the newest period alone."""
    query = """
        select r.measure_id, m.max_missing_areas, sum(r.cells)::bigint as withdrawn, count(distinct r.period_label) as periods,
            min_by(r.period_label, r.period_end) as first_label, max_by(r.period_label, r.period_end) as last_label, any_value(b.figures) as released
        from change_rows as r
        join change_measures as m on m.measure_id = r.measure_id
        join (
            select measure_id, count(value) as figures from before_cells
            where measure_id in (select measure_id from change_rows where kind in ('withdrawn', 'removed_measure')) group by measure_id
        ) as b on b.measure_id = r.measure_id
        where r.kind in ('withdrawn', 'removed_measure') and m.is_in_after and not m.is_draft
        group by r.measure_id, m.max_missing_areas
        having 100 * sum(r.cells) / nullif(any_value(b.figures), 0) > m.max_missing_areas
    """
    for row in _rows(connection, query):
        n, of, first, last = row["withdrawn"], row["released"], row["first_label"], row["last_label"]
        where = "" if first is None else f" ({first})" if row["periods"] == 1 else f" ({first}–{last})"
        yield (
            row["measure_id"],
            Finding(
                "withdrawn",
                f"{number(n)} av {_count_sv(of, 'redan publicerad uppgift', 'redan publicerade uppgifter')} har inte längre något värde{where}.",
                f"{n:,} of {_count_en(of, 'released figure', 'released figures')} no longer {'has' if n == 1 else 'have'} a value{where}.",
                n,
                {"withdrawn": n, "released": of, "first_label": first, "last_label": last},
            ),
        )


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
    for row in _rows(connection, query):
        n = int(row["changes"])
        yield (
            row["measure_id"],
            Finding(
                "always",
                f"Måttet godkänns alltid av en person innan det publiceras ({_count_sv(n, 'ändring', 'ändringar')}).",
                f"A person always approves this measure before it goes out ({_count_en(n, 'change', 'changes')}).",
                n,
            ),
        )


def _count_sv(n: int, one: str, many: str) -> str:
    return f"{number(n)} {one if n == 1 else many}"


def _count_en(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _english(value: float, decimals: int | None = None) -> str:
    return f"{value:,.{1 if decimals is None else decimals}f}"


def _english_percent(value: float | None) -> str:
    return "from 0" if value is None else f"{value:+,.1f} %"


def _listed(words: Iterable[str], last: str) -> str:
    words = list(words)
    return last.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
