"""The surveys as tables, for dbt.

Here: what a file of answers may say, and which measure each alternative and each question has become. Not here: the measures themselves (tables).
"""

from collections.abc import Iterable

from naravard_pipeline.catalogue.surveys import Survey


def build_survey_tables(surveys: Iterable[Survey]) -> dict[str, list[dict]]:
    """The rows of each table about surveys, in the catalogue's order, numbered from 1."""
    found: dict[str, list[dict]] = {"surveys": [], "survey_waves": [], "survey_alternatives": []}
    for survey in surveys:
        ours = {"survey_id": survey.survey_id}
        found["surveys"].append({**ours, "survey_name_sv": survey.name_sv, "survey_name_en": survey.name_en, "same_persons": survey.same_persons})
        found["survey_waves"] += [
            {
                **ours,
                "wave_id": wave.wave_id,
                "wave_name_sv": wave.name_sv,
                "wave_date": wave.date,
                "wave_number": number,
                "period_start": wave.date.replace(day=1),
            }
            for number, wave in enumerate(survey.waves, start=1)
        ]
        found["survey_alternatives"] += [
            {
                **ours,
                "question_id": question.question_id,
                "question_sv": question.text_sv,
                "question_number": q,
                "alternative_id": alternative.alternative_id,
                "alternative_sv": alternative.name_sv,
                "alternative_number": a,
                "is_positive": alternative.positive,
                "measure_id": survey.alternative_measure(question, alternative),
                "share_measure_id": question.measure,
                "asked_measure_id": survey.asked_id,
            }
            for q, question in enumerate(survey.questions, start=1)
            for a, alternative in enumerate(question.alternatives, start=1)
        ]
    return found
