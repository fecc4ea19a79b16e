"""One cell at a time: months, years, values and names as people write them."""

from contextlib import suppress
from datetime import date

import pytest
from dropped_files import NAMES
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.connectors.cells import AreaNames, CellError, Reading, folded, is_total, read_period, read_value, shown

TODAY = date(2026, 3, 15)
AREAS = AreaNames(NAMES)


@pytest.mark.parametrize(
    "value",
    ["2025-01", "2025-1", "jan-25", "jan 25", "Januari 2025", "januari-2025", "2025 jan.", "202501", 202501, 202501.0, "2025/01", " 2025–01 "],
)
def test_months(value: object):
    period = read_period(value, "month", 2015, TODAY)
    assert (period.start, period.end, period.label) == (date(2025, 1, 1), date(2025, 1, 31), "2025-01")


@pytest.mark.parametrize("value", ["2025M01", "20250131", "2025-01-31", "2025-01-01 00:00:00", date(2025, 1, 1), date(2025, 1, 31)])
def test_days_and_other_words_for_a_month(value: object):
    assert read_period(value, "month", 2015, TODAY).label == "2025-01"


@pytest.mark.parametrize(
    ("value", "label"), [("okt-25", "2025-10"), ("Oct 2025", "2025-10"), ("maj 25", "2025-05"), ("may-25", "2025-05"), ("2024-02", "2024-02")]
)
def test_other_months(value: str, label: str):
    assert read_period(value, "month", 2015, TODAY).label == label


@pytest.mark.parametrize("value", [2025, "2025", 2025.0, "2025-03-01", date(2025, 3, 1)])
def test_years(value: object):
    period = read_period(value, "year", 2015, TODAY)
    assert (period.start, period.end, period.label) == (date(2025, 1, 1), date(2025, 12, 31), "2025")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "är tom"),
        ("januari", "går att läsa"),
        ("2025-13", "går att läsa"),
        ("2025-02-30", "går att läsa"),
        ("ma 2025", "går att läsa"),
        (45658, "går att läsa"),
        ("0000-01", "är före 2015"),
        ("2014-12", "är före 2015"),
        ("2026-04", "inte har börjat"),
        (date(2026, 4, 1), "inte har börjat"),
    ],
)
def test_months_that_are_refused(value: object, words: str):
    with pytest.raises(CellError, match=words):
        read_period(value, "month", 2015, TODAY)


def test_the_month_that_is_going_on_is_read():
    assert read_period("2026-03", "month", 2015, TODAY).label == "2026-03"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (12, 12),
        (12.0, 12),
        ("12", 12),
        ("12,0", 12),
        ("1 234", 1234),
        ("1\u00a0234", 1234),
        ("1\u2009234", 1234),
        ("1\u202f234 567", 1234567),
        (0, 0),
    ],
)
def test_counts(value: object, number: float):
    assert read_value(value, True) == Reading(number, "ok")


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        ("<5", Reading(None, "suppressed", "<5")),
        ("< 5", Reading(None, "suppressed", "<5")),
        ("..", Reading(None, "missing", "..")),
        ("…", Reading(None, "missing", "..")),
        (None, Reading(None, "missing")),
    ],
)
def test_values_that_are_no_number(value: object, reading: Reading):
    assert read_value(value, True) == reading


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("-", "noll"),
        ("–", "noll"),
        (-1, "negativt"),
        ("−3", "negativt"),
        (1.5, "heltal"),
        ("1,5", "heltal"),
        ("1.234", "heltal"),
        ("tolv", "inget tal"),
        ("12 st", "inget tal"),
        ("1 2", "inget tal"),
        ("12 34", "inget tal"),
        ("True", "inget tal"),
        ("1e3", "inget tal"),
        (float("inf"), "inget tal"),
        (float("nan"), "inget tal"),
        (10**400, "inget tal"),
        (date(2025, 1, 1), "inget tal"),
        ("", "inget tal"),
    ],
)
def test_counts_that_are_refused(value: object, words: str):
    with pytest.raises(CellError, match=words):
        read_value(value, True)


def test_what_is_no_count_may_have_decimals():
    assert read_value("-1,25", False) == Reading(-1.25, "ok")


@pytest.mark.parametrize("code", NAMES)
def test_every_spelling_of_a_municipality(code: str):
    name = NAMES[code]
    plain = name.translate(str.maketrans("åäö", "aao"))
    for value in [
        name,
        name.upper(),
        plain,
        f"{name} kommun",
        f"{name}s kommun",
        f" {name}  Kommun ",
        code,
        code.lstrip("0"),
        int(code),
        float(int(code)),
    ]:
        assert AREAS.find(value) == code, value
    for value in [f"{code} {name}", f"{name} ({code})", f"{code}-{name} kommun"]:
        assert AREAS.find(value) == code, value


def test_a_name_counts_only_where_it_is_unique():
    areas = AreaNames({"0305": "Håbo", "0643": "Habo", "14": "Region Skåne"})
    assert [areas.find(value) for value in ("Håbo", "Habo", "HABO kommun", "hàbo", "Skåne")] == ["0305", "0643", "0643", None, "14"]


@pytest.mark.parametrize("value", ["Strangnäss", "Stockholm", "0484 Flen", "Flen 0484", "", None, 9999, 484.5, "Flen" * 99, "1 " * 50_000])
def test_what_is_no_municipality(value: object):
    assert AREAS.find(value) is None


@pytest.mark.parametrize(
    ("value", "name"), [("Strangnäss", "Strängnäs"), ("Eskilstona", "Eskilstuna"), ("nyköpping kommun", "Nyköping"), ("Paris", None)]
)
def test_suggestions(value: str, name: str | None):
    assert AREAS.suggest(value) == name


def test_totals():
    assert all(map(is_total, ["Totalt", "SUMMA", "Summa länet", "Hela länet", "Samtliga kommuner", "Länet totalt", "Sörmlands län", "Total:"]))
    assert not any(map(is_total, [*NAMES.values(), None, 3, "", "Kommun"]))


def test_headings_are_one_in_every_spelling():
    assert len({folded(text) for text in ("Antal SIP", "antal sip", "ANTAL-SIP", " AntalSIP ", "Antal\nSIP")}) == 1


values = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.floats(), st.dates(), st.text("0123456789-/. jan<", max_size=12))


@given(values)
def test_any_cell_is_read_or_refused(value: object):
    for read in (
        lambda: read_period(value, "month", 2015, TODAY),
        lambda: read_period(value, "year", 2015, TODAY),
        lambda: read_value(value, True),
        lambda: read_value(value, False),
    ):
        with suppress(CellError):
            read()
    AREAS.find(value)
    AREAS.suggest(value)
    is_total(value)
    assert "\n" not in shown(value)
