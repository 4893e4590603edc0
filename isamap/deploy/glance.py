"""Arrays that are just what a kernel was compiled for are known at a glance, so that a call costs microseconds.

Whatever is not, another kind of array or memory that may be shared, is left to the whole check, which says what is
wrong, if anything is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isamap.deploy.arrays import Array, empty, kind
from isamap.ir.workload import Tensor


@dataclass(frozen=True)
class _Expected:
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]
    span_bytes: int

    @staticmethod
    def of(tensor: Tensor) -> _Expected:
        dtype = kind(tensor)
        strides = tuple(step * dtype.itemsize for step in tensor.element_strides)
        last = sum(step * (extent - 1) for step, extent in zip(strides, tensor.shape, strict=True))
        return _Expected(tensor.shape, strides, dtype, last + dtype.itemsize)

    def address(self, array: object) -> int | None:
        """Where the array begins, if it is as expected."""
        if type(array) is not np.ndarray or array.shape != self.shape or array.strides != self.strides:
            return None
        if array.dtype is not self.dtype:
            return None
        address: int = array.__array_interface__["data"][0]
        return None if address % self.dtype.itemsize else address


class Glance:
    """Of a kernel's output and inputs; ``order`` are the tensors whose addresses its machine code takes."""

    def __init__(self, output: Tensor, inputs: Sequence[Tensor], order: Sequence[str]) -> None:
        names = [output.name, *(tensor.name for tensor in inputs)]
        self._output, self._tensor = _Expected.of(output), output
        self._inputs = [_Expected.of(tensor) for tensor in inputs]
        self._order = [names.index(name) for name in order]

    def addresses(self, arrays: Sequence[object], out: object | None) -> tuple[Array, list[int]] | None:
        """The output and what the machine code takes, but for its scratch memory; None where that is not clear."""
        if len(arrays) != len(self._inputs):
            return None
        result = empty(self._tensor) if out is None else out
        start = self._output.address(result)
        if start is None or not isinstance(result, np.ndarray) or not result.flags.writeable:
            return None
        found, end = [start], start + self._output.span_bytes
        for expected, array in zip(self._inputs, arrays, strict=True):
            address = expected.address(array)
            if address is None or (address < end and start < address + expected.span_bytes):
                return None
            found.append(address)
        return result, [found[n] for n in self._order]
