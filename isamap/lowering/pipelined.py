"""(SteadyState, ModuloSchedule) -> Program: block after block of the output, each a prologue, a loop and an epilogue.

Round r of a block does, of every operation, trip r - stage. Rounds in which some operation has no such trip are peeled
off the loop: the prologue before it and the epilogue after it. So are rounds that touch a slot for the first time or
open an output tile, because these await the block before or begin a sum; what is left is the same in every round.
Then the block's tiles are brought out. The slots of a buffer lie side by side; trip n takes slot n modulo depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from isamap.ir.binding import Binding
from isamap.ir.expression import Expression, Number, parse
from isamap.ir.loop_body import ModuloSchedule
from isamap.ir.program import Issue, Loop, Program, Wait
from isamap.ir.steady_state import SteadyState
from isamap.ir.workload import Workload
from isamap.lowering.awaited import Awaited, awaited
from isamap.lowering.operations import Emitter
from isamap.lowering.rotating import Rotating, rotating

_TRIP = "t"


def lower_pipelined(work: Workload, binding: Binding, steady: SteadyState, schedule: ModuloSchedule) -> Program:
    """The program of the whole einsum, ``work``'s only one, by trips that begin every interval.

    Raises Unsupported where blocks and trips do not cover the einsum evenly, or where what a trip brings in or out is
    not what changes with the loop.
    """
    places = rotating(work, binding, steady, schedule)
    extents, tile, block = binding.extents, dict(steady.tile), dict(steady.block)
    starts = [range(0, extents[x], extents[x] if x == steady.loop else tile[x] * block[x]) for x in extents]
    nodes: list[Loop | Issue] = []
    before: _Block | None = None
    for number, start in enumerate(product(*starts)):
        before = _Block(number, start, binding, steady, schedule, places, before)
        nodes += before.nodes()
    return Program(work.name, binding.target.name, work.tensors, work.inputs, work.outputs, tuple(nodes))


@dataclass
class _Block:
    """The rounds of one block of the output; ``before`` had the slots before it."""

    number: int
    start: tuple[int, ...]
    binding: Binding
    steady: SteadyState
    schedule: ModuloSchedule
    places: Rotating
    before: _Block | None
    taken_out: dict[str, list[Wait]] = field(default_factory=dict)  # output buffer -> those who read it last
    stored: dict[str, list[Wait]] = field(default_factory=dict)  # output buffer -> those who store it

    def __post_init__(self) -> None:
        axes, tile = list(self.binding.extents), dict(self.steady.tile)
        self.axis = axes.index(self.steady.loop)
        self.tile = [tile[x] for x in axes]
        self.trips = self.binding.extents[self.steady.loop] // tile[self.steady.loop]
        self.awaited: list[list[Awaited]] = awaited(self.steady.body, self.schedule)
        stage, body = self.schedule.stage, self.steady.body
        touched = [
            stage[writer] + depth
            for depth, buffer in zip(self.schedule.depth, body.buffers, strict=True)
            for writer in buffer.writers
        ]
        self.peeled = max([self.schedule.stages - 1, *touched, *(stage[o] + 1 for o in self.places.computations)])
        self.order = sorted(range(len(stage)), key=lambda o: (self.schedule.slot[o], o))

    def nodes(self) -> Iterator[Loop | Issue]:
        for now in range(self.trips + self.schedule.stages - 1):
            if self._looped(now):
                if now == self.peeled:
                    body = tuple(self._in_loop(o) for o in self.order)
                    yield Loop(_TRIP, self.trips - self.peeled, body)
                continue
            for o in self.order:
                trip = now - self.schedule.stage[o]
                if 0 <= trip < self.trips:
                    yield self._alone(o, trip)
        yield from self._out()

    def _looped(self, now: int) -> bool:
        return self.peeled <= now < self.trips

    def _label(self, operation: int, trip: int | None = None) -> str:
        return f"b{self.number}o{operation}" + ("" if trip is None else f"i{trip}")

    def _wait(self, one: Awaited, trip: int) -> Wait:
        """For an operation of a trip of this block, in the loop or beside it."""
        now = trip + self.schedule.stage[one.operation]
        if self._looped(now):
            return Wait(self._label(one.operation), one.event, (Number(now - self.peeled),))
        return Wait(self._label(one.operation, trip), one.event, ())

    def _alone(self, operation: int, trip: int) -> Issue:
        emit = self.places.first[operation] if trip == 0 else self.places.emitters[operation]
        slots = self.places.slots(operation, trip)
        waits = [self._wait(one, trip - one.trips) for one in self.awaited[operation] if trip >= one.trips]
        if self.before is not None:
            waits += self.before._left(operation, trip)
        return _issue(self._label(operation, trip), emit, _fixed(emit.origin(self._at(operation, trip), slots)), waits)

    def _in_loop(self, operation: int) -> Issue:
        """Waits name the rounds before; those of the first rounds, beside the loop, are awaited by every round."""
        waits = []
        for one in self.awaited[operation]:
            back = self.schedule.stage[operation] + one.trips - self.schedule.stage[one.operation]
            waits.append(Wait(self._label(one.operation), one.event, (parse(f"{_TRIP} - {back}" if back else _TRIP),)))
            first = self.peeled - self.schedule.stage[operation] - one.trips
            beside = range(first, first + min(back, self.trips - self.peeled))
            waits += [self._wait(one, trip) for trip in beside if trip >= 0]
        emit, first = self.places.emitters[operation], self.peeled - self.schedule.stage[operation]
        return _issue(self._label(operation), emit, self._moving(operation, first), waits)

    def _at(self, operation: int, trip: int) -> list[int]:
        """The start of its tile per axis."""
        inside = self.steady.tasks[operation].tile
        at = [start + n * size for start, n, size in zip(self.start, inside, self.tile, strict=True)]
        at[self.axis] += trip * self.tile[self.axis]
        return at

    def _moving(self, operation: int, first: int) -> list[Expression]:
        """The origins of trip ``first + t``: coordinates grow with the trip, addresses go round the slots."""
        emit, count = self.places.emitters[operation], len(self.places.slots(operation, 0))
        none = [0] * count
        base = emit.origin(self._at(operation, first), none)
        step = emit.origin(self._at(operation, first + 1), none)
        text = [f"{b} + {s - b} * {_TRIP}" if s != b else f"{b}" for b, s in zip(base, step, strict=True)]
        for n, depth in enumerate(self.places.depths(operation)):
            if depth > 1:
                other = emit.origin(self._at(operation, first), [int(m == n) for m in range(count)])
                for number, (b, o) in enumerate(zip(base, other, strict=True)):
                    if o != b:
                        turn = f"({_TRIP} + {first % depth}) % {depth}" if first % depth else f"{_TRIP} % {depth}"
                        text[number] = f"{b} + {o - b} * ({turn})"
        return [parse(one) for one in text]

    def _left(self, operation: int, trip: int) -> Iterator[Wait]:
        """What the next block's operation awaits of this one where it is the first to touch a slot or a tile."""
        for depth, buffer in zip(self.schedule.depth, self.steady.body.buffers, strict=True):
            if operation in buffer.writers and trip < min(depth, self.trips):
                last = trip + (self.trips - 1 - trip) // depth * depth
                yield from (self._wait(Awaited(reader, 0, "operands"), last) for reader, _ in buffer.readers)
        if trip == 0 and operation in self.places.opening:
            yield from self.taken_out[self.places.opening[operation]]

    def _out(self) -> Iterator[Issue]:
        """Every tile of the output on its way to the outermost memory."""
        for buffer, last in self.places.closing.items():
            ready, at = [self._wait(Awaited(last, 0, "result"), self.trips - 1)], self._at(last, 0)
            free = self.before.stored.get(buffer, []) if self.before else []
            label, out = self._label(last), self.places.out[buffer]
            if out.drain is not None:
                yield _issue(f"{label}drain", out.drain, _fixed(out.drain.origin(at, [0, 0])), [*ready, *free])
                self.taken_out[buffer] = [Wait(f"{label}drain", "operands", ())]
                ready = [Wait(f"{label}drain", "result", ())]
            parts = [f"{label}store{n}" for n in range(len(out.stores))]
            for part, emit in zip(parts, out.stores, strict=True):
                yield _issue(part, emit, _fixed(emit.origin(at, [0, 0])), ready)
            self.stored[buffer] = [Wait(part, "operands", ()) for part in parts]
            self.taken_out.setdefault(buffer, self.stored[buffer])


def _fixed(origin: Sequence[int]) -> list[Expression]:
    return [Number(value) for value in origin]


def _issue(label: str, emit: Emitter, origin: Sequence[Expression], waits: Sequence[Wait]) -> Issue:
    """An issue whose ``origin`` has the numbers of every view, one after another."""
    found, at = [], 0
    for count in emit.operation.origin_counts:
        found.append(tuple(origin[at : at + count]))
        at += count
    return Issue(label, emit.operation, tuple(found), tuple(dict.fromkeys(waits)))
