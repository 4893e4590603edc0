"""Element types and what a number becomes in them.

Integers are two's complement. ``wrap`` keeps the low bits, ``saturate`` clamps to the range; a float turned into an
integer is first truncated towards zero (what is not finite becomes 0). Floats round to nearest, ties to even (IEEE
754; bfloat16 is the upper half of binary32). Values here are Python numbers: this file is the definition that numpy
code is tested against.

Elements narrower than a byte lie packed, the first in the low bits: two of ``u4`` share a byte. An *address* counts
bytes, and of such elements the elements: the u4 at address 5 is the upper half of byte 2.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Literal

from isamap.errors import Fault, InvalidNoun, Unsupported

Number = int | float
Kind = Literal["int", "uint", "float", "bool"]

_FLOAT_FORMATS = {"f16": "e", "f32": "f", "f64": "d"}
_LIMITS = {"f16": 65504.0, "bf16": 3.3895313892515355e38, "f32": 3.4028234663852886e38, "f64": 1.7976931348623157e308}


@dataclass(frozen=True)
class DType:
    """An element type: ``s16`` is DType("s16", "int", 16)."""

    name: str
    kind: Kind
    bits: int

    def __str__(self) -> str:
        return self.name

    @property
    def is_packed(self) -> bool:
        """Do several elements share a byte?"""
        return self.bits < 8

    @property
    def address_bits(self) -> int:
        """What one address counts: a byte, or an element that is narrower."""
        return min(8, self.bits)

    @property
    def pitch(self) -> int:
        """Addresses from one element to the next."""
        return self.bits // self.address_bits

    def address(self, byte: int) -> int:
        """The address of what begins with ``byte``."""
        return byte * 8 // self.address_bits

    @property
    def size_bytes(self) -> int:
        """Bytes of one element; raises Unsupported where several share a byte and cannot be counted one by one."""
        if self.is_packed:
            raise Unsupported("ir", f"bytes per element of {self}, of which {8 // self.bits} share a byte")
        return self.bits // 8

    def bytes_for(self, elements: int) -> int:
        """Bytes that so many neighbouring elements take; the last one may be filled in part."""
        return -(-elements * self.bits // 8)

    @property
    def is_integer(self) -> bool:
        return self.kind in ("int", "uint")

    @property
    def is_float(self) -> bool:
        return self.kind == "float"

    @property
    def least(self) -> Number:
        """The smallest finite value."""
        if self.kind == "float":
            return -_LIMITS[self.name]
        return -(1 << (self.bits - 1)) if self.kind == "int" else 0

    @property
    def most(self) -> Number:
        """The largest finite value."""
        if self.kind == "float":
            return _LIMITS[self.name]
        return (1 << (self.bits - 1)) - 1 if self.kind == "int" else (1 << self.bits) - 1

    def wrap(self, value: Number) -> Number:
        """``value`` as this type holds it: integers keep their low bits, floats are rounded to nearest even."""
        if self.kind == "float":
            return self._rounded(_float(value, sticky=self.name != "f64"))
        if self.kind == "bool":
            return int(value != 0)
        if isinstance(value, float) and not math.isfinite(value):
            return 0
        low_bits = math.trunc(value) & ((1 << self.bits) - 1)
        return low_bits - (1 << self.bits) if self.kind == "int" and low_bits > self.most else low_bits

    def saturate(self, value: Number) -> Number:
        """``value`` clamped to the range of this type, then held as ``wrap`` does."""
        return self.wrap(min(max(value, self.least), self.most))

    def _rounded(self, value: float) -> float:
        if not math.isfinite(value):
            return value
        if self.name == "bf16":
            return _upper_half(value)
        try:
            return float(struct.unpack(f := "<" + _FLOAT_FORMATS[self.name], struct.pack(f, value))[0])
        except OverflowError:
            return math.copysign(math.inf, value)


def _float(value: Number, sticky: bool) -> float:
    """``value`` as a float; a ``sticky`` one has its last bit set where bits were lost, so that it can be rounded again
    to fewer bits as if only once."""
    if isinstance(value, int) and sticky:
        cut = max(0, value.bit_length() - 53)
        kept, lost = divmod(abs(value), 1 << cut)
        value = ((kept | (lost != 0)) << cut) * (-1 if value < 0 else 1)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _upper_half(value: float) -> float:
    """``value`` rounded once to bfloat16: by way of binary32, where what looks like a tie may not be one."""
    single = DTYPES["f32"]._rounded(value)
    (bits,) = struct.unpack("<I", struct.pack("<f", single))
    if bits & 0xFFFF == 0x8000 and single != value:
        bits += 1 if abs(value) > abs(single) else -1
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


_KINDS: tuple[tuple[str, Kind, int], ...] = (
    ("bool", "bool", 8), ("s4", "int", 4), ("u4", "uint", 4), ("s8", "int", 8), ("u8", "uint", 8),
    ("s16", "int", 16), ("u16", "uint", 16), ("s32", "int", 32), ("u32", "uint", 32), ("s64", "int", 64),
    ("u64", "uint", 64), ("f16", "float", 16), ("bf16", "float", 16), ("f32", "float", 32), ("f64", "float", 64),
)  # fmt: skip
DTYPES: dict[str, DType] = {name: DType(name, kind, bits) for name, kind, bits in _KINDS}


def dtype(name: str) -> DType:
    """The type called ``name``; raises InvalidNoun naming the types there are."""
    if name not in DTYPES:
        raise InvalidNoun([Fault((), "a type (" + " ".join(DTYPES) + ")", repr(name))])
    return DTYPES[name]
