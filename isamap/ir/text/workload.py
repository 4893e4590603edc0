"""A Workload as text: its tensors, its einsums with their extents, what goes in and what comes out.

::

    kernel conv
    tensor I s16[64, 58] border 0
    tensor W s16[64, 3]
    tensor O s16[56]
    einsum O[p] += I[c, p + r] * W[c, r] for p=56, c=64, r=3
    inputs I W
    outputs O
"""

from __future__ import annotations

import re

from isamap.errors import Fault, InvalidNoun
from isamap.ir.einsum import Axis, Einsum, parse_statement
from isamap.ir.scalar import Scalar, scalar
from isamap.ir.text.lines import Cursor, Lines, word
from isamap.ir.workload import Repeat, Tensor, Workload

_TENSOR_IN_TEXT = re.compile(r"(\w+)\s*\[")
_AXIS = re.compile(r"(\w+)=(\d+)(?:\.\.(\d+))?")


def show_workload(work: Workload) -> str:
    rows = [f"kernel {word(work.name)}"]
    rows += map(show_tensor, work.tensors)
    rows += (f"einsum {einsum}" for einsum in work.einsums)
    rows += [" ".join(["inputs", *map(word, work.inputs)]), " ".join(["outputs", *map(word, work.outputs)])]
    if work.repeat:
        carried = [f"carry {word(new)} -> {word(old)}" for new, old in work.repeat.carry]
        rows.append(" ".join([f"repeat {word(work.repeat.axis)}={work.repeat.extent}", *carried]))
    return "\n".join(rows) + "\n"


def read_workload(lines: Lines) -> Workload:
    first = lines.take("kernel NAME")
    with first.faults():
        cursor = Cursor(first.text)
        cursor.expect("kernel")
        name = cursor.word()
        cursor.end()
    tensors: list[Tensor] = []
    einsums: list[Einsum] = []
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    repeat = None
    for line in lines.at_depth(0):
        with line.faults():
            cursor = Cursor(line.text)
            if cursor.accept("tensor"):
                tensors.append(read_tensor(cursor))
            elif cursor.accept("einsum"):
                einsums.append(read_einsum(cursor.rest, frozenset(tensor.name for tensor in tensors)))
            elif cursor.accept("inputs"):
                inputs = cursor.words()
            elif cursor.accept("outputs"):
                outputs = cursor.words()
            elif cursor.accept("repeat"):
                repeat = _read_repeat(cursor)
            else:
                raise cursor.fault("tensor, einsum, inputs, outputs or repeat")
    with first.faults():
        return Workload(name, tuple(tensors), tuple(einsums), inputs, outputs, repeat)


def show_tensor(tensor: Tensor) -> str:
    text = f"tensor {word(tensor.name)} {tensor.dtype}{list(tensor.shape)}"
    if tensor.border is not None:
        text += f" border {tensor.border!r}"
    if tensor.strides is not None:
        text += f" strides {list(tensor.strides)}"
    if tensor.alias_of is not None:
        text += f" alias_of {word(tensor.alias_of[0])} + {tensor.alias_of[1]}"
    if tensor.value_range is not None:
        text += f" range {tensor.value_range[0]!r}..{tensor.value_range[1]!r}"
    return text


def read_tensor(cursor: Cursor) -> Tensor:
    """What follows the word ``tensor``, to the end of the line."""
    name, dtype, shape = cursor.word("the tensor's name"), cursor.dtype(), cursor.integers("[", "]")
    border, strides, alias_of, value_range = None, None, None, None
    while cursor.rest:
        if border is None and cursor.accept("border"):
            border = cursor.number()
        elif strides is None and cursor.accept("strides"):
            strides = cursor.integers("[", "]")
        elif alias_of is None and cursor.accept("alias_of"):
            base = cursor.word("the other tensor's name")
            cursor.expect("+")
            alias_of = (base, cursor.integer())
        elif value_range is None and cursor.accept("range"):
            least = cursor.number()
            cursor.expect("..")
            value_range = (least, cursor.number())
        else:
            raise cursor.fault("border, strides, alias_of, range, each once, or the end of the line")
    return Tensor(name, dtype, shape, border, strides, alias_of, value_range)


def read_einsum(text: str, tensors: frozenset[str] | None = None) -> Einsum:
    """``C[i] += A[i, k] for i=16, k=1..4096``; any name with a subscript is a tensor where none are named."""
    statement, found, extents = text.rpartition(" for ")
    known = _tensors_in(text) if tensors is None else tensors
    axes = tuple(read_axis(part.strip()) for part in extents.split(",")) if found else ()
    parsed = parse_statement(statement if found else text, known)
    return Einsum(parsed.outputs, parsed.operator, parsed.value, axes)


def read_scalar(text: str) -> Scalar:
    """``max(X[i] + B[j], 0)``; any name with a subscript is a tensor."""
    return scalar(text, _tensors_in(text))


def _tensors_in(text: str) -> frozenset[str]:
    return frozenset(_TENSOR_IN_TEXT.findall(text))


def read_axis(text: str) -> Axis:
    found = _AXIS.fullmatch(text)
    if not found:
        raise InvalidNoun([Fault((), "axis=extent or axis=least..most", repr(text))])
    return Axis(found[1], int(found[2]), int(found[3] or found[2]))


def _read_repeat(cursor: Cursor) -> Repeat:
    axis = cursor.word("the axis of the steps")
    cursor.expect("=")
    extent, carry = cursor.integer(), []
    while cursor.rest:
        cursor.expect("carry")
        new = cursor.word()
        cursor.expect("->")
        carry.append((new, cursor.word()))
    return Repeat(axis, extent, tuple(carry))
