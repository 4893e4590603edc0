"""The least latency of einsums that are cut into given issues and pieces, whatever their order, times and places.

    ready    an einsum's first issue begins no sooner than its cheapest pieces are there; of a tensor that an earlier
             einsum writes, no sooner than that has begun, done all issues of a tile, brought it out, and a piece is in
    beyond   after a tile that others read is out, a piece of it is brought in, computed with and brought out
    share    tasks of a queue, a port or a bus of which none can begin before a cycle (``head``), each followed by so
             many cycles more (``tail``): head + their work / what there is of it + tail. Each piece comes in at least
             once, each tile goes out once, each issue is done in the mode that takes less
    chain    ready + all issues of a tile one after the other + its way out + what lies beyond

What stays on chip is neither brought out nor in: a drain brings it to its place, where there is one. Every tile that
einsums write for each other is read: the tensors have no other elements. Heads and tails of one machine are due to J.
Carlier, "The one-machine sequencing problem", European Journal of Operational Research 11(1), 1982.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isamap.bounds.profile import Profile


@dataclass(frozen=True)
class Link:
    """An einsum as others see it: the tensor that it writes, those that it reads; is what it writes asked for?"""

    writes: str
    reads: frozenset[str]
    final: bool


def bound_cycles(profiles: Sequence[Profile], links: Sequence[Link], room: Mapping[str, int]) -> int:
    """No schedule of all cuts takes less; einsums come in the order in which they may follow each other. ``room`` is
    what there is of every queue, port and bus (``profile.capacities``)."""
    ready, out = _ready(profiles, links)
    beyond = _beyond(profiles, links)
    held: dict[str, list[tuple[int, int, int]]] = {}  # (head, work, tail)
    best = 0
    for n, profile in enumerate(profiles):
        complete = ready[n] + profile.chain
        best = max(best, complete + profile.out + beyond[n])
        heads = {"issue": ready[n], "drain": complete, "store": complete + profile.drained}
        after_load = profile.result + profile.out
        tails = {"issue": profile.out, "drain": profile.stored, "store": 0}
        for share in profile.shares:
            head = heads[share.kind] if share.kind in heads else out.get(share.kind.removeprefix("load "), 0)
            tail = share.slack + tails.get(share.kind, after_load) + beyond[n]
            held.setdefault(share.name, []).append((head, share.work, tail))
    return max(best, *(_busy(tasks, room[name]) for name, tasks in held.items()))


def _busy(tasks: Sequence[tuple[int, int, int]], room: int) -> int:
    """The cycles that the tasks of one queue, port or bus need, by every choice of the least head and tail."""
    best = 0
    for least in {head for head, _, _ in tasks}:
        late = [(work, tail) for head, work, tail in tasks if head >= least]
        for after in {tail for _, tail in late}:
            best = max(best, least - -sum(work for work, tail in late if tail >= after) // room + after)
    return best


def _ready(profiles: Sequence[Profile], links: Sequence[Link]) -> tuple[list[int], dict[str, int]]:
    """When an issue of each einsum may begin, and when a tile of each tensor is out."""
    ready: list[int] = []
    out: dict[str, int] = {}
    for profile, link in zip(profiles, links, strict=True):
        brought = dict(profile.brought)
        read = [out[tensor] + brought.get(tensor, 0) for tensor in link.reads if tensor in out]
        ready.append(max([profile.ready, *read]))
        out[link.writes] = ready[-1] + profile.chain + profile.out
    return ready, out


def _beyond(profiles: Sequence[Profile], links: Sequence[Link]) -> list[int]:
    """What follows once a tile of each einsum is out."""
    found = [0] * len(links)
    for n in reversed(range(len(links))):
        if not links[n].final:
            found[n] = min(
                dict(profiles[m].brought).get(links[n].writes, 0) + profiles[m].result + profiles[m].out + found[m]
                for m, link in enumerate(links)
                if links[n].writes in link.reads
            )
    return found
