"""Why no tiling fits: an axis that the instruction cannot be cut into, or a memory that is too small."""

from __future__ import annotations

from math import prod

from isamap.ir.binding import Binding
from isamap.ir.carried import why_not_carried
from isamap.ir.einsum import Axis
from isamap.tiling.nest import Nest, piece


def why_nothing_fits(binding: Binding, smallest: Nest) -> str:
    """The axes that cannot be cut into the instruction's extents; else the pieces that no transfer carries; else the
    memory that the smallest tile overflows."""
    ranges = {axis.name: axis for axis in binding.instruction.axes}
    reasons = [_why_not_cut(binding, ranges[name], fused) for name, fused in binding.match.axes]
    if not any(reasons):
        reasons = [why_not_carried(role, piece(role, smallest)) for role in binding.roles]
    reasons = [reason for reason in reasons if reason] or [_why_too_small(binding, smallest)]
    return f"{binding.einsum.statement}: " + "; ".join(reasons)


def _why_not_cut(binding: Binding, axis: Axis, fused: tuple[str, ...]) -> str:
    """Why the kernel axes ``fused`` into ``axis`` give tiles beside its range, and what padding would do."""
    extents = [binding.extents[x] for x in fused]
    if can_be_cut(extents, axis.least, axis.most):
        return ""
    exact = axis.least == axis.most
    takes = f"takes exactly {axis.least}" if exact else f"takes {axis.least} to {axis.most}"
    name = f"{binding.instruction.name}'s {axis.name}"
    if not fused:
        return f"no axis feeds {name}, which {takes}"
    given = f"{' x '.join(fused)} = {' x '.join(map(str, extents))}"
    what = f"is no multiple of {axis.least}, which {name}" if exact else f"cannot be cut into tiles that {name}"
    padded = extents[-1] + 1
    while not can_be_cut([*extents[:-1], padded], axis.least, axis.most):
        padded += 1
    takes = takes.replace(str(axis.least), "").rstrip() if exact else takes
    return f"{given} {what} {takes}; pad {fused[-1]} to {padded}"


def can_be_cut(extents: list[int], least: int, most: int) -> bool:
    """Are there tile sizes whose products, ragged ones included, all lie in ``least`` .. ``most``?"""

    def extend(n: int, whole: int, ragged: int) -> bool:
        if n == len(extents):
            return ragged >= least
        sizes = range(min(extents[n], most // whole), 0, -1)
        return any(extend(n + 1, whole * size, ragged * (extents[n] % size or size)) for size in sizes)

    return least == 1 or extend(0, 1, 1)


def _why_too_small(binding: Binding, nest: Nest) -> str:
    """Which memory is too small for one slot per tensor of the smallest tile, by how many bytes."""
    needs = bytes_needed(binding, nest)
    for memory in binding.target.memories[1:]:
        needed = needs.get(memory.name, {})
        short = sum(needed.values()) - memory.capacity_bytes
        if short > 0:
            parts = ", ".join(f"{tensor} {size} bytes" for tensor, size in needed.items())
            return (
                f"{memory.name} ({memory.capacity_bytes} bytes) is too small for the smallest tile of "
                f"{binding.instruction.name}: {short} bytes more are needed for {parts}"
            )
    extents = " x ".join(f"{axis}={prod(binding.extents[x] for x in fused)}" for axis, fused in binding.match.axes)
    ranges = " ".join(map(str, binding.instruction.axes))
    return f"no tiling of {extents} fits {binding.instruction.name} ({ranges})"


def bytes_needed(binding: Binding, nest: Nest) -> dict[str, dict[str, int]]:
    """Per memory and tensor, the bytes of one slot for a piece of ``nest``."""
    needs = dict[str, dict[str, int]]()
    for role in binding.roles:
        home = needs.setdefault(role.route.memory.name, {})
        home[role.label] = role.slot_bytes(piece(role, nest))
        if role.route.staging is not None:
            staged = needs.setdefault(role.route.staging.name, {})
            staged[role.label] = role.staged_slot_bytes(dict(nest.tile))
    return needs
