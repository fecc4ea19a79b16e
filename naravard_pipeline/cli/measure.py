"""``naravard measure …``: the catalogue, read and checked."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from naravard_pipeline.cli.measure_new import measure_change, measure_find, measure_form, measure_new
from naravard_pipeline.cli.preview import preview
from naravard_pipeline.cli.terminal import lang_option, must_be_among, open_catalogue, print_table
from naravard_pipeline.settings import SOURCES, Settings


@click.group()
def measure() -> None:
    """The measures of the catalogue.

    Example: naravard measure list
    """


measure.add_command(measure_new)
measure.add_command(measure_change)
measure.add_command(measure_find)
measure.add_command(measure_form)


@measure.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def measure_list(as_json: bool) -> None:
    """All measures, with the indicators they stand under.

    Example: naravard measure list
    """
    catalogue = open_catalogue()
    rows = [
        {"measure_id": m.measure_id, "name_sv": m.name_sv, "status": m.status, "source": m.source_id, "source_code": m.source_code}
        | {"indicators": [f"{link.framework}.{link.indicator}" for link in m.indicators]}
        for m in catalogue.measures.values()
    ]
    if as_json:
        return click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    print_table(("measure", "name", "status", "source", "code", "indicators"), ([*list(r.values())[:5], ", ".join(r["indicators"])] for r in rows))


@measure.command("show")
@click.argument("measure_id")
@click.option("--area", "area_code", metavar="A", help="Explain the published figure of this area, e.g. 0484: its way back to the source's answer.")
@click.option("--period", "period_label", metavar="P", help="Of this period, e.g. 2024 or 2025-03; the newest with a value if not given.")
@click.option("--sex", type=click.Choice(["total", "women", "men"]), default="total", show_default=True, help="Of this sex.")
@click.option("--history", is_flag=True, help="How its definition has changed: when, and what from → to.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def measure_show(measure_id: str, area_code: str | None, period_label: str | None, sex: str, history: bool, as_json: bool) -> None:
    """Everything the catalogue says of one measure; with --area, the way back of one published figure and of what is said of it.

    Example: naravard measure show sip_per_1000 --area 0484 --period 2025-03
    """
    catalogue = open_catalogue()
    must_be_among(measure_id, sorted(catalogue.measures), "MEASURE_ID", "measure")
    if area_code:
        from dataclasses import asdict

        from naravard_pipeline.cli.explanation import tell_explanation
        from naravard_pipeline.publication.explain import explain

        must_be_among(area_code, list(catalogue.areas), "--area", "area")
        found = explain(Settings.from_environment(), catalogue, measure_id, area_code, period_label, sex)
        if as_json:
            return click.echo(json.dumps([asdict(e) for e in found], ensure_ascii=False, indent=2, default=str))
        for explanation in found:
            tell_explanation(explanation)
        return
    if history:
        return _show_history(SOURCES.parent / catalogue.measures[measure_id].path, measure_id, as_json)
    content = catalogue.measures[measure_id].model_dump(mode="json", exclude_none=True, by_alias=True)
    if before := [m.measure_id for m in catalogue.measures.values() if m.retired and m.retired.replaced_by == measure_id]:
        content["replaces"] = before
    if as_json:
        return click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    print_table(("field", "value"), ([k, json.dumps(v, ensure_ascii=False) if isinstance(v, (list, dict)) else v] for k, v in content.items()))


def _show_history(path: Path, measure_id: str, as_json: bool) -> None:
    """The file's versions, or where git does not know it those of the releases. In Swedish, like the way back of a figure."""
    from dataclasses import asdict

    from naravard_pipeline.catalogue.history import read_history
    from naravard_pipeline.publication.measure_history import read_released_history

    versions = read_history(path)
    if versions is None:
        versions = read_released_history(Settings.from_environment(), measure_id)
    if as_json:
        return click.echo(json.dumps([asdict(v) for v in versions], ensure_ascii=False, indent=2, default=str))
    for version in versions:
        click.echo(f"{version.date}  " + ("måttet tillkom" if version.is_first else "; ".join(change.text_sv() for change in version.changes)))
    if not versions:
        click.echo("Ingen historik: filen är inte versionshanterad och måttet har inte publicerats.")


@measure.command("check")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def measure_check(lang: Literal["en", "sv"], as_json: bool) -> None:
    """Check every file under sources/ and expectations/: file, line, field, what is there, what would be right. Exit code 1 if anything is wrong.

    Example: naravard measure check --lang sv
    """
    from naravard_pipeline.catalogue import CatalogueError, Problem
    from naravard_pipeline.catalogue.history import find_changed_meaning
    from naravard_pipeline.catalogue.marts import find_stale
    from naravard_pipeline.quality import read_suites
    from naravard_pipeline.settings import DBT_PROJECT, EXPECTATIONS

    problems: list[Problem] = []
    checks = measures = 0
    try:
        catalogue = open_catalogue()
        measures, problems = len(catalogue.measures), find_stale(catalogue, DBT_PROJECT, EXPECTATIONS)
    except CatalogueError as error:
        problems = error.problems
    try:
        checks = sum(len(list(suite.expectations)) for suite in read_suites(EXPECTATIONS))
    except CatalogueError as error:
        problems = [*problems, *error.problems]
    if as_json:
        click.echo(
            json.dumps([{"path": p.path, "line": p.line, "field": p.field, "text": p.text(lang)} for p in problems], ensure_ascii=False, indent=2)
        )
    else:
        for problem in problems:
            click.echo(problem.text(lang))
    if problems:
        sys.exit(1)
    for measure in catalogue.measures.values():
        if fields := find_changed_meaning(SOURCES.parent / measure.path):
            click.echo(_tell_changed_meaning(measure.path, fields, lang), err=True)
    if not as_json:
        click.echo(f"{measures} mått och {checks} kontroller: inga fel." if lang == "sv" else f"{measures} measures and {checks} checks: no problem.")


def _tell_changed_meaning(path: Path, fields: Sequence[str], lang: Literal["en", "sv"]) -> str:
    """No mistake, but something that is easily forgotten: published figures and new ones will not mean the same."""
    named = ", ".join(fields)
    if lang == "sv":
        return f"{path}: obs: {named} har ändrats utan att ett brott i serien anges; måttet väntar på en person vid nästa publicering"
    return f"{path}: note: {named} changed and no break of the series is declared; the measure will wait for a person at the next publication"


measure.add_command(preview)
