"""What must hold between the fields of a file and between files.

Here: every rule that one field's type cannot state. Not here: the fields themselves (models), the sentences (problems),
how a measure is asked for or computed (query_rules).
Each rule reports ``(path, where, code, **values)``; ``where`` is the way to the field, such as ``("bounds", "min")``.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from naravard_pipeline.catalogue.areas import Area, AreaGroup
from naravard_pipeline.catalogue.files import Where, field_name
from naravard_pipeline.catalogue.frameworks import Framework
from naravard_pipeline.catalogue.models import Measure, Source
from naravard_pipeline.catalogue.problems import Words, closest, said
from naravard_pipeline.catalogue.queries import QUERY_OF_KIND

CONNECTED = ("kolada", "files", "printed", "derived", *QUERY_OF_KIND)  # kinds of source that are read or computed; a measure of any other is planned
NAMES_OF_KIND = {"files": ("local", "vantetider", "enkater"), "printed": ("printed",)}  # by these dbt finds what has landed
KOLADA_ID = re.compile(r"[NU]\d{5}")
CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))  # minute, hour, day of month, month, day of week


class Report(Protocol):
    def __call__(self, path: Path, where: Where, code: str, **values: object) -> None: ...


def check_measure(
    measure: Measure,
    path: Path,
    source: Source | None,
    frameworks: Mapping[str, Framework] | None,
    measure_ids: Collection[str],
    area_codes: Collection[str] | None,
    report: Report,
) -> None:
    """Check one measure. ``source``, ``frameworks`` or ``area_codes`` is None when its own file is broken: no reference to it is judged."""
    _check_numbers(measure, path, report)
    _check_source(measure, path, source, report)
    _check_retirement(measure, path, measure_ids, report)
    _check_rebases(measure, path, report)
    _check_breaks(measure, path, report)
    if frameworks is not None:
        _check_links(measure, path, frameworks, report)
    if measure.file and measure.file.county_code:
        _check_area_code(measure.file.county_code, path, ("file", "county_code"), area_codes, report)


def _check_numbers(measure: Measure, path: Path, report: Report) -> None:
    bounds, target = measure.bounds, measure.target
    if measure.hides_zero and measure.suppression_threshold == 0:
        wanted = Words("at least 1, as hides_zero hides small counts and nought with them", "minst 1, eftersom hides_zero döljer små antal och noll")
        report(path, ("suppression_threshold",), "wrong", found=said(0), wanted=wanted)
    if measure.file and measure.file.numerator_column and measure.value_type != "share":
        wanted = Words("share, as its files give a numerator and a denominator", "share, eftersom filerna ger täljare och nämnare")
        report(path, ("value_type",), "wrong", found=said(measure.value_type), wanted=wanted)
    if bounds is None:
        if measure.status != "planned":
            reason = Words("every measure that is not planned has bounds", "alla mått utom planerade har gränser")
            report(path, ("bounds",), "missing_when", reason=reason)
        return
    if bounds.min >= bounds.max:
        wanted = Words(f"a number below bounds.max ({bounds.max:.15g})", f"ett tal under bounds.max ({bounds.max:.15g})")
        report(path, ("bounds", "min"), "wrong", found=said(bounds.min), wanted=wanted)
    elif target and not bounds.min <= target.value <= bounds.max:
        wanted = Words(
            f"a number within bounds ({bounds.min:.15g} to {bounds.max:.15g})", f"ett tal inom bounds ({bounds.min:.15g} till {bounds.max:.15g})"
        )
        report(path, ("target", "value"), "wrong", found=said(target.value), wanted=wanted)
    if target and measure.direction == "neutral":
        reason = Words(
            "without a better direction nothing can be on its way to a target", "utan en bättre riktning går det inte att vara på väg mot ett mål"
        )
        report(path, ("target",), "superfluous", found="{…}", reason=reason)


def _check_source(measure: Measure, path: Path, source: Source | None, report: Report) -> None:
    if source is None:
        return
    live = measure.status != "planned"
    if live and source.kind not in CONNECTED:
        wanted = Words(
            f"planned, as no source of kind {source.kind} is connected yet", f"planned, eftersom ingen källa av slaget {source.kind} är ansluten än"
        )
        report(path, ("status",), "wrong", found=measure.status, wanted=wanted)
    if source.kind == "kolada":
        if measure.source_code is None and live:
            reason = Words("Kolada is asked by key figure, as in N78111", "Kolada frågas med nyckeltalets id, som N78111")
            report(path, ("source_code",), "missing_when", reason=reason)
        elif measure.source_code is not None and not KOLADA_ID.fullmatch(measure.source_code):
            wanted = Words("a key figure's id: N or U and five digits", "ett nyckeltals id: N eller U och fem siffror")
            report(path, ("source_code",), "wrong", found=said(measure.source_code), wanted=wanted)
    if source.kind == "files":
        if measure.file is None and live:
            reason = Words("it says what the file that is sent in looks like", "det säger hur filen som lämnas ser ut")
            report(path, ("file",), "missing_when", reason=reason)
    elif measure.file is not None:
        reason = Words(f"figures from {source.source_id} do not come in files", f"siffror från {source.source_id} kommer inte i filer")
        report(path, ("file",), "superfluous", found="{…}", reason=reason)


def _check_retirement(measure: Measure, path: Path, measure_ids: Collection[str], report: Report) -> None:
    if measure.status == "retired" and measure.retired is None:
        reason = Words("a retired measure says when and why", "ett upphört mått säger när och varför")
        report(path, ("retired",), "missing_when", reason=reason)
    elif measure.status != "retired" and measure.retired is not None:
        reason = Words(f"the status is {measure.status}", f"status är {measure.status}")
        report(path, ("retired",), "superfluous", found="{…}", reason=reason)
    successor = measure.retired and measure.retired.replaced_by
    if successor and (successor not in measure_ids or successor == measure.measure_id):
        others = set(measure_ids) - {measure.measure_id}
        report_unknown(path, ("retired", "replaced_by"), Words("other measure", "annan måttfil"), successor, others, report)


def _check_rebases(measure: Measure, path: Path, report: Report) -> None:
    if measure.rebase and measure.frequency not in ("month", "quarter"):
        reason = Words("only monthly and quarterly series have a run chart", "bara månads- och kvartalsserier har styrdiagram")
        report(path, ("rebase",), "superfluous", found="[…]", reason=reason)
    seen: dict[object, int] = {}
    for i, rebase in enumerate(measure.rebase):
        first = seen.setdefault(rebase.date, i)
        if first != i:
            remedy = Words("name a change once, with all its reasons", "ange en ändring en gång, med alla skäl")
            report(path, ("rebase", i, "date"), "twice", found=f"`{rebase.date}`", other=f"rebase[{first}]", remedy=remedy)


def check_weights(framework: Framework, path: Path, measures: Collection[Measure], report: Report) -> None:
    """A goal area weighs only measures that stand under one of its indicators."""
    for i, goal_area in enumerate(framework.goal_areas):
        indicators = {x.indicator_id for x in goal_area.indicators}
        links = {(m.measure_id, link.indicator) for m in measures for link in m.indicators if link.framework == framework.framework_id}
        known = {measure_id for measure_id, indicator in links if indicator in indicators}
        for measure_id in goal_area.weights:
            if measure_id not in known:
                kind = Words("measure of this goal area", "måttfil i målområdet")
                report_unknown(path, ("goal_areas", i, "weights", measure_id), kind, measure_id, known, report)


def _check_breaks(measure: Measure, path: Path, report: Report) -> None:
    for i, (earlier, later) in enumerate(pairwise(measure.breaks), start=1):
        if later.date <= earlier.date:
            wanted = Words(f"a date after {earlier.date}, the break before it", f"ett datum efter {earlier.date}, brottet före")
            report(path, ("breaks", i, "date"), "wrong", found=said(later.date), wanted=wanted)


def _check_links(measure: Measure, path: Path, frameworks: Mapping[str, Framework], report: Report) -> None:
    seen: dict[tuple[str, str], int] = {}
    for i, link in enumerate(measure.indicators):
        key = (link.framework, link.indicator)
        if framework := frameworks.get(link.framework):
            if link.indicator not in framework.indicators:
                kind = Words("indicator", "indikator")
                report_unknown(path, ("indicators", i, "indicator"), kind, link.indicator, framework.indicators, report)
        else:
            report_unknown(path, ("indicators", i, "framework"), Words("framework", "ramverksfil"), link.framework, frameworks, report)
        if key in seen:
            remedy = Words("link a measure to an indicator once", "koppla måttet till indikatorn en gång")
            report(path, ("indicators", i), "twice", found=f"`{link.indicator}`", other=f"indicators[{seen[key]}]", remedy=remedy)
        seen.setdefault(key, i)
    known = {f.focus_area_id for framework in frameworks.values() for f in framework.focus_areas}
    for i, focus_area in enumerate(measure.focus_areas):
        if focus_area not in known:
            report_unknown(path, ("focus_areas", i), Words("focus area", "fokusområdeskod"), focus_area, known, report)


def check_stems(paths: Iterable[Path], report: Report) -> None:
    """A measure's name is its own among all sources."""
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(path.stem, path)
        if other != path:
            remedy = Words("a measure's name is its own: rename one of the files", "ett mått har sitt eget namn: döp om den ena filen")
            report(path, (), "twice", found=f"`{path.stem}`", other=f"{other.parent.name}/{other.name}", remedy=remedy)


def check_source_codes(measures: Mapping[Path, Measure], report: Report) -> None:
    """Two published measures of one source must not show the same key figure: it would count twice."""
    seen: dict[tuple[str, str], Path] = {}
    for path, measure in measures.items():
        if measure.status != "published" or measure.source_code is None:
            continue
        other = seen.setdefault((measure.source_id, measure.source_code), path)
        if other != path:
            remedy = Words("define it once and link it to several indicators", "definiera det en gång och koppla det till flera indikatorer")
            report(path, ("source_code",), "twice", found=measure.source_code, other=other.name, remedy=remedy)


def check_source_file(source: Source, path: Path, report: Report) -> None:
    begins = NAMES_OF_KIND.get(source.kind)
    if begins and not source.source_id.startswith(begins):
        wanted = Words(f"a folder whose name begins with {' or '.join(begins)}", f"en mapp vars namn börjar med {' eller '.join(begins)}")
        report(path, ("kind",), "wrong", found=source.kind, wanted=wanted)
    if source.schedule is not None and not is_cron(source.schedule):
        wanted = Words(
            "cron's five fields: minute, hour, day, month, day of week, as in '30 5 * * 1'",
            "crons fem fält: minut, timme, dag, månad, veckodag, som '30 5 * * 1'",
        )
        report(path, ("schedule",), "wrong", found=said(source.schedule), wanted=wanted)
    if source.measure_url and set(re.findall(r"\{(.*?)\}", source.measure_url)) != {"source_code"}:
        wanted = Words("an address with {source_code} in it", "en adress med {source_code} i")
        report(path, ("measure_url",), "wrong", found=said(source.measure_url), wanted=wanted)


def is_cron(text: str) -> bool:
    """Whether the text is five cron fields of numbers, ranges, lists and steps. Names such as MON are left out on purpose."""
    fields = text.split()
    if len(fields) != len(CRON_RANGES):
        return False
    for cell, (low, high) in zip(fields, CRON_RANGES, strict=True):
        for part in cell.split(","):
            match = re.fullmatch(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/([1-9]\d?))?", part)
            if not match:
                return False
            first, last = match[1], match[2] or match[1]
            if first is not None and not low <= int(first) <= int(last) <= high:
                return False
    return True


def check_framework(framework: Framework, path: Path, area_codes: Collection[str] | None, report: Report) -> None:
    if framework.county_code is not None:
        _check_area_code(framework.county_code, path, ("county_code",), area_codes, report)
    for i, code in enumerate(framework.municipalities):
        if not code.startswith(framework.county_code or "-"):
            county = framework.county_code
            within = Words(f"a municipality of county {county}", f"en kommun i län {county}")
            wanted = within if county else Words("county_code too", "county_code också")
            report(path, ("municipalities", i), "wrong", found=said(code), wanted=wanted)
        else:
            _check_area_code(code, path, ("municipalities", i), area_codes, report)
    goal_areas, indicators = [], []
    for i, goal_area in enumerate(framework.goal_areas):
        goal_areas.append((goal_area.goal_area_id, path, ("goal_areas", i, "goal_area_id")))
        indicators += [(x.indicator_id, path, ("goal_areas", i, "indicators", j, "indicator_id")) for j, x in enumerate(goal_area.indicators)]
    _check_unique(goal_areas, report)
    _check_unique(indicators, report)
    _check_unique([(f.focus_area_id, path, ("focus_areas", i, "focus_area_id")) for i, f in enumerate(framework.focus_areas)], report)


def check_areas(areas: Iterable[tuple[Path, int, Area]], groups: Iterable[tuple[Path, int, AreaGroup]], report: Report) -> None:
    """Codes stand once, parents and members exist. Each area and group comes with its file and its position there."""
    areas, groups = list(areas), list(groups)
    codes = {area.area_code for _, _, area in areas}
    _check_unique([(area.area_code, path, ("areas", i, "area_code")) for path, i, area in areas], report)
    _check_unique([(area.kolada_code, path, ("areas", i, "kolada_code")) for path, i, area in areas if area.kolada_code], report)
    _check_unique([(group.group_id, path, ("area_groups", i, "group_id")) for path, i, group in groups], report)
    for path, i, area in areas:
        if area.parent_code is None:
            if area.area_type != "nation":
                reason = Words("every area but the nation lies in another", "alla områden utom riket ligger i ett annat")
                report(path, ("areas", i, "parent_code"), "missing_when", reason=reason)
        elif area.parent_code not in codes or area.parent_code == area.area_code:
            kind = Words("other area", "annan områdeskod")
            report_unknown(path, ("areas", i, "parent_code"), kind, area.parent_code, codes - {area.area_code}, report)
    for path, i, group in groups:
        for j, member in enumerate(group.members):
            _check_area_code(member, path, ("area_groups", i, "members", j), codes, report)


def _check_area_code(code: str, path: Path, where: Where, area_codes: Collection[str] | None, report: Report) -> None:
    if area_codes is not None and code not in area_codes:
        report_unknown(path, where, Words("area", "områdeskod"), code, area_codes, report)


def _check_unique(names: Iterable[tuple[str, Path, Where]], report: Report) -> None:
    seen: dict[str, tuple[Path, Where]] = {}
    for name, path, where in names:
        if name in seen:
            other_path, other = seen[name]
            remedy = Words("each is defined once", "var och en definieras en gång")
            place = field_name(other) if other_path == path else other_path.name
            report(path, where, "twice", found=f"`{name}`", other=place, remedy=remedy)
        seen.setdefault(name, (path, where))


def report_unknown(path: Path, where: Where, kind: Words, found: str, known: Collection[str], report: Report) -> None:
    """That a name refers to nothing: the one that may have been meant, or those that there are."""
    if hint := closest(found, known):
        report(path, where, "unknown_like", kind=kind, found=found, hint=hint)
    else:
        names = sorted(known)
        report(path, where, "unknown", kind=kind, found=found, known=", ".join(names[:12]) + (" …" if len(names) > 12 else "") or "-")
