"""A view at one issue after another, on the byte arrays: to read it, to write it, or as an array in place.

What is read and written is *raw*: numbers as a memory holds them (``element_types.raw``). Elements narrower than a byte
are copied out and in. Views of memories are kept, since a program uses few addresses many times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from isamap.simulate.element_types import Array, raw, settle, to_raw
from isamap.simulate.layout import Integers, Layout
from isamap.simulate.packed import gather, scatter
from isamap.simulate.touch import Touch

Buffers = Mapping[str, Array]
Reader = Callable[[], Array]
Writer = Callable[[Array], None]


def reader(touch: Touch, buffers: Buffers) -> Reader:
    """Each call gives the elements at the next issue, over the view's extents; beyond a tensor lies its border."""
    layout, buffer = touch.layout, buffers[touch.layout.space]
    elements = _elements(layout, buffer)
    addresses = iter(touch.address.tolist())
    if not touch.outside.any():
        return lambda: elements(next(addresses))
    outside, origins = iter(touch.outside.tolist()), iter(touch.origins)

    def careful() -> Array:
        address, origin = next(addresses), next(origins)
        return _bordered(layout, address, origin, buffer) if next(outside) else elements(address)

    return careful


def writer(touch: Touch, buffers: Buffers) -> Writer:
    """Each call puts an array over the view's extents at the next issue."""
    layout, buffer = touch.layout, buffers[touch.layout.space]
    if not layout.dtype.is_packed:
        place = reader(touch, buffers)

        def put(values: Array) -> None:
            place()[...] = values

        return put
    addresses = iter(touch.address.tolist())

    def pack(values: Array) -> None:
        flat = np.broadcast_to(values, layout.extents).reshape(-1)
        scatter(buffer, layout.address_offsets + next(addresses), flat, layout.dtype)

    return pack


def _elements(layout: Layout, buffer: Array) -> Callable[[int], Array]:
    """The elements of a view that lies in its tensor or memory, from an address on: the bytes themselves, or copied out
    where elements share bytes."""
    dtype, extents, steps = layout.dtype, layout.extents, layout.address_steps
    if dtype.is_packed:
        return lambda address: gather(buffer, layout.address_offsets + address, dtype).reshape(extents)
    data, kind = buffer.data, raw(dtype)
    if layout.tensor is not None:
        return lambda address: np.ndarray(extents, kind, data, address, steps)
    known: dict[int, Array] = {}

    def remembered(address: int) -> Array:
        if address not in known:
            known[address] = np.ndarray(extents, kind, data, address, steps)
        return known[address]

    return remembered


def _bordered(layout: Layout, address: int, origin: Integers, buffer: Array) -> Array:
    """A view partly outside its tensor: border values there."""
    dtype, mask = layout.dtype, layout.inside_mask(origin)
    border = settle(np.asarray(dtype.wrap(layout.border or 0)), dtype)
    found = np.full(layout.points, to_raw(border, dtype), dtype=raw(dtype))
    places = address + layout.address_offsets[mask]
    if dtype.is_packed:
        found[mask] = gather(buffer, places, dtype)
    else:
        whole = len(buffer) // dtype.pitch * dtype.pitch
        found[mask] = buffer[:whole].view(found.dtype)[places // dtype.pitch]
    return found.reshape(layout.extents)
