"""A compiled kernel, or a program run again, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isamap.bounds import Bound, latency_bounds
from isamap.ir.answers import Solved
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Workload
from isamap.report.figures import count, energy, share
from isamap.report.memory import MemoryUse
from isamap.report.tables import match_table, tiling_table
from isamap.report.timeline import Timeline
from isamap.simulate import Simulation

if TYPE_CHECKING:
    from isamap.compile import Compiled

_MOST_MATCHES = 8
_UNITS = {"latency": "cycles", "energy": "pJ", "edp": "pJ cycles", "traffic": "bytes"}


def answer_report(compiled: Compiled, saved: Path | None = None) -> Group:
    """Matches, the chosen one, its tiling, cycles against the bound, memories, the check, the timeline."""
    work, target = compiled.work, compiled.target
    parts: list[RenderableType] = [Text(f"{work.name} on {target.name}", style="bold")]
    parts += [Text(f"\nrewritten: {step}") for step in compiled.steps]
    for binding, tiling in zip(compiled.bindings, compiled.tilings, strict=True):
        sets = [s for s in compiled.matches if s.einsum == binding.number]
        found = sum(s.count for s in sets)
        parts.append(Text(f"\neinsum {binding.number}: {binding.einsum.statement}"))
        parts += [Text(f"\nmatches: {found} (> is the one chosen)"), match_table(sets, binding.match, _MOST_MATCHES)]
        parts += [Text("tiling, outermost level first"), tiling_table(tiling)]
    parts += _run(compiled.simulation, target, compiled.solved, _binding(compiled))
    parts.append(_check(compiled.checked, work))
    parts += [Text(f"  {violation}", style="red") for violation in compiled.violations]
    if saved is not None:
        parts.append(Text(f"result: {saved}"))
    return Group(*parts)


def _binding(compiled: Compiled) -> Bound:
    """The bound on cycles that holds for the workload asked for and for the one performed."""
    works = dict.fromkeys([compiled.work, compiled.performed])
    greatest = (max(latency_bounds(work, compiled.target), key=lambda bound: bound.value) for work in works)
    return min(greatest, key=lambda bound: bound.value)


def simulation_report(work: Workload, target: Target, simulation: Simulation, *, checked: bool) -> Group:
    """What a program did when it was run again."""
    head = Text(f"{work.name} on {target.name}", style="bold")
    return Group(head, *_run(simulation, target), _check(checked, work))


def _run(
    simulation: Simulation, target: Target, solved: Solved[Program] | None = None, bound: Bound | None = None
) -> list[RenderableType]:
    return [
        Text("\nrun"),
        _figures(simulation, solved, bound),
        Text("\nmemories"),
        MemoryUse(simulation.peak_bytes, target),
        Text("timeline"),
        Timeline(simulation, target),
    ]


def _figures(simulation: Simulation, solved: Solved[Program] | None, bound: Bound | None) -> Table:
    table = Table.grid(padding=(0, 2))
    cycles = count(simulation.latency_cycles)
    if bound is not None and bound.value:
        over = simulation.latency_cycles / bound.value
        cycles += f"   bound {count(bound.value)}, so at most {over:.4f} times the best possible"
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("  cycles", cycles)
    if bound is not None and bound.value:
        table.add_row("  bound by", f"{bound.name} ({bound.why})")
    if solved is not None:
        table.add_row("  status", _status(solved))
    traffic = ", ".join(f"{name} {count(moved)}" for name, moved in simulation.traffic_bytes.items())
    table.add_row("  energy", energy(simulation.energy_pj))
    table.add_row("  bytes moved", traffic or "none")
    table.add_row("  issues", count(simulation.issues))
    worst = sorted(simulation.stalls.items(), key=lambda entry: -entry[1])[:3]
    if worst:
        table.add_row("  most lost to", ", ".join(f"{cause} {count(cycles)}" for cause, cycles in worst))
    return table


def _status(solved: Solved[Program]) -> str:
    """``feasible, gap 3.4 % (heuristic, 4.1 s)``; the value and bound of an objective that has no line of its own."""
    text = "optimal: it meets the bound" if solved.status == "optimal" else f"{solved.status}, gap {share(solved.gap)}"
    if solved.objective != "latency":
        unit = _UNITS.get(solved.objective, "")
        text += f"; {solved.objective} {count(solved.value)} {unit}, bound {count(solved.bound)}"
    how = [solved.method, *([f"{solved.seconds:.1f} s"] if solved.seconds else [])]
    return f"{text} ({', '.join(how)})"


def _check(checked: bool, work: Workload) -> Text:
    if not checked:
        return Text("check: FAILED", style="bold red")
    outputs = " ".join(work.outputs)
    return Text(f"check: passed; no hazard, and every element of {outputs} is what the kernel means", style="green")
