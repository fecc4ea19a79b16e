"""What all commands share: how tables, progress and a user's mistakes look on a terminal and in a pipe."""

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from difflib import get_close_matches
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from naravard_pipeline.catalogue import Catalogue, read_catalogue
from naravard_pipeline.settings import SOURCES, spoken_language

HELD = 3  # exit code: published, but something is held back or has to be mended
console = Console(highlight=False, soft_wrap=True)


lang_option = click.option(
    "--lang", type=click.Choice(["en", "sv"]), default=spoken_language, help="Language of the messages.  [default: that of the locale, or en]"
)


class UserError(click.ClickException):
    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(f"Error: {self.message}", err=True)


def must_be_among(name: str, known: Sequence[str], option: str, kind: str) -> None:
    if name not in known:
        close = get_close_matches(name, known, 3, 0.5)
        if spoken_language() == "sv":
            hint = f"Menade du {' eller '.join(close)}?" if close else f"Det finns: {', '.join(known)}"
            raise UserError(f"{option}: «{name}» finns inte. {hint}")
        raise UserError(f"{option}: {name!r} is no {kind}. " + (f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(known)}"))


def open_catalogue() -> Catalogue:
    return read_catalogue(SOURCES)


def open_progress(first: str):
    """A context that gives ``tell(line)``: lines above a spinner on a terminal, plain lines elsewhere."""
    out = sys.stdout  # as it is now: during a run it is turned aside, because libraries write to it
    return (
        _Spinner(first, Console(highlight=False, soft_wrap=True, file=out))
        if console.is_terminal
        else nullcontext(lambda line: click.echo(line, file=out))
    )


class _Spinner:
    def __init__(self, first: str, console: Console):
        self._console = console
        self._status = console.status(first)

    def __enter__(self) -> Callable[[str], None]:
        self._status.start()
        return self._tell

    def _tell(self, line: str) -> None:
        if line.startswith("▸"):
            self._status.update(escape(line[2:]))
        self._console.print(escape(line))

    def __exit__(self, *_: object) -> None:
        self._status.stop()


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on a terminal; tab-separated lines elsewhere, for other programs."""
    rows = [["" if v is None else str(v) for v in row] for row in rows]
    if not console.is_terminal:
        for row in (headings, *rows):
            click.echo("\t".join(v.replace("\n", " ") for v in row))
        return
    # Folded, never cut off: what another command needs, such as the id of a release, has to be there in full.
    table = Table(*(Column(h, overflow="fold") for h in headings), box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)
