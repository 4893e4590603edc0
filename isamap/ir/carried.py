"""Can a transfer carry a piece: is it the block that the transfer moves, with the strides that it keeps, and made of
bytes that no other transfer writes? And can an issue read its tile where that is part of a larger piece?"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import prod

from isamap.ir.binding import Role
from isamap.ir.block import is_column
from isamap.ir.hardware import StrideRule, Transfer
from isamap.ir.region import Layout
from isamap.ir.shared_bytes import why_fetches_meet, why_stores_meet
from isamap.ir.workload import Tensor


def why_not_carried(role: Role, sizes: Mapping[str, int]) -> str:
    """Why ``role``'s transfer cannot carry a piece of ``sizes``; empty where it can."""
    transfer = role.route.store if role.written else role.route.fetch
    placed = {axis for axis, _ in role.staged_layout(sizes).strides}
    lost = [axis for axis in role.access.axes if sizes.get(axis, 1) > 1 and axis not in placed]
    if lost:
        return (
            f"{role.operand.name} of {role.tensor.name} has no place for more than one element along {' '.join(lost)}"
        )
    shared = why_stores_meet(role, sizes) or why_fetches_meet(role, sizes)
    if shared or transfer is None or not is_choosy(transfer):
        return shared
    layout = role.staged_layout(sizes)
    return _why_not_block(transfer, layout, role.tensor) or _why_not_strides(transfer, layout, role)


def why_not_read(role: Role, piece: Mapping[str, int], tile: Mapping[str, int]) -> str:
    """Why issues cannot read tiles of ``tile`` out of a ``piece`` of ``role``; empty where they can, and where a piece
    is one tile."""
    longer = [x for x in role.access.axes if piece[x] > tile[x]]
    if not longer:
        return ""
    layout, alone = role.staged_layout(piece), role.staged_layout(tile)
    if role.operand.strides not in ("per_kernel_axis", "any"):
        placed = sorted((layout.stride(x), piece[x]) for x in role.access.axes if piece[x] > 1)
        if any(wider < step * extent for (step, extent), (wider, _) in pairwise(placed)):
            return f"a piece of {role.tensor.name} has two elements in one place"
        if any(layout.stride(x) != alone.stride(x) for x in role.access.axes if tile[x] > 1):
            return f"a tile of {role.tensor.name} lies otherwise in a larger piece than {role.operand.name} takes it"
    unit = role.route.landing.alignment_bytes
    if any(layout.stride(x) * tile[x] * role.operand.dtype.bits % (8 * unit) for x in longer):
        return f"tiles of {role.tensor.name} in a larger piece begin at no multiple of {unit} bytes"
    return ""


def is_choosy(transfer: Transfer) -> bool:
    """Does it move one block only, or keep a stride rule?"""
    rules = {transfer.source_strides, transfer.destination_strides}
    return transfer.block is not None or not rules <= {"any", "per_kernel_axis", "one_per_axis"}


def _why_not_block(transfer: Transfer, layout: Layout, tensor: Tensor) -> str:
    given = [axis.extent for axis in layout.squeezed]
    if transfer.block is None or given == [extent for extent in transfer.block if extent > 1]:
        return ""
    block, piece = (" x ".join(map(str, extents)) for extents in (transfer.block, given))
    return f"{transfer.name} moves blocks of exactly {block}, a piece of {tensor.name} is {piece or 1}"


def _why_not_strides(transfer: Transfer, layout: Layout, role: Role) -> str:
    column = is_column(transfer, layout)
    axes = layout.squeezed[column - transfer.dimensions :]
    extents, tensor = [axis.extent for axis in axes], role.tensor
    in_tensor = [sum(a * b for a, b in zip(axis.step, tensor.element_strides, strict=True)) for axis in axes]
    in_memory = [axis.pitch for axis in axes]
    source, destination = (in_memory, in_tensor) if role.written else (in_tensor, in_memory)
    ends = (
        (transfer.source_memory, transfer.source_strides, source),
        (transfer.destination_memory, transfer.destination_strides, destination),
    )
    for memory, rule, strides in ends:
        wanted = [] if column and rule == "unit_innermost" else _wanted(rule, extents)
        if wanted and strides[-len(wanted) :] != wanted:
            return (
                f"{transfer.name} steps by {' and '.join(map(str, wanted))} in {memory} ({rule}), a piece of "
                f"{tensor.name} by {' and '.join(map(str, strides[-len(wanted) :]))}"
            )
    return ""


def _wanted(rule: StrideRule, extents: list[int]) -> list[int]:
    """The strides in elements that a rule fixes, of the innermost axes."""
    if rule == "contiguous":
        return [prod(extents[n + 1 :]) for n in range(len(extents))]
    return [1] if rule == "unit_innermost" and extents else []
