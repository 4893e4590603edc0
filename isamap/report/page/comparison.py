"""A comparison of methods as one page: the table, and how the best value came down, over time and over evaluations."""

from __future__ import annotations

from importlib.resources import files

from isamap.compiled import Comparison
from isamap.report.comparison import HEADERS, NUMBERS, bounded, heading, over_evaluations, over_time, row, verdict
from isamap.report.page.html import Markup, note, section, table, tag
from isamap.report.page.words import UNITS

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render_comparison(found: Comparison) -> str:
    """The page as HTML; it needs nothing beside itself."""
    answer = found.runs[0].answer
    unit = UNITS[answer.solved.objective]
    left_out = [tag("li", f"{method} has no answer: {reason}") for method, reason in found.left_out]
    said = [note("Stopped: these are the runs that were done.")] if found.interrupted else []
    timed = [] if answer.options.deterministic else [tag("figure", Markup(over_time(found, unit)))]
    rows = [row(found, method) for method in found.methods]
    main = tag(
        "main",
        tag("h1", answer.work.name, tag("span", f" on {answer.target.name}, method by method", class_="quiet")),
        tag("p", f"{verdict(found)}; {bounded(found)}.", class_="verdict"),
        section("Methods", "methods", note(_said()), table(f"In {unit}", HEADERS, rows, NUMBERS),
                *([tag("ul", *left_out)] if left_out else []), *said),
        section("Best so far", "incumbents", *timed, tag("figure", Markup(over_evaluations(found, unit)))),
    )  # fmt: skip
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", heading(found)),
        tag("style", Markup(files("isamap.report.page").joinpath("page.css").read_text(encoding="utf-8"))),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', main), lang='en')}\n"


def _said() -> str:
    return (
        "Every answer was placed, simulated and checked against the kernel's meaning. Gap, cycles, energy and the "
        "seconds after which the best came are those of a method's best run; plans tried and seconds are of all of its "
        "runs together. The solvers begin from list's answer, whose seconds count as theirs, too."
    )
