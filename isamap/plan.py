"""From matches to a plan: a binding and a tiling for every einsum, and one schedule of all of them.

    bind_all          operands, routes, layouts                   ir
    tilings           sizes, order, pieces, buffers               tiling        tile_exactly
    list_schedule     residency, order, times                     scheduling    schedule_exactly
    first_fit         addresses                                   placement     place_exactly

The heuristics on the left always run first. The solvers on the right begin from what they found; what a solver finds
is taken only where it is better. A search that is stopped (time limit, Ctrl-C) answers with the best plan so far.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from isamap.compiled import Options, Plan
from isamap.errors import Infeasible, NotFound, Unsupported
from isamap.fusing import Fused, fused
from isamap.ir.answers import Home, Lifetime, Match, Moment, Placement, Schedule, Tiling
from isamap.ir.binding import Binding, bind_all
from isamap.ir.effort import Effort
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.judge import objective_value
from isamap.lowering import lower
from isamap.placement import first_fit, place_exactly
from isamap.scheduling import list_schedule, same_places, schedule_exactly, turns
from isamap.search import best_first
from isamap.simulate import simulate
from isamap.tiling import Alone, passing_homes, tile_exactly, tilings

__all__ = ["Progress", "Search", "by_solvers", "first_plan", "place", "place_plan"]

Progress = Callable[[str, float | None, float | None], None]
Part = tuple[Binding, Tiling]
_SCHEDULED = 6  # candidates that are scheduled per einsum
_FUSED = 4  # candidates that are scheduled where tensors pass on chip
_TO_FUSE = 2.0  # seconds to tile an einsum of them
_AUTO_SECONDS = 10.0  # with --method auto, what the solvers may spend


@dataclass
class Search:
    """One run of the compiler: what it works on, until when, whom it tells how it goes, and how it went."""

    work: Workload
    target: Target
    options: Options
    progress: Progress | None
    bound: float | None
    began: float = field(default_factory=time.monotonic)
    stopped: bool = False  # not everything was tried
    interrupted: bool = False  # by Ctrl-C
    history: list[Moment] = field(default_factory=list)

    def seconds(self) -> float:
        return 0.0 if self.options.deterministic else time.monotonic() - self.began

    def left(self) -> float:
        """Seconds left to search: without end where the answer may not depend on the clock."""
        return float("inf") if self.options.deterministic else self.options.time_limit_s - self.seconds()

    def effort(self, share: float) -> Effort:
        """What a solver may spend: a share of the time left, or of the limit where no clock may be read."""
        options = self.options
        limit = options.time_limit_s if options.deterministic else max(0.0, self.left())
        limit = min(limit, _AUTO_SECONDS) if options.method == "auto" else limit
        return Effort(share * limit, options.workers, options.seed, options.deterministic)

    def tell(self, stage: str, value: float | None = None) -> None:
        """The stage, and the value of the best plan of the whole workload."""
        if value is not None and (not self.history or value != self.history[-1].value):
            self.history.append(Moment(self.seconds(), value, self.bound))
        if self.progress is not None:
            self.progress(stage, value, self.bound)

    def is_met(self, value: float) -> bool:
        return self.bound is not None and value <= self.bound


def first_plan(search: Search, work: Workload, candidates: Sequence[Sequence[Match]]) -> Plan:
    """The best plan of the heuristics for ``work``, with tensors between einsums kept on chip where that is better."""
    plan = apart = _by_heuristics(search, work, list(_bindings(work, candidates, search.target)))
    try:
        for homes in _homes(work, search.target):
            plan = _on_chip(search, plan, candidates, homes)
        plan = _in_strips(search, plan, apart, candidates)
    except KeyboardInterrupt:
        search.stopped = search.interrupted = True
    return plan


def _bindings(
    work: Workload, candidates: Sequence[Sequence[Match]], target: Target, homes: Mapping[str, Home] | None = None
) -> Iterator[list[Binding]]:
    """For each einsum that an instruction does, its matches spelled out; raises the first refusal where all are."""
    transfers = {transfer.name for transfer in target.transfers}
    stores = [match for matches in candidates for match in matches if match.instruction in transfers]
    for matches in candidates:
        found: list[Binding] = []
        refused: list[Unsupported] = []
        for match in matches:
            try:
                found += bind_all(work, [match, *(store for store in stores if store != match)], target, homes)
            except Unsupported as error:
                refused.append(error)
        if refused and not found:
            raise refused[0]
        if found:
            yield found


def _by_heuristics(search: Search, work: Workload, choices: Sequence[Sequence[Binding]]) -> Plan:
    """For each einsum by itself the best of its bindings and tilings; then all of them in one schedule."""
    alone = len(choices) == 1
    parts = []
    began = search.left()
    for turn, bindings in enumerate(choices, 1):
        stage, until = f"einsum {bindings[0].number}", began * (1 - turn / len(choices) / 2)

        def solve(part: Part) -> tuple[float, Schedule]:
            schedule = list_schedule([part], search.target)
            return _value(search, work, [part], schedule), schedule

        def told(value: float, stage: str = stage) -> None:
            search.tell(stage, value if alone else None)

        def time_is_up(until: float = until) -> bool:
            return search.left() < until

        bound = search.bound if alone else None
        ranked = _tilings(search, bindings, share=1 / len(choices))
        best = best_first(ranked, solve, bound=bound, time_is_up=time_is_up, tell=told)
        search.stopped |= best.stopped
        search.interrupted |= best.stopped and not time_is_up()
        parts.append(best.candidate)
        if alone:
            return Plan(work, (best.candidate,), best.answer, best.value)
    schedule = list_schedule(parts, search.target)
    return Plan(work, tuple(parts), schedule, _value(search, work, parts, schedule))


def _tilings(search: Search, bindings: Sequence[Binding], share: float) -> list[Part]:
    """Tilings of all bindings, best modelled cost first; raises the first refusal where no binding has any. ``share``
    is of the time that there is for all einsums."""
    found: list[tuple[float, Part]] = []
    refused: list[Exception] = []
    for binding in bindings:
        search.tell(f"tiling einsum {binding.number} on {binding.instruction.name}")
        limit = max(0.5, share * search.left() / 4 / len(bindings))
        try:
            these = tilings(binding, objective=search.options.objective, most=_SCHEDULED, time_limit_s=limit)
        except (Infeasible, NotFound, Unsupported) as error:
            refused.append(error)
            continue
        found += [(tiling.modelled_value, (binding, tiling)) for tiling in these]
    if not found:
        raise refused[0]
    found.sort(key=lambda entry: entry[0])
    return [part for _, part in found[:_SCHEDULED]]


def _homes(work: Workload, target: Target) -> Iterator[dict[str, Home]]:
    """Which tensors between einsums might stay on chip, and where: all that fit one memory together, then each."""
    read = {access.tensor for einsum in work.einsums for access in einsum.reads}
    written = {access.tensor for einsum in work.einsums for access in einsum.outputs}
    between = sorted((read & written) - {*work.inputs, *work.outputs})
    for memory in target.memories[1:]:
        fitting = [name for name in between if work.tensor(name).size_bytes < memory.capacity_bytes]
        if sum(work.tensor(name).size_bytes for name in fitting) < memory.capacity_bytes and len(fitting) > 1:
            yield dict.fromkeys(fitting, Home(memory.name))
        yield from ({name: Home(memory.name)} for name in fitting)


def _on_chip(search: Search, plan: Plan, candidates: Sequence[Sequence[Match]], homes: Mapping[str, Home]) -> Plan:
    """The plan with the tensors ``homes`` kept on chip, where that can be done and is better."""
    if search.is_met(plan.value) or search.stopped or search.left() < search.options.time_limit_s / 4:
        return plan
    search.tell(f"keeping {' '.join(homes)} on chip", plan.value)
    try:
        choices = list(_bindings(plan.work, candidates, search.target, homes))
        other = _by_heuristics(search, plan.work, choices)
    except (Infeasible, NotFound, Unsupported):
        return plan
    return other if other.value < plan.value else plan


def _in_strips(search: Search, plan: Plan, apart: Plan, candidates: Sequence[Sequence[Match]]) -> Plan:
    """The plan with einsums of ``apart`` fused, tensors passing between them in strips, where that is better."""
    if search.is_met(plan.value) or search.interrupted or len(apart.parts) < 2:
        return plan
    done = {binding.number: binding.match for binding in apart.bindings}
    alone = {b.einsum: Alone(b.instruction.unit, dict(tiling.levels[-1].tile)) for b, tiling in apart.parts}
    whole = {role.tensor.name for binding in plan.bindings for role in binding.roles if role.home is not None}
    found: list[Fused] = []
    for homes in passing_homes(plan.work, search.target, alone):
        if whole.issuperset(homes):  # nothing more to save
            continue
        if search.left() < search.options.time_limit_s / 8:
            search.stopped = True
            break
        search.tell(f"passing {' '.join(homes)} on chip", plan.value)
        try:
            choices = list(_bindings(plan.work, candidates, search.target, homes))
        except Unsupported:
            continue
        same = [[one for one in bindings if one.match == done[one.number]] or bindings for bindings in choices]
        found += fused(same, search.options.objective, max(0.5, min(_TO_FUSE, search.left() / 8)))
    found.sort(key=lambda one: one.value)
    for one in found[:_FUSED] if search.left() > search.options.time_limit_s / 16 else found[:1]:
        mine = {binding.number: (binding, tiling) for binding, tiling in one.parts}
        parts = tuple(mine.get(binding.number, (binding, tiling)) for binding, tiling in apart.parts)
        try:
            schedule = list_schedule(parts, search.target)
            place(schedule, [binding for binding, _ in parts], search.target)
            value = _value(search, plan.work, parts, schedule)
        except (Infeasible, Unsupported):
            continue
        plan = Plan(plan.work, parts, schedule, value) if value < plan.value else plan
    return plan


def by_solvers(search: Search, plan: Plan) -> Plan:
    """What the solvers make of a plan: better tilings of its bindings, then a better schedule of all parts."""
    try:
        for number in range(len(plan.parts)):
            if not search.is_met(plan.value) and not search.stopped and plan.parts[number][0].strip is None:
                plan = _better_tiling(search, plan, number)
        if search.options.objective == "latency" and not search.is_met(plan.value) and not search.stopped:
            plan = _better_schedule(search, plan)
    except KeyboardInterrupt:
        search.stopped = True
    return plan


def _better_tiling(search: Search, plan: Plan, number: int) -> Plan:
    """The plan with part ``number`` tiled by the solver, where its schedule is then better."""
    binding, tiling = plan.parts[number]
    search.tell(f"tiling einsum {binding.number} by CP-SAT", plan.value)
    try:
        effort = search.effort(0.4 / (len(plan.parts) - number))
        solved = tile_exactly(binding, objective=search.options.objective, effort=effort, hint=tiling)
        search.stopped |= solved.interrupted
        if solved.answer is None or solved.answer == tiling:
            return plan
        parts = (*plan.parts[:number], (binding, solved.answer), *plan.parts[number + 1 :])
        schedule = list_schedule(parts, search.target)
    except (Infeasible, Unsupported):  # what the model leaves out may be too much for it
        return plan
    value = _value(search, plan.work, parts, schedule)
    return Plan(plan.work, parts, schedule, value, solved.method) if value < plan.value else plan


def _better_schedule(search: Search, plan: Plan) -> Plan:
    """The plan with its tasks in the order and at the times that the solver finds, where that is better."""
    search.tell("scheduling by CP-SAT", plan.value)
    solved = schedule_exactly(
        plan.parts,
        search.target,
        effort=search.effort(0.9),
        hint=plan.schedule,
        bound_cycles=int(search.bound or 0),
        tell=lambda value, bound: search.tell("scheduling by CP-SAT", min(plan.value, value or plan.value)),
    )
    search.stopped |= solved.interrupted
    method = solved.method.partition(" (time and addresses together")[0]  # why not is for who asks scheduling
    model = "tiles" if "acyclic" in method else "tasks and slots"
    proved = f", the best for its {model}" if solved.status == "optimal" else ""
    if solved.answer is None or solved.answer.latency_cycles >= plan.value:
        return replace(plan, method=plan.method + proved)
    return Plan(plan.work, plan.parts, solved.answer, float(solved.answer.latency_cycles), method + proved)


def _value(search: Search, work: Workload, parts: Sequence[Part], schedule: Schedule) -> float:
    """The schedule's worth in the objective's unit: its predicted latency, else what a run without numbers shows."""
    if search.options.objective == "latency":
        return float(schedule.latency_cycles)
    bindings = [binding for binding, _ in parts]
    program = lower(work, bindings, schedule, place_plan(search, schedule, bindings), search.target)
    return objective_value(simulate(program, search.target, {}, execute=False), search.options.objective)


def place_plan(search: Search, schedule: Schedule, bindings: Sequence[Binding]) -> Placement:
    """Addresses for a schedule; by the solver too where the method allows it."""
    effort = None if search.options.method == "heuristic" else search.effort(0.5)
    return place(schedule, bindings, search.target, effort)


def place(schedule: Schedule, bindings: Sequence[Binding], target: Target, effort: Effort | None = None) -> Placement:
    """Addresses for every slot: the schedule's own, else those of one einsum (or of einsums that work in turns)
    together, and of one such group after the other.

    Where first fit fails, the solver is asked, if it may spend any effort; raises Infeasible.
    """
    if schedule.placed:
        return Placement(schedule.placed)
    during, same = turns(bindings, schedule, target), same_places(bindings, schedule, target)
    lifetimes = {
        b.slot_name(n): Lifetime(
            b.slot_name(n), b.memory, during[b.name].start, during[b.name].stop, b.slot_bytes, b.alignment_bytes
        )
        for b in schedule.buffers
        for n in range(b.slots)
    }
    handed_on = {
        b.slot_name(n): f"{same[b.name]}[{n}]" for b in schedule.buffers if b.name in same for n in range(b.slots)
    }
    found = _placed(_together(lifetimes, handed_on), target, effort)
    at = {life.name: address for life, address in found.addresses}
    return Placement(tuple((life, at[handed_on.get(name, name)]) for name, life in lifetimes.items()))


def _together(lifetimes: Mapping[str, Lifetime], handed_on: Mapping[str, str]) -> list[Lifetime]:
    """One lifetime for all that have one place."""
    found = {name: life for name, life in lifetimes.items() if name not in handed_on}
    for name, first in handed_on.items():
        one, other = found[first], lifetimes[name]
        start, end = min(one.start_cycles, other.start_cycles), max(one.end_cycles, other.end_cycles)
        found[first] = replace(one, start_cycles=start, end_cycles=end)
    return list(found.values())


def _placed(lifetimes: Sequence[Lifetime], target: Target, effort: Effort | None) -> Placement:
    try:
        return first_fit(lifetimes, target)
    except Infeasible:
        if effort is None:
            raise
        answer = place_exactly(lifetimes, target, effort=effort).answer
        if answer is None:
            raise
        return answer
