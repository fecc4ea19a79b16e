"""Kolada's wire format with made-up figures.

Belongs here: an honest imitation (shapes, limits, paging, genders in any order, nulls with a status) of what the pipeline asks for.
Does not: HTTP itself (``server``).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import permutations
from typing import Any
from zlib import crc32

from naravard_pipeline.catalogue import Area, Measure
from naravard_pipeline.demo.wire import MADE_UP, Refused

FIRST_YEAR = 2015
IDS_PER_SEGMENT = 25
ROWS_PER_PAGE = 5000
KINDS = {"nation": "L", "region": "L", "municipality": "K"}
GENDER_ORDERS = list(permutations("TKM"))


class DemoKolada:
    """The figures and the catalogue of the demo."""

    def __init__(self, measures: Sequence[Measure], areas: Sequence[Area], last_year: int):
        self._measures = {measure.source_code: measure for measure in measures}
        self._areas = {area.kolada_code: area for area in areas if area.kolada_code}
        self._last_year = last_year

    def answer(self, method: str, parts: list[str], query: Mapping[str, list[str]], body: bytes | None, base: str) -> Any:
        """The document at ``parts`` below the base URL ``base``; raises ``Refused``."""
        return self._page(self._rows(parts), "/".join([base, *parts]), query)

    def _page(self, rows: list[dict[str, Any]], address: str, query: Mapping[str, list[str]]) -> dict[str, Any]:
        try:
            size = min(max(int(query.get("per_page", [ROWS_PER_PAGE])[-1]), 1), ROWS_PER_PAGE)
            page = max(int(query.get("page", [1])[-1]), 1)
        except ValueError:
            raise Refused(422, "page and per_page are whole numbers") from None

        def numbered(number: int) -> str:
            return f"{address}?page={number}&per_page={size}"

        chunk = rows[(page - 1) * size : page * size]
        return {
            "values": chunk,
            "count": len(chunk),
            "next_url": numbered(page + 1) if page * size < len(rows) else None,
            "previous_url": numbered(page - 1) if page > 1 else None,
        }

    def _rows(self, parts: list[str]) -> list[dict[str, Any]]:
        match parts:
            case ["kpi"]:
                return list(self._key_figures.values())
            case ["kpi", ids]:
                return [self._key_figures[kpi] for kpi in _ids(ids) if kpi in self._key_figures]
            case ["municipality"]:
                return self._area_rows
            case ["municipality_groups"]:
                return self._group_rows
            case ["data", *pairs] if len(pairs) in (4, 6):
                return list(self._data(dict(zip(pairs[::2], map(_ids, pairs[1::2]), strict=True))))
        raise Refused(404, "Not Found")

    @cached_property
    def _key_figures(self) -> dict[str, dict[str, Any]]:
        return {
            kpi: {
                "id": kpi,
                "title": f"{measure.name_sv}  {MADE_UP}",
                "description": f"{MADE_UP} Siffror för demonstration,\\n inga uppgifter om någon.",
                "is_divided_by_gender": int(measure.sexes),
                "municipality_type": "A"
                if {"region", "municipality"} <= set(measure.area_types)
                else "K"
                if "municipality" in measure.area_types
                else "L",
                "auspice": None,
                "operating_area": MADE_UP,
                "perspective": None,
                "prel_publication_date": None,
                "publication_date": f"{self._last_year + 2}-03-01",
                "publ_period": str(self._last_year + 1),
                "has_ou_data": False,
            }
            for kpi, measure in self._measures.items()
        }

    @cached_property
    def _area_rows(self) -> list[dict[str, Any]]:
        return [{"id": code, "title": area.name_sv, "type": KINDS[area.area_type]} for code, area in self._areas.items()]

    @cached_property
    def _group_rows(self) -> list[dict[str, Any]]:
        """A group for each region: its municipalities. And one for each municipality: seven that stand for those like it."""
        rows = []
        for code, region in self._areas.items():
            members = [(c, a) for c, a in self._areas.items() if a.parent_code == region.area_code and a.area_type == "municipality"]
            if members:
                listed = [{"member_id": c, "member_title": a.name_sv} for c, a in members]
                rows.append({"id": f"G{code}", "title": f"{region.name_sv} kommuner {MADE_UP} (ovägt medel)", "members": listed})
        municipalities = [(c, a) for c, a in self._areas.items() if a.area_type == "municipality"]
        for i, (code, area) in enumerate(municipalities):
            like = (municipalities[i + 1 :] + municipalities[:i])[:7]
            listed = [{"member_id": c, "member_title": a.name_sv} for c, a in like]
            rows.append({"id": f"G9{code}", "title": f"Liknande kommuner, övergripande, {area.name_sv}, {self._last_year}", "members": listed})
        return rows

    def _data(self, keys: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
        if set(keys) - {"kpi", "municipality", "year"} or len(keys) < 2:
            raise Refused(404, "Not Found")
        years = {int(year) for year in keys["year"] if year.isdigit()} if "year" in keys else None
        for kpi in keys.get("kpi", self._measures):
            if kpi in self._measures:
                for code in keys.get("municipality", self._areas):
                    yield from self._series(self._measures[kpi], kpi, code, years)

    def _series(self, measure: Measure, kpi: str, code: str, years: set[int] | None) -> Iterator[dict[str, Any]]:
        """One area's years: a level of its own, a slow common trend, a little noise; always well inside the measure's bounds."""
        area = self._areas.get(code)
        if area is None or measure.bounds is None or area.area_type not in measure.area_types:
            return
        low, span = measure.bounds.min, measure.bounds.max - measure.bounds.min
        level = low + span * (0.35 + 0.2 * _share(kpi) + 0.1 * _share(f"{kpi}{code}"))
        trend = span * 0.004 * (_share(f"{kpi}trend") - 0.5)
        gap = span * 0.02 * (_share(f"{kpi}gap") - 0.5)
        # One hash gives an area's noise: four bits for each of eight years, then again.
        bits = crc32(f"{kpi}{code}noise".encode())
        order = GENDER_ORDERS[bits % 6] if measure.sexes else "T"
        for year in range(max(FIRST_YEAR, measure.first_year), self._last_year + 1):
            if years is None or year in years:
                noise = (bits >> 4 * (year % 8)) & 15
                value = level + trend * (year - FIRST_YEAR) + span * 0.0005 * noise
                # A figure in a hundred is not given, for one sex or for all.
                without = ("TKM" if noise < 8 else "KM") if (bits >> 3) % 100 == year % 100 else ""
                yield {
                    "values": [
                        {"gender": g, "count": 1, "status": "Missing", "value": None, "isdeleted": False}
                        if g in without
                        else {
                            "gender": g,
                            "count": 1,
                            "status": "",
                            "value": round(value + gap if g == "K" else value - gap if g == "M" else value, 4),
                            "isdeleted": False,
                        }
                        for g in order
                    ],
                    "kpi": kpi,
                    "period": year,
                    "municipality": code,
                }


def _ids(segment: str) -> list[str]:
    ids = [i for i in segment.split(",") if i]
    if len(ids) > IDS_PER_SEGMENT:
        raise Refused(400, f"Too many ids: {len(ids)} > {IDS_PER_SEGMENT}")
    return ids


def _share(key: str) -> float:
    """A number in [0, 1) that depends on nothing but ``key``."""
    return crc32(key.encode()) / 2**32
