"""Vården i siffror's wire format with made-up figures.

Belongs here: an honest imitation of the two questions that the pipeline asks. Not here: HTTP itself (``server``).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import orjson

from naravard_pipeline.catalogue import Area, Measure
from naravard_pipeline.demo.wire import MADE_UP, Refused

FIRST_YEAR = 2016


class DemoVardenISiffror:
    """The measures that the catalogue asks for, with yearly figures well inside their bounds up to ``last_year``."""

    def __init__(self, measures: Sequence[Measure], areas: Sequence[Area], last_year: int):
        self._measures = {measure.query.measure: measure for measure in measures}
        self._areas = {area.scb_code: area for area in areas if area.scb_code and area.area_type != "county_part"}
        self._last_year = last_year

    def answer(self, method: str, parts: list[str], query: Mapping[str, list[str]], body: bytes | None, base: str) -> Any:
        """The document at ``parts`` below the base URL ``base``; raises ``Refused``."""
        try:
            asked = orjson.loads(body or b"null")
            match parts:
                case ["api", "measures", "measures"]:
                    return [self._described(i) for i in asked if i in self._measures]
                case ["api", "measurements", "measurementswithmetadata"]:
                    known = [i for i in asked["measureIds"] if i in self._measures]
                    return {
                        "measurements": [row for i in known for row in self._rows(i, asked)],
                        "metadata": [self._described(i) for i in known],
                    }
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise Refused(500, "") from None  # as there: it says no more, not even of a missing periodType
        raise Refused(404, "")

    def _described(self, measure_id: str) -> dict[str, str]:
        return {"id": measure_id, "title": f"{self._measures[measure_id].name_sv}  {MADE_UP}"}

    def _rows(self, measure_id: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        measure, first, last = self._measures[measure_id], int(asked["dateFrom"][:4]), int(asked["dateTo"][:4])
        if asked["periodType"] != "Year" or measure.bounds is None:
            return []
        area_of = {measure.query.units.get(code, code): area for code, area in self._areas.items() if area.area_type in measure.area_types}
        low, high = (bound / measure.query.scale for bound in (measure.bounds.min, measure.bounds.max))
        rows = []
        for unit in asked["units"]:
            for year in range(max(first, FIRST_YEAR), min(last, self._last_year) + 1) if unit in area_of else ():
                key = f"{measure_id}{unit}"
                persons = 400_000 if area_of[unit].area_type == "nation" else 2_000 + int(8_000 * _share(key))
                value = round(low + (high - low) * (0.35 + 0.2 * _share(key) + 0.01 * _share(f"{key}{year}")), 4)
                rows.append(
                    {
                        "measureId": measure_id,
                        "unit": unit,
                        "period": f"{year}-01-01",
                        "periodType": "Year",
                        "value": value,
                        "numerator": round(persons * value / (1 if high <= 1 else 100)),
                        "denominator": persons,
                        "confidenceInterval": {"low": round(value * 0.97, 4), "high": round(value * 1.03, 4)},
                    }
                )
        return rows


def _share(key: str) -> float:
    """A number in [0, 1) that depends on nothing but ``key``."""
    return crc32(key.encode()) / 2**32
