"""What a measure may ask to have computed of its figures, and where its series breaks: the tables for dbt, and the sentence each mistake gets."""

import shutil
from datetime import date

import pytest
from ruamel.yaml import YAML

from naravard_pipeline.catalogue import CatalogueError, read_catalogue
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.settings import SOURCES

BREAK = {"date": date(2024, 1, 1), "reason_sv": "Ny enkät.", "reason_en": "New survey."}


@pytest.fixture
def change(tmp_path):
    """Set fields of a shipped measure and read the catalogue again: its tables, or the problems as (field, Swedish sentence)."""
    kept = tmp_path / "sources"
    shutil.copytree(SOURCES, kept, ignore=shutil.ignore_patterns("templates", "schema"))

    def apply(measure_id: str, **fields):
        yaml, (path,) = YAML(), list(kept.glob(f"*/{measure_id}.yml"))
        content = yaml.load(path.read_text("utf-8"))
        for name, value in fields.items():
            if name == "derived":
                content["derived"].update(value)
            else:
                content[name] = value
        yaml.dump(content, path)
        try:
            return build_tables(read_catalogue(kept))
        except CatalogueError as error:
            return [(p.field, p.text("sv").split(": ", 2)[2]) for p in error.problems]

    return apply


def row_of(tables, measure_id):
    return next(row for row in tables["measures"].to_pylist() if row["measure_id"] == measure_id)


def test_a_break_is_a_row(change):
    later = {**BREAK, "date": date(2025, 7, 1), "reason_sv": "Ny definition.", "reason_en": "New definition."}
    tables = change("obesitas", breaks=[BREAK, later])
    assert [row for row in tables["breaks"].to_pylist() if row["measure_id"] == "obesitas"] == [
        {"measure_id": "obesitas", "starts": date(2024, 1, 1), "reason_sv": "Ny enkät.", "reason_en": "New survey."},
        {"measure_id": "obesitas", "starts": date(2025, 7, 1), "reason_sv": "Ny definition.", "reason_en": "New definition."},
    ]


@pytest.mark.parametrize("second", [date(2024, 1, 1), date(2023, 12, 31)])
def test_breaks_stand_in_order_and_one_a_day(change, second):
    problems = change("obesitas", breaks=[BREAK, {**BREAK, "date": second}])
    assert problems == [("breaks[1].date", f"där står {second}; väntat: ett datum efter 2024-01-01, brottet före")]


def test_a_break_without_a_reason_is_no_break(change):
    assert sorted(change("obesitas", breaks=[{"date": date(2024, 1, 1)}])) == [
        ("breaks[0].reason_en", "saknas; lägg till `reason_en:`"),
        ("breaks[0].reason_sv", "saknas; lägg till `reason_sv:`"),
    ]


@pytest.mark.parametrize(
    ("measure_id", "fields", "field", "sentence"),
    [
        (
            "sip_per_1000",
            {"period_totals": "year"},
            "period_totals",
            "där står year; ta bort det: begär det i måtten som det räknas ur, så följer kvoten med",
        ),
        ("obesitas", {"period_totals": "year"}, "period_totals", "där står year; ta bort det: måttets perioder är redan hela år"),
        (
            "vantetider_medicinsk_bedomning",
            {"period_totals": "rolling_year"},
            "period_totals",
            "där står rolling_year; ta bort det: bara antal, eller andelar med täljare och nämnare, summeras",
        ),
        ("sip_per_1000", {"per": 1000}, "per", "där står 1000; ta bort det: ett härlett mått säger det under `derived`"),
        ("sip_antal", {"per": 1000}, "per", "där står 1000; ta bort det: count delas inte med något"),
        (
            "sip_per_1000",
            {"frequency": "year", "derived": {"annualised": True}},
            "derived.annualised",
            "där står true; ta bort det: ett årsvärde är redan per år",
        ),
    ],
)
def test_what_cannot_be_computed_may_not_be_asked_for(change, measure_id, fields, field, sentence):
    assert change(measure_id, **fields) == [(field, sentence)]


def test_a_share_is_per_hundred_unless_it_says_otherwise_and_a_ratio_per_its_own(change):
    tables = change("obesitas", per=1000)
    assert row_of(tables, "obesitas")["per"] == 1000.0
    assert row_of(tables, "daglig_rokning")["per"] == 100.0
    assert row_of(tables, "sip_per_1000")["per"] == 1000.0
    assert row_of(tables, "sip_antal")["per"] is None


def test_a_derived_measure_is_as_sensitive_as_what_it_is_computed_from(change):
    assert row_of(change("sip_antal", suppression_threshold=15), "sip_per_1000")["suppression_threshold"] == 15


def test_a_month_may_be_told_per_year(change):
    tables = change("sip_per_1000", derived={"annualised": True, "denominator_year": "mean"})
    assert row_of(tables, "sip_per_1000")["is_annualised"] is True
    [row] = [row for row in tables["derivations"].to_pylist() if row["measure_id"] == "sip_per_1000"]
    assert row["denominator_year"] == "mean"
