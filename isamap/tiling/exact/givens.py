"""What the formulation knows of a binding: shapes of every axis, pieces and prices of every tensor, work per tile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Instruction, Transfer
from isamap.tiling.exact.pieces import Group
from isamap.tiling.exact.price import Line, Term
from isamap.tiling.exact.shapes import Choices, Shape

Row = tuple[int, ...]


@dataclass(frozen=True)
class Way:
    """A transfer of a role's pieces: its price as a line per transfer, for cycles and for energy."""

    transfer: Transfer
    cycles: Line
    energy: Line


@dataclass(frozen=True)
class Piece:
    """What is known of one tile of a tensor: bytes of a slot and of a staging slot; then per way the cycles of the
    largest piece, and cycles and energy of all pieces once."""

    slot_bytes: int
    staged_bytes: int
    first_cycles: tuple[int, ...]
    sweep_cycles: tuple[int, ...]
    sweep_energy: tuple[int, ...]


@dataclass(frozen=True)
class Reach:
    """What the ``axes`` of a group that are longer than 1 reach: per row the tile of each, in a window its multiple and
    whether its tile loop is inside of the hold, and then elements of the largest piece and of all, and how many.
    ``plain``: that is the tile, the extent and the number of tiles of one axis."""

    axes: tuple[str, ...]
    window: bool
    plain: bool
    rows: tuple[Row, ...]

    def most(self, column: int) -> int:
        """The greatest of a column; -3, -2 and -1 are the last ones."""
        return max(row[column] for row in self.rows)


@dataclass(frozen=True)
class Carried:
    """A role with its axes and groups, and the ways that its pieces go. Where there are few enough of them, ``table``
    has every combination of tile sizes (of ``axes``) with what it comes to; else lines price the sums."""

    role: Role
    axes: tuple[str, ...]
    groups: tuple[Group, ...]
    ways: tuple[Way, ...]
    table: tuple[tuple[Row, Piece], ...]
    tabled: bool

    @property
    def name(self) -> str:
        return self.role.operand.name

    @property
    def element_bytes(self) -> int:
        return self.role.tensor.dtype.size_bytes


@dataclass(frozen=True)
class Work:
    """What a unit does for all tiles together: cycles and energy, once per session for a move."""

    instruction: Instruction
    cycles: tuple[Term, ...]
    energy: tuple[Term, ...]
    single: tuple[Term, ...]  # cycles of one move of a whole tile


@dataclass(frozen=True)
class Givens:
    """One binding, ready to be written down as a model."""

    binding: Binding
    choices: Choices
    shapes: Mapping[str, list[Shape]]
    inputs: tuple[Carried, ...]
    output: Carried
    reaches: Mapping[tuple[str, int], Reach]
    compute: Work
    drain: Work | None
    fill: Work | None

    @property
    def extents(self) -> dict[str, int]:
        return self.binding.extents

    @property
    def walked(self) -> list[str]:
        """Axes longer than 1: the only ones with loops."""
        return [x for x, extent in self.extents.items() if extent > 1]
