"""What a figure was computed from: the published figures that the models ``int_observations_…`` joined, summed or divided, and how.

Here: which they are, the formula in Swedish, and what the parts lead to. Not here: where a part came from (explain_origin), why one is hidden
(explain_reasons). Everything is read from the release; nothing that is hidden there is looked for elsewhere.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.catalogue.queries import Combination, Ratio, Spread
from naravard_pipeline.pages.swedish import number
from naravard_pipeline.publication.explain_rows import CELL, Part, Row, listed, of, read, read_figures

SHOWN = ("ok", "preliminary")
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
Kind = Literal["sum", "mean", "ratio", "difference", "quartiles"]


@dataclass(frozen=True)
class Reckoning:
    """``kind`` and ``factor`` tell what was done with what the parts bring. ``has_own_way``: each part is a figure to be explained in turn."""

    kind: Kind
    formula_sv: str
    parts: Sequence[Part]
    factor: float = 1.0
    notes_sv: Sequence[str] = ()
    has_own_way: bool = False

    @property
    def result(self) -> float | None:
        """What the shown parts lead to; None where one of them is hidden or too little is there."""
        if any(part.is_hidden for part in self.parts):
            return None
        brought = [part.terms for part in self.parts if part.terms]
        values = [terms["value"] for terms in brought if "value" in terms]
        match self.kind:
            case "ratio":
                denominator = sum(terms.get("denominator", 0) for terms in brought)
                has_numerator = any("numerator" in terms for terms in brought)
                return sum(terms.get("numerator", 0) for terms in brought) / denominator * self.factor if denominator and has_numerator else None
            case "sum":
                return sum(values) if values else None
            case "mean":
                return statistics.fmean(values) if values else None
            case "difference":
                return abs(values[0] - values[1]) if len(values) == 2 else None
        low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (0, 0, 0)
        return high - low if len(values) >= 5 else None


def read_reckoning(connection: duckdb.DuckDBPyConnection, measure: Measure | None, figure: Row) -> Reckoning | None:
    """None for a figure as its source gave it."""
    if measure is None:
        return None
    if figure["is_aggregated"]:
        return _of_municipalities(connection, measure, figure)
    match measure.derived:
        case Ratio() as ratio:
            return _ratio(connection, ratio, figure)
        case Combination() as combination:
            return _combination(connection, combination, figure)
        case Spread(between="sexes") as spread:
            return _between_sexes(connection, spread, figure)
        case Spread() as spread:
            return _between_municipalities(connection, spread, figure)
    if measure.period_totals and figure["period_months"] == 12 and measure.frequency != "year":
        return _of_periods(connection, measure, figure)
    if measure.survey_id and measure.value_type == "share":
        return _of_answers(connection, figure)
    if measure.file and measure.file.numerator_column:
        names = [(measure.file.numerator_column, "numerator"), (measure.file.denominator_column, "denominator")]
        parts = [Part(f"«{name}»", None, _terms(figure, column), bool(figure["suppression"])) for name, column in names]
        return Reckoning("ratio", f"«{names[0][0]}» / «{names[1][0]}» × {_per(measure):g}, ur filen", parts, _per(measure))
    return None


def _of_municipalities(connection: duckdb.DuckDBPyConnection, measure: Measure, figure: Row) -> Reckoning:
    members = read(
        connection,
        "select area_code, name_sv from dim_areas where area_type = 'municipality' and (parent_code = ? or area_code in ("
        "select area_code from bridge_area_groups where group_id = ? and group_type = 'county_part')) order by name_sv",
        figure["area_code"],
        figure["area_code"],
    )
    there = {r["area_code"]: r for r in read_figures(connection, measure.measure_id, **of(figure, *CELL[1:]))}
    columns = ("value",) if measure.value_type == "count" else ("numerator", "denominator")
    parts = [_part(m["name_sv"], there.get(m["area_code"]), *columns) for m in members]
    notes = []
    if figure["parts_reported"] is not None:
        lacking = [part.name_sv for part in parts if not part.terms and not part.is_hidden]
        absent = f"; saknas: {listed(lacking)}" if figure["parts_reported"] < figure["parts_expected"] and lacking else ""
        notes.append(f"{figure['parts_reported']} av {figure['parts_expected']} kommuner ingår{absent}")
    if any(part.is_hidden for part in parts):
        notes.append("de dolda ingår i summan, men visas inte för sig" if figure["value"] is not None else "de dolda visas inte för sig")
    if measure.value_type == "count":
        return Reckoning("sum", "summan av kommunernas", parts, notes_sv=notes)
    factor = _per(measure) * _annual(measure, figure)
    formula = f"summan av kommunernas täljare / summan av samma kommuners nämnare × {number(factor)}"
    if isinstance(measure.derived, Ratio):
        formula += f" (täljare {measure.derived.numerator}, nämnare {measure.derived.denominator}, {_when(measure.derived)})"
    return Reckoning("ratio", formula, parts, factor, notes)


def _ratio(connection: duckdb.DuckDBPyConnection, ratio: Ratio, figure: Row) -> Reckoning:
    year = figure["period_end"].year
    years = {"previous": [year - 1], "same": [year], "mean": [year - 1, year]}[ratio.denominator_year]
    numerators = read_figures(connection, ratio.numerator, **of(figure, *CELL))
    denominators = [
        row
        for y in years
        for row in read_figures(
            connection, ratio.denominator, "year(period_end) = ?", [y], **of(figure, "area_code", "sex"), age_group=ratio.denominator_age_group
        )
    ]
    parts = [_part("täljare", row, "value", as_=("numerator",)) for row in numerators]
    parts += [_part(f"nämnare {row['period_label']}", row, "value", as_=("denominator",), share=len(denominators)) for row in denominators]
    seen = {row["period_end"].year for row in denominators}
    notes = [f"{ratio.denominator} finns inte för {y}" for y in years if y not in seen]
    notes += [f"{ratio.numerator} visas inte i releasen"] if not numerators else []
    factor = ratio.per * (12 / figure["period_months"] if ratio.annualised else 1)
    annual = f" × 12 / {figure['period_months']} (årstakt)" if ratio.annualised and figure["period_months"] != 12 else ""
    formula = f"{ratio.numerator} / {ratio.denominator} ({_when(ratio)}) × {number(ratio.per)}{annual}"
    return Reckoning("ratio", formula, parts, factor, notes, has_own_way=True)


def _when(ratio: Ratio) -> str:
    when = {
        "previous": "den 31 december året före",
        "same": "den 31 december samma år",
        "mean": "medelvärdet av den 31 december året före och samma år",
    }
    age = "alla åldrar" if ratio.denominator_age_group == "total" else f"{ratio.denominator_age_group} år"
    return f"{when[ratio.denominator_year]}, {age}"


def _combination(connection: duckdb.DuckDBPyConnection, combination: Combination, figure: Row) -> Reckoning:
    found = {m: read_figures(connection, m, **of(figure, *CELL)) for m in combination.parts}
    parts = [_part(m, rows[0] if rows else None, "value") for m, rows in found.items()]
    formula = f"{'summan' if combination.combine == 'sum' else 'medelvärdet'} av {', '.join(combination.parts)}"
    return Reckoning(combination.combine, formula, parts, has_own_way=True)


def _between_sexes(connection: duckdb.DuckDBPyConnection, spread: Spread, figure: Row) -> Reckoning:
    there = {r["sex"]: r for r in read_figures(connection, spread.spread_of, **of(figure, *(c for c in CELL if c != "sex")))}
    parts = [_part(name, there.get(sex), "value") for sex, name in (("women", "kvinnor"), ("men", "män"))]
    return Reckoning("difference", f"|{spread.spread_of} för kvinnor − {spread.spread_of} för män|", parts)


def _between_municipalities(connection: duckdb.DuckDBPyConnection, spread: Spread, figure: Row) -> Reckoning:
    place = "area_code in (select area_code from dim_areas where area_type = 'municipality' and (parent_code = ? or ? = '00'))"
    where = of(figure, *(c for c in CELL if c not in ("area_code", "sex")))
    rows = read_figures(connection, spread.spread_of, place, [figure["area_code"]] * 2, sex="total", **where)
    rows = sorted(rows, key=lambda row: (row["value"] is None, row["value"], row["area_code"]))
    names = dict(connection.execute("select area_code, name_sv from dim_areas").fetchall())
    parts = [_part(names[row["area_code"]], row, "value") for row in rows]
    values = [part.terms["value"] for part in parts if part.terms]
    notes = [f"{len(values)} kommuner har värde"]
    if len(values) >= 5:
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        notes.append(f"tredje kvartilen {number(high)}, första kvartilen {number(low)}")
    formula = f"tredje kvartilen − första kvartilen av {spread.spread_of} i kommunerna, där minst fem har värde"
    # A municipality whose own figure its source hides takes no part, so the parts lead to the figure all the same.
    return Reckoning("quartiles", formula, [Part(p.name_sv, p.figure, p.terms) for p in parts], notes_sv=notes)


def _of_periods(connection: duckdb.DuckDBPyConnection, measure: Measure, figure: Row) -> Reckoning:
    where = of(figure, "area_code", "sex", "age_group", "reporter", "segment_id")
    within = [figure["period_start"], figure["period_end"], MONTHS[measure.frequency]]
    rows = read_figures(connection, measure.measure_id, "period_start >= ? and period_end <= ? and period_months = ?", within, **where)
    columns = ("value",) if measure.value_type == "count" else ("numerator", "denominator")
    parts = [_part(row["period_label"], row, *columns) for row in rows]
    what = {"month": "tolv månaderna", "quarter": "fyra kvartalen", "half_year": "två halvåren"}[measure.frequency]
    notes = ["de dolda ingår i summan, men visas inte för sig"] if figure["value"] is not None and any(p.is_hidden for p in parts) else []
    if measure.value_type == "count":
        return Reckoning("sum", f"summan av de {what}", parts, notes_sv=notes)
    return Reckoning("ratio", f"summan av täljarna / summan av nämnarna × {_per(measure):g} i de {what}", parts, _per(measure), notes)


def _of_answers(connection: duckdb.DuckDBPyConnection, figure: Row) -> Reckoning:
    where = " and ".join(f"{column} = ?" for column in CELL)
    values = [figure[column] for column in CELL]
    query = f"select * from fct_surveys where share_measure_id = ? and {where} order by alternative_number"
    answers = read(connection, query, figure["measure_id"], *values)
    parts = []
    for a in answers:
        [row] = read_figures(connection, a["measure_id"], **of(figure, *CELL)) or [None]
        as_ = ("numerator", "denominator") if a["is_positive"] else ("denominator",)
        parts.append(_part(f"«{a['alternative_sv']}»{' (räknas som positivt)' if a['is_positive'] else ''}", row, *["value"] * len(as_), as_=as_))
    notes = [f"frågan: «{answers[0]['question_sv']}», {answers[0]['survey_name_sv']}, {answers[0]['wave_name_sv']}"] if answers else []
    if answers and answers[0]["asked"] is not None:
        notes.append(f"tillfrågade: {number(answers[0]['asked'])}")
    positive = " och ".join(f"«{a['alternative_sv']}»" for a in answers if a["is_positive"])
    return Reckoning("ratio", f"antal som svarade {positive} / alla svar × 100", parts, 100, notes)


def _part(name: str, row: Row | None, *columns: str, as_: Iterable[str] = (), share: int = 1) -> Part:
    """``as_``: what the columns bring, where it is something else; ``share``: as one of so many whose mean is taken."""
    as_ = tuple(as_) or columns
    if row is None or row["value"] is None:
        return Part(name, row, is_hidden=row is not None and row["status"] == "suppressed")
    if row["status"] not in SHOWN or any(row[column] is None for column in columns):
        return Part(name, row)
    return Part(name, row, {a: row[column] / share for a, column in zip(as_, columns, strict=True)})


def _terms(figure: Row, column: str) -> dict[str, float]:
    return {} if figure[column] is None else {column: figure[column]}


def _per(measure: Measure) -> float:
    return measure.derived.per if isinstance(measure.derived, Ratio) else measure.per or (100 if measure.value_type == "share" else 1)


def _annual(measure: Measure, figure: Row) -> float:
    return 12 / figure["period_months"] if isinstance(measure.derived, Ratio) and measure.derived.annualised else 1
