"""Across which loops a tensor's pieces may be held, how often they are fetched then, and how many slots that takes.

Holding the pieces touched by the loops from position h inwards takes ``distinct(h)`` slots and fetches each of them
once per iteration of the loops outside h, except trailing ones that the tensor does not depend on. Where loops turn,
each of their steps changes one index only: pieces are fetched at the steps of loops that the tensor depends on. Where
windows roll, the pieces of one step of the moving axis are those of the next, but for a few. A *spare* slot lets the
next piece come while the last one is used; where memory is short there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod

from isamap.ir.binding import Binding, Role
from isamap.tiling.nest import Loop, Nest, loops, piece
from isamap.tiling.rolling import Roll


@dataclass(frozen=True)
class Hold:
    """``slots`` of ``pieces`` held, ``fetches`` pieces brought in over the whole run (fractional at ragged edges);
    what is held are the pieces that the loops from number ``inside`` on step through."""

    slots: int
    fetches: float
    pieces: int
    inside: int

    def least_slots(self, spare: int) -> int:
        """Slots it takes with ``spare`` ones to load ahead; none is needed where every piece stays."""
        return min(self.slots + spare, self.pieces)


def holds(nest_loops: list[Loop], axes: Iterable[str], sizes: Mapping[str, int], turning: bool = False) -> list[Hold]:
    """The worthwhile ways to hold a tensor's pieces, fewest slots first."""
    relevant = bringing(nest_loops, axes, sizes)
    pieces = prod(loop.trips for loop, mine in zip(nest_loops, relevant, strict=True) if mine)
    found: list[Hold] = []
    slots, inside = 1, 1.0
    for h in range(len(nest_loops), -1, -1):
        if h < len(nest_loops) and relevant[h]:
            slots, inside = slots * nest_loops[h].trips, inside * nest_loops[h].turns
        outside = _changes(nest_loops[:h], relevant[:h], turning)
        if not found or outside * inside < found[-1].fetches * 0.999:
            found.append(Hold(slots, outside * inside, pieces, h))
    return found


def bringing(nest_loops: Sequence[Loop], axes: Iterable[str], sizes: Mapping[str, int]) -> list[bool]:
    """Which loops bring other pieces of a tensor over ``axes`` with every step."""
    own = set(axes)
    return [loop.axis in own and loop.step >= sizes[loop.axis] for loop in nest_loops]


def _changes(outside: Sequence[Loop], relevant: Sequence[bool], turning: bool) -> float:
    """How often the loops ``outside`` bring other pieces, the first ones included."""
    if turning:
        steps = sum(count for count, mine in zip(_steps(outside), relevant, strict=True) if mine)
        return (1 + steps) * _ragged(outside, relevant)
    last = max((n for n, mine in enumerate(relevant) if mine), default=-1) + 1
    return prod(lp.turns if mine else lp.trips for lp, mine in zip(outside[:last], relevant[:last], strict=True))


def _ragged(outside: Sequence[Loop], relevant: Sequence[bool]) -> float:
    """What is brought in at an average step of the loops ``outside``, of what is at a full one."""
    return prod(loop.turns / loop.trips for loop, mine in zip(outside, relevant, strict=False) if mine)


def _steps(nest_loops: Sequence[Loop]) -> list[int]:
    """How often each loop steps on, over the whole run."""
    return [prod(outer.trips for outer in nest_loops[:n]) * (loop.trips - 1) for n, loop in enumerate(nest_loops)]


def rolling_holds(binding: Binding, nest: Nest, role: Role, roll: Roll) -> list[Hold]:
    """The worthwhile ways to hold the pieces of ``role``, whose windows roll, fewest slots first: what a step of the
    moving axis leaves is there for the next one."""
    nest_loops, tile, extents = loops(nest, binding.extents), dict(nest.tile), binding.extents
    own = bringing(nest_loops, role.access.axes, piece(role, nest))
    along = (roll.moving, roll.window)

    def others(h: int) -> list[Loop]:
        return [lp for n, lp in enumerate(nest_loops) if n >= h and own[n] and lp.axis not in along]

    def touched(h: int) -> int:
        """Pieces along the window's coordinate that the loops from ``h`` on meet."""
        counts = (tile[x] * prod(lp.trips for lp in nest_loops[h:] if lp.axis == x) for x in along)
        values, parts = (min(count, extents[x]) for count, x in zip(counts, along, strict=True))
        return roll.touched(values, parts // roll.size)

    def fetched(h: int, times: float) -> float:
        """Pieces brought in where the loops from ``h`` on bring each of theirs so many ``times``."""
        return times * touched(h) * prod(lp.turns for lp in others(h))

    found: list[Hold] = []
    pieces = touched(0) * prod(lp.trips for lp in others(0))
    for h in range(len(nest_loops), -1, -1):
        last = max((n for n in range(h) if own[n]), default=h)
        fetches = fetched(h, _changes(nest_loops[:h], own[:h], False))
        if last < h and nest_loops[last].axis == roll.moving:
            every = zip(nest_loops[:last], own[:last], strict=True)
            fetches = min(fetches, fetched(last, prod(lp.turns if mine else lp.trips for lp, mine in every)))
        if not found or fetches < found[-1].fetches * 0.999:
            found.append(Hold(touched(h) * prod(lp.trips for lp in others(h)), fetches, pieces, h))
    return found


@dataclass(frozen=True)
class OutputSlots:
    """Output tiles: ``slots`` in the operand's memory, ``held`` of them for tiles still being added to, ``staging``
    slots on the way out; each tile is brought in and out ``sessions`` times."""

    sessions: float
    slots: int
    held: int
    staging: int


def output_slots(
    binding: Binding,
    nest_loops: list[Loop],
    tile: Mapping[str, int],
    spare: int,
    turning: bool = False,
    places: int | None = None,
) -> OutputSlots | None:
    """The slots that the output takes, with ``spare`` ones to go on with while a tile leaves; None where a tile would
    have to leave its accumulator half done and cannot come back, or is of a tensor that stays on chip. ``places``:
    how many tiles accumulators have room for, where not as many as fit."""
    axes, output = binding.output.access.axes, binding.output
    ways = holds(nest_loops, axes, tile, turning)
    tiles = ways[-1].fetches
    first_reduction = next((n for n, loop in enumerate(nest_loops) if loop.axis not in axes), len(nest_loops))
    alive = prod(loop.trips for loop in nest_loops[first_reduction:] if loop.axis in axes)
    if output.route.drain is None and output.home is not None:
        return OutputSlots(1.0, 0, 0, 0)
    if output.route.drain is None:
        return OutputSlots(1.0, alive + (spare if alive < ceil(tiles) else 0), alive, 0)
    memory = output.route.memory
    places = places or max(1, binding.room()[memory.name] // output.slot_bytes(tile))
    hold = next((way for way in reversed(ways) if way.slots <= max(1, places - 1)), ways[0])
    hold = next((way for way in reversed(ways) if way.slots <= places and way.fetches < hold.fetches), hold)
    kept = min(places, ways[-1].slots) if turning else hold.slots
    found = found_again(nest_loops, bringing(nest_loops, axes, tile), hold, kept) if turning else 0.0
    sessions = max(1.0, (hold.fetches - found) / tiles)
    if sessions > 1 and output.route.fill is None:
        return None
    if output.home is not None:
        return OutputSlots(1.0, places, kept, 0) if hold.fetches == tiles else None
    staged = alive if sessions > 1 or binding.continues else 1
    return OutputSlots(sessions, places, kept, staged + 2 * spare)


def found_again(nest_loops: Sequence[Loop], relevant: Sequence[bool], hold: Hold, places: int) -> float:
    """Pieces still in one of ``places`` when loops turn: those that ``hold`` does not count on."""
    outside, found = nest_loops[: hold.inside], 0.0
    for n, steps in enumerate(_steps(outside)):
        if not relevant[n]:
            swept = prod(loop.trips for m, loop in enumerate(outside) if m > n and relevant[m])
            found += steps * min(places - hold.slots, (swept - 1) * hold.slots)
    return found * _ragged(nest_loops, relevant)
