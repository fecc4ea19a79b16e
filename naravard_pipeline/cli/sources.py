"""``naravard sources …``: what the sources say of themselves."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from naravard_pipeline.cli.terminal import HELD, UserError, open_catalogue, print_table
from naravard_pipeline.settings import Settings

DAYS_BACK = 90
DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def sources() -> None:
    """The sources themselves.

    Example: naravard sources audit
    """


@sources.command("audit")
@click.option("--as-of", type=DAY, metavar="DATE", help="Late is what was to appear before this day.  [default: today]")
@click.option("--since", type=DAY, metavar="DATE", help=f"Compare with the catalogue of this day.  [default: {DAYS_BACK} days before --as-of]")
@click.option("--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Compare with a catalogue kept in this file instead.")
@click.option("--all", "with_others", is_flag=True, help="Also list key figures that no measure uses.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def sources_audit(as_of: datetime | None, since: datetime | None, against: Path | None, with_others: bool, as_json: bool) -> None:
    """What changed in Kolada's own catalogue: key figures gone, retired, retitled, published since, late.

    Fetches the catalogue first; where that fails, the last one is used. Exit code 0: nothing to do; 3: something to look at.

    Example: naravard sources audit --as-of 2026-09-01
    """
    from naravard_pipeline.connectors.answer import FetchError
    from naravard_pipeline.landing.audit import audit_catalogue
    from naravard_pipeline.landing.catalogues import catalogue_as_of, land_catalogue_of_kolada, list_catalogues, read_catalogue_file
    from naravard_pipeline.landing.home import claim_home
    from naravard_pipeline.landing.store import Landing

    measures = open_catalogue().measures_of("kolada")
    settings = Settings.from_environment()
    claim_home(settings)
    landing = Landing(settings.landing)
    try:
        land_catalogue_of_kolada(settings, landing)
    except FetchError as error:
        known = list_catalogues(landing)
        if not known:
            raise UserError(f"{error}. No catalogue has been landed yet, so there is nothing to audit.") from error
        click.echo(f"{error}. The catalogue of {known[-1].seen_at:%Y-%m-%d} is used.", err=True)
    known = list_catalogues(landing)
    day = (as_of or datetime.now()).date()
    base = catalogue_as_of(known, since.date() if since else day - timedelta(days=DAYS_BACK))
    earlier = read_catalogue_file(against) if against else base.read()
    audit = audit_catalogue(
        measures,
        known[-1].read(),
        earlier,
        earlier if against else known[0].read(),
        {state.measure_id: state for state in landing.read_states() if state.source_id == "kolada"},
        day,
        str(against or f"{base.seen_at:%Y-%m-%d}"),
    )
    if as_json:
        click.echo(json.dumps(audit.to_document(), ensure_ascii=False, indent=2))
    else:
        change = ", ".join(f"{len(entries)} {name}" for name, entries in vars(audit.change).items())
        click.echo(f"Kolada: {audit.key_figures} key figures as of {audit.as_of}; since {audit.compared_with}: {change}")
        _print(audit.ours, "no finding concerns our measures")
        if with_others:
            _print(audit.others, "no finding concerns others")
    sys.exit(HELD if audit.to_look_at else 0)


def _print(findings: Iterable[Any], nothing: str) -> None:
    rows = [
        (
            finding.kind,
            finding.code,
            ", ".join(finding.measure_ids),
            finding.detail + (" (so marked here)" if finding.is_settled else ""),
            _told(finding.successor),
            finding.title,
        )
        for finding in findings
    ]
    if not rows:
        return click.echo(nothing)
    print_table(("what", "key figure", "measures", "detail", "successor", "title"), rows)


def _told(successor: Any) -> str:
    if successor is None:
        return ""
    unit = ", in another unit" if successor.unit_differs else ""
    return f"{successor.code} ({successor.confidence}, likeness {successor.likeness:.2f}{unit}): {successor.title}"
