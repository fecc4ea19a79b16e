"""From the files under ``sources/`` to one catalogue, or to every problem at once with its file and line.

Here: finding the files, and putting together what they say. Not here: reading one (files), what makes a file right (models, rules).
"""

import re
from collections.abc import Mapping
from pathlib import Path

from naravard_pipeline.catalogue import query_rules, rules, tile_rules
from naravard_pipeline.catalogue.areas import AreasFile, TileMap
from naravard_pipeline.catalogue.fields import IDENTIFIER
from naravard_pipeline.catalogue.files import M, YamlFiles
from naravard_pipeline.catalogue.frameworks import Framework, FrameworkFile
from naravard_pipeline.catalogue.models import Catalogue, Measure, MeasureFile, Source, SourceFile
from naravard_pipeline.catalogue.problems import CatalogueError, Words
from naravard_pipeline.catalogue.publication import PublicationFile
from naravard_pipeline.catalogue.survey_rules import check_survey
from naravard_pipeline.catalogue.surveys import Survey, SurveyFile

SURVEYS = "enkater"  # the source whose files are surveys
NOT_SOURCES = ("areas", "frameworks", "schema")  # folders under sources/ that are not a source's


def read_catalogue(sources: Path, drafts: Mapping[Path, str] | None = None) -> Catalogue:
    """Read and check every file. Raises ``CatalogueError`` with all problems; reads nothing but ``sources``.

    ``drafts`` are texts of files that are not written yet: each is read in its place, as if it were there.
    """
    reading = _Reading(sources, drafts or {})
    if not sources.is_dir():
        reading.report(sources, (), "absent", wanted=Words("the folder of the catalogue", "katalogens mapp"))
        raise CatalogueError(reading.problems)
    catalogue = reading.read()
    if reading.problems:
        raise CatalogueError(sorted(reading.problems, key=lambda p: (p.path, p.line or 0, p.field)))
    return catalogue


def read_publication(sources: Path) -> PublicationFile:
    """``publication.yml``, or nothing decided where there is no such file. Raises ``CatalogueError`` with all its problems."""
    reading = _Reading(sources)
    publication = reading.read_publication()
    if publication is None:
        raise CatalogueError(reading.problems)
    return publication


def read_tile_maps(sources: Path) -> list[TileMap]:
    """The maps of the areas' files: how a county looks, which is no part of the catalogue's tables. A file with problems gives none."""
    reading = _Reading(sources)
    return [tile_map for file in reading.load_areas().values() if file for tile_map in file.tile_maps]


class _Reading(YamlFiles):
    """One pass over the folder, gathering problems."""

    def read(self) -> Catalogue:
        area_files = self.load_areas()
        areas = [(path, i, area) for path, file in area_files.items() if file for i, area in enumerate(file.areas)]
        groups = [(path, i, group) for path, file in area_files.items() if file for i, group in enumerate(file.area_groups)]
        framework_files = self._load_all("frameworks", FrameworkFile)
        frameworks = {path: Framework(framework_id=path.stem, **dict(file)) for path, file in framework_files.items() if file}
        sources, measures, measure_paths = self._load_sources()
        catalogue = Catalogue.model_construct(
            # A whole country's after those of a county: who opens the site looks for their own first.
            frameworks={f.framework_id: f for f in sorted(frameworks.values(), key=lambda f: f.county_code is None)},
            sources={source.source_id: source for source in sources.values()},
            measures={measure.measure_id: measure for measure in measures.values()},
            areas={area.area_code: area for _, _, area in areas},
            area_groups={group.group_id: group for _, _, group in groups},
            surveys={},
        )

        # what refers to a file that is broken itself is not reported as well: then nothing is known to be unknown
        area_codes = set(catalogue.areas) if all(area_files.values()) else None
        known_frameworks = catalogue.frameworks if all(framework_files.values()) else None
        if area_codes is not None:
            rules.check_areas(areas, groups, self.report)
            maps = [(path, i, tile_map) for path, file in area_files.items() if file for i, tile_map in enumerate(file.tile_maps)]
            tile_rules.check_tile_maps(maps, catalogue.areas, self.report)
        for path, framework in frameworks.items():
            rules.check_framework(framework, path, area_codes, self.report)
        for path, source in sources.items():
            rules.check_source_file(source, path, self.report)
        rules.check_stems(measure_paths, self.report)
        measure_ids = {path.stem for path in measure_paths}
        surveys = self._load_surveys(sources)
        catalogue.surveys.update({survey.survey_id: survey for survey in surveys.values()})
        for path, survey in surveys.items():
            self._add_measures(catalogue, path, survey, measure_ids, known_frameworks, area_codes)
        for path, measure in measures.items():
            source = catalogue.sources.get(measure.source_id)
            rules.check_measure(measure, path, source, known_frameworks, measure_ids, area_codes, self.report)
            query_rules.check_arithmetic(measure, path, self.report)
            query_rules.check_file(measure, path, self.report)
            if source is not None:
                query_rules.check_query(measure, path, source, self.report)
                query_rules.check_printed(measure, path, source, area_codes, self.report)
                query_rules.check_derived(measure, path, source, catalogue.measures, measure_ids, self.report)
        rules.check_source_codes(measures, self.report)
        if len(measures) == len(measure_paths):
            for path, framework in frameworks.items():
                rules.check_weights(framework, path, measures.values(), self.report)
        self.read_publication()  # whoever publishes reads it again; a problem in it should show at once
        self._report_strays()
        return catalogue

    def load_areas(self) -> dict[Path, AreasFile | None]:
        return self._load_all("areas", AreasFile)

    def _report_strays(self) -> None:
        """A file that looks like one of the catalogue's and is read by nobody: saved as text, or in the wrong folder."""
        for path in sorted(self.folder.rglob("*")):
            *folders, name = path.relative_to(self.folder).parts
            is_read = (len(folders) == 1 and path.match("*.y*ml")) or path == self.folder / "publication.yml"
            is_other = folders[:1] == ["schema"] or folders[1:2] == ["templates"] or name.endswith((".md", "~"))
            if path.is_file() and not (is_read or is_other or any(part.startswith(".") for part in (*folders, name))):
                self.report(path, (), "file_name" if len(folders) == 1 else "file_place")

    def read_publication(self) -> PublicationFile | None:
        """None where the file has problems."""
        path = self.folder / "publication.yml"
        return self.load(path, PublicationFile) if path.exists() else PublicationFile()

    def _load_all(self, folder: str, model: type[M]) -> dict[Path, M | None]:
        files = self._files(self.folder / folder)
        if not files:
            self.report(self.folder / folder, (), "absent", wanted=Words("a folder with at least one .yml file", "en mapp med minst en .yml-fil"))
        return {path: self.load(path, model) for path in files}

    def _load_sources(self) -> tuple[dict[Path, Source], dict[Path, Measure], list[Path]]:
        """The sources and measures that could be read, and the files of all measures, readable or not."""
        sources: dict[Path, Source] = {}
        measures: dict[Path, Measure] = {}
        measure_paths: list[Path] = []
        for folder in sorted(path for path in self.folder.iterdir() if path.is_dir() and path.name not in NOT_SOURCES):
            files = self._files(folder)
            about = folder / "_source.yml"
            if files and about not in files:
                self.report(about, (), "absent", wanted=Words("a file that says what the source is", "en fil som säger vad källan är"))
            for path in files:
                if path == about:
                    if source := self.load(path, SourceFile):
                        sources[path] = Source(source_id=folder.name, **dict(source))
                    continue
                if folder.name == SURVEYS:
                    continue
                measure_paths.append(path)
                if measure := self.load(path, MeasureFile):
                    measures[path] = Measure(measure_id=path.stem, source_id=folder.name, **dict(measure))
        return sources, measures, measure_paths

    def _load_surveys(self, sources: Mapping[Path, Source]) -> dict[Path, Survey]:
        found = {}
        for path in self._files(self.folder / SURVEYS):
            if path.name != "_source.yml" and (survey := self.load(path, SurveyFile)):
                found[path] = Survey(survey_id=path.stem, source_id=SURVEYS, **dict(survey))
        return found

    def _add_measures(
        self,
        catalogue: Catalogue,
        path: Path,
        survey: Survey,
        measure_ids: set[str],
        known_frameworks: Mapping[str, Framework] | None,
        area_codes: set[str] | None,
    ) -> None:
        """The survey's measures into the catalogue, where the survey is right."""
        if not check_survey(survey, path, area_codes, self.report) or area_codes is None:
            return
        types = list(dict.fromkeys(catalogue.areas[code].area_type for code in survey.areas))
        for number, measure in survey.measures(types):
            place = ("questions", number) if number is not None else ()
            if measure.measure_id in measure_ids:
                field = (*place, "measure") if place else ()
                remedy = Words("call it something else", "ge det ett annat namn")
                self.report(path, field, "twice", found=f"`{measure.measure_id}`", other=Words("another measure", "ett annat mått"), remedy=remedy)
                continue
            measure_ids.add(measure.measure_id)
            catalogue.measures[measure.measure_id] = measure
            if measure.indicators:

                def report(at: Path, where: tuple, code: str, place: tuple = place, **values: object) -> None:
                    self.report(at, (*place, *where), code, **values)

                source = catalogue.sources.get(measure.source_id)
                rules.check_measure(measure, path, source, known_frameworks, measure_ids, area_codes, report)

    def _files(self, folder: Path) -> list[Path]:
        """The folder's YAML files in order of name. A name that cannot be an identifier is reported and left out."""
        files = []
        for path in sorted({*folder.glob("*.y*ml"), *(path for path in self.drafts if path.parent == folder)}):
            if path.suffix == ".yml" and (path.name == "_source.yml" or re.match(IDENTIFIER, path.stem)):
                files.append(path)
            else:
                self.report(path, (), "file_name")
        return files
