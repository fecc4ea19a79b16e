"""The reports of a real release against that of the month before, made by Dagster as its schedule says: what moved, came late, is held, hidden."""

import json
import re
import shutil
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from dagster import DagsterInstance, RunConfig, build_schedule_context, materialize

from naravard_pipeline.orchestration.reports import ReportsConfig, build_reports_asset, build_reports_job, build_reports_schedule
from naravard_pipeline.publication.folders import list_releases
from naravard_pipeline.report import figures
from naravard_pipeline.report.content import build_content
from naravard_pipeline.report.page import render_page
from naravard_pipeline.report.scope import Basis, find_basis, find_scope, list_scopes, month_before, published_day
from naravard_pipeline.report.shelf import shelf
from naravard_pipeline.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
PLACE = "0484"
SECRET = 7654.25  # what the month before showed of a cell that is hidden now; no other figure looks like it
CAME, REVISED, WITHDRAWN, HELD, LATE = "daglig_rokning", "sjalvskattad_halsa", "valdsutsatthet", "obesitas", "ensamhet_hemtjanst"


def change(folder, sql):
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    with duckdb.connect(str(folder / "naravard.duckdb")) as connection:
        for statement in sql:
            connection.execute(statement)


def rewrite(folder, **values):
    path = folder / "quality.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **values}))


@pytest.fixture(scope="module")
def settings(demo, tmp_path_factory):
    """The demo's release, and before it one of the month before in which some things were otherwise."""
    settings = Settings(home=tmp_path_factory.mktemp("months"), is_demo=True)
    shutil.copytree(demo[0] / "published", settings.published, symlinks=True)
    assert not shelf(settings).exists()
    (now,) = list_releases(settings)
    month = published_day(now).replace(day=1)
    then = now.with_name("000000-20200101T000000-aaaaaaaa")
    shutil.copytree(now, then)
    row = f"area_code = '{PLACE}' and sex = 'total' and reporter = 'source'"
    newest = "period_end = (select max(period_end) from fct_observations where measure_id = '{}')"
    hidden = "measure_id = 'sip_antal' and suppression is not null and period_months = 1"
    change(
        then,
        [
            f"delete from fct_observations where measure_id = '{CAME}' and {newest.format(CAME)}",
            f"update fct_observations set value = value + 1 where measure_id = '{REVISED}' and {row} and {newest.format(REVISED)}",
            f"update fct_observations set value = {SECRET}, status = 'ok', suppression = null where {hidden}",
            f"update dim_measures set next_period = '2025', next_publication_date = date '{month_before(month)}' where measure_id = '{CAME}'",
        ],
    )
    before = datetime.combine(month - timedelta(days=4), datetime.min.time(), UTC)
    rewrite(then, release=json.loads((then / "quality.json").read_bytes())["release"] | {"published_at": before.isoformat()})
    change(
        now,
        [
            f"update fct_observations set value = null, status = 'missing' where measure_id = '{WITHDRAWN}' and {row} and period_label = '2024'",
            f"update dim_measures set next_period = '2026', next_publication_date = date '{month}' where measure_id = '{LATE}'",
            f"update fct_observations set is_held = true where measure_id = '{HELD}'",
            f"insert into meta_corrections values (9, now()::timestamp, '{REVISED}', '{PLACE}', '2025', 'x', 'Nämnaren var fel.')",
            "insert into meta_corrections values (8, timestamp '2020-01-01', 'obesitas', null, '2018', 'x', 'En gammal rättelse.')",
        ],
    )
    rewrite(now, held=[{"measure_id": HELD, "held_reason": "Värdet är orimligt högt.", "held_since": "2026-01-05T00:00:00"}])
    return settings


@pytest.fixture(scope="module")
def content(settings):
    basis = find_basis(settings, None)
    return build_content(basis, find_scope(basis.release, None, PLACE))


@pytest.fixture(scope="module")
def made(settings):
    """By the asset, with what its schedule says on the first of the next month."""
    first = (published_day(list_releases(settings)[-1]).replace(day=28) + timedelta(days=4)).replace(day=1)
    context = build_schedule_context(scheduled_execution_time=datetime.combine(first, datetime.min.time(), UTC) + timedelta(hours=6))
    (request,) = build_reports_schedule(build_reports_job()).evaluate_tick(context).run_requests
    with DagsterInstance.ephemeral() as instance:
        result = materialize([build_reports_asset(settings)], instance=instance, run_config=request.run_config, raise_on_error=False)
    assert result.success
    return shelf(settings)


def by_measure(content):
    return {line.measure["measure_id"]: line for line in content.lines}


def test_what_moved_comes_first_and_is_called_new_or_changed(content):
    assert {m for m, line in by_measure(content).items() if line.news_sv} >= {CAME, REVISED, WITHDRAWN}
    assert [by_measure(content)[m].news_sv for m in (CAME, REVISED, WITHDRAWN)] == ["nytt", "ändrat", "tillbakadragen uppgift för 2024"]
    news = [bool(line.news_sv) for line in content.lines]
    assert news == sorted(news, reverse=True) and not all(news)
    assert content.summary[0].startswith(f"{sum(news)} av ")


def test_what_was_revised_corrected_held_late_or_came_late_is_told(content, settings):
    names = {m["measure_id"]: m["name_sv"] for m in (line.measure for line in content.lines)}
    revised = dict(content.revised)
    assert re.fullmatch(r"2025: \d+ blev \d+ \(−\d,\d %\)", revised[names[REVISED]].replace("\u00a0", " "))
    assert revised[names[WITHDRAWN]] == "2024: uppgiften är tillbakadragen"
    assert content.corrections == ((names[REVISED], "Nämnaren var fel."),)
    assert content.held == ((names[HELD], "Värdet är orimligt högt. Sedan 2026-01-05 visas de förra uppgifterna."),)
    assert by_measure(content)[HELD].is_held
    assert "2026 skulle ha kommit" in dict(content.late)[names[LATE]]
    assert dict(content.arrived_late)[names[CAME]].startswith("2025 kom nu, skulle ha kommit")


def test_every_figure_is_one_of_the_release(content):
    with figures.open_release(content.basis.release) as connection:
        rows = connection.execute(
            "select measure_id, period_label, value from fct_observations where area_code = ? and value is not null and status <> 'suppressed'",
            [PLACE],
        ).fetchall()
    published = {(measure, label, round(value, 6)) for measure, label, value in rows}
    with figures.open_release(content.basis.release) as connection:
        series = figures.read_series(connection, [PLACE])
    for line in content.lines:
        last = next(r for r in reversed(series[line.measure["measure_id"], PLACE]) if r["value"] is not None)
        assert (line.measure["measure_id"], last["period_label"], round(last["value"], 6)) in published
    values = {round(value, 6) for *_, value in rows}
    assert content.curves
    for curve in content.curves:
        assert {round(p.value, 6) for p in curve.chart.lines[0].points if p.value is not None} <= values


def test_every_framework_and_municipality_has_a_page_and_two_sides(made, settings):
    pypdf = pytest.importorskip("pypdf")
    scopes = list_scopes(find_basis(settings, None).release)
    assert {s.file_name for s in scopes} >= {"sormland", *(f"04{n}" for n in (28, 61, 80, 81, 82, 83, 84, 86, 88))}
    for scope in scopes:
        (pdf,) = made.glob(f"*-{scope.file_name}.pdf")
        assert len(pypdf.PdfReader(pdf).pages) == 2, scope
    links = re.findall(r'href="([^"]+)"', (made / "index.html").read_text())
    assert len(links) == 2 * len(scopes) + 1 and all((made / link).resolve().exists() for link in links)


def shows_the_secret(text):
    return re.search(r"(?<!\d)7\s654(?!\d)", re.sub(r' d="[^"]*"', "", text)) is not None


def test_what_is_hidden_now_is_in_no_page_and_no_pdf_whatever_the_month_before_showed(made, settings):
    pypdf = pytest.importorskip("pypdf")
    current = find_basis(settings, None)
    with duckdb.connect(str(current.before / "naravard.duckdb"), read_only=True) as connection:
        assert connection.execute(f"select count(*) from fct_observations where value = {SECRET}").fetchone()[0] > 0
    texts = [p.read_text() for p in made.glob("*.html")]
    texts += [side.extract_text() for p in made.glob("*.pdf") for side in pypdf.PdfReader(p).pages]
    assert len(texts) > 20
    assert not any(map(shows_the_secret, texts))
    as_before = Basis(current.month, current.before, None)  # the search finds it where it is
    assert any(shows_the_secret(render_page(build_content(as_before, scope))) for scope in list_scopes(current.before))


def test_a_month_without_a_release_says_that_nothing_is_new(settings):
    basis = find_basis(settings, None)
    later = Basis(date(basis.month.year + 1, basis.month.month, 1), basis.release, basis.release)
    content = build_content(later, find_scope(basis.release, "sormland", None))
    assert content.summary[0].startswith("Inga nya uppgifter har kommit") and not content.revised and content.late


def test_a_month_with_no_release_fails_with_the_months_there_are(settings):
    with DagsterInstance.ephemeral() as instance:
        config = RunConfig(ops={"published__reports": ReportsConfig(month="2001-01")})
        result = materialize([build_reports_asset(settings)], instance=instance, run_config=config, raise_on_error=False)
    (failed,) = result.get_step_failure_events()
    assert not result.success and "ingen release" in str(failed.step_failure_data.user_failure_data.description)
