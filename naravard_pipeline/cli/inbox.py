"""``naravard inbox …``: files from the region and the municipalities."""

import sys
from pathlib import Path

import click

from naravard_pipeline.cli.terminal import HELD, must_be_among, open_catalogue


@click.group()
def inbox() -> None:
    """Files from the region and the municipalities.

    Example: naravard inbox check sip.xlsx
    """


@inbox.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def inbox_check(file: Path) -> None:
    """Vad är fel i filen, innan den skickas? Inget sparas. Slutkod 0 om den duger, 3 om den inte gör det.

    Example: naravard inbox check sip.xlsx
    """
    from naravard_pipeline.landing.file_answer import build_answer
    from naravard_pipeline.landing.inbox import check_file

    catalogue = open_catalogue()
    check = check_file(file, catalogue)
    click.echo(build_answer(check, catalogue.areas))
    sys.exit(0 if check.accepted else HELD)


@inbox.command("template")
@click.argument("name")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("."), show_default=True, help="Folder to write to.")
def inbox_template(name: str, folder: Path) -> None:
    """Write a template as Excel and CSV: of a measure, of a survey, or of the register of initiatives (satsningar).

    Example: naravard inbox template sip_antal --to mallar
    """
    from naravard_pipeline.landing.list_templates import build_list_templates
    from naravard_pipeline.landing.templates import build_templates

    catalogue = open_catalogue()
    templates = build_templates(catalogue) | build_list_templates(catalogue)
    must_be_among(name, sorted({Path(file).stem for file in templates}), "NAME", "measure that comes in files, survey, or the register satsningar")
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in templates.items():
        if Path(file).stem == name:
            (folder / file).write_bytes(content)
            click.echo(folder / file)
