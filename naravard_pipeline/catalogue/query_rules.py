"""What must hold between a measure's `query` or `derived` and the rest of the catalogue.

Here: rules on how a measure is asked for or computed. Not here: its other fields (rules), what a section may contain (queries).
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from naravard_pipeline.catalogue.models import Measure, Source
from naravard_pipeline.catalogue.problems import Words, said
from naravard_pipeline.catalogue.queries import QUERY_OF_KIND, Combination, PxWebQuery, Ratio, Spread
from naravard_pipeline.catalogue.rules import Report, report_unknown

ADDITIVE = ("count", "days")  # value types of which a sum means something
QUOTIENTS = ("share", "rate")  # value types that are a numerator over a denominator


def check_query(measure: Measure, path: Path, source: Source, report: Report) -> None:
    """A measure of a statistical service, and no other, says how it is asked for."""
    query = measure.query
    if source.kind not in QUERY_OF_KIND:
        if query is not None:
            reason = Words(f"{source.source_id} is not asked by query", f"{source.source_id} frågas inte med query")
            report(path, ("query",), "superfluous", found="{…}", reason=reason)
        return
    form, key = QUERY_OF_KIND[source.kind]
    if query is None:
        if measure.status != "planned":
            reason = Words("it says what is asked for", "det säger vad som ska hämtas")
            report(path, ("query",), "missing_when", reason=reason)
    elif not isinstance(query, form):
        wanted = Words(f"`{key}` under it, as {source.source_id} is of kind {source.kind}", f"`{key}` under det: {source.source_id} är {source.kind}")
        report(path, ("query",), "wrong", found="{…}", wanted=wanted)
    elif isinstance(query, PxWebQuery):
        _check_table(query, path, source, report)
        _check_dimensions(query, path, report)
        _check_groups(measure, query, path, report)


def _check_table(query: PxWebQuery, path: Path, source: Source, report: Report) -> None:
    if source.kind == "pxweb2" and not re.fullmatch(r"TAB\d+", query.table):
        report(path, ("query", "table"), "wrong", found=said(query.table), wanted=Words("a table's id such as TAB638", "en tabells id som TAB638"))
    if source.kind == "pxweb1" and not re.fullmatch(r"([^/?#]+/)*[^/?#]+\.px", query.table):
        wanted = Words("a path such as Folder/Subfolder/table.px", "en sökväg som Mapp/Undermapp/tabell.px")
        report(path, ("query", "table"), "wrong", found=said(query.table), wanted=wanted)


def _check_dimensions(query: PxWebQuery, path: Path, report: Report) -> None:
    """Each dimension has one role."""
    roles = {name: part.dimension for name in ("area", "period", "sex", "age", "contents") if (part := getattr(query, name))}
    places = [(("query", name, "dimension"), dimension) for name, dimension in roles.items()]
    places += [(("query", "fixed", dimension), dimension) for dimension in query.fixed]
    seen: dict[str, str] = {}
    for where, dimension in places:
        if dimension in seen:
            remedy = Words("a dimension has one role", "en variabel har en enda roll")
            report(path, where, "twice", found=f"`{dimension}`", other=seen[dimension], remedy=remedy)
        seen.setdefault(dimension, ".".join(where))
    contents = query.contents
    if contents and (contents.ci_lower is None) != (contents.ci_upper is None):
        missing = "ci_lower" if contents.ci_lower is None else "ci_upper"
        reason = Words("an interval has two limits", "ett intervall har två gränser")
        report(path, ("query", "contents", missing), "missing_when", reason=reason)


def _check_groups(measure: Measure, query: PxWebQuery, path: Path, report: Report) -> None:
    if query.age and measure.age_group not in query.age.groups:
        wanted = Words(f"the measure's own age_group ({measure.age_group}) among them", f"måttets egen age_group ({measure.age_group}) bland dem")
        report(path, ("query", "age", "groups"), "wrong", found=", ".join(query.age.groups), wanted=wanted)
    columns = set(query.contents.codes) if query.contents else {"value"}
    for group, codes in query.age.groups.items() if query.age else ():
        is_sum = len(codes) > 1 or any(code.endswith("-") for code in codes)
        if is_sum and (measure.value_type not in ADDITIVE or columns & {"ci_lower", "ci_upper"}):
            wanted = Words("one code: only counts without interval are added up", "en enda kod: bara antal utan intervall läggs ihop")
            report(path, ("query", "age", "groups", group), "wrong", found=", ".join(codes), wanted=wanted)
    if measure.sexes and not (query.sex and query.sex.women and query.sex.men):
        reason = Words("the codes of women and men, as sexes is true", "koderna för women och men, eftersom sexes är true")
        report(path, ("query", "sex"), "missing_when", reason=reason)


def check_arithmetic(measure: Measure, path: Path, report: Report) -> None:
    """What a measure asks to have computed of its own figures can be computed."""
    if measure.per is not None and measure.derived:
        reason = Words("a derived measure says it under `derived`", "ett härlett mått säger det under `derived`")
        report(path, ("per",), "superfluous", found=said(measure.per), reason=reason)
    elif measure.per is not None and measure.value_type not in QUOTIENTS:
        reason = Words(f"a {measure.value_type} is not divided by anything", f"{measure.value_type} delas inte med något")
        report(path, ("per",), "superfluous", found=said(measure.per), reason=reason)
    if isinstance(measure.derived, Ratio) and measure.derived.annualised and measure.frequency == "year":
        reason = Words("a year's figure is yearly already", "ett årsvärde är redan per år")
        report(path, ("derived", "annualised"), "superfluous", found="true", reason=reason)
    if measure.period_totals is None:
        return
    has_parts = measure.file and measure.file.numerator_column
    if measure.derived:
        reason = Words(
            "ask for it in the measures it is computed from; the rate follows", "begär det i måtten som det räknas ur, så följer kvoten med"
        )
    elif measure.frequency == "year":
        reason = Words("its periods are whole years already", "måttets perioder är redan hela år")
    elif measure.value_type != "count" and not has_parts:
        reason = Words(
            "only counts, or shares with numerator and denominator, are summed", "bara antal, eller andelar med täljare och nämnare, summeras"
        )
    else:
        return
    report(path, ("period_totals",), "superfluous", found=measure.period_totals, reason=reason)


def check_derived(
    measure: Measure, path: Path, source: Source, measures: Mapping[str, Measure], measure_ids: Collection[str], report: Report
) -> None:
    """A derived measure, and no other, says what it is made of; that exists, is not computed itself and can be computed with.

    ``measures`` are those that could be read, ``measure_ids`` all files' names.
    """
    derived = measure.derived
    if source.kind != "derived":
        if derived is not None:
            reason = Words(f"figures from {source.source_id} are not computed", f"siffror från {source.source_id} räknas inte fram")
            report(path, ("derived",), "superfluous", found="{…}", reason=reason)
        return
    if derived is None:
        if measure.status != "planned":
            report(path, ("derived",), "missing_when", reason=Words("it says what it is computed from", "det säger vad det räknas ur"))
        return
    for where, referred in _referred(derived):
        other = measures.get(referred)
        if referred not in measure_ids or referred == measure.measure_id:
            kind = Words("other measure", "annan måttfil")
            report_unknown(path, where, kind, referred, set(measure_ids) - {measure.measure_id}, report)
        elif other and measure.is_live and not other.is_live:
            wanted = Words("a measure that has a source", "ett mått som har en källa")
            report(path, where, "wrong", found=f"`{referred}` ({other.status})", wanted=wanted)
        elif other and other.derived:
            wanted = Words(
                "a measure with figures of its own, not one that is computed itself", "ett mått med egna siffror, inte ett som själv räknas fram"
            )
            report(path, where, "wrong", found=f"`{referred}`", wanted=wanted)
        elif other and isinstance(derived, Spread):
            _check_spread(measure, derived, other, path, where, report)
        elif other:
            _check_unit(measure, derived, other, path, where, report)


def _check_unit(measure: Measure, derived: Ratio | Combination, other: Measure, path: Path, where: tuple, report: Report) -> None:
    found = f"`{other.measure_id}` ({other.value_type}, {other.unit})"
    if isinstance(derived, Combination):
        if other.unit != measure.unit:
            report(path, where, "wrong", found=found, wanted=Words(f"the same unit, “{measure.unit}”", f"samma enhet, “{measure.unit}”"))
        elif derived.combine == "sum" and other.value_type not in ADDITIVE:
            report(path, where, "wrong", found=found, wanted=Words("a count: only counts are summed", "ett antal: bara antal läggs ihop"))
        return
    if other.value_type not in ADDITIVE:
        report(path, where, "wrong", found=found, wanted=Words("a count: a ratio is made of counts", "ett antal: en kvot görs av antal"))
    elif where[-1] == "denominator" and other.frequency != "year":
        report(path, where, "wrong", found=f"`{other.measure_id}` ({other.frequency})", wanted=Words("a yearly measure", "ett mått per år"))
    elif where[-1] == "denominator":
        groups = other.query.age.groups if isinstance(other.query, PxWebQuery) and other.query.age else {other.age_group: ()}
        if derived.denominator_age_group not in groups:
            wanted = Words(f"an age group of {other.measure_id}: {', '.join(groups)}", f"en åldersgrupp i {other.measure_id}: {', '.join(groups)}")
            report(path, ("derived", "denominator_age_group"), "wrong", found=said(derived.denominator_age_group), wanted=wanted)


def _check_spread(measure: Measure, derived: Spread, other: Measure, path: Path, where: tuple, report: Report) -> None:
    """From a difference of figures that are protected here, those could be computed: only what a national source has protected is compared."""
    if other.file and other.file.reporter != "source":
        wanted = Words(
            "a measure of a national source: from a spread small counts could be told", "ett nationellt mått: små antal skulle kunna räknas ut"
        )
        report(path, where, "wrong", found=f"`{other.measure_id}`", wanted=wanted)
    elif derived.between == "sexes" and not other.sexes:
        wanted = Words("a measure with women and men apart (sexes: true)", "ett mått med kvinnor och män för sig (sexes: true)")
        report(path, where, "wrong", found=f"`{other.measure_id}`", wanted=wanted)
    elif derived.between == "municipalities" and "municipality" not in other.area_types:
        wanted = Words("a measure that municipalities have", "ett mått som kommunerna har")
        report(path, where, "wrong", found=f"`{other.measure_id}`", wanted=wanted)
    elif measure.unit != (unit := "procentenheter" if other.unit == "procent" else other.unit):
        wanted = Words(f"the unit of a difference of {other.measure_id}: “{unit}”", f"enheten för en skillnad i {other.measure_id}: “{unit}”")
        report(path, ("unit",), "wrong", found=f"`{measure.unit}`", wanted=wanted)


def check_printed(measure: Measure, path: Path, source: Source, area_codes: Collection[str] | None, report: Report) -> None:
    """A measure of a publication, and no other, has its figures in its own file: once each, within its bounds."""
    if source.kind != "printed":
        if measure.printed:
            reason = Words(f"figures from {source.source_id} are not typed in", f"siffror från {source.source_id} skrivs inte in för hand")
            report(path, ("printed",), "superfluous", found="[…]", reason=reason)
        return
    if not measure.printed and measure.status != "planned":
        report(path, ("printed",), "missing_when", reason=Words("it has the figures that are printed", "det har siffrorna som är tryckta"))
    seen: dict[tuple[str, str], int] = {}
    for i, figure in enumerate(measure.printed):
        first = seen.setdefault((figure.area, figure.period), i)
        if first != i:
            remedy = Words("an area has one figure for a period", "ett område har en enda siffra för en period")
            report(path, ("printed", i, "period"), "twice", found=f"`{figure.period}`", other=f"printed[{first}]", remedy=remedy)
        if area_codes is not None and figure.area not in area_codes:
            report_unknown(path, ("printed", i, "area"), Words("area", "områdeskod"), figure.area, area_codes, report)
        bounds = measure.bounds
        if bounds and not bounds.min <= figure.value <= bounds.max:
            limits = f"{bounds.min:.15g}", f"{bounds.max:.15g}"
            wanted = Words(f"a number within bounds ({limits[0]} to {limits[1]})", f"ett tal inom bounds ({limits[0]} till {limits[1]})")
            report(path, ("printed", i, "value"), "wrong", found=said(figure.value), wanted=wanted)


def check_file(measure: Measure, path: Path, report: Report) -> None:
    """What the columns of a file say goes with the kind of its value."""
    file = measure.file
    if file is None:
        return
    is_yes_no = measure.value_type == "yes_no"
    if is_yes_no and file.date_column is None:
        reason = Words("a yes has a day since when", "ett ja har en dag då det började gälla")
        report(path, ("file", "date_column"), "missing_when", reason=reason)
    if file.date_column is not None and not is_yes_no:
        reason = Words("only a value of yes or no has one", "bara värden av slaget yes_no har en")
        report(path, ("file", "date_column"), "superfluous", found=said(file.date_column), reason=reason)
    if is_yes_no and measure.bounds and (measure.bounds.min, measure.bounds.max) != (0, 1):
        wanted = Words("{min: 0, max: 1}: no is 0 and yes is 1", "{min: 0, max: 1}: nej är 0 och ja är 1")
        report(path, ("bounds",), "wrong", found=f"{{min: {measure.bounds.min:.15g}, max: {measure.bounds.max:.15g}}}", wanted=wanted)
    if file.denominator_column is None or file.numerator_column is not None:
        return
    if measure.value_type != "count":
        wanted = Words("count, as its files say of how many it is a part", "count, eftersom filerna säger hur många det är en del av")
        report(path, ("value_type",), "wrong", found=said(measure.value_type), wanted=wanted)
    elif measure.suppression_threshold != 0:
        wanted = Words("0: such pairs are of things, not of persons", "0: sådana par gäller saker och inte personer")
        report(path, ("suppression_threshold",), "wrong", found=said(measure.suppression_threshold), wanted=wanted)


def _referred(derived: Ratio | Combination | Spread) -> list[tuple[tuple, str]]:
    if isinstance(derived, Spread):
        return [(("derived", "spread_of"), derived.spread_of)]
    if isinstance(derived, Ratio):
        return [(("derived", "numerator"), derived.numerator), (("derived", "denominator"), derived.denominator)]
    return [(("derived", "parts", i), part) for i, part in enumerate(derived.parts)]
