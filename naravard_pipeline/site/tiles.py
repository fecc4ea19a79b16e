"""Where a county's municipalities lie on its schematic map, as it stands in ``sources/areas/``. A county without tiles is shown as a list.

Here: what the release's tables do not hold, because it is looks and no fact.
"""

from collections.abc import Mapping
from functools import cache

from naravard_pipeline.catalogue.reader import read_tile_maps
from naravard_pipeline.settings import SOURCES


@cache
def read_tiles() -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """County → municipality → (column, row), both from 1."""
    return {tile_map.county_code: tile_map.tiles for tile_map in read_tile_maps(SOURCES)}
