"""The answers of several methods for one kernel, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isamap.compiled import Compared
from isamap.report.figures import count, share
from isamap.report.tables import plain_table
from isamap.result import summary


def comparison_report(found: Sequence[Compared]) -> Group:
    """The table, and how much better the best is than the first."""
    first, best = found[0], min(found, key=_value)
    work, target = first.answer.work, first.answer.target
    bound = first.answer.solved.bound
    head = Text(f"{work.name} on {target.name}, by {first.answer.solved.objective}", style="bold")
    bounded = Text(f"no program is below {count(bound)}" if bound is not None else "no bound is known")
    parts: list[RenderableType] = [head, bounded, _table(found)]
    if _value(best) < _value(first):
        gain = 1 - _value(best) / _value(first)
        parts.append(Text(f"{best.method} is {share(gain)} better than {first.method}"))
    else:
        parts.append(Text(f"nothing is better than {first.method}"))
    return Group(*parts)


def _table(found: Sequence[Compared]) -> Table:
    table = plain_table("method", "value", "gap", "cycles", "issues", "bytes moved", "seconds", "made by",
                        right=("value", "gap", "cycles", "issues", "bytes moved", "seconds"))  # fmt: skip
    for one in found:
        solved, run = one.answer.solved, one.answer.simulation
        gap = "-" if solved.gap is None else share(solved.gap)
        moved = count(sum(run.traffic_bytes.values()))
        cells = (count(_value(one)), gap, count(run.latency_cycles), count(run.issues), moved, f"{one.seconds:.1f}")
        table.add_row(one.method, *cells, solved.method + ("" if one.answer.checked else " (WRONG)"))
    return table


def comparison_json(found: Sequence[Compared]) -> dict[str, Any]:
    """What ``isamap compare --json`` prints: the objects of ``compile --json``, with their methods and histories."""
    first = found[0].answer
    rows = [
        {
            **summary(one.answer),
            "method": one.method,
            "made_by": one.answer.solved.method,
            "seconds": round(one.seconds, 3),
            "history": [[round(m.seconds, 3), m.value, m.bound] for m in one.answer.solved.history],
        }
        for one in found
    ]
    return {"kernel": first.work.name, "target": first.target.name, "results": rows}


def _value(one: Compared) -> float:
    value = one.answer.solved.value
    assert value is not None
    return value
