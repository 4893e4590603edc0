"""Memory to measure with: pages that exist, at an address that large pages may begin at."""

from __future__ import annotations

import mmap
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from isamap.errors import InputError

_LARGE_PAGE = 2 << 20
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}  # not on Windows


class Arena:
    """``size`` bytes, all written once: pages never written would all be one page of zeros."""

    def __init__(self, size: int) -> None:
        try:
            self._map = mmap.mmap(-1, size + _LARGE_PAGE, **_PRIVATE)
        except (OSError, ValueError, OverflowError) as error:
            raise InputError(f"calibrate needs {size >> 20} MiB of memory: {error}") from None
        if hasattr(mmap, "MADV_HUGEPAGE"):  # so that page tables are not measured
            with suppress(OSError):  # a kernel without large pages
                self._map.madvise(mmap.MADV_HUGEPAGE)
        whole: NDArray[np.uint8] = np.frombuffer(self._map, np.uint8)
        start = -whole.ctypes.data % _LARGE_PAGE
        self.bytes = whole[start : start + size]
        self.bytes[:] = 1
        self.address = self.bytes.ctypes.data
