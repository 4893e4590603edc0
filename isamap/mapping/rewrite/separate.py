"""A compound expression as a chain of einsums, each what one instruction computes.

Givens
    V        the value of an einsum ``O op= V``, a tree
    P        patterns: what instructions and transfers compute of one element (``pattern``)
A *cover* of a tree by operator op is a pattern of P with that operator laid on it, and a cover by ``=`` of every
sub-expression that is no read and on which an operand fell. Those sub-expressions are cut: each becomes a tensor
``T[x] = ...`` over the axes that it mentions, equal ones the same tensor. ``Y = max(X + b, 0)`` on a machine with
``add`` and ``relu`` becomes ``T = X + b; Y = max(T, 0)``.
Where the whole of V has no cover, the largest sub-expressions that have one are cut, and the rest stays.

A rewritten workload is given only where putting the cut expressions back (``inlining``) gives the original again, which
is its proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Axis, Einsum, Statement
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access, Apply, Cast, Read, Scalar, infer, reads
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.rewrite.inlining import inlined
from isamap.mapping.rewrite.pattern import Pattern, patterns
from isamap.mapping.rewrite.rewritten import Rewritten, fresh, rebuilt

_MOST = 16  # covers of one expression, those with fewest cuts
Cover = frozenset[Scalar]
"""The sub-expressions that are cut."""


def separate(work: Workload, number: int, target: Target) -> Iterator[Rewritten]:
    """``work`` with einsum ``number`` cut along every cover of its value, few cuts first."""
    einsum, known = work.einsums[number], patterns(target)
    ways = _Covers(known, work.dtype_of)
    for cut in ways.of(einsum.value, einsum.operator) or ways.of_parts(einsum.value):
        if cut:
            yield from _cut(work, number, cut)


class _Covers:
    """Covers of expressions, each found once."""

    def __init__(self, known: tuple[Pattern, ...], dtype_of: Mapping[str, DType]) -> None:
        self.known, self.dtype_of = known, dtype_of
        self.found: dict[tuple[Scalar, str], tuple[Cover, ...]] = {}

    def of(self, value: Scalar, operator: str) -> tuple[Cover, ...]:
        """The covers of all of ``value``."""
        if (value, operator) not in self.found:
            every = (way for one in self.known if one.operator == operator for way in self._under(one, value))
            self.found[value, operator] = _fewest(every)
        return self.found[value, operator]

    def of_parts(self, value: Scalar) -> tuple[Cover, ...]:
        """Covers of the largest sub-expressions that have one."""
        parts = value.arguments if isinstance(value, Apply) else (value.argument,) if isinstance(value, Cast) else ()
        return _joined(self._cut(part) or self.of_parts(part) for part in parts)

    def _under(self, pattern: Pattern, value: Scalar) -> Iterator[Cover]:
        for operands in pattern.operands_on(value, self.dtype_of):
            yield from _joined((Cover(),) if isinstance(part, Read) else self._cut(part) for part in operands)

    def _cut(self, part: Scalar) -> tuple[Cover, ...]:
        """The covers of a sub-expression that is cut itself; one without reads is no tensor."""
        return tuple(way | {part} for way in self.of(part, "=")) if any(reads(part)) else ()


def _joined(parts: Iterable[tuple[Cover, ...]]) -> tuple[Cover, ...]:
    """One way of each part, in every combination."""
    return _fewest(Cover().union(*choice) for choice in product(*parts))


def _fewest(covers: Iterable[Cover]) -> tuple[Cover, ...]:
    return tuple(sorted(set(covers), key=lambda cover: (len(cover), sorted(map(str, cover)))))[:_MOST]


def _cut(work: Workload, number: int, cut: Cover) -> Iterator[Rewritten]:
    einsum = work.einsums[number]
    chain: list[Einsum] = []
    tensors: dict[str, Tensor] = {}
    made: dict[Scalar, Read] = {}

    def placed(node: Scalar) -> Scalar:
        """``node``, the cut parts of it read from tensors; what is cut inside is made first."""
        if node in made:
            return made[node]
        inner = node
        if isinstance(node, Cast):
            inner = replace(node, argument=placed(node.argument))
        elif isinstance(node, Apply):
            inner = replace(node, arguments=tuple(map(placed, node.arguments)))
        if node not in cut:
            return inner
        dtype = infer(node, work.dtype_of)
        assert dtype is not None
        name = fresh(replace(work, tensors=(*work.tensors, *tensors.values())), "T")
        step = (work.repeat.axis,) if work.repeat else ()
        axes = [x for x in Statement((), "=", inner).axis_names if x not in step]
        made[node] = Read(Access(name, tuple(Affine(((x, 1),)) for x in axes)))
        tensors[name] = Tensor(name, dtype, tuple(einsum.extents[x] for x in axes))
        chain.append(_over(einsum, (made[node].access,), "=", inner))
        return made[node]

    last = _over(einsum, einsum.outputs, einsum.operator, placed(einsum.value))
    whole, origin = rebuilt(work, number, [*chain, last], tensors)
    if _put_back(whole, [*tensors]) != work:
        return
    said = "; ".join(one.statement for one in (*chain, last))
    yield Rewritten(whole, "separate", f"one step after the other: {said}", True, origin)


def _put_back(work: Workload, names: Sequence[str]) -> Workload | None:
    """``work`` without these tensors, the last one gone first."""
    whole: Workload | None = work
    for name in reversed(names):
        whole = inlined(whole, name) if whole is not None else None
    return whole


def _over(einsum: Einsum, outputs: tuple[Access, ...], operator: str, value: Scalar) -> Einsum:
    """An einsum over those axes of ``einsum`` that it uses, in their order."""
    used = Statement(outputs, operator, value).axis_names
    return Einsum(outputs, operator, value, tuple(Axis(x, e, e) for x, e in einsum.extents.items() if x in used))
