"""How a multiply-add takes the factors of a contraction: which is its first, and of what type.

An instruction adds ``group`` products to a sum at once, so that ``group`` neighbours along one reduced axis lie in one
lane. Signed bytes become its unsigned factor by adding 128, which is made up for at the start of a sum:

sum_k A[k] * B[k] = sum_k (A[k] + 128) * B[k] - 128 * sum_k B[k]        in integers that wrap, too
"""

from __future__ import annotations

from dataclasses import dataclass

from isamap.errors import Unsupported
from isamap.ir.contraction import Contraction, Strided
from isamap.ir.cpu import MultiplyAdd
from isamap.ir.dtype import DTYPES, DType


@dataclass(frozen=True)
class Taken:
    """A factor as the instruction takes it: as its first (``place`` 0) or second, of type ``dtype``."""

    factor: Strided
    place: int
    dtype: DType

    @property
    def is_shifted(self) -> bool:
        """Does 128 come on top of every element?"""
        return (self.factor.dtype.name, self.dtype.name) == ("s8", "u8")


def taken(what: Contraction, vector: str, product: MultiplyAdd) -> tuple[Taken, Taken]:
    """Both factors in the order of the contraction, the lanes along axis ``vector``. Raises Unsupported where the
    instruction has other types."""
    types = [factor.dtype.name for factor in what.factors]
    one, other = product.factors
    if what.sums.name == product.sums:
        if types == [one, other] or (types == [other, one] and one != other):
            return _taken(what, product, 0 if types == [one, other] else 1)
        if types == ["s8", "s8"] and (one, other) == ("u8", "s8"):
            shifted = 1 if what.factors[0].strides.get(vector) and not what.factors[1].strides.get(vector) else 0
            return _taken(what, product, shifted)
        if one == other == "s16" and {*types} <= {"u8", "s8", "s16"}:
            return _taken(what, product, 0)
    had = f"{types[0]} * {types[1]} into {what.sums}"
    raise Unsupported("code generation", f"{had} by {product.instruction}: {one} * {other} into {product.sums}")


def _taken(what: Contraction, product: MultiplyAdd, first: int) -> tuple[Taken, Taken]:
    """The contraction's first factor is the instruction's factor ``first``."""
    one, other = (
        Taken(factor, place, DTYPES[product.factors[place]])
        for factor, place in zip(what.factors, (first, 1 - first), strict=True)
    )
    return one, other


def grouped_axis(what: Contraction) -> str | None:
    """The reduced axis whose neighbours share a lane: the innermost."""
    return what.reduced[-1] if what.reduced else None


def packed_factors(what: Contraction, vector: str, product: MultiplyAdd) -> tuple[str, ...]:
    """The factors that must be read from panels, as their groups along the lanes lie nowhere together."""
    if product.group == 1:
        return ()
    return tuple(factor.tensor for factor in what.factors if factor.strides.get(vector))


def summed_factor(what: Contraction, vector: str, product: MultiplyAdd) -> str | None:
    """The factor of which 128 times its sums are taken away, as the other is shifted."""
    one, other = taken(what, vector, product)
    if one.is_shifted:
        return other.factor.tensor
    return one.factor.tensor if other.is_shifted else None
