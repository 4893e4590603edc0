"""The smallest interval, then the fewest bytes of buffers at it, then the shortest iteration: a loop body pipelined."""

from __future__ import annotations

from dataclasses import dataclass, field

from isamap.cpsat import Outcome, Tell
from isamap.errors import CheckFailed, Infeasible
from isamap.ir.answers import Moment, Solved, Status
from isamap.ir.effort import Effort
from isamap.ir.loop_body import LoopBody, ModuloSchedule
from isamap.scheduling.modulo.ask import ask
from isamap.scheduling.modulo.bound import interval_bound, roomy_interval
from isamap.scheduling.modulo.budget import Budget
from isamap.scheduling.modulo.depth import taken_bytes
from isamap.scheduling.modulo.formulation import formulate
from isamap.scheduling.modulo.greedy import greedy
from isamap.scheduling.modulo.variables import Model


@dataclass(frozen=True)
class Pipelined:
    """A modulo schedule; ``solved``'s value and bound are initiation intervals. At the interval found, buffers take at
    least ``bytes_bound``, and with as few bytes as were found an iteration lasts at least ``length_bound_cycles``.
    ``hints``: what became of the hint in each model that had one, from the solver's log."""

    solved: Solved[ModuloSchedule]
    bytes_bound: int
    length_bound_cycles: int
    hints: tuple[str, ...] = ()


@dataclass
class _Search:
    """What is known so far."""

    body: LoopBody
    budget: Budget
    tell: Tell | None
    best: ModuloSchedule | None
    bound: int
    bytes_bound: int
    length_bound: int
    method: str = "iterative modulo scheduling"
    history: list[Moment] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def pipeline(body: LoopBody, effort: Effort, tell: Tell | None = None) -> Pipelined:
    """The best modulo schedule found within ``effort``; ``optimal`` where its interval equals the closed-form bound or
    every smaller one is proved impossible. Without an answer the status is ``unknown``.

    Raises Infeasible where no interval at all has room for the buffers, which is proved.
    """
    _refuse_full(body)
    length = max(operation.end_cycles for operation in body.operations)
    least = sum(buffer.slot_bytes for buffer in body.buffers)
    found = _Search(body, Budget(effort), tell, greedy(body), interval_bound(body), least, length)
    try:
        _smallest_interval(found)
        if found.best is not None:
            _fewest_bytes(found)
            _shortest_iteration(found)
    except KeyboardInterrupt:
        found.budget.interrupted = True
    return _pipelined(found, effort)


def _refuse_full(body: LoopBody) -> None:
    taken = taken_bytes(body, [1] * len(body.buffers))
    for name, size in body.memories:
        if taken[name] > size:
            held = " ".join(buffer.name for buffer in body.buffers if buffer.memory == name)
            raise Infeasible(
                f"{name} has {size} bytes; one slot for each of {held} takes {taken[name]}, {taken[name] - size} more"
            )


def _smallest_interval(found: _Search) -> None:
    """Ask for the bound first, then halve what is left between bound and best."""
    last = roomy_interval(found.body)
    asked = found.bound
    while found.budget.left() > 0 and (found.best is None or found.bound < found.best.initiation_interval_cycles):
        outcome, schedule = _ask(found, formulate(found.body, asked), None)
        if outcome.status == "unknown":
            return
        if schedule is not None:
            found.best, found.method = schedule, "cp-sat modulo"
        else:
            found.bound = asked + 1
            if asked >= last:
                raise Infeasible(f"no interval up to {last} cycles, beyond which none is easier: {_room(found.body)}")
        _note(found, outcome)
        high = last if found.best is None else found.best.initiation_interval_cycles
        asked = max(found.bound, (found.bound + high) // 2)


def _room(body: LoopBody) -> str:
    return "; ".join(f"the buffers of {name} do not fit into its {size} bytes" for name, size in body.memories)


def _note(found: _Search, outcome: Outcome) -> None:
    value = None if found.best is None else float(found.best.initiation_interval_cycles)
    found.history.append(Moment(found.budget.seconds(), value, float(found.bound)))
    if found.tell is not None:
        found.tell(value, float(found.bound))


def _fewest_bytes(found: _Search) -> None:
    """At the interval found, from the schedule at hand on."""
    best = found.best
    assert best is not None
    if found.budget.left() <= 0 or best.buffer_bytes(found.body) == found.bytes_bound:
        return
    given = formulate(found.body, best.initiation_interval_cycles)
    sizes = [buffer.slot_bytes for buffer in found.body.buffers]
    given.model.minimize(sum(size * depth for size, depth in zip(sizes, given.depth, strict=True)))
    outcome, schedule = _ask(found, given, best)
    if outcome.bound is not None:
        found.bytes_bound = max(found.bytes_bound, round(outcome.bound))
    if schedule is not None and schedule.buffer_bytes(found.body) < best.buffer_bytes(found.body):
        found.best, found.method = schedule, "cp-sat modulo"


def _shortest_iteration(found: _Search) -> None:
    """With no more bytes of buffers than the schedule at hand, which is no hint here: without one CP-SAT proves a block
    of 6 x 6 tiles in 0.4 s, with it in 12 s."""
    best = found.best
    assert best is not None
    length = best.length_cycles(found.body)
    if found.budget.left() <= 0 or length == found.length_bound:
        return
    given = formulate(found.body, best.initiation_interval_cycles, length)
    sizes = [buffer.slot_bytes for buffer in found.body.buffers]
    taken = sum(size * depth for size, depth in zip(sizes, given.depth, strict=True))
    given.model.add(taken <= best.buffer_bytes(found.body))
    given.model.minimize(given.length)
    outcome, schedule = _ask(found, given, None)
    if outcome.status == "infeasible":
        raise CheckFailed(f"CP-SAT finds no iteration of {length} cycles, although one was given")
    if outcome.bound is not None:
        found.length_bound = max(found.length_bound, round(outcome.bound))
    if schedule is not None and schedule.length_cycles(found.body) < length:
        found.best, found.method = schedule, "cp-sat modulo"


def _ask(found: _Search, given: Model, hint: ModuloSchedule | None) -> tuple[Outcome, ModuloSchedule | None]:
    """One model, on what is left of the budget. Raises CheckFailed where the solver refutes the schedule at hand."""
    answer = ask(given, found.budget.rest(), hint)
    found.budget.spend(answer.work, answer.outcome)
    if hint is not None:
        found.hints.append(answer.outcome.hint)
        if answer.outcome.status == "infeasible":
            raise CheckFailed(f"CP-SAT finds no schedule of {given.interval} cycles, although one was given")
    return answer.outcome, answer.schedule


def _pipelined(found: _Search, effort: Effort) -> Pipelined:
    best, budget = found.best, found.budget
    status: Status = "unknown"
    value, method = None, "iterative modulo scheduling and cp-sat modulo found nothing in time"
    if best is not None:
        value, method = float(best.initiation_interval_cycles), found.method
        status = "optimal" if value == found.bound else "feasible"
    solved = Solved(
        best, status, "initiation interval", value, float(found.bound), budget.seconds(), effort.seed, method,
        tuple(found.history), budget.interrupted,
    )  # fmt: skip
    return Pipelined(solved, found.bytes_bound, found.length_bound, tuple(found.hints))
