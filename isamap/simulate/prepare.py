"""Makes operations ready for a target: actions, with every view as a layout.

What cannot be made ready is refused by name: such a program has no meaning on the machine.
"""

from __future__ import annotations

from math import prod

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.hardware import Instruction, Target, Transfer, Use
from isamap.ir.program import Operation, Program, View
from isamap.ir.scalar import Access, infer
from isamap.simulate.action import Action, starts_fresh
from isamap.simulate.evaluate import first_element, root_of
from isamap.simulate.layout import Layout
from isamap.simulate.rules import Findings


def _named(name: str, target: Target) -> Instruction | Transfer | None:
    for transfer in target.transfers:
        if transfer.name == name:
            return transfer
    return next((instruction for instruction in target.instructions if instruction.name == name), None)


def prepare(operation: Operation, where: str, program: Program, target: Target, findings: Findings) -> Action | None:
    """The action of an operation; None, and the reason among the findings, where the machine has no such action."""
    does = _named(operation.performs, target)
    if does is None:
        known = " ".join([*(t.name for t in target.transfers), *(i.name for i in target.instructions)])
        findings.add("performs", where, f"{operation.performs!r} is none of {known}")
        return None
    numbers = [name for name, _ in operation.immediates]
    if sorted(numbers) != sorted(does.immediates):
        instead = " ".join(does.immediates) or "none"
        findings.add("immediates", where, f"{' '.join(numbers) or 'none'} instead of {instead}")
        return None
    choices = does.combinations if isinstance(does, Instruction) else ((),)
    if dict(operation.modes) not in [dict(legal) for legal in choices]:
        instead = " or ".join(_choice(legal) for legal in choices)
        findings.add("modes", where, f"{_choice(operation.modes)} instead of {instead}")
        return None
    if isinstance(does, Instruction):
        does = does.under(operation.modes)
    given, wanted = sorted(axis for axis, _ in operation.extents), _axes(does)
    if wanted is not None and given != sorted(wanted):
        findings.add("operands", where, f"axes {' '.join(given)} instead of {' '.join(wanted)}")
        return None
    expected = _expected(does, operation)
    if sorted(view.operand for view in operation.views) != sorted(expected):
        given = [view.operand for view in operation.views]
        findings.add("operands", where, f"views {' '.join(given)} instead of {' '.join(expected)}")
        return None
    layouts = []
    for view in operation.views:
        memory, axes, dtype = expected[view.operand]
        if view.memory != memory:
            findings.add("memory", where, f"{view.operand} in {view.memory} instead of {memory}")
        elif dtype is not None and view.dtype.name != dtype:
            findings.add("dtype", where, f"{view.operand} is {view.dtype} instead of {dtype}")
        elif _view_fits(view, where, program, target, findings):
            layouts.append(_layout(view, operation, does, axes, program))
    for layout, count in zip(layouts, operation.origin_counts, strict=False):
        if count < len(layout.strides):
            findings.add("origins", where, f"{layout.operand} needs {len(layout.strides)} coordinates; give it steps")
            return None
    if len(layouts) < len(operation.views):
        return None
    if isinstance(does, Transfer) and not _arrives(does, {layout.operand: layout.dtype for layout in layouts}):
        findings.add("dtype", where, f"{layouts[0].dtype} at one end, {layouts[1].dtype} at the other")
        return None
    return _with_costs(operation, where, does, tuple(layouts), target, findings)


def _choice(modes: tuple[tuple[str, str], ...]) -> str:
    return " ".join(f"{name}={choice}" for name, choice in modes) or "no modes"


def _axes(does: Instruction | Transfer) -> tuple[str, ...] | None:
    """The axes that its operations have; None: any, as it only copies."""
    if isinstance(does, Instruction):
        return does.axis_names
    return None if does.meaning is None else does.meaning.output.axes


def _arrives(transfer: Transfer, dtype_of: dict[str, DType]) -> bool:
    """Does what leaves one end have the type of the other?"""
    if transfer.meaning is None:
        return dtype_of["source"] == dtype_of["destination"]
    try:
        made = infer(transfer.meaning.value, {transfer.meaning.reads[0].tensor: dtype_of["source"]})
    except InvalidNoun:
        return False
    return made == dtype_of["destination"]


def _with_costs(
    operation: Operation,
    where: str,
    does: Instruction | Transfer,
    layouts: tuple[Layout, ...],
    target: Target,
    findings: Findings,
) -> Action | None:
    numbers = {resource.name: n for n, resource in enumerate(target.resources)}
    for use in does.uses:
        if (use.bytes_per_cycle or 0) > target.resources[numbers[use.resource]].bytes_per_cycle:
            findings.add("resource", where, f"{use.bytes_per_cycle} B/cycle of {use.resource}")
            return None
    queue = does.channel if isinstance(does, Transfer) else does.unit
    in_tensor = [n for n, layout in enumerate(layouts) if layout.tensor is not None]
    source = next(n for n, v in enumerate(layouts) if v.operand == "source") if isinstance(does, Transfer) else 0
    number = [q.name for q in target.queues].index(queue)
    held = tuple((numbers[use.resource], use.bytes_per_cycle) for use in _distinct(does.uses))
    action = Action(operation, does, number, layouts, held, in_tensor[0] if in_tensor else source)
    try:
        action.cost(layouts[action.counted].points if layouts else 0)
    except InvalidNoun as error:
        findings.add("performs", where, f"its cost is no number: {error}")
        return None
    return action


def _distinct(uses: tuple[Use, ...]) -> tuple[Use, ...]:
    return tuple({use.resource: use for use in uses}.values())


Expected = dict[str, tuple[str, tuple[str, ...], str | None]]


def _expected(does: Instruction | Transfer, operation: Operation) -> Expected:
    """operand -> (memory, axes in order, dtype or None)."""
    if isinstance(does, Instruction):
        return {o.name: (o.memory, o.axes, o.dtype.name) for o in does.operands}
    axes = tuple(axis for axis, _ in operation.extents)
    source, destination = axes, axes
    if does.meaning is not None:
        source, destination = _plain(does.meaning.reads[0], axes), _plain(does.meaning.output, axes)
    return {
        "source": (does.source_memory, source, None),
        "destination": (does.destination_memory, destination, None),
    }


def _plain(access: Access, known: tuple[str, ...]) -> tuple[str, ...]:
    """The axes that index a tensor of a transfer's meaning, one per dimension."""
    names = [str(index) for index in access.indices if isinstance(index, Affine)]
    return tuple(name for name in names if name in known)


def _view_fits(view: View, where: str, program: Program, target: Target, findings: Findings) -> bool:
    width = 1
    if view.tensor is not None:
        tensor = next((t for t in program.tensors if t.name == view.tensor), None)
        if tensor is None:
            findings.add("tensor", where, f"{view.operand} names {view.tensor!r}, which the program does not have")
            return False
        if view.memory != target.outermost.name:
            findings.add("memory", where, f"{view.operand} names tensor {view.tensor} in {view.memory}")
            return False
        if tensor.dtype != view.dtype:
            findings.add("tensor", where, f"{view.operand} is {view.dtype}, tensor {tensor.name} is {tensor.dtype}")
            return False
        width = len(tensor.shape)
    elif view.memory == target.outermost.name:
        findings.add("memory", where, f"{view.operand} in {view.memory} names no tensor")
        return False
    elif target.memory(view.memory).kind != "explicit":
        findings.add("memory", where, f"{view.operand} addresses {view.memory}, which is a cache")
        return False
    if any(len(step) != width for per_factor in view.steps for step in per_factor):
        findings.add("tensor", where, f"steps of {view.operand} need {width} number(s) each")
        return False
    return True


def _layout(
    view: View, operation: Operation, does: Instruction | Transfer, axes: tuple[str, ...], program: Program
) -> Layout:
    factors_of, position = dict(operation.extents), {axis: n for n, (axis, _) in enumerate(operation.extents)}
    tensors = {tensor.name: tensor for tensor in program.tensors}
    tensor = tensors[view.tensor] if view.tensor is not None else None
    pitch = view.dtype.pitch
    still = (0,) * (len(tensor.shape) if tensor else 1)
    extents: list[int] = []
    steps: list[tuple[int, ...]] = []
    for axis in axes:
        per_factor = view.steps[position[axis]] or (still,) * len(factors_of[axis])
        extents += factors_of[axis]
        steps += per_factor
    reads, writes = _reads_and_writes(does, view.operand, operation.mode)
    space, base = view.memory, 0
    strides: tuple[int, ...] = (1,)
    if tensor is not None:
        root, offset = root_of(tensor, tensors)
        space, base = f"{view.memory}.{root}", (offset + first_element(tensor)) * pitch
        strides = tuple(stride * pitch for stride in tensor.element_strides)
    border = tensor.border if tensor is not None and view.border is None else view.border
    shape = tuple(prod(factors_of[axis]) for axis in axes)
    return Layout(view.operand, view.memory, space, view.dtype, shape, tuple(extents), tuple(steps), strides, base,
                  reads, writes, tensor, border)  # fmt: skip


def _reads_and_writes(does: Instruction | Transfer, operand: str, mode: str) -> tuple[bool, bool]:
    if isinstance(does, Transfer):
        return operand == "source", operand == "destination"
    reads = writes = False
    for einsum in does.meaning:
        continues = einsum.operator != "=" and not starts_fresh(does, mode)
        for access in einsum.reads:
            reads |= access.tensor == operand and not writes
        for output in einsum.outputs:
            if output.tensor == operand:
                reads |= continues and not writes
                writes = True
    return reads, writes
