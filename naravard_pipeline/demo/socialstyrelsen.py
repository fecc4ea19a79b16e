"""Socialstyrelsen's wire format with made-up figures: topics, dimensions, pages of rows.

Belongs here: an honest imitation of what the pipeline asks for: decimal commas, numbers where an id has lost its zero, «X», no row for a zero,
filters that are ignored when they name nothing known, and a next page at an address with http. Not here: HTTP itself (``server``).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from zlib import crc32

from naravard_pipeline.catalogue import Area, Measure
from naravard_pipeline.demo.wire import MADE_UP, Refused

FIRST_YEAR = 2015
ROWS_PER_PAGE = 5000
SEXES = {"1": "Män", "2": "Kvinnor", "3": "Båda könen"}


class DemoSocialstyrelsen:
    """The topics that the measures ask for, with figures well inside their bounds up to ``last_year``."""

    def __init__(self, measures: Sequence[Measure], areas: Sequence[Area], last_year: int):
        self._topics = {measure.query.topic: [m for m in measures if m.query.topic == measure.query.topic] for measure in measures}
        self._areas = {_region_id(area.scb_code): area for area in areas if area.scb_code and area.area_type != "county_part"}
        self._years = [str(year) for year in range(FIRST_YEAR, last_year + 1)]

    def answer(self, method: str, parts: list[str], query: Mapping[str, list[str]], body: bytes | None, base: str) -> Any:
        """The document at ``parts`` below the base URL ``base``; raises ``Refused``."""
        if parts and parts[0] not in self._topics:
            raise Refused(404, "")
        match parts:
            case []:
                return [{"namn": topic, "text": f"{topic} {MADE_UP}"} for topic in self._topics]
            case [topic]:
                return [{"namn": dimension, "text": f"{dimension} {MADE_UP}"} for dimension in self._dimensions(topic)]
            case [topic, "resultat", *pairs]:
                return self._page(self._rows(topic, dict(zip(pairs[::2], pairs[1::2], strict=False))), parts, query, base)
            case [topic, dimension] if dimension in self._dimensions(topic):
                return [{"id": _as_listed(code), "kod": code, "text": text} for code, text in self._dimensions(topic)[dimension].items()]
        raise Refused(404, "")

    def _dimensions(self, topic: str) -> dict[str, dict[str, str]]:
        """Each dimension's ids: those that the measures ask for, and another one, so that a filter has something to leave out."""
        queries = [measure.query for measure in self._topics[topic]]
        dimensions = {queries[0].region: {code: f"{area.name_sv} {MADE_UP}" for code, area in self._areas.items()}}
        for query in queries:
            for name, code in (*query.fixed.items(), ("matt", query.matt)):
                dimensions.setdefault(name, {"0": f"annat {MADE_UP}"})[code] = f"{name} {code} {MADE_UP}"
            if query.age:
                ages = dimensions.setdefault(query.age.dimension, {})
                ages.update({code: f"{group} {MADE_UP}" for group, code in query.age.groups.items()})
            if query.sexes:
                dimensions["kon"] = {code: f"{text} {MADE_UP}" for code, text in SEXES.items()}
        return dimensions | {"ar": {year: f"{year} {MADE_UP}" for year in self._years}}

    def _rows(self, topic: str, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        dimensions = self._dimensions(topic)
        if set(filters) - set(dimensions) or "," in filters.get("matt", ""):
            raise Refused(404, "")
        # As there: a filter that names nothing known is ignored, with status 200.
        ids = {name: [code for code in filters.get(name, "").split(",") if code in codes] or list(codes) for name, codes in dimensions.items()}
        for codes in product(*ids.values()):
            row = dict(zip(ids, codes, strict=True))
            if figure := self._figure(topic, row):
                yield {("ar" if name == "ar" else f"{name}Id"): code if name == "ar" else _as_listed(code) for name, code in row.items()} | {
                    "varde": figure
                }

    def _figure(self, topic: str, row: Mapping[str, str]) -> str | None:
        """As the service writes it; None where it has no row."""
        measure = next((m for m in self._topics[topic] if {**m.query.fixed, "matt": m.query.matt}.items() <= row.items()), None)
        key = "|".join(f"{name}={code}" for name, code in row.items() if name not in ("ar", "kon"))
        area = self._areas[row[self._topics[topic][0].query.region]]
        if measure is None or measure.bounds is None or area.area_type not in measure.area_types:
            return None
        rare = crc32(f"{key}{row['ar']}".encode()) % 1000
        if area.area_type == "municipality" and rare < 40:
            return None if rare < 20 and measure.query.absent_is_zero else "X"
        low, span = measure.bounds.min, measure.bounds.max - measure.bounds.min
        level = low + span * (0.1 + 0.1 * _share(key) + 0.01 * _share(f"{key}{row['ar']}"))
        gap = {"1": -0.02, "2": 0.02}.get(row.get("kon", ""), 0.0) * span
        return f"{level + gap:,.{measure.decimals}f}".replace(",", " ").replace(".", ",")

    def _page(self, rows: Iterator[dict[str, Any]], parts: list[str], query: Mapping[str, list[str]], base: str) -> dict[str, Any]:
        try:
            size, page = (max(int(query.get(name, [default])[0]), 1) for name, default in (("per_sida", ROWS_PER_PAGE), ("sida", 1)))
        except ValueError:
            raise Refused(400, "per_sida and sida are whole numbers") from None
        found, size = list(rows), min(size, ROWS_PER_PAGE)
        pages = -(-len(found) // size)
        following = f"{base}/{'/'.join(parts)}?per_sida={size}&sida={page + 1}" if page < pages else None
        return {"data": found[(page - 1) * size : page * size], "sida": page, "per_sida": size, "sidor": pages, "nasta_sida": following}


def _region_id(scb_code: str) -> str:
    return "0" if scb_code == "00" else scb_code


def _as_listed(code: str) -> int | str:
    """A number, unless it begins with a zero."""
    return int(code) if code.isdigit() and not code.startswith("0") else code


def _share(key: str) -> float:
    """A number in [0, 1) that depends on nothing but ``key``."""
    return crc32(key.encode()) / 2**32
