"""The preview as a page to look at: Swedish, one file, nothing asked from any host.

Here: how it looks. Not here: any figure that is not in the preview.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment

from naravard_pipeline.pages import open_templates

KINDS_SV = {
    "new_measure": "nytt mått, antal uppgifter",
    "new_period": "uppgifter i nya perioder",
    "new_value": "nya uppgifter i äldre perioder",
    "revised": "omräknade uppgifter",
    "withdrawn": "tillbakadragna uppgifter",
    "removed_measure": "mått borttaget, antal uppgifter",
    "hidden": "uppgifter som visades och nu är dolda",
    "shown": "uppgifter som var dolda och nu visas",
    "status": "uppgifter med ny status",
    "break": "uppgifter i en ny serie",
    "detail": "uppgifter med nytt underlag och samma värde",
}
AREA_TYPES_SV = {"nation": "riket", "region": "regioner", "county_part": "länsdelar", "municipality": "kommuner"}
WIDTH, HEIGHT = 240, 40


def render_preview_page(preview: Mapping[str, Any]) -> str:
    """The page as HTML; ``preview`` is of ``preview_measure``."""
    failed = [o for o in preview["checks"]["outcomes"] if not o["passed"]]
    return _environment().get_template("preview.html.j2").render(preview, preview=preview, failed=failed)


@cache
def _environment() -> Environment:
    environment = open_templates("naravard_pipeline.preview")
    environment.filters |= {"line": draw_line, "kind": lambda k: KINDS_SV.get(k, k), "area_type": lambda t: AREA_TYPES_SV.get(t, t)}
    return environment


def draw_line(series: Sequence[Mapping[str, Any]]) -> list[str]:
    """The points of each unbroken stretch of a series, for SVG's polyline, in a field of ``WIDTH`` × ``HEIGHT``; a gap is a gap."""
    values = [point["value"] for point in series]
    known = [v for v in values if v is not None]
    if not known:
        return []
    low, reach = min(known), (max(known) - min(known)) or 1.0
    stretches: list[list[str]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            x, y = 3 + (WIDTH - 6) * i / max(len(values) - 1, 1), HEIGHT - 4 - (HEIGHT - 8) * (value - low) / reach
            stretches[-1].append(f"{x:.1f},{y:.1f}")
    return [" ".join(s * 2 if len(s) == 1 else s) for s in stretches if s]
