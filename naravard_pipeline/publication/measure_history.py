"""How a measure's description has changed from release to release, as far back as releases are kept.

Here: that, from ``dim_measures`` of each. Not here: the versions of the measure's file (catalogue.history).
"""

import duckdb

from naravard_pipeline.catalogue.history import FieldChange, FileVersion, compare_contents
from naravard_pipeline.publication.changes import DEFINITIONS
from naravard_pipeline.publication.folders import DATABASE, list_releases
from naravard_pipeline.settings import Settings


def read_released_history(settings: Settings, measure_id: str) -> list[FileVersion]:
    """Every kept release that changed the description, the newest first; the last one is the first release that has the measure."""
    versions: list[FileVersion] = []
    before: dict[str, object] | None = None
    for folder in sorted(list_releases(settings), key=lambda path: path.name):
        with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
            found = connection.execute("select * from dim_measures where measure_id = ?", [measure_id])
            names = [d[0] for d in found.description]
            row = found.fetchone()
            date = str(connection.execute("select published_at::date from meta_release").fetchone()[0])
        if row is None:
            continue
        content = {name: value for name, value in zip(names, row, strict=True) if name in DEFINITIONS}
        changes: list[FieldChange] = [] if before is None else compare_contents({k: before[k] for k in before if k in content}, content)
        if before is None or changes:
            versions.append(FileVersion(date, before is None, changes))
        before = content
    return versions[::-1]
