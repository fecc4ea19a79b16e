"""Are the figures plausible? Suites of expectations on the working database, their outcomes, and the page that shows them.

Here belongs everything that knows Great Expectations, and nothing else may import it. Whether an answer is well-formed is landing's
question, keys and arithmetic are dbt's, and whether anything may go out is publication's.
"""

from naravard_pipeline.quality.outcome import Outcome
from naravard_pipeline.quality.page import render_quality_page
from naravard_pipeline.quality.run import QualityError, run_suites, warm_up
from naravard_pipeline.quality.suites import Batch, Expectation, Suite, SuiteError, read_suites

__all__ = [
    "Batch",
    "Expectation",
    "Outcome",
    "QualityError",
    "Suite",
    "SuiteError",
    "read_suites",
    "render_quality_page",
    "run_suites",
    "warm_up",
]
