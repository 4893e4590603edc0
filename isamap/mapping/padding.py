"""Lanes that an exact extent forces beyond the kernel's: are they harmless?"""

from __future__ import annotations

from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Apply, Cast, Read, Scalar


def is_harmless(meaning: Einsum) -> bool:
    """Do reduced lanes that hold 0 in every operand leave the result as it is?"""
    return meaning.operator == "+=" and _is_zero_at_zero(meaning.value)


def _is_zero_at_zero(value: Scalar) -> bool:
    """Is ``value`` surely 0 where every read is 0?"""
    match value:
        case Read():
            return True
        case Cast(_, argument):
            return _is_zero_at_zero(argument)
        case Apply("*" | "&", arguments):
            return any(map(_is_zero_at_zero, arguments))
        case Apply("+" | "-" | "neg" | "abs" | "max" | "min", arguments):
            return all(map(_is_zero_at_zero, arguments))
    return False
