"""The command itself: its groups, and the promise that no user's mistake shows a traceback.

Exit codes: 0 published · 3 published with something held back, or something to mend · 1 failed.
The rooms are imported inside the commands: Dagster alone takes seconds, and ``naravard measure list`` needs none of it.
"""

from typing import Any

import click

from naravard_pipeline.catalogue import CatalogueError
from naravard_pipeline.cli.bi import bi
from naravard_pipeline.cli.inbox import inbox
from naravard_pipeline.cli.measure import measure
from naravard_pipeline.cli.prune import prune
from naravard_pipeline.cli.release import release, status
from naravard_pipeline.cli.report import report
from naravard_pipeline.cli.run import demo, dev, generate, run
from naravard_pipeline.cli.sources import sources
from naravard_pipeline.cli.terminal import UserError
from naravard_pipeline.settings import spoken_language


class Door(click.Group):
    """No traceback for anything a user can cause."""

    def invoke(self, ctx: click.Context) -> Any:
        import duckdb

        from naravard_pipeline.landing.atomic import LandingError
        from naravard_pipeline.publication.decisions import LogError
        from naravard_pipeline.publication.gate import GateClosed
        from naravard_pipeline.quality import QualityError

        try:
            return super().invoke(ctx)
        except CatalogueError as error:
            lang, n = spoken_language(), len(error.problems)
            lines = "\n".join(f"  {p.text(lang)}" for p in error.problems)
            raise UserError((f"katalogen har {n} fel:\n" if lang == "sv" else f"the catalogue has {n} problem(s):\n") + lines) from error
        except (LandingError, QualityError, GateClosed, LogError, ValueError) as error:
            raise UserError(str(error)) from error
        except BrokenPipeError:
            raise  # whoever read the output has seen enough; click ends quietly
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise UserError(f"{error.strerror or error}{where}. Check free space and permissions, then run again.") from error
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise UserError(
                f"a database could not be read or written: {said} If a run is going on, wait for it; else build anew: naravard run"
            ) from error


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Nära vård: from the sources to a published, checked database.

    Example: naravard demo
    """


for command in (run, demo, dev, status, measure, inbox, release, sources, bi, report, prune, generate):
    main.add_command(command)
