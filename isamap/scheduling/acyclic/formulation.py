"""Formulation: time, residency and addresses of a small body together (CP-SAT).

Sets        C computations;  P pieces with copies r;  T output tiles;  S stays;  Q queues;  R resources;  M memories
Given       every task's queue, interval, occupancy, latency and resources;  bytes and alignment of every stay
            horizon: an end known to be possible (or safe);  bound: an end below which there is none
Variables   start[task] in 0 .. horizon;  present[p, r]: copy r is brought in;  reads[c, p, r]: c reads it
            first[c]: c opens its tile;  begin, end, address of a stay in a memory that is short;  latency
Rules       use         c reads one copy of each of its pieces, one that is brought in;  what is brought in is read
            fetch       c starts after the results of all loads of the copies that it reads
            open        c starts after its tile has entered;  a tile is filled after its entry
            add         the computations of a tile come one after the other, one of them first, in order where it counts
            close       a tile is drained, and stored, after the results of what came before
            through     a piece is brought in after the stores of the tiles that it overlaps
            pass        c starts after the tiles that it reads on chip are complete: drained where there is a drain
            stay        a stay begins with its first writer and ends when its last reader lets go of its operands
            queue       a queue has so many tasks at a time as it has servers
            resource    ports and buses are held whole by one, or in shares that never add up to more than there is
            bank        tasks on output tiles in one bank come one after the other
            bytes       stays that share bytes do not share cycles
            latency     the last store's result ends it all
  redundant capacity    stays of one moment never take more than the memory has
            bound       latency >= bound
            copies      copy r + 1 is brought in only where r is, and later
            alike       of groups that may change places, one begins first
Objective   minimise latency

A memory in which everything fits side by side is not short: nothing is brought in twice or makes room there. The order
of computations is free, also over a reduction; addresses are counted in units of which all sizes and alignments are
multiples, which loses nothing: whatever fits, fits moved down until it lies on something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from isamap.scheduling.acyclic.body import Body, Key, Where, readers, writers
from isamap.scheduling.acyclic.variables import Model, cycles, only, spans, variables


def use(given: Model) -> None:
    for c, computation in enumerate(given.body.computations):
        for p in computation.pieces:
            copies = range(given.body.pieces[p].copies)
            given.model.add_exactly_one(given.reads[c, p, r] for r in copies)
            for r in copies:
                given.model.add_implication(given.reads[c, p, r], given.present[p, r])
    for (p, r), present in given.present.items():
        readers = [given.reads[c, p, r] for c in given.body.readers(p)]
        given.model.add_bool_or(readers).only_enforce_if(present)


def fetch(given: Model) -> None:
    for (c, p, r), reads in given.reads.items():
        for part, cost in enumerate(given.body.pieces[p].loads):
            arrived = given.start("load", p, r, part) + cost.latency
            given.model.add(given.start("compute", c) >= arrived).only_enforce_if(reads)


def open_(given: Model) -> None:
    for t, tile in enumerate(given.body.tiles):
        entered = [given.start("enter", t, 0, part) + cost.latency for part, cost in enumerate(tile.enters)]
        if tile.fill is not None:
            for end in entered:
                given.model.add(given.start("fill", t) >= end)
            entered = [given.start("fill", t) + tile.fill.latency]
        for c in given.body.of_tile(t):
            for end in entered:
                given.model.add(given.start("compute", c) >= end)


def add(given: Model) -> None:
    for t in range(len(given.body.tiles)):
        members = given.body.of_tile(t)
        given.model.add_exactly_one(given.first[c] for c in members)
        for c in members:
            for other in members:
                if other != c:
                    begun = given.start("compute", c) <= given.start("compute", other)
                    given.model.add(begun).only_enforce_if(given.first[c])
        given.model.add_no_overlap(spans(given, [given.tasks["compute", c, 0, 0] for c in members], "latency"))
        if given.body.tiles[t].ordered:
            for c, following in pairwise(members):
                given.model.add(given.start("compute", c) <= given.start("compute", following))
            given.model.add(given.first[members[0]] == 1)


def close(given: Model) -> None:
    for t, tile in enumerate(given.body.tiles):
        out = [("drain", t, 0, 0)] if tile.drain is not None else [("store", t, 0, n) for n in range(len(tile.stores))]
        for c in given.body.of_tile(t):
            for literal, cost in given.tasks["compute", c, 0, 0].ways:
                for key in out:
                    only(given.model.add(given.start(*key) >= given.start("compute", c) + cost.latency), literal)
        for part in range(len(tile.stores)) if tile.drain is not None else ():
            assert tile.drain is not None
            given.model.add(given.start("store", t, 0, part) >= given.start("drain", t) + tile.drain.latency)


def through(given: Model) -> None:
    for (p, r), present in given.present.items():
        for t in given.body.pieces[p].tiles:
            for n, cost in enumerate(given.body.tiles[t].stores):
                stored = given.start("store", t, 0, n) + cost.latency
                for part in range(len(given.body.pieces[p].loads)):
                    given.model.add(given.start("load", p, r, part) >= stored).only_enforce_if(present)


def pass_(given: Model) -> None:
    for c, computation in enumerate(given.body.computations):
        for t in computation.tiles:
            drained = given.body.tiles[t].drain is not None
            for key in [("drain", t, 0, 0)] if drained else [("compute", b, 0, 0) for b in given.body.of_tile(t)]:
                for literal, cost in given.tasks[key].ways:
                    only(given.model.add(given.start("compute", c) >= given.start(*key) + cost.latency), literal)


def stay(given: Model) -> None:
    for where, lying in given.lying.items():
        given.model.add(lying.begin + lying.length == lying.end)
        for key in writers(given.body, where):
            given.model.add(lying.begin <= given.start(*key))
        for key in readers(given.body, where):
            reads = given.reads[key[1], where[1], where[2]] if where[0] == "piece" else None
            for way, cost in given.tasks[key].ways:
                only(given.model.add(lying.end >= given.start(*key) + cost.occupancy), reads, way)


def queue(given: Model) -> None:
    for name, count in given.body.queues:
        members = [timed for timed in given.tasks.values() if timed.ways[0][1].queue == name]
        held = spans(given, members, "interval")
        if count == 1:
            given.model.add_no_overlap(held)
        else:
            given.model.add_cumulative(held, [1] * len(held), count)


def resource(given: Model) -> None:
    for name, rate in given.body.resources:
        held: list[Any] = []
        shares: list[int] = []
        for timed in given.tasks.values():
            for way in timed.ways:
                for used in way[1].uses if way[1].occupancy else ():
                    if used.resource == name:
                        held += spans(given, [replace(timed, ways=(way,))], "occupancy")
                        shares.append(rate if used.bytes_per_cycle is None else used.bytes_per_cycle)
        if all(share == rate for share in shares):
            given.model.add_no_overlap(held)
        else:
            given.model.add_cumulative(held, shares, rate)


def bank(given: Model) -> None:
    for name, size, banks in given.body.memories:
        held: dict[Where, list[Any]] = {}
        for key, timed in given.tasks.items():
            home = _home(given.body, key)
            lies = None if home is None else given.body.tiles[home[1]].stay
            if banks > 1 and home is not None and lies is not None and lies.memory == name:
                held.setdefault(home, []).extend(spans(given, [timed], "occupancy"))
        if set(held) <= set(given.lying):
            places = [
                given.model.new_fixed_size_interval_var(one.place * one.step, size // banks // one.unit, "")
                for one in (given.lying[home] for home, times in held.items() for _ in times)
            ]
            given.model.add_no_overlap_2d([time for times in held.values() for time in times], places)
        else:  # room for everything: each tile has a bank of its own
            for times in held.values():
                given.model.add_no_overlap(times)


def _home(body: Body, key: Key) -> Where | None:
    """The stay of the output tile that a computation, fill or drain works on."""
    if key[0] == "compute":
        return "home", body.computations[key[1]].tile, 0
    return ("home", key[1], 0) if key[0] in ("fill", "drain") else None


def bytes_(given: Model) -> None:
    for name, size, _ in given.body.memories:
        lying = [one for one in given.lying.values() if one.stay.memory == name]
        if lying:
            places = [
                given.model.new_fixed_size_interval_var(one.place * one.step, one.stay.size_bytes // one.unit, "")
                for one in lying
            ]
            given.model.add_no_overlap_2d([cycles(given, one) for one in lying], places)
            for one in lying:
                only(given.model.add(one.place * one.stay.alignment_bytes + one.stay.size_bytes <= size), one.present)


def capacity(given: Model) -> None:
    for name, size, _ in given.body.memories:
        lying = [one for one in given.lying.values() if one.stay.memory == name]
        if lying:
            unit = lying[0].unit
            taken = [one.stay.size_bytes // unit for one in lying]
            given.model.add_cumulative([cycles(given, one) for one in lying], taken, size // unit)


def latency(given: Model) -> None:
    for timed in given.tasks.values():
        if timed.key[0] == "store":
            cost = timed.ways[0][1]
            given.model.add(given.latency >= timed.start + max(cost.latency, cost.occupancy))


def bound(given: Model) -> None:
    given.model.add(given.latency >= given.bound)


def copies(given: Model) -> None:
    for p, piece in enumerate(given.body.pieces):
        for r in range(piece.copies - 1):
            given.model.add_implication(given.present[p, r + 1], given.present[p, r])
            later = given.start("load", p, r + 1) >= given.start("load", p, r)
            given.model.add(later).only_enforce_if(given.present[p, r + 1])


def alike(given: Model) -> None:
    for n, chain in enumerate(given.body.alike):
        for g, group in enumerate(chain):
            given.model.add_min_equality(given.opening[n, g], [given.start("compute", c) for c in group])
            if g:
                given.model.add(given.opening[n, g - 1] <= given.opening[n, g])


RULES: dict[str, Callable[[Model], None]] = {
    "use": use,
    "fetch": fetch,
    "open": open_,
    "add": add,
    "close": close,
    "through": through,
    "pass": pass_,
    "stay": stay,
    "queue": queue,
    "resource": resource,
    "bank": bank,
    "bytes": bytes_,
    "latency": latency,
    "capacity": capacity,
    "bound": bound,
    "copies": copies,
    "alike": alike,
}


def formulate(body: Body, horizon: int, bound: int = 0, without: Iterable[str] = ()) -> Model:
    """The model with all rules but those left out."""
    given = variables(body, horizon, bound)
    left_out = frozenset(without)
    for label, rule in RULES.items():
        if label not in left_out:
            rule(given)
    given.model.minimize(given.latency)
    return given
