"""The shape of a framework: goal areas and their indicators, as a county or a municipality has agreed on them.

Here: what a file of sources/frameworks/ may contain, field by field, described in Swedish for the statistician's editor. Not here: measures (models).
"""

import datetime
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated

from pydantic import Field

from naravard_pipeline.catalogue.areas import Area
from naravard_pipeline.catalogue.fields import AreaCode, Identifier, Model, Number, ScbCode, Text, Whole

Weight = Annotated[Number, Field(gt=0)]


class Indicator(Model):
    indicator_id: Identifier = Field(description="Permanent namn på indikatorn: gemener, siffror och understreck.")
    name_sv: Text = Field(description="Indikatorns namn.")
    name_en: Text = Field(description="Indikatorns namn på engelska.")
    description_sv: Text = Field(description="Vad indikatorn betyder.")
    is_proposal: bool = Field(False, strict=True, description="Om indikatorn är ett förslag som ramverkets ägare inte har beslutat. Det visas.")


class Deprecated(Model):
    """En tabell som ska försvinna: läsarna får veta det i de publicerade uppgifterna minst 90 dagar i förväg."""

    since: datetime.date = Field(description="Dagen då det meddelas, ÅÅÅÅ-MM-DD.")
    remove_after: datetime.date = Field(description="Sista dagen då tabellen säkert finns kvar, ÅÅÅÅ-MM-DD; minst 90 dagar senare.")
    reason_sv: Text = Field(description="Varför, och vad läsaren gör i stället.")
    replaced_by: Text | None = Field(None, description="Tabellen som kommer i stället.")


class GoalArea(Model):
    goal_area_id: Identifier = Field(description="Permanent namn på målområdet; det blir en del av tabellens namn.")
    name_sv: Text = Field(description="Målområdets namn.")
    name_en: Text = Field(description="Målområdets namn på engelska.")
    description_sv: Text = Field(description="Vad målområdet handlar om.")
    indicators: tuple[Indicator, ...] = Field(min_length=1, description="Målområdets indikatorer, i den ordning de visas.")
    deprecated: Deprecated | None = Field(None, description="Innan ett målområde tas bort: när dess tabell försvinner och varför.")
    weights: Mapping[Identifier, Weight] = Field(
        default_factory=dict, description="Måttens (measure_id) vikter i målområdets sammanvägda index, där de ska vara andra än under indikatorerna."
    )


class FocusArea(Model):
    focus_area_id: Identifier = Field(description="Permanent namn på fokusområdet.")
    name_sv: Text = Field(description="Fokusområdets namn.")
    name_en: Text = Field(description="Fokusområdets namn på engelska.")


class FrameworkFile(Model):
    """Ett ramverk (sources/frameworks/<framework_id>.yml): målområden och indikatorer som ett län eller en kommun följer."""

    name_sv: Text = Field(description="Ramverkets namn.")
    name_en: Text = Field(description="Ramverkets namn på engelska.")
    description_sv: Text = Field(description="Vad ramverket är och hur länge det gäller.")
    owner_sv: Text = Field(description="Vem som äger ramverket.")
    county_code: AreaCode | None = Field(None, description="Länets kod, inom citattecken, t.ex. '04'. Utelämnat: ramverket gäller hela landet.")
    municipalities: tuple[ScbCode, ...] = Field(
        (), description="Kommunerna som följer ramverket, inom citattecken, om de inte är länets alla. Länets övriga visas som sammanhang."
    )
    decided_date: datetime.date | None = Field(None, description="När ramverket beslutades, ÅÅÅÅ-MM-DD.")
    target_year: Whole | None = Field(None, ge=2000, le=2100, description="Året för målbilden.")
    focus_areas: tuple[FocusArea, ...] = Field((), description="Fokusområden tvärs över målområdena.")
    goal_areas: tuple[GoalArea, ...] = Field(min_length=1, description="Målområdena, i den ordning de visas.")


class Framework(FrameworkFile):
    framework_id: str

    @cached_property
    def indicators(self) -> Mapping[str, Indicator]:
        return {i.indicator_id: i for g in self.goal_areas for i in g.indicators}

    def own_areas(self, areas: Iterable[Area]) -> list[Area]:
        """The areas whose framework it is: the nation, or the county with its parts and all of its municipalities or those that are named."""
        if self.county_code is None:
            return [a for a in areas if a.area_type == "nation"]
        named = self.municipalities
        within = [a for a in areas if self.county_code in (a.area_code, a.parent_code)]
        return [a for a in within if not named or a.area_code in named or a.area_code == self.county_code]
