"""From the files under ``sources/`` to one catalogue, or to every problem at once with its file and line.

Here: finding and reading the files, and where in a file a problem stands. Not here: what makes a file right (models, rules).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from naravard_pipeline.catalogue import query_rules, rules
from naravard_pipeline.catalogue.fields import IDENTIFIER, Model
from naravard_pipeline.catalogue.models import (
    AreasFile,
    Catalogue,
    Framework,
    FrameworkFile,
    Measure,
    MeasureFile,
    Source,
    SourceFile,
)
from naravard_pipeline.catalogue.problems import CatalogueError, Problem, Words
from naravard_pipeline.catalogue.publication import PublicationFile
from naravard_pipeline.catalogue.validation import explain

NOT_SOURCES = ("areas", "frameworks", "schema")  # folders under sources/ that are not a source's

M = TypeVar("M", bound=Model)


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


class _Reading:
    """One pass over the folder, gathering problems."""

    def __init__(self, sources: Path, drafts: Mapping[Path, str] = MappingProxyType({})):
        self.sources, self.drafts = sources, drafts
        self.problems: list[Problem] = []
        self._yaml = YAML(typ="safe", pure=True)
        self._yaml.Constructor = _Constructor
        self._marked: dict[Path, Any] = {}

    def read(self) -> Catalogue:
        area_files = self._load_all("areas", AreasFile)
        areas = [(path, i, area) for path, file in area_files.items() if file for i, area in enumerate(file.areas)]
        groups = [(path, i, group) for path, file in area_files.items() if file for i, group in enumerate(file.area_groups)]
        framework_files = self._load_all("frameworks", FrameworkFile)
        frameworks = {path: Framework(framework_id=path.stem, **dict(file)) for path, file in framework_files.items() if file}
        sources, measures, measure_paths = self._load_sources()
        catalogue = Catalogue.model_construct(
            frameworks={framework.framework_id: framework for framework in frameworks.values()},
            sources={source.source_id: source for source in sources.values()},
            measures={measure.measure_id: measure for measure in measures.values()},
            areas={area.area_code: area for _, _, area in areas},
            area_groups={group.group_id: group for _, _, group in groups},
        )

        # what refers to a file that is broken itself is not reported as well: then nothing is known to be unknown
        area_codes = set(catalogue.areas) if all(area_files.values()) else None
        known_frameworks = catalogue.frameworks if all(framework_files.values()) else None
        if area_codes is not None:
            rules.check_areas(areas, groups, self.report)
        for path, framework in frameworks.items():
            rules.check_framework(framework, path, area_codes, self.report)
        for path, source in sources.items():
            rules.check_source_file(source, path, self.report)
        rules.check_stems(measure_paths, self.report)
        measure_ids = {path.stem for path in measure_paths}
        for path, measure in measures.items():
            source = catalogue.sources.get(measure.source_id)
            rules.check_measure(measure, path, source, known_frameworks, measure_ids, area_codes, self.report)
            if source is not None:
                query_rules.check_query(measure, path, source, self.report)
                query_rules.check_derived(measure, path, source, catalogue.measures, measure_ids, self.report)
        rules.check_source_codes(measures, self.report)
        self.read_publication()  # whoever publishes reads it again; a problem in it should show at once
        return catalogue

    def read_publication(self) -> PublicationFile | None:
        """None where the file has problems."""
        path = self.sources / "publication.yml"
        return self._load(path, PublicationFile) if path.exists() else PublicationFile()

    def _load_all(self, folder: str, model: type[M]) -> dict[Path, M | None]:
        files = self._files(self.sources / folder)
        if not files:
            self.report(self.sources / folder, (), "absent", wanted=Words("a folder with at least one .yml file", "en mapp med minst en .yml-fil"))
        return {path: self._load(path, model) for path in files}

    def _load_sources(self) -> tuple[dict[Path, Source], dict[Path, Measure], list[Path]]:
        """The sources and measures that could be read, and the files of all measures, readable or not."""
        sources: dict[Path, Source] = {}
        measures: dict[Path, Measure] = {}
        measure_paths: list[Path] = []
        for folder in sorted(path for path in self.sources.iterdir() if path.is_dir() and path.name not in NOT_SOURCES):
            files = self._files(folder)
            about = folder / "_source.yml"
            if files and about not in files:
                self.report(about, (), "absent", wanted=Words("a file that says what the source is", "en fil som säger vad källan är"))
            for path in files:
                if path == about:
                    if source := self._load(path, SourceFile):
                        sources[path] = Source(source_id=folder.name, **dict(source))
                    continue
                measure_paths.append(path)
                if measure := self._load(path, MeasureFile):
                    measures[path] = Measure(measure_id=path.stem, source_id=folder.name, **dict(measure))
        return sources, measures, measure_paths

    def _files(self, folder: Path) -> list[Path]:
        """The folder's YAML files in order of name. A name that cannot be an identifier is reported and left out."""
        files = []
        for path in sorted({*folder.glob("*.y*ml"), *(path for path in self.drafts if path.parent == folder)}):
            if path.suffix == ".yml" and (path.name == "_source.yml" or re.match(IDENTIFIER, path.stem)):
                files.append(path)
            else:
                self.report(path, (), "file_name")
        return files

    def _load(self, path: Path, model: type[M]) -> M | None:
        try:
            content = self._yaml.load(self._text(path))
        except (UnicodeDecodeError, OSError, YAMLError, ValueError, RecursionError) as error:
            self.problems.append(_unreadable(self._shown(path), error))
            return None
        if not isinstance(content, dict) or not content:
            self.report(path, (), "empty")
            return None
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for where, code, values in explain(error, model):
                self.report(path, where, code, **values)
            return None

    def _text(self, path: Path) -> str:
        draft = self.drafts.get(path)
        return path.read_text("utf-8") if draft is None else draft

    def report(self, path: Path, where: rules.Where, code: str, **values: object) -> None:
        line = self._line(path, where) if where else None
        self.problems.append(Problem(self._shown(path), line, rules.field_name(where), code, values))

    def _line(self, path: Path, where: rules.Where) -> int | None:
        """The line of a field, or of the nearest thing around it when it is missing; None for the file as a whole."""
        if path not in self._marked:  # a second, slower reading that keeps positions: only for files with problems
            try:
                self._marked[path] = YAML().load(self._text(path))
            except (YAMLError, ValueError, RecursionError):  # it is stricter here and there than the first
                self._marked[path] = None
        node, line = self._marked[path], None
        for part in where:
            try:
                line = (node.lc.item(part) if isinstance(part, int) else node.lc.key(part))[0] + 1
                node = node[part]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
        return line

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.sources.parent).as_posix()


class _NoSuchDate(ConstructorError):
    """A date such as 2024-02-30, with its place; ruamel by itself gives a bare ValueError."""


class _Constructor(SafeConstructor):
    def construct_yaml_timestamp(self, node: Any, values: Any = None) -> Any:
        try:
            return super().construct_yaml_timestamp(node, values)
        except ValueError:
            raise _NoSuchDate(None, None, node.value, node.start_mark) from None


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.construct_yaml_timestamp)


def _unreadable(path: str, error: Exception) -> Problem:
    remedy = Words("mend indentation, colons and quotes on this line", "rätta indrag, kolon och citattecken på raden")
    line = error.problem_mark.line + 1 if isinstance(error, MarkedYAMLError) and error.problem_mark else None
    what = getattr(error, "problem", None) or str(error).split("\n")[0] or type(error).__name__
    found = Words(what, f"YAML-läsaren säger «{what}»")
    if isinstance(error, _NoSuchDate):
        wanted = Words("a date that exists, YYYY-MM-DD", "ett datum som finns, ÅÅÅÅ-MM-DD")
        return Problem(path, line, "", "wrong", {"found": error.problem, "wanted": wanted})
    if isinstance(error, DuplicateKeyError) and (key := re.search(r'found duplicate key "(.*?)"', what)):
        return Problem(path, line, "", "duplicate_key", {"found": key[1]})
    if isinstance(error, UnicodeDecodeError):
        found, remedy = Words("it is no text in UTF-8", "den är inte text i UTF-8"), Words("save the file as UTF-8", "spara filen som UTF-8")
    elif "'\\t'" in what:
        found, remedy = Words("a tab", "ett tabbtecken"), Words("indent with spaces", "dra in med blanksteg")
    return Problem(path, line, "", "unreadable", {"found": found, "remedy": remedy})
