"""Families of matrix products: the types of both factors, the instruction, and numbers that find its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isamap.ir.cpu import MultiplyAdd
from isamap.ir.dtype import DTYPES, DType

Array = NDArray[Any]


@dataclass(frozen=True)
class Family:
    """Factors of one of the ``types``, sums of type ``sums``, added up by ``product`` of so many lanes."""

    types: tuple[tuple[str, str], ...]
    sums: str
    product: Callable[[int], MultiplyAdd]

    @property
    def is_exact(self) -> bool:
        return self.sums != "f32"

    def numbers(self, rng: Random, dtype: DType, count: int) -> Array:
        """Any numbers, or, of integers, none but the least and the greatest."""
        numbers = np.random.default_rng(rng.randrange(1 << 30))
        if not self.is_exact:
            return numbers.uniform(-1, 1, count).astype(np.float32)
        least, most = int(dtype.least), int(dtype.most)
        if rng.random() < 0.3:
            return numbers.choice([least, most], count).astype(dtype_name(dtype))
        return numbers.integers(least, most, count, dtype=dtype_name(dtype), endpoint=True)


def dtype_name(dtype: DType) -> str:
    """numpy's: ``uint8`` for u8."""
    return f"{dtype.kind}{dtype.bits}"


def fused(lanes: int) -> MultiplyAdd:
    return MultiplyAdd("fma", ("f32", "f32"), "f32", lanes, 1, 2.0, 4.0, f"llvm.fma.v{lanes}f32")


def dot(lanes: int) -> MultiplyAdd:
    emit = f"llvm.x86.avx512.vpdpbusd.{32 * lanes}"
    return MultiplyAdd("vpdpbusd", ("u8", "s8"), "s32", lanes, 4, 2.0, 6.0, emit)


def pairs(lanes: int) -> MultiplyAdd:
    """Words in pairs, which are added to the sum afterwards, as CPUs without dot products of bytes do."""
    emit = {4: "llvm.x86.sse2.pmadd.wd", 8: "llvm.x86.avx2.pmadd.wd", 16: "llvm.x86.avx512.pmaddw.d.512"}[lanes]
    return MultiplyAdd("vpmaddwd_vpaddd", ("s16", "s16"), "s32", lanes, 2, 1.0, 1.0, f"{emit} + add")


def word_dot(lanes: int) -> MultiplyAdd:
    emit = f"llvm.x86.avx512.vpdpwssd.{32 * lanes}"
    return MultiplyAdd("vpdpwssd", ("s16", "s16"), "s32", lanes, 2, 2.0, 6.0, emit)


_WORDS = tuple((one, other) for one in ("u8", "s8", "s16") for other in ("u8", "s8", "s16"))
FAMILIES = {
    "f32": Family((("f32", "f32"),), "f32", fused),
    "u8s8": Family((("u8", "s8"), ("s8", "u8")), "s32", dot),
    "s8s8": Family((("s8", "s8"),), "s32", dot),
    "words": Family(_WORDS, "s32", pairs),
    "word_dot": Family(_WORDS, "s32", word_dot),
}


def types(family: Family, rng: Random) -> tuple[DType, DType]:
    one, other = family.types[0] if len(family.types) == 1 else rng.choice(family.types)
    return DTYPES[one], DTYPES[other]
