"""Vården i siffror's protocol: what is asked for, what rows mean, and every refusal by its sentence."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.catalogue import Area
from naravard_pipeline.connectors.answer import FetchError, MalformedAnswer, Page
from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.vardenisiffror import Asked, VardenISiffrorConnector, read_rows
from naravard_pipeline.demo.vardenisiffror import DemoVardenISiffror
from naravard_pipeline.demo.wire import Refused

BASE = "https://vis.example/webapi"
MEASURE = "7f5b4a52-2f0a-4a1d-9a51-000000000001"
PAGE = Page(f"{BASE}/x", "POST", datetime(2026, 3, 1, tzinfo=UTC), 200, b"{}")


@dataclass(frozen=True)
class Query:
    measure: str = MEASURE
    units: dict = field(default_factory=lambda: {"00": "SE"})
    period_type: str = "Year"
    scale: float = 1.0


def row(unit="04", period="2023-01-01", value: object = 0.4, **more):
    interval = {"low": 0.3, "high": 0.5}
    return {"measureId": MEASURE, "unit": unit, "period": period, "periodType": "Year", "value": value, "confidenceInterval": interval} | more


def connector(measurements, titles=({"id": MEASURE, "title": "Kontinuitets  index"},)):
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        path = urlsplit(str(request.url)).path.removeprefix("/webapi/api/")
        asked.append((request.method, path, orjson.loads(request.content)))
        return httpx.Response(200, content=orjson.dumps(titles if path == "measures/measures" else measurements))

    client = Client("vardenisiffror", transport=httpx.MockTransport(answer), requests_per_second=1e9, sleep=lambda seconds: None)
    return VardenISiffrorConnector(client, BASE), asked


def fetch(rows, query=None):
    return connector({"measurements": rows, "metadata": []})[0].fetch(query or Query(), ["00", "04"], [2022, 2023])


def test_asks_for_the_title_and_then_for_the_figures():
    service, asked = connector({"measurements": [row("SE", numerator=4, denominator=10), row(value=None, confidenceInterval=None)]})
    answer = service.fetch(Query(), ["00", "04"], [2022, 2023])
    assert asked == [
        ("POST", "measures/measures", [MEASURE]),
        (
            "POST",
            "measurements/measurementswithmetadata",
            {"measureIds": [MEASURE], "units": ["SE", "04"], "periodType": "Year", "dateFrom": "2022-01-01", "dateTo": "2023-12-31"},
        ),
    ]
    assert answer.rows.schema == CELLS_SCHEMA
    nation, county = answer.rows.to_pylist()
    assert nation == {
        "area": "00",
        "period_start": date(2023, 1, 1),
        "period_end": date(2023, 12, 31),
        "period_label": "2023",
        "sex": "total",
        "age_group": "total",
        "value": 0.4,
        "numerator": 4,
        "denominator": 10,
        "ci_lower": 0.3,
        "ci_upper": 0.5,
        "answers": None,
        "status": "ok",
        "source_status": None,
    }
    assert (county["area"], county["value"], county["status"], county["ci_lower"]) == ("04", None, "missing", None)
    assert answer.metadata == {"title": "Kontinuitets index"}
    assert len(answer.pages) == 2


def test_scales_value_and_interval_but_no_count():
    (read,) = fetch([row(value=0.25, numerator=5, denominator=20)], Query(scale=100)).rows.to_pylist()
    assert (read["value"], read["ci_lower"], read["ci_upper"], read["numerator"], read["denominator"]) == (25, 30, 50, 5, 20)


@pytest.mark.parametrize(
    ("kind", "start", "end", "label"),
    [
        ("Year", "2023-01-01T00:00:00", "2023-12-31", "2023"),
        ("Quarter", "2023-04-01", "2023-06-30", "2023-Q2"),
        ("Month", "2022-02-01", "2022-02-28", "2022-02"),
    ],
)
def test_reads_periods_of_every_kind(kind, start, end, label):
    (read,) = fetch([row(period=start, periodType=kind)], Query(period_type=kind)).rows.to_pylist()
    assert (read["period_start"].isoformat(), read["period_end"].isoformat(), read["period_label"]) == (start[:10], end, label)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([row(), row(measureId="x")], f"measurements[1].measureId: there is «x»; expected '{MEASURE}', which was asked for"),
        ([row(periodType="Month")], "measurements[0].periodType: there is «Month»; expected 'Year', which was asked for"),
        ([row(unit="03")], "measurements[0].unit: there is «03»; expected one of the units asked for"),
        ([row(unit=4)], "measurements[0].unit: there is 4; expected one of the units asked for"),
        ([row(period="2023-02-01")], "there is «2023-02-01»; expected the first day of a year among the years asked for, as 2024-01-01"),
        ([row(period="2019-01-01")], "there is «2019-01-01»; expected the first day of a year among the years asked for, as 2024-01-01"),
        ([row(period="2023-01-01T12:00:00")], "expected the first day of a year among the years asked for, as 2024-01-01"),
        ([row(period=2023)], "measurements[0].period: there is 2023; expected the first day of a year among the years asked for, as 2024-01-01"),
        ([row(value="0,4")], "measurements[0].value: there is «0,4»; expected a number or null"),
        ([row(value=True)], "measurements[0].value: there is True; expected a number or null"),
        ([row(value=1e300)], "measurements[0].value: there is 1e+300; expected a number or null"),
        ([row(numerator="4")], "measurements[0].numerator: there is «4»; expected a number or null"),
        ([row(confidenceInterval=[1, 2])], "measurements[0].confidenceInterval: there is [1, 2]; expected an object with low and high, or null"),
        ([row(confidenceInterval={"lower": 1})], "measurements[0].confidenceInterval.low: there is nothing; expected a number or null"),
        ([row(), row(value=0.5)], "measurements[1].unit and period: there is «04, 2023-01-01»; expected one figure of each"),
        ("x", "measurements: there is «x»; expected a list of objects"),
        ([None], "measurements[0]: there is None; expected an object"),
    ],
)
def test_every_row_is_compared_with_what_was_asked(rows, sentence):
    with pytest.raises(MalformedAnswer) as caught:
        fetch(rows)
    assert str(caught.value).startswith(f"vardenisiffror: {MEASURE}: {BASE}/api/measurements/measurementswithmetadata: ")
    assert str(caught.value).endswith(sentence)


def test_a_value_that_is_not_given_is_refused_where_null_would_do():
    (without,) = fetch([{k: v for k, v in row().items() if k != "confidenceInterval"}]).rows.to_pylist()
    assert without["ci_lower"] is None


def test_an_unknown_measure_is_refused_before_any_figure_is_asked_for():
    service, asked = connector({"measurements": []}, titles=[])
    with pytest.raises(FetchError, match=f"vardenisiffror: measures: there is no measure '{MEASURE}', as the query asks. Correct the `query`"):
        service.fetch(Query(), ["00"], [2023])
    assert len(asked) == 1


@pytest.mark.parametrize("document", [[], {"detail": "?"}, None, 7])
def test_refuses_another_shape(document):
    with pytest.raises(MalformedAnswer, match="expected"):
        connector(document)[0].fetch(Query(), ["00"], [2023])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "measureId": st.just(MEASURE) | JSON,
            "unit": st.sampled_from(["SE", "04"]) | JSON,
            "period": st.sampled_from(["2023-01-01", "2022-01-01", "2022-13-01", "20220101"]) | JSON,
            "periodType": st.just("Year") | JSON,
            "value": JSON,
            "numerator": JSON,
            "confidenceInterval": st.fixed_dictionaries({}, optional={"low": JSON, "high": JSON}) | JSON,
        },
    ),
    max_size=3,
)


@settings(deadline=None)  # the first example imports much
@given(ROWS)
def test_any_rows_are_read_or_refused(rows):
    with suppress(MalformedAnswer):
        read_rows(PAGE, rows, Asked(Query(), {"SE": "00", "04": "04"}, frozenset([2022, 2023]))).validate(full=True)


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"measurements": ROWS | JSON}), JSON | st.just([{"id": MEASURE, "title": 7}]))
def test_any_document_is_read_or_refused(measurements, titles):
    with suppress(FetchError):
        connector(measurements, titles)[0].fetch(Query(), ["00", "04"], [2022, 2023])


def test_the_demo_speaks_as_the_service_does():
    @dataclass(frozen=True)
    class Bounds:
        min: float = 0
        max: float = 1

    @dataclass(frozen=True)
    class Made:
        query: Query = Query()
        bounds: Bounds = Bounds()
        name_sv: str = "Index"
        area_types: tuple = ("nation", "region")

    areas = [Area(area_code=code, scb_code=code, name_sv=code, area_type=kind) for code, kind in (("00", "nation"), ("04", "region"))]
    imitation = DemoVardenISiffror([Made()], [*areas, Area(area_code="0484", scb_code="0484", name_sv="-", area_type="municipality")], 2024)

    def answer(request):
        parts = [part for part in urlsplit(str(request.url)).path.removeprefix("/webapi").split("/") if part]
        try:
            return httpx.Response(200, content=orjson.dumps(imitation.answer("POST", parts, {}, request.content, BASE)))
        except Refused as refused:
            return httpx.Response(refused.status, text=str(refused))

    client = Client("vardenisiffror", attempts=1, transport=httpx.MockTransport(answer), requests_per_second=1e9)
    found = VardenISiffrorConnector(client, BASE).fetch(Query(), ["00", "04", "0484"], range(2010, 2030))
    assert found.rows.num_rows == 2 * 9
    assert all(0 < r["ci_lower"] < r["value"] < r["ci_upper"] < 1 for r in found.rows.to_pylist())
    assert found.metadata["title"] == "Index (PÅHITTAT)"
    for body in (b"{}", b"x", b'{"measureIds": [], "units": [], "dateFrom": "2020", "dateTo": 7, "periodType": "Year"}', None):
        with suppress(Refused):
            imitation.answer("POST", ["api", "measurements", "measurementswithmetadata"], {}, body, BASE)
    with pytest.raises(Refused):
        imitation.answer("GET", ["api"], {}, None, BASE)
