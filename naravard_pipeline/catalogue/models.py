"""The shapes of the catalogue: framework → goal area → indicator ↔ measure ← source, and the areas.

Here: what one file may contain, field by field. The descriptions are Swedish, because editors show them to the statistician.
Not here: the sections `query` and `derived` (queries), how files are found and read (reader), what must hold between fields and files (rules).
A class named …File is the content of a file; the class without it also knows its identity, which is the file's name.
"""

import datetime
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field

from naravard_pipeline.catalogue.fields import (
    AGE_GROUP,
    GROUP_ID,
    KOLADA_AREA,
    SCB_CODE,
    AreaCode,
    AreaType,
    Identifier,
    Model,
    Number,
    Text,
    WebAddress,
    Whole,
)
from naravard_pipeline.catalogue.file_format import FileFormat
from naravard_pipeline.catalogue.queries import Derived, Query

Level = Literal["region", "municipality"]
Status = Literal["published", "draft", "planned", "retired"]
ValueType = Literal["count", "rate", "share", "mean", "median", "index", "days"]
SourceKind = Literal["kolada", "files", "pxweb2", "pxweb1", "socialstyrelsen", "vardenisiffror", "derived", "none"]


class Indicator(Model):
    indicator_id: Identifier = Field(description="Permanent namn på indikatorn: gemener, siffror och understreck.")
    name_sv: Text = Field(description="Indikatorns namn.")
    name_en: Text = Field(description="Indikatorns namn på engelska.")
    description_sv: Text = Field(description="Vad indikatorn betyder.")


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
    county_code: AreaCode = Field(description="Länets kod, inom citattecken, t.ex. '04'.")
    decided_date: datetime.date | None = Field(None, description="När ramverket beslutades, ÅÅÅÅ-MM-DD.")
    target_year: Whole | None = Field(None, ge=2000, le=2100, description="Året för målbilden.")
    focus_areas: tuple[FocusArea, ...] = Field((), description="Fokusområden tvärs över målområdena.")
    goal_areas: tuple[GoalArea, ...] = Field(min_length=1, description="Målområdena, i den ordning de visas.")


class Framework(FrameworkFile):
    framework_id: str

    @cached_property
    def indicators(self) -> Mapping[str, Indicator]:
        return {i.indicator_id: i for g in self.goal_areas for i in g.indicators}


class SourceFile(Model):
    """En källa (sources/<source_id>/_source.yml): varifrån siffrorna kommer och hur ofta de hämtas."""

    name_sv: Text = Field(description="Källans namn.")
    name_en: Text = Field(description="Källans namn på engelska.")
    description_sv: Text = Field(description="Vad källan är och vad man bör veta om den.")
    kind: SourceKind = Field(description="Hur källan talar: vilken inläsare som används.")
    url: WebAddress | None = Field(None, description="Källans egen sida.")
    docs_url: WebAddress | None = Field(None, description="Källans beskrivning av sitt gränssnitt eller sina data.")
    measure_url: WebAddress | None = Field(
        None, description="Mönster för en sida där en människa ser måttets siffror; {source_code} byts mot måttets source_code."
    )
    attribution: Text = Field(
        description="Hur källan ska anges där dess egna siffror visas, t.ex. «Källa: Kolada». Under det som räknas ut här står det aldrig."
    )
    licence: Text = Field(description="Villkor för vidareanvändning, så som källan själv anger dem; säg att de inte är kända när de inte är det.")
    licence_url: WebAddress | None = Field(
        None, description="Licensens adress, t.ex. http://creativecommons.org/publicdomain/zero/1.0/, eller källans villkor."
    )
    schedule: Text | None = Field(None, description="När källan hämtas, som cron med fem fält i svensk tid. Utelämnat: aldrig av sig själv.")
    contact_sv: Text | None = Field(None, description="Vem man frågar om källan: en roll, inget personnamn.")
    reserve_number_patterns: tuple[re.Pattern[str], ...] = Field(
        (), description="Reguljära uttryck för regionens reservnummer (minst åtta tecken). En fil där något finns tas bort utan att läsas in."
    )


class Source(SourceFile):
    source_id: str

    @property
    def path(self) -> Path:
        return Path("sources", self.source_id, "_source.yml")


class IndicatorLink(Model):
    framework: Identifier = Field(description="Ramverket: filens namn under sources/frameworks/.")
    indicator: Identifier = Field(description="Indikatorn (indicator_id) i ramverket.")
    official_names_sv: tuple[Text, ...] = Field((), description="Måttets namn i ramverkets egna dokument, om de är andra än name_sv eller flera.")
    weight: Number = Field(1.0, gt=0, description="Måttets vikt i ett sammanvägt index för indikatorn.")


class Bounds(Model):
    """Gränser som inget riktigt värde i något område passerar. Ett värde utanför stoppar publiceringen av måttet."""

    min: Number = Field(description="Minsta möjliga värde.")
    max: Number = Field(description="Största möjliga värde.")


class Target(Model):
    value: Number = Field(description="Målvärdet, i måttets enhet.")
    year: Whole | None = Field(None, ge=2000, le=2100, description="När målet ska vara nått.")


class Retired(Model):
    date: datetime.date = Field(description="Sista dagen måttet var aktuellt, ÅÅÅÅ-MM-DD.")
    reason_sv: Text = Field(description="Varför måttet upphörde, och om efterträdaren går att jämföra med.")
    replaced_by: Identifier | None = Field(None, description="Måttet (filens namn) som kom i stället.")


class Review(Model):
    """Vad som får ändras i redan visade eller nya siffror utan att en person godkänner det. Utelämnat fält: det som gäller måttets slag."""

    max_revision: Number | None = Field(
        None,
        gt=0,
        description="Största omräkning av en redan publicerad siffra, procent. Utelämnat: 10 för årliga mått, 25 för andra.",
    )
    max_level_shift: Number | None = Field(
        None,
        gt=0,
        description="Största ändring av medianen över områdena, procent, från perioden före eller genom omräkning. "
        "Utelämnat: 25 för årliga mått, ingen gräns för andra.",
    )
    max_missing_areas: Number | None = Field(
        None,
        ge=0,
        le=100,
        description="Största andel av områdena som får sakna värde när de hade ett i förra releasen eller perioden, procent. Utelämnat: 10.",
    )
    approval: Literal["automatic", "always"] = Field(
        "automatic", description="automatic: godkänns av en person bara när en gräns passeras. always: varje gång något i måttet har ändrats."
    )


class MeasureFile(Model):
    """Ett mått (sources/<källa>/<measure_id>.yml). Filens namn är måttets permanenta namn."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {"if": {"properties": {"status": {"const": "planned"}}}, "else": {"required": ["bounds"]}},
                {"if": {"properties": {"status": {"const": "retired"}}}, "then": {"required": ["retired"]}},
            ]
        }
    )

    name_sv: Text = Field(description="Måttets officiella namn.")
    name_en: Text = Field(description="Måttets namn på engelska.")
    definition_sv: Text = Field(description="Vad som räknas, för vilka och hur, i en eller två meningar.")
    status: Status = Field(
        description="published: visas. draft: hämtas men visas som utkast. planned: ingen ansluten källa ännu. retired: upphört, historiken visas."
    )
    indicators: tuple[IndicatorLink, ...] = Field((), description="Indikatorerna som måttet hör till; ett mått kan höra till flera.")
    levels: tuple[Level, ...] = Field(min_length=1, description="Vars resultat måttet visar: regionens, kommunens eller bådas.")
    unit: Text = Field(description="Enheten som den skrivs vid siffran, t.ex. «procent».")
    value_type: ValueType = Field(description="Värdets slag: antal, kvot, andel, medelvärde, median, index eller dagar.")
    direction: Literal["higher_is_better", "lower_is_better", "neutral"] = Field(description="Åt vilket håll det är bättre.")
    decimals: Whole = Field(1, ge=0, le=6, description="Antal decimaler som visas.")
    source_code: Text | None = Field(None, description="Källans beteckning, t.ex. nyckeltalets id i Kolada (N78113).")
    age_group: str = Field("total", pattern=AGE_GROUP, description="Åldrarna som måttet gäller: total, 65+ eller 16-84.")
    frequency: Literal["year", "half_year", "quarter", "month"] = Field("year", description="Hur ofta det kommer ett nytt värde.")
    window_years: Whole = Field(1, ge=1, le=10, description="Hur många år ett värde gäller, t.ex. 3 för treårsmedelvärde; perioden är det sista.")
    sexes: bool = Field(False, strict=True, description="Om källan också har kvinnor och män för sig.")
    first_year: Whole = Field(2010, ge=1900, le=2100, description="Första året som hämtas.")
    area_types: tuple[AreaType, ...] = Field(min_length=1, description="Vilka slags områden som väntas ha värden.")
    bounds: Bounds | None = Field(None, description="Gränser för ett rimligt värde. Krävs för alla mått utom planerade.")
    max_change: Number | None = Field(
        None, gt=0, description="Största rimliga ändring från en period till nästa i samma område, procent. Större ger en varning."
    )
    min_coverage: Number | None = Field(
        None, ge=0, le=100, description="Andel av de väntade områdena som ska ha värde i en avslutad period, procent. Färre ger en varning."
    )
    review: Review = Field(Review(), description="Vilka ändringar som en person godkänner innan de publiceras.")
    target: Target | None = Field(None, description="Beslutat målvärde, om det finns.")
    caveat_sv: Text | None = Field(None, description="Det läsaren måste veta för att inte misstolka siffran.")
    focus_areas: tuple[Identifier, ...] = Field((), description="Fokusområden (focus_area_id) som måttet hör till.")
    retired: Retired | None = Field(None, description="Krävs när status är retired: när, varför och vad som kom i stället.")
    contact_sv: Text | None = Field(None, description="Vem man frågar om måttet: en roll, inget personnamn.")
    docs_url: WebAddress | None = Field(None, description="Sida som beskriver måttet närmare.")
    suppression_threshold: Whole = Field(5, ge=0, description="Antal från 1 och under detta döljs i uppgifter från filer.")
    file: FileFormat | None = Field(None, description="Filens form, för mått som kommuner eller region lämnar själva.")
    query: Query | None = Field(None, description="Hur måttet hämtas ur en statistikdatabas: tabell, variabler och koder.")
    derived: Derived | None = Field(None, description="Hur måttet räknas ur andra mått.")


class Measure(MeasureFile):
    measure_id: str
    source_id: str

    @property
    def path(self) -> Path:
        return Path("sources", self.source_id, f"{self.measure_id}.yml")

    @property
    def tolerances(self) -> Review:
        """What the file says, and where it says nothing what suits its frequency; ``max_level_shift`` None is no limit.

        Measured on 76 key figures of Kolada in the regions, 2016-2025: the median over the regions moved by more than 25 % from one year to the next
        in 18 of 511 cases once four results in kronor around nought are left out, in half of all by less than 3 %; and more than 10 % of the regions
        were gone in fewer than one of twenty new years. What comes more often than yearly is corrected more, and has seasons.
        """
        yearly = self.frequency == "year"
        return Review(
            max_revision=self.review.max_revision or (10 if yearly else 25),
            max_level_shift=self.review.max_level_shift or (25 if yearly else None),
            max_missing_areas=10 if self.review.max_missing_areas is None else self.review.max_missing_areas,
            approval=self.review.approval,
        )

    @property
    def is_live(self) -> bool:
        """Whether it is fetched, sent in or computed. A retired measure still is: its history is shown."""
        return self.status != "planned" and any(x is not None for x in (self.source_code, self.file, self.query, self.derived))


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


class AreasFile(Model):
    """Områdena (sources/areas/<namn>.yml): riket, regioner, länsdelar och kommuner."""

    areas: tuple[Area, ...] = Field(min_length=1, description="Alla områden, i den ordning de visas.")
    area_groups: tuple[AreaGroup, ...] = Field((), description="Grupper av kommuner, t.ex. länsdelar.")


class Catalogue(Model):
    """Everything the pipeline knows before it has asked any source. Each dict keeps the order of display."""

    frameworks: dict[str, Framework]
    sources: dict[str, Source]
    measures: dict[str, Measure]
    areas: dict[str, Area]
    area_groups: dict[str, AreaGroup]

    @property
    def live(self) -> list[Measure]:
        """The measures that are fetched: those with a connected source, whatever of draft, published or retired they are."""
        return [m for m in self.measures.values() if m.is_live]

    def measures_of(self, source_id: str) -> list[Measure]:
        """All measures of a source, planned ones too."""
        return [m for m in self.measures.values() if m.source_id == source_id]

    def live_of(self, source_id: str) -> list[Measure]:
        return [m for m in self.measures_of(source_id) if m.is_live]
