"""Small bodies to schedule, by hand and at random, and their best latency by trying everything."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from itertools import count, product
from random import Random

from isamap.ir.hardware import Use
from isamap.scheduling.acyclic.body import Body, Computation, Piece, Stay, Tile
from isamap.scheduling.acyclic.symmetry import alike
from isamap.scheduling.tasks import Cost

NEVER = 1 << 30


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
        (("dma", rng.choice([1, 2])), ("alu", 1), ("out", 1), ("move", 1)), resources, rng.random() < 0.3,
    )  # fmt: skip
    again = tuple(replace(piece, copies=len(given.readers(p))) for p, piece in enumerate(given.pieces))
    given = replace(given, pieces=again)
    return replace(given, alike=alike(given, [tuple((at, 1) for at in point) for point in points]))


def horizon(given: Body) -> int:
    """No schedule that is worth anything takes longer: everything after everything else."""
    first = {("compute", c, 0, 0): computation.first for c, computation in enumerate(given.computations)}
    both = [(one, first.get(key, one)) for key, one in given.tasks()]
    return sum(max(c.interval, c.occupancy, c.latency) for ways in both for c in ways)


@dataclass(frozen=True)
class Lies:
    """Something in a memory: what, where, cycles until it has arrived, cycles until it may be overwritten."""

    what: tuple[str, int]
    memory: str
    at: int
    size: int
    arrives_in: int
    held_for: int


@dataclass(frozen=True)
class State:
    """A moment: cycles until the results of the tasks begun, what the queues and resources are busy with, what lies
    in the memories. Times count from now."""

    begun: tuple[tuple[tuple[str, int], int], ...]
    servers: tuple[tuple[str, int], ...]
    held: tuple[tuple[str, int, int], ...]
    lies: frozenset[Lies]
    end_in: int


class TooManyStates(Exception):
    """Trying everything would take too long for a test."""


def least_latency(given: Body, most_states: int) -> int | None:
    """The least latency, found by trying every task at every moment at which something ends, at every address."""
    fresh, best = count(), {State((), (), (), frozenset(), 0): 0}
    heap = [(0, next(fresh), 0, next(iter(best)))]
    stores = {("store", t) for t in range(len(given.tiles))}
    ends: int | None = None
    while heap:
        least, _, now, state = heapq.heappop(heap)
        if ends is not None and least >= ends:
            return ends
        if best[state] < now:
            continue
        if len(best) > most_states:
            raise TooManyStates
        if stores <= {name for name, _ in state.begun}:
            total = now + state.end_in
            ends = total if ends is None else min(ends, total)
            continue
        for following in (*_starts(given, state), *_later(state)):
            step, after = following
            if now + step < best.get(after, NEVER):
                best[after] = now + step
                heapq.heappush(heap, (now + step + _left(given, after), next(fresh), now + step, after))
    return ends


def _left(given: Body, state: State) -> int:
    """No fewer cycles are left: what has not begun takes its turn on the unit, then a store follows."""
    begun = {name for name, _ in state.begun}
    store = min(max(tile.stores[0].latency, tile.stores[0].occupancy) for tile in given.tiles)
    ways = [(c.first, c.more) for n, c in enumerate(given.computations) if ("compute", n) not in begun]
    turns = sorted(min(way.interval for way in both) for both in ways)
    there = {one.what for one in state.lies}
    wanted = [p for p in range(len(given.pieces)) if any(("compute", c) not in begun for c in given.readers(p))]
    loads = [given.pieces[p].loads[0] for p in wanted if ("piece", p) not in there]
    if not turns:
        return max(state.end_in, 0 if len([n for n in begun if n[0] == "store"]) == len(given.tiles) else store)
    last = min(way.latency for both in ways for way in both) + store
    least = sum(turns[:-1]) + last
    if loads:
        before = sorted(load.interval for load in loads)[:-1]
        least = max(least, -(-sum(before) // dict(given.queues)["dma"]) + min(load.latency for load in loads) + last)
    return least


def _later(state: State) -> list[tuple[int, State]]:
    """The next moment at which something ends."""
    waiting = [left for _, left in state.begun] + [left for _, left in state.servers]
    waiting += [left for _, _, left in state.held]
    waiting += [left for one in state.lies for left in (one.arrives_in, one.held_for)]
    step = min((left for left in waiting if 0 < left < NEVER), default=0)
    if not step:
        return []

    def less(left: int) -> int:
        return left if left == NEVER else max(0, left - step)

    lies = [replace(one, arrives_in=less(one.arrives_in), held_for=less(one.held_for)) for one in state.lies]
    return [(step, State(
        tuple((name, less(left)) for name, left in state.begun),
        tuple((queue, left - step) for queue, left in state.servers if left > step),
        tuple((name, amount, left - step) for name, amount, left in state.held if left > step),
        frozenset(one for one in lies if one.what[0] != "gone" or one.held_for),
        less(state.end_in),
    ))]  # fmt: skip


def _starts(given: Body, state: State) -> list[tuple[int, State]]:
    """Everything that may start now."""
    begun, found = dict(state.begun), list[State]()
    done = {name for name, left in state.begun if not left}
    there = {one.what for one in state.lies}
    for p, piece in enumerate(given.pieces):  # nothing is brought in where it is already
        if ("piece", p) not in there and any(("compute", c) not in begun for c in given.readers(p)):
            found += _start(given, state, None, piece.loads[0], writes=(("piece", p), piece.stay))
    for t, tile in enumerate(given.tiles):
        members = given.of_tile(t)
        mine = [c for c in members if ("compute", c) in begun]
        complete = {("compute", c) for c in members} <= done
        if tile.enters and ("enter", t) not in begun:
            found += _start(given, state, ("enter", t), tile.enters[0], writes=(("tile", t), tile.stay))
        idle = all(("compute", c) in done for c in mine) and (not tile.enters or ("enter", t) in done)
        for c in members if idle else ():
            if c in mine or (given.ordered and c != members[len(mine)]):
                continue
            computation = given.computations[c]
            what = (("tile", t), tile.stay) if not mine and not tile.enters else None
            task = computation.first if not mine else computation.more
            lying = [[one for one in state.lies if one.what == ("piece", p) and not one.arrives_in]
                     for p in computation.pieces]  # fmt: skip
            for chosen in product(*lying):
                found += _start(given, state, ("compute", c), task, writes=what, reads=chosen)
        home = next((one for one in state.lies if one.what == ("tile", t)), None)
        if tile.drain is not None and complete and ("drain", t) not in begun and home is not None:
            assert tile.outward is not None
            what = (("out", t), tile.outward)
            found += _start(given, state, ("drain", t), tile.drain, writes=what, frees=home)
        ready = complete if tile.drain is None else ("drain", t) in done
        if ready and ("store", t) not in begun:
            source = next(one for one in state.lies if one.what == (("tile" if tile.drain is None else "out"), t))
            for after in _start(given, state, ("store", t), tile.stores[0], frees=source):
                ends = max(tile.stores[0].latency, tile.stores[0].occupancy)
                found.append(replace(after, end_in=max(after.end_in, ends)))
    return [(0, state) for state in found]


def _start(
    given: Body,
    state: State,
    name: tuple[str, int] | None,
    task: Cost,
    writes: tuple[tuple[str, int], Stay] | None = None,
    reads: tuple[Lies, ...] = (),
    frees: Lies | None = None,
) -> list[State]:
    """The states after a task's start, one per address; none where its queue or a resource is not free."""
    rates = dict(given.resources)
    wanted = [(u.resource, rates[u.resource] if u.bytes_per_cycle is None else u.bytes_per_cycle) for u in task.uses]
    if sum(queue == task.queue for queue, _ in state.servers) >= dict(given.queues)[task.queue]:
        return []
    for resource, amount in wanted:
        if sum(a for r, a, _ in state.held if r == resource) + amount > rates[resource]:
            return []
    lies = set(state.lies)
    for one in reads:
        lies.remove(one)
        lies.add(replace(one, held_for=max(one.held_for, task.occupancy)))
    if frees is not None:
        lies.remove(frees)
        lies.add(replace(frees, what=("gone", 0), held_for=task.occupancy, arrives_in=0))
    after = State(
        tuple(sorted((*state.begun, (name, task.latency)))) if name is not None else state.begun,
        tuple(sorted((*state.servers, (task.queue, task.interval)))),
        tuple(sorted((*state.held, *((r, amount, task.occupancy) for r, amount in wanted)))),
        frozenset(lies),
        state.end_in,
    )
    if writes is None:
        return [after]
    what, stay = writes
    size = next(size for memory, size, _ in given.memories if memory == stay.memory)
    found = []
    for at in range(0, size - stay.size_bytes + 1, stay.alignment_bytes):
        below = [one for one in lies if one.memory == stay.memory and one.at < at + stay.size_bytes
                 and at < one.at + one.size]  # fmt: skip
        if not any(one.arrives_in or one.held_for for one in below):
            held = 0 if what[0] == "piece" else NEVER
            new = Lies(what, stay.memory, at, stay.size_bytes, task.latency, held)
            found.append(replace(after, lies=frozenset({*(lies - set(below)), new})))
    return found
