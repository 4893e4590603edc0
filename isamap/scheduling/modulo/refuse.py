"""Which loops over tiles a loop body cannot say: sizes that do not fit, and ways of data that it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isamap.errors import Fault, InputError, Unsupported
from isamap.ir.binding import Binding


def refuse(binding: Binding, tile: Mapping[str, int], block: Mapping[str, int], loop: str) -> None:
    """Raise InputError with every mistake in the sizes, or Unsupported with the first thing that cannot be said."""
    faults = [*_axis_faults(binding, tile, block, loop)]
    faults = faults or [*_size_faults(binding, tile, block, loop)]
    if faults:
        raise InputError(faults)
    for feature in _features(binding, loop):
        raise Unsupported("scheduling", f"a pipelined loop {feature}")


def _axis_faults(binding: Binding, tile: Mapping[str, int], block: Mapping[str, int], loop: str) -> Iterator[Fault]:
    axes = list(binding.extents)
    wanted = f"an axis of {' '.join(axes)}"
    for where, given in (("tile", [*tile]), ("block", [*block]), ("loop", [loop])):
        yield from (Fault((where,), wanted, repr(x)) for x in given if x not in axes)
    yield from (Fault(("tile",), "a size for every axis", f"none for {x}") for x in axes if x not in tile)


def _size_faults(binding: Binding, tile: Mapping[str, int], block: Mapping[str, int], loop: str) -> Iterator[Fault]:
    for x, extent in binding.extents.items():
        if not 1 <= tile[x] <= extent:
            yield Fault(("tile", x), f"1 to {extent}", str(tile[x]))
        elif x not in binding.match.mapped_axes and tile[x] != 1:
            yield Fault(("tile", x), f"1: no axis of {binding.instruction.name} takes it", str(tile[x]))
        elif not 1 <= block.get(x, 1) <= extent // tile[x]:
            yield Fault(("block", x), f"1 to {extent // tile[x]} whole tiles", str(block[x]))
    if block.get(loop, 1) != 1:
        yield Fault(("block", loop), "1 tile: a trip is one step of the loop", str(block[loop]))
    ranges = {axis.name: axis for axis in binding.instruction.axes}
    for axis, extent in binding.extents_of_issue(tile).items():
        if not ranges[axis].least <= extent <= ranges[axis].most:
            wanted = f"{ranges[axis].least} to {ranges[axis].most} of {binding.instruction.name}'s {axis}"
            yield Fault(("tile",), wanted, str(extent))


def _features(binding: Binding, loop: str) -> Iterator[str]:
    target = binding.target
    if target.issue != "queued":
        yield f"on {target.name}, which issues in lock-step"
    for role in binding.roles:
        if role.home is not None or role.route.landing == target.outermost:
            yield f"with {role.label}, which stays in one memory"
        if role.tensor.border is not None:
            yield f"with {role.label}, which has a border"
    for role in binding.inputs:
        if role.route.fill is not None or role.route.memory.banks > 1:
            yield f"with {role.label} in accumulators"
    if binding.output.route.staging is not None and binding.output.route.staging.banks > 1:
        yield f"with {binding.output.label} on its way through banks"
    if binding.continues and loop in binding.output.access.axes:
        yield f"with {binding.output.label}, which comes in and goes out in every trip"
