"""The best latency of a small body by trying everything: every task at every moment, at every address."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from itertools import count, product

from isamap.scheduling.acyclic.body import Body, Stay
from isamap.scheduling.tasks import Cost

NEVER = 1 << 30


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
    stores = {("store", t) for t, tile in enumerate(given.tiles) if tile.stores}
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
    stored = [tile.stores[0] for tile in given.tiles if tile.stores]
    store = min(max(each.latency, each.occupancy) for each in stored)
    ways = [(c.first, c.more) for n, c in enumerate(given.computations) if ("compute", n) not in begun]
    turns = sorted(min(way.interval for way in both) for both in ways)
    there = {one.what for one in state.lies}
    wanted = [p for p in range(len(given.pieces)) if any(("compute", c) not in begun for c in given.readers(p))]
    loads = [given.pieces[p].loads[0] for p in wanted if ("piece", p) not in there]
    if not turns:
        return max(state.end_in, 0 if len([n for n in begun if n[0] == "store"]) == len(stored) else store)
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
        stored = {("store", t) for t in piece.tiles} <= done
        if stored and ("piece", p) not in there and any(("compute", c) not in begun for c in given.readers(p)):
            found += _start(given, state, None, piece.loads[0], writes=(("piece", p), piece.stay))
    for t, tile in enumerate(given.tiles):
        members = given.of_tile(t)
        mine = [c for c in members if ("compute", c) in begun]
        complete = {("compute", c) for c in members} <= done
        if tile.enters and ("enter", t) not in begun:
            found += _start(given, state, ("enter", t), tile.enters[0], writes=(("tile", t), tile.stay))
        idle = all(("compute", c) in done for c in mine) and (not tile.enters or ("enter", t) in done)
        for c in members if idle else ():
            if c in mine or (tile.ordered and c != members[len(mine)]):
                continue
            computation = given.computations[c]
            what = _grown(given, t, there) if not mine and not tile.enters else None
            task = computation.first if not mine else computation.more
            lying = [[one for one in state.lies if one.what == ("piece", p) and not one.arrives_in]
                     for p in computation.pieces]  # fmt: skip
            if all(_is_complete(given, tile, done) for tile in computation.tiles):
                for chosen in product(*lying):
                    gone = _read_last(given, c, state)
                    found += _start(given, state, ("compute", c), task, writes=what, reads=chosen, frees=gone)
        home = next((one for one in state.lies if one.what == ("tile", t)), None)
        if tile.drain is not None and complete and ("drain", t) not in begun and home is not None:
            into = (("out", t), tile.outward) if tile.outward is not None else _grown(given, t, there, drained=True)
            found += _start(given, state, ("drain", t), tile.drain, writes=into, frees=home)
        ready = complete if tile.drain is None else ("drain", t) in done
        if tile.stores and ready and ("store", t) not in begun:
            source = next(one for one in state.lies if one.what == (("tile" if tile.drain is None else "out"), t))
            for after in _start(given, state, ("store", t), tile.stores[0], frees=source):
                ends = max(tile.stores[0].latency, tile.stores[0].occupancy)
                found.append(replace(after, end_in=max(after.end_in, ends)))
    return [(0, state) for state in found]


def _is_complete(given: Body, tile: int, done: set[tuple[str, int]]) -> bool:
    """Is a tile there for others to read on chip?"""
    if given.tiles[tile].drain is not None:
        return ("drain", tile) in done
    return {("compute", c) for c in given.of_tile(tile)} <= done


def _grown(
    given: Body, t: int, there: set[tuple[str, int]], *, drained: bool = False
) -> tuple[tuple[str, int], Stay] | None:
    """What the first to write a tile puts into a memory: the tile, or the tensor that stays, if it is not yet there."""
    tile = given.tiles[t]
    if tile.tensor is None or (tile.stay is not None and not drained):
        assert tile.stay is not None
        return ("tile", t), tile.stay
    return None if ("tensor", tile.tensor) in there else (("tensor", tile.tensor), given.tensors[tile.tensor])


def _read_last(given: Body, c: int, state: State) -> Lies | None:
    """The tensor on chip that ``c`` is the last to read; its readers hold it equally long, one after the other."""
    begun = {name for name, _ in state.begun}
    for number in range(len(given.tensors)):
        mine = set(given.tiles_of(number))
        readers = {n for n, one in enumerate(given.computations) if mine & set(one.tiles)}
        if c in readers and all(("compute", n) in begun for n in readers - {c}):
            return next(one for one in state.lies if one.what == ("tensor", number))
    return None


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
