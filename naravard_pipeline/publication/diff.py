"""Two kept releases compared, as the candidate and the last release are at each publication.

Here: opening them and putting the report together. Not here: the comparison (changes), the report (change_report).
"""

from pathlib import Path
from typing import Any

import duckdb

from naravard_pipeline.publication.attach import attach
from naravard_pipeline.publication.change_report import build_changes
from naravard_pipeline.publication.changes import compare
from naravard_pipeline.publication.folders import DATABASE, read_release


def compare_releases(before: Path, after: Path) -> dict[str, Any]:
    """``changes.json`` from one release folder to another. Raises ``ValueError`` where one of them cannot be read."""
    with duckdb.connect() as connection:
        try:
            for name, folder in (("last", before), ("candidate", after)):
                attach(connection, folder / DATABASE, name)
            compare(connection)
        except duckdb.Error as error:
            raise ValueError(f"{before.name} and {after.name} cannot be compared: {str(error).splitlines()[0]}") from error
        return build_changes(connection, read_release(before)["release"], read_release(after)["release"], {})
