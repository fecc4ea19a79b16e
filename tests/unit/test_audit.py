"""The sources' own catalogues: kept by content, compared, and what a difference asks somebody to do."""

import gzip
import json
from datetime import UTC, date, datetime

import orjson
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from naravard_pipeline.catalogue import Measure
from naravard_pipeline.cli.sources import sources
from naravard_pipeline.connectors.answer import Page
from naravard_pipeline.connectors.kolada_rows import read_key_figures
from naravard_pipeline.landing.audit import audit_catalogue, compare_catalogues
from naravard_pipeline.landing.catalogues import (
    CATALOGUE_SCHEMA,
    CatalogueShrunk,
    catalogue_as_of,
    keep_catalogue,
    list_catalogues,
    list_superfluous,
    read_catalogue_file,
)
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.landing.successors import Successors, retired_year


def entry(code, title, **more):
    return {"id": code, "title": title, "municipality_type": "L"} | more


def measure(code, status="published") -> Measure:
    fixed = {"source_id": "kolada", "name_sv": "-", "name_en": "-", "definition_sv": "-", "levels": ("region",), "area_types": ("region",)}
    kind = {"unit": "-", "value_type": "share", "direction": "neutral", "bounds": {"min": 0, "max": 1}}
    return Measure(measure_id=f"m_{code.lower()}", source_code=code, status=status, **fixed, **kind)


def landed(code, newest, at="2026-03-20"):
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return {f"m_{code.lower()}": Landed(f"m_{code.lower()}", "kolada", "unchanged", moment, newest_period=newest)}


def audit(measures, current, earlier=None, states=None, as_of="2026-09-01"):
    earlier = current if earlier is None else earlier
    return audit_catalogue(measures, current, earlier, earlier, states or {}, date.fromisoformat(as_of))


# ---- comparing


def test_tells_what_went_what_came_and_what_is_called_otherwise():
    old = [entry("N1", "Ett"), entry("N2", "Två"), entry("N3", "Tre")]
    new = [entry("N3", "Tre  "), entry("N2", "Två"), entry("N4", "Fyra")]
    change = compare_catalogues(old, new)
    assert (change.gone, change.new, change.retitled) == ([old[0]], [new[2]], [(old[2], new[0])])


@given(*[st.dictionaries(st.text(max_size=2), st.text(max_size=2) | st.none())] * 2)
def test_nothing_is_told_twice_or_left_out(old, new):
    change = compare_catalogues(*([entry(code, title) for code, title in titles.items()] for titles in (old, new)))
    assert {e["id"] for e in change.gone} == old.keys() - new.keys()
    assert {e["id"] for e in change.new} == new.keys() - old.keys()
    assert {e["id"] for _, e in change.retitled} == {code for code in old.keys() & new.keys() if old[code] != new[code]}


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("X (-2024)", 2024),
        ("X (- 2024)", 2024),
        ("X (–2023), andel", 2023),
        ("X (2005-)", None),
        ("X -2024", None),
        ("X (2015-2024)", None),
        (None, None),
    ],
)
def test_a_title_may_name_its_last_year(title, year):
    assert retired_year(title) == year


# ---- findings


def test_a_key_figure_of_ours_that_is_gone():
    (finding,) = audit([measure("N1")], [entry("N2", "Två")], [entry("N1", "Ett"), entry("N2", "Två")]).ours
    assert (finding.kind, finding.code, finding.title, finding.detail, finding.measure_ids) == ("gone", "N1", "Ett", "withdrawn", ("m_n1",))
    (finding,) = audit([measure("N9")], [entry("N2", "Två")]).ours
    assert (finding.kind, finding.detail) == ("gone", "not in the source's catalogue")


def test_a_retired_key_figure_is_settled_when_our_catalogue_says_so():
    current = [entry("N1", "Index (-2024)")]
    assert len(audit([measure("N1")], current).to_look_at) == 1
    settled = audit([measure("N1", "retired")], current)
    assert settled.to_look_at == []
    assert [(f.kind, f.detail, f.is_settled) for f in settled.ours] == [("retired", "its last year is 2024", True)]


def test_a_year_or_a_space_in_a_title_is_no_new_title():
    assert audit([measure("N1")], [entry("N1", "Ett  ord")], [entry("N1", "Ett ord")]).ours == []
    (finding,) = audit([measure("N1")], [entry("N1", "Ett ord till")], [entry("N1", "Ett ord")]).ours
    assert (finding.kind, finding.detail) == ("retitled", "was «Ett ord»")


@pytest.mark.parametrize(
    ("newest", "as_of", "found"),
    [
        (2024, "2026-08-28", None),  # the day itself
        (2024, "2026-08-29", "late"),
        (2025, "2026-08-29", None),
        (202411, "2026-08-29", "late"),
        (202512, "2026-08-29", None),
        (None, "2026-08-29", None),  # never landed: that is the run's to tell
    ],
)
def test_late_is_what_was_to_have_appeared_before_the_day_asked_for(newest, as_of, found):
    current = [entry("N1", "Ett", publication_date=date(2026, 8, 28), publ_period="2025")]
    assert [f.kind for f in audit([measure("N1")], current, states=landed("N1", newest), as_of=as_of).ours] == ([found] if found else [])


def test_it_is_told_whether_the_source_is_late_or_we_are():
    current = [entry("N1", "Ett", publication_date=date(2026, 8, 28), publ_period="2025")]
    details = [audit([measure("N1")], current, states=landed("N1", 2024, at)).ours[0].detail for at in ("2026-08-30", "2026-03-20")]
    assert details == [
        "2025 was to appear on 2026-08-28; ours ends with 2024 (last asked on 2026-08-30, in vain)",
        "2025 was to appear on 2026-08-28; ours ends with 2024 (last asked on 2026-03-20, before that day: run the source)",
    ]


def test_figures_have_come_out_when_the_source_announces_the_next():
    now, before = ([entry("N1", "Ett", publ_period=p, publication_date=date(2027, 1, 1))] for p in ("2026", "2025"))
    (finding,) = audit([measure("N1")], now, before, landed("N1", 2024)).ours
    assert (finding.kind, finding.detail) == ("published", "2025 has come out, for the source now announces 2026; ours ends with 2024")
    assert audit([measure("N1")], now, before, landed("N1", 2025)).ours == []


def test_others_are_told_apart_and_need_nobody():
    current = [entry("N1", "Ett"), entry("N3", "Tre (-2024)"), entry("N4", "Fyra"), entry("N5", "Fem (-2020)")]
    found = audit([measure("N1")], current, [entry("N1", "Ett"), entry("N2", "Två"), entry("N3", "Tre"), entry("N5", "Fem (-2020)")])
    assert (found.ours, found.to_look_at) == ([], [])
    assert [(f.kind, f.code) for f in found.others] == [("gone", "N2"), ("retired", "N3"), ("new", "N4")]
    assert found.to_document()["change"] == {"gone": 1, "new": 1, "retitled": 1}


# ---- successors

OLD = "Patientupplevd kvalitet avseende delaktighet och involvering i primärvården, index (-2024)"
CATALOGUE = [
    entry("N79515", "Patientupplevd kvalitet avseende delaktighet och involvering hos patienter som besökt en akutmottagning, index"),
    entry("N78111", "Patientupplevd kvalitet avseende delaktighet, hälso- och vårdcentral, medelvärde"),
    entry("N78113", "Patientupplevd kvalitet avseende kontinuitet, hälso- och vårdcentral, medelvärde"),
    *(
        entry(f"N{i}", title)
        for i, title in enumerate(["Kultur, andel (%)", "Besök och samtal, antal", "Elever i skolan, index", "Lärare i skolan, antal"])
    ),
]


def test_proposes_the_newcomer_that_is_clearly_closest():
    others = [entry(f"U{i}", f"Något annat {i}, andel") for i in range(200)]  # rare words weigh more the more titles there are
    found = Successors([*CATALOGUE, *others], [*CATALOGUE[1:], *others]).propose(entry("U71453", OLD))
    assert (found.code, found.confidence, found.unit_differs) == ("N78111", "possible", True)


@pytest.mark.parametrize(
    ("gone", "newcomer"),
    [
        ("Självmord, 5-årsm, antal/100 000 inv, 15 år+", "Självmord, 5-årsm, antal/100 000 inv, 25 år+"),
        ("Kulturhus, antal/10 000 inv 0-18 år", "Inomhusbassänger, antal/10 000 inv 0-18 år"),
        ("Elever i skolan, antal", "Elever i skolan, antal (-2024)"),
        ("Elever i skolan, antal", "Elever i lekskolan med mat och omsorg på kvällen, antal"),
        ("", "Elever i skolan, antal"),
        (None, "Elever i skolan, antal"),
    ],
)
def test_proposes_none_rather_than_a_silly_one(gone, newcomer):
    assert Successors([*CATALOGUE, entry("X", newcomer)], [entry("X", newcomer)]).propose(entry("Y", gone)) is None


def test_proposes_none_where_two_are_as_close_or_the_kind_of_area_differs():
    title = "Elever i skolan, antal"
    assert Successors(CATALOGUE, [entry("X", title), entry("Z", title)]).propose(entry("Y", title)) is None
    assert Successors(CATALOGUE, [entry("X", title, municipality_type="K")]).propose(entry("Y", title)) is None
    assert Successors(CATALOGUE, [entry("X", title, municipality_type=None)]).propose(entry("Y", title)).confidence == "likely"


def test_is_less_sure_of_a_title_that_says_the_opposite():
    found = Successors(CATALOGUE, [entry("X", "Brukaren känner sig trygg hemma i kommunal regi, andel")])
    assert found.propose(entry("Y", "Brukaren känner sig inte trygg hemma i kommunal regi, andel")).confidence == "possible"


@given(st.text(), st.text())
def test_any_titles_can_be_compared(one, other):
    assert Successors([entry("X", other)], [entry("X", other)]).propose(entry("Y", one)) is None or one


# ---- keeping


def figures(titles, at="2026-03-01T05:30:00"):
    page = Page("https://kolada.example/kpi", "GET", datetime.fromisoformat(at).replace(tzinfo=UTC), 200, orjson.dumps(titles))
    return read_key_figures(page, [{"id": code, "title": title, "publication_date": "2026-08-28"} for code, title in titles.items()])


def test_a_catalogue_is_kept_once_for_each_content_it_has_had(tmp_path):
    landing = Landing(tmp_path)
    first = keep_catalogue(landing, figures({"N1": "Ett", "N2": "Två"}))
    assert keep_catalogue(landing, figures({"N2": "Två", "N1": "Ett"}, "2026-03-02T05:30:00")) == first
    second = keep_catalogue(landing, figures({"N1": "Ett!", "N2": "Två"}, "2026-04-01T05:30:00"))
    assert keep_catalogue(landing, figures({"N1": "Ett", "N2": "Två"}, "2026-05-01T05:30:00")).path not in (first.path, second.path)
    known = list_catalogues(landing)
    assert [c.seen_at.date().isoformat() for c in known] == ["2026-03-01", "2026-04-01", "2026-05-01"]
    assert second.read()[0]["title"] == "Ett!"
    assert pq.read_table(tmp_path / "kolada" / "catalogue.parquet", schema=CATALOGUE_SCHEMA).to_pylist() == known[-1].read() == first.read()
    days = [date(2026, 4, 15), date(2026, 4, 1), date(2020, 1, 1)]
    assert [catalogue_as_of(known, day).seen_at.month for day in days] == [4, 4, 3]
    assert catalogue_as_of([], date(2026, 1, 1)) is None


def test_old_catalogues_are_thinned_out_to_what_an_audit_misses_not(tmp_path):
    landing = Landing(tmp_path)
    days = ["2023-02-01", "2023-05-01", "2023-12-01", "2024-03-01", "2025-12-30", "2026-01-02", "2026-01-20", "2026-02-03", "2026-03-01"]
    for n, day in enumerate(days):
        keep_catalogue(landing, figures({"N1": f"Ett {n}"}, f"{day}T05:30:00"))
    going = list_superfluous(list_catalogues(landing), keep_months=2, keep_days=50, now=datetime(2026, 3, 2, tzinfo=UTC))
    # Kept: the first of all; the last of 2023, 2024, 2025 and 2026, of February and March 2026, and what was seen since 11 January.
    assert [c.seen_at.date().isoformat() for c in going] == ["2023-05-01", "2026-01-02"]
    assert list_superfluous(list_catalogues(landing), keep_months=24, keep_days=0, now=datetime(2030, 1, 1, tzinfo=UTC)) == [going[1]]
    assert list_superfluous([], keep_months=0, keep_days=0, now=datetime(2030, 1, 1, tzinfo=UTC)) == []


def test_a_catalogue_that_shrank_much_is_refused_and_nothing_is_lost(tmp_path):
    landing = Landing(tmp_path)
    first = keep_catalogue(landing, figures({f"N{i}": "x" for i in range(10)}))
    with pytest.raises(CatalogueShrunk, match="has 7 key figures where it had 10"):
        keep_catalogue(landing, figures({f"N{i}": "x" for i in range(7)}))
    assert list_catalogues(landing) == [first]
    assert len(list((tmp_path / "raw" / "kolada").rglob("*.json.gz"))) == 2  # what came is kept all the same
    with pytest.raises(CatalogueShrunk):
        keep_catalogue(Landing(tmp_path / "other"), [])


def test_reads_a_catalogue_that_somebody_kept(tmp_path):
    kept = [{"id": "N1", "title": "Ett"}]
    plain, packed = tmp_path / "a.json", tmp_path / "a.json.gz"
    plain.write_text(json.dumps(kept))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    landed_one = keep_catalogue(Landing(tmp_path), figures({"N1": "Ett"}))
    assert read_catalogue_file(plain) == read_catalogue_file(packed) == kept
    assert read_catalogue_file(landed_one.path)[0]["title"] == "Ett"


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"[1]", b'[{"id": 1, "title": ""}]', b'[{"id": "N1"}]', b"\x1f\x8bxx", gzip.compress(b"x", mtime=0), b"\x1f\x8b"]
)
@pytest.mark.parametrize("suffix", ["json", "parquet"])
def test_refuses_a_file_that_is_no_catalogue(tmp_path, content, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="expected a list of key figures with `id` and `title`"):
        read_catalogue_file(path)


# ---- the command


def command(home, *arguments):
    environment = {"NARAVARD_HOME": str(home), "NARAVARD_KOLADA_URL": "http://127.0.0.1:9", "NARAVARD_ATTEMPTS": "1"}
    return CliRunner().invoke(sources, ["audit", *arguments], env=environment)


def test_without_network_and_catalogue_there_is_nothing_to_audit(tmp_path):
    result = command(tmp_path)
    assert result.exit_code == 1
    assert "No catalogue has been landed yet" in result.output


def test_without_network_the_last_catalogue_is_audited(tmp_path):
    keep_catalogue(Landing(tmp_path / "landing"), figures({"N1": "Ett"}))
    result = command(tmp_path, "--as-of", "2026-03-10", "--json")
    assert result.exit_code == 3  # every key figure of the framework is gone
    document = json.loads(result.stdout)
    assert document["as_of"] == "2026-03-10"
    assert {finding["kind"] for finding in document["ours"]} == {"gone"}
    assert "The catalogue of 2026-03-01 is used." in result.stderr
    text = command(tmp_path, "--all").stdout.splitlines()
    assert text[0].endswith("since 2026-03-01: 0 gone, 0 new, 0 retitled")
    assert text[1].split("\t") == ["what", "key figure", "measures", "detail", "successor", "title"]
    assert text[-1] == "no finding concerns others"
