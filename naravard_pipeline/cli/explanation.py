"""The way back of a figure, printed: for `naravard measure show M --area A` and `naravard release explain FRAMEWORK INDICATOR --area A`."""

import math
from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from naravard_pipeline.cli.terminal import console
from naravard_pipeline.pages.swedish import number, percent
from naravard_pipeline.publication.explain import Explanation
from naravard_pipeline.publication.explain_composites import CompositeExplanation
from naravard_pipeline.publication.explain_origin import tell_place
from naravard_pipeline.publication.explain_reasons import tell_briefly
from naravard_pipeline.publication.explain_rows import Part, Row, Said, fine, listed

URL_SHOWN = 120  # a question about all municipalities is thousands of characters long; --json has the whole
PARTS_SHOWN = 60  # the most municipalities of a county are 49; of the nation's 290 the quartiles tell enough
NEAR = 1e-6  # relative: further apart than this, the parts do not lead to the figure
WORDS = {
    "released": "publicerad",
    "approved": "godkänd",
    "rolled_back": "återtagen",
    "corrected": "rättad",
    "answer_accepted": "svaret godtaget fast det krympt",
    "revealed": "dolda uppgifter får visas",
}


def tell_explanation(explanation: Explanation, indent: str = "") -> None:
    """In Swedish: who asks for a figure's way back is who has to explain it to others."""
    figure, measure = explanation.figure, explanation.measure
    _line(indent, f"[bold]{escape(measure['name_sv'])}[/bold], {escape(explanation.area_sv)}, {figure['period_label']}{_group(figure)}")
    indent += "  "
    _line(indent, f"värde      {escape(_value(explanation))}")
    if explanation.why_sv:
        _line(indent, f"{'därför    ' if figure['value'] is None else 'obs       '} {escape(explanation.why_sv)}")
    if figure.get("ci_lower") is not None:
        _line(indent, f"intervall  {number(figure['ci_lower'])} till {number(figure['ci_upper'])} (95 %, {_method(figure)})")
    _line(indent, f"formel     {escape(explanation.formula_sv)}")
    if figure["numerator"] is not None or figure["denominator"] is not None:
        counts = ((name, figure[column]) for name, column in (("täljare", "numerator"), ("nämnare", "denominator")))
        _line(indent, f"           {', '.join(f'{name} {number(value)}' for name, value in counts if value is not None)}")
    for note in explanation.notes_sv:
        _line(indent, f"           {escape(note)}")
    if explanation.inputs:
        for given in explanation.inputs:
            tell_explanation(given, indent + "  ")
    else:
        _tell_parts(explanation, indent)
    _tell_sum(explanation, indent)
    if explanation.answer:
        _tell_answer(explanation, indent)
    _tell_hold(figure, explanation.first_release, indent)
    if figure["is_held"] and figure["snapshot_id"]:
        _line(indent, f"           ur svar {figure['snapshot_id']}")
    for notice in explanation.corrections:
        _line(indent, f"[red]rättelse[/red]   {notice['corrected_at']:%Y-%m-%d}: {escape(notice['text_sv'])}")
    checks = ", ".join(f"{c['check_name']} ({c['severity']}, {c['failed_rows']})" for c in explanation.checks)
    _line(indent, f"kontroller {escape(checks) if checks else 'alla håller'}")
    if indent == "  ":
        _tell_said(explanation.said, indent)
        _tell_release(explanation.release, explanation.decisions, indent)


def tell_composite(explanation: CompositeExplanation) -> None:
    whole, indent = explanation.composite, "  "
    _line("", f"[bold]{escape(explanation.name_sv)}[/bold], sammanvägt index, {escape(explanation.area_sv)}, {whole['year']}")
    _line(indent, f"värde      {number(whole['value'])}" + ("; preliminärt, mått saknas än" if whole["is_preliminary"] else ""))
    _line(indent, "formel     100 + summan av bidragen; bidrag = 10 × poäng × vikt")
    _line(indent, "           poäng = avvikelsen från basårets medelvärde i standardavvikelser, vänd så att mer är bättre, högst 3 åt något håll")
    coverage = percent(100 * whole["coverage"], 0).lstrip("+")
    _line(indent, f"           {whole['measures']} mått, {coverage} av den vikt som kan finnas (minst hälften krävs)")
    for part in explanation.parts:
        row, spread = part.row, part.row["base_deviation"]
        _line(indent, f"  [bold]{escape(part.name_sv)}[/bold] ({row['measure_id']}): {fine(row['value'], spread)} {escape(part.unit)}")
        _line(
            indent,
            f"    basår {row['base_year']}: medelvärde {fine(row['base_mean'], spread)}, standardavvikelse {fine(spread)}; "
            f"{'lägre' if row['direction'] == 'lower_is_better' else 'högre'} är bättre",
        )
        without = f"; utan måttet blir indexet {number(part.without)}" if part.without is not None else ""
        weight = f"vikt {percent(100 * row['share_of_weight']).lstrip('+')}"
        _line(indent, f"    poäng {number(row['score'], sign=True)}, {weight}, bidrag {number(row['contribution'], sign=True)}{without}")
        if part.period_label:
            _line(indent, f"    siffran: naravard measure show {row['measure_id']} --area {row['area_code']} --period {part.period_label}")
    _line(indent, f"delarna    ger {number(100 + sum(part.row['contribution'] for part in explanation.parts))}")
    if whole["range_low"] is not None:
        _line(indent, f"spann      {number(whole['range_low'])} till {number(whole['range_high'])} om ett av måtten utelämnas")
    if explanation.lacking:
        _line(indent, f"ingår inte {escape(', '.join(explanation.lacking))}")
        _line(indent, "           (jämförbart värde för året saknas, eller så är måttet inte av ett slag som vägs)")
    _tell_pairs(explanation.pairs, indent)
    if whole["is_proposal"]:
        _line(indent, "[yellow]förslag[/yellow]    bygger på mått eller indikatorer som inte är beslutade")
    _tell_hold(whole, {}, indent)
    _tell_release(explanation.release, [], indent)


def _tell_parts(explanation: Explanation, indent: str) -> None:
    absent = [part for part in explanation.parts if part.figure is None and not part.terms and not part.is_hidden]
    there = [part for part in explanation.parts if part not in absent]
    for part in there[:PARTS_SHOWN]:
        place = f" ({tell_place(part.place)})" if part.place else ""
        _line(indent, f"  {escape(part.name_sv)}: {_brought(part)}{escape(place)}")
    if len(there) > PARTS_SHOWN:
        _line(indent, f"  och {len(there) - PARTS_SHOWN} till; --json visar alla")
    if there and not explanation.answer:  # computed in each place: what it was computed from there is a way back of its own
        row = explanation.figure
        _line(indent, f"  varje för sig: naravard measure show {row['measure_id']} --area KOD --period {row['period_label']}")
    if absent:
        _line(indent, f"  ingen uppgift: {escape(listed([part.name_sv for part in absent]))}")


def _brought(part: Part) -> str:
    if part.figure is None:
        return number(next(iter(part.terms.values()))) if part.terms else "dold"
    if brief := tell_briefly(part.figure):
        return brief
    value = number(part.figure["value"])
    if "numerator" in part.terms and part.figure["numerator"] is not None and part.figure["denominator"] is not None:
        return f"{value} (täljare {number(part.figure['numerator'])}, nämnare {number(part.figure['denominator'])})"
    return value


def _tell_sum(explanation: Explanation, indent: str) -> None:
    """What the parts lead to; aloud where it is another figure than the published one."""
    value = explanation.figure["value"]
    if explanation.reckoned is not None and value is not None:
        _line(indent, f"delarna    ger {number(explanation.reckoned)}")
        newer = "; måttet hålls, och delarna kan vara nyare" if explanation.figure["is_held"] else ""
        _tell_pairs([("värdet", explanation.reckoned, value)], indent, newer)


def _tell_pairs(pairs: Sequence[tuple[str, float, float]], indent: str, why: str = "") -> None:
    for name, reckoned, published in pairs:
        if published is not None and not math.isclose(reckoned, published, rel_tol=NEAR, abs_tol=NEAR):
            _line(indent, f"[red]OBS[/red]        {escape(name)}: delarna ger {number(reckoned)}, publicerat är {number(published)}{why}")


def _tell_answer(explanation: Explanation, indent: str) -> None:
    answer, measure = explanation.answer, explanation.measure
    _line(indent, f"källa      {escape(measure['attribution'])}" + (f", {escape(measure['source_code'])}" if measure["source_code"] else ""))
    if answer.get("measure_id", measure["measure_id"]) != measure["measure_id"]:
        _line(indent, f"           räknat ur {answer['measure_id']}")
    if explanation.place:
        _line(indent, f"fil        {escape(tell_place(explanation.place))}")
    if answer.get("first_fetched_at"):
        fetched = str(answer["first_fetched_at"])[:16].replace("T", " ")
        _line(indent, f"hämtad     {fetched} UTC, svar {answer['snapshot_id']}")
    for page in answer["raw"][:3]:
        _line(indent, f"           {escape(page['url'] if len(page['url']) <= URL_SHOWN else page['url'][:URL_SHOWN] + '…')}")
        _line(indent, f"           {page['path'] or 'råsvaret sparas inte längre'}")
    if len(answer["raw"]) > 3:
        _line(indent, f"           och {len(answer['raw']) - 3} sidor till")


def _tell_hold(row: Row, first_release: Row, indent: str) -> None:
    if row["is_held"]:
        _line(indent, f"[yellow]hålls[/yellow]      sedan {row['held_since']:%Y-%m-%d}: {escape(row['held_reason'] or '')}")
        if first_release:
            _line(indent, f"           siffran är från release {first_release['release_id']}, {first_release['published_at']}")


def _tell_said(said: Sequence[Said], indent: str) -> None:
    for something in said:
        _line(indent, f"[bold]{escape(something.title_sv)}[/bold]")
        for step in something.steps_sv:
            if step != something.title_sv:
                _line(indent, f"  {escape(step)}")
        _tell_pairs(something.pairs, indent + "  ")


def _tell_release(release: Row, decisions: Sequence[Row], indent: str) -> None:
    _line(indent, f"release    {release['release_id']}, {release['published_at']}" + (" PÅHITTADE UPPGIFTER" if release["is_demo"] else ""))
    for entry in decisions:
        _line(indent, f"           {entry['decided_at']:%Y-%m-%d} {WORDS[entry['action']]} ({entry['role']}): {escape(entry['reason_sv'])}")


def _group(figure: Any) -> str:
    sex = {"total": "", "women": ", kvinnor", "men": ", män"}[figure["sex"]]
    return sex + ("" if figure["age_group"] == "total" else f", {figure['age_group']} år")


def _value(explanation: Explanation) -> str:
    figure, measure = explanation.figure, explanation.measure
    if figure["value"] is None:
        return f"– ({tell_briefly(figure)})"
    if measure["value_type"] == "yes_no":
        return ("Ja" + (f", sedan {figure['since_date']}" if figure["since_date"] else "")) if figure["value"] == 1 else "Nej"
    return f"{number(figure['value'])} {measure['unit']}"


def _method(figure: Row) -> str:
    words = {"source": "källans eget", "wilson": "Wilson", "poisson_exact": "exakt Poisson", "byar": "Byar"}
    return words.get(figure["ci_method"], figure["ci_method"])


def _line(indent: str, text: str) -> None:
    console.print(indent + text)
