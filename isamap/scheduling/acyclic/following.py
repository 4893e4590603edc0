"""How einsums follow each other: which tiles of earlier ones a piece is made of, or a computation reads on chip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from isamap.errors import Unsupported
from isamap.scheduling.acyclic.overlap import Part, carried, met
from isamap.scheduling.acyclic.walk import Walk


@dataclass
class Following:
    """The tiles of the einsums of ``walk`` as those see them that come later."""

    walk: Walk

    @cached_property
    def _stored(self) -> dict[int, Part]:
        """What of which tensor is stored of each tile."""
        found = {}
        for (kind, tile, _, part), issue in self.walk.keys.items():
            if kind == "store" and not part:
                binding = self.walk.bindings[issue.step.einsum]
                found[tile] = carried(issue, binding.output, binding)
        return found

    @cached_property
    def _staying(self) -> dict[int, Part]:
        """Which elements each tile is of a tensor that stays on chip."""
        found = {}
        for number, (tile, _) in enumerate(self.walk.computations):
            issue = self.walk.keys["compute", number, 0, 0]
            binding = self.walk.bindings[issue.step.einsum]
            if binding.output.home is not None and tile not in found:
                found[tile] = met(issue, binding.output, binding)
        return found

    def of_piece(self, piece: int) -> tuple[int, ...]:
        """The tiles that are stored where a piece is brought in from."""
        issue = self.walk.keys["load", piece, 0, 0]
        role = self.walk.roles[issue.step.einsum, issue.writes[0][0]]
        brought = carried(issue, role, self.walk.bindings[issue.step.einsum])
        return tuple(tile for tile, part in self._stored.items() if part.meets(brought))

    def of_computation(self, number: int) -> tuple[int, ...]:
        """The tiles that a computation reads where they stay."""
        issue = self.walk.keys["compute", number, 0, 0]
        binding = self.walk.bindings[issue.step.einsum]
        read = [met(issue, role, binding) for role in binding.inputs if role.home is not None]
        return tuple(tile for tile, part in self._staying.items() if any(part.meets(one) for one in read))

    def require_all_read(self) -> None:
        """Raises Unsupported for a tile on chip that nobody reads: until when it lies there is not said."""
        read = {t for number in range(len(self.walk.computations)) for t in self.of_computation(number)}
        for tile in self._staying.keys() - read:
            raise Unsupported("scheduling", f"tile {tile} of {self._staying[tile].tensor}, which nobody reads on chip")
