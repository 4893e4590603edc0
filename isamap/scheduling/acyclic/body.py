"""A kernel small enough to schedule as a whole: its computations, and the pieces and output tiles that they touch.

A piece of an input is brought in by its loads and may be brought in again later (a *copy*). An output tile is opened
by its first computation, or given its value first, added to by the others, and brought out once: its one session. What
lies in an addressed memory for a while is a *stay*.

Einsums follow each other through their tiles: a piece of a tensor is brought in once the tiles that it overlaps are
stored, or the tensor stays on chip as a whole, where its tiles are computed or drained to and read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isamap.scheduling.tasks import Cost

Key = tuple[str, int, int, int]
"""A task of the body: ("load", piece, copy, part), ("compute", computation, 0, 0), or, with the tile, ("enter", tile,
0, part), ("fill", ..), ("drain", ..), ("store", tile, 0, part)."""
Where = tuple[str, int, int]
"""A stay: ("piece", piece, copy), ("home", tile, 0), ("in", tile, 0) on the way in, ("out", tile, 0) on the way out,
("tensor", tensor, 0)."""


@dataclass(frozen=True)
class Stay:
    """Bytes of a memory."""

    memory: str
    size_bytes: int
    alignment_bytes: int


@dataclass(frozen=True)
class Piece:
    """A part of an input, the loads that bring it in, how often it may be brought in, and the ``tiles`` of earlier
    einsums that it overlaps."""

    stay: Stay
    loads: tuple[Cost, ...]
    copies: int = 1
    tiles: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tile:
    """A part of an output. Without staging, it enters and is stored where it is computed; with it, it is filled from
    ``inward`` and drained to ``outward``. A tile of a ``tensor`` that stays on chip is never stored: it is drained to
    its place there, or (no ``stay`` of its own) computed there. ``ordered``: its computations keep their order, because
    their sum depends on it."""

    stay: Stay | None
    stores: tuple[Cost, ...]
    enters: tuple[Cost, ...] = ()
    inward: Stay | None = None
    fill: Cost | None = None
    outward: Stay | None = None
    drain: Cost | None = None
    tensor: int | None = None
    ordered: bool = False


@dataclass(frozen=True)
class Computation:
    """Adds to a tile what follows from pieces, and from ``tiles`` of earlier einsums that it reads where they stay; as
    the ``first`` of its tile it may cost something else."""

    tile: int
    pieces: tuple[int, ...]
    first: Cost
    more: Cost
    tiles: tuple[int, ...] = ()


@dataclass(frozen=True)
class Body:
    """What is to be scheduled and on what. ``memories`` are (name, bytes, banks), ``queues`` (name, servers),
    ``resources`` (name, bytes per cycle); ``tensors`` are those that stay on chip.

    ``alike`` lists chains of groups of computations that may change places, all of a group with all of another, without
    anything else changing.
    """

    pieces: tuple[Piece, ...]
    tiles: tuple[Tile, ...]
    computations: tuple[Computation, ...]
    memories: tuple[tuple[str, int, int], ...]
    queues: tuple[tuple[str, int], ...]
    resources: tuple[tuple[str, int], ...]
    tensors: tuple[Stay, ...] = ()
    alike: tuple[tuple[tuple[int, ...], ...], ...] = ()

    def of_tile(self, tile: int) -> list[int]:
        """The computations of a tile, in the order in which they were given."""
        return [n for n, computation in enumerate(self.computations) if computation.tile == tile]

    def tiles_of(self, tensor: int) -> list[int]:
        return [n for n, tile in enumerate(self.tiles) if tile.tensor == tensor]

    def readers(self, piece: int) -> list[int]:
        return [n for n, computation in enumerate(self.computations) if piece in computation.pieces]

    def stays(self) -> Iterator[tuple[Where, Stay]]:
        """Everything that lies somewhere, every copy of a piece included."""
        for p, piece in enumerate(self.pieces):
            yield from ((("piece", p, copy), piece.stay) for copy in range(piece.copies))
        yield from ((("tensor", n, 0), stay) for n, stay in enumerate(self.tensors))
        for t, tile in enumerate(self.tiles):
            if tile.stay is not None:
                yield ("home", t, 0), tile.stay
            if tile.inward is not None:
                yield ("in", t, 0), tile.inward
            if tile.outward is not None:
                yield ("out", t, 0), tile.outward

    def roomy(self) -> dict[str, int]:
        """The memories in which everything fits side by side, every piece once, with the bytes that this takes: there
        nothing ever makes room for anything else."""
        taken = dict.fromkeys((name for name, _, _ in self.memories), 0)
        for (kind, _, copy), stay in self.stays():
            if kind != "piece" or copy == 0:
                taken[stay.memory] += -(-stay.size_bytes // stay.alignment_bytes) * stay.alignment_bytes
        return {name: taken[name] for name, size, _ in self.memories if taken[name] <= size}

    def tasks(self) -> Iterator[tuple[Key, Cost]]:
        """Every task with its cost; computations at the cost of those that are not the first of their tile."""
        for p, piece in enumerate(self.pieces):
            for copy in range(piece.copies):
                yield from ((("load", p, copy, part), cost) for part, cost in enumerate(piece.loads))
        for c, computation in enumerate(self.computations):
            yield ("compute", c, 0, 0), computation.more
        for t, tile in enumerate(self.tiles):
            yield from ((("enter", t, 0, part), cost) for part, cost in enumerate(tile.enters))
            for name, cost in (("fill", tile.fill), ("drain", tile.drain)):
                if cost is not None:
                    yield (name, t, 0, 0), cost
            yield from ((("store", t, 0, part), cost) for part, cost in enumerate(tile.stores))


@dataclass(frozen=True)
class Plan:
    """A schedule of a body: the start of every task that takes place, which copy of a piece each computation reads, and
    the address of every stay."""

    start: dict[Key, int]
    reads: dict[tuple[int, int], int]
    address: dict[Where, int]
    latency_cycles: int

    def first(self, body: Body, tile: int) -> int:
        """The computation that opens a tile."""
        return min(body.of_tile(tile), key=lambda c: (self.start["compute", c, 0, 0], c))


def writers(body: Body, where: Where) -> Iterator[Key]:
    """Who writes to a stay first, or may be the one who does."""
    kind, n, copy = where
    if kind == "piece":
        yield from (("load", n, copy, part) for part in range(len(body.pieces[n].loads)))
        return
    if kind == "tensor":
        for t in body.tiles_of(n):
            drained = body.tiles[t].drain is not None
            yield from [("drain", t, 0, 0)] if drained else [("compute", c, 0, 0) for c in body.of_tile(t)]
        return
    tile = body.tiles[n]
    if kind == "out":
        yield "drain", n, 0, 0
    elif kind == "home" and tile.fill is not None:
        yield "fill", n, 0, 0
    elif tile.enters:
        yield from (("enter", n, 0, part) for part in range(len(tile.enters)))
    else:
        yield from (("compute", c, 0, 0) for c in body.of_tile(n))


def readers(body: Body, where: Where) -> Iterator[Key]:
    """Who reads a stay last, or may be the one who does."""
    kind, n, _ = where
    if kind == "piece":
        yield from (("compute", c, 0, 0) for c in body.readers(n))
    elif kind == "tensor":
        mine = set(body.tiles_of(n))
        yield from (("compute", c, 0, 0) for c, one in enumerate(body.computations) if mine & set(one.tiles))
    elif kind == "in":
        yield "fill", n, 0, 0
    elif kind == "home" and body.tiles[n].drain is not None:
        yield "drain", n, 0, 0
    else:
        yield from (("store", n, 0, part) for part in range(len(body.tiles[n].stores)))
