"""What lies in the addressed memories when: the values at sampled addresses, exactly.

A *value* of an address begins with the issue that writes it anew and lives until its last access before the next one
that does. Where a memory has few addresses all are looked at, else one in every ``step_bytes``: what is said of a
sampled address is exact, nothing is said of those between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isamap.report.page.trace import Trace
from isamap.simulate.layout import Integers
from isamap.simulate.touch import Touch

_MOST_ADDRESSES = 512
_LEAST_ADDRESSES = 32
_MOST_LOOK_UPS = 8_000_000
_MOST_EVENTS = 6_000_000


@dataclass(frozen=True)
class Sampling:
    """Addresses 0, ``step_bytes``, 2 ``step_bytes`` ... of a memory; ``exact`` where no byte between them differs."""

    memory: str
    step_bytes: int
    count: int
    exact: bool

    @property
    def addresses(self) -> Integers:
        return np.arange(self.count, dtype=np.int64) * self.step_bytes


@dataclass(frozen=True)
class Events:
    """Accesses to sampled addresses, by address, then time. Per event: the address (``row`` numbers those of all
    memories one after another), issue, touch, the cycle at which it ends, and the ``value`` that it reads or writes.
    Per value: where its events begin (``at``), its row, first issue (its writer), start and end in cycles."""

    samplings: tuple[Sampling, ...]
    issue: Integers
    touch: Integers
    writes: NDArray[np.bool_]
    value: Integers
    at: Integers
    row: Integers
    writer: Integers
    start: Integers
    end: Integers


def events(trace: Trace) -> Events:
    """Every access of every issue to the sampled addresses of every memory."""
    samplings: list[Sampling] = []
    parts: list[tuple[Integers, Integers, Integers]] = []
    first_row = 0
    for name, numbers in _by_memory(trace.touched):
        sampling, covered = _sample(name, [trace.touched[n] for n in numbers], trace.target.memory(name).capacity_bytes)
        samplings.append(sampling)
        for n, (member, which) in zip(numbers, covered, strict=True):
            row, issue = _pairs(member, which, trace.touched[n].issues)
            parts.append((first_row + row, issue, np.full(len(row), n, dtype=np.int64)))
        first_row += sampling.count
    empty = np.zeros(0, dtype=np.int64)
    row, issue, touch = (np.concatenate([empty, *(part[k] for part in parts)]) for k in range(3))
    return _ordered(trace, tuple(samplings), row, issue, touch)


def _by_memory(touched: Sequence[Touch]) -> Iterator[tuple[str, list[int]]]:
    memories = dict.fromkeys(touch.layout.memory for touch in touched if touch.layout.tensor is None)
    for name in memories:
        numbers = [n for n, touch in enumerate(touched) if touch.layout.tensor is None and touch.layout.memory == name]
        yield name, [n for n in numbers if len(touched[n].issues)]


Covered = tuple[NDArray[np.bool_], Integers]


def _sample(memory: str, touched: Sequence[Touch], capacity_bytes: int) -> tuple[Sampling, list[Covered]]:
    """The addresses to look at; per touch, which of them a view covers from each distinct origin, and the origin of
    each issue."""
    distinct = [np.unique(touch.address, return_inverse=True) for touch in touched]
    runs = [list(_runs(touch, origins)) for touch, (origins, _) in zip(touched, distinct, strict=True)]
    ends = [0, *(n for parts in runs for _, base, *bounds in parts for n in (_grain(base), *map(_grain, bounds)))]
    grain = int(np.gcd.reduce(ends)) or 1
    top = min(max((int(touch.ends[1].max()) for touch in touched), default=0), capacity_bytes)
    most = _MOST_LOOK_UPS // max(sum(len(origins) for origins, _ in distinct), 1)
    thin = -(-top // (grain * max(_LEAST_ADDRESSES, min(_MOST_ADDRESSES, most))))
    addresses = np.arange(0, top, grain * max(thin, 1), dtype=np.int64)
    members = [_member(parts, len(origins), addresses) for parts, (origins, _) in zip(runs, distinct, strict=True)]
    covered = [(member, which.reshape(-1)) for member, (_, which) in zip(members, distinct, strict=True)]
    pairs = sum(int(member.sum(axis=1)[which].sum()) for member, which in covered)
    more = -(-pairs // _MOST_EVENTS) or 1
    step = grain * max(thin, 1) * more
    sampling = Sampling(memory, step, len(addresses[::more]), step == grain)
    return sampling, [(member[:, ::more], which) for member, which in covered]


Run = tuple[Integers, Integers, Integers, Integers]


def _runs(touch: Touch, origins: Integers) -> Iterator[Run]:
    """(numbers of origins, their bytes, starts and ends of the bytes that a view covers from there): origins that begin
    equally far into a byte together."""
    bases, phases = np.divmod(origins, touch.layout.phases)
    for phase in np.unique(phases).tolist():
        mine = np.flatnonzero(phases == phase)
        yield mine, bases[mine], *touch.layout.runs_in(8, phase)


def _grain(numbers: Integers) -> int:
    return int(np.gcd.reduce(numbers))


def _member(runs: Sequence[Run], origins: int, addresses: Integers) -> NDArray[np.bool_]:
    found = np.zeros((origins, len(addresses)), dtype=np.bool_)
    for mine, bases, starts, ends in runs:
        offset = addresses[None, :] - bases[:, None]
        run = np.searchsorted(starts, offset, side="right") - 1
        found[mine] = (run >= 0) & (offset < ends[np.maximum(run, 0)])
    return found


def _pairs(member: NDArray[np.bool_], which: Integers, issues: Integers) -> tuple[Integers, Integers]:
    """(address number, issue) for every issue and every address that its base covers."""
    counts = member.sum(axis=1)
    first = np.cumsum(counts) - counts
    each = counts[which]
    inner = np.arange(int(each.sum())) - np.repeat(np.cumsum(each) - each, each)
    return np.nonzero(member)[1][np.repeat(first[which], each) + inner], np.repeat(issues, each)


def _ordered(trace: Trace, samplings: tuple[Sampling, ...], row: Integers, issue: Integers, touch: Integers) -> Events:
    """Events by row and start, cut into values; what is read before it was written is left out."""
    order = np.argsort(row * (trace.span + 1) + trace.start[issue], kind="stable")
    row, issue, touch = row[order], issue[order], touch[order]
    reads = np.array([touched.layout.reads for touched in trace.touched], dtype=np.bool_)[touch]
    writes = np.array([touched.layout.writes for touched in trace.touched], dtype=np.bool_)[touch]
    another = np.concatenate(([True], row[1:] != row[:-1])) if len(row) else np.zeros(0, dtype=np.bool_)
    known = _since_written(another, writes)
    row, issue, touch = row[known], issue[known], touch[known]
    begins, writes = (writes & ~reads)[known], writes[known]
    begins[1:] |= row[1:] != row[:-1]
    begins[:1] = True
    at = np.flatnonzero(begins)
    done = np.where(writes, trace.result_at[issue], trace.released_at[issue])
    end = np.maximum.reduceat(done, at) if len(at) else at
    value = np.cumsum(begins) - 1
    return Events(samplings, issue, touch, writes, value, at, row[at], issue[at], trace.start[issue[at]], end)


def _since_written(another: NDArray[np.bool_], writes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Events at or after the first write of their row."""
    seen = np.cumsum(writes)
    before = np.maximum.accumulate(np.where(another, seen - writes, 0)) if len(seen) else seen
    return np.asarray(seen > before)
