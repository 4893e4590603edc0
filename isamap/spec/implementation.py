"""``implementation``, ``ranges`` and ``layouts`` of an instruction: what it does bit by bit, where that is what it
means, and in which order an operand's elements lie."""

from __future__ import annotations

import re
from collections.abc import Mapping

from isamap.errors import Fault, InvalidNoun
from isamap.ir import expression as tree
from isamap.ir.affine import Affine, affine
from isamap.ir.dtype import DType, dtype
from isamap.ir.einsum import Axis, Einsum, Statement, parse_statement
from isamap.ir.expression import is_name
from isamap.ir.hardware import Operand
from isamap.ir.implementation import Implementation
from isamap.ir.injective import injective
from isamap.ir.scalar import Access, reads
from isamap.ir.workload import Tensor, infer_axes
from isamap.spec.diagnostic import Faults, Where
from isamap.spec.hardware_schema import Figure, ImplementationShape, InstructionShape
from isamap.spec.meaning import type_faults
from isamap.spec.number import Names, number, whole
from isamap.spec.transfer import whole_numbers

_INTERMEDIATE = re.compile(r"\s*(?P<dtype>\w+)\s*\[(?P<extents>[^\[\]]*)\]\s*")


def implementation(
    shape: InstructionShape,
    axes: tuple[Axis, ...],
    operands: tuple[Operand, ...],
    meaning: tuple[Einsum, ...],
    known: Names,
    faults: Faults,
) -> Implementation | None:
    """The einsums of ``implementation`` over operands and intermediate results; faults are noted under its keys."""
    given, inner = shape.implementation, faults.under("implementation")
    if given is None:
        return None
    most = {axis.name: axis.most for axis in axes}
    tensors = {o.name: Tensor(o.name, o.dtype, _extents(o, meaning, most)) for o in operands}
    extents = {name: inner.attempt(("axes", name), whole, e, {**known, **most}) for name, e in given.axes.items()}
    for name in given.intermediates:
        found = inner.attempt(("intermediates", name), _intermediate, name, given, tensors, {**known, **most})
        tensors |= {name: found} if found else {}
    if inner.any_here():
        return None
    own = {name: extent for name, extent in extents.items() if extent}
    texts = [given.statements] if isinstance(given.statements, str) else given.statements
    einsums = []
    for n, text in enumerate(texts):
        path: Where = ("statements",) if isinstance(given.statements, str) else ("statements", n)
        einsums.append(inner.attempt(path, _einsum, text, tensors, own, most, known))
    whole_ = tuple(einsum for einsum in einsums if einsum is not None)
    if len(whole_) == len(texts):
        inner.note(*_use_faults(whole_, operands, meaning))
    return Implementation(tuple((n, tensors[n].dtype, tensors[n].shape) for n in given.intermediates), whole_)


def _extents(operand: Operand, meaning: tuple[Einsum, ...], most: Mapping[str, int]) -> tuple[int, ...]:
    """Of the operand as the meaning indexes it, at the greatest extents."""
    item = next((a for e in meaning for a in (*e.outputs, *e.reads) if a.tensor == operand.name), None)
    if item is None or not all(isinstance(index, Affine) for index in item.indices):
        return tuple(most[axis] for axis in operand.axes)
    ranges = {axis: (0, extent - 1) for axis, extent in most.items()}
    return tuple(index.bounds(ranges)[1] + 1 for index in item.affine_indices)


def _intermediate(name: str, given: ImplementationShape, others: Mapping[str, Tensor], known: Names) -> Tensor:
    """``T: "s16[i, 2]"``: a type, and extents that may be expressions of the instruction's axes."""
    text = given.intermediates[name]
    parts = _INTERMEDIATE.fullmatch(text)
    if not parts:
        raise InvalidNoun([Fault((), 'NAME: "type[extents]", as in T: "s16[i, 2]"', f"{name}: {text!r}")])
    if name in others or not is_name(name):
        raise InvalidNoun([Fault((), f"a name beside {' '.join(others)}", repr(name))])
    sources = [source for source in parts["extents"].split(",") if source.strip()]
    return Tensor(name, dtype(parts["dtype"]), tuple(whole(source.strip(), known) for source in sources))


def _einsum(
    text: str, tensors: Mapping[str, Tensor], own: Mapping[str, int], most: Mapping[str, int], known: Names
) -> Einsum:
    """One statement. An axis has the extent under ``axes:``, that of a dimension which it indexes alone, or that of the
    instruction's axis of its name."""
    statement = parse_statement(text, frozenset(tensors), whole_numbers(known))
    accesses = (*statement.outputs, *reads(statement.value))
    alone = {str(index) for item in accesses for index in item.indices if isinstance(index, Affine)}
    given = {name: extent for name, extent in most.items() if name not in alone} | dict(own)
    einsum = statement.over(infer_axes(statement, tensors, {name: (extent, extent) for name, extent in given.items()}))
    faults = [fault for item in accesses for fault in _access_faults(item, tensors[item.tensor], einsum)]
    faults += [
        Fault((), "a left side that names each element once", str(output))
        for output in einsum.outputs
        if not faults and not injective(output, einsum.extents)
    ]
    faults += einsum.unreduced()
    faults += type_faults(Statement(einsum.outputs, einsum.operator, einsum.value), _dtypes(tensors))
    if faults:
        raise InvalidNoun(faults)
    return einsum


def _dtypes(tensors: Mapping[str, Tensor]) -> dict[str, DType]:
    return {name: tensor.dtype for name, tensor in tensors.items()}


def _access_faults(item: Access, tensor: Tensor, einsum: Einsum) -> list[Fault]:
    if len(item.indices) != len(tensor.shape):
        return [Fault((), f"{len(tensor.shape)} indices of {tensor.name}", f"{len(item.indices)} in {item}")]
    ranges, faults = {axis.name: (0, axis.most - 1) for axis in einsum.axes}, []
    for index, extent in zip(item.indices, tensor.shape, strict=True):
        low, high = index.bounds(ranges) if isinstance(index, Affine) else (0, 0)
        if low < 0 or high >= extent:
            faults.append(Fault((), f"an index in 0..{extent - 1} in {item}", f"{index} in {low}..{high}"))
    return faults


def _use_faults(einsums: tuple[Einsum, ...], operands: tuple[Operand, ...], meaning: tuple[Einsum, ...]) -> list[Fault]:
    """Operands written by one of meaning and implementation only; immediates that the meaning does not have."""
    meant = {output.tensor for einsum in meaning for output in einsum.outputs}
    names = {operand.name for operand in operands}
    done = {output.tensor for einsum in einsums for output in einsum.outputs} & names
    faults = [Fault(("statements",), f"a statement that writes {name}, as the meaning does", "none") for name in
              sorted(meant - done)]  # fmt: skip
    faults += [Fault(("statements",), f"only {' '.join(sorted(meant))} of the operands on the left, as in the meaning",
                     repr(name)) for name in sorted(done - meant)]  # fmt: skip
    possible = [name for einsum in meaning for name in einsum.immediates]
    brought = dict.fromkeys(name for einsum in einsums for name in einsum.immediates)
    expected = f"an immediate of the meaning ({' '.join(possible) or 'none'})"
    return faults + [Fault(("statements",), expected, repr(name)) for name in brought if name not in possible]


def value_ranges(
    shape: InstructionShape, operands: tuple[Operand, ...], known: Names, faults: Faults
) -> tuple[tuple[str, tuple[int | float, int | float]], ...]:
    """``{A: [0, 127]}``: the values, both ends included, for which meaning and instruction agree."""
    by_name, found = {operand.name: operand for operand in operands}, []
    for name, ends in shape.ranges.items():
        if name not in by_name:
            possible = " ".join(shape.operands)
            faults.add(("ranges", name), f"an operand of {possible}", repr(name))
        elif (pair := faults.attempt(("ranges", name), _range, ends, by_name[name].dtype, known)) is not None:
            found.append((name, pair))
    return tuple(found)


def _range(ends: list[Figure], held: DType, known: Names) -> tuple[int | float, int | float]:
    if len(ends) != 2:
        raise InvalidNoun([Fault((), "[least, greatest] value", f"a list of {len(ends)}")])
    least, most = (float(number(e, known)) if held.is_float else whole(e, known, None) for e in ends)
    if not held.least <= least <= most <= held.most:
        wanted = f"[least, greatest] within [{held.least}, {held.most}] of {held}"
        raise InvalidNoun([Fault((), wanted, f"[{least}, {most}]")])
    return least, most


def layout(
    name: str, shape: InstructionShape, operand: Operand, extents: Mapping[str, int], known: Names
) -> tuple[Affine, ...] | None:
    """``[k//4, i, k%4]``: coordinates that are functions of the operand's axes, one place for each element."""
    given = shape.layouts.get(name)
    if given is None:
        return None
    text = given.strip() if isinstance(given, str) else f"[{', '.join(map(str, given))}]"
    if not text.startswith("[") or not text.endswith("]"):
        raise InvalidNoun([Fault((), "[index, ...], as in [k//4, i, k%4]", repr(given))])
    node = tree.parse(f"{name}{text}")
    assert isinstance(node, tree.Subscript)
    indices = tuple(affine(index, whole_numbers(known)) for index in node.indices)
    foreign = [axis for index in indices for axis in index.axes if axis not in operand.axes]
    if foreign:
        raise InvalidNoun([Fault((), f"an axis of {name} ({' '.join(operand.axes)})", repr(foreign[0]))])
    item = Access(name, indices)
    missing = [axis for axis in operand.axes if extents[axis] > 1 and axis not in item.axes]
    if missing:
        raise InvalidNoun(
            [Fault((), f"every axis of {name} ({' '.join(operand.axes)})", f"{text} without {missing[0]}")]
        )
    if not injective(item, extents):
        raise InvalidNoun([Fault((), "a place of its own for each element", text)])
    return indices
