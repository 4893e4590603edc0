"""Einsums cut into given issues and pieces, scheduled as a whole: is there any schedule of fewer cycles?

The body of such cuts is read from a schedule of them on the same machine with memories without end, where the order of
loops plays no part. On the machine itself every piece may come in as often as it is read, in any order of the issues of
all einsums, at any address; only a tile of an output stays where it is until it is complete, and a tensor that stays on
chip from its first writer to its last reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


Cut = tuple[Binding, Mapping[str, int], Mapping[str, Sizes]]
"""How an einsum is cut: its binding, the tile of one issue, and the pieces of its inputs by label."""


@dataclass(frozen=True)
class Whole:
    """A cut of every einsum with their tasks; ``parts`` spell them out as loops, outer to inner as they come."""

    parts: tuple[tuple[Binding, Tiling], ...]
    target: Target
    reading: Reading

    @property
    def tasks(self) -> int:
        """Issues and transfers, each piece brought in once."""
        body = self.reading.body
        once = replace(body, pieces=tuple(replace(piece, copies=1) for piece in body.pieces))
        return sum(1 for _ in once.tasks())

    @property
    def anyhow(self) -> Whole:
        """With tensors that stay on chip taking no bytes there: no schedule in which they pass in any way, in strips
        too, takes less than the best of these."""
        return replace(self, reading=replace(self.reading, body=replace(self.reading.body, tensors=())))

    @property
    def is_possible(self) -> bool:
        """Has every tensor its bytes?"""
        return bool(self.reading.body.tensors) or not self.reading.staying

    @property
    def model(self) -> str:
        """A hash of everything that the solver is given."""
        return model_hash(self.reading)


@dataclass(frozen=True)
class Refined:
    """A schedule, if one was found, and how the search for it ended."""

    schedule: Schedule | None
    outcome: Outcome


def whole(work: Workload, cuts: Sequence[Cut]) -> Whole:
    """The tasks of ``cuts``, one for every einsum that an instruction does, in the order of the workload.

    Raises Unsupported for what a body cannot say, and for pieces of two inputs that are cut differently along one axis:
    no tiling spells that out.
    """
    target = cuts[0][0].target
    endless = _endless(target)
    roomy: list[tuple[Binding, Tiling]] = []
    homes = {role.tensor.name: role.home.home for binding, *_ in cuts for role in binding.roles if role.home}
    for binding, tile, pieces in cuts:
        _refuse_unlike(binding, tile, pieces)
        same = bind(work, binding.match, _endless(binding.target), binding.stored, homes)
        roomy.append((same, _tiling(same, tile, pieces)))
    reading = read(list_schedule(roomy, endless), [binding for binding, _ in roomy], endless)
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
    parts = tuple((cut[0], tiling) for cut, (_, tiling) in zip(cuts, roomy, strict=True))
    return Whole(parts, target, replace(reading, body=replace(body, pieces=often), limit=None))


def _refuse_unlike(binding: Binding, tile: Mapping[str, int], pieces: Mapping[str, Sizes]) -> None:
    for axis in binding.extents:
        larger = {size for piece in pieces.values() for x, size in piece if x == axis and size > tile[x]}
        if len(larger) > 1:
            raise Unsupported("scheduling", f"pieces of {axis} {' and '.join(map(str, sorted(larger)))} in one cut")


def best_below(given: Whole, below: int, effort: Effort, bound: int, tell: Tell | None = None) -> Refined:
    """A schedule of fewer than ``below`` cycles, if there is one: ``infeasible`` says that there is none. None is given
    where tensors have no bytes."""
    from isamap.scheduling.acyclic.answer import spell_out
    from isamap.scheduling.acyclic.solve import solve

    found = solve(given.reading.body, below - 1, effort, bound=bound, tell=tell)
    if found.plan is None or not given.is_possible:
        return Refined(None, found.outcome)
    return Refined(spell_out(given.reading, found.plan, given.target), found.outcome)


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
    if output.route.staging is not None and output.home is None:
        buffers[output.label] = count
    staying = {r.label: sizes({x: extents[x] for x in r.access.axes}) for r in binding.roles if r.home is not None}
    in_place = output.home is not None and output.route.staging is None
    buffers |= {label: 1 for label in staying if not (in_place and label == output.label)}
    landing = (*binding.fetched, output)[0].route.landing.name
    outer = Level(
        landing,
        sizes(block),
        tuple(x for x in axes if block[x] < extents[x]),
        sizes(buffers),
        (*((role.label, pieces[role.label]) for role in binding.fetched), *staying.items()),
        tuple((role.label, count) for role in binding.fetched),
    )
    slots = 1 if in_place else count
    inner = Level(
        output.route.memory.name,
        sizes(tile),
        tuple(x for x in axes if tile[x] < block[x]),
        ((output.label, slots),),
        held=((output.label, slots),),
    )
    return Tiling(binding.match, (outer, inner))
