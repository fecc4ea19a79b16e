"""A home holds made-up figures or real ones, for life: the two can never meet in one release."""

import json

from naravard_pipeline.landing.atomic import write_once
from naravard_pipeline.settings import Settings


def claim_home(settings: Settings) -> None:
    """Mark a new home as what it is. Raises ``ValueError`` where it is the other kind already."""
    path = settings.home / "home.json"
    write_once(path, json.dumps({"is_demo": settings.is_demo}).encode() + b"\n")
    if json.loads(path.read_bytes())["is_demo"] == settings.is_demo:
        return
    kinds = ("real", "made-up") if settings.is_demo else ("made-up", "real")
    raise ValueError(
        f"{settings.home} holds {kinds[0]} figures, and {kinds[1]} ones must not be mixed with them. "
        "Set NARAVARD_HOME to another folder, or remove this one."
    )


def of_home(settings: Settings) -> Settings:
    """The same for a home that is there already: made-up or real as it was claimed, so that no decision has to say so once more."""
    path = settings.home / "home.json"
    return settings.changed(is_demo=json.loads(path.read_bytes())["is_demo"]) if path.exists() else settings
