"""The suites in ``expectations/``: their models and their reader.

Here belongs what a suite file may say and how a wrong one is told. Great Expectations is not imported: whoever only needs the names of the
checks gets them in milliseconds.
"""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from naravard_pipeline.quality.outcome import Scope, Severity

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class SuiteError(ValueError):
    """Suite files that cannot be used; ``problems`` has one sentence for each thing that is wrong, with file, field and remedy."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


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
            raise ValueError(f"`{value}` is no expectation of Great Expectations{_did_you_mean(value, _known_types())}")
        return value

    @field_validator("kwargs")
    @classmethod
    def _concerns_every_row(cls, value: dict[str, Any]) -> dict[str, Any]:
        # With either of these the failing rows and the verdict part ways, and with them what is held and why.
        for key in ("mostly", "row_condition"):
            if key in value:
                raise ValueError(f"`{key}` is not used here; write the condition into the batch's `query` instead")
        return value

    @model_validator(mode="after")
    def _reads_its_batch(self) -> "Expectation":
        if self.type == "unexpected_rows_expectation" and "{batch}" not in str(self.kwargs.get("unexpected_rows_query")):
            raise ValueError("`unexpected_rows_query` must select from `{batch}`, and from nothing else")
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
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise SuiteError([f"{folder}: no suite (*.yml) is here; without one nothing would be checked"])
    suites, problems = [], []
    for path in files:
        try:
            suites.append(Suite.model_validate(_read_mapping(path)))
        except ValidationError as error:
            problems += [f"{path}: {_sentence(e)}" for e in error.errors()]
        except SuiteError as error:
            problems += error.problems
    problems += _find_duplicates(folder, suites)
    if problems:
        raise SuiteError(problems)
    return suites


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise SuiteError([f"{path}:{mark.line + 1 if mark else '?'}: {error.problem}; mend the YAML there"]) from error
    except (YAMLError, ValueError) as error:
        raise SuiteError([f"{path}: is no YAML in UTF-8 ({error}); save it again as such"]) from error
    if not isinstance(data, dict):
        raise SuiteError([f"{path}: expected the keys {', '.join(Suite.model_fields)}"])
    return data


def _find_duplicates(folder: Path, suites: list[Suite]) -> list[str]:
    names = Counter(("suites", s.name) for s in suites)
    names += Counter((f"batches of suite {s.name}", b.name) for s in suites for b in s.batches)
    names += Counter((f"checks on table {s.table}", e.name) for s in suites for _, e in s.expectations)
    return [f"{folder}: name: {n} {kind} are called `{name}`; give each its own name" for (kind, name), n in names.items() if n > 1]


def _sentence(error: Any) -> str:
    """One pydantic error as field, what is wrong, what would be right."""
    *parents, last = error["loc"] or ("",)
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    match error["type"]:
        case "missing":
            told = "is missing; add it"
        case "extra_forbidden":
            fields = (Expectation if "expectations" in parents else Batch if "batches" in parents else Suite).model_fields
            told = f"unknown key `{last}`{_did_you_mean(str(last), fields)}; known are {', '.join(fields)}"
        case "value_error":
            told = str(error["ctx"]["error"])
        case _:
            told = f"there is {error['input']!r}; {error['msg'].lower()}"
    return f"{place}: {told}" if place else told


def _did_you_mean(word: str, known: Any) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


@cache
def _known_types() -> frozenset[str]:
    """The types that come with Great Expectations: one module each, so their names can be had without the seconds of an import."""
    spec = find_spec("great_expectations")
    assert spec and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "expectations", "core")
    return frozenset(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
