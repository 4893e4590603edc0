"""An expression laid on a larger one: what it lacks are constants that change nothing, its literals constants as well.

``X`` lies on ``A * B`` with B = 1, ``X * 0.25`` on it with B = 0.25, ``X`` on ``A * B + C`` with B = 1 and C = 0,
``max(X, 0)`` on ``max(A, B)`` with B = 0. What changes nothing is ``neutral``, by proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, product

from isamap.ir.dtype import DType
from isamap.ir.scalar import Access, Apply, Cast, Immediate, Literal, Read, Scalar, infer, rebuild
from isamap.mapping.orientation import COMMUTATIVE
from isamap.mapping.rewrite.bits import neutral

Number = int | float


@dataclass(frozen=True)
class Filled:
    """``value`` is the subject with reads of constants put in, each of a tensor called as the operand that it is for;
    ``held`` pairs operands with reads of the subject, ``constants`` gives each constant's value, ``added`` counts the
    neutral elements that the subject did not have."""

    value: Scalar
    held: tuple[tuple[str, int], ...] = ()
    constants: tuple[tuple[str, Number], ...] = ()
    added: int = 0

    @property
    def is_larger(self) -> bool:
        """Is anything filled in, and each operand with one thing?"""
        given = (*self.held, *self.constants)
        return bool(self.constants or self.added) and len({name for name, _ in given}) == len(set(given))

    def with_parts(self, value: Scalar, *others: Filled) -> Filled:
        """``value``, made of what all of them hold."""
        every = (self, *others)
        held = tuple(pair for one in every for pair in one.held)
        constants = tuple(dict.fromkeys(pair for one in every for pair in one.constants))
        return Filled(value, held, constants, sum(one.added for one in every))


def numbered(value: Scalar) -> Scalar:
    """``value`` with its n-th read, from 1, replaced by one of the tensor ``n``."""
    numbers = count(1)
    return rebuild(value, lambda node: Read(Access(str(next(numbers)), ())) if isinstance(node, Read) else node)


def fillings(pattern: Scalar, subject: Scalar, types: Mapping[str, DType]) -> Iterator[Filled]:
    """Every way to lay ``subject``, which is ``numbered``, on ``pattern``, whose operands have ``types``."""
    match pattern, subject:
        case Read(operand), Read(access):
            yield Filled(subject, ((operand.tensor, int(access.tensor)),))
        case Literal(one), Literal(other) if one == other:
            yield Filled(subject)
        case ((Immediate() | Read() | Cast(_, Read())), Literal(number)):
            yield from _constant(pattern, number, types)
        case Cast(one, inner, saturate), Cast(other, argument, also) if (one, saturate) == (other, also):
            for filled in fillings(inner, argument, types):
                yield filled.with_parts(Cast(one, filled.value, saturate))
        case Apply(one, parts), Apply(other, arguments) if one == other and len(parts) == len(arguments):
            for order in [arguments, arguments[::-1]] if one in COMMUTATIVE else [arguments]:
                ways = [list(fillings(part, a, types)) for part, a in zip(parts, order, strict=True)]
                for choice in product(*ways):
                    yield choice[0].with_parts(Apply(one, tuple(filled.value for filled in choice)), *choice[1:])
    yield from _larger(pattern, subject, types)


def _larger(pattern: Scalar, subject: Scalar, types: Mapping[str, DType]) -> Iterator[Filled]:
    """The pattern has one function more, whose other argument may be neutral."""
    dtype = infer(pattern, types)
    if not isinstance(pattern, Apply) or len(pattern.arguments) != 2 or dtype is None:
        return
    number = neutral(pattern.function, dtype)
    for place in (0, 1) if pattern.function in COMMUTATIVE else (0,):
        hole = pattern.arguments[1 - place]
        for one in _constant(hole, number, types) if number is not None else ():
            for filled in fillings(pattern.arguments[place], subject, types):
                parts = (filled.value, one.value) if place == 0 else (one.value, filled.value)
                whole = filled.with_parts(Apply(pattern.function, parts), one)
                yield Filled(whole.value, whole.held, whole.constants, whole.added + 1)


def _constant(hole: Scalar, number: Number, types: Mapping[str, DType]) -> Iterator[Filled]:
    """``hole`` filled with ``number``, where its type holds that."""
    match hole:
        case Immediate():
            yield Filled(Literal(number))
        case Read(access):
            yield Filled(Read(Access(access.tensor, ())), (), ((access.tensor, types[access.tensor].wrap(number)),))
        case Cast(dtype, Read(access), False):
            held = types[access.tensor].wrap(number)
            if dtype.wrap(held) == dtype.wrap(number):
                value = Cast(dtype, Read(Access(access.tensor, ())))
                yield Filled(value, (), ((access.tensor, held),))
