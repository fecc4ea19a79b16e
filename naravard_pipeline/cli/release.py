"""``naravard status`` and ``naravard release …``: what is published."""

import json

import click
from rich.markup import escape

from naravard_pipeline.cli.decide import approve, correct, log, push, restart_log, reveal, rollback
from naravard_pipeline.cli.terminal import UserError, console, must_be_among, open_catalogue, print_table
from naravard_pipeline.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(as_json: bool) -> None:
    """The last release, what is held and why, what waits for a person, and the last attempt at each measure.

    Example: naravard status --json
    """
    from naravard_pipeline.landing.store import Landing
    from naravard_pipeline.publication.approval import read_review
    from naravard_pipeline.publication.folders import current_release, read_release
    from naravard_pipeline.publication.targets import read_lagging

    settings = Settings.from_environment()
    folder = current_release(settings)
    lagging = read_lagging(settings)
    attempts = [
        {"measure_id": s.measure_id, "source_id": s.source_id, "state": s.state, "at": s.at.isoformat(timespec="seconds"), "rows": s.rows}
        | {"newest_period": s.newest_period, "reason": s.reason, "notes": list(s.notes), "refused_snapshot_id": s.refused_snapshot_id}
        for s in (Landing(settings.landing).read_states() if settings.landing.exists() else [])
    ]
    quality = read_release(folder) if folder else {"release": None, "held": [], "left_out": []}
    review = read_review(settings) or {"candidate_id": None, "waiting": {}}
    waiting = {"candidate_id": review["candidate_id"], "measures": list(review["waiting"])}
    if as_json:
        shown = {k: quality[k] for k in ("release", "held", "left_out")} | {"waiting": waiting, "lagging": lagging, "attempts": attempts}
        return click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    if not folder:
        console.print(f"Nothing is published in {settings.published} yet. Run: naravard run (or naravard demo)")
    else:
        release = quality["release"]
        console.print(
            f"release {release['release_id']} of {release['published_at']}" + ("  [bold]MADE-UP FIGURES[/bold]" if release["is_demo"] else "")
        )
        for hold in (*quality["held"], *quality["left_out"]):
            console.print(f"  held: {hold['measure_id']}: {escape(hold['held_reason'])} (since {hold['held_since'] or 'never released'})")
    for target, told in lagging.items():
        console.print(f"[yellow]{target} has shown old data since {told['since']}[/yellow] and not {told['release_id']}: {escape(told['reason'])}")
        console.print("  when that is mended: naravard release push")
    if waiting["candidate_id"]:
        console.print(
            f"[yellow]{len(waiting['measures'])} measure(s) wait for a person[/yellow] under {waiting['candidate_id']}: naravard release diff"
        )
    for attempt in attempts:
        if attempt["refused_snapshot_id"]:
            console.print(
                f"  {attempt['measure_id']}: the answer has shrunk; to let it in: naravard release approve {attempt['refused_snapshot_id']}"
            )
    print_table(
        ("measure", "source", "last attempt", "state", "rows", "newest", "note"),
        (
            [a["measure_id"], a["source_id"], a["at"], a["state"], a["rows"], a["newest_period"], a["reason"] or " ".join(a["notes"])]
            for a in attempts
        ),
    )


@click.group()
def release() -> None:
    """What has been published.

    Example: naravard release list
    """


@release.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def release_list(as_json: bool) -> None:
    """All kept releases, oldest first.

    Example: naravard release list
    """
    from naravard_pipeline.publication.folders import current_release, list_releases, read_release

    settings = Settings.from_environment()
    current = current_release(settings)
    rows = []
    for folder in list_releases(settings):
        try:
            content = read_release(folder)
        except (OSError, ValueError):
            content = {"release": {"release_id": folder.name, "published_at": "cannot be read", "is_demo": None}, "held": []}
        rows.append(content["release"] | {"held": len(content["held"]), "is_current": folder == current})
    if as_json:
        return click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    print_table(
        ("release", "published", "demo", "held", "current"),
        ([r["release_id"], r["published_at"], "made up" if r["is_demo"] else "", r["held"], "◂" if r["is_current"] else ""] for r in rows),
    )


@release.command("show")
@click.argument("release_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def release_show(release_id: str | None, as_json: bool) -> None:
    """One release (the current one, if none is named): its checks and what is held.

    Example: naravard release show
    """
    from naravard_pipeline.publication.folders import current_release, list_releases, read_release

    settings = Settings.from_environment()
    kept = {f.name: f for f in list_releases(settings)}
    if release_id:
        must_be_among(release_id, sorted(kept), "RELEASE_ID", "kept release")
    folder = kept[release_id] if release_id else current_release(settings)
    if folder is None:
        raise UserError(f"nothing is published in {settings.published} yet. Run: naravard run")
    try:
        content = read_release(folder)
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} cannot be read as a release ({error}). Restore it from a backup, or go back to another one.") from error
    if as_json:
        return click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    console.print(f"{content['release']['release_id']}, content {content['release']['content_hash'][:16]}, in {folder}")
    for hold in (*content["held"], *content["left_out"]):
        console.print(f"  held: {hold['measure_id']}: {escape(hold['held_reason'])}")
    failed = [c for c in content["checks"] if not c["passed"]]
    console.print(f"{len(content['checks'])} checks, {len(failed)} do not hold")
    print_table(
        ("check", "table", "severity", "rows", "measures"),
        ([c["check"], c["table"], c["severity"], c["failed_rows"], ", ".join(c["by_measure"])] for c in failed),
    )


@release.command("diff")
@click.argument("before", required=False, metavar="[RELEASE_ID")
@click.argument("after", required=False, metavar="[RELEASE_ID]]")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def release_diff(before: str | None, after: str | None, as_json: bool) -> None:
    """What changed: from the last release to the last candidate, with what waits for a person; or from one kept release to another (the current).

    Example: naravard release diff
    """
    from naravard_pipeline.publication.approval import read_review
    from naravard_pipeline.publication.changes_page import tell_changes
    from naravard_pipeline.publication.diff import compare_releases
    from naravard_pipeline.publication.folders import current_release, list_releases

    settings = Settings.from_environment()
    decided = None
    if before is None:
        review = read_review(settings)
        if review is None:
            raise UserError(f"nothing has been prepared for publication in {settings.home} yet. Run: naravard run")
        changes, decided = review["changes"], review["candidate_id"]
    else:
        kept = {f.name: f for f in list_releases(settings)}
        for name in (before, after):
            if name:
                must_be_among(name, sorted(kept), "RELEASE_ID", "kept release")
        changes = compare_releases(kept[before], kept[after] if after else current_release(settings))
    if as_json:
        return click.echo(json.dumps(changes | {"candidate_id": decided}, ensure_ascii=False, indent=2, default=str))
    for line in tell_changes(changes, width=console.width if console.is_terminal else 200):
        console.print(escape(line))
    if before is None:
        console.print(f"as a page: {settings.review / 'changes.html'}")
    if decided:
        console.print(f'to let one out: naravard release approve {decided} --measure M --by "NAME" --reason "TEXT"')


@release.command("explain")
@click.argument("framework_id", metavar="FRAMEWORK")
@click.argument("indicator_id", metavar="INDICATOR")
@click.option("--area", "area_code", metavar="A", required=True, help="Of this area, e.g. 0484.")
@click.option("--year", type=int, help="Of this year; the newest if not given.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def release_explain(framework_id: str, indicator_id: str, area_code: str, year: int | None, as_json: bool) -> None:
    """The way back of an aggregated indicator: each measure's figure, base, weight and part. INDICATOR: an indicator or a goal area of FRAMEWORK.

    Example: naravard release explain sormland forebyggande --area 0484 --year 2023
    """
    from dataclasses import asdict

    from naravard_pipeline.cli.explanation import tell_composite
    from naravard_pipeline.publication.explain_composites import explain_composite

    catalogue = open_catalogue()
    must_be_among(framework_id, sorted(catalogue.frameworks), "FRAMEWORK", "framework")
    must_be_among(area_code, list(catalogue.areas), "--area", "area")
    found = explain_composite(Settings.from_environment(), framework_id, indicator_id, area_code, year)
    if as_json:
        return click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2, default=str))
    tell_composite(found)


for command in (approve, rollback, push, correct, reveal, log, restart_log):
    release.add_command(command)
