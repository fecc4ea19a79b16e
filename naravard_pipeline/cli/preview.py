"""``naravard measure preview``: what one measure gives, on one screen. Swedish, as its reader is the one who made the measure's file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from naravard_pipeline.cli.terminal import HELD, must_be_among, open_catalogue, open_progress
from naravard_pipeline.pages.swedish import number, word
from naravard_pipeline.settings import Settings

BLOCKS = "▁▂▃▄▅▆▇█"
MOST_OUTLIERS = 10


@click.command("preview")
@click.argument("measure_id")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Write it as a page (HTML) to this file, too.")
def preview(measure_id: str, as_json: bool, page: Path | None) -> None:
    """Fetch one measure and see its values, gaps, outliers, checks and what would change. Nothing is published; what is hidden stays hidden.

    Exit code 3 where the measure would be held back or wait for a person.

    Example: naravard measure preview fallskador_65_plus --page fallskador.html
    """
    from naravard_pipeline.preview import preview_measure, render_preview_page

    catalogue = open_catalogue()
    must_be_among(measure_id, sorted(catalogue.measures), "MEASURE_ID", "measure")
    settings = Settings.from_environment()
    if as_json:
        found = preview_measure(settings, catalogue, measure_id)
        click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
    else:
        with open_progress("startar") as tell:
            found = preview_measure(settings, catalogue, measure_id, tell)
        for line in _tell(found):
            click.echo(line)
    if page:
        page.write_text(render_preview_page(found), encoding="utf-8")
        click.echo(f"{page}", err=as_json)
    if any(found["verdict"].values()):
        raise SystemExit(HELD)


def _tell(found: Mapping[str, Any]) -> Iterator[str]:
    from naravard_pipeline.preview.page import AREA_TYPES_SV

    measure, decimals = found["measure"], found["measure"]["decimals"]
    made_up = "  PÅHITTADE UPPGIFTER" if found["is_demo"] else ""
    yield f"{measure['name_sv']} ({measure['unit']}, {word(measure['status'], 'status')}){made_up}"
    yield from (f"  obs: {note}" for note in found["notes"])
    yield "senaste värden"
    width = max((len(row["area_name_sv"]) for row in found["latest"]), default=0)
    largest = max((abs(row["value"]) for row in found["latest"] if row["value"] is not None), default=0) or 1
    for row in found["latest"]:
        told = word(row["newest_status"], "status") if row["value"] is None else number(row["value"], decimals)
        bar = "█" * round(20 * abs(row["value"] or 0) / largest)
        period = row["period_label"] or row["newest_label"]
        yield f"  {row['area_name_sv']:<{width}}  {period:>9}  {told:>10}  {bar:<20}  {draw_blocks(row['series'])}"
    if found["absent"]:
        yield f"  utan uppgift i källan: {', '.join(found['absent'])}"
    yield "täckning"
    periods: dict[str, list[str]] = {}
    for row in found["coverage"]:
        periods.setdefault(row["period_label"], []).append(f"{AREA_TYPES_SV[row['area_type']]} {row['areas']} av {row['expected']}")
    yield from (f"  {period}: {', '.join(parts)}" for period, parts in list(periods.items())[:5])
    for row in found["without_value"]:
        why = f" (källan: «{row['source_status']}»)" if row["source_status"] else ""
        yield f"  utan värde: {row['figures']} uppgifter {word(row['status'], 'status')}{' av oss' if row['suppression'] else ''}{why}"
    for row in found["outliers"][:MOST_OUTLIERS]:
        kind = "ovanlig ändring" if row["kind"] == "change" else "långt från medianen"
        among = AREA_TYPES_SV[row["area_type"]]
        yield f"  avviker: {row['area_name_sv']} {row['period_label']} {number(row['value'], decimals)}, {kind} bland {among}"
    if len(found["outliers"]) > MOST_OUTLIERS:
        yield f"  avviker: och {len(found['outliers']) - MOST_OUTLIERS} till; alla på sidan som --page skriver"
    yield from _tell_checks(found)
    yield from _tell_changes(found)


def _tell_checks(found: Mapping[str, Any]) -> Iterator[str]:
    outcomes = found["checks"]["outcomes"]
    yield f"kontroller: {sum(o['passed'] for o in outcomes)} av {len(outcomes)} håller"
    for outcome in outcomes:
        if not outcome["passed"]:
            kind = "STOPPAR" if outcome["severity"] == "critical" else "varnar"
            yield f"  {kind}: {outcome['reason_sv']} ({outcome['failed_rows']} uppgifter; {outcome['check']})"
    for test in found["checks"]["dbt"]:
        yield f"  STOPPAR HELA PUBLICERINGEN: dbt:s kontroll {test['check']} håller inte ({test['failed_rows']} rader)"


def _tell_changes(found: Mapping[str, Any]) -> Iterator[str]:
    from naravard_pipeline.preview.page import KINDS_SV

    changes = found["changes"]
    if found["measure"]["status"] == "draft":
        yield "ändringar: inga, ett utkast publiceras inte"
    elif not changes["before"]:
        yield "ändringar: ingenting är publicerat än"
    else:
        told = "; ".join(f"{KINDS_SV[kind]}: {n}" for kind, n in changes["counts"].items()) or "inga"
        yield f"ändringar mot {changes['before']}: {told}"
    yield from (f"  VÄNTAR PÅ EN PERSON: {finding['sentence_sv']}" for finding in changes["findings"])
    places = [f"{p['goal_area_sv']}, {p['indicator_sv']} ({p['table']})" for p in found["places"]]
    yield f"visas i: {'; '.join([*places, 'fct_observations'])}"


def draw_blocks(series: Sequence[Mapping[str, Any]], width: int = 24) -> str:
    """The newest points of a series as blocks, a dot where there is no value."""
    points = [point["value"] for point in series[-width:]]
    known = [v for v in points if v is not None]
    low, reach = (min(known), max(known) - min(known)) if known else (0.0, 0.0)
    return "".join("·" if v is None else BLOCKS[round((len(BLOCKS) - 1) * (v - low) / reach) if reach else 3] for v in points)
