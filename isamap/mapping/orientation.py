"""Which read of the kernel can be which operand: all ways to lay one scalar tree on the other.

Two trees are equal modulo the order of the arguments of ``COMMUTATIVE`` functions and the nesting of ``ASSOCIATIVE``
ones: ``(a*b)*c`` is one product of three factors, as ``a*(b*c)`` is. Integers wrap, so both laws hold bit by bit; a
cast in between stays where it is (what saturates or widens there is another value). Floats are regrouped like the
terms of a sum, and notice: their rounding, and a product's overflow, may fall elsewhere.

Reads are numbered left to right from 1 (0 is the output), so a way is a tuple: for each read of the pattern, in order,
the read of the subject on it. An immediate of the pattern holds a literal of the subject, the same one wherever it
stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count

from isamap.errors import Unsupported
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Apply, Cast, Immediate, Index, Literal, Read, Scalar, rebuild

ASSOCIATIVE = frozenset(("+", "*", "max", "min", "&", "|", "^"))
COMMUTATIVE = ASSOCIATIVE | {"==", "!="}
MOST_WAYS = 720  # six arguments in any order
Numbers = tuple[tuple[str, int | float], ...]
Laid = tuple[tuple[tuple[int, int], ...], Numbers]
"""(read of the pattern, read of the subject on it) and (immediate, its number)."""


def pairings(pattern: Scalar, subject: Scalar) -> tuple[tuple[int, ...], ...]:
    """Every way to lay ``subject`` on ``pattern``, casts included, in lexicographic order; empty: none. Raises
    Unsupported where there are more than ``MOST_WAYS``."""
    return tuple(sorted(_ways(pattern, subject)))


def immediates_of(pattern: Scalar, subject: Scalar, way: tuple[int, ...]) -> Numbers:
    """The numbers that the immediates of ``pattern`` hold when the reads lie as in ``way``."""
    return _ways(pattern, subject)[way]


@lru_cache(maxsize=512)
def _ways(pattern: Scalar, subject: Scalar) -> dict[tuple[int, ...], Numbers]:
    found: dict[tuple[int, ...], Numbers] = {}
    if _form(pattern) != _form(subject):
        return found
    for pairs, numbers in _laid(_numbered(pattern), _numbered(subject)):
        given = tuple(dict.fromkeys(numbers))
        if len({name for name, _ in given}) == len(given):
            found.setdefault(tuple(read for _, read in sorted(pairs)), given)
        if len(found) > MOST_WAYS:
            raise Unsupported(
                "mapping", f"an expression that goes on another in more than {MOST_WAYS} ways ({subject})"
            )
    return found


def terms(value: Apply) -> tuple[Scalar, ...]:
    """The arguments of ``value``, those of the same associative function inside it joined to them."""
    if value.function not in ASSOCIATIVE:
        return value.arguments
    inner = (terms(a) if isinstance(a, Apply) and a.function == value.function else (a,) for a in value.arguments)
    return tuple(term for found in inner for term in found)


def laid(einsum: Einsum, meaning: Einsum) -> tuple[tuple[int, ...], ...]:
    """Ways to lay the reads of ``einsum`` on those of ``meaning``, casts aside, each with the outputs (0) before them;
    one operand read twice must hold one access."""
    kernel, own = (einsum.output, *einsum.reads), (meaning.output, *meaning.reads)
    ways = [(0, *way) for way in pairings(without_casts(meaning.value), without_casts(einsum.value))]
    return tuple(
        way
        for way in ways
        if all(kernel[way[a]] == kernel[way[b]] for a in range(len(own)) for b in range(a) if own[a] == own[b])
    )


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


def _form(value: Scalar) -> str:
    """The same for trees that may lie on each other: nobody then tries all orders of what can never fit."""
    match value:
        case Cast(dtype, argument, saturate):
            return f"{dtype}{saturate}({_form(argument)})"
        case Apply(function, _):
            parts = [_form(term) for term in terms(value)]
            return f"{function}({', '.join(sorted(parts) if function in COMMUTATIVE else parts)})"
        case Literal() | Immediate():
            return "number"
    return "read" if isinstance(value, Read) else str(value)


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
        case (Apply() as one, Apply() as other) if one.function == other.function:
            parts, arguments = terms(one), terms(other)
            if len(parts) == len(arguments):
                yield from _laid_all(parts, arguments, any_order=one.function in COMMUTATIVE)


def _laid_all(parts: tuple[Scalar, ...], arguments: tuple[Scalar, ...], *, any_order: bool) -> Iterator[Laid]:
    """Every part on an argument of its own."""
    if not parts:
        yield (), ()
        return
    for n, argument in enumerate(arguments if any_order else arguments[:1]):
        for pairs, numbers in _laid(parts[0], argument):
            for others, more in _laid_all(parts[1:], arguments[:n] + arguments[n + 1 :], any_order=any_order):
                yield (*pairs, *others), (*numbers, *more)
