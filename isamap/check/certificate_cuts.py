"""Every cut of an einsum that a match allows, one by one: tiles whose every issue the instruction takes, pieces that
transfers can carry, larger pieces only where one of them takes fewer cycles or bytes than the tiles' worths in it, and
along an axis of one length only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import ceil

from isamap.check.certificate_tasks import Box, Sizes, boxes, lengths, loads, ranges
from isamap.ir.binding import Binding, Role
from isamap.ir.carried import why_not_carried, why_not_read

Pieces = dict[str, dict[str, int]]


def tiles(binding: Binding) -> Iterator[dict[str, int]]:
    """The sizes of an issue, such that the instruction takes every issue, those at the edges too."""
    mapped, extents = binding.match.mapped_axes, binding.extents
    sizes = {x: range(1, extent + 1) if x in mapped else [1] for x, extent in extents.items()}
    parts = [{size: _lengths(extents[x], size) for size in own} for x, own in sizes.items()]
    for tile in product(*sizes.values()):
        issues = product(*(lengths[size] for lengths, size in zip(parts, tile, strict=True)))
        if all(_is_taken(binding, dict(zip(extents, issue, strict=True))) for issue in issues):
            yield dict(zip(extents, tile, strict=True))


def kinds(extents: Sizes, sizes: Sizes) -> Iterator[dict[str, int]]:
    """The lengths that parts of ``sizes`` have, each once: whole ones, and at the edges what is left."""
    found = [_lengths(extent, sizes[x]) for x, extent in extents.items()]
    return (dict(zip(extents, choice, strict=True)) for choice in product(*found))


def _lengths(extent: int, size: int) -> list[int]:
    """Of the parts of ``size`` that ``extent`` is cut into, the longest first."""
    return sorted({high - low for low, high in ranges(extent, size)}, reverse=True)


def _is_taken(binding: Binding, issue: Sizes) -> bool:
    axes = {axis.name: axis for axis in binding.instruction.axes}
    return all(axes[d].least <= extent <= axes[d].most for d, extent in binding.extents_of_issue(issue).items())


class PiecesOf:
    """The pieces in which inputs may come, per tile; what a piece takes is worked out once."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self._taken: dict[object, tuple[int, int]] = {}
        self._carried: dict[object, bool] = {}

    def cuts(self, tile: Sizes) -> Iterator[Pieces]:
        """The pieces of all inputs together, by label; none where the output's tile cannot be stored."""
        if not self._can_be_carried(self.binding.output, tile):
            return
        choices = [list(self._of(role, tile)) for role in self.binding.fetched]
        labels = [role.label for role in self.binding.fetched]
        for choice in product(*choices):
            if all(_one_size(axis, tile[axis], choice) for axis in tile):
                yield dict(zip(labels, choice, strict=True))

    def _of(self, role: Role, tile: Sizes) -> Iterator[dict[str, int]]:
        axes, extents = role.access.axes, self.binding.extents
        for counts in product(*(range(1, ceil(extents[x] / tile[x]) + 1) for x in axes)):
            piece = {x: min(n * tile[x], extents[x]) for x, n in zip(axes, counts, strict=True)}
            cheap = all(n == 1 for n in counts) or self._saves(role, piece, tile)
            if cheap and self._can_be_carried(role, {**tile, **piece}) and self._can_be_read(role, piece, tile):
                yield piece

    def _saves(self, role: Role, piece: Sizes, tile: Sizes) -> bool:
        """Does some such piece take fewer cycles or bytes than a transfer for each tile's worth in it?"""
        extents = {x: extent if x in piece else 1 for x, extent in self.binding.extents.items()}
        ones, alone = dict.fromkeys(extents, 1), {x: tile[x] if x in piece else 1 for x in extents}
        for whole in boxes(extents, {**ones, **piece}):
            taken = [self._takes(role, _moved(whole, part)) for part in boxes(lengths(whole), alone)]
            cycles, size = self._takes(role, whole)
            if cycles < sum(one for one, _ in taken) or size < sum(one for _, one in taken):
                return True
        return False

    def _takes(self, role: Role, box: Box) -> tuple[int, int]:
        """Cycles of its channel and bytes of its memory."""
        where = () if role.tensor.border is None else tuple(low for low, _ in box.values())
        key = (role.label, *lengths(box).values(), *where)
        if key not in self._taken:
            cycles = sum(task.interval for task in loads(role, box))
            self._taken[key] = cycles, role.staged_slot_bytes(lengths(box))
        return self._taken[key]

    def _can_be_carried(self, role: Role, sizes: Sizes) -> bool:
        """Can its transfer carry it, whole and at the edges?"""
        key = (role.label, role.written, *((x, sizes[x]) for x in role.access.axes))
        if key not in self._carried:
            self._carried[key] = not any(why_not_carried(role, kind) for kind in kinds(self.binding.extents, sizes))
        return self._carried[key]

    def _can_be_read(self, role: Role, piece: Sizes, tile: Sizes) -> bool:
        """Can issues read their tiles in it, at the edges too?"""
        every = list(kinds(self.binding.extents, {**tile, **piece}))
        return not any(why_not_read(role, one, {x: min(n, tile[x]) for x, n in one.items()}) for one in every)


def _one_size(axis: str, tile: int, choice: tuple[dict[str, int], ...]) -> bool:
    """Are the pieces longer than a tile along ``axis`` of one length?"""
    return len({piece[axis] for piece in choice if piece.get(axis, tile) > tile}) <= 1


def _moved(whole: Box, part: Box) -> Box:
    return {x: (whole[x][0] + low, whole[x][0] + high) for x, (low, high) in part.items()}
