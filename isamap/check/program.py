"""Is every operation of a program one that the machine has, in its ranges, modes and strides?

Only what can be seen without running: the simulator finds the rest. Slow and obvious on purpose.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod

from isamap.errors import InvalidNoun
from isamap.ir.answers import Violation
from isamap.ir.dtype import DType
from isamap.ir.hardware import Instruction, StrideRule, Target, Transfer
from isamap.ir.program import Issue, Operation, Program, Segment, View
from isamap.ir.scalar import infer
from isamap.ir.workload import Tensor

RULES: dict[str, str] = {
    "performs": "An operation names an instruction or transfer that the target has.",
    "axes": "An operation has the axes of its meaning, each once; a transfer that only copies has any.",
    "operands": "Every operand has exactly one view.",
    "memory": "A view lies in the memory that the operand or transfer names.",
    "dtype": "A view has the operand's type; the far end of a transfer has the type of what it makes of the near one.",
    "tensor": "Only the outermost memory holds tensors; a view of one has its type and a step per coordinate.",
    "operand-axes": "A view steps along the axes that its operand depends on, and along no other.",
    "extent": "The product of an axis's factors lies in the instruction's range.",
    "mode": "initialise and accumulate are used as the instruction allows.",
    "modes": "The machine's own modes are stated, from its choices, in a legal combination.",
    "immediates": "The numbers that the meaning leaves open are given, each once, and no other.",
    "strides": "An operand, and each end of a transfer, keeps its stride rule.",
    "dimensions": "A transfer has no more block axes than its dimensions.",
    "block": "A transfer with a fixed block moves exactly that block.",
}
_MODES = {"optional": ("initialise", "accumulate"), "never": ("", "accumulate"), "always": ("initialise", "")}
Factors = tuple[tuple[int, int], ...]
"""(extent, step in addresses) per factor of an axis, outer to inner."""


def check_program(program: Program, target: Target) -> list[Violation]:
    """Every violation of ``RULES``, each operation looked at once."""
    seen: dict[Operation, str] = {}
    for node in program.walk():
        if isinstance(node, Issue):
            seen.setdefault(node.operation, f"%{node.label} ({node.operation.performs})")
        elif isinstance(node, Segment):
            for n, operation in enumerate(node.operations):
                seen.setdefault(operation, f"operation {n} ({operation.performs})")
    return [violation for operation, where in seen.items() for violation in _check(operation, where, program, target)]


def _check(operation: Operation, where: str, program: Program, target: Target) -> list[Violation]:
    transfers = {transfer.name: transfer for transfer in target.transfers}
    instructions = {instruction.name: instruction for instruction in target.instructions}
    axes = [axis for axis, _ in operation.extents]
    if len(set(axes)) < len(axes):
        return [Violation("axes", where, f"an axis stands twice in {' '.join(axes)}")]
    if operation.performs in transfers:
        return _check_transfer(operation, transfers[operation.performs], where, program, target)
    if operation.performs in instructions:
        return _check_instruction(operation, instructions[operation.performs], where, program, target)
    return [Violation("performs", where, f"none of {' '.join([*transfers, *instructions])}")]


def _check_instruction(
    operation: Operation, instruction: Instruction, where: str, program: Program, target: Target
) -> list[Violation]:
    found = _check_views(operation, [operand.name for operand in instruction.operands], where)
    found += _check_immediates(operation, instruction.immediates, where)
    axes = [axis for axis, _ in operation.extents]
    if sorted(axes) != sorted(instruction.axis_names):
        found.append(Violation("axes", where, f"{' '.join(axes)} instead of {' '.join(instruction.axis_names)}"))
    if found:
        return found
    modes = _check_modes(operation, instruction, where)
    if not modes:
        instruction = instruction.under(operation.modes)
    for axis in instruction.axes:
        extent = operation.extent(axis.name)
        if not axis.least <= extent <= axis.most:
            found.append(Violation("extent", where, f"{axis.name} = {extent}, not in {axis.least}..{axis.most}"))
    for operand in instruction.operands:
        view = operation.view(operand.name)
        if view.memory != operand.memory:
            found.append(Violation("memory", where, f"{operand.name} in {view.memory} instead of {operand.memory}"))
        if view.dtype != operand.dtype:
            found.append(Violation("dtype", where, f"{operand.name} is {view.dtype} instead of {operand.dtype}"))
        placed = _check_place(view, where, program, target)
        found += placed or _check_axes(operation, view, operand.axes, where)
        if not placed:
            found += _check_strides(operation, view, operand.axes, operand.strides, where, program)
    return found + modes


def _check_transfer(
    operation: Operation, transfer: Transfer, where: str, program: Program, target: Target
) -> list[Violation]:
    found = _check_views(operation, ["source", "destination"], where)
    found += _check_immediates(operation, transfer.immediates, where)
    if found:
        return found
    axes = tuple(axis for axis, _ in operation.extents)
    source, destination = operation.view("source"), operation.view("destination")
    ends = (
        (source, transfer.source_memory, transfer.source_strides),
        (destination, transfer.destination_memory, transfer.destination_strides),
    )
    for view, memory, rule in ends:
        if view.memory != memory:
            found.append(Violation("memory", where, f"{view.operand} in {view.memory} instead of {memory}"))
        placed = _check_place(view, where, program, target)
        found += placed or _check_strides(operation, view, axes, rule, where, program)
    if transfer.meaning is not None and sorted(axes) != sorted(transfer.meaning.output.axes):
        wanted = " ".join(transfer.meaning.output.axes)
        found.append(Violation("axes", where, f"{' '.join(axes)} instead of {wanted}"))
    if (made := _made(transfer, source.dtype)) != destination.dtype:
        found.append(Violation("dtype", where, f"{source.dtype} becomes {made}, not {destination.dtype}"))
    longer = [factor for _, factors in operation.extents for factor in factors if factor > 1]
    if len(longer) > transfer.dimensions:
        found.append(Violation("dimensions", where, f"{len(longer)} block axes, {transfer.dimensions} possible"))
    block = tuple(prod(factors) for _, factors in operation.extents)
    if transfer.block is not None and block != transfer.block:
        found.append(Violation("block", where, f"{list(block)} instead of {list(transfer.block)}"))
    if operation.mode or operation.modes:
        found.append(Violation("mode", where, "a transfer has no modes"))
    return found


def _made(transfer: Transfer, dtype: DType) -> DType | None:
    """The type of what arrives where ``dtype`` leaves; None: the meaning does not take it."""
    if transfer.meaning is None:
        return dtype
    try:
        return infer(transfer.meaning.value, {transfer.meaning.reads[0].tensor: dtype})
    except InvalidNoun:
        return None


def _check_views(operation: Operation, wanted: list[str], where: str) -> list[Violation]:
    given = [view.operand for view in operation.views]
    if sorted(given) == sorted(wanted):
        return []
    return [Violation("operands", where, f"views of {' '.join(given)} instead of {' '.join(wanted)}")]


def _check_place(view: View, where: str, program: Program, target: Target) -> list[Violation]:
    """Tensors in the outermost memory, bytes elsewhere, and as many numbers per step as that needs."""
    outermost = target.outermost.name
    if (view.tensor is not None) != (view.memory == outermost):
        what = f"names tensor {view.tensor}" if view.tensor is not None else "names no tensor"
        return [Violation("tensor", where, f"{view.operand} in {view.memory} {what}")]
    numbers = 1
    if view.tensor is not None:
        tensor = _tensor(view, program)
        if tensor is None:
            return [Violation("tensor", where, f"{view.operand} names {view.tensor!r}, unknown to the program")]
        if tensor.dtype != view.dtype:
            return [Violation("tensor", where, f"{view.operand} is {view.dtype}, {tensor.name} is {tensor.dtype}")]
        numbers = len(tensor.shape)
    wrong = [step for per_factor in view.steps for step in per_factor if len(step) != numbers]
    return [Violation("tensor", where, f"step {step} of {view.operand} needs {numbers} numbers") for step in wrong[:1]]


def _tensor(view: View, program: Program) -> Tensor | None:
    return next((tensor for tensor in program.tensors if tensor.name == view.tensor), None)


def _check_axes(operation: Operation, view: View, axes: tuple[str, ...], where: str) -> list[Violation]:
    found = []
    for (axis, factors), steps in zip(operation.extents, view.steps, strict=True):
        if axis not in axes and steps:
            found.append(Violation("operand-axes", where, f"{view.operand} steps along {axis}, which it has not"))
        if axis in axes and not steps and prod(factors) > 1:
            found.append(Violation("operand-axes", where, f"{view.operand} has no steps along {axis}"))
    return found


def _check_immediates(operation: Operation, wanted: tuple[str, ...], where: str) -> list[Violation]:
    given = [name for name, _ in operation.immediates]
    if sorted(given) == sorted(wanted):
        return []
    return [Violation("immediates", where, f"{' '.join(given) or 'none'} instead of {' '.join(wanted) or 'none'}")]


def _check_modes(operation: Operation, instruction: Instruction, where: str) -> list[Violation]:
    found = []
    possible = _MODES[instruction.initialise]
    if operation.mode not in possible:
        found.append(Violation("mode", where, f"{operation.mode!r} is none of {' '.join(map(repr, possible))}"))
    choices, given = dict(instruction.modes), dict(operation.modes)
    if sorted(choices) != sorted(name for name, _ in operation.modes):
        found.append(Violation("modes", where, f"{' '.join(given) or 'none'} instead of {' '.join(choices) or 'none'}"))
    elif any(choice not in choices[name] for name, choice in given.items()):
        found.append(Violation("modes", where, f"{given} is not made of {choices}"))
    elif instruction.legal_modes and given not in [dict(legal) for legal in instruction.legal_modes]:
        found.append(Violation("modes", where, f"{given} is not a legal combination"))
    return found


def _check_strides(
    operation: Operation,
    view: View,
    axes: tuple[str, ...],
    rule: StrideRule | tuple[int, ...],
    where: str,
    program: Program,
) -> list[Violation]:
    """The stride rule, on steps in addresses: bytes, or elements of fewer than 8 bits."""
    if rule in ("any", "per_kernel_axis"):
        return []
    pitch, counted = view.dtype.pitch, "elements" if view.dtype.is_packed else "bytes"
    per_axis = {axis: _factors(operation, view, axis, program) for axis in axes}
    found = []
    for axis, factors in per_axis.items():
        if any(outer != inner * extent for (_, outer), (extent, inner) in pairwise(factors)):
            found.append(Violation("strides", where, f"{view.operand}: the factors of {axis} have no common stride"))
    if found or rule == "one_per_axis":
        return found
    stride = {axis: factors[-1][1] for axis, factors in per_axis.items() if factors}
    wanted = _wanted_strides(operation, axes, rule, pitch)
    for axis, step in wanted.items():
        if axis in stride and stride[axis] != step:
            detail = f"{view.operand}: {axis} steps {stride[axis]} {counted} instead of {step}"
            found.append(Violation("strides", where, detail))
    return found


def _wanted_strides(
    operation: Operation, axes: tuple[str, ...], rule: StrideRule | tuple[int, ...], pitch: int
) -> dict[str, int]:
    """The axes whose stride the rule fixes, in addresses."""
    if isinstance(rule, tuple):
        return {axis: stride * pitch for axis, stride in zip(axes, rule, strict=True)}
    if rule == "unit_innermost":
        return dict.fromkeys(axes[-1:], pitch)
    return {axis: pitch * prod(map(operation.extent, axes[n + 1 :])) for n, axis in enumerate(axes)}


def _factors(operation: Operation, view: View, axis: str, program: Program) -> Factors:
    """The factors of an axis that are longer than one, with their steps in addresses (none where it has no steps)."""
    position = [name for name, _ in operation.extents].index(axis)
    extents, steps = operation.extents[position][1], view.steps[position]
    tensor = _tensor(view, program) if view.tensor is not None else None
    strides = tuple(s * view.dtype.pitch for s in tensor.element_strides) if tensor else (1,)
    pairs = zip(extents, steps, strict=False)
    return tuple((e, sum(a * b for a, b in zip(step, strides, strict=True))) for e, step in pairs if e > 1)
