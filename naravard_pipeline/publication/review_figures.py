"""What is found in the figures themselves: revisions, shifts of the level, areas that are lacking, history that is withdrawn.

Here: each held against the measure's tolerance. Not here: what else is looked for, and the order (review); the levels (levels).
"""

import duckdb

from naravard_pipeline.pages.swedish import after_number, number, percent
from naravard_pipeline.publication.findings import Finding, Found, count_en, count_sv, rows

AREA_TYPES = {"nation": ("nation", "riket"), "region": ("regions", "regioner"), "county_part": ("county parts", "länsdelar")} | {
    "municipality": ("municipalities", "kommuner"),
    "area": ("areas", "områden"),
}
LEAST_AREAS = 5  # the median over fewer areas moves with each of them


def revisions(connection: duckdb.DuckDBPyConnection) -> Found:
    """Beyond the measure's tolerance, and by more than one unit of the last decimal shown, so that rounding is no revision.

    A value that was withdrawn and comes back with another number is one too: in two steps nothing goes out that waits in one.
    """
    query = """
        select r.measure_id, m.unit, m.decimals, m.max_revision, count(*) as figures, count(distinct r.area_code) as areas,
            arg_max(
                {
                    'area_code': r.area_code, 'name_sv': t.name_sv, 'period_label': r.period_label, 'sex': r.sex, 'age_group': r.age_group,
                    'value_before': r.value_before, 'value_after': r.value_after, 'change_percent': r.change_percent
                },
                {'size': coalesce(abs(r.change_percent), 'infinity'::double), 'change': abs(r.change), 'area_code': r.area_code}
            ) as worst
        from (select * from change_rows where kind = 'revised' union all by name select * from returned_rows) as r
        join change_measures as m on m.measure_id = r.measure_id
        left join change_areas as t on t.area_code = r.area_code
        where r.status_before is distinct from 'preliminary'  -- which said that it would change
            and abs(r.change) > 1.000001 * power(10, -coalesce(m.decimals, 1))
            and coalesce(abs(r.change_percent), 'infinity'::double) > m.max_revision
        group by r.measure_id, m.unit, m.decimals, m.max_revision
    """
    for row in rows(connection, query):
        worst, n, decimals = row["worst"], row["figures"], row["decimals"]
        place = worst["name_sv"] or worst["area_code"]
        values = [worst["value_before"], worst["value_after"]]
        sv, en = (" → ".join(write(v, decimals) for v in values) for write in (number, _english))
        limit = row["max_revision"]
        yield (
            row["measure_id"],
            Finding(
                "revision",
                f"{count_sv(n, 'redan publicerad uppgift', 'redan publicerade uppgifter')} har räknats om med mer än {number(limit)}\u00a0%. "
                f"Störst: {place} {worst['period_label']}, {sv}{after_number(row['unit'])} ({percent(worst['change_percent'])}).",
                f"{count_en(n, 'released figure was', 'released figures were')} revised by more than {limit:g} %. "
                f"Largest: {place} {worst['period_label']}, {en} ({_english_percent(worst['change_percent'])}).",
                n,
                worst,
            ),
        )


def level_shifts(connection: duckdb.DuckDBPyConnection) -> Found:
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
    for row in rows(connection, query):
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
                f"{sv}{after_number(row['unit'])} ({percent(worst['change_percent'])}).",
                f"The level moved by more than {limit:g} %: the median of {worst['areas']} {kind_en} {since_en}, "
                f"{en} ({_english_percent(worst['change_percent'])}).",
                n,
                worst,
            ),
        )


def missing_areas(connection: duckdb.DuckDBPyConnection) -> Found:
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
    for row in rows(connection, query):
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


def withdrawn(connection: duckdb.DuckDBPyConnection) -> Found:
    """What is lost of the whole history, women and men included: ``missing_areas`` looks at each period by itself."""
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
    for row in rows(connection, query):
        n, of, first, last = row["withdrawn"], row["released"], row["first_label"], row["last_label"]
        where = "" if first is None else f" ({first})" if row["periods"] == 1 else f" ({first}–{last})"
        yield (
            row["measure_id"],
            Finding(
                "withdrawn",
                f"{number(n)} av {count_sv(of, 'redan publicerad uppgift', 'redan publicerade uppgifter')} har inte längre något värde{where}.",
                f"{n:,} of {count_en(of, 'released figure', 'released figures')} no longer {'has' if n == 1 else 'have'} a value{where}.",
                n,
                {"withdrawn": n, "released": of, "first_label": first, "last_label": last},
            ),
        )


def _english(value: float, decimals: int | None = None) -> str:
    return f"{value:,.{1 if decimals is None else decimals}f}"


def _english_percent(value: float | None) -> str:
    return "from 0" if value is None else f"{value:+,.1f} %"
