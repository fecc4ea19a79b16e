"""``naravard prune``: what nothing needs any more, by hand. Every publication does the same by itself."""

import json
import sys
from collections import Counter

import click

from naravard_pipeline.cli.terminal import HELD, UserError, console, print_table
from naravard_pipeline.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--rebuild-memory", is_flag=True, help="Where the memory of hidden cells is lost and there is no backup: make it from the releases.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def prune(dry_run: bool, rebuild_memory: bool, as_json: bool) -> None:
    """Remove old releases, the answers that no kept release needs, and old runs. Every run does so by itself.

    What is kept: see NARAVARD_KEEP_RELEASES, NARAVARD_KEEP_MONTHS and NARAVARD_KEEP_DAYS in the README; always the current release, the one before
    it, what decisions/pinned_releases.txt names, and all decisions. Exit code 3: not everything could go; it says why.

    Example: naravard prune --dry-run
    """
    from naravard_pipeline.publication.folders import list_releases, only_one
    from naravard_pipeline.publication.gate import GateClosed
    from naravard_pipeline.publication.hidden_cells import rebuild_hidden
    from naravard_pipeline.publication.retention import PINNED, read_pinned
    from naravard_pipeline.publication.retention import prune as prune_home

    settings = Settings.from_environment()
    if rebuild_memory and dry_run:
        raise UserError("--rebuild-memory: there is no dry run of it.")
    if not settings.published.exists():
        raise UserError(f"nothing is published in {settings.published} yet, so there is nothing to remove. Run: naravard run")
    try:
        with only_one(settings):
            if rebuild_memory:
                click.echo(f"{rebuild_hidden(settings):,} hidden cells are remembered", err=True)
            missing = sorted(read_pinned(settings) - {folder.name for folder in list_releases(settings)})
            pruned = prune_home(settings, dry_run=dry_run)
    except GateClosed as closed:
        raise UserError("\n".join(closed.failures)) from closed
    house = _keep_house(settings, dry_run)
    notes = [note for note in (pruned.stopped, *house["problems"]) if note]
    notes += [f"{settings.decisions / PINNED} names {name}, which is not kept here." for name in missing]
    if as_json:
        removed = [{"kind": r.kind, "path": str(r.path), "bytes": r.bytes} for r in pruned.removed]
        click.echo(json.dumps({"dry_run": dry_run, "bytes": pruned.bytes, "removed": removed, **house, "notes": notes}, ensure_ascii=False, indent=2))
        sys.exit(HELD if notes else 0)
    counts, sizes = Counter(r.kind for r in pruned.removed), Counter()
    for removal in pruned.removed:
        sizes[removal.kind] += removal.bytes
        if removal.kind == "release":
            console.print(f"  {removal.path.name}")
    rows = [(kind, number, f"{sizes[kind] / 1e6:,.1f}") for kind, number in counts.items()]
    rows += [(kind, house[name], "") for kind, name in (("run in Dagster's record", "runs"), ("plot", "plots")) if house[name]]
    print_table(("would go" if dry_run else "gone", "number", "MB"), rows)
    given_back = pruned.bytes + house["bytes_given_back"]
    console.print(f"{given_back / 1e6:,.1f} MB ({given_back:,} bytes) {'would be' if dry_run else 'are'} given back")
    for note in notes:
        click.echo(note, err=True)
    sys.exit(HELD if notes else 0)


def _keep_house(settings: Settings, dry_run: bool) -> dict:
    if not (settings.dagster_home / "dagster.yaml").exists():  # nothing was ever run from here
        return {"runs": 0, "plots": 0, "bytes_given_back": 0, "problems": []}
    from naravard_pipeline.orchestration.housekeeping import keep_house
    from naravard_pipeline.orchestration.run import open_instance

    with open_instance(settings) as instance:
        done = keep_house(settings, instance, dry_run=dry_run)
    return {"runs": done.runs, "plots": done.plots, "bytes_given_back": done.bytes, "problems": list(done.problems)}
