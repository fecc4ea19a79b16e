"""``naravard measure …``: the catalogue, read and checked."""

import json
import sys

import click

from naravard_pipeline.cli.measure_new import measure_find, measure_form, measure_new
from naravard_pipeline.cli.terminal import lang_option, must_be_among, open_catalogue, print_table
from naravard_pipeline.settings import Settings


@click.group()
def measure() -> None:
    """The measures of the catalogue.

    Example: naravard measure list
    """


measure.add_command(measure_new)
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
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def measure_show(measure_id: str, area_code: str | None, period_label: str | None, sex: str, as_json: bool) -> None:
    """Everything the catalogue says of one measure; with --area, the way back of one published figure.

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
            tell_explanation(explanation, catalogue.areas[area_code].name_sv)
        return
    content = catalogue.measures[measure_id].model_dump(mode="json", exclude_none=True, by_alias=True)
    if as_json:
        return click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    print_table(("field", "value"), ([k, json.dumps(v, ensure_ascii=False) if isinstance(v, (list, dict)) else v] for k, v in content.items()))


@measure.command("check")
@lang_option
def measure_check(lang: str) -> None:
    """Check every file under sources/ and expectations/: file, line, field, what is there, what would be right.

    Example: naravard measure check --lang sv
    """
    from naravard_pipeline.catalogue import CatalogueError, read_catalogue
    from naravard_pipeline.quality import read_suites
    from naravard_pipeline.settings import EXPECTATIONS, SOURCES

    try:
        catalogue = read_catalogue(SOURCES)
    except CatalogueError as error:
        for problem in error.problems:
            click.echo(problem.text(lang))
        sys.exit(1)
    suites = read_suites(EXPECTATIONS)
    checks = sum(len(list(s.expectations)) for s in suites)
    click.echo(
        f"{len(catalogue.measures)} mått och {checks} kontroller: inga fel."
        if lang == "sv"
        else f"{len(catalogue.measures)} measures and {checks} checks: no problem."
    )
