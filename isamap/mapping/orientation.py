"""Which read of the kernel can be which operand: all ways to lay one scalar tree on the other.

Two trees are equal modulo the order of the arguments of ``COMMUTATIVE`` functions. Reads are numbered left to right
from 1 (0 is the output), so a way is a tuple: for each read of the pattern, in order, the read of the subject on it.
An immediate of the pattern holds a literal of the subject, the same one wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product

from isamap.ir.scalar import Access, Apply, Cast, Immediate, Index, Literal, Read, Scalar, rebuild

COMMUTATIVE = frozenset(("+", "*", "max", "min", "&", "|", "^", "==", "!="))
Numbers = tuple[tuple[str, int | float], ...]
Laid = tuple[tuple[tuple[int, int], ...], Numbers]
"""(read of the pattern, read of the subject on it) and (immediate, its number)."""


def pairings(pattern: Scalar, subject: Scalar) -> tuple[tuple[int, ...], ...]:
    """Every way to lay ``subject`` on ``pattern``, casts included, in lexicographic order; empty: none."""
    return tuple(sorted(_ways(pattern, subject)))


def immediates_of(pattern: Scalar, subject: Scalar, way: tuple[int, ...]) -> Numbers:
    """The numbers that the immediates of ``pattern`` hold when the reads lie as in ``way``."""
    return _ways(pattern, subject)[way]


def _ways(pattern: Scalar, subject: Scalar) -> dict[tuple[int, ...], Numbers]:
    found: dict[tuple[int, ...], Numbers] = {}
    for pairs, numbers in _laid(_numbered(pattern), _numbered(subject)):
        given = tuple(dict.fromkeys(numbers))
        if len({name for name, _ in given}) == len(given):
            found.setdefault(tuple(read for _, read in sorted(pairs)), given)
    return found


def without_casts(value: Scalar) -> Scalar:
    """``value`` with every cast dropped: what it computes, types aside."""
    return rebuild(value, lambda node: node.argument if isinstance(node, Cast) else node)


def uses_index(value: Scalar) -> bool:
    """Does ``value`` use an index as a value (a mask), or index one tensor with another (a gather)?"""
    match value:
        case Index():
            return True
        case Read(access):
            return any(isinstance(index, Access) for index in access.indices)
        case Cast(_, argument):
            return uses_index(argument)
        case Apply(_, arguments):
            return any(map(uses_index, arguments))
    return False


def _numbered(value: Scalar) -> Scalar:
    """``value`` with the n-th read replaced by a read of the tensor ``n``."""
    numbers = count(1)
    return rebuild(value, lambda node: Read(Access(str(next(numbers)), ())) if isinstance(node, Read) else node)


def _laid(pattern: Scalar, subject: Scalar) -> Iterator[Laid]:
    match pattern, subject:
        case Read(one), Read(other):
            yield ((int(one.tensor), int(other.tensor)),), ()
        case Literal(one), Literal(other) if one == other:
            yield (), ()
        case Immediate(name), Literal(number):
            yield (), ((name, number),)
        case Immediate(one), Immediate(other) if one == other:
            yield (), ()
        case Cast(one, inner, saturate), Cast(other, argument, also) if (one, saturate) == (other, also):
            yield from _laid(inner, argument)
        case Apply(one, parts), Apply(other, arguments) if one == other and len(parts) == len(arguments):
            orders = [arguments, arguments[::-1]] if one in COMMUTATIVE else [arguments]
            for order in orders:
                ways = [list(_laid(part, argument)) for part, argument in zip(parts, order, strict=True)]
                for choice in product(*ways):
                    pairs = tuple(pair for found, _ in choice for pair in found)
                    yield pairs, tuple(number for _, found in choice for number in found)
