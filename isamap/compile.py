"""The spine: from a workload and a target to a program that was simulated and checked.

    map_workload      every way to do each einsum            mapping
    bind              operands, routes, layouts              ir
    tilings           sizes, order, pieces, buffers          tiling
    list_schedule     residency, order, times                scheduling
    first_fit         addresses                              placement
    lower             the program                            lowering
    judge_program     legal? free of hazards? right?         judge: check, simulate

Tilings are scheduled in the order of their modelled cost; the best schedule is kept, and is what a search that is
stopped (time limit, Ctrl-C) answers with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from isamap.bounds import latency_bound_cycles
from isamap.errors import Infeasible, NotFound, Unsupported
from isamap.ir.answers import Lifetime, Match, Placement, Schedule, Solved, Tiling, Violation
from isamap.ir.binding import Binding, bind_all, matches_of
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Workload
from isamap.judge import Objective, judge_answers, judge_program, lower_bound, objective_value, solved_program
from isamap.lowering import lower
from isamap.mapping import MatchSet, Realise, choose
from isamap.placement import first_fit
from isamap.scheduling import list_schedule
from isamap.search import best_first
from isamap.simulate import Simulation, simulate
from isamap.tiling import tilings

__all__ = ["Compiled", "Options", "compile_workload"]

Progress = Callable[[str, float | None, float | None], None]
Candidate = tuple[Binding, Tiling]
_SCHEDULED = 6  # candidates that are scheduled per einsum


@dataclass(frozen=True)
class Options:
    """What to look for and how long. ``time_limit_s`` is for the search; the check of the answer comes on top."""

    method: Literal["auto", "heuristic", "exact"] = "auto"
    objective: Objective = "latency"
    time_limit_s: float = 60.0
    workers: int = 2
    seed: int = 0
    deterministic: bool = False
    instruction: str | None = None
    realise: Realise = "gather"
    replicate: bool = False
    empty_axes: bool = False


@dataclass(frozen=True)
class Compiled:
    """The answer of every room. ``solved`` holds the program with its value and bound in the objective's unit."""

    work: Workload
    target: Target
    options: Options
    matches: tuple[MatchSet, ...]
    bindings: tuple[Binding, ...]
    tilings: tuple[Tiling, ...]
    schedule: Schedule
    placement: Placement
    program: Program
    simulation: Simulation
    solved: Solved[Program]
    bound_cycles: int
    violations: tuple[Violation, ...]
    notes: tuple[str, ...] = ()

    @property
    def checked(self) -> bool:
        """Every checker passed and the outputs equal the meaning of the workload."""
        return not self.violations


@dataclass
class _Search:
    """One run of the compiler: what it works on, until when, and whom it tells how it goes."""

    work: Workload
    target: Target
    options: Options
    progress: Progress | None
    began: float = field(default_factory=time.monotonic)
    stopped: bool = False

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def left(self) -> float:
        """Seconds left to search: without end where the answer may not depend on the clock."""
        return float("inf") if self.options.deterministic else self.options.time_limit_s - self.seconds()

    def tell(self, stage: str, value: float | None = None, bound: float | None = None) -> None:
        if self.progress is not None:
            self.progress(stage, value, bound)


def compile_workload(
    work: Workload, target: Target, options: Options | None = None, progress: Progress | None = None
) -> Compiled:
    """The best program found for ``work`` on ``target``, simulated and checked.

    Raises NoMatch, Infeasible, NotFound, Unsupported; CheckFailed where the simulated value is below its bound.
    """
    options = options or Options()
    _refuse(work, options)
    search = _Search(work, target, options, progress)
    search.tell("mapping")
    found, candidates, notes = choose(
        work,
        target,
        instruction=options.instruction,
        realise=options.realise,
        replicate=options.replicate,
        empty_axes=options.empty_axes,
        time_limit_s=max(1.0, min(search.left(), 1e6)),
    )
    parts = [_best_part(search, bindings) for bindings in _bindings(work, candidates, target)]
    search.tell("placing and lowering")
    bindings, chosen = [binding for binding, _, _ in parts], [tiling for _, tiling, _ in parts]
    schedule = parts[0][2] if len(parts) == 1 else list_schedule(list(zip(bindings, chosen, strict=True)), target)
    placement = place(schedule, bindings, target)
    program = lower(work, bindings, schedule, placement, target)
    seconds = 0.0 if options.deterministic else search.seconds()
    search.tell("simulating", schedule.latency_cycles)
    simulation, violations = judge_program(program, work, target, seed=options.seed)
    violations += judge_answers(matches_of(bindings), chosen, schedule, placement, work, target)
    solved = solved_program(program, simulation, work, target, options.objective, seconds, options.seed)
    if search.stopped:
        notes = (*notes, "stopped before every candidate was scheduled; this is the best one found")
    return Compiled(
        work=work,
        target=target,
        options=options,
        matches=found,
        bindings=tuple(bindings),
        tilings=tuple(chosen),
        schedule=schedule,
        placement=placement,
        program=program,
        simulation=simulation,
        solved=solved,
        bound_cycles=latency_bound_cycles(work, target),
        violations=violations,
        notes=notes,
    )


def _refuse(work: Workload, options: Options) -> None:
    if options.method == "exact":
        raise Unsupported("compile", "--method exact", "use heuristic, or auto, which is heuristic for now")
    if work.repeat is not None:
        raise Unsupported("compile", f"the recurrence over {work.repeat.axis}", "evaluate runs it")


def _bindings(work: Workload, candidates: Sequence[Sequence[Match]], target: Target) -> Iterator[list[Binding]]:
    """For each einsum that an instruction does, its matches spelled out; raises the first refusal where all are."""
    transfers = {transfer.name for transfer in target.transfers}
    stores = [match for matches in candidates for match in matches if match.instruction in transfers]
    for matches in candidates:
        found: list[Binding] = []
        refused: list[Unsupported] = []
        for match in matches:
            try:
                found += bind_all(work, [match, *(store for store in stores if store != match)], target)
            except Unsupported as error:
                refused.append(error)
        if refused and not found:
            raise refused[0]
        if found:
            yield found


def _best_part(search: _Search, bindings: Sequence[Binding]) -> tuple[Binding, Tiling, Schedule]:
    """The best binding, tiling and schedule of one einsum by itself."""
    work, options = search.work, search.options
    bound = lower_bound(work, search.target, options.objective) if len(work.einsums) == 1 else None
    stage = f"einsum {bindings[0].number}"

    def solve(candidate: Candidate) -> tuple[float, Schedule]:
        schedule = list_schedule([candidate], search.target)
        return _value(search, candidate[0], schedule), schedule

    best = best_first(
        _candidates(search, bindings),
        solve,
        bound=bound,
        time_is_up=lambda: search.left() < options.time_limit_s / 2,
        tell=lambda value: search.tell(stage, value, bound),
    )
    search.stopped |= best.stopped
    return (*best.candidate, best.answer)


def _candidates(search: _Search, bindings: Sequence[Binding]) -> list[Candidate]:
    """Tilings of all bindings, best modelled cost first; raises the first refusal where no binding has any."""
    found: list[tuple[float, Candidate]] = []
    refused: list[Exception] = []
    for binding in bindings:
        search.tell(f"tiling einsum {binding.number} on {binding.instruction.name}")
        limit = max(0.5, search.left() / 4 / len(bindings))
        try:
            these = tilings(binding, objective=search.options.objective, most=_SCHEDULED, time_limit_s=limit)
        except (Infeasible, NotFound, Unsupported) as error:
            refused.append(error)
            continue
        found += [(tiling.modelled_value, (binding, tiling)) for tiling in these]
    if not found:
        raise refused[0]
    found.sort(key=lambda entry: entry[0])
    return [candidate for _, candidate in found[:_SCHEDULED]]


def _value(search: _Search, binding: Binding, schedule: Schedule) -> float:
    """The schedule's worth in the objective's unit: its predicted latency, else what a run without numbers shows."""
    if search.options.objective == "latency":
        return float(schedule.latency_cycles)
    placement = place(schedule, [binding], search.target)
    program = lower(search.work, [binding], schedule, placement, search.target)
    return objective_value(simulate(program, search.target, {}, execute=False), search.options.objective)


def place(schedule: Schedule, bindings: Sequence[Binding], target: Target) -> Placement:
    """Addresses for every slot: the schedule's own, else those of one einsum together, einsums one after the other."""
    if schedule.placed:
        return Placement(schedule.placed)
    order = {binding.number: n for n, binding in enumerate(bindings)}
    turn = {name: order[step.einsum] for step in schedule.steps for name in step.buffers if name}
    lifetimes = [
        Lifetime(b.slot_name(n), b.memory, turn[b.name], turn[b.name] + 1, b.slot_bytes, b.alignment_bytes)
        for b in schedule.buffers
        for n in range(b.slots)
    ]
    return first_fit(lifetimes, target)
