"""How far is the tilings' cost model from what the programs take, and why? Kernels on p16, gemmini, tiles, vliw4, tiny.

``python experiments/e09_cost_model/run.py [NAME ...]`` writes results.json, and the tables of README.md, beside this
file; of the cases named it measures only those and keeps the others. Deterministic.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isamap import Compiled, Options, compile_workload, load_target, load_workload
from isamap.ir.binding import Binding, move_cycles, move_extents
from isamap.ir.hardware import Target
from isamap.tiling.carrying import carry_cycles
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import best_tilings, tiling_of
from isamap.tiling.neighbourhood import Search

HERE = Path(__file__).parent
CLAIM = 0.03
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A kernel with sizes on a machine."""

    kernel: str
    target: str
    sizes: tuple[tuple[str, object], ...] = ()

    @property
    def name(self) -> str:
        return " ".join([self.kernel, *(f"{name}={value}" for name, value in self.sizes)])


def _case(target: str, kernel: str, **sizes: object) -> Case:
    return Case(kernel, target, tuple(sizes.items()))


S16 = {"in": "s16", "acc": "s16"}
CASES = (
    *(Case(f"p16/{kernel}", "p16") for kernel in ("g64", "gmed", "gdb1", "gdb2", "conv", "dw", "pw")),
    _case("p16", "gemm", M=200, N=120, K=333, **S16),
    _case("p16", "gemm", M=16, N=1024, K=1024, **S16),
    _case("p16", "batch_gemm", BATCH=8, M=64, N=64, K=64, **S16),
    _case("p16", "conv2d", K=32, C=32, P=28, Q=28, R=3, S=3, **S16),
    _case("p16", "conv2d", K=64, C=32, P=14, Q=14, R=3, S=3, STRIDE=2, **S16),
    _case("p16", "conv2d", K=32, C=3, P=56, Q=56, R=7, S=7, STRIDE=2, PAD=3, **S16),
    _case("p16", "depthwise_conv2d", C=32, P=28, Q=28, R=3, S=3, **S16),
    _case("p16", "pointwise_conv2d", K=128, C=64, P=28, Q=28, **S16),
    _case("p16", "conv1d", K=32, C=32, P=200, R=5, **S16),
    _case("p16", "conv2d", N=4, K=48, C=16, P=14, Q=14, R=3, S=3, **S16),
    _case("gemmini", "gemm", M=256, N=256, K=256),
    _case("gemmini", "conv2d", K=32, C=32, P=14, Q=14, R=3, S=3),
    *(_case("tiles", "gemm", M=16 * n, N=16 * n, K=16 * n, **{"in": "s16"}) for n in (4, 6, 8, 10)),
    _case("vliw4", "gemm", M=32, N=32, K=32),
    _case("vliw4", "gemm", M=64, N=64, K=48),
    _case("tiny", "gemm", M=8, N=8, K=12),
    _case("tiny", "gemm", M=16, N=16, K=16),
)


def measure(case: Case) -> Row:
    """Modelled, scheduled and simulated cycles of the heuristics' answer, and where the first and the last differ."""
    target = load_target(case.target)
    answer = compile_workload(
        load_workload(case.kernel, dict(case.sizes)), target, Options(method="heuristic", deterministic=True)
    )
    assert answer.checked, case.name
    return {
        "kernel": case.name,
        "target": case.target,
        "instructions": [binding.instruction.name for binding in answer.bindings],
        "modelled_cycles": sum(tiling.modelled_cycles for tiling in answer.tilings),
        "scheduled_cycles": answer.schedule.latency_cycles,
        "simulated_cycles": answer.simulation.latency_cycles,
        "differences": causes(answer, target) if len(answer.bindings) == 1 else {},
    }


def causes(answer: Compiled, target: Target) -> dict[str, float]:
    """Simulated less modelled cycles, in three parts that add up: more work on the busiest queue or resource than
    modelled (pieces found again, borders that cost nothing: less); more waiting around it; and the machine's clock
    against the schedule's."""
    binding, tiling = answer.bindings[0], answer.tilings[0]
    search = Search(binding, "latency")
    best_tilings(search, 6, float("inf"))
    nest = next(nest for nest, found in search.seen.items() if found and tiling_of(binding, nest) == tiling)
    hope = estimate(binding, nest, patient=False)
    assert hope is not None
    counts = {queue.name: queue.count for queue in target.queues}
    busy = {name: cycles / counts.get(name, 1) for name, cycles in answer.simulation.busy_cycles.items()}
    name = max(busy, key=lambda one: busy[one])
    work = busy[name] + last_tile_cycles(binding, dict(nest.tile)) - hope.cycles
    whole = answer.schedule.latency_cycles - tiling.modelled_cycles
    clock = answer.simulation.latency_cycles - answer.schedule.latency_cycles
    return {f"work of {name}": round(work, 1), "waiting": round(whole - work, 1), "clock": clock}


def last_tile_cycles(binding: Binding, tile: dict[str, int]) -> int:
    """The last tile's way out."""
    route, output = binding.output.route, binding.output
    cycles = carry_cycles(route.store, output, tile) if route.store is not None else 0
    return cycles + (move_cycles(route.drain, move_extents(binding, tile)) if route.drain is not None else 0)


def table(rows: list[Row]) -> str:
    """The rows as Markdown, and how many keep the claim."""
    lines = [
        "| kernel | machine | instructions | modelled | simulated | off by | because of |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for row in rows:
        cycles = [f"{row[key]:,}" for key in ("modelled_cycles", "simulated_cycles")]
        why = ", ".join(f"{cause} {cycles:+,.0f}" for cause, cycles in row["differences"].items() if abs(cycles) >= 0.5)
        cells = [
            row["kernel"],
            row["target"],
            ", ".join(row["instructions"]),
            *cycles,
            f"{off_by(row):+.2%}",
            why or "-",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    within = sum(abs(off_by(row)) <= CLAIM for row in rows)
    return "\n".join([*lines, "", f"{within} of {len(rows)} are within {CLAIM:.0%}."])


def off_by(row: Row) -> float:
    """Simulated over modelled cycles, less one."""
    return float(row["simulated_cycles"] / row["modelled_cycles"] - 1)


def write(rows: list[Row]) -> None:
    """results.json, and what stands between the markers of README.md."""
    (HERE / "results.json").write_text(json.dumps(rows).replace('}, {"kernel"', '},\n {"kernel"') + "\n")
    readme, pattern = HERE / "README.md", r"(?s)(<!-- table -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{table(rows)}\n{at[2]}", readme.read_text()))


def main() -> int:
    file = HERE / "results.json"
    known = {(row["kernel"], row["target"]): row for row in json.loads(file.read_text())} if file.exists() else {}
    for case in CASES:
        if len(sys.argv) == 1 or {case.kernel, case.target} & {*sys.argv[1:]}:
            known[case.name, case.target] = measure(case)
            print(known[case.name, case.target], file=sys.stderr, flush=True)
            write([known[case.name, case.target] for case in CASES if (case.name, case.target) in known])
    return 0


if __name__ == "__main__":
    sys.exit(main())
