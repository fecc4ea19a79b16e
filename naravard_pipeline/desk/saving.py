"""A measure's text held against the whole catalogue, and written where it belongs.

Belongs here: the very reader that every run uses, asked before the file is there. Does not: how the text is made (``yaml_file``).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from naravard_pipeline.catalogue import Catalogue, CatalogueError, Problem, read_catalogue
from naravard_pipeline.catalogue.fields import IDENTIFIER
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.connectors.delimited import write_delimited
from naravard_pipeline.connectors.workbooks import workbook_bytes
from naravard_pipeline.desk.proposal import DeskError
from naravard_pipeline.landing.atomic import replace_file
from naravard_pipeline.landing.templates import build_workbook, headings, templates_of


class NotWritten(DeskError):
    """The file would not be right. ``problems`` are all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]):
        self.problems = list(problems)
        super().__init__(Words(*("\n".join(p.text(lang) for p in self.problems) for lang in ("en", "sv"))))


def path_of(sources: Path, source_id: str, measure_id: str) -> Path:
    """Where the measure's file belongs. Raises ``DeskError`` for what cannot be a name: nothing is ever written outside ``sources``."""
    for name in (source_id, measure_id):
        if not re.fullmatch(IDENTIFIER, name):
            wanted = Words(
                f"{name!r} is no name: use a-z, 0-9 and _, a letter first", f"«{name}» är inget namn: använd a-z, 0-9 och _, först en bokstav"
            )
            raise DeskError(wanted)
    if not (sources / source_id / "_source.yml").is_file():
        raise DeskError(Words(f"there is no source {source_id!r}", f"det finns ingen källa «{source_id}»"))
    return sources / source_id / f"{measure_id}.yml"


def check(sources: Path, path: Path, text: str) -> tuple[list[Problem], Catalogue | None]:
    """What the file would make wrong, and the catalogue with it where nothing is wrong.

    What is wrong with other files already is not the draft's fault, and is left out.
    """
    try:
        return [], read_catalogue(sources, {path: text})
    except CatalogueError as error:
        problems = error.problems
    shown = path.relative_to(sources.parent).as_posix()
    others = [p for p in problems if p.path != shown]
    if others:
        try:
            read_catalogue(sources)
        except CatalogueError as error:
            already = {p.text() for p in error.problems}
            problems = [p for p in problems if p.path == shown or p.text() not in already]
    return problems, None


def save(sources: Path, path: Path, text: str, *, overwrite: bool = False) -> list[Path]:
    """Write the file, and its template where people fill in files; what was written, the measure's file first.

    Raises ``NotWritten`` with nothing touched where it would not be right, ``DeskError`` where it is there already and ``overwrite`` is not set,
    ``LandingError`` where the disk refuses.
    """
    if path.exists() and not overwrite:
        raise DeskError(
            Words(
                f"{path} is there already; nothing was written. Choose another name, or --overwrite",
                f"{path} finns redan; inget skrevs. Välj ett annat namn, eller --overwrite",
            )
        )
    problems, catalogue = check(sources, path, text)
    if problems:
        raise NotWritten(problems)
    replace_file(path, text.encode("utf-8"))
    written = [path]
    measure = catalogue.measures[path.stem] if catalogue else None
    if measure and measure in templates_of(catalogue):
        folder = path.parent / "templates"
        for name, content in {
            f"{path.stem}.xlsx": workbook_bytes(build_workbook(measure, catalogue)),
            f"{path.stem}.csv": write_delimited([headings(measure)]),
        }.items():
            replace_file(folder / name, content)
            written.append(folder / name)
    return written
