"""The top of the page: kernel, machine, how good, whether it is right, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir.answers import Violation
from isamap.report.figures import count, energy, share
from isamap.report.page.html import Markup, note, section, table, tag
from isamap.report.page.rerun import Rerun
from isamap.report.page.words import OBJECTIVES, UNITS

_MOST_PROBLEMS = 50


def headline(rerun: Rerun) -> Markup:
    """Kernel, machine, how good, and whether it is right."""
    work, target, summary = rerun.result.work, rerun.result.target, rerun.result.summary
    status = str(summary.get("status", "unknown"))
    checked = not rerun.violations
    chips = (
        tag("span", "checked" if checked else "check FAILED", class_=f"chip {'good' if checked else 'bad'}"),
        tag("span", status, class_=f"chip {'good' if status == 'optimal' and checked else 'plain'}"),
    )
    title = tag("h1", work.name, " ", tag("span", "on", class_="quiet"), " ", target.name)
    figures = [tag("div", tag("dt", name), tag("dd", value), class_="figure") for name, value in _figures(rerun)]
    return tag(
        "header", title, tag("p", *chips, class_="chips"), tag("dl", *figures, class_="figures"), _verdict(rerun)
    )


def _figures(rerun: Rerun) -> Iterator[tuple[str, str]]:
    run, unit = rerun.simulation, UNITS[rerun.objective]
    yield f"{OBJECTIVES[rerun.objective]}, {unit}", _number(rerun.value)
    yield f"Bound, {unit}", _number(rerun.bound)
    yield "Gap", share(rerun.gap)
    if rerun.objective != "latency":
        yield "Cycles", count(run.latency_cycles)
    if rerun.objective != "energy":
        yield "Energy", energy(run.energy_pj)
    if rerun.objective != "traffic":
        yield "Bytes moved", count(sum(run.traffic_bytes.values()))
    yield "Issues", count(run.issues)


def _number(value: float | None) -> str:
    return count(value) if value is None or value >= 100 or float(value).is_integer() else f"{value:.4g}"


def _verdict(rerun: Rerun) -> Markup:
    work = rerun.result.work
    if rerun.violations:
        return tag("p", "This program must not be used: see what is wrong with it below.", class_="verdict bad")
    checks = f"no hazard, and every element of {', '.join(work.outputs)} is what the kernel means"
    said = f"The program was run again for this page: {checks}."
    if rerun.bound is None:
        return tag("p", f"{said} No bound is known.", class_="verdict")
    closed, unit = rerun.closed_bound, UNITS[rerun.objective]
    if closed == rerun.bound:
        source = f" The bound of {_number(closed)} {unit} was derived again from kernel and machine."
    else:
        source = f" The bound of {_number(rerun.bound)} {unit} is the one that the search proved and the file states;"
        source += f" derived again from kernel and machine: {_number(closed)}."
    return tag("p", said + source, class_="verdict")


def problems(violations: tuple[Violation, ...]) -> Markup:
    """What is wrong: rules broken, and where file and run disagree."""
    if not violations:
        return Markup("")
    rows = [(violation.rule, violation.where, violation.detail) for violation in violations[:_MOST_PROBLEMS]]
    left = len(violations) - len(rows)
    more = note(f"and {count(left)} more") if left else Markup("")
    shown = table("Rules that the program breaks, and figures of the file that the run contradicts",
                  ("rule", "where", "what was found"), rows)  # fmt: skip
    return section("What is wrong", "problems", shown, more)
