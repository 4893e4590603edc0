"""Matrix products of 2x2x2 to 10x10x10 tiles on the tile machine: cycles, bounds and time to compile, by method.

Writes results.json and picture.svg, and the tables of README.md, beside this file. Cycles are deterministic; seconds
are CPU seconds of the machine that it runs on.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from isamap import Options, compile_workload, load_target, load_workload

HERE = Path(__file__).parent
EFFORT = 60.0  # seconds' worth of the solvers' own unit of work, for each method
SIZES = (2, 3, 4, 5, 6, 7, 8, 9, 10)
SCRATCHPADS_KIB = (6, 8)
METHODS = ("heuristic", "exact", "auto")
LOAD, MATMUL, STORE = 20, 16, 40  # cycles of one operand tile in, one product of tiles, one output tile out
COLOURS = {"heuristic": "#9aa7b4", "exact": "#1f6feb"}

Row = dict[str, Any]


def trivial_bound(n: int) -> int:
    """One operand in, all products one after the other, one output tile out."""
    return LOAD + MATMUL * n**3 + STORE


def measure(n: int, spad_kib: int, method: Any) -> Row:
    """One answer, simulated and checked."""
    settings = {"M": 16 * n, "N": 16 * n, "K": 16 * n, "in": "s16"}
    work, target = load_workload("gemm", settings), load_target("tiles", {"spad_kib": spad_kib})
    began = time.process_time()
    answer = compile_workload(work, target, Options(method=method, deterministic=True, time_limit_s=EFFORT))
    seconds = time.process_time() - began
    assert answer.checked, (n, spad_kib, method)
    return {
        "tiles": n,
        "spad_kib": spad_kib,
        "method": method,
        "cycles": answer.simulation.latency_cycles,
        "bound_cycles": round(answer.solved.bound or 0),
        "trivial_bound_cycles": trivial_bound(n),
        "status": answer.solved.status,
        "made_by": answer.solved.method,
        "issues": answer.simulation.issues,
        "seconds": round(seconds, 2),
    }


def tables(rows: list[Row]) -> str:
    """Cycles per size and scratchpad by method, then seconds per product of tiles."""
    return f"{_cycles(rows)}\n\n{_seconds(rows)}"


def _cycles(rows: list[Row]) -> str:
    lines = [
        "| tiles | scratchpad | heuristic | exact | auto | bound | trivial bound | over trivial | status | best by |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|---|",
    ]
    for _, ours in _by_size(rows):
        best = min(ours.values(), key=lambda row: (row["cycles"], -row["bound_cycles"]))
        cycles = [f"{ours[method]['cycles']:,}" for method in METHODS]
        bounds = [f"{best[key]:,}" for key in ("bound_cycles", "trivial_bound_cycles")]
        ratio = f"{best['cycles'] / best['trivial_bound_cycles']:.4f}"
        n = best["tiles"]
        lines.append(
            _line([f"{n}x{n}x{n}", f"{best['spad_kib']} KiB", *cycles, *bounds, ratio, best["status"], best["made_by"]])
        )
    return "\n".join(lines)


def _seconds(rows: list[Row]) -> str:
    lines = [
        "| CPU milliseconds per product of tiles | scratchpad | heuristic | exact | auto |",
        "|---|---:|---:|---:|---:|",
    ]
    for (n, kib), ours in _by_size(rows):
        each = [f"{1000 * ours[method]['seconds'] / n**3:.1f}" for method in METHODS]
        lines.append(_line([f"{n}x{n}x{n}", f"{kib} KiB", *each]))
    return "\n".join(lines)


def _by_size(rows: list[Row]) -> list[tuple[tuple[int, int], dict[str, Row]]]:
    """((tiles, KiB), the row of each method), largest scratchpad last."""
    keys = dict.fromkeys((row["tiles"], row["spad_kib"]) for row in rows)
    return [(key, {row["method"]: row for row in rows if (row["tiles"], row["spad_kib"]) == key}) for key in keys]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def picture(rows: list[Row]) -> str:
    """Cycles over the trivial bound with 8 KiB, a pair of bars per size."""
    height, left, wide = 34, 90, 420
    shown = [(n, ours) for (n, kib), ours in _by_size(rows) if kib == max(SCRATCHPADS_KIB)]
    most = max(row["cycles"] / row["trivial_bound_cycles"] - 1 for _, ours in shown for row in ours.values())
    legend = "".join(
        f'<rect x="{left + 86 * n}" y="9" width="10" height="10" fill="{colour}"/>'
        f'<text x="{left + 14 + 86 * n}" y="18">{method}</text>'
        for n, (method, colour) in enumerate(COLOURS.items())
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + wide + 70} {height * len(shown) + 30}" '
        f'font-family="sans-serif" font-size="12"><title>Cycles above the trivial bound, {max(SCRATCHPADS_KIB)} KiB'
        f'</title><rect width="100%" height="100%" fill="#fff"/>{legend}'
    )
    parts = [head]
    for n, (size, ours) in enumerate(shown):
        top = 30 + n * height
        parts.append(f'<text x="{left - 8}" y="{top + 17}" text-anchor="end">{size}x{size}x{size}</text>')
        for m, (method, colour) in enumerate(COLOURS.items()):
            above = ours[method]["cycles"] / ours[method]["trivial_bound_cycles"] - 1
            length, y = above / most * wide, top + 3 + m * 13
            parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="11" fill="{colour}"/>')
            parts.append(f'<text x="{left + length + 5:.1f}" y="{y + 10}" font-size="10">{above:.2%}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    rows = []
    for n in SIZES:
        for kib in SCRATCHPADS_KIB:
            for method in METHODS:
                rows.append(measure(n, kib, method))
                print(rows[-1], file=sys.stderr, flush=True)
    (HERE / "results.json").write_text(json.dumps(rows).replace("}, {", "},\n {") + "\n")
    (HERE / "picture.svg").write_text(picture(rows))
    readme, pattern = HERE / "README.md", r"(?s)(<!-- tables -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{tables(rows)}\n{at[2]}", readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
