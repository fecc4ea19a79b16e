"""``naravard run``, ``demo``, ``dev`` and ``generate``: what makes something."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.cli.terminal import HELD, UserError, console, must_be_among, open_catalogue, open_progress
from naravard_pipeline.landing.home import claim_home
from naravard_pipeline.settings import Settings


@click.command()
@click.option("--source", "sources", multiple=True, metavar="S", help="Only this source, e.g. kolada. May be given several times.")
@click.option("--measure", "measures", multiple=True, metavar="M", help="Only this measure, e.g. sip_antal. May be given several times.")
def run(sources: Sequence[str], measures: Sequence[str]) -> None:
    """Fetch, build, check, publish. Exit code 0 published, 3 something held back, 1 failed.

    With --source or --measure only those are fetched; everything is built, checked and published all the same.

    Example: naravard run --source kolada
    """
    settings, catalogue = Settings.from_environment(), open_catalogue()
    assets = _selected(catalogue, sources, measures) if sources or measures else None
    claim_home(settings)
    sys.exit(_run(settings, catalogue, assets))


@click.command()
def demo() -> None:
    """The same on made-up figures, without network. In data/demo, unless NARAVARD_HOME says otherwise.

    Example: naravard demo
    """
    catalogue = open_catalogue()
    with _demo_sources(catalogue) as settings:
        code = _run(settings, catalogue, None)
    current = settings.published / "current"
    console.print("\nEvery figure is made up. Where to look:")
    console.print(f"  {current}/index.html         the site: open it in a browser")
    console.print(f"  {current}/quality.html       what was checked")
    console.print(f"  {current}/naravard.duckdb    the published database, also as parquet/ and csv/")
    console.print("  make dev DEMO=1              the same run in Dagster, at http://localhost:3000")
    sys.exit(code)


@click.command()
@click.option("--demo", "is_demo", is_flag=True, help="On the demo's data and sources.")
@click.option("--port", default=3000, show_default=True)
def dev(is_demo: bool, port: int) -> None:
    """Dagster's pages on the same definitions, until interrupted.

    Example: naravard dev --demo
    """
    import subprocess

    from naravard_pipeline.orchestration.run import write_instance
    from naravard_pipeline.settings import PROJECT

    with _demo_sources(open_catalogue()) if is_demo else nullcontext(Settings.from_environment()) as settings:
        claim_home(settings)
        environment = os.environ | settings.to_environment() | {"DAGSTER_HOME": str(write_instance(settings))}
        dagster = Path(sys.executable).with_name("dagster")
        command = [dagster, "dev", "--workspace", PROJECT / "workspace.yaml", "--port", str(port)]
        with suppress(KeyboardInterrupt):
            sys.exit(subprocess.run(command, env=environment, cwd=PROJECT).returncode)


@click.command()
def generate() -> None:
    """Write what follows from the catalogue: JSON Schemas, a mart with checks per goal area, dbt's exposures, the star's
    picture, inbox templates, and the contract of published columns.

    A column or table that readers rely on is taken out of the contract only after the published data has announced it; see the README.

    Example: naravard generate
    """
    from datetime import date

    from naravard_pipeline.bi.exposures import build_exposures
    from naravard_pipeline.bi.files import write_star
    from naravard_pipeline.catalogue.marts import write_mart_files, write_mart_suites
    from naravard_pipeline.catalogue.schema import write_schemas
    from naravard_pipeline.landing.list_templates import write_list_templates
    from naravard_pipeline.landing.templates import write_templates
    from naravard_pipeline.publication.meta import META_TABLES
    from naravard_pipeline.publication.promise import read_project, renew_promise
    from naravard_pipeline.settings import DBT_PROJECT, EXPECTATIONS, SOURCES

    write_schemas(SOURCES)
    catalogue = open_catalogue()
    written = [
        *write_mart_files(catalogue, DBT_PROJECT / "models" / "marts"),
        *write_mart_suites(catalogue, EXPECTATIONS),
        *write_templates(catalogue, SOURCES),
        *write_list_templates(catalogue, SOURCES / "enkater" / "templates"),
    ]
    exposures = DBT_PROJECT / "models" / "exposures.yml"
    exposures.write_text(build_exposures(catalogue), encoding="utf-8")
    written += [exposures, *write_star(DBT_PROJECT / "models", DBT_PROJECT)]
    click.echo(f"{len(written)} files are up to date with sources/")
    version = renew_promise(read_project(DBT_PROJECT / "models").with_tables(META_TABLES), date.today())
    click.echo(f"The contract of published columns has version {version}")


@contextmanager
def _demo_sources(catalogue: Catalogue) -> Iterator[Settings]:
    """Settings for the demo: a home of its own, and a server that answers with made-up figures as long as this lasts."""
    from naravard_pipeline.demo.files import write_demo_files
    from naravard_pipeline.demo.server import DemoServer

    settings = Settings.from_environment()
    home = settings.home if os.environ.get("NARAVARD_HOME") else settings.home / "demo"
    with DemoServer(catalogue) as server:
        urls = {**settings.base_urls, **server.urls}
        settings = settings.changed(home=home, is_demo=True, base_urls=urls, requests_per_second=1000.0)
        claim_home(settings)
        write_demo_files(settings.inbox, catalogue)
        yield settings


def _run(settings: Settings, catalogue: Catalogue, assets: Sequence[Any] | None) -> int:
    """Run ``assets`` and what follows from them, everything if None; returns the exit code."""
    settings.inbox.mkdir(parents=True, exist_ok=True)
    with open_progress("starting") as tell:
        tell(f"naravard: {settings.home}" + (" (MADE-UP FIGURES)" if settings.is_demo else ""))
        from naravard_pipeline.definitions import build_definitions
        from naravard_pipeline.orchestration.run import execute

        outcome = execute(build_definitions(settings, catalogue), settings, assets, tell)
    if outcome.failure:
        current = settings.published / "current"
        rest = f"What was published before is still there: {current}" if current.exists() else "Nothing has been published here yet."
        raise UserError(f"{outcome.failure}\n{rest}")
    return _report(outcome.release, outcome.to_mend)


def _selected(catalogue: Catalogue, sources: Sequence[str], measures: Sequence[str]) -> list[Any]:
    live = {m.measure_id: m for m in catalogue.live}
    for name in sources:
        must_be_among(name, sorted({m.source_id for m in live.values()}), "--source", "source with a connector")
    for name in measures:
        must_be_among(name, sorted(live), "--measure", "measure with a source")
    from naravard_pipeline.orchestration.ingestion import measure_key

    wanted = {m.measure_id for m in live.values() if m.measure_id in measures or m.source_id in sources}
    wanted |= {name for measure_id in wanted if (derived := live[measure_id].derived) for name in derived.measures}  # computed, not fetched
    return [measure_key(m) for m in live.values() if m.measure_id in wanted and not m.derived]


def _report(release: dict[str, Any], to_mend: Sequence[str]) -> int:
    held, left_out = release["held"], release["left_out"]
    done = "published" if release["is_new"] else "nothing has changed since"
    console.print(f"[bold]{done}[/bold] {release['release_id']}: {release['dagster/row_count']:,} observations in {release['path']}")
    for title, measures in (("held at their last released figures", held), ("left out, nothing released yet", left_out)):
        if measures:
            console.print(f"[yellow]{len(measures)} measure(s) {title}:[/yellow]")
            for measure_id, reason in measures.items():
                console.print(f"  {measure_id}: {escape(reason)}")
    if release["candidate_id"]:
        console.print(f"[yellow]{len(release['waiting'])} measure(s) wait for a person.[/yellow] Look: naravard release diff")
        console.print(f"  then: naravard release approve {release['candidate_id']} --measure M --by NAME --reason TEXT")
    for target, why in release["targets"].items():
        console.print(f"[yellow]{target} still shows its old data:[/yellow] {escape(why)}")
    if to_mend:
        console.print(f"[yellow]{len(to_mend)} file(s) to mend:[/yellow]")
        for message in to_mend:
            console.print(f"  {escape(message)}")
    return HELD if held or left_out or to_mend or release["targets"] else 0
