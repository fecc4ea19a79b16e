"""The way back of a published figure: formula, inputs, the source's answer, when, the checks, the release and who let it out.

Here: collecting that for one figure from the current release and the landing. Not here: how it is printed (cli).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.queries import Combination, Ratio, Spread
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.publication.folders import DATABASE, current_release, read_release
from naravard_pipeline.settings import Settings

Row = Mapping[str, Any]


class NoFigure(ValueError):
    """No such figure is published; the message says what there is instead."""


@dataclass(frozen=True)
class Explanation:
    """One figure. ``figure`` is its row of ``fct_observations``; ``answer`` the source's answer it was read from (``url``, ``first_fetched_at``,
    ``raw``: the answer's pages by SHA-256 and where they lie; empty for what is computed here). ``inputs`` are the figures it was computed from,
    each explained in turn. ``decisions`` are the log's entries on the measure and this release, ``checks`` those that did not hold for it."""

    measure: Row
    figure: Row
    formula_sv: str
    answer: Row
    inputs: list["Explanation"] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    release: Row = field(default_factory=dict)


def explain(
    settings: Settings, catalogue: Catalogue, measure_id: str, area_code: str, period_label: str | None, sex: str = "total"
) -> list[Explanation]:
    """Explain the figures of a measure, area and period (the newest with a value if None): one per age group and reporter.

    Raises ``NoFigure`` with what is there instead.
    """
    folder = current_release(settings)
    if folder is None:
        raise NoFigure(f"Nothing is published in {settings.published} yet. Run: naravard run")
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        period_label = period_label or _newest(connection, measure_id, area_code, sex)
        query = "select * from fct_observations where measure_id = ? and area_code = ? and period_label = ? and sex = ? order by all"
        figures = _rows(connection, query, measure_id, area_code, period_label, sex)
        if not figures:
            raise NoFigure(_what_is_there(connection, measure_id, area_code, period_label, sex))
        release = read_release(folder)["release"] | {"path": str(folder)}
        return [_explain(connection, settings, catalogue, figure, release) for figure in figures]


def _explain(connection: duckdb.DuckDBPyConnection, settings: Settings, catalogue: Catalogue, figure: Row, release: Row) -> Explanation:
    measure_id = figure["measure_id"]
    measure = _rows(connection, "select * from dim_measures where measure_id = ?", measure_id)[0]
    derived = catalogue.measures[measure_id].derived if measure_id in catalogue.measures else None
    inputs = [
        _explain(connection, settings, catalogue, row, release)
        for input_id in (derived.measures if derived else ())
        for row in _inputs(connection, figure, input_id, derived)
    ]
    decisions = _rows(
        connection,
        "select number, decided_at, action, role, reason_sv, release_id from meta_approvals where measure_id = ? or release_id = ? order by number",
        measure_id,
        release["release_id"],
    )
    checks = _rows(
        connection, "select kind, check_name, severity, failed_rows, reason from meta_checks where measure_id = ? and not is_passed", measure_id
    )
    corrections = _rows(
        connection,
        "select corrected_at, text_sv from meta_corrections "
        "where measure_id = ? and coalesce(area_code = ?, true) and coalesce(period_label = ?, true)",
        measure_id,
        figure["area_code"],
        figure["period_label"],
    )
    return Explanation(
        measure,
        figure,
        _formula(derived, figure, catalogue),
        {} if derived else _answer(connection, settings, figure, measure["source_id"]),
        inputs,
        checks,
        decisions,
        corrections,
        release,
    )


def _inputs(connection: duckdb.DuckDBPyConnection, figure: Row, input_id: str, derived: Ratio | Combination | Spread) -> list[Row]:
    """The published rows that the figure was computed from, as the model ``int_observations_derived`` joins them."""
    if isinstance(derived, Ratio) and input_id == derived.denominator:
        year = figure["period_end"].year - (1 if derived.denominator_year == "previous" else 0)
        query = "select * from fct_observations where measure_id = ? and area_code = ? and year(period_end) = ? and sex = ? and age_group = ?"
        return _rows(connection, query, input_id, figure["area_code"], year, figure["sex"], derived.denominator_age_group)
    if isinstance(derived, Spread):
        return _compared(connection, figure, input_id, derived)
    query = (
        "select * from fct_observations where measure_id = ? and area_code = ? and period_start = ? and period_end = ? and sex = ? and age_group = ?"
    )
    return _rows(connection, query, input_id, figure["area_code"], figure["period_start"], figure["period_end"], figure["sex"], figure["age_group"])


def _compared(connection: duckdb.DuckDBPyConnection, figure: Row, input_id: str, spread: Spread) -> list[Row]:
    """Women and men of the area, or its municipalities; of the nation's municipalities only those at the quartiles would mean anything, so none."""
    place, values = ("area_code = ? and sex <> 'total'", [figure["area_code"]])
    if spread.between == "municipalities":
        place = "sex = 'total' and area_code in (select area_code from dim_areas where area_type = 'municipality' and parent_code = ?)"
    of_then = "measure_id = ? and period_start = ? and period_end = ? and age_group = ?"
    query = f"select * from fct_observations where {of_then} and {place} order by value"
    return _rows(connection, query, input_id, figure["period_start"], figure["period_end"], figure["age_group"], *values)


def _formula(derived: Ratio | Combination | Spread | None, figure: Row, catalogue: Catalogue) -> str:
    match derived:
        case Ratio() as ratio:
            when = "den 31 december året före" if ratio.denominator_year == "previous" else "samma år"
            return f"{ratio.numerator} / {ratio.denominator} ({when}, {ratio.denominator_age_group}) × {ratio.per:g}"
        case Combination() as combination:
            return f"{'summan' if combination.combine == 'sum' else 'medelvärdet'} av {', '.join(combination.parts)}"
        case Spread(between="sexes", spread_of=of):
            return f"|{of} för kvinnor − {of} för män|"
        case Spread(spread_of=of):
            return f"tredje kvartilen − första kvartilen av {of} i kommunerna, där minst fem har värde"
    return "som källan har lämnat den" if figure["reporter"] == "source" else "ur inlämnade filer"


def _answer(connection: duckdb.DuckDBPyConnection, settings: Settings, figure: Row, source_id: str) -> Row:
    found = _rows(connection, "select * from dim_snapshots where measure_id = ? and snapshot_id = ?", figure["measure_id"], figure["snapshot_id"])
    answer = dict(found[0]) if found else {"snapshot_id": figure["snapshot_id"]}
    manifest = Landing(settings.landing).read_manifest(source_id, figure["measure_id"], figure["snapshot_id"]) or {}
    answer["raw"] = [
        {"url": p["url"], "sha256": p["sha256"], "fetched_at": p["fetched_at"], "path": str(path) if (path := _raw(settings, source_id, p)) else None}
        for p in manifest.get("pages", [])
    ]
    return answer


def _raw(settings: Settings, source_id: str, page: Row) -> Any:
    folder = settings.landing / "raw" / source_id / page["sha256"][:2]
    return next(folder.glob(f"{page['sha256']}.*"), None)


def _newest(connection: duckdb.DuckDBPyConnection, measure_id: str, area_code: str, sex: str) -> str:
    query = (
        "select period_label from fct_observations where measure_id = ? and area_code = ? and sex = ? order by value is null, period_end desc limit 1"
    )
    found = connection.execute(query, [measure_id, area_code, sex]).fetchone()
    if found is None:
        raise NoFigure(_what_is_there(connection, measure_id, area_code, None, sex))
    return found[0]


def _what_is_there(connection: duckdb.DuckDBPyConnection, measure_id: str, area_code: str, period_label: str | None, sex: str) -> str:
    asked = ", ".join(filter(None, (measure_id, area_code, period_label, sex)))
    for column, given, what in (("area_code", area_code, "areas"), ("period_label", period_label, "periods"), ("sex", sex, "sexes")):
        here = "measure_id = ?" + (" and area_code = ?" if column != "area_code" else "")
        values = [measure_id, area_code][: here.count("?")]
        there = [row[0] for row in connection.execute(f"select distinct {column} from fct_observations where {here} order by 1", values).fetchall()]
        if not there:
            return (
                f"The current release has no figure of {asked}: nothing of that measure{'' if column == 'area_code' else ' and area'} is published."
            )
        if given is not None and given not in there:
            shown = ", ".join(there[:40]) + (f" and {len(there) - 40} more" if len(there) > 40 else "")
            return f"The current release has no figure of {asked}. Its {what} are: {shown}"
    return f"The current release has no figure of {asked}."


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[dict[str, Any]]:
    found = connection.execute(query, list(values))
    names = [d[0] for d in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
