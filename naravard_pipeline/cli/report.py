"""``naravard report``: the monthly status report of a framework or a place."""

from pathlib import Path

import click

from naravard_pipeline.cli.terminal import UserError, console
from naravard_pipeline.settings import Settings


@click.command()
@click.option("--framework", "framework_id", metavar="F", help="For the county of a framework, e.g. sormland.")
@click.option("--area", "area_code", metavar="CODE", help="For one place, e.g. 0484 for Eskilstuna.")
@click.option("--month", metavar="YYYY-MM", help="The month; that of the last release unless named.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The folder for it; NARAVARD_HOME/reports unless named.")
@click.option("--no-pdf", is_flag=True, help="The page only.")
def report(framework_id: str | None, area_code: str | None, month: str | None, out: Path | None, no_pdf: bool) -> None:
    """A page and a PDF of two sides, in Swedish: what moved, what is held, late or missing. From published releases only.

    Example: naravard report --area 0484
    """
    if (framework_id is None) == (area_code is None):
        raise UserError("ange antingen --framework (till exempel sormland) eller --area (till exempel 0484)")
    from naravard_pipeline.report.content import build_content
    from naravard_pipeline.report.page import write_files
    from naravard_pipeline.report.scope import find_basis, find_scope

    settings = Settings.from_environment()
    basis = find_basis(settings, month)
    content = build_content(basis, find_scope(basis.release, framework_id, area_code))
    for path in write_files(content, out or settings.home / "reports", not no_pdf):
        console.print(str(path), soft_wrap=True)
