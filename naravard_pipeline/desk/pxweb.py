"""A measure of a PxWeb table's (SCB, Folkhälsodata): found by words, its dimensions recognised, its bounds drawn from its figures.

Belongs here: what a table's own description says about a query to it. Does not: the protocol (``connectors``), words of dimensions (``dimensions``).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.catalogue.queries import PxWebQuery
from naravard_pipeline.connectors.pxweb_cells import read_period
from naravard_pipeline.connectors.pxweb_plan import Table, TableName, Variable
from naravard_pipeline.desk import dimensions
from naravard_pipeline.desk.cubes import figures_of, proposal_of
from naravard_pipeline.desk.dimensions import LEFT_OUT, Choice
from naravard_pipeline.desk.proposal import DeskError, Proposal
from naravard_pipeline.desk.search import Entry
from naravard_pipeline.landing.atomic import replace_file
from naravard_pipeline.landing.cubes import connected
from naravard_pipeline.landing.home import claim_home
from naravard_pipeline.settings import Settings

FRESH = timedelta(days=7)  # a walk through a service's folders takes a minute; new tables come a few times a year
CONTENTS = "ContentsCode"


def find_tables(settings: Settings, source_id: str, kind: str, words: str) -> list[Entry]:
    """Version 2 searches by itself; version 1 has only folders, whose list is kept for ``FRESH``. Raises ``FetchError``."""
    if kind == "pxweb2":
        with connected(settings, source_id) as connector:
            return [_entry(t) for t in connector.find_tables(words)]
    claim_home(settings)
    path = settings.home / "desk" / f"{source_id}_tables.json"
    try:
        kept = json.loads(path.read_bytes())
        if datetime.fromisoformat(kept["read_at"]) > datetime.now() - FRESH and kept["from"] == settings.base_urls[source_id]:
            return [_entry(TableName(**t)) for t in kept["tables"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or not as we write it: it is read anew
    with connected(settings, source_id) as connector:
        tables = connector.list_tables()
    kept = {"read_at": datetime.now().isoformat(), "from": settings.base_urls[source_id], "tables": [asdict(t) for t in tables]}
    replace_file(path, json.dumps(kept, ensure_ascii=False).encode())
    return [_entry(t) for t in tables]


def _entry(table: TableName) -> Entry:
    updated = (table.updated or "")[:10]
    return Entry(table.table, table.title, table.table.replace("/", " "), (f"uppdaterad {updated}",) if updated else ())


@dataclass(frozen=True)
class Roles:
    """What each dimension is. ``choices``: those of which a person may choose a code, ``contents`` and ``age`` among them."""

    area: str
    area_form: tuple[str, str, dict[str, str]]
    period: str
    sex: str | None = None
    sexes: Mapping[str, str] = field(default_factory=dict)
    age: str | None = None
    contents: str | None = None
    intervals: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


def read_table(settings: Settings, source_id: str, table: str) -> Table:
    with connected(settings, source_id) as connector:
        return connector.fetch_table(table)


def roles_of(table: Table, catalogue: Catalogue) -> Roles:
    """Raises ``DeskError`` where the table has no areas or no periods of the catalogue's kind."""
    scb_codes = {a.scb_code for a in catalogue.areas.values() if a.scb_code}
    forms = {name: dimensions.area_form(v.codes, v.texts, scb_codes) for name, v in table.variables.items()}
    area = max(forms, key=lambda name: forms[name][0])
    if not forms[area][0]:
        raise DeskError(Words("the table has no regions or municipalities", "tabellen har inga regioner eller kommuner"))
    rest = {name: v for name, v in table.variables.items() if name != area}
    periods = [name for name, v in rest.items() if all(read_period(code) for code in v.codes)]
    if not periods:
        raise DeskError(Words("the table has no dimension of years, months or quarters", "tabellen har ingen variabel för år, månader eller kvartal"))
    period = next((name for name in periods if name.casefold() in ("tid", "år")), periods[0])
    del rest[period]
    sex = next((name for name, v in rest.items() if dimensions.sexes_of(v.texts)), None)
    sexes = dimensions.sexes_of(rest.pop(sex).texts) or {} if sex else {}
    if sex and "total" not in sexes and not table.variables[sex].can_be_left_out:
        raise DeskError(
            Words(f"the table has no total of {sex}: sexes are not added up here", f"tabellen har ingen total för {sex}: könen läggs inte ihop här")
        )
    age = next((name for name, v in rest.items() if dimensions.looks_like_ages(name, v.text, v.texts)), None)
    contents = next((name for name, v in rest.items() if name == CONTENTS or any("konfidens" in t.casefold() for t in v.texts.values())), None)
    choices = tuple(_choice(name, v, name == contents) for name, v in rest.items())
    intervals = _intervals(rest[contents].texts) if contents else {}
    return Roles(area, forms[area][1:], period, sex, sexes, age, contents, intervals, choices)


def _choice(name: str, variable: Variable, is_contents: bool) -> Choice:
    options = dict(variable.texts) or {code: code for code in variable.codes}
    if is_contents:
        values = [code for code, text in options.items() if not re.search(r"konfidens|felmarginal|^antal svar", text.casefold())]
        return Choice(name, variable.text, options, values[0] if len(values) == 1 else None)
    total = dimensions.total_of(options)
    if total is None and variable.can_be_left_out:
        options, total = {LEFT_OUT: "tabellens egen total", **options}, LEFT_OUT
    return Choice(name, variable.text, options, next(iter(options)) if len(options) == 1 else total)


def _intervals(texts: Mapping[str, str]) -> dict[str, str]:
    """The columns beside the value that the table has: both limits, or neither, and the number of answers."""
    found = {}
    for code, text in texts.items():
        word = text.casefold()
        if "konfidens" in word and re.search(r"nedre|undre|lägre", word):
            found["ci_lower"] = code
        elif "konfidens" in word and re.search(r"övre|högre", word):
            found["ci_upper"] = code
        elif word.startswith("antal svar"):
            found["answers"] = code
    return found if ("ci_lower" in found) == ("ci_upper" in found) else {k: v for k, v in found.items() if k == "answers"}


def build_query(name: str, roles: Roles, chosen: Mapping[str, str], has_sexes: bool = True) -> tuple[dict[str, Any], str | None]:
    """The section ``query``, and the age group it is of (None: the table has no ages). Raises ``DeskError`` where a choice is missing."""
    prefix, suffix, codes = roles.area_form
    area = {"dimension": roles.area, "prefix": prefix, "suffix": suffix, "codes": codes}
    query: dict[str, Any] = {"table": name, "area": {k: v for k, v in area.items() if v}, "period": {"dimension": roles.period}}
    if roles.sex:
        query["sex"] = {"dimension": roles.sex, **{s: c for s, c in roles.sexes.items() if has_sexes or s == "total"}}
    age_group, fixed = None, {}
    for choice in roles.choices:
        code = choice.decide(chosen)
        if code is None:
            raise dimensions.missing(roles.choices, chosen)
        if choice.dimension == roles.age:
            age_group = dimensions.age_group_of(code, choice.options.get(code, "")) if code else "total"
            if age_group is None:
                text = choice.options.get(code, code)
                sv = f"{choice.dimension}: «{text}» är ingen åldersgrupp (65+, 16-84)"
                raise DeskError(Words(f"{choice.dimension}: {text!r} is no age group (65+, 16-84)", sv))
            query["age"] = {"dimension": choice.dimension, "groups": {age_group: [code] if code else []}}
        elif choice.dimension == roles.contents:
            query["contents"] = {"dimension": choice.dimension, "value": code, **(roles.intervals if code not in roles.intervals.values() else {})}
        elif code:
            fixed[choice.dimension] = code
    return query | ({"fixed": fixed} if fixed else {}), age_group


def propose(settings: Settings, catalogue: Catalogue, source_id: str, name: str, chosen: Mapping[str, str], first_year: int = 2010) -> Proposal:
    """Everything that the table tells. Raises ``DeskError`` where it cannot be asked so, ``FetchError`` where the service cannot be asked."""
    areas = [a.scb_code for a in catalogue.areas.values() if a.scb_code]
    with connected(settings, source_id) as connector:
        table = connector.fetch_table(name)
        roles = roles_of(table, catalogue)
        query, age_group = build_query(name, roles, chosen)
        model = PxWebQuery.model_validate(query)
        answer = connector.fetch(model, areas, range(first_year, date.today().year + 2))
    figures = figures_of(answer.rows, catalogue)
    if not figures.has_sexes:
        query, _ = build_query(name, roles, chosen, has_sexes=False)
        if query.get("sex") == {"dimension": roles.sex}:
            del query["sex"]  # left out, which gives the total
    title = str(table.metadata.get("title") or name)
    named = dimensions.told(roles.choices, chosen).values()
    updated = str(table.metadata.get("updated") or "")[:10]
    head = [f"Tabellen {name.rpartition('/')[2]}: {title}."] + ([f"Uppdaterad {updated}."] if updated else [])
    source = catalogue.sources[source_id].name_sv
    contents = next((c.options.get(c.decide(chosen) or "", "") for c in roles.choices if c.dimension == roles.contents), "")
    proposal = proposal_of(source_id, figures, _name_of(title), title, ", ".join(named), query, head, f"«{title}» hos {source}", contents)
    content = dict(proposal.content)
    if age_group:
        content["age_group"] = age_group
        return proposal.decided_in_part(content, without=("age_group",))
    return proposal


def _name_of(title: str) -> str:
    """«Folkmängden efter region, civilstånd, ålder och kön. År 1968 - 2024» → «Folkmängden»."""
    return re.sub(r"\s+(efter|per|fördelat på)\s.*$|[.,]?\s+År \d{4}.*$", "", title).strip(" .,") or title
