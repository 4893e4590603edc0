"""The answers of several methods for one kernel, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from statistics import median
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from isamap.compiled import Compared, Comparison
from isamap.report.figures import UNKNOWN, count, energy, share
from isamap.report.incumbent_picture import Curve, incumbent_picture
from isamap.report.tables import plain_table
from isamap.result import summary

HEADERS = ("method", "runs", "best", "median", "worst", "gap", "cycles", "energy", "tried", "seconds", "at")
NUMBERS = HEADERS[1:]
_OBJECTIVE = {"latency": "cycles", "energy": "energy"}


def comparison_report(found: Comparison) -> Group:
    """A row per method, and how much better the best is than the first."""
    said = _OBJECTIVE.get(found.runs[0].answer.solved.objective)  # a column that says what best says
    shown = [n for n, header in enumerate(HEADERS) if header != said]
    table = plain_table(*(HEADERS[n] for n in shown), right=NUMBERS)
    table.padding = (0, 1, 0, 0)  # so that it fits into 80 columns
    for column in table.columns:
        column.no_wrap = True
    for method in found.methods:
        figures = row(found, method)
        table.add_row(*(figures[n] for n in shown))
    parts: list[RenderableType] = [
        Text(heading(found), style="bold"),
        Text(bounded(found)),
        table,
        Text(verdict(found)),
    ]
    parts += [Text(f"exact is made by {run.answer.solved.method}") for run in found.of("exact")]
    parts += [Text(f"{method} has no answer: {reason}") for method, reason in found.left_out]
    if found.interrupted:
        parts.append(Text("stopped: these are the runs that were done"))
    return Group(*parts)


def heading(found: Comparison) -> str:
    answer = found.runs[0].answer
    return f"{answer.work.name} on {answer.target.name}, by {answer.solved.objective}"


def bounded(found: Comparison) -> str:
    """What is known of all programs."""
    return f"no program is below {count(found.bound)}" if found.bound is not None else "no bound is known"


def verdict(found: Comparison) -> str:
    """How much better the best method is than the first."""
    first, best = min(found.of(found.methods[0]), key=lambda run: run.value), found.best
    if best.value < first.value:
        return f"{best.method} is {share(1 - best.value / first.value)} better than {first.method}"
    return f"nothing is better than {first.method}"


def row(found: Comparison, method: str) -> tuple[str, ...]:
    """The figures of one method, by ``HEADERS``: gap (to the best bound of all), cycles, energy and the seconds after
    which the best value came are those of its best run; plans tried and seconds are of all its runs."""
    runs, bound = found.of(method), found.bound
    best, values = min(runs, key=lambda run: run.value), [run.value for run in runs]
    run = best.answer.simulation
    counted = [one.evaluations for one in runs if one.evaluations is not None]
    several = len(runs) > 1
    return (
        best.method + ("" if all(one.answer.checked for one in runs) else " (WRONG)"),
        str(len(runs)),
        count(min(values)),
        count(median(values)) if several else UNKNOWN,
        count(max(values)) if several else UNKNOWN,
        share(None if bound is None else (best.value - bound) / best.value if best.value else 0.0),
        count(run.latency_cycles),
        energy(run.energy_pj),
        count(sum(counted)) if counted else UNKNOWN,
        f"{sum(one.seconds for one in runs):.1f}",
        f"{best.history[-1].seconds:.2f}",
    )


def comparison_json(found: Comparison) -> dict[str, Any]:
    """What ``isamap compare --json`` prints: the objects of ``compile --json``, with method, seconds and history."""
    first = found.runs[0].answer
    timed = not first.options.deterministic
    rows = [
        {
            **summary(run.answer),
            "method": run.method,
            "made_by": run.answer.solved.method,
            "seed": run.seed,
            "seconds": round(run.seconds, 3) if timed else None,
            "evaluations": run.evaluations,
            "history": [
                {
                    "seconds": round(one.seconds, 3) if timed else None,
                    "evaluations": one.evaluations,
                    "value": one.value,
                }
                for one in run.history
            ],
        }
        for run in found.runs
    ]
    return {
        "kernel": first.work.name,
        "target": first.target.name,
        "bound": found.bound,
        "results": rows,
        "spread": {method: _spread(found.of(method)) for method in found.methods},
        "left_out": [{"method": method, "reason": reason} for method, reason in found.left_out],
        "mapping_seconds": round(found.mapping_seconds, 3) if timed else None,
        "interrupted": found.interrupted,
    }


def _spread(runs: Sequence[Compared]) -> dict[str, float]:
    values = [run.value for run in runs]
    return {"runs": len(values), "min": min(values), "median": median(values), "max": max(values)}


def over_time(found: Comparison, unit: str) -> str:
    """The best value of every run over seconds, as SVG."""
    curves = [
        Curve(
            run.method, f"{run.method}, seed {run.seed}", run.seconds, tuple((i.seconds, i.value) for i in run.history)
        )
        for run in found.runs
    ]
    return incumbent_picture(f"{heading(found)}: best so far", "seconds", unit, curves, found.bound)


def over_evaluations(found: Comparison, unit: str) -> str:
    """The best value of every run over the plans that it evaluated, as SVG; solvers evaluate none."""
    curves = []
    for run in found.runs:
        steps = tuple((i.evaluations or 0, i.value) for i in run.history)
        until = inf if run.evaluations is None else run.evaluations
        curves.append(Curve(run.method, f"{run.method}, seed {run.seed}", until, steps))
    return incumbent_picture(f"{heading(found)}: best so far", "plans evaluated", unit, curves, found.bound, 1.0)
