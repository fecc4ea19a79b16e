"""What the pages of a release share: how they look, how they write numbers and words, how they read rows. Not here: what any page says."""

from jinja2 import ChoiceLoader, Environment, PackageLoader

from naravard_pipeline.charts import COLOURS
from naravard_pipeline.pages import swedish


def open_templates(package: str) -> Environment:
    """The templates of ``package`` and the base they extend, ``base.html.j2``, with the filters ``number``, ``percent``, ``moment`` and ``word``."""
    loader = ChoiceLoader([PackageLoader(package), PackageLoader(__name__)])
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": swedish.number, "percent": swedish.percent, "moment": swedish.moment, "word": swedish.word}
    environment.globals["chart_colours"] = COLOURS
    return environment
