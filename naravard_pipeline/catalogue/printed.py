"""The section `printed` of a measure whose figures somebody has published on paper or as a picture: they are typed into its file.

Here: what one such figure says. The descriptions are Swedish, because editors show them to the statistician. Not here: how they land (landing).
"""

import calendar
from datetime import date

from pydantic import Field

from naravard_pipeline.catalogue.fields import AreaCode, Model, Number


class PrintedFigure(Model):
    """En siffra så som den står i en publikation."""

    area: AreaCode = Field(description="Områdets kod inom citattecken, t.ex. '00' för riket.")
    period: str = Field(
        pattern=r"^(19|20)[0-9]{2}(-(0[1-9]|1[0-2]))?$",
        description="Perioden så som den är tryckt, inom citattecken: året '2018' eller månaden '2022-04'.",
    )
    value: Number = Field(description="Värdet så som det är tryckt, i måttets enhet.")

    @property
    def start(self) -> date:
        return date(int(self.period[:4]), int(self.period[5:] or 1), 1)

    @property
    def end(self) -> date:
        year, month = int(self.period[:4]), int(self.period[5:] or 12)
        return date(year, month, calendar.monthrange(year, month)[1])
