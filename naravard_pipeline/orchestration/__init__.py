"""Dagster: which step follows which, and what is told about each. The only room that imports Dagster; the work itself is in the other rooms."""
