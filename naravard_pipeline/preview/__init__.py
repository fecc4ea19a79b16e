"""What one measure gives, seen before anything is run for good: fetched into a scratch landing, built by dbt's own SQL, checked, compared.

Here: that. Nothing is published and no home is written to, but for the compiled SQL that is kept in ``warehouse/preview/``. What is hidden
from readers is hidden here as well: a preview is soon in an e-mail. Not here: words for a terminal (cli).
"""

from naravard_pipeline.preview.page import render_preview_page
from naravard_pipeline.preview.preview import preview_measure
from naravard_pipeline.preview.scratch import PreviewError

__all__ = ["PreviewError", "preview_measure", "render_preview_page"]
