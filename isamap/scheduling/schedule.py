"""(Tilings, Target) -> Schedule, by heuristics: residency by Belady's rule, order and times by list scheduling."""

from __future__ import annotations

from collections.abc import Sequence

from isamap.errors import Infeasible, Unsupported
from isamap.ir.answers import Buffer, Schedule, Tiling
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target
from isamap.scheduling.expand import Expansion
from isamap.scheduling.list_scheduling import ListScheduler
from isamap.scheduling.passing import Readers, alike, depths, groups, in_turn
from isamap.scheduling.tasks import Tasks
from isamap.scheduling.visits import visit_count
from isamap.scheduling.written import Waits, Written

MOST_VISITS = 2_000_000


def list_schedule(parts: Sequence[tuple[Binding, Tiling]], target: Target) -> Schedule:
    """The schedule of a workload's einsums one after the other, or strip by strip in turns, each with its tiling.

    Raises Infeasible where a tiling's buffers cannot hold what is alive at once, Unsupported where a part of the
    language is not handled here yet.
    """
    _refuse_endless(parts)
    tasks, barrier, written, readers = Tasks(target), dict[str, Waits](), Written(), Readers()
    buffers: list[Buffer] = []
    visited = 0
    for group in groups([binding for binding, _ in parts]):
        expansions = [Expansion(*parts[n], tasks, barrier, written, readers) for n in group]
        mine = [buffer for expansion in expansions for buffer in expansion.buffers]
        visited = _in_turns(expansions, written, in_turn(mine, target), visited)
        buffers += [buffer for buffer in dict.fromkeys(mine) if buffer not in buffers]
        for expansion in expansions:
            for memory, waits in expansion.leftovers():
                barrier.setdefault(memory, []).extend(waits)
    scheduler = ListScheduler(tasks, {binding.instruction.unit for binding, _ in parts})
    scheduler.run()
    if len(scheduler.order) < len(tasks):
        raise Infeasible("the tasks await each other in a circle: too few slots for this order")
    return _columns(tasks, scheduler, buffers)


def _in_turns(expansions: Sequence[Expansion], written: Written, shared: frozenset[str], visited: int) -> int:
    """Append the tasks of a group, strip by strip; how many visits there are now. Of the memories ``shared`` every part
    has all during its turn. Raises Infeasible where what passes between the parts lies in one of those."""
    strips = [expansion.strips() for expansion in expansions]
    alone = len(expansions) == 1
    staying = [b.tensor for e in expansions for b in e.buffers if b.home is not None and b.memory in shared]
    if len({len(one) for one in strips}) != 1 or (staying and not alone):
        raise Infeasible(f"there is no room for {' '.join(dict.fromkeys(staying))} beside the other tensors")
    lag = depths([expansion.binding for expansion in expansions])
    last: dict[str, Expansion] = {}
    for turn in range(len(strips[0]) + max(lag)):
        for expansion, mine, behind in zip(expansions, strips, lag, strict=True):
            if not 0 <= turn - behind < len(mine):
                continue
            for memory in shared if not alone else ():
                _take_turn(expansion, expansions, memory, last.get(memory))
                last[memory] = expansion
            expansion.run(mine[turn - behind], visited)
            visited += len(mine[turn - behind])
            written.next_einsum()
    return visited


def _take_turn(mine: Expansion, group: Sequence[Expansion], memory: str, before: Expansion | None) -> None:
    """Give all of ``memory`` to one part, after ``before``: slot by slot where all parts have one buffer of one shape
    there, else as a whole."""
    rotating = [expansion.rotating(memory) for expansion in group]
    if before in (None, mine):
        return
    if all(len(one) == 1 for one in rotating) and alike(buffer for one in rotating for buffer, _ in one):
        assert before is not None
        mine.rotating(memory)[0][1].take_over(before.rotating(memory)[0][1])
        return
    left = [wait for one in group for where, waits in one.leftovers() if where == memory for wait in waits]
    mine.carrier.barrier[memory] = tuple(left) or mine.carrier.barrier.get(memory, ())
    for _, slots in mine.rotating(memory):
        slots.clear()


def _refuse_endless(parts: Sequence[tuple[Binding, Tiling]]) -> None:
    """Raise Unsupported where the program would have more issues than can be written down one by one."""
    count = sum(visit_count(binding, tiling) for binding, tiling in parts)
    if count > MOST_VISITS:
        what = f"a program of {count:,} issues of {' and '.join(sorted({b.instruction.name for b, _ in parts}))}"
        hint = f"at most {MOST_VISITS:,} are written down one by one; make the kernel smaller or the instruction larger"
        raise Unsupported("scheduling", what, hint)


def _columns(tasks: Tasks, scheduler: ListScheduler, buffers: list[Buffer]) -> Schedule:
    """The tasks in the order in which they start, numbered anew."""
    number = [0] * len(tasks)
    for position, task in enumerate(scheduler.order):
        number[task] = position
    found = Schedule(tuple(tasks.steps), tuple(buffers), latency_cycles=scheduler.end_cycle)
    for task in scheduler.order:
        waits = tasks.waits[task] + scheduler.extra[task]
        found.step.append(tasks.step[task])
        found.origin.extend(tasks.origin[task])
        found.slot.extend(tasks.slot[task])
        found.start.append(scheduler.start[task])
        found.wait_count.append(len(waits))
        found.wait_on.extend(number[earlier] for earlier, _ in waits)
        found.wait_event.extend(event for _, event in waits)
    return found
