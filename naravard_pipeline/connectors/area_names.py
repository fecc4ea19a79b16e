"""Municipalities, regions and the nation by name or code as people write them. Not here: which areas a file may hold, other cells."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal

from naravard_pipeline.connectors.cells import folded
from naravard_pipeline.connectors.grid import Value

_LONGEST = 80
_REGION_WORDS = ("region", "regionen", "landstinget", "län", "läns")
_MUNICIPALITY_WORDS = ("kommun", "kommuns", "stad")
_NATION = ("riket", "hela riket", "sverige", "hela landet")


class AreaNames:
    """Finds areas by name or code. ``names`` maps area code to official name.

    «Eskilstuna kommun», «ESKILSTUNA», «0484», 484 and «0484 Eskilstuna» are one, as are «Region Sörmland», «Sörmland» and «Sörmlands län».
    A name without its accents, or without the word that says what it is, counts only where it is unique; «Uppsala län» is no municipality.
    """

    def __init__(self, names: Mapping[str, str]):
        self.names = names
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._folded: dict[str, set[str]] = defaultdict(set)
        self._regions = {code for code, name in names.items() if _says_what(name) == "region"}
        for code, name in names.items():
            for spelling in _plain(name):
                self._exact[spelling].add(code)
                self._folded[folded(spelling)].add(code)

    def find(self, value: Value) -> str | None:
        """The area's code, or None where the cell is no area or could be two."""
        text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else "" if value is None else str(value)
        text = unicodedata.normalize("NFC", text).strip()
        if len(text) > _LONGEST:
            return None
        if text in self.names:
            return text
        if match := re.fullmatch(r"(\d{2,4})[\s,:;.-]*([^\W\d].*)|([^\W\d].*?)[\s,:;.-]*\(?(\d{2,4})\)?", text):
            code, name = self.find(match[1] or match[4]), self.find((match[2] or match[3]).strip(" ()"))
            return code if code == name else None
        if text.isascii() and text.isdecimal():
            return next((code for code in (text.zfill(4), text.zfill(2)) if code in self.names), None)
        what = _says_what(text)
        for index, key in ((self._exact, str), (self._folded, folded)):
            for spelling in _plain(text):
                codes = index.get(key(spelling), set())
                codes = codes & self._regions if what == "region" else codes - self._regions if what else codes
                if len(codes) == 1:
                    return next(iter(codes))
        return None

    def suggest(self, value: Value) -> str | None:
        """The official name that looks most like what was written."""
        by_spelling = {folded(_plain(name)[0]): name for name in self.names.values()}
        close = get_close_matches(folded(_plain(str(value)[:_LONGEST])[0]), by_spelling, n=1, cutoff=0.7)
        return by_spelling[close[0]] if close else None


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFC", name).casefold())


def _says_what(name: str) -> Literal["region", "municipality"] | None:
    words = _words(name)
    if any(word in _MUNICIPALITY_WORDS for word in words):
        return "municipality"
    return "region" if any(word in _REGION_WORDS or word.endswith("sregionen") for word in words) else None


def _plain(name: str) -> list[str]:
    """Without «kommun», «region» and «län», small, single spaces; accents stay. Where such a word went, also without its genitive's s."""
    words = _words(name)
    if " ".join(words) in _NATION:
        return list(_NATION)
    kept = [word.removesuffix("sregionen") for word in words if word not in (*_REGION_WORDS, *_MUNICIPALITY_WORDS)]
    plain = " ".join(word for word in kept if word) or name.casefold()
    return [plain, plain.removesuffix("s")] if kept != words and plain.endswith("s") else [plain]
