"""What stands beside a figure about where it comes from.

Here: the Swedish words, computed from the catalogue. Not here: who puts them where (tables, publication).
A source's own figures carry its line, such as «Källa: Kolada». What is computed here must not: Kolada's and SCB's terms both forbid naming
them as the source of a figure that somebody else has worked on (https://www.kolada.se/om-oss/api, https://www.scb.se/vara-tjanster/oppna-data/).
"""

from collections.abc import Iterable

from naravard_pipeline.catalogue.models import Catalogue, Measure

SOURCE_PREFIX = "Källa:"
MADE_UP = "Påhittade uppgifter för demonstration"  # the attribution of everything in a demo


def attribution_of(measure: Measure, catalogue: Catalogue) -> str:
    """The line beside the measure's figures: its source's own, or for a derived measure «Egen beräkning på uppgifter från X och Y»."""
    if measure.derived is None:
        return catalogue.sources[measure.source_id].attribution
    inputs = [catalogue.measures[name] for name in measure.derived.measures]
    return own_computation(catalogue.sources[m.source_id].attribution for m in inputs)


def own_computation(attributions: Iterable[str]) -> str:
    """«Egen beräkning på uppgifter från X och Y», from the sources' own lines, each named once and in the order given."""
    names = list(dict.fromkeys(a.removeprefix(SOURCE_PREFIX).strip() for a in attributions))
    if not names:
        return "Egen beräkning"
    last = names[-1]
    if len(names) > 1:
        between = " samt " if any(" och " in name for name in names) else " och "
        last = ", ".join(names[:-1]) + between + last
    return f"Egen beräkning på uppgifter från {last}"
