"""A measure of Kolada's: found by words, described, and its bounds drawn from its figures.

Belongs here: what Kolada's catalogue and figures say about a measure to be. Does not: the protocol (``connectors.kolada``), keeping (``landing``).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.connectors.answer import FetchError
from naravard_pipeline.connectors.http import Client
from naravard_pipeline.connectors.kolada import SOURCE_ID, KoladaConnector
from naravard_pipeline.desk.figures import Figure, Figures, is_count, levels_of
from naravard_pipeline.desk.guesses import Unit, guess_age_group, guess_unit, guess_window, name_of_file
from naravard_pipeline.desk.proposal import DeskError, Proposal
from naravard_pipeline.desk.search import Entry
from naravard_pipeline.landing.catalogues import catalogue_as_of, land_catalogue_of_kolada, list_catalogues
from naravard_pipeline.landing.home import claim_home
from naravard_pipeline.landing.store import Landing
from naravard_pipeline.landing.successors import Successors, retired_year
from naravard_pipeline.settings import Settings

FRESH = timedelta(days=30)  # a landed catalogue that is older is fetched anew before anybody chooses from it
AREAS = {"K": "kommuner", "L": "regioner", "A": "kommuner och regioner"}
LEVELS = {"K": ["municipality"], "L": ["region"], "A": ["region", "municipality"]}
SEXES = {"T": "total", "K": "women", "M": "men"}


def read_key_figures(settings: Settings) -> list[dict[str, Any]]:
    """Kolada's catalogue: the landed one where it is fresh, else fetched and landed, else the old one. Raises ``DeskError`` where there is none."""
    claim_home(settings)
    landing = Landing(settings.landing)
    known = list_catalogues(landing)
    if not known or known[-1].seen_at < datetime.now(UTC) - FRESH:
        try:
            land_catalogue_of_kolada(settings, landing)
        except FetchError as error:
            if not known:
                text = f"Koladas katalog kunde inte hämtas ({error.reason_sv}). Försök igen, eller ange nyckeltalet med --code."
                raise DeskError(
                    Words(f"Kolada's catalogue could not be fetched ({error}). Try again, or name the key figure: --code", text)
                ) from error
        known = list_catalogues(landing)
    return known[-1].read()


def entries_of(key_figures: list[dict[str, Any]]) -> list[Entry]:
    """Key figures as a person chooses among them: what kind of area, which sexes, until when."""
    return [_entry(figure) for figure in key_figures if figure["title"]]


def _entry(figure: Mapping[str, Any]) -> Entry:
    ended = retired_year(figure["title"])
    facts = [AREAS.get(figure["municipality_type"], ""), "kvinnor och män" if figure["is_divided_by_gender"] else "bara totalt"]
    facts.append(f"upphört {ended}" if ended else f"till {figure['publ_period']}" if figure["publ_period"] else "")
    return Entry(figure["id"], _line(figure["title"]), _line(figure["description"]), tuple(filter(None, facts)), ended is not None)


def propose_successor(settings: Settings, key_figures: list[dict[str, Any]], code: str) -> str | None:
    """The key figure that may have come in place of a retired one, as «U12345 Titel»; only such as came after the first landed catalogue.

    Where no older catalogue has been landed, any that has not ended is considered.
    """
    figure = next((f for f in key_figures if f["id"] == code), None)
    if figure is None or retired_year(figure["title"]) is None:
        return None
    known = list_catalogues(Landing(settings.landing))
    earlier = catalogue_as_of(known, date.min) if len(known) > 1 else None
    before = {f["id"] for f in earlier.read()} if earlier else set()
    found = Successors(key_figures, [f for f in key_figures if f["id"] not in before]).propose(figure)
    return f"{found.code} {_line(found.title)}" if found else None


def propose(settings: Settings, catalogue: Catalogue, code: str, first_year: int = 2010) -> Proposal:
    """Everything that Kolada tells of the key figure. Raises ``DeskError`` where there is no such, ``FetchError`` where Kolada cannot be asked."""
    with _client(settings) as client:
        connector = KoladaConnector(client, settings.base_urls[SOURCE_ID])
        described = connector.fetch_key_figures([code]).get(code)
        if described is None:
            raise DeskError(
                Words(
                    f"Kolada has no key figure {code}. Search: naravard measure find WORDS",
                    f"Kolada har inget nyckeltal {code}. Sök: naravard measure find ORD",
                )
            )
        rows = connector.fetch_values(code, range(first_year, date.today().year + 2)).rows
    area_of = {area.kolada_code: area.area_code for area in catalogue.areas.values() if area.kolada_code}
    figures = Figures(
        (
            Figure(
                area_of.get(row["municipality"], ""),
                date(row["period"], 1, 1),
                date(row["period"], 12, 31),
                str(row["period"]),
                SEXES[row["gender"]],
                row["value"],
                row["value"] is None and bool(row["status"]),
            )
            for row in rows.to_pylist()
            if not row["is_deleted"]
        ),
        catalogue.areas,
    )
    title, description = described.title or code, _line(described.description)
    unit = guess_unit(title, description)
    age_group = guess_age_group(title, description)
    content: dict[str, Any] = {
        "name_sv": _without_years(title),
        "definition_sv": description or None,
        "status": "draft",
        "levels": levels_of(figures.area_types) or LEVELS.get(described.municipality_type),
        "area_types": figures.area_types or None,
        "source_code": code,
        "age_group": age_group,
        "window_years": guess_window(title, description),
        "sexes": figures.has_sexes,
        "first_year": figures.first_year,
    }
    told, head = _told(described, figures)
    told += [f"OBS: finns redan som måttet {m.measure_id} ({m.status})" for m in catalogue.measures_of(SOURCE_ID) if m.source_code == code]
    notes = {"definition_sv": f"Koladas egen beskrivning av {code}."}
    if unit:
        content |= {"unit": unit.unit, "value_type": unit.value_type}
        notes["unit"] = notes["value_type"] = f"Gissat ur titeln: {title}."
    if age_group:
        notes["age_group"] = "Gissat ur titel och beskrivning."
    if content["window_years"] > 1:
        notes["window_years"] = "Gissat ur titel och beskrivning: ett värde gäller flera år."
    proposed, why = figures.propose(_judged(unit, figures), is_count(unit and unit.value_type))
    return Proposal(SOURCE_ID, content | proposed, notes | why, head, told, name_of_file(title))


def _judged(unit: Unit | None, figures: Figures) -> Unit | None:
    """A mean without a named scale whose figures all lie between 0 and 1, and reach above a half, is on that scale."""
    values = [f.value for f in figures.given]
    if unit and unit.scale is None and unit.value_type in ("mean", "index") and values and min(values) >= 0 and 0.5 < max(values) <= 1:
        return Unit(unit.unit, unit.value_type, (0, 1))
    return unit


def _told(described: Any, figures: Figures) -> tuple[list[str], list[str]]:
    told, head = [f"{described.kpi}: {described.title}", f"gäller {AREAS.get(described.municipality_type, 'okänt slags områden')}"], []
    if figures.given:
        told.append(f"{len(figures.given)} värden, {figures.span}")
    else:
        told.append("inga värden i länets eller landets områden: gränserna måste anges för hand")
    if described.publication_date:
        when = f"Kolada anger {described.publication_date.isoformat()} som publiceringsdag för {described.publ_period or 'nästa period'}."
        told.append(when)
        head.append(when)
    if ended := retired_year(described.title):
        told.append(f"OBS: upphörde {ended}")
    return told, head


def _client(settings: Settings) -> Client:
    return Client(SOURCE_ID, attempts=settings.attempts, requests_per_second=settings.requests_per_second, timeout_seconds=settings.timeout_seconds)


def _without_years(title: str) -> str:
    return re.sub(r"\s*\(\s*[-–]\s*\d{4}\s*\)", "", title).strip()


def _line(text: str | None) -> str:
    return " ".join((text or "").replace("\\n", " ").split())
