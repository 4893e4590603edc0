"""What single pieces and issues of a binding cost, each worked out once, for the count in plain Python."""

from __future__ import annotations

from fractions import Fraction

from isamap.ir.binding import Binding, Role, move_cycles, transfer_cycles
from isamap.ir.carried import why_not_carried
from isamap.ir.expression import Expression, evaluate
from isamap.ir.hardware import Instruction, Transfer
from isamap.tiling.exact.counts import windows
from isamap.tiling.exact.price import MOST_PIECES, line
from isamap.tiling.exact.shapes import joint_count, tile_choices
from isamap.tiling.nest import Nest, legal

Sizes = tuple[int, ...]


class Prices:
    """The prices of one binding. Pieces of a tensor that come in too many sizes are priced on a line below their cost,
    as the formulation says."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        choices = tile_choices(binding)
        self._lined = {
            role.operand.name: bool(windows(role)) or joint_count(binding, choices, role.access.axes) > MOST_PIECES
            for role in binding.roles
        }
        self._known: dict[tuple[object, ...], int | Fraction] = {}

    def is_legal(self, nest: Nest) -> bool:
        """Do the tiles of ``nest`` lie within the instruction's ranges, those of axes that feed nothing one by one?"""
        key = ("legal", nest.tile, nest.block)
        if key not in self._known:
            steps = all(size == 1 for x, size in nest.tile if x not in self.binding.match.mapped_axes)
            self._known[key] = steps and legal(self.binding, nest)
        return bool(self._known[key])

    def _sizes(self, role: Role, sizes: Sizes) -> dict[str, int]:
        """Sizes along the role's axes, 1 along all others."""
        return dict.fromkeys(self.binding.extents, 1) | dict(zip(role.access.axes, sizes, strict=True))

    def piece_bytes(self, role: Role, sizes: Sizes) -> int:
        """Bytes that a transfer of a piece moves."""
        key = ("bytes", role.operand.name, sizes)
        if key not in self._known:
            points = role.staged_layout(self._sizes(role, sizes)).points
            self._known[key] = points * role.tensor.dtype.size_bytes
        return int(self._known[key])

    def slot_bytes(self, role: Role, sizes: Sizes, *, staged: bool = False) -> int:
        """Bytes of a slot for a piece, in the operand's memory or where it is staged."""
        key = ("slot", role.operand.name, sizes, staged)
        if key not in self._known:
            full = self._sizes(role, sizes)
            self._known[key] = role.staged_slot_bytes(full) if staged else role.slot_bytes(full)
        return int(self._known[key])

    def is_carried(self, role: Role, sizes: Sizes) -> bool:
        """Can the role's transfer carry such a piece?"""
        key = ("carried", role.operand.name, sizes)
        if key not in self._known:
            self._known[key] = not why_not_carried(role, self._sizes(role, sizes))
        return bool(self._known[key])

    def transfers(self, role: Role, transfer: Transfer, counts: dict[Sizes, int]) -> tuple[int, Fraction, int]:
        """(cycles, pJ, bytes) of so many pieces of each size."""
        sized = [(self.piece_bytes(role, sizes), count) for sizes, count in counts.items()]
        total, pieces = sum(b * n for b, n in sized), sum(n for _, n in sized)
        if self._lined[role.operand.name]:
            unit, most = role.tensor.dtype.size_bytes, role.route.landing.capacity_bytes
            energy = line(transfer.energy_pj, unit, most, whole=False)
            cycles = line(transfer.cost_cycles, unit, most, whole=True).total(total, pieces)
            return cycles, energy.slope * total + energy.fixed * pieces, total
        cycles = sum(n * self._transfer_cycles(transfer, b) for b, n in sized)
        return cycles, sum((n * self._transfer_pj(transfer, b) for b, n in sized), Fraction(0)), total

    def _transfer_cycles(self, transfer: Transfer, size_bytes: int) -> int:
        key = ("transfer", transfer.name, size_bytes)
        if key not in self._known:
            self._known[key] = transfer_cycles(transfer, size_bytes)
        return int(self._known[key])

    def _transfer_pj(self, transfer: Transfer, size_bytes: int) -> Fraction:
        key = ("transfer pj", transfer.name, size_bytes)
        if key not in self._known:
            self._known[key] = _pj(transfer.energy_pj, {"bytes": size_bytes, "border_bytes": 0})
        return Fraction(self._known[key])

    def issue(self, sizes: dict[str, int]) -> tuple[int, Fraction]:
        """(cycles, pJ) of one issue on a tile."""
        extents, instruction = self.binding.extents_of_issue(sizes), self.binding.instruction
        key = ("issue", *extents.values())
        if key not in self._known:
            self._known[key] = self.binding.issue_cycles(sizes, False)
            self._known["pj", *key] = _pj(instruction.energy_pj, extents | {"initialise": 0})
        return int(self._known[key]), Fraction(self._known["pj", *key])

    def move(self, move: Instruction, extents: Sizes) -> tuple[int, Fraction]:
        """(cycles, pJ) of a drain or fill."""
        key = ("move", move.name, *extents)
        if key not in self._known:
            self._known[key] = move_cycles(move, extents)
            values = dict(zip(move.axis_names, extents, strict=True)) | {"initialise": 0}
            self._known["pj", *key] = _pj(move.energy_pj, values)
        return int(self._known[key]), Fraction(self._known["pj", *key])


def _pj(cost: Expression | None, values: dict[str, int]) -> Fraction:
    return Fraction(0) if cost is None else Fraction(evaluate(cost, values))
