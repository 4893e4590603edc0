"""The spine: from a workload and a target to a program that was simulated and checked.

    map_workload      every way to do each einsum            mapping
    bind              operands, routes, layouts              ir
    tilings           sizes, order, pieces, buffers          tiling
    list_schedule     residency, order, times                scheduling
    first_fit         addresses                              placement
    lower             the program                            lowering
    judge             legal? free of hazards? right?         judge: check, simulate

Candidates are scheduled in the order of their modelled cost; the best schedule is kept, and is what a search that is
stopped (time limit, Ctrl-C) answers with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from isamap.bounds import latency_bound_cycles
from isamap.errors import Infeasible, NoMatch, NotFound, Unsupported
from isamap.ir.answers import Lifetime, Match, Placement, Schedule, Solved, Tiling, Violation
from isamap.ir.binding import Binding, bind
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Workload
from isamap.judge import Objective, judge, lower_bound, objective_value, solved_program
from isamap.lowering import lower
from isamap.mapping import MatchSet, Realise, map_workload
from isamap.placement import first_fit
from isamap.scheduling import list_schedule
from isamap.simulate import Simulation, simulate
from isamap.tiling import tilings

__all__ = ["Compiled", "Options", "compile_workload"]

Progress = Callable[[str, float | None, float | None], None]
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
class _Clock:
    """When the search has to end, and whom to tell how it goes."""

    options: Options
    progress: Progress | None = None
    began: float = field(default_factory=time.monotonic)
    stopped: bool = False

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def left(self) -> float:
        return float("inf") if self.options.deterministic else self.options.time_limit_s - self.seconds()

    def tell(self, stage: str, value: float | None = None, bound: float | None = None) -> None:
        if self.progress is not None:
            self.progress(stage, value, bound)


def compile_workload(
    work: Workload, target: Target, options: Options | None = None, progress: Progress | None = None
) -> Compiled:
    """The best program found for ``work`` on ``target``, simulated and checked.

    Raises NoMatch, Infeasible, NotFound, Unsupported; CheckFailed where the answer turned out wrong (a defect).
    """
    options = options or Options()
    if options.method == "exact":
        raise Unsupported("compile", "--method exact", "use heuristic, or auto, which is heuristic for now")
    if work.repeat is not None:
        raise Unsupported("compile", f"the recurrence over {work.repeat.axis}", "evaluate runs it")
    clock = _Clock(options, progress)
    found, candidates, notes = _matched(work, target, options, clock)
    parts = [
        _best_part(work, target, [bind(work, match, target) for match in matches], options, clock)
        for matches in candidates
    ]
    clock.tell("placing and lowering")
    bindings, chosen = [binding for binding, _, _ in parts], [tiling for _, tiling, _ in parts]
    schedule = parts[0][2] if len(parts) == 1 else list_schedule(list(zip(bindings, chosen, strict=True)), target)
    placement = place(schedule, bindings, target)
    program = lower(work, bindings, schedule, placement, target)
    seconds = clock.seconds()
    clock.tell("simulating", schedule.latency_cycles)
    simulation, violations = judge(program, work, target, seed=options.seed)
    bound = latency_bound_cycles(work, target)
    shown = 0.0 if options.deterministic else seconds
    solved = solved_program(program, simulation, work, target, options.objective, shown, options.seed)
    if clock.stopped:
        notes = (*notes, "stopped before every candidate was scheduled; this is the best one found")
    return Compiled(
        work, target, options, found, tuple(bindings), tuple(chosen), schedule, placement, program, simulation,
        solved, bound, violations, notes,
    )  # fmt: skip


def _matched(
    work: Workload, target: Target, options: Options, clock: _Clock
) -> tuple[tuple[MatchSet, ...], list[list[Match]], tuple[str, ...]]:
    """(what mapping found, the matches to try per einsum, what the user should know); raises NoMatch with reasons."""
    clock.tell("mapping")

    def ask(empty_axes: bool) -> tuple[tuple[MatchSet, ...], ...]:
        limit = max(1.0, min(clock.left(), 1e6))
        return map_workload(
            work, target, instruction=options.instruction, realise=options.realise, replicate=options.replicate,
            empty_axes=empty_axes, time_limit_s=limit,
        )  # fmt: skip

    answers, notes = list(ask(options.empty_axes)), []
    if any(not any(one.matches for one in sets) for sets in answers) and not options.empty_axes:
        for number, relaxed in enumerate(ask(True)):
            if not any(one.matches for one in answers[number]) and any(one.matches for one in relaxed):
                answers[number] = relaxed
                notes.append(f"einsum {number} matches only with empty axes of the instruction, at a lower utilisation")
    for number, sets in enumerate(answers):
        if not any(one.matches for one in sets):
            raise NoMatch(_no_match(work, target, number, sets))
    candidates = [largest([match for one in sets for match in _turns(one, target)]) for sets in answers]
    return tuple(one for sets in answers for one in sets), candidates, tuple(notes)


def _no_match(work: Workload, target: Target, number: int, sets: Sequence[MatchSet]) -> str:
    lines = [f"no instruction of {target.name} does {work.einsums[number].statement}"]
    lines += [f"  {one.instruction}: {reason}" for one in sets for reason in one.reasons]
    lines += [f"  {one.instruction}, repair: {repair}" for one in sets for repair in one.repairs]
    return "\n".join(lines)


def _turns(found: MatchSet, target: Target) -> Sequence[Match]:
    """Both orientations of a commutative product where the instruction's parallel axes are of different length."""
    instruction = target.instruction(found.instruction)
    parallel = {axis for einsum in instruction.meaning for axis in einsum.parallel_axes}
    ranges = {(axis.least, axis.most) for axis in instruction.axes if axis.name in parallel}
    return found.with_swap if len(ranges) > 1 else found.matches


def largest(matches: Sequence[Match]) -> list[Match]:
    """The matches that no other of the same instruction contains: tiles of size 1 along an axis give the others."""

    def within(one: Match, other: Match) -> bool:
        theirs = dict(other.axes)
        same = one.instruction == other.instruction and one.operands == other.operands
        return same and one != other and all(set(fused) <= set(theirs[axis]) for axis, fused in one.axes)

    return [one for one in matches if not any(within(one, other) for other in matches)]


def _best_part(
    work: Workload, target: Target, bindings: Sequence[Binding], options: Options, clock: _Clock
) -> tuple[Binding, Tiling, Schedule]:
    """The best binding, tiling and schedule of one einsum by itself."""
    bound = lower_bound(work, target, options.objective) if len(work.einsums) == 1 else None
    best: tuple[float, Binding, Tiling, Schedule] | None = None
    refused: list[Exception] = []
    try:
        for binding, tiling in _candidates(bindings, options, clock, refused):
            if best is not None and clock.left() < options.time_limit_s / 2:
                clock.stopped = True
                break
            try:
                schedule = list_schedule([(binding, tiling)], target)
                value = _value(work, binding, schedule, target, options)
            except (Infeasible, Unsupported) as error:
                refused.append(error)
                continue
            if best is None or value < best[0]:
                best = (value, binding, tiling, schedule)
                clock.tell(f"einsum {binding.number}", value, bound)
            if bound is not None and best[0] <= bound:
                break
    except KeyboardInterrupt:
        if best is None:
            raise NotFound("stopped before a first answer was found") from None
        clock.stopped = True
    if best is None:
        raise refused[0] if refused else NotFound("no candidate was found in time")
    return best[1:]


def _candidates(
    bindings: Sequence[Binding], options: Options, clock: _Clock, refused: list[Exception]
) -> Iterator[tuple[Binding, Tiling]]:
    """Tilings of all bindings, best modelled cost first; a binding that has none adds its reason to ``refused``."""
    found: list[tuple[int, Binding, Tiling]] = []
    for binding in bindings:
        clock.tell(f"tiling einsum {binding.number} on {binding.instruction.name}")
        limit = max(0.5, clock.left() / 4 / len(bindings))
        try:
            these = tilings(binding, objective=options.objective, most=_SCHEDULED, time_limit_s=limit)
        except (Infeasible, Unsupported) as error:
            refused.append(error)
            continue
        found += [(tiling.modelled_cycles if options.objective == "latency" else n, binding, tiling) for n, tiling in enumerate(these)]
    found.sort(key=lambda entry: entry[0])
    yield from ((binding, tiling) for _, binding, tiling in found[:_SCHEDULED])


def _value(work: Workload, binding: Binding, schedule: Schedule, target: Target, options: Options) -> float:
    """The schedule's worth in the objective's unit: its predicted latency, else what a run without numbers shows."""
    if options.objective == "latency":
        return float(schedule.latency_cycles)
    program = lower(work, [binding], schedule, place(schedule, [binding], target), target)
    return objective_value(simulate(program, target, {}, execute=False), options.objective)


def place(schedule: Schedule, bindings: Sequence[Binding], target: Target) -> Placement:
    """Addresses for the schedule's buffers: those of one einsum live together, einsums one after the other."""
    order = {binding.number: n for n, binding in enumerate(bindings)}
    einsum_of = {name: order[step.einsum] for step in schedule.steps for name in step.buffers if name}
    return first_fit(
        [
            Lifetime(b.name, b.memory, einsum_of[b.name], einsum_of[b.name] + 1, b.slots * b.slot_bytes, b.alignment_bytes)
            for b in schedule.buffers
        ],
        target,
    )
