"""``naravard measure …``: the catalogue, read and checked."""

import json
import sys

import click

from naravard_pipeline.cli.terminal import must_be_among, open_catalogue, print_table


@click.group()
def measure() -> None:
    """The measures of the catalogue.

    Example: naravard measure list
    """


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
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def measure_show(measure_id: str, as_json: bool) -> None:
    """Everything the catalogue says of one measure.

    Example: naravard measure show sip_antal
    """
    catalogue = open_catalogue()
    must_be_among(measure_id, sorted(catalogue.measures), "MEASURE_ID", "measure")
    content = catalogue.measures[measure_id].model_dump(mode="json", exclude_none=True, by_alias=True)
    if as_json:
        return click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    print_table(("field", "value"), ([k, json.dumps(v, ensure_ascii=False) if isinstance(v, (list, dict)) else v] for k, v in content.items()))


@measure.command("check")
@click.option("--lang", type=click.Choice(["en", "sv"]), default="en", show_default=True, help="Language of the messages.")
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
