"""What is each optional rule of the solvers' formulations worth, and each hint? One left out at a time.

Writes results.json, and the tables of README.md, beside this file. Deterministic: work is counted by the solver, in its
own unit, and comes out the same anywhere with the same release of it.
"""

from __future__ import annotations

import json
import re
import sys
from math import exp, log
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # run.py is not always what Python was started with

from formulations import OPTIONAL, Instance, instances

HERE = Path(__file__).parent
Row = dict[str, Any]


def measure(instance: Instance) -> list[Row]:
    """One row with all rules and the hint, and one without each of those that are optional."""
    rows = []
    for left_out in (None, *(label for label, _ in OPTIONAL[instance.formulation])):
        outcome, work = instance.ask(frozenset((left_out or "").split()))
        rows.append(
            {
                "formulation": instance.formulation,
                "instance": instance.name,
                "left_out": left_out,
                "status": outcome.status,
                "value": outcome.value,
                "bound": outcome.bound,
                "hint": outcome.hint,
                "work": round(work, 4),
            }
        )
    return rows


def tables(rows: list[Row]) -> str:
    """Per rule what leaving it out does; then every instance."""
    return f"{_effects(rows)}\n\n{_instances(rows)}"


def _effects(rows: list[Row]) -> str:
    lines = [
        "| formulation | left out | kind | work, times | from .. to | proved, of those proved with all | worse value |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for formulation, optional in OPTIONAL.items():
        for label, kind in optional:
            pairs = list(_pairs(rows, formulation, label))
            proved = [(one, other) for one, other in pairs if _ended(one)]
            times = [other["work"] / one["work"] for one, other in proved if _ended(other) and one["work"]]
            mean = f"{exp(sum(map(log, times)) / len(times)):.2f}" if times else "-"
            span = f"{min(times):.2f} .. {max(times):.2f}" if times else "-"
            still = f"{sum(_ended(other) for _, other in proved)}/{len(proved)}"
            worse = f"{sum(_worse(*pair) for pair in pairs)}/{len(pairs)}"
            lines.append(_line([formulation, label, kind, mean, span, still, worse]))
    return "\n".join(lines)


def _instances(rows: list[Row]) -> str:
    lines = ["| formulation | instance | value | bound | ended | work | without |", "|---|---|---:|---:|---|---:|---|"]
    for row in rows:
        if row["left_out"] is None:
            others = [r for r in rows if r["instance"] == row["instance"] and r["left_out"]]
            without = ", ".join(f"{r['left_out']} {r['work']:.2f}" + "..." * (not _ended(r)) for r in others)
            figures = [f"{row[key]:,.0f}" if row[key] is not None else "-" for key in ("value", "bound")]
            work = f"{row['work']:.2f}"
            lines.append(_line([row["formulation"], row["instance"], *figures, row["status"], work, without]))
    return "\n".join(lines)


def _pairs(rows: list[Row], formulation: str, label: str) -> list[tuple[Row, Row]]:
    """(with everything, without ``label``) for each instance."""
    ours = [row for row in rows if row["formulation"] == formulation]
    whole = {row["instance"]: row for row in ours if row["left_out"] is None}
    return [(whole[row["instance"]], row) for row in ours if row["left_out"] == label]


def _ended(row: Row) -> bool:
    """Is it proved, or proved impossible?"""
    return row["status"] in ("optimal", "infeasible")


def _worse(one: Row, other: Row) -> bool:
    """Does leaving it out end in a worse value, or in none?"""
    if one["value"] is None:
        return False
    return other["value"] is None or other["value"] > one["value"]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    rows: list[Row] = []
    for instance in instances():
        rows += measure(instance)
        print(*rows[-1 - len(OPTIONAL[instance.formulation]) :], sep="\n", file=sys.stderr, flush=True)
    text = json.dumps(rows).replace("}, {", "},\n {")
    (HERE / "results.json").write_text(text + "\n")
    readme, pattern = HERE / "README.md", r"(?s)(<!-- tables -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{tables(rows)}\n{at[2]}", readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
