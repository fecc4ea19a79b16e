"""What must hold of the maps of tiles. Here: codes that exist, one municipality per place. Not here: what one file may contain (areas)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from naravard_pipeline.catalogue.areas import Area, TileMap
from naravard_pipeline.catalogue.problems import Words
from naravard_pipeline.catalogue.rules import Report, report_unknown


def check_tile_maps(maps: Iterable[tuple[Path, int, TileMap]], areas: Mapping[str, Area], report: Report) -> None:
    """Each map comes with its file and its position there."""
    for path, i, tile_map in maps:
        towns = {a.area_code for a in areas.values() if a.area_type == "municipality" and a.parent_code == tile_map.county_code}
        taken: dict[tuple[int, int], str] = {}
        if not towns:
            counties = {a.area_code for a in areas.values() if a.area_type == "region"}
            report_unknown(path, ("tile_maps", i, "county_code"), Words("county", "länskod"), tile_map.county_code, counties, report)
            continue
        for code, place in tile_map.tiles.items():
            where = ("tile_maps", i, "tiles", code)
            if code not in towns:
                report_unknown(path, where, Words("municipality of the county", "kommun i länet"), code, towns, report)
            elif place in taken:
                remedy = Words("each tile has a place of its own", "varje ruta har en egen plats")
                report(path, where, "twice", found=f"{list(place)}", other=taken[place], remedy=remedy)
            taken.setdefault(place, code)
