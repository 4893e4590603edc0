"""What an instruction does: einsums over its axes whose tensors are its operands, types and indices checked."""

from __future__ import annotations

from isamap.errors import Fault, InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import IDENTITIES, Axis, Einsum, Statement, parse_statement
from isamap.ir.hardware import Operand
from isamap.ir.scalar import Access, infer, reads
from isamap.spec.diagnostic import Faults, Where
from isamap.spec.hardware_schema import InstructionShape
from isamap.spec.number import Names
from isamap.spec.operand import operand_text
from isamap.spec.transfer import whole_numbers


def meanings(
    shape: InstructionShape, axes: tuple[Axis, ...], operands: tuple[Operand, ...], known: Names, faults: Faults
) -> tuple[Einsum, ...]:
    """The einsums of ``meaning``; faults are noted under ``meaning``."""
    texts = [shape.meaning] if isinstance(shape.meaning, str) else shape.meaning
    if not texts:
        faults.add(("meaning",), "at least one einsum", "none")
    found = []
    indices = {o.name: operand_text(o.name, shape.operands[o.name], tuple(shape.axes), known).indices for o in operands}
    types = {o.name: o.dtype for o in operands}
    mentioned: set[str] = set()
    read = []
    for n, text in enumerate(texts):
        path: Where = ("meaning",) if isinstance(shape.meaning, str) else ("meaning", n)
        statement = faults.attempt(path, parse_statement, text, frozenset(shape.operands), whole_numbers(known))
        if statement is None:
            return ()
        mentioned |= {item.tensor for item in _accesses(statement)}
        read.append((path, statement))
    reduces = any(IDENTITIES[statement.operator] is not None for _, statement in read)
    initialise = "never" if reduces else shape.initialise  # one einsum that has something to start is enough
    for path, statement in read:
        found.append(faults.attempt(path, _einsum, statement, axes, indices, types, initialise))
    for name in shape.operands.keys() - mentioned:
        faults.add(("operands", name), "an operand that the meaning mentions", repr(name))
    return tuple(einsum for einsum in found if einsum is not None)


def _einsum(
    statement: Statement,
    axes: tuple[Axis, ...],
    indices: dict[str, tuple[Affine, ...]],
    types: dict[str, DType],
    initialise: str,
) -> Einsum:
    extents = {axis.name: (axis.least, axis.most) for axis in axes}
    unknown = [name for name in statement.axis_names if name not in extents]
    faults = [Fault((), f"an axis of {' '.join(extents)}", repr(name)) for name in unknown]
    faults += [fault for item in _accesses(statement) for fault in _access_faults(item, indices[item.tensor])]
    if initialise != "never" and IDENTITIES[statement.operator] is None:
        faults.append(Fault((), f"a reduction (+= max= ...) where initialise: {initialise}", repr(statement.operator)))
    faults += type_faults(statement, types)
    if faults:
        raise InvalidNoun(faults)
    return statement.over(extents)


def _accesses(statement: Statement) -> tuple[Access, ...]:
    return (*statement.outputs, *reads(statement.value))


def _access_faults(item: Access, wanted: tuple[Affine, ...]) -> list[Fault]:
    """An operand is read at its own indices (a gathered one aside): they say how it lies in memory."""
    same = len(item.indices) == len(wanted) and all(
        index == own for index, own in zip(item.indices, wanted, strict=True) if isinstance(index, Affine)
    )
    if same:
        return []
    return [Fault((), f"{item.tensor}[{', '.join(map(str, wanted))}], as under operands", f"'{item}'")]


def type_faults(statement: Statement, dtype_of: dict[str, DType]) -> list[Fault]:
    """What is wrong with the types of a statement."""
    try:
        found = infer(statement.value, dtype_of)
    except InvalidNoun as error:
        return list(error.faults)
    output = statement.outputs[-1].tensor if statement.operator.startswith("arg") else statement.outputs[0].tensor
    wanted = dtype_of[output]
    if found is None or found == wanted or statement.operator.startswith("arg"):
        return []
    return [Fault((), f"{wanted}, the type of {output}", f"{found} on the right side", f"cast it: {wanted}(...)")]
