"""How a measure is asked for at a statistical service, and how it is made of other measures: the sections `query` and `derived`.

Here: what they may contain, for each kind of source, so that a further table of a known service is YAML only. The descriptions are Swedish,
because editors show them to the statistician. Not here: the services' protocols (connectors), rules between files (rules).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from naravard_pipeline.catalogue.fields import MEASURE_UUID, AgeGroup, Identifier, Model, Number, ScbCode, Sex, Text, Whole

Mark = Literal["zero", "missing", "suppressed", "not_applicable", "not_yet_published", "preliminary"]

# What the services write where there is no figure. In SCB's tables a dash is a true zero and a dot a cell that cannot be.
PXWEB_MARKS: Mapping[str, Mark] = {"..": "missing", "...": "missing", ".": "not_applicable", "-": "zero"}
SOCIALSTYRELSEN_MARKS: Mapping[str, Mark] = {"X": "suppressed", "..": "missing", ".": "not_applicable"}


class AreaDimension(Model):
    """Variabeln för områden. Hämtas: de av katalogens områden (area_types) som tabellen har, skrivna som SCB skriver dem."""

    dimension: Text = Field(description="Variabelns kod i tabellen, t.ex. «Region».")
    prefix: str = Field("", description="Tecken som tabellen skriver före SCB:s kod.")
    suffix: str = Field("", description="Tecken som tabellen skriver efter SCB:s kod.")
    codes: Mapping[ScbCode, Text] = Field({}, description="Områden som tabellen skriver på eget sätt: SCB:s kod: tabellens kod, t.ex. '00': 'SE'.")


class PeriodDimension(Model):
    """Variabeln för tid. Hämtas: alla perioder från och med måttets first_year."""

    dimension: Text = Field(description="Variabelns kod i tabellen, t.ex. «Tid».")
    latest: Whole | None = Field(None, ge=1, description="Bara så här många av de senaste perioderna. Utelämnat: alla från first_year.")


class SexDimension(Model):
    """Variabeln för kön."""

    dimension: Text = Field(description="Variabelns kod i tabellen, t.ex. «Kon».")
    total: Text | None = Field(None, description="Koden för båda könen. Utelämnat: tabellens egen total, som ges när variabeln inte väljs.")
    women: Text | None = Field(None, description="Koden för kvinnor.")
    men: Text | None = Field(None, description="Koden för män.")

    @property
    def codes(self) -> dict[Sex, str | None]:
        """The sexes that are asked for and their codes; None for the total that comes when the dimension is not selected."""
        parts: dict[Sex, str | None] = {"women": self.women, "men": self.men}
        return {"total": self.total, **{sex: code for sex, code in parts.items() if code is not None}}


class AgeDimension(Model):
    """Variabeln för ålder."""

    dimension: Text = Field(description="Variabelns kod i tabellen, t.ex. «Alder».")
    groups: Mapping[AgeGroup, tuple[Text, ...]] = Field(
        min_length=1,
        description="Åldersgrupp: lista med tabellens koder, t.ex. [tot] eller ['65-69', '70+'], eller ettårsklasser från–till, t.ex. [65-] eller "
        "[0-17]. Flera läggs ihop; saknas en av dem saknas summan. En tom lista är tabellens egen total, som ges när variabeln inte väljs.",
    )


class Contents(Model):
    """Variabeln som skiljer värdet från dess konfidensintervall och antal."""

    dimension: Text = Field(description="Variabelns kod i tabellen, t.ex. «ContentsCode» eller «Mått».")
    value: Text = Field(description="Koden för värdet.")
    ci_lower: Text | None = Field(None, description="Koden för konfidensintervallets nedre gräns.")
    ci_upper: Text | None = Field(None, description="Koden för konfidensintervallets övre gräns.")
    numerator: Text | None = Field(None, description="Koden för täljaren.")
    denominator: Text | None = Field(None, description="Koden för nämnaren.")
    answers: Text | None = Field(None, description="Koden för antal svar.")

    @property
    def codes(self) -> dict[str, str]:
        """Column → code, for the columns that the table has."""
        return self.model_dump(exclude={"dimension"}, exclude_none=True)


class PxWebQuery(Model):
    """En tabell i en PxWeb-databas (SCB, Folkhälsodata)."""

    table: Text = Field(description="SCB: tabellens id, t.ex. TAB638. Folkhälsodata: sökvägen efter databasens adress, till och med .px.")
    area: AreaDimension = Field(description="Variabeln för områden.")
    period: PeriodDimension = Field(description="Variabeln för tid.")
    sex: SexDimension | None = Field(None, description="Variabeln för kön. Utelämnat: tabellen har ingen, eller bara totalen hämtas.")
    age: AgeDimension | None = Field(None, description="Variabeln för ålder. Utelämnat: värdena gäller måttets age_group.")
    contents: Contents | None = Field(None, description="Variabeln som skiljer värde, intervall och antal. Utelämnat: tabellen har bara värden.")
    fixed: Mapping[Text, Text] = Field({}, description="Övriga variabler och det enda värde som hämtas, t.ex. Civilstand: 'OG'.")
    marks: Mapping[Text, Mark] = Field(PXWEB_MARKS, description="Tabellens tecken där siffra saknas och vad de betyder.")

    @property
    def source_code(self) -> str:
        return self.table.rpartition("/")[2]


class SocialstyrelsenAge(Model):
    """Dimensionen för ålder hos Socialstyrelsen."""

    dimension: Text = Field("alder", description="Dimensionens namn.")
    groups: Mapping[AgeGroup, Text] = Field(min_length=1, description="Åldersgrupp: id i dimensionen, inom citattecken, t.ex. total: '9'.")


class SocialstyrelsenQuery(Model):
    """Ett ämne i Socialstyrelsens statistikdatabas."""

    topic: Text = Field(description="Ämnets namn i gränssnittet, t.ex. «skador».")
    matt: Text = Field(description="Id i dimensionen matt, inom citattecken: ett enda.")
    fixed: Mapping[Text, Text] = Field({}, description="Övriga dimensioner och det enda id som hämtas, inom citattecken, t.ex. typ: '9'.")
    region: Text = Field("region", description="Namnet på dimensionen för områden.")
    sexes: Mapping[Sex, Text] = Field(
        {"total": "3", "women": "2", "men": "1"}, description="Kön: id i dimensionen kon. Tomt: ämnet har ingen sådan dimension."
    )
    age: SocialstyrelsenAge | None = Field(None, description="Dimensionen för ålder. Utelämnat: ämnet har ingen.")
    absent_is_zero: bool = Field(False, strict=True, description="Om en rad som saknas betyder noll, som i skadestatistiken.")
    marks: Mapping[Text, Mark] = Field(SOCIALSTYRELSEN_MARKS, description="Tecken där siffra saknas och vad de betyder.")

    @property
    def source_code(self) -> str:
        return self.topic


class VardenISiffrorQuery(Model):
    """Ett mått i Vården i siffror."""

    measure: str = Field(pattern=MEASURE_UUID, description="Måttets id hos Vården i siffror.")
    period_type: Literal["Year"] = Field("Year", description="Hur långa perioder som hämtas.")
    units: Mapping[ScbCode, Text] = Field({"00": "SE"}, description="Områden som skrivs på annat sätt än hos SCB.")
    scale: Number = Field(1.0, gt=0, description="Tal som värdet och intervallet multipliceras med, t.ex. 100 när en andel ges som 0–1.")

    @property
    def source_code(self) -> str:
        return self.measure


class Ratio(Model):
    """Ett mått genom ett annat, t.ex. antal per 1 000 invånare."""

    numerator: Identifier = Field(description="Måttet (filens namn) i täljaren.")
    denominator: Identifier = Field(description="Måttet (filens namn) i nämnaren, oftast befolkning.")
    per: Number = Field(gt=0, description="Per hur många, t.ex. 1000 eller 100000; 1 för en kvot.")
    denominator_year: Literal["previous", "same", "mean"] = Field(
        "previous",
        description="Nämnarens år: previous för folkmängden den 31 december året före, same för samma år, mean för medelvärdet av de två. Finns det "
        "inte än blir det inget värde.",
    )
    annualised: bool = Field(
        False, strict=True, description="Om värden för del av år räknas om till årstakt: en månads antal gånger tolv. Annars är kvoten per period."
    )
    denominator_age_group: AgeGroup = Field("total", description="Åldersgruppen i nämnaren.")

    @property
    def measures(self) -> tuple[str, ...]:
        return (self.numerator, self.denominator)


class Combination(Model):
    """Flera mått sammanlagda, eller deras medelvärde. Saknas ett av dem saknas resultatet."""

    parts: tuple[Identifier, ...] = Field(min_length=2, description="Måtten (filernas namn) som ingår.")
    combine: Literal["sum", "mean"] = Field(description="sum: de läggs ihop. mean: deras medelvärde.")

    @property
    def measures(self) -> tuple[str, ...]:
        return self.parts


class Spread(Model):
    """Hur olika värdena är: skillnaden mellan kvinnor och män, eller spridningen mellan kommunerna i en region och i riket."""

    spread_of: Identifier = Field(description="Måttet (filens namn) vars olikhet räknas; från en nationell källa.")
    between: Literal["sexes", "municipalities"] = Field(
        description="sexes: kvinnors värde minus mäns, utan tecken, i varje område. municipalities: tredje kvartilen minus den första över "
        "kommunerna i varje region och i riket, där minst fem har värde."
    )

    @property
    def measures(self) -> tuple[str, ...]:
        return (self.spread_of,)


def _known_by(**models: type[Model]) -> Discriminator:
    """Which model a section is, told by the first of these keys that it has, so that an error speaks of that model alone."""

    def tag(content: Any) -> str | None:
        if isinstance(content, Model):
            return type(content).__name__
        return next((m.__name__ for key, m in models.items() if isinstance(content, Mapping) and key in content), None)

    return Discriminator(tag)


TAGS: Mapping[str, type[Model]] = {m.__name__: m for m in (PxWebQuery, SocialstyrelsenQuery, VardenISiffrorQuery, Ratio, Combination, Spread)}

Query = Annotated[
    Annotated[PxWebQuery, Tag("PxWebQuery")]
    | Annotated[SocialstyrelsenQuery, Tag("SocialstyrelsenQuery")]
    | Annotated[VardenISiffrorQuery, Tag("VardenISiffrorQuery")],
    _known_by(table=PxWebQuery, topic=SocialstyrelsenQuery, measure=VardenISiffrorQuery),
]
Derived = Annotated[
    Annotated[Ratio, Tag("Ratio")] | Annotated[Combination, Tag("Combination")] | Annotated[Spread, Tag("Spread")],
    _known_by(numerator=Ratio, denominator=Ratio, per=Ratio, parts=Combination, combine=Combination, spread_of=Spread, between=Spread),
]
# kind of source → the form of its queries, and the key by which a reader knows it
QUERY_OF_KIND: Mapping[str, tuple[type[Model], str]] = {
    "pxweb2": (PxWebQuery, "table"),
    "pxweb1": (PxWebQuery, "table"),
    "socialstyrelsen": (SocialstyrelsenQuery, "topic"),
    "vardenisiffror": (VardenISiffrorQuery, "measure"),
}
