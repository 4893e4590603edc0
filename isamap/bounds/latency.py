"""Lower bounds on latency, by name: the greatest is the bound.

    units               points at the best rate of any instruction, on the units that can do them
    ragged tiles        the same where operands serve whole lanes only (``cover``)
    ports               what issues, and the moves that every result needs, take of ports and buses
    compulsory traffic  every input in and every output out once, on whatever all of it must pass
    forced traffic      what the size of the memories on chip adds to it (``forced``)
    forced fills        what the size of the accumulators adds to the units' work (``fills``)
    whole program       all of these demands, what must come before the first and after the last of each included
    critical path       one point of the longest chain of einsums (``chain``)

Demands add up on what they share, and none of them is ever too high: see ``demand``.
"""

from __future__ import annotations

from dataclasses import dataclass

from isamap.bounds.busiest import busiest
from isamap.bounds.chain import Link, links, reads_outermost
from isamap.bounds.compulsory import compulsory_bytes
from isamap.bounds.demand import (
    Demand,
    bytes_demand,
    moves_demand,
    moves_out,
    per_point,
    points_demand,
    results,
    ways_in,
    ways_out,
)
from isamap.bounds.fills import fills_bound_cycles
from isamap.bounds.forced import forced_bytes
from isamap.bounds.path import block_cycles, settled_cycles
from isamap.ir.hardware import Instruction, Target
from isamap.ir.workload import Workload


@dataclass(frozen=True)
class Bound:
    """``value`` cycles at least, for the reason ``name``; ``why`` says what binds."""

    name: str
    value: int
    why: str

    def __str__(self) -> str:
        return f"{self.name} {self.value:,} ({self.why})"


def latency_bounds(work: Workload, target: Target) -> tuple[Bound, ...]:
    """Every bound in cycles, in the order of the list above."""
    chain = links(work, target)
    points, ragged = (_points(work, chain, ragged=ragged) for ragged in (False, True))
    moves, carried, forced = _moves(work, chain, target), _compulsory(work, chain, target), _forced(work, target)
    fills = max(
        (fills_bound_cycles(work, einsum, link.ways, target) for einsum, link in zip(work.einsums, chain, strict=True)),
        default=(0, "nothing"),
    )
    longest = max(chain, key=lambda link: link.length_cycles)
    return (
        _bound("units", busiest(_bare(points), target, resources=False)),
        _bound("ragged tiles", busiest(_bare(ragged), target, resources=False)),
        _bound("ports", busiest(_bare([*ragged, *moves]), target)),
        _bound("compulsory traffic", busiest(_bare(carried), target)),
        _bound("forced traffic", busiest(_bare([*carried, *forced]), target)),
        _bound("forced fills", fills),
        _bound("whole program", busiest([*ragged, *moves, *carried, *forced], target)),
        Bound("critical path", longest.length_cycles, work.einsums[chain.index(longest)].statement),
    )


def latency_bound_cycles(work: Workload, target: Target) -> int:
    """The greatest of ``latency_bounds``."""
    return max(bound.value for bound in latency_bounds(work, target))


def unit_bound_cycles(work: Workload, target: Target) -> int:
    """The units' work alone, at the best rates."""
    return busiest(_bare(_points(work, links(work, target), ragged=False)), target, resources=False)[0]


def cycles_per_point(instruction: Instruction) -> float:
    """The fewest unit cycles per point of the instruction's domain."""
    return per_point(instruction, instruction.initiation_interval_cycles)


def _bound(name: str, load: tuple[int, str]) -> Bound:
    return Bound(name, load[0], load[1])


def _bare(demands: list[Demand]) -> list[Demand]:
    """Without what comes before and after, but for a tail below 0: results that come before their unit is free."""
    return [Demand(demand.ways, demand.least, 0, min(0, demand.tail_cycles)) for demand in demands]


def _points(work: Workload, chain: list[Link], *, ragged: bool) -> list[Demand]:
    """The points of every einsum that a unit must do."""
    return [
        points_demand(work, einsum, link.ways, ragged=ragged, lead=link.before_cycles, tail=link.tail_cycles)
        for einsum, link in zip(work.einsums, chain, strict=True)
        if link.ways and link.onward_cycles is not None
    ]


def _moves(work: Workload, chain: list[Link], target: Target) -> list[Demand]:
    """Every result's move out of where it grew."""
    found = []
    for einsum, link in zip(work.einsums, chain, strict=True):
        ways = moves_out(target, link.ways)
        if ways and link.onward_cycles is not None and len(einsum.outputs) == 1:
            tail = min(0, *(settled_cycles(way) or 0 for way in ways))
            found.append(moves_demand(results(einsum), ways, lead=link.before_cycles + link.latency_cycles, tail=tail))
    return found


def _compulsory(work: Workload, chain: list[Link], target: Target) -> list[Demand]:
    """Bytes in, each read by an issue after it has come; bytes out, none of them before an issue is complete."""
    if reads_outermost(target):
        return []
    first, last = ways_in(target), ways_out(target)
    begun, after = [], []
    for einsum, link in zip(work.einsums, chain, strict=True):
        if any(access.tensor in work.inputs for access in einsum.reads):
            after.append(0 if link.onward_cycles is None else link.latency_cycles + link.onward_cycles)
        if any(access.tensor in work.outputs for access in einsum.outputs):
            begun.append(link.before_cycles + link.latency_cycles)
    latency = min((block_cycles(transfer, target, None)[1] for transfer in first), default=0)
    bytes_in, bytes_out = compulsory_bytes(work)
    return [
        bytes_demand(bytes_in, first, target, tail=latency + min(after, default=0)),
        bytes_demand(bytes_out, last, target, lead=min(begun, default=0)),
    ]


def _forced(work: Workload, target: Target) -> list[Demand]:
    """Bytes beyond the compulsory ones, in or out."""
    more = forced_bytes(work, target) - sum(compulsory_bytes(work))
    return [bytes_demand(more, (*ways_in(target), *ways_out(target)), target)] if more > 0 else []
