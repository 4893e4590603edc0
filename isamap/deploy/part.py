"""One thread's share of a kernel as machine code: how it is cut, and the functions that run it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import ceil

import numpy as np

from isamap.codegen.kernel import arguments, kernel, panels_before
from isamap.codegen.native import Native, loaded, object_code
from isamap.deploy.arrays import Array
from isamap.ir.blocking import Blocking
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import Core, MultiplyAdd
from isamap.ir.panels import ALIGNMENT_BYTES, layout
from isamap.ir.partial import scratch_bytes


@dataclass(frozen=True)
class Part:
    """``code`` is an object file with the function ``kernel``."""

    what: Contraction
    how: Blocking
    product: MultiplyAdd
    code: bytes = field(repr=False)

    @cached_property
    def native(self) -> Native:
        return loaded(self.code, "kernel", len(arguments(self.what)) + 1)

    @cached_property
    def scratch_bytes(self) -> int:
        return scratch_bytes(self.what, self.how, self.product)

    def scratch(self) -> Array:
        """Memory for the panels of one call, aligned."""
        return aligned(self.scratch_bytes)

    def panels(self, tensor: str, address: int) -> Array:
        """The tensor that begins at ``address``, copied into panels."""
        (panels,) = (each for each in self.how.panels if each.tensor == tensor and each.before)
        packed = aligned(layout(self.what, self.how, panels, self.product).bytes)
        self._packing(tensor).call(address, packed.__array_interface__["data"][0])
        return packed

    def _packing(self, tensor: str) -> Native:
        text = str(panels_before(self.what, self.how, tensor, self.product))
        return loaded(object_code(text), "pack", 2)


def part(what: Contraction, how: Blocking, core: Core) -> Part:
    """``what``, cut so, compiled. Raises Unsupported where no register tile can do it."""
    product = core.multiply_add(what)
    return Part(what, how, product, object_code(str(kernel(what, how, product))))


def aligned(size_bytes: int) -> Array:
    """So many bytes that begin at a multiple of a cache line."""
    memory = np.empty(ceil(size_bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES + ALIGNMENT_BYTES, np.uint8)
    start = -memory.__array_interface__["data"][0] % ALIGNMENT_BYTES
    return memory[start:]
