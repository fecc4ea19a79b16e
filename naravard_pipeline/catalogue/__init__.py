"""Frameworks, measures, sources and areas: what the pipeline is told in YAML. Knows no network, no disk but ``sources/``, no database."""

from naravard_pipeline.catalogue.areas import Area, AreaGroup
from naravard_pipeline.catalogue.fields import AreaType
from naravard_pipeline.catalogue.frameworks import Framework, GoalArea, Indicator
from naravard_pipeline.catalogue.models import Bounds, Catalogue, FileFormat, IndicatorLink, Measure, Source
from naravard_pipeline.catalogue.problems import CatalogueError, Problem
from naravard_pipeline.catalogue.reader import read_catalogue
from naravard_pipeline.catalogue.surveys import Alternative, Question, Survey, Wave

__all__ = [
    "Alternative",
    "Area",
    "AreaGroup",
    "AreaType",
    "Bounds",
    "Catalogue",
    "CatalogueError",
    "FileFormat",
    "Framework",
    "GoalArea",
    "Indicator",
    "IndicatorLink",
    "Measure",
    "Problem",
    "Question",
    "Source",
    "Survey",
    "Wave",
    "read_catalogue",
]
