"""Kolada's protocol: what is asked for, how pages are followed, and every refusal by its sentence."""

from contextlib import suppress
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naravard_pipeline.connectors.answer import MalformedAnswer, Page, shortened
from naravard_pipeline.connectors.http import Client, SourceError
from naravard_pipeline.connectors.kolada import GROUPS_SCHEMA, VALUES_SCHEMA, KoladaConnector
from naravard_pipeline.connectors.kolada_rows import read_areas, read_groups, read_key_figures, read_values

BASE = "https://api.kolada.example/v3"
PAGE = Page(f"{BASE}/data", "GET", datetime(2026, 3, 1, tzinfo=UTC), 200, b"{}")

NOT_FOUND = object()


def cell(gender="T", value=1.5, **more):
    return {"gender": gender, "count": 1, "status": "", "value": value, "isdeleted": False, **more}


def row(*cells, kpi="N1", period=2024, municipality="0484", **more):
    return {"values": list(cells) or [cell()], "kpi": kpi, "period": period, "municipality": municipality, **more}


def document(rows, next_url=None, **more):
    return {"values": rows, "count": len(rows), "next_url": next_url, "previous_url": None, **more}


def connector(documents, base=BASE):
    """A connector to a Kolada that knows ``documents`` by path and query; gives also the list of what was asked."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        url = urlsplit(str(request.url))
        asked.append(f"{url.path.removeprefix('/v3/')}?{url.query}")
        found = documents(asked[-1]) if callable(documents) else documents.get(asked[-1], NOT_FOUND)
        return httpx.Response(404, json={"detail": "Not Found"}) if found is NOT_FOUND else httpx.Response(200, content=orjson.dumps(found))

    client = Client("kolada", transport=httpx.MockTransport(answer), requests_per_second=1e9, sleep=lambda seconds: None)
    return KoladaConnector(client, base), asked


# ---- values


def test_reads_genders_in_any_order_and_nothing_that_is_not_there():
    rows = [row(cell("K", 2.0), cell("T", 3)), row(cell("M", None, status="Privacy", count=None), municipality="0000")]
    assert read_values(PAGE, rows, "N1", [2024]).to_pylist() == [
        {"kpi": "N1", "municipality": "0484", "period": 2024, "gender": "K", "value": 2.0, "count": 1, "status": "", "is_deleted": False},
        {"kpi": "N1", "municipality": "0484", "period": 2024, "gender": "T", "value": 3.0, "count": 1, "status": "", "is_deleted": False},
        {"kpi": "N1", "municipality": "0000", "period": 2024, "gender": "M", "value": None, "count": None, "status": "Privacy", "is_deleted": False},
    ]


@pytest.mark.parametrize(("given", "read"), [(True, True), (1, True), (False, False), (0, False), (None, False)])
def test_reads_what_was_taken_back(given, read):
    assert read_values(PAGE, [row(cell(isdeleted=given))], "N1", [2024])["is_deleted"].to_pylist() == [read]


def test_a_row_without_figures_is_no_row():
    assert read_values(PAGE, [{**row(), "values": []}], "N1", [2024]).num_rows == 0
    assert read_values(PAGE, [], "N1", [2024]).schema == VALUES_SCHEMA


@pytest.mark.parametrize(
    ("rows", "place", "sentence"),
    [
        ([row(), row(kpi="N2")], "values[1].kpi", "there is «N2»; expected 'N1', which was asked for"),
        ([row(period="2024")], "values[0].period", "there is «2024»; expected a whole number among the years asked for, 2023-2024"),
        ([row(period=2024.0)], "values[0].period", "there is 2024.0; expected a whole number among the years asked for, 2023-2024"),
        ([row(period=True)], "values[0].period", "there is True; expected a whole number among the years asked for, 2023-2024"),
        ([row(period=2019)], "values[0].period", "there is 2019; expected a whole number among the years asked for, 2023-2024"),
        ([row(municipality=484)], "values[0].municipality", "there is 484; expected an area's code"),
        ([row(municipality="")], "values[0].municipality", "there is «»; expected an area's code"),
        ([{**row(), "values": None}], "values[0].values", "there is None; expected a list"),
        ([{"kpi": "N1", "period": 2024, "municipality": "0484"}], "values[0].values", "there is nothing; expected a list"),
        ([row(cell(), "x")], "values[0].values[1]", "there is «x»; expected an object"),
        ([row(), row(cell("T"), cell("K", "12,5"))], "values[1].values[1].value", "there is «12,5»; expected a number or null"),
        ([row(cell(value=True))], "values[0].values[0].value", "there is True; expected a number or null"),
        ([row({"gender": "T"})], "values[0].values[0].value", "there is nothing; expected a number or null"),
        ([row(cell("A"))], "values[0].values[0].gender", "there is «A»; expected T, K or M"),
        ([row(cell(None))], "values[0].values[0].gender", "there is None; expected T, K or M"),
        ([row(cell(count=2**40))], "values[0].values[0].count", "there is 1099511627776; expected a count or null"),
        ([row(cell(count="1"))], "values[0].values[0].count", "there is «1»; expected a count or null"),
        ([row(cell(status=3))], "values[0].values[0].status", "there is 3; expected a text or null"),
        ([row(cell(isdeleted="no"))], "values[0].values[0].isdeleted", "there is «no»; expected true, false, 1, 0 or null"),
        ([row(cell(isdeleted=2))], "values[0].values[0].isdeleted", "there is 2; expected true, false, 1, 0 or null"),
    ],
)
def test_refuses_what_it_does_not_know_for_certain(rows, place, sentence):
    with pytest.raises(MalformedAnswer) as caught:
        read_values(PAGE, rows, "N1", [2023, 2024])
    assert str(caught.value) == f"kolada: N1: {BASE}/data: {place}: {sentence}"
    assert caught.value.pages == (PAGE,)
    assert not caught.value.transient


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ALMOST = st.fixed_dictionaries(
    {},
    optional={
        "kpi": st.just("N1") | JSON,
        "period": st.just(2024) | JSON,
        "municipality": st.just("0484") | JSON,
        "values": st.lists(
            st.fixed_dictionaries(
                {},
                optional={"gender": st.sampled_from("TKM") | JSON, "value": JSON, "count": JSON, "status": JSON, "isdeleted": st.booleans() | JSON},
            ),
            max_size=3,
        )
        | JSON,
        "members": st.lists(st.fixed_dictionaries({}, optional={"member_id": JSON, "member_title": JSON}), max_size=2) | JSON,
        "id": JSON,
        "title": JSON,
        "publ_period": JSON,
        "publication_date": st.just("2026-02-31") | JSON,
        "is_divided_by_gender": JSON,
        "description": JSON,
    },
)


@settings(deadline=None)  # the first example imports much
@given(st.lists(ALMOST, max_size=3))
def test_any_rows_are_read_or_refused(rows):
    for read in (lambda: read_values(PAGE, rows, "N1", [2024]), lambda: read_groups(PAGE, rows), lambda: read_areas(PAGE, rows)):
        try:
            table = read()
        except MalformedAnswer as error:
            assert len(str(error)) < 400
        else:
            table.validate(full=True)
    with suppress(MalformedAnswer):
        assert all(orjson.dumps(figure.to_metadata()) for figure in read_key_figures(PAGE, rows))


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"values": st.lists(ALMOST, max_size=2)}, optional={"next_url": JSON, "count": JSON, "next_page": JSON}))
def test_any_document_is_read_or_refused(anything):
    kolada, _ = connector(lambda asked: anything)
    for fetch in (lambda: kolada.fetch_values("N1", [2024]), kolada.fetch_groups, lambda: kolada.fetch_key_figures(["N1"])):
        with suppress(MalformedAnswer, SourceError):
            fetch()


# ---- pages


def test_follows_pages_to_the_end():
    first, second, third = "data/kpi/N1/year/2024?per_page=5000", "data/kpi/N1/year/2024?page=2&per_page=5000", "x?page=3"
    documents = {
        first: document([row(municipality="0001")], f"{BASE}/{second}"),
        second: document([row(municipality="0002")], "http://api.kolada.example/v3/x?page=3"),  # http, though asked by https
        third: document([row(municipality="0003")]),
    }
    kolada, asked = connector(documents)
    answer = kolada.fetch_values("N1", [2024])
    assert answer.rows["municipality"].to_pylist() == ["0001", "0002", "0003"]
    assert asked == [first, second, third]
    assert [page.url.startswith("https://") for page in answer.pages] == [True] * 3


def test_asks_for_25_years_at_a_time():
    kolada, asked = connector(lambda path: document([]))
    kolada.fetch_values("N1", range(1990, 2027))
    assert [len(path.split("/")[4].split("?")[0].split(",")) for path in asked] == [25, 12]
    assert asked[0].startswith("data/kpi/N1/year/1990,1991,")


@pytest.mark.parametrize(
    ("documents", "sentence"),
    [
        ({"values": None, "next_url": None}, "values: there is None; expected a list"),
        ({"detail": "?"}, "values: there is nothing; expected a list"),
        (["x"], "the document: there is ['x']; expected an object with `values`"),
        ({"values": ["x"], "next_url": None}, "values[0]: there is «x»; expected an object"),
        (document([], "https://elsewhere.example/v3/data"), "expected an address at https://api.kolada.example"),
        (document([], 7), "next_url: there is 7; expected an address or null"),
        (document([], "https://[broken/"), "expected an address or null"),
        (document([], f"{BASE}/data/kpi/N1/year/2024?per_page=5000"), "expected a page that has not been read already"),
        ({"values": []}, "next_url: there is nothing; expected an address or null"),
        ({"values": [], "next_page": f"{BASE}/2"}, "expected next_url, as in version 3 (asked at https://api.kolada.example/v3; check its address)"),
        (document([row()], count=9), "values: there is «1 rows in all»; expected at least `count`, 9"),
        (document([row(), row()]), "0484, 2024, T (in the whole answer): there is «2 figures»; expected one"),
    ],
)
def test_refuses_a_chain_that_is_not_what_it_promises(documents, sentence):
    kolada, _ = connector(lambda asked: documents)
    with pytest.raises(MalformedAnswer) as caught:
        kolada.fetch_values("N1", [2024])
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("kolada: N1: https://api.kolada.example/v3/data/kpi/N1/year/2024?per_page=5000: ")


def test_a_figure_that_was_taken_back_and_given_anew_is_one_figure():
    kolada, _ = connector(lambda asked: document([row(cell(isdeleted=True)), row(cell(value=2.0))]))
    assert kolada.fetch_values("N1", [2024]).rows.num_rows == 2


# ---- the catalogue


def test_reads_key_figures_whatever_form_their_fields_have():
    rows = [
        {"id": "N1", "title": " Två  blank ", "description": "rad\\nrad", "is_divided_by_gender": 1, "publ_period": 2025, "municipality_type": "L"},
        {"id": "N2", "title": None, "is_divided_by_gender": False, "publ_period": "2024", "publication_date": "2026-08-28", "other": {}},
        {"id": "N3", "is_divided_by_gender": None, "publ_period": None, "publication_date": "snart", "prel_publication_date": "2026-04-01T00:00:00"},
    ]
    one, two, three = read_key_figures(PAGE, rows)
    assert (one.title, one.description, one.is_divided_by_gender, one.publ_period, one.municipality_type) == (
        "Två blank",
        "rad\nrad",
        True,
        "2025",
        "L",
    )
    assert (two.title, two.is_divided_by_gender, two.publ_period, two.publication_date) == (None, False, "2024", date(2026, 8, 28))
    assert (three.is_divided_by_gender, three.publication_date, three.prel_publication_date) == (None, None, date(2026, 4, 1))
    assert two.to_metadata()["publication_date"] == "2026-08-28"


def test_asks_for_25_key_figures_at_a_time_and_leaves_out_what_is_not_there():
    ids = [f"N{i:02}" for i in range(30)]
    kolada, asked = connector(lambda path: document([{"id": i} for i in path.split("/")[1].split("?")[0].split(",") if i != "N07"]))
    assert sorted(kolada.fetch_key_figures(ids)) == [i for i in ids if i != "N07"]
    assert [path.count(",") + 1 for path in asked] == [25, 5]


def test_one_unknown_id_does_not_hide_the_others_where_it_makes_a_404():
    kolada, _ = connector(lambda path: NOT_FOUND if "N2" in path else document([{"id": i} for i in path.split("/")[1].split("?")[0].split(",")]))
    assert sorted(kolada.fetch_key_figures(["N1", "N2", "N3"])) == ["N1", "N3"]


def test_another_error_is_not_taken_for_an_unknown_id():
    def answer(request):
        return httpx.Response(410, text="Gone")

    kolada = KoladaConnector(Client("kolada", transport=httpx.MockTransport(answer)), BASE)
    with pytest.raises(SourceError, match="status 410 «Gone»"):
        kolada.fetch_key_figures(["N1", "N2"])


def test_reads_groups_by_member_and_areas():
    groups = [
        {"id": "G1", "title": "Länet  (ovägt medel)", "members": [{"member_id": "0484", "member_title": "Eskilstuna"}]},
        {"id": "G2", "members": None},
    ]
    kolada, _ = connector(
        {"municipality_groups?per_page=5000": document(groups), "municipality?per_page=5000": document([{"id": "0000", "type": "L"}])}
    )
    answer = kolada.fetch_groups()
    assert answer.rows.schema == GROUPS_SCHEMA
    assert answer.rows.to_pylist() == [{"group_id": "G1", "title": "Länet (ovägt medel)", "member_id": "0484", "member_title": "Eskilstuna"}]
    assert kolada.fetch_areas().rows.to_pylist() == [{"id": "0000", "title": None, "type": "L"}]


@given(st.text() | st.binary() | st.integers())
def test_what_is_found_is_told_on_one_short_line(found):
    told = shortened(found)
    assert told.isprintable()
    assert len(told) <= 122
