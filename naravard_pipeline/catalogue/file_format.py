"""The section ``file`` of a measure whose figures come in files that people make.

Here: which columns a file has, and which of them go together. Not here: how such a file is read (landing), the other sections (models).
"""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from naravard_pipeline.catalogue.fields import AgeGroup, AreaCode, AreaType, Model, Text


class FileFormat(Model):
    """Så ser filen ut som kommuner eller region lämnar, eller den nationella fil som någon hämtar för hand."""

    layout: Literal["table", "vantetider"] = Field(
        "table", description="table: en rad per område och period, som i mallen. vantetider: områden i rader, perioder i två rubrikrader."
    )
    title: Text | None = Field(None, description="Text som ska stå ovanför rubrikerna; krävs för vantetider, vars tabeller annars är lika varandra.")
    value_column: Text | None = Field(None, description="Rubriken över värdena, t.ex. «Antal SIP». Utelämnat: andelen räknas ur täljare och nämnare.")
    numerator_column: Text | None = Field(None, description="Rubriken över täljarna, t.ex. «Antal hälsosamtal».")
    denominator_column: Text | None = Field(
        None,
        description="Rubriken över nämnarna, t.ex. «Antal inbjudna». Andelen blir i procent. Bredvid value_column: hur många värdet är en del av.",
    )
    date_column: Text | None = Field(None, description="Rubriken över dagen från vilken svaret är ja, för värden av slaget yes_no.")
    answers_column: Text | None = Field(None, description="Rubriken över antalet svar, för enkäter.")
    sexes: bool = Field(False, strict=True, description="Om filen får ha en kolumn Kön med totalt, kvinnor och män.")
    age_groups: tuple[AgeGroup, ...] = Field((), description="Åldersgrupper i en kolumn Ålder, t.ex. 65-79 och 80+. Utelämnat: ingen sådan kolumn.")
    suppressed_mark: Text | None = Field(None, description="Tecken som i filen betyder att uppgiften är dold, utöver <5; N i väntetiderna.")
    area_types: tuple[AreaType, ...] = Field(min_length=1, description="Vilka slags områden filen får innehålla.")
    reporter: Literal["municipalities", "region", "source"] = Field(description="Vems siffror det är. source: en nationell källas.")
    county_code: AreaCode | None = Field(None, description="Länet vars områden filen får innehålla, inom citattecken. Utelämnat: hela landet.")

    @model_validator(mode="after")
    def _has_its_columns(self) -> Self:
        parts = (self.numerator_column, self.denominator_column)
        if None in parts and (self.value_column is None or self.numerator_column is not None):
            raise PydanticCustomError("columns", "value_column | numerator_column + denominator_column")
        if self.layout == "vantetider" and self.title is None:
            raise PydanticCustomError("columns", "layout: vantetider + title")
        return self
