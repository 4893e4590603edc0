"""A change of variables: an einsum over other axes that visits the same points, and points that add nothing.

Givens
    D, D'    boxes of the old and of the new axes
    f, g     forward: new axes of old ones (affine, // and %); backward: old axes of new ones (affine)
    e, e'    the einsum before and after; each access of e' is that of e with the old axes put in, except that a *mask*,
             one read of e', leaves its tensor where there was no point: there it reads a border of 0
Claims, each a query without quantifiers that must have no model
    onto     for x in D: f(x) lies in D', g(f(x)) = x, the mask is inside its tensor at f(x)
    exact    for y in D' with the mask inside: g(y) lies in D, f(g(y)) = y, every access of e' at y is that of e at g(y)
Together f is one to one between D and the points of D' with the mask inside. At the others the value is 0 because a
factor is (``vanishes``), and 0 changes no sum: the two einsums are equal. (For floats: of finite values.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import z3

from isamap.ir.affine import Affine, Quotient
from isamap.ir.einsum import Axis, Einsum
from isamap.ir.scalar import Access, Apply, Cast, Index, Read, Scalar, rebuild
from isamap.ir.scalar import reads as reads_of
from isamap.ir.workload import Tensor

_LIMIT = 20_000_000  # Z3's own deterministic measure of work; a query here takes a hundredth of it
Maps = Mapping[str, Affine]


@dataclass(frozen=True)
class Change:
    """``forward`` and ``backward`` name every new and every old axis that changes; ``extents`` are those of the new."""

    forward: tuple[tuple[str, Affine], ...]
    backward: tuple[tuple[str, Affine], ...]
    extents: tuple[tuple[str, int], ...]


def changed(einsum: Einsum, change: Change, reads: Mapping[int, Access]) -> Einsum:
    """``einsum`` over the new axes; ``reads`` gives those accesses (numbered from 1) that are not just put in."""
    backward, numbers = dict(change.backward), count(1)

    def put(node: Scalar) -> Scalar:
        match node:
            case Read(access):
                number = next(numbers)
                return Read(reads.get(number) or put_in(access, backward))
            case Index(index):
                return Index(index.substitute(backward))
        return node

    value = rebuild(einsum.value, put)
    outputs = tuple(put_in(output, backward) for output in einsum.outputs)
    extents = {x: e for x, e in einsum.extents.items() if x not in backward} | dict(change.extents)
    names = dict.fromkeys(x for access in (*outputs, *reads_of(value)) for x in access.axes)
    return Einsum(outputs, einsum.operator, value, tuple(Axis(x, extents[x], extents[x]) for x in names))


def put_in(access: Access, backward: Maps) -> Access:
    """``access`` with affine functions put in for axes."""
    inner = (i.substitute(backward) if isinstance(i, Affine) else put_in(i, backward) for i in access.indices)
    return Access(access.tensor, tuple(inner))


def vanishes(value: Scalar, number: int) -> bool:
    """Is ``value`` surely 0 where its read ``number`` (from 1, left to right) is 0?"""
    numbers = count(1)

    def zero(node: Scalar) -> bool:
        match node:
            case Read():
                return next(numbers) == number
            case Cast(_, argument):
                return zero(argument)
            case Apply(function, arguments):
                found = [zero(argument) for argument in arguments]  # all of them, so that reads are counted
                return any(found) if function in ("*", "&") else function in ("+", "-", "neg", "abs") and all(found)
        return False

    return zero(value)


def equal(before: Einsum, after: Einsum, change: Change, mask: int, tensors: Mapping[str, Tensor]) -> bool:
    """Are ``onto`` and ``exact`` proved, ``mask`` a factor? ``tensors`` are those of ``after``."""
    if before.operator != "+=" or after.operator != "+=" or not vanishes(after.value, mask):
        return False
    context = z3.Context()
    old = {axis.name: z3.Int(axis.name, context) for axis in before.axes}
    new = {axis.name: z3.Int(f"{axis.name}'", context) for axis in after.axes}
    there = {x: _term(dict(change.forward).get(x, Affine(((x, 1),))), old, context) for x in new}
    back = {x: _term(dict(change.backward).get(x, Affine(((x, 1),))), new, context) for x in old}
    held = after.reads[mask - 1]
    onto = [_within(after, there), _same(old, _at(change.backward, old, there, context)), _inside(held, there, tensors)]
    exact = [_within(before, back), _same(new, _at(change.forward, new, back, context))]
    pairs = zip((*before.outputs, *before.reads), (*after.outputs, *after.reads), strict=True)
    exact += [_agree(one, back, other, new) for one, other in pairs]
    lost = z3.And(_within(before, old), z3.Not(z3.And(onto)))
    wrong = z3.And(_within(after, new), _inside(held, new, tensors), z3.Not(z3.And(exact)))
    return _has_no_model(lost, context) and _has_no_model(wrong, context)


def _has_no_model(query: z3.BoolRef, context: z3.Context) -> bool:
    solver = z3.Solver(ctx=context)
    solver.set("rlimit", _LIMIT)
    return bool(solver.check(query) == z3.unsat)


def _at(
    maps: Sequence[tuple[str, Affine]], axes: Mapping[str, z3.ArithRef], point: Mapping[str, z3.ArithRef], c: z3.Context
) -> dict[str, z3.ArithRef]:
    """Each of ``axes`` as ``maps`` gives it at ``point``; those that did not change are the point's own."""
    given = dict(maps)
    return {x: _term(given.get(x, Affine(((x, 1),))), point, c) for x in axes}


def _term(index: Affine, point: Mapping[str, z3.ArithRef], context: z3.Context) -> z3.ArithRef:
    total = z3.IntVal(index.constant, context)
    for atom, c in index.terms:
        if isinstance(atom, str):
            part = point[atom]
        else:
            inner = _term(atom.numerator, point, context)
            part = inner / atom.divisor if isinstance(atom, Quotient) else inner % atom.divisor
        total = total + c * part
    return total


def _within(einsum: Einsum, point: Mapping[str, z3.ArithRef]) -> z3.BoolRef:
    return z3.And([z3.And(point[x] >= 0, point[x] < extent) for x, extent in einsum.extents.items()])


def _same(one: Mapping[str, z3.ArithRef], other: Mapping[str, z3.ArithRef]) -> z3.BoolRef:
    return z3.And([one[x] == other[x] for x in one])


def _agree(before: Access, old: Mapping[str, z3.ArithRef], after: Access, new: Mapping[str, z3.ArithRef]) -> z3.BoolRef:
    """Do the two meet the same element? Dimensions that only ``after`` has are of extent 1: their index must be 0."""
    context = next(iter(new.values())).ctx
    ours, theirs = before.affine_indices, after.affine_indices
    same = [_term(i, old, context) == _term(j, new, context) for i, j in zip(ours, theirs, strict=False)]
    return z3.And([*same, *(_term(j, new, context) == 0 for j in theirs[len(ours) :])])


def _inside(access: Access, point: Mapping[str, z3.ArithRef], tensors: Mapping[str, Tensor]) -> z3.BoolRef:
    context = next(iter(point.values())).ctx
    found = []
    for index, extent in zip(access.affine_indices, tensors[access.tensor].shape, strict=True):
        value = _term(index, point, context)
        found += [value >= 0, value < extent]
    return z3.And(found)
