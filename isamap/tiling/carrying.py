"""What it takes to carry one piece of a tensor: bytes, rows, blocks and cycles."""

from __future__ import annotations

from collections.abc import Mapping

from isamap.ir.binding import Role, transfer_cycles
from isamap.ir.block import block, blocks, rows
from isamap.ir.hardware import Transfer


def carried(transfer: Transfer, role: Role, sizes: Mapping[str, int]) -> tuple[int, int, int]:
    """(bytes and rows of a block, blocks) that bring a piece of ``sizes`` in or out."""
    layout = role.staged_layout(sizes)
    first, _ = block(transfer, layout, 0)
    return role.tensor.dtype.bytes_for(first.points), rows(first), blocks(transfer, layout)


def carry_cycles(transfer: Transfer, role: Role, sizes: Mapping[str, int]) -> int:
    """Cycles that a piece of ``sizes`` holds the channel, by itself."""
    size_bytes, lines, count = carried(transfer, role, sizes)
    return count * transfer_cycles(transfer, size_bytes, lines)
