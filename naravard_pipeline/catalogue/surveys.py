"""A survey: its questions, waves and areas, and the measures that its answers become.

Here: what one file under ``sources/enkater/`` may contain, and the measures that follow from it: one count per alternative, one share of positive
answers per question, one count of those asked. They are ordinary measures, so that protection, checks and pages need to know nothing of surveys.
Not here: how a file of answers is read (landing), what must hold between files (rules).
"""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from naravard_pipeline.catalogue.fields import AreaCode, AreaType, Identifier, Model, Text, Whole
from naravard_pipeline.catalogue.file_format import FileFormat
from naravard_pipeline.catalogue.models import Bounds, IndicatorLink, Measure

MOST_PERSONS = 1_000_000  # who may answer one question in one area; more is a year or a serial number


class Alternative(Model):
    alternative_id: Identifier = Field(description="Alternativets permanenta namn: a-z, 0-9 och _.")
    name_sv: Text = Field(description="Alternativet som det står i enkäten.")
    positive: bool = Field(False, strict=True, description="Om svaret räknas in i andelen positiva.")


class Question(Model):
    question_id: Identifier = Field(description="Frågans permanenta namn: a-z, 0-9 och _.")
    text_sv: Text = Field(description="Frågan som den står i enkäten.")
    measure: Identifier = Field(description="Måttet som andelen positiva svar blir. Inget annat mått får heta så.")
    name_sv: Text = Field(description="Måttets namn.")
    name_en: Text = Field(description="Måttets namn på engelska.")
    indicators: tuple[IndicatorLink, ...] = Field((), description="Indikatorerna som måttet hör till.")
    direction: Literal["higher_is_better", "lower_is_better", "neutral"] = Field(
        "higher_is_better", description="Åt vilket håll det är bättre att andelen rör sig."
    )
    alternatives: tuple[Alternative, ...] = Field(min_length=2, description="Svarsalternativen i enkätens ordning, också «Vet inte».")

    @model_validator(mode="after")
    def _some_are_positive(self) -> Self:
        if len({a.positive for a in self.alternatives}) == 1:
            raise PydanticCustomError("columns", "alternatives: positive: true (1 | 2 | …)")
        return self


class Wave(Model):
    wave_id: Identifier = Field(description="Mättillfällets permanenta namn, t.ex. startmatning.")
    name_sv: Text = Field(description="Mättillfället som det skrivs i filen, t.ex. Startmätning.")
    date: datetime.date = Field(description="En dag då enkäten besvarades, ÅÅÅÅ-MM-DD. Svaren hör till den månaden.")


class SurveyFile(Model):
    """En enkät (sources/enkater/<survey_id>.yml). Svaren lämnas som antal per fråga och svarsalternativ, aldrig som enskilda svar."""

    name_sv: Text = Field(description="Enkätens namn, som det skrivs i filen.")
    name_en: Text = Field(description="Enkätens namn på engelska.")
    description_sv: Text = Field(description="Vilka som tillfrågas, när och varför.")
    status: Literal["published", "draft", "retired"] = Field(description="published: visas. draft: läses in men visas inte. retired: upphört.")
    areas: tuple[AreaCode, ...] = Field(min_length=1, description="Områdena som enkäten gäller, koder inom citattecken, t.ex. '0138'.")
    reporter: Literal["municipalities", "region"] = Field(description="Vem som lämnar svaren.")
    levels: tuple[Literal["region", "municipality"], ...] = Field(min_length=1, description="Vars resultat måtten visar.")
    waves: tuple[Wave, ...] = Field(min_length=1, description="Mättillfällena, det första (startmätningen) först.")
    same_persons: bool = Field(False, strict=True, description="Om det är samma personer som svarar varje gång.")
    threshold: Whole = Field(5, ge=2, description="Antal svar från 1 och under detta visas inte, och inte det som de kan räknas ut ur.")
    questions: tuple[Question, ...] = Field(min_length=1, description="Frågorna i enkätens ordning.")
    caveat_sv: Text | None = Field(None, description="Det läsaren måste veta för att inte misstolka siffrorna.")
    focus_areas: tuple[Identifier, ...] = Field((), description="Fokusområden (focus_area_id) som måtten hör till.")
    contact_sv: Text | None = Field(None, description="Vem man frågar om enkäten: en roll, inget personnamn.")


class SurveyMeasure(Measure):
    """A measure that no file of its own says, but a survey's."""

    @property
    def path(self) -> Path:
        return Path("sources", self.source_id, f"{self.survey_id}.yml")


class Survey(SurveyFile):
    survey_id: str
    source_id: str

    @property
    def asked_id(self) -> str:
        return f"{self.survey_id}_tillfragade"

    def alternative_measure(self, question: Question, alternative: Alternative) -> str:
        return f"{question.measure}_{alternative.alternative_id}"

    def measures(self, area_types: Sequence[AreaType]) -> Iterator[tuple[int | None, SurveyMeasure]]:
        """Each measure, with the number of its question; None for those asked. ``area_types``: the kinds of the survey's areas."""
        answers = "Antalet kommer som summa, aldrig som enskilda svar."
        for number, question in enumerate(self.questions):
            positive = " eller ".join(f"«{a.name_sv}»" for a in question.alternatives if a.positive)
            yield (
                number,
                self._measure(
                    area_types,
                    measure_id=question.measure,
                    name_sv=question.name_sv,
                    name_en=question.name_en,
                    definition_sv=f"Andel som svarade {positive} på frågan «{question.text_sv}» i enkäten {self.name_sv}, av dem som svarade.",
                    indicators=question.indicators,
                    unit="procent",
                    value_type="share",
                    direction=question.direction,
                    bounds=Bounds(min=0, max=100),
                    file=self._file(area_types, numerator_column="Antal positiva svar", denominator_column="Antal svar"),
                ),
            )
            for a in question.alternatives:
                yield (
                    number,
                    self._count(
                        area_types,
                        self.alternative_measure(question, a),
                        f"{question.name_sv}: «{a.name_sv}»",
                        f"{question.name_en}: “{a.name_sv}”",
                        f"Antal som svarade «{a.name_sv}» på frågan «{question.text_sv}» i enkäten {self.name_sv}. {answers}",
                        "Antal svar",
                    ),
                )
        words = f"Antal personer som fick enkäten {self.name_sv}."
        yield None, self._count(area_types, self.asked_id, f"{self.name_sv}: tillfrågade", f"{self.name_en}: asked", words, "Antal tillfrågade")

    def _count(self, area_types: Sequence[AreaType], measure_id: str, name_sv: str, name_en: str, words: str, column: str) -> SurveyMeasure:
        return self._measure(
            area_types,
            measure_id=measure_id,
            name_sv=name_sv,
            name_en=name_en,
            definition_sv=words,
            unit="antal",
            value_type="count",
            direction="neutral",
            decimals=0,
            interval=False,  # of those who were asked these are all
            bounds=Bounds(min=0, max=MOST_PERSONS),
            file=self._file(area_types, value_column=column),
        )

    def _measure(self, area_types: Sequence[AreaType], **own: object) -> SurveyMeasure:
        return SurveyMeasure(
            survey_id=self.survey_id,
            source_id=self.source_id,
            status=self.status if self.status != "retired" else "published",  # its history is shown
            levels=self.levels,
            frequency="month",
            first_year=min(w.date.year for w in self.waves),
            area_types=tuple(area_types),
            suppression_threshold=self.threshold,
            caveat_sv=self.caveat_sv,
            focus_areas=self.focus_areas,
            contact_sv=self.contact_sv,
            max_change=200,  # a year or more, and other persons, lie between two waves: only a threefold value is remarkable
            **own,
        )

    def _file(self, area_types: Sequence[AreaType], **columns: str) -> FileFormat:
        return FileFormat(area_types=tuple(area_types), reporter=self.reporter, **columns)
