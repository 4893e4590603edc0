"""Every way to cut an einsum into issues and pieces: what there is to choose from before order, times and addresses.

A cut is legal where every issue, ragged ones too, lies in the instruction's ranges and every piece is one that its
transfer can carry. An input comes in pieces of one issue's operand each, or, where fewer transfers of more bytes cost
less than many, in pieces of several: along each axis of a tile's length, or of a block's, which is one for all inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product, repeat
from math import ceil, prod

from isamap.bounds.cut import CutBound, moved
from isamap.ir.answers import Match, Sizes, sizes
from isamap.ir.binding import Binding, Role
from isamap.ir.carried import why_not_carried, why_not_read


@dataclass(frozen=True)
class Candidate:
    """A legal cut of an einsum, and the closed-form bound of its latency."""

    binding: Binding
    tile: Sizes
    pieces: tuple[tuple[str, Sizes], ...]
    bound_cycles: int


def distinct(matches: Sequence[Match]) -> list[Match]:
    """Those that no other includes: a match that feeds fewer axes is another's with tiles of 1 along the rest."""
    fed = [{name: set(fused) for name, fused in match.axes} for match in matches]
    rest = [(match.einsum, match.instruction, match.operands, match.modes, match.immediates) for match in matches]

    def includes(one: int, other: int) -> bool:
        same = rest[one] == rest[other] and all(fed[other][name] <= fed[one][name] for name in fed[one])
        return same and (fed[one] != fed[other] or one < other)

    return [match for n, match in enumerate(matches) if not any(includes(m, n) for m in range(len(matches)) if m != n)]


def candidates(binding: Binding, bounds: CutBound, below: float) -> Iterator[Candidate | None]:
    """The cuts of ``binding`` in tiles of ``bounds`` whose bound is less than ``below``, and None for each of the
    others; but one None alone for all of them where the unit is busy for so long that the pieces do not matter."""
    if bounds.whatever_pieces_cycles() >= below:
        yield None
        return
    for pieces in pieces_of(binding, bounds.tile):
        bound = bounds.cycles(pieces)
        named = tuple((label, sizes(piece)) for label, piece in pieces.items())
        yield Candidate(binding, sizes(bounds.tile), named, bound) if bound < below else None


def tiles(binding: Binding) -> Iterator[dict[str, int]]:
    """The sizes of one issue along every axis that the instruction takes, ragged edges too."""
    mapped, ranges = set(binding.match.mapped_axes), {a.name: a for a in binding.instruction.axes}
    choices = [range(1, extent + 1) if x in mapped else (1,) for x, extent in binding.extents.items()]
    for choice in product(*choices):
        tile = dict(zip(binding.extents, choice, strict=True))
        edges = {x: {size, binding.extents[x] % size or size} for x, size in tile.items()}
        if all(
            ranges[name].least <= prod(combination) <= ranges[name].most
            for name, fused in binding.match.axes
            for combination in product(*(edges[x] for x in fused))
        ):
            yield tile


def pieces_of(binding: Binding, tile: Mapping[str, int]) -> Iterator[dict[str, dict[str, int]]]:
    """The pieces in which the inputs may come, by label; none where a tile of the output cannot be brought out."""
    if not is_carried(binding, binding.output, tile):
        return
    choices = [
        [piece for piece in _pieces(binding, role, tile) if _is_possible(binding, role, piece, tile)]
        for role in binding.fetched
    ]
    for choice in product(*choices):
        longer = {(x, size) for piece in choice for x, size in piece.items() if size > tile[x]}
        if len({x for x, _ in longer}) == len(longer):
            yield {role.label: piece for role, piece in zip(binding.fetched, choice, strict=True)}


def most_pieces(binding: Binding, tile: Mapping[str, int]) -> int:
    """How many sizes the pieces of one input may have at most."""
    return max((prod(ceil(binding.extents[x] / tile[x]) for x in r.access.axes) for r in binding.fetched), default=0)


def _pieces(binding: Binding, role: Role, tile: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """A tile's worth of ``role``; and several tiles' worth where those would take more cycles or bytes apart."""
    axes = role.access.axes
    alone = {x: tile[x] for x in axes}
    yield alone
    for times in product(*(range(1, -(-binding.extents[x] // tile[x]) + 1) for x in axes)):
        piece = {x: min(n * tile[x], binding.extents[x]) for x, n in zip(axes, times, strict=True)}
        if any(n > 1 for n in times) and _is_worth_while(binding, role, piece, alone):
            yield piece


def _is_worth_while(binding: Binding, role: Role, piece: Mapping[str, int], alone: Mapping[str, int]) -> bool:
    """Does some ``piece`` take fewer cycles of its channel, or fewer bytes, than the pieces ``alone`` within it?"""
    whole = {x: (0, extent) for x, extent in binding.extents.items()}
    for ranges in _cut(whole, piece):
        parts = [_needs(role, part) for part in _cut(ranges, alone)]
        cycles, size = _needs(role, ranges)
        if cycles < sum(cost for cost, _ in parts) or size < sum(each for _, each in parts):
            return True
    return False


def _cut(ranges: Mapping[str, tuple[int, int]], sizes: Mapping[str, int]) -> Iterator[dict[str, tuple[int, int]]]:
    """``ranges`` in boxes of ``sizes``; along other axes their first value."""
    cuts = [
        [(at, min(at + sizes[x], high)) for at in range(low, high, sizes[x])] if x in sizes else [(low, low + 1)]
        for x, (low, high) in ranges.items()
    ]
    return (dict(zip(ranges, choice, strict=True)) for choice in product(*cuts))


def _needs(role: Role, ranges: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Cycles of its channel and bytes of its memory."""
    origin = {x: low for x, (low, _) in ranges.items()}
    extent = {x: high - low for x, (low, high) in ranges.items()}
    work = moved(role, role.route.fetch, origin, extent)
    return sum(cost for _, cost in work.busy), role.staged_slot_bytes(extent)


def _is_possible(binding: Binding, role: Role, piece: Mapping[str, int], tile: Mapping[str, int]) -> bool:
    """Can ``role``'s transfer carry every such piece, and issues read their tiles in it, ragged ones too?"""
    whole = dict(tile) | dict(piece)
    edges = [{size, binding.extents[x] % size or size} for x, size in whole.items()]
    kinds = [dict(zip(whole, choice, strict=True)) for choice in product(*edges)]
    parts = [{x: min(size, tile[x]) for x, size in kind.items()} for kind in kinds]
    return is_carried(binding, role, whole) and not any(map(why_not_read, repeat(role), kinds, parts))


def is_carried(binding: Binding, role: Role, piece: Mapping[str, int]) -> bool:
    """Can ``role``'s transfer carry every such piece, ragged ones too?"""
    edges = [{size, binding.extents[x] % size or size} for x, size in piece.items()]
    return not any(why_not_carried(role, dict(zip(piece, choice, strict=True))) for choice in product(*edges))
