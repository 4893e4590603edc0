"""Einsums that work in turns on strips of what passes between them: how they share the memory in which it lies, and
how each is tiled for its share.

The strips have their place. Of what is left the last einsum may take a fraction, those before it what the later ones
leave, in equal parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from isamap.errors import Infeasible, NotFound, Unsupported
from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding
from isamap.ir.hardware import Memory
from isamap.ir.resident import home_bytes
from isamap.scheduling import groups, pieces_alive
from isamap.tiling import Slide, slides, tilings_in_strips, with_slots

__all__ = ["Fused", "fused"]

_FRACTIONS = (2 / 3, 1 / 3)
_AHEAD = 4  # slots more than pieces that stay, to load ahead


@dataclass(frozen=True)
class Fused:
    """``parts`` that work in turns, in order, and their modelled value (``objective``'s unit), each by itself."""

    parts: tuple[tuple[Binding, Tiling], ...]
    value: float


def fused(choices: Sequence[Sequence[Binding]], objective: str, time_limit_s: float) -> Iterator[Fused]:
    """The ways to share the memory among the einsums of ``choices`` that work in turns; none where nothing fits.

    ``choices`` are bindings with homes, per einsum; ``time_limit_s`` is for every tiling.
    """
    first = [bindings[0] for bindings in choices]
    for group in groups(first):
        if len(group) > 1 and _is_closed(group, first):
            members = [[one for one in choices[n] if one.strip is not None] for n in group]
            memory, room = _room([bindings[0] for bindings in members])
            most = room
            for fraction in _FRACTIONS:
                share = int(room * fraction)
                last = _best_part(members[-1], memory, share, objective, time_limit_s) if most > share else None
                if last is not None:
                    most = taken(*last, memory)  # a smaller share must be less than that to make a difference
                    yield from _before(members[:-1], last, memory, room - most, objective, time_limit_s)


def _is_closed(group: Sequence[int], bindings: Sequence[Binding]) -> bool:
    """Does what passes between the parts of ``group`` pass to no other part?"""
    inside = {name for n in group for name in _passing(bindings[n])}
    return not any(inside & _passing(one) for n, one in enumerate(bindings) if n not in group)


def _passing(binding: Binding) -> set[str]:
    return {role.tensor.name for role in binding.roles if role.home is not None and role.home.strip}


def _before(
    members: Sequence[Sequence[Binding]],
    last: tuple[Binding, Tiling],
    memory: Memory,
    room: int,
    objective: str,
    time_limit_s: float,
) -> Iterator[Fused]:
    """The group with its last part; where windows slide, both with and without."""
    parts, slid = [last], [last]
    for left in range(len(members), 0, -1):
        share = room // left
        part = _best_part(members[left - 1], memory, share, objective, time_limit_s)
        if part is None:
            return
        slid.insert(0, _best_slide(part[0], memory, share, objective, time_limit_s) or part)
        parts.insert(0, part)
        room -= max(taken(*part, memory), taken(*slid[0], memory))
    yield Fused(tuple(parts), sum(tiling.modelled_value for _, tiling in parts))
    if slid != parts:
        yield Fused(tuple(slid), sum(tiling.modelled_value for _, tiling in slid))


def _room(bindings: Sequence[Binding]) -> tuple[Memory, int]:
    """The memory in which tensors pass, and its bytes beside them."""
    roles = {role.tensor.name: role for one in bindings for role in one.roles if role.home and role.home.strip}
    homes = [(role, role.home) for role in roles.values() if role.home is not None]
    memory = homes[0][1].memory
    staying = sum(home_bytes(role.tensor, home.home, memory) for role, home in homes)
    return memory, memory.capacity_bytes - staying


def _within(binding: Binding, memory: Memory, share: int) -> Binding:
    """``binding`` with ``share`` bytes of ``memory``."""
    others = tuple(entry for entry in binding.reserved if entry[0] != memory.name)
    return replace(binding, reserved=(*others, (memory.name, memory.capacity_bytes - share)))


def _best_part(
    bindings: Sequence[Binding],
    memory: Memory,
    share: int,
    objective: str,
    time_limit_s: float,
    slide: Slide | None = None,
) -> tuple[Binding, Tiling] | None:
    """The binding and tiling of least modelled value within ``share`` bytes of ``memory``; None where none fits."""
    best: tuple[Binding, Tiling] | None = None
    for binding in bindings:
        try:
            mine = _within(binding, memory, share)
            tiling = tilings_in_strips(mine, slide, objective=objective, most=1, time_limit_s=time_limit_s)[0]
        except (Infeasible, NotFound, Unsupported):
            continue
        if best is None or tiling.modelled_value < best[1].modelled_value:
            best = mine, tiling
    return best


def _best_slide(
    binding: Binding, memory: Memory, share: int, objective: str, time_limit_s: float
) -> tuple[Binding, Tiling] | None:
    """The binding with the windows of an input in pieces that stay from strip to strip; None where they do not fit."""
    for slide in slides(binding):
        role, staying = slide.role, 0
        for _ in range(2):  # first to see how much has to stay, then with room for it
            part = _best_part([binding], memory, share - staying, objective, time_limit_s, slide)
            if part is None:
                break
            alive, piece = pieces_alive(*part, role), dict(dict(part[1].levels[0].pieces)[role.label])
            size = role.slot_bytes(piece)
            had = dict(part[1].levels[0].buffers)[role.label]
            room = share - taken(*part, memory) + had * size
            if (alive + 1) * size <= room:
                count = min(alive + _AHEAD, room // size)
                return _within(binding, memory, share), with_slots(part[1], role.label, alive, count)
            staying = (alive + _AHEAD) * size
    return None


def taken(binding: Binding, tiling: Tiling, memory: Memory) -> int:
    """Bytes of ``memory`` that the pieces of a tiling take."""
    outer, inner = tiling.levels[0], tiling.levels[-1]
    tile, buffers, pieces = dict(inner.tile), dict(outer.buffers), dict(outer.pieces)
    total = 0
    for role in binding.fetched:
        if role.route.memory == memory:
            total += buffers[role.label] * role.slot_bytes(dict(pieces.get(role.label, inner.tile)))
    output = binding.output
    if output.route.memory == memory and output.home is None:
        total += dict(inner.buffers)[output.label] * output.slot_bytes(tile)
    if output.route.staging == memory and output.home is None:
        total += buffers[output.label] * output.staged_slot_bytes(tile)
    return total
