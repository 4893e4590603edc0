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
from isamap.mapping.cost import busy, busy_with
from isamap.mapping.givens import Freedom, Givens, givens
from isamap.mapping.match import candidates, match_set
from isamap.mapping.match_set import MatchSet
from isamap.mapping.modes import with_modes
from isamap.mapping.refusals import refusals
from isamap.mapping.rewrite import RULES, Rewritten
from isamap.mapping.solutions import Solution, possible, solutions
from isamap.mapping.store import stores

_DEEPEST = 3  # rewrites of one einsum
_MOST = 400  # states looked at


@dataclass(frozen=True)
class Composite:
    """Einsum ``einsum`` of the kernel done in the parts ``numbers`` of ``workload``, which ``steps`` lead to.

    ``origin`` has the number of the kernel's einsum behind each of ``workload``'s; one that is missing there is done
    along with another. ``best`` has the best match of each part, ``cycles`` what those keep units busy for;
    ``utilisation`` is what the kernel's own points would take at the best rate of one of the instructions, over those.
    ``proved``: every rewrite is, and every best match.
    """

    einsum: int
    steps: tuple[Rewritten, ...]
    numbers: tuple[int, ...]
    origin: tuple[int, ...]
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
        composite = _composite(work, number, target, state)
        found += [composite] if composite else []
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
        return possible(givens(work, number, instruction, self.target), Freedom())


def best_part(work: Workload, number: int, target: Target) -> Match | None:
    """Of all matches of einsum ``number`` that which keeps a unit busy for the fewest cycles, in the fewest issues; a
    transfer that does it on the way out costs none. Only that one is proved. None: no mode serves any."""
    for one in stores(work, number, target):
        if one.matches:
            return one.matches[0]
    ranked: list[tuple[float, int, int, Givens, Solution]] = []
    for n, instruction in enumerate(candidates(work, number, target)):
        if not refusals(work, number, instruction):
            g = givens(work, number, instruction, target)
            for solution in solutions(g, Freedom()):
                names = (axis.name for axis in g.axes)
                spent = busy_with(g.einsum, tuple(zip(names, solution.axes, strict=True)), instruction)
                ranked.append((spent.cycles, spent.issues, n, g, solution))
    ranked.sort(key=lambda entry: entry[:3])
    found = (with_modes(work, target, match_set(work, g, [solution])) for *_, g, solution in ranked)
    return next((one.matches[0] for one in found if one.matches), None)


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


def _composite(work: Workload, number: int, target: Target, state: _State) -> Composite | None:
    parts = state.parts(number)
    best = tuple(one for part in parts if (one := best_part(state.work, part, target)))
    if len(best) < len(parts):
        return None
    cycles = sum(unit_cycles(state.work, match, target)[0] for match in best)
    points = prod(work.einsums[number].extents.values())
    ideal = min((points * cycles_per_point(target.instruction(m.instruction)) for m in best if m.axes), default=0.0)
    used = min(1.0, ideal / cycles) if cycles else 1.0
    proved = all(step.proved for step in state.steps) and all(match.proved for match in best)
    return Composite(number, state.steps, tuple(parts), state.origin, best, cycles, used, proved)
