"""Why no tiling fits: an axis that the instruction cannot be cut into, or a memory that is too small."""

from __future__ import annotations

from isamap.ir.binding import Binding
from isamap.tiling.nest import Nest, piece


def why_nothing_fits(binding: Binding, nest: Nest) -> str:
    """Which memory is too small for the smallest tile, by how many bytes, for which tensors."""
    tile, needs = dict(nest.tile), dict[str, dict[str, int]]()
    for role in binding.roles:
        home = needs.setdefault(role.route.memory.name, {})
        home[role.tensor.name] = home.get(role.tensor.name, 0) + role.slot_bytes(piece(role, nest))
        if role.route.staging is not None:
            staged = needs.setdefault(role.route.staging.name, {})
            staged[role.tensor.name] = staged.get(role.tensor.name, 0) + role.staged_slot_bytes(tile)
    for memory in binding.target.memories[1:]:
        needed = needs.get(memory.name, {})
        short = sum(needed.values()) - memory.capacity_bytes
        if short > 0:
            parts = ", ".join(f"{tensor} {size} bytes" for tensor, size in needed.items())
            return (
                f"{memory.name} ({memory.capacity_bytes} bytes) is too small for the smallest tile of "
                f"{binding.instruction.name}: {short} bytes more are needed for {parts}"
            )
    ranges = " ".join(map(str, binding.instruction.axes))
    return f"no tiling of {binding.einsum.statement} fits {binding.instruction.name} ({ranges}) with room to spare"
