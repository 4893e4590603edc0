"""Prologue, epilogue and critical path: what of each einsum comes before its first issue and after its last.

    before    no issue starts sooner: an element of each input has arrived (one after the other, where all that leaves
              the outermost memory takes turns on a channel or bus), and of every einsum that writes what it reads one
              issue at least is complete
    latency   of its shortest issue, from the start to the result
    onward    from a result to the last output byte: its way to the outermost memory, or through an einsum that reads it

before + latency + onward is a bound, the critical path of one point. An input with a border counts for nothing: what an
issue reads may all lie beside the tensor. An einsum of which a point may come after the last output byte, because not
all of its results are needed, has no ``onward`` and no part in any bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, prod

from isamap.bounds.compulsory import touched_elements
from isamap.bounds.demand import able
from isamap.bounds.path import arrival_cycles, block_cycles, departure_cycles, settled_cycles, shortest_issue_cycles
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Target, Transfer
from isamap.ir.workload import Workload


@dataclass(frozen=True)
class Link:
    """An einsum in its chain, and the instructions that may do it. ``settled_cycles`` pass from when an issue lets its
    unit go to its result, at least."""

    ways: tuple[Instruction, ...]
    before_cycles: int
    latency_cycles: int
    onward_cycles: int | None
    settled_cycles: int | None

    @property
    def length_cycles(self) -> int:
        return 0 if self.onward_cycles is None else self.before_cycles + self.latency_cycles + self.onward_cycles

    @property
    def tail_cycles(self) -> int:
        """From when the last issue lets its unit go to the last output byte."""
        known = self.onward_cycles is not None and self.settled_cycles is not None
        return (self.onward_cycles or 0) + (self.settled_cycles or 0) if known else 0


def links(work: Workload, target: Target) -> list[Link]:
    """One for every einsum of ``work``."""
    ways = [able(target, einsum) for einsum in work.einsums]
    latency = [min(map(shortest_issue_cycles, these), default=0) for these in ways]
    before: list[int] = []
    for n, einsum in enumerate(work.einsums):
        begun = [0, _arrival(work, einsum, ways[n], target)]
        for access in einsum.reads:
            makers = [m for m in range(n) if access.tensor in _written(work, m) and access.tensor not in work.inputs]
            begun.append(min((before[m] + latency[m] for m in makers), default=0))
        before.append(max(begun))
    onward: list[int | None] = [None] * len(ways)
    for n in reversed(range(len(ways))):
        onward[n] = _onward(work, n, ways[n], target, latency, onward)
    found = []
    for n, these in enumerate(ways):
        spare = [settled_cycles(instruction) for instruction in these]
        known = [cycles for cycles in spare if cycles is not None]
        settled = min(known, default=0) if len(known) == len(spare) else None
        found.append(Link(these, before[n], latency[n], onward[n], settled))
    return found


def _written(work: Workload, number: int) -> set[str]:
    return {access.tensor for access in work.einsums[number].outputs}


def _arrival(work: Workload, einsum: Einsum, ways: Sequence[Instruction], target: Target) -> int:
    """When an issue may have an element of each tensor that comes from the outermost memory."""
    names = dict.fromkeys(access.tensor for access in einsum.reads if access.tensor in work.inputs)
    tensors = [work.tensor(name) for name in names if work.tensor(name).border is None]
    homes = {o.memory for i in ways for o in i.operands if o.name not in i.written}
    if not tensors or not homes:
        return 0
    outer = target.outermost.name
    latest = max(min(arrival_cycles(target, t).get(home, inf) for home in homes) for t in tensors)
    latest = 0 if latest == inf else latest
    first = [transfer for transfer in target.transfers if transfer.source_memory == outer]
    if not first or not _take_turns(first, target) or reads_outermost(target):
        return int(latest)
    costs = [min(block_cycles(transfer, target, tensor)[0] for transfer in first) for tensor in tensors]
    return max(int(latest), sum(costs) + min(block_cycles(transfer, target, None)[1] for transfer in first))


def reads_outermost(target: Target) -> bool:
    """Does an instruction work on the outermost memory itself, so that data may come and go without a transfer?"""
    return any(o.memory == target.outermost.name for i in target.instructions for o in i.operands)


def _take_turns(transfers: Sequence[Transfer], target: Target) -> bool:
    """Is there a channel, port or bus that each of them holds alone?"""
    single = {queue.name for queue in target.channels if queue.count == 1}
    holds = [{t.channel} & single | {use.resource for use in t.uses if use.bytes_per_cycle is None} for t in transfers]
    return bool(set.intersection(*holds))


def _onward(
    work: Workload,
    number: int,
    ways: Sequence[Instruction],
    target: Target,
    latency: Sequence[int],
    onward: Sequence[int | None],
) -> int | None:
    """From a result of einsum ``number`` to the last output byte; None where some result need not be there by then."""
    einsum, least = work.einsums[number], inf
    for access in einsum.outputs:
        if access.tensor in work.outputs:
            homes = {o.memory for i in ways for o in i.operands if o.name in i.written}
            departed = departure_cycles(target, work.tensor(access.tensor))
            least = min(least, min((departed.get(home, 0) for home in homes), default=0))
            continue
        made = prod(einsum.extents[axis] for axis in einsum.parallel_axes)
        covered = False
        for n in range(number + 1, len(work.einsums)):
            reader, after = work.einsums[n], onward[n]
            mine = [read for read in reader.reads if read.tensor == access.tensor]
            if mine and after is not None:
                least = min(least, latency[n] + after)
                counts = [touched_elements(read, reader.extents, work.tensor(read.tensor)) for read in mine]
                covered |= max(counts) >= made
        if not covered:
            return None
    return int(least) if least < inf else None
