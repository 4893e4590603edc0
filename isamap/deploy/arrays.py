"""Arrays as kernels take them: an address, and what must be true of what lies there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isamap.errors import Fault, InputError
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.workload import Tensor

Array = NDArray[Any]
_TYPES = {"f32": np.float32, "f64": np.float64, "s8": np.int8, "u8": np.uint8, "s16": np.int16, "s32": np.int32}


def as_array(name: str, given: object, dtype: DType | None = None) -> Array:
    """``given`` without a copy: an array, or what has a buffer or DLPack; a number as an array of rank 0, of type
    ``dtype`` or else f32 or s32. Raises InputError."""
    if isinstance(given, np.ndarray):
        return given
    if isinstance(given, np.generic):
        return np.asarray(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return _number(name, given, dtype or DTYPES["f32" if isinstance(given, float) else "s32"])
    try:
        if hasattr(given, "__dlpack__"):
            return np.from_dlpack(given)
        return np.frombuffer(given, np.uint8) if isinstance(given, bytes) else np.asarray(memoryview(given))  # type: ignore[arg-type]
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        kind = f"{type(given).__name__} ({error})"
        raise InputError([Fault((name,), "an array: numpy's, or one with a buffer or DLPack", kind)]) from None


def _number(name: str, given: int | float, dtype: DType) -> Array:
    if not dtype.is_float and dtype.wrap(given) != given:
        raise InputError([Fault((name,), f"a number of type {dtype}", str(given))])
    return np.asarray(dtype.wrap(given)).astype(_TYPES[dtype.name])


def kind(tensor: Tensor) -> np.dtype[Any]:
    """numpy's type of the elements."""
    return np.dtype(_TYPES[tensor.dtype.name])


def empty(tensor: Tensor) -> Array:
    """An array of the shape and type of ``tensor``."""
    return np.empty(tensor.shape, kind(tensor))


def tensor_of(name: str, array: Array) -> Tensor:
    """What the kernel is compiled for; raises InputError where it cannot be."""
    dtype = _dtype(name, array)
    faults = [Fault((name, "shape"), "at least one element", str(array.shape))] if array.size == 0 else []
    uneven = [step for step in array.strides if step % array.itemsize]
    if uneven or any(step < 0 for step in array.strides):
        faults.append(
            Fault((name, "strides"), f"multiples of {array.itemsize} bytes, not negative", str(array.strides))
        )
    if faults:
        raise InputError(faults)
    strides = tuple(step // array.itemsize for step in array.strides)
    return Tensor(name, dtype, array.shape, strides=strides)


def _dtype(name: str, array: Array) -> DType:
    for short, kind in _TYPES.items():
        if array.dtype == kind and array.dtype.isnative:
            return DTYPES[short]
    raise InputError([Fault((name, "dtype"), " ".join(_TYPES), str(array.dtype))])


def require(array: Array, tensor: Tensor, written: bool) -> int:
    """The array's address. Raises InputError where it is not as the kernel was compiled for."""
    strides = tuple(step * array.itemsize for step in tensor.element_strides)
    faults = []
    if array.shape != tensor.shape:
        faults.append(Fault((tensor.name, "shape"), str(tensor.shape), str(array.shape)))
    elif any(a != b for a, b, n in zip(array.strides, strides, array.shape, strict=True) if n > 1):
        faults.append(Fault((tensor.name, "strides"), f"{strides} bytes", str(array.strides)))
    if array.dtype != _TYPES[tensor.dtype.name]:
        faults.append(Fault((tensor.name, "dtype"), tensor.dtype.name, str(array.dtype)))
    if written and not array.flags.writeable:
        faults.append(Fault((tensor.name,), "an array that may be written", "a read-only one"))
    address = _address(array)
    if address % tensor.dtype.size_bytes:
        faults.append(Fault((tensor.name,), f"elements at multiples of {tensor.dtype.size_bytes} bytes", hex(address)))
    if faults:
        raise InputError(faults)
    return address


def require_apart(name: str, output: Array, inputs: Mapping[str, Array], in_place: Collection[str] = ()) -> None:
    """Raises InputError where the output shares memory with an input, unless the two are the same elements of one that
    works ``in_place``."""
    shared = [
        other
        for other, array in inputs.items()
        if np.may_share_memory(output, array) and not (other in in_place and _address(output) == _address(array))
    ]
    if shared:
        raise InputError([Fault((name,), "memory of its own", f"some that {' and '.join(shared)} may share")])


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
