"""Small numbers: what must be hidden so that nobody can compute a count of few people, and the attacker who tries.

Knows neither dbt nor Dagster nor publication: tables in, rows to hide or findings out.
"""

from naravard_pipeline.protection.cover import Protection, protect
from naravard_pipeline.protection.knowledge import Unprotectable
from naravard_pipeline.protection.memory import MemoryUnreadable, gather_memory
from naravard_pipeline.protection.published import Finding, attack, describe

__all__ = ["Finding", "MemoryUnreadable", "Protection", "Unprotectable", "attack", "describe", "gather_memory", "protect"]
