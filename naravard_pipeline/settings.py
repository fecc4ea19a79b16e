"""Every path, address and environment variable, in one place. Nothing else reads the environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = PROJECT / "sources"
EXPECTATIONS = PROJECT / "expectations"
DBT_PROJECT = PROJECT / "dbt_project"

BASE_URLS = {
    "kolada": "https://api.kolada.se/v3",
    "scb": "https://statistikdatabasen.scb.se/api/v2",
    "folkhalsodata": "https://fohm-app.folkhalsomyndigheten.se/Folkhalsodata/api/v1/sv",
    "socialstyrelsen": "https://sdb.socialstyrelsen.se/api/v1/sv",
    "vardenisiffror": "https://api.vardenisiffror.se/webapi",
}
URL_VARIABLES = {source_id: f"NARAVARD_{source_id.upper()}_URL" for source_id in BASE_URLS} | {"folkhalsodata": "NARAVARD_FOHM_URL"}


def dbt_executable() -> str:
    """dbt of this environment, whatever is first on the path."""
    beside = Path(sys.executable).parent / "dbt"
    return str(beside) if beside.exists() else "dbt"


def spoken_language(environ: Mapping[str, str] = os.environ) -> Literal["en", "sv"]:
    """The language of messages to a person: Swedish where the locale (LC_ALL, LC_MESSAGES, LANG; the first that is set) is, else English."""
    locale = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := environ.get(name))), "")
    return "sv" if locale.split("_")[0].split(".")[0].lower() == "sv" else "en"


@dataclass(frozen=True)
class Settings:
    """What one installation is told from outside.

    ``home`` holds all data. ``base_urls`` maps ``source_id`` to the address its connector asks.
    ``is_demo`` marks everything made in this home as made up; a home is one or the other for life.
    ``postgres_url``: where releases are shown as well; None: nowhere else.
    """

    home: Path
    base_urls: Mapping[str, str] = field(default_factory=lambda: dict(BASE_URLS))
    is_demo: bool = False
    attempts: int = 8  # tries of one request, the first included
    requests_per_second: float = 5.0
    timeout_seconds: float = 60.0
    keep_releases: int = 30  # the newest ones, the current one among them
    keep_months: int = 24  # of each of these the last release, too
    keep_days: int = 90  # how long what no kept release needs stays all the same: answers, files that count no more, runs
    postgres_url: str | None = field(default=None, repr=False)  # holds a password: never printed or logged

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read ``NARAVARD_*``; raises ``ValueError`` with the variable's name where a value makes no sense."""

        def number(name: str, default: float) -> float:
            text = environ.get(name, "").strip() or str(default)
            try:
                value = float(text)
            except ValueError:
                value = 0.0
            if value <= 0:
                raise ValueError(f"{name} is {text!r}; expected a number above 0")
            return value

        def count(name: str, default: int, least: int) -> int:
            text = environ.get(name, "").strip() or str(default)
            if not text.isascii() or not text.isdigit() or int(text) < least:
                raise ValueError(f"{name} is {text!r}; expected a whole number of at least {least}")
            return int(text)

        return cls(
            home=Path(environ.get("NARAVARD_HOME") or "data").resolve(),
            base_urls={s: (environ.get(URL_VARIABLES[s]) or url).rstrip("/") for s, url in BASE_URLS.items()},
            is_demo=environ.get("NARAVARD_IS_DEMO", "").lower() in ("1", "true", "yes"),
            attempts=int(number("NARAVARD_ATTEMPTS", cls.attempts)),
            requests_per_second=number("NARAVARD_REQUESTS_PER_SECOND", cls.requests_per_second),
            timeout_seconds=number("NARAVARD_TIMEOUT_SECONDS", cls.timeout_seconds),
            keep_releases=count("NARAVARD_KEEP_RELEASES", cls.keep_releases, 2),
            keep_months=count("NARAVARD_KEEP_MONTHS", cls.keep_months, 0),
            keep_days=count("NARAVARD_KEEP_DAYS", cls.keep_days, 0),
            postgres_url=environ.get("NARAVARD_POSTGRES_URL", "").strip() or None,
        )

    def to_environment(self) -> dict[str, str]:
        """The variables that ``from_environment`` reads as these settings, for a process started from here."""
        return {
            "NARAVARD_HOME": str(self.home),
            **{URL_VARIABLES[source_id]: url for source_id, url in self.base_urls.items()},
            "NARAVARD_IS_DEMO": "1" if self.is_demo else "",
            "NARAVARD_ATTEMPTS": str(self.attempts),
            "NARAVARD_REQUESTS_PER_SECOND": str(self.requests_per_second),
            "NARAVARD_TIMEOUT_SECONDS": str(self.timeout_seconds),
            "NARAVARD_KEEP_RELEASES": str(self.keep_releases),
            "NARAVARD_KEEP_MONTHS": str(self.keep_months),
            "NARAVARD_KEEP_DAYS": str(self.keep_days),
            "NARAVARD_POSTGRES_URL": self.postgres_url or "",
        }

    def changed(self, **values) -> Self:
        return replace(self, **values)

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def database(self) -> Path:
        """The working database. Only dbt writes it, only the gate and the checks read it; readers have ``published``."""
        return self.warehouse / "warehouse.duckdb"

    @property
    def dbt_target(self) -> Path:
        """Where dbt keeps its manifest and results for this home."""
        return self.warehouse / "dbt"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def decisions(self) -> Path:
        """What people have decided, and what must stay hidden: never pruned."""
        return self.home / "decisions"

    @property
    def review(self) -> Path:
        """The change report of the last candidate, with what waits for a decision: not for readers."""
        return self.home / "review"

    @property
    def hidden_cells(self) -> Path:
        """Every cell that a release has hidden, with the releases that did."""
        return self.home / "decisions" / "hidden_cells.parquet"

    @property
    def approved_cells(self) -> Path:
        """The cells that a person let be shown although a release hid them."""
        return self.home / "decisions" / "approved_cells.parquet"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"
