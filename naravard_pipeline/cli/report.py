"""``naravard report``: the monthly status report of a framework or a place, or all of them."""

from pathlib import Path

import click

from naravard_pipeline.cli.terminal import UserError, console
from naravard_pipeline.settings import Settings


@click.command()
@click.option("--framework", "framework_id", metavar="F", help="For the county of a framework, e.g. sormland.")
@click.option("--area", "area_code", metavar="CODE", help="For one place, e.g. 0484 for Eskilstuna.")
@click.option("--all", "is_all", is_flag=True, help="For every framework and every municipality of their counties.")
@click.option("--month", metavar="YYYY-MM", help="The month; that of the last release unless named.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder for it instead of NARAVARD_HOME/published/reports.")
@click.option("--no-pdf", is_flag=True, help="The page only.")
def report(framework_id: str | None, area_code: str | None, is_all: bool, month: str | None, out: Path | None, no_pdf: bool) -> None:
    """A page and a PDF of two sides, in Swedish: what moved, what is held, late or missing. From published releases only.

    Example: naravard report --area 0484
    """
    if (framework_id is not None) + (area_code is not None) + is_all != 1:
        raise UserError("ange ett av --framework (till exempel sormland), --area (till exempel 0484) och --all")
    from naravard_pipeline.report import shelf
    from naravard_pipeline.report.content import build_content
    from naravard_pipeline.report.page import write_files
    from naravard_pipeline.report.scope import find_basis, find_scope, list_scopes

    settings = Settings.from_environment()
    if is_all and out is None:
        made = shelf.make_all(settings, month, not no_pdf, on_progress=console.print)
        console.print(str(shelf.shelf(settings) / shelf.INDEX), soft_wrap=True)
        if made.problems:
            raise UserError("; ".join(made.problems))
        return
    basis = find_basis(settings, month)
    for scope in list_scopes(basis.release) if is_all else [find_scope(basis.release, framework_id, area_code)]:
        try:
            written = write_files(build_content(basis, scope), out, not no_pdf) if out else shelf.put(settings, basis, scope, not no_pdf)
        finally:
            shelf.tidy(settings)
        for path in written:
            console.print(str(path), soft_wrap=True)
