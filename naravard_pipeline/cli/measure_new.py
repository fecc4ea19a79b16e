"""``naravard measure new|find``: a measure's file, asked for step by step or given whole."""

import sys
from collections.abc import Callable
from typing import Any, Literal

import click

from naravard_pipeline.cli.terminal import UserError, lang_option, must_be_among, open_catalogue, print_table
from naravard_pipeline.settings import SOURCES, Settings


def _field_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each field that a person fills in, named by the desk."""
    from naravard_pipeline.desk.fields import OPTIONS

    for name, (option, label, many) in reversed(OPTIONS.items()):
        function = click.option(option, "field__" + name.replace(".", "__"), multiple=many, metavar="X", help=f"{label.en}.")(function)
    return function


@click.command("new")
@click.argument("measure_id", required=False)
@click.option("--source", "source_id", metavar="S", help="kolada, scb, folkhalsodata, socialstyrelsen, local, derived …")
@click.option("--code", metavar="C", help="The key figure, table or topic: N78111, TAB638, skador.")
@click.option("--choose", multiple=True, metavar="DIM=CODE", help="A table's or topic's dimension and the code that is fetched.")
@click.option("--value-column", metavar="H", help="Files: the heading above the values.")
@click.option("--numerator-column", metavar="H", help="Files: the heading above the numerators; the share is computed.")
@click.option("--denominator-column", metavar="H", help="Files: the heading above the denominators.")
@click.option("--answers-column", metavar="H", help="Files: the heading above the number of answers.")
@click.option("--reporter", type=click.Choice(["municipalities", "region"]), help="Files: whose figures they are.")
@click.option("--numerator", metavar="M", help="Derived: the measure above the line.")
@click.option("--denominator", metavar="M", help="Derived: the measure below it.")
@click.option("--per", metavar="N", help="Derived: per how many, e.g. 1000.")
@click.option("--part", "parts", multiple=True, metavar="M", help="Derived: a measure that goes into a sum or mean; at least two.")
@click.option("--combine", type=click.Choice(["sum", "mean"]), help="Derived: what is made of the parts.")
@_field_options
@click.option("--yes", is_flag=True, help="Take every proposal; ask only for what has none.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--print", "only_print", is_flag=True, help="Print the file; write nothing.")
@lang_option
def measure_new(measure_id: str | None, source_id: str | None, yes: bool, overwrite: bool, only_print: bool, lang: str, **given: Any) -> None:
    """Make a measure's file: asked for step by step on a terminal, or everything as options.

    What the source tells is filled in, bounds are proposed from its own figures, and nothing is written that `naravard measure check` would refuse.
    Where standard input is no terminal nothing is asked: what is missing is told, all at once.

    Example: naravard measure new --source kolada --code N78111 --indicator sormland.delaktighet --direction higher_is_better --yes
    """
    from naravard_pipeline.connectors.answer import FetchError
    from naravard_pipeline.desk.desk import Desk
    from naravard_pipeline.desk.interview import Interview
    from naravard_pipeline.desk.proposal import DeskError

    typed = {name.removeprefix("field__").replace("__", "."): value for name, value in given.items() if name.startswith("field__") and value}
    origin = {name: value for name, value in given.items() if not name.startswith("field__") and value}
    desk = Desk(Settings.from_environment(), SOURCES)
    interview = Interview(desk, lang, _Terminal() if sys.stdin.isatty() else None, takes_proposals=yes)
    try:
        proposal, name = interview.hold(source_id, origin, typed, measure_id)
        if only_print:
            from naravard_pipeline.desk.yaml_file import text_of

            return click.echo(text_of(proposal), nl=False)
        written = interview.write(proposal, name, overwrite=overwrite)
    except DeskError as error:
        raise UserError(getattr(error.words, lang)) from error
    except FetchError as error:
        raise UserError(f"{error.reason_sv}: {error}" if lang == "sv" else str(error)) from error
    for line in proposal.told if not interview.person else ():
        if line.startswith("OBS"):  # a person who was asked has read it before deciding
            click.echo(line, err=True)
    for path in written:
        click.echo(path)
    click.echo(interview.say_next(name))


@click.command("find")
@click.argument("words", nargs=-1, required=True)
@click.option("--source", "source_id", default="kolada", show_default=True, metavar="S", help="kolada, scb, folkhalsodata or socialstyrelsen.")
@click.option("--limit", default=12, show_default=True, type=click.IntRange(1, 200), help="At most so many.")
@lang_option
def measure_find(words: tuple[str, ...], source_id: str, limit: int, lang: str) -> None:
    """Search a source's own list by words: Kolada's key figures, a statistical database's tables or topics.

    Example: naravard measure find fallskador äldre
    """
    from naravard_pipeline.connectors.answer import FetchError
    from naravard_pipeline.desk.desk import Desk
    from naravard_pipeline.desk.proposal import DeskError

    desk = Desk(Settings.from_environment(), SOURCES)
    try:
        found = desk.find(source_id, " ".join(words), limit)
        rows = [(e.code, ", ".join(e.facts), e.title, (e.is_retired and desk.successor(e.code)) or "") for e in found]
    except DeskError as error:
        raise UserError(getattr(error.words, lang)) from error
    except FetchError as error:
        raise UserError(f"{error.reason_sv}: {error}" if lang == "sv" else str(error)) from error
    if not rows:
        return click.echo("Inget hittades; försök med andra eller färre ord." if lang == "sv" else "Nothing was found; try other words, or fewer.")
    print_table(("id", "gäller", "titel", "efterträdare?") if lang == "sv" else ("id", "about", "title", "successor?"), rows)


@click.command("form")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="On this port.  [default: any that is free]")
@click.option("--open/--no-open", "opens", default=True, show_default=True, help="Open it in the browser.")
def measure_form(port: int, opens: bool) -> None:
    """The same as `measure new`, as a form in the browser, in Swedish. Only this machine can reach it, and only by the address that is printed.

    Example: naravard measure form
    """
    import webbrowser

    from naravard_pipeline.desk.desk import Desk
    from naravard_pipeline.desk.form import FormServer

    with FormServer(Desk(Settings.from_environment(), SOURCES), port) as server:
        click.echo(f"{server.address}\nCtrl-C ends it.")
        if opens and sys.stdout.isatty():
            webbrowser.open(server.address)
        server.wait()


@click.command("change")
@click.argument("measure_id")
@_field_options
@click.option("--print", "only_print", is_flag=True, help="Print the file; write nothing.")
@lang_option
def measure_change(measure_id: str, only_print: bool, lang: Literal["en", "sv"], **given: Any) -> None:
    """Change fields in a measure's file; comments and everything else stay as they are. A hyphen takes a field away.

    Nothing is written that `naravard measure check` would refuse. In the browser: `naravard measure form`.

    Example: naravard measure change sip_antal --max 400 --target 120 --target-year 2030 --max-revision 5
    """
    from naravard_pipeline.catalogue.history import BREAKS, MEANING, compare_contents
    from naravard_pipeline.desk.change import content_of
    from naravard_pipeline.desk.desk import Desk
    from naravard_pipeline.desk.proposal import DeskError

    is_swedish = lang == "sv"
    desk = Desk(Settings.from_environment(), SOURCES)
    must_be_among(measure_id, sorted(open_catalogue().measures), "MEASURE_ID", "measure")
    typed = {
        name.removeprefix("field__").replace("__", "."): list(value) if isinstance(value, tuple) else value for name, value in given.items() if value
    }
    if not typed:
        raise UserError(
            "säg vad som ska ändras, t.ex. --max 400; alla fält: --help" if is_swedish else "say what to change, as in --max 400; all fields: --help"
        )
    try:
        before = desk.read(measure_id)
        after, changes = desk.change(measure_id, typed)
        if only_print:
            return click.echo(after, nl=False)
        if not changes:
            return click.echo("Så står det redan." if is_swedish else "That is what it says already.")
        for path in desk.write_change(measure_id, after):
            click.echo(path)
    except DeskError as error:
        raise UserError(getattr(error.words, lang)) from error
    for change in compare_contents(content_of(before), content_of(after)):
        click.echo(f"  {change.text_sv()}")
    if BREAKS not in changes and (meaning := ", ".join(name for name in MEANING if name in changes)):
        click.echo(
            f"obs: {meaning} har ändrats. Går nya värden inte att jämföra med gamla, lägg till ett brott: --break DAG --break-reason X"
            " --break-reason-en X. Annars väntar måttet på en person vid nästa publicering."
            if is_swedish
            else f"note: {meaning} changed. If new values cannot be compared with old ones, add a break: --break DAY --break-reason X"
            " --break-reason-en X. Else the measure waits for a person at the next publication."
        )


class _Terminal:
    """A person at a terminal."""

    def say(self, text: str = "") -> None:
        click.echo(text)

    def ask(self, text: str, default: str | None) -> str:
        return click.prompt(text, default="" if default is None else default, show_default=bool(default)).strip()

    def confirm(self, text: str) -> bool:
        return click.confirm(text, default=False)
