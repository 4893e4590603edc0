"""Ten small kernels on two machines, by heuristics and by the solvers: how far are the heuristics, and where?

Writes results.json and picture.svg, and the table of README.md, beside this file. Deterministic: the same figures on
every machine, seconds aside, which are not kept.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isamap import Options, compare_methods, load_target, load_workload

HERE = Path(__file__).parent
EFFORT = 60.0  # seconds' worth of the solvers' own unit of work, for each method


@dataclass(frozen=True)
class Case:
    """A kernel with sizes, on a machine."""

    name: str
    kernel: str
    target: str
    sizes: tuple[tuple[str, object], ...]


def _gemm(target: str, m: int, n: int, k: int) -> Case:
    types = (("in", "s16"),) if target == "tiles" else ()
    shape = f"{m // 16}x{n // 16}x{k // 16} tiles" if target == "tiles" else f"{m}x{n}x{k}"
    return Case(f"gemm {shape}", "gemm", target, (("M", m), ("N", n), ("K", k), *types))


CASES = (
    _gemm("tiles", 16, 16, 64),
    _gemm("tiles", 32, 32, 16),
    _gemm("tiles", 32, 32, 32),
    _gemm("tiles", 48, 32, 32),
    _gemm("tiles", 48, 48, 16),
    _gemm("tiny", 2, 2, 12),
    _gemm("tiny", 4, 4, 8),
    _gemm("tiny", 4, 6, 9),
    Case("conv1d 6 outputs, 2 channels", "conv1d", "tiny", (("K", 2), ("C", 2), ("P", 6), ("R", 3))),
    Case("gemv 6x7", "gemv", "tiny", (("M", 6), ("K", 7))),
)


def measure(case: Case) -> dict[str, Any]:
    """One line of the table: both answers, each simulated and checked."""
    work, target = load_workload(case.kernel, dict(case.sizes)), load_target(case.target)
    found = compare_methods(work, target, Options(deterministic=True, time_limit_s=EFFORT))
    assert all(one.answer.checked for one in found), case.name
    cycles = {one.method: one.answer.simulation.latency_cycles for one in found}
    exact = found[-1].answer
    return {
        "kernel": case.name,
        "target": case.target,
        "issues": exact.simulation.issues,
        "heuristic_cycles": cycles["heuristic"],
        "exact_cycles": cycles["exact"],
        "bound_cycles": exact.bound_cycles,
        "made_by": exact.solved.method,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "| kernel | machine | issues | heuristic cycles | exact cycles | gain | closed-form bound | made by |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        gain = 1 - row["exact_cycles"] / row["heuristic_cycles"]
        cells = (row["kernel"], row["target"], row["issues"], row["heuristic_cycles"], row["exact_cycles"])
        lines.append("| " + " | ".join(map(str, (*cells, f"{gain:.1%}", row["bound_cycles"], row["made_by"]))) + " |")
    return "\n".join(lines)


def picture(rows: list[dict[str, Any]]) -> str:
    """Cycles over the closed-form bound, a pair of bars per kernel."""
    height, left, wide = 34, 250, 420
    most = max(row["heuristic_cycles"] / row["bound_cycles"] for row in rows)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + wide + 70} {height * len(rows) + 46}" '
        'font-family="sans-serif" font-size="12"><title>Cycles over the closed-form bound</title>'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="{left}" y="18">heuristic</text>'
        f'<rect x="{left - 14}" y="9" width="10" height="10" fill="#9aa7b4"/><text x="{left + 90}" y="18">exact</text>'
        f'<rect x="{left + 76}" y="9" width="10" height="10" fill="#1f6feb"/>'
    )
    parts = [head]
    for n, row in enumerate(rows):
        top = 30 + n * height
        parts.append(f'<text x="{left - 8}" y="{top + 17}" text-anchor="end">{row["kernel"]}, {row["target"]}</text>')
        for m, (key, colour) in enumerate((("heuristic_cycles", "#9aa7b4"), ("exact_cycles", "#1f6feb"))):
            ratio = row[key] / row["bound_cycles"]
            length = ratio / most * wide
            y = top + 3 + m * 13
            parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="11" fill="{colour}"/>')
            parts.append(f'<text x="{left + length + 5:.1f}" y="{y + 10}" font-size="10">{ratio:.2f}</text>')
    one = left + wide / most
    parts.append(f'<line x1="{one:.1f}" x2="{one:.1f}" y1="26" y2="{30 + height * len(rows)}" stroke="#d1242f"/>')
    parts.append(f'<text x="{one:.1f}" y="{height * len(rows) + 43}" fill="#d1242f" text-anchor="middle">bound</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    rows = []
    for case in CASES:
        rows.append(measure(case))
        print(rows[-1], file=sys.stderr, flush=True)
    (HERE / "results.json").write_text(json.dumps({"effort": EFFORT, "results": rows}, indent=1) + "\n")
    (HERE / "picture.svg").write_text(picture(rows))
    readme = HERE / "README.md"
    pattern = r"(?s)(<!-- table -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda found: f"{found[1]}{table(rows)}\n{found[2]}", readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
