"""Arrays that end, or begin, at a page that may not be touched: whoever reads or writes outside is killed.

``python -m tests.codegen.guarded 200 7 16 s8s8`` runs 200 random kernels of the family s8s8 on such arrays, from
seed 7, on vectors of 16 lanes.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from random import Random

import numpy as np

from isamap.codegen.kernel import arguments, kernel, panels_before
from isamap.codegen.native import compiled
from isamap.ir.blocking import Blocking, Loop, Panels, Prefetch
from isamap.ir.contraction import Contraction, Strided
from isamap.ir.cpu import MultiplyAdd
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.panels import layout
from isamap.ir.partial import scratch_bytes
from tests.codegen.families import FAMILIES, Array, Family, dtype_name, types

_LIBC = ctypes.CDLL(None, use_errno=True)
_JUNK = 0xA5


class Guarded:
    """``elements`` between two pages that may not be touched, next to the second or the first."""

    def __init__(self, elements: int, dtype: DType, at_end: bool) -> None:
        page, length = mmap.PAGESIZE, elements * dtype.size_bytes
        size = -(-max(1, length) // page) * page
        self._map = mmap.mmap(-1, size + 2 * page)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        for guard in (base, base + page + size):
            if _LIBC.mprotect(ctypes.c_void_p(guard), ctypes.c_size_t(page), 0):
                raise OSError(ctypes.get_errno(), "mprotect")
        self.address = base + page + (size - length if at_end else 0)
        buffer = (ctypes.c_uint8 * length).from_address(self.address)
        self.array: Array = np.frombuffer(memoryview(buffer), dtype=dtype_name(dtype))


def product(rng: Random, lanes: int, family: Family = FAMILIES["f32"]) -> tuple[Contraction, Blocking]:
    """A matrix product of random extents, strides and transposes, and a random way to cut it."""
    m, n, k = (rng.choice([1, 2, rng.randint(1, 20), rng.randint(1, 3 * lanes + 5)]) for _ in range(3))
    if family.is_exact:  # groups, and four of them together
        k = rng.choice([rng.randint(1, 6), rng.randint(1, 20), rng.randint(16, 100)])
    across, down = rng.random() < 0.5, rng.random() < 0.5
    wide = [rng.choice([0, 0, rng.randint(1, 9)]) for _ in range(3)]
    one, other = types(family, rng)
    a = Strided("A", one, {"m": 1, "k": m + wide[0]} if across else {"m": k + wide[0], "k": 1})
    b = Strided("B", other, {"k": 1, "n": k + wide[1]} if down else {"k": n + wide[1], "n": 1})
    c = Strided("C", DTYPES[family.sums], {"m": n + wide[2], "n": 1})
    what = Contraction({"m": m, "n": n, "k": k}, c, (a, b), continues=rng.random() < 0.3)
    if not family.is_exact:
        return what, _cut(rng, what, lanes, dot=down and not across and rng.random() < 0.5)
    what = _varied(rng, what)
    return what, _in_groups(rng, what, _cut(rng, what, lanes, dot=False), family.product(lanes).group)


def _cut(rng: Random, what: Contraction, lanes: int, dot: bool) -> Blocking:
    columns = rng.randint(1, 5) if dot else lanes * rng.randint(1, 3)
    steps = {"n": columns * rng.randint(1, 3), "k": rng.choice([1, 7, 16, 50, 100]), "m": rng.choice([1, 2, 3, 5, 8])}
    loops = (Loop("n", steps["n"]), Loop("k", steps["k"]), Loop("n", columns), Loop("m", steps["m"]))
    panels = []
    if not dot and (what.factor("B").strides["n"] != 1 or rng.random() < 0.5):
        panels.append(Panels("B", 0, before=True) if rng.random() < 0.3 else Panels("B", rng.choice([0, 1, 2])))
    if not dot and rng.random() < 0.5:
        panels.append(Panels("A", rng.choice([0, 2])))
    prefetches = (Prefetch(rng.choice("AB"), rng.randint(1, 9), rng.randint(1, 3)),) if rng.random() < 0.3 else ()
    return Blocking("k" if dot else "n", loops, tuple(panels), prefetches, rng.choice([1, 2, 4]), _early(rng, panels))


def _early(rng: Random, panels: list[Panels]) -> tuple[str, ...]:
    return tuple(each.tensor for each in panels if each.depth and rng.random() < 0.5)


def _varied(rng: Random, what: Contraction) -> Contraction:
    """The same with its factors in either order, at times a second reduced axis, or neighbours in no direction."""
    factors, extents = list(what.factors), dict(what.extents)
    if rng.random() < 0.2:
        extents = {"m": extents["m"], "n": extents["n"], "j": rng.randint(1, 3), "k": extents["k"]}
        factors = [Strided(f.tensor, f.dtype, {"j": elements(what, f)} | dict(f.strides)) for f in factors]
    if rng.random() < 0.2:
        factors = [Strided(f.tensor, f.dtype, {x: 2 * step for x, step in f.strides.items()}) for f in factors]
    if rng.random() < 0.5:
        factors.reverse()
    return Contraction(extents, what.output, (factors[0], factors[1]), what.continues)


def _in_groups(rng: Random, what: Contraction, how: Blocking, group: int) -> Blocking:
    """The same with panels of what lies along the lanes, at times made before, and whole groups in panels."""
    panels = [each for each in how.panels if each.tensor == "A"] + [Panels("B", rng.choice([0, 1, 2]))]
    panels = [Panels(each.tensor, 0, before=True) if rng.random() < 0.2 else each for each in panels]
    whole = any(each.depth < 2 for each in panels)
    loops = [Loop(x.axis, -(-x.step // group) * group) if whole and x.axis == "k" else x for x in how.loops]
    return Blocking(how.vector, tuple(loops), tuple(panels), how.prefetches, how.unroll, _early(rng, panels))


def elements(what: Contraction, tensor: Strided) -> int:
    """From its first element to its last."""
    return 1 + sum((what.extents[axis] - 1) * stride for axis, stride in tensor.strides.items())


def as_array(what: Contraction, tensor: Strided, memory: Array) -> Array:
    """The elements that the tensor's strides meet, in the order of its axes."""
    shape = [what.extents[axis] for axis in tensor.strides]
    return np.lib.stride_tricks.as_strided(memory, shape, [memory.itemsize * step for step in tensor.strides.values()])


def wanted(what: Contraction, arrays: list[Array], family: Family) -> Array:
    """The sums, in f64; those of integers as they are once they have wrapped."""
    c, a, b = arrays
    axes = ["".join(each.strides) for each in (what.output, *what.factors)]
    kind = np.int64 if family.is_exact else np.float64
    sums: Array = np.einsum(f"{axes[1]},{axes[2]}->{axes[0]}", a.astype(kind), b.astype(kind))
    if what.continues:
        sums = sums + c
    return sums.astype(np.int32) if family.is_exact else sums


def run(rng: Random, what: Contraction, how: Blocking, does: MultiplyAdd, family: Family) -> None:
    """Runs a kernel on random numbers; raises AssertionError where sums are wrong or more than them was written."""
    tensors = (what.output, *what.factors)
    memories = [Guarded(elements(what, each), each.dtype, rng.random() < 0.7) for each in tensors]
    for memory, tensor in zip(memories, tensors, strict=True):
        memory.array[:] = family.numbers(rng, tensor.dtype, memory.array.size)
    before = memories[0].array.copy()
    arrays = [as_array(what, each, memory.array) for each, memory in zip(tensors, memories, strict=True)]
    right = wanted(what, arrays, family)
    if not what.continues:
        arrays[0][...] = np.nan if not family.is_exact else _JUNK
    addresses = [memory.address for memory in memories]
    packed = [_packed(what, how, panels, does, addresses) for panels in how.panels if panels.before]
    scratch = Guarded(scratch_bytes(what, how, does), DTYPES["u8"], at_end=True)
    scratch.array[:] = _JUNK if family.is_exact else 0xFF  # not a number
    native = compiled(str(kernel(what, how, does)), "kernel", len(arguments(what)) + 1)
    native.call(*addresses, scratch.address)
    assert _same(arrays[0], right, what.extents["k"]), (what, how, packed)
    left = memories[0].array.copy()
    as_array(what, what.output, left)[...] = 0
    as_array(what, what.output, before)[...] = 0
    assert np.array_equal(left, before), ("wrote between its rows", what, how)


def _same(found: Array, right: Array, terms: int) -> bool:
    """Equal, or, of f32, within the error of a sum of so many products of numbers up to 1."""
    if right.dtype == np.int32:
        return np.array_equal(found, right)
    bound = 2.0**-23 * (terms + 2)  # Higham, Accuracy and Stability of Numerical Algorithms, section 3.1
    return bool(np.allclose(found, right, rtol=0, atol=bound * (terms + 1)))


def _packed(what: Contraction, how: Blocking, panels: Panels, does: MultiplyAdd, addresses: list[int]) -> Guarded:
    """The panels of a factor, made before, in whose place ``addresses`` then has them."""
    place = Guarded(layout(what, how, panels, does).bytes, DTYPES["u8"], at_end=True)
    place.array[:] = _JUNK
    number = 1 + [factor.tensor for factor in what.factors].index(panels.tensor)
    packing = compiled(str(panels_before(what, how, panels.tensor, does)), "pack", 2)
    packing.call(addresses[number], place.address)
    addresses[number] = place.address
    return place


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    lanes = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    family = FAMILIES[sys.argv[4] if len(sys.argv) > 4 else "f32"]
    rng = Random(seed)
    for _ in range(count):
        run(rng, *product(rng, lanes, family), family.product(lanes), family)
    print(count)


if __name__ == "__main__":
    main()
