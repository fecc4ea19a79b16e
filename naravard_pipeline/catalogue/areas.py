"""The shape of the areas: nation, regions, county parts, municipalities, and groups of them.

Here: what a file of sources/areas/ may contain, field by field, described in Swedish for the statistician's editor.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from naravard_pipeline.catalogue.fields import GROUP_ID, KOLADA_AREA, SCB_CODE, AreaCode, AreaType, Model, Text, Whole


class Area(Model):
    area_code: AreaCode = Field(description="SCB:s kod inom citattecken: '00' riket, två siffror region, fyra kommun, '04-norra' länsdel.")
    kolada_code: str | None = Field(None, pattern=KOLADA_AREA, description="Koladas kod inom citattecken.")
    scb_code: str | None = Field(None, pattern=SCB_CODE, description="SCB:s kod inom citattecken.")
    name_sv: Text = Field(description="Områdets namn.")
    area_type: AreaType = Field(description="Slags område.")
    parent_code: AreaCode | None = Field(None, description="Området som detta ligger i, inom citattecken.")


class AreaGroup(Model):
    group_id: str = Field(pattern=GROUP_ID, description="Gruppens permanenta namn.")
    name_sv: Text = Field(description="Gruppens namn.")
    group_type: Literal["county_part"] = Field(description="Slags grupp.")
    members: tuple[AreaCode, ...] = Field(min_length=1, description="Kommunernas koder, inom citattecken.")


Place = Annotated[Whole, Field(ge=1, le=20)]


class TileMap(Model):
    """Ett läns kommuner som rutor på en karta: ungefär var de ligger, inte hur stora de är."""

    county_code: AreaCode = Field(description="Länets kod, inom citattecken.")
    tiles: Mapping[AreaCode, tuple[Place, Place]] = Field(description="Kommunens kod, inom citattecken: [kolumn, rad], båda räknade från 1.")


class AreasFile(Model):
    """Områdena (sources/areas/<namn>.yml): riket, regioner, länsdelar och kommuner."""

    areas: tuple[Area, ...] = Field(min_length=1, description="Alla områden, i den ordning de visas.")
    area_groups: tuple[AreaGroup, ...] = Field((), description="Grupper av kommuner, t.ex. länsdelar.")
    tile_maps: tuple[TileMap, ...] = Field((), description="Kartor med en ruta per kommun. Ett län utan karta visas som en lista.")
