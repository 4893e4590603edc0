"""The closed-form bound of one cut of every einsum together.

ready    when an einsum's first issue may begin: after its own pieces, and after the first tiles that it reads
follows  once a tile is out that others read: a piece of it comes in, is computed with and goes out, and so on
through  ready, then a tile from its first issue to its way out, then what follows
held     for everything that tasks hold, for every two of them: whatever begins no sooner than the one does, and is
         followed by no less than the other, comes one after the other
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from isamap.check.certificate_profile import Taken
from isamap.ir.workload import Workload


def latency(work: Workload, taken: Sequence[Taken], room: Mapping[str, int]) -> int:
    """The fewest cycles of one cut of every einsum."""
    ready, out = _forwards(work, taken)
    follows = _backwards(work, taken)
    found, tasks = [0], dict[str, list[tuple[int, int, int]]]()
    for begin, one, more in zip(ready, taken, follows, strict=True):
        done = begin + one.tile
        found.append(done + one.way_out + more)
        for name, kind, amount, slack in one.held:
            match kind:
                case "issue":
                    start, after = begin, one.way_out
                case "drain":
                    start, after = done, one.store
                case "store":
                    start, after = done + one.drain, 0
                case _:
                    start, after = out.get(kind.removeprefix("of "), 0), one.issue + one.way_out
            tasks.setdefault(name, []).append((start, amount, slack + after + more))
    for name, held in tasks.items():
        for start, _, _ in held:
            for _, _, after in held:
                mine = [amount for s, amount, a in held if s >= start and a >= after]
                found.append(start + ceil(sum(mine) / room[name]) + after if mine else 0)
    return max(found)


def _forwards(work: Workload, taken: Sequence[Taken]) -> tuple[list[int], dict[str, int]]:
    """When each einsum may begin, and when the first tile of each tensor is out."""
    ready, out = list[int](), dict[str, int]()
    for einsum, one in zip(work.einsums, taken, strict=True):
        after = [out[a.tensor] + dict(one.bring).get(a.tensor, 0) for a in einsum.reads if a.tensor in out]
        ready.append(max([one.begin, *after]))
        out[einsum.output.tensor] = ready[-1] + one.tile + one.way_out
    return ready, out


def _backwards(work: Workload, taken: Sequence[Taken]) -> list[int]:
    """What follows a tile of each einsum."""
    users: dict[str, list[int]] = {}  # tensor -> what each of its readers does with it at least
    follows: list[int] = []
    for einsum, one in reversed(list(zip(work.einsums, taken, strict=True))):
        written = einsum.output.tensor
        follows.insert(0, 0 if written in work.outputs else min(users[written]))
        for name in {access.tensor for access in einsum.reads}:
            users.setdefault(name, []).append(dict(one.bring).get(name, 0) + one.issue + one.way_out + follows[0])
    return follows
