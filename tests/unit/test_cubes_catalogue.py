"""The sections `query` and `derived`: what they are read as, and the sentence that each mistake in them gets."""

import shutil

import pytest
from ruamel.yaml import YAML

from naravard_pipeline.catalogue import CatalogueError, read_catalogue
from naravard_pipeline.catalogue.queries import Combination, PxWebQuery, Ratio, SocialstyrelsenQuery, VardenISiffrorQuery
from naravard_pipeline.catalogue.schema import build_schemas
from naravard_pipeline.catalogue.tables import build_tables
from naravard_pipeline.settings import SOURCES

AREAS = """\
areas:
  - {area_code: '01', scb_code: '01', name_sv: Region Stockholm, area_type: region, parent_code: '00'}
  - {area_code: '0138', scb_code: '0138', name_sv: Tyresö, area_type: municipality, parent_code: '01'}
  - {area_code: '0181', scb_code: '0181', name_sv: Södertälje, area_type: municipality, parent_code: '01'}
  - {area_code: '00', scb_code: '00', name_sv: Riket, area_type: nation}
  - {area_code: '04', scb_code: '04', name_sv: Region Sörmland, area_type: region, parent_code: '00'}
"""


@pytest.fixture
def sources(tmp_path):
    """The shipped measures of each kind of service, to be spoilt."""
    kept = tmp_path / "sources"
    (kept / "areas").mkdir(parents=True)
    (kept / "areas" / "sweden.yml").write_text(AREAS, encoding="utf-8")
    for name in ("frameworks", "scb", "folkhalsodata", "socialstyrelsen", "vardenisiffror", "derived", "local"):
        shutil.copytree(SOURCES / name, kept / name, ignore=shutil.ignore_patterns("templates", "*_konsskillnad.yml", "*_spridning.yml"))
    return kept


def spoil(sources, measure, change):
    """Change a measure's content; the problems that it then has, as (field, sentence)."""
    yaml, (path,) = YAML(), list(sources.glob(f"*/{measure}.yml"))
    content = yaml.load(path.read_text("utf-8"))
    change(content)
    yaml.dump(content, path)
    try:
        read_catalogue(sources)
    except CatalogueError as error:
        # That a framework names measures of sources that were left out here is no part of what is tried.
        told = [problem for problem in error.problems if "frameworks" not in problem.path]
        return [(problem.field, f"{problem.found}; {problem.expected}") for problem in told]
    return []


def put(*where):
    """Set the value at a place: ``put("query", "table", "x")``."""

    def change(content):
        *way, last, value = where
        for part in way:
            content = content[part]
        content[last] = value

    return change


def drop(*where):
    def change(content):
        *way, last = where
        for part in way:
            content = content[part]
        del content[last]

    return change


def test_each_kind_of_query_is_read_as_itself():
    measures = read_catalogue(SOURCES).measures
    kinds = {
        "befolkning": PxWebQuery,
        "ensamhet_vuxna": PxWebQuery,
        "sjalvdestruktiv_handling": SocialstyrelsenQuery,
        "kontinuitetsindex_lakare": VardenISiffrorQuery,
    }
    assert {name: type(measures[name].query) for name in kinds} == kinds
    assert all(measures[name].is_live for name in kinds)
    assert isinstance(measures["sip_per_1000"].derived, Ratio) and measures["sip_per_1000"].is_live
    assert measures["befolkning"].query.sex.codes == {"total": None, "women": "2", "men": "1"}
    assert measures["ensamhet_vuxna"].query.contents.codes == {"value": "01", "ci_lower": "02", "ci_upper": "03", "answers": "04"}


@pytest.mark.parametrize(
    ("measure", "change", "field", "sentence"),
    [
        ("befolkning", drop("query"), "query", "missing; add it: it says what is asked for"),
        (
            "befolkning",
            put("query", {"dimension": "Region"}),
            "query",
            "there is {…}; expected `table` (PxWeb), `topic` (Socialstyrelsen) or `measure` (Vården i siffror) under it",
        ),
        (
            "befolkning",
            put("query", "TAB638"),
            "query",
            "there is “TAB638”; expected `table` (PxWeb), `topic` (Socialstyrelsen) or `measure` (Vården i siffror) under it",
        ),
        ("befolkning", put("query", "tabel", "TAB638"), "query.tabel", "unknown key `tabel`; did you mean `table`?"),
        ("befolkning", put("query", "age", "gruops", {}), "query.age.gruops", "unknown key `gruops`; did you mean `groups`?"),
        ("befolkning", drop("query", "period"), "query.period", "missing; add `period:`"),
        ("befolkning", put("query", "area", None), "query.area", "there is nothing; expected fields under it"),
        ("befolkning", put("query", "fixed", ["x"]), "query.fixed", "there is […]; expected `name: value` under it"),
        ("befolkning", put("query", "fixed", {"Civilstand": 1}), "query.fixed.Civilstand", "there is 1 as a number; put it in quotes, leading zeros"),
        ("befolkning", put("query", "age", "groups", {"äldre": ["65-"]}), "query.age.groups.äldre", "there is “äldre”; expected total, 65+ or 16-84"),
        ("befolkning", put("query", "age", "groups", {}), "query.age.groups", "there is {…}; expected at least one item"),
        (
            "befolkning",
            put("query", "marks", {"..": "mising"}),
            "query.marks...",
            "expected one of zero, missing, suppressed, not_applicable, not_yet_published, preliminary; did you mean `missing`?",
        ),
        ("befolkning", put("query", "table", "BefolkningNy"), "query.table", "there is “BefolkningNy”; expected a table's id such as TAB638"),
        ("ensamhet_vuxna", put("query", "table", "/A/x.px"), "query.table", "there is “/A/x.px”; expected a path such as Folder/Subfolder/table.px"),
        ("befolkning", put("query", {"topic": "skador", "matt": "1"}), "query", "expected `table` under it, as scb is of kind pxweb2"),
        (
            "befolkning",
            put("query", "sex", "dimension", "Alder"),
            "query.age.dimension",
            "`Alder` also stands in query.sex.dimension",
        ),
        ("befolkning", put("query", "fixed", {"Kon": "1"}), "query.fixed.Kon", "`Kon` also stands in query.sex.dimension; a dimension has one role"),
        ("ensamhet_vuxna", drop("query", "contents", "ci_upper"), "query.contents.ci_upper", "missing; add it: an interval has two limits"),
        ("befolkning", drop("query", "sex", "men"), "query.sex", "missing; add it: the codes of women and men, as sexes is true"),
        ("befolkning", put("age_group", "65-79"), "query.age.groups", "expected the measure's own age_group (65-79) among them"),
        ("befolkning", put("value_type", "share"), "query.age.groups.65+", "expected one code: only counts without interval are added up"),
        ("sjalvdestruktiv_handling", drop("query", "matt"), "query.matt", "missing; add `matt:`"),
        ("sjalvdestruktiv_handling", put("query", "sexes", {"alla": "3"}), "query.sexes.alla", "there is “alla”; expected one of total, women, men"),
        (
            "kontinuitetsindex_lakare",
            put("query", "measure", "7F5B"),
            "query.measure",
            "there is “7F5B”; expected an id such as 7f5b4a52-2f0a-4a1d-9a51-0123456789ab",
        ),
        ("sip_antal", put("query", {"table": "TAB638"}), "query.area", "missing; add `area:`"),
        ("sip_antal", put("derived", {"parts": ["a", "b"], "combine": "sum"}), "derived", "figures from local are not computed"),
        ("sip_per_1000", drop("derived"), "derived", "missing; add it: it says what it is computed from"),
        ("sip_per_1000", put("derived", {"x": 1}), "derived", "there is {…}; expected `numerator` or `parts` under it"),
        ("sip_per_1000", drop("derived", "per"), "derived.per", "missing; add `per:`"),
        ("sip_per_1000", put("derived", "per", 0), "derived.per", "there is 0; expected a number above 0"),
        (
            "sip_per_1000",
            put("derived", "denominator", "befolkningen"),
            "derived.denominator",
            "did you mean `befolkning`?",
        ),
        ("sip_per_1000", put("derived", "numerator", "sip_per_1000"), "derived.numerator", "there is no other measure `sip_per_1000`"),
        (
            "sip_per_1000",
            put("derived", "numerator", "ensamhet_vuxna"),
            "derived.numerator",
            "expected a count: a ratio is made of counts",
        ),
        (
            "sip_per_1000",
            put("derived", "denominator", "sip_antal"),
            "derived.denominator",
            "`sip_antal` (month); expected a yearly measure",
        ),
        (
            "sip_per_1000",
            put("derived", "denominator_age_group", "85+"),
            "derived.denominator_age_group",
            "there is “85+”; expected an age group of befolkning: total, 65+, 80+",
        ),
        (
            "sip_per_1000",
            put("derived", {"parts": ["sip_antal", "befolkning"], "combine": "sum"}),
            "derived.parts[0]",
            "there is `sip_antal` (count, antal); expected the same unit, “antal per 1 000 invånare”",
        ),
        (
            "sip_per_1000",
            put("derived", {"spread_of": "ensamhet_vuxna", "between": "municipalities"}),
            "unit",
            "there is `antal per 1 000 invånare`; expected the unit of a difference of ensamhet_vuxna: “procentenheter”",
        ),
        ("sip_per_1000", put("derived", {"parts": ["sip_antal"], "combine": "sum"}), "derived.parts", "there is […]; expected at least 2 items"),
    ],
)
def test_a_mistake_gets_its_place_and_its_remedy(sources, measure, change, field, sentence):
    problems = spoil(sources, measure, change)
    assert [sentence_ for field_, sentence_ in problems if field_ == field and sentence in sentence_], problems


def test_a_measure_without_a_source_cannot_be_computed_with(sources):
    (sources / "local" / "sip_antal.yml").write_text(
        (sources / "local" / "sip_antal.yml").read_text("utf-8").replace("status: published", "status: planned")
    )
    problems = spoil(sources, "sip_per_1000", lambda content: None)
    assert problems == [("derived.numerator", "there is `sip_antal` (planned); expected a measure that has a source")]


def test_a_computed_measure_is_not_computed_with(sources):
    first = (sources / "derived" / "sip_per_1000.yml").read_text("utf-8")
    (sources / "derived" / "annat.yml").write_text(first, encoding="utf-8")
    problems = spoil(sources, "annat", put("derived", {"parts": ["sip_per_1000", "sip_per_1000"], "combine": "mean"}))
    assert problems == [
        (f"derived.parts[{i}]", "there is `sip_per_1000`; expected a measure with figures of its own, not one that is computed itself")
        for i in (0, 1)
    ]


def test_derivations_have_a_row_for_a_ratio_and_one_per_part():
    catalogue = read_catalogue(SOURCES)
    sip = catalogue.measures["sip_per_1000"]
    both = sip.model_copy(update={"measure_id": "summa", "derived": Combination(parts=("a", "b"), combine="sum")})
    parts = {name: catalogue.measures["sip_antal"] for name in ("sip_antal", "befolkning", "a", "b")}
    table = build_tables(catalogue.model_copy(update={"measures": {**parts, "sip_per_1000": sip, "summa": both}}))["derivations"]
    nothing = dict.fromkeys(table.column_names)
    assert table.to_pylist() == [
        nothing
        | {
            "measure_id": "sip_per_1000",
            "numerator": "sip_antal",
            "denominator": "befolkning",
            "per": 1000.0,
            "denominator_year": "previous",
            "denominator_age_group": "total",
        },
        nothing | {"measure_id": "summa", "combine": "sum", "part": "a"},
        nothing | {"measure_id": "summa", "combine": "sum", "part": "b"},
    ]


def test_the_source_code_of_a_service_is_what_its_query_names():
    codes = {row["measure_id"]: row["source_code"] for row in build_tables(read_catalogue(SOURCES))["measures"].to_pylist()}
    assert (codes["befolkning"], codes["ensamhet_vuxna"], codes["sjalvdestruktiv_handling"]) == ("TAB638", "hlv1ensxreg.px", "skador")


def test_the_schema_explains_every_field_of_the_sections():
    definitions = build_schemas()["measure.schema.json"]["$defs"]
    for name in ("PxWebQuery", "AgeDimension", "SocialstyrelsenQuery", "VardenISiffrorQuery", "Ratio", "Combination"):
        assert definitions[name]["description"]
        assert all("description" in field for field in definitions[name]["properties"].values()), name
