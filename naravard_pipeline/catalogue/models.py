"""The shapes of the catalogue: sources, measures, and all of it together.

Here: what one file may contain, field by field. The descriptions are Swedish, because editors show them to the statistician.
Not here: frameworks and areas (modules of their names), the sections `query` and `derived` (queries), how
files are found and read (reader), what must hold between fields and files (rules).
A class named …File is the content of a file; the class without it also knows its identity, which is the file's name.
"""

import datetime
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from naravard_pipeline.catalogue.areas import Area, AreaGroup
from naravard_pipeline.catalogue.fields import (
    AGE_GROUP,
    AreaType,
    Identifier,
    Model,
    Number,
    Text,
    WebAddress,
    Whole,
)
from naravard_pipeline.catalogue.file_format import FileFormat
from naravard_pipeline.catalogue.frameworks import Framework
from naravard_pipeline.catalogue.printed import PrintedFigure
from naravard_pipeline.catalogue.queries import Derived, Query

Level = Literal["region", "municipality"]
SystemLevel = Literal["micro", "meso", "macro"]
Status = Literal["published", "draft", "planned", "retired"]
ValueType = Literal["count", "rate", "share", "mean", "median", "index", "days", "yes_no"]
SourceKind = Literal["kolada", "files", "pxweb2", "pxweb1", "socialstyrelsen", "vardenisiffror", "printed", "derived", "none"]


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
    is_proposal: bool = Field(
        False, strict=True, description="Om måttet är ett förslag under indikatorn, som ramverkets ägare inte har beslutat. Det visas i tabellerna."
    )
    system_level: SystemLevel | None = Field(
        None, description="micro: personens upplevelse. meso: verksamhetens eller kommunens resultat. macro: befolkningen eller hela systemet."
    )


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


class Rebase(Model):
    """En känd ändring i en månads- eller kvartalsserie: styrdiagrammets gränser räknas om från den dagen, och bara då."""

    date: datetime.date = Field(description="Från och med vilken dag gränserna räknas om, ÅÅÅÅ-MM-DD.")
    reason_sv: Text = Field(description="Vad som ändrades, t.ex. ett nytt arbetssätt. Texten visas i diagrammet.")


class Break(Model):
    """Ett brott i serien: värden före och efter jämförs aldrig med varandra."""

    date: datetime.date = Field(description="Första dagen som det nya gäller, ÅÅÅÅ-MM-DD. En period hör till tiden där den slutar.")
    reason_sv: Text = Field(description="Vad som ändrades: ny definition, ny undersökning, nytt sätt att mäta.")
    reason_en: Text = Field(description="Samma sak på engelska.")


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
    value_type: ValueType = Field(description="Värdets slag: antal, kvot, andel, medelvärde, median, index, dagar eller ja/nej.")
    direction: Literal["higher_is_better", "lower_is_better", "neutral"] = Field(description="Åt vilket håll det är bättre.")
    decimals: Whole = Field(1, ge=0, le=6, description="Antal decimaler som visas.")
    source_code: Text | None = Field(None, description="Källans beteckning, t.ex. nyckeltalets id i Kolada (N78113).")
    age_group: str = Field("total", pattern=AGE_GROUP, description="Åldrarna som måttet gäller: total, 65+ eller 16-84.")
    frequency: Literal["year", "half_year", "quarter", "month"] = Field("year", description="Hur ofta det kommer ett nytt värde.")
    window_years: Whole = Field(1, ge=1, le=10, description="Hur många år ett värde gäller, t.ex. 3 för treårsmedelvärde; perioden är det sista.")
    period_totals: Literal["year", "rolling_year"] | None = Field(
        None, description="Summor som räknas över tid när alla perioder finns. year: kalenderår. rolling_year: varje tolv månader i följd."
    )
    per: Number | None = Field(
        None, gt=0, description="Vad täljare genom nämnare multipliceras med, t.ex. 1000. Utelämnat: 100 för andelar; härledda mått säger det själva."
    )
    interval: bool = Field(
        True, strict=True, description="Om osäkerhetsintervall räknas ut när antalen finns. false för folkmängd och annat som inte är händelser."
    )
    breaks: tuple[Break, ...] = Field((), description="Brott i serien, det äldsta först: där måttet började mätas på ett annat sätt.")
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
    baseline_period: Text | None = Field(
        None, description="Perioden som utvecklingen jämförs med, som den visas, t.ex. '2019'. Utelämnat: seriens första hela period."
    )
    base_year: Whole | None = Field(
        None, ge=1990, le=2100, description="Basår i sammanvägda index. Utelämnat: första år från 2015 då minst tio områden av samma slag har värde."
    )
    similar_theme: Text = Field("övergripande", description="Vilken av Koladas indelningar i liknande kommuner som används, t.ex. äldreomsorg.")
    rebase: tuple[Rebase, ...] = Field((), description="Kända ändringar i en månads- eller kvartalsserie, då styrdiagrammets gränser räknas om.")
    caveat_sv: Text | None = Field(None, description="Det läsaren måste veta för att inte misstolka siffran.")
    focus_areas: tuple[Identifier, ...] = Field((), description="Fokusområden (focus_area_id) som måttet hör till.")
    retired: Retired | None = Field(None, description="Krävs när status är retired: när, varför och vad som kom i stället.")
    contact_sv: Text | None = Field(None, description="Vem man frågar om måttet: en roll, inget personnamn.")
    docs_url: WebAddress | None = Field(None, description="Sida som beskriver måttet närmare.")
    suppression_threshold: Whole = Field(5, ge=0, description="Antal från 1 och under detta döljs i uppgifter från filer.")
    denominator_threshold: Whole | None = Field(
        None, ge=0, description="Nämnare och antal svar från 1 och under detta döljer kvoten. Utelämnat: samma som suppression_threshold."
    )
    hides_zero: bool = Field(
        False, strict=True, description="Om också noll ska döljas, för uppgifter där det kan skada någon att ingen räknades. Annars visas noll."
    )
    file: FileFormat | None = Field(None, description="Filens form, för mått som kommuner eller region lämnar själva.")
    query: Query | None = Field(None, description="Hur måttet hämtas ur en statistikdatabas: tabell, variabler och koder.")
    derived: Derived | None = Field(None, description="Hur måttet räknas ur andra mått.")
    printed: tuple[PrintedFigure, ...] = Field((), description="Siffrorna, för mått ur en publikation som ingen maskin kan läsa.")


class Measure(MeasureFile):
    measure_id: str
    source_id: str
    survey_id: str | None = None  # the survey whose answers it is made of

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
        return self.status != "planned" and any((self.source_code is not None, self.file, self.query, self.derived, self.printed))


class Catalogue(Model):
    """Everything the pipeline knows before it has asked any source. Each dict keeps the order of display."""

    frameworks: dict[str, Framework]
    sources: dict[str, Source]
    measures: dict[str, Measure]
    areas: dict[str, Area]
    area_groups: dict[str, AreaGroup]
    surveys: dict[str, Any] = Field(default_factory=dict)  # survey_id → Survey, which is made of the models here

    @property
    def from_files(self) -> list[Measure]:
        """The measures that have a file of their own; a survey's come together in the survey's."""
        return [m for m in self.live if m.file and m.survey_id is None]

    @property
    def live(self) -> list[Measure]:
        """The measures that are fetched: those with a connected source, whatever of draft, published or retired they are."""
        return [m for m in self.measures.values() if m.is_live]

    def measures_of(self, source_id: str) -> list[Measure]:
        """All measures of a source, planned ones too."""
        return [m for m in self.measures.values() if m.source_id == source_id]

    def live_of(self, source_id: str) -> list[Measure]:
        return [m for m in self.measures_of(source_id) if m.is_live]
