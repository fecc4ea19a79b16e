"""The suites in ``expectations/``: their models and their reader.

Here belongs what a suite file may say and how a wrong one is told. Great Expectations is not imported: whoever only needs the names of the
checks gets them in milliseconds.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from naravard_pipeline.catalogue.fields import Identifier
from naravard_pipeline.catalogue.files import Where, YamlFiles
from naravard_pipeline.catalogue.problems import CatalogueError, Words, closest
from naravard_pipeline.quality.outcome import Scope, Severity

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class SuiteError(CatalogueError):
    """Suite files that cannot be used; ``problems`` has each thing that is wrong, with file, line, field and remedy."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Model):
    """One truth about a batch. ``type`` and ``kwargs`` are Great Expectations' own."""

    name: Identifier = Field(description="The truth it holds, as a name: `small_counts_are_hidden`. Unique per table.")
    name_sv: Sentence = Field(description="The same for readers, in Swedish.")
    type: str = Field(description="Expectation type in snake case.")
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Severity = Field(description="critical holds back what it concerns; warning is shown.")
    reason: Sentence = Field(description="Why this matters.")
    reason_sv: Sentence = Field(description="What a reader is told when a figure is held for it.")
    holds: Scope | None = Field(
        None,
        description="What a critical failure holds back, where it is not the measures of the failing rows: `release` for what must never happen.",
    )

    @field_validator("type")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in _known_types():
            raise PydanticCustomError(
                "rule",
                "{en}",
                {"en": "a type of Great Expectations", "sv": "en typ i Great Expectations", "hint": closest(value, _known_types())},
            )
        return value

    @field_validator("kwargs")
    @classmethod
    def _concerns_every_row(cls, value: dict[str, Any]) -> dict[str, Any]:
        # With either of these the failing rows and the verdict part ways, and with them what is held and why.
        for key in ("mostly", "row_condition"):
            if key in value:
                told = {
                    "en": f"no `{key}`; the condition belongs in the batch's `query`",
                    "sv": f"inget `{key}`; villkoret hör hemma i satsens `query`",
                }
                raise PydanticCustomError("rule", "{en}", told)
        return value

    @model_validator(mode="after")
    def _reads_its_batch(self) -> "Expectation":
        if self.type == "unexpected_rows_expectation" and "{batch}" not in str(self.kwargs.get("unexpected_rows_query")):
            told = {"en": "`unexpected_rows_query` to select from `{batch}`", "sv": "att `unexpected_rows_query` läser ur `{batch}`"}
            raise PydanticCustomError("rule", "{en}", told)
        return self


class Batch(_Model):
    """The rows a group of expectations looks at."""

    name: Identifier
    query: str | None = Field(default=None, description="SQL on the working database; without it the whole table.")
    index_columns: list[str] = Field(
        min_length=1, description="Columns that name a failing row; with `measure_id` among them failures are held per measure."
    )
    may_be_empty: bool = Field(default=False, description="true where no rows is a good state; otherwise reading none is a failure.")
    expectations: list[Expectation] = Field(min_length=1)  # Great Expectations passes a suite that expects nothing

    @property
    def scope(self) -> Scope:
        return "measure" if "measure_id" in self.index_columns else "release"


class Suite(_Model):
    """One file of ``expectations/``: the checks on one table, grouped by the rows they look at."""

    name: Identifier
    table: Identifier
    batches: list[Batch] = Field(min_length=1)

    @property
    def expectations(self) -> Iterator[tuple[Batch, Expectation]]:
        return ((batch, expectation) for batch in self.batches for expectation in batch.expectations)


def read_suites(folder: Path) -> list[Suite]:
    """Every ``*.yml`` of the folder, by file name. Raises ``SuiteError`` with everything that is wrong in all of them at once."""
    files, suites = YamlFiles(folder), {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_dir() or path.name.startswith(".") or path.name.endswith((".md", "~")):
            continue
        if path.suffix != ".yml":  # it would be read by nobody, and its checks not made
            files.report(path, (), "file_name")
        elif suite := files.load(path, Suite):
            suites[path] = suite
    if not suites and not files.problems:  # nothing would be checked
        files.report(folder, (), "absent", wanted=Words("a folder with at least one suite (.yml)", "en mapp med minst en svit (.yml)"))
    _report_duplicates(suites, files)
    if files.problems:
        raise SuiteError(sorted(files.problems, key=lambda p: (p.path, p.line or 0, p.field)))
    return list(suites.values())


def _report_duplicates(suites: Mapping[Path, Suite], files: YamlFiles) -> None:
    """Names that must be told apart: of suites, of the batches of a suite, of the checks on a table."""
    seen: dict[tuple[str, ...], Path] = {}

    def see(path: Path, where: Where, *key: str) -> None:
        if key in seen:
            remedy = Words("give each its own name", "ge var och en sitt eget namn")
            files.report(path, where, "twice", found=f"`{key[-1]}`", other=seen[key].name, remedy=remedy)
        seen.setdefault(key, path)

    for path, suite in suites.items():
        see(path, ("name",), "suite", suite.name)
        for i, batch in enumerate(suite.batches):
            see(path, ("batches", i, "name"), "batch", suite.name, batch.name)
            for j, expectation in enumerate(batch.expectations):
                see(path, ("batches", i, "expectations", j, "name"), "check", suite.table, expectation.name)


@cache
def _known_types() -> frozenset[str]:
    """The types that come with Great Expectations: one module each, so their names can be had without the seconds of an import."""
    spec = find_spec("great_expectations")
    assert spec and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "expectations", "core")
    return frozenset(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
