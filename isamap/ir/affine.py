"""Index expressions: affine in the axes, with integer coefficients, and ``//`` and ``%`` by constants.

Kept in one normal form (terms sorted by atom, no zero coefficients), so equal functions written alike compare equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import gcd

from isamap.errors import Fault, InvalidNoun
from isamap.ir.expression import Call, Expression, Name, Number, parse


@dataclass(frozen=True)
class Quotient:
    """``numerator // divisor``, rounded down."""

    numerator: Affine
    divisor: int

    def __str__(self) -> str:
        return f"({self.numerator}) // {self.divisor}"


@dataclass(frozen=True)
class Remainder:
    """``numerator % divisor``, never negative."""

    numerator: Affine
    divisor: int

    def __str__(self) -> str:
        return f"({self.numerator}) % {self.divisor}"


Atom = str | Quotient | Remainder


@dataclass(frozen=True)
class Affine:
    """The sum of coefficient * atom, plus a constant. Build with ``affine`` or ``Affine.of``, which normalise."""

    terms: tuple[tuple[Atom, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(terms: Iterable[tuple[Atom, int]], constant: int = 0) -> Affine:
        total: dict[Atom, int] = {}
        for atom, coefficient in terms:
            total[atom] = total.get(atom, 0) + coefficient
        kept = sorted(((a, c) for a, c in total.items() if c), key=lambda term: str(term[0]))
        return Affine(tuple(kept), constant)

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.constant + other)
        return Affine.of((*self.terms, *other.terms), self.constant + other.constant)

    def __mul__(self, factor: int) -> Affine:
        return Affine.of(((atom, c * factor) for atom, c in self.terms), self.constant * factor)

    def __sub__(self, other: Affine | int) -> Affine:
        return self + other * -1

    def __str__(self) -> str:
        text = ""
        for atom, c in self.terms:
            bare = isinstance(atom, str) or c == 1 or (c == -1 and text != "")  # -(i // 2) is not -i // 2
            product = ("" if abs(c) == 1 else f"{abs(c)}*") + (str(atom) if bare else f"({atom})")
            text += (" - " if c < 0 else " + ") + product if text else ("-" if c < 0 else "") + product
        if self.constant or not text:
            text += f" {'-' if self.constant < 0 else '+'} {abs(self.constant)}" if text else str(self.constant)
        return text

    @property
    def is_linear(self) -> bool:
        """No ``//`` and no ``%``."""
        return all(isinstance(atom, str) for atom, _ in self.terms)

    @property
    def axes(self) -> tuple[str, ...]:
        """Every axis that it mentions, also inside ``//`` and ``%``, in order of appearance."""
        found: dict[str, None] = {}
        for atom, _ in self.terms:
            for axis in (atom,) if isinstance(atom, str) else atom.numerator.axes:
                found[axis] = None
        return tuple(found)

    def coefficient(self, axis: str) -> int:
        """The factor of ``axis`` outside any ``//`` and ``%``."""
        return next((c for atom, c in self.terms if atom == axis), 0)

    def evaluate(self, point: Mapping[str, int]) -> int:
        total = self.constant
        for atom, c in self.terms:
            if isinstance(atom, str):
                total += c * point[atom]
            elif isinstance(atom, Quotient):
                total += c * (atom.numerator.evaluate(point) // atom.divisor)
            else:
                total += c * (atom.numerator.evaluate(point) % atom.divisor)
        return total

    def bounds(self, ranges: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
        """Smallest and largest value where each axis runs over its inclusive range (not always tight with ``%``)."""
        low = high = self.constant
        for atom, c in self.terms:
            ends = ranges[atom] if isinstance(atom, str) else _atom_bounds(atom, ranges)
            low += min(c * ends[0], c * ends[1])
            high += max(c * ends[0], c * ends[1])
        return low, high

    def rename(self, new_name: Callable[[str], str]) -> Affine:
        """The same function of renamed axes."""
        return Affine.of(((_renamed(atom, new_name), c) for atom, c in self.terms), self.constant)

    def substitute(self, values: Mapping[str, Affine]) -> Affine:
        """The function with some axes replaced by affine functions of others."""
        total = Affine((), self.constant)
        for atom, c in self.terms:
            if isinstance(atom, str):
                part = values.get(atom, Affine(((atom, 1),)))
            else:
                operator = "//" if isinstance(atom, Quotient) else "%"
                part = _divided(operator, atom.numerator.substitute(values), Affine((), atom.divisor))
            total = total + part * c
        return total


def _atom_bounds(atom: Quotient | Remainder, ranges: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    low, high = atom.numerator.bounds(ranges)
    if isinstance(atom, Quotient):
        return low // atom.divisor, high // atom.divisor
    same_turn = low // atom.divisor == high // atom.divisor
    return (low % atom.divisor, high % atom.divisor) if same_turn else (0, atom.divisor - 1)


def _renamed(atom: Atom, new_name: Callable[[str], str]) -> Atom:
    return new_name(atom) if isinstance(atom, str) else type(atom)(atom.numerator.rename(new_name), atom.divisor)


def affine(source: Expression | str | int, constants: Mapping[str, int] | None = None) -> Affine:
    """The affine function that ``source`` writes, ``constants`` put in; raises InvalidNoun where it is not affine."""
    if isinstance(source, int):
        return Affine((), source)
    known = constants or {}
    match parse(source) if isinstance(source, str) else source:
        case Number(int() as value):
            return Affine((), value)
        case Name(name):
            return Affine((), known[name]) if name in known else Affine(((name, 1),))
        case Call("neg", (operand,)):
            return affine(operand, known) * -1
        case Call("+", (left, right)):
            return affine(left, known) + affine(right, known)
        case Call("-", (left, right)):
            return affine(left, known) - affine(right, known)
        case Call("*", (left, right)):
            one, other = affine(left, known), affine(right, known)
            if not one.terms or not other.terms:
                return other * one.constant if not one.terms else one * other.constant
        case Call("//" | "%" as operator, (left, right)):
            return _divided(operator, affine(left, known), affine(right, known))
    raise InvalidNoun([Fault((), "an affine index (integer coefficients, // and % by constants)", repr(str(source)))])


def _divided(operator: str, numerator: Affine, divisor: Affine) -> Affine:
    if divisor.terms or divisor.constant <= 0:
        raise InvalidNoun([Fault((), f"a positive constant after {operator}", repr(str(divisor)))])
    if not numerator.terms:
        pair = divmod(numerator.constant, divisor.constant)
        return Affine((), pair[0] if operator == "//" else pair[1])
    atom = (Quotient if operator == "//" else Remainder)(numerator, divisor.constant)
    return Affine(((atom, 1),))


def step(index: Affine) -> int:
    """The greatest common divisor of the coefficients: values of ``index`` differ by multiples of it (0: constant)."""
    return gcd(*(c for _, c in index.terms))
