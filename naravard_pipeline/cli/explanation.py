"""The way back of a figure, printed: for `naravard measure show M --area A`."""

from typing import Any

from rich.markup import escape

from naravard_pipeline.cli.terminal import console
from naravard_pipeline.publication.explain import Explanation

URL_SHOWN = 120  # a question about all municipalities is thousands of characters long; --json has the whole
WORDS = {
    "released": "publicerad",
    "approved": "godkänd",
    "rolled_back": "återtagen",
    "corrected": "rättad",
    "answer_accepted": "svaret godtaget fast det krympt",
    "revealed": "dolda uppgifter får visas",
}


def tell_explanation(explanation: Explanation, area: str, indent: str = "") -> None:
    """In Swedish: who asks for a figure's way back is who has to explain it to others."""
    figure, measure = explanation.figure, explanation.measure
    _line(indent, f"[bold]{escape(measure['name_sv'])}[/bold], {escape(area)}, {figure['period_label']}{_group(figure)}")
    indent += "  "
    _line(indent, f"värde      {_value(figure)} {escape(measure['unit'])}")
    if figure.get("ci_lower") is not None:
        _line(indent, f"intervall  {_number(figure['ci_lower'])} till {_number(figure['ci_upper'])} (95 %)")
    _line(indent, f"formel     {escape(explanation.formula_sv)}")
    if figure["numerator"] is not None or figure["denominator"] is not None:
        _line(indent, f"           täljare {_number(figure['numerator'])}, nämnare {_number(figure['denominator'])}")
    for given in explanation.inputs:
        tell_explanation(given, area, indent + "  ")
    if explanation.answer:
        _tell_answer(explanation, indent)
    if figure["is_held"]:
        _line(indent, f"[yellow]hålls[/yellow]      sedan {figure['held_since']:%Y-%m-%d}: {escape(figure['held_reason'])}")
    for notice in explanation.corrections:
        _line(indent, f"[red]rättelse[/red]   {notice['corrected_at']:%Y-%m-%d}: {escape(notice['text_sv'])}")
    checks = ", ".join(f"{c['check_name']} ({c['severity']}, {c['failed_rows']})" for c in explanation.checks)
    _line(indent, f"kontroller {escape(checks) if checks else 'alla håller'}")
    if indent == "  ":
        release = explanation.release
        _line(indent, f"release    {release['release_id']}, {release['published_at']}" + (" PÅHITTADE UPPGIFTER" if release["is_demo"] else ""))
        for entry in explanation.decisions:
            _line(indent, f"           {entry['decided_at']:%Y-%m-%d} {WORDS[entry['action']]} ({entry['role']}): {escape(entry['reason_sv'])}")


def _tell_answer(explanation: Explanation, indent: str) -> None:
    answer, measure = explanation.answer, explanation.measure
    _line(indent, f"källa      {escape(measure['attribution'])}" + (f", {escape(measure['source_code'])}" if measure["source_code"] else ""))
    if answer.get("first_fetched_at"):
        _line(indent, f"hämtad     {answer['first_fetched_at']:%Y-%m-%d %H:%M} UTC, svar {answer['snapshot_id']}")
    for page in answer["raw"][:3]:
        _line(indent, f"           {escape(page['url'] if len(page['url']) <= URL_SHOWN else page['url'][:URL_SHOWN] + '…')}")
        _line(indent, f"           {page['path'] or 'råsvaret sparas inte längre'}")
    if len(answer["raw"]) > 3:
        _line(indent, f"           och {len(answer['raw']) - 3} sidor till")


def _group(figure: Any) -> str:
    sex = {"total": "", "women": ", kvinnor", "men": ", män"}[figure["sex"]]
    return sex + ("" if figure["age_group"] == "total" else f", {figure['age_group']} år")


def _value(figure: Any) -> str:
    return _number(figure["value"]) if figure["value"] is not None else f"– ({figure['status']})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.6g}".replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")


def _line(indent: str, text: str) -> None:
    console.print(indent + text)
