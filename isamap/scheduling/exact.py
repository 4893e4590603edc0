"""Schedules by CP-SAT, begun from a heuristic one that is never lost.

Small kernels: time, residency and addresses together (``acyclic``). Where that does not apply, the order and times of
the given tasks, residency and slots as they are: all at once, or window by window (``sweep``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from isamap.cpsat import Tell
from isamap.errors import CheckFailed, Unsupported
from isamap.ir.answers import Schedule, Solved, Status, Tiling
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.ir.hardware import Target
from isamap.ir.task_graph import TaskGraph
from isamap.scheduling.reorder import graph_of, schedule_of, telling
from isamap.scheduling.timed import Issue, read_issues, true_waits

if TYPE_CHECKING:
    from isamap.scheduling.acyclic.reading import Reading

ACYCLIC_TASKS = 100  # beyond, CP-SAT takes minutes to improve on a hint: alike tiles may come in too many orders
_READ_STEPS = 1_000  # a task is a few steps of a schedule; of more it is not worth while to count the tasks


@dataclass(frozen=True)
class _Given:
    """What was asked, so that every way of solving sees the same."""

    bindings: Sequence[Binding]
    target: Target
    effort: Effort
    bound_cycles: int
    tell: Tell | None


def schedule_exactly(
    parts: Sequence[tuple[Binding, Tiling]],
    target: Target,
    *,
    effort: Effort,
    hint: Schedule,
    tell: Tell | None = None,
    bound_cycles: int = 0,
) -> Solved[Schedule]:
    """The best schedule found of ``parts``, at worst ``hint``; the value is its predicted latency in cycles.

    ``optimal`` is what meets ``bound_cycles``, a bound for every schedule, or what CP-SAT proved; then ``method`` names
    the model in which it is the optimum. Raises CheckFailed where a proof contradicts a schedule at hand.
    """
    value = hint.latency_cycles
    if value < bound_cycles:
        raise CheckFailed(f"a schedule of {value} cycles is below its lower bound of {bound_cycles}")
    if value == bound_cycles or not effort.time_limit_s or not len(hint.step):
        return _kept(hint, effort, bound_cycles)
    given = _Given([binding for binding, _ in parts], target, effort, bound_cycles, tell)
    try:
        return _solved(given, hint)
    except KeyboardInterrupt:
        return replace(_kept(hint, effort, bound_cycles), interrupted=True)


def _kept(hint: Schedule, effort: Effort, bound_cycles: int) -> Solved[Schedule]:
    """The heuristic's answer as it is."""
    value, optimal = hint.latency_cycles, hint.latency_cycles == bound_cycles
    method = "list, meets the bound" if optimal else "list"
    status: Status = "optimal" if optimal else "feasible"
    return Solved(hint, status, "latency", float(value), float(bound_cycles), 0.0, effort.seed, method)


def _solved(given: _Given, hint: Schedule) -> Solved[Schedule]:
    """By the acyclic model where it applies, else by the order of the hint's tasks alone."""
    from isamap.scheduling.acyclic.reading import read

    if len(hint.step) > _READ_STEPS:
        return _reordered(given, hint)
    try:
        reading = read(hint, given.bindings, given.target)
    except Unsupported as refusal:
        found = _reordered(given, hint)
        return replace(found, method=f"{found.method} (time and addresses together: {refusal.feature})")
    if sum(1 for _ in reading.body.tasks()) > ACYCLIC_TASKS:
        return _reordered(given, hint)
    return _together(given, hint, reading)


def _together(given: _Given, hint: Schedule, reading: Reading) -> Solved[Schedule]:
    """Time, residency and addresses at once, from the hint on."""
    from isamap.scheduling.acyclic.answer import spell_out
    from isamap.scheduling.acyclic.solve import solve

    horizon = reading.plan.latency_cycles
    found = solve(
        reading.body, horizon, given.effort, bound=given.bound_cycles, hint=reading.plan, tell=given.tell
    )  # fmt: skip
    outcome = found.outcome
    if outcome.status == "infeasible":
        raise CheckFailed(f"CP-SAT finds no schedule of {horizon} cycles, although one was given")
    bound = max(given.bound_cycles, round(outcome.bound or 0))
    answer, value = hint, hint.latency_cycles
    if found.plan is not None:
        spelled = spell_out(reading, found.plan, given.target)
        if spelled.latency_cycles < value:
            answer, value = spelled, spelled.latency_cycles
    if value < bound:
        raise CheckFailed(f"a schedule of {value} cycles is below {bound}, which CP-SAT says is a lower bound")
    method = "cp-sat acyclic" if answer is not hint or value == bound else "list, kept by cp-sat acyclic"
    if reading.limit is not None:
        method += f" (a piece is brought in up to {reading.limit} times)"
    status: Status = "optimal" if value == bound else "feasible"
    return Solved(
        answer, status, "latency", float(value), float(bound), outcome.seconds, given.effort.seed, method,
        outcome.history, outcome.interrupted,
    )  # fmt: skip


def _reordered(given: _Given, hint: Schedule) -> Solved[Schedule]:
    """The best order found of the hint's own tasks, in their slots."""
    from isamap.scheduling.sweep import improve

    issues, graph = _tasks(given, hint)
    found = improve(graph, [issue.start for issue in issues], given.effort, given.bound_cycles, given.tell)
    answer, value = hint, hint.latency_cycles
    if found.best.end_cycles < value:
        value = found.best.end_cycles
        answer = schedule_of(issues, found.best, given.target, hint.buffers, hint.placed)
    optimal = found.proved and value == found.best.end_cycles
    method = found.method if answer is not hint or optimal else f"list, kept by {found.method}"
    return Solved(
        answer, "optimal" if optimal else "feasible", "latency", float(value), float(found.bound),
        found.seconds, given.effort.seed, method, tuple(found.history), found.stopped,
    )  # fmt: skip


def _tasks(given: _Given, hint: Schedule) -> tuple[list[Issue], TaskGraph]:
    """The hint's tasks with what they truly await.

    Between einsums, and where slots share bytes, slots do not tell everything: then every wait and the order of the
    queues on which waits may rely are kept too.
    """
    read = read_issues(hint, given.bindings, given.target)
    slots_tell = len(given.bindings) == 1 and not hint.placed
    kept = [()] * len(read) if slots_tell else [issue.waits for issue in read]
    waits = [tuple(dict.fromkeys((*true, *old))) for true, old in zip(true_waits(read), kept, strict=True)]
    issues = [replace(issue, waits=mine) for issue, mine in zip(read, waits, strict=True)]
    order = [] if slots_tell else _queue_order(issues, telling(issues, given.target))
    return issues, graph_of(issues, given.target, order)


def _queue_order(issues: Sequence[Issue], queues: frozenset[str]) -> list[tuple[int, int, int]]:
    """Arcs that keep the order of every queue in ``queues``."""
    last: dict[str, int] = {}
    found = []
    for number, issue in enumerate(issues):
        queue = issue.cost.queue
        if queue in last and queue in queues:
            found.append((last[queue], number, issues[last[queue]].cost.interval))
        last[queue] = number
    return found
