"""A step's operation, and how the origins of its views follow from a tile's start and the slots it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from isamap.ir.answers import Buffer, Step
from isamap.ir.binding import Binding, Role
from isamap.ir.block import block
from isamap.ir.dtype import DType
from isamap.ir.hardware import Instruction, Operand, Target, Transfer
from isamap.ir.program import Operation, View
from isamap.ir.region import Layout
from isamap.ir.resident import Resident

Places = Mapping[str, tuple[int, ...]]
"""The byte at which every slot begins, per buffer."""


@dataclass(frozen=True)
class Emitter:
    """``origin(start per axis, slots)`` gives the origins of an issue of ``operation``, all views one after another.
    Where an operand lies in two places, ``between`` finds the operation by the slots."""

    operation: Operation
    origin: Callable[[Sequence[int], Sequence[int]], list[int]]
    rank: int
    slots: int
    between: Callable[[Sequence[int]], Operation] | None = None


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
    dtype = role.operand.dtype
    in_memory = tuple(((axis.pitch * dtype.pitch,),) for axis in piece.block)
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
    addresses = _addresses(places, step.buffers[1 if fetches else 0], dtype)
    affine, axes = role.access.affine_indices, list(binding.extents)

    def origin(start: Sequence[int], slots: Sequence[int]) -> list[int]:
        point = dict(zip(axes, start, strict=True))
        coordinates = [index.evaluate(point) + extra for index, extra in zip(affine, piece.low, strict=True)]
        address = addresses[slots[1 if fetches else 0]] + ahead * dtype.pitch
        return [*coordinates, address] if fetches else [address, *coordinates]

    operation = Operation(transfer.name, extents, views, immediates=immediates)
    return Emitter(operation, origin, len(axes), len(step.buffers))


def _computation(step: Step, binding: Binding, buffers: Mapping[str, Buffer], places: Places) -> Emitter:
    extent, axes = dict(step.sizes), list(binding.extents)
    instruction, match = binding.instruction, binding.match
    extents = tuple((axis, tuple(extent[x] for x in fused) or (1,)) for axis, fused in match.axes)
    fused = dict(match.axes)
    views: list[View] = []
    parts: list[_Place | _AtHome] = []
    for operand, name, held in zip(instruction.operands, step.buffers, step.pieces, strict=False):
        role = next(r for r in binding.roles if r.operand.name == operand.name)
        addresses = _addresses(places, name, operand.dtype)
        if role.home is not None and buffers[name].home is not None:
            strides: Layout | Resident = role.home
            parts.append(_AtHome(addresses, role.home, operand.dtype.pitch, tuple(axes)))
        else:
            piece, whole = dict(held), dict(buffers[name].piece)
            strides = layout = role.layout(piece)
            own = [(n, x) for n, x in enumerate(axes) if x in role.access.axes and piece[x] != extent[x]]
            inner = tuple((n, layout.stride(x) * operand.dtype.pitch, whole[x]) for n, x in own)
            parts.append(_Place(addresses, layout.offset * operand.dtype.pitch, inner))
        steps = tuple(_steps(operand, axis, fused[axis], strides) for axis, _ in extents)
        views.append(View(operand.name, operand.memory, operand.dtype, steps))
    operation = Operation(instruction.name, extents, tuple(views), step.mode, match.modes, match.immediates)
    between = _between(step, binding, operation, places) if step.second else None
    return Emitter(operation, _origins(parts), len(axes), len(step.buffers), between)


def _between(
    step: Step, binding: Binding, operation: Operation, places: Places
) -> Callable[[Sequence[int]], Operation]:
    """``operation`` by the slots that it uses: along an axis of which each value lies in a place of its own, the
    stride is as far as it is from the first place to the second."""
    operands, factors = [operand.name for operand in binding.instruction.operands], dict(binding.match.axes)
    found: dict[tuple[int, ...], Operation] = {}

    def view(old: View, axis: str, stride: int) -> View:
        steps = [list(strides) for strides in old.steps]
        for n, (name, _) in enumerate(operation.extents):
            if steps[n] and axis in factors[name]:
                steps[n][factors[name].index(axis)] = (stride,)
        return replace(old, steps=tuple(map(tuple, steps)))

    def by(slots: Sequence[int]) -> Operation:
        strides = []
        for n, (name, _) in enumerate(step.second, len(operands)):
            first, dtype = operands.index(name), operation.views[operands.index(name)].dtype
            second = _addresses(places, step.buffers[n], dtype)[slots[n]]
            strides.append(second - _addresses(places, step.buffers[first], dtype)[slots[first]])
        key = tuple(strides)
        if key not in found:
            views = list(operation.views)
            for (name, axis), stride in zip(step.second, strides, strict=True):
                views[operands.index(name)] = view(views[operands.index(name)], axis, stride)
            found[key] = replace(operation, views=tuple(views))
        return found[key]

    return by


@dataclass(frozen=True)
class _Place:
    """Where an operand begins: the slot's address, and ``offset`` and a stride per axis (number of the axis, stride,
    period) from there."""

    addresses: tuple[int, ...]
    offset: int = 0
    inner: tuple[tuple[int, int, int], ...] = ()

    def at(self, start: Sequence[int], slot: int) -> int:
        inside = sum(stride * (start[n] % period) for n, stride, period in self.inner)
        return self.addresses[slot] + self.offset + inside


@dataclass(frozen=True)
class _AtHome:
    """Where an operand begins in a tensor that stays on chip: by the element at the tile's start."""

    addresses: tuple[int, ...]
    home: Resident
    pitch: int
    axes: tuple[str, ...]

    def at(self, start: Sequence[int], slot: int) -> int:
        return self.addresses[slot] + self.pitch * self.home.element(dict(zip(self.axes, start, strict=True)))


def _origins(parts: Sequence[_Place | _AtHome]) -> Callable[[Sequence[int], Sequence[int]], list[int]]:
    def origin(start: Sequence[int], slots: Sequence[int]) -> list[int]:
        return [part.at(start, slot) for part, slot in zip(parts, slots, strict=False)]

    return origin


def _addresses(places: Places, buffer: str, dtype: DType) -> tuple[int, ...]:
    """Where elements of ``dtype`` begin in every slot of a buffer."""
    return tuple(dtype.address(byte) for byte in places[buffer])


def _steps(
    operand: Operand, axis: str, fused: tuple[str, ...], strides: Layout | Resident
) -> tuple[tuple[int, ...], ...]:
    """Addresses per factor of an instruction axis, nothing where the operand does not depend on it."""
    if axis not in operand.axes:
        return ()
    return tuple((strides.stride(x) * operand.dtype.pitch,) for x in fused) or ((0,),)


def _move(step: Step, binding: Binding, move: Instruction, buffers: Mapping[str, Buffer], places: Places) -> Emitter:
    """Drain and fill: the output tile between the operand's memory and the staging memory, axis by axis."""
    extent, role = dict(step.sizes), binding.output
    fused = dict(binding.match.axes)
    by_position = dict(zip(move.axis_names, role.operand.axes, strict=True))
    extents = tuple((axis, tuple(extent[x] for x in fused[ours]) or (1,)) for axis, ours in by_position.items())
    home = role.layout(extent)
    staged = role.staged_layout(extent)
    views: list[View] = []
    parts: list[_Place | _AtHome] = []
    for operand, name in zip(move.operands, step.buffers, strict=True):
        addresses = _addresses(places, name, operand.dtype)
        strides: Layout | Resident = home if operand.memory == role.operand.memory else staged
        if buffers[name].home is not None and role.home is not None:
            strides = role.home
            parts.append(_AtHome(addresses, role.home, operand.dtype.pitch, tuple(binding.extents)))
        else:
            parts.append(_Place(addresses))
        steps = tuple(_steps(operand, axis, fused[ours], strides) for axis, ours in by_position.items())
        views.append(View(operand.name, operand.memory, operand.dtype, steps))
    operation = Operation(move.name, extents, tuple(views))
    return Emitter(operation, _origins(parts), len(binding.extents), len(step.buffers))
