"""Small kernels on four machines, by heuristics, searches and the solvers: how far are the heuristics, where, and why?

Writes results.json (after every kernel: what is in it is not run again), picture.svg and the tables of README.md beside
this file; ``--again`` begins anew, ``--only TEXT`` runs no kernels but those whose name and machine hold it.
Deterministic: the same figures on every machine, seconds aside, which are not kept. Ends with an error where any method
is better than a bound that holds for every program.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

from isamap import Options, compare_methods, load_target, load_workload
from isamap.report.axes import COLOURS, LinearAxis, circle, frame, text

HERE = Path(__file__).parent
EFFORT = 15.0  # seconds' worth of the solvers' own unit of work, and 20 plans for each of them for searches
SEEDS = 3
MACHINES = ("tiny", "tiles", "gemmini", "vliw4")
METHODS = ("greedy", "list", "random", "annealing", "genetic", "exact")
SEARCHES = METHODS[2:5]


@dataclass(frozen=True)
class Case:
    """A kernel with sizes, on a machine."""

    kernel: str
    target: str
    sizes: tuple[tuple[str, object], ...]

    @property
    def name(self) -> str:
        """``gemm M=4 N=6 K=9``; types are left out."""
        return " ".join([self.kernel, *(f"{name}={size}" for name, size in self.sizes if isinstance(size, int))])


def _gemms(target: str, *shapes: tuple[int, int, int]) -> list[Case]:
    types = (("in", "s16"),) if target == "tiles" else ()
    return [Case("gemm", target, (("M", m), ("N", n), ("K", k), *types)) for m, n, k in shapes]


def _case(target: str, kernel: str, **sizes: object) -> Case:
    return Case(kernel, target, tuple(sizes.items()))


CASES = (
    *_gemms("tiny", (2, 2, 12), (4, 4, 8), (4, 6, 9), (3, 5, 7), (6, 6, 4), (2, 8, 6)),
    _case("tiny", "conv1d", K=2, C=2, P=6, R=3),
    _case("tiny", "gemv", M=6, K=7),
    _case("tiny", "pointwise_conv2d", K=4, C=4, P=2, Q=3),
    _case("tiny", "depthwise_conv2d", C=2, P=3, Q=3, R=2, S=2),
    _case("tiny", "conv2d", K=2, C=2, P=3, Q=3, R=2, S=2),
    _case("tiny", "batch_gemm", BATCH=2, M=2, N=2, K=6),
    _case("tiny", "gemm_bias_relu", M=4, N=4, K=4),
    *_gemms("tiles", (16, 16, 64), (32, 32, 16), (32, 32, 32), (48, 32, 32), (48, 48, 16), (16, 64, 32), (64, 16, 48)),
    *_gemms("tiles", (16, 48, 32)),
    _case("tiles", "batch_gemm", BATCH=2, M=16, N=32, K=32, **{"in": "s16"}),
    _case("tiles", "pointwise_conv2d", K=32, C=32, P=2, Q=16, **{"in": "s16"}),
    *_gemms("gemmini", (16, 16, 16), (32, 32, 32), (48, 32, 32), (64, 16, 64), (32, 64, 16)),
    _case("gemmini", "gemv", M=64, K=64),
    *_gemms("vliw4", (4, 8, 4), (8, 8, 4), (12, 8, 4), (16, 4, 8), (8, 8, 8), (4, 4, 16)),
    _case("vliw4", "gemv", M=8, K=16),
    _case("vliw4", "pointwise_conv2d", K=4, C=4, P=4, Q=4),
    _case("vliw4", "conv1d", K=4, C=4, P=8, R=3),
    _case("vliw4", "conv2d", K=4, C=4, P=3, Q=3, R=2, S=2),
)


def measure(case: Case) -> dict[str, Any]:
    """One line of the table: every method's answers, each simulated and checked, and none better than a bound."""
    work, target = load_workload(case.kernel, dict(case.sizes)), load_target(case.target)
    options = Options(deterministic=True, time_limit_s=EFFORT)
    found = compare_methods(work, target, options, METHODS, SEEDS)
    assert all(run.answer.checked for run in found.runs), case.name
    exact = found.of("exact")[0].answer
    bound = max(exact.solved.bound or 0.0, found.bound or 0.0)
    for run in found.runs:
        assert run.value >= bound, f"{case.name} on {case.target}: {run.method} {run.value} is below the bound {bound}"
    return {
        "kernel": case.name,
        "target": case.target,
        "issues": exact.simulation.issues,
        "cycles": {method: sorted(int(run.value) for run in found.of(method)) for method in METHODS},
        "plans": {method: sum(run.evaluations or 0 for run in found.of(method)) for method in METHODS[:-1]},
        "bound_cycles": int(bound),
        "closed_form_cycles": exact.bound_cycles,
        "status": exact.solved.status,
        "certificate": exact.certificate.kind if exact.certificate else "none",
        "made_by": exact.solved.method,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown: a search's figures are the median of its seeds."""
    lines = [
        "| kernel | machine | issues | greedy | list | random | annealing | genetic | exact | bound | proved |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        cycles = [f"{median(row['cycles'][method]):g}" for method in METHODS]
        proved = row["certificate"] if row["status"] == "optimal" else "-"
        cells = (row["kernel"], row["target"], row["issues"], *cycles, row["bound_cycles"], proved)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def summary(rows: list[dict[str, Any]]) -> str:
    """Per machine how far each method is above the exact answers, and by what list loses: ``tiles``, as far as list
    scheduling makes more of another nest that some method tried, and ``schedule``, the rest. As Markdown."""
    lines = [
        "| machine | kernels | proved | greedy | list | random | annealing | genetic | list best | tiles | schedule |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for machine in (*MACHINES, "all"):
        mine = [row for row in rows if machine in (row["target"], "all")]
        if not mine:
            continue
        above = [f"{_mean([_ratio(row, method) for row in mine]) - 1:.1%}" for method in METHODS[:-1]]
        equal = sum(_ratio(row, "list") <= 1 for row in mine)
        tiles = _mean([row["cycles"]["list"][0] / _best_nest(row) for row in mine]) - 1
        schedule = _mean([_best_nest(row) / row["cycles"]["exact"][0] for row in mine]) - 1
        proved = sum(row["status"] == "optimal" for row in mine)
        cells = (machine, len(mine), proved, *above, equal, f"{tiles:.1%}", f"{schedule:.1%}")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _ratio(row: dict[str, Any], method: str) -> float:
    return float(median(row["cycles"][method]) / row["cycles"]["exact"][0])


def _best_nest(row: dict[str, Any]) -> float:
    """The best that list scheduling made of any nest that any method tried."""
    return float(min(row["cycles"][method][0] for method in METHODS[:-1]))


def _mean(ratios: Sequence[float]) -> float:
    return exp(sum(map(log, ratios)) / len(ratios))


def picture(rows: list[dict[str, Any]]) -> str:
    """Cycles over those of the exact answer, a line per kernel and a dot per method."""
    left, wide, high, top = 330, 470, 18, 66
    below = top + high * len(rows)
    most = max(_ratio(row, method) for row in rows for method in METHODS)
    x = LinearAxis(1.0, most, left, left + wide)
    parts = list(frame(left + wide + 40, below + 44, "Cycles, over those of the exact answer", 14))
    for n, method in enumerate(METHODS[:-1]):
        parts += [circle(left + 92 * n, 46, COLOURS[n], "", 4), text(left + 8 + 92 * n, 50, method)]
    for tick in x.ticks():
        parts.append(f'<path d="M{x.at(tick)} {top - 8}V{below}" stroke="#e4e4e4"/>')
        parts.append(text(x.at(tick), below + 18, f"{tick:.4g}", 'text-anchor="middle"'))
    for n, row in enumerate(rows):
        y = top + high * n
        proved = "" if row["status"] == "optimal" else " *"
        parts.append(text(left - 12, y + 4, f"{row['kernel']}, {row['target']}{proved}", 'text-anchor="end"'))
        parts.append(f'<path d="M{left} {y}H{left + wide}" stroke="#f2f2f2"/>')
        for m, method in enumerate(METHODS[:-1]):
            ratio = _ratio(row, method)
            hint = f"<title>{escape(method)}: {median(row['cycles'][method]):g} cycles</title>"
            parts.append(circle(x.at(ratio), y + (m - 2) * 2, COLOURS[m], 'fill-opacity="0.85"', 3.5, hint))
    parts.append(text(left - 12, below + 36, "* exact is not proved the best", 'text-anchor="end"'))
    return "\n".join([*parts, "</svg>", ""])


def _write(rows: list[dict[str, Any]]) -> None:
    record = {"effort": EFFORT, "seeds": SEEDS, "results": rows}
    (HERE / "results.json").write_text(json.dumps(record, indent=1) + "\n")
    (HERE / "picture.svg").write_text(picture(rows))
    readme = HERE / "README.md"
    said = readme.read_text()
    for name, content in (("table", table(rows)), ("summary", summary(rows))):
        pattern = rf"(?s)(<!-- {name} -->\n).*?(<!-- end -->)"
        said = re.sub(pattern, lambda found, content=content: f"{found[1]}{content}\n{found[2]}", said)
    readme.write_text(said)


def _kept() -> dict[tuple[str, str], dict[str, Any]]:
    """What was recorded with the same effort."""
    place = HERE / "results.json"
    record = json.loads(place.read_text()) if place.exists() else {}
    if (record.get("effort"), record.get("seeds")) != (EFFORT, SEEDS):
        return {}
    return {(row["kernel"], row["target"]): row for row in record["results"]}


def _ordered(found: dict[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
    return [found[case.name, case.target] for case in CASES if (case.name, case.target) in found]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="run what is recorded, too")
    parser.add_argument("--only", default="", metavar="TEXT", help="kernels whose name and machine hold TEXT")
    given = parser.parse_args()
    found = {} if given.again else _kept()
    for case in CASES:
        key = case.name, case.target
        if given.only in f"{case.name} {case.target}" and key not in found:
            found[key] = measure(case)
            print(found[key], file=sys.stderr, flush=True)
            _write(_ordered(found))
    _write(_ordered(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
