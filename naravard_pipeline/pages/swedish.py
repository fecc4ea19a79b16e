"""Numbers, dates and the words of the figures as a Swedish reader expects them. Not here: sentences, which belong to those who say them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

TIMEZONE = ZoneInfo("Europe/Stockholm")  # of those who read

WORDS = {
    "sex": {"total": "totalt", "women": "kvinnor", "men": "män"},
    "reporter": {"source": "källan", "region": "regionen", "municipalities": "kommunerna"},
    "age_group": {"total": "alla"},
    "status": {
        "ok": "ok",
        "preliminary": "preliminärt",
        "suppressed": "dolt",
        "missing": "saknas",
        "not_applicable": "ej tillämpligt",
        "not_yet_published": "ej publicerat",
        "awaiting_denominator": "väntar på nämnare",
        "published": "publicerat",
        "draft": "utkast",
        "planned": "planerat",
        "retired": "avslutat",
    },
}


def number(value: float, decimals: int | None = None, sign: bool = False) -> str:
    """Decimal comma, a no-break space between thousands, a real minus. ``decimals``: exactly so many, else at most four. ``sign``: + too."""
    text = f"{value:,.4f}" if decimals is None else f"{value:,.{decimals}f}"
    if decimals is None:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("-0.,"):
        text = text.lstrip("-")  # nought has no sign
    elif sign and value > 0:
        text = f"+{text}"
    return text.replace(",", "\u00a0").replace(".", ",").replace("-", "−")


def after_number(unit: str | None) -> str:
    """The unit as it stands after a number, with the space before it: «antal per 1 000 invånare» is said « per 1 000 invånare», «antal» nothing.
    The macro ``unit_after_number`` says the same in the warehouse."""
    return "" if not unit or unit == "antal" else unit[5:] if unit.startswith("antal ") else f" {unit}"


def listed(names: Sequence[str]) -> str:
    """«Flen», «Flen och Gnesta», «Flen, Gnesta och Trosa»."""
    return " och ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def percent(value: float | None, decimals: int = 1) -> str:
    """A change in percent with its sign, «+12,5 %»; «från 0» where no percentage can be told. From 100 on no decimals are of use."""
    return "från\u00a00" if value is None else f"{number(value, 0 if abs(value) >= 100 else decimals, sign=True)}\u00a0%"


def in_sweden(value: datetime) -> datetime:
    """The same moment by a clock in Sweden, whose day may be another than that of UTC. A time without a zone is UTC."""
    return value.replace(tzinfo=value.tzinfo or UTC).astimezone(TIMEZONE)


def moment(value: Any) -> str:
    """A date, or a time to the minute by a clock in Sweden, as written there; any other text as it came. A time without a zone is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > len("2026-01-01") else date.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime):
        return in_sweden(value).strftime("%Y-%m-%d %H:%M")
    return str(value or "–")


def word(value: Any, column: str) -> str:
    """The Swedish word for a code of the figures' tables, or the code itself."""
    return WORDS.get(column, {}).get(str(value), str(value))
