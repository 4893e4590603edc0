"""A lock-step program once more, by brute force: every pair of issues, every cycle, every byte as it changes.

Shares nothing with the simulator but the nouns. ``broken`` judges slots, resources and pairs of issues. ``play`` lets
the clock run, whatever the sequence says, on memories full of junk: an issue reads as soon as it starts or just before
it lets go of its operands, and writes at once or just before its result is due. A program that breaks no rule comes to
the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from random import Random

from isamap.ir.hardware import Target, Transfer, cycles
from isamap.ir.program import Operation, Program, Segment, View

Place = tuple[str, int]
"""A byte: a memory, or a tensor of the outermost one, and an address in it."""

_VALUES: dict[str, Callable[[Mapping[str, int]], int]] = {
    "load": lambda v: v["source"],
    "store": lambda v: v["source"],
    "drain": lambda v: v["C"],
    "fill": lambda v: v["D"],
    "mac": lambda v: v["C"] + v["A"] * v["B"],
    "relu": lambda v: max(v["X"], 0),
    "add": lambda v: v["X"] + v["Y"],
    "max": lambda v: max(v["X"], v["Y"]),
    "requantise": lambda v: min(max(v["X"] * 77 >> 14, -128), 127),
}
_WRITTEN = {"load": "destination", "store": "destination", "drain": "D", "fill": "C", "mac": "C", "relu": "Y",
            "add": "Z", "max": "Z", "requantise": "Y"}  # fmt: skip


@dataclass
class Happening:
    """An issue: its cycles, what it holds, and for every point of its axes the first byte of each operand's element
    (None in a border)."""

    operation: Operation
    start: int
    queue: str
    occupancy: int
    interval: int
    latency: int
    held: dict[str, int]
    points: list[dict[str, Place | None]]

    @property
    def written(self) -> View:
        return self.operation.view(_WRITTEN[self.operation.performs])

    def touched(self) -> tuple[set[Place], set[Place]]:
        """The bytes that it reads and those that it writes."""
        reads, writes = set[Place](), set[Place]()
        for point in self.points:
            for view in self.operation.views:
                found = point[view.operand]
                if found is None:
                    continue
                span = {(found[0], found[1] + n) for n in range(view.dtype.size_bytes)}
                if view.operand != self.written.operand:
                    reads |= span
                    continue
                writes |= span
                if self.operation.mode == "accumulate":
                    reads |= span
        return reads, writes


def happenings(program: Program, target: Target) -> list[Happening]:
    """The issues of a program of one column segment."""
    (segment,) = program.body
    assert isinstance(segment, Segment)
    found, at = [], 0
    for number, start in zip(segment.operation, segment.start, strict=True):
        operation = segment.operations[number]
        count = sum(operation.origin_counts)
        found.append(_happening(operation, tuple(segment.origin[at : at + count]), start, program, target))
        at += count
    return found


def _happening(
    operation: Operation, origin: tuple[int, ...], start: int, program: Program, target: Target
) -> Happening:
    points = [dict[str, Place | None]() for _ in product(*(range(e) for _, f in operation.extents for e in f))]
    at = 0
    for view, count in zip(operation.views, operation.origin_counts, strict=True):
        for point, place in zip(points, _places(view, operation, origin[at : at + count], program), strict=True):
            point[view.operand] = place
        at += count
    transfers = {transfer.name: transfer for transfer in target.transfers}
    does = transfers.get(operation.performs) or target.instruction(operation.performs)
    whole = {resource.name: resource.bytes_per_cycle for resource in target.resources}
    held = {use.resource: use.bytes_per_cycle or whole[use.resource] for use in does.uses}
    if isinstance(does, Transfer):
        size = operation.views[0].dtype.size_bytes
        inside = size * sum(None not in point.values() for point in points)
        known = {"bytes": inside, "border_bytes": size * len(points) - inside}
        busy = cycles(does.cost_cycles, known)
        latency = busy + cycles(does.latency_cycles, known)
        return Happening(operation, start, does.channel, busy, busy, latency, held, points)
    known = {axis: operation.extent(axis) for axis, _ in operation.extents}
    known["initialise"] = int(operation.mode == "initialise")
    occupancy, interval = cycles(does.occupancy_cycles, known), cycles(does.initiation_interval_cycles, known)
    return Happening(operation, start, does.unit, occupancy, interval, cycles(does.latency_cycles, known), held, points)


def _places(view: View, operation: Operation, origin: tuple[int, ...], program: Program) -> list[Place | None]:
    """The first byte of the view's element at every point of the operation's axes."""
    steps: list[tuple[int, ...]] = []
    for (_, factors), per_factor in zip(operation.extents, view.steps, strict=True):
        steps += per_factor or ((0,) * len(origin),) * len(factors)
    tensor = next((t for t in program.tensors if t.name == view.tensor), None)
    found: list[Place | None] = []
    for point in product(*(range(extent) for _, factors in operation.extents for extent in factors)):
        at = [o + sum(n * step[d] for n, step in zip(point, steps, strict=True)) for d, o in enumerate(origin)]
        if tensor is None:
            found.append((view.memory, at[0]))
        elif all(0 <= c < extent for c, extent in zip(at, tensor.shape, strict=True)):
            address = sum(c * stride for c, stride in zip(at, tensor.element_strides, strict=True))
            found.append((f"{view.memory}.{tensor.name}", address * view.dtype.size_bytes))
        else:
            found.append(None)
    return found


def broken(issues: list[Happening], target: Target) -> set[str]:
    """Which of missing, order, slot, resource and hazard a program breaks."""
    found = {"missing"} if any(issue.start < 0 for issue in issues) else set[str]()
    touched = [issue.touched() for issue in issues]
    for x, y in combinations(range(len(issues)), 2):
        one, other = issues[x], issues[y]
        if one.queue == other.queue and other.start < one.start:
            found.add("order")
        if touched[x][1] & (touched[y][0] | touched[y][1]):
            end = one.start + one.latency
        elif touched[x][0] & touched[y][1]:
            end = one.start + one.occupancy
        else:
            continue
        if other.start < end:
            found.add("hazard")
    slots: dict[tuple[str, int], int] = {}
    shares: dict[tuple[str, int], int] = {}
    for issue in issues:
        for cycle in range(issue.start, issue.start + issue.interval):
            slots[issue.queue, cycle] = slots.get((issue.queue, cycle), 0) + 1
        for name, share in issue.held.items():
            for cycle in range(issue.start, issue.start + issue.occupancy):
                shares[name, cycle] = shares.get((name, cycle), 0) + share
    most = {queue.name: queue.count for queue in target.queues}
    whole = {resource.name: resource.bytes_per_cycle for resource in target.resources}
    found |= {"slot" for (name, _), count in slots.items() if count > most[name]}
    return found | {"resource" for (name, _), share in shares.items() if share > whole[name]}


def play(
    issues: list[Happening], program: Program, inputs: Mapping[str, bytes], outermost: str, seed: int
) -> dict[str, bytes]:
    """The bytes of the outputs after the last cycle, every moment that an issue is free to choose chosen at random."""
    rng = Random(seed)
    memory: dict[Place, int] = {}
    for name, data in inputs.items():
        memory |= {(f"{outermost}.{name}", n): byte for n, byte in enumerate(data)}
    events: list[tuple[int, int, int]] = []  # (eighth of a cycle, 0 read or 1 write, issue)
    for x, issue in enumerate(issues):
        begin, held = 8 * issue.start, 8 * min(issue.occupancy, issue.latency)
        reads = rng.choice([begin, begin + max(0, held - 2)])
        if not issue.latency:  # a border at no cost: it is there when it begins
            reads -= 2
        writes = rng.choice([reads + 1, begin + 8 * issue.latency - 1])
        events += [(reads, 0, x), (writes, 1, x)]
    results: dict[int, dict[Place, int]] = {}
    for _, write, x in sorted(events):
        if write:
            memory |= results.pop(x)
        else:
            results[x] = _results(issues[x], memory, rng)
    found = {}
    for tensor in program.tensors:
        if tensor.name in program.outputs:
            size = tensor.elements * tensor.dtype.size_bytes
            places = ((f"{outermost}.{tensor.name}", n) for n in range(size))
            found[tensor.name] = bytes(memory.get(place, rng.randrange(256)) for place in places)
    return found


def _results(issue: Happening, memory: dict[Place, int], rng: Random) -> dict[Place, int]:
    """What an issue writes, given what lies in memory when it reads; a byte that nobody wrote is junk."""
    out, sums, made = issue.written, dict[Place, int](), dict[Place, int]()

    def value(view: View, place: Place | None) -> int:
        if place is None:
            return 0
        held = bytes(
            memory.setdefault((place[0], place[1] + n), rng.randrange(256)) for n in range(view.dtype.size_bytes)
        )
        return int.from_bytes(held, "little", signed=view.dtype.kind == "int")

    for point in issue.points:
        goal = point[out.operand]
        assert goal is not None
        values = {v.operand: value(v, point[v.operand]) for v in issue.operation.views if v.operand != out.operand}
        if issue.operation.mode:
            begun = sums.get(goal, 0 if issue.operation.mode == "initialise" else value(out, goal))
            values[out.operand] = begun
        sums[goal] = _VALUES[issue.operation.performs](values)
    for goal, total in sums.items():
        size = out.dtype.size_bytes
        held = int(out.dtype.wrap(total)).to_bytes(size, "little", signed=out.dtype.kind == "int")
        made |= {(goal[0], goal[1] + n): byte for n, byte in enumerate(held)}
    return made
