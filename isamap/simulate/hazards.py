"""Which pairs of issues touch the same bytes, at least one writing: found through atoms.

Every distinct footprint (a view at an origin) gets a random 64-bit number, added to each byte of it. Bytes with equal
sums lie in the same footprints: together they are one atom. Per atom, accesses in sequence order give the pairs that
must be ordered: a write and each access until the next write, and each read and the next write. All others follow.

Elements narrower than a byte are compared by the bytes they lie in: who writes part of a byte reads it and writes it
back. Only what was never written is looked for in finer *grains*, of as many bits as the narrowest element.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isamap.simulate.layout import Integers, Layout, covered, distinct
from isamap.simulate.touch import Touch

RAW, WAW, WAR = range(3)
INITIAL = -1
"""The issue number of what lies in memory at cycle 0."""


@dataclass(frozen=True)
class Hazards:
    """Pairs (``first`` before ``second`` in sequence) of a ``kind``; issues that read what nobody wrote; issues that
    write bytes of another of their operands; how many bytes were ever written."""

    first: Integers
    second: Integers
    kind: Integers
    unwritten: Integers
    overlapping: Integers
    written_bytes: int


@dataclass(frozen=True)
class Footprints:
    """Runs of bytes of the distinct footprints of a space, and who touches which footprint."""

    run_start: Integers
    run_end: Integers
    run_of: Integers
    count: int
    which: Integers
    issue: Integers
    reads: NDArray[np.bool_]
    writes: NDArray[np.bool_]


def find_hazards(
    touched: Sequence[Touch], initial: tuple[Integers, Integers], issues: int, grain_bits: int = 8
) -> Hazards:
    """The hazards of one space. ``initial``: starts and ends of the runs of grains that hold data at cycle 0."""
    prints = _footprints(touched, initial, grain_bits)
    edges = distinct(np.concatenate((prints.run_start, prints.run_end)))
    first = np.searchsorted(edges, prints.run_start)
    last = np.searchsorted(edges, prints.run_end)
    numbers = np.random.default_rng(0).integers(1, 2**64 - 1, prints.count, dtype=np.uint64)
    change = np.zeros(len(edges), dtype=np.uint64)
    np.add.at(change, first, numbers[prints.run_of])
    np.subtract.at(change, last, numbers[prints.run_of])
    sums = np.cumsum(change, dtype=np.uint64)[:-1]
    _, representative = np.unique(sums, return_index=True)
    representative = np.sort(representative[sums[representative] != 0])
    low, high = np.searchsorted(representative, first), np.searchsorted(representative, last)
    print_order = np.argsort(prints.run_of, kind="stable")
    atoms = ragged(low[print_order], (high - low)[print_order])
    per_print = np.bincount(prints.run_of, weights=high - low, minlength=prints.count).astype(np.int64)
    atom_at = np.concatenate(([0], np.cumsum(per_print)))
    sizes = per_print[prints.which]
    entry = np.repeat(np.arange(len(prints.which)), sizes)
    atom = atoms[ragged(atom_at[prints.which], sizes)]
    written = np.bincount(prints.which[prints.writes], minlength=prints.count)[prints.run_of] > 0
    covered = merged_length(prints.run_start[written], prints.run_end[written])
    return _compare(atom, prints.issue[entry], prints.reads[entry], prints.writes[entry], issues, covered)


def ragged(starts: Integers, counts: Integers) -> Integers:
    """start, start + 1, ... ``count`` numbers for each start, one after another."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.asarray(np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - counts), counts))


def merged_length(starts: Integers, ends: Integers) -> int:
    """How many bytes intervals cover together."""
    if not len(starts):
        return 0
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    fresh = np.maximum(starts[1:], reach[:-1])
    return int(reach[0] - starts[0] + np.maximum(reach[1:] - fresh, 0).sum())


def _footprints(touched: Sequence[Touch], initial: tuple[Integers, Integers], grain_bits: int) -> Footprints:
    starts, ends, owner = [initial[0]], [initial[1]], [np.zeros(len(initial[0]), dtype=np.int64)]
    which, issue = [np.zeros(1, dtype=np.int64)], [np.full(1, INITIAL, dtype=np.int64)]
    reads, writes = [np.zeros(1, dtype=np.bool_)], [np.ones(1, dtype=np.bool_)]
    count = 1
    for touch in touched:
        layout = touch.layout
        number = np.zeros(len(touch.issues), dtype=np.int64)
        whole = np.flatnonzero(~touch.outside)
        addresses, inverse = np.unique(touch.address[whole], return_inverse=True)
        number[whole] = count + inverse
        bases, phase = _grains(addresses, layout, grain_bits)
        for each in np.unique(phase).tolist():
            run_start, run_end = layout.runs_in(grain_bits, each)
            mine = np.flatnonzero(phase == each)
            starts.append(np.add.outer(bases[mine], run_start).reshape(-1))
            ends.append(np.add.outer(bases[mine], run_end).reshape(-1))
            owner.append(np.repeat(count + mine, len(run_start)))
        count += len(addresses)
        partly = np.flatnonzero(touch.outside)
        if len(partly):
            origins, inverse = np.unique(touch.origins[partly], axis=0, return_inverse=True)
            number[partly] = count + inverse.reshape(-1)
            for n, origin in enumerate(origins):
                inside = layout.address_offsets[layout.inside_mask(origin)] + int(layout.address(origin[None, :])[0])
                run_start, run_end = covered(inside, layout.dtype, grain_bits)
                starts.append(run_start)
                ends.append(run_end)
                owner.append(np.full(len(run_start), count + n, dtype=np.int64))
            count += len(origins)
        which.append(number)
        issue.append(touch.issues)
        reads.append(np.full(len(number), layout.reads))
        writes.append(np.full(len(number), layout.writes))
    return Footprints(
        np.concatenate(starts), np.concatenate(ends), np.concatenate(owner), count,
        np.concatenate(which), np.concatenate(issue), np.concatenate(reads), np.concatenate(writes),
    )  # fmt: skip


def _grains(addresses: Integers, layout: Layout, grain_bits: int) -> tuple[Integers, Integers]:
    """The grain in which each address lies, and how many addresses after its beginning."""
    phase = addresses % max(1, grain_bits // layout.dtype.address_bits)
    return (addresses - phase) * layout.dtype.address_bits // grain_bits, phase


def _compare(
    atom: Integers, issue: Integers, reads: NDArray[np.bool_], writes: NDArray[np.bool_], issues: int, covered: int
) -> Hazards:
    """Sort accesses by (atom, issue), merge those of one issue, and pair neighbours."""
    none = np.zeros(0, dtype=np.int64)
    if not len(atom):
        return Hazards(none, none, none, none, none, covered)
    key = atom * (issues + 1) + issue + 1
    order = np.argsort(key, kind="stable")
    key, atom, issue, reads, writes = key[order], atom[order], issue[order], reads[order], writes[order]
    begin = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    several = np.diff(np.concatenate((begin, [len(key)]))) > 1
    writes = np.logical_or.reduceat(writes, begin)
    reads = np.logical_or.reduceat(reads, begin)
    atom, issue = atom[begin], issue[begin]
    overlapping = distinct(issue[several & writes])
    places = np.arange(len(atom))
    opening = np.maximum.accumulate(np.where(np.concatenate(([True], atom[1:] != atom[:-1])), places, 0))
    last_write = np.maximum.accumulate(np.where(writes, places, -1))
    before = np.concatenate(([-1], last_write[:-1]))
    before = np.where(before >= opening, before, -1)
    unwritten = distinct(issue[reads & (before < 0)])
    follows = np.flatnonzero(before >= 0)
    closing = np.concatenate((opening[1:] != opening[:-1], [True]))
    atom_end = np.minimum.accumulate(np.where(closing, places, len(places))[::-1])[::-1]
    next_write = np.minimum.accumulate(np.where(writes, places, len(places))[::-1])[::-1]
    after = np.concatenate((next_write[1:], [len(places)]))
    released = np.flatnonzero(reads & ~writes & (after <= atom_end))
    first = np.concatenate((issue[before[follows]], issue[released]))
    second = np.concatenate((issue[follows], issue[after[released]]))
    kind = np.concatenate((np.where(reads[follows], RAW, WAW), np.full(len(released), WAR)))
    kept = first != INITIAL
    packed = distinct((first[kept] * issues + second[kept]) * 3 + kind[kept])
    pair, kind = np.divmod(packed, 3)
    return Hazards(pair // issues, pair % issues, kind, unwritten, overlapping, covered)


def missing_grains(touched: Sequence[Touch], wanted: tuple[Integers, Integers], grain_bits: int) -> int:
    """How many of the ``wanted`` grains (starts and ends of disjoint runs) no view in ``touched`` covers."""
    prints = _footprints(touched, (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)), grain_bits)
    both = (np.concatenate((prints.run_start, wanted[0])), np.concatenate((prints.run_end, wanted[1])))
    return merged_length(*both) - merged_length(prints.run_start, prints.run_end)
