"""``naravard bi``: files that connect Power BI, Excel, Qlik, Superset and Metabase to what is published."""

from pathlib import Path

import click

from naravard_pipeline.cli.terminal import UserError, console, print_table
from naravard_pipeline.settings import Settings


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The folder for them; NARAVARD_HOME/bi unless named.")
@click.option("--server", "address", metavar="HOST[:PORT]", default="localhost", show_default=True, help="Where readers find PostgreSQL.")
@click.option("--database", default="naravard", show_default=True, help="The database there.")
@click.option("--user", default="dashboards", show_default=True, help="A login in the role naravard_reader; its password is in no file.")
def bi(out: Path | None, address: str, database: str, user: str) -> None:
    """Files that connect a BI tool, made from the last release: its tables, columns, types and descriptions.

    Example: naravard bi --server db.example.se --database naravard
    """
    from naravard_pipeline.bi.files import read_columns, write_bi_files
    from naravard_pipeline.bi.tools import Server
    from naravard_pipeline.publication.folders import DATABASE, current_release

    settings = Settings.from_environment()
    host, _, port = address.partition(":")
    if not host or (port and not port.isdigit()):
        raise UserError(f"--server is {address!r}; expected a host, or host:port as in db.example.se:5432")
    release = current_release(settings)
    if release is None:
        raise UserError(f"nothing is published in {settings.published} yet. Run: naravard run")
    folder = out or settings.home / "bi"
    server = Server(host, int(port or 5432), database, user)
    what = write_bi_files(read_columns(release / DATABASE), settings.published / "current", server, folder)
    console.print(f"{len(what)} files in {folder}, for the tables of {release.name}")
    print_table(("file", "for"), [[name, use] for name, use in what.items()])
