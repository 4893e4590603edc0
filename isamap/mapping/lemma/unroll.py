"""Meaning and implementation of an instruction as terms: for every element that it writes, what it should become and
what it becomes.

Axes stand at their greatest extents. Statements are performed in order, each on what the ones before it left; a
reduction joins its points in one term (sums wrap, so that their order does not matter). In the mode that initialises,
what is written starts at the identity of the meaning's operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod

from isamap.errors import Unsupported
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import IDENTITIES, Einsum
from isamap.ir.hardware import Instruction
from isamap.ir.scalar import Access
from isamap.mapping.lemma.scalar_term import Scalars, refuse_float
from isamap.mapping.lemma.term import Element, Terms

MOST_POINTS = 1 << 16


@dataclass(frozen=True)
class Pair:
    """An output element, the term that the meaning gives it and the one that the implementation gives it."""

    element: Element
    meant: int
    done: int


def identity(operator: str, dtype: DType) -> int:
    """What a tensor that ``operator`` writes starts from (0 for ``=``)."""
    start = IDENTITIES[operator]
    if start is None or abs(start) != float("inf"):
        return int(start or 0)
    return int(dtype.least if start < 0 else dtype.most)


def unroll(terms: Terms, instruction: Instruction, initialise: bool) -> tuple[Pair, ...]:
    """A pair per output element. Raises Unsupported where the definitions are too large, or say what terms cannot."""
    given = instruction.implementation
    assert given is not None
    dtypes = {operand.name: operand.dtype for operand in instruction.operands}
    dtypes |= {name: dtype for name, dtype, _ in given.tensors}
    for dtype in dtypes.values():
        refuse_float(dtype)
    scalars = Scalars(terms, dtypes)
    starts = {output.tensor: e.operator for e in reversed(instruction.meaning) for output in e.outputs}
    own = {output.tensor: e.operator for e in reversed(given.einsums) for output in e.outputs}
    kept = {name: own.get(name, "=") for name, _, _ in given.tensors} | (starts if initialise else {})
    meant = _performed(scalars, instruction.meaning, kept)
    done = _performed(scalars, given.einsums, kept)
    points = dict.fromkeys((*meant.values, *done.values))
    return tuple(
        Pair((name, place), meant.read(name, place), done.read(name, place)) for name, place in points if name in starts
    )


@dataclass
class _State:
    """What every tensor holds: terms by element; what was never written is an input, or an identity."""

    scalars: Scalars
    starts: Mapping[str, str]  # tensors that start at the identity of an operator
    values: dict[Element, int] = field(default_factory=dict)

    def read(self, name: str, place: tuple[int, ...]) -> int:
        terms, dtype = self.scalars.terms, self.scalars.dtypes[name]
        if (name, place) in self.values:
            return self.values[name, place]
        if name in self.starts:
            return terms.constant(identity(self.starts[name], dtype), dtype)
        return terms.input(name, place, dtype)


@dataclass(frozen=True)
class _Here:
    """A point of the axes in a state."""

    state: _State
    point: dict[str, int]

    def element(self, access: Access) -> int:
        return self.state.read(access.tensor, self.place(access))

    def index(self, index: Affine) -> int:
        return index.evaluate(self.point)

    def place(self, access: Access) -> tuple[int, ...]:
        if not all(isinstance(index, Affine) for index in access.indices):
            raise Unsupported("mapping", f"the gather {access}")
        return tuple(index.evaluate(self.point) for index in access.affine_indices)


def _performed(scalars: Scalars, einsums: Iterable[Einsum], starts: Mapping[str, str]) -> _State:
    state, left = _State(scalars, starts), MOST_POINTS
    for einsum in einsums:
        left -= prod(axis.most for axis in einsum.axes)
        if left < 0:
            raise Unsupported("mapping", f"a definition of more than {MOST_POINTS:,} points")
        state.values.update(_results(einsum, state))
    return state


def _results(einsum: Einsum, state: _State) -> dict[Element, int]:
    """The elements that an einsum changes, all of its reads before all of its writes."""
    if len(einsum.outputs) != 1:
        raise Unsupported("mapping", f"an einsum of two outputs ({einsum.statement})")
    scalars, dtype = state.scalars, state.scalars.dtypes[einsum.output.tensor]
    parts: dict[tuple[int, ...], list[int]] = {}
    for values in product(*(range(axis.most) for axis in einsum.axes)):
        here = _Here(state, dict(zip((axis.name for axis in einsum.axes), values, strict=True)))
        parts.setdefault(here.place(einsum.output), []).append(scalars.term(einsum.value, dtype, here))
    name, function = einsum.output.tensor, einsum.operator.removesuffix("=")
    if not function:
        return {(name, place): found[-1] for place, found in parts.items()}
    joined = {place: [state.read(name, place), *found] for place, found in parts.items()}
    return {(name, place): scalars.terms.reduce(function, found, dtype) for place, found in joined.items()}
