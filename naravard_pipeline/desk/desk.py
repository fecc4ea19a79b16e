"""What every way of making a measure goes through: find, look at, propose, write.

Belongs here: which kind of source answers which question. Does not: terminals and pages (``interview``, ``form``), each source (a module for each).
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from naravard_pipeline.catalogue import Catalogue, read_catalogue
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.desk import kolada
from naravard_pipeline.desk.fields import Field, fields_of
from naravard_pipeline.desk.proposal import DeskError, Proposal
from naravard_pipeline.desk.saving import path_of, save
from naravard_pipeline.desk.search import Entry, Index
from naravard_pipeline.desk.yaml_file import text_of
from naravard_pipeline.settings import Settings


class Desk:
    """One person's work: what was read of the sources' lists is kept. Raises ``DeskError``, ``CatalogueError``, ``FetchError``."""

    def __init__(self, settings: Settings, sources: Path):
        self.settings, self.sources = settings, sources
        self._indexes: dict[str, Index] = {}

    @cached_property
    def catalogue(self) -> Catalogue:
        return read_catalogue(self.sources)

    @cached_property
    def fields(self) -> dict[str, Field]:
        return fields_of(self.catalogue)

    def kind_of(self, source_id: str) -> str:
        if source_id not in self.catalogue.sources:
            known = ", ".join(self.catalogue.sources)
            raise DeskError(Words(f"there is no source {source_id!r}; there are {known}", f"det finns ingen källa «{source_id}»; det finns {known}"))
        return self.catalogue.sources[source_id].kind

    @cached_property
    def key_figures(self) -> list[dict[str, Any]]:
        return kolada.read_key_figures(self.settings)

    def find(self, source_id: str, words: str, limit: int = 12) -> list[Entry]:
        """Key figures, tables or topics by words, the likeliest first."""
        if self.kind_of(source_id) != "kolada":
            raise _not_searched(source_id)
        if source_id not in self._indexes:
            self._indexes[source_id] = Index(kolada.entries_of(self.key_figures))
        return self._indexes[source_id].find(words, limit)

    def successor(self, code: str) -> str | None:
        return kolada.propose_successor(self.settings, self.key_figures, code)

    def propose(self, source_id: str, origin: Mapping[str, Any]) -> Proposal:
        """A measure of ``source_id`` made from what ``origin`` names: ``code``."""
        if self.kind_of(source_id) != "kolada":
            raise _not_searched(source_id)
        return kolada.propose(self.settings, self.catalogue, origin["code"], **_first_year(origin))

    def write(self, proposal: Proposal, measure_id: str, *, overwrite: bool = False) -> list[Path]:
        """The file, and its template if it has one; see ``saving.save``."""
        return save(self.sources, path_of(self.sources, proposal.source_id, measure_id), text_of(proposal), overwrite=overwrite)


def _first_year(origin: Mapping[str, Any]) -> dict[str, int]:
    year = origin.get("first_year")
    return {"first_year": year} if isinstance(year, int) else {}


def _not_searched(source_id: str) -> DeskError:
    return DeskError(Words(f"{source_id} has nothing to search", f"{source_id} har inget att söka i"))


__all__: Sequence[str] = ("Desk",)
