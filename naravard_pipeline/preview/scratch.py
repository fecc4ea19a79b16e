"""A landing of one measure and what it is computed from, in a folder that is thrown away. The home's own landing and inbox are only read.

Here: asking the source, or reading the files that have come. Not here: the connectors' protocols and what makes a file right (landing).
"""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from naravard_pipeline.catalogue import Catalogue, Measure
from naravard_pipeline.connectors.files import read_content
from naravard_pipeline.connectors.grid import FileRefused
from naravard_pipeline.landing.cubes import land_cubes
from naravard_pipeline.landing.file_check import check_content
from naravard_pipeline.landing.file_history import land_file
from naravard_pipeline.landing.inbox import list_files
from naravard_pipeline.landing.kolada import land_kolada
from naravard_pipeline.landing.loads import land_catalogue
from naravard_pipeline.landing.printed import land_printed
from naravard_pipeline.landing.snapshot import Landed
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.preview.figures import inputs_of
from naravard_pipeline.settings import Settings


class PreviewError(ValueError):
    """There is nothing to show; the sentence, in Swedish, says why and what to do."""


def land_scratch(settings: Settings, catalogue: Catalogue, measure: Measure, scratch: Settings, tell: Callable[[str], None]) -> list[str]:
    """Fetch ``measure`` into the landing of ``scratch`` and write what dbt reads beside it; returns notes in Swedish on what came.

    ``settings`` is the home whose accepted files and inbox are read. Raises ``PreviewError`` where no figure came.
    """
    if not measure.is_live:
        raise PreviewError(f"{measure.path}: måttet har ingen ansluten källa (status {measure.status}), så det finns inget att visa.")
    landing, own, wanted = Landing(scratch.landing), Landing(settings.landing), inputs_of(measure, catalogue)
    notes: list[str] = []
    for source_id in dict.fromkeys(m.source_id for m in wanted):
        ours = [m for m in wanted if m.source_id == source_id]
        tell(f"hämtar {', '.join(m.measure_id for m in ours)} från {catalogue.sources[source_id].name_sv}")
        notes += _land(settings, catalogue, ours, scratch, landing)
    for state in landing.read_states():
        notes += [f"{state.measure_id}: {note}" for note in state.notes]
        before, now = (where.current(state.source_id, state.measure_id) for where in (own, landing))
        if before and now and now.values < 0.98 * before.values:
            shrunk = f"svaret har {now.values} värden mot {before.values} förut"
            notes.append(f"{state.measure_id}: {shrunk}; en körning behåller de gamla tills någon har godkänt det nya.")
    lacking = [m for m in wanted if landing.current(m.source_id, m.measure_id) is None]
    said = [_say_lack(m, landing.read_state(m.source_id, m.measure_id)) for m in lacking]
    if wanted[0] in lacking:  # a rate without a denominator has at least its gaps to show
        raise PreviewError("\n".join(said))
    land_catalogue(landing, catalogue, "preview", settings.is_demo)
    return [*notes, *said]


def _land(settings: Settings, catalogue: Catalogue, measures: Sequence[Measure], scratch: Settings, landing: Landing) -> list[str]:
    source, areas = catalogue.sources[measures[0].source_id], catalogue.areas.values()
    match source.kind:
        case "kolada":
            land_kolada(scratch, measures, areas, landing, attribution=source.attribution)
        case "files":
            return [note for m in measures for note in _take_files(settings, catalogue, m, landing)]
        case "printed":
            land_printed(landing, measures, source.attribution, settings.is_demo)
        case _:
            land_cubes(scratch, source.source_id, measures, areas, landing, attribution=source.attribution)
    return []


def _take_files(settings: Settings, catalogue: Catalogue, measure: Measure, landing: Landing) -> list[str]:
    """The figures of the files that were taken in, and on top of them those of the inbox that would be."""
    _copy_accepted(Landing(settings.landing), landing, measure)
    notes = []
    for path in list_files(settings.inbox):
        try:
            content = read_content(path)
        except (FileRefused, OSError):
            continue
        check = check_content(content, catalogue)
        if check.has_personal_numbers or check.measure != measure:  # nothing is said of a file with persons, not even its name
            continue
        if check.accepted:
            land_file(landing, measure, catalogue.sources[measure.source_id].attribution, content, check.rows, datetime.now(UTC))
            notes.append(f"{check.file_name} i inkorgen är med; den tas in vid nästa körning.")
        else:
            notes.append(f"{check.file_name} i inkorgen skulle inte tas in; se naravard inbox check.")
    return notes


def _copy_accepted(own: Landing, landing: Landing, measure: Measure) -> None:
    source_id, measure_id = measure.source_id, measure.measure_id
    for folder in (Path(source_id, "files", measure_id), Path("snapshots", source_id, measure_id)):
        if (own.root / folder).is_dir():
            shutil.copytree(own.root / folder, landing.root / folder)
    observations = own.observations_path(source_id, measure_id).relative_to(own.root)
    for file in (observations, Path("state", source_id, f"{measure_id}.json")):
        if (own.root / file).exists():
            (landing.root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(own.root / file, landing.root / file)


def _say_lack(measure: Measure, landed: Landed | None) -> str:
    if landed is None:
        return (
            f"{measure.measure_id}: ingen fil har kommit än. Lägg en ifylld mall (naravard inbox template {measure.measure_id}) i inkorgen och titta"
            " igen; den tas inte in förrän vid nästa körning."
        )
    return f"{measure.measure_id}: {landed.reason_sv} {landed.reason}"
