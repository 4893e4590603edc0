"""What several instructions, or one in disguise, do together: einsums rewritten until each of them has a match.

``RULES`` rewrite one einsum of a workload into others of the same meaning (see ``mapping.rewrite``). From the einsum
asked about, breadth first, the first part without a match is rewritten next, at most ``_DEEPEST`` times; a state whose
parts all match is a composite. Composites are ranked by the cycles that they keep units busy for (``cost``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from isamap.bounds.latency import cycles_per_point
from isamap.ir.answers import Match
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping.cost import busy
from isamap.mapping.givens import Freedom, givens, refusals
from isamap.mapping.match import candidates, map_workload
from isamap.mapping.match_set import MatchSet
from isamap.mapping.rewrite import RULES, Rewritten
from isamap.mapping.solutions import possible
from isamap.mapping.store import stores

_DEEPEST = 3  # rewrites of one einsum
_MOST = 400  # states looked at


@dataclass(frozen=True)
class Composite:
    """Einsum ``einsum`` of the kernel done in the parts ``numbers`` of ``workload``, which ``steps`` lead to.

    ``sets`` has the match sets of each part and ``best`` its best match, ``cycles`` what those keep units busy for;
    ``utilisation`` is what the kernel's own points would take at the best rate of one of the instructions, over those.
    ``proved``: every rewrite is, and every best match.
    """

    einsum: int
    steps: tuple[Rewritten, ...]
    numbers: tuple[int, ...]
    sets: tuple[tuple[MatchSet, ...], ...]
    best: tuple[Match, ...]
    cycles: float
    utilisation: float
    proved: bool

    @property
    def workload(self) -> Workload:
        return self.steps[-1].workload

    @property
    def because(self) -> str:
        return "; ".join(step.because for step in self.steps)


@dataclass(frozen=True)
class _State:
    work: Workload
    origin: tuple[int, ...]
    steps: tuple[Rewritten, ...] = ()

    def parts(self, number: int) -> list[int]:
        return [n for n, origin in enumerate(self.origin) if origin == number]


def composites(
    work: Workload, number: int, target: Target, *, time_limit_s: float = 20.0, most: int = 8
) -> tuple[Composite, ...]:
    """The ways to do einsum ``number`` through rewrites, fewest cycles first; at most ``most`` of them."""
    deadline, able = time.monotonic() + time_limit_s, Able(target)
    found: list[Composite] = []
    states, seen = [_State(work, tuple(range(len(work.einsums))))], {work}
    for state in _grow(states, number, target, able, seen):
        found.append(_composite(work, number, target, state))
        if time.monotonic() > deadline:
            break
    return tuple(sorted(found, key=lambda one: one.cycles)[:most])


def _grow(states: list[_State], number: int, target: Target, able: Able, seen: set[Workload]) -> Iterator[_State]:
    """States whose parts all match, those with fewer steps first; ``states`` and ``seen`` grow meanwhile."""
    for state in states:
        if len(seen) > _MOST:
            return
        for step in _steps(state, number, target, able):
            if step.workload in seen:
                continue
            seen.add(step.workload)
            grown = _State(step.workload, tuple(state.origin[n] for n in step.origin), (*state.steps, step))
            if all(able(grown.work, part) for part in grown.parts(number)):
                yield grown
            elif len(grown.steps) < _DEEPEST:
                states.append(grown)


def _steps(state: _State, number: int, target: Target, able: Able) -> Iterator[Rewritten]:
    parts = state.parts(number)
    unmatched = [part for part in parts if not able(state.work, part)]
    for part in unmatched[:1] if state.steps else parts:
        for rule in RULES:
            yield from rule(state.work, part, target)


class Able:
    """Has einsum n a match on some instruction, all axes fed? Asked once per einsum and types."""

    def __init__(self, target: Target) -> None:
        self.target, self.known = target, dict[tuple[object, ...], bool]()

    def __call__(self, work: Workload, number: int) -> bool:
        einsum = work.einsums[number]
        tensors = tuple(work.tensor(access.tensor) for access in (*einsum.outputs, *einsum.reads))
        key = (einsum, tensors)
        if key not in self.known:
            self.known[key] = any(self._does(work, number, one.name) for one in candidates(work, number, self.target))
            self.known[key] |= any(one.matches for one in stores(work, number, self.target))
        return self.known[key]

    def _does(self, work: Workload, number: int, name: str) -> bool:
        instruction = self.target.instruction(name)
        if refusals(work, number, instruction):
            return False
        return possible(givens(work, number, instruction), Freedom())


def best_match(sets: Sequence[MatchSet], work: Workload, target: Target) -> Match:
    """Of all matches of one einsum the one that keeps a unit busy for the fewest cycles, in the fewest issues."""
    every = [match for one in sets for match in one.with_swap]
    return min(every, key=lambda match: unit_cycles(work, match, target))


def unit_cycles(work: Workload, match: Match, target: Target) -> tuple[float, int]:
    """Cycles of one unit and issues; none where a transfer does it on the way out."""
    if match.instruction in [transfer.name for transfer in target.transfers]:
        return 0.0, 0
    spent = busy(work.einsums[match.einsum], match, target.instruction(match.instruction))
    return spent.cycles, spent.issues


def _composite(work: Workload, number: int, target: Target, state: _State) -> Composite:
    parts = state.parts(number)
    every = map_workload(state.work, target, only=parts)
    sets = tuple(every[part] for part in parts)
    best = tuple(best_match(one, state.work, target) for one in sets)
    cycles = sum(unit_cycles(state.work, match, target)[0] for match in best)
    points = prod(work.einsums[number].extents.values())
    ideal = min((points * cycles_per_point(target.instruction(m.instruction)) for m in best if m.axes), default=0.0)
    used = min(1.0, ideal / cycles) if cycles else 1.0
    proved = all(step.proved for step in state.steps) and all(match.proved for match in best)
    return Composite(number, state.steps, tuple(parts), sets, best, cycles, used, proved)
