"""Elements narrower than a byte on an array of bytes: ``isamap.ir.dtype`` says how they lie."""

from __future__ import annotations

import numpy as np

from isamap.ir.dtype import DType
from isamap.simulate.element_types import Array, storage
from isamap.simulate.layout import Integers


def gather(buffer: Array, addresses: Integers, dtype: DType) -> Array:
    """The elements at ``addresses``, which count elements from the first byte of ``buffer`` on."""
    byte, place = np.divmod(addresses, 8 // dtype.bits)
    low = (buffer[byte] >> (place * dtype.bits).astype(np.uint8)) & np.uint8((1 << dtype.bits) - 1)
    if dtype.kind == "uint":
        return low.astype(storage(dtype))
    sign = 1 << (dtype.bits - 1)
    return ((low.astype(np.int8) ^ sign) - sign).astype(storage(dtype))


def scatter(buffer: Array, addresses: Integers, values: Array, dtype: DType) -> None:
    """Put ``values`` at different ``addresses``; what else is in a byte stays as it is."""
    byte, place = np.divmod(addresses, 8 // dtype.bits)
    mask = (1 << dtype.bits) - 1
    low = values.astype(np.uint8) & np.uint8(mask)
    for n in range(8 // dtype.bits):
        mine = np.flatnonzero(place == n)
        kept = buffer[byte[mine]] & np.uint8(0xFF ^ (mask << (n * dtype.bits)))
        buffer[byte[mine]] = kept | (low[mine] << np.uint8(n * dtype.bits))
