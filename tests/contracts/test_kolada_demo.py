"""The demo speaks Kolada's format, and what the pipeline lands from it is whole."""

from datetime import date

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from naravard_pipeline.catalogue import Area, Bounds, Catalogue, Measure
from naravard_pipeline.connectors.answer import Answer
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.kolada import KoladaConnector
from naravard_pipeline.demo.server import DemoServer
from naravard_pipeline.landing.kolada import _note_unknown_areas, land_kolada
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.settings import Settings

LAST_YEAR = 2025
AREAS = [
    Area(area_code="00", kolada_code="0000", name_sv="Riket", area_type="nation"),
    Area(area_code="04", kolada_code="0004", name_sv="Region Sörmland", area_type="region", parent_code="00"),
    Area(area_code="04-norra", name_sv="Norra länsdelen", area_type="county_part", parent_code="04"),
    *(Area(area_code=f"{i:04}", kolada_code=f"{i:04}", name_sv=f"Kommun {i}", area_type="municipality", parent_code="04") for i in range(401, 451)),
]


def measure(measure_id, code, area_types=("nation", "region", "municipality"), low=0.0, high=100.0, sexes=True):
    return Measure(
        measure_id=measure_id,
        source_id="kolada",
        name_sv=f"Mått {measure_id}",
        name_en=measure_id,
        definition_sv="Påhittat.",
        status="published",
        levels=("municipality",),
        unit="procent",
        value_type="share",
        direction="neutral",
        area_types=area_types,
        sexes=sexes,
        source_code=code,
        bounds=Bounds(min=low, max=high),
    )


SHARE, REGIONAL, GONE = measure("share", "U10001"), measure("regional", "N10002", ("nation", "region"), -1.0, 1.0, False), measure("gone", "N99999")


def catalogue(*measures):
    return Catalogue(frameworks={}, sources={}, measures={m.measure_id: m for m in measures}, areas={a.area_code: a for a in AREAS}, area_groups={})


@pytest.fixture(scope="module")
def base():
    with DemoServer(catalogue(SHARE, REGIONAL), last_year=LAST_YEAR) as demo:
        yield demo.urls["kolada"]


def settings_for(base, home, **more):
    return Settings(home=home, base_urls={"kolada": base}, requests_per_second=1e6, attempts=1, **more)


def get(base, path):
    return httpx.get(f"{base}/{path}", trust_env=False)


def test_speaks_the_documented_format(base):
    figure = get(base, "kpi/U10001").json()["values"][0]
    assert figure["title"].endswith("(PÅHITTAT)")
    assert (figure["is_divided_by_gender"], figure["municipality_type"], figure["publ_period"]) == (1, "A", "2026")
    page = get(base, "data/kpi/U10001/year/2024").json()
    assert set(page) == {"values", "count", "next_url", "previous_url"}
    assert (page["count"], page["next_url"], page["previous_url"]) == (52, None, None)
    row = page["values"][0]
    assert (row["kpi"], row["period"], row["municipality"]) == ("U10001", 2024, "0000")
    assert set(row["values"][0]) == {"gender", "count", "status", "value", "isdeleted"}
    assert len({"".join(cell["gender"] for cell in row["values"]) for row in page["values"]}) > 2  # genders in any order
    assert get(base, "municipality_groups").json()["values"][0]["members"][0] == {"member_id": "0401", "member_title": "Kommun 401"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("kpi/" + ",".join(f"N{i}" for i in range(26)), 400),
        ("data/kpi/U10001/year/" + ",".join(map(str, range(1990, 2016))), 400),
        ("data/kpi/U10001", 404),
        ("data/kpi/U10001/colour/red", 404),
        ("ou", 404),
        ("../v2/kpi", 404),
        ("kpi?per_page=many", 422),
    ],
)
def test_refuses_what_kolada_refuses(base, path, status):
    answer = get(base, path)
    assert (answer.status_code, set(answer.json())) == (status, {"detail"})


def test_pages_as_asked(base):
    url, seen = f"{base}/data/kpi/U10001/year/2023,2024?per_page=50", []
    while url:
        page = httpx.get(url, trust_env=False).json()
        assert page["count"] == len(page["values"]) <= 50
        seen += [(row["municipality"], row["period"]) for row in page["values"]]
        url = page["next_url"]
    assert len(seen) == len(set(seen)) == 104


def test_an_answer_longer_than_a_page_is_read_to_its_end():
    more = [Area(area_code=f"{i}", kolada_code=f"{i}", name_sv="-", area_type="municipality", parent_code="04") for i in range(1000, 1150)]
    areas = {area.area_code: area for area in [*AREAS, *more]}
    with (
        DemoServer(catalogue(SHARE).model_copy(update={"areas": areas}), last_year=2039) as demo,
        Client("kolada", requests_per_second=1e6) as client,
    ):
        answer = KoladaConnector(client, demo.urls["kolada"]).fetch_values("U10001", range(2015, 2040))
    assert len(answer.pages) == 2
    assert answer.rows.num_rows == (52 + 150) * 25 * 3 > 3 * 5000


def test_lands_every_measure_with_plausible_figures(base, tmp_path):
    landing, heard = Landing(tmp_path / "landing"), []
    outcomes = land_kolada(settings_for(base, tmp_path), [SHARE, REGIONAL], AREAS, landing, heard.append)
    assert [(o.measure_id, o.state, o.newest_period, o.notes) for o in outcomes] == [("share", "new", 2025, ()), ("regional", "new", 2025, ())]
    assert sorted(o.measure_id for o in heard) == ["regional", "share"]
    share = pq.read_table(landing.observations_path("kolada", "share"))
    assert share.num_rows == 52 * 11 * 3 == outcomes[0].rows
    values = [value for value in share["value"].to_pylist() if value is not None]
    assert 0.9 < len(values) / share.num_rows < 1
    assert 0 < min(values) < max(values) < 100
    assert {row["status"] for row in share.to_pylist() if row["value"] is None} == {"Missing"}
    regional = pq.read_table(landing.observations_path("kolada", "regional"))
    assert set(regional["municipality"].to_pylist()) == {"0000", "0004"}
    assert set(regional["gender"].to_pylist()) == {"T"}
    groups = pq.read_table(tmp_path / "landing" / "kolada" / "municipality_groups.parquet")
    assert (groups.num_rows, groups.column_names) == (50 + 50 * 7, ["group_id", "title", "member_id", "member_title"])
    assert [o.state for o in land_kolada(settings_for(base, tmp_path), [SHARE, REGIONAL], AREAS, landing)] == ["unchanged"] * 2


def test_figures_are_the_same_on_another_port(base, tmp_path):
    with DemoServer(catalogue(SHARE, REGIONAL), last_year=LAST_YEAR) as other:
        ids = [
            land_kolada(settings_for(url, tmp_path), [SHARE], AREAS, Landing(tmp_path / name))[0].snapshot_id
            for name, url in (("a", base), ("b", other.urls["kolada"]))
        ]
    assert ids[0] == ids[1]


def test_a_key_figure_that_kolada_never_had_names_file_field_and_remedy(base, tmp_path):
    gone, share = land_kolada(settings_for(base, tmp_path), [GONE, SHARE], AREAS, Landing(tmp_path / "landing"))
    assert (gone.state, share.state) == ("failed", "new")
    assert gone.reason == (
        "sources/kolada/gone.yml: source_code: there is 'N99999', which Kolada's catalogue does not have; "
        "look the id up in Kolada's catalogue and correct it, or set `status: planned`"
    )
    assert gone.reason_sv == "Nyckeltalet N99999 finns inte hos Kolada; det finns inga tidigare uppgifter att visa."


def test_a_withdrawn_key_figure_keeps_its_history(base, tmp_path):
    landing = Landing(tmp_path / "landing")
    with DemoServer(catalogue(GONE), last_year=LAST_YEAR) as before:
        land_kolada(settings_for(before.urls["kolada"], tmp_path), [GONE], AREAS, landing)
    (gone,) = land_kolada(settings_for(base, tmp_path), [GONE], AREAS, landing)
    assert (gone.state, gone.rows, gone.newest_period) == ("kept", 52 * 11 * 3, 2025)
    assert gone.reason_sv == "Nyckeltalet N99999 finns inte längre hos Kolada; historiken visas."
    assert gone.metadata["title"] == "Mått gone (PÅHITTAT)"


def test_a_new_title_is_told(base, tmp_path):
    landing = Landing(tmp_path / "landing")
    renamed = SHARE.model_copy(update={"name_sv": "Förut"})
    with DemoServer(catalogue(renamed), last_year=LAST_YEAR) as before:
        land_kolada(settings_for(before.urls["kolada"], tmp_path), [SHARE], AREAS, landing)
    (landed,) = land_kolada(settings_for(base, tmp_path), [SHARE], AREAS, landing)
    assert (landed.state, landed.metadata["title_changed_from"]) == ("unchanged", "Förut (PÅHITTAT)")
    assert landed.notes == ("Kolada calls U10001 «Mått share (PÅHITTAT)» now; it was «Förut (PÅHITTAT)».",)


def test_unknown_areas_are_counted_and_kept(base, tmp_path):
    (landed,) = land_kolada(settings_for(base, tmp_path), [SHARE], AREAS[:-2], Landing(tmp_path / "landing"))
    assert landed.notes == ("Codes that are no area of the catalogue (2): 0449, 0450",)
    assert landed.rows == 52 * 11 * 3


def test_groups_are_no_unknown_areas():
    rows = pa.table({"municipality": ["0484", "G124026", "9999", "9999"]})
    assert _note_unknown_areas(Answer([], rows), {"0484", None}) == ["Codes that are no area of the catalogue (1): 9999"]


def test_asks_for_all_years_and_one_more(base, tmp_path):
    landing = Landing(tmp_path / "landing")
    (landed,) = land_kolada(settings_for(base, tmp_path), [SHARE.model_copy(update={"first_year": 2020})], AREAS, landing)
    landing.write_index()
    (url,) = pq.read_table(tmp_path / "landing" / "snapshots.parquet")["url"].to_pylist()
    assert f"/year/{','.join(str(y) for y in range(2020, date.today().year + 2))}?" in url
    assert landed.rows == 52 * 6 * 3


def test_without_kolada_every_measure_says_so_and_keeps_what_it_has(base, tmp_path):
    landing = Landing(tmp_path / "landing")
    land_kolada(settings_for(base, tmp_path), [SHARE], AREAS, landing)
    outcomes = land_kolada(settings_for("http://127.0.0.1:9", tmp_path), [SHARE, REGIONAL], AREAS, landing)
    assert [o.state for o in outcomes] == ["kept", "failed"]
    assert outcomes[0].reason_sv == "Källan kunde inte nås; senast godkända uppgifter visas."
    assert (tmp_path / "landing" / "kolada" / "municipality_groups.parquet").exists()
