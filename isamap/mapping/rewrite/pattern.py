"""What instructions compute of one element, laid on an expression: operands may fall on whole sub-expressions.

An einsum matches an instruction where every operand falls on a read. Where one falls on more, that sub-expression must
become a tensor before; the tensor has its type, which must be the operand's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from isamap.ir.dtype import DType
from isamap.ir.hardware import Target
from isamap.ir.scalar import Apply, Cast, Immediate, Literal, Read, Scalar, infer, reads, without_identity_casts
from isamap.mapping.orientation import COMMUTATIVE, uses_index

Held = tuple[tuple[str, Scalar], ...]
"""What each operand and each immediate of a pattern falls on."""


@dataclass(frozen=True)
class Pattern:
    """``operator value`` of an instruction or transfer called ``name``; ``types`` are those of its operands (a
    transfer's: any)."""

    name: str
    operator: str
    value: Scalar
    types: tuple[tuple[str, DType], ...] = ()

    def operands_on(self, value: Scalar, dtype_of: Mapping[str, DType]) -> Iterator[tuple[Scalar, ...]]:
        """For every way to lay the pattern on ``value``, types included, what its operands fall on."""
        types = dict(self.types)
        for held in _laid(self.value, value):
            given = dict(held)
            if any(given[name] != part for name, part in held):
                continue  # one operand on two things
            operands = {name: part for name, part in given.items() if not name.startswith("imm(")}
            found = {name: infer(part, dtype_of) for name, part in operands.items()}
            if all(dtype is not None and types.get(name, dtype) == dtype for name, dtype in found.items()):
                yield tuple(operands.values())

    def computes(self, operator: str, value: Scalar, dtype_of: Mapping[str, DType]) -> bool:
        """Is this ``operator value`` at once, every operand on a read?"""
        ways = self.operands_on(value, dtype_of) if operator == self.operator else ()
        return any(all(isinstance(part, Read) for part in parts) for parts in ways)


def patterns(target: Target) -> tuple[Pattern, ...]:
    """Of every instruction that means one einsum with one output, and of every transfer out that computes; copies left
    out, as well as what uses an index or reads one operand at two places."""
    found = []
    for one in target.instructions:
        if len(one.meaning) == 1 and len(one.meaning[0].outputs) == 1:
            types = {operand.name: operand.dtype for operand in one.operands}
            value = without_identity_casts(one.meaning[0].value, types)
            read = {access.tensor for access in reads(value)}
            held = tuple((name, dtype) for name, dtype in types.items() if name in read)
            found.append(Pattern(one.name, one.meaning[0].operator, value, held))
    for way in target.transfers:
        if way.meaning is not None and way.destination_memory == target.outermost.name:
            found.append(Pattern(way.name, way.meaning.operator, way.meaning.value))
    return tuple(one for one in found if not uses_index(one.value) and not _copies(one) and _reads_once(one.value))


def _copies(pattern: Pattern) -> bool:
    return pattern.operator == "=" and isinstance(pattern.value, Read)


def _reads_once(value: Scalar) -> bool:
    """Is each operand read at one place only?"""
    places = set(reads(value))
    return len({access.tensor for access in places}) == len(places)


def _laid(pattern: Scalar, subject: Scalar) -> Iterator[Held]:
    match pattern, subject:
        case Read(access), _:
            yield ((access.tensor, subject),)
        case Immediate(), Literal():
            yield ((str(pattern), subject),)
        case Literal(one), Literal(other) if one == other:
            yield ()
        case Cast(one, inner, saturate), Cast(other, argument, also) if (one, saturate) == (other, also):
            yield from _laid(inner, argument)
        case Apply(one, parts), Apply(other, arguments) if one == other and len(parts) == len(arguments):
            orders = [arguments, arguments[::-1]] if one in COMMUTATIVE else [arguments]
            for order in orders:
                ways = [list(_laid(part, argument)) for part, argument in zip(parts, order, strict=True)]
                for choice in product(*ways):
                    yield tuple(entry for held in choice for entry in held)
