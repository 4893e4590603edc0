"""Which read of the kernel can be which operand: all ways to lay one scalar tree on the other.

Two trees are equal modulo the order of the arguments of ``COMMUTATIVE`` functions. Reads are numbered left to right
from 1 (0 is the output), so a way is a tuple: for each read of the pattern, in order, the read of the subject on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product

from isamap.ir.scalar import Access, Apply, Cast, Index, Literal, Read, Scalar, rebuild

COMMUTATIVE = frozenset(("+", "*", "max", "min", "&", "|", "^", "==", "!="))
Pairs = tuple[tuple[int, int], ...]


def pairings(pattern: Scalar, subject: Scalar) -> tuple[tuple[int, ...], ...]:
    """Every way to lay ``subject`` on ``pattern``, casts included, in lexicographic order; empty: none."""
    found = {tuple(read for _, read in sorted(pairs)) for pairs in _laid(_numbered(pattern), _numbered(subject))}
    return tuple(sorted(found))


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


def _laid(pattern: Scalar, subject: Scalar) -> Iterator[Pairs]:
    match pattern, subject:
        case Read(one), Read(other):
            yield ((int(one.tensor), int(other.tensor)),)
        case Literal(one), Literal(other) if one == other:
            yield ()
        case Cast(one, inner, saturate), Cast(other, argument, also) if (one, saturate) == (other, also):
            yield from _laid(inner, argument)
        case Apply(one, parts), Apply(other, arguments) if one == other and len(parts) == len(arguments):
            orders = [arguments, arguments[::-1]] if one in COMMUTATIVE else [arguments]
            for order in orders:
                ways = [list(_laid(part, argument)) for part, argument in zip(parts, order, strict=True)]
                for choice in product(*ways):
                    yield tuple(pair for pairs in choice for pair in pairs)
