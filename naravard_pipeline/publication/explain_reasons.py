"""Why a figure has no value, in words that tell no more than what is published.

Here: one sentence for each status and each way of being hidden. Not here: whether something is hidden (protection), how it is printed (cli).
"""

from naravard_pipeline.publication.explain_rows import Row

HIDDEN = {
    "primary": "dolt: uppgiften bygger på ett litet antal, och sådana visas inte",
    # Of a sum of small counts it is not said that it is small, nor whether a cell is hidden for its neighbour's sake or because it was so before.
    "secondary": "dolt för att ingen dold uppgift ska kunna räknas ut, ur den här tillsammans med andra eller vid jämförelse med tidigare releaser; "
    "det säger ingenting om hur stor den är",
}
OF_SOURCE = {
    "suppressed": "källan lämnar inte ut uppgiften",
    "missing": "källan har ingen uppgift",
    "not_applicable": "uppgiften kan inte finnas: det finns ingen att räkna bland",
    "not_yet_published": "källan har inte publicerat perioden än",
}
OF_FILE = OF_SOURCE | {
    "suppressed": "den som lämnade filen har inte skrivit ut antalet",
    "missing": "cellen är tom eller säger att uppgift saknas",
}
OF_PARTS = {
    "suppressed": "något i underlaget är dolt, och därför också det som räknas ur det",
    "missing": "något i underlaget saknas",
    "not_applicable": "kan inte räknas: nämnaren är noll, eller det finns ingen att räkna bland",
    "not_yet_published": "underlaget är inte publicerat än",
    "awaiting_denominator": "väntar på nämnaren, som inte är publicerad än; ett annat års nämnare tas aldrig i stället",
}
PRELIMINARY = "preliminärt: perioden pågick än, eller alla som ingår har inte lämnat uppgift"


def tell_why(figure: Row, is_reckoned: bool) -> str:
    """Why the figure is not there, or not final; empty where there is nothing to tell."""
    if figure["suppression"]:
        return HIDDEN[figure["suppression"]]
    if figure["value"] is not None:
        return PRELIMINARY if figure["status"] == "preliminary" else ""
    words = OF_PARTS if is_reckoned else OF_SOURCE if figure["reporter"] == "source" else OF_FILE
    why = words.get(figure["status"], figure["status"])
    return f"{why} (källans egen markering: «{figure['source_status']}»)" if figure["source_status"] else why


def tell_briefly(figure: Row | None) -> str:
    """The same in a word or two, for a list; empty for a figure that has a value."""
    if figure is None:
        return "ingen uppgift"
    if figure["value"] is not None:
        return ""
    words = {"suppressed": "dold", "not_yet_published": "inte publicerad än", "awaiting_denominator": "väntar på nämnaren"}
    return words.get(figure["status"], "kan inte finnas" if figure["status"] == "not_applicable" else "saknas")
