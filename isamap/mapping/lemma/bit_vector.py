"""Terms as formulas of Z3 over bit-vectors, without quantifiers.

Every term is a signed number of just the bits that its interval needs: operations are done with enough bits to be
exact, or in the type's bits where they may leave it, and then wrapped. A product of two 8-bit numbers is so the same
formula whether it was written in 16 bits or in 32. Sums are formed from their atoms (``linear``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce

import z3

from isamap.ir.dtype import DTYPES, DType
from isamap.mapping.lemma.interval import Interval, exact_interval, intervals, limits, within
from isamap.mapping.lemma.linear import Linear, forms
from isamap.mapping.lemma.number import saturates
from isamap.mapping.lemma.term import Element, Term, Terms

_MODULAR: dict[str, Callable[..., z3.BitVecRef]] = {  # right in the low bits whatever the high bits are
    "*": lambda *a: reduce(lambda x, y: x * y, a), "+": lambda *a: reduce(lambda x, y: x + y, a),
    "-": lambda a, b: a - b, "neg": lambda a: -a,
}  # fmt: skip
_COMPARED: dict[str, Callable[..., z3.BoolRef]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def width(interval: Interval) -> int:
    """Bits of a signed number that may have all these values."""
    return 1 + max(max(end, ~end).bit_length() for end in interval)


def resized(value: z3.BitVecRef, bits: int) -> z3.BitVecRef:
    """A signed number in more bits, or its low bits."""
    if bits > value.size():
        return z3.SignExt(bits - value.size(), value)
    return z3.Extract(bits - 1, 0, value) if bits < value.size() else value


def _wrapped(low: z3.BitVecRef, dtype: DType) -> z3.BitVecRef:
    """The signed number that the bits of ``dtype`` stand for."""
    return low if dtype.kind == "int" else z3.ZeroExt(1, low)


class BitVectors:
    """Formulas of the terms below ``roots`` where the elements of tensors lie in ``ranges``; ``inputs`` are the
    variables by element, and ``given`` says that they lie there."""

    def __init__(self, terms: Terms, roots: Sequence[int], ranges: Mapping[str, Interval], context: z3.Context) -> None:
        self.context = context
        self.inputs: dict[Element, z3.BitVecRef] = {}
        self.given: list[z3.BoolRef] = []
        self._intervals = intervals(terms, roots, ranges)
        self._forms = forms(terms, roots, self._intervals)
        self._formulas: dict[int, z3.BitVecRef] = {}
        for number in terms.below(roots):
            self._formulas[number] = self._formula(number, terms[number], terms)

    def differ(self, one: int, other: int) -> z3.BoolRef:
        """Do two terms of one type have different values?"""
        forms = (self._forms[one], self._forms[other])
        if len({(form.parts, form.constant) for form in forms}) == 1:
            return z3.BoolVal(False, self.context)
        left, right = self._common((one, other))
        return left != right

    def _formula(self, number: int, term: Term, terms: Terms) -> z3.BitVecRef:
        least, most = bounds = self._intervals[number]
        if least == most and term.element is None:
            return z3.BitVecVal(least, width(bounds), self.context)
        if term.element is not None:
            return self._input(term.element, bounds)
        if not self._forms[number].is_atom(number):
            return self._sum(self._forms[number], term.dtype, bounds)
        parts = [self._intervals[argument] for argument in term.arguments]
        exact = exact_interval(term, parts)
        whole = self._exact(term, exact, [terms[argument].dtype for argument in term.arguments])
        return self._settled(whole, term, exact, bounds)

    def _input(self, element: Element, bounds: Interval) -> z3.BitVecRef:
        name, place = element
        bits = width(bounds)
        text = f"{name}[{', '.join(map(str, place))}]"
        if bounds[0] >= 0 and bits > 1:  # the sign is known
            found = z3.ZeroExt(1, z3.BitVec(text, bits - 1, self.context))
        else:
            found = z3.BitVec(text, bits, self.context)
        self.given += [found >= bounds[0], found <= bounds[1]]
        self.inputs[element] = found
        return found

    def _sum(self, form: Linear, dtype: DType, bounds: Interval) -> z3.BitVecRef:
        bits = width(bounds) if form.exact else dtype.bits
        total = z3.BitVecVal(form.constant, bits, self.context)
        for atom, coefficient in form.parts:
            total = total + z3.BitVecVal(coefficient, bits, self.context) * resized(self._formulas[atom], bits)
        return total if form.exact else _wrapped(total, dtype)

    def _exact(self, term: Term, exact: Interval, types: Sequence[DType]) -> z3.BitVecRef:
        """The operation's result, in as many bits as it needs or, modulo those of the type, as the type has."""
        function, numbers = term.function, term.arguments
        working = DTYPES["s64"] if term.dtype.kind == "bool" else term.dtype
        fitting = width(exact) if within(exact, limits(working)) else working.bits
        if function in _MODULAR:
            return _MODULAR[function](*(resized(self._formulas[n], fitting) for n in numbers))
        if function in _COMPARED:
            return self._truth(_COMPARED[function](*self._common(numbers)))
        match function:
            case "cast" | "saturate" | "floor" | "ceil" | "round":
                return self._formulas[numbers[0]]
            case "abs":
                (value,) = self._common(numbers, 1)
                return z3.If(value < 0, -value, value)
            case "max":
                return reduce(lambda a, b: z3.If(a > b, a, b), self._common(numbers))
            case "min":
                return reduce(lambda a, b: z3.If(a < b, a, b), self._common(numbers))
            case "&" | "|" | "^":
                a, b = self._common(numbers)
                return {"&": a & b, "|": a | b, "^": a ^ b}[function]
            case "<<":
                bits = max(working.bits + 1, self._formulas[numbers[1]].size())
                a, b = (resized(self._formulas[n], bits) for n in numbers)
                return z3.If(z3.And(b >= 0, b < working.bits), a << b, z3.BitVecVal(0, bits, self.context))
            case ">>":  # what is shifted by a negative number, which is a large one without sign, leaves its sign
                a, b = self._common(numbers)
                return a >> b
            case "select":
                condition, a, b = (self._formulas[n] for n in numbers)
                bits = max(a.size(), b.size())
                return z3.If(condition != 0, resized(a, bits), resized(b, bits))
        return self._divided(function, *self._common(numbers, 1))

    def _divided(self, function: str, a: z3.BitVecRef, b: z3.BitVecRef) -> z3.BitVecRef:
        """``/`` and ``//`` round down, ``%`` has the divisor's sign; by 0: 0."""
        zero, one = z3.BitVecVal(0, a.size(), self.context), z3.BitVecVal(1, a.size(), self.context)
        if function == "%":
            return z3.If(b == 0, zero, a % b)
        left = z3.SRem(a, b)
        down = z3.And(left != 0, (left < 0) != (b < 0))
        return z3.If(b == 0, zero, a / b - z3.If(down, one, zero))

    def _settled(self, whole: z3.BitVecRef, term: Term, exact: Interval, bounds: Interval) -> z3.BitVecRef:
        dtype = term.dtype
        if dtype.kind == "bool" and not within(exact, (0, 1)):
            return self._truth(whole != 0)
        if within(exact, limits(dtype)):
            return resized(whole, width(bounds))
        if saturates(term):
            bits = max(width(exact), width(limits(dtype)))
            least, most = (z3.BitVecVal(end, bits, self.context) for end in limits(dtype))
            wide = resized(whole, bits)
            return resized(z3.If(wide < least, least, z3.If(wide > most, most, wide)), width(bounds))
        return _wrapped(resized(whole, dtype.bits), dtype)

    def _common(self, numbers: Iterable[int], more: int = 0) -> list[z3.BitVecRef]:
        """Formulas in equally many bits, ``more`` than the widest needs."""
        formulas = [self._formulas[number] for number in numbers]
        bits = max(formula.size() for formula in formulas) + more
        return [resized(formula, bits) for formula in formulas]

    def _truth(self, condition: z3.BoolRef) -> z3.BitVecRef:
        return z3.If(condition, z3.BitVecVal(1, 2, self.context), z3.BitVecVal(0, 2, self.context))
