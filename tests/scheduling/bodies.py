"""Small bodies to schedule, by hand and at random."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from isamap.ir.hardware import Use
from isamap.scheduling.acyclic.body import Body, Computation, Piece, Stay, Tile
from isamap.scheduling.acyclic.symmetry import alike
from isamap.scheduling.tasks import Cost


def cost(queue: str, cycles: int, latency: int | None = None, occupancy: int | None = None, *uses: Use) -> Cost:
    """A task that keeps its queue for ``cycles``, and everything else as long where not said."""
    return Cost(queue, cycles, cycles if occupancy is None else occupancy, cycles if latency is None else latency, uses)


def body(
    pieces: list[Piece], tiles: list[Tile], computations: list[Computation], memory: int = 100, **other: object
) -> Body:
    """On a machine of one channel ``dma``, one unit ``alu`` and a memory ``spad``."""
    given: dict[str, object] = {
        "memories": (("spad", memory, 1),), "queues": (("dma", 1), ("alu", 1)), "resources": ()
    } | other  # fmt: skip
    return Body(tuple(pieces), tuple(tiles), tuple(computations), **given)  # type: ignore[arg-type]


def random_body(rng: Random) -> Body:
    """Two to four computations of a product over a grid of tiles, on a machine with little of everything."""
    sizes = {(2, 1, 1): 4, (1, 1, 2): 4, (3, 1, 1): 3, (1, 1, 3): 3, (2, 2, 1): 3, (2, 1, 2): 3}  # bytes of memory
    grid = rng.choices(list(sizes), [6, 6, 3, 3, 1, 1])[0]
    uniform, staged = rng.random() < 0.5, rng.random() < 0.25
    resources = (("bus", 2),) if rng.random() < 0.4 else ()

    def task(queue: str) -> Cost:
        uses = (Use("bus", rng.choice([None, 1])),) if resources and rng.random() < 0.6 else ()
        return cost(queue, rng.randint(1, 2), rng.randint(1, 3), rng.randint(1, 2), *uses)

    def stay(memory: str = "spad") -> Stay:
        size = rng.choice([1, 1, 1, 2])
        return Stay(memory, size, rng.choice([1, size]))

    loads, stays = {0: task("dma"), 1: task("dma")}, {0: stay(), 1: stay(), 2: stay("acc" if staged else "spad")}
    store, out, drain, enter = task("out"), stay(), task("move"), task("dma")
    first, more, enters = task("alu"), task("alu"), not staged and rng.random() < 0.3
    first = first if rng.random() < 0.5 and not enters else more
    points = list(product(*map(range, grid)))
    operands = [lambda m, n, k: ("A", m, k), lambda m, n, k: ("B", k, n)]
    operands = operands[: 1 if points[2:] else rng.choice([1, 2, 2])]
    names = list(dict.fromkeys(operand(*point) for point in points for operand in operands))
    pieces = []
    for name in names:
        which = int(name[0] == "B")
        load, lies = (loads[which], stays[which]) if uniform else (task("dma"), stay())
        pieces.append(Piece(lies, (load,)))
    tiles = [
        Tile(stays[2], (store,), (enter,) if enters else (), outward=out if staged else None,
             drain=drain if staged else None)
        for _ in range(grid[0] * grid[1])
    ]  # fmt: skip
    computations = [
        Computation(m * grid[1] + n, tuple(names.index(operand(m, n, k)) for operand in operands), first, more)
        for m, n, k in points
    ]
    given = Body(
        tuple(pieces), tuple(tiles), tuple(computations),
        (("spad", rng.randint(sizes[grid] - 1, sizes[grid]), 1), ("acc", rng.randint(1, 3), 1)),
        (("dma", rng.choice([1, 2])), ("alu", 1), ("out", 1), ("move", 1)), resources,
    )  # fmt: skip
    if rng.random() < 0.3:
        given = replace(given, tiles=tuple(replace(tile, ordered=True) for tile in given.tiles))
    again = tuple(replace(piece, copies=len(given.readers(p))) for p, piece in enumerate(given.pieces))
    given = replace(given, pieces=again)
    return replace(given, alike=alike(given, [(0, tuple((at, 1) for at in point)) for point in points]))


def horizon(given: Body) -> int:
    """No schedule that is worth anything takes longer: everything after everything else."""
    first = {("compute", c, 0, 0): computation.first for c, computation in enumerate(given.computations)}
    both = [(one, first.get(key, one)) for key, one in given.tasks()]
    return sum(max(c.interval, c.occupancy, c.latency) for ways in both for c in ways)


def random_pair(rng: Random) -> Body:
    """Two einsums: one or two tiles, each of a computation or two, and as many of another einsum made of them. They are
    stored and brought in again, or stay on chip, where they are computed or drained to."""
    how = rng.choice(["stored", "stored", "computed there", "drained there"])
    count, alone = rng.choice([1, 2, 2]), rng.random() < 0.5
    task = {q: cost(q, rng.randint(1, 2), rng.randint(1, 3), 1) for q in ("dma", "alu", "out", "move")}
    task["more"] = cost("alu", rng.randint(1, 2), rng.randint(1, 3), 1)
    byte, large = Stay("spad", 1, 1), Stay("spad", count, 1)
    whole = how != "stored"
    first = Tile(
        None if how == "computed there" else byte if how == "stored" else Stay("acc", 1, 1),
        () if whole else (task["out"],),
        drain=task["move"] if how == "drained there" else None,
        tensor=0 if whole else None,
    )
    tiles = [*[first] * count, *[Tile(byte, (task["out"],))] * count]
    pieces = [Piece(byte, (task["dma"],)) for _ in range(count)]
    computations = [Computation(t, (t,), task["alu"], task["more"]) for t in range(count)]
    if count == 1 and rng.random() < 0.7:
        computations.append(Computation(0, (0,), task["alu"], task["more"]))
    crossing = rng.random() < 0.5
    for t in range(count):
        met = (count - 1 - t if crossing else t,) if alone else tuple(range(count))
        if not whole:
            pieces.append(Piece(byte, (task["dma"],), tiles=met))
        read = () if whole else (len(pieces) - 1,)
        computations.append(Computation(count + t, read, task["alu"], task["alu"], met if whole else ()))
    given = Body(
        tuple(pieces), tuple(tiles), tuple(computations),
        (("spad", rng.randint(2, 3 + whole), 1), ("acc", rng.randint(1, 2), 1)),
        (("dma", 1), ("alu", 1), rng.choice([("out", 1), ("out", 2)]), ("move", 1)), (), (large,) if whole else (),
    )  # fmt: skip
    again = tuple(replace(piece, copies=len(given.readers(p))) for p, piece in enumerate(given.pieces))
    given = replace(given, pieces=again)
    domains = [(0, ((min(c, count - 1), 1), (c // count, 1))) for c in range(len(computations) - count)]
    domains += [(1, ((t, 1),)) for t in range(count)]
    return replace(given, alike=alike(given, domains))
