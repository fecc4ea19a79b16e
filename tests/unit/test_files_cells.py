"""One cell at a time: months, years, values and names as people write them."""

from contextlib import suppress
from datetime import date

import pytest
from dropped_files import NAMES
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.connectors.area_names import AreaNames
from naravard_pipeline.connectors.cells import CellError, Reading, folded, is_total, read_age_group, read_sex, read_value, shown
from naravard_pipeline.connectors.periods import read_period

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


HALF_YEARS = ["VT 2025", "vt25", "våren 2025", "2025 VT", "H1 2025", "2025H1", "första halvåret 2025", "1:a halvåret 2025", "Vårterminen 2025"]
QUARTERS = ["kv 1 2025", "2025K1", "Q1-25", "kvartal 1 2025", "1:a kvartalet 2025", "1 kvartalet 2025"]
DAYS = ["2025-01-31", "31/1 2025", "31.1.2025", "20250131", "31 januari 2025", "den 31 jan 2025", "31-jan-25", date(2025, 1, 31)]


@pytest.mark.parametrize("value", [*HALF_YEARS, *DAYS])
def test_half_years(value: object):
    period = read_period(value, "half_year", 2015, TODAY)
    assert (period.start, period.end, period.label) == (date(2025, 1, 1), date(2025, 6, 30), "2025H1")
    assert read_period("HT 2024", "half_year", 2015, TODAY).label == "2024H2"


@pytest.mark.parametrize("value", [*QUARTERS, *DAYS])
def test_quarters(value: object):
    period = read_period(value, "quarter", 2015, TODAY)
    assert (period.start, period.end, period.label) == (date(2025, 1, 1), date(2025, 3, 31), "2025K1")
    assert read_period("fjärde kvartalet 2024", "quarter", 2015, TODAY).end == date(2024, 12, 31)


@pytest.mark.parametrize("value", DAYS)
def test_a_day_is_the_month_and_the_year_that_it_lies_in(value: object):
    assert [read_period(value, frequency, 2015, TODAY).label for frequency in ("month", "year")] == ["2025-01", "2025"]


@pytest.mark.parametrize(
    ("value", "frequency", "words"),
    [
        ("VT 2025", "month", "är ett halvår, men måttet lämnas per månad"),
        ("2025", "month", "är ett år, men måttet lämnas per månad"),
        ("jan-25", "year", "är en månad, men måttet lämnas per år"),
        ("VT 2025", "year", "är ett halvår, men måttet lämnas per år"),
        ("kv 2 2025", "half_year", "är ett kvartal, men måttet lämnas per halvår"),
        ("2025-02", "quarter", "är en månad, men måttet lämnas per kvartal"),
        ("01/02/2025", "month", "kan betyda både 2025-01 och 2025-02"),
        ("HT 2026", "half_year", "är ett halvår som inte har börjat"),
        ("٢٠٢٥", "year", "går att läsa"),
        ("kv 5 2025", "quarter", "går att läsa"),
    ],
)
def test_a_period_of_another_length_is_not_fitted(value: str, frequency: str, words: str):
    with pytest.raises(CellError, match=words):
        read_period(value, frequency, 2015, TODAY)


@given(st.dates(date(2015, 1, 1), date(2026, 3, 15)), st.sampled_from(["month", "quarter", "half_year", "year"]))
def test_a_label_is_read_back_and_holds_its_day(day: date, frequency: str):
    period = read_period(day, frequency, 2015, TODAY)
    assert period.start <= day <= period.end
    assert read_period(period.label, frequency, 2015, TODAY) == period


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
    assert read_value(value, "count") == Reading(number, "ok")


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
    assert read_value(value, "count") == reading


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
        read_value(value, "count")


@pytest.mark.parametrize(("value", "number"), [("45 %", 45), ("62,5%", 62.5), ("62.5", 62.5), (45, 45)])
def test_shares_may_have_a_per_cent_sign_and_counts_may_not(value: object, number: float):
    assert read_value(value, "share") == Reading(number, "ok")
    with pytest.raises(CellError, match="inget"):
        read_value("45 %", "count")


def test_a_files_own_mark_hides_a_value_and_is_nothing_elsewhere():
    assert read_value("N", "share", "N") == Reading(None, "suppressed", "N")
    with pytest.raises(CellError, match="inget tal"):
        read_value("N", "share")


def test_sexes():
    assert {read_sex(value) for value in ("Kvinnor", "KVINNA", "k", "Flickor")} == {"women"}
    assert {read_sex(value) for value in ("Män", "man", "M")} == {"men"}
    assert {read_sex(value) for value in ("Totalt", "Båda könen", "samtliga")} == {"total"}
    for value in (None, "x", 1, "okänt"):
        with pytest.raises(CellError, match="kön"):
            read_sex(value)


def test_age_groups():
    groups = ("65+", "65-79", "80+")
    for value, group in (
        ("65 år och äldre", "65+"),
        ("65+", "65+"),
        ("65 +", "65+"),
        ("65–79 år", "65-79"),
        ("65 till 79", "65-79"),
        ("80-w", "80+"),
        ("80+ år", "80+"),
    ):
        assert read_age_group(value, groups) == group
    assert read_age_group("Alla åldrar", groups) == "total"
    for value, words in ((None, "är tom"), (date(2025, 10, 17), "Excel gör datum"), ("18-64", "ingen åldersgrupp"), (65, "ingen åldersgrupp")):
        with pytest.raises(CellError, match=words):
            read_age_group(value, groups)


def test_what_is_no_count_may_have_decimals():
    assert read_value("-1,25", "number") == Reading(-1.25, "ok")


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


REGIONS = AreaNames({"00": "Riket", "04": "Region Sörmland", "06": "Region Jönköpings län", "14": "Västra Götalandsregionen"})


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("00", ["Riket", "HELA RIKET", "Sverige", 0, "00 Riket"]),
        ("04", ["Region Sörmland", "region sormland", "Sörmland", "Sörmlands län", "04", 4]),
        ("06", ["Region Jönköpings län", "Jönköping", "Jönköpings län", "Region Jönköping"]),
        ("14", ["Västra Götalandsregionen", "Västra Götaland", "Västra Götalands län", "Region Västra Götaland"]),
    ],
)
def test_every_spelling_of_a_region(code: str, values: list):
    assert [REGIONS.find(value) for value in values] == [code] * len(values)


def test_a_county_is_no_municipality_of_the_same_name():
    both = {"0380": "Uppsala", "03": "Region Uppsala"}
    areas, municipalities = AreaNames(both), AreaNames({"0380": "Uppsala"})
    assert [areas.find(value) for value in ("Uppsala", "Uppsala län", "Uppsala kommun")] == [None, "03", "0380"]
    assert [municipalities.find(value) for value in ("Uppsala", "Uppsala län", "Region Uppsala")] == ["0380", None, None]


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


values = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.floats(), st.dates(), st.text("0123456789-/. janvhtkq<%+", max_size=12))


@given(values)
def test_any_cell_is_read_or_refused(value: object):
    for frequency in ("month", "quarter", "half_year", "year"):
        with suppress(CellError):
            assert 2015 <= read_period(value, frequency, 2015, TODAY).start.year <= 2026
    for read in (
        lambda: read_sex(value),
        lambda: read_age_group(value, ("65+",)),
        lambda: read_value(value, "count"),
        lambda: read_value(value, "share", "N"),
    ):
        with suppress(CellError):
            read()
    AREAS.find(value)
    AREAS.suggest(value)
    is_total(value)
    assert "\n" not in shown(value)
