"""A measure of a topic in Socialstyrelsen's statistics database.

Belongs here: what a topic's dimensions say about a query to it. Does not: the protocol (``connectors``), words of dimensions (``dimensions``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.catalogue.queries import SocialstyrelsenQuery
from naravard_pipeline.connectors.socialstyrelsen import SOURCE_ID
from naravard_pipeline.connectors.socialstyrelsen_question import Topic
from naravard_pipeline.desk import dimensions
from naravard_pipeline.desk.cubes import figures_of, proposal_of
from naravard_pipeline.desk.dimensions import Choice
from naravard_pipeline.desk.proposal import DeskError, Proposal
from naravard_pipeline.desk.search import Entry
from naravard_pipeline.landing.cubes import connected
from naravard_pipeline.settings import Settings

MATT, REGION, SEX, AGE, YEAR = "matt", "region", "kon", "alder", "ar"
ABSENT_IS_ZERO = ("skador",)  # topics of which the service itself says so


def find_topics(settings: Settings) -> list[Entry]:
    with connected(settings, SOURCE_ID) as connector:
        return [Entry(name, text, name) for name, text in connector.list_topics().items()]


@dataclass(frozen=True)
class Roles:
    sexes: Mapping[str, str]
    choices: tuple[Choice, ...]


def read_topic(settings: Settings, name: str) -> Topic:
    with connected(settings, SOURCE_ID) as connector:
        return connector.fetch_topic(name)


def roles_of(topic: Topic) -> Roles:
    """Raises ``DeskError`` for a topic without regions or years."""
    lacking = [name for name in (MATT, REGION, YEAR) if name not in topic.dimensions]
    if lacking:
        raise DeskError(Words(f"the topic has no dimension {lacking[0]}", f"ämnet har ingen dimension {lacking[0]}"))
    sexes = dimensions.sexes_of(topic.dimensions[SEX]) if SEX in topic.dimensions else {}
    if sexes is None:
        raise DeskError(Words(f"the ids of {SEX} are not understood", f"id:na i {SEX} går inte att tolka"))
    others = {name: ids for name, ids in topic.dimensions.items() if name not in (REGION, YEAR, SEX)}
    return Roles(sexes, tuple(Choice(name, name, ids, _default(ids)) for name, ids in others.items()))


def _default(ids: Mapping[str, str]) -> str | None:
    return next(iter(ids)) if len(ids) == 1 else dimensions.total_of(ids)


def propose(settings: Settings, catalogue: Catalogue, name: str, chosen: Mapping[str, str], first_year: int = 2010) -> Proposal:
    """Everything that the topic tells. Raises ``DeskError`` where a choice is missing, ``FetchError`` where the database cannot be asked."""
    areas = [a.scb_code for a in catalogue.areas.values() if a.scb_code]
    with connected(settings, SOURCE_ID) as connector:
        topic = connector.fetch_topic(name)
        roles = roles_of(topic)
        if dimensions.missing_choices(roles.choices, chosen):
            raise dimensions.missing(roles.choices, chosen)
        query, age_group = _query(topic, roles, chosen)
        answer = connector.fetch(SocialstyrelsenQuery.model_validate(query), areas, range(first_year, date.today().year + 2))
    figures = figures_of(answer.rows, catalogue)
    texts = dimensions.told(roles.choices, chosen)
    shown = ", ".join([*([texts.pop(MATT)] if MATT in texts else []), *texts.values()])
    head = [f"Ämnet {name} hos Socialstyrelsen: {topic.title}."]
    proposal = proposal_of(SOURCE_ID, figures, topic.title, topic.title, shown, query, head, f"«{topic.title}» i Socialstyrelsens statistikdatabas")
    content, notes = dict(proposal.content), {}
    if query.get("absent_is_zero"):
        notes["query"] = "Skadestatistiken utelämnar nollor: en rad som saknas är noll."
    else:
        notes["query"] = "En rad som saknas räknas som okänd; skriv absent_is_zero: true om källan utelämnar nollor i ämnet."
    if age_group:
        content["age_group"] = age_group
    return proposal.decided_in_part(content, notes, without=("age_group",))


def _query(topic: Topic, roles: Roles, chosen: Mapping[str, str]) -> tuple[dict[str, Any], str | None]:
    query: dict[str, Any] = {"topic": topic.name}
    age_group, fixed = None, {}
    for choice in roles.choices:
        code = choice.decide(chosen)
        if choice.dimension == MATT:
            query["matt"] = code
        elif choice.dimension == AGE:
            age_group = dimensions.age_group_of(code, choice.options[code])
            if age_group is None:
                text = choice.options[code]
                raise DeskError(Words(f"alder: {text!r} is no age group (65+, 16-84)", f"alder: «{text}» är ingen åldersgrupp (65+, 16-84)"))
            query["age"] = {"groups": {age_group: code}}
        elif len(choice.options) > 1:
            fixed[choice.dimension] = code
    query |= {"fixed": fixed} if fixed else {}
    query["sexes"] = dict(roles.sexes)
    if topic.name in ABSENT_IS_ZERO:
        query["absent_is_zero"] = True
    return query, age_group
