"""The steady state of a matrix product on the tile machine, block by block: how often can a step of k begin, and with
how many operand buffers?

Writes results.json, and the table of README.md, beside this file. Deterministic: the same figures on every machine.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isamap import load_target, load_workload
from isamap.check.modulo import check_modulo
from isamap.ir.binding import Binding, bind
from isamap.ir.effort import Effort
from isamap.ir.loop_body import ModuloSchedule
from isamap.ir.steady_state import SteadyState
from isamap.ir.workload import Workload
from isamap.judge import judge_program
from isamap.lowering import lower_pipelined
from isamap.mapping import map_workload
from isamap.scheduling.modulo import pipeline
from isamap.scheduling.modulo.bound import interval_bound
from isamap.scheduling.modulo.greedy import greedy
from isamap.scheduling.modulo.steady_state import steady_state

HERE = Path(__file__).parent
EFFORT = Effort(60, deterministic=True)
SLOT_BYTES = 512  # one operand tile; an output tile takes two


@dataclass(frozen=True)
class Case:
    """A block of so many output tiles in a scratchpad of so many KiB."""

    rows: int
    columns: int
    spad_kib: int

    @property
    def double_buffers(self) -> int:
        """Two for every operand of a step."""
        return 2 * (self.rows + self.columns)


def _roomy(rows: int, columns: int) -> Case:
    """Room for double buffering: 1 KiB per output tile, and twice half a KiB per operand."""
    return Case(rows, columns, rows * columns + rows + columns)


CASES = (
    *(_roomy(*block) for block in ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (4, 4), (5, 5), (6, 6))),
    Case(2, 2, 6),  # the machine's own size: a slot less than the block needs to keep the array busy
    Case(3, 3, 12),  # one slot per operand and not one more
)


def product_on(case: Case, trips: int) -> tuple[Workload, Binding]:
    """One block, so many steps of k long."""
    settings = {"M": 16 * case.rows, "N": 16 * case.columns, "K": 16 * trips, "in": "s16"}
    work, target = load_workload("gemm", settings), load_target("tiles", {"spad_kib": case.spad_kib})
    return work, bind(work, map_workload(work, target)[0][0].matches[0], target)


def simulated(case: Case, schedule: ModuloSchedule) -> float:
    """Cycles per step in a program of prologue, loop and epilogue: twenty more steps take twenty times that."""
    lasting = []
    for trips in (20, 40):
        work, binding = product_on(case, trips)
        program = lower_pipelined(work, binding, _steady_state(case, binding), schedule)
        simulation, violations = judge_program(program, work, binding.target)
        assert not violations
        lasting.append(simulation.latency_cycles)
    return (lasting[1] - lasting[0]) / 20


def _steady_state(case: Case, binding: Binding) -> SteadyState:
    return steady_state(binding, dict.fromkeys("mnk", 16), {"m": case.rows, "n": case.columns}, "k")


def measure(case: Case) -> dict[str, Any]:
    """One row: what the solver proves of a step's body, what iterative modulo scheduling finds."""
    body = _steady_state(case, product_on(case, 20)[1]).body
    found, first = pipeline(body, EFFORT), greedy(body)
    schedule = found.solved.answer
    assert schedule is not None
    assert first is not None
    assert check_modulo(schedule, body) == []
    assert check_modulo(first, body) == []
    tiles = 2 * case.rows * case.columns
    return {
        "block": f"{case.rows}x{case.columns}",
        "spad_kib": case.spad_kib,
        "interval_cycles": schedule.initiation_interval_cycles,
        "closed_form_bound_cycles": interval_bound(body),
        "simulated_cycles_per_step": simulated(case, schedule),
        "interval_status": found.solved.status,
        "array_busy": 16 * case.rows * case.columns / schedule.initiation_interval_cycles,
        "operand_buffers": schedule.buffer_bytes(body) // SLOT_BYTES - tiles,
        "fewest_operand_buffers": -(-found.bytes_bound // SLOT_BYTES) - tiles,
        "double_buffers": case.double_buffers,
        "iteration_cycles": schedule.length_cycles(body),
        "shortest_iteration_cycles": found.length_bound_cycles,
        "stages": schedule.stages,
        "greedy_interval_cycles": first.initiation_interval_cycles,
        "greedy_operand_buffers": first.buffer_bytes(body) // SLOT_BYTES - tiles,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    heads = (
        "block",
        "scratchpad",
        "cycles per step",
        "bound",
        "simulated",
        "array busy",
        "operand buffers",
        "double buffering",
    )
    heads += ("cycles of one step", "Rau's heuristic: cycles, buffers")
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for row in rows:
        proved = {
            "interval_cycles": row["interval_status"] == "optimal",
            "operand_buffers": row["operand_buffers"] == row["fewest_operand_buffers"],
            "iteration_cycles": row["iteration_cycles"] == row["shortest_iteration_cycles"],
        }
        cells = {name: f"{row[name]}{'' if sure else ' (not proved)'}" for name, sure in proved.items()}
        heuristic = f"{row['greedy_interval_cycles']}, {row['greedy_operand_buffers']}"
        shown = [row["block"], f"{row['spad_kib']} KiB", cells["interval_cycles"], row["closed_form_bound_cycles"]]
        shown += [f"{row['simulated_cycles_per_step']:g}", f"{row['array_busy']:.0%}", cells["operand_buffers"]]
        shown += [row["double_buffers"], cells["iteration_cycles"], heuristic]
        lines.append("| " + " | ".join(map(str, shown)) + " |")
    return "\n".join(lines)


def main() -> int:
    rows = []
    for case in CASES:
        rows.append(measure(case))
        print(rows[-1], file=sys.stderr, flush=True)
    (HERE / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
    readme = HERE / "README.md"
    pattern = r"(?s)(<!-- table -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda found: f"{found[1]}{table(rows)}\n{found[2]}", readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
