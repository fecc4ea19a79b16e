"""The form's server: who may ask, what it answers, and that nothing is written that would be wrong."""

import http.client
import json
import shutil
from urllib.parse import parse_qs, urlsplit

import pytest

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.form import FormServer
from naravard_pipeline.settings import SOURCES, Settings

DERIVED = {"numerator": "distansbesok", "denominator": "befolkning", "per": "1000"}


@pytest.fixture
def sources(tmp_path):
    return shutil.copytree(SOURCES, tmp_path / "sources")


@pytest.fixture
def server(tmp_path, sources):
    with FormServer(Desk(Settings(home=tmp_path / "home"), sources)) as server:
        yield server


def call(server, method, path, body=None, **changed):
    """Status, headers and body; ``changed`` headers go before those that the page itself would send, None takes one away."""
    url = urlsplit(server.address)
    headers = {"Host": url.netloc, "Origin": f"http://{url.netloc}", "X-Token": parse_qs(url.query)["token"][0]}
    headers = {name: value for name, value in (headers | {k.replace("_", "-"): v for k, v in changed.items()}).items() if value is not None}
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def ask(server, question, body, **changed):
    return json.loads(call(server, "POST", f"/ask/{question}", body, **changed)[2])


def test_the_page_has_a_label_and_a_place_for_errors_at_every_field_and_loads_nothing(server):
    status, headers, page = call(server, "GET", f"/?{urlsplit(server.address).query}")
    assert status == 200 and "default-src 'none'" in headers["Content-Security-Policy"]
    for name in Desk(Settings(home=SOURCES), SOURCES).fields:
        assert f'id="{name}-error"' in page and (f'<label for="{name}"' in page or f'data-field="{name}"' in page)
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids)), "an id stands twice"
    assert "http://" not in page and "https://" not in page.replace("^https?://", "")


@pytest.mark.parametrize(
    "changed", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": None}, {"X_Token": "x"}, {"Sec_Fetch_Site": "cross-site"}]
)
def test_no_other_page_can_ask_for_anything(server, sources, changed):
    before = sorted(sources.rglob("*"))
    status, _, _ = call(server, "POST", "/ask/save", {"source": "derived", "origin": DERIVED, "typed": {}}, **changed)
    assert status == 403 and sorted(sources.rglob("*")) == before


@pytest.mark.parametrize(
    ("path", "changed", "status"), [("/", {}, 403), ("/?token=x", {}, 403), ("/etc", {}, 404), ("/", {"Host": "evil.example"}, 421)]
)
def test_the_page_is_given_only_at_its_address(server, path, changed, status):
    assert call(server, "GET", path, **changed)[0] == status


@pytest.mark.parametrize(
    "body", [[], {"source": 1}, {"source": "derived", "origin": {"parts": [1]}}, {"source": "nowhere", "origin": {}, "typed": {}}]
)
def test_what_makes_no_sense_is_answered_with_a_sentence(server, body):
    status, _, text = call(server, "POST", "/ask/check", body)
    assert "Traceback" not in text and (status == 400 or json.loads(text)["error"])


def test_a_measure_is_proposed_mended_at_its_fields_and_saved(server, sources):
    proposal = ask(server, "propose", {"source": "derived", "origin": DERIVED})
    whole = {"source": "derived", "origin": DERIVED, "typed": proposal["typed"] | {"bounds.min": "hundra"}, "measure_id": "prov"}
    problems = {p["field"]: p["text"] for p in ask(server, "save", whole)["problems"]}
    assert problems.keys() == {"direction", "bounds.min", "bounds.max"} and problems["direction"] == "Måste fyllas i."
    assert not (sources / "derived" / "prov.yml").exists()
    whole["typed"] |= {"bounds.min": "0", "bounds.max": "12,5", "direction": "neutral", "max_change": ""}
    assert ask(server, "save", whole)["written"] == ["sources/derived/prov.yml"]
    saved = read_catalogue(sources).measures["prov"]
    assert (saved.bounds.max, saved.max_change, saved.status) == (12.5, None, "draft")
    again = ask(server, "save", whole)
    assert "finns redan" in again["problems"][0]["text"]
    assert ask(server, "save", whole | {"overwrite": True})["written"]


def test_a_name_is_never_a_way_out_of_the_folder(server, sources):
    whole = {"source": "derived", "origin": DERIVED, "typed": {}, "measure_id": "../../x"}
    assert ask(server, "save", whole)["problems"][0]["field"] == "measure_id" and not (sources.parent / "x.yml").exists()
