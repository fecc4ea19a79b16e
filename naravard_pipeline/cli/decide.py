"""``naravard release approve|rollback|correct|log``: what people decide about releases."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click
from rich.markup import escape

from naravard_pipeline.cli.terminal import HELD, UserError, console, open_progress, print_table
from naravard_pipeline.settings import Settings

WAIT_SECONDS = 600  # for a step of a run, which may build everything


def _who(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every decision."""
    role = click.option(
        "--role",
        default="statistician",
        show_default=True,
        type=click.Choice(["statistician", "data_engineer", "steering_group"]),
        help="In which role; is published.",
    )
    return click.option("--by", "name", required=True, metavar="NAME", help="Who decides. Stays inside.")(role(function))


_why = click.option("--reason", required=True, metavar="TEXT", help="Why, in Swedish. Is published: no names.")


@click.command("approve")
@click.argument("decided", metavar="ID")
@click.option("--measure", "measure_id", metavar="M", help="Only this measure of it.")
@_why
@_who
def approve(decided: str, measure_id: str | None, reason: str, name: str, role: str) -> None:
    """Let out what waits for a person, and publish it. ID is what `naravard release diff` and `naravard status` name.

    An approval counts for exactly the rows that were shown; if anything in them changes, it counts no more. With the id of a source's answer
    that was refused because it had shrunk, the answer is let in when it comes again.

    Example: naravard release approve k1a2b3c4d --measure sip_antal --by "Anna Ek" --reason "Rättad av kommunen"
    """
    from naravard_pipeline.publication.approval import accept_answer
    from naravard_pipeline.publication.approval import approve as approve_candidate
    from naravard_pipeline.publication.contract import read_contract

    settings = Settings.from_environment()
    if not decided.startswith("k"):
        measures = accept_answer(settings, decided, measure_id, name, role, reason)
        _tell_elsewhere(settings)
        console.print(f"accepted: the answer {decided} for {', '.join(measures)}. It is landed when it comes again:")
        console.print(f"  naravard run {' '.join(f'--measure {m}' for m in measures)}")
        return
    with _no_run_in_between(settings, "nothing was decided"):
        tables = _contract(read_contract, settings)
        measures = approve_candidate(settings, tables, decided, measure_id, name, role, reason)
        console.print(f"approved: {', '.join(measures)}")
        _publish_again(settings, tables)


@click.command("rollback")
@click.argument("release_id")
@_why
@_who
def rollback(release_id: str, reason: str, name: str, role: str) -> None:
    """Make an earlier release the current one, at once. The figures that are taken back wait for a person if they come again.

    Example: naravard release rollback 000012-20260301T053000-1a2b3c4d --by "Anna Ek" --reason "Fel enhet i källans svar"
    """
    from naravard_pipeline.publication.rollback import roll_back
    from naravard_pipeline.report.shelf import tidy

    settings = Settings.from_environment()
    with open_progress("switching") as tell:
        done = roll_back(settings, release_id, name, role, reason, tell)
    console.print(f"[bold]current is {release_id}[/bold]")
    if gone := tidy(settings):
        console.print(f"{gone} report(s) that rested on what was taken back are gone; to make them anew: naravard report")
    waits = [m for m in done.measures if m not in done.absent]
    if waits:
        console.print(f"{len(waits)} measure(s) were taken back and wait for a person if the same figures come again: {', '.join(waits)}")
    if done.absent:
        console.print(f"{len(done.absent)} measure(s) that were not there are shown again: {', '.join(done.absent)}")
        console.print("  until the next run: what has no file in sources/, or is a draft, goes again")
    _tell_failures(done.target_failures)


@click.command("push")
def push() -> None:
    """Bring PostgreSQL and the notices up to the current release, without building anything: after a rollback that it missed.

    Example: naravard release push
    """
    from naravard_pipeline.publication.targets import push as push_current

    settings = Settings.from_environment()
    with open_progress("pushing") as tell:
        release_id, failures = push_current(settings, tell)
    if release_id is None:
        raise UserError(f"nothing is published in {settings.published} yet. Run: naravard run")
    console.print(f"everywhere is {release_id}" if not failures else f"current is {release_id}")
    _tell_failures(failures)


@click.command("correct")
@click.argument("release_id")
@click.option("--measure", "measure_id", required=True, metavar="M", help="The measure whose figure was wrong.")
@click.option("--area", "area_code", metavar="A", help="The area's code; all areas if not given.")
@click.option("--period", "period_label", metavar="P", help="The period's label, e.g. 2024; all periods if not given.")
@click.option("--text", required=True, metavar="TEXT", help="What was wrong and what is right, in Swedish. Is published: no names.")
@_who
def correct(release_id: str, measure_id: str, area_code: str | None, period_label: str | None, text: str, name: str, role: str) -> None:
    """Tell readers that a released figure was wrong: at once in published/notices.html and .json, with the next release in its own tables and pages.

    Example: naravard release correct 000012-20260301T053000-1a2b3c4d --measure sip_antal --area 0484 --period 2025-03
    --text "Antalet var dubbelräknat; rätt antal är 41" --by "Anna Ek"
    """
    from naravard_pipeline.publication.contract import read_contract
    from naravard_pipeline.publication.correction import correct as give_notice

    settings = Settings.from_environment()
    give_notice(settings, release_id, measure_id, area_code, period_label, name, role, text)
    console.print(f"noted, and told in {settings.published / 'notices.html'}")
    _tell_elsewhere(settings)
    with _no_run_in_between(settings, "the notice is noted, and in the release from the next publication on"):
        _publish_again(settings, _contract(read_contract, settings))


@click.command("reveal")
@click.option("--measure", "measure_id", required=True, metavar="M", help="The measure.")
@click.option("--area", "area_code", required=True, metavar="A", help="The area's code.")
@click.option("--period", "period_label", required=True, metavar="P", help="The period's label, e.g. 2024 or 2025-03.")
@_why
@_who
def reveal(measure_id: str, area_code: str, period_label: str, reason: str, name: str, role: str) -> None:
    """Let cells be shown that a release has hidden. What is still a small count stays hidden whatever is decided here.

    The next run may show them; then the measure waits once more, so that what would be shown is looked at.

    Example: naravard release reveal --measure sip_antal --area 0461 --period 2025-03 --by "Anna Ek" --reason "Antalet är rättat och inte litet"
    """
    from naravard_pipeline.publication.reveal import reveal as reveal_cells

    settings = Settings.from_environment()
    cells = reveal_cells(settings, measure_id, area_code, period_label, name, role, reason)
    _tell_elsewhere(settings)
    console.print(f"{cells} cell(s) may be shown from the next build on: naravard run")


@click.command("restart-log")
@_why
@_who
def restart_log(reason: str, name: str, role: str) -> None:
    """Begin a damaged log anew from what was published of it, where there is no backup. Names, and what never reached a reader, are lost.

    Example: naravard release restart-log --by "Anna Ek" --reason "Disken gick sönder och kopian var för gammal"
    """
    from naravard_pipeline.publication.restart import restart_log as restart

    settings = Settings.from_environment()
    before = set(settings.decisions.glob("log-damaged-*"))
    console.print(f"the log has {restart(settings, name, role, reason)} decisions")
    for damaged in sorted({*settings.decisions.glob("log-damaged-*")} - before):
        console.print(f"the damaged one is {damaged}")
    _tell_elsewhere(settings)


@click.command("log")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def log(as_json: bool) -> None:
    """All decisions, the oldest first, with names: for those inside. What is published of it is meta_approvals.

    Example: naravard release log
    """
    from dataclasses import asdict

    from naravard_pipeline.publication.decisions import read_log

    entries = [asdict(e) for e in read_log(Settings.from_environment())]
    if as_json:
        return click.echo(json.dumps(entries, ensure_ascii=False, indent=2))
    shown = ("number", "at", "action", "release_id", "measure_id", "role", "name", "reason_sv")
    print_table(shown, ([e[column] for column in shown] for e in entries))


@contextlib.contextmanager
def _no_run_in_between(settings: Settings, so_far: str) -> Iterator[None]:
    """Hold the warehouse, as the steps of a run do: neither reads what the other is writing."""
    from naravard_pipeline.landing.lock import locked

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(settings.warehouse))
        except BlockingIOError:
            console.print(f"a run is using the warehouse just now; waiting for it, {WAIT_SECONDS // 60} minutes at most")
            try:
                stack.enter_context(locked(settings.warehouse, WAIT_SECONDS))
            except BlockingIOError as error:
                raise UserError(
                    f"a run is still using the warehouse in {settings.home}; {so_far}. Wait for the run to end, then try again."
                ) from error
        yield


def _contract(read: Callable[[Settings], Any], settings: Settings) -> Any:
    try:
        return read(settings)
    except FileNotFoundError as error:
        raise UserError(f"there is no build in {settings.warehouse} yet. Run: naravard run") from error


def _publish_again(settings: Settings, tables: Any) -> None:
    """The last build through the gate once more, now that somebody has decided. Ends the command with 3 where something is still held."""
    from naravard_pipeline.landing.home import of_home
    from naravard_pipeline.publication.gate import GateClosed
    from naravard_pipeline.publication.release import publish

    with open_progress("publishing") as tell:
        try:
            publication = publish(of_home(settings), tables, tell, is_decision=True, wait_seconds=WAIT_SECONDS)
        except GateClosed as closed:
            raise UserError("the decision is noted and goes out with the next publication. Now the last release stays:\n" + str(closed)) from closed
    console.print(f"[bold]{'published' if publication.is_new else 'nothing has changed since'}[/bold] {publication.release_id}")
    held = {**publication.held, **publication.left_out}
    for hold in held.values():
        console.print(f"  held: {hold.measure_id}: {escape(hold.reason_sv)}")
    _tell_failures(publication.target_failures)
    if held:
        raise SystemExit(HELD)


def _tell_elsewhere(settings: Settings) -> None:
    """A decision reaches readers in other places now: whether and when something is published after it is another matter."""
    from naravard_pipeline.publication.gate import GateClosed
    from naravard_pipeline.publication.targets import push as push_current

    failures: Mapping[str, str] = {}
    with contextlib.suppress(GateClosed):  # who is publishing just now tells of it at the end
        _, failures = push_current(settings)
    for target, why in failures.items():
        console.print(f"[yellow]{target} does not tell of it yet:[/yellow] {escape(why)}")


def _tell_failures(failures: Mapping[str, str]) -> None:
    for target, why in failures.items():
        console.print(f"[yellow]{target} still shows its old data:[/yellow] {escape(why)}")
    if failures:
        raise SystemExit(HELD)
