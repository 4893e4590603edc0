"""Do constants leave an einsum's meaning as it was? Decided on the two einsums, whichever way the second was made.

outside     every read of a constant lies beside its tensor, so it gives the border
points      the second runs over no other axes, aside from some of extent 1
output      each point writes the element that it wrote (dimensions of extent 1 come after)
value       with borders for the reads of constants, every literal as its type holds it, and neutral elements
            dropped (``bits.neutral``, each a lemma for all values), the two expressions are one tree
"""

from __future__ import annotations

from collections.abc import Mapping

from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Apply, Cast, Literal, Read, Scalar, infer, rebuild
from isamap.ir.workload import Tensor
from isamap.mapping.orientation import COMMUTATIVE
from isamap.mapping.rewrite.bits import neutral


def same_value(before: Einsum, after: Einsum, constants: Mapping[str, Tensor], dtype_of: Mapping[str, DType]) -> bool:
    """Is it proved that ``after`` does what ``before`` does? ``dtype_of`` has the tensors of ``before``."""
    most = {axis.name: axis.most for axis in before.axes}
    more = [axis for axis in after.axes if axis.name not in most]
    points = all(axis.most == 1 for axis in more)
    same_extents = all(axis.most == most[axis.name] for axis in after.axes if axis not in more)
    rank = len(before.output.indices)
    deeper = {index.axes for index in after.output.indices[rank:]}
    output = Access(after.output.tensor, after.output.indices[:rank]) == before.output
    output = output and deeper <= {(axis.name,) for axis in more}
    outside = all(_is_outside(a, constants[a.tensor], after) for a in after.reads if a.tensor in constants)
    if not (points and same_extents and output and outside and before.operator == after.operator):
        return False
    every = {**dtype_of, **{name: tensor.dtype for name, tensor in constants.items()}}
    return spelled(_plain(before.value, {}, every)) == spelled(_plain(after.value, constants, every))


def _is_outside(access: Access, tensor: Tensor, einsum: Einsum) -> bool:
    ranges = {axis.name: (0, axis.most - 1) for axis in einsum.axes}
    pairs = zip(access.indices, tensor.shape, strict=True)
    return any(isinstance(index, Affine) and index.bounds(ranges)[0] >= extent for index, extent in pairs)


def _plain(value: Scalar, constants: Mapping[str, Tensor], dtype_of: Mapping[str, DType]) -> Scalar:
    """Borders put in for constants, literals as their types hold them, neutral elements dropped."""

    def change(node: Scalar) -> Scalar:
        if isinstance(node, Apply) and len(node.arguments) == 2:
            known = [found for a in node.arguments if (found := infer(a, dtype_of)) is not None]
            if known:
                return _without_neutral(node, known[0], constants)
        return node

    return rebuild(value, change)


def _without_neutral(node: Apply, dtype: DType, constants: Mapping[str, Tensor]) -> Scalar:
    """The argument that the other one does not change, or ``node`` with numbers for what is constant."""
    one, other = node.arguments
    numbers = [_number(argument, dtype, constants) for argument in (one, other)]
    neutral_one = repr(neutral(node.function, dtype))  # as text: -0.0 is another number than 0.0
    if numbers[1] is not None and repr(numbers[1]) == neutral_one:
        return one
    if numbers[0] is not None and repr(numbers[0]) == neutral_one and node.function in COMMUTATIVE:
        return other
    held = zip((one, other), numbers, strict=True)
    return Apply(node.function, tuple(a if number is None else Literal(number) for a, number in held))


def _number(value: Scalar, dtype: DType, constants: Mapping[str, Tensor]) -> int | float | None:
    """What ``value`` always is, of type ``dtype`` where it has none of its own; None: it varies."""
    match value:
        case Literal(number):
            return dtype.wrap(number)
        case Read(access) if access.tensor in constants:
            return constants[access.tensor].border
        case Cast(wanted, argument, False) if isinstance(argument, (Read, Literal)):
            inner = _number(argument, wanted, constants)
            return None if inner is None else wanted.wrap(inner)
    return None


def spelled(value: Scalar) -> str:
    """The expression as text, arguments sorted where their order is free: two that are equal so are equal always."""
    match value:
        case Apply(function, arguments):
            parts = list(map(spelled, arguments))
            return f"{function}({', '.join(sorted(parts) if function in COMMUTATIVE else parts)})"
        case Cast(dtype, argument, saturate):
            return f"{'sat_' if saturate else ''}{dtype}({spelled(argument)})"
    return str(value)
