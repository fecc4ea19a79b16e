"""What people who do not write YAML every day tend to write, and what they meant by it.

Here: guesses from a wrong value or a line that cannot be read. Not here: what is wrong by the models (validation), the sentences (problems).
"""

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from naravard_pipeline.catalogue.problems import Words, closest

YES, NO = ("ja", "yes", "sant", "on", "y", "j", "x"), ("nej", "no", "falskt", "off", "n")
# The Swedish words for what a field may be, as somebody would write who reads only the description.
CHOICES_SV = {
    "antal": "count", "kvot": "rate", "andel": "share", "medelvärde": "mean", "medel": "mean", "dagar": "days", "dygn": "days",
    "publicerad": "published", "visas": "published", "publicerat": "published", "utkast": "draft", "planerad": "planned", "planerat": "planned",
    "upphörd": "retired", "upphört": "retired", "avslutad": "retired", "avslutat": "retired",
    "år": "year", "halvår": "half_year", "kvartal": "quarter", "månad": "month",
    "riket": "nation", "riks": "nation", "län": "region", "länsdel": "county_part", "kommun": "municipality", "kommuner": "municipality",
    "kommunerna": "municipalities", "regionen": "region", "källa": "source", "källan": "source",
    "högre är bättre": "higher_is_better", "lägre är bättre": "lower_is_better", "neutralt": "neutral", "alltid": "always",
    "automatiskt": "automatic", "summa": "sum", "total": "total", "totalt": "total", "kvinnor": "women", "män": "men",
    "stoppande": "critical", "varning": "warning",
}  # fmt: skip
# And for the fields themselves.
FIELDS_SV = {
    "namn": "name_sv", "definition": "definition_sv", "indikator": "indicators", "indikatorer": "indicators", "nivå": "levels", "nivåer": "levels",
    "riktning": "direction", "enhet": "unit", "värdetyp": "value_type", "slag": "value_type", "decimaler": "decimals", "ålder": "age_group",
    "åldersgrupp": "age_group", "frekvens": "frequency", "hur ofta": "frequency", "första år": "first_year", "gräns": "bounds", "gränser": "bounds",
    "största ändring": "max_change", "täckning": "min_coverage", "granskning": "review", "mål": "target", "målvärde": "target", "brott": "breaks",
    "att tänka på": "caveat_sv", "förbehåll": "caveat_sv", "fokusområden": "focus_areas", "kontakt": "contact_sv", "avslutat": "retired",
    "upphört": "retired", "ersätts av": "replaced_by", "områden": "area_types", "kod": "source_code", "nyckeltal": "source_code", "kön": "sexes",
    "vikt": "weight", "ramverk": "framework", "datum": "date", "skäl": "reason_sv", "fil": "file", "fråga": "query", "beräknat": "derived",
    "lägst": "min", "högst": "max", "målområden": "goal_areas", "beskrivning": "description_sv",
}  # fmt: skip
MONTHS_SV = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_DATE = re.compile(r"(\d{1,2})[/. -]+(\d{1,2}|[a-zåäö.]+)[/. -]+(\d{4})")


def meant_field(wrong: object, fields: Collection[str]) -> str | None:
    """The field that a Swedish word or a misspelt name means, of those there may be."""
    swedish = FIELDS_SV.get(str(wrong).strip().casefold().replace("_", " "))
    return swedish if swedish in fields else closest(wrong, fields)


def meant_number(text: str) -> Words | None:
    """What is wrong with a text that was to be a number: a decimal comma, spaces, a unit."""
    if re.fullmatch(r"[-−]?\d+,\d+", text):
        right = text.replace(",", ".").replace("−", "-")
        return Words(f"a number with a decimal point: {right}", f"ett tal med decimalpunkt: {right}")
    if re.fullmatch(r"[-−]?\d{1,3}([\s.\u00a0]\d{3})+", text):
        right = re.sub(r"[\s.\u00a0]", "", text)
        return Words(f"a number without spaces: {right}", f"ett tal utan mellanrum: {right}")
    if found := re.fullmatch(r"([-−]?\d+(?:[.,]\d+)?)\s*[%a-zåäö].*", text, re.IGNORECASE):
        right = found[1].replace(",", ".")
        return Words(f"a number alone, without a unit: {right}", f"ett tal för sig, utan enhet: {right}")
    return None


def meant_date(value: object) -> str | None:
    """The date that 31/12 2024, 31.12.2024, 31 december 2024 or 20241231 means, as 2024-12-31."""
    text = str(value).strip().lower()
    if re.fullmatch(r"\d{8}", text):
        parts = (text[:4], text[4:6], text[6:])
    elif found := re.fullmatch(r"(\d{4})[/. ]+(\d{1,2})[/. ]+(\d{1,2})", text):
        parts = found.groups()
    elif found := _DATE.fullmatch(text):
        month = found[2] if found[2].isdigit() else str(MONTHS_SV.index(found[2][:3]) + 1) if found[2][:3] in MONTHS_SV else "0"
        parts = (found[3], month, found[1])
    else:
        return None
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        return None


def meant_truth(value: object) -> str | None:
    """``true`` or ``false`` for ja, nej, yes, no and their like."""
    text = str(value).strip().lower()
    return "true" if text in YES else "false" if text in NO else None


def meant_choice(value: object, choices: Sequence[str]) -> str | None:
    """The choice that a Swedish word or a slip of the pen means."""
    translated = CHOICES_SV.get(str(value).strip().lower())
    return translated if translated in choices else closest(value, choices)


def meant_identifier(value: object) -> str | None:
    """The same name with a-z, 0-9 and _ only: «Förebyggande vård» → forebyggande_vard."""
    text = str(value).strip().lower().translate(str.maketrans("åäöéü", "aaoeu"))
    text = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return text if re.fullmatch(r"[a-z][a-z0-9_]*", text) and text != value else None


class Slip(NamedTuple):
    """What is wrong at a line (from 1) that YAML cannot read, and what to do."""

    line: int
    found: Words
    remedy: Words


def find_slip(text: str, line: int | None) -> Slip | None:
    """The likeliest slip at the line that YAML's reader stopped at, or just above it, where the cause often is; None if nothing is seen."""
    lines = text.splitlines()
    near = [n for n in ((line or 1) - 1, line or 1) if 1 <= n <= len(lines)]
    return next((slip for look in (_in_line, _in_indent) for n in near if (slip := look(lines, n))), None)


def _in_line(lines: Sequence[str], number: int) -> Slip | None:
    line = lines[number - 1]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Slip(number, Words("a tab", "ett tabbtecken"), Words("indent with spaces", "dra in med blanksteg"))
    if "\u00a0" in line:
        found = Words("a no-break space, which looks like a space and is none", "ett hårt mellanslag, som ser ut som ett blanksteg men inte är det")
        return Slip(number, found, Words("write an ordinary space", "skriv ett vanligt blanksteg"))
    if re.match(r"\s*-[^\s-]", line):
        found = Words("a dash with no space after it", "ett streck utan blanksteg efter")
        return Slip(number, found, Words("write `- ` and then the field", "skriv `- ` och sedan fältet"))
    if field := re.match(r"\s*(?:- )?([a-z_]+):[^\s/]", line):
        found = Words(f"no space after `{field[1]}:`", f"inget blanksteg efter `{field[1]}:`")
        return Slip(number, found, Words(f"write `{field[1]}: value`", f"skriv `{field[1]}: värde`"))
    # In a folded text, which goes on the line above, a line without a colon is right.
    if (field := re.match(r"\s*(?:- )?([a-z_]+)\s+[^\s:#][^:]*$", line)) and not _goes_on(lines, number):
        found = Words(f"no colon after `{field[1]}`", f"inget kolon efter `{field[1]}`")
        return Slip(number, found, Words(f"write `{field[1]}: value`", f"skriv `{field[1]}: värde`"))
    if field := re.match(r"\s*(?:- )?([a-z_]+): +(['\"]).*?\2\s*[^\s,}\]#]", line):
        found = Words("text after the closing quote", "text efter det avslutande citattecknet")
        return Slip(number, found, Words("put quotes around all of it, or use «»", "sätt citattecken om hela texten, eller använd «»"))
    if field := re.match(r"\s*(?:- )?([a-z_]+): +[^'\"{\[>|].*: ", line):
        found = Words(f"a colon inside the text of `{field[1]}`", f"ett kolon inne i texten i `{field[1]}`")
        remedy = Words(f'put the text in quotes: {field[1]}: "…"', f'sätt texten inom citattecken: {field[1]}: "…"')
        return Slip(number, found, remedy)
    return None


def _goes_on(lines: Sequence[str], number: int) -> bool:
    """Whether the line continues the text of the line above: it is indented more, or a folded text begins there."""
    if number < 2:
        return True
    above, own = lines[number - 2], lines[number - 1]
    return bool(re.search(r"[>|][+-]?\s*$", above)) or (_indent(own) > _indent(above) and not above.rstrip().endswith(":"))


def _in_indent(lines: Sequence[str], number: int) -> Slip | None:
    if number < 2 or not lines[number - 1].strip():
        return None
    above, own = _column(lines[number - 2]), _column(lines[number - 1])
    levels = {_column(line) for line in lines[: number - 1] if line.strip() and not line.lstrip().startswith("#")}
    if (own in levels and own <= above) or (own > above and lines[number - 2].rstrip().endswith(":")):
        return None
    found = Words(f"{own} spaces before the field, {above} on the line above", f"{own} blanksteg före fältet, {above} på raden ovanför")
    remedy = Words("begin fields that belong together in the same column", "börja fält som hör ihop i samma kolumn")
    return Slip(number, found, remedy)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _column(line: str) -> int:
    """Where the field begins, after a dash."""
    return len(line) - len(re.sub(r"^\s*(- +)?", "", line))
