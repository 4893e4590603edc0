"""Element types as numpy arrays: how they are stored, and what a value becomes in another type.

Integers and floats are stored in numpy's own types; bf16 as float32 already rounded, s4 and u4 one per byte. ``f16``
and ``bf16`` are computed in float32 and rounded after every operation. ``isamap.ir.dtype`` is the definition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isamap.ir.dtype import DType

Array = NDArray[Any]

_STORAGE: dict[str, Any] = {
    "bool": np.bool_, "s4": np.int8, "u4": np.uint8, "s8": np.int8, "u8": np.uint8, "s16": np.int16, "u16": np.uint16,
    "s32": np.int32, "u32": np.uint32, "s64": np.int64, "u64": np.uint64, "f16": np.float16, "bf16": np.float32,
    "f32": np.float32, "f64": np.float64,
}  # fmt: skip


def storage(dtype: DType) -> np.dtype[Any]:
    """The numpy type of arrays of ``dtype``."""
    found: np.dtype[Any] = np.dtype(_STORAGE[dtype.name])
    return found


def computation(dtype: DType) -> np.dtype[Any]:
    """The numpy type in which values of ``dtype`` are added and multiplied: float32 for the 16-bit floats."""
    return storage(dtype) if dtype.name not in ("f16", "bf16") else np.dtype(np.float32)


def settle(values: Array, dtype: DType) -> Array:
    """``values``, computed with more bits or in a wider float, as ``dtype`` holds them; integers must be integers."""
    stored = storage(dtype)
    if dtype.kind == "bool":
        return np.asarray(values != 0)
    if dtype.name == "bf16":
        return rounded_to_bf16(values)
    if dtype.bits == 4:
        low = values.astype(np.int64) & 15
        return (low if dtype.kind == "uint" else (low ^ 8) - 8).astype(stored)
    if values.dtype == stored:
        return values
    if dtype.is_integer and values.dtype.kind == "f":
        return _wrapped(values, dtype)
    with np.errstate(over="ignore"):
        return values.astype(stored)


def cast(values: Array, source: DType, dtype: DType, saturate: bool = False) -> Array:
    """``values`` of type ``source`` in type ``dtype``: clamped to its range first where ``saturate``, else wrapped."""
    beyond = source.is_float or source.least < dtype.least or source.most > dtype.most
    if saturate and dtype.kind != "bool" and beyond:  # limits are floats where dtype is: integers within them stay
        values = _clamped(values, source, dtype)
        if source.is_float and dtype.is_integer:
            return values.astype(storage(dtype))
    if dtype.is_float and source.is_integer and values.dtype.kind != "f":
        values = _float64(values, sticky=dtype.name != "f64")
    if source.is_float and dtype.is_integer:
        return _wrapped(values, dtype)
    return settle(values, dtype)


def rounded_to_bf16(values: Array) -> Array:
    """float32 values whose lower 16 bits are zero, rounded once to nearest even; infinities and NaN stay."""
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(values, dtype=np.float32)
    bits = single.view(np.uint32)
    if values.dtype.itemsize > 4:  # what looks like a tie after rounding to float32 may not be one
        wide, near = np.abs(values.astype(np.float64)), np.abs(single.astype(np.float64))
        tie = bits & np.uint32(0xFFFF) == 0x8000
        bits = bits + (tie & (wide > near)).astype(np.uint32) - (tie & (wide < near)).astype(np.uint32)
    rounded = (bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))) & np.uint32(0xFFFF0000)
    return np.where(np.isfinite(single), rounded.view(np.float32), single).reshape(values.shape)


def _float64(values: Array, sticky: bool) -> Array:
    """Integers as floats. ``sticky``: of those of more than 53 bits, 11 are cut off and leave a bit set where they were
    not zero, so that rounding again to fewer bits is as if done once."""
    if not sticky or values.dtype.itemsize < 8:
        return values.astype(np.float64)
    with np.errstate(over="ignore"):  # numpy warns of single numbers that wrap, not of arrays
        size = np.where(values < 0, np.uint64(0) - values.astype(np.uint64), values.astype(np.uint64))
    low = np.uint64(0x7FF)
    cut = np.where(size >> np.uint64(53), (size & ~low) | ((size & low != 0).astype(np.uint64) << np.uint64(11)), size)
    return np.where(values < 0, -cut.astype(np.float64), cut.astype(np.float64))


def _wrapped(values: Array, dtype: DType) -> Array:
    """Floats truncated towards zero, the low bits kept; NaN and infinities give 0."""
    finite = np.where(np.isfinite(values), np.trunc(values), 0).astype(np.float64)
    if finite.size == 0 or float(np.abs(finite).max()) < 2.0**62:
        whole = finite.astype(np.int64)
    else:
        magnitude = np.fmod(np.abs(finite), 2.0**64).astype(np.uint64)
        with np.errstate(over="ignore"):  # numpy warns of single numbers that wrap, not of arrays
            whole = np.where(finite < 0, np.uint64(0) - magnitude, magnitude).view(np.int64)
    return settle(whole, dtype)


def _clamped(values: Array, source: DType, dtype: DType) -> Array:
    if dtype.is_float:
        return np.clip(values.astype(np.float64), float(dtype.least), float(dtype.most))
    if source.is_float:
        least, most = float(dtype.least), float(dtype.most)
        whole = np.zeros(values.shape, dtype=np.int64 if dtype.kind == "int" else np.uint64)
        wide = values.astype(np.float64)
        inside = (wide > least) & (wide < most)
        whole[inside] = wide[inside].astype(whole.dtype)
        whole[wide >= most] = dtype.most
        whole[wide <= least] = dtype.least
        return whole
    if source.kind == "bool":
        return values
    return np.clip(values, max(int(source.least), int(dtype.least)), min(int(source.most), int(dtype.most)))


def raw(dtype: DType) -> np.dtype[Any]:
    """The numpy type of the bytes of ``dtype`` in a memory: as stored, but bf16 in two bytes."""
    return np.dtype(np.uint16) if dtype.name == "bf16" else storage(dtype)


def from_raw(values: Array, dtype: DType) -> Array:
    """Bytes of a memory as numbers."""
    return (values.astype(np.uint32) << np.uint32(16)).view(np.float32) if dtype.name == "bf16" else values


def to_raw(values: Array, dtype: DType) -> Array:
    """Numbers as bytes of a memory."""
    if dtype.name != "bf16":
        return values
    return (np.ascontiguousarray(values, dtype=np.float32).view(np.uint32) >> np.uint32(16)).astype(np.uint16)
