"""An einsum cut into given issues and pieces, scheduled as a whole: is there any schedule of fewer cycles?

The body of such a cut is read from a schedule of it on the same machine with memories without end, where the order of
loops plays no part. On the machine itself every piece may come in as often as it is read, in any order of issues, at
any address; only a tile of the output stays where it is until it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, prod

from isamap.cpsat import Outcome, Tell
from isamap.errors import Unsupported
from isamap.ir.answers import Level, Schedule, Sizes, Tiling, sizes
from isamap.ir.binding import Binding, bind
from isamap.ir.effort import Effort
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.scheduling.acyclic.reading import Reading, read
from isamap.scheduling.acyclic.written_down import model_hash
from isamap.scheduling.schedule import list_schedule

_ENDLESS = 1 << 12  # times the memory


@dataclass(frozen=True)
class Whole:
    """A cut of an einsum with its tasks; ``tiling`` spells the cut out as loops, outer to inner as they come."""

    tiling: Tiling
    binding: Binding
    target: Target
    reading: Reading

    @property
    def tasks(self) -> int:
        """Issues and transfers, each piece brought in once."""
        body = self.reading.body
        once = replace(body, pieces=tuple(replace(piece, copies=1) for piece in body.pieces))
        return sum(1 for _ in once.tasks())

    @property
    def model(self) -> str:
        """A hash of everything that the solver is given."""
        return model_hash(self.reading, self.binding)


@dataclass(frozen=True)
class Refined:
    """A schedule, if one was found, and how the search for it ended."""

    schedule: Schedule | None
    outcome: Outcome


def whole(work: Workload, binding: Binding, tile: Mapping[str, int], pieces: Mapping[str, Sizes]) -> Whole:
    """The tasks of ``binding`` in issues of ``tile`` whose inputs come in ``pieces``, by label.

    Raises Unsupported for what a body cannot say, and for pieces of two inputs that are cut differently along one axis:
    no tiling spells that out.
    """
    _refuse_unlike(binding, tile, pieces)
    target, endless = binding.target, _endless(binding.target)
    roomy = bind(work, binding.match, endless, binding.stored)
    tiling = _tiling(roomy, tile, pieces)
    reading = read(list_schedule([(roomy, tiling)], endless), [roomy], endless)
    body = replace(
        reading.body,
        memories=tuple((memory.name, memory.capacity_bytes, memory.banks) for memory in target.memories),
        pieces=tuple(replace(piece, copies=1) for piece in reading.body.pieces),
    )
    room = body.roomy()
    often = tuple(
        piece if piece.stay.memory in room else replace(piece, copies=len(body.readers(number)))
        for number, piece in enumerate(body.pieces)
    )
    return Whole(tiling, binding, target, replace(reading, body=replace(body, pieces=often), limit=None))


def _refuse_unlike(binding: Binding, tile: Mapping[str, int], pieces: Mapping[str, Sizes]) -> None:
    for axis in binding.extents:
        larger = {size for piece in pieces.values() for x, size in piece if x == axis and size > tile[x]}
        if len(larger) > 1:
            raise Unsupported("scheduling", f"pieces of {axis} {' and '.join(map(str, sorted(larger)))} in one cut")


def best_below(given: Whole, below: int, effort: Effort, bound: int, tell: Tell | None = None) -> Refined:
    """A schedule of fewer than ``below`` cycles, if there is one: ``infeasible`` says that there is none."""
    from isamap.scheduling.acyclic.answer import spell_out
    from isamap.scheduling.acyclic.solve import solve

    found = solve(given.reading.body, below - 1, effort, bound=bound, tell=tell)
    answer = None if found.plan is None else spell_out(given.reading, found.plan, given.target)
    return Refined(answer, found.outcome)


def _endless(target: Target) -> Target:
    """The machine with memories in which everything lies side by side; banks are as large as they were."""
    memories = tuple(
        replace(
            memory,
            capacity_bytes=memory.capacity_bytes * _ENDLESS,
            banks=memory.banks * _ENDLESS if memory.banks > 1 else memory.banks,
        )
        for memory in target.memories
    )
    return replace(target, memories=memories)


def _tiling(binding: Binding, tile: Mapping[str, int], pieces: Mapping[str, Sizes]) -> Tiling:
    """Every piece and every tile in a slot of its own."""
    extents, output = binding.extents, binding.output
    count = prod(ceil(extents[x] / tile[x]) for x in extents)
    block = {x: max(tile[x], *(dict(sizes).get(x, 1) for sizes in pieces.values()), 1) for x in extents}
    axes = (*binding.einsum.parallel_axes, *binding.einsum.reduction_axes)
    buffers = {role.label: count for role in binding.fetched}
    if output.route.staging is not None:
        buffers[output.label] = count
    landing = (*binding.fetched, output)[0].route.landing.name
    outer = Level(
        landing,
        sizes(block),
        tuple(x for x in axes if block[x] < extents[x]),
        sizes(buffers),
        tuple((role.label, pieces[role.label]) for role in binding.fetched),
        tuple((role.label, count) for role in binding.fetched),
    )
    inner = Level(
        output.route.memory.name,
        sizes(tile),
        tuple(x for x in axes if tile[x] < block[x]),
        ((output.label, count),),
        held=((output.label, count),),
    )
    return Tiling(binding.match, (outer, inner))
