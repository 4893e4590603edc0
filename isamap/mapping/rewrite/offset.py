"""Bytes held with the other sign: an s8 as the u8 that is 128 more, an s16 as the u16 that is 32768 more."""

from __future__ import annotations

from functools import cache

from isamap.ir.dtype import DTYPES, DType
from isamap.ir.scalar import Access, Apply, Cast, Literal, Read, Scalar
from isamap.mapping.rewrite.bits import always_equal


def spellings(read: Scalar, dtype: DType, flipped: DType, k: int) -> list[Scalar]:
    """``read`` + k in the type ``flipped``: computed in more bits, wrapped, or by its first bit."""
    return [
        Cast(flipped, Apply("+", (Cast(_wide(dtype), read), Literal(k)))),
        Apply("+", (Cast(flipped, read), Literal(k))),
        Apply("^", (Cast(flipped, read), Literal(k))),
    ]


@cache
def is_offset(dtype: DType, flipped: DType, k: int, spelling: int) -> bool:
    """shift: is the spelling more than its argument by ``k``, as numbers, for all of them?"""
    read, wide = Read(Access("a", ())), _wide(dtype)
    value = spellings(read, dtype, flipped, k)[spelling]
    return always_equal(Cast(wide, value), Apply("+", (Cast(wide, read), Literal(k))), {"a": dtype})


def other_sign(dtype: DType) -> DType | None:
    """The integer type of as many bits that has a sign where ``dtype`` has none; None where k needs more than 64."""
    if not dtype.is_integer or dtype.bits > 32:
        return None
    return DTYPES[("u" if dtype.kind == "int" else "s") + dtype.name[1:]]


def _wide(dtype: DType) -> DType:
    return DTYPES["s64" if dtype.bits == 32 else "s32"]
