"""Formulation: sizes, order, holds and buffers of a nest of two levels, all together (CP-SAT).

Sets        X axes longer than 1;  I inputs;  R axes that are summed over
            H holders: I, the sums still being added to, and the accumulators where the machine drains them
            two loops per axis: blocks (outer) around tiles (inner)
Given       extents;  the shapes of an axis (``shapes``);  prices (``price``);  capacities, queues and resources
Variables   tile, multiple (tiles per block), tiles, blocks [x]
            inner, outer [h, x]: h keeps what it has while this loop runs; wider[h, g]: g does for all loops that h does
            again[h, x]: how often x brings h's pieces in;  kept[h, x]: how many pieces of h lie along x
            fetched, held, buffers [h];  whole[h]: all of h is held
            spare: pieces are loaded ahead;  parted: sums leave before they are complete
            inner, outer [run of i, x]: loops for which one piece of i is used on end;  passes[i] over what is held
            chain: cycles of the computations and of what they share their ports with;  latency, energy, traffic
Rules       cut         tile, multiple, tiles and blocks of an axis are those of one of its shapes
            range       the tiles of fused axes lie within the instruction's range, ragged ones too
            blocks      who keeps pieces across a block loop keeps them across all tile loops
            order       of two holders one keeps its pieces across all loops that the other does: there is one order
            again       an axis that is not h's brings its pieces in again with every tile, or every block, or never
            kept        of h's axes those tiles, or all, are kept that the loops inside of the hold touch
            sums        sums are kept until they are complete: in their slots, or in places to which they are drained
            runs        a run lies inside of the hold and steps through no pieces; the hold's other loops are passes
            pieces      elements of a tensor's pieces: the product of what its groups reach; their slots and prices
            buffers     what is held; where pieces are loaded ahead up to as many again, unless none are left to load
            accumulate  accumulators hold what is held; parts come back only where there is a way
            capacity    all buffers of a memory fit into it together
            work        cycles and energy of what units do: sums over tiles in closed form, or by table
            carry       cycles, energy and bytes of all transfers: once all pieces, times how often they come
            busy        peak: the busiest queue or resource
            bursts      what is held and has no second slot comes within two passes, at first within one; the rest of
                        the way's time counts as evenly spread; what does not fit is waited for
            backlog     while the longest piece comes, complete tiles wait in their places; then the computations wait
            ends        latency: peak, or chain and waiting (without spare slots all in turn); the first piece of each
                        input in and the last tile out
            cost        what is minimised
  redundant bounds      units do all the work at their best rate at best; every element crosses at least once
Objective   minimise latency + issues / 4 (cycles); energy (pJ) + issues / 1000; traffic (bytes) + issues / 1024; or
            edp: the product of (latency + issues / 4) and energy

The sets of loops across which pieces are kept contain each other, so that each is the loops from some position of one
order inwards: no variable says more of the order, and nothing that is equal is searched twice. All numbers are
integers. A transfer's line is rounded down once per sweep of the pieces, tables and closed forms of pJ to thousandths,
and edp counts energy in units of ``edp_unit`` of those, rounded down; each makes the bound lower, never higher. Times
that pieces may take (room per use, interval between tiles) are rounded down as well; ``modelled`` does the same.

Not in the model: what borders save, pieces that need more than one transfer, what Belady's rule keeps beyond the loops,
and waiting for a result within a unit.
"""

from __future__ import annotations

from collections.abc import Callable

from isamap.tiling.exact.loops import again, blocks, cut, kept, order, range_, runs, sums
from isamap.tiling.exact.room import accumulate, buffers, capacity, pieces
from isamap.tiling.exact.variables import Model
from isamap.tiling.exact.waiting import backlog, bursts, cost, ends
from isamap.tiling.exact.work import bounds, busy, carry, work

RULES: dict[str, Callable[[Model], None]] = {
    "cut": cut, "range": range_, "blocks": blocks, "order": order, "again": again, "kept": kept, "sums": sums,
    "runs": runs, "pieces": pieces, "buffers": buffers, "accumulate": accumulate, "capacity": capacity, "work": work,
    "carry": carry, "busy": busy, "bursts": bursts, "backlog": backlog, "ends": ends, "cost": cost,
}  # fmt: skip
REDUNDANT: dict[str, Callable[[Model], None]] = {"bounds": bounds}
