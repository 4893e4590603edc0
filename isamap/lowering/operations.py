"""A step's operation, and how the origins of its views follow from a tile's start and the slots it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from isamap.ir.answers import Buffer, Step
from isamap.ir.binding import Binding, Role
from isamap.ir.block import block
from isamap.ir.hardware import Instruction, Operand, Target, Transfer
from isamap.ir.program import Operation, View
from isamap.ir.region import Layout

Places = Mapping[str, tuple[int, ...]]
"""Address of every slot, per buffer."""


@dataclass(frozen=True)
class Emitter:
    """``origin(start per axis, slots)`` gives the origins of an issue of ``operation``, all views one after another."""

    operation: Operation
    origin: Callable[[Sequence[int], Sequence[int]], list[int]]
    rank: int
    slots: int


def emitter(step: Step, binding: Binding, buffers: Mapping[str, Buffer], places: Places, target: Target) -> Emitter:
    """The emitter of ``step``: a transfer, a move of the output tile, or the computation itself."""
    performs = {transfer.name: transfer for transfer in target.transfers}
    if step.performs in performs:
        return _transfer(step, binding, performs[step.performs], buffers, places, target)
    instruction = target.instruction(step.performs)
    if instruction.name == binding.instruction.name:
        return _computation(step, binding, buffers, places)
    return _move(step, binding, instruction, buffers, places)


def _role(step: Step, binding: Binding, buffers: Mapping[str, Buffer]) -> Role:
    """The role whose piece a transfer carries: its buffer's name ends in operand@memory."""
    name = next(name for name in step.buffers if name)
    return next(role for role in binding.roles if name.split("@")[0].endswith(f".{role.operand.name}"))


def _transfer(
    step: Step, binding: Binding, transfer: Transfer, buffers: Mapping[str, Buffer], places: Places, target: Target
) -> Emitter:
    role = _role(step, binding, buffers)
    extent = dict(step.sizes)
    piece, ahead = block(transfer, role.staged_layout(extent), step.part)
    dtype, size = role.operand.dtype, role.operand.dtype.size_bytes
    in_memory = tuple(((axis.pitch * size,),) for axis in piece.block)
    in_tensor = tuple((axis.step,) for axis in piece.block)
    outer = target.outermost.name
    fetches = step.buffers[0] == ""
    here, there = ("destination", "source") if fetches else ("source", "destination")
    addressed = View(here, role.route.landing.name, dtype, in_memory)
    placed = View(there, outer, role.tensor.dtype, in_tensor, tensor=role.tensor.name)
    names = transfer.meaning.output.axes if transfer.meaning else [f"b{n}" for n in range(len(piece.block))]
    extents = tuple((name, (axis.extent,)) for name, axis in zip(names, piece.block, strict=True))
    stored = binding.stored if binding.stored and binding.stored.instruction == transfer.name else None
    immediates = stored.immediates if stored else ()
    views = (placed, addressed) if fetches else (addressed, placed)
    addresses = places[step.buffers[1 if fetches else 0]]
    affine, axes = role.access.affine_indices, list(binding.extents)

    def origin(start: Sequence[int], slots: Sequence[int]) -> list[int]:
        point = dict(zip(axes, start, strict=True))
        coordinates = [index.evaluate(point) + extra for index, extra in zip(affine, piece.low, strict=True)]
        address = addresses[slots[1 if fetches else 0]] + ahead * size
        return [*coordinates, address] if fetches else [address, *coordinates]

    operation = Operation(transfer.name, extents, views, immediates=immediates)
    return Emitter(operation, origin, len(axes), len(step.buffers))


def _computation(step: Step, binding: Binding, buffers: Mapping[str, Buffer], places: Places) -> Emitter:
    extent, axes = dict(step.sizes), list(binding.extents)
    instruction = binding.instruction
    extents = tuple((axis, tuple(extent[x] for x in fused) or (1,)) for axis, fused in binding.match.axes)
    views, parts = [], []
    for operand, name, held in zip(instruction.operands, step.buffers, step.pieces, strict=True):
        role = next(r for r in binding.roles if r.operand.name == operand.name)
        piece, whole = dict(held), dict(buffers[name].piece)
        layout, size = role.layout(piece), operand.dtype.size_bytes
        fused = dict(binding.match.axes)
        steps = tuple(_steps(operand, axis, fused[axis], layout, size) for axis, _ in extents)
        views.append(View(operand.name, operand.memory, operand.dtype, steps))
        own = [(n, x) for n, x in enumerate(axes) if x in role.access.axes and piece[x] != extent[x]]
        inner = [(n, layout.stride(x) * size, whole[x]) for n, x in own]
        parts.append((places[name], layout.offset * size, inner))
    match = binding.match
    operation = Operation(instruction.name, extents, tuple(views), step.mode, match.modes, match.immediates)

    def origin(start: Sequence[int], slots: Sequence[int]) -> list[int]:
        return [
            addresses[slot] + offset + sum(stride * (start[n] % period) for n, stride, period in inner)
            for (addresses, offset, inner), slot in zip(parts, slots, strict=True)
        ]

    return Emitter(operation, origin, len(axes), len(step.buffers))


def _steps(
    operand: Operand, axis: str, fused: tuple[str, ...], layout: Layout, size: int
) -> tuple[tuple[int, ...], ...]:
    """Bytes per factor of an instruction axis, nothing where the operand does not depend on it."""
    if axis not in operand.axes:
        return ()
    return tuple((layout.stride(x) * size,) for x in fused) or ((0,),)


def _move(step: Step, binding: Binding, move: Instruction, buffers: Mapping[str, Buffer], places: Places) -> Emitter:
    """Drain and fill: the output tile between the operand's memory and the staging memory, axis by axis."""
    extent, role = dict(step.sizes), binding.output
    fused = dict(binding.match.axes)
    by_position = dict(zip(move.axis_names, role.operand.axes, strict=True))
    extents = tuple((axis, tuple(extent[x] for x in fused[ours]) or (1,)) for axis, ours in by_position.items())
    home = role.layout(extent)
    staged = role.staged_layout(extent)
    views, parts = [], []
    for operand, name in zip(move.operands, step.buffers, strict=True):
        layout = home if operand.memory == role.operand.memory else staged
        size = operand.dtype.size_bytes
        steps = tuple(_steps(operand, axis, fused[ours], layout, size) for axis, ours in by_position.items())
        views.append(View(operand.name, operand.memory, operand.dtype, steps))
        parts.append(places[name])
    rank = len(binding.extents)

    def origin(start: Sequence[int], slots: Sequence[int]) -> list[int]:
        return [addresses[slot] for addresses, slot in zip(parts, slots, strict=True)]

    return Emitter(Operation(move.name, extents, tuple(views)), origin, rank, len(step.buffers))
