"""A tensor in between that is never made: wherever it is read stands what it was made of.

Given ``T[a,b] = v(a,b)`` and a read ``T[f,g]``, that read becomes v(f,g). Side conditions, each checked:
    made       one einsum writes T, by ``=``, element by element: at plain axes, over T's whole shape, one axis (that of
               ``repeat``) at most on its right side only
    private    T is no input, no output, carried to no next step, lies row by row, shares no bytes with other tensors
    inside     T is read within its shape (and, as in any workload, after it is made), by einsums that keep their axes
    same       nothing that v reads is written between, not by the last reader either
    typed      v is of T's type; every value is rounded or wrapped to its type wherever it stands, so that storing it in
               T changed nothing
Then every reader computes what it computed before, bit for bit, and T is needed no longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.einsum import Axis, Einsum, Statement
from isamap.ir.scalar import Access, Index, Read, Scalar, infer, rebuild
from isamap.ir.workload import Workload
from isamap.mapping.rewrite.change import put_in


def inlined(work: Workload, name: str) -> Workload | None:
    """``work`` without tensor ``name``, which its readers compute themselves; None where a condition does not hold."""
    made = writer(work, name)
    reading = readers(work, name)
    if made is None or not reading or not _private(work, name):
        return None
    if not all(_inside(work, n, name) for n in reading) or not _same(work, made, max(reading)):
        return None
    source = work.einsums[made]
    einsums = [_put(einsum, source) if n in reading else einsum for n, einsum in enumerate(work.einsums)]
    kept = tuple(einsum for n, einsum in enumerate(einsums) if n != made and einsum is not None)
    if len(kept) != len(einsums) - 1:
        return None
    try:
        return replace(work, tensors=tuple(t for t in work.tensors if t.name != name), einsums=kept)
    except InvalidNoun:  # an access that the language cannot follow
        return None


def writer(work: Workload, name: str) -> int | None:
    """The number of the einsum that makes tensor ``name`` element by element; None: there is no such one."""
    numbers = [n for n, einsum in enumerate(work.einsums) if name in [output.tensor for output in einsum.outputs]]
    if len(numbers) != 1 or work.einsums[numbers[0]].operator != "=":
        return None
    einsum, step = work.einsums[numbers[0]], work.repeat.axis if work.repeat else ""
    axes, shape = [str(index) for index in einsum.output.indices], work.tensor(name).shape
    whole = len(set(axes)) == len(axes) and [einsum.extents.get(axis) for axis in axes] == [*shape]
    typed = infer(einsum.value, work.dtype_of) == work.tensor(name).dtype
    return numbers[0] if whole and typed and step not in axes else None


def readers(work: Workload, name: str) -> tuple[int, ...]:
    """The numbers of the einsums that read tensor ``name``."""
    return tuple(n for n, einsum in enumerate(work.einsums) if name in [access.tensor for access in einsum.reads])


def overlap(work: Workload, written: Einsum, read: Einsum) -> bool:
    """Does ``written`` write bytes of a tensor that ``read`` reads?"""
    changed = {_root(work, output.tensor) for output in written.outputs}
    return bool(changed & {_root(work, access.tensor) for access in read.reads})


def _root(work: Workload, name: str) -> str:
    """The tensor whose bytes tensor ``name`` lies in."""
    alias = work.tensor(name).alias_of
    return name if alias is None else _root(work, alias[0])


def _private(work: Workload, name: str) -> bool:
    carried = [end for pair in work.repeat.carry for end in pair] if work.repeat else []
    shared = any(t.alias_of is not None and name in (t.name, t.alias_of[0]) for t in work.tensors)
    return name not in (*work.inputs, *work.outputs, *carried) and not shared and work.tensor(name).strides is None


def _inside(work: Workload, number: int, name: str) -> bool:
    """Does einsum ``number`` read the tensor by affine indices, never its border?"""
    ranges = {axis: (0, extent - 1) for axis, extent in work.einsums[number].extents.items()}
    for access in work.einsums[number].reads:
        for index, extent in zip(access.indices, work.tensor(access.tensor).shape, strict=True):
            if isinstance(index, Access) and name in (access.tensor, index.tensor):
                return False
            if access.tensor == name and isinstance(index, Affine):
                low, high = index.bounds(ranges)
                if low < 0 or high >= extent:
                    return False
    return True


def _same(work: Workload, made: int, last: int) -> bool:
    return not any(overlap(work, work.einsums[n], work.einsums[made]) for n in range(made + 1, last + 1))


def _put(einsum: Einsum, source: Einsum) -> Einsum | None:
    """``einsum`` with what ``source`` computes in place of its output; None where an axis is lost."""
    target = source.output

    def put(node: Scalar) -> Scalar:
        if not isinstance(node, Read) or node.access.tensor != target.tensor:
            return node
        at = dict(zip(map(str, target.indices), node.access.affine_indices, strict=True))
        return _moved(source.value, at)

    statement = Statement(einsum.outputs, einsum.operator, rebuild(einsum.value, put))
    extents = source.extents | einsum.extents
    names = [*einsum.extents, *(x for x in statement.axis_names if x not in einsum.extents)]
    if set(names) != set(statement.axis_names):
        return None
    axes = tuple(Axis(x, extents[x], extents[x]) for x in names)
    return Einsum(einsum.outputs, einsum.operator, statement.value, axes)


def _moved(value: Scalar, at: Mapping[str, Affine]) -> Scalar:
    """``value`` where affine functions stand for its axes."""

    def move(node: Scalar) -> Scalar:
        match node:
            case Read(access):
                return Read(put_in(access, at))
            case Index(index):
                return Index(index.substitute(at))
        return node

    return rebuild(value, move)
