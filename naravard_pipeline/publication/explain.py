"""The way back of a published figure: formula, inputs, the source's answer, when, the checks, the release and who let it out.

Here: collecting that for one figure from the current release and the landing. Not here: its parts (explain_parts), its file (explain_origin), what is
said of it (explain_said, explain_changes), an aggregated indicator (explain_composites), how it is printed (cli).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.publication.explain_changes import read_changes
from naravard_pipeline.publication.explain_origin import find_first_release, find_place, read_answer
from naravard_pipeline.publication.explain_parts import read_reckoning
from naravard_pipeline.publication.explain_reasons import tell_why
from naravard_pipeline.publication.explain_rows import NoFigure, Part, Row, Said, area_name, choices, nothing_published, read
from naravard_pipeline.publication.explain_said import read_said
from naravard_pipeline.publication.folders import DATABASE, current_release, read_release
from naravard_pipeline.settings import Settings, spoken_language

__all__ = ["Explanation", "NoFigure", "explain"]


@dataclass(frozen=True)
class Explanation:
    """One figure. ``figure`` is its row of ``fct_observations``, ``area_sv`` its place; ``why_sv`` tells why it is not there or not final.

    ``answer`` is the source's answer it was read from (``url``, ``first_fetched_at``, ``raw``: the pages or files by SHA-256 and where they lie),
    ``place`` the file and row it came in. ``parts`` are the published figures it was computed from, and ``reckoned`` what they lead to, None where a
    part or the figure is not there; ``inputs`` are those of them that have a way back of their own, each explained in turn. ``first_release``: of a
    held figure the release that it is of. ``said``: what the release says of the figure. ``decisions`` are the log's entries on the measure and this
    release, ``checks`` those that did not hold for it.
    """

    measure: Row
    figure: Row
    area_sv: str
    formula_sv: str
    why_sv: str
    answer: Row
    place: Row = field(default_factory=dict)
    parts: Sequence[Part] = ()
    notes_sv: Sequence[str] = ()
    reckoned: float | None = None
    inputs: list["Explanation"] = field(default_factory=list)
    said: Sequence[Said] = ()
    checks: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    first_release: Row = field(default_factory=dict)
    release: Row = field(default_factory=dict)


@dataclass(frozen=True)
class _Reader:
    """What every figure of one question is read with."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    catalogue: Catalogue
    folder: Path
    release: Row


def explain(
    settings: Settings, catalogue: Catalogue, measure_id: str, area_code: str, period_label: str | None, sex: str = "total"
) -> list[Explanation]:
    """Explain the figures of a measure, area and period (the newest with a value if None): one per age group and reporter.

    Raises ``NoFigure`` with what is there instead.
    """
    folder = current_release(settings)
    if folder is None:
        raise NoFigure(nothing_published(settings.published))
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        content = read_release(folder)
        period_label = period_label or _newest(connection, measure_id, area_code, sex)
        query = "select * from fct_observations where measure_id = ? and area_code = ? and period_label = ? and sex = ? order by all"
        figures = read(connection, query, measure_id, area_code, period_label, sex) if period_label else []
        if not figures:
            left_out = next((hold["held_reason"] for hold in content["left_out"] if hold["measure_id"] == measure_id), None)
            raise NoFigure(_what_is_there(connection, measure_id, area_code, period_label, sex, left_out))
        reader = _Reader(connection, settings, catalogue, folder, content["release"] | {"path": str(folder)})
        return [replace(_explain(reader, figure), said=_said(connection, figure)) for figure in figures]


def _said(connection: duckdb.DuckDBPyConnection, figure: Row) -> list[Said]:
    [measure] = read(connection, "select * from dim_measures where measure_id = ?", figure["measure_id"])
    return read_said(connection, measure, figure) + read_changes(connection, measure, figure)


def _explain(reader: _Reader, figure: Row) -> Explanation:
    connection, measure_id = reader.connection, figure["measure_id"]
    [measure] = read(connection, "select * from dim_measures where measure_id = ?", measure_id)
    defined = reader.catalogue.measures.get(measure_id)
    reckoning = read_reckoning(connection, defined, figure)
    parts = [_located(reader, part) for part in reckoning.parts] if reckoning else []
    inputs = [_explain(reader, part.figure) for part in parts if part.figure] if reckoning and reckoning.has_own_way else []
    is_reckoned = reckoning is not None and any(part.figure for part in parts)
    decisions = read(
        connection,
        "select number, decided_at, action, role, reason_sv, release_id from meta_approvals where measure_id = ? or release_id = ? order by number",
        measure_id,
        reader.release["release_id"],
    )
    checks = read(
        connection, "select kind, check_name, severity, failed_rows, reason from meta_checks where measure_id = ? and not is_passed", measure_id
    )
    corrections = read(
        connection,
        "select corrected_at, text_sv from meta_corrections "
        "where measure_id = ? and coalesce(area_code = ?, true) and coalesce(period_label = ?, true)",
        measure_id,
        figure["area_code"],
        figure["period_label"],
    )
    place = {} if is_reckoned else find_place(reader.settings, measure["source_id"], defined, figure)
    return Explanation(
        measure,
        figure,
        area_name(connection, figure["area_code"]),
        reckoning.formula_sv if reckoning else _as_given(reader, figure),
        tell_why(figure, is_reckoned),
        _answer(reader, measure["source_id"], figure, parts, inputs, place),
        place,
        parts,
        reckoning.notes_sv if reckoning else [],
        reckoning.result if reckoning and figure["value"] is not None else None,
        inputs,
        [],
        checks,
        decisions,
        corrections,
        find_first_release(reader.settings, reader.folder, figure) if figure["is_held"] else {},
        reader.release,
    )


def _located(reader: _Reader, part: Part) -> Part:
    """The part with the file and row it came in."""
    if part.figure is None:
        return part
    measure = reader.catalogue.measures.get(part.figure["measure_id"])
    return replace(part, place=find_place(reader.settings, measure.source_id, measure, part.figure)) if measure else part


def _answer(reader: _Reader, source_id: str, figure: Row, parts: Sequence[Part], inputs: Sequence[Explanation], place: Row) -> Row:
    """None of a ratio or combination: those have several, each at its input. A spread's is that of what it is the spread of."""
    if inputs:
        return {}
    read_of = next((part.figure for part in parts if part.figure and part.figure["value"] is not None), None)
    if source_id == "derived" and read_of is None:
        return {}
    if source_id == "derived" and read_of["measure_id"] == figure["measure_id"]:  # a sum of what was computed in each municipality
        return {}
    of = read_of if source_id == "derived" else figure
    [(source_id,)] = reader.connection.execute("select source_id from dim_measures where measure_id = ?", [of["measure_id"]]).fetchall()
    answer = read_answer(reader.connection, reader.settings, source_id, of)
    found = {p["file_sha256"]: p for p in (place, *(part.place for part in parts)) if p}
    files = [{"url": p["file_name"], "sha256": p["file_sha256"], "fetched_at": p["received_at"], "path": p["path"]} for p in found.values()]
    return answer | {"raw": [*answer["raw"], *files], "measure_id": of["measure_id"]}


def _as_given(reader: _Reader, figure: Row) -> str:
    measure = reader.catalogue.measures.get(figure["measure_id"])
    if measure and measure.printed:
        where = f"avskriven ur en publikation; siffrorna står under printed i {measure.path.as_posix()}"
        return f"{where} (i en demo påhittade i stället)" if reader.release["is_demo"] else where
    return "som källan har lämnat den" if figure["reporter"] == "source" else "så som den står i den inlämnade filen"


def _newest(connection: duckdb.DuckDBPyConnection, measure_id: str, area_code: str, sex: str) -> str | None:
    query = (
        "select period_label from fct_observations where measure_id = ? and area_code = ? and sex = ? order by value is null, period_end desc limit 1"
    )
    found = connection.execute(query, [measure_id, area_code, sex]).fetchone()
    return found[0] if found else None


def _what_is_there(
    connection: duckdb.DuckDBPyConnection, measure_id: str, area_code: str, period_label: str | None, sex: str, left_out: str | None
) -> str:
    is_swedish = spoken_language() == "sv"
    asked = ", ".join(filter(None, (measure_id, area_code, period_label, sex)))
    head = f"Releasen har ingen uppgift om {asked}" if is_swedish else f"The current release has no figure of {asked}"
    words = (
        ("area_code", area_code, "områden", "areas"),
        ("period_label", period_label, "perioder", "periods"),
        ("sex", sex, "kön", "sexes"),
    )
    for column, given, sv, en in words:
        here = "measure_id = ?" + (" and area_code = ?" if column != "area_code" else "")
        values = [measure_id, area_code][: here.count("?")]
        there = [row[0] for row in connection.execute(f"select distinct {column} from fct_observations where {here} order by 1", values).fetchall()]
        if not there:
            return f"{head}: {_why_nothing(connection, measure_id, left_out, is_swedish)}"
        if given is not None and given not in there:
            return f"{head}. {f'Där finns {sv}' if is_swedish else f'Its {en} are'}: {choices(there)}"
    return f"{head}."


def _why_nothing(connection: duckdb.DuckDBPyConnection, measure_id: str, left_out: str | None, is_swedish: bool) -> str:
    """Nothing of the measure is published: it waits, has no source, or is not for readers."""
    if left_out:
        return f"måttet har aldrig släppts. {left_out}" if is_swedish else f"the measure was never let out. {left_out}"
    found = connection.execute("select status from dim_measures where measure_id = ?", [measure_id]).fetchone()
    if found and found[0] == "planned":
        return "måttet är planerat och har ingen källa än." if is_swedish else "the measure is planned and has no source yet."
    return "ingenting av måttet är publicerat." if is_swedish else "nothing of that measure is published."
