"""Socialstyrelsen's protocol: what is asked for, what rows and absent rows mean, and every refusal by its sentence."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.catalogue import Area
from naravard_pipeline.connectors.answer import FetchError, MalformedAnswer, Page
from naravard_pipeline.connectors.cells_schema import CELLS_SCHEMA, STATUSES
from naravard_pipeline.connectors.http import Client, SourceError
from naravard_pipeline.connectors.socialstyrelsen import SocialstyrelsenConnector
from naravard_pipeline.connectors.socialstyrelsen_question import Topic, area_code_of, build_question
from naravard_pipeline.connectors.socialstyrelsen_rows import read_cells, read_value
from naravard_pipeline.demo.socialstyrelsen import DemoSocialstyrelsen
from naravard_pipeline.demo.wire import Refused

BASE = "https://sdb.example/api/v1/sv"
PAGE = Page(f"{BASE}/skador", "GET", datetime(2026, 3, 1, tzinfo=UTC), 200, b"{}")
MARKS = {"X": "suppressed", "..": "missing", "-": "zero"}


@dataclass(frozen=True)
class Age:
    groups: dict = field(default_factory=lambda: {"total": "9", "0-19": "1"})
    dimension: str = "alder"


@dataclass(frozen=True)
class Query:
    topic: str = "skador"
    matt: str = "1"
    fixed: dict = field(default_factory=lambda: {"typ": "9"})
    region: str = "region"
    sexes: dict = field(default_factory=lambda: {"total": "3", "women": "2", "men": "1"})
    age: Age | None = None
    absent_is_zero: bool = True
    marks: dict = field(default_factory=lambda: MARKS)


LISTS = {
    "": [{"namn": "skador", "text": "Skador  och\nförgiftningar"}],
    "skador": [{"namn": name, "text": name} for name in ("region", "vardform", "typ", "kon", "matt", "ar")],
    "skador/region": [
        {"id": "0", "text": "Riket"},
        {"id": "04", "text": "Södermanland"},
        {"id": "0484", "text": "Eskilstuna"},
        {"id": 1440, "text": None},
    ],
    "skador/vardform": [{"id": "SV", "text": "Sluten vård"}],
    "skador/typ": [{"id": 1, "text": "Fall"}, {"id": 9, "text": "Självdestruktiv handling"}],
    "skador/kon": [{"id": 1, "text": "Män"}, {"id": 2, "text": "Kvinnor"}, {"id": 3, "text": "Båda könen"}],
    "skador/matt": [{"id": 1, "text": "Antal"}, {"id": 2, "text": "Antal per 100 000"}],
    "skador/ar": [{"id": "1995-1997", "text": "1995-1997"}, *({"id": year, "text": str(year)} for year in (2022, 2023, 2024))],
}
WITH_AGES = LISTS | {
    "skador": [*LISTS["skador"], {"namn": "alder", "text": "Ålder"}],
    "skador/alder": [{"id": 1, "text": "0-19"}, {"id": 9, "text": "Totalt"}],
}


def row(region="0484", year="2023", kon=3, varde="7", **more):
    return {"vardformId": "SV", "typId": 9, "regionId": region, "konId": kon, "mattId": 1, "ar": year, "varde": varde, **more}


def result(rows, **more):
    return {"data": rows, "sida": 1, "sidor": 1, "nasta_sida": None, **more}


def connector(results, lists=LISTS):
    """A connector to a service with ``lists`` and ``results``: a document, or a function of path and query."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        url = urlsplit(str(request.url))
        path = unquote(url.path).removeprefix("/api/v1/sv").strip("/")
        if "resultat" not in path:
            return httpx.Response(200, content=orjson.dumps(lists[path])) if path in lists else httpx.Response(404)
        asked.append(str(request.url))
        return httpx.Response(200, content=orjson.dumps(results(path, url.query) if callable(results) else results))

    client = Client("socialstyrelsen", transport=httpx.MockTransport(answer), requests_per_second=1e9, sleep=lambda seconds: None)
    return SocialstyrelsenConnector(client, BASE), asked


def fetch(results, query=None, areas=("0484",), years=range(2022, 2025), lists=LISTS):
    return connector(results, lists)[0].fetch(query or Query(), areas, years)


def cells(answer):
    return {(r["area"], r["period_label"], r["sex"], r["age_group"]): (r["value"], r["status"]) for r in answer.rows.to_pylist()}


# ---- figures


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("39,3", 39.3),
        ("58", 58),
        ("1 234,5", 1234.5),
        ("1\N{NO-BREAK SPACE}234", 1234),
        ("12\N{THIN SPACE}345\N{THIN SPACE}678", 12345678),
        ("1\N{NARROW NO-BREAK SPACE}234", 1234),
        (" 7 ", 7),
        ("0", 0),
        ("-1,5", -1.5),
        (7, 7),
        (7.25, 7.25),
    ],
)
def test_reads_a_number_however_it_is_spaced(written, read):
    assert read_value(written, MARKS) == (read, "ok", None)


@pytest.mark.parametrize(
    ("written", "reading"),
    [("X", (None, "suppressed", "X")), ("..", (None, "missing", "..")), ("-", (0.0, "ok", "-")), (None, (None, "missing", None))],
)
def test_reads_a_mark_as_what_the_query_says(written, reading):
    assert read_value(written, MARKS) == reading


@pytest.mark.parametrize(
    "written", ["39.3", "1.234", "1 23", "12 34 567", "1,234,5", ",5", "5,", "", "x", "٣", "1e3", "nan", "1  234", "<5", 1e15, "9" * 16]
)
def test_refuses_what_could_be_another_figure(written):
    assert read_value(written, MARKS) is None


@given(st.floats(-1e12, 1e12).map(lambda x: round(x, 3)), st.sampled_from([" ", "\u00a0", "\u2009", "\u202f", ""]))
def test_reads_back_every_number_that_is_written_the_swedish_way(number, space):
    written = f"{number:,.3f}".replace(",", space).replace(".", ",")
    assert read_value(written, {}) == (number, "ok", None)


@given(st.text() | st.integers() | st.floats() | st.none())
def test_any_figure_is_read_or_refused(found):
    reading = read_value(found, MARKS)
    assert reading is None or (reading[1] in STATUSES and (reading[0] is None or abs(reading[0]) <= 1e15))


@pytest.mark.parametrize(
    ("region", "code"), [("0", "00"), ("4", "04"), ("04", "04"), ("180", "0180"), ("0180", "0180"), ("1440", "1440"), ("x", "x")]
)
def test_an_area_is_known_with_or_without_its_zero(region, code):
    assert area_code_of(region) == code


# ---- what is asked for


def test_asks_for_what_the_query_says_and_reads_it():
    rows = [row("04", 2023, 3, "1 234"), row(1440, "2023", 1, "X"), row("0", 2022, 2, "2")]
    service, asked = connector(result(rows))
    answer = service.fetch(Query(absent_is_zero=False), ["00", "04", "1440", "0180"], range(2020, 2030))
    (url,) = asked
    assert urlsplit(url).path == "/api/v1/sv/skador/resultat/typ/9/matt/1/vardform/SV/region/0,04,1440/ar/2022,2023,2024/kon/3,2,1"
    assert parse_qs(urlsplit(url).query) == {"per_sida": ["5000"], "sida": ["1"]}
    assert answer.rows.schema == CELLS_SCHEMA
    assert cells(answer) == {
        ("04", "2023", "total", "total"): (1234, "ok"),
        ("1440", "2023", "men", "total"): (None, "suppressed"),
        ("00", "2022", "women", "total"): (2, "ok"),
    }
    assert answer.rows["period_end"].to_pylist() == [date(2023, 12, 31), date(2023, 12, 31), date(2022, 12, 31)]
    assert answer.rows["source_status"].to_pylist() == [None, "X", None]
    assert answer.metadata == {
        "title": "Skador och förgiftningar: Självdestruktiv handling, Antal, Sluten vård",
        "areas_not_offered": ["0180"],
        "zeros": 0,
    }
    assert len(answer.pages) == 1 + 6  # the lists are kept with the figures they explain


def test_reads_spans_of_years_where_there_is_nothing_else():
    answer = fetch(result([row(year="1995-1997", varde="39,3")]), years=[1997])
    assert (answer.rows["period_start"][0].as_py(), answer.rows["period_end"][0].as_py()) == (date(1995, 1, 1), date(1997, 12, 31))
    assert answer.rows["period_label"][0].as_py() == "1995–1997"


def test_asks_for_single_years_rather_than_spans_that_overlap_them():
    lists = LISTS | {"skador/ar": [{"id": "2020-2022"}, {"id": "2022"}, {"id": "2022-2024"}]}
    service, asked = connector(result([row(year=2022)]), lists)
    service.fetch(Query(), ["0484"], range(2020, 2025))
    assert "/ar/2022/" in asked[0]


def test_asks_for_fifty_areas_at_a_time():
    lists = LISTS | {"skador/region": [{"id": str(code)} for code in range(1000, 1120)]}
    service, asked = connector(lambda path, query: result([row(code) for code in path.split("/region/")[1].split("/")[0].split(",")]), lists)
    answer = service.fetch(Query(), [str(code) for code in range(1000, 1120)], [2023])
    assert [url.count(",10") + url.count(",11") for url in asked] == [49, 49, 19]
    assert answer.rows.num_rows == 120 * 3


@pytest.mark.parametrize(
    ("query", "lists", "sentence"),
    [
        (Query(topic="dopning"), LISTS, "the database: there is no topic 'dopning', as the query asks; there is skador «Skador och förgiftningar»."),
        (Query(matt="1,2"), LISTS, "skador: there is no matt '1,2', as the query asks; there is 1 «Antal», 2 «Antal per 100 000»."),
        (Query(fixed={"typ": "8"}), LISTS, "skador: there is no typ '8', as the query asks; there is 1 «Fall», 9 «Självdestruktiv handling»."),
        (Query(fixed={"typ": "9", "diagnos": "F"}), LISTS, "skador: there is no dimension 'diagnos', as the query asks; there is region «4 ids»,"),
        (Query(sexes={"total": "4"}), LISTS, "skador: there is no kon '4', as the query asks; there is 1 «Män»,"),
        (Query(sexes={"total": "3", "men": "3"}), LISTS, "skador: there is no second kon '3', as the query asks; there is 1 «Män»,"),
        (Query(age=Age()), LISTS, "skador: there is no dimension 'alder', as the query asks;"),
        (Query(age=Age({"65+": "6"})), WITH_AGES, "skador: there is no alder '6', as the query asks; there is 1 «0-19», 9 «Totalt»."),
        (Query(region="lan"), LISTS, "skador: there is no dimension 'lan', as the query asks;"),
        (Query(fixed={}), LISTS, "skador: the query says nothing of the dimension 'typ'; there is 1 «Fall», 9 «Självdestruktiv handling»."),
        (Query(sexes={}), LISTS, "skador: the query says nothing of the dimension 'kon'; there is 1 «Män»,"),
        (Query(), WITH_AGES, "skador: the query says nothing of the dimension 'alder';"),
    ],
)
def test_what_is_not_there_is_refused_before_any_figure_is_asked_for(query, lists, sentence):
    service, asked = connector(result([]), lists)
    with pytest.raises(FetchError) as caught:
        service.fetch(query, ["0484"], [2023])
    assert str(caught.value).startswith(f"socialstyrelsen: {sentence}")
    assert asked == []


def test_areas_and_years_that_are_not_there_at_all_are_refused():
    with pytest.raises(FetchError, match="there is no region '0180, 0186', as the query asks; there is 00 «0», 04 «04»"):
        fetch(result([]), areas=["0180", "0186"])
    with pytest.raises(FetchError, match="there is no ar '2030, 2031', as the query asks; there is 1995-1997 «1995-1997», 2022 «2022»"):
        fetch(result([]), years=[2030, 2031])


@pytest.mark.parametrize(
    ("path", "found", "sentence"),
    [
        ("skador/region", [{"id": "4"}, {"id": "04"}], "region: there is «4 and 04»; expected one id for each area"),
        ("skador/ar", [{"id": "2023/24"}], "ar: there is «2023/24»; expected a year, or two years as 1995-1997"),
        ("skador/ar", [{"id": "1997-1995"}], "ar: there is «1997-1995»; expected a year, or two years as 1995-1997"),
        ("skador/typ", {"detail": "?"}, "the document: there is {'detail': '?'}; expected a list of objects"),
        ("skador/typ", ["x"], "the document[0]: there is «x»; expected an object"),
        ("skador/typ", [{"id": None}], "[0].id: there is None; expected a name or a number"),
        ("skador/typ", [{"id": 9}, {"id": "9"}], "[1].id: there is «9»; expected each only once"),
        ("skador", [{"text": "x"}], "[0].namn: there is nothing; expected a name or a number"),
    ],
)
def test_refuses_lists_that_are_not_what_they_promise(path, found, sentence):
    with pytest.raises(MalformedAnswer) as caught:
        fetch(result([]), lists=LISTS | {path: found})
    assert str(caught.value).endswith(sentence)


# ---- rows


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([row(), row(typId=1)], "data[1].typId: there is 1; expected 9, which was asked for"),
        ([row(mattId=2)], "data[0].mattId: there is 2; expected 1, which was asked for"),
        ([row(mattId=True)], "data[0].mattId: there is True; expected 1, which was asked for"),
        ([row(vardformId="OV")], "data[0].vardformId: there is «OV»; expected SV, which was asked for"),
        ([row(region="0180")], "data[0].regionId: there is «0180»; expected one of what was asked for, 0484"),
        ([row(year=2019)], "data[0].ar: there is 2019; expected one of what was asked for, 2022, 2023, 2024"),
        ([row(kon=4)], "data[0].konId: there is 4; expected one of what was asked for, 3, 2, 1"),
        ([row(kon=1.0)], "data[0].konId: there is 1.0; expected one of what was asked for, 3, 2, 1"),
        ([{k: v for k, v in row().items() if k != "typId"}], "data[0].typId: there is nothing; expected 9, which was asked for"),
        ([row(varde="1.5")], "data[0].varde: there is «1.5»; expected a number with decimal comma, or X or .. or - (the query's `marks`)"),
        ([row(varde=[1])], "data[0].varde: there is [1]; expected a number with decimal comma, or X or .. or - (the query's `marks`)"),
        ([row(varde=True)], "data[0].varde: there is True; expected a number with decimal comma, or X or .. or - (the query's `marks`)"),
        ([row(), row()], "0484, 2023, total, total (in the whole answer): there is «2 figures»; expected one"),
        ([row(), row(year=2023, varde="8")], "0484, 2023, total, total (in the whole answer): there is «2 figures»; expected one"),
        ("x", "data: there is «x»; expected a list of objects"),
        ([7], "data[0]: there is 7; expected an object"),
    ],
)
def test_every_row_is_compared_with_what_was_asked(rows, sentence):
    with pytest.raises(MalformedAnswer) as caught:
        fetch(result(rows))
    assert str(caught.value).startswith(f"socialstyrelsen: skador: {BASE}/skador/resultat/")
    assert str(caught.value).endswith(sentence)
    assert len(caught.value.pages) == 1


def test_an_absent_row_is_a_zero_where_the_topic_says_so():
    answer = fetch(result([row(), row("04", 2022, varde="X")]), areas=["04", "0484"])
    read = cells(answer)
    # Nothing is known of 2024: no area has a row.
    assert set(read) == {(area, year, sex, "total") for area in ("04", "0484") for year in ("2022", "2023") for sex in ("total", "women", "men")}
    assert read.pop(("0484", "2023", "total", "total")) == (7, "ok")
    assert read.pop(("04", "2022", "total", "total")) == (None, "suppressed")
    assert set(read.values()) == {(0.0, "ok")}
    assert answer.metadata["zeros"] == 10


def test_an_absent_row_is_nothing_where_the_topic_does_not_say_so():
    assert fetch(result([row()]), Query(absent_is_zero=False)).rows.num_rows == 1


def test_without_any_row_there_is_no_zero():
    assert fetch(result([])).rows.num_rows == 0
    assert fetch(result([], sidor=0)).rows.schema == CELLS_SCHEMA


def test_zeros_are_filled_for_each_age():
    ages = {"total": "9", "0-19": "1"}
    answer = fetch(result([row(alderId=9)]), Query(age=Age(ages)), lists=WITH_AGES)
    assert cells(answer)["0484", "2023", "total", "0-19"] == (0.0, "ok")
    assert answer.rows.num_rows == 6


# ---- pages


def test_follows_pages_at_our_own_address():
    def results(path, query):
        number = int(parse_qs(query)["sida"][0])
        following = f"http://internal.example/api/v1/sv/{path}?per_sida=5000&sida={number + 1}" if number < 3 else None
        return {"data": [row(kon=number)], "sidor": 3, "nasta_sida": following}

    service, asked = connector(results)
    answer = service.fetch(Query(absent_is_zero=False), ["0484"], [2023])
    assert [urlsplit(url)[:2] for url in asked] == [("https", "sdb.example")] * 3
    assert set(answer.rows["sex"].to_pylist()) == {"total", "women", "men"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (["x"], "the document: there is ['x']; expected an object with `data`, `sidor` and `nasta_sida`"),
        ({"sidor": 1, "nasta_sida": None}, "data: there is nothing; expected a list of objects"),
        (result([row()], sidor=2), "sidor: there is 2; expected 1, the pages that came"),
        (result([row()], sidor="1"), "sidor: there is «1»; expected 1, the pages that came"),
        (result([row()], sidor=True), "sidor: there is True; expected 1, the pages that came"),
        ({"data": [], "nasta_sida": None}, "sidor: there is nothing; expected 1, the pages that came"),
        ({"data": [], "sidor": 1}, "nasta_sida: there is nothing; expected an address or null"),
        (result([], nasta_sida=""), "nasta_sida: there is «»; expected an address or null"),
        (result([], nasta_sida=7), "nasta_sida: there is 7; expected an address or null"),
        (result([], nasta_sida="http://[x"), "nasta_sida: there is «http://[x»; expected an address or null"),
        (result([], nasta_sida="http://x/api/v1/sv/skador/resultat/same?sida=2"), "expected a page that has not been read already"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(document, sentence):
    with pytest.raises(MalformedAnswer) as caught:
        fetch(document)
    assert sentence in str(caught.value)


# ---- anything


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "vardformId": st.just("SV") | JSON,
            "typId": st.sampled_from([9, "9"]) | JSON,
            "mattId": st.just(1) | JSON,
            "regionId": st.sampled_from(["0484", 484]) | JSON,
            "konId": st.integers(1, 3) | JSON,
            "ar": st.sampled_from(["2023", 2024]) | JSON,
            "varde": st.sampled_from(["X", "1 234,5", 7]) | JSON,
        },
    ),
    max_size=3,
)
TOPIC = Topic(
    "skador",
    "Skador",
    {path.partition("/")[2]: {str(item["id"]): "" for item in found} for path, found in LISTS.items() if "/" in path},
    dict.fromkeys([path.partition("/")[2] for path in LISTS], PAGE),
)


@settings(deadline=None)  # the first example imports much
@given(ROWS)
def test_any_rows_are_read_or_refused(rows):
    try:
        found = read_cells(PAGE, rows, build_question(TOPIC, Query(), ["0484"], [2023, 2024]))
    except MalformedAnswer as error:
        assert len(str(error)) < 400
    else:
        assert len(found.places) == len(found.values) == len(rows)


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"data": ROWS | JSON, "sidor": st.just(1) | JSON, "nasta_sida": st.none() | JSON}))
def test_any_document_is_read_or_refused(anything):
    with suppress(MalformedAnswer, SourceError):
        fetch(anything).rows.validate(full=True)


@settings(deadline=None)
@given(st.sampled_from(sorted(LISTS)), JSON | st.lists(st.fixed_dictionaries({}, optional={"id": JSON, "namn": JSON, "text": JSON}), max_size=3))
def test_any_list_is_read_or_refused(path, anything):
    with suppress(FetchError):
        fetch(result([]), lists=LISTS | {path: anything})


# ---- the demo


def test_the_demo_speaks_as_the_service_does():
    @dataclass(frozen=True)
    class Bounds:
        min: float = 0
        max: float = 20_000

    @dataclass(frozen=True)
    class Made:
        query: Query = Query(age=Age())
        bounds: Bounds = Bounds()
        decimals: int = 1
        area_types: tuple = ("nation", "region", "municipality")

    areas = [Area(area_code="00", scb_code="00", name_sv="Riket", area_type="nation")]
    areas += [Area(area_code=f"{code}", scb_code=f"{code}", name_sv=f"{code}", area_type="municipality") for code in range(1000, 1080)]
    imitation = DemoSocialstyrelsen([Made()], areas, 2024)

    def answer(request):
        url = urlsplit(str(request.url))
        parts = [unquote(part) for part in url.path.removeprefix("/demo").split("/") if part]
        try:
            return httpx.Response(200, content=orjson.dumps(imitation.answer("GET", parts, parse_qs(url.query), None, "http://x.example/demo")))
        except Refused as refused:
            return httpx.Response(refused.status, text=str(refused))

    client = Client("socialstyrelsen", transport=httpx.MockTransport(answer), requests_per_second=1e9)
    service = SocialstyrelsenConnector(client, "https://x.example/demo")
    found = service.fetch(Query(age=Age()), [area.area_code for area in areas], range(2010, 2030))
    assert found.rows.num_rows == len(areas) * 10 * 3 * 2  # with the zeros, nothing is left out
    assert set(found.rows["status"].to_pylist()) == {"ok", "suppressed"}
    assert 0 < found.metadata["zeros"] < 0.1 * found.rows.num_rows
    assert max(value for value in found.rows["value"].to_pylist() if value is not None) < 20_000
    assert "PÅHITTAT" in found.metadata["title"]
    everything = imitation.answer("GET", ["skador", "resultat", "region", "nowhere"], {"per_sida": ["10"]}, None, "http://x")
    assert everything["sidor"] > 1
    with pytest.raises(Refused):
        imitation.answer("GET", ["skador", "resultat", "matt", "1,2"], {}, None, "http://x")
