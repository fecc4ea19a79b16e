"""What every way of making a measure goes through: find, look at, propose, write.

Belongs here: which kind of source answers which question. Does not: terminals and pages (``interview``, ``form``), each source (a module for each).
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from naravard_pipeline.catalogue import Catalogue, read_catalogue
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.desk import kolada, own, pxweb, socialstyrelsen
from naravard_pipeline.desk.change import changed_text, content_of, read_changes
from naravard_pipeline.desk.dimensions import Choice
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
        kind = self.kind_of(source_id)
        match kind:
            case "pxweb2":  # the service searches by itself, and finds by more than titles: what it found is only put in order
                found = pxweb.find_tables(self.settings, source_id, kind, words)
                ranked = Index(found).find(words, limit)
                return [*ranked, *(entry for entry in found if entry not in ranked)][:limit]
            case "kolada" | "pxweb1" | "socialstyrelsen":
                if source_id not in self._indexes:
                    self._indexes[source_id] = Index(self._entries(source_id, kind, words))
                return self._indexes[source_id].find(words, limit)
        raise DeskError(Words(f"{source_id} has nothing to search", f"{source_id} har inget att söka i"))

    def _entries(self, source_id: str, kind: str, words: str) -> list[Entry]:
        if kind == "kolada":
            return kolada.entries_of(self.key_figures)
        return socialstyrelsen.find_topics(self.settings) if kind == "socialstyrelsen" else pxweb.find_tables(self.settings, source_id, kind, words)

    def successor(self, code: str) -> str | None:
        """What may have come in place of a retired key figure of Kolada's."""
        return kolada.propose_successor(self.settings, self.key_figures, code)

    def choices(self, source_id: str, code: str) -> tuple[Choice, ...]:
        """The dimensions of a table or topic of which one code is chosen; none for a key figure."""
        match self.kind_of(source_id):
            case "pxweb2" | "pxweb1":
                return pxweb.roles_of(pxweb.read_table(self.settings, source_id, code), self.catalogue).choices
            case "socialstyrelsen":
                return socialstyrelsen.roles_of(socialstyrelsen.read_topic(self.settings, code)).choices
        return ()

    def propose(self, source_id: str, origin: Mapping[str, Any]) -> Proposal:
        """A measure of ``source_id`` made from what ``origin`` names: ``code`` and ``choose`` (dimension → code); a file's headings; or its parts."""
        chosen, first_year = origin.get("choose") or {}, _first_year(origin)
        match self.kind_of(source_id):
            case "kolada":
                proposal = kolada.propose(self.settings, self.catalogue, origin["code"], **first_year)
            case "pxweb2" | "pxweb1":
                proposal = pxweb.propose(self.settings, self.catalogue, source_id, origin["code"], chosen, **first_year)
            case "socialstyrelsen":
                proposal = socialstyrelsen.propose(self.settings, self.catalogue, origin["code"], chosen, **first_year)
            case "files":
                proposal = own.propose_file(self.catalogue, source_id, origin)
            case "derived":
                proposal = own.propose_derived(self.catalogue, source_id, origin)
            case _:
                raise DeskError(Words(f"a measure of {source_id} cannot be made here", f"ett mått från {source_id} kan inte göras här"))
        return proposal

    def read(self, measure_id: str) -> str:
        """The text of a measure's file. Raises ``DeskError`` where there is no such measure."""
        if measure_id not in self.catalogue.measures:
            raise DeskError(Words(f"there is no measure {measure_id!r}", f"det finns inget mått «{measure_id}»"))
        return self._path(measure_id).read_text("utf-8")

    def change(self, measure_id: str, typed: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The measure's file with typed fields changed, and what changes in it. Nothing is written."""
        text = self.read(measure_id)
        changes = read_changes(self.fields, content_of(text), typed)
        return changed_text(text, changes), changes

    def write_change(self, measure_id: str, text: str) -> list[Path]:
        """Put ``text`` in the place of the measure's file; see ``saving.save``."""
        written = save(self.sources, self._path(measure_id), text, overwrite=True)
        self._forget()
        return written

    def _path(self, measure_id: str) -> Path:
        return path_of(self.sources, self.catalogue.measures[measure_id].source_id, measure_id)

    def _forget(self) -> None:
        for name in ("catalogue", "fields"):  # there is one measure more, or another
            self.__dict__.pop(name, None)

    def write(self, proposal: Proposal, measure_id: str, *, overwrite: bool = False) -> list[Path]:
        """The file, and its template if it has one; see ``saving.save``."""
        written = save(self.sources, path_of(self.sources, proposal.source_id, measure_id), text_of(proposal), overwrite=overwrite)
        self._forget()
        return written


def _first_year(origin: Mapping[str, Any]) -> dict[str, int]:
    year = origin.get("first_year")
    return {"first_year": year} if isinstance(year, int) else {}
