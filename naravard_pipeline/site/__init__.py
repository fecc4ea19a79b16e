"""The site of a release, in Swedish: what people look at. Pages that open as files, without a server, a network or a framework.

Here: reading it from the release's own published tables (``facts``), how a figure is shown (``cells``), charts with their text and table
(``figures``), what a page is made of (``parts``), the map's tiles (``tiles``) and the pages (``pages``).
Not here: any rule of its own. What is said of a figure, and whether it is good, is read from ``fct_assessments`` and its words; the page about a
measure is written by ``publication.measure_pages``.
"""

from naravard_pipeline.site.pages import Site, SiteError, build_site, write_site

__all__ = ["Site", "SiteError", "build_site", "write_site"]
