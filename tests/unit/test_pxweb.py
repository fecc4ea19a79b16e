"""PxWeb's two protocols: what is asked for, how answers are put together, and every refusal by its sentence."""

from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.catalogue.queries import PxWebQuery
from naravard_pipeline.connectors.answer import FetchError, MalformedAnswer, Page
from naravard_pipeline.connectors.http import Client, SourceError
from naravard_pipeline.connectors.pxweb1 import UNKNOWN_LIMITS, PxWeb1Connector, read_json_table
from naravard_pipeline.connectors.pxweb1 import read_table as read_table_1
from naravard_pipeline.connectors.pxweb2 import PxWeb2Connector, _expression
from naravard_pipeline.connectors.pxweb2 import read_table as read_table_2
from naravard_pipeline.connectors.pxweb_calls import Limits, TableRefused, refusing
from naravard_pipeline.connectors.pxweb_plan import QueryMismatch

BASE = "https://px.example/api"
CODES = {"Region": ["00", "04", "0484"], "Kon": ["1", "2"], "ContentsCode": ["N1"], "Tid": ["2022", "2023", "2024"]}
QUERY = PxWebQuery.model_validate(
    {
        "table": "TAB1",
        "area": {"dimension": "Region"},
        "period": {"dimension": "Tid"},
        "sex": {"dimension": "Kon", "women": "2", "men": "1"},
        "contents": {"dimension": "ContentsCode", "value": "N1"},
    }
)
AREAS = ["00", "0484"]
PAGE = Page(BASE, "GET", datetime(2026, 3, 1, tzinfo=UTC), 200, b"{}")
refuse = refusing("px", "TAB1", PAGE)


def figure(codes):
    """A figure that tells which cell it is."""
    return int(codes["Region"].replace(",", "")) * 100 + int(codes["Tid"]) % 100 + {"1": 0.1, "2": 0.2}.get(codes.get("Kon"), 0.0)


def cells(selection):
    at = [{}]
    for name, codes in selection.items():
        at = [{**codes_so_far, name: code} for codes_so_far in at for code in codes]
    return at


def json_stat(selection):
    return {
        "id": list(selection),
        "size": [len(codes) for codes in selection.values()],
        "dimension": {name: {"category": {"index": {code: i for i, code in enumerate(codes)}}} for name, codes in selection.items()},
        "value": [figure(codes) for codes in cells(selection)],
    }


class Service:
    """A PxWeb in both versions; ``max_cells`` is what it allows, whatever it says."""

    def __init__(self, max_cells=1000, forms=("json-stat2",), has_config=True):
        self.max_cells, self.forms, self.has_config = max_cells, forms, has_config
        self.asked = []
        self.documents = {}

    def __call__(self, request):
        self.asked.append(request)
        url, query = urlsplit(str(request.url)), parse_qs(urlsplit(str(request.url)).query, keep_blank_values=True)
        path = url.path.removeprefix("/api/").removeprefix("/api")
        if path in self.documents:
            status, document = self.documents[path]
            return httpx.Response(status, content=orjson.dumps(document))
        if path == "config" or "config" in query:
            limits = {"maxDataCells": 1000, "maxCallsPerTimeWindow": 30, "timeWindow": 10, "maxCells": 1000, "maxCalls": 10, "maxValues": 9}
            return httpx.Response(200, json=limits) if self.has_config else httpx.Response(404)
        if path == "tables/TAB1/metadata":
            dimensions = {
                name: {"category": {"index": {c: i for i, c in enumerate(codes)}}, "extension": {"elimination": name == "Kon"}}
                for name, codes in CODES.items()
            }
            return httpx.Response(200, json={"label": " Folk  mängd", "updated": "2026-01-01", "note": ["Obs"], "dimension": dimensions})
        if path == "tables/TAB1/data":
            if request.method == "POST":
                return self.data({part["variableCode"]: part["valueCodes"] for part in orjson.loads(request.content)["selection"]})
            return self.data({name[11:-1]: parts[0].split(",") for name, parts in query.items() if name.startswith("valueCodes")})
        if path == "Mapp/Tabell ett.px" or path == "Mapp/Tabell%20ett.px":
            if request.method == "GET":
                variables = [{"code": name, "values": codes, **({"elimination": True} if name == "Kon" else {})} for name, codes in CODES.items()]
                return httpx.Response(200, json={"title": "Titel", "variables": variables})
            body = orjson.loads(request.content)
            if body["response"]["format"] not in self.forms:
                return httpx.Response(400, json="Parameter error")
            selection = {part["code"]: part["selection"]["values"] for part in body["query"]}
            return self.data(selection, body["response"]["format"])
        return httpx.Response(404, json={"type": "Parameter error", "status": 404, "title": "Non-existent table"})

    def data(self, selection, form="json-stat2"):
        for name, codes in selection.items():
            if codes == ["*"]:
                selection[name] = CODES[name]
            elif codes[0].startswith("FROM("):
                selection[name] = CODES[name][CODES[name].index(codes[0][5:-1]) :]
        if len(cells(selection)) > self.max_cells:
            return httpx.Response(403, json={"type": "Parameter error", "status": 403, "title": "Too many cells selected"})
        if form == "json":
            keys = [name for name in selection if name != "ContentsCode"]
            columns = [{"code": name, "type": "t" if name == "Tid" else "d"} for name in keys] + [{"code": "N1", "type": "c"}]
            data = [{"key": [codes[name] for name in keys], "values": [str(figure(codes))]} for codes in cells(selection)]
            return httpx.Response(200, json={"columns": columns, "data": data})
        return httpx.Response(200, json=json_stat(selection))


def client(service):
    return Client("px", transport=httpx.MockTransport(service), requests_per_second=1e9, sleep=lambda seconds: None)


def version2(service, limits=None):
    return PxWeb2Connector(client(service), BASE, limits)


def version1(service, limits=None):
    return PxWeb1Connector(client(service), BASE, limits)


QUERY_1 = QUERY.model_copy(update={"table": "Mapp/Tabell ett.px"})
BOTH = [(version2, QUERY), (version1, QUERY_1)]


def figures(answer):
    return {(r["area"], r["period_label"], r["sex"]): r["value"] for r in answer.rows.to_pylist()}


EXPECTED = {
    (area, str(year), sex): int(area) * 100 + year % 100 + {"women": 0.2, "men": 0.1, "total": 0.0}[sex]
    for area in AREAS
    for year in (2023, 2024)
    for sex in ("women", "men", "total")
}


@pytest.mark.parametrize(("connector", "query"), BOTH)
@pytest.mark.parametrize("max_cells", [1000, 3, 1])
def test_the_figures_are_the_same_in_however_many_calls(connector, query, max_cells):
    said_so = connector(Service(), Limits(max_cells, 1.0)).fetch(query, AREAS, range(2023, 2026))
    refused_more = connector(Service(max_cells)).fetch(query, AREAS, range(2023, 2026))
    assert figures(said_so) == figures(refused_more) == EXPECTED
    assert said_so.rows.num_rows == 12
    assert len(said_so.pages) == {1000: 3, 3: 7, 1: 13}[max_cells]  # the pieces of 8 and of 4 cells, and the description


def test_version_2_reads_its_limits_and_says_what_it_is_asked():
    service = Service()
    connector = version2(service)
    assert connector.fetch_limits() == Limits(1000, 3.0)
    answer = connector.fetch(QUERY, AREAS, range(2023, 2026))
    assert answer.metadata == {"title": "Folk mängd", "updated": "2026-01-01", "notes": ["Obs"]}
    parts = parse_qs(urlsplit(str(service.asked[3].url)).query)
    assert parts == {
        "lang": ["sv"],
        "outputFormat": ["json-stat2"],
        "valueCodes[Region]": ["00,0484"],
        "valueCodes[Tid]": ["2023,2024"],
        "valueCodes[Kon]": ["*"],
        "valueCodes[ContentsCode]": ["N1"],
    }


@pytest.mark.parametrize(
    ("codes", "known", "said"),
    [
        (["1", "2"], ["1", "2"], ["*"]),
        (["2", "1"], ["1", "2"], ["*"]),
        (["1"], ["1"], ["1"]),
        (["2", "3", "4"], ["1", "2", "3", "4"], ["FROM(2)"]),
        (["3", "4"], ["1", "2", "3", "4"], ["3", "4"]),
        (["20", "23", "3"], ["10", "20", "23", "3"], ["FROM(20)"]),
        (["24", "2401", "25"], ["00", "25", "24", "2401", "25"], ["24", "2401", "25"]),  # not in the alphabet's order
        (["1", "3"], ["1", "2", "3"], ["1", "3"]),
    ],
)
def test_a_selection_is_said_as_shortly_as_is_safe(codes, known, said):
    assert _expression(codes, known) == said


@pytest.mark.parametrize(
    ("known", "asked", "methods"),
    [
        (["00", "1,2", "0484"], ["00", "1,2"], ["GET", "POST"]),  # in an address a comma separates codes
        ([f"{i:04}" for i in range(1000, 1400)], [f"{i:04}" for i in range(1000, 1399)], ["GET", "POST"]),
        ([f"{i:04}" for i in range(1000, 1400)], [f"{i:04}" for i in range(1000, 1400)], ["GET", "GET"]),
    ],
)
def test_what_does_not_fit_an_address_is_posted(known, asked, methods, monkeypatch):
    monkeypatch.setitem(CODES, "Region", known)
    service = Service(10_000)
    answer = version2(service, Limits(10_000, 1.0)).fetch(QUERY.model_copy(update={"sex": None}), asked, range(2023, 2026))
    assert [request.method for request in service.asked] == methods
    assert {r["area"]: r["value"] for r in answer.rows.to_pylist() if r["period_label"] == "2024"} == {
        area: figure({"Region": area, "Tid": "2024"}) for area in asked
    }


def test_version_1_falls_back_to_the_older_form_once():
    service = Service(forms=("json",))
    answer = version1(service, Limits(2, 1.0)).fetch(QUERY_1, AREAS, range(2023, 2026))
    assert figures(answer) == EXPECTED
    forms = [orjson.loads(request.content)["response"]["format"] for request in service.asked if request.method == "POST"]
    assert forms == ["json-stat2", *["json"] * (len(forms) - 1)]


def test_version_1_without_limits_is_asked_modestly():
    assert version1(Service(has_config=False)).fetch_limits() == UNKNOWN_LIMITS
    assert version1(Service()).fetch_limits() == Limits(1000, 1.0)
    with pytest.raises(SourceError):
        version2(Service(has_config=False)).fetch_limits()


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "maxDataCells: there is None; expected a whole number above 0"),
        ({"maxDataCells": "150000"}, "maxDataCells: there is «150000»; expected a whole number above 0"),
        ({"maxDataCells": 0}, "maxDataCells: there is 0; expected a whole number above 0"),
        ({"maxDataCells": 9, "maxCallsPerTimeWindow": 3, "timeWindow": 0}, "timeWindow: there is 0; expected a whole number above 0"),
    ],
)
def test_limits_that_are_none_are_refused(document, sentence):
    service = Service()
    service.documents["config"] = (200, document)
    with pytest.raises(MalformedAnswer) as caught:
        version2(service).fetch_limits()
    assert str(caught.value) == f"px: config: {BASE}/config: {sentence}"


@pytest.mark.parametrize(
    ("path", "status", "title", "sentence", "sv"),
    [
        ("tables/TAB1/metadata", 404, "Non-existent table", "look the table up in the service's catalogue and correct query.table", "404 Not Found"),
        ("tables/TAB1/data", 400, "Non-existent value", "the table's codes have changed since its metadata were read", "Non-existent value"),
        ("tables/TAB1/data", 400, "Missing selection for mandantory variable", "a variable that cannot be left out", "Missing selection"),
        ("tables/TAB1/data", 400, "Something else", "compare query with the table's variables and codes", "Parameter error"),
    ],
)
def test_the_services_own_refusals_become_sentences(path, status, title, sentence, sv):
    service = Service()
    service.documents[path] = (status, {"type": "Parameter error", "status": status, "title": title})
    with pytest.raises(TableRefused) as caught:
        version2(service).fetch(QUERY, AREAS, range(2023, 2026))
    assert str(caught.value).startswith("px: TAB1: the service says «") and sentence in str(caught.value)
    assert caught.value.reason_sv == f"Källan avvisade frågan («{sv}»)"


def test_a_single_cell_that_is_too_much_ends_the_splitting():
    service = Service(max_cells=0)
    with pytest.raises(TableRefused, match="a single cell is too much"):
        version2(service).fetch(QUERY, AREAS, range(2023, 2026))
    assert len(service.asked) < 10


@pytest.mark.parametrize(("connector", "query"), BOTH)
def test_a_table_that_has_changed_shape_is_refused_before_its_figures_are_asked(connector, query, monkeypatch):
    monkeypatch.setitem(CODES, "Kon", ["01", "02"])
    service = Service()
    with pytest.raises(QueryMismatch, match=r"query.sex: there is '2', which the table does not have; (it has 01, 02|did you mean '02'\?)"):
        connector(service).fetch(query, AREAS, range(2023, 2026))
    assert not [r for r in service.asked if str(r.url).split("?")[0].endswith("/data") or r.method == "POST"]


def test_an_answer_to_another_question_is_refused():
    service = Service()
    service.documents["tables/TAB1/data"] = (200, json_stat({**CODES, "Region": ["00", "04"]}))
    with pytest.raises(MalformedAnswer, match=r"dimension.Region.category: there is «more codes, such as 04|fewer codes"):
        version2(service).fetch(QUERY, AREAS, range(2022, 2026))


ASKED = {"Region": ["00", "04"], "ContentsCode": ["N1", "N2"], "Tid": ["2024"]}
COLUMNS = [{"code": "Region", "type": "d"}, {"code": "Tid", "type": "t"}, {"code": "N2", "type": "c"}, {"code": "N1", "type": "c"}]


def json_rows(*rows):
    return {"columns": COLUMNS, "data": [{"key": [region, "2024"], "values": list(values)} for region, *values in rows]}


def test_the_older_form_has_texts_in_any_order_of_rows_and_columns():
    cube = read_json_table(json_rows(("04", "..", "-1.5"), ("00", "7", "0")), ASKED, refuse)
    assert cube.dimensions == {"Region": ["00", "04"], "Tid": ["2024"], "ContentsCode": ["N2", "N1"]}
    assert cube.values[0, 0].tolist() == [7, 0]
    assert (cube.values[1, 0, 1], cube.words[cube.marks[1, 0, 0]]) == (-1.5, "..")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "columns: there is None; expected a list of columns with codes"),
        ({"columns": [1]}, "columns: there is [1]; expected a list of columns with codes"),
        ({"columns": COLUMNS[1:], "data": []}, "the dimensions asked for, Region, ContentsCode, Tid, and one column for each content"),
        ({"columns": COLUMNS[:3], "data": []}, "the dimensions asked for, Region, ContentsCode, Tid, and one column for each content"),
        ({"columns": COLUMNS}, "data: there is None; expected a list of rows"),
        (json_rows(("00", "1", "2")), "data: there is «1 rows, 1 of them different»; expected each of 2 cells once"),
        (json_rows(("00", "1", "2"), ("00", "3", "4")), "data: there is «2 rows, 1 of them different»; expected each of 2 cells once"),
        (json_rows(("00", "1", "2"), ("05", "3", "4")), "rows with `key` and `values` of the codes asked for"),
        (json_rows(("00", "1", "2"), ("04", "3")), "rows with `key` and `values` of the codes asked for"),
        (json_rows(("00", "1", "2"), ("04", 3, "4")), "data: there is 3; expected each figure as a text"),
    ],
)
def test_the_older_form_refuses_what_it_does_not_know_for_certain(document, sentence):
    with pytest.raises(MalformedAnswer) as caught:
        read_json_table(document, ASKED, refuse)
    assert str(caught.value).endswith(sentence)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "key": st.tuples(st.sampled_from(["00", "04"]), st.just("2024")).map(list) | JSON,
        "values": st.lists(st.sampled_from(["1", "..", "-", "--1", "1.", "nan", "1e5", "", "²"]) | JSON, max_size=3) | JSON,
    },
)
TABLES = st.fixed_dictionaries({}, optional={"columns": st.permutations(COLUMNS) | JSON, "data": st.lists(ROW | JSON, max_size=3) | JSON})
VARIABLES = st.fixed_dictionaries(
    {}, optional={"code": st.text(max_size=3) | JSON, "values": st.lists(st.text(max_size=3)) | JSON, "elimination": JSON}
)
DESCRIPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "title": JSON,
        "label": JSON,
        "note": JSON,
        "updated": JSON,
        "variables": st.lists(VARIABLES | JSON, max_size=3) | JSON,
        "dimension": st.dictionaries(
            st.text(max_size=3),
            st.fixed_dictionaries({}, optional={"category": st.fixed_dictionaries({}, optional={"index": JSON}) | JSON, "extension": JSON}) | JSON,
            max_size=3,
        )
        | JSON,
    },
)


@settings(deadline=None)
@given(TABLES | JSON)
def test_any_table_in_the_older_form_is_read_or_refused(anything):
    with suppress(MalformedAnswer):
        cube = read_json_table(anything, ASKED, refuse)
        assert cube.values.size == cube.marks.size == 4
        assert "" not in cube.words[1:]


@settings(deadline=None)
@given(DESCRIPTIONS | JSON)
def test_any_description_is_read_or_refused(anything):
    for read in (read_table_1, read_table_2):
        with suppress(MalformedAnswer):
            table = read(PAGE, anything, refuse)
            assert all(variable.codes for variable in table.variables.values())
            orjson.dumps(table.metadata)


@settings(deadline=None)
@given(DESCRIPTIONS | JSON, JSON)
def test_any_answers_end_in_a_refusal(description, data):
    service = Service()
    service.documents["tables/TAB1/metadata"] = (200, description)
    service.documents["tables/TAB1/data"] = (200, data)
    with pytest.raises(FetchError):
        version2(service).fetch(QUERY, AREAS, range(2023, 2026))
