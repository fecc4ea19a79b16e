"""How long the site of a release takes to build, how heavy it is and how fast its start page opens.

    .venv/bin/python tests/benchmarks/site.py [--measures 30 300]

A made-up release: a framework of five goal areas with three indicators each, a county of nine municipalities, eight years with intervals; one
measure in ten comes by month, with run charts. «Bare» is the library drawing as many charts of two points, one after the other, by which the
machine's speed can be told.
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import site_release as made_up  # noqa: E402 - a script has to find its own package first
from browser import CHROMIUM, chromium  # noqa: E402

from naravard_pipeline.charts import Line, LineChart, Point, draw  # noqa: E402
from naravard_pipeline.publication.measure_pages import write_measure_pages  # noqa: E402
from naravard_pipeline.site import build_site, write_site  # noqa: E402

TOWNS = {f"048{n}": f"Kommun {n}" for n in range(9)}
CODES = ["00", "04", *TOWNS]


def release(many: int) -> dict[str, list[dict]]:
    framework = {"framework_id": "lan", "name_sv": "Nära vård", "description_sv": "Påhittat.", "county_code": "04", "sort_order": 1}
    goals = [{"framework_id": "lan", "goal_area_id": f"g{g}", "name_sv": f"Målområde {g}", "description_sv": "…", "sort_order": g} for g in range(5)]
    indicators = [
        {"framework_id": "lan", "goal_area_id": f"g{i // 3}", "indicator_id": f"i{i}", "name_sv": f"Indikator {i}"}
        | {"description_sv": "…", "is_gap": False, "sort_order": i}
        for i in range(15)
    ]
    found: dict[str, list[dict]] = {name: [] for name in ("dim_measures", "fct_observations", "fct_assessments", "fct_run_charts", "links")}
    for n in range(many):
        name = f"m{n:03d}"
        found["dim_measures"].append(made_up.measure(name, f"Mått nummer {n}"))
        found["links"].append({"framework_id": "lan", "indicator_id": f"i{n % 15}", "measure_id": name, "official_name_sv": name})
        for place, area in enumerate(CODES):
            rows = made_up.monthly(name, area, 50.0 + place) if n % 10 == 9 else made_up.yearly(name, area, 40.0 + place)
            found["fct_observations"] += rows
            found["fct_assessments"].append(made_up.assessment(rows[-1], f"{area}: nivån står här.", trend="improving", trend_since="2018"))
            if n % 10 == 9 and area != "00":
                found["fct_run_charts"] += [made_up.run_point(row) for row in rows]
    index = {"range_low": 97.0, "range_high": 104.0, "measures": 5, "measures_expected": 6, "is_preliminary": False}
    index |= {"summary_sv": "Sammanvägt index: står här."}
    composites = [
        {"framework_id": "lan", "goal_area_id": g, "indicator_id": i, "area_code": a, "year": y, "value": 95.0 + y % 9} | index
        for g, i in [*((f"g{g}", "all") for g in range(5)), *((f"g{i // 3}", f"i{i}") for i in range(15))]
        for a in CODES
        for y in range(2014, 2026)
    ]
    kinds = {"00": ("nation", None), "04": ("region", "00")}
    return {
        "dim_areas": [
            {"area_code": c, "name_sv": TOWNS.get(c, c), "sort_order": i}
            | dict(zip(("area_type", "parent_code"), kinds.get(c, ("municipality", "04")), strict=True))
            for i, c in enumerate(CODES)
        ],
        "dim_frameworks": [framework],
        "dim_goal_areas": goals,
        "dim_indicators": indicators,
        "bridge_indicator_measures": found["links"],
        "fct_composites": composites,
        **{name: found[name] for name in ("dim_measures", "fct_observations", "fct_assessments", "fct_run_charts")},
    }


def open_start_page(folder: Path) -> str:
    """Median of five cold openings, each in a profile of its own, with the processor slowed down four times as an old laptop's would be."""
    if not CHROMIUM:
        return "no Chromium"
    times = []
    with chromium() as browser:
        for _ in range(5):
            context = browser.new_context()
            page = context.new_page()
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
            page.goto((folder / "index.html").as_uri())
            times.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
            context.close()
    return f"{statistics.median(times):.0f} ms"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--measures", type=int, nargs="+", default=[30, 300])
    bare = LineChart([Line("a", "focus", [Point(2024.0, 1.0), Point(2025.0, 2.0)])])
    for many in arguments.parse_args().measures:
        connection = made_up.connect(release(many))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            draw(bare, "warm")
            start, cpu = time.perf_counter(), time.process_time()
            site = build_site(connection, made_up.RELEASE)
            write_site(site, folder)
            write_measure_pages(connection, folder, made_up.RELEASE, site.of_measures)
            took, worked = time.perf_counter() - start, time.process_time() - cpu
            start = time.perf_counter()
            build_site(connection, made_up.RELEASE, folder)
            again = time.perf_counter() - start
            texts = [p.read_text(encoding="utf-8") for p in folder.rglob("*.html")]
            charts = sum(text.count('<svg class="chart"') for text in texts)
            start = time.perf_counter()
            for _ in range(20):
                draw(bare, "bare")
            alone = (time.perf_counter() - start) / 20
            size, first = sum(len(t.encode()) for t in texts), (folder / "index.html").stat().st_size
            print(
                f"{many} measures ({date.today()}): {took:.1f} s ({worked:.1f} s of processor), {charts} charts on {len(texts)} pages, "
                f"{took / charts / alone:.2f} of as many bare charts, {again:.1f} s where none has changed; "
                f"{size / 1e6:.1f} MB, start page {first / 1e3:.0f} kB, "
                f"opens in {open_start_page(folder)} on a processor four times slower"
            )


if __name__ == "__main__":
    main()
