"""The attack on what is published: every release that somebody may have, and the one about to go out.

Here: reading releases as an outsider would, what one tells about another, and the findings. Not here: his calculation (attacker), what follows from
a finding (publication). No finding holds a number, since it is told in logs and pages.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd

from naravard_pipeline.protection.attacker import Figure, Totals, elementary_areas, find_narrow
from naravard_pipeline.protection.sums import find_summed, read_siblings, select_parts
from naravard_pipeline.protection.tables import has_table, opened, read_published_totals

_Shown = tuple[Any, frozenset[str] | None]  # a row of a release, and what it was summed from
CellKey = tuple[str, str, date, date, str, str, str]
_KEY = ("measure_id", "area_code", "period_start", "period_end", "sex", "age_group", "reporter")
_FIGURES = ("value", "numerator", "denominator", "ci_lower", "ci_upper", "answers")  # what a hidden observation must not have, in any table
_SENTENCES = {
    "narrow": (
        "a hidden small count can be computed from what is shown",
        "Ett dolt litet antal går att räkna ut ur det som visas.",
    ),
    "shown_again": (
        "a cell that an earlier release hid would be shown; a person has to approve that",
        "En uppgift som var dold i en tidigare version skulle visas. Det måste godkännas av en människa.",
    ),
    "shown_elsewhere": (
        "a figure that fct_observations hides stands in another table",
        "En uppgift som är dold bland observationerna står i en annan tabell.",
    ),
}


@dataclass(frozen=True, order=True)
class Finding:
    """One hidden cell that can be found out, and how. ``table``: where it stands openly; ``release`` counts from 0, the newest is the last."""

    measure_id: str
    area_code: str
    period_start: date
    period_end: date
    sex: str
    age_group: str
    reporter: str
    kind: Literal["narrow", "shown_again", "shown_elsewhere"]
    release: int
    table: str = "fct_observations"

    @property
    def sentence(self) -> str:
        return f"{self.measure_id}, area {self.area_code}, {self.period_start} to {self.period_end}: {_SENTENCES[self.kind][0]} ({self.table})"

    @property
    def sentence_sv(self) -> str:
        return _SENTENCES[self.kind][1]


def attack(releases: Sequence[Path | duckdb.DuckDBPyConnection], approved: Collection[CellKey] = ()) -> list[Finding]:
    """What somebody finds out who has all ``releases``, oldest first; sorted, empty where he finds nothing.

    Each is a release's DuckDB file or a connection whose own schema ``main`` has the tables; the last is the one about to go out. Only what that one
    makes possible is a finding. ``approved``: cells that a person let be shown although an earlier release hid them.
    Raises ``duckdb.Error`` where a release cannot be read: what cannot be looked at is not proven.
    """
    if not releases:
        return []
    newest = _Release.read(releases[-1])
    last = len(releases) - 1
    guesses: dict[CellKey, _Shown] = {}
    findings = set()
    repeated = _repeated(releases)
    for number, source in enumerate(releases[:-1]):
        with opened(source) as connection:
            if not has_table(connection, "fct_observations"):
                continue
            shown = _rows(connection, newest.hidden_keys, "value is not null")
            summed = find_summed(read_siblings(connection, shown), newest.elements)
            guesses |= {_key(row): (row, summed.get(_as_stored(row))) for row in shown.itertuples()}  # the newest word about it is the best guess
            hidden = _rows(connection, newest.shown_keys, "suppression is not null")
        again = {_key(row) for row in hidden.itertuples()} - repeated
        findings |= {Finding(*key, "shown_again", number) for key in again - set(approved)}
        if again:
            findings |= _attack_older(_Release.read(source), newest, again, number)
    figures = [*newest.figures(), *newest.guessed(guesses)]
    findings |= {Finding(*f.row, "narrow", last) for f in find_narrow(figures, newest.elements, newest.combined, newest.totals) if not f.is_guess}
    with opened(releases[-1]) as connection:
        findings |= set(_elsewhere(connection, last))
    return sorted(findings)


def _attack_older(older: "_Release", newest: "_Release", again: Collection[CellKey], number: int) -> set[Finding]:
    """What the cells that are shown now tell about the others that an earlier release hid."""
    figures = older.figures()
    now = {_key(row): (row, newest.summed.get(_as_stored(row))) for row in newest.rows.itertuples() if _key(row) in again}
    before = {f.row for f in find_narrow(figures, older.elements, older.combined, older.totals)}
    after = {f.row for f in find_narrow([*figures, *older.guessed(now)], older.elements, older.combined, older.totals)}
    return {Finding(*row, "narrow", number) for row in after - before - set(again)}


@dataclass
class _Release:
    """The local reporters' rows of the blocks in which anything is hidden, and what the tables beside say about the measures and areas."""

    rows: pd.DataFrame
    elements: dict[str, frozenset[str]]
    combined: dict[str, tuple[list[str], float]]
    numerators: dict[str, str]  # a rate → the measure that it shows the counts of
    hidden_keys: pd.DataFrame
    shown_keys: pd.DataFrame
    totals: Totals
    summed: dict[tuple, frozenset[str]]  # a row that was summed from others → the areas they are of

    @classmethod
    def read(cls, source: Path | duckdb.DuckDBPyConnection) -> "_Release":
        with opened(source) as connection:
            there = {r[0] for r in connection.execute("select column_name from (describe main.dim_measures)").fetchall()}
            # Older releases have neither of these.
            few = "coalesce(m.denominator_threshold, m.suppression_threshold)" if "denominator_threshold" in there else "m.suppression_threshold"
            zeros = "coalesce(m.hides_zero, false)" if "hides_zero" in there else "false"
            figures = ", ".join(f"o.{c}" for c in (*_KEY, "value", "numerator", "denominator", "answers", "suppression", "status"))
            rows = connection.execute(
                f"select {figures}, m.value_type, m.computed_from, m.suppression_threshold as threshold, "
                f"{few} as denominator_threshold, {zeros} as hides_zero, {select_parts(connection)} "
                "from main.fct_observations as o join main.dim_measures as m using (measure_id) where o.reporter <> 'source' order by all"
            ).df()
            areas = connection.execute("select area_code, area_type, parent_code from main.dim_areas").fetchall()
            members = connection.execute("select group_id, area_code from main.bridge_area_groups").fetchall()
            totals = read_published_totals(connection)
        keys = rows[list(_KEY)]
        is_hidden = rows["suppression"].notna()
        concerned = _concerned(rows, is_hidden, totals)
        kinds = dict(zip(rows["measure_id"], rows["value_type"], strict=True))
        made_of = {m: text.split(",") for m, text in zip(rows["measure_id"], rows["computed_from"], strict=True) if isinstance(text, str)}
        numerators = {m: part for m, parts in made_of.items() if (part := _numerator(rows, m, parts))}
        combined = {
            m: (parts, 1.0 if kinds[m] == "count" else float(len(parts)))
            for m, parts in made_of.items()
            if m not in numerators and all(kinds.get(p) == "count" for p in parts)
        }
        elements = elementary_areas(areas, members)
        summed = find_summed(concerned, elements)
        return cls(concerned, elements, combined, numerators, keys[is_hidden], keys[rows["value"].notna()], totals, summed)

    def figures(self) -> list[Figure]:
        parts = {m: [p for p in _PARTS if _part(g, p).notna().any()] for m, g in self.rows.groupby("measure_id")}
        counted = {(m, *key) for m, *key in self.rows[list(_KEY)].itertuples(index=False, name=None)}
        found = []
        for row in self.rows.itertuples():
            if row.measure_id in self.numerators:
                quantity = (self.numerators[row.measure_id], "value")
                is_counted = (quantity[0], *_as_stored(row)[1:]) in counted
                if (not row.is_hidden and row.numerator == row.numerator) or not is_counted:
                    found += [self._figure(row, quantity, "numerator", True)]
                continue
            own = ["value"] if row.value_type == "count" or row.measure_id in self.combined else [p for p in parts[row.measure_id] if p != "value"]
            found += [self._figure(row, (row.measure_id, p), p, len(own) == 1) for p in own]
        return [f for f in found if f]

    def guessed(self, shown: dict[CellKey, "_Shown"]) -> Iterator[Figure]:
        """Figures of other releases for cells that are hidden here."""
        for figure in self.figures() if shown else ():
            if figure.value is None and figure.row in shown:
                row, within = shown[figure.row]
                value = _number(row, "numerator" if figure.row[0] in self.numerators else figure.quantity[1])
                if value is not None:
                    value *= self._factor(figure.row[0])
                    yield Figure(figure.quantity, figure.place, value, 0, 0, False, figure.row, is_guess=True, within=within)

    def _factor(self, measure_id: str) -> float:
        return self.combined.get(measure_id, ([], 1.0))[1]

    def _figure(self, row, quantity: tuple[str, str], part: str, is_only: bool) -> Figure | None:
        value = None if row.is_hidden else _number(row, part)
        if value is None and not row.is_hidden:
            return None
        days = tuple(int(np.datetime64(d, "D").astype("int64")) for d in (row.period_start, row.period_end))
        threshold = row.denominator_threshold if part in ("denominator", "answers") else row.threshold
        low = 1.0 if is_only and not row.hides_zero else 0.0  # which of several counts is small he cannot tell
        said = is_only and row.suppression == "primary"
        place, number = (row.area_code, days, row.sex, row.age_group, row.reporter), value if value is None else value * self._factor(row.measure_id)
        return Figure(quantity, place, number, float(threshold), low, said, _key(row), within=self.summed.get(_as_stored(row)))


def _numerator(rows: pd.DataFrame, measure_id: str, parts: Sequence[str]) -> str | None:
    """Of the measures that another is computed from, the one whose figures its numerators repeat; None where it has no numerators."""
    mine = rows[(rows["measure_id"] == measure_id) & rows["numerator"].notna()]
    place = [k for k in _KEY if k != "measure_id"]

    def agreeing(part: str) -> int:
        both = mine.merge(rows[rows["measure_id"] == part], on=place, suffixes=("", "_of_part"))
        return int((both["numerator"] == both["value_of_part"]).sum())

    return max(parts, key=agreeing) if len(mine) else None


_PARTS = ("value", "numerator", "denominator", "answers", "implied")


def _part(rows: pd.DataFrame, part: str) -> pd.Series:
    return (rows["value"] * rows["answers"] / 100).round() if part == "implied" else rows[part]


def _number(row, part: str) -> float | None:
    if part == "implied":  # how many said so, of those who answered
        is_share = row.value_type == "share" and row.numerator != row.numerator
        value = float(np.round(row.value * row.answers / 100)) if is_share and row.answers == row.answers else np.nan
    else:
        value = getattr(row, part)
    return None if value is None or value != value else float(value)


def _as_stored(row) -> tuple:
    return tuple(getattr(row, name) for name in _KEY)


def _key(row) -> CellKey:
    return tuple(pd.Timestamp(v).date() if name.startswith("period") else v for name, v in zip(_KEY, _as_stored(row), strict=True))


def _concerned(rows: pd.DataFrame, is_hidden: pd.Series, totals: Totals) -> pd.DataFrame:
    """The rows whose measure, or one computed with it, hides something in a period that overlaps."""
    family: dict[str, str] = {}

    def first(measure: str) -> str:
        while family.setdefault(measure, measure) != measure:
            measure = family[measure]
        return measure

    for measure, text in set(zip(rows["measure_id"], rows["computed_from"].fillna(""), strict=True)):
        for other in filter(None, text.split(",")):
            family[first(measure)] = first(other)
    for (measure, _), parts in totals.items():
        for part in parts:
            family[first(measure)] = first(part)
    rows = rows.assign(family=rows["measure_id"].map(first), is_hidden=is_hidden).sort_values(["family", "period_start", "period_end"])
    earlier = rows.groupby("family")["period_end"].cummax().groupby(rows["family"]).shift(1)
    stretch = (earlier.isna() | (rows["period_start"] > earlier)).cumsum()
    return rows[rows["is_hidden"].groupby(stretch).transform("any")]


def _rows(connection: duckdb.DuckDBPyConnection, keys: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows of fct_observations with these keys."""
    connection.register("wanted_keys", keys)
    try:
        return connection.execute(
            f"select o.*, m.value_type from main.fct_observations as o semi join wanted_keys using ({', '.join(_KEY)}) "
            f"join (select measure_id, value_type from main.dim_measures) as m on m.measure_id = o.measure_id where {condition}"
        ).df()
    finally:
        connection.unregister("wanted_keys")


def _repeated(releases: Sequence[Path | duckdb.DuckDBPyConnection]) -> set[CellKey]:
    """Held rows of the newest release that an older one shows with the very same value: they tell nothing that is not known, whatever a release
    in between hid. A row that is not held would tell that the hidden figure is unchanged."""
    key = ", ".join(_KEY)
    with opened(releases[-1]) as connection:
        there = {row[0] for row in connection.execute("select column_name from (describe main.fct_observations)").fetchall()}
        if "is_held" not in there:
            return set()
        local = "from main.fct_observations where value is not null and reporter <> 'source'"
        held = connection.execute(f"select {key}, value {local} and is_held").fetchall()
    wanted, known = set(held), set()
    for source in releases[:-1] if wanted else ():
        with opened(source) as connection:
            if has_table(connection, "fct_observations"):
                known |= wanted & set(connection.execute(f"select {key}, value {local}").fetchall())
    return {row[:-1] for row in known}


def _elsewhere(connection: duckdb.DuckDBPyConnection, number: int) -> Iterator[Finding]:
    """Rows of other tables that show a figure of a hidden cell."""
    query = (
        "select table_name, list(column_name) from duckdb_columns() where schema_name = 'main' and database_name = current_database() group by all"
    )
    for table, columns in sorted(connection.execute(query).fetchall()):
        shared = [k for k in _KEY if k in columns]
        figures = [f for f in _FIGURES if f in columns]
        if table != "fct_observations" and figures and set(_KEY) - set(shared) <= {"reporter", "age_group"}:
            condition = " or ".join(f"t.{f} is not null" for f in figures)
            found = connection.execute(
                f"select distinct {', '.join(f'o.{k}' for k in _KEY)} from main.{table} as t join main.fct_observations as o "
                f"using ({', '.join(shared)}) where o.suppression is not null and ({condition})"
            ).fetchall()
            yield from (Finding(*row, "shown_elsewhere", number, table) for row in found)


def describe(findings: Sequence[Finding]) -> list[str]:
    """One sentence per measure, release and kind, with how many cells; for a person, without a number of theirs."""
    counted = Counter((f.measure_id, f.kind, f.release) for f in findings)
    firsts = {(f.measure_id, f.kind, f.release): f for f in reversed(findings)}
    return [f"{firsts[group].sentence}" + (f" and {n - 1} more" if n > 1 else "") for group, n in sorted(counted.items())]
