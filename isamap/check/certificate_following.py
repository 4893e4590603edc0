"""Which einsums read what others wrote, element by element: what a piece or an issue has to wait for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from isamap.check.certificate_bound import tile_boxes
from isamap.check.certificate_tasks import Box, Sizes, lengths
from isamap.ir import cut_model
from isamap.ir.binding import Binding, Role
from isamap.ir.resident import home_bytes

Element = tuple[int, ...]


def moved(role: Role, box: Box) -> set[Element]:
    """The elements of the tensor that the transfers of a piece or tile move."""
    layout = role.staged_layout(lengths(box))
    first = layout.first(role.access, {axis: low for axis, (low, _) in box.items()})
    steps = product(*([(k, axis.step) for k in range(axis.extent)] for axis in layout.block))
    return {tuple(at + sum(k * step[n] for k, step in way) for n, at in enumerate(first)) for way in steps}


def met(role: Role, box: Box) -> set[Element]:
    """The elements at the points of an issue."""
    own = role.access.axes
    points = (dict(zip(own, point, strict=True)) for point in product(*(range(*box[axis]) for axis in own)))
    return {tuple(index.evaluate(point) for index in role.access.affine_indices) for point in points}


class Written:
    """The tiles of the einsums so far, by the elements in them."""

    def __init__(self) -> None:
        self._tiles: dict[str, dict[Element, set[str]]] = {}

    def write(self, binding: Binding, tile: Sizes) -> None:
        """Take down the output tiles of an einsum cut into issues of ``tile``."""
        role = binding.output
        mine = self._tiles.setdefault(role.tensor.name, {})
        for box in tile_boxes(binding, tile).values():
            for element in met(role, box) if role.home is not None else moved(role, box):
                mine.setdefault(element, set()).add(output_name(binding, box))

    def of_piece(self, role: Role, box: Box) -> set[str]:
        """The tiles that a piece is made of."""
        mine = self._tiles.get(role.tensor.name, {})
        return {name for element in moved(role, box) for name in mine.get(element, ())} if mine else set()

    def of_issue(self, binding: Binding, box: Box) -> set[str]:
        """The tiles that an issue reads where they stay."""
        found: set[str] = set()
        for role in (role for role in binding.inputs if role.home is not None):
            for element in met(role, box):
                found |= self._tiles[role.tensor.name].get(element, set())
        return found


def output_name(binding: Binding, box: Box) -> str:
    own = binding.output.access.axes
    return cut_model.box(binding.number, {axis: range_ for axis, range_ in box.items() if axis in own})


def staying_bytes(bindings: list[Binding]) -> Iterator[tuple[str, int, int]]:
    """(memory, bytes, alignment) of every tensor that stays on chip."""
    every: Mapping[str, Role] = {r.tensor.name: r for b in bindings for r in b.roles if r.home is not None}
    for role in every.values():
        assert role.home is not None
        memory = role.home.memory
        yield memory.name, home_bytes(role.tensor, role.home.home, memory), memory.alignment_bytes
