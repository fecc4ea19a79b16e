"""The rooms of the project: who may import whom, which layer reads which, and that what is generated is up to date."""

import ast
import json
import re
from pathlib import Path

import pytest

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.catalogue.marts import COLUMNS, build_mart_files, build_mart_suites
from naravard_pipeline.settings import BASE_URLS, DBT_PROJECT, EXPECTATIONS, PROJECT, SOURCES, Settings

PACKAGE = PROJECT / "naravard_pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A room may import the rooms named here, itself and the outside.
MAY_IMPORT = {
    "settings": set(),
    "catalogue": {"settings"},
    "connectors": {"settings"},
    "landing": {"settings", "catalogue", "connectors"},
    "desk": {"settings", "catalogue", "connectors", "landing"},
    "charts": set(),
    "pages": {"settings", "charts"},
    "site": {"settings", "catalogue", "charts", "pages"},
    "quality": {"settings", "catalogue", "pages"},
    "protection": set(),
    "publication": {"settings", "catalogue", "landing", "pages", "quality", "protection", "site"},
    "preview": {"settings", "catalogue", "connectors", "landing", "pages", "quality", "protection", "publication"},
    "bi": {"settings", "catalogue"},
    "report": {"settings", "pages", "charts", "publication"},
    "demo": {"settings", "catalogue", "connectors", "landing"},
    "orchestration": {"settings", "catalogue", "connectors", "landing", "quality", "protection", "publication", "report"},
    "definitions": {"settings", "catalogue", "landing", "quality", "orchestration"},
    "cli": {
        *("settings", "catalogue", "connectors", "landing", "desk", "pages", "quality", "protection", "publication", "preview"),
        *("bi", "report", "orchestration", "definitions", "demo"),
    },
}
ONLY_HERE = {
    "dagster": "orchestration",
    "dagster_dbt": "orchestration",
    "great_expectations": "quality",
    "httpx": "connectors",
    "psycopg": "publication",
    "weasyprint": "report",
    "vl_convert": "charts",
}
LAYERS = {  # reference are seeds
    "staging": set(),  # reads what landed, nothing else
    "intermediate": {"staging", "intermediate"},
    "core": {"staging", "intermediate", "core"},
    "assessment": {"core", "assessment", "reference"},  # judged from published cells only
    "marts": {"core", "assessment"},
}


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written whole"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


@pytest.mark.parametrize("path", [m for m in MODULES if room(m) != "__init__"], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_those_left_of_it(path):
    own = room(path)
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("naravard_pipeline.") and name.split(".")[1] != "__version__"}
    assert rooms - {own} <= MAY_IMPORT[own], f"{path} imports {sorted(rooms - {own} - MAY_IMPORT[own])}"


@pytest.mark.parametrize(("library", "home"), ONLY_HERE.items())
def test_a_library_has_one_importer(library, home):
    users = {room(p) for p in MODULES if any(name.split(".")[0] == library for name in imports(p))}
    assert users <= {home, "definitions"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_and_stays_short(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    assert len(text.splitlines()) <= 300, f"{path} is longer than 300 lines"


def model_files() -> list[Path]:
    return sorted(p for kind in ("sql", "py") for p in (DBT_PROJECT / "models").rglob(f"*.{kind}"))


def test_a_layer_reads_only_those_left_of_it():
    layer_of = {p.stem: p.relative_to(DBT_PROJECT / "models").parts[0] for p in model_files()}
    layer_of |= {p.stem: p.parent.name for p in (DBT_PROJECT / "seeds").rglob("*.csv")}
    macros = {name: p.read_text() for p in (DBT_PROJECT / "macros").glob("*.sql") for name in re.findall(r"macro (\w+)", p.read_text())}
    for path in model_files():
        layer, text = layer_of[path.stem], path.read_text()
        text += "".join(body for name, body in macros.items() if f"{name}(" in text and name == "goal_area_mart")
        reads = {layer_of[model] for model in re.findall(r"""ref\(['"](\w+)['"]\)""", text)}
        assert reads - ({"staging"} if "depends_on" in text else set()) <= LAYERS[layer], f"{path.stem} in {layer} reads {reads}"
        assert ("source(" in text or "stage_cells(" in text) == (layer == "staging"), f"{path.stem}: sources are read in staging and nowhere else"


def test_every_model_has_a_description_that_says_what_a_row_is():
    described = "".join(p.read_text() for folder in ("models", "seeds") for p in (DBT_PROJECT / folder).rglob("*.yml"))
    for path in [*model_files(), *(DBT_PROJECT / "seeds").rglob("*.csv")]:
        match = re.search(rf"name: {path.stem}\b[^-]*?description: *(>\n *)?\"?(One row per)", described)
        assert match, f"{path.stem} has no description that begins with «One row per»"


def test_the_marts_are_those_of_the_catalogue():
    folder = DBT_PROJECT / "models" / "marts"
    expected = build_mart_files(read_catalogue(SOURCES))
    there = {p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8") for p in folder.glob("*/*.*")}
    assert there == expected, "run `make generate`"


def test_the_checks_on_the_marts_are_those_of_the_catalogue():
    there = {p.name: p.read_text(encoding="utf-8") for p in EXPECTATIONS.glob("mart_*.yml")}
    assert there == build_mart_suites(read_catalogue(SOURCES)), "run `make generate`"


def test_every_column_is_described_once():
    described = re.findall(r"{% docs (\w+) %}(.+?){% enddocs %}", (DBT_PROJECT / "models" / "columns.md").read_text(encoding="utf-8"))
    assert len(described) == len({name for name, _ in described})
    assert {name for name, _ in described} >= COLUMNS.keys()
    used = set(re.findall(r"doc\('(\w+)'\)", "".join(p.read_text() for p in (DBT_PROJECT / "models").rglob("*.yml"))))
    assert {name for name, _ in described} == used, "a description nobody uses, or a column nobody described"


def test_no_file_names_a_package_index_or_a_machine():
    # Built from pieces, so that this file does not name them either.
    words = ["/".join(("", "work", "")), "index" + "-url", "pypi" + ".org", "files.python" + "hosted"]
    for path in [*MODULES, *PROJECT.glob("*.*"), *PROJECT.glob("tests/**/*.py"), PROJECT / "Makefile"]:
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [w for w in words if w in text], path


def test_settings_go_out_and_come_back(tmp_path):
    settings = Settings(home=tmp_path, base_urls={**BASE_URLS, "kolada": "http://localhost:1/v3"}, is_demo=True, requests_per_second=7.5)
    assert Settings.from_environment(settings.to_environment()) == settings
    with_target = settings.changed(postgres_url="postgresql://publisher:secret@localhost/naravard")
    assert Settings.from_environment(with_target.to_environment()) == with_target


def test_settings_can_be_printed_without_a_password_in_them(tmp_path):
    assert "secret" not in repr(Settings(home=tmp_path, postgres_url="postgresql://publisher:secret@localhost/naravard"))


@pytest.mark.parametrize("text", ["0", "-1", "many"])
def test_a_setting_that_makes_no_sense_is_named(text):
    with pytest.raises(ValueError, match="NARAVARD_ATTEMPTS"):
        Settings.from_environment({"NARAVARD_ATTEMPTS": text})


def test_the_workspace_has_a_working_directory():
    # Without it Dagster finds the module only where the package is installed.
    text = (PROJECT / "workspace.yaml").read_text()
    assert "module_name: naravard_pipeline.definitions" in text and "working_directory: ." in text


def test_telemetry_is_off_by_default():
    assert "send_anonymous_usage_stats: false" in (DBT_PROJECT / "dbt_project.yml").read_text()
    from naravard_pipeline.orchestration.run import INSTANCE

    assert json.loads(json.dumps(INSTANCE))["telemetry"] == {"enabled": False}


def test_what_is_averaged_in_the_assessments_is_averaged_in_one_order():
    # Threads add up in any order; a release that differs in the last bits only would be a new release every day. fct_run_charts sorts its window.
    for path in (DBT_PROJECT / "models" / "assessment").glob("*.sql"):
        if path.stem != "fct_run_charts":
            assert not re.search(r"\b(avg|stddev_samp|var_samp)\(", path.read_text(encoding="utf-8")), f"{path.stem}: use steady()"


def test_a_run_of_one_source_ends_with_all_of_dbt():
    # The gate demands the result of every test, so a layer or folder of seeds that a source's job leaves out would close it.
    from naravard_pipeline.orchestration.automation import what_follows

    layers = {p.name for kind in ("models", "seeds") for p in (DBT_PROJECT / kind).iterdir() if p.is_dir()}
    assert layers <= set(what_follows().selected_groups)
