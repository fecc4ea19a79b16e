"""JSON Schemas for editors, generated from the models, so that a wrong field shows while it is being typed.

Here: the models as schemas, and their files. Not here: the rules a schema cannot state; ``read_catalogue`` holds those.
"""

import json
from pathlib import Path

from naravard_pipeline.catalogue.areas import AreasFile
from naravard_pipeline.catalogue.fields import Model
from naravard_pipeline.catalogue.frameworks import FrameworkFile
from naravard_pipeline.catalogue.models import MeasureFile, SourceFile
from naravard_pipeline.catalogue.publication import PublicationFile
from naravard_pipeline.catalogue.surveys import SurveyFile

FILES: dict[str, type[Model]] = {
    "areas.schema.json": AreasFile,
    "framework.schema.json": FrameworkFile,
    "measure.schema.json": MeasureFile,
    "publication.schema.json": PublicationFile,
    "source.schema.json": SourceFile,
    "survey.schema.json": SurveyFile,
}


def build_schemas() -> dict[str, dict]:
    """File name → JSON Schema (draft 2020-12)."""
    return {name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()} for name, model in FILES.items()}


def write_schemas(sources: Path) -> list[Path]:
    """Write ``sources/schema/*.schema.json`` and return what was written."""
    folder = sources / "schema"
    folder.mkdir(exist_ok=True)
    paths = []
    for name, schema in build_schemas().items():
        path = folder / name
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
