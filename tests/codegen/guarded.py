"""Arrays that end, or begin, at a page that may not be touched: whoever reads or writes outside is killed.

``python -m tests.codegen.guarded 200 7`` runs two hundred random kernels on such arrays, from seed 7.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from random import Random

import numpy as np
from numpy.typing import NDArray

from isamap.codegen.kernel import arguments, kernel, panels_before
from isamap.codegen.native import compiled
from isamap.ir.blocking import Blocking, Loop, Panels, Prefetch
from isamap.ir.contraction import Contraction, Strided
from isamap.ir.dtype import DTYPES
from isamap.ir.panels import layout, scratch_elements

Array = NDArray[np.float32]
F32 = DTYPES["f32"]
_LIBC = ctypes.CDLL(None, use_errno=True)


class Guarded:
    """``elements`` floats between two pages that may not be touched, next to the second or the first."""

    def __init__(self, elements: int, at_end: bool) -> None:
        page = mmap.PAGESIZE
        size = -(-max(1, 4 * elements) // page) * page
        self._map = mmap.mmap(-1, size + 2 * page)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        for guard in (base, base + page + size):
            if _LIBC.mprotect(ctypes.c_void_p(guard), ctypes.c_size_t(page), 0):
                raise OSError(ctypes.get_errno(), "mprotect")
        self.address = base + page + (size - 4 * elements if at_end else 0)
        buffer = (ctypes.c_float * elements).from_address(self.address)
        self.array: Array = np.frombuffer(buffer, dtype=np.float32)


def product(rng: Random, lanes: int) -> tuple[Contraction, Blocking]:
    """A matrix product of random extents, strides and transposes, and a random way to cut it."""
    m, n, k = (rng.choice([1, 2, rng.randint(1, 20), rng.randint(1, 3 * lanes + 5)]) for _ in range(3))
    across, down = rng.random() < 0.5, rng.random() < 0.5
    wide = [rng.choice([0, 0, rng.randint(1, 9)]) for _ in range(3)]
    a = Strided("A", F32, {"m": 1, "k": m + wide[0]} if across else {"m": k + wide[0], "k": 1})
    b = Strided("B", F32, {"k": 1, "n": k + wide[1]} if down else {"k": n + wide[1], "n": 1})
    c = Strided("C", F32, {"m": n + wide[2], "n": 1})
    what = Contraction({"m": m, "n": n, "k": k}, c, (a, b), continues=rng.random() < 0.3)
    return what, _cut(rng, what, lanes, dot=down and not across and rng.random() < 0.5)


def _cut(rng: Random, what: Contraction, lanes: int, dot: bool) -> Blocking:
    columns = rng.randint(1, 5) if dot else lanes * rng.randint(1, 3)
    steps = {"n": columns * rng.randint(1, 3), "k": rng.choice([1, 7, 16, 100]), "m": rng.choice([1, 2, 3, 5, 8])}
    loops = (Loop("n", steps["n"]), Loop("k", steps["k"]), Loop("n", columns), Loop("m", steps["m"]))
    panels = []
    if not dot and (what.factors[1].strides["n"] != 1 or rng.random() < 0.5):
        panels.append(Panels("B", 0, before=True) if rng.random() < 0.3 else Panels("B", rng.choice([0, 1, 2])))
    if not dot and rng.random() < 0.5:
        panels.append(Panels("A", rng.choice([0, 2])))
    prefetches = (Prefetch(rng.choice("AB"), rng.randint(1, 9), rng.randint(1, 3)),) if rng.random() < 0.3 else ()
    return Blocking("k" if dot else "n", loops, tuple(panels), prefetches, rng.choice([1, 2, 4]))


def elements(what: Contraction, tensor: Strided) -> int:
    """From its first element to its last."""
    return 1 + sum((what.extents[axis] - 1) * stride for axis, stride in tensor.strides.items())


def as_array(what: Contraction, tensor: Strided, memory: Array) -> Array:
    """The elements that the tensor's strides meet, in the order of its axes."""
    shape = [what.extents[axis] for axis in tensor.strides]
    return np.lib.stride_tricks.as_strided(memory, shape, [4 * stride for stride in tensor.strides.values()])


def run(rng: Random, lanes: int) -> None:
    """Runs one random kernel; raises AssertionError where its numbers are wrong or it wrote what is not its own."""
    what, how = product(rng, lanes)
    tensors = (what.output, *what.factors)
    memories = [Guarded(elements(what, each), rng.random() < 0.7) for each in tensors]
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    for memory in memories:
        memory.array[:] = numbers.uniform(-1, 1, memory.array.size)
    before = memories[0].array.copy()
    c, a, b = (as_array(what, each, memory.array) for each, memory in zip(tensors, memories, strict=True))
    axes = ["".join(each.strides) for each in tensors]
    started = c.astype(np.float64) if what.continues else 0.0
    wanted = started + np.einsum(f"{axes[1]},{axes[2]}->{axes[0]}", a, b, dtype=np.float64)
    if not what.continues:
        c[...] = np.nan
    addresses = [memory.address for memory in memories]
    packed = next((panels for panels in how.panels if panels.before), None)
    if packed is not None:
        place = Guarded(layout(what, how, packed).elements, at_end=True)
        packing = compiled(str(panels_before(what, how, "B", lanes)), "pack", 2)
        packing.call(addresses[2], place.address)
        addresses[2] = place.address
    scratch = Guarded(scratch_elements(what, how), at_end=True)
    scratch.array[:] = np.nan
    native = compiled(str(kernel(what, how, lanes)), "kernel", len(arguments(what)) + 1)
    native.call(*addresses, scratch.address)
    bound = 2.0**-23 * (what.extents["k"] + 2)  # Higham, Accuracy and Stability of Numerical Algorithms, section 3.1
    assert np.allclose(c, wanted, rtol=0, atol=bound * (what.extents["k"] + 1)), (what, how)
    left = memories[0].array.copy()
    as_array(what, what.output, left)[...] = 0.0
    as_array(what, what.output, before)[...] = 0.0
    assert np.array_equal(left, before), ("wrote between its rows", what, how)


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    lanes = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    rng = Random(seed)
    for _ in range(count):
        run(rng, lanes)
    print(count)


if __name__ == "__main__":
    main()
